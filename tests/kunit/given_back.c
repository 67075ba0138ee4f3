// SPDX-License-Identifier: GPL-2.0
/* See given_back.h. */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "given_back.h"
#include "wrapped.h"

#define SECRETS	32
#define OBJECTS	8

/**
 * struct watch - what one test watches for; there is one test at a time
 * @on: it watches
 * @strictly: wiping while freeing is too late
 * @secrets: how many
 * @secret: their octets
 * @objects: how many
 * @object: has to be given back
 * @seen: and was
 * @found: how often a secret was in something
 * @which: the last of them
 * @by: who gave it back
 * @unsearched: objects of which nobody says how large they are
 * @look: at what is handed to call_rcu(), or NULL
 * @data: for it
 */
static struct watch {
	bool on;
	bool strictly;
	u32 secrets;
	struct {
		const char *name;
		u8 octets[HPKM_KEY_LEN];
	} secret[SECRETS];
	u32 objects;
	const void *object[OBJECTS];
	bool seen[OBJECTS];
	u32 found;
	const char *which;
	void *by;
	u32 unsearched;
	void (*look)(struct rcu_head *head, void *data);
	void *data;
} watch;

static void note_object(const void *object)
{
	u32 i;

	for (i = 0; i < watch.objects; i++)
		if (watch.object[i] == object)
			watch.seen[i] = true;
}

static void search(const void *memory, size_t len, void *by)
{
	u32 i;

	for (i = 0; i < watch.secrets; i++) {
		if (!holds(memory, len, watch.secret[i].octets))
			continue;
		watch.found++;
		watch.which = watch.secret[i].name;
		watch.by = by;
	}
}

static void given_back(const void *object, void *by)
{
	if (!watch.on || ZERO_OR_NULL_PTR(object))
		return;
	note_object(object);
	if (is_vmalloc_addr(object))
		watch.unsearched++;
	else
		search(object, ksize(object), by);
}

/* Its data, unless others have it, too. */
static void skb_given_back(const struct sk_buff *skb, void *by)
{
	if (watch.on && skb && !skb_shared(skb) && !skb_cloned(skb))
		search(skb->head, skb_end_offset(skb), by);
}

/* ---- what the linker puts in place of the kernel's ---- */

void __wrap_kfree(const void *object)
{
	given_back(object, __builtin_return_address(0));
	__real_kfree(object);
}

void __wrap_kvfree(const void *object)
{
	given_back(object, __builtin_return_address(0));
	__real_kvfree(object);
}

void __wrap_kfree_sensitive(const void *object)
{
	if (watch.strictly)
		given_back(object, __builtin_return_address(0));
	else if (watch.on)
		note_object(object);
	__real_kfree_sensitive(object);
}

void __wrap_kvfree_sensitive(const void *object, size_t len)
{
	if (watch.strictly)
		given_back(object, __builtin_return_address(0));
	else if (watch.on)
		note_object(object);
	__real_kvfree_sensitive(object, len);
}

void __wrap_kmem_cache_free(struct kmem_cache *cache, void *object)
{
	given_back(object, __builtin_return_address(0));
	__real_kmem_cache_free(cache, object);
}

/* In place of a function kfree_rcu() hands over where the head is in its object. */
static void rcu_given_back(struct rcu_head *head, rcu_callback_t function, void *by)
{
	if (__is_kvfree_rcu_offset((unsigned long)function))
		given_back((void *)head - (unsigned long)function, by);
}

void __wrap_call_rcu(struct rcu_head *head, rcu_callback_t function)
{
	rcu_given_back(head, function, __builtin_return_address(0));
	if (watch.on && watch.look)
		watch.look(head, watch.data);
	__real_call_rcu(head, function);
}

#if !defined(CONFIG_TINY_RCU) || defined(CONFIG_KASAN_GENERIC)
void __wrap_kvfree_call_rcu(struct rcu_head *head, rcu_callback_t function)
{
	rcu_given_back(head, function, __builtin_return_address(0));
	__real_kvfree_call_rcu(head, function);
}
#endif

#ifdef CONFIG_TRACEPOINTS
void __wrap_consume_skb(struct sk_buff *skb)
{
	skb_given_back(skb, __builtin_return_address(0));
	__real_consume_skb(skb);
}
#endif

void __wrap_kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason)
{
	skb_given_back(skb, __builtin_return_address(0));
	__real_kfree_skb_reason(skb, reason);
}

/* The old head goes, and what was in it is in the new one. */
int __wrap_pskb_expand_head(struct sk_buff *skb, int head, int tail, gfp_t flags)
{
	skb_given_back(skb, __builtin_return_address(0));
	return __real_pskb_expand_head(skb, head, tail, flags);
}

/* ---- what tests say ---- */

void watch_begin(void)
{
	memset(&watch, 0, sizeof(watch));
	watch.on = true;
}

void watch_begin_strictly(void)
{
	watch_begin();
	watch.strictly = true;
}

void watch_secret(struct kunit *test, const char *name, const u8 secret[HPKM_KEY_LEN])
{
	KUNIT_ASSERT_LT(test, watch.secrets, SECRETS);
	/* What any memory may have says nothing. */
	KUNIT_ASSERT_NOT_NULL_MSG(test, memchr_inv(secret, secret[0], HPKM_KEY_LEN), "%s", name);
	watch.secret[watch.secrets].name = name;
	memcpy(watch.secret[watch.secrets].octets, secret, HPKM_KEY_LEN);
	watch.secrets++;
}

void watch_object(const void *object)
{
	if (watch.objects < OBJECTS)
		watch.object[watch.objects++] = object;
}

void watch_handed_over(void (*look)(struct rcu_head *head, void *data), void *data)
{
	watch.data = data;
	watch.look = look;
}

void watch_end(struct kunit *test)
{
	u32 i;

	rcu_barrier();
	watch.on = false;
	KUNIT_EXPECT_GT(test, watch.secrets, 0);
	KUNIT_EXPECT_EQ(test, watch.unsearched, 0);
	KUNIT_EXPECT_EQ_MSG(test, watch.found, 0, "%s, given back by %pS", watch.which, watch.by);
	for (i = 0; i < watch.objects; i++)
		KUNIT_EXPECT_TRUE_MSG(test, watch.seen[i], "object %u was kept", i);
}

void watch_memory(struct kunit *test, const void *memory, size_t len, const char *what)
{
	u32 i;

	KUNIT_EXPECT_GT(test, watch.secrets, 0);
	for (i = 0; i < watch.secrets; i++)
		KUNIT_EXPECT_FALSE_MSG(test, holds(memory, len, watch.secret[i].octets),
				       "%s has left %s", what, watch.secret[i].name);
}

void watch_stop(struct kunit *test)
{
	watch.on = false;
}
