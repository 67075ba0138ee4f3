/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of a table that run once for every suite, or for some. */
#ifndef _HPKM_TESTS_EACH_SUITE_H
#define _HPKM_TESTS_EACH_SUITE_H

#include <kunit/test.h>
#include <core/suite.h>

/* Suites 0, 1 and 2. */
const void *each_suite(const void *last, char *name);
/* Suites 1 and 2. */
const void *each_real_suite(const void *last, char *name);
const void *only_suite_x25519(const void *last, char *name);

#define EACH_SUITE(test_case)		KUNIT_CASE_PARAM(test_case, each_suite)
#define EACH_REAL_SUITE(test_case)	KUNIT_CASE_PARAM(test_case, each_real_suite)
#define ONLY_SUITE_X25519(test_case)	KUNIT_CASE_PARAM(test_case, only_suite_x25519)

/* The one that is the case's turn; good in the init function, too. */
static inline const struct hpkm_suite *suite_of(const struct kunit *test)
{
	return test->param_value;
}

#endif /* _HPKM_TESTS_EACH_SUITE_H */
