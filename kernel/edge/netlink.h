/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family.  Each object of the interface is a file of its
 * own, netlink_OBJECT.c, with its commands, policies and handlers; netlink.c
 * makes one family of them.
 *
 * Requests run in parallel: each takes what it needs, RTNL for links, the
 * peers' own locks for the rest, so a slow one of another family or namespace
 * holds nobody up.
 *
 * Policies say which attributes a command takes and how long they may be;
 * whoever sends any other is refused before a handler runs.  All refusals are
 * sentences that name the attribute.
 */
#ifndef _HPKM_EDGE_NETLINK_H
#define _HPKM_EDGE_NETLINK_H

#include <net/genetlink.h>
#include <net/sock.h>
#include "../compat/genetlink.h"
#include "../peer/peer.h"
#include "link.h"
#include "namespace.h"

int hpkm_netlink_register(void);
void hpkm_netlink_unregister(void);
/* See struct hpkm_edge. */
void hpkm_netlink_event(struct hpkm_net *hn, const struct hpkm_event_info *event);
void hpkm_netlink_wake_agent(struct hpkm_net *hn, u32 portid);

/* One object's commands. */
struct hpkm_object {
	const struct genl_ops *ops;
	unsigned int count;
};

extern const struct hpkm_object hpkm_object_device;
extern const struct hpkm_object hpkm_object_link;
extern const struct hpkm_object hpkm_object_sk;
extern const struct hpkm_object hpkm_object_pair;
extern const struct hpkm_object hpkm_object_peer;
extern const struct hpkm_object hpkm_object_session;
extern const struct hpkm_object hpkm_object_log;
extern const struct hpkm_object hpkm_object_policy;
extern const struct hpkm_object hpkm_object_location;
extern const struct hpkm_object hpkm_object_message;
extern const struct hpkm_object hpkm_object_state;

/* netlink_state.c: hear of agents whose sockets are closed.  Module init, exit. */
int hpkm_netlink_agents_register(void);
void hpkm_netlink_agents_unregister(void);

/* For commands that take no attribute. */
#define HPKM_NO_ATTRIBUTES	1
extern const struct nla_policy hpkm_no_attributes[HPKM_NO_ATTRIBUTES + 1];

/*
 * Octets that @check looks at, in a policy.  The value of an integer is for
 * its handler: the kernel cannot describe an integer that has a check.
 */
#define HPKM_POLICY(check)	NLA_POLICY_VALIDATE_FN(NLA_BINARY, check)
#define HPKM_POLICY_STRING(max)	{ .type = NLA_NUL_STRING, .len = (max) }

int hpkm_check_id(const struct nlattr *attr, struct netlink_ext_ack *extack);

/* Says why and returns @err.  @attr may be NULL; @why has static life. */
int hpkm_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr, int err,
		const char *why);

/* ---- requests ---- */

static inline struct hpkm_namespace *hpkm_request_namespace(struct genl_info *info)
{
	return hpkm_namespace(genl_info_net(info));
}

static inline struct hpkm_namespace *hpkm_dump_namespace(struct netlink_callback *cb)
{
	return hpkm_namespace(sock_net(cb->skb->sk));
}

/* The peer that attribute @type names, which the caller puts, or an ERR_PTR(). */
struct hpkm_peer *hpkm_request_peer(struct genl_info *info, int type);

/* By HPKM_LINK_A_IFINDEX or HPKM_LINK_A_IFNAME; an ERR_PTR() otherwise.  RTNL. */
struct net_device *hpkm_request_device(struct genl_info *info);
struct hpkm_link *hpkm_request_link(struct genl_info *info);

/* ---- replies ---- */

/**
 * struct hpkm_to - to whom a message goes
 * @portid: the socket
 * @seq: of the request
 * @flags: of the message
 */
struct hpkm_to {
	u32 portid;
	u32 seq;
	int flags;
};

static inline struct hpkm_to hpkm_to_requester(const struct genl_info *info)
{
	return (struct hpkm_to){ info->snd_portid, info->snd_seq, 0 };
}

static inline struct hpkm_to hpkm_to_dumper(struct netlink_callback *cb)
{
	return (struct hpkm_to){
		NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLM_F_MULTI
	};
}

/* Begins a message; NULL when it does not fit. */
void *hpkm_message_begin(struct sk_buff *skb, const struct hpkm_to *to, u8 cmd);
/* Ends it, or takes it back when @err; returns @err. */
int hpkm_message_end(struct sk_buff *skb, void *message, int err);
/* Sends what @err says could be filled, frees it otherwise. */
int hpkm_reply(struct genl_info *info, struct sk_buff *skb, int err);

int hpkm_put_u64(struct sk_buff *skb, int type, u64 value, int pad);
int hpkm_put_counters(struct sk_buff *skb, int type, const u64 counters[HPKM_COUNTER_MAX + 1]);
/* LI without its length octet. */
int hpkm_put_location(struct sk_buff *skb, int type, const u8 location[HPKM_LI_LEN]);

/* ---- dumps ---- */

/**
 * struct hpkm_cursor - where a dump that pauses goes on, in cb->ctx
 * @at: serial number, index or position of the last object shown
 * @began: a part was made
 *
 * No object is kept from part to part, so one may go in between; serials only
 * rise, so none is shown twice and none that stays is missed.
 */
struct hpkm_cursor {
	u64 at;
	bool began;
};

static inline struct hpkm_cursor *hpkm_dump_cursor(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct hpkm_cursor) > sizeof(cb->ctx));
	return (struct hpkm_cursor *)cb->ctx;
}

/* Adds the messages of one peer, all or none: 0, or an errno when they do not fit. */
typedef int (*hpkm_fill_peer)(struct sk_buff *skb, const struct hpkm_to *to,
			      struct hpkm_peer *peer);

/* Every peer, or the one that attribute @type names unless that is 0. */
int hpkm_dump_peers(struct sk_buff *skb, struct netlink_callback *cb, int type,
		    hpkm_fill_peer fill);
/*
 * The one that attribute @type names, which must be there; the caller puts it.
 * NULL when it went between two parts of the dump.
 */
struct hpkm_peer *hpkm_dump_peer(struct netlink_callback *cb, int type);

/* Adds one message about a link. */
typedef int (*hpkm_fill_link)(struct sk_buff *skb, const struct hpkm_to *to,
			      struct hpkm_link *link);

/* Every link, by rising interface index. */
int hpkm_dump_links(struct sk_buff *skb, struct netlink_callback *cb, hpkm_fill_link fill);

#endif /* _HPKM_EDGE_NETLINK_H */
