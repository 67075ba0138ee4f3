// SPDX-License-Identifier: GPL-2.0
/* SK: shared secrets go in, fingerprints come out. */
#include "netlink.h"

static int fill(struct sk_buff *skb, const struct hpkm_to *to, u8 suite,
		const u8 fingerprint[HPKM_FINGERPRINT_LEN])
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_SK_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = nla_put_u8(skb, HPKM_SK_A_SUITE, suite) ?:
	      nla_put(skb, HPKM_SK_A_FINGERPRINT, HPKM_FINGERPRINT_LEN, fingerprint);
	return hpkm_message_end(skb, message, err);
}

static int sk_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct hpkm_namespace *ns = hpkm_dump_namespace(cb);
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_to to = hpkm_to_dumper(cb);
	u8 fingerprint[HPKM_FINGERPRINT_LEN];
	int err;

	for (; cursor->at < HPKM_SUITE_IDS; cursor->at++) {
		if (!hpkm_net_sk_fingerprint(&ns->hn, cursor->at, fingerprint))
			continue;
		err = fill(skb, &to, cursor->at, fingerprint);
		if (err)
			return skb->len ?: err;
	}
	return skb->len;
}

static int set_sk(struct genl_info *info, const struct nlattr *suite, const struct nlattr *key)
{
	struct hpkm_namespace *ns = hpkm_request_namespace(info);
	const char *why = NULL;
	int err;

	if (!suite)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "SUITE is missing");
	if (!key)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "KEY is missing");
	err = hpkm_net_sk_set(&ns->hn, nla_get_u8(suite), nla_data(key), &why);
	return err ? hpkm_refuse(info->extack, suite, err, why) : 0;
}

/* An error carries the request back and the buffer is not cleared when freed. */
static int sk_set(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *key = info->attrs[HPKM_SK_A_KEY];
	int err = set_sk(info, info->attrs[HPKM_SK_A_SUITE], key);

	if (key)
		memzero_explicit(nla_data(key), nla_len(key));
	return err;
}

static int sk_del(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *suite = info->attrs[HPKM_SK_A_SUITE];
	struct hpkm_namespace *ns = hpkm_request_namespace(info);
	const char *why = NULL;
	int err;

	if (!suite)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "SUITE is missing");
	err = hpkm_net_sk_del(&ns->hn, nla_get_u8(suite), &why);
	return err ? hpkm_refuse(info->extack, suite, err, why) : 0;
}

static int check_key(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == HPKM_SK_LEN)
		return 0;
	/* No handler will see it and wipe it. */
	memzero_explicit(nla_data(attr), nla_len(attr));
	return hpkm_refuse(extack, attr, -EINVAL, "KEY is 32 octets long");
}

static const struct nla_policy set_policy[HPKM_SK_A_KEY + 1] = {
	[HPKM_SK_A_SUITE] = { .type = NLA_U8 },
	[HPKM_SK_A_KEY] = HPKM_POLICY(check_key),
};

static const struct nla_policy del_policy[HPKM_SK_A_SUITE + 1] = {
	[HPKM_SK_A_SUITE] = { .type = NLA_U8 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_SK_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = sk_dump,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
	},
	{
		.cmd = HPKM_CMD_SK_SET,
		.doit = sk_set,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_SK_DEL,
		.doit = sk_del,
		.policy = del_policy,
		.maxattr = ARRAY_SIZE(del_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_sk = { ops, ARRAY_SIZE(ops) };
