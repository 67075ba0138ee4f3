// SPDX-License-Identifier: GPL-2.0
/* Frames that arrive: taken after taps and tc, opened, received anew. */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include "../compat/marks.h"
#include "hooks.h"
#include "link.h"
#include "tcp.h"

static unsigned int unprotected(struct hpkm_port *port)
{
	if (READ_ONCE(port->permissive)) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_PLAIN);
		return NF_ACCEPT;
	}
	hpkm_count(&port->counters, HPKM_COUNTER_RX_UNPROTECTED);
	return NF_DROP;
}

/* Frames are opened in place, and taps hold clones of the same data. */
static void open_frame(struct hpkm_port *port, struct sk_buff *skb)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_NO_MEMORY);
		return;
	}
	if (skb_linearize_cow(skb)) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_NO_MEMORY);
		kfree_skb(skb);
		return;
	}
	/* What the device found out was about the sealed frame. */
	skb->ip_summed = CHECKSUM_NONE;
	hpkm_port_receive(port, skb);
}

/**
 * hpkm_ingress_hook() - NF_NETDEV_INGRESS
 * @priv: the link
 * @skb: its data is behind the Ethernet header
 * @state: not used
 *
 * Frames that were opened here are marked and never come.  What the stack
 * loops back to its own multicast listeners was never on the cable: only the
 * stack sets PACKET_LOOPBACK, eth_type_trans() does not.
 *
 * Return: a verdict.  Context: softirq, RCU read side.
 */
unsigned int hpkm_ingress_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct hpkm_link *link = priv;
	struct hpkm_port *port = &link->port;

	if (skb->pkt_type == PACKET_LOOPBACK)
		return NF_ACCEPT;
	if (skb->protocol != htons(HPKM_ETHERTYPE) || skb_vlan_tag_present(skb))
		return unprotected(port);
	/* Promiscuous mode shows what is between others. */
	if (skb->pkt_type == PACKET_OTHERHOST)
		return NF_DROP;
	open_frame(port, skb);
	return NF_STOLEN;
}

/* As if the frame had just come from the driver. */
static void undress(struct sk_buff *skb, struct net_device *dev)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, false);
	skb_clear_hash(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb->encapsulation = 0;
	skb->csum_level = 0;
	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	skb_reset_transport_header(skb);
	skb_reset_mac_len(skb);
}

/*
 * TCP alone: GRO unpacks ESP where it can, and what comes out would be another
 * device's, with our mark.
 */
static bool may_merge(const struct sk_buff *skb, const struct net_device *dev,
		      struct hpkm_segment *segment)
{
	return !netif_elide_gro(dev) && !skb_cloned(skb) && hpkm_segment_find(skb, segment);
}

/**
 * hpkm_ingress_deliver() - hand an opened frame to the stack
 * @port: the link's
 * @skb: its data at the original Ethernet header; consumed
 *
 * Those of a TCP flow are merged as a driver would have them merged; should the stack
 * not keep up, the device's rx_dropped counts them.
 *
 * Context: softirq, inside the ingress hook.
 */
void hpkm_ingress_deliver(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_link *link = hpkm_port_link(port);
	struct hpkm_segment segment;
	u32 hash = 0;
	bool merge;

	if (!pskb_may_pull(skb, ETH_HLEN)) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_MALFORMED);
		kfree_skb(skb);
		return;
	}
	merge = may_merge(skb, link->dev, &segment);
	if (merge)
		hash = hpkm_segment_hash(skb, &segment, link->flow_seed);
	undress(skb, link->dev);
	hpkm_mark_opened(skb);
	if (merge) {
		/* By which GRO tells flows apart. */
		__skb_set_sw_hash(skb, hash, true);
		gro_cells_receive(&link->opened, skb);
		return;
	}
	netif_receive_skb(skb);
}
