// SPDX-License-Identifier: GPL-2.0
/* How bad it is: storms, drawn anew each time, and calm. */
#include "world.h"

#define YEAR	(31557600ULL * HPKM_SECOND)

/* One of these, each as likely as the others. */
#define one_of(chance, ...) ({ \
	const u64 __choice[] = { __VA_ARGS__ }; \
	__choice[random_below(chance, ARRAY_SIZE(__choice))]; })

/* Whoever speaks, asks or fails does so from now on as the weather has it. */
static void begin(struct world *world)
{
	const struct weather *weather = &world->weather;
	u32 i;

	for (i = 0; i < NODES; i++) {
		struct node *node = &world->node[i];
		bool starts = weather->starters & (1U << i);
		u64 now = world->now;

		node->quiet = !starts;
		node->send_at = weather->say_every ? now : HPKM_NEVER;
		node->ask_at = weather->ask_every && starts ? now : HPKM_NEVER;
		node->exchange_at = weather->exchange_every && starts ? now : HPKM_NEVER;
		node->disturb_at = weather->disturb_every ?
			now + random_between(&world->chance, 1, weather->disturb_every) :
			HPKM_NEVER;
		if (!weather->crash_every)
			node->crashes_at = HPKM_NEVER;
		else if (node->crashes_at == HPKM_NEVER)
			node->crashes_at = now + random_between(&world->chance, 1,
								2 * weather->crash_every);
		if (!node->up)
			node->starts_at = sooner(node->starts_at, now + 10 * HPKM_SECOND);
	}
}

static void settle(struct node *node)
{
	if (!node->up)
		return;
	hpkm_pairing_close(&node->pairing, "the storm is over");
	disk_hurry(node);
	if (node->disk.gone)
		disk_agent(node, false);
	if (!node->machine.linked)
		hpkm_machine_link(&node->machine, node_now(node));
}

/*
 * One last blow: power goes where the new session is not durable yet.  Only
 * that node has a reason to begin again.
 */
static void last_blow(struct world *world)
{
	u32 index = random_below(&world->chance, NODES);
	struct node *node = &world->node[index];

	if (!node->up || random_happens(&world->chance, 500))
		return;
	happens(world, HAPPENED_CRASH);
	node_stop(node);
	world->weather.starters = 1U << index;
}

/**
 * weather_calm() - nothing goes wrong from now on
 * @world: the world
 *
 * What is under way arrives, late ones too.
 */
void weather_calm(struct world *world)
{
	struct weather *weather = &world->weather;
	u32 i;

	world_trace(world, "calm");
	*weather = (struct weather){
		.delay = 10 * HPKM_MS,
		.write_slow = 20 * HPKM_MS,
		.say_every = 100 * HPKM_MS,
		.messages = 200,
		.starters = one_of(&world->chance, 1, 2, 3),
	};
	world->changes_at = HPKM_NEVER;
	if (world->steps)
		last_blow(world);
	for (i = 0; i < NODES; i++)
		settle(&world->node[i]);
	begin(world);
}

static void draw_network(struct chance *chance, struct weather *weather)
{
	weather->lose = one_of(chance, 0, 50, 200, 400, 600);
	weather->duplicate = one_of(chance, 0, 50, 300);
	weather->delay = one_of(chance, HPKM_MS, 20 * HPKM_MS, 300 * HPKM_MS, 3 * HPKM_SECOND);
	weather->late = one_of(chance, 0, 10, 100);
	weather->spoil = one_of(chance, 0, 0, 20, 200);
	weather->replay = one_of(chance, 0, 20, 300);
	weather->reflect = one_of(chance, 0, 20, 200);
}

static void draw_devices(struct chance *chance, struct weather *weather)
{
	weather->crash_every = one_of(chance, 0, 0, 5 * HPKM_SECOND, 30 * HPKM_SECOND);
	weather->write_fails = one_of(chance, 0, 0, 100, 500);
	weather->write_slow = one_of(chance, 0, 20 * HPKM_MS, HPKM_SECOND, 60 * HPKM_SECOND);
	weather->write_crash = one_of(chance, 0, 0, 100);
	weather->agent_goes = one_of(chance, 0, 200);
	weather->no_memory = one_of(chance, 0, 0, 20);
	weather->disturb_every = one_of(chance, 0, 5 * HPKM_SECOND, 20 * HPKM_SECOND);
}

static void draw_people(struct chance *chance, struct weather *weather)
{
	weather->say_every = one_of(chance, 30 * HPKM_MS, 100 * HPKM_MS, 500 * HPKM_MS,
				    5 * HPKM_SECOND);
	weather->messages = one_of(chance, 100, 200, 900);
	weather->ask_every = one_of(chance, 0, 100 * HPKM_MS, HPKM_SECOND, 5 * HPKM_SECOND);
	weather->exchange_every = one_of(chance, 0, 0, HPKM_SECOND, 10 * HPKM_SECOND);
	weather->starters = one_of(chance, 0, 1, 2, 3, 3);
	weather->pairs = one_of(chance, 0, 0, 1);
}

/*
 * Sessions stand, and both ask for updates as often as they can, by records
 * that the other may not have; what they say overtakes itself.
 */
static void draw_quarrel(struct chance *chance, struct weather *weather)
{
	weather->duplicate = 300;
	weather->delay = random_between(chance, HPKM_MS, 200 * HPKM_MS);
	weather->late = random_between(chance, 0, 300);
	weather->say_every = 100 * HPKM_MS;
	weather->ask_every = 50 * HPKM_MS;
	weather->starters = 3;
}

/**
 * weather_storm() - much goes wrong from now on, for a while
 * @world: the world
 */
void weather_storm(struct world *world)
{
	struct chance *chance = &world->chance;
	struct weather *weather = &world->weather;

	*weather = (struct weather){};
	if (random_happens(chance, 200)) {
		draw_quarrel(chance, weather);
	} else {
		draw_network(chance, weather);
		draw_devices(chance, weather);
		draw_people(chance, weather);
	}
	if (weather->pairs && !weather->disturb_every)
		weather->disturb_every = 5 * HPKM_SECOND;
	/* Suite 0 has nothing against it: protocol section 8. */
	if (world->suite->insecure)
		weather->spoil = 0;
	world->goal = GOAL_NONE;
	world->changes_at = world->now + random_spread(chance, 10 * HPKM_SECOND, 5);
	happens(world, HAPPENED_STORM);
	world_trace(world, "storm: lose %u duplicate %u delay %llu ms", weather->lose,
		    weather->duplicate, (unsigned long long)(weather->delay / HPKM_MS));
	begin(world);
}

static void set_clock(struct node *node)
{
	struct chance *chance = &node->world->chance;

	/* It stays between about 1970 and 2400. */
	node->wall_offset = random_below(chance, 400) * YEAR;
	happens(node->world, HAPPENED_CLOCK);
}

static void detach(struct node *node)
{
	if (node->machine.linked) {
		hpkm_machine_unlink(&node->machine, "the link was detached");
		happens(node->world, HAPPENED_DETACHED);
	} else {
		hpkm_machine_link(&node->machine, node_now(node));
	}
}

static void lose_carrier(struct node *node)
{
	hpkm_machine_carrier(&node->machine, node_now(node));
	happens(node->world, HAPPENED_CARRIER);
}

static void pair_anew(struct world *world)
{
	u32 i;

	for (i = 0; i < NODES; i++)
		if (world->node[i].up && !random_happens(&world->chance, 100))
			pairing_window(&world->node[i]);
}

/**
 * weather_disturb() - something happens to a node that is no crash
 * @node: to whom
 */
void weather_disturb(struct node *node)
{
	struct world *world = node->world;

	if (world->weather.pairs && random_happens(&world->chance, 300)) {
		pair_anew(world);
		return;
	}
	if (node->disk.gone || random_happens(&world->chance, world->weather.agent_goes)) {
		disk_agent(node, !node->disk.gone);
		return;
	}
	switch (random_below(&world->chance, 4)) {
	case 0:
		set_clock(node);
		break;
	case 1:
		lose_carrier(node);
		break;
	case 2:
		node_locate(node);
		break;
	case 3:
		/* Not detached for long. */
		if (!node->machine.linked || random_happens(&world->chance, 200))
			detach(node);
		break;
	}
}
