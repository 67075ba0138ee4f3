/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Raw frames for the test tools.  The numbers of the protocol are written down
 * here once more and on purpose: a test that took them from the module's own
 * header would not notice when they change.
 */
#ifndef HPKM_TEST_PACKET_H
#define HPKM_TEST_PACKET_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHER_LEN	14
#define ETHERTYPE	0x88b5
#define HEADER		(ETHER_LEN + 16)	/* what precedes a body */
#define FRAME_MIN	(ETHER_LEN + 46)
#define FRAME_MAX	65536
#define KEY_LEN		32

enum { C1 = 1, C2, C3, C4, C5, ACK, DATA, P1 = 0x10, P6 = 0x15 };

static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int packet_socket(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x0003),	/* ETH_P_ALL */
	};
	int one = 1, room = 4 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = if_nametoindex(name);
	if (fd < 0 || !at.sll_ifindex)
		die(name);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		die("PACKET_IGNORE_OUTGOING");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("bind");
	return fd;
}

static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns how many octets were read, -1 if that is no hexadecimal text. */
static inline int from_hex(const char *hex, uint8_t *to, int room)
{
	int len;

	for (len = 0; *hex && *hex != '\n'; len++, hex += 2) {
		if (len == room || hex_digit(hex[0]) < 0 || hex_digit(hex[1]) < 0)
			return -1;
		to[len] = hex_digit(hex[0]) << 4 | hex_digit(hex[1]);
	}
	return len;
}

static inline void to_hex(const uint8_t *from, int len, char *to)
{
	static const char digits[] = "0123456789abcdef";

	while (len--) {
		*to++ = digits[*from >> 4];
		*to++ = digits[*from++ & 15];
	}
	*to = '\0';
}

static inline int ether_type(const uint8_t *frame)
{
	return frame[12] << 8 | frame[13];
}

static inline void fill_random(void *to, size_t len)
{
	if (getrandom(to, len, 0) != (ssize_t)len)
		die("getrandom");
}

/* to[i] ^= with[i] */
static inline void mix(uint8_t *to, const uint8_t *with, int len)
{
	while (len--)
		*to++ ^= *with++;
}

#endif
