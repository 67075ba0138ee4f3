/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between suites, behind one table of functions a suite. */
#ifndef _HPKM_CORE_SUITE_H
#define _HPKM_CORE_SUITE_H

#include "element.h"
#include "log.h"

/**
 * struct hpkm_exchange - what one side of one key exchange knows so far
 * @pair: who the two are; not owned
 * @epoch: a copy of the epoch secret it runs under
 * @slot: where that epoch was when the exchange began
 * @initiator: this side sent C1
 * @a: the chosen pair's first element
 * @b: its second, @a < @b
 * @unused: the third
 * @initiator_sid: the initiator's session index
 * @responder_sid: the responder's
 * @hctr: suites 1 and 2: the initiator's handshake counter
 * @random_initiator: R_I
 * @random_responder: R_R
 * @challenge: V
 * @ephemeral: suites 1 and 2: this side's secret, wiped when it was used
 * @share: suites 1 and 2: E_I and E_R
 * @chain: suites 1 and 2: s2, s3 or s4
 * @transcript: suites 1 and 2: h1..h5
 *
 * Whoever owns it fills @pair, @epoch, @slot, @initiator and the randoms it
 * may need (hpkm_exchange_randoms()), and wipes it with memzero_explicit().
 */
struct hpkm_exchange {
	const struct hpkm_pair *pair;
	struct hpkm_epoch epoch;
	enum hpkm_epoch_slot slot;
	bool initiator;
	u8 a;
	u8 b;
	u8 unused;
	u32 initiator_sid;
	u32 responder_sid;
	u64 hctr;
	u8 random_initiator[HPKM_KEY_LEN];
	u8 random_responder[HPKM_KEY_LEN];
	u8 challenge[HPKM_KEY_LEN];
	u8 ephemeral[HPKM_KEY_LEN];
	u8 share[2][HPKM_KEY_LEN];
	u8 chain[HPKM_KEY_LEN];
	u8 transcript[HPKM_KEY_LEN];
};

/**
 * struct hpkm_session_keys - what an exchange ends in
 * @to_responder: the key of frames from initiator to responder
 * @to_initiator: the other direction's
 * @update: SU; zero in suite 0
 * @sid: names the session
 */
struct hpkm_session_keys {
	u8 to_responder[HPKM_KEY_LEN];
	u8 to_initiator[HPKM_KEY_LEN];
	u8 update[HPKM_KEY_LEN];
	u8 sid[HPKM_SID_LEN];
};

/**
 * struct hpkm_update - one history-based key update, as one side knows it
 * @pair: not owned
 * @epoch: a copy of the epoch secret that is current
 * @session_update: SU of the session it runs in
 * @uctr: the request's number in its session
 * @requester: this side sent U1
 * @rid: the record
 * @a: first element shown
 * @b: second, @a < @b
 * @c: the third, which the responder answers with
 * @x: the record's element digests
 * @random_requester: N_A (suites 1 and 2)
 * @random_responder: N_B (suites 1 and 2)
 * @transcript: tu (suites 1 and 2)
 * @next: epoch n + 1, once it is known
 */
struct hpkm_update {
	const struct hpkm_pair *pair;
	struct hpkm_epoch epoch;
	u8 session_update[HPKM_KEY_LEN];
	u32 uctr;
	bool requester;
	u8 rid[HPKM_RID_LEN];
	u8 a;
	u8 b;
	u8 c;
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
	u8 random_requester[HPKM_KEY_LEN];
	u8 random_responder[HPKM_KEY_LEN];
	u8 transcript[HPKM_KEY_LEN];
	struct hpkm_epoch next;
};

/* How a record that U1 asks for is looked for. */
struct hpkm_update_search {
	bool by_rid;
	u8 rid[HPKM_RID_LEN];
	u8 a;
	u8 b;
	u8 xa[HPKM_KEY_LEN];
	u8 xb[HPKM_KEY_LEN];
};

/**
 * struct hpkm_suite - one suite
 * @id: enum hpkm_suite_id
 * @name: as users write it
 * @insecure: a laboratory suite, warned about
 * @counts_attempts: C1 says hctr
 * @ephemeral_dh: C1 and C2 carry X25519 shares
 * @tag_len: octets that sealing adds to a DATA frame
 * @inner_min: inner contents are zero padded to this before sealing
 * @frame_len: octets of C1..C5 and ACK; index 0 is unused
 *
 * The make functions write one whole frame, header included, of
 * @frame_len octets.  The open functions take a frame whose header was checked
 * by hpkm_hd_check() and which has @frame_len octets at least; they return 0 or
 * a negative errno (-ENOKEY no or no single match, -EBADMSG does not open)
 * and then have changed nothing that matters: the exchange may go on with
 * another frame.  Only make_c1/open_c1 pick or find the pair (@a, @b, @unused
 * are chosen by the caller on the initiator's side).  None sleeps or locks.
 *
 * @c1_concerns: a cheap test whether C1 may be under this epoch
 * @derive: the session's keys, once C5 is verified or made
 * @seal: DATA in place: @frame has the header, @inner_len octets and room for
 *	@tag_len more
 * @open: the reverse; @sealed_len counts the tag.  0, -EBADMSG
 * @update_request_len, @update_answer_len, @update_finish_len: of U1, U2, U3
 * @make_update_request: U1 from uctr, epoch, rid, a, b, x and randoms
 * @parse_update_request: fills uctr, a, b, c and the search; *@n is the epoch
 *	it is for.  -EBADMSG for a bad length or pair
 * @accept_update_request: the record was found (x, rid): verify it and derive
 *	@next.  -EBADMSG
 * @make_update_answer: U2
 * @open_update_answer: the requester verifies U2 and derives @next.  -EBADMSG
 * @make_update_finish: U3
 * @open_update_finish: the responder verifies U3.  -EBADMSG
 */
struct hpkm_suite {
	u8 id;
	const char *name;
	bool insecure;
	bool counts_attempts;
	bool ephemeral_dh;
	u8 tag_len;
	u8 inner_min;
	u8 frame_len[HPKM_ACK + 1];

	bool (*c1_concerns)(const struct hpkm_epoch *epoch, const u8 *frame);
	void (*make_c1)(struct hpkm_exchange *x, u8 *frame);
	int (*open_c1)(struct hpkm_exchange *x, const u8 *frame);
	int (*make_c2)(struct hpkm_exchange *x, u8 *frame);
	int (*open_c2)(struct hpkm_exchange *x, const u8 *frame);
	void (*make_c3)(struct hpkm_exchange *x, u8 *frame);
	int (*open_c3)(struct hpkm_exchange *x, const u8 *frame);
	void (*make_c4)(struct hpkm_exchange *x, u8 *frame);
	int (*open_c4)(struct hpkm_exchange *x, const u8 *frame);
	void (*make_c5)(struct hpkm_exchange *x, u8 *frame);
	int (*open_c5)(struct hpkm_exchange *x, const u8 *frame);
	void (*make_ack)(struct hpkm_exchange *x, u8 *frame);
	int (*open_ack)(struct hpkm_exchange *x, const u8 *frame);
	void (*derive)(const struct hpkm_exchange *x, struct hpkm_session_keys *keys);

	void (*seal)(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t inner_len);
	int (*open)(const u8 key[HPKM_KEY_LEN], u64 counter, u8 *frame, size_t sealed_len);

	u8 update_request_len;
	u8 update_answer_len;
	u8 update_finish_len;
	void (*make_update_request)(struct hpkm_update *u, u8 *out);
	int (*parse_update_request)(struct hpkm_update *u, const u8 *in, size_t len, u64 *n,
				    struct hpkm_update_search *search);
	int (*accept_update_request)(struct hpkm_update *u, const u8 *in);
	void (*make_update_answer)(struct hpkm_update *u, u8 *out);
	int (*open_update_answer)(struct hpkm_update *u, const u8 *in, size_t len);
	void (*make_update_finish)(struct hpkm_update *u, u8 *out);
	int (*open_update_finish)(struct hpkm_update *u, const u8 *in, size_t len);
};

extern const struct hpkm_suite hpkm_suite_xor;
extern const struct hpkm_suite hpkm_suite_chacha20poly1305;
extern const struct hpkm_suite hpkm_suite_chacha20poly1305_x25519;

/* NULL for an id this build does not have. */
const struct hpkm_suite *hpkm_suite_by_id(u8 id);

#endif /* _HPKM_CORE_SUITE_H */
