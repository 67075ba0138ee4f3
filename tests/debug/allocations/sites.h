/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every place where the module allocates, as something that can be made to fail.
 *
 * allocations-build has the compiler read this before each source file.  What
 * allocates becomes a macro that asks first; within its own expansion a macro's
 * name is a function's again.  All headers that declare such a function have to be
 * read before, so they are here.
 */
#ifndef _HPKM_TEST_SITES_H
#define _HPKM_TEST_SITES_H

/* As main.c has it, which may not have another. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/gro_cells.h>
#include <net/net_namespace.h>

/**
 * struct hpkm_site - a place that allocates
 * @file: where it is
 * @line: the same
 * @function: the same
 * @call: what it calls
 * @failed: how often it was made to fail
 */
struct hpkm_site {
	const char *file;
	int line;
	const char *function;
	const char *call;
	unsigned int failed;
};

/*
 * Around all places: what is linked first and last.  Pointers, since the compiler may
 * leave gaps between larger things.
 */
extern struct hpkm_site *const hpkm_sites_begin[];
extern struct hpkm_site *const hpkm_sites_end[];

bool hpkm_site_fails(struct hpkm_site *site);

#define HPKM_SITE_FAILS(what) ({						\
	static struct hpkm_site here = { __FILE__, __LINE__, __func__, what };	\
	static struct hpkm_site *const entry __used __section("hpkm_sites") = &here; \
	hpkm_site_fails(&here);							\
})

#define HPKM_SITE_OR(what, otherwise, call)	(HPKM_SITE_FAILS(what) ? (otherwise) : (call))

/* What gives memory or nothing. */
#define kmalloc(...)		HPKM_SITE_OR("kmalloc", NULL, kmalloc(__VA_ARGS__))
#define kzalloc(...)		HPKM_SITE_OR("kzalloc", NULL, kzalloc(__VA_ARGS__))
#define kcalloc(...)		HPKM_SITE_OR("kcalloc", NULL, kcalloc(__VA_ARGS__))
#define kmemdup(...)		HPKM_SITE_OR("kmemdup", NULL, kmemdup(__VA_ARGS__))
#define kstrdup(...)		HPKM_SITE_OR("kstrdup", NULL, kstrdup(__VA_ARGS__))
#define kvmalloc(...)		HPKM_SITE_OR("kvmalloc", NULL, kvmalloc(__VA_ARGS__))
#define kvzalloc(...)		HPKM_SITE_OR("kvzalloc", NULL, kvzalloc(__VA_ARGS__))
#define kvcalloc(...)		HPKM_SITE_OR("kvcalloc", NULL, kvcalloc(__VA_ARGS__))
#define kvmalloc_array(...)	HPKM_SITE_OR("kvmalloc_array", NULL, kvmalloc_array(__VA_ARGS__))
#define kmem_cache_create(...)	\
	HPKM_SITE_OR("kmem_cache_create", NULL, kmem_cache_create(__VA_ARGS__))
#define kmem_cache_zalloc(...)	\
	HPKM_SITE_OR("kmem_cache_zalloc", NULL, kmem_cache_zalloc(__VA_ARGS__))
#define alloc_workqueue(...)	HPKM_SITE_OR("alloc_workqueue", NULL, alloc_workqueue(__VA_ARGS__))
#define alloc_skb(...)		HPKM_SITE_OR("alloc_skb", NULL, alloc_skb(__VA_ARGS__))
#define skb_clone(...)		HPKM_SITE_OR("skb_clone", NULL, skb_clone(__VA_ARGS__))
#define skb_copy(...)		HPKM_SITE_OR("skb_copy", NULL, skb_copy(__VA_ARGS__))
#define skb_copy_expand(...)	HPKM_SITE_OR("skb_copy_expand", NULL, skb_copy_expand(__VA_ARGS__))
#define nlmsg_new(...)		HPKM_SITE_OR("nlmsg_new", NULL, nlmsg_new(__VA_ARGS__))
#define genlmsg_new(...)	HPKM_SITE_OR("genlmsg_new", NULL, genlmsg_new(__VA_ARGS__))
#undef alloc_percpu_gfp
#define alloc_percpu_gfp(type, gfp)	HPKM_SITE_OR("alloc_percpu_gfp", NULL,		\
	(type __percpu *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))

/* What says that it could not. */
#define skb_gso_segment(...)	HPKM_SITE_OR("skb_gso_segment", ERR_PTR(-ENOMEM),	\
					     skb_gso_segment(__VA_ARGS__))
#define pskb_may_pull(...)	HPKM_SITE_OR("pskb_may_pull", false, pskb_may_pull(__VA_ARGS__))
#define HPKM_SITE_ENOMEM(what, call)	HPKM_SITE_OR(what, -ENOMEM, call)
#define pskb_expand_head(...)	\
	HPKM_SITE_ENOMEM("pskb_expand_head", pskb_expand_head(__VA_ARGS__))
#define skb_cow(...)		HPKM_SITE_ENOMEM("skb_cow", skb_cow(__VA_ARGS__))
#define skb_cow_head(...)	HPKM_SITE_ENOMEM("skb_cow_head", skb_cow_head(__VA_ARGS__))
#define skb_unclone(...)	HPKM_SITE_ENOMEM("skb_unclone", skb_unclone(__VA_ARGS__))
#define skb_linearize(...)	HPKM_SITE_ENOMEM("skb_linearize", skb_linearize(__VA_ARGS__))
#define skb_linearize_cow(...)	\
	HPKM_SITE_ENOMEM("skb_linearize_cow", skb_linearize_cow(__VA_ARGS__))
#define skb_ensure_writable(...)	\
	HPKM_SITE_ENOMEM("skb_ensure_writable", skb_ensure_writable(__VA_ARGS__))
#define skb_csum_hwoffload_help(...)	\
	HPKM_SITE_ENOMEM("skb_csum_hwoffload_help", skb_csum_hwoffload_help(__VA_ARGS__))
#define rhashtable_init(...)	\
	HPKM_SITE_ENOMEM("rhashtable_init", rhashtable_init(__VA_ARGS__))
#define rhashtable_lookup_insert_fast(...)	\
	HPKM_SITE_ENOMEM("rhashtable_lookup_insert_fast",			\
			 rhashtable_lookup_insert_fast(__VA_ARGS__))
#define gro_cells_init(...)	\
	HPKM_SITE_ENOMEM("gro_cells_init", gro_cells_init(__VA_ARGS__))
#define nf_register_net_hook(...)	\
	HPKM_SITE_ENOMEM("nf_register_net_hook", nf_register_net_hook(__VA_ARGS__))
#define genl_register_family(...)	\
	HPKM_SITE_ENOMEM("genl_register_family", genl_register_family(__VA_ARGS__))
#define register_pernet_subsys(...)	\
	HPKM_SITE_ENOMEM("register_pernet_subsys", register_pernet_subsys(__VA_ARGS__))
#define register_netdevice_notifier(...)	\
	HPKM_SITE_ENOMEM("register_netdevice_notifier", register_netdevice_notifier(__VA_ARGS__))
#define netlink_register_notifier(...)	\
	HPKM_SITE_ENOMEM("netlink_register_notifier", netlink_register_notifier(__VA_ARGS__))
#define register_pm_notifier(...)	\
	HPKM_SITE_ENOMEM("register_pm_notifier", register_pm_notifier(__VA_ARGS__))

/* What frees the frame when it cannot. */
#define HPKM_SITE_OR_FREE(what, frame, call)	\
	HPKM_SITE_OR(what, (kfree_skb(frame), NULL), call)
#define skb_share_check(skb, gfp)	({					\
	struct sk_buff *frame = (skb);						\
	HPKM_SITE_OR_FREE("skb_share_check", frame, skb_share_check(frame, gfp)); \
})
#define __vlan_hwaccel_push_inside(skb)	({					\
	struct sk_buff *frame = (skb);						\
	HPKM_SITE_OR_FREE("__vlan_hwaccel_push_inside", frame,			\
			  __vlan_hwaccel_push_inside(frame));			\
})

#endif /* _HPKM_TEST_SITES_H */
