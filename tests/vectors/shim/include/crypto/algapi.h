/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_CRYPTO_ALGAPI_H
#define _SHIM_CRYPTO_ALGAPI_H

#include <linux/types.h>

/* 0 when equal, in a time that does not depend on the contents. */
unsigned long crypto_memneq(const void *x, const void *y, size_t len);

static inline void crypto_xor_cpy(u8 *to, const u8 *x, const u8 *y, unsigned int len)
{
	while (len--)
		*to++ = *x++ ^ *y++;
}

static inline void crypto_xor(u8 *to, const u8 *with, unsigned int len)
{
	crypto_xor_cpy(to, to, with, len);
}

#endif /* _SHIM_CRYPTO_ALGAPI_H */
