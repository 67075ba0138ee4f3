// SPDX-License-Identifier: GPL-2.0
/* What happens next, one thing at a time. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "world.h"

struct event {
	u64 at;
	void (*happen)(struct world *world, struct node *node);
	struct node *node;
};

static void offer(struct event *first, u64 at, struct node *node,
		  void (*happen)(struct world *world, struct node *node))
{
	if (at >= first->at)
		return;
	first->at = at;
	first->node = node;
	first->happen = happen;
}

static void on_weather(struct world *world, struct node *node)
{
	weather_calm(world);
	goal_begin(world);
}

static void on_goal(struct world *world, struct node *node)
{
	goal_tick(world);
	if (world->goal == GOAL_DONE)
		weather_storm(world);
}

static void on_packet(struct world *world, struct node *node)
{
	cable_deliver(world);
}

static void on_start(struct world *world, struct node *node)
{
	node_start(node);
}

static void on_crash(struct world *world, struct node *node)
{
	happens(world, HAPPENED_CRASH);
	node_stop(node);
}

static void on_disk(struct world *world, struct node *node)
{
	disk_tick(node);
}

/* A machine that wants to run at once, and again, and again, would hang its kernel. */
static void note_tick(struct node *node, u64 now)
{
	struct witness *witness = &node->witness;

	witness->stalled = witness->stalled_at == now ? witness->stalled + 1 : 0;
	witness->stalled_at = now;
	if (witness->stalled > 16)
		world_broken(node->world, "deadline", "node %u: its machine is never content",
			     node->index);
}

static void on_machine(struct world *world, struct node *node)
{
	u64 now = node_now(node);

	note_tick(node, now);
	hpkm_machine_tick(&node->machine, now);
}

static void on_pairing(struct world *world, struct node *node)
{
	hpkm_pairing_tick(&node->pairing, node_now(node));
}

static void on_data(struct world *world, struct node *node)
{
	data_tick(node);
}

static u64 later(struct world *world, u64 every)
{
	return every ? world->now + random_between(&world->chance, 1, 2 * every) : HPKM_NEVER;
}

static void on_say(struct world *world, struct node *node)
{
	node->send_at = later(world, world->weather.say_every);
	data_say(node);
}

static void fill(void *context, void *out, size_t len)
{
	random_fill(context, out, len);
}

/* From any record, or from one that the user names. */
static void on_ask(struct world *world, struct node *node)
{
	const struct hpkm_record *record = NULL;
	u8 rid[HPKM_RID_LEN];
	const char *why;

	node->ask_at = later(world, world->weather.ask_every);
	if (random_happens(&world->chance, 700))
		record = hpkm_log_choose(node->log, fill, &world->chance);
	if (record)
		memcpy(rid, record->rid, sizeof(rid));
	hpkm_machine_update(&node->machine, record ? rid : NULL, node_now(node), &why);
}

static void on_exchange(struct world *world, struct node *node)
{
	const char *why;

	node->exchange_at = later(world, world->weather.exchange_every);
	hpkm_machine_exchange(&node->machine, node_now(node), &why);
}

static void on_disturb(struct world *world, struct node *node)
{
	node->disturb_at = later(world, world->weather.disturb_every);
	weather_disturb(node);
}

static void offer_of_node(struct event *first, struct node *node)
{
	if (!node->up) {
		offer(first, node->starts_at, node, on_start);
		return;
	}
	offer(first, node->crashes_at, node, on_crash);
	offer(first, disk_deadline(node), node, on_disk);
	offer(first, node_world_time(node, hpkm_machine_deadline(&node->machine)), node,
	      on_machine);
	offer(first, node_world_time(node, hpkm_pairing_deadline(&node->pairing)), node,
	      on_pairing);
	offer(first, node_world_time(node, data_deadline(node)), node, on_data);
	offer(first, node->send_at, node, on_say);
	offer(first, node->ask_at, node, on_ask);
	offer(first, node->exchange_at, node, on_exchange);
	offer(first, node->disturb_at, node, on_disturb);
}

static struct event next_event(struct world *world)
{
	struct event first = { .at = HPKM_NEVER };
	u64 at;
	u32 i;

	offer(&first, world->changes_at, NULL, on_weather);
	for (i = 0; i < NODES; i++)
		offer_of_node(&first, &world->node[i]);
	if (cable_next(world, &at))
		offer(&first, at, NULL, on_packet);
	offer(&first, goal_deadline(world), NULL, on_goal);
	return first;
}

/**
 * world_step() - one thing happens, and all that must hold is looked at
 * @world: the world
 */
void world_step(struct world *world)
{
	struct event event = next_event(world);
	u32 i;

	world->now = max(world->now, event.at);
	event.happen(world, event.node);
	for (i = 0; i < NODES; i++)
		if (world->node[i].up)
			pairing_collect(&world->node[i]);
	check_world(world);
	world->steps++;
}

/* Two devices that were paired once. */
static void first_epoch(struct world *world, struct hpkm_durable *durable)
{
	struct hpkm_epoch *epoch = &durable->epoch[HPKM_EPOCH_CUR];

	epoch->present = true;
	random_fill(&world->chance, epoch->chain, sizeof(epoch->chain));
	hpkm_element(epoch->x[0], 0, world->sk, sizeof(world->sk));
	hpkm_element_time(epoch->x[1], random_u64(&world->chance));
	hpkm_element(epoch->x[2], 2, "Paris", 5);
}

struct world *world_create(const struct hpkm_suite *suite, u64 seed)
{
	struct world *world = calloc(1, sizeof(*world));
	struct hpkm_durable durable = {};
	u32 i;

	if (!world)
		abort();
	world->recorded = calloc(RECORDED, sizeof(*world->recorded));
	if (!world->recorded)
		abort();
	world->suite = suite;
	world->seed = seed;
	world->trace = HPKM_NEVER;
	world->chance.state = random_mix(seed) + suite->id;
	world->salt = random_u64(&world->chance);
	world->now = HPKM_SECOND;
	random_fill(&world->chance, world->sk, sizeof(world->sk));
	first_epoch(world, &durable);
	for (i = 0; i < NODES; i++)
		node_init(world, i);
	for (i = 0; i < NODES; i++) {
		disk_init(&world->node[i], &durable);
		node_start(&world->node[i]);
	}
	weather_calm(world);
	goal_begin(world);
	return world;
}

/* What the machines have taken they must be able to give back. */
void world_destroy(struct world *world)
{
	u32 i;

	for (i = 0; i < NODES; i++)
		node_exit(&world->node[i]);
	free(world->recorded);
	free(world);
}

void world_trace(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->steps < world->trace)
		return;
	printf("%8llu %14.6f ", (unsigned long long)world->steps, world->now / 1e9);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

void world_broken(struct world *world, const char *invariant, const char *format, ...)
{
	va_list arguments;

	printf("invariant: %s\n", invariant);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\nseed %llu, step %llu, suite %s\n", (unsigned long long)world->seed,
	       (unsigned long long)world->steps, world->suite->name);
	printf("again: build/tests/sim --seed %llu --steps %llu --suite %s\n",
	       (unsigned long long)world->seed, (unsigned long long)world->steps + 1,
	       world->suite->name);
	exit(EXIT_FAILURE);
}
