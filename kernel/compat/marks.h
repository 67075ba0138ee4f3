/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks on frames that must not meet the link's hooks again.  Without them a
 * sealed frame would be sealed for ever, so a kernel that lacks them is none
 * that this module can be built for.
 */
#ifndef _HPKM_COMPAT_MARKS_H
#define _HPKM_COMPAT_MARKS_H

#include <linux/netfilter_netdev.h>
#include <linux/skbuff.h>

#if !IS_ENABLED(CONFIG_NETFILTER_INGRESS) || !IS_ENABLED(CONFIG_NETFILTER_EGRESS)
#error "hpkm needs a kernel with CONFIG_NETFILTER_INGRESS and CONFIG_NETFILTER_EGRESS"
#endif
#if !IS_ENABLED(CONFIG_NET_CLS_ACT) || !IS_ENABLED(CONFIG_NETFILTER_SKIP_EGRESS)
#error "hpkm needs a kernel with CONFIG_NET_CLS_ACT and CONFIG_NETFILTER_SKIP_EGRESS"
#endif

/* Sealed: the egress hooks let it pass. */
static inline void hpkm_mark_sealed(struct sk_buff *skb)
{
	nf_skip_egress(skb, true);
}

/*
 * Opened: neither taps nor the ingress hooks see it.  Should it be forwarded
 * to a link, that one must seal it, so a mark that came along goes.
 */
static inline void hpkm_mark_opened(struct sk_buff *skb)
{
	nf_skip_egress(skb, false);
	skb->tc_skip_classify = 1;
}

#endif /* _HPKM_COMPAT_MARKS_H */
