// SPDX-License-Identifier: GPL-2.0
/* Frames that leave: taken before tc and queueing, sealed, sent on. */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <net/xfrm.h>
#include "../compat/gso.h"
#include "../compat/marks.h"
#include "hooks.h"
#include "link.h"
#include "tcp.h"

static void lose(struct hpkm_port *port, struct sk_buff *skb, enum hpkm_counter why)
{
	hpkm_count(&port->counters, why);
	kfree_skb(skb);
}

/* What the device would have filled in is inside the seal. */
static void protect_one(struct hpkm_port *port, struct sk_buff *skb)
{
	if (hpkm_mss_clamp(port, skb))
		lose(port, skb, HPKM_COUNTER_TX_NO_MEMORY);
	else if (skb->ip_summed == CHECKSUM_PARTIAL && skb_csum_hwoffload_help(skb, 0))
		lose(port, skb, HPKM_COUNTER_TX_NO_MEMORY);
	else
		hpkm_port_send(port, skb);
}

/*
 * Without any feature the segments are checksummed and are copies: the data of
 * a TCP socket is never sealed in place.  They take the owner's accounting
 * along, so nothing is orphaned, or TCP would queue without end.
 */
static void protect_segments(struct hpkm_port *port, struct sk_buff *skb)
{
	struct sk_buff *segment, *next;

	segment = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segment)) {
		lose(port, skb, HPKM_COUNTER_TX_NO_MEMORY);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segment, segment, next) {
		skb_mark_not_on_list(segment);
		protect_one(port, segment);
	}
}

static void protect(struct hpkm_port *port, struct sk_buff *skb)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (skb && skb_vlan_tag_present(skb))
		skb = __vlan_hwaccel_push_inside(skb);
	if (!skb)
		hpkm_count(&port->counters, HPKM_COUNTER_TX_NO_MEMORY);
	else if (skb_is_gso(skb))
		protect_segments(port, skb);
	else
		protect_one(port, skb);
}

static unsigned int nobody_there(struct hpkm_port *port)
{
	if (READ_ONCE(port->permissive)) {
		hpkm_count(&port->counters, HPKM_COUNTER_TX_PLAIN);
		return NF_ACCEPT;
	}
	hpkm_count(&port->counters, HPKM_COUNTER_TX_NO_PEER);
	return NF_DROP;
}

/* skb->protocol is what a packet socket's user says; the frame says what is so. */
static bool has_own_proto(const struct sk_buff *skb, const struct ethhdr *eth)
{
	return eth->h_proto == htons(HPKM_ETHERTYPE) && !skb_vlan_tag_present(skb);
}

/**
 * hpkm_egress_hook() - NF_NETDEV_EGRESS
 * @priv: the link
 * @skb: its data is at the Ethernet header; may be GSO, may want a checksum
 * @state: not used
 *
 * Frames that were sealed here are marked and never come.
 *
 * Return: a verdict.  Context: RCU read side; bottom halves are disabled but for packet
 * sockets that bypass the queue.
 */
unsigned int hpkm_egress_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct hpkm_link *link = priv;
	struct hpkm_port *port = &link->port;
	const struct ethhdr *eth;

	if (!pskb_may_pull(skb, ETH_HLEN)) {
		hpkm_count(&port->counters, HPKM_COUNTER_TX_ERROR);
		return NF_DROP;
	}
	eth = (const struct ethhdr *)skb->data;
	if (has_own_proto(skb, eth)) {
		hpkm_count(&port->counters, HPKM_COUNTER_TX_OWN_PROTO);
		return NF_DROP;
	}
	if (!hpkm_port_reaches(port, eth->h_dest))
		return nobody_there(port);
	local_bh_disable();
	protect(port, skb);
	local_bh_enable();
	return NF_STOLEN;
}

/* Nothing of the frame inside may reach the device's offloads. */
static void dress(struct sk_buff *skb)
{
	skb->protocol = htons(HPKM_ETHERTYPE);
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_not_inet = 0;
	skb->encapsulation = 0;
	skb_gso_reset(skb);
	secpath_reset(skb);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
}

/**
 * hpkm_egress_transmit() - hand a finished frame to the device
 * @port: the link's
 * @skb: sealed, its data at the Ethernet header; consumed
 *
 * Also runs inside the egress hook: the frame is marked, so the nested
 * dev_queue_xmit() goes straight on to tc and the queue.
 *
 * Context: any but hard interrupts.  The caller keeps the port from stopping:
 * it is a hook's reader or the port's own work.
 */
void hpkm_egress_transmit(struct hpkm_port *port, struct sk_buff *skb)
{
	int err;

	skb->dev = hpkm_port_link(port)->dev;
	dress(skb);
	hpkm_mark_sealed(skb);
	err = dev_queue_xmit(skb);
	/* A macro, and it evaluates its argument twice. */
	if (net_xmit_eval(err))
		hpkm_count(&port->counters, HPKM_COUNTER_TX_ERROR);
}
