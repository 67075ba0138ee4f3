// SPDX-License-Identifier: GPL-2.0
/*
 * State that outlives power, as the core sees it: starting from it (P0), writes
 * that take too long, nobody there to write, and the octets that are kept.
 */
#include <kunit/test.h>
#include <linux/string.h>
#include <core/kept.h>
#include "two_nodes.h"

static const u8 address[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, 9 };

/* The power of a node goes and comes; the other does not notice. */
static void restart(struct sim *sim, u32 node)
{
	struct hpkm_machine *machine = &sim->node[node].machine;
	struct hpkm_durable kept = machine->durable;
	const struct hpkm_machine_ops *ops = machine->ops;
	struct hpkm_pair pair = machine->pair;

	hpkm_machine_unlink(machine, "power");
	memset(machine, 0, sizeof(*machine));
	hpkm_machine_init(machine, ops, pair.suite, pair.own, pair.peer);
	hpkm_machine_restored(machine, &kept, sim->now);
	hpkm_machine_link(machine, sim->now);
}

/* ---- P0 ---- */

static void nothing_is_said_before_p0_is_durable(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *node = &sim->node[0];
	struct hpkm_machine *machine = &node->machine;
	u32 before;

	sim_connect(test);
	node->store_result = HPKM_STORE_LATER;
	restart(sim, 0);
	before = sim->sent[HPKM_C1] + sim->sent[HPKM_C2];
	KUNIT_EXPECT_EQ(test, machine->durable.boot, 1);
	KUNIT_EXPECT_EQ(test, node->written.boot, 1);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(machine));
	sim_want(sim, 0);
	sim_want(sim, 1);
	sim_run(sim, 5 * HPKM_SECOND);
	KUNIT_EXPECT_GT(test, sim->sent[HPKM_C1], before);
	KUNIT_EXPECT_EQ(test, machine->start.sequence, 0);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 0));

	node->store_result = HPKM_STORED;
	hpkm_machine_stored(machine, true, sim->now);
	sim_run(sim, 5 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void failed_p0_is_repeated_until_it_succeeds(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *node = &sim->node[0];
	u32 before = node->stores;

	node->store_result = HPKM_STORE_FAILED;
	restart(sim, 0);
	sim_run(sim, 3 * HPKM_WRITE_RETRY + HPKM_MS);
	KUNIT_EXPECT_EQ(test, node->stores - before, 4);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&node->machine));
	KUNIT_EXPECT_EQ(test, node->machine.durable.boot, 1);
	node->store_result = HPKM_STORED;
	sim_run(sim, 5 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
}

static void each_start_counts_attempts_above_all_before(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u64 last = 0;
	u32 i;

	for (i = 0; i < 3; i++) {
		restart(sim, 0);
		sim_want(sim, 0);
		sim_run(sim, 20 * HPKM_MS);
		KUNIT_EXPECT_TRUE(test, sim_connected(sim));
		sim->lose = 100;
		sim_want(sim, 0);
		sim_run(sim, HPKM_MS);
		KUNIT_EXPECT_GT(test, sim->node[0].machine.attempt.x.hctr, last);
		last = sim->node[0].machine.attempt.x.hctr;
		sim->lose = 0;
	}
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.durable.boot, 3);
}

/* Whichever side loses power wherever in an update: both come to one epoch. */
static void restart_at_each_millisecond_of_an_update(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 node, ms;

	for (node = 0; node < 2; node++) {
		for (ms = 0; ms < 8; ms++) {
			sim_connect(test);
			if (sim_update(sim, 0, NULL))
				break;
			sim_run(sim, ms * HPKM_MS);
			restart(sim, node);
			sim_run(sim, 30 * HPKM_SECOND);
			KUNIT_EXPECT_TRUE_MSG(test, sim_connected(sim), "node %u, %u ms", node, ms);
			KUNIT_EXPECT_TRUE_MSG(test, sim_same_epoch(sim), "node %u, %u ms", node,
					      ms);
		}
		KUNIT_EXPECT_GT(test, ms, 3);
	}
}

/* ---- writes that nobody decides ---- */

static void write_that_takes_too_long_has_failed(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *responder = &sim->node[1];

	sim_connect(test);
	responder->store_result = HPKM_STORE_LATER;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_WRITE_TIMEOUT);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_EQ(test, responder->stores, 1);
	sim_run(sim, 10 * HPKM_MS);
	KUNIT_EXPECT_FALSE(test, hpkm_machine_frozen(&responder->machine));
	KUNIT_EXPECT_TRUE(test, responder->machine.store.failed);
	responder->store_result = HPKM_STORED;
	sim_run(sim, 30 * HPKM_SECOND);
	KUNIT_EXPECT_GE(test, responder->stores, 2);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2], 0);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
}

static void p2_that_nobody_decides_stays_frozen(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *requester = &sim->node[0];

	sim_connect(test);
	requester->store_result = HPKM_STORE_LATER;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, 3 * HPKM_WRITE_TIMEOUT + 5 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&requester->machine));
	KUNIT_EXPECT_EQ(test, requester->stores, 4);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U3], 0);
	/* Its session ends all the same, and U3 is not sent into nothing. */
	sim_run(sim, HPKM_REFUSE_AFTER(HPKM_REKEY_S) * HPKM_SECOND);
	KUNIT_EXPECT_NULL(test, sim_current(sim, 0));
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(&requester->machine));
	requester->store_result = HPKM_STORED;
	sim_run(sim, HPKM_WRITE_TIMEOUT + 40 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U3], 0);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, requester->machine.durable.epoch[HPKM_EPOCH_CUR].n, 1);
}

static void failed_write_of_a_pairing_is_told(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_machine *machine = &sim->node[0].machine;
	struct hpkm_epoch fresh = machine->durable.epoch[HPKM_EPOCH_CUR];
	u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN];

	KUNIT_ASSERT_EQ(test, hpkm_machine_pairing_begin(machine, kids), 0);
	sim->node[0].store_result = HPKM_STORE_FAILED;
	KUNIT_EXPECT_EQ(test, hpkm_machine_pairing_fresh(machine, &fresh, kids, address, sim->now),
			-EIO);
	KUNIT_EXPECT_FALSE(test, hpkm_machine_frozen(machine));
	KUNIT_EXPECT_TRUE(test, machine->durable.epoch[HPKM_EPOCH_CUR].present);
	KUNIT_EXPECT_EQ(test, hpkm_machine_pairing_replace(machine, &fresh, address, sim->now),
			-EINPROGRESS);
	KUNIT_EXPECT_TRUE(test, hpkm_machine_frozen(machine));
}

static void somebody_to_keep_it_gets_it_at_once(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_node *node = &sim->node[0];
	u32 before;

	sim_connect(test);
	before = node->stores;
	hpkm_machine_keep(&node->machine, sim->now);
	KUNIT_EXPECT_EQ(test, node->stores, before + 1);
	KUNIT_EXPECT_EQ(test, memcmp(&node->written, &node->machine.durable,
				     sizeof(node->written)), 0);
	/* One at a time: the second waits for the first. */
	node->store_result = HPKM_STORE_LATER;
	hpkm_machine_keep(&node->machine, sim->now);
	hpkm_machine_keep(&node->machine, sim->now);
	KUNIT_EXPECT_EQ(test, node->stores, before + 2);
	node->store_result = HPKM_STORED;
	hpkm_machine_stored(&node->machine, true, sim->now);
	KUNIT_EXPECT_EQ(test, node->stores, before + 3);
	KUNIT_EXPECT_FALSE(test, hpkm_machine_frozen(&node->machine));
}

/* ---- nobody there to keep what was kept before ---- */

static void no_update_leaves_the_store_behind(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN];

	sim_connect(test);
	sim->node[0].agent_gone = true;
	KUNIT_EXPECT_EQ(test, sim_update(sim, 0, NULL), -EAGAIN);
	KUNIT_EXPECT_EQ(test, hpkm_machine_pairing_begin(&sim->node[0].machine, kids), -ENOTCONN);
	KUNIT_EXPECT_FALSE(test, sim->node[0].machine.pairing);

	KUNIT_ASSERT_EQ(test, sim_update(sim, 1, NULL), 0);
	sim_run(sim, HPKM_UPDATE_TIMEOUT + 5 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U2] + sim->sent[HPKM_NAK], 0);
	KUNIT_EXPECT_EQ(test, sim->node[0].stores, 0);
	KUNIT_EXPECT_TRUE(test, sim_connected(sim));

	sim->node[0].agent_gone = false;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 1, NULL), 0);
	sim_run(sim, 3 * HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].n, 1);
}

/* ---- the octets ---- */

static void fill_durable(struct sim *sim, struct hpkm_durable *durable)
{
	*durable = sim->node[0].machine.durable;
	durable->boot = 0x123456;
	memcpy(durable->address, address, sizeof(address));
	durable->epoch[HPKM_EPOCH_NEXT] = durable->epoch[HPKM_EPOCH_CUR];
	durable->epoch[HPKM_EPOCH_NEXT].n = 0x1122334455667788ULL;
	durable->epoch[HPKM_EPOCH_NEXT].chain[31] ^= 1;
	hpkm_epoch_name(&durable->epoch[HPKM_EPOCH_NEXT], &sim->node[0].machine.pair);
}

static void what_is_kept_comes_back(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	const struct hpkm_pair *pair = &sim->node[0].machine.pair;
	struct hpkm_durable before = {}, after = {};
	struct hpkm_kept_pair kept;
	struct hpkm_pair read;
	const char *why;

	fill_durable(sim, &before);
	hpkm_kept_write(&kept, pair, &before);
	KUNIT_ASSERT_EQ(test, hpkm_kept_read(&kept, pair->own, &read, &after, &why), 0);
	KUNIT_EXPECT_NULL(test, why);
	KUNIT_EXPECT_PTR_EQ(test, read.suite, pair->suite);
	KUNIT_EXPECT_EQ(test, memcmp(read.own, pair->own, HPKM_ID_LEN), 0);
	KUNIT_EXPECT_EQ(test, memcmp(read.peer, pair->peer, HPKM_ID_LEN), 0);
	KUNIT_EXPECT_EQ(test, memcmp(read.name, pair->name, HPKM_KEY_LEN), 0);
	KUNIT_EXPECT_EQ(test, before.boot, after.boot);
	KUNIT_EXPECT_EQ(test, memcmp(before.address, after.address, HPKM_ADDRESS_LEN), 0);
	KUNIT_EXPECT_EQ(test, memcmp(before.epoch, after.epoch, sizeof(after.epoch)), 0);
}

/* Little-endian, so that it can move to another machine. */
static void what_is_kept_has_its_octets_in_order(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct hpkm_durable durable = {};
	struct hpkm_kept_pair kept;
	const u8 *at = (const u8 *)&kept;

	fill_durable(sim, &durable);
	hpkm_kept_write(&kept, &sim->node[0].machine.pair, &durable);
	KUNIT_EXPECT_EQ(test, at[0], suite_of(test)->id);
	KUNIT_EXPECT_EQ(test, at[1 + 2 * HPKM_ID_LEN], 0x56);
	KUNIT_EXPECT_EQ(test, at[1 + 2 * HPKM_ID_LEN + 2], 0x12);
	KUNIT_EXPECT_EQ(test, ((const u8 *)&kept.epoch[HPKM_EPOCH_NEXT].n)[0], 0x88);
	KUNIT_EXPECT_EQ(test, kept.epoch[HPKM_EPOCH_FRESH].present, 0);
}

/* Returns what is said of @kept, NULL when it is accepted. */
static const char *refusal(struct kunit *test, const struct hpkm_kept_pair *kept)
{
	const struct hpkm_pair *own = &sim_of(test)->node[0].machine.pair;
	struct hpkm_durable durable = {}, untouched = {};
	const char *why = "";
	struct hpkm_pair pair;

	if (!hpkm_kept_read(kept, own->own, &pair, &durable, &why))
		return NULL;
	KUNIT_EXPECT_EQ(test, memcmp(&durable, &untouched, sizeof(durable)), 0);
	KUNIT_EXPECT_NOT_NULL(test, why);
	return why;
}

static void what_cannot_be_is_refused(struct kunit *test)
{
	struct hpkm_durable durable = {};
	struct hpkm_kept_pair good, kept;

	fill_durable(sim_of(test), &durable);
	hpkm_kept_write(&good, &sim_of(test)->node[0].machine.pair, &durable);
	KUNIT_EXPECT_NULL(test, refusal(test, &good));

	kept = good;
	kept.own[0] ^= 1;
	KUNIT_EXPECT_STREQ(test, refusal(test, &kept), "That is the state of another device");
	kept = good;
	memcpy(kept.peer, kept.own, HPKM_ID_LEN);
	KUNIT_EXPECT_STREQ(test, refusal(test, &kept), "A device is no peer of itself");
	kept = good;
	kept.suite = 3;
	KUNIT_EXPECT_STREQ(test, refusal(test, &kept),
			   "This module does not have the suite of that state");
	kept = good;
	kept.boot = cpu_to_le32(0xffffff);
	KUNIT_EXPECT_STREQ(test, refusal(test, &kept),
			   "The device was started too often for that state: pair anew");
	kept.boot = cpu_to_le32(0xfffffe);
	KUNIT_EXPECT_NULL(test, refusal(test, &kept));
	kept = good;
	kept.epoch[HPKM_EPOCH_FRESH].present = 2;
	KUNIT_EXPECT_NOT_NULL(test, refusal(test, &kept));
	kept = good;
	kept.epoch[HPKM_EPOCH_CUR].present = 0;
	KUNIT_EXPECT_NOT_NULL(test, refusal(test, &kept));
	/* What a power cut half-way through a first pairing leaves. */
	kept.epoch[HPKM_EPOCH_FRESH] = good.epoch[HPKM_EPOCH_CUR];
	kept.epoch[HPKM_EPOCH_NEXT].present = 0;
	KUNIT_EXPECT_NULL(test, refusal(test, &kept));
}

static struct kunit_case cases[] = {
	EACH_SUITE(nothing_is_said_before_p0_is_durable),
	EACH_SUITE(failed_p0_is_repeated_until_it_succeeds),
	EACH_SUITE(each_start_counts_attempts_above_all_before),
	EACH_SUITE(restart_at_each_millisecond_of_an_update),
	EACH_SUITE(write_that_takes_too_long_has_failed),
	EACH_SUITE(p2_that_nobody_decides_stays_frozen),
	EACH_SUITE(failed_write_of_a_pairing_is_told),
	EACH_SUITE(somebody_to_keep_it_gets_it_at_once),
	EACH_SUITE(no_update_leaves_the_store_behind),
	EACH_SUITE(what_is_kept_comes_back),
	EACH_SUITE(what_is_kept_has_its_octets_in_order),
	EACH_SUITE(what_cannot_be_is_refused),
	{}
};

static struct kunit_suite store_suite = {
	.name = "hpkm-store",
	.init = sim_init,
	.exit = sim_exit,
	.test_cases = cases,
};

kunit_test_suite(store_suite);
