// SPDX-License-Identifier: GPL-2.0
/* DEVICE: what this device is. */
#include <linux/rtnetlink.h>
#include "../core/suite.h"
#include "netlink.h"

static int put_suite(struct sk_buff *skb, const struct hpkm_suite *suite)
{
	struct nlattr *nest = nla_nest_start(skb, HPKM_DEVICE_A_SUITE);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u8(skb, HPKM_SUITE_A_ID, suite->id) ?:
	      nla_put_string(skb, HPKM_SUITE_A_NAME, suite->name);
	if (!err && suite->insecure)
		err = nla_put_flag(skb, HPKM_SUITE_A_INSECURE);
	nla_nest_end(skb, nest);
	return err;
}

static int put_suites(struct sk_buff *skb)
{
	const struct hpkm_suite *suite;
	int id, err = 0;

	for (id = 0; id < HPKM_SUITE_IDS && !err; id++) {
		suite = hpkm_suite_by_id(id);
		if (suite)
			err = put_suite(skb, suite);
	}
	return err;
}

static u32 count_links(struct hpkm_namespace *ns)
{
	struct hpkm_link *link;
	u32 count = 0;

	rtnl_lock();
	list_for_each_entry(link, &ns->links, node)
		count++;
	rtnl_unlock();
	return count;
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_namespace *ns)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_DEVICE_GET);
	u8 id[HPKM_ID_LEN];
	int err;

	if (!message)
		return -EMSGSIZE;
	hpkm_net_id_get(&ns->hn, id);
	err = nla_put(skb, HPKM_DEVICE_A_ID, HPKM_ID_LEN, id) ?:
	      nla_put_string(skb, HPKM_DEVICE_A_VERSION, HPKM_RELEASE) ?:
	      put_suites(skb) ?:
	      nla_put_u32(skb, HPKM_DEVICE_A_LINKS, count_links(ns)) ?:
	      nla_put_u32(skb, HPKM_DEVICE_A_PEERS, hpkm_net_peer_count(&ns->hn));
	if (!err && hpkm_agent_is_ready(&ns->hn))
		err = nla_put_flag(skb, HPKM_DEVICE_A_AGENT);
	return hpkm_message_end(skb, message, err);
}

static int device_get(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct hpkm_to to = hpkm_to_requester(info);

	if (!skb)
		return -ENOMEM;
	return hpkm_reply(info, skb, fill(skb, &to, hpkm_request_namespace(info)));
}

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_DEVICE_GET,
		.doit = device_get,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
	},
};

const struct hpkm_object hpkm_object_device = { ops, ARRAY_SIZE(ops) };
