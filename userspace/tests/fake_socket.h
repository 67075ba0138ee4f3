/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_FAKE_SOCKET_H
#define HPKM_NL_FAKE_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/msg.h>

#define FAKE_FAMILY	0x2a
#define FAKE_GROUP	7
#define FAKE_MOST	64

/* The sockets in the order in which the program opens them. */
enum fake_which { FAKE_REQUESTS, FAKE_EVENTS, FAKE_SOCKETS };

/**
 * struct fake - what the kernel's stand-in does and has seen
 * @absent: there is no module
 * @version: of the module's interface
 * @open_error: sock_open() fails with this negative errno
 * @drops: what sock_drops() says
 * @sent: requests to the module, in order
 * @sent_count: how many
 * @joined: the group that the event socket joined
 * @joined_after: requests that were sent before that
 * @waited: milliseconds of the last wait in vain
 * @pace: milliseconds that pass before each message
 */
struct fake {
	bool absent;
	uint32_t version;
	int open_error;
	uint32_t drops;
	struct nlmsghdr *sent[FAKE_MOST];
	int sent_count;
	uint32_t joined;
	int joined_after;
	int64_t waited;
	int64_t pace;
};

extern struct fake fake;

void fake_reset(void);
/*
 * The next thing to receive: messages, or a negative errno instead.
 * -ETIMEDOUT is a pause: nothing is there for who does not wait.  -ETIME is a
 * long one: who waits has waited in vain.
 */
void fake_data(enum fake_which which, const void *data, int len);
/* The same, but it is no answer to the last request. */
void fake_unasked(enum fake_which which, const void *data, int len);
void fake_error(enum fake_which which, int error);
void fake_interrupted(void);
int fake_left(enum fake_which which);

#endif
