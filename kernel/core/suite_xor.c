// SPDX-License-Identifier: GPL-2.0
/*
 * Suite 0: the paper's own instantiation, byte for byte.  Every "encrypt" is
 * XOR.  It gives no security (protocol section 9) and is here to be studied.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include "../compat/unaligned.h"
#include <crypto/algapi.h>
#include "frame.h"
#include "hash.h"
#include "suite.h"

#define XOR_FRAME_LEN	(HPKM_HD_LEN + HPKM_KEY_LEN)
/* Zero padding up to here makes a DATA frame HPKM_FRAME_MIN octets long. */
#define XOR_INNER_MIN	(HPKM_FRAME_MIN - HPKM_HD_LEN)

#define XOR_REQUEST_LEN	(HPKM_CONTROL_HEAD_LEN + 8 + 2 + 2 * HPKM_KEY_LEN)
#define XOR_ANSWER_LEN	(HPKM_CONTROL_HEAD_LEN + HPKM_KEY_LEN)
#define XOR_FINISH_LEN	HPKM_CONTROL_HEAD_LEN

static void xor_key(u8 out[HPKM_KEY_LEN], const u8 x[HPKM_KEY_LEN], const u8 y[HPKM_KEY_LEN])
{
	crypto_xor_cpy(out, x, y, HPKM_KEY_LEN);
}

static u8 *body_of(u8 *frame)
{
	return frame + HPKM_HD_LEN;
}

static bool xor_c1_concerns(const struct hpkm_epoch *epoch, const u8 *frame)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)frame;

	return !memcmp(hd->tag, epoch->kid, sizeof(hd->tag));
}

/* C1 = K1 ^ K2, with the tag that says under which epoch. */
static void xor_make_c1(struct hpkm_exchange *x, u8 *frame)
{
	struct hpkm_hd *hd = (struct hpkm_hd *)frame;

	hpkm_hd_write(frame, HPKM_C1, HPKM_SUITE_XOR, 0, x->initiator_sid);
	memcpy(hd->tag, x->epoch.kid, sizeof(hd->tag));
	xor_key(body_of(frame), x->epoch.x[x->a], x->epoch.x[x->b]);
}

static bool pair_matches(const struct hpkm_epoch *epoch, u8 a, u8 b, const u8 *c1)
{
	u8 expected[HPKM_KEY_LEN];
	bool equal;

	xor_key(expected, epoch->x[a], epoch->x[b]);
	equal = !crypto_memneq(expected, c1, HPKM_KEY_LEN);
	memzero_explicit(expected, sizeof(expected));
	return equal;
}

/* SearchKeyPair(C1, keys) of Algorithm 1b. */
static int xor_open_c1(struct hpkm_exchange *x, const u8 *frame)
{
	const u8 *c1 = frame + HPKM_HD_LEN;
	unsigned int matches = 0;
	u8 unused;

	if (!xor_c1_concerns(&x->epoch, frame) || hpkm_epoch_degenerate(&x->epoch))
		return -ENOKEY;

	for (unused = 0; unused < HPKM_ELEMENTS; unused++) {
		u8 a = unused == 0 ? 1 : 0;
		u8 b = unused == 2 ? 1 : 2;

		if (!pair_matches(&x->epoch, a, b, c1))
			continue;
		matches++;
		x->a = a;
		x->b = b;
		x->unused = unused;
	}
	return matches == 1 ? 0 : -ENOKEY;
}

/* C2 = R_R ^ unusedKey */
static int xor_make_c2(struct hpkm_exchange *x, u8 *frame)
{
	hpkm_hd_write(frame, HPKM_C2, HPKM_SUITE_XOR, x->initiator_sid, x->responder_sid);
	xor_key(body_of(frame), x->random_responder, x->epoch.x[x->unused]);
	return 0;
}

static int xor_open_c2(struct hpkm_exchange *x, const u8 *frame)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)frame;

	x->responder_sid = le32_to_cpu(hd->src_sid);
	xor_key(x->random_responder, frame + HPKM_HD_LEN, x->epoch.x[x->unused]);
	return 0;
}

/* C3 = R_I ^ R_R */
static void xor_make_c3(struct hpkm_exchange *x, u8 *frame)
{
	hpkm_hd_write(frame, HPKM_C3, HPKM_SUITE_XOR, x->responder_sid, 0);
	xor_key(body_of(frame), x->random_initiator, x->random_responder);
}

static int xor_open_c3(struct hpkm_exchange *x, const u8 *frame)
{
	xor_key(x->random_initiator, frame + HPKM_HD_LEN, x->random_responder);
	return 0;
}

/* C4 = V ^ R_R */
static void xor_make_c4(struct hpkm_exchange *x, u8 *frame)
{
	hpkm_hd_write(frame, HPKM_C4, HPKM_SUITE_XOR, x->initiator_sid, 0);
	xor_key(body_of(frame), x->challenge, x->random_responder);
}

static int xor_open_c4(struct hpkm_exchange *x, const u8 *frame)
{
	xor_key(x->challenge, frame + HPKM_HD_LEN, x->random_responder);
	return 0;
}

/* C5 = V ^ R_I */
static void xor_make_c5(struct hpkm_exchange *x, u8 *frame)
{
	hpkm_hd_write(frame, HPKM_C5, HPKM_SUITE_XOR, x->responder_sid, 0);
	xor_key(body_of(frame), x->challenge, x->random_initiator);
}

/* V' = C5 ^ R_I; V' = V? */
static int xor_open_c5(struct hpkm_exchange *x, const u8 *frame)
{
	u8 answer[HPKM_KEY_LEN];
	bool equal;

	xor_key(answer, frame + HPKM_HD_LEN, x->random_initiator);
	equal = !crypto_memneq(answer, x->challenge, HPKM_KEY_LEN);
	memzero_explicit(answer, sizeof(answer));
	return equal ? 0 : -EBADMSG;
}

/* The paper's ACK says nothing but that it is one. */
static void xor_make_ack(struct hpkm_exchange *x, u8 *frame)
{
	hpkm_hd_write(frame, HPKM_ACK, HPKM_SUITE_XOR, x->initiator_sid, 0);
}

static int xor_open_ack(struct hpkm_exchange *x, const u8 *frame)
{
	return 0;
}

static void xor_derive(const struct hpkm_exchange *x, struct hpkm_session_keys *keys)
{
	u8 digest[HPKM_KEY_LEN];

	memcpy(keys->to_responder, x->random_initiator, HPKM_KEY_LEN);
	memcpy(keys->to_initiator, x->random_responder, HPKM_KEY_LEN);
	memset(keys->update, 0, HPKM_KEY_LEN);
	hpkm_hash(digest, HPKM_BYTES("hpkm1-xor-sid", 13), HPKM_KEY(x->random_initiator),
		  HPKM_KEY(x->random_responder));
	memcpy(keys->sid, digest, HPKM_SID_LEN);
}

/*
 * A whole block at a time, with the key in registers: a frame has 47 of them, and a
 * call of crypto_xor() for each takes several times as long.
 */
static u8 *xor_blocks(const u8 key[HPKM_KEY_LEN], u8 *at, size_t blocks)
{
	const u64 k0 = get_unaligned_le64(key);
	const u64 k1 = get_unaligned_le64(key + 8);
	const u64 k2 = get_unaligned_le64(key + 16);
	const u64 k3 = get_unaligned_le64(key + 24);

	static_assert(HPKM_KEY_LEN == 4 * sizeof(u64));
	for (; blocks; blocks--, at += HPKM_KEY_LEN) {
		put_unaligned_le64(get_unaligned_le64(at) ^ k0, at);
		put_unaligned_le64(get_unaligned_le64(at + 8) ^ k1, at + 8);
		put_unaligned_le64(get_unaligned_le64(at + 16) ^ k2, at + 16);
		put_unaligned_le64(get_unaligned_le64(at + 24) ^ k3, at + 24);
	}
	return at;
}

static void xor_seal(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t inner_len)
{
	u8 *rest = xor_blocks(key, frame + HPKM_HD_LEN, inner_len / HPKM_KEY_LEN);

	crypto_xor(rest, key, inner_len % HPKM_KEY_LEN);
}

static int xor_open(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t sealed_len)
{
	xor_seal(key, counter, frame, sealed_len);
	return 0;
}

/* U1 = 0x11 || uctr || n || a || b || X_a || X_b: the elements themselves. */
static void xor_make_update_request(struct hpkm_update *u, u8 *out)
{
	out[0] = HPKM_U1;
	put_unaligned_le32(u->uctr, out + 1);
	put_unaligned_le64(u->epoch.n, out + 5);
	out[13] = u->a;
	out[14] = u->b;
	memcpy(out + 15, u->x[u->a], HPKM_KEY_LEN);
	memcpy(out + 15 + HPKM_KEY_LEN, u->x[u->b], HPKM_KEY_LEN);
}

static int xor_parse_update_request(struct hpkm_update *u, const u8 *in, size_t len, u64 *n,
				    struct hpkm_update_search *search)
{
	if (len < XOR_REQUEST_LEN || in[13] >= in[14] || in[14] >= HPKM_ELEMENTS)
		return -EBADMSG;

	u->uctr = get_unaligned_le32(in + 1);
	*n = get_unaligned_le64(in + 5);
	u->a = in[13];
	u->b = in[14];
	u->c = HPKM_ELEMENTS - u->a - u->b;
	search->by_rid = false;
	search->a = u->a;
	search->b = u->b;
	memcpy(search->xa, in + 15, HPKM_KEY_LEN);
	memcpy(search->xb, in + 15 + HPKM_KEY_LEN, HPKM_KEY_LEN);
	return 0;
}

/* The record becomes the triple; CK_0 stays, it only names epochs here. */
static int derive_next(struct hpkm_update *u)
{
	u->next.present = true;
	u->next.n = u->epoch.n + 1;
	memcpy(u->next.chain, u->epoch.chain, HPKM_KEY_LEN);
	memcpy(u->next.x, u->x, sizeof(u->next.x));
	if (hpkm_epoch_degenerate(&u->next))
		return -EBADMSG;
	hpkm_epoch_name(&u->next, u->pair);
	return 0;
}

static int xor_accept_update_request(struct hpkm_update *u, const u8 *in)
{
	/* The record was found by the very elements that U1 shows. */
	return derive_next(u);
}

/* U2 = 0x12 || uctr || X_c */
static void xor_make_update_answer(struct hpkm_update *u, u8 *out)
{
	out[0] = HPKM_U2;
	put_unaligned_le32(u->uctr, out + 1);
	memcpy(out + HPKM_CONTROL_HEAD_LEN, u->x[u->c], HPKM_KEY_LEN);
}

static int xor_open_update_answer(struct hpkm_update *u, const u8 *in, size_t len)
{
	if (len < XOR_ANSWER_LEN ||
	    crypto_memneq(in + HPKM_CONTROL_HEAD_LEN, u->x[u->c], HPKM_KEY_LEN))
		return -EBADMSG;
	return derive_next(u);
}

/* U3 = 0x13 || uctr, the paper's session termination message */
static void xor_make_update_finish(struct hpkm_update *u, u8 *out)
{
	out[0] = HPKM_U3;
	put_unaligned_le32(u->uctr, out + 1);
}

static int xor_open_update_finish(struct hpkm_update *u, const u8 *in, size_t len)
{
	return len < XOR_FINISH_LEN ? -EBADMSG : 0;
}

const struct hpkm_suite hpkm_suite_xor = {
	.id = HPKM_SUITE_XOR,
	.name = "xor",
	.insecure = true,
	.tag_len = 0,
	.inner_min = XOR_INNER_MIN,
	.frame_len = {
		[HPKM_C1] = XOR_FRAME_LEN,
		[HPKM_C2] = XOR_FRAME_LEN,
		[HPKM_C3] = XOR_FRAME_LEN,
		[HPKM_C4] = XOR_FRAME_LEN,
		[HPKM_C5] = XOR_FRAME_LEN,
		[HPKM_ACK] = HPKM_HD_LEN,
	},
	.c1_concerns = xor_c1_concerns,
	.make_c1 = xor_make_c1,
	.open_c1 = xor_open_c1,
	.make_c2 = xor_make_c2,
	.open_c2 = xor_open_c2,
	.make_c3 = xor_make_c3,
	.open_c3 = xor_open_c3,
	.make_c4 = xor_make_c4,
	.open_c4 = xor_open_c4,
	.make_c5 = xor_make_c5,
	.open_c5 = xor_open_c5,
	.make_ack = xor_make_ack,
	.open_ack = xor_open_ack,
	.derive = xor_derive,
	.seal = xor_seal,
	.open = xor_open,
	.update_request_len = XOR_REQUEST_LEN,
	.update_answer_len = XOR_ANSWER_LEN,
	.update_finish_len = XOR_FINISH_LEN,
	.make_update_request = xor_make_update_request,
	.parse_update_request = xor_parse_update_request,
	.accept_update_request = xor_accept_update_request,
	.make_update_answer = xor_make_update_answer,
	.open_update_answer = xor_open_update_answer,
	.make_update_finish = xor_make_update_finish,
	.open_update_finish = xor_open_update_finish,
};
