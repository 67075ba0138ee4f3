// SPDX-License-Identifier: GPL-2.0
/* What must not pass in a key exchange of suites 1 and 2: protocol sections 5.2, 5.3 and 9. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <compat/unaligned.h>
#include <core/frame.h>
#include <core/hash.h>
#include <core/sealed.h>
#include "counted_dh.h"
#include "given_back.h"
#include "two_nodes.h"

/* Shorter than the first resend. */
#define SHORTLY		(10 * HPKM_MS)

static const struct hpkm_epoch *epoch_of(struct sim *sim, u32 node)
{
	return &sim->node[node].machine.durable.epoch[HPKM_EPOCH_CUR];
}

/* NULL before C1 has come. */
static struct hpkm_half_open *half_of(struct sim *sim)
{
	return sim->node[1].machine.half_open[0];
}

static struct hpkm_attempt *attempt_of(struct sim *sim)
{
	return &sim->node[0].machine.attempt;
}

static u32 receiver_of(u8 type)
{
	return type == HPKM_C1 || type == HPKM_C3 || type == HPKM_C5;
}

static size_t len_of(struct kunit *test, u8 type)
{
	return suite_of(test)->frame_len[type];
}

/* Node 0 begins, and this message does not arrive; it is in sim->last. */
static void hold(struct kunit *test, u8 type)
{
	struct sim *sim = sim_of(test);

	sim->drop_type = type;
	sim->drop_count = 1;
	sim_want(sim, 0);
	sim_run(sim, SHORTLY);
	KUNIT_ASSERT_EQ(test, sim->drop_count, 0);
}

static struct sim_view *view_new(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, view);
	return view;
}

/* ---- each octet ---- */

static void alter_each_bit(struct kunit *test, u8 type, struct sim_view *view)
{
	struct sim *sim = sim_of(test);
	u32 node = receiver_of(type), bit;
	u8 frame[HPKM_HANDSHAKE_MAX];

	memcpy(frame, sim->last[type], sizeof(frame));
	sim_look(sim, node, view);
	for (bit = 0; bit < len_of(test, type) * 8; bit++) {
		frame[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_NE_MSG(test, sim_give(sim, node, frame, len_of(test, type)), 0,
				    "type %u, bit %u", type, bit);
		KUNIT_EXPECT_TRUE_MSG(test, sim_untouched(sim, node, view), "type %u, bit %u",
				      type, bit);
		frame[bit / 8] ^= 1 << bit % 8;
	}
}

/* The genuine one still completes the exchange. */
static void each_bit_of_each_message_matters(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		hold(test, type);
		alter_each_bit(test, type, view);
		KUNIT_EXPECT_EQ(test, sim_give(sim, receiver_of(type), sim->last[type],
					       len_of(test, type)), 0);
		sim_run(sim, SHORTLY);
		KUNIT_ASSERT_TRUE_MSG(test, sim_connected(sim), "type %u", type);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_UP], type);
	}
}

static void shorter_messages_are_refused(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	size_t len;
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		u32 node = receiver_of(type);

		hold(test, type);
		sim_look(sim, node, view);
		for (len = 0; len < len_of(test, type); len++)
			KUNIT_EXPECT_NE(test, sim_give(sim, node, sim->last[type], len), 0);
		KUNIT_EXPECT_TRUE(test, sim_untouched(sim, node, view));
		sim_run(sim, HPKM_SECOND);
		KUNIT_ASSERT_TRUE(test, sim_connected(sim));
	}
}

/* Hashes and AD see the fixed size only. */
static void padding_is_no_part_of_a_message(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 frame[HPKM_HANDSHAKE_MAX + 9];
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		hold(test, type);
		memset(frame, 0xff, sizeof(frame));
		memcpy(frame, sim->last[type], len_of(test, type));
		KUNIT_EXPECT_EQ(test, sim_give(sim, receiver_of(type), frame, sizeof(frame)), 0);
		sim_run(sim, SHORTLY);
		KUNIT_ASSERT_TRUE_MSG(test, sim_connected(sim), "type %u", type);
	}
}

/* ---- the wrong time ---- */

static void expect_refused(struct kunit *test, u32 node, const u8 *frame, struct sim_view *view,
			   u8 held)
{
	struct sim *sim = sim_of(test);

	sim_look(sim, node, view);
	KUNIT_EXPECT_NE_MSG(test, sim_give(sim, node, frame, HPKM_HANDSHAKE_MAX), 0,
			    "type %u to node %u while %u is on its way", frame[0], node, held);
	KUNIT_EXPECT_TRUE_MSG(test, sim_untouched(sim, node, view),
			      "type %u to node %u while %u is on its way", frame[0], node, held);
}

/* A C1 that was seen before is answered then; see old_c1_is_answered_alone(). */
static bool nothing_half_open(struct sim *sim)
{
	return !sim->node[1].half_open;
}

/* An earlier exchange's messages, as they were and with the indices of this one. */
static void give_old(struct kunit *test, const u8 old[][HPKM_HANDSHAKE_MAX],
		     struct sim_view *view, u8 held)
{
	struct sim *sim = sim_of(test);
	const u32 index[2] = { attempt_of(sim)->x.initiator_sid,
			       half_of(sim) ? half_of(sim)->x.responder_sid : 0 };
	u8 frame[HPKM_HANDSHAKE_MAX];
	u32 node;
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		for (node = 0; node < 2; node++) {
			if (type == HPKM_C1 && node == 1 && nothing_half_open(sim))
				continue;
			memcpy(frame, old[type], sizeof(frame));
			expect_refused(test, node, frame, view, held);
			put_unaligned_le32(index[node], frame + offsetof(struct hpkm_hd, dst_sid));
			expect_refused(test, node, frame, view, held);
		}
	}
}

static void messages_of_another_exchange_are_refused(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	u8 (*old)[HPKM_HANDSHAKE_MAX] = kunit_kzalloc(test, (HPKM_ACK + 1) * sizeof(*old),
						      GFP_KERNEL);
	struct sim *sim = sim_of(test);
	u8 type;

	KUNIT_ASSERT_NOT_NULL(test, old);
	sim_connect(test);
	for (type = HPKM_C1; type <= HPKM_ACK; type++)
		memcpy(old[type], sim->last[type], sizeof(*old));
	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		/* Else the ACK of a C5 would be sent again. */
		sim_run(sim, HPKM_FINISHED_KEPT);
		hold(test, type);
		give_old(test, old, view, type);
		sim_run(sim, HPKM_SECOND);
		KUNIT_ASSERT_TRUE(test, sim_connected(sim));
	}
}

/* What was taken already: answered again if it was the last, else refused. */
static void messages_out_of_turn_change_nothing(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 held, type;

	for (held = HPKM_C2; held <= HPKM_ACK; held++) {
		hold(test, held);
		for (type = HPKM_C1; type < held; type++) {
			bool is_last = receiver_of(type) == 1 && type + 2 >= held;
			bool is_alone = type == HPKM_C1 && nothing_half_open(sim);
			u32 node = receiver_of(type);

			if (!is_last && !is_alone)
				expect_refused(test, node, sim->last[type], view, held);
			expect_refused(test, !node, sim->last[type], view, held);
		}
		sim_run(sim, HPKM_SECOND);
		KUNIT_ASSERT_TRUE(test, sim_connected(sim));
	}
}

/* A lost message goes again as it was, whoever has to notice. */
static void resends_are_the_same_octets(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 first[HPKM_HANDSHAKE_MAX];
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		u32 before = sim->sent[type];

		hold(test, type);
		memcpy(first, sim->last[type], sizeof(first));
		sim->drop_count = 1;
		sim_run(sim, HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->sent[type] - before, 3);
		KUNIT_EXPECT_EQ(test, memcmp(first, sim->last[type], len_of(test, type)), 0);
		KUNIT_ASSERT_TRUE_MSG(test, sim_connected(sim), "type %u", type);
	}
}

/* ---- C1: who says what to whom ---- */

/**
 * struct claim - what a C1 says under its seal
 */
struct claim {
	__le64 hctr;
	__le64 n;
	u8 initiator[HPKM_ID_LEN];
	u8 responder[HPKM_ID_LEN];
} __packed;

/* What node 0 says to node 1 in its first attempt. */
static struct claim honest_claim(struct sim *sim)
{
	const struct hpkm_pair *pair = &sim->node[0].machine.pair;
	struct claim claim = { .hctr = cpu_to_le64(1), .n = cpu_to_le64(epoch_of(sim, 0)->n) };

	memcpy(claim.initiator, pair->own, HPKM_ID_LEN);
	memcpy(claim.responder, pair->peer, HPKM_ID_LEN);
	return claim;
}

/* Who knows the elements can seal anything: protocol section 5.2, to the letter. */
static void forge_c1(struct sim *sim, const struct claim *claim, const u8 share[HPKM_KEY_LEN],
		     u8 *frame)
{
	const struct hpkm_pair *pair = &sim->node[0].machine.pair;
	u8 h0[HPKM_KEY_LEN], kab[HPKM_KEY_LEN];
	struct hpkm_sealed sealed = {
		.transcript = h0, .head_len = HPKM_HD_LEN + HPKM_KEY_LEN,
	};

	hpkm_hd_write(frame, HPKM_C1, pair->suite->id, 0, 7);
	memcpy(frame + HPKM_HD_LEN, share, HPKM_KEY_LEN);
	hpkm_hash(h0, HPKM_BYTES("hpkm1 v1", 8), HPKM_KEY(pair->name));
	hpkm_epoch_key_pair(kab, epoch_of(sim, 0), pair, 0, 2);
	hpkm_derive(sealed.key, kab, "c1", HPKM_KEY(h0),
		    HPKM_BYTES(frame, HPKM_HD_LEN + HPKM_KEY_LEN));
	hpkm_sealed_make(&sealed, frame, claim, sizeof(*claim));
}

static const u8 base_point[HPKM_KEY_LEN] = { 9 };

static int claim_to(struct sim *sim, u32 node, const struct claim *claim)
{
	u8 frame[HPKM_HANDSHAKE_MAX];

	forge_c1(sim, claim, base_point, frame);
	return sim_give(sim, node, frame, sizeof(frame));
}

static void expect_no_key(struct kunit *test, const struct claim *claim)
{
	struct sim *sim = sim_of(test);
	u32 before = dh_computed;

	KUNIT_EXPECT_EQ(test, claim_to(sim, 1, claim), -ENOKEY);
	KUNIT_EXPECT_EQ(test, dh_computed, before);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].machine.peer_hctr, 0);
}

static void claim_must_hold(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const struct claim honest = honest_claim(sim);
	struct claim claim = honest;
	size_t i;

	le64_add_cpu(&claim.n, 1);
	expect_no_key(test, &claim);
	for (i = 0; i < HPKM_ID_LEN; i++) {
		claim = honest;
		claim.initiator[i] ^= 1;
		expect_no_key(test, &claim);
		claim = honest;
		claim.responder[i] ^= 1;
		expect_no_key(test, &claim);
	}
	KUNIT_EXPECT_EQ(test, claim_to(sim, 1, &honest), 0);
	KUNIT_EXPECT_EQ(test, half_of(sim)->x.hctr, 1);
}

/* Both have the same keys, so only the ids tell a C1 from one's own. */
static void reflected_c1_is_refused(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct claim claim = honest_claim(sim);

	KUNIT_EXPECT_EQ(test, claim_to(sim, 0, &claim), -ENOKEY);
	memcpy(claim.responder, claim.initiator, HPKM_ID_LEN);
	expect_no_key(test, &claim);
	memcpy(claim.initiator, sim->node[1].machine.pair.own, HPKM_ID_LEN);
	expect_no_key(test, &claim);
	/* Own frames, by an echo on the cable. */
	sim->lose = 100;
	sim_want(sim, 1);
	sim_run(sim, SHORTLY);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, sim->last[HPKM_C1], HPKM_HANDSHAKE_MAX), -ENOKEY);
}

static void c1_between_others_is_refused(struct kunit *test)
{
	const u8 third[HPKM_ID_LEN] = { 3 };
	struct sim *sim = sim_of(test);
	struct hpkm_pair *pair = &sim->node[0].machine.pair;
	const struct hpkm_pair honest = *pair;
	u8 frame[HPKM_HANDSHAKE_MAX];

	hpkm_pair_init(pair, suite_of(test), honest.own, third);
	sim_make_c1(sim, 0, epoch_of(sim, 0), 7, 1, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), -ENOKEY);
	hpkm_pair_init(pair, suite_of(test), third, honest.peer);
	sim_make_c1(sim, 0, epoch_of(sim, 0), 7, 1, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), -ENOKEY);
	*pair = honest;
	sim_make_c1(sim, 0, epoch_of(sim, 0), 7, 1, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), 0);
}

/* The two suites share messages and sizes, but no key. */
static void c1_of_the_other_suite_is_refused(struct kunit *test)
{
	const struct hpkm_suite *other = hpkm_suite_by_id(HPKM_SUITE_CHACHA20POLY1305 +
							  HPKM_SUITE_CHACHA20POLY1305_X25519 -
							  suite_of(test)->id);
	struct sim *sim = sim_of(test);
	struct hpkm_pair *pair = &sim->node[0].machine.pair;
	const struct hpkm_pair honest = *pair;
	u8 frame[HPKM_HANDSHAKE_MAX];

	hpkm_pair_init(pair, other, honest.own, honest.peer);
	sim_make_c1(sim, 0, epoch_of(sim, 0), 7, 1, frame);
	KUNIT_EXPECT_NE(test, sim_give(sim, 1, frame, sizeof(frame)), 0);
	frame[offsetof(struct hpkm_hd, suite)] = suite_of(test)->id;
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), -ENOKEY);
	*pair = honest;
}

static void try_pair(struct kunit *test, u8 unused)
{
	struct sim *sim = sim_of(test);
	struct hpkm_exchange x = {
		.pair = &sim->node[0].machine.pair, .epoch = *epoch_of(sim, 0),
		.a = unused == 0, .b = unused == 2 ? 1 : 2, .unused = unused,
		.initiator_sid = 7, .hctr = unused + 1,
	};
	u8 frame[HPKM_HANDSHAKE_MAX];
	struct hpkm_half_open *half;

	suite_of(test)->make_c1(&x, frame);
	KUNIT_ASSERT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), 0);
	half = sim->node[1].machine.half_open[unused];
	KUNIT_EXPECT_EQ(test, half->x.a, x.a);
	KUNIT_EXPECT_EQ(test, half->x.b, x.b);
	KUNIT_EXPECT_EQ(test, half->x.unused, unused);
}

static void responder_finds_each_pair(struct kunit *test)
{
	u8 unused;

	for (unused = 0; unused < HPKM_ELEMENTS; unused++)
		try_pair(test, unused);
}

/* One element or the chain key is another: no exchange gets to its end. */
static void all_of_the_epoch_secret_is_needed(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch *epoch = &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];
	u8 *const part[] = { epoch->chain, epoch->x[0], epoch->x[1], epoch->x[2] };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		part[i][31] ^= 1;
		sim_want(sim, 0);
		sim_run(sim, 20 * HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_UP], 0);
		KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_SESSION_UP], 0);
		/* That the unused element is another shows in C2 at the latest. */
		KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C3], 0);
		part[i][31] ^= 1;
	}
	sim_run(sim, 60 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

/* ---- C5 and ACK: sealed as they should be, and yet wrong ---- */

static void answer_must_be_the_challenge(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct sim *sim = sim_of(test);
	u8 frame[HPKM_HANDSHAKE_MAX], h4[HPKM_KEY_LEN];
	struct hpkm_exchange x;
	size_t i;

	hold(test, HPKM_C4);
	x = attempt_of(sim)->x;
	KUNIT_ASSERT_EQ(test, suite->open_c4(&x, sim->last[HPKM_C4]), 0);
	memcpy(h4, x.transcript, sizeof(h4));
	for (i = 0; i < HPKM_KEY_LEN; i++) {
		x.challenge[i] ^= 1;
		suite->make_c5(&x, frame);
		KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), -EBADMSG);
		x.challenge[i] ^= 1;
		memcpy(x.transcript, h4, sizeof(h4));
	}
	KUNIT_EXPECT_NULL(test, sim_current(sim, 1));
	suite->make_c5(&x, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), 0);
}

static void ack_must_name_the_epoch(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct sim *sim = sim_of(test);
	u8 frame[HPKM_HANDSHAKE_MAX];
	struct hpkm_exchange x;

	hold(test, HPKM_C5);
	x = half_of(sim)->x;
	KUNIT_ASSERT_EQ(test, suite->open_c5(&x, sim->last[HPKM_C5]), 0);
	x.epoch.n++;
	suite->make_ack(&x, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 0, frame, sizeof(frame)), -EBADMSG);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 0));
	x.epoch.n--;
	suite->make_ack(&x, frame);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 0, frame, sizeof(frame)), 0);
}

/* ---- C1: its number ---- */

static int offer(struct sim *sim, u32 sid, u64 hctr)
{
	u8 frame[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, 0, epoch_of(sim, 0), sid, hctr, frame);
	return sim_give(sim, 1, frame, sizeof(frame));
}

static void old_c1_is_answered_alone(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *responder = &sim->node[1].machine;

	KUNIT_EXPECT_EQ(test, offer(sim, 1, 100), 0);
	KUNIT_EXPECT_EQ(test, offer(sim, 2, 100), -EBUSY);
	KUNIT_EXPECT_EQ(test, offer(sim, 3, 99), -EBUSY);
	KUNIT_EXPECT_EQ(test, offer(sim, 4, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, offer(sim, 5, 101), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 2);

	sim_run(sim, HPKM_HALF_OPEN_LIFE + HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	KUNIT_EXPECT_EQ(test, offer(sim, 6, 7), 0);
	KUNIT_EXPECT_EQ(test, responder->peer_hctr, 101);
	KUNIT_EXPECT_EQ(test, offer(sim, 7, 8), -EBUSY);
	KUNIT_EXPECT_EQ(test, offer(sim, 8, 102), 0);
}

/* Recorded C1s, as fast as they come, never keep a new attempt out. */
static void replays_leave_room_for_the_new_one(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 old[8][HPKM_HANDSHAKE_MAX];
	u32 i, round;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		sim_connect(test);
		memcpy(old[i], sim->last[HPKM_C1], sizeof(old[i]));
	}
	for (round = 0; round < 4; round++) {
		for (i = 0; i < ARRAY_SIZE(old); i++)
			sim_give(sim, 1, old[i], sizeof(old[i]));
		KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 1);
		sim_run(sim, SHORTLY);
	}
	sim_want(sim, 0);
	sim_run(sim, SHORTLY);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_SESSION_UP], ARRAY_SIZE(old) + 1);
}

/* After a restart attempts are counted anew, under a higher boot. */
static void number_rises_with_boots_and_attempts(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *initiator = &sim->node[0].machine;
	struct hpkm_machine *responder = &sim->node[1].machine;

	initiator->durable.boot = 5;
	sim_connect(test);
	KUNIT_EXPECT_EQ(test, responder->peer_hctr, 5ULL << 32 | 1);
	sim_connect(test);
	KUNIT_EXPECT_EQ(test, responder->peer_hctr, 5ULL << 32 | 2);
	initiator->start.sequence = 0;
	initiator->durable.boot = 6;
	sim_connect(test);
	KUNIT_EXPECT_EQ(test, responder->peer_hctr, 6ULL << 32 | 1);
}

/* Who had the old secret must not keep the peer out with a number of the future. */
static void update_forgets_the_number(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i, node;

	for (i = 0; i < 4; i++) {
		node = i % 2;
		sim_connect(test);
		/* Without U3 it is the next exchange that brings the new secret. */
		sim->drop_type = HPKM_U3;
		sim->drop_count = i < 2 ? 0 : 100;
		sim->node[0].machine.peer_hctr = U64_MAX;
		sim->node[1].machine.peer_hctr = U64_MAX;
		KUNIT_ASSERT_EQ(test, sim_update(sim, node, NULL), 0);
		sim_run(sim, 20 * HPKM_SECOND);
		KUNIT_EXPECT_TRUE(test, sim_connected(sim));
		/* Whichever side answered last knows that attempt, and no other. */
		KUNIT_EXPECT_LT(test, sim->node[0].machine.peer_hctr, U64_MAX);
		KUNIT_EXPECT_LT(test, sim->node[1].machine.peer_hctr, U64_MAX);
		KUNIT_EXPECT_GT(test, max(sim->node[0].machine.peer_hctr,
					  sim->node[1].machine.peer_hctr), 0);
	}
}

/* A new context is no place for the old one's numbers. */
static void pairing_forgets_the_number(struct kunit *test)
{
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	struct sim *sim = sim_of(test);
	struct hpkm_machine *responder = &sim->node[1].machine;
	u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	struct hpkm_epoch epoch = *epoch_of(sim, 1);

	KUNIT_EXPECT_EQ(test, offer(sim, 1, 100), 0);
	hpkm_machine_pairing_begin(responder, kids);
	hpkm_machine_pairing_replace(responder, &epoch, address, sim->now);
	hpkm_machine_pairing_end(responder, sim->now);
	KUNIT_EXPECT_EQ(test, responder->peer_hctr, 0);
	KUNIT_EXPECT_EQ(test, offer(sim, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, offer(sim, 3, 2), 0);
}

/* ---- the curve ---- */

/* All points whose order divides 8, and what is the same modulo the prime. */
static const u8 small_order[][HPKM_KEY_LEN] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
	  0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
	  0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
	  0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
	  0x11, 0x57 },
	{ 0xec, [1 ... 30] = 0xff, 0x7f },
	{ 0xed, [1 ... 30] = 0xff, 0x7f },
	{ 0xee, [1 ... 30] = 0xff, 0x7f },
};

/* C1 opens, so its sender has the elements, and is refused all the same. */
static void shares_of_small_order_lead_nowhere(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	const struct claim claim = honest_claim(sim);
	u8 frame[HPKM_HANDSHAKE_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(small_order); i++) {
		u32 before = dh_computed;

		forge_c1(sim, &claim, small_order[i], frame);
		sim_look(sim, 1, view);
		KUNIT_EXPECT_EQ_MSG(test, sim_give(sim, 1, frame, sizeof(frame)), -EKEYREJECTED,
				    "point %zu", i);
		KUNIT_EXPECT_TRUE_MSG(test, sim_untouched(sim, 1, view), "point %zu", i);
		KUNIT_EXPECT_EQ(test, dh_computed - before, 1);
	}
	KUNIT_EXPECT_EQ(test, claim_to(sim, 1, &claim), 0);
}

/* Sealed by somebody without the elements: no curve is worth that. */
static void unopened_c1_costs_no_dh(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 frame[HPKM_HANDSHAKE_MAX];
	u32 before = dh_computed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(small_order); i++) {
		const struct claim claim = honest_claim(sim);

		forge_c1(sim, &claim, small_order[i], frame);
		frame[HPKM_HD_LEN + HPKM_KEY_LEN] ^= 1;
		KUNIT_EXPECT_EQ(test, sim_give(sim, 1, frame, sizeof(frame)), -ENOKEY);
	}
	KUNIT_EXPECT_EQ(test, dh_computed, before);
	hold(test, HPKM_C1);
	before = dh_computed;
	memcpy(frame, sim->last[HPKM_C1], sizeof(frame));
	for (i = 0; i < sizeof(frame); i++) {
		frame[i] ^= 1;
		sim_give(sim, 1, frame, sizeof(frame));
		frame[i] ^= 1;
	}
	KUNIT_EXPECT_EQ(test, dh_computed, before);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void c1_without_an_answer_costs_no_dh(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct claim claim = honest_claim(sim);
	u32 before, i;

	KUNIT_EXPECT_EQ(test, offer(sim, 1, 1), 0);
	before = dh_computed;
	KUNIT_EXPECT_EQ(test, claim_to(sim, 1, &claim), -EBUSY);
	KUNIT_EXPECT_EQ(test, dh_computed, before);
	for (i = 2; i <= HPKM_HALF_OPEN_PEER; i++)
		KUNIT_EXPECT_EQ(test, offer(sim, i, i), 0);
	before = dh_computed;
	claim.hctr = cpu_to_le64(HPKM_HALF_OPEN_PEER);
	KUNIT_EXPECT_EQ(test, claim_to(sim, 1, &claim), -EBUSY);
	KUNIT_EXPECT_EQ(test, dh_computed, before);
}

/* The smaller id's is young. */
static void c1_beside_an_own_attempt_costs_no_dh(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 c1[HPKM_HANDSHAKE_MAX];
	u32 before;

	hold(test, HPKM_C1);
	sim_make_c1(sim, 1, epoch_of(sim, 1), 7, 1, c1);
	before = dh_computed;
	KUNIT_EXPECT_EQ(test, sim_give(sim, 0, c1, sizeof(c1)), -EBUSY);
	KUNIT_EXPECT_EQ(test, dh_computed, before);
}

static void repeated_c1_costs_no_dh(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 before;

	hold(test, HPKM_C2);
	before = dh_computed;
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, sim->last[HPKM_C1], HPKM_HANDSHAKE_MAX), 0);
	KUNIT_EXPECT_EQ(test, dh_computed, before);
}

static void exchange_computes_what_it_needs(struct kunit *test)
{
	u32 before = dh_computed;

	sim_connect(test);
	/* E and the agreement, on both sides. */
	KUNIT_EXPECT_EQ(test, dh_computed - before, suite_of(test)->ephemeral_dh ? 4 : 0);
}

static void c2_with_a_share_of_small_order_is_refused(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 frame[HPKM_HANDSHAKE_MAX];
	size_t i;

	hold(test, HPKM_C2);
	memcpy(frame, sim->last[HPKM_C2], sizeof(frame));
	sim_look(sim, 0, view);
	for (i = 0; i < ARRAY_SIZE(small_order); i++) {
		memcpy(frame + HPKM_HD_LEN, small_order[i], HPKM_KEY_LEN);
		KUNIT_EXPECT_EQ(test, sim_give(sim, 0, frame, sizeof(frame)), -EKEYREJECTED);
		KUNIT_EXPECT_TRUE(test, sim_untouched(sim, 0, view));
	}
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

/* ---- secrets ---- */

static bool is_zero(const u8 key[HPKM_KEY_LEN])
{
	return !memchr_inv(key, 0, HPKM_KEY_LEN);
}

static bool either_knows(const struct sim *sim, const u8 secret[HPKM_KEY_LEN])
{
	return sim_knows(sim, 0, secret) || sim_knows(sim, 1, secret);
}

static void ephemerals_go_with_their_use(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 secret[HPKM_KEY_LEN];

	hold(test, HPKM_C1);
	memcpy(secret, attempt_of(sim)->x.ephemeral, HPKM_KEY_LEN);
	KUNIT_EXPECT_FALSE(test, is_zero(secret));
	sim_give(sim, 1, sim->last[HPKM_C1], HPKM_HANDSHAKE_MAX);
	KUNIT_EXPECT_TRUE(test, is_zero(half_of(sim)->x.ephemeral));
	sim_run(sim, SHORTLY);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_FALSE(test, either_knows(sim, secret));

	hold(test, HPKM_C4);
	KUNIT_EXPECT_TRUE(test, is_zero(attempt_of(sim)->x.ephemeral));
	KUNIT_EXPECT_TRUE(test, is_zero(half_of(sim)->x.ephemeral));
}

/* Suite 1's is no secret: it is what C1 shows. */
static void ephemeral_is_not_shown(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 *share = sim->last[HPKM_C1] + HPKM_HD_LEN;
	u8 secret[HPKM_KEY_LEN];

	hold(test, HPKM_C1);
	memcpy(secret, attempt_of(sim)->x.ephemeral, HPKM_KEY_LEN);
	KUNIT_EXPECT_NE(test, memcmp(share, secret, HPKM_KEY_LEN), 0);
	sim_give(sim, 1, sim->last[HPKM_C1], HPKM_HANDSHAKE_MAX);
	sim->drop_type = HPKM_C3;
	sim->drop_count = 1;
	sim_run(sim, SHORTLY);
	KUNIT_EXPECT_EQ(test, attempt_of(sim)->state, HPKM_ATTEMPT_W4);
	KUNIT_EXPECT_FALSE(test, sim_knows(sim, 0, secret));
}

/* s3 gives way to s4, and s4 goes at INSTALL; with all randoms. */
static void chain_keys_go_with_their_step(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 s3[HPKM_KEY_LEN], s4[HPKM_KEY_LEN];
	struct hpkm_exchange x;

	hold(test, HPKM_C3);
	memcpy(s3, half_of(sim)->x.chain, HPKM_KEY_LEN);
	memcpy(s4, attempt_of(sim)->x.chain, HPKM_KEY_LEN);
	KUNIT_EXPECT_NE(test, memcmp(s3, s4, HPKM_KEY_LEN), 0);
	KUNIT_EXPECT_FALSE(test, sim_knows(sim, 0, s3));
	sim->drop_type = HPKM_ACK;
	sim->drop_count = 1;
	sim_give(sim, 1, sim->last[HPKM_C3], HPKM_HANDSHAKE_MAX);
	KUNIT_EXPECT_EQ(test, memcmp(half_of(sim)->x.chain, s4, HPKM_KEY_LEN), 0);
	KUNIT_EXPECT_FALSE(test, either_knows(sim, s3));

	sim_run(sim, SHORTLY);
	x = attempt_of(sim)->x;
	KUNIT_EXPECT_TRUE(test, sim_knows(sim, 0, s4));
	KUNIT_EXPECT_FALSE(test, sim_knows(sim, 1, s4));
	KUNIT_EXPECT_FALSE(test, sim_knows(sim, 1, x.challenge));
	sim_give(sim, 0, sim->last[HPKM_ACK], HPKM_HANDSHAKE_MAX);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_FALSE(test, either_knows(sim, s4));
	KUNIT_EXPECT_FALSE(test, either_knows(sim, x.challenge));
	KUNIT_EXPECT_FALSE(test, either_knows(sim, x.random_initiator));
	KUNIT_EXPECT_FALSE(test, either_knows(sim, x.random_responder));
}

/* An attempt that fails leaves nothing of itself, and the epoch as it was. */
static void failed_exchange_leaves_nothing(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_exchange x[2];
	u32 i;

	hold(test, HPKM_C5);
	sim->lose = 100;
	x[0] = attempt_of(sim)->x;
	x[1] = half_of(sim)->x;
	sim_run(sim, HPKM_ATTEMPT_FAILS);
	KUNIT_EXPECT_EQ(test, attempt_of(sim)->state, HPKM_ATTEMPT_NONE);
	sim->node[0].machine.linked = false;
	sim_run(sim, HPKM_HALF_OPEN_LIFE);
	KUNIT_EXPECT_NULL(test, half_of(sim));
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, either_knows(sim, x[i].chain));
		KUNIT_EXPECT_FALSE(test, either_knows(sim, x[i].challenge));
		KUNIT_EXPECT_FALSE(test, either_knows(sim, x[i].random_initiator));
		KUNIT_EXPECT_FALSE(test, either_knows(sim, x[i].random_responder));
		KUNIT_EXPECT_EQ(test, memcmp(&x[i].epoch, epoch_of(sim, i), sizeof(x[i].epoch)),
				0);
	}
}

#define EXCHANGES	40

struct trace {
	u8 share[2][HPKM_KEY_LEN];
	u8 sealed[2][HPKM_KEY_LEN];
	struct hpkm_session_keys keys;
};

static void trace_one(struct kunit *test, struct trace *trace)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	memcpy(trace->share[0], sim->last[HPKM_C1] + HPKM_HD_LEN, HPKM_KEY_LEN);
	memcpy(trace->share[1], sim->last[HPKM_C2] + HPKM_HD_LEN, HPKM_KEY_LEN);
	memcpy(trace->sealed[0], sim->last[HPKM_C1] + HPKM_HD_LEN + HPKM_KEY_LEN, HPKM_KEY_LEN);
	memcpy(trace->sealed[1], sim->last[HPKM_C2] + HPKM_HD_LEN + HPKM_KEY_LEN, HPKM_KEY_LEN);
	trace->keys = sim_current(sim, 0)->keys;
}

/* Each row of 32 octets differs from each other, in this exchange and in all. */
static bool rows_differ(const struct trace *trace, u32 traces)
{
	const size_t rows = offsetof(struct trace, keys.sid) / HPKM_KEY_LEN;
	size_t i, j;

	for (i = 0; i < traces * rows; i++)
		for (j = 0; j < i; j++)
			if (!memcmp((const u8 *)&trace[i / rows] + i % rows * HPKM_KEY_LEN,
				    (const u8 *)&trace[j / rows] + j % rows * HPKM_KEY_LEN,
				    HPKM_KEY_LEN))
				return false;
	return true;
}

/* Only three selections of elements exist, so many of these had the same. */
static void exchanges_have_nothing_in_common(struct kunit *test)
{
	struct trace *trace = kunit_kcalloc(test, EXCHANGES, sizeof(*trace), GFP_KERNEL);
	u32 i, j;

	KUNIT_ASSERT_NOT_NULL(test, trace);
	for (i = 0; i < EXCHANGES; i++)
		trace_one(test, &trace[i]);
	KUNIT_EXPECT_TRUE(test, rows_differ(trace, EXCHANGES));
	for (i = 0; i < EXCHANGES; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, memcmp(trace[i].keys.sid, trace[j].keys.sid,
						     HPKM_SID_LEN), 0);
}

/* ---- DATA ---- */

static void each_bit_of_data_matters(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	const u8 key[HPKM_KEY_LEN] = { 1 }, other[HPKM_KEY_LEN] = { 2 };
	const size_t inner = 50, sealed = inner + suite->tag_len;
	u8 frame[HPKM_HD_LEN + 50 + HPKM_TAG_LEN], copy[sizeof(frame)];
	size_t bit, len;

	hpkm_hd_write_data(frame, suite->id, 0x11223344, 5);
	memset(frame + HPKM_HD_LEN, 0x77, inner);
	suite->seal(key, 5, frame, inner);
	for (bit = 0; bit < sizeof(frame) * 8; bit++) {
		memcpy(copy, frame, sizeof(frame));
		copy[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, suite->open(key, 5, copy, sealed), -EBADMSG,
				    "bit %zu", bit);
	}
	for (len = 0; len < sealed; len++) {
		memcpy(copy, frame, sizeof(frame));
		KUNIT_EXPECT_EQ_MSG(test, suite->open(key, 5, copy, len), -EBADMSG, "%zu", len);
	}
	KUNIT_EXPECT_EQ(test, suite->open(other, 5, frame, sealed), -EBADMSG);
	KUNIT_EXPECT_EQ(test, suite->open(key, 4, frame, sealed), -EBADMSG);
	KUNIT_EXPECT_EQ(test, suite->open(key, 5 + (1ULL << 32), frame, sealed), -EBADMSG);
	KUNIT_EXPECT_EQ(test, suite->open(key, 5, frame, sealed), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(frame + HPKM_HD_LEN, 0x77, inner));
}

static struct kunit_case cases[] = {
	EACH_REAL_SUITE(each_bit_of_each_message_matters),
	EACH_REAL_SUITE(shorter_messages_are_refused),
	EACH_REAL_SUITE(padding_is_no_part_of_a_message),
	EACH_REAL_SUITE(messages_of_another_exchange_are_refused),
	EACH_REAL_SUITE(messages_out_of_turn_change_nothing),
	EACH_REAL_SUITE(resends_are_the_same_octets),
	EACH_REAL_SUITE(claim_must_hold),
	EACH_REAL_SUITE(reflected_c1_is_refused),
	EACH_REAL_SUITE(c1_between_others_is_refused),
	EACH_REAL_SUITE(c1_of_the_other_suite_is_refused),
	EACH_REAL_SUITE(responder_finds_each_pair),
	EACH_REAL_SUITE(all_of_the_epoch_secret_is_needed),
	EACH_REAL_SUITE(answer_must_be_the_challenge),
	EACH_REAL_SUITE(ack_must_name_the_epoch),
	EACH_REAL_SUITE(old_c1_is_answered_alone),
	EACH_REAL_SUITE(replays_leave_room_for_the_new_one),
	EACH_REAL_SUITE(number_rises_with_boots_and_attempts),
	EACH_REAL_SUITE(update_forgets_the_number),
	EACH_REAL_SUITE(pairing_forgets_the_number),
	ONLY_SUITE_X25519(shares_of_small_order_lead_nowhere),
	ONLY_SUITE_X25519(unopened_c1_costs_no_dh),
	ONLY_SUITE_X25519(c1_without_an_answer_costs_no_dh),
	ONLY_SUITE_X25519(c1_beside_an_own_attempt_costs_no_dh),
	ONLY_SUITE_X25519(repeated_c1_costs_no_dh),
	EACH_REAL_SUITE(exchange_computes_what_it_needs),
	ONLY_SUITE_X25519(c2_with_a_share_of_small_order_is_refused),
	EACH_REAL_SUITE(ephemerals_go_with_their_use),
	ONLY_SUITE_X25519(ephemeral_is_not_shown),
	EACH_REAL_SUITE(chain_keys_go_with_their_step),
	EACH_REAL_SUITE(failed_exchange_leaves_nothing),
	EACH_REAL_SUITE(exchanges_have_nothing_in_common),
	EACH_REAL_SUITE(each_bit_of_data_matters),
	{}
};

static struct kunit_suite aead_exchange_suite = {
	.name = "hpkm-aead-exchange",
	.init = sim_init,
	.exit = sim_exit,
	.test_cases = cases,
};

kunit_test_suite(aead_exchange_suite);
