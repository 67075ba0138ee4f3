// SPDX-License-Identifier: GPL-2.0
/* The module that all test suites of this folder are linked into. */
#include <linux/module.h>

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of hpkm");
