// SPDX-License-Identifier: GPL-2.0
/* PEER: paired devices. */
#include "netlink.h"
#include "text.h"

static int put_identity(struct sk_buff *skb, const struct hpkm_peer_status *status)
{
	int err;

	err = nla_put(skb, HPKM_PEER_A_ID, HPKM_ID_LEN, status->id) ?:
	      nla_put_string(skb, HPKM_PEER_A_NAME, status->name) ?:
	      nla_put_u32(skb, HPKM_PEER_A_IFINDEX, status->ifindex) ?:
	      nla_put_string(skb, HPKM_PEER_A_IFNAME, status->ifname) ?:
	      nla_put_u8(skb, HPKM_PEER_A_SUITE, status->suite) ?:
	      nla_put(skb, HPKM_PEER_A_ADDRESS, ETH_ALEN, status->address) ?:
	      nla_put_u8(skb, HPKM_PEER_A_BRIDGE, status->bridge);
	if (!err && status->insecure)
		err = nla_put_flag(skb, HPKM_PEER_A_INSECURE);
	return err;
}

static int put_epochs(struct sk_buff *skb, const struct hpkm_peer_status *status)
{
	int err;

	err = hpkm_put_u64(skb, HPKM_PEER_A_EPOCH, status->epoch, HPKM_PEER_A_PAD) ?:
	      nla_put(skb, HPKM_PEER_A_KID, HPKM_KID_LEN, status->kid);
	if (err || !status->has_next)
		return err;
	return hpkm_put_u64(skb, HPKM_PEER_A_NEXT_EPOCH, status->next_epoch, HPKM_PEER_A_PAD) ?:
	       nla_put(skb, HPKM_PEER_A_NEXT_KID, HPKM_KID_LEN, status->next_kid);
}

static int put_activity(struct sk_buff *skb, const struct hpkm_peer_status *status)
{
	int err;

	err = nla_put_u32(skb, HPKM_PEER_A_STATE, status->state) ?:
	      nla_put_u32(skb, HPKM_PEER_A_DURABILITY, status->durability) ?:
	      nla_put_u32(skb, HPKM_PEER_A_RECORDS, status->records) ?:
	      nla_put_u32(skb, HPKM_PEER_A_CONFIRMED, status->confirmed) ?:
	      nla_put_u32(skb, HPKM_PEER_A_SESSIONS, status->sessions);
	if (!err && status->received)
		err = hpkm_put_u64(skb, HPKM_PEER_A_LAST_RECEIVED, status->last_received_ms,
				   HPKM_PEER_A_PAD);
	return err ?: hpkm_put_counters(skb, HPKM_PEER_A_COUNTERS, status->counters);
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_peer *peer)
{
	struct hpkm_peer_status status;
	void *message;
	int err;

	message = hpkm_message_begin(skb, to, HPKM_CMD_PEER_GET);
	if (!message)
		return -EMSGSIZE;
	hpkm_peer_status(peer, &status);
	err = put_identity(skb, &status) ?: put_epochs(skb, &status) ?: put_activity(skb, &status);
	return hpkm_message_end(skb, message, err);
}

static int peer_get(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_peer *peer = hpkm_request_peer(info, HPKM_PEER_A_ID);
	struct hpkm_to to = hpkm_to_requester(info);
	struct sk_buff *skb;
	int err = -ENOMEM;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (skb)
		err = hpkm_reply(info, skb, fill(skb, &to, peer));
	hpkm_peer_put(peer);
	return err;
}

static int peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hpkm_dump_peers(skb, cb, 0, fill);
}

static int peer_set(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *name = info->attrs[HPKM_PEER_A_NAME];
	const struct nlattr *bridge = info->attrs[HPKM_PEER_A_BRIDGE];
	struct hpkm_peer *peer;

	if (!name && !bridge)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "NAME or BRIDGE is missing");
	if (bridge && nla_get_u8(bridge) > 1)
		return hpkm_refuse(info->extack, bridge, -EINVAL, "BRIDGE is 0 or 1");
	peer = hpkm_request_peer(info, HPKM_PEER_A_ID);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	if (name)
		hpkm_peer_set_name(peer, nla_data(name));
	if (bridge)
		hpkm_peer_set_bridge(peer, nla_get_u8(bridge));
	hpkm_peer_put(peer);
	return 0;
}

static int peer_del(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_peer *peer = hpkm_request_peer(info, HPKM_PEER_A_ID);
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = hpkm_peer_remove(peer);
	hpkm_peer_put(peer);
	if (!err)
		return 0;
	return hpkm_refuse(info->extack, info->attrs[HPKM_PEER_A_ID], err,
			   err == -ENOENT ? "ID names a device that was just removed" :
					    "There is no memory to have the peer's state erased");
}

/* The policy's own length check would not say which attribute it was. */
static int check_name(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	if (len > HPKM_NAME_MAX || len + 1 != nla_len(attr))
		return hpkm_refuse(extack, attr, -EINVAL,
				   "NAME is a string of 31 octets at most");
	if (!hpkm_text_valid(nla_data(attr), len))
		return hpkm_refuse(extack, attr, -EINVAL,
				   "NAME is not UTF-8 or has control characters");
	return 0;
}

static const struct nla_policy name_policy[HPKM_PEER_A_ID + 1] = {
	[HPKM_PEER_A_ID] = HPKM_POLICY(hpkm_check_id),
};

static const struct nla_policy set_policy[HPKM_PEER_A_BRIDGE + 1] = {
	[HPKM_PEER_A_ID] = HPKM_POLICY(hpkm_check_id),
	[HPKM_PEER_A_NAME] = HPKM_POLICY(check_name),
	[HPKM_PEER_A_BRIDGE] = { .type = NLA_U8 },
};

/*
 * A dump takes no ID, but the kernel has one policy for both ways to ask; an
 * ID that comes with a dump is not looked at.
 */
static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_PEER_GET,
		.doit = peer_get,
		.dumpit = peer_dump,
		.policy = name_policy,
		.maxattr = ARRAY_SIZE(name_policy) - 1,
	},
	{
		.cmd = HPKM_CMD_PEER_SET,
		.doit = peer_set,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_PEER_DEL,
		.doit = peer_del,
		.policy = name_policy,
		.maxattr = ARRAY_SIZE(name_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_peer = { ops, ARRAY_SIZE(ops) };
