/* SPDX-License-Identifier: GPL-2.0 */
/* For what unit tests share with programs, such as tests/kunit/two_nodes.c. */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <stdlib.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit {
	void *priv;
	const void *param_value;
};

#define SHIM_EXPECT(holds)			do { if (!(holds)) abort(); } while (0)
#define KUNIT_EXPECT_EQ(test, x, y)		SHIM_EXPECT((x) == (y))
#define KUNIT_ASSERT_TRUE(test, holds)		SHIM_EXPECT(holds)

#endif /* _SHIM_KUNIT_TEST_H */
