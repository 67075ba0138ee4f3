// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend, and the fork of a virtual machine: session keys do not outlive
 * either.  A memory image may be read or started twice, and then two machines
 * would seal under the same key and counter.
 */
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/suspend.h>
#include <net/net_namespace.h>
#include "namespace.h"
#include "sleep.h"

static void each_namespace(void (*act)(struct hpkm_net *hn, const char *reason),
			   const char *reason)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		act(&hpkm_namespace(net)->hn, reason);
	up_read(&net_rwsem);
	/* Keys are wiped a grace period after their sessions ended. */
	rcu_barrier();
}

static int suspend_event(struct notifier_block *block, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		each_namespace(hpkm_net_rest, "the device is being suspended");
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		each_namespace(hpkm_net_resume, NULL);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block suspend_notifier = {
	.notifier_call = suspend_event,
};

static int fork_event(struct notifier_block *block, unsigned long event, void *unused)
{
	each_namespace(hpkm_net_rest, "the virtual machine was forked");
	each_namespace(hpkm_net_resume, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block fork_notifier = {
	.notifier_call = fork_event,
};

/**
 * hpkm_sleep_register() - end sessions on suspend and on a fork from now on
 *
 * Return: 0 or an errno.  Context: module init; namespaces are there.
 */
int hpkm_sleep_register(void)
{
	int err = register_pm_notifier(&suspend_notifier);

	if (err)
		return err;
	err = register_random_vmfork_notifier(&fork_notifier);
	if (err)
		unregister_pm_notifier(&suspend_notifier);
	return err;
}

/**
 * hpkm_sleep_unregister() - the reverse
 *
 * Context: module exit.
 */
void hpkm_sleep_unregister(void)
{
	unregister_random_vmfork_notifier(&fork_notifier);
	unregister_pm_notifier(&suspend_notifier);
}
