/* SPDX-License-Identifier: GPL-2.0 */
/* The protocol core against a file of known answers. */
#ifndef _HPKM_TESTS_CHECK_H
#define _HPKM_TESTS_CHECK_H

#include "values.h"

int check_values(struct values *values);

#endif /* _HPKM_TESTS_CHECK_H */
