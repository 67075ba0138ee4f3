/* SPDX-License-Identifier: GPL-2.0 */
/* How often the core went to the curve, for tests of what must not cost that. */
#ifndef _HPKM_TESTS_COUNTED_DH_H
#define _HPKM_TESTS_COUNTED_DH_H

#include <linux/types.h>

/* By all tests; a difference says what one step cost. */
extern u32 dh_computed;

#endif /* _HPKM_TESTS_COUNTED_DH_H */
