/* SPDX-License-Identifier: GPL-2.0 */
/* Want of memory, for frames: see --wrap in kunit.mk. */
#ifndef _HPKM_TESTS_NO_SKB_H
#define _HPKM_TESTS_NO_SKB_H

#include <kunit/test.h>

/* The next alloc_skb() of the module or of a test fails. */
void fail_next_skb(void);
/* One has. */
void expect_no_skb_left_to_fail(struct kunit *test);

#endif /* _HPKM_TESTS_NO_SKB_H */
