// SPDX-License-Identifier: GPL-2.0
/* Suites 1 and 2: DATA (protocol section 6), and what the suites consist of. */
#include <linux/errno.h>
#include <crypto/chacha20poly1305.h>
#include "suite_aead.h"

/* Zero padding up to here makes a DATA frame HPKM_FRAME_MIN octets long. */
#define AEAD_INNER_MIN	(HPKM_FRAME_MIN - HPKM_HD_LEN - HPKM_TAG_LEN)

static void seal(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t inner_len)
{
	u8 *inner = frame + HPKM_HD_LEN;

	chacha20poly1305_encrypt(inner, inner, inner_len, frame, HPKM_HD_LEN, counter, key);
}

static int open(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t sealed_len)
{
	u8 *inner = frame + HPKM_HD_LEN;

	return chacha20poly1305_decrypt(inner, inner, sealed_len, frame, HPKM_HD_LEN, counter,
					key) ? 0 : -EBADMSG;
}

#define AEAD_SUITE							\
	.tag_len = HPKM_TAG_LEN,					\
	.inner_min = AEAD_INNER_MIN,					\
	.counts_attempts = true,					\
	.frame_len = {							\
		[HPKM_C1] = AEAD_C1_LEN,				\
		[HPKM_C2] = AEAD_C2_LEN,				\
		[HPKM_C3] = AEAD_C3_LEN,				\
		[HPKM_C4] = AEAD_C3_LEN,				\
		[HPKM_C5] = AEAD_C3_LEN,				\
		[HPKM_ACK] = AEAD_ACK_LEN,				\
	},								\
	.c1_concerns = hpkm_aead_c1_concerns,				\
	.make_c1 = hpkm_aead_make_c1,					\
	.open_c1 = hpkm_aead_open_c1,					\
	.make_c2 = hpkm_aead_make_c2,					\
	.open_c2 = hpkm_aead_open_c2,					\
	.make_c3 = hpkm_aead_make_c3,					\
	.open_c3 = hpkm_aead_open_c3,					\
	.make_c4 = hpkm_aead_make_c4,					\
	.open_c4 = hpkm_aead_open_c4,					\
	.make_c5 = hpkm_aead_make_c5,					\
	.open_c5 = hpkm_aead_open_c5,					\
	.make_ack = hpkm_aead_make_ack,					\
	.open_ack = hpkm_aead_open_ack,					\
	.derive = hpkm_aead_derive,					\
	.seal = seal,							\
	.open = open,							\
	.update_request_len = AEAD_REQUEST_LEN,				\
	.update_answer_len = AEAD_ANSWER_LEN,				\
	.update_finish_len = AEAD_FINISH_LEN,				\
	.make_update_request = hpkm_aead_make_update_request,		\
	.parse_update_request = hpkm_aead_parse_update_request,		\
	.accept_update_request = hpkm_aead_accept_update_request,	\
	.make_update_answer = hpkm_aead_make_update_answer,		\
	.open_update_answer = hpkm_aead_open_update_answer,		\
	.make_update_finish = hpkm_aead_make_update_finish,		\
	.open_update_finish = hpkm_aead_open_update_finish

const struct hpkm_suite hpkm_suite_chacha20poly1305 = {
	.id = HPKM_SUITE_CHACHA20POLY1305,
	.name = "chacha20poly1305",
	AEAD_SUITE,
};

const struct hpkm_suite hpkm_suite_chacha20poly1305_x25519 = {
	.id = HPKM_SUITE_CHACHA20POLY1305_X25519,
	.name = "chacha20poly1305-x25519",
	.ephemeral_dh = true,
	AEAD_SUITE,
};
