/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says to a netlink request, whatever that was. */
#ifndef HPKM_TEST_ANSWERS_H
#define HPKM_TEST_ANSWERS_H

#include "netlink.h"

/* None takes longer, however slow the guest. */
#define ANSWER_S	60
#define ANSWER_ROOM	65536

struct answer {
	int heard;	/* there was an end to it */
	int error;	/* an errno */
};

/* What came before the end. */
typedef void on_reply(const uint8_t *attributes, const uint8_t *end, void *arg);

static inline int answers_socket(void)
{
	struct timeval wait = { .tv_sec = ANSWER_S };
	int fd = netlink_socket();

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		die("SO_RCVTIMEO");
	return fd;
}

/* Returns whether this is the end. */
static inline int take_answer(const struct nlmsghdr *got, struct answer *answer)
{
	const int *error = NLMSG_DATA(got);

	if (got->nlmsg_type != NLMSG_ERROR && got->nlmsg_type != NLMSG_DONE)
		return 0;
	answer->heard = 1;
	if (got->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)))
		answer->error = -*error;
	return 1;
}

/* @request is acknowledged or a dump; @handle may be NULL. */
static inline struct answer converse(int fd, const void *request, int len, uint32_t sequence,
				     on_reply *handle, void *arg)
{
	static uint8_t room[ANSWER_ROOM] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct answer answer = { 0 };
	const struct nlmsghdr *got;
	int left;

	if (send(fd, request, len, 0) != len)
		die("send");
	for (;;) {
		left = recv(fd, room, sizeof(room), 0);
		if (left < 0 && errno == EAGAIN)
			return answer;
		if (left < 0)
			die("recv");
		for (got = (const void *)room; NLMSG_OK(got, left); got = NLMSG_NEXT(got, left)) {
			if (got->nlmsg_seq != sequence)
				continue;
			if (take_answer(got, &answer))
				return answer;
			if (handle)
				handle((const uint8_t *)got + NLMSG_LENGTH(GENL_HDRLEN),
				       (const uint8_t *)got + got->nlmsg_len, arg);
		}
	}
}

/* For questions that have to be answered. */
static inline void converse_or_die(int fd, struct message *request, on_reply *handle, void *arg)
{
	static uint32_t sequence = 0x40000000;
	struct answer answer;

	request->head.nlmsg_seq = ++sequence;
	answer = converse(fd, request, request->head.nlmsg_len, sequence, handle, arg);
	if (answer.heard && !answer.error)
		return;
	fprintf(stderr, "command %d: %s\n", request->genl.cmd,
		answer.heard ? strerror(answer.error) : "no answer");
	exit(1);
}

/* Goes through attributes; returns what is in the next one, NULL after the last. */
struct attributes {
	const uint8_t *at;
	const uint8_t *end;
};

static inline const uint8_t *next_attribute(struct attributes *in, int *type, int *len)
{
	const uint8_t *data = in->at + NLA_HDRLEN;
	struct nlattr attr;

	if (in->end - in->at < NLA_HDRLEN)
		return NULL;
	memcpy(&attr, in->at, NLA_HDRLEN);
	if (attr.nla_len < NLA_HDRLEN || attr.nla_len > in->end - in->at)
		return NULL;
	*type = attr.nla_type & NLA_TYPE_MASK;
	*len = attr.nla_len - NLA_HDRLEN;
	in->at += NLA_ALIGN(attr.nla_len);
	return data;
}

#endif
