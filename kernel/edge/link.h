/* SPDX-License-Identifier: GPL-2.0 */
/* Attached network devices. */
#ifndef _HPKM_EDGE_LINK_H
#define _HPKM_EDGE_LINK_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/gro_cells.h>
#include "../peer/port.h"
#include "namespace.h"

/**
 * struct hpkm_link - a network device whose frames are protected
 * @port: what the peers see of it
 * @ns: the namespace
 * @node: in @ns->links
 * @dev: the device, held
 * @tracker: for the hold
 * @ingress: the hook that opens
 * @egress: the hook that seals
 * @dummy: whose NAPI contexts those of @opened are, so that @dev keeps its own alone
 * @opened: opened frames on their way to the stack, which gets few large ones of them
 * @flow_seed: of the hash that tells the flows of @opened apart; constant
 * @running: the device was up and had a carrier when we last looked
 *
 * A link lives from LINK_ADD until LINK_DEL or until its device leaves the
 * namespace, whichever comes first; RTNL guards that and all members.  The
 * hooks and the port's work use it without: hpkm_link_detach() ends both
 * before it frees the link.
 */
struct hpkm_link {
	struct hpkm_port port;
	struct hpkm_namespace *ns;
	struct list_head node;
	struct net_device *dev;
	netdevice_tracker tracker;
	struct nf_hook_ops ingress;
	struct nf_hook_ops egress;
	struct net_device *dummy;
	struct gro_cells opened;
	u32 flow_seed;
	bool running;
};

static inline struct hpkm_link *hpkm_port_link(struct hpkm_port *port)
{
	return container_of(port, struct hpkm_link, port);
}

/* All of these: RTNL. */
struct hpkm_link *hpkm_link_find(struct hpkm_namespace *ns, const struct net_device *dev);
int hpkm_link_attach(struct hpkm_namespace *ns, struct net_device *dev, bool permissive,
		     struct netlink_ext_ack *extack);
void hpkm_link_detach(struct hpkm_link *link);
void hpkm_link_set_mode(struct hpkm_link *link, bool permissive);

/* See struct hpkm_edge. */
bool hpkm_link_exposed_by(struct hpkm_port *port, char name[IFNAMSIZ]);

int hpkm_notifier_register(void);
/* Detaches every link of every namespace. */
void hpkm_notifier_unregister(void);

#endif /* _HPKM_EDGE_LINK_H */
