// SPDX-License-Identifier: GPL-2.0
/*
 * Two commit machines through anything that a cable, two stores, two users and
 * a power cut can do, in the order that the input says.  At every step the
 * machine owns what it says it owns and starts nothing while it is frozen; once
 * all is well again, the two have a session under the same epoch.
 */
#include <stdlib.h>
#include <string.h>
#include <core/frame.h>
#include "nodes.h"

#define STEPS		64
#define RECOVERY	(200 * HPKM_SECOND)

struct play {
	struct feed feed;
	struct sim *sim;
	bool forged;	/* suite 0 cannot be expected to get over that */
};

/* What the link has no more of. */
static bool no_sids, no_room;
static struct hpkm_machine_ops scarce_ops;
static u32 (*sid_new)(struct hpkm_machine *machine);
static int (*half_open_begin)(struct hpkm_machine *machine, struct hpkm_half_open **half);

static u32 scarce_sid(struct hpkm_machine *machine)
{
	return no_sids ? 0 : sid_new(machine);
}

static int scarce_half_open(struct hpkm_machine *machine, struct hpkm_half_open **half)
{
	return no_room ? -ENOSPC : half_open_begin(machine, half);
}

/* Somebody waits for pairing's writes; he has nothing to do here. */
static void pairing_stored(struct hpkm_machine *machine, bool ok)
{
}

static void make_scarce(struct sim *sim)
{
	u32 i;

	scarce_ops = *sim->node[0].machine.ops;
	sid_new = scarce_ops.sid_new;
	half_open_begin = scarce_ops.half_open_begin;
	scarce_ops.sid_new = scarce_sid;
	scarce_ops.half_open_begin = scarce_half_open;
	for (i = 0; i < 2; i++)
		sim->node[i].machine.ops = &scarce_ops;
	sim->node[0].machine.pairing_stored = pairing_stored;
	no_sids = false;
	no_room = false;
}

static struct sim_node *draw_node(struct play *play)
{
	return &play->sim->node[feed_u8(&play->feed) & 1];
}

static void check_node(const struct sim_node *node)
{
	const struct hpkm_machine *machine = &node->machine;
	s32 sids = 0, half_open = 0;
	u32 i;

	for (i = 0; i < SIM_SESSIONS; i++)
		sids += node->session[i].used;
	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		half_open += !!machine->half_open[i];
	sids += half_open + (machine->attempt.state != HPKM_ATTEMPT_NONE && !machine->next);
	must(node->sids == sids && node->half_open == half_open);
	must(node->updates == !!machine->update && !node->unwiped);
	must(!machine->next || machine->attempt.state == HPKM_ATTEMPT_WA);
	must(machine->linked || (!machine->current_session && !machine->next));
	if (hpkm_machine_frozen(machine) || machine->pairing)
		must(machine->attempt.state == HPKM_ATTEMPT_NONE && !half_open);
	must(hpkm_machine_state(machine) <= HPKM_PEER_PAIRING);
}

static void set_cable(struct play *play)
{
	struct sim *sim = play->sim;

	sim->lose = feed_below(&play->feed, 60);
	sim->duplicate = feed_below(&play->feed, 60);
	sim->delay = feed_below(&play->feed, 3) * HPKM_SECOND;
	sim->drop_type = feed_u8(&play->feed);
	sim->drop_count = feed_below(&play->feed, 4);
	no_sids = feed_u8(&play->feed) >= 224;
	no_room = feed_u8(&play->feed) >= 224;
}

static void set_node(struct play *play, struct sim_node *node)
{
	u8 how = feed_u8(&play->feed);

	node->store_result = how & 1 ? HPKM_STORED : how & 2 ? HPKM_STORE_LATER : HPKM_STORE_FAILED;
	node->agent_gone = (how & 12) == 12;
	node->no_sessions = (how & 48) == 48;
	node->no_memory = (how & 60) == 36;
	if (how & 64)
		node->machine.rekey_frames = 1;
	if (how & 128)
		node->machine.rekey_after = HPKM_SECOND;
}

static void set_traffic(struct play *play, struct sim_node *node)
{
	struct sim_session *session = sim_current(play->sim, node->index);
	u8 how = feed_u8(&play->feed);

	if (!session)
		return;
	session->traffic.data_passed = how & 1;
	session->traffic.unanswered_since = how & 2 ? play->sim->now : 0;
	session->traffic.unreplied_since = how & 4 ? play->sim->now : 0;
	session->traffic.frames_sent = how >> 3;
}

static void decide_store(struct play *play, struct sim_node *node)
{
	bool ok = feed_u8(&play->feed) & 1;

	if (node->machine.store.in_flight)
		hpkm_machine_stored(&node->machine, ok, play->sim->now);
}

static void set_link(struct play *play, struct sim_node *node)
{
	u8 how = feed_below(&play->feed, 3);

	if (how == 0)
		hpkm_machine_unlink(&node->machine, "the link went");
	else if (!node->machine.linked)
		hpkm_machine_link(&node->machine, play->sim->now);
	else if (how == 1)
		hpkm_machine_carrier(&node->machine, play->sim->now);
}

static void ask(struct play *play, struct sim_node *node)
{
	const char *why = NULL;
	u8 rid[HPKM_RID_LEN] = { 0 };

	switch (feed_below(&play->feed, 5)) {
	case 0:
		must(!hpkm_machine_exchange(&node->machine, play->sim->now, &why) == !why);
		break;
	case 1:
		rid[1] = feed_below(&play->feed, SIM_RECORDS + 1);
		rid[0] = rid[1] % 2;
		must(!hpkm_machine_update(&node->machine, rid, play->sim->now, &why) == !why);
		break;
	case 2:
		hpkm_machine_give_way(&node->machine, play->sim->now);
		break;
	default:
		must(!hpkm_machine_update(&node->machine, NULL, play->sim->now, &why) == !why);
	}
}

/* Power is cut and comes back; what was written last is there. */
static void restart(struct play *play, struct sim_node *node)
{
	const struct hpkm_machine_ops *ops = node->machine.ops;
	struct hpkm_durable durable = node->written;
	struct hpkm_pair pair = node->machine.pair;

	hpkm_machine_unlink(&node->machine, "power was cut");
	memset(&node->machine, 0, sizeof(node->machine));
	hpkm_machine_init(&node->machine, ops, pair.suite, pair.own, pair.peer);
	hpkm_machine_restored(&node->machine, &durable, play->sim->now);
	hpkm_machine_link(&node->machine, play->sim->now);
}

static void first_data(struct play *play, struct sim_node *node)
{
	const struct hpkm_machine *machine = &node->machine;
	const struct sim_session *theirs = sim_current(play->sim, !node->index);

	/* Only who has installed it can send in it. */
	if (machine->next && theirs && theirs->session.own_sid == machine->next->peer_sid)
		hpkm_machine_first_data(&node->machine, machine->next->own_sid, play->sim->now);
	hpkm_machine_first_data(&node->machine, 1, play->sim->now);
}

/* What the two have in common when P5 is made. */
static void draw_epoch(struct play *play, struct hpkm_epoch *epoch)
{
	*epoch = (struct hpkm_epoch){ .present = true };
	prandom_bytes_state(&play->sim->random, epoch->chain, sizeof(epoch->chain));
	prandom_bytes_state(&play->sim->random, epoch->x, sizeof(epoch->x));
	hpkm_epoch_name(epoch, &play->sim->node[0].machine.pair);
}

static void pair_up_to(struct play *play, struct sim_node *a, struct sim_node *b, u8 how)
{
	u8 kids[2][HPKM_EPOCH_SLOTS][HPKM_KID_LEN];
	const u8 address[HPKM_ADDRESS_LEN] = { 2 };
	u64 now = play->sim->now;
	struct hpkm_epoch epoch;

	if (hpkm_machine_pairing_begin(&a->machine, kids[0]))
		return;
	if (hpkm_machine_pairing_begin(&b->machine, kids[1]) || how & 1)
		return;
	draw_epoch(play, &epoch);
	if (hpkm_machine_pairing_fresh(&a->machine, &epoch, kids[1], address, now) || how & 2)
		return;
	if (hpkm_machine_pairing_replace(&b->machine, &epoch, address, now) || how & 4)
		return;
	hpkm_machine_pairing_confirm(&a->machine, now);
}

static void pair(struct play *play)
{
	struct sim_node *a = &play->sim->node[0], *b = &play->sim->node[1];
	u8 how = feed_u8(&play->feed);

	pair_up_to(play, a, b, how);
	hpkm_machine_pairing_end(&a->machine, play->sim->now);
	hpkm_machine_pairing_end(&b->machine, play->sim->now);
}

/* The peer begins one exchange after the other, and never goes on. */
static void flood(struct play *play, struct sim_node *node)
{
	const struct hpkm_machine *machine = &play->sim->node[!node->index].machine;
	u8 how = feed_u8(&play->feed), frame[HPKM_HANDSHAKE_MAX];
	u32 count = 1 + (how & 7), sid = how >> 3 & 3, slot = feed_below(&play->feed, 3);
	u64 hctr = (u64)machine->durable.boot << 32 | feed_u8(&play->feed);

	if (!machine->durable.epoch[slot].present)
		return;
	while (count--) {
		sim_make_c1(play->sim, !node->index, &machine->durable.epoch[slot], sid, hctr++,
			    frame);
		must(!sim_give(play->sim, node->index, frame, sizeof(frame)) <= !!sid);
	}
	play->forged = true;
}

/* Something that was recorded comes again, as it was or not. */
static void forge(struct play *play, struct sim_node *node)
{
	const struct hpkm_suite *suite = node->machine.pair.suite;
	u8 type = HPKM_C1 + feed_below(&play->feed, HPKM_ACK);
	u8 frame[HPKM_CONTROL_MAX];

	if (!play->sim->sent[type])
		return;
	memcpy(frame, play->sim->last[type], sizeof(frame));
	if (feed_u8(&play->feed) & 1)
		feed_edit(&play->feed, frame, suite->frame_len[type]);
	sim_give(play->sim, node->index, frame, suite->frame_len[type]);
	play->forged = true;
}

static void step(struct play *play)
{
	struct sim_node *node = draw_node(play);

	switch (feed_below(&play->feed, 16)) {
	case 0:
		set_cable(play);
		break;
	case 1:
		set_node(play, node);
		break;
	case 2:
		set_traffic(play, node);
		break;
	case 3:
		decide_store(play, node);
		break;
	case 4:
		set_link(play, node);
		break;
	case 5:
		restart(play, node);
		break;
	case 6:
		first_data(play, node);
		break;
	case 7:
		pair(play);
		break;
	case 8:
		forge(play, node);
		break;
	case 9:
		hpkm_machine_keep(&node->machine, play->sim->now);
		break;
	case 10:
		if (feed_u8(&play->feed) & 1)
			sim_want(play->sim, node->index);
		else
			flood(play, node);
		break;
	case 11:
	case 12:
		ask(play, node);
		break;
	default:
		sim_run(play->sim, feed_u16(&play->feed) * HPKM_MS / 4);
	}
}

static void heal(struct play *play)
{
	struct sim *sim = play->sim;
	u32 i;

	sim->lose = 0;
	sim->duplicate = 0;
	sim->delay = 0;
	sim->drop_count = 0;
	no_sids = false;
	no_room = false;
	for (i = 0; i < 2; i++) {
		struct sim_node *node = &sim->node[i];

		node->store_result = HPKM_STORED;
		node->agent_gone = false;
		node->no_sessions = false;
		node->no_memory = false;
		node->machine.rekey_after = HPKM_REKEY_S * HPKM_SECOND;
		node->machine.rekey_frames = HPKM_REKEY_FRAMES;
		decide_store(play, node);
		if (!node->machine.linked)
			hpkm_machine_link(&node->machine, sim->now);
	}
	sim_run(sim, RECOVERY);
	sim_want(sim, 0);
	sim_run(sim, RECOVERY / 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = { .feed = { data, size } };
	u32 steps, i;

	play.sim = nodes_create(&play.feed);
	make_scarce(play.sim);
	for (i = 0; i < 2; i++)
		hpkm_machine_keep(&play.sim->node[i].machine, play.sim->now);
	for (steps = 0; play.feed.left && steps < STEPS; steps++) {
		step(&play);
		check_node(&play.sim->node[0]);
		check_node(&play.sim->node[1]);
	}
	heal(&play);
	if (!play.forged || !play.sim->node[0].machine.pair.suite->insecure) {
		must(sim_connected(play.sim));
		must(sim_same_epoch(play.sim));
	}
	nodes_destroy(play.sim);
	return 0;
}
