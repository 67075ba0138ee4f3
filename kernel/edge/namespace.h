/* SPDX-License-Identifier: GPL-2.0 */
/* What the edges keep for one network namespace. */
#ifndef _HPKM_EDGE_NAMESPACE_H
#define _HPKM_EDGE_NAMESPACE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <hpkm/release.h>
#include "../compat/genetlink.h"
#include "../peer/net.h"

/**
 * struct hpkm_namespace - one network namespace
 * @hn: peers and secrets
 * @links: struct hpkm_link, in order of attaching; RTNL
 * @events_lost: events not sent since the last one
 * @sentences: that extacks refer to
 */
struct hpkm_namespace {
	struct hpkm_net hn;
	struct list_head links;
	atomic_t events_lost;
	struct hpkm_sentences sentences;
};

/* Good as long as the caller keeps the namespace. */
struct hpkm_namespace *hpkm_namespace(struct net *net);

static inline struct hpkm_namespace *hpkm_namespace_of(struct hpkm_net *hn)
{
	return container_of(hn, struct hpkm_namespace, hn);
}

#endif /* _HPKM_EDGE_NAMESPACE_H */
