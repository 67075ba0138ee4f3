// SPDX-License-Identifier: GPL-2.0
/* What several objects share: who is meant, what is sent, dumps. */
#include <linux/rtnetlink.h>
#include "netlink.h"

int hpkm_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr, int err,
		const char *why)
{
	if (extack) {
		extack->_msg = why;
		extack->bad_attr = attr;
	}
	return err;
}

/* ---- checks ---- */

int hpkm_check_id(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == HPKM_ID_LEN)
		return 0;
	return hpkm_refuse(extack, attr, -EINVAL, "A peer's ID or PEER is 16 octets long");
}

/* ---- who is meant ---- */

static struct hpkm_peer *find_peer(struct hpkm_namespace *ns, const struct nlattr *attr,
				   struct netlink_ext_ack *extack)
{
	struct hpkm_peer *peer;

	if (!attr)
		return ERR_PTR(hpkm_refuse(extack, NULL, -EINVAL,
					   "ID or PEER is missing: the peer's id"));
	peer = hpkm_net_peer_get(&ns->hn, nla_data(attr));
	if (peer)
		return peer;
	return ERR_PTR(hpkm_refuse(extack, attr, -ENOENT, "ID or PEER names no paired device"));
}

struct hpkm_peer *hpkm_request_peer(struct genl_info *info, int type)
{
	return find_peer(hpkm_request_namespace(info), info->attrs[type], info->extack);
}

static struct net_device *device_by_index(struct genl_info *info, const struct nlattr *attr)
{
	struct net_device *dev = __dev_get_by_index(genl_info_net(info), nla_get_u32(attr));

	if (dev)
		return dev;
	return ERR_PTR(hpkm_refuse(info->extack, attr, -ENODEV,
				   "IFINDEX names no network device"));
}

static struct net_device *device_by_name(struct genl_info *info, const struct nlattr *attr)
{
	struct net_device *dev = __dev_get_by_name(genl_info_net(info), nla_data(attr));

	if (dev)
		return dev;
	return ERR_PTR(hpkm_refuse(info->extack, attr, -ENODEV, "IFNAME names no network device"));
}

struct net_device *hpkm_request_device(struct genl_info *info)
{
	const struct nlattr *index = info->attrs[HPKM_LINK_A_IFINDEX];
	const struct nlattr *name = info->attrs[HPKM_LINK_A_IFNAME];
	struct net_device *dev;

	static_assert((int)HPKM_LINK_A_IFINDEX == (int)HPKM_PAIR_A_IFINDEX);
	static_assert((int)HPKM_LINK_A_IFNAME == (int)HPKM_PAIR_A_IFNAME);

	if (!index && !name)
		return ERR_PTR(hpkm_refuse(info->extack, NULL, -EINVAL,
					   "IFINDEX or IFNAME is missing"));
	if (!index)
		return device_by_name(info, name);
	dev = device_by_index(info, index);
	if (!IS_ERR(dev) && name && nla_strcmp(name, dev->name))
		return ERR_PTR(hpkm_refuse(info->extack, name, -EINVAL,
					   "IFNAME is not the name of the device of IFINDEX"));
	return dev;
}

struct hpkm_link *hpkm_request_link(struct genl_info *info)
{
	struct net_device *dev = hpkm_request_device(info);
	struct hpkm_link *link;

	if (IS_ERR(dev))
		return ERR_CAST(dev);
	link = hpkm_link_find(hpkm_request_namespace(info), dev);
	if (link)
		return link;
	return ERR_PTR(hpkm_refuse(info->extack, info->attrs[HPKM_LINK_A_IFINDEX] ?:
						 info->attrs[HPKM_LINK_A_IFNAME], -ENOENT,
				   "IFINDEX or IFNAME names a device that is not attached"));
}

/* ---- what is sent ---- */

int hpkm_message_end(struct sk_buff *skb, void *message, int err)
{
	if (err)
		genlmsg_cancel(skb, message);
	else
		genlmsg_end(skb, message);
	return err;
}

int hpkm_reply(struct genl_info *info, struct sk_buff *skb, int err)
{
	if (!err)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return err;
}

int hpkm_put_u64(struct sk_buff *skb, int type, u64 value, int pad)
{
	return nla_put_u64_64bit(skb, type, value, pad);
}

int hpkm_put_counters(struct sk_buff *skb, int type, const u64 counters[HPKM_COUNTER_MAX + 1])
{
	struct nlattr *nest = nla_nest_start(skb, type);
	int i, err = 0;

	if (!nest)
		return -EMSGSIZE;
	for (i = HPKM_COUNTER_UNSPEC + 1; i < HPKM_COUNTER_PAD && !err; i++)
		err = hpkm_put_u64(skb, i, counters[i], HPKM_COUNTER_PAD);
	if (err)
		nla_nest_cancel(skb, nest);
	else
		nla_nest_end(skb, nest);
	return err;
}

int hpkm_put_location(struct sk_buff *skb, int type, const u8 location[HPKM_LI_LEN])
{
	return nla_put(skb, type, min_t(int, location[0], HPKM_LOCATION_MAX), location + 1);
}

/* ---- dumps ---- */

struct hpkm_peer *hpkm_dump_peer(struct netlink_callback *cb, int type)
{
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_peer *peer;

	peer = find_peer(hpkm_dump_namespace(cb), hpkm_dump_attrs(cb)[type], cb->extack);
	if (IS_ERR(peer) && cursor->began)
		return NULL;
	cursor->began = true;
	return peer;
}

static int dump_one_peer(struct sk_buff *skb, struct netlink_callback *cb, int type,
			 hpkm_fill_peer fill)
{
	struct hpkm_to to = hpkm_to_dumper(cb);
	struct hpkm_peer *peer;
	int err;

	if (hpkm_dump_cursor(cb)->began)
		return 0;
	peer = hpkm_dump_peer(cb, type);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = fill(skb, &to, peer);
	hpkm_peer_put(peer);
	return err ?: skb->len;
}

int hpkm_dump_peers(struct sk_buff *skb, struct netlink_callback *cb, int type,
		    hpkm_fill_peer fill)
{
	struct hpkm_namespace *ns = hpkm_dump_namespace(cb);
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_to to = hpkm_to_dumper(cb);
	struct hpkm_peer *peer;
	int err = 0;

	if (type && hpkm_dump_attrs(cb)[type])
		return dump_one_peer(skb, cb, type, fill);
	while (!err) {
		u64 at = cursor->at;

		peer = hpkm_net_peer_after(&ns->hn, &at);
		if (!peer)
			break;
		err = fill(skb, &to, peer);
		if (!err)
			cursor->at = at;
		hpkm_peer_put(peer);
	}
	return skb->len ?: err;
}

static struct hpkm_link *link_after(struct hpkm_namespace *ns, u64 ifindex)
{
	struct hpkm_link *link, *best = NULL;

	list_for_each_entry(link, &ns->links, node)
		if (link->port.ifindex > ifindex &&
		    (!best || link->port.ifindex < best->port.ifindex))
			best = link;
	return best;
}

int hpkm_dump_links(struct sk_buff *skb, struct netlink_callback *cb, hpkm_fill_link fill)
{
	struct hpkm_namespace *ns = hpkm_dump_namespace(cb);
	struct hpkm_cursor *cursor = hpkm_dump_cursor(cb);
	struct hpkm_to to = hpkm_to_dumper(cb);
	struct hpkm_link *link;
	int err = 0;

	rtnl_lock();
	while (!err) {
		link = link_after(ns, cursor->at);
		if (!link)
			break;
		err = fill(skb, &to, link);
		if (!err)
			cursor->at = link->port.ifindex;
	}
	rtnl_unlock();
	return skb->len ?: err;
}
