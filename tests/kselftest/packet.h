/* SPDX-License-Identifier: GPL-2.0 */
/* Frames on an interface, for the test tools. */
#ifndef HPKM_TEST_PACKET_H
#define HPKM_TEST_PACKET_H

#include "frames.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

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

static inline void fill_random(void *to, size_t len)
{
	if (getrandom(to, len, 0) != (ssize_t)len)
		die("getrandom");
}

#endif
