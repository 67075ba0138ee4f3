// SPDX-License-Identifier: GPL-2.0
/* What happens to network devices, as far as links are concerned. */
#include <linux/netdevice.h>
#include "link.h"

static void running_changed(struct hpkm_link *link)
{
	bool running = netif_running(link->dev) && netif_carrier_ok(link->dev);
	bool came_up = running && !link->running;

	link->running = running;
	if (came_up)
		hpkm_port_carrier_up(&link->port);
}

static void properties_changed(struct hpkm_link *link)
{
	struct net_device *dev = link->dev;

	hpkm_port_changed(&link->port, dev->name, dev->dev_addr, dev->mtu);
}

/*
 * The core does not say the new MTU before it is set; but when somebody
 * refuses it then, the core sets the old one again and tells everybody.
 */
static int mtu_changed(struct hpkm_link *link)
{
	if (link->dev->mtu < HPKM_MTU_MIN) {
		netdev_notice(link->dev, "hpkm: an attached link needs an MTU of %d or more\n",
			      HPKM_MTU_MIN);
		return notifier_from_errno(-EINVAL);
	}
	properties_changed(link);
	return NOTIFY_DONE;
}

/* NETDEV_UNREGISTER is also what a device on its way to another namespace sends. */
static int link_event(struct hpkm_link *link, unsigned long event)
{
	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		running_changed(link);
		break;
	case NETDEV_CHANGEADDR:
	case NETDEV_CHANGENAME:
		properties_changed(link);
		break;
	case NETDEV_CHANGEMTU:
		return mtu_changed(link);
	case NETDEV_PRE_TYPE_CHANGE:
		return notifier_from_errno(-EBUSY);
	case NETDEV_UNREGISTER:
		hpkm_link_detach(link);
		break;
	}
	return NOTIFY_DONE;
}

static void expose_others(struct hpkm_namespace *ns, const struct net_device *dev)
{
	struct hpkm_link *link;

	if (dev->flags & IFF_LOOPBACK)
		return;
	list_for_each_entry(link, &ns->links, node)
		if (link->dev != dev)
			hpkm_port_exposed(&link->port, dev->name);
}

static int device_event(struct notifier_block *block, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct hpkm_namespace *ns = hpkm_namespace(dev_net(dev));
	struct hpkm_link *link = hpkm_link_find(ns, dev);

	if (event == NETDEV_UP)
		expose_others(ns, dev);
	return link ? link_event(link, event) : NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = device_event,
};

/**
 * hpkm_notifier_register() - hear of all network devices
 *
 * Return: 0 or an errno.  Context: no RTNL; namespaces are there.
 */
int hpkm_notifier_register(void)
{
	return register_netdevice_notifier(&notifier);
}

/**
 * hpkm_notifier_unregister() - hear of them no longer
 *
 * The core says NETDEV_UNREGISTER once for each device of each namespace to a
 * notifier that goes, which detaches every link.
 *
 * Context: no RTNL; no netlink request can come any more.
 */
void hpkm_notifier_unregister(void)
{
	unregister_netdevice_notifier(&notifier);
}
