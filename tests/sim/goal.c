// SPDX-License-Identifier: GPL-2.0
/*
 * What must happen in a calm, each within its time: a session, and one epoch;
 * a key update, and a session under it; another session; all messages told.
 */
#include "world.h"

#define LOOK_EVERY	(50 * HPKM_MS)
#define ASK_EVERY	(15 * HPKM_SECOND)	/* longer than REQ lasts */
#define PAUSE		(500 * HPKM_MS)		/* for acknowledgements */

static const u64 patience[GOAL_DONE] = {
	[GOAL_SESSION] = 180 * HPKM_SECOND,
	[GOAL_RECORDS] = 300 * HPKM_SECOND,
	[GOAL_UPDATE] = 300 * HPKM_SECOND,
	[GOAL_AGAIN] = 4 * HPKM_SECOND,
	[GOAL_MESSAGES] = 60 * HPKM_SECOND,
};

static const char *const names[GOAL_DONE] = {
	[GOAL_SESSION] = "a session", [GOAL_RECORDS] = "records", [GOAL_UPDATE] = "an update",
	[GOAL_AGAIN] = "another session", [GOAL_MESSAGES] = "all messages acknowledged",
};

static bool only_cur(const struct node *node)
{
	const struct hpkm_epoch *epoch = node->machine.durable.epoch;

	return epoch[HPKM_EPOCH_CUR].present && !epoch[HPKM_EPOCH_NEXT].present &&
	       !epoch[HPKM_EPOCH_FRESH].present;
}

static bool is_current(const struct node *node)
{
	const struct hpkm_session *session = node->machine.current_session;

	return node->up && session && session->state == HPKM_SESSION_STATE_CURRENT &&
	       !hpkm_machine_frozen(&node->machine) && only_cur(node);
}

/**
 * goal_connected() - one session, current on both sides, and one epoch
 * @world: the world
 */
bool goal_connected(struct world *world)
{
	const struct node *a = &world->node[0];
	const struct node *b = &world->node[1];

	return is_current(a) && is_current(b) &&
	       a->machine.current_session->own_sid == b->machine.current_session->peer_sid &&
	       b->machine.current_session->own_sid == a->machine.current_session->peer_sid &&
	       watch_same(&a->machine.durable.epoch[HPKM_EPOCH_CUR],
			  &b->machine.durable.epoch[HPKM_EPOCH_CUR]);
}

static u64 epoch_of(struct world *world)
{
	return world->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].n;
}

static const u8 *session_of(struct world *world)
{
	return world->node[0].machine.current_session->sid;
}

/* Those who spoke before speak again, or nobody does. */
static void be_quiet(struct world *world, bool quiet)
{
	u32 i;

	for (i = 0; i < NODES; i++)
		world->node[i].quiet = quiet || !(world->weather.starters & (1U << i));
}

static void pursue(struct world *world, enum goal goal)
{
	world_trace(world, "goal: %s", names[goal]);
	world->goal = goal;
	world->goal_from = world->now;
	world->goal_retry = 0;
	be_quiet(world, goal == GOAL_MESSAGES);
}

/**
 * goal_begin() - a calm begins
 * @world: the world
 */
void goal_begin(struct world *world)
{
	world->updater = random_below(&world->chance, NODES);
	pursue(world, GOAL_SESSION);
}

static void reached(struct world *world)
{
	enum goal goal = world->goal;
	u64 took = world->now - world->goal_from;

	world->goal_slowest[goal] = max(world->goal_slowest[goal], took);
	if (goal + 1 < GOAL_DONE)
		pursue(world, goal + 1);
	else
		world->goal = GOAL_DONE;
}

/* Enough of them, and then a pause in which all are acknowledged. */
static void for_records(struct world *world)
{
	struct node *node = &world->node[world->updater];

	if (!world->goal_retry) {
		if (hpkm_log_confirmed(node->log) < HPKM_UPDATE_RECORDS)
			return;
		be_quiet(world, true);
		world->goal_retry = world->now + PAUSE;
	} else if (world->now >= world->goal_retry) {
		reached(world);
		be_quiet(world, true);
	}
}

/* What both have to choose from may be too little: some more is said then. */
static void more_records(struct world *world)
{
	world->goal = GOAL_RECORDS;
	world->goal_retry = 0;
	be_quiet(world, false);
}

static void for_update(struct world *world)
{
	struct node *node = &world->node[world->updater];
	const char *why = "";

	if (!world->goal_retry) {
		world->agreed = epoch_of(world);
		world->goal_retry = world->now + ASK_EVERY;
		if (hpkm_machine_update(&node->machine, NULL, node_now(node), &why))
			more_records(world);
		return;
	}
	if (!goal_connected(world))
		return;
	if (epoch_of(world) == world->agreed + 1)
		reached(world);
	else if (world->now >= world->goal_retry ||
		 !node->machine.update)
		more_records(world);
}

static void for_another(struct world *world)
{
	struct node *node = &world->node[world->updater];
	const char *why;

	if (!world->goal_retry) {
		memcpy(world->before, session_of(world), HPKM_SID_LEN);
		if (hpkm_machine_exchange(&node->machine, node_now(node), &why))
			return;
		world->goal_retry = world->now;
		/* The other may want one, too, before or after it has heard of this. */
		if (random_happens(&world->chance, 500))
			other(node)->exchange_at = world->now +
				random_below(&world->chance, 30 * HPKM_MS);
		return;
	}
	if (goal_connected(world) && memcmp(session_of(world), world->before, HPKM_SID_LEN))
		reached(world);
}

static void for_messages(struct world *world)
{
	if (!world->node[0].outbox.count && !world->node[1].outbox.count)
		reached(world);
}

/**
 * goal_tick() - is it reached?
 * @world: the world, in a calm
 */
void goal_tick(struct world *world)
{
	if (world->now >= world->goal_from + patience[world->goal])
		world_broken(world, "progress", "no %s within %llu s of calm", names[world->goal],
			     (unsigned long long)(patience[world->goal] / HPKM_SECOND));
	switch (world->goal) {
	case GOAL_SESSION:
		if (goal_connected(world))
			reached(world);
		break;
	case GOAL_RECORDS:
		for_records(world);
		break;
	case GOAL_UPDATE:
		for_update(world);
		break;
	case GOAL_AGAIN:
		for_another(world);
		break;
	case GOAL_MESSAGES:
		for_messages(world);
		break;
	case GOAL_NONE:
	case GOAL_DONE:
		break;
	}
}

/* Looked at now and then, at times that depend on nothing else. */
u64 goal_deadline(struct world *world)
{
	if (world->goal == GOAL_NONE)
		return HPKM_NEVER;
	return (world->now / LOOK_EVERY + 1) * LOOK_EVERY;
}
