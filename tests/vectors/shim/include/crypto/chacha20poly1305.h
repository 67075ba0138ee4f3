/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_CRYPTO_CHACHA20POLY1305_H
#define _SHIM_CRYPTO_CHACHA20POLY1305_H

#include <linux/types.h>

#define CHACHA20POLY1305_KEY_SIZE	32
#define CHACHA20POLY1305_AUTHTAG_SIZE	16

void chacha20poly1305_encrypt(u8 *to, const u8 *from, size_t len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 key[CHACHA20POLY1305_KEY_SIZE]);
bool chacha20poly1305_decrypt(u8 *to, const u8 *from, size_t len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 key[CHACHA20POLY1305_KEY_SIZE]);

#endif /* _SHIM_CRYPTO_CHACHA20POLY1305_H */
