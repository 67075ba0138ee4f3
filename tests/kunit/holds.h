/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HPKM_TESTS_HOLDS_H
#define _HPKM_TESTS_HOLDS_H

#include <linux/string.h>
#include <linux/types.h>
#include <hpkm/wire.h>

/* Whether these octets are anywhere in there. */
static inline bool holds(const void *memory, size_t len, const u8 secret[HPKM_KEY_LEN])
{
	const u8 *at = memory;

	for (; len >= HPKM_KEY_LEN; at++, len--)
		if (*at == *secret && !memcmp(at, secret, HPKM_KEY_LEN))
			return true;
	return false;
}

#endif /* _HPKM_TESTS_HOLDS_H */
