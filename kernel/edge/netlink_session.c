// SPDX-License-Identifier: GPL-2.0
/* SESSION: what is up with each peer, and starting exchanges and updates. */
#include "netlink.h"

#define SESSIONS_MAX	(HPKM_SESSIONS_OLD + 2)	/* current and next besides */

static int put_session(struct sk_buff *skb, const struct hpkm_session_status *status)
{
	int err;

	err = nla_put(skb, HPKM_SESSION_A_SID, HPKM_SID_LEN, status->sid) ?:
	      nla_put_u32(skb, HPKM_SESSION_A_SLOT, status->slot) ?:
	      nla_put_u8(skb, HPKM_SESSION_A_INITIATOR, status->initiator);
	if (!err && status->barred)
		err = nla_put_flag(skb, HPKM_SESSION_A_BARRED);
	return err;
}

static int put_numbers(struct sk_buff *skb, const struct hpkm_session_status *status)
{
	return hpkm_put_u64(skb, HPKM_SESSION_A_EPOCH, status->epoch, HPKM_SESSION_A_PAD) ?:
	       hpkm_put_u64(skb, HPKM_SESSION_A_AGE, status->age_ms, HPKM_SESSION_A_PAD) ?:
	       hpkm_put_u64(skb, HPKM_SESSION_A_TX_FRAMES, status->tx_frames,
			    HPKM_SESSION_A_PAD) ?:
	       hpkm_put_u64(skb, HPKM_SESSION_A_RX_FRAMES, status->rx_frames,
			    HPKM_SESSION_A_PAD);
}

static int fill_one(struct sk_buff *skb, const struct hpkm_to *to, const u8 *peer_id,
		    const struct hpkm_session_status *status)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_SESSION_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = nla_put(skb, HPKM_SESSION_A_PEER, HPKM_ID_LEN, peer_id) ?:
	      put_session(skb, status) ?: put_numbers(skb, status);
	return hpkm_message_end(skb, message, err);
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_peer *peer)
{
	struct hpkm_session_status status[SESSIONS_MAX];
	unsigned int before = skb->len;
	u32 i, count;
	int err = 0;

	count = hpkm_peer_sessions(peer, status, SESSIONS_MAX);
	for (i = 0; i < count && !err; i++)
		err = fill_one(skb, to, hpkm_peer_id(peer), &status[i]);
	if (err)
		skb_trim(skb, before);
	return err;
}

static int session_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hpkm_dump_peers(skb, cb, HPKM_SESSION_A_PEER, fill);
}

static int session_add(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_peer *peer = hpkm_request_peer(info, HPKM_SESSION_A_PEER);
	const char *why = NULL;
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = hpkm_peer_exchange(peer, &why);
	hpkm_peer_put(peer);
	return err ? hpkm_refuse(info->extack, info->attrs[HPKM_SESSION_A_PEER], err, why) : 0;
}

static int session_update(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_peer *peer = hpkm_request_peer(info, HPKM_SESSION_A_PEER);
	const struct nlattr *rid = info->attrs[HPKM_SESSION_A_RID];
	const char *why = NULL;
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = hpkm_peer_update(peer, rid ? nla_data(rid) : NULL, &why);
	hpkm_peer_put(peer);
	return err ? hpkm_refuse(info->extack, rid, err, why) : 0;
}

static int check_rid(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == HPKM_RID_LEN)
		return 0;
	return hpkm_refuse(extack, attr, -EINVAL, "RID is 9 octets long");
}

static const struct nla_policy peer_policy[HPKM_SESSION_A_PEER + 1] = {
	[HPKM_SESSION_A_PEER] = HPKM_POLICY(hpkm_check_id),
};

static const struct nla_policy update_policy[HPKM_SESSION_A_RID + 1] = {
	[HPKM_SESSION_A_PEER] = HPKM_POLICY(hpkm_check_id),
	[HPKM_SESSION_A_RID] = HPKM_POLICY(check_rid),
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_SESSION_GET,
		.dumpit = session_dump,
		.policy = peer_policy,
		.maxattr = ARRAY_SIZE(peer_policy) - 1,
	},
	{
		.cmd = HPKM_CMD_SESSION_ADD,
		.doit = session_add,
		.policy = peer_policy,
		.maxattr = ARRAY_SIZE(peer_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_SESSION_UPDATE,
		.doit = session_update,
		.policy = update_policy,
		.maxattr = ARRAY_SIZE(update_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_session = { ops, ARRAY_SIZE(ops) };
