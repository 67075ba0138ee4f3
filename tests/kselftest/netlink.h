/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the module, for programs that say what hpkm-nl never would. */
#ifndef HPKM_TEST_NETLINK_H
#define HPKM_TEST_NETLINK_H

#include "packet.h"
#include <linux/genetlink.h>
#include <sys/time.h>

#define ROOM	4096
#define WAIT_S	5

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	uint8_t attrs[ROOM];
};

static inline struct message begin(int type, int command)
{
	return (struct message){
		.head = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.genl = { .cmd = command, .version = 1 },
	};
}

static inline void put(struct message *to, int type, const void *data, int len)
{
	uint8_t *at = (uint8_t *)to + NLMSG_ALIGN(to->head.nlmsg_len);
	struct nlattr attr = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	if (at + NLA_ALIGN(attr.nla_len) > (uint8_t *)(to + 1)) {
		fprintf(stderr, "too long\n");
		exit(2);
	}
	memcpy(at, &attr, NLA_HDRLEN);
	memcpy(at + NLA_HDRLEN, data, len);
	to->head.nlmsg_len = at + NLA_ALIGN(attr.nla_len) - (uint8_t *)to;
}

/* Returns how many octets the value has, -1 if it has no such kind. */
static inline int octets_of(const char *kind, const char *value, uint8_t *to)
{
	uint32_t number = strtoul(value, NULL, 0);

	if (!strcmp(kind, "hex"))
		return from_hex(value, to, ROOM);
	if (!strcmp(kind, "str"))
		return stpcpy((char *)to, value) + 1 - (char *)to;
	if (!strcmp(kind, "u8")) {
		*to = number;
		return 1;
	}
	if (strcmp(kind, "u32"))
		return -1;
	memcpy(to, &number, sizeof(number));
	return sizeof(number);
}

/* What is in the attribute of that type, from @at to @end; NULL if there is none. */
static inline const void *find(const uint8_t *at, const uint8_t *end, int type, int *len)
{
	struct nlattr attr;

	while (end - at > NLA_HDRLEN) {
		memcpy(&attr, at, NLA_HDRLEN);
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > end - at)
			return NULL;
		if ((attr.nla_type & NLA_TYPE_MASK) == type) {
			*len = attr.nla_len - NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(attr.nla_len);
	}
	return NULL;
}

static inline const void *attribute(const struct message *of, int type, int *len)
{
	return find(of->attrs, (const uint8_t *)of + of->head.nlmsg_len, type, len);
}

/*
 * Returns 0, and in @reply what was answered if anything was; or the errno, and
 * in @reply the refusal.  What comes unasked is passed over.
 */
static inline int ask(int fd, struct message *request, struct message *reply)
{
	static uint32_t sequence;
	static struct message got;

	request->head.nlmsg_seq = ++sequence;
	*reply = (struct message){ 0 };
	if (send(fd, request, request->head.nlmsg_len, 0) != request->head.nlmsg_len)
		die("send");
	for (;;) {
		if (recv(fd, &got, sizeof(got), 0) < (ssize_t)NLMSG_HDRLEN)
			die("recv");
		if (got.head.nlmsg_seq != sequence)
			continue;
		if (got.head.nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(&got.head);

			if (error->error)
				*reply = got;
			return -error->error;
		}
		*reply = got;
	}
}

/* Why it was refused. */
static inline const char *reason(const struct message *reply)
{
	const struct nlmsgerr *error = NLMSG_DATA(&reply->head);
	const char *why;
	int len;

	why = find((const uint8_t *)(error + 1), (const uint8_t *)reply + reply->head.nlmsg_len,
		   NLMSGERR_ATTR_MSG, &len);
	return why ? why : "no reason given";
}

static inline int netlink_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), one = 1;
	struct timeval wait = { .tv_sec = WAIT_S };

	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		die("netlink");
	return fd;
}

static inline int family_id(int fd)
{
	struct message request = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY), reply;
	const uint16_t *id = NULL;
	int len;

	put(&request, CTRL_ATTR_FAMILY_NAME, "hpkm", 5);
	if (!ask(fd, &request, &reply))
		id = attribute(&reply, CTRL_ATTR_FAMILY_ID, &len);
	if (!id) {
		fprintf(stderr, "the module is not there\n");
		exit(1);
	}
	return *id;
}

#endif
