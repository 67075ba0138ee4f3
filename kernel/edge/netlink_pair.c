// SPDX-License-Identifier: GPL-2.0
/* PAIR: the window in which a link pairs. */
#include <linux/rtnetlink.h>
#include "netlink.h"

static int put_window(struct sk_buff *skb, const struct hpkm_pairing_status *status)
{
	int err;

	err = nla_put_u8(skb, HPKM_PAIR_A_SUITE, status->suite) ?:
	      nla_put_u32(skb, HPKM_PAIR_A_REMAINING, status->remaining_ms) ?:
	      nla_put_u32(skb, HPKM_PAIR_A_CONTEXTS, status->contexts);
	if (!err && status->override)
		err = nla_put_flag(skb, HPKM_PAIR_A_OVERRIDE);
	return err;
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_link *link)
{
	struct hpkm_pairing_status status;
	void *message;
	int err;

	hpkm_port_pair_status(&link->port, &status);
	if (!status.open)
		return 0;
	message = hpkm_message_begin(skb, to, HPKM_CMD_PAIR_GET);
	if (!message)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HPKM_PAIR_A_IFINDEX, link->port.ifindex) ?:
	      nla_put_string(skb, HPKM_PAIR_A_IFNAME, link->port.ifname) ?:
	      put_window(skb, &status);
	return hpkm_message_end(skb, message, err);
}

static int pair_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hpkm_dump_links(skb, cb, fill);
}

static int refuse_exposed(struct genl_info *info, const char *by)
{
	if (info->extack)
		hpkm_extack_format(info->extack, &hpkm_request_namespace(info)->sentences,
				   "Not isolated: %s is up, and OVERRIDE is not given", by);
	return -EBUSY;
}

static int read_window(struct genl_info *info, u32 *seconds)
{
	const struct nlattr *attr = info->attrs[HPKM_PAIR_A_WINDOW];

	*seconds = attr ? nla_get_u32(attr) : HPKM_PAIR_WINDOW_S;
	if (*seconds && *seconds <= HPKM_PAIR_WINDOW_MAX_S)
		return 0;
	return hpkm_refuse(info->extack, attr, -ERANGE, "WINDOW is 1 to 3600 seconds");
}

static int open_window(struct genl_info *info, struct hpkm_link *link, u32 seconds)
{
	const struct nlattr *suite = info->attrs[HPKM_PAIR_A_SUITE];
	bool override = nla_get_flag(info->attrs[HPKM_PAIR_A_OVERRIDE]);
	char exposed[IFNAMSIZ] = "";
	const char *why = NULL;
	int err;

	err = hpkm_port_pair_open(&link->port, nla_get_u8(suite), seconds, override, exposed,
				  &why);
	if (!err)
		return 0;
	return *exposed ? refuse_exposed(info, exposed) :
			  hpkm_refuse(info->extack, suite, err, why);
}

static int pair_add(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_link *link;
	u32 seconds;
	int err;

	if (!info->attrs[HPKM_PAIR_A_SUITE])
		return hpkm_refuse(info->extack, NULL, -EINVAL, "SUITE is missing");
	err = read_window(info, &seconds);
	if (err)
		return err;
	rtnl_lock();
	link = hpkm_request_link(info);
	err = IS_ERR(link) ? PTR_ERR(link) : open_window(info, link, seconds);
	rtnl_unlock();
	return err;
}

static int close_window(struct genl_info *info, struct hpkm_link *link)
{
	const char *why = NULL;
	int err = hpkm_port_pair_close(&link->port, &why);

	return err ? hpkm_refuse(info->extack, NULL, err, why) : 0;
}

static int pair_del(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_link *link;
	int err;

	rtnl_lock();
	link = hpkm_request_link(info);
	err = IS_ERR(link) ? PTR_ERR(link) : close_window(info, link);
	rtnl_unlock();
	return err;
}

static const struct nla_policy add_policy[HPKM_PAIR_A_OVERRIDE + 1] = {
	[HPKM_PAIR_A_IFINDEX] = { .type = NLA_U32 },
	[HPKM_PAIR_A_IFNAME] = HPKM_POLICY_STRING(IFNAMSIZ - 1),
	[HPKM_PAIR_A_SUITE] = { .type = NLA_U8 },
	[HPKM_PAIR_A_WINDOW] = { .type = NLA_U32 },
	[HPKM_PAIR_A_OVERRIDE] = { .type = NLA_FLAG },
};

static const struct nla_policy del_policy[HPKM_PAIR_A_IFNAME + 1] = {
	[HPKM_PAIR_A_IFINDEX] = { .type = NLA_U32 },
	[HPKM_PAIR_A_IFNAME] = HPKM_POLICY_STRING(IFNAMSIZ - 1),
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_PAIR_GET,
		.dumpit = pair_dump,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
	},
	{
		.cmd = HPKM_CMD_PAIR_ADD,
		.doit = pair_add,
		.policy = add_policy,
		.maxattr = ARRAY_SIZE(add_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_PAIR_DEL,
		.doit = pair_del,
		.policy = del_policy,
		.maxattr = ARRAY_SIZE(del_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_pair = { ops, ARRAY_SIZE(ops) };
