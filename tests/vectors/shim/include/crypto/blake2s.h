/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_CRYPTO_BLAKE2S_H
#define _SHIM_CRYPTO_BLAKE2S_H

#include <linux/types.h>

/* libb2's, whose functions have these very names but other arguments. */
struct blake2s_state {
	u64 room[40];
} __aligned(64);

void shim_blake2s_init(struct blake2s_state *state, size_t out_len);
void shim_blake2s_init_key(struct blake2s_state *state, size_t out_len, const void *key,
			   size_t key_len);
void shim_blake2s_update(struct blake2s_state *state, const u8 *data, size_t len);
void shim_blake2s_final(struct blake2s_state *state, u8 *out);

#define blake2s_init		shim_blake2s_init
#define blake2s_init_key	shim_blake2s_init_key
#define blake2s_update		shim_blake2s_update
#define blake2s_final		shim_blake2s_final

#endif /* _SHIM_CRYPTO_BLAKE2S_H */
