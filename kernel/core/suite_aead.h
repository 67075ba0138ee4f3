/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What suites 1 and 2 have in common: all but where the secret that C1 and C2
 * agree on comes from.  Protocol sections 5.2, 6 and 8.
 *
 *	suite_aead.c		DATA and the two tables
 *	aead_exchange.c		C1..C5, ACK, the session's keys
 *	aead_update.c		U1, U2, U3
 */
#ifndef _HPKM_CORE_SUITE_AEAD_H
#define _HPKM_CORE_SUITE_AEAD_H

#include "suite.h"

#define AEAD_C1_LEN	112
#define AEAD_C2_LEN	96
#define AEAD_C3_LEN	64	/* C4 and C5 too */
#define AEAD_ACK_LEN	40

#define AEAD_REQUEST_LEN \
	(HPKM_CONTROL_HEAD_LEN + 8 + HPKM_RID_LEN + 2 + 3 * HPKM_KEY_LEN)
#define AEAD_ANSWER_LEN	(HPKM_CONTROL_HEAD_LEN + 3 * HPKM_KEY_LEN)
#define AEAD_FINISH_LEN	(HPKM_CONTROL_HEAD_LEN + HPKM_KEY_LEN)

bool hpkm_aead_c1_concerns(const struct hpkm_epoch *epoch, const u8 *frame);
void hpkm_aead_make_c1(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_c1(struct hpkm_exchange *x, const u8 *frame);
int hpkm_aead_make_c2(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_c2(struct hpkm_exchange *x, const u8 *frame);
void hpkm_aead_make_c3(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_c3(struct hpkm_exchange *x, const u8 *frame);
void hpkm_aead_make_c4(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_c4(struct hpkm_exchange *x, const u8 *frame);
void hpkm_aead_make_c5(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_c5(struct hpkm_exchange *x, const u8 *frame);
void hpkm_aead_make_ack(struct hpkm_exchange *x, u8 *frame);
int hpkm_aead_open_ack(struct hpkm_exchange *x, const u8 *frame);
void hpkm_aead_derive(const struct hpkm_exchange *x, struct hpkm_session_keys *keys);

void hpkm_aead_make_update_request(struct hpkm_update *u, u8 *out);
int hpkm_aead_parse_update_request(struct hpkm_update *u, const u8 *in, size_t len, u64 *n,
				   struct hpkm_update_search *search);
int hpkm_aead_accept_update_request(struct hpkm_update *u, const u8 *in);
void hpkm_aead_make_update_answer(struct hpkm_update *u, u8 *out);
int hpkm_aead_open_update_answer(struct hpkm_update *u, const u8 *in, size_t len);
void hpkm_aead_make_update_finish(struct hpkm_update *u, u8 *out);
int hpkm_aead_open_update_finish(struct hpkm_update *u, const u8 *in, size_t len);

#endif /* _HPKM_CORE_SUITE_AEAD_H */
