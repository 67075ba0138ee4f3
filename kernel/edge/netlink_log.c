// SPDX-License-Identifier: GPL-2.0
/* LOG: what was said to a peer and by it. */
#include "netlink.h"

/* rid[0] is 0 for records of the smaller id. */
static bool is_own(const struct hpkm_namespace *ns, const struct hpkm_peer *peer,
		   const struct hpkm_record *record)
{
	bool smaller = memcmp(ns->hn.id, hpkm_peer_id(peer), HPKM_ID_LEN) < 0;

	return smaller == !record->rid[0];
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, const u8 *peer_id,
		const struct hpkm_record *record, bool own)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_LOG_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = nla_put(skb, HPKM_LOG_A_PEER, HPKM_ID_LEN, peer_id) ?:
	      nla_put(skb, HPKM_LOG_A_RID, HPKM_RID_LEN, record->rid) ?:
	      hpkm_put_u64(skb, HPKM_LOG_A_TIME, record->time, HPKM_LOG_A_PAD) ?:
	      hpkm_put_location(skb, HPKM_LOG_A_LOCATION, record->location) ?:
	      nla_put(skb, HPKM_LOG_A_DATA, record->data_len, record->data) ?:
	      nla_put_u32(skb, HPKM_LOG_A_STATE, record->state) ?:
	      nla_put_u8(skb, HPKM_LOG_A_OWN, own);
	return hpkm_message_end(skb, message, err);
}

static int dump_records(struct sk_buff *skb, struct netlink_callback *cb, struct hpkm_peer *peer)
{
	struct hpkm_namespace *ns = hpkm_dump_namespace(cb);
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_to to = hpkm_to_dumper(cb);
	struct hpkm_record record;
	u64 at = cursor->at;
	int err = 0;

	while (!err && hpkm_peer_log_read(peer, &at, &record)) {
		err = fill(skb, &to, hpkm_peer_id(peer), &record, is_own(ns, peer, &record));
		if (!err)
			cursor->at = at;
	}
	memzero_explicit(&record, sizeof(record));
	return skb->len ?: err;
}

static int log_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct hpkm_peer *peer = hpkm_dump_peer(cb, HPKM_LOG_A_PEER);
	int ret;

	if (IS_ERR_OR_NULL(peer))
		return PTR_ERR_OR_ZERO(peer);
	ret = dump_records(skb, cb, peer);
	hpkm_peer_put(peer);
	return ret;
}

static const struct nla_policy peer_policy[HPKM_LOG_A_PEER + 1] = {
	[HPKM_LOG_A_PEER] = HPKM_POLICY(hpkm_check_id),
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_LOG_GET,
		.dumpit = log_dump,
		.policy = peer_policy,
		.maxattr = ARRAY_SIZE(peer_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_log = { ops, ARRAY_SIZE(ops) };
