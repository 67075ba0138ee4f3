// SPDX-License-Identifier: GPL-2.0
/*
 * The key update of suites 1 and 2: protocol section 8.  The record's elements
 * are proven, not shown, and the next chain key follows from the present one,
 * the session's SU and the record.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <crypto/algapi.h>
#include "../compat/unaligned.h"
#include "hash.h"
#include "suite_aead.h"

/* U1 = 0x11 || uctr || n || rid || a || b || Y_a || Y_b || N_A */
#define U1_N		HPKM_CONTROL_HEAD_LEN
#define U1_RID		(U1_N + 8)
#define U1_A		(U1_RID + HPKM_RID_LEN)
#define U1_B		(U1_A + 1)
#define U1_YA		(U1_B + 1)
#define U1_YB		(U1_YA + HPKM_KEY_LEN)
#define U1_RANDOM	(U1_YB + HPKM_KEY_LEN)
static_assert(U1_RANDOM + HPKM_KEY_LEN == AEAD_REQUEST_LEN);
static_assert(AEAD_REQUEST_LEN <= HPKM_CONTROL_MAX);

/* U2 = 0x12 || uctr || N_B || z || F(CK', "cb", tu) */
#define U2_RANDOM	HPKM_CONTROL_HEAD_LEN
#define U2_Z		(U2_RANDOM + HPKM_KEY_LEN)
#define U2_CONFIRM	(U2_Z + HPKM_KEY_LEN)
static_assert(U2_CONFIRM + HPKM_KEY_LEN == AEAD_ANSWER_LEN);

/* U3 = 0x13 || uctr || F(CK', "ca", tu) */
#define U3_CONFIRM	HPKM_CONTROL_HEAD_LEN

static void write_head(const struct hpkm_update *u, u8 type, u8 *out)
{
	out[0] = type;
	put_unaligned_le32(u->uctr, out + 1);
}

/* Y_i: proves an element that U1 names. */
static void prove_shown(u8 out[HPKM_KEY_LEN], const struct hpkm_update *u, u8 i)
{
	hpkm_derive(out, u->session_update, "y", HPKM_KEY(u->random_requester), HPKM_BYTES(&i, 1),
		    HPKM_KEY(u->x[i]));
}

/* z: proves the third. */
static void prove_third(u8 out[HPKM_KEY_LEN], const struct hpkm_update *u)
{
	hpkm_derive(out, u->session_update, "z", HPKM_KEY(u->random_requester),
		    HPKM_KEY(u->random_responder), HPKM_BYTES(&u->c, 1), HPKM_KEY(u->x[u->c]));
}

/* Both randoms are known: tu and the next epoch, with CK'. */
static void derive_next(struct hpkm_update *u, const u8 *request, const u8 z[HPKM_KEY_LEN])
{
	const u8 *requester = u->requester ? u->pair->own : u->pair->peer;
	const u8 *responder = u->requester ? u->pair->peer : u->pair->own;
	__le64 n = cpu_to_le64(u->epoch.n + 1);
	__le32 uctr = cpu_to_le32(u->uctr);
	struct hpkm_epoch *next = &u->next;
	u8 digest[HPKM_KEY_LEN];

	hpkm_hash(digest, HPKM_BYTES(request, AEAD_REQUEST_LEN));
	hpkm_hash(u->transcript, HPKM_BYTES(request, AEAD_REQUEST_LEN),
		  HPKM_BYTES(&uctr, sizeof(uctr)), HPKM_KEY(u->random_responder), HPKM_KEY(z));
	hpkm_derive(next->chain, u->epoch.chain, "ratchet", HPKM_KEY(u->pair->name),
		    HPKM_BYTES(&n, sizeof(n)), HPKM_BYTES(requester, HPKM_ID_LEN),
		    HPKM_BYTES(responder, HPKM_ID_LEN), HPKM_KEY(u->session_update),
		    HPKM_KEY(digest), HPKM_KEY(u->random_responder),
		    HPKM_KEY(u->x[0]), HPKM_KEY(u->x[1]), HPKM_KEY(u->x[2]));
	next->present = true;
	next->n = u->epoch.n + 1;
	memcpy(next->x, u->x, sizeof(next->x));
	hpkm_epoch_name(next, u->pair);
}

/* cb or ca: whoever has CK' has seen all that came before. */
static void confirm(u8 out[HPKM_KEY_LEN], const struct hpkm_update *u, const char *label)
{
	hpkm_derive(out, u->next.chain, label, HPKM_KEY(u->transcript));
}

static bool equal_and_wiped(u8 expected[HPKM_KEY_LEN], const u8 *got)
{
	bool equal = !crypto_memneq(expected, got, HPKM_KEY_LEN);

	memzero_explicit(expected, HPKM_KEY_LEN);
	return equal;
}

void hpkm_aead_make_update_request(struct hpkm_update *u, u8 *out)
{
	write_head(u, HPKM_U1, out);
	put_unaligned_le64(u->epoch.n, out + U1_N);
	memcpy(out + U1_RID, u->rid, HPKM_RID_LEN);
	out[U1_A] = u->a;
	out[U1_B] = u->b;
	prove_shown(out + U1_YA, u, u->a);
	prove_shown(out + U1_YB, u, u->b);
	memcpy(out + U1_RANDOM, u->random_requester, HPKM_KEY_LEN);
}

int hpkm_aead_parse_update_request(struct hpkm_update *u, const u8 *in, size_t len, u64 *n,
				   struct hpkm_update_search *search)
{
	if (len < AEAD_REQUEST_LEN || in[U1_A] >= in[U1_B] || in[U1_B] >= HPKM_ELEMENTS)
		return -EBADMSG;

	u->uctr = get_unaligned_le32(in + 1);
	*n = get_unaligned_le64(in + U1_N);
	u->a = in[U1_A];
	u->b = in[U1_B];
	u->c = HPKM_ELEMENTS - u->a - u->b;
	search->by_rid = true;
	memcpy(search->rid, in + U1_RID, HPKM_RID_LEN);
	return 0;
}

int hpkm_aead_accept_update_request(struct hpkm_update *u, const u8 *in)
{
	u8 a[HPKM_KEY_LEN], b[HPKM_KEY_LEN], z[HPKM_KEY_LEN];
	bool a_equal, b_equal;

	memcpy(u->random_requester, in + U1_RANDOM, HPKM_KEY_LEN);
	prove_shown(a, u, u->a);
	prove_shown(b, u, u->b);
	a_equal = equal_and_wiped(a, in + U1_YA);
	b_equal = equal_and_wiped(b, in + U1_YB);
	if (!a_equal || !b_equal)
		return -EBADMSG;
	prove_third(z, u);
	derive_next(u, in, z);
	memzero_explicit(z, sizeof(z));
	return 0;
}

void hpkm_aead_make_update_answer(struct hpkm_update *u, u8 *out)
{
	write_head(u, HPKM_U2, out);
	memcpy(out + U2_RANDOM, u->random_responder, HPKM_KEY_LEN);
	prove_third(out + U2_Z, u);
	confirm(out + U2_CONFIRM, u, "cb");
}

int hpkm_aead_open_update_answer(struct hpkm_update *u, const u8 *in, size_t len)
{
	u8 z[HPKM_KEY_LEN], expected[HPKM_KEY_LEN], request[AEAD_REQUEST_LEN];

	if (len < AEAD_ANSWER_LEN)
		return -EBADMSG;
	memcpy(u->random_responder, in + U2_RANDOM, HPKM_KEY_LEN);
	prove_third(z, u);
	if (!equal_and_wiped(z, in + U2_Z))
		return -EBADMSG;
	/* The very octets that were sent: they follow from @u. */
	hpkm_aead_make_update_request(u, request);
	derive_next(u, request, in + U2_Z);
	confirm(expected, u, "cb");
	return equal_and_wiped(expected, in + U2_CONFIRM) ? 0 : -EBADMSG;
}

void hpkm_aead_make_update_finish(struct hpkm_update *u, u8 *out)
{
	write_head(u, HPKM_U3, out);
	confirm(out + U3_CONFIRM, u, "ca");
}

int hpkm_aead_open_update_finish(struct hpkm_update *u, const u8 *in, size_t len)
{
	u8 expected[HPKM_KEY_LEN];

	if (len < AEAD_FINISH_LEN)
		return -EBADMSG;
	confirm(expected, u, "ca");
	return equal_and_wiped(expected, in + U3_CONFIRM) ? 0 : -EBADMSG;
}
