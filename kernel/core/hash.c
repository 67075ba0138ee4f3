// SPDX-License-Identifier: GPL-2.0
/* H and F of protocol section 2. */
#include <linux/string.h>
#include "../compat/blake2s.h"
#include "hash.h"

static void absorb(struct blake2s_ctx *context, const struct hpkm_bytes *part, size_t parts)
{
	size_t i;

	for (i = 0; i < parts; i++)
		blake2s_update(context, part[i].data, part[i].len);
}

/**
 * hpkm_hash_parts() - H(m) over several pieces
 * @out: 32 octets; may be one of the pieces
 * @part: the pieces, in order
 * @parts: how many
 *
 * Context: any.  Does not sleep, takes no lock.
 */
void hpkm_hash_parts(u8 out[HPKM_KEY_LEN], const struct hpkm_bytes *part, size_t parts)
{
	struct blake2s_ctx context;

	blake2s_init(&context, HPKM_KEY_LEN);
	absorb(&context, part, parts);
	blake2s_final(&context, out);
}

/**
 * hpkm_derive_parts() - F(k, label, m) over several pieces
 * @out: 32 octets; may be @key or one of the pieces
 * @key: 32 octets
 * @label: shorter than 256 octets; its terminating zero is not hashed
 * @part: the pieces of m, in order
 * @parts: how many
 *
 * Context: any.  Does not sleep, takes no lock.
 */
void hpkm_derive_parts(u8 out[HPKM_KEY_LEN], const u8 key[HPKM_KEY_LEN], const char *label,
		       const struct hpkm_bytes *part, size_t parts)
{
	struct blake2s_ctx context;
	u8 len = strlen(label);

	blake2s_init_key(&context, HPKM_KEY_LEN, key, HPKM_KEY_LEN);
	blake2s_update(&context, &len, sizeof(len));
	blake2s_update(&context, (const u8 *)label, len);
	absorb(&context, part, parts);
	blake2s_final(&context, out);
}
