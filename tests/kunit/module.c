// SPDX-License-Identifier: GPL-2.0
/* The suites are in the other files; kunit_test_suite() finds them. */
#include <linux/module.h>

MODULE_DESCRIPTION("hpkm: tests of the protocol core");
MODULE_LICENSE("GPL");
