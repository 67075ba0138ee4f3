// SPDX-License-Identifier: GPL-2.0
/* See each_suite.h. */
#include <linux/string.h>
#include "each_suite.h"

/* The suite after @last, or @first; NULL ends the case. */
static const void *next(const struct hpkm_suite *last, u8 first, char *name)
{
	const struct hpkm_suite *suite = hpkm_suite_by_id(last ? last->id + 1 : first);

	if (suite)
		strscpy(name, suite->name, KUNIT_PARAM_DESC_SIZE);
	return suite;
}

const void *each_suite(const void *last, char *name)
{
	return next(last, HPKM_SUITE_XOR, name);
}

const void *each_real_suite(const void *last, char *name)
{
	return next(last, HPKM_SUITE_CHACHA20POLY1305, name);
}

const void *only_suite_x25519(const void *last, char *name)
{
	return next(last, HPKM_SUITE_CHACHA20POLY1305_X25519, name);
}
