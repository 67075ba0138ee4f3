// SPDX-License-Identifier: GPL-2.0
/* Attaching a network device and letting go of it. */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "../compat/deactivate.h"
#include "../compat/dummy.h"
#include "hooks.h"
#include "link.h"

/*
 * What sealing adds in front and behind: with room for it, most frames are
 * sealed without a copy.
 */
#define HEADROOM	(HPKM_HD_LEN + HPKM_INNER_LEN + HPKM_RECORD_LEN + HPKM_ACK_LEN + \
			 HPKM_L2ADDR_LEN)
#define TAILROOM	HPKM_TAG_LEN

/**
 * hpkm_link_find() - the link of a device
 * @ns: the namespace
 * @dev: the device
 *
 * Return: the link or NULL.  Context: RTNL.
 */
struct hpkm_link *hpkm_link_find(struct hpkm_namespace *ns, const struct net_device *dev)
{
	struct hpkm_link *link;

	ASSERT_RTNL();
	list_for_each_entry(link, &ns->links, node)
		if (link->dev == dev)
			return link;
	return NULL;
}

static int check_device(struct hpkm_namespace *ns, struct net_device *dev,
			struct netlink_ext_ack *extack)
{
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN || netif_is_l3_master(dev)) {
		NL_SET_ERR_MSG(extack, "IFINDEX or IFNAME names a device that is not Ethernet");
		return -EOPNOTSUPP;
	}
	if (dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "IFINDEX or IFNAME names a device that is being removed");
		return -ENODEV;
	}
	if (dev->mtu < HPKM_MTU_MIN) {
		NL_SET_ERR_MSG(extack,
			       "IFINDEX or IFNAME names a device whose MTU is below 576 octets");
		return -EINVAL;
	}
	if (hpkm_link_find(ns, dev)) {
		NL_SET_ERR_MSG(extack, "IFINDEX or IFNAME names a device that is attached already");
		return -EEXIST;
	}
	return 0;
}

/*
 * Added and taken away again, never saved and restored: others add to it, too.
 * Some drivers also set it outright (a veth's is its bridge's wish), and then
 * ours may be gone already.
 */
static void reserve_room(struct net_device *dev)
{
	WRITE_ONCE(dev->needed_headroom, dev->needed_headroom + HEADROOM);
	WRITE_ONCE(dev->needed_tailroom, dev->needed_tailroom + TAILROOM);
}

static void release_room(struct net_device *dev)
{
	unsigned int headroom = max_t(unsigned int, dev->needed_headroom, HEADROOM);
	unsigned int tailroom = max_t(unsigned int, dev->needed_tailroom, TAILROOM);

	WRITE_ONCE(dev->needed_headroom, headroom - HEADROOM);
	WRITE_ONCE(dev->needed_tailroom, tailroom - TAILROOM);
}

/*
 * Egress comes last, to see frames as they would leave; ingress first, so that
 * nothing unprotected gets anywhere.
 */
static void describe_hooks(struct hpkm_link *link)
{
	link->egress = (struct nf_hook_ops){
		.hook = hpkm_egress_hook,
		.dev = link->dev,
		.priv = link,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_EGRESS,
		.priority = INT_MAX,
	};
	link->ingress = (struct nf_hook_ops){
		.hook = hpkm_ingress_hook,
		.dev = link->dev,
		.priv = link,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = INT_MIN,
	};
}

static int add_hooks(struct hpkm_link *link)
{
	struct net *net = link->ns->hn.net;
	int err;

	describe_hooks(link);
	err = nf_register_net_hook(net, &link->egress);
	if (err)
		return err;
	err = nf_register_net_hook(net, &link->ingress);
	if (err) {
		nf_unregister_net_hook(net, &link->egress);
		synchronize_net();
	}
	return err;
}

/* The device is still in the namespace, or its hooks could not be found. */
static void remove_hooks(struct hpkm_link *link)
{
	nf_unregister_net_hook(link->ns->hn.net, &link->egress);
	nf_unregister_net_hook(link->ns->hn.net, &link->ingress);
	/* Readers of the hooks use the link. */
	synchronize_net();
}

/*
 * The egress hook comes before the queue, so what was queued earlier would
 * still leave as it is.  Taking the queues down and up again empties them and
 * waits for whoever transmits.
 */
static void drop_queued(struct net_device *dev)
{
	if (!(dev->flags & IFF_UP))
		return;
	hpkm_dev_deactivate(dev);
	dev_activate(dev);
}

static int add_cells(struct hpkm_link *link)
{
	int err;

	link->flow_seed = get_random_u32();
	link->dummy = hpkm_dummy_create();
	if (!link->dummy)
		return -ENOMEM;
	err = gro_cells_init(&link->opened, link->dummy);
	if (err)
		hpkm_dummy_free(link->dummy);
	return err;
}

/* After the hooks: nothing comes that would be put there. */
static void remove_cells(struct hpkm_link *link)
{
	gro_cells_destroy(&link->opened);
	/* Whoever traces NAPI may look at its device after the last poll. */
	synchronize_net();
	hpkm_dummy_free(link->dummy);
}

static struct hpkm_link *link_create(struct hpkm_namespace *ns, struct net_device *dev,
				     bool permissive)
{
	struct hpkm_link *link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);

	if (!link)
		return NULL;
	link->ns = ns;
	link->dev = dev;
	link->running = netif_running(dev) && netif_carrier_ok(dev);
	link->port.ifindex = dev->ifindex;
	link->port.mtu = dev->mtu;
	link->port.permissive = permissive;
	strscpy(link->port.ifname, dev->name, IFNAMSIZ);
	ether_addr_copy(link->port.address, dev->dev_addr);
	netdev_hold(dev, &link->tracker, GFP_KERNEL);
	return link;
}

/*
 * Nobody has the link any more: it is off the list, its hooks' readers are
 * done and the port's work is stopped.  A frame of ours that still waits in
 * the device's queue knows the device only.
 */
static void link_free(struct hpkm_link *link)
{
	netdev_put(link->dev, &link->tracker);
	kfree(link);
}

static void tell(struct hpkm_link *link, enum hpkm_event type)
{
	const struct hpkm_event_info event = {
		.type = type,
		.port = &link->port,
		.suite = -1,
	};

	link->ns->hn.edge->event(&link->ns->hn, &event);
}

static int link_begin(struct hpkm_link *link)
{
	int err;

	err = hpkm_port_start(&link->port, &link->ns->hn);
	if (err)
		return err;
	err = add_cells(link);
	if (err)
		goto no_cells;
	err = add_hooks(link);
	if (err)
		goto no_hooks;
	return 0;

no_hooks:
	remove_cells(link);
no_cells:
	hpkm_port_stop(&link->port);
	return err;
}

/**
 * hpkm_link_attach() - protect a device's frames from now on
 * @ns: the namespace, which has the device
 * @dev: the device
 * @permissive: let frames for no peer pass as they are
 * @extack: says why not
 *
 * Return: 0 or an errno.  Context: RTNL.
 */
int hpkm_link_attach(struct hpkm_namespace *ns, struct net_device *dev, bool permissive,
		     struct netlink_ext_ack *extack)
{
	struct hpkm_link *link;
	int err;

	ASSERT_RTNL();
	err = check_device(ns, dev, extack);
	if (err)
		return err;
	link = link_create(ns, dev, permissive);
	if (!link)
		return -ENOMEM;
	err = link_begin(link);
	if (err) {
		NL_SET_ERR_MSG(extack, "The device of IFINDEX or IFNAME could not be hooked");
		link_free(link);
		return err;
	}
	reserve_room(dev);
	if (!permissive)
		drop_queued(dev);
	list_add_tail(&link->node, &ns->links);
	tell(link, HPKM_EVENT_LINK_ATTACHED);
	return 0;
}

/**
 * hpkm_link_detach() - let a device go; its frames are no longer protected
 * @link: attached; freed
 *
 * Hooks first: then no frame comes that would use the port or start work, and
 * the port can wait for what is under way.  Its work never takes RTNL.
 *
 * Context: RTNL.
 */
void hpkm_link_detach(struct hpkm_link *link)
{
	ASSERT_RTNL();
	list_del(&link->node);
	remove_hooks(link);
	remove_cells(link);
	hpkm_port_stop(&link->port);
	release_room(link->dev);
	tell(link, HPKM_EVENT_LINK_DETACHED);
	link_free(link);
}

/**
 * hpkm_link_set_mode() - strict or permissive
 * @link: the link
 * @permissive: let frames for no peer pass as they are
 *
 * Context: RTNL.
 */
void hpkm_link_set_mode(struct hpkm_link *link, bool permissive)
{
	bool was_permissive = link->port.permissive;

	WRITE_ONCE(link->port.permissive, permissive);
	if (!was_permissive || permissive)
		return;
	/* Those who still saw the old mode have queued what they let pass. */
	synchronize_net();
	drop_queued(link->dev);
}

static bool exposes(const struct net_device *dev, const struct hpkm_link *link)
{
	return dev != link->dev && !(dev->flags & IFF_LOOPBACK) && (READ_ONCE(dev->flags) & IFF_UP);
}

/**
 * hpkm_link_exposed_by() - is the link's namespace connected elsewhere
 * @port: the link's
 * @name: receives the name of an interface that is up, besides lo and the link
 *
 * Takes no RTNL: it is asked under locks that are taken inside it.
 *
 * Return: false if the link is alone.  Context: any.
 */
bool hpkm_link_exposed_by(struct hpkm_port *port, char name[IFNAMSIZ])
{
	const struct hpkm_link *link = hpkm_port_link(port);
	struct net_device *dev;
	bool exposed = false;

	rcu_read_lock();
	for_each_netdev_rcu(link->ns->hn.net, dev) {
		if (!exposes(dev, link))
			continue;
		strscpy(name, dev->name, IFNAMSIZ);
		exposed = true;
		break;
	}
	rcu_read_unlock();
	return exposed;
}
