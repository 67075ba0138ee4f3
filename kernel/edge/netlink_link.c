// SPDX-License-Identifier: GPL-2.0
/* LINK: attached devices. */
#include <linux/rtnetlink.h>
#include "netlink.h"

static int put_identity(struct sk_buff *skb, const struct hpkm_port *port)
{
	u32 mode = READ_ONCE(port->permissive) ? HPKM_LINK_MODE_PERMISSIVE : HPKM_LINK_MODE_STRICT;

	return nla_put_u32(skb, HPKM_LINK_A_IFINDEX, port->ifindex) ?:
	       nla_put_string(skb, HPKM_LINK_A_IFNAME, port->ifname) ?:
	       nla_put_u32(skb, HPKM_LINK_A_MODE, mode) ?:
	       nla_put(skb, HPKM_LINK_A_ADDRESS, ETH_ALEN, port->address) ?:
	       nla_put_u32(skb, HPKM_LINK_A_MTU, READ_ONCE(port->mtu));
}

static int put_activity(struct sk_buff *skb, struct hpkm_port *port)
{
	u64 counters[HPKM_COUNTER_MAX + 1];
	struct hpkm_pairing_status pairing;
	int err;

	hpkm_port_pair_status(port, &pairing);
	hpkm_counters_read(&port->counters, counters);
	err = nla_put_u32(skb, HPKM_LINK_A_PEERS, READ_ONCE(port->peer_count)) ?:
	      nla_put_u32(skb, HPKM_LINK_A_HALF_OPEN, atomic_read(&port->half_open));
	if (!err && pairing.open)
		err = nla_put_flag(skb, HPKM_LINK_A_PAIRING);
	return err ?: hpkm_put_counters(skb, HPKM_LINK_A_COUNTERS, counters);
}

static int fill(struct sk_buff *skb, const struct hpkm_to *to, struct hpkm_link *link)
{
	void *message = hpkm_message_begin(skb, to, HPKM_CMD_LINK_GET);
	int err;

	if (!message)
		return -EMSGSIZE;
	err = put_identity(skb, &link->port) ?: put_activity(skb, &link->port);
	return hpkm_message_end(skb, message, err);
}

static int fill_requested(struct sk_buff *skb, struct genl_info *info)
{
	struct hpkm_to to = hpkm_to_requester(info);
	struct hpkm_link *link;
	int err;

	rtnl_lock();
	link = hpkm_request_link(info);
	err = IS_ERR(link) ? PTR_ERR(link) : fill(skb, &to, link);
	rtnl_unlock();
	return err;
}

static int link_get(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	return hpkm_reply(info, skb, fill_requested(skb, info));
}

static int link_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hpkm_dump_links(skb, cb, fill);
}

/* Strict unless something else is asked for. */
static int read_mode(struct genl_info *info, bool *permissive)
{
	const struct nlattr *attr = info->attrs[HPKM_LINK_A_MODE];
	u32 mode = attr ? nla_get_u32(attr) : HPKM_LINK_MODE_STRICT;

	if (mode != HPKM_LINK_MODE_STRICT && mode != HPKM_LINK_MODE_PERMISSIVE)
		return hpkm_refuse(info->extack, attr, -EINVAL,
				   "MODE is neither strict nor permissive");
	*permissive = mode == HPKM_LINK_MODE_PERMISSIVE;
	return 0;
}

static int link_add(struct sk_buff *request, struct genl_info *info)
{
	struct net_device *dev;
	bool permissive;
	int err;

	err = read_mode(info, &permissive);
	if (err)
		return err;
	rtnl_lock();
	dev = hpkm_request_device(info);
	if (IS_ERR(dev))
		err = PTR_ERR(dev);
	else
		err = hpkm_link_attach(hpkm_request_namespace(info), dev, permissive,
				       info->extack);
	rtnl_unlock();
	return err;
}

static int link_del(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_link *link;
	int err = 0;

	rtnl_lock();
	link = hpkm_request_link(info);
	if (IS_ERR(link))
		err = PTR_ERR(link);
	else
		hpkm_link_detach(link);
	rtnl_unlock();
	return err;
}

static int link_set(struct sk_buff *request, struct genl_info *info)
{
	struct hpkm_link *link;
	bool permissive;
	int err;

	if (!info->attrs[HPKM_LINK_A_MODE])
		return hpkm_refuse(info->extack, NULL, -EINVAL, "MODE is missing");
	err = read_mode(info, &permissive);
	if (err)
		return err;
	rtnl_lock();
	link = hpkm_request_link(info);
	if (IS_ERR(link))
		err = PTR_ERR(link);
	else
		hpkm_link_set_mode(link, permissive);
	rtnl_unlock();
	return err;
}

static const struct nla_policy name_policy[HPKM_LINK_A_IFNAME + 1] = {
	[HPKM_LINK_A_IFINDEX] = { .type = NLA_U32 },
	[HPKM_LINK_A_IFNAME] = HPKM_POLICY_STRING(IFNAMSIZ - 1),
};

static const struct nla_policy set_policy[HPKM_LINK_A_MODE + 1] = {
	[HPKM_LINK_A_IFINDEX] = { .type = NLA_U32 },
	[HPKM_LINK_A_IFNAME] = HPKM_POLICY_STRING(IFNAMSIZ - 1),
	[HPKM_LINK_A_MODE] = { .type = NLA_U32 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_LINK_GET,
		.doit = link_get,
		.dumpit = link_dump,
		.policy = name_policy,
		.maxattr = ARRAY_SIZE(name_policy) - 1,
	},
	{
		.cmd = HPKM_CMD_LINK_ADD,
		.doit = link_add,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_LINK_DEL,
		.doit = link_del,
		.policy = name_policy,
		.maxattr = ARRAY_SIZE(name_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_LINK_SET,
		.doit = link_set,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_link = { ops, ARRAY_SIZE(ops) };
