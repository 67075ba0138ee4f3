/* SPDX-License-Identifier: GPL-2.0 */
/* Where frames leave the stack for the peers, and where they come back. */
#ifndef _HPKM_EDGE_HOOKS_H
#define _HPKM_EDGE_HOOKS_H

#include <linux/netfilter.h>
#include "../peer/port.h"

/* Netfilter hooks; @priv is the struct hpkm_link. */
unsigned int hpkm_egress_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int hpkm_ingress_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/* See struct hpkm_edge. */
void hpkm_egress_transmit(struct hpkm_port *port, struct sk_buff *skb);
void hpkm_ingress_deliver(struct hpkm_port *port, struct sk_buff *skb);

#endif /* _HPKM_EDGE_HOOKS_H */
