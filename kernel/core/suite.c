// SPDX-License-Identifier: GPL-2.0
/* The suites of this build. */
#include <linux/kernel.h>
#include "suite.h"

static const struct hpkm_suite *const suites[] = {
	&hpkm_suite_xor,
	&hpkm_suite_chacha20poly1305,
	&hpkm_suite_chacha20poly1305_x25519,
};

/**
 * hpkm_suite_by_id() - look a suite up
 * @id: enum hpkm_suite_id, or any octet from the wire
 *
 * Return: the suite, or NULL for one this build does not have.  Context: any.
 */
const struct hpkm_suite *hpkm_suite_by_id(u8 id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i]->id == id)
			return suites[i];
	return NULL;
}
