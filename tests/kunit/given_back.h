/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Secrets in memory that is given back.
 *
 * The linker sends every kfree() and the like of the module through a wrapper
 * (--wrap in kunit.mk) that, while a test watches, searches the object for the
 * octets of known secrets before it goes on its way.  So the memory is seen as
 * it is when it is freed, whatever the allocator does to it afterwards, and
 * each object that anybody gives back is seen, not those alone that a test
 * thinks of.  What kfree_sensitive() frees is not looked at, since that wipes.
 */
#ifndef _HPKM_TESTS_GIVEN_BACK_H
#define _HPKM_TESTS_GIVEN_BACK_H

#include <kunit/test.h>
#include <linux/types.h>
#include "holds.h"

/* From here on.  Nothing is known to be a secret yet. */
void watch_begin(void);
/* The same, and what kfree_sensitive() frees must have been wiped before. */
void watch_begin_strictly(void);
/* @name is for the message. */
void watch_secret(struct kunit *test, const char *name, const u8 secret[HPKM_KEY_LEN]);
/* Has to be among what is given back, else the test proves nothing. */
void watch_object(const void *object);
/* @look is called with what is handed to call_rcu(), before a grace period begins. */
void watch_handed_over(void (*look)(struct rcu_head *head, void *data), void *data);
/* Waits for what is freed after a grace period, and judges. */
void watch_end(struct kunit *test);
/* None of the watched secrets is in there. */
void watch_memory(struct kunit *test, const void *memory, size_t len, const char *what);
/* For a suite's exit: a test that broke off is not watched any more. */
void watch_stop(struct kunit *test);

#endif /* _HPKM_TESTS_GIVEN_BACK_H */
