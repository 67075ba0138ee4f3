// SPDX-License-Identifier: GPL-2.0
/* The family, made of its objects, and its events. */
#include <linux/module.h>
#include "netlink.h"

static const struct hpkm_object *const objects[] = {
	&hpkm_object_device,
	&hpkm_object_link,
	&hpkm_object_sk,
	&hpkm_object_pair,
	&hpkm_object_peer,
	&hpkm_object_session,
	&hpkm_object_log,
	&hpkm_object_policy,
	&hpkm_object_location,
	&hpkm_object_message,
	&hpkm_object_state,
};

static struct genl_ops all_ops[HPKM_CMD_MAX] __ro_after_init;

enum { GROUP_EVENTS };

static const struct genl_multicast_group groups[] = {
	[GROUP_EVENTS] = { .name = HPKM_GENL_GROUP_EVENTS },
};

static struct genl_family family __ro_after_init = {
	.name = HPKM_GENL_NAME,
	.version = HPKM_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = all_ops,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/*
 * The family is registered.  Links outlive it when the module goes, and their
 * events must not: its group number may be another family's by then.
 */
static bool registered;

const struct nla_policy hpkm_no_attributes[HPKM_NO_ATTRIBUTES + 1] = {
	[HPKM_NO_ATTRIBUTES] = {
		.type = NLA_REJECT,
		.reject_message = "This command takes no attributes",
	},
};

static unsigned int __init collect(void)
{
	const struct hpkm_object *object;
	unsigned int i, count = 0;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		object = objects[i];
		if (WARN_ON(object->count > ARRAY_SIZE(all_ops) - count))
			break;
		memcpy(all_ops + count, object->ops, object->count * sizeof(*object->ops));
		count += object->count;
	}
	return count;
}

/**
 * hpkm_netlink_register() - take requests
 *
 * Return: 0 or an errno.  Context: module init, when all else is there.
 */
int __init hpkm_netlink_register(void)
{
	int err;

	family.n_ops = collect();
	err = hpkm_netlink_agents_register();
	if (err)
		return err;
	err = genl_register_family(&family);
	if (err)
		hpkm_netlink_agents_unregister();
	else
		WRITE_ONCE(registered, true);
	return err;
}

/**
 * hpkm_netlink_unregister() - take no more; waits for those under way
 *
 * A dump that pauses keeps the module loaded.
 *
 * Context: module exit.
 */
void hpkm_netlink_unregister(void)
{
	WRITE_ONCE(registered, false);
	/* hpkm_netlink_event() is a reader. */
	synchronize_rcu();
	genl_unregister_family(&family);
	hpkm_netlink_agents_unregister();
}

void *hpkm_message_begin(struct sk_buff *skb, const struct hpkm_to *to, u8 cmd)
{
	return genlmsg_put(skb, to->portid, to->seq, &family, to->flags, cmd);
}

/* ---- events ---- */

static int put_octets(struct sk_buff *skb, int type, const u8 *octets, int len)
{
	return octets ? nla_put(skb, type, len, octets) : 0;
}

static int put_port(struct sk_buff *skb, const struct hpkm_port *port)
{
	char ifname[IFNAMSIZ];

	if (!port)
		return 0;
	hpkm_port_name(port, ifname);
	return nla_put_u32(skb, HPKM_EVENT_A_IFINDEX, port->ifindex) ?:
	       nla_put_string(skb, HPKM_EVENT_A_IFNAME, ifname);
}

static int put_session(struct sk_buff *skb, const struct hpkm_event_info *event)
{
	if (!event->sid)
		return 0;
	return nla_put(skb, HPKM_EVENT_A_SID, HPKM_SID_LEN, event->sid) ?:
	       nla_put_u8(skb, HPKM_EVENT_A_INITIATOR, event->initiator);
}

static int put_epoch(struct sk_buff *skb, const struct hpkm_event_info *event)
{
	if (!event->kid)
		return 0;
	return hpkm_put_u64(skb, HPKM_EVENT_A_EPOCH, event->epoch, HPKM_EVENT_A_PAD) ?:
	       nla_put(skb, HPKM_EVENT_A_KID, HPKM_KID_LEN, event->kid);
}

static int put_event(struct sk_buff *skb, const struct hpkm_event_info *event, u32 lost)
{
	int err;

	err = nla_put_u32(skb, HPKM_EVENT_A_TYPE, event->type) ?:
	      put_port(skb, event->port) ?:
	      put_octets(skb, HPKM_EVENT_A_PEER, event->peer, HPKM_ID_LEN) ?:
	      put_session(skb, event) ?:
	      put_epoch(skb, event) ?:
	      put_octets(skb, HPKM_EVENT_A_RID, event->rid, HPKM_RID_LEN);
	if (!err && event->suite >= 0)
		err = nla_put_u8(skb, HPKM_EVENT_A_SUITE, event->suite);
	if (!err && event->reason)
		err = nla_put_string(skb, HPKM_EVENT_A_REASON, event->reason);
	if (!err && lost)
		err = nla_put_u32(skb, HPKM_EVENT_A_LOST, lost);
	return err;
}

static struct sk_buff *make_event(const struct hpkm_event_info *event, u32 lost)
{
	static const struct hpkm_to everybody;
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	void *message;

	if (!skb)
		return NULL;
	message = hpkm_message_begin(skb, &everybody, HPKM_CMD_EVENT);
	if (message && !hpkm_message_end(skb, message, put_event(skb, event, lost)))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static void tell(struct hpkm_namespace *ns, const struct hpkm_event_info *event)
{
	int lost = atomic_xchg(&ns->events_lost, 0);
	struct sk_buff *skb = make_event(event, lost);

	if (skb)
		genlmsg_multicast_netns(&family, ns->hn.net, skb, 0, GROUP_EVENTS, GFP_ATOMIC);
	else
		atomic_add(lost + 1, &ns->events_lost);
}

/**
 * hpkm_netlink_event() - tell those who listen
 * @hn: the namespace
 * @event: what happened
 *
 * A listener whose socket is full learns that from its socket.
 *
 * Context: any but hard interrupts.
 */
void hpkm_netlink_event(struct hpkm_net *hn, const struct hpkm_event_info *event)
{
	rcu_read_lock();
	if (READ_ONCE(registered) && genl_has_listeners(&family, hn->net, GROUP_EVENTS))
		tell(hpkm_namespace_of(hn), event);
	rcu_read_unlock();
}
