// SPDX-License-Identifier: GPL-2.0
/* See no_skb.h. */
#include <linux/atomic.h>
#include "no_skb.h"
#include "wrapped.h"

static atomic_t failing = ATOMIC_INIT(0);

struct sk_buff *__wrap___alloc_skb(unsigned int size, gfp_t gfp, int flags, int node)
{
	if (atomic_cmpxchg(&failing, 1, 0))
		return NULL;
	return __real___alloc_skb(size, gfp, flags, node);
}

void fail_next_skb(void)
{
	atomic_set(&failing, 1);
}

void expect_no_skb_left_to_fail(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atomic_xchg(&failing, 0), 0);
}
