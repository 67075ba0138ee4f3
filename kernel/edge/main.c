// SPDX-License-Identifier: GPL-2.0
/* Loading, unloading and what each network namespace gets. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/random.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "hooks.h"
#include "link.h"
#include "namespace.h"
#include "netlink.h"
#include "sleep.h"

module_param_named(figures, hpkm_figures, bool, 0600);
MODULE_PARM_DESC(figures, "print the paper's figures, secrets included, for suite xor only");

static const struct hpkm_edge edge = {
	.transmit = hpkm_egress_transmit,
	.deliver = hpkm_ingress_deliver,
	.exposed_by = hpkm_link_exposed_by,
	.event = hpkm_netlink_event,
	.wake_agent = hpkm_netlink_wake_agent,
};

static unsigned int namespace_id;

struct hpkm_namespace *hpkm_namespace(struct net *net)
{
	return net_generic(net, namespace_id);
}

static int __net_init namespace_init(struct net *net)
{
	struct hpkm_namespace *ns = hpkm_namespace(net);

	INIT_LIST_HEAD(&ns->links);
	return hpkm_net_init(&ns->hn, net, &edge);
}

/*
 * A namespace that ends has lost its devices by now: those go before any
 * pernet subsystem does, and links go with them.  When the module is unloaded,
 * the notifier's end has detached them.  No socket is left that could ask, and
 * nothing that runs for the namespace outlives hpkm_net_exit(); the core frees
 * the memory afterwards.
 */
static void __net_exit namespace_exit(struct net *net)
{
	struct hpkm_namespace *ns = hpkm_namespace(net);

	WARN_ON_ONCE(!list_empty(&ns->links));
	hpkm_net_exit(&ns->hn);
}

static struct pernet_operations namespace_ops = {
	.init = namespace_init,
	.exit = namespace_exit,
	.id = &namespace_id,
	.size = sizeof(struct hpkm_namespace),
};

/* Each can be used by what follows it; requests come last. */
static int __init hpkm_init(void)
{
	int err;

	/* Once, before there is a lock or a secret: it stays ready from then on. */
	err = wait_for_random_bytes();
	if (err)
		return err;
	err = hpkm_peers_init();
	if (err)
		return err;
	err = register_pernet_subsys(&namespace_ops);
	if (err)
		goto no_namespaces;
	err = hpkm_notifier_register();
	if (err)
		goto no_notifier;
	err = hpkm_sleep_register();
	if (err)
		goto no_sleep;
	err = hpkm_netlink_register();
	if (err)
		goto no_netlink;
	return 0;

no_netlink:
	hpkm_sleep_unregister();
no_sleep:
	hpkm_notifier_unregister();
no_notifier:
	unregister_pernet_subsys(&namespace_ops);
no_namespaces:
	hpkm_peers_exit();
	return err;
}

/*
 * No request, then no link (their hooks and work end), then no peer (their
 * timers end), then no RCU callback of ours, and no memory.
 */
static void __exit hpkm_exit(void)
{
	hpkm_netlink_unregister();
	hpkm_sleep_unregister();
	hpkm_notifier_unregister();
	unregister_pernet_subsys(&namespace_ops);
	hpkm_peers_exit();
}

module_init(hpkm_init);
module_exit(hpkm_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The hpkm project");
MODULE_DESCRIPTION("History-based P2P key management for Ethernet links");
MODULE_VERSION(HPKM_RELEASE);
MODULE_ALIAS_GENL_FAMILY(HPKM_GENL_NAME);
