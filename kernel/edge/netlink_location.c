// SPDX-License-Identifier: GPL-2.0
/* LOCATION: where this device says it is. */
#include "netlink.h"
#include "text.h"

static int fill(struct sk_buff *skb, const struct hpkm_to *to, const u8 location[HPKM_LI_LEN])
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_LOCATION_GET);

	if (!message)
		return -EMSGSIZE;
	return hpkm_message_end(skb, message,
				hpkm_put_location(skb, HPKM_LOCATION_A_LABEL, location));
}

static int location_get(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct hpkm_to to = hpkm_to_requester(info);
	u8 location[HPKM_LI_LEN];

	if (!skb)
		return -ENOMEM;
	hpkm_net_location_get(&hpkm_request_namespace(info)->hn, location);
	return hpkm_reply(info, skb, fill(skb, &to, location));
}

static int location_set(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *label = info->attrs[HPKM_LOCATION_A_LABEL];

	if (!label)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "LABEL is missing");
	hpkm_net_location_set(&hpkm_request_namespace(info)->hn, nla_data(label), nla_len(label));
	return 0;
}

static int check_label(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) > HPKM_LOCATION_MAX)
		return hpkm_refuse(extack, attr, -EINVAL, "LABEL has 31 octets at most");
	if (!hpkm_text_valid(nla_data(attr), nla_len(attr)))
		return hpkm_refuse(extack, attr, -EINVAL,
				   "LABEL is not UTF-8 or has control characters");
	return 0;
}

static const struct nla_policy set_policy[HPKM_LOCATION_A_LABEL + 1] = {
	[HPKM_LOCATION_A_LABEL] = HPKM_POLICY(check_label),
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_LOCATION_GET,
		.doit = location_get,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
	},
	{
		.cmd = HPKM_CMD_LOCATION_SET,
		.doit = location_set,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_location = { ops, ARRAY_SIZE(ops) };
