/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that tests look at on their way.  The linker turns each call of
 * NAME() into __wrap_NAME(), which goes on to __real_NAME(): see kunit.mk.  So
 * the code that is tested is the code that is shipped.
 */
#ifndef _HPKM_TESTS_WRAPPED_H
#define _HPKM_TESTS_WRAPPED_H

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <core/dh.h>
#include <core/hash.h>
#include <core/sealed.h>

/* counted_dh.c */
int __real_hpkm_dh(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN],
		   const u8 point[HPKM_KEY_LEN]);
int __wrap_hpkm_dh(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN],
		   const u8 point[HPKM_KEY_LEN]);
void __real_hpkm_dh_public(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN]);
void __wrap_hpkm_dh_public(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN]);

/* test_stack.c */
void __real_hpkm_derive_parts(u8 out[HPKM_KEY_LEN], const u8 key[HPKM_KEY_LEN],
			      const char *label, const struct hpkm_bytes *part, size_t parts);
void __wrap_hpkm_derive_parts(u8 out[HPKM_KEY_LEN], const u8 key[HPKM_KEY_LEN],
			      const char *label, const struct hpkm_bytes *part, size_t parts);
void __real_hpkm_sealed_make(struct hpkm_sealed *sealed, u8 *frame, const void *text, size_t len);
void __wrap_hpkm_sealed_make(struct hpkm_sealed *sealed, u8 *frame, const void *text, size_t len);
int __real_hpkm_sealed_open(struct hpkm_sealed *sealed, const u8 *frame, void *text, size_t len);
int __wrap_hpkm_sealed_open(struct hpkm_sealed *sealed, const u8 *frame, void *text, size_t len);
void __real_hpkm_transcript_add(u8 transcript[HPKM_KEY_LEN], const u8 *frame, size_t len);
void __wrap_hpkm_transcript_add(u8 transcript[HPKM_KEY_LEN], const u8 *frame, size_t len);

/* given_back.c */
void __real_kfree(const void *object);
void __wrap_kfree(const void *object);
void __real_kvfree(const void *object);
void __wrap_kvfree(const void *object);
void __real_kfree_sensitive(const void *object);
void __wrap_kfree_sensitive(const void *object);
void __real_kvfree_sensitive(const void *object, size_t len);
void __wrap_kvfree_sensitive(const void *object, size_t len);
void __real_kmem_cache_free(struct kmem_cache *cache, void *object);
void __wrap_kmem_cache_free(struct kmem_cache *cache, void *object);
void __real_call_rcu(struct rcu_head *head, rcu_callback_t function);
void __wrap_call_rcu(struct rcu_head *head, rcu_callback_t function);
void __real_kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason);
void __wrap_kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason);
int __real_pskb_expand_head(struct sk_buff *skb, int head, int tail, gfp_t flags);
int __wrap_pskb_expand_head(struct sk_buff *skb, int head, int tail, gfp_t flags);

/* no_skb.c */
struct sk_buff *__real___alloc_skb(unsigned int size, gfp_t gfp, int flags, int node);
struct sk_buff *__wrap___alloc_skb(unsigned int size, gfp_t gfp, int flags, int node);

/* With other configurations these two are among the above, inline. */
#ifdef CONFIG_TRACEPOINTS
void __real_consume_skb(struct sk_buff *skb);
void __wrap_consume_skb(struct sk_buff *skb);
#endif
#if !defined(CONFIG_TINY_RCU) || defined(CONFIG_KASAN_GENERIC)
void __real_kvfree_call_rcu(struct rcu_head *head, rcu_callback_t function);
void __wrap_kvfree_call_rcu(struct rcu_head *head, rcu_callback_t function);
#endif

#endif /* _HPKM_TESTS_WRAPPED_H */
