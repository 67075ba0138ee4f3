/* SPDX-License-Identifier: GPL-2.0 */
/* H and F of protocol section 2. */
#ifndef _HPKM_CORE_HASH_H
#define _HPKM_CORE_HASH_H

#include <linux/kernel.h>
#include <hpkm/wire.h>

/**
 * struct hpkm_bytes - a part of what is hashed
 * @data: its first octet; may be NULL when @len is 0
 * @len: octets
 */
struct hpkm_bytes {
	const void *data;
	size_t len;
};

#define HPKM_BYTES(data, len)	((struct hpkm_bytes){ (data), (len) })
#define HPKM_KEY(key)		HPKM_BYTES(key, HPKM_KEY_LEN)
#define HPKM_NOTHING		HPKM_BYTES(NULL, 0)

void hpkm_hash_parts(u8 out[HPKM_KEY_LEN], const struct hpkm_bytes *part, size_t parts);
void hpkm_derive_parts(u8 out[HPKM_KEY_LEN], const u8 key[HPKM_KEY_LEN], const char *label,
		       const struct hpkm_bytes *part, size_t parts);

#define HPKM_PARTS(...)		((const struct hpkm_bytes[]){ __VA_ARGS__ })

/* H(m): BLAKE2s-256 over the parts in turn. */
#define hpkm_hash(out, ...) \
	hpkm_hash_parts(out, HPKM_PARTS(__VA_ARGS__), ARRAY_SIZE(HPKM_PARTS(__VA_ARGS__)))

/* F(k, label, m): BLAKE2s-256 keyed with k over u8 len(label) || label || m. */
#define hpkm_derive(out, key, label, ...) \
	hpkm_derive_parts(out, key, label, HPKM_PARTS(__VA_ARGS__), \
			  ARRAY_SIZE(HPKM_PARTS(__VA_ARGS__)))

#endif /* _HPKM_CORE_HASH_H */
