// SPDX-License-Identifier: GPL-2.0
/* MESSAGE: explicit messages, each delivered once. */
#include "netlink.h"

static int fill_received(struct sk_buff *skb, const struct hpkm_to *to, const u8 *peer_id,
			 const struct hpkm_received *received)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_MESSAGE_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = nla_put(skb, HPKM_MESSAGE_A_PEER, HPKM_ID_LEN, peer_id) ?:
	      hpkm_put_u64(skb, HPKM_MESSAGE_A_REC, received->rec, HPKM_MESSAGE_A_PAD) ?:
	      hpkm_put_u64(skb, HPKM_MESSAGE_A_TIME, received->time, HPKM_MESSAGE_A_PAD) ?:
	      hpkm_put_location(skb, HPKM_MESSAGE_A_LOCATION, received->location) ?:
	      nla_put(skb, HPKM_MESSAGE_A_DATA, received->len, received->data);
	return hpkm_message_end(skb, message, err);
}

static int dump_inbox(struct sk_buff *skb, struct netlink_callback *cb, struct hpkm_peer *peer)
{
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_to to = hpkm_to_dumper(cb);
	struct hpkm_received *received;
	int err = 0;

	while (!err) {
		received = hpkm_peer_message_after(peer, cursor->at);
		if (!received)
			break;
		/* What did not fit into a part comes in the next; this would be missing. */
		if (IS_ERR(received))
			return PTR_ERR(received);
		err = fill_received(skb, &to, hpkm_peer_id(peer), received);
		if (!err)
			cursor->at = received->serial;
		kfree_sensitive(received);
	}
	return skb->len ?: err;
}

static int message_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct hpkm_peer *peer = hpkm_dump_peer(cb, HPKM_MESSAGE_A_PEER);
	int ret;

	if (IS_ERR_OR_NULL(peer))
		return PTR_ERR_OR_ZERO(peer);
	ret = dump_inbox(skb, cb, peer);
	hpkm_peer_put(peer);
	return ret;
}

static int fill_sent(struct sk_buff *skb, const struct hpkm_to *to, const u8 *peer_id, u64 rec)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_MESSAGE_ADD);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = nla_put(skb, HPKM_MESSAGE_A_PEER, HPKM_ID_LEN, peer_id) ?:
	      hpkm_put_u64(skb, HPKM_MESSAGE_A_REC, rec, HPKM_MESSAGE_A_PAD);
	return hpkm_message_end(skb, message, err);
}

/* The reply is allocated first: once a message is accepted, its number is told. */
static int send(struct genl_info *info, struct hpkm_peer *peer, const struct nlattr *data)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct hpkm_to to = hpkm_to_requester(info);
	const char *why = NULL;
	u64 rec;
	int err;

	if (!skb)
		return -ENOMEM;
	err = hpkm_peer_message_send(peer, nla_data(data), nla_len(data), &rec, &why);
	if (err)
		hpkm_refuse(info->extack, data, err, why);
	else
		err = fill_sent(skb, &to, hpkm_peer_id(peer), rec);
	return hpkm_reply(info, skb, err);
}

static int message_add(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *data = info->attrs[HPKM_MESSAGE_A_DATA];
	struct hpkm_peer *peer;
	int err;

	if (!data)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "DATA is missing");
	peer = hpkm_request_peer(info, HPKM_MESSAGE_A_PEER);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = send(info, peer, data);
	hpkm_peer_put(peer);
	return err;
}

static int check_data(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) >= 1 && nla_len(attr) <= HPKM_MESSAGE_MAX)
		return 0;
	return hpkm_refuse(extack, attr, -EMSGSIZE, "DATA is 1 to 1024 octets long");
}

static const struct nla_policy peer_policy[HPKM_MESSAGE_A_PEER + 1] = {
	[HPKM_MESSAGE_A_PEER] = HPKM_POLICY(hpkm_check_id),
};

static const struct nla_policy add_policy[HPKM_MESSAGE_A_DATA + 1] = {
	[HPKM_MESSAGE_A_PEER] = HPKM_POLICY(hpkm_check_id),
	[HPKM_MESSAGE_A_DATA] = HPKM_POLICY(check_data),
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_MESSAGE_GET,
		.dumpit = message_dump,
		.policy = peer_policy,
		.maxattr = ARRAY_SIZE(peer_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_MESSAGE_ADD,
		.doit = message_add,
		.policy = add_policy,
		.maxattr = ARRAY_SIZE(add_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_message = { ops, ARRAY_SIZE(ops) };
