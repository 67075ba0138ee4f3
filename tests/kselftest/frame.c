// SPDX-License-Identifier: GPL-2.0
/*
 * Frames for and from the stack, as a program above the link sees them.
 *
 *	frame send IF HEX		send a frame, Ethernet header included
 *	frame bypass IF HEX		the same, around the device's queue
 *	frame wait IF PROTO SECONDS [HEX]
 *					print the frames of that protocol that are
 *					delivered, as hex, until one starts with HEX
 *					(any does, if not given).  PROTO is an EtherType
 *					(hex) or 0004: 802.3.  Says "waiting" first
 *	frame record IF			print all frames of hpkm that arrive, as hex,
 *					until killed.  Says "# recording" first
 */
#include "packet.h"
#include <errno.h>
#include <poll.h>
#include <time.h>

static void bind_to(int fd, const char *name, int protocol)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(name),
	};

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(name);
}

static int send_frame(const char *name, const char *hex, int bypass)
{
	static uint8_t frame[FRAME_MAX];
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	int len = from_hex(hex, frame, sizeof(frame));

	if (len < ETHER_LEN)
		return 2;
	bind_to(fd, name, 0);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)))
		die("PACKET_QDISC_BYPASS");
	/* That is what the kernel says when a hook has taken a frame that bypasses. */
	if (send(fd, frame, len, 0) != len && !(bypass && errno == ENOBUFS))
		die("send");
	return 0;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Other frames come, too: a host with IPv6 asks for routers whenever it likes. */
static int wait_for(const char *name, const char *proto, int seconds, const char *start)
{
	static uint8_t frame[FRAME_MAX];
	static char hex[2 * FRAME_MAX + 1];
	int protocol = strtol(proto, NULL, 16);
	int fd = socket(AF_PACKET, SOCK_RAW, htons(protocol));
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t end = milliseconds() + 1000 * seconds, left;
	int len;

	bind_to(fd, name, protocol);
	printf("waiting\n");
	do {
		fflush(stdout);
		left = end - milliseconds();
		if (left <= 0 || poll(&wait, 1, left) != 1)
			return 1;
		len = recv(fd, frame, sizeof(frame), 0);
		if (len < 0)
			die("recv");
		to_hex(frame, len, hex);
		printf("%s\n", hex);
	} while (strncmp(hex, start, strlen(start)));
	return 0;
}

static void record(const char *name)
{
	static uint8_t frame[FRAME_MAX];
	static char hex[2 * FRAME_MAX + 1];
	int fd = packet_socket(name);
	int len;

	printf("# recording\n");
	for (;;) {
		fflush(stdout);
		len = recv(fd, frame, sizeof(frame), 0);
		if (len < 0)
			die("recv");
		if (len < FRAME_MIN || ether_type(frame) != ETHERTYPE)
			continue;
		to_hex(frame, len, hex);
		printf("%s\n", hex);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "send"))
		return send_frame(argv[2], argv[3], 0);
	if (argc == 4 && !strcmp(argv[1], "bypass"))
		return send_frame(argv[2], argv[3], 1);
	if ((argc == 5 || argc == 6) && !strcmp(argv[1], "wait"))
		return wait_for(argv[2], argv[3], atoi(argv[4]), argc == 6 ? argv[5] : "");
	if (argc == 3 && !strcmp(argv[1], "record"))
		record(argv[2]);
	fprintf(stderr, "usage: see the head of frame.c\n");
	return 2;
}
