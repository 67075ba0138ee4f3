// SPDX-License-Identifier: GPL-2.0
/*
 * The key exchange of suites 1 and 2: protocol section 5.2.
 *
 * Each message is sealed under a key that follows from the elements and from
 * all randoms before it, and is bound to all messages before it.  What opens
 * a message changes the exchange only once it has opened.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <crypto/algapi.h>
#include "../compat/unaligned.h"
#include "dh.h"
#include "frame.h"
#include "hash.h"
#include "sealed.h"
#include "suite_aead.h"

#define SHARE_AT	HPKM_HD_LEN
/* The header and the share. */
#define HELLO_LEN	(HPKM_HD_LEN + HPKM_KEY_LEN)

enum { INITIATOR, RESPONDER };

/* What C1 seals. */
struct claim {
	__le64 hctr;
	__le64 n;
	u8 initiator[HPKM_ID_LEN];
	u8 responder[HPKM_ID_LEN];
} __packed;

static_assert(HELLO_LEN + sizeof(struct claim) + HPKM_TAG_LEN == AEAD_C1_LEN);
static_assert(HELLO_LEN + HPKM_KEY_LEN + HPKM_TAG_LEN == AEAD_C2_LEN);
static_assert(HPKM_HD_LEN + HPKM_KEY_LEN + HPKM_TAG_LEN == AEAD_C3_LEN);
static_assert(HPKM_HD_LEN + sizeof(__le64) + HPKM_TAG_LEN == AEAD_ACK_LEN);
static_assert(AEAD_C1_LEN <= HPKM_HANDSHAKE_MAX);

/* E: a public key, or in suite 1 as many random octets. */
static void make_share(struct hpkm_exchange *x, u8 share[HPKM_KEY_LEN])
{
	if (x->pair->suite->ephemeral_dh)
		hpkm_dh_public(share, x->ephemeral);
	else
		memcpy(share, x->ephemeral, HPKM_KEY_LEN);
}

/* dh: what both shares lead to, or in suite 1 zero. */
static int agree(const struct hpkm_exchange *x, const u8 share[HPKM_KEY_LEN],
		 u8 out[HPKM_KEY_LEN])
{
	if (x->pair->suite->ephemeral_dh)
		return hpkm_dh(out, x->ephemeral, share);
	memset(out, 0, HPKM_KEY_LEN);
	return 0;
}

/* h0 */
static void begin_transcript(u8 out[HPKM_KEY_LEN], const struct hpkm_pair *pair)
{
	hpkm_hash(out, HPKM_BYTES("hpkm1 v1", 8), HPKM_KEY(pair->name));
}

/* C3, C4, C5 and ACK: nothing but the header in front. */
static void sealed_by_chain(struct hpkm_sealed *sealed, const struct hpkm_exchange *x,
			    const char *label)
{
	hpkm_derive(sealed->key, x->chain, label, HPKM_NOTHING);
	sealed->transcript = x->transcript;
	sealed->head_len = HPKM_HD_LEN;
}

/* ---- C1 ---- */

static void c1_sealed(struct hpkm_sealed *sealed, const struct hpkm_exchange *x, u8 a, u8 b,
		      const u8 *h0, const u8 *frame)
{
	u8 pair_key[HPKM_KEY_LEN];

	hpkm_epoch_key_pair(pair_key, &x->epoch, x->pair, a, b);
	hpkm_derive(sealed->key, pair_key, "c1", HPKM_KEY(h0), HPKM_BYTES(frame, HELLO_LEN));
	sealed->transcript = h0;
	sealed->head_len = HELLO_LEN;
	memzero_explicit(pair_key, sizeof(pair_key));
}

/* What the two must have in common, from the initiator's point of view. */
static void fill_claim(struct claim *claim, const struct hpkm_exchange *x, const u8 *initiator,
		       const u8 *responder)
{
	claim->hctr = cpu_to_le64(x->hctr);
	claim->n = cpu_to_le64(x->epoch.n);
	memcpy(claim->initiator, initiator, HPKM_ID_LEN);
	memcpy(claim->responder, responder, HPKM_ID_LEN);
}

/* Only opening it tells. */
bool hpkm_aead_c1_concerns(const struct hpkm_epoch *epoch, const u8 *frame)
{
	return true;
}

void hpkm_aead_make_c1(struct hpkm_exchange *x, u8 *frame)
{
	struct hpkm_sealed sealed;
	struct claim claim;

	hpkm_hd_write(frame, HPKM_C1, x->pair->suite->id, 0, x->initiator_sid);
	make_share(x, x->share[INITIATOR]);
	memcpy(frame + SHARE_AT, x->share[INITIATOR], HPKM_KEY_LEN);
	begin_transcript(x->transcript, x->pair);
	c1_sealed(&sealed, x, x->a, x->b, x->transcript, frame);
	fill_claim(&claim, x, x->pair->own, x->pair->peer);
	hpkm_sealed_make(&sealed, frame, &claim, sizeof(claim));
	hpkm_transcript_add(x->transcript, frame, AEAD_C1_LEN);
}

/* The ids must be the peer's and this device's, which refuses reflection. */
static bool claim_holds(const struct claim *claim, const struct hpkm_exchange *x)
{
	return le64_to_cpu(claim->n) == x->epoch.n &&
	       !crypto_memneq(claim->initiator, x->pair->peer, HPKM_ID_LEN) &&
	       !crypto_memneq(claim->responder, x->pair->own, HPKM_ID_LEN);
}

static bool opens_with_pair(struct hpkm_exchange *x, u8 unused, const u8 *h0, const u8 *frame)
{
	u8 a = unused == 0 ? 1 : 0;
	u8 b = unused == 2 ? 1 : 2;
	struct hpkm_sealed sealed;
	struct claim claim;
	bool opened;

	c1_sealed(&sealed, x, a, b, h0, frame);
	opened = !hpkm_sealed_open(&sealed, frame, &claim, sizeof(claim)) &&
		 claim_holds(&claim, x);
	if (opened) {
		x->a = a;
		x->b = b;
		x->unused = unused;
		x->hctr = le64_to_cpu(claim.hctr);
	}
	memzero_explicit(&claim, sizeof(claim));
	return opened;
}

/* SearchKeyPair(C1, keys) of Algorithm 1b. */
int hpkm_aead_open_c1(struct hpkm_exchange *x, const u8 *frame)
{
	unsigned int matches = 0;
	u8 h0[HPKM_KEY_LEN];
	u8 unused;

	begin_transcript(h0, x->pair);
	for (unused = 0; unused < HPKM_ELEMENTS; unused++)
		matches += opens_with_pair(x, unused, h0, frame);
	if (matches != 1)
		return -ENOKEY;
	memcpy(x->share[INITIATOR], frame + SHARE_AT, HPKM_KEY_LEN);
	memcpy(x->transcript, h0, HPKM_KEY_LEN);
	hpkm_transcript_add(x->transcript, frame, AEAD_C1_LEN);
	return 0;
}

/* ---- C2 ---- */

/* s2: the unused element, the pair that was used, and dh. */
static void derive_s2(u8 out[HPKM_KEY_LEN], const struct hpkm_exchange *x, const u8 *frame,
		      const u8 dh[HPKM_KEY_LEN])
{
	u8 pair_key[HPKM_KEY_LEN], unused_key[HPKM_KEY_LEN];

	hpkm_epoch_key_pair(pair_key, &x->epoch, x->pair, x->a, x->b);
	hpkm_epoch_key_unused(unused_key, &x->epoch, x->pair, x->unused);
	hpkm_derive(out, unused_key, "s2", HPKM_KEY(x->transcript), HPKM_BYTES(frame, HELLO_LEN),
		    HPKM_KEY(pair_key), HPKM_KEY(dh));
	memzero_explicit(pair_key, sizeof(pair_key));
	memzero_explicit(unused_key, sizeof(unused_key));
}

static void c2_sealed(struct hpkm_sealed *sealed, const struct hpkm_exchange *x,
		      const u8 s2[HPKM_KEY_LEN])
{
	hpkm_derive(sealed->key, s2, "k2", HPKM_NOTHING);
	sealed->transcript = x->transcript;
	sealed->head_len = HELLO_LEN;
}

/* C2 has passed: s3, in place of s2. */
static void advance_to_s3(struct hpkm_exchange *x, const u8 *frame, const u8 s2[HPKM_KEY_LEN])
{
	memzero_explicit(x->ephemeral, sizeof(x->ephemeral));
	hpkm_transcript_add(x->transcript, frame, AEAD_C2_LEN);
	hpkm_derive(x->chain, s2, "s3", HPKM_KEY(x->transcript), HPKM_KEY(x->random_responder));
}

int hpkm_aead_make_c2(struct hpkm_exchange *x, u8 *frame)
{
	u8 dh[HPKM_KEY_LEN], s2[HPKM_KEY_LEN];
	struct hpkm_sealed sealed;
	int err;

	err = agree(x, x->share[INITIATOR], dh);
	if (!err) {
		make_share(x, x->share[RESPONDER]);
		hpkm_hd_write(frame, HPKM_C2, x->pair->suite->id, x->initiator_sid,
			      x->responder_sid);
		memcpy(frame + SHARE_AT, x->share[RESPONDER], HPKM_KEY_LEN);
		derive_s2(s2, x, frame, dh);
		c2_sealed(&sealed, x, s2);
		hpkm_sealed_make(&sealed, frame, x->random_responder, HPKM_KEY_LEN);
		advance_to_s3(x, frame, s2);
	}
	memzero_explicit(dh, sizeof(dh));
	memzero_explicit(s2, sizeof(s2));
	return err;
}

int hpkm_aead_open_c2(struct hpkm_exchange *x, const u8 *frame)
{
	u8 dh[HPKM_KEY_LEN], s2[HPKM_KEY_LEN], random[HPKM_KEY_LEN];
	struct hpkm_sealed sealed;
	int err;

	err = agree(x, frame + SHARE_AT, dh);
	if (!err) {
		derive_s2(s2, x, frame, dh);
		c2_sealed(&sealed, x, s2);
		err = hpkm_sealed_open(&sealed, frame, random, HPKM_KEY_LEN);
	}
	if (!err) {
		x->responder_sid = le32_to_cpu(((const struct hpkm_hd *)frame)->src_sid);
		memcpy(x->share[RESPONDER], frame + SHARE_AT, HPKM_KEY_LEN);
		memcpy(x->random_responder, random, HPKM_KEY_LEN);
		advance_to_s3(x, frame, s2);
	}
	memzero_explicit(dh, sizeof(dh));
	memzero_explicit(s2, sizeof(s2));
	memzero_explicit(random, sizeof(random));
	return err;
}

/* ---- C3 ---- */

/* C3 has passed: s4, in place of s3. */
static void advance_to_s4(struct hpkm_exchange *x, const u8 *frame)
{
	u8 all_key[HPKM_KEY_LEN];

	hpkm_transcript_add(x->transcript, frame, AEAD_C3_LEN);
	hpkm_epoch_key_all(all_key, &x->epoch, x->pair);
	hpkm_derive(x->chain, x->chain, "s4", HPKM_KEY(x->transcript),
		    HPKM_KEY(x->random_responder), HPKM_KEY(x->random_initiator),
		    HPKM_KEY(all_key));
	memzero_explicit(all_key, sizeof(all_key));
}

static void make_key_message(struct hpkm_exchange *x, u8 *frame, u8 type, u32 dst_sid,
			     const char *label, const u8 text[HPKM_KEY_LEN])
{
	struct hpkm_sealed sealed;

	hpkm_hd_write(frame, type, x->pair->suite->id, dst_sid, 0);
	sealed_by_chain(&sealed, x, label);
	hpkm_sealed_make(&sealed, frame, text, HPKM_KEY_LEN);
}

static int open_key_message(const struct hpkm_exchange *x, const u8 *frame, const char *label,
			    u8 text[HPKM_KEY_LEN])
{
	struct hpkm_sealed sealed;

	sealed_by_chain(&sealed, x, label);
	return hpkm_sealed_open(&sealed, frame, text, HPKM_KEY_LEN);
}

void hpkm_aead_make_c3(struct hpkm_exchange *x, u8 *frame)
{
	make_key_message(x, frame, HPKM_C3, x->responder_sid, "k3", x->random_initiator);
	advance_to_s4(x, frame);
}

int hpkm_aead_open_c3(struct hpkm_exchange *x, const u8 *frame)
{
	u8 random[HPKM_KEY_LEN];
	int err = open_key_message(x, frame, "k3", random);

	if (!err) {
		memcpy(x->random_initiator, random, HPKM_KEY_LEN);
		advance_to_s4(x, frame);
	}
	memzero_explicit(random, sizeof(random));
	return err;
}

/* ---- C4, C5 and ACK ---- */

void hpkm_aead_make_c4(struct hpkm_exchange *x, u8 *frame)
{
	make_key_message(x, frame, HPKM_C4, x->initiator_sid, "k4", x->challenge);
	hpkm_transcript_add(x->transcript, frame, AEAD_C3_LEN);
}

int hpkm_aead_open_c4(struct hpkm_exchange *x, const u8 *frame)
{
	u8 challenge[HPKM_KEY_LEN];
	int err = open_key_message(x, frame, "k4", challenge);

	if (!err) {
		memcpy(x->challenge, challenge, HPKM_KEY_LEN);
		hpkm_transcript_add(x->transcript, frame, AEAD_C3_LEN);
	}
	memzero_explicit(challenge, sizeof(challenge));
	return err;
}

void hpkm_aead_make_c5(struct hpkm_exchange *x, u8 *frame)
{
	make_key_message(x, frame, HPKM_C5, x->responder_sid, "k5", x->challenge);
	hpkm_transcript_add(x->transcript, frame, AEAD_C3_LEN);
}

/* V' = V? */
int hpkm_aead_open_c5(struct hpkm_exchange *x, const u8 *frame)
{
	u8 answer[HPKM_KEY_LEN];
	int err = open_key_message(x, frame, "k5", answer);

	if (!err && crypto_memneq(answer, x->challenge, HPKM_KEY_LEN))
		err = -EBADMSG;
	if (!err)
		hpkm_transcript_add(x->transcript, frame, AEAD_C3_LEN);
	memzero_explicit(answer, sizeof(answer));
	return err;
}

void hpkm_aead_make_ack(struct hpkm_exchange *x, u8 *frame)
{
	__le64 n = cpu_to_le64(x->epoch.n);
	struct hpkm_sealed sealed;

	hpkm_hd_write(frame, HPKM_ACK, x->pair->suite->id, x->initiator_sid, 0);
	sealed_by_chain(&sealed, x, "ack");
	hpkm_sealed_make(&sealed, frame, &n, sizeof(n));
}

int hpkm_aead_open_ack(struct hpkm_exchange *x, const u8 *frame)
{
	struct hpkm_sealed sealed;
	__le64 n;

	sealed_by_chain(&sealed, x, "ack");
	if (hpkm_sealed_open(&sealed, frame, &n, sizeof(n)) || le64_to_cpu(n) != x->epoch.n)
		return -EBADMSG;
	return 0;
}

/* S, and the session's keys from it. */
void hpkm_aead_derive(const struct hpkm_exchange *x, struct hpkm_session_keys *keys)
{
	u8 secret[HPKM_KEY_LEN], name[HPKM_KEY_LEN];

	hpkm_derive(secret, x->chain, "sess", HPKM_KEY(x->transcript), HPKM_KEY(x->challenge));
	hpkm_derive(keys->to_responder, secret, "i2r", HPKM_NOTHING);
	hpkm_derive(keys->to_initiator, secret, "r2i", HPKM_NOTHING);
	hpkm_derive(keys->update, secret, "upd", HPKM_NOTHING);
	hpkm_derive(name, secret, "sid", HPKM_NOTHING);
	memcpy(keys->sid, name, HPKM_SID_LEN);
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(name, sizeof(name));
}
