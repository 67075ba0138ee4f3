/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_CRYPTO_CURVE25519_H
#define _SHIM_CRYPTO_CURVE25519_H

#include <linux/types.h>

#define CURVE25519_KEY_SIZE	32

bool curve25519(u8 out[CURVE25519_KEY_SIZE], const u8 secret[CURVE25519_KEY_SIZE],
		const u8 point[CURVE25519_KEY_SIZE]);

bool curve25519_generate_public(u8 out[CURVE25519_KEY_SIZE],
				const u8 secret[CURVE25519_KEY_SIZE]);

static inline void curve25519_clamp_secret(u8 secret[CURVE25519_KEY_SIZE])
{
	secret[0] &= 248;
	secret[CURVE25519_KEY_SIZE - 1] = (secret[CURVE25519_KEY_SIZE - 1] & 127) | 64;
}

#endif /* _SHIM_CRYPTO_CURVE25519_H */
