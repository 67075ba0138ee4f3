// SPDX-License-Identifier: GPL-2.0
/* POLICY: which messages are records, when keys are renewed. */
#include <linux/mutex.h>
#include "netlink.h"

/* A change reads the policy, edits and writes it: one at a time. */
static DEFINE_MUTEX(change_lock);

/* Where each attribute is kept. */
static const size_t fields[HPKM_POLICY_A_MAX + 1] = {
	[HPKM_POLICY_A_RECORD_FRAMES] = offsetof(struct hpkm_policy, record_frames),
	[HPKM_POLICY_A_RECORD_INTERVAL] = offsetof(struct hpkm_policy, record_interval_ms),
	[HPKM_POLICY_A_UPDATE_RECORDS] = offsetof(struct hpkm_policy, update_records),
	[HPKM_POLICY_A_UPDATE_INTERVAL] = offsetof(struct hpkm_policy, update_interval_s),
	[HPKM_POLICY_A_LOG_SIZE] = offsetof(struct hpkm_policy, log_size),
	[HPKM_POLICY_A_REKEY_INTERVAL] = offsetof(struct hpkm_policy, rekey_interval_s),
};

static u32 *field(struct hpkm_policy *policy, int attr)
{
	return (void *)policy + fields[attr];
}

static int put_field(struct sk_buff *skb, struct hpkm_policy *policy, int attr)
{
	if (attr == HPKM_POLICY_A_REKEY_FRAMES)
		return hpkm_put_u64(skb, attr, policy->rekey_frames, HPKM_POLICY_A_PAD);
	return nla_put_u32(skb, attr, *field(policy, attr));
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_peer *peer)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_POLICY_GET);
	struct hpkm_policy policy;
	int attr, err;

	if (!message)
		return -EMSGSIZE;
	hpkm_peer_policy_get(peer, &policy);
	err = nla_put(skb, HPKM_POLICY_A_PEER, HPKM_ID_LEN, hpkm_peer_id(peer));
	for (attr = HPKM_POLICY_A_RECORD_FRAMES; attr <= HPKM_POLICY_A_REKEY_FRAMES && !err; attr++)
		err = put_field(skb, &policy, attr);
	return hpkm_message_end(skb, message, err);
}

static int policy_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hpkm_dump_peers(skb, cb, HPKM_POLICY_A_PEER, fill);
}

static bool edit(struct hpkm_policy *policy, struct nlattr **attrs)
{
	bool edited = false;
	int attr;

	for (attr = HPKM_POLICY_A_RECORD_FRAMES; attr <= HPKM_POLICY_A_REKEY_FRAMES; attr++) {
		if (!attrs[attr])
			continue;
		if (attr == HPKM_POLICY_A_REKEY_FRAMES)
			policy->rekey_frames = nla_get_u64(attrs[attr]);
		else
			*field(policy, attr) = nla_get_u32(attrs[attr]);
		edited = true;
	}
	return edited;
}

static int change_policy(struct genl_info *info, struct hpkm_peer *peer)
{
	struct hpkm_policy policy;
	const char *why = NULL;
	int err;

	hpkm_peer_policy_get(peer, &policy);
	if (!edit(&policy, info->attrs))
		return hpkm_refuse(info->extack, NULL, -EINVAL,
				   "Nothing to change: every attribute but PEER is missing");
	err = hpkm_peer_policy_set(peer, &policy, &why);
	return err ? hpkm_refuse(info->extack, NULL, err, why) : 0;
}

static int policy_set(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_peer *peer = hpkm_request_peer(info, HPKM_POLICY_A_PEER);
	int err;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	mutex_lock(&change_lock);
	err = change_policy(info, peer);
	mutex_unlock(&change_lock);
	hpkm_peer_put(peer);
	return err;
}

static const struct nla_policy peer_policy[HPKM_POLICY_A_PEER + 1] = {
	[HPKM_POLICY_A_PEER] = HPKM_POLICY(hpkm_check_id),
};

static const struct nla_policy set_policy[HPKM_POLICY_A_REKEY_FRAMES + 1] = {
	[HPKM_POLICY_A_PEER] = HPKM_POLICY(hpkm_check_id),
	[HPKM_POLICY_A_RECORD_FRAMES] = { .type = NLA_U32 },
	[HPKM_POLICY_A_RECORD_INTERVAL] = { .type = NLA_U32 },
	[HPKM_POLICY_A_UPDATE_RECORDS] = { .type = NLA_U32 },
	[HPKM_POLICY_A_UPDATE_INTERVAL] = { .type = NLA_U32 },
	[HPKM_POLICY_A_LOG_SIZE] = { .type = NLA_U32 },
	[HPKM_POLICY_A_REKEY_INTERVAL] = { .type = NLA_U32 },
	[HPKM_POLICY_A_REKEY_FRAMES] = { .type = NLA_U64 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_POLICY_GET,
		.dumpit = policy_dump,
		.policy = peer_policy,
		.maxattr = ARRAY_SIZE(peer_policy) - 1,
	},
	{
		.cmd = HPKM_CMD_POLICY_SET,
		.doit = policy_set,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_policy = { ops, ARRAY_SIZE(ops) };
