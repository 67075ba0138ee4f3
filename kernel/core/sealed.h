/* SPDX-License-Identifier: GPL-2.0 */
/* Messages sealed with AE under a key of their own, bound to all before them. */
#ifndef _HPKM_CORE_SEALED_H
#define _HPKM_CORE_SEALED_H

#include <hpkm/wire.h>

/**
 * struct hpkm_sealed - how a message is sealed
 * @key: seals this message alone, under nonce 0; wiped by making or opening it
 * @transcript: the hash of all messages before it; not owned
 * @head_len: octets in front of what is sealed: the header, and in C1 and C2
 *	the share; at most HPKM_SEALED_HEAD_MAX
 */
struct hpkm_sealed {
	u8 key[HPKM_KEY_LEN];
	const u8 *transcript;
	size_t head_len;
};

#define HPKM_SEALED_HEAD_MAX	(HPKM_HD_LEN + HPKM_KEY_LEN)

void hpkm_sealed_make(struct hpkm_sealed *sealed, u8 *frame, const void *text, size_t len);
int hpkm_sealed_open(struct hpkm_sealed *sealed, const u8 *frame, void *text, size_t len);
void hpkm_transcript_add(u8 transcript[HPKM_KEY_LEN], const u8 *frame, size_t len);

#endif /* _HPKM_CORE_SEALED_H */
