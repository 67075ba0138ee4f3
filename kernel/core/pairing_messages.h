/* SPDX-License-Identifier: GPL-2.0 */
/*
 * P1..P6, made and opened: protocol section 4.  Everything here follows from
 * its arguments; the randoms, the clock and the place come from the caller.
 */
#ifndef _HPKM_CORE_PAIRING_MESSAGES_H
#define _HPKM_CORE_PAIRING_MESSAGES_H

#include "element.h"

/**
 * struct hpkm_pairing_run - what one side of one P1..P6 knows so far
 * @suite: the window's; only its id matters here
 * @initiator: this side is A, whose P1 began it
 * @id_a: the sender of P1
 * @id_b: the sender of P2
 * @shared: Z
 * @key: kp
 * @transcript: hp, then h, h4, h5
 * @offer_a: what P3 carries; A fills it before hpkm_pairing_make_p3()
 * @offer_b: what P4 carries; B fills it before hpkm_pairing_make_p4()
 *
 * The caller sets @suite and @initiator; hpkm_pairing_agree() sets what
 * follows from P1 and P2.  Whoever owns it wipes it with memzero_explicit().
 */
struct hpkm_pairing_run {
	const struct hpkm_suite *suite;
	bool initiator;
	u8 id_a[HPKM_ID_LEN];
	u8 id_b[HPKM_ID_LEN];
	u8 shared[HPKM_KEY_LEN];
	u8 key[HPKM_KEY_LEN];
	u8 transcript[HPKM_KEY_LEN];
	struct hpkm_pairing_offer offer_a;
	struct hpkm_pairing_offer offer_b;
};

void hpkm_pairing_generator(u8 generator[HPKM_KEY_LEN], const u8 sk[HPKM_SK_LEN]);
void hpkm_pairing_make_hello(u8 *frame, u8 type, const struct hpkm_suite *suite,
			     const u8 id[HPKM_ID_LEN], const u8 point[HPKM_KEY_LEN]);

int hpkm_pairing_agree(struct hpkm_pairing_run *run, const u8 sk[HPKM_SK_LEN],
		       const u8 scalar[HPKM_KEY_LEN], const u8 *p1, const u8 *p2);

void hpkm_pairing_make_p3(struct hpkm_pairing_run *run, u8 *frame);
int hpkm_pairing_open_p3(struct hpkm_pairing_run *run, const u8 *frame);
void hpkm_pairing_make_p4(struct hpkm_pairing_run *run, u8 *frame);
int hpkm_pairing_open_p4(struct hpkm_pairing_run *run, const u8 *frame);
void hpkm_pairing_make_p5(struct hpkm_pairing_run *run, u8 *frame);
int hpkm_pairing_open_p5(struct hpkm_pairing_run *run, const u8 *frame);
void hpkm_pairing_epoch(const struct hpkm_pairing_run *run, const u8 sk[HPKM_SK_LEN],
			struct hpkm_epoch *epoch);
void hpkm_pairing_make_p6(struct hpkm_pairing_run *run, u8 *frame);
int hpkm_pairing_open_p6(struct hpkm_pairing_run *run, const u8 *frame);

#endif /* _HPKM_CORE_PAIRING_MESSAGES_H */
