// SPDX-License-Identifier: GPL-2.0
/* Stands in for socket.c: the kernel says what the test wants. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/hpkm.h>

#include "fake_socket.h"
#include "kernel_says.h"
#include "socket.h"
#include "tool.h"

struct datagram {
	void *data;
	int len;	/* or a negative errno */
	bool unasked;
};

struct sock {
	enum fake_which which;
};

struct fake fake;
static struct datagram queue[FAKE_SOCKETS][FAKE_MOST];
static int queued[FAKE_SOCKETS], taken[FAKE_SOCKETS];
static struct datagram family;	/* the answer to the look-up, first of all */
static int opened;
static uint32_t seq;
static int64_t now;

/* Only the test of signals has something to do here. */
__attribute__((weak)) void fake_interrupted(void)
{
}

void fake_reset(void)
{
	int which, i;

	for (which = 0; which < FAKE_SOCKETS; which++) {
		for (i = taken[which]; i < queued[which]; i++)
			free(queue[which][i].data);
		queued[which] = 0;
		taken[which] = 0;
	}
	for (i = 0; i < fake.sent_count; i++)
		free(fake.sent[i]);
	free(family.data);
	family.data = NULL;
	fake = (struct fake){ .version = HPKM_GENL_VERSION };
	opened = 0;
	now = 0;
}

static void *copy(const void *data, int len)
{
	void *made = must_alloc(len + 1);

	memcpy(made, data, len);
	/* Exactly as long as it is, so that the sanitizer sees an overrun. */
	return must_resize(made, len ? len : 1);
}

static void push(enum fake_which which, void *data, int len)
{
	if (queued[which] == FAKE_MOST)
		abort();
	queue[which][queued[which]++] = (struct datagram){ data, len };
}

void fake_data(enum fake_which which, const void *data, int len)
{
	push(which, copy(data, len), len);
}

void fake_unasked(enum fake_which which, const void *data, int len)
{
	fake_data(which, data, len);
	queue[which][queued[which] - 1].unasked = true;
}

void fake_error(enum fake_which which, int error)
{
	push(which, NULL, error);
}

int fake_left(enum fake_which which)
{
	return queued[which] - taken[which];
}

/* Time passes only when somebody looks. */
int64_t clock_ms(void)
{
	return now++;
}

int sock_open(struct sock **made)
{
	struct sock *sock = must_alloc(sizeof(*sock));

	if (fake.open_error) {
		free(sock);
		*made = NULL;
		return fake.open_error;
	}
	if (opened == FAKE_SOCKETS)
		abort();
	sock->which = opened++;
	*made = sock;
	return 0;
}

void sock_close(struct sock *sock)
{
	free(sock);
}

int sock_join(struct sock *sock, uint32_t group)
{
	if (sock->which != FAKE_EVENTS)
		abort();
	fake.joined = group;
	fake.joined_after = fake.sent_count;
	return 0;
}

int sock_send(struct sock *sock, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	if (sock->which != FAKE_REQUESTS)
		abort();
	nlh->nlmsg_seq = ++seq;
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		family.data = says_family(&family.len);
		return 0;
	}
	if (fake.sent_count == FAKE_MOST)
		abort();
	fake.sent[fake.sent_count++] = copy(nlh, nlh->nlmsg_len);
	return 0;
}

static void answer_to_last(void *data, int len)
{
	struct nlmsghdr *nlh = data;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len))
		if (!nlh->nlmsg_seq)
			nlh->nlmsg_seq = seq;
}

/* Who waits gets past a pause, who only looks does not. */
static bool next_of(enum fake_which which, int64_t deadline, struct datagram *got)
{
	if (taken[which] < queued[which] && deadline > now &&
	    queue[which][taken[which]].len == -ETIMEDOUT)
		taken[which]++;
	if (taken[which] == queued[which])
		return false;
	*got = queue[which][taken[which]];
	return true;
}

int sock_receive(struct sock *sock, int64_t deadline, void **data)
{
	struct datagram got = { NULL, -ETIMEDOUT };

	*data = NULL;
	if (sock->which == FAKE_REQUESTS && family.data) {
		got = family;
		family.data = NULL;
	} else if ((!fake.pace || deadline - now >= fake.pace) &&
		   next_of(sock->which, deadline, &got)) {
		now += fake.pace;
		taken[sock->which]++;
	} else {
		got.len = -ETIME;
	}
	if (got.len == -ETIME) {
		fake.waited = deadline - now;
		now = deadline > now ? deadline : now;
		got.len = -ETIMEDOUT;
	}
	if (got.len == -EINTR)
		fake_interrupted();
	if (got.len < 0)
		return got.len;
	if (!got.unasked)
		answer_to_last(got.data, got.len);
	*data = got.data;
	return got.len;
}

uint32_t sock_drops(const struct sock *sock)
{
	(void)sock;
	return fake.drops;
}

int sock_ifindex(const char *device)
{
	return strcmp(device, "eth1") ? 0 : 3;
}
