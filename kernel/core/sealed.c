// SPDX-License-Identifier: GPL-2.0
/* Messages sealed with AE under a key of their own, bound to all before them. */
#include <linux/errno.h>
#include <linux/string.h>
#include <crypto/chacha20poly1305.h>
#include "hash.h"
#include "sealed.h"

#define AD_MAX	(HPKM_KEY_LEN + HPKM_SEALED_HEAD_MAX)

/* transcript || head; returns its octets. */
static size_t bound_to(u8 ad[AD_MAX], const struct hpkm_sealed *sealed, const u8 *frame)
{
	memcpy(ad, sealed->transcript, HPKM_KEY_LEN);
	memcpy(ad + HPKM_KEY_LEN, frame, sealed->head_len);
	return HPKM_KEY_LEN + sealed->head_len;
}

/**
 * hpkm_sealed_make() - seal a message into its frame
 * @sealed: how; its key is wiped
 * @frame: the head is there; receives @len octets and the tag behind it
 * @text: what to seal
 * @len: octets
 *
 * Context: any.
 */
void hpkm_sealed_make(struct hpkm_sealed *sealed, u8 *frame, const void *text, size_t len)
{
	u8 ad[AD_MAX];
	size_t ad_len = bound_to(ad, sealed, frame);

	chacha20poly1305_encrypt(frame + sealed->head_len, text, len, ad, ad_len, 0, sealed->key);
	memzero_explicit(sealed->key, sizeof(sealed->key));
}

/**
 * hpkm_sealed_open() - open a message
 * @sealed: how; its key is wiped
 * @frame: @sealed->head_len + @len + HPKM_TAG_LEN octets
 * @text: receives @len octets; of no use when there is an error
 * @len: octets
 *
 * Return: 0 or -EBADMSG.  Context: any.
 */
int hpkm_sealed_open(struct hpkm_sealed *sealed, const u8 *frame, void *text, size_t len)
{
	u8 ad[AD_MAX];
	size_t ad_len = bound_to(ad, sealed, frame);
	bool opened;

	opened = chacha20poly1305_decrypt(text, frame + sealed->head_len, len + HPKM_TAG_LEN, ad,
					  ad_len, 0, sealed->key);
	memzero_explicit(sealed->key, sizeof(sealed->key));
	return opened ? 0 : -EBADMSG;
}

/**
 * hpkm_transcript_add() - one more message has passed
 * @transcript: of all before it; becomes H(transcript || message)
 * @frame: the message
 * @len: its fixed size, without padding
 *
 * Context: any.
 */
void hpkm_transcript_add(u8 transcript[HPKM_KEY_LEN], const u8 *frame, size_t len)
{
	hpkm_hash(transcript, HPKM_KEY(transcript), HPKM_BYTES(frame, len));
}
