// SPDX-License-Identifier: GPL-2.0
/* The commit machine, row by row: protocol sections 5.3 and 8. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <core/machine_parts.h>
#include "two_nodes.h"

/* ---- exchanges ---- */

static void exchange_completes_either_way(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 node;

	for (node = 0; node < 2; node++) {
		sim_want(sim, node);
		sim_run(sim, HPKM_SECOND);
		KUNIT_EXPECT_TRUE(test, sim_connected(sim));
		KUNIT_EXPECT_TRUE(test, sim_current(sim, node)->session.initiator);
		KUNIT_EXPECT_EQ(test, sim->node[node].events[HPKM_MACHINE_SESSION_UP], node + 1);
	}
}

static void exchange_sends_each_message_once(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 type;

	sim_connect(test);
	for (type = HPKM_C1; type <= HPKM_ACK; type++)
		KUNIT_EXPECT_EQ(test, sim->sent[type], 1);
}

static void exchange_survives_any_lost_message(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 type;

	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		u8 before[HPKM_SID_LEN] = {};

		if (sim_current(sim, 0))
			memcpy(before, sim_current(sim, 0)->session.sid, HPKM_SID_LEN);
		sim->drop_type = type;
		sim->drop_count = 1;
		sim_want(sim, 0);
		sim_run(sim, HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->drop_count, 0);
		KUNIT_EXPECT_TRUE_MSG(test, sim_connected(sim), "type %u", type);
		KUNIT_EXPECT_NE(test, memcmp(before, sim_current(sim, 0)->session.sid,
					     HPKM_SID_LEN), 0);
	}
}

static void exchange_fails_in_silence_and_backs_off(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch before = sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];

	sim->lose = 100;
	sim_want(sim, 0);
	sim_run(sim, HPKM_ATTEMPT_FAILS + HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 3);
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.attempt.state, HPKM_ATTEMPT_NONE);
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.start.failures, 1);
	KUNIT_EXPECT_GE(test, sim->node[0].machine.start.backoff_until, sim->now);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR],
				     sizeof(before)), 0);

	/* After eight failures the waits grow, up to half a minute. */
	sim_run(sim, 600 * HPKM_SECOND);
	KUNIT_EXPECT_GT(test, sim->node[0].machine.start.failures, HPKM_BACKOFF_STEADY);
	KUNIT_EXPECT_LT(test, sim->sent[HPKM_C1], 3 * 60);
	sim->lose = 0;
	sim_run(sim, HPKM_BACKOFF_MAX + 2 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void new_attempt_has_new_randoms(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 first_sid;

	sim->lose = 100;
	sim_want(sim, 0);
	sim_run(sim, HPKM_MS);
	first_sid = sim->node[0].machine.attempt.x.initiator_sid;
	sim_run(sim, 5 * HPKM_SECOND);
	KUNIT_EXPECT_NE(test, sim->node[0].machine.attempt.x.initiator_sid, first_sid);
}

static void simultaneous_starts_agree(struct kunit *test)
{
	u64 seed;

	for (seed = 1; seed < 40; seed++) {
		struct sim *sim = sim_create(suite_of(test), seed);

		KUNIT_ASSERT_NOT_NULL(test, sim);
		sim->delay = seed * 10 * HPKM_MS;
		sim_want(sim, 0);
		sim_want(sim, 1);
		sim_run(sim, 8 * HPKM_SECOND);
		KUNIT_EXPECT_TRUE_MSG(test, sim_connected(sim), "seed %llu", seed);
		hpkm_machine_unlink(&sim->node[0].machine, "done");
		hpkm_machine_unlink(&sim->node[1].machine, "done");
		sim_destroy(sim);
	}
}

static void repeated_c1_gets_the_same_c2(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 c2[HPKM_HANDSHAKE_MAX];

	sim->drop_type = HPKM_C2;
	sim->drop_count = 1;
	sim_want(sim, 0);
	sim_run(sim, 10 * HPKM_MS);
	memcpy(c2, sim->last[HPKM_C2], sizeof(c2));
	sim_run(sim, HPKM_RESEND_1 + 2 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 2);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C2], 2);
	KUNIT_EXPECT_EQ(test, memcmp(c2, sim->last[HPKM_C2], sizeof(c2)), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
}

static void finished_exchange_answers_c5_for_five_seconds(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 src[HPKM_ADDRESS_LEN] = { 2 };
	struct hpkm_machine *responder = &sim->node[1].machine;

	sim_connect(test);
	KUNIT_EXPECT_EQ(test, hpkm_machine_handshake(responder, sim->last[HPKM_C5], src, sim->now),
			0);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_ACK], 2);
	sim_run(sim, HPKM_FINISHED_KEPT);
	KUNIT_EXPECT_NE(test, hpkm_machine_handshake(responder, sim->last[HPKM_C5], src, sim->now),
			0);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_ACK], 2);
}

static void wrong_c5_changes_nothing(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 src[HPKM_ADDRESS_LEN] = { 2 };
	u8 forged[HPKM_HANDSHAKE_MAX];

	sim->drop_type = HPKM_C5;
	sim->drop_count = 1;
	sim_want(sim, 0);
	sim_run(sim, 100 * HPKM_MS);
	memcpy(forged, sim->last[HPKM_C5], sizeof(forged));
	forged[HPKM_HD_LEN] ^= 1;
	KUNIT_EXPECT_EQ(test, hpkm_machine_handshake(&sim->node[1].machine, forged, src, sim->now),
			-EBADMSG);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 1));
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void second_c2_is_ignored(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 src[HPKM_ADDRESS_LEN] = { 2 };
	u8 other[HPKM_HANDSHAKE_MAX];

	sim->drop_type = HPKM_C3;
	sim->drop_count = 1;
	sim_want(sim, 0);
	sim_run(sim, 100 * HPKM_MS);
	memcpy(other, sim->last[HPKM_C2], sizeof(other));
	other[HPKM_HD_LEN] ^= 1;
	KUNIT_EXPECT_EQ(test, hpkm_machine_handshake(&sim->node[0].machine, other, src, sim->now),
			-EPROTO);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static struct hpkm_epoch next_epoch(struct sim *sim, u32 node)
{
	struct hpkm_epoch epoch = sim->node[node].machine.durable.epoch[HPKM_EPOCH_CUR];

	epoch.n++;
	hpkm_element(epoch.x[0], 0, "other", 5);
	hpkm_epoch_name(&epoch, &sim->node[node].machine.pair);
	return epoch;
}

static int give_c1(struct sim *sim, u32 node, const u8 *c1)
{
	const u8 src[HPKM_ADDRESS_LEN] = { 2 };

	return hpkm_machine_c1(&sim->node[node].machine, c1, src, sim->now);
}

/* Both epochs have the two elements that it is made of. */
static void c1_of_another_epoch_is_not_ours(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch other = next_epoch(sim, 0);
	u8 c1[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, 0, &other, 7, 1, c1);
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), -ENOKEY);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT] = other;
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 1);
}

static void c1_of_two_epochs_is_refused(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch *epoch = sim->node[1].machine.durable.epoch;
	u8 c1[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, 0, &epoch[HPKM_EPOCH_CUR], 7, 1, c1);
	epoch[HPKM_EPOCH_NEXT] = epoch[HPKM_EPOCH_CUR];
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), -ENOKEY);
	hpkm_epoch_drop(&sim->node[1].machine, HPKM_EPOCH_NEXT);
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), 0);
}

static void altered_c1_is_not_ours(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 c1[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, 0, &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR], 7, 1, c1);
	c1[offsetof(struct hpkm_hd, tag)] ^= 1;
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), -ENOKEY);
	c1[offsetof(struct hpkm_hd, tag)] ^= 1;
	c1[HPKM_HD_LEN] ^= 1;
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), -ENOKEY);
	c1[HPKM_HD_LEN] ^= 1;
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), 0);
}

static void c1_without_an_index_is_refused(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 c1[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, 0, &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR], 0, 1, c1);
	KUNIT_EXPECT_EQ(test, give_c1(sim, 1, c1), -EBADMSG);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].sids, 0);
}

/* Each is a new attempt: more of them than any device would make. */
static int offer_c1_to(struct sim *sim, u32 node, u32 sid)
{
	const struct hpkm_machine *machine = &sim->node[node].machine;
	u8 c1[HPKM_HANDSHAKE_MAX];

	sim_make_c1(sim, !node, &machine->durable.epoch[HPKM_EPOCH_CUR], sid,
		    machine->peer_hctr + 1, c1);
	return give_c1(sim, node, c1);
}

static int offer_c1(struct sim *sim, u32 sid)
{
	return offer_c1_to(sim, 1, sid);
}

static void half_open_exchanges_are_bounded(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i;

	/* A higher hctr can only be the peer's, who has given up those before. */
	for (i = 1; i <= HPKM_HALF_OPEN_PEER; i++)
		KUNIT_EXPECT_EQ(test, offer_c1(sim, i), 0);
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 100), suite_of(test)->counts_attempts ? 0 : -EBUSY);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, HPKM_HALF_OPEN_PEER);
	/* Older than a second: the oldest gives way. */
	sim_run(sim, HPKM_HALF_OPEN_SAFE + 2 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 101), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, HPKM_HALF_OPEN_PEER);
	sim_run(sim, HPKM_HALF_OPEN_LIFE + HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
}

static void flood_of_c1_leaves_the_session(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i;

	sim_connect(test);
	for (i = 1; i <= 200; i++)
		offer_c1(sim, i);
	sim_run(sim, HPKM_HALF_OPEN_LIFE + HPKM_MS);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_SESSION_LOST], 0);
}

static void data_under_new_keys_stands_for_the_ack(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *initiator = &sim->node[0].machine;

	sim->drop_type = HPKM_ACK;
	sim->drop_count = 100;
	sim_want(sim, 0);
	sim_run(sim, 100 * HPKM_MS);
	KUNIT_ASSERT_NOT_NULL(test, initiator->next);
	KUNIT_EXPECT_NULL(test, initiator->current_session);
	hpkm_machine_first_data(initiator, initiator->next->own_sid + 1, sim->now);
	KUNIT_EXPECT_NULL(test, initiator->current_session);
	hpkm_machine_first_data(initiator, initiator->next->own_sid, sim->now);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void session_without_memory_is_tried_again(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 node;

	for (node = 0; node < 2; node++) {
		u32 up = sim->node[0].events[HPKM_MACHINE_SESSION_UP];

		sim->node[node].no_sessions = true;
		sim_want(sim, 0);
		sim_run(sim, HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_UP], up);
		sim->node[node].no_sessions = false;
		sim_run(sim, 10 * HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_UP], up + 1);
		KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	}
}

/* The session takes part in updates until an attempt begins. */
static void start_without_memory_changes_nothing(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *node = &sim->node[0];
	const char *why;

	sim_connect(test);
	node->no_sids = true;
	KUNIT_EXPECT_EQ(test, hpkm_machine_exchange(&node->machine, sim->now, &why), 0);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_FALSE(test, sim_current(sim, 0)->session.barred);
	KUNIT_EXPECT_EQ(test, node->events[HPKM_MACHINE_SESSION_UP], 1);
	node->no_sids = false;
	sim_run(sim, 10 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, node->events[HPKM_MACHINE_SESSION_UP], 2);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void smaller_id_keeps_its_young_attempt(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim->lose = 100;
	sim_want(sim, 1);
	sim_run(sim, HPKM_MS);
	sim_want(sim, 0);
	sim_run(sim, HPKM_MS);
	/* The larger id answers although its own attempt runs. */
	KUNIT_EXPECT_EQ(test, offer_c1_to(sim, 1, 7), 0);
	KUNIT_EXPECT_EQ(test, offer_c1_to(sim, 0, 7), -EBUSY);
	sim_run(sim, HPKM_ATTEMPT_FAILS);
	KUNIT_EXPECT_EQ(test, offer_c1_to(sim, 0, 7), 0);
}

/* An undecided update: whatever the other side did, one of two attempts fits. */
static void attempts_take_turns_between_next_and_cur(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch *own = sim->node[1].machine.durable.epoch;

	own[HPKM_EPOCH_NEXT] = next_epoch(sim, 1);
	sim_want(sim, 1);
	sim_run(sim, 10 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, own[HPKM_EPOCH_CUR].n, 0);
	KUNIT_EXPECT_FALSE(test, own[HPKM_EPOCH_NEXT].present);

	own[HPKM_EPOCH_NEXT] = next_epoch(sim, 1);
	sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR] = own[HPKM_EPOCH_NEXT];
	sim_want(sim, 1);
	sim_run(sim, 10 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, own[HPKM_EPOCH_CUR].n, 1);
}

/* ---- sessions ---- */

static void initiator_rekeys_only_when_data_passed(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim_run(sim, (HPKM_REKEY_S + 20) * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 1);
	sim_data_passed(sim, 0);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 2);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_current(sim, 0)->session.initiator);
}

/* Whose index is drawn high does so early, by up to an eighth of the time. */
static void initiator_of_index_rekeys_at(struct kunit *test, u32 own_sid, u64 age)
{
	struct sim *sim = sim_of(test);

	sim->node[0].next_sid = own_sid - 1;
	sim_connect(test);
	sim_data_passed(sim, 0);
	sim_run(sim, sim_current(sim, 0)->session.installed_at + age - HPKM_SECOND / 2 - sim->now);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 1);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 2);
}

static void initiator_of_a_high_index_rekeys_first(struct kunit *test)
{
	initiator_of_index_rekeys_at(test, 0xfffffff0, 105 * HPKM_SECOND);
}

static void initiator_of_a_middling_index_rekeys_next(struct kunit *test)
{
	initiator_of_index_rekeys_at(test, 0x80000000, 112 * HPKM_SECOND + HPKM_SECOND / 2);
}

static void initiator_of_a_low_index_rekeys_last(struct kunit *test)
{
	initiator_of_index_rekeys_at(test, 1, 120 * HPKM_SECOND);
}

static void responder_rekeys_a_little_later(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim_data_passed(sim, 1);
	sim_run(sim, HPKM_REKEY_S * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 1);
	sim_run(sim, 16 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 2);
	KUNIT_EXPECT_TRUE(test, sim_current(sim, 1)->session.initiator);
}

static void keys_are_refused_at_the_end_of_their_life(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	KUNIT_EXPECT_EQ(test, sim_current(sim, 0)->session.ends_at -
			sim_current(sim, 0)->session.installed_at, 180 * HPKM_SECOND);
	sim_run(sim, 178 * HPKM_SECOND);
	KUNIT_EXPECT_NOT_NULL(test, sim_current(sim, 0));
	sim_run(sim, 2 * HPKM_SECOND);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 0));
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_LOST], 1);
}

static void replaced_session_receives_for_five_seconds(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_session *old;

	sim_connect(test);
	old = &sim_current(sim, 0)->session;
	sim_connect(test);
	KUNIT_ASSERT_PTR_EQ(test, sim->node[0].machine.old[0], old);
	KUNIT_EXPECT_EQ(test, old->state, HPKM_SESSION_STATE_REPLACED);
	KUNIT_EXPECT_TRUE(test, old->barred);
	sim_run(sim, HPKM_DRAIN);
	KUNIT_EXPECT_NULL(test, sim->node[0].machine.old[0]);
}

/* The other has installed what this attempt has come to, and sends in it. */
static void session_of_a_failed_attempt_receives(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *initiator = &sim->node[0].machine;
	struct hpkm_session *given_up;

	sim_connect(test);
	sim->drop_type = HPKM_ACK;
	sim->drop_count = 3;
	sim_want(sim, 0);
	sim_run(sim, HPKM_SECOND);
	given_up = initiator->next;
	KUNIT_ASSERT_NOT_NULL(test, given_up);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_NULL(test, initiator->next);
	KUNIT_ASSERT_PTR_EQ(test, initiator->old[0], given_up);
	KUNIT_EXPECT_EQ(test, given_up->state, HPKM_SESSION_STATE_REPLACED);
	KUNIT_EXPECT_TRUE(test, given_up->barred);
	KUNIT_EXPECT_GE(test, given_up->ends_at,
			sim_current(sim, 1)->session.installed_at + HPKM_DRAIN);
	sim_run(sim, HPKM_DRAIN + HPKM_SECOND);
	KUNIT_EXPECT_NULL(test, initiator->old[0]);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

/* Whichever side installed first, what the other sends last finds its session. */
static void sending_ends_before_the_other_side_does(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_session *one, *other;
	u32 lost;

	for (lost = 0; lost < 3; lost++) {
		sim->drop_type = HPKM_ACK;
		sim->drop_count = lost;
		sim_connect(test);
		one = &sim_current(sim, 0)->session;
		other = &sim_current(sim, 1)->session;
		KUNIT_EXPECT_LT(test, one->send_until, other->ends_at);
		KUNIT_EXPECT_LT(test, other->send_until, one->ends_at);
		KUNIT_EXPECT_EQ(test, other->send_until - other->installed_at, 165 * HPKM_SECOND);
	}
}

static void many_rekeys_keep_few_sessions(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i;

	for (i = 0; i < 50; i++) {
		sim_want(sim, i % 2);
		sim_run(sim, 50 * HPKM_MS);
		KUNIT_ASSERT_TRUE(test, sim_connected(sim));
	}
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_UP], 50);
}

static void keepalive_after_two_seconds(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim_current(sim, 0)->traffic.unreplied_since = sim->now;
	sim_run(sim, HPKM_KEEPALIVE - HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[0].bare, 0);
	sim_run(sim, 2 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[0].bare, 1);
	KUNIT_EXPECT_EQ(test, sim->node[1].bare, 0);
}

static void dead_peer_after_five_seconds(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim_current(sim, 0)->traffic.unanswered_since = sim->now;
	sim_run(sim, HPKM_DEAD_PEER - HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 1);
	sim->lose = 100;
	sim_run(sim, 10 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_C1], 2);
	KUNIT_EXPECT_NOT_NULL(test, sim_current(sim, 0));
	KUNIT_EXPECT_TRUE(test, sim_current(sim, 0)->session.barred);
}

static void unlink_ends_everything(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim_want(sim, 0);
	sim->lose = 100;
	sim_run(sim, 10 * HPKM_MS);
	hpkm_machine_unlink(&sim->node[0].machine, "gone");
	KUNIT_EXPECT_EQ(test, sim->node[0].sids, 0);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_SESSION_LOST], 1);
	KUNIT_EXPECT_EQ(test, hpkm_machine_deadline(&sim->node[0].machine), HPKM_NEVER);
	KUNIT_EXPECT_TRUE(test, sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].present);
}

/* ---- updates ---- */

static void updated(struct kunit *test, u64 epoch)
{
	struct sim *sim = sim_of(test);

	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].n, epoch);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_EQ(test, sim_current(sim, 0)->session.epoch_n, epoch);
	KUNIT_EXPECT_FALSE(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT].present);
}

static void update_replaces_the_triple_and_the_session(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 node;

	sim_connect(test);
	for (node = 0; node < 2; node++) {
		KUNIT_ASSERT_EQ(test, sim_update(sim, node, NULL), 0);
		sim_run(sim, HPKM_SECOND);
		updated(test, node + 1);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_DONE], node + 1);
		KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_UPDATE_DONE], node + 1);
		KUNIT_EXPECT_EQ(test, hpkm_log_count(sim->node[0].log), SIM_RECORDS - node - 1);
		KUNIT_EXPECT_EQ(test, hpkm_log_count(sim->node[1].log), SIM_RECORDS - node - 1);
		KUNIT_EXPECT_TRUE(test, sim_current(sim, node)->session.initiator);
	}
}

static void update_uses_the_record_asked_for(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 rid[HPKM_RID_LEN] = { 0, 4 };
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];

	sim_connect(test);
	hpkm_record_elements(x, hpkm_log_find(sim->node[0].log, rid));
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, rid), 0);
	sim_run(sim, HPKM_SECOND);
	updated(test, 1);
	KUNIT_EXPECT_EQ(test, memcmp(x, sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR].x,
				     sizeof(x)), 0);
	KUNIT_EXPECT_NULL(test, hpkm_log_find(sim->node[1].log, rid));
}

static void update_survives_any_lost_message(struct kunit *test)
{
	static const u8 types[] = { HPKM_U1, HPKM_U2, HPKM_U3 };
	struct sim *sim = sim_of(test);
	u32 i;

	sim_connect(test);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		sim->drop_type = types[i];
		sim->drop_count = 1;
		KUNIT_ASSERT_EQ(test, sim_update(sim, i % 2, NULL), 0);
		sim_run(sim, 3 * HPKM_SECOND);
		KUNIT_EXPECT_EQ(test, sim->drop_count, 0);
		updated(test, i + 1);
	}
}

static void update_needs_sixteen_confirmed_records(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i;

	sim_connect(test);
	for (i = 0; i <= SIM_RECORDS - HPKM_UPDATE_RECORDS; i++) {
		u8 rid[HPKM_RID_LEN] = { i % 2, i };

		KUNIT_EXPECT_TRUE(test, hpkm_log_remove(sim->node[0].log, rid));
	}
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), -ENODATA);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U1], 0);
}

static void update_needs_a_session(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), -EAGAIN);
	sim_connect(test);
	sim->lose = 100;
	sim_want(sim, 0);
	sim_run(sim, 10 * HPKM_MS);
	/* Starting an exchange bars the session. */
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), -EAGAIN);
}

static void update_refuses_an_unknown_record(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 rid[HPKM_RID_LEN] = { 1, 200 };

	sim_connect(test);
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, rid), -ENOENT);
	KUNIT_EXPECT_EQ(test, hpkm_update_state(&sim->node[0].machine), HPKM_UPDATE_NONE);
}

static void nak_to_a_named_record_ends_the_request(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 rid[HPKM_RID_LEN] = { 0, 4 };

	sim_connect(test);
	hpkm_log_remove(sim->node[1].log, rid);
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, rid), 0);
	sim_run(sim, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_NAK], 1);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], 1);
	KUNIT_EXPECT_NULL(test, hpkm_log_find(sim->node[0].log, rid));
	KUNIT_EXPECT_EQ(test, hpkm_update_state(&sim->node[0].machine), HPKM_UPDATE_NONE);
	KUNIT_EXPECT_FALSE(test, sim_current(sim, 0)->session.barred);
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_SECOND);
	updated(test, 1);
}

static void nak_makes_the_requester_pick_another(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 i;

	sim_connect(test);
	/* The responder knows the last of them alone. */
	for (i = 0; i < 6; i++) {
		u8 rid[HPKM_RID_LEN] = { i % 2, i };

		hpkm_log_remove(sim->node[1].log, rid);
	}
	for (i = 0; i < 20 && !sim->sent[HPKM_NAK]; i++) {
		sim_update(sim, 0, NULL);
		sim_run(sim, 3 * HPKM_SECOND);
	}
	KUNIT_EXPECT_GE(test, sim->sent[HPKM_NAK], 1);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], 0);
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
}

static void simultaneous_updates_agree(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, sim_update(sim, 1, NULL), 0);
	sim_run(sim, 3 * HPKM_SECOND);
	updated(test, 1);
	KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_UPDATE_REFUSED], 1);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], 0);
}

static void wrong_answer_drains(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *machine = &sim->node[0].machine;
	u8 answer[HPKM_CONTROL_MAX] = { HPKM_U2, 1 };
	u32 own_sid;

	sim_connect(test);
	sim->drop_type = HPKM_U1;
	sim->drop_count = 100;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	own_sid = machine->current_session->own_sid;
	answer[1] = 2;
	KUNIT_EXPECT_EQ(test, hpkm_machine_control(machine, own_sid, answer, sizeof(answer),
						   sim->now), -EPROTO);
	KUNIT_EXPECT_EQ(test, hpkm_update_state(machine), HPKM_UPDATE_REQ);
	answer[1] = 1;
	KUNIT_EXPECT_EQ(test, hpkm_machine_control(machine, own_sid, answer, sizeof(answer),
						   sim->now), -EBADMSG);
	KUNIT_EXPECT_EQ(test, machine->current_session->state, HPKM_SESSION_STATE_DRAINING);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], 1);
	sim_run(sim, HPKM_SECOND);
	updated(test, 0);
}

static void unanswered_request_is_repeated_then_drains(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim->drop_type = HPKM_U1;
	sim->drop_count = 100;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_UPDATE_RESEND_3 + HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U1], 4);
	sim_run(sim, HPKM_UPDATE_RESEND_EVERY);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U1], 5);
	sim_run(sim, HPKM_UPDATE_TIMEOUT);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], 1);
	updated(test, 0);
}

static void expect_untouched(struct kunit *test, u32 node, const struct sim_view *view)
{
	KUNIT_EXPECT_TRUE(test, sim_untouched(sim_of(test), node, view));
}

static void exchange_waits_for_memory(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);
	struct sim *sim = sim_of(test);

	KUNIT_ASSERT_NOT_NULL(test, view);
	sim_look(sim, 1, view);
	sim->node[1].no_memory = true;
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 1), -ENOMEM);
	expect_untouched(test, 1, view);
	sim->node[1].no_memory = false;
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 1), 0);
}

/* Who is half-open stays until there is all that the one in its place needs. */
static void half_open_exchange_stays_without_an_index(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);
	struct sim *sim = sim_of(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, view);
	for (i = 1; i <= HPKM_HALF_OPEN_PEER; i++)
		KUNIT_EXPECT_EQ(test, offer_c1(sim, i), 0);
	sim->now += HPKM_HALF_OPEN_SAFE + 1;
	sim_look(sim, 1, view);
	sim->node[1].no_sids = true;
	KUNIT_EXPECT_EQ(test, offer_c1(sim, i), -ENOBUFS);
	expect_untouched(test, 1, view);
	/* Its memory will do. */
	sim->node[1].no_sids = false;
	sim->node[1].no_memory = true;
	KUNIT_EXPECT_EQ(test, offer_c1(sim, i), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, HPKM_HALF_OPEN_PEER);
}

static void own_update_waits_for_memory(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);
	struct sim *sim = sim_of(test);

	KUNIT_ASSERT_NOT_NULL(test, view);
	sim_connect(test);
	sim_look(sim, 0, view);
	sim->node[0].no_memory = true;
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), -ENOMEM);
	expect_untouched(test, 0, view);
	sim->node[0].no_memory = false;
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_SECOND);
	updated(test, 1);
}

/* A request that could not be looked at is as one that was lost: it comes again. */
static void peers_update_waits_for_memory(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);
	struct sim *sim = sim_of(test);

	KUNIT_ASSERT_NOT_NULL(test, view);
	sim_connect(test);
	sim->node[1].no_memory = true;
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_look(sim, 1, view);
	sim_run(sim, HPKM_UPDATE_RESEND_1 - HPKM_MS);
	expect_untouched(test, 1, view);
	sim->node[1].no_memory = false;
	sim_run(sim, HPKM_SECOND);
	updated(test, 1);
}

/* The requester has committed, the responder has not heard. */
static void lost_u3_is_made_good_by_the_exchange(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim->drop_type = HPKM_U3;
	sim->drop_count = 1;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 3 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].n, 1);
	KUNIT_EXPECT_EQ(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR].n, 0);
	KUNIT_EXPECT_TRUE(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT].present);
	sim_run(sim, HPKM_SECOND);
	updated(test, 1);
}

/* The responder prepared, the requester never committed: next is dropped. */
static void lost_u2_is_made_good_by_the_exchange(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim->drop_type = HPKM_U2;
	sim->drop_count = 1000;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 5 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT].present);
	KUNIT_EXPECT_GT(test, sim->sent[HPKM_U2], 3);
	sim_run(sim, 10 * HPKM_SECOND);
	updated(test, 0);
}

static void commit_points_purge_half_open_exchanges(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	/* A replayed C1 waits at the responder when U1 comes ... */
	KUNIT_ASSERT_EQ(test, offer_c1_to(sim, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 1);
	sim->drop_type = HPKM_U2;
	sim->drop_count = 1;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 2 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, hpkm_update_state(&sim->node[1].machine), HPKM_UPDATE_PREP);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	/* ... at the requester when U2 comes, and at the responder when U3 does. */
	KUNIT_ASSERT_EQ(test, offer_c1_to(sim, 0, 9), 0);
	KUNIT_ASSERT_EQ(test, offer_c1_to(sim, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, sim->node[0].half_open, 1);
	sim->drop_type = HPKM_C1;
	sim->drop_count = 1000;
	sim_run(sim, HPKM_UPDATE_RESEND_1 + 10 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->node[0].half_open, 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].half_open, 0);
	/* U3 alone has promoted; no exchange came through. */
	KUNIT_EXPECT_EQ(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR].n, 1);
	KUNIT_EXPECT_FALSE(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT].present);
}

/* An older request must not displace the one that was prepared last. */
static void requests_are_taken_in_rising_order(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *responder = &sim->node[1].machine;
	u8 first[HPKM_CONTROL_MAX], second[HPKM_CONTROL_MAX];
	u32 own_sid;

	sim_connect(test);
	own_sid = responder->current_session->own_sid;
	sim->drop_type = HPKM_U1;
	sim->drop_count = 1000;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	memcpy(first, sim->last[HPKM_U1], sizeof(first));
	hpkm_update_drop(&sim->node[0].machine);
	do {
		KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
		memcpy(second, sim->last[HPKM_U1], sizeof(second));
		hpkm_update_drop(&sim->node[0].machine);
	} while (!memcmp(first + 13, second + 13, sizeof(first) - 13));

	KUNIT_EXPECT_EQ(test, hpkm_machine_control(responder, own_sid, second, sizeof(second),
						   sim->now), 0);
	KUNIT_EXPECT_EQ(test, hpkm_machine_control(responder, own_sid, first, sizeof(first),
						   sim->now), -EPROTO);
	KUNIT_EXPECT_EQ(test, memcmp(responder->update->request, second, sizeof(second)), 0);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_NAK], 0);
}

/* ---- the store ---- */

static void slow_p1_freezes_until_it_is_durable(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *responder = &sim->node[1];

	sim_connect(test);
	responder->store_result = HPKM_STORE_LATER;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 500 * HPKM_MS);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U1], 2);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 0);
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 9), -EBUSY);
	KUNIT_EXPECT_TRUE(test, responder->written.epoch[HPKM_EPOCH_NEXT].present);
	responder->store_result = HPKM_STORED;
	hpkm_machine_stored(&responder->machine, true, sim->now);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 1);
	sim_run(sim, 2 * HPKM_SECOND);
	updated(test, 1);
}

/* Its ACK may be cached, and yet nothing is said while a write is undecided. */
static void frozen_pair_does_not_repeat_its_ack(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *responder = &sim->node[1];

	sim_connect(test);
	responder->store_result = HPKM_STORE_LATER;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 10 * HPKM_MS);
	KUNIT_ASSERT_TRUE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, sim->last[HPKM_C5], HPKM_HANDSHAKE_MAX), -EBUSY);
	responder->store_result = HPKM_STORED;
	hpkm_machine_stored(&responder->machine, true, sim->now);
	KUNIT_EXPECT_EQ(test, sim_give(sim, 1, sim->last[HPKM_C5], HPKM_HANDSHAKE_MAX), 0);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_ACK], 2);
}

static void failed_p1_drains_and_is_rewritten(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *responder = &sim->node[1];

	sim_connect(test);
	responder->store_result = HPKM_STORE_FAILED;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 5 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 0);
	KUNIT_EXPECT_FALSE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_EQ(test, responder->machine.current_session->state,
			HPKM_SESSION_STATE_DRAINING);
	KUNIT_EXPECT_EQ(test, responder->stores, 1);
	responder->store_result = HPKM_STORED;
	sim_run(sim, 20 * HPKM_SECOND);
	KUNIT_EXPECT_GT(test, responder->stores, 1);
	updated(test, 0);
	KUNIT_EXPECT_EQ(test, memcmp(&responder->written, &responder->machine.durable,
				     sizeof(responder->written)), 0);
}

static void failed_p2_is_repeated_frozen_until_it_succeeds(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *requester = &sim->node[0];

	sim_connect(test);
	requester->store_result = HPKM_STORE_FAILED;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 3500 * HPKM_MS);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&requester->machine));
	KUNIT_EXPECT_EQ(test, requester->stores, 4);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U3], 0);
	KUNIT_EXPECT_EQ(test, requester->written.epoch[HPKM_EPOCH_CUR].n, 1);
	requester->store_result = HPKM_STORED;
	sim_run(sim, 3 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U3], 1);
	updated(test, 1);
}

static void p1_waits_for_the_write_before_it(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *responder = &sim->node[1];

	/* An exchange under cur while next is there makes a P4; that write is slow. */
	responder->machine.durable.epoch[HPKM_EPOCH_NEXT] = next_epoch(sim, 1);
	responder->store_result = HPKM_STORE_LATER;
	sim_connect(test);
	KUNIT_EXPECT_EQ(test, responder->stores, 1);
	KUNIT_EXPECT_FALSE(test, hpkm_machine_frozen(&responder->machine));

	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 100 * HPKM_MS);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_EQ(test, responder->stores, 1);
	hpkm_machine_stored(&responder->machine, true, sim->now);
	KUNIT_EXPECT_EQ(test, responder->stores, 2);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 0);
	responder->store_result = HPKM_STORED;
	hpkm_machine_stored(&responder->machine, true, sim->now);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 1);
	sim_run(sim, 2 * HPKM_SECOND);
	updated(test, 1);
}

/* ---- pairing's effects ---- */

static struct hpkm_epoch other_epoch(struct sim *sim, u32 node)
{
	struct hpkm_epoch epoch = sim->node[node].machine.durable.epoch[HPKM_EPOCH_CUR];

	epoch.n = 0;
	hpkm_element_time(epoch.x[1], 77);
	hpkm_epoch_name(&epoch, &sim->node[node].machine.pair);
	return epoch;
}

static void half_finished_pairing_keeps_the_old_context(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	u8 kids[2][HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	struct hpkm_epoch fresh = other_epoch(sim, 0);
	struct hpkm_machine *a = &sim->node[0].machine;

	sim_connect(test);
	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_begin(a, kids[0]), 0);
	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_begin(&sim->node[1].machine, kids[1]), 0);
	KUNIT_EXPECT_TRUE(test, sim_current(sim, 0)->session.barred);
	KUNIT_EXPECT_EQ(test, offer_c1(sim, 3), -EBUSY);
	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_fresh(a, &fresh, kids[1], address, sim->now), 0);
	KUNIT_EXPECT_TRUE(test, a->durable.epoch[HPKM_EPOCH_CUR].present);
	/* B never gets P5. */
	hpkm_machine_pairing_end(a, sim->now);
	hpkm_machine_pairing_end(&sim->node[1].machine, sim->now);
	sim_run(sim, 20 * HPKM_SECOND);
	updated(test, 0);
	KUNIT_EXPECT_FALSE(test, a->durable.epoch[HPKM_EPOCH_FRESH].present);
}

static void lost_p6_is_made_good_by_the_exchange(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	u8 kids[2][HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	struct hpkm_epoch fresh = other_epoch(sim, 0);
	struct hpkm_machine *a = &sim->node[0].machine, *b = &sim->node[1].machine;

	sim_connect(test);
	hpkm_machine_pairing_begin(a, kids[0]);
	hpkm_machine_pairing_begin(b, kids[1]);
	hpkm_machine_pairing_fresh(a, &fresh, kids[1], address, sim->now);
	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_replace(b, &fresh, address, sim->now), 0);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 1));
	KUNIT_EXPECT_EQ(test, sim->node[1].events[HPKM_MACHINE_RENEWED], 1);
	hpkm_machine_pairing_end(a, sim->now);
	hpkm_machine_pairing_end(b, sim->now);
	sim_run(sim, 20 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, memcmp(a->durable.epoch[HPKM_EPOCH_CUR].kid, fresh.kid,
				     HPKM_KID_LEN), 0);
	KUNIT_EXPECT_FALSE(test, a->durable.epoch[HPKM_EPOCH_FRESH].present);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_RENEWED], 1);
}

/* Until then nothing that arrives in it may be noted, or it would be forgotten. */
static void session_renews_the_context_when_it_is_installed(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	u8 kids[2][HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	struct hpkm_epoch fresh = other_epoch(sim, 0);
	struct hpkm_machine *a = &sim->node[0].machine, *b = &sim->node[1].machine;

	hpkm_machine_pairing_begin(a, kids[0]);
	hpkm_machine_pairing_begin(b, kids[1]);
	hpkm_machine_pairing_fresh(a, &fresh, kids[1], address, sim->now);
	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_replace(b, &fresh, address, sim->now), 0);
	sim->drop_type = HPKM_ACK;
	sim->drop_count = 100;
	hpkm_machine_pairing_end(a, sim->now);
	sim_run(sim, 100 * HPKM_MS);
	KUNIT_ASSERT_NULL(test, a->next);	/* the other is not done yet */
	hpkm_machine_pairing_end(b, sim->now);
	sim_run(sim, 500 * HPKM_MS);
	KUNIT_ASSERT_NOT_NULL(test, a->next);
	KUNIT_EXPECT_TRUE(test, a->next->renews);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_RENEWED], 0);
	hpkm_machine_first_data(a, a->next->own_sid, sim->now);
	KUNIT_ASSERT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_FALSE(test, sim_current(sim, 0)->session.renews);
	KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_RENEWED], 1);
}

static void pairing_forgets_what_the_other_has_forgotten(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	const u8 none[HPKM_EPOCH_SLOTS][HPKM_KID_LEN] = {};
	u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	struct hpkm_epoch fresh = other_epoch(sim, 0);
	struct hpkm_machine *a = &sim->node[0].machine;

	hpkm_machine_pairing_begin(a, kids);
	hpkm_machine_pairing_fresh(a, &fresh, none, address, sim->now);
	KUNIT_EXPECT_FALSE(test, a->durable.epoch[HPKM_EPOCH_CUR].present);
	hpkm_machine_pairing_confirm(a, sim->now);
	KUNIT_EXPECT_EQ(test, memcmp(a->durable.epoch[HPKM_EPOCH_CUR].kid, fresh.kid,
				     HPKM_KID_LEN), 0);
}

static void pairing_waits_while_frozen(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN];

	sim_connect(test);
	sim->node[1].store_result = HPKM_STORE_LATER;
	sim_update(sim, 0, NULL);
	sim_run(sim, 10 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, hpkm_machine_pairing_begin(&sim->node[1].machine, kids), -EBUSY);
	KUNIT_EXPECT_FALSE(test, sim->node[1].machine.pairing);
	sim->node[1].store_result = HPKM_STORED;
	hpkm_machine_stored(&sim->node[1].machine, true, sim->now);
}

/* ---- epoch secrets that are none any more ---- */

static void expect_forgotten(struct kunit *test, u32 node, const struct hpkm_epoch *epoch)
{
	const struct sim *sim = sim_of(test);
	u32 i;

	/* Suite 0 keeps its chain key as a name. */
	if (suite_of(test)->counts_attempts)
		KUNIT_EXPECT_FALSE(test, sim_knows(sim, node, epoch->chain));
	for (i = 0; i < HPKM_ELEMENTS; i++)
		KUNIT_EXPECT_FALSE(test, sim_knows(sim, node, epoch->x[i]));
}

static struct hpkm_epoch unlike_any_other(struct sim *sim, u32 node)
{
	struct hpkm_epoch epoch = next_epoch(sim, node);

	memset(epoch.chain, 0x77, HPKM_KEY_LEN);
	hpkm_element(epoch.x[1], 1, "unlike", 6);
	hpkm_element(epoch.x[2], 2, "unlike", 6);
	hpkm_epoch_name(&epoch, &sim->node[node].machine.pair);
	return epoch;
}

static void updated_epoch_is_forgotten(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const struct hpkm_epoch old = unlike_any_other(sim, 0);

	sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR] = old;
	sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR] = old;
	sim_connect(test);
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_SECOND);
	updated(test, old.n + 1);
	expect_forgotten(test, 0, &old);
	expect_forgotten(test, 1, &old);
}

static void dropped_next_is_forgotten(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const struct hpkm_epoch next = unlike_any_other(sim, 1);

	sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT] = next;
	sim_connect(test);
	expect_forgotten(test, 1, &next);
}

static void replaced_context_is_forgotten(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	const struct hpkm_epoch old = sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];
	const struct hpkm_epoch fresh = unlike_any_other(sim, 0);
	struct hpkm_machine *a = &sim->node[0].machine, *b = &sim->node[1].machine;
	u8 kids[2][HPKM_EPOCH_SLOTS][HPKM_KID_LEN];

	hpkm_machine_pairing_begin(a, kids[0]);
	hpkm_machine_pairing_begin(b, kids[1]);
	hpkm_machine_pairing_fresh(a, &fresh, kids[1], address, sim->now);
	hpkm_machine_pairing_replace(b, &fresh, address, sim->now);
	expect_forgotten(test, 1, &old);
	hpkm_machine_pairing_confirm(a, sim->now);
	expect_forgotten(test, 0, &old);
	hpkm_machine_pairing_end(a, sim->now);
	hpkm_machine_pairing_end(b, sim->now);
}

/* ---- storms ---- */

static void storm(struct kunit *test, struct sim *sim)
{
	u32 i;

	sim->lose = sim_random_below(sim, 61);
	sim->duplicate = sim_random_below(sim, 40);
	sim->delay = (1 + sim_random_below(sim, 3000)) * HPKM_MS;
	for (i = 0; i < 40; i++) {
		u32 node = sim_random_below(sim, 2);

		sim->node[0].store_result = sim_random_below(sim, 4) ? HPKM_STORED :
								       HPKM_STORE_FAILED;
		sim->node[1].store_result = sim_random_below(sim, 4) ? HPKM_STORED :
								       HPKM_STORE_FAILED;
		if (sim_random_below(sim, 2))
			sim_want(sim, node);
		else
			sim_update(sim, node, NULL);
		sim_run(sim, sim_random_below(sim, 8000) * HPKM_MS);
	}
	sim->lose = 0;
	sim->duplicate = 0;
	sim->delay = 0;
	sim->node[0].store_result = HPKM_STORED;
	sim->node[1].store_result = HPKM_STORED;
}

static void after_any_storm_the_pair_agrees(struct kunit *test)
{
	u64 seed;

	for (seed = 100; seed < 160; seed++) {
		struct sim *sim = sim_create(suite_of(test), seed);

		KUNIT_ASSERT_NOT_NULL(test, sim);
		storm(test, sim);
		sim_want(sim, 0);
		sim_run(sim, 60 * HPKM_SECOND);
		KUNIT_EXPECT_TRUE_MSG(test, sim_connected(sim), "seed %llu", seed);
		KUNIT_EXPECT_TRUE_MSG(test, sim_same_epoch(sim), "seed %llu", seed);
		sim_no_leak(test, &sim->node[0]);
		sim_no_leak(test, &sim->node[1]);
		sim_destroy(sim);
	}
}

static struct kunit_case cases[] = {
	EACH_SUITE(exchange_completes_either_way),
	EACH_SUITE(exchange_sends_each_message_once),
	EACH_SUITE(exchange_survives_any_lost_message),
	EACH_SUITE(exchange_fails_in_silence_and_backs_off),
	EACH_SUITE(new_attempt_has_new_randoms),
	EACH_SUITE(simultaneous_starts_agree),
	EACH_SUITE(repeated_c1_gets_the_same_c2),
	EACH_SUITE(finished_exchange_answers_c5_for_five_seconds),
	EACH_SUITE(wrong_c5_changes_nothing),
	EACH_SUITE(second_c2_is_ignored),
	EACH_SUITE(c1_of_another_epoch_is_not_ours),
	EACH_SUITE(c1_of_two_epochs_is_refused),
	EACH_SUITE(altered_c1_is_not_ours),
	EACH_SUITE(c1_without_an_index_is_refused),
	EACH_SUITE(half_open_exchanges_are_bounded),
	EACH_SUITE(flood_of_c1_leaves_the_session),
	EACH_SUITE(data_under_new_keys_stands_for_the_ack),
	EACH_SUITE(session_without_memory_is_tried_again),
	EACH_SUITE(start_without_memory_changes_nothing),
	EACH_SUITE(smaller_id_keeps_its_young_attempt),
	EACH_SUITE(attempts_take_turns_between_next_and_cur),
	EACH_SUITE(initiator_rekeys_only_when_data_passed),
	EACH_SUITE(initiator_of_a_high_index_rekeys_first),
	EACH_SUITE(initiator_of_a_middling_index_rekeys_next),
	EACH_SUITE(initiator_of_a_low_index_rekeys_last),
	EACH_SUITE(responder_rekeys_a_little_later),
	EACH_SUITE(keys_are_refused_at_the_end_of_their_life),
	EACH_SUITE(replaced_session_receives_for_five_seconds),
	EACH_SUITE(session_of_a_failed_attempt_receives),
	EACH_SUITE(sending_ends_before_the_other_side_does),
	EACH_SUITE(many_rekeys_keep_few_sessions),
	EACH_SUITE(keepalive_after_two_seconds),
	EACH_SUITE(dead_peer_after_five_seconds),
	EACH_SUITE(unlink_ends_everything),
	EACH_SUITE(update_replaces_the_triple_and_the_session),
	EACH_SUITE(update_uses_the_record_asked_for),
	EACH_SUITE(update_survives_any_lost_message),
	EACH_SUITE(update_needs_sixteen_confirmed_records),
	EACH_SUITE(update_needs_a_session),
	EACH_SUITE(update_refuses_an_unknown_record),
	EACH_SUITE(nak_to_a_named_record_ends_the_request),
	EACH_SUITE(exchange_waits_for_memory),
	EACH_SUITE(half_open_exchange_stays_without_an_index),
	EACH_SUITE(own_update_waits_for_memory),
	EACH_SUITE(peers_update_waits_for_memory),
	EACH_SUITE(nak_makes_the_requester_pick_another),
	EACH_SUITE(simultaneous_updates_agree),
	EACH_SUITE(wrong_answer_drains),
	EACH_SUITE(unanswered_request_is_repeated_then_drains),
	EACH_SUITE(lost_u3_is_made_good_by_the_exchange),
	EACH_SUITE(lost_u2_is_made_good_by_the_exchange),
	EACH_SUITE(commit_points_purge_half_open_exchanges),
	EACH_SUITE(requests_are_taken_in_rising_order),
	EACH_SUITE(slow_p1_freezes_until_it_is_durable),
	EACH_SUITE(frozen_pair_does_not_repeat_its_ack),
	EACH_SUITE(failed_p1_drains_and_is_rewritten),
	EACH_SUITE(failed_p2_is_repeated_frozen_until_it_succeeds),
	EACH_SUITE(p1_waits_for_the_write_before_it),
	EACH_SUITE(half_finished_pairing_keeps_the_old_context),
	EACH_SUITE(lost_p6_is_made_good_by_the_exchange),
	EACH_SUITE(session_renews_the_context_when_it_is_installed),
	EACH_SUITE(pairing_forgets_what_the_other_has_forgotten),
	EACH_SUITE(pairing_waits_while_frozen),
	EACH_SUITE(updated_epoch_is_forgotten),
	EACH_SUITE(dropped_next_is_forgotten),
	EACH_SUITE(replaced_context_is_forgotten),
	EACH_SUITE(after_any_storm_the_pair_agrees),
	{}
};

static struct kunit_suite machine_suite = {
	.name = "hpkm-machine",
	.init = sim_init,
	.exit = sim_exit,
	.test_cases = cases,
};

kunit_test_suite(machine_suite);
