// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one thing wrong, which the parameter names, so that a test
 * can see each detector notice.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

#define PLANTED_SIZE	48

static char *fault = "none";
module_param(fault, charp, 0400);
MODULE_PARM_DESC(fault, "what to do wrong");

/* What the compiler cannot know, it cannot object to. */
static volatile int planted_none;
static volatile unsigned long planted_sum;

/* As it should be done. */
static void planted_nothing(void)
{
	kfree(kmalloc(PLANTED_SIZE, GFP_KERNEL));
	kfree_skb(alloc_skb(PLANTED_SIZE, GFP_KERNEL));
}

static void planted_heap(void)
{
	u8 *object = kmalloc(PLANTED_SIZE, GFP_KERNEL);

	if (!object)
		return;
	planted_sum = object[PLANTED_SIZE + planted_none];
	kfree(object);
}

static void planted_freed(void)
{
	u8 *object = kmalloc(PLANTED_SIZE, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(object);
	kfree(object);
	planted_sum = object[planted_none];
}

static void planted_twice(void)
{
	u8 *object = kmalloc(PLANTED_SIZE, GFP_KERNEL);
	u8 *same = object;

	OPTIMIZER_HIDE_VAR(same);
	kfree(object);
	kfree(same);
}

static void planted_vmalloc(void)
{
	u8 *object = vmalloc(PLANTED_SIZE);

	if (!object)
		return;
	planted_sum = object[PLANTED_SIZE + planted_none];
	vfree(object);
}

static noinline void planted_stack(void)
{
	u8 local[PLANTED_SIZE];
	u8 *at = local;

	OPTIMIZER_HIDE_VAR(at);
	memset(at, 0, sizeof(local));
	planted_sum = at[PLANTED_SIZE + planted_none];
}

/* KASAN does not see what assembler writes. */
static void planted_write(u8 *at)
{
	asm volatile("movb $0x55, %0" : "=m" (*at));
}

static void planted_redzone(void)
{
	struct kmem_cache *cache = kmem_cache_create("planted", PLANTED_SIZE, 0, 0, NULL);
	u8 *object;

	if (!cache)
		return;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (object) {
		planted_write(object + PLANTED_SIZE);
		kmem_cache_free(cache, object);
	}
	kmem_cache_destroy(cache);
}

static void planted_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u8 *at = page_address(page);

	__free_page(page);
	planted_write(at + PLANTED_SIZE);
	/* It is what this CPU hands out next. */
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
}

static void planted_leak(void)
{
	int i;

	/* A stale pointer on some stack may save one of them. */
	for (i = 0; i < 16; i++) {
		u8 *object = kmalloc(PLANTED_SIZE, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(object);
	}
}

/* No leak: the inode of a file that stays refers to it. */
static void planted_kept(void)
{
	u8 *object = kzalloc(PLANTED_SIZE, GFP_KERNEL);

	if (object)
		debugfs_create_u8("planted-kept", 0400, NULL, object);
}

static void planted_skb(void)
{
	struct sk_buff *skb = alloc_skb(PLANTED_SIZE, GFP_KERNEL);

	if (skb)
		debugfs_create_u8("planted-skb", 0400, NULL, skb->data);
}

static DEFINE_MUTEX(planted_one);
static DEFINE_MUTEX(planted_other);

static void planted_order(void)
{
	mutex_lock(&planted_one);
	mutex_lock(&planted_other);
	mutex_unlock(&planted_other);
	mutex_unlock(&planted_one);

	mutex_lock(&planted_other);
	mutex_lock(&planted_one);
	mutex_unlock(&planted_one);
	mutex_unlock(&planted_other);
}

static DEFINE_SPINLOCK(planted_lock);

static void planted_softirq(struct timer_list *timer)
{
	spin_lock(&planted_lock);
	spin_unlock(&planted_lock);
}

static DEFINE_TIMER(planted_timer, planted_softirq);

static void planted_context(void)
{
	spin_lock(&planted_lock);
	spin_unlock(&planted_lock);
	mod_timer(&planted_timer, jiffies + 1);
	msleep(100);
	del_timer_sync(&planted_timer);
}

static int __rcu *planted_pointer;

static void planted_rcu(void)
{
	planted_sum = (unsigned long)rcu_dereference(planted_pointer);
}

static void planted_armed(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, planted_softirq, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static void planted_shift(void)
{
	planted_sum = 1 << (40 + planted_none);
}

static void planted_bounds(void)
{
	static u8 array[4];

	planted_sum = array[4 + planted_none];
}

static void planted_list(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	head.next = &head;
	list_del(&entry);
}

static void planted_sleep(void)
{
	spin_lock(&planted_lock);
	msleep(20);
	spin_unlock(&planted_lock);
}

static int planted_shared;

static noinline void planted_count(void)
{
	planted_shared++;
	cond_resched();
}

static int planted_racer(void *unused)
{
	while (!kthread_should_stop())
		planted_count();
	return 0;
}

static void planted_race(void)
{
	struct task_struct *racer = kthread_run(planted_racer, NULL, "planted");
	unsigned long end = jiffies + 10 * HZ;

	if (IS_ERR(racer))
		return;
	while (time_before(jiffies, end))
		planted_count();
	kthread_stop(racer);
}

static const struct planted {
	const char *name;
	void (*plant)(void);
} planted[] = {
	{ "none", planted_nothing },
	{ "heap", planted_heap },
	{ "freed", planted_freed },
	{ "twice", planted_twice },
	{ "vmalloc", planted_vmalloc },
	{ "stack", planted_stack },
	{ "redzone", planted_redzone },
	{ "page", planted_page },
	{ "leak", planted_leak },
	{ "kept", planted_kept },
	{ "skb", planted_skb },
	{ "order", planted_order },
	{ "context", planted_context },
	{ "rcu", planted_rcu },
	{ "armed", planted_armed },
	{ "shift", planted_shift },
	{ "bounds", planted_bounds },
	{ "list", planted_list },
	{ "sleep", planted_sleep },
	{ "race", planted_race },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(planted); i++) {
		if (strcmp(planted[i].name, fault))
			continue;
		pr_info("planted: %s\n", fault);
		planted[i].plant();
		return 0;
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("Faults that a test plants");
MODULE_LICENSE("GPL");
