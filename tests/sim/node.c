// SPDX-License-Identifier: GPL-2.0
/* A device: its clocks, its life, and what becomes of a frame that arrives. */
#include <stdlib.h>
#include "world.h"

#define MILLION		1000000

static const char *const places[] = { "Paris", "Lyon", "Orleans", "" };

/* ---- clocks: since the start, and of the wall ---- */

u64 node_now(const struct node *node)
{
	unsigned __int128 passed = node->world->now - node->booted_at;

	return node->clock_base + (u64)(passed * (MILLION + node->drift) / MILLION);
}

/**
 * node_world_time() - when a node's clock will show a time
 * @node: whose clock
 * @at: by that clock
 *
 * Return: the first moment of the world at which it is not before @at any more.
 */
u64 node_world_time(const struct node *node, u64 at)
{
	unsigned __int128 passed;
	u32 rate = MILLION + node->drift;

	if (at == HPKM_NEVER)
		return HPKM_NEVER;
	if (at <= node->clock_base)
		return node->booted_at;
	passed = at - node->clock_base;
	return node->booted_at + (u64)((passed * MILLION + rate - 1) / rate);
}

u64 node_wall_clock(const struct node *node)
{
	return node->wall_offset + node->world->now;
}

/* ---- life ---- */

void node_locate(struct node *node)
{
	const char *place = places[random_below(&node->world->chance, ARRAY_SIZE(places))];
	u8 len = strlen(place);

	memset(node->location, 0, sizeof(node->location));
	node->location[0] = len;
	memcpy(node->location + 1, place, len);
}

/* Small logs, which soon overwrite what an update asks for, and large ones. */
static u32 draw_log_size(struct chance *chance)
{
	switch (random_below(chance, 4)) {
	case 0:
		return HPKM_LOG_MIN;
	case 1:
		return 4096;
	default:
		return random_between(chance, HPKM_LOG_MIN, HPKM_LOG_DEFAULT);
	}
}

void node_init(struct world *world, u32 index)
{
	struct node *node = &world->node[index];

	node->world = world;
	node->index = index;
	node->starts_at = world->now;
	node->crashes_at = HPKM_NEVER;
	node->id[0] = 1 + index;
	random_fill(&world->chance, node->id + 1, HPKM_ID_LEN - 1);
}

/**
 * node_start() - power is back; only what the disk has is known
 * @node: a node that is down
 */
void node_start(struct node *node)
{
	struct world *world = node->world;
	struct hpkm_durable durable = {};
	struct hpkm_pair pair;
	const char *why;

	node->up = true;
	node->booted_at = world->now;
	node->clock_base = random_between(&world->chance, 1, 100 * HPKM_SECOND);
	node->drift = (s64)random_below(&world->chance, 2001) - 1000;
	node->log_size = draw_log_size(&world->chance);
	node_locate(node);
	data_init(node);
	hpkm_machine_init(&node->machine, &machine_ops, world->suite, node->id,
			  other(node)->id);
	node->machine.pairing_stored = pairing_stored;
	hpkm_pairing_init(&node->pairing, &pairing_ops, node->id);
	if (hpkm_kept_read(&node->disk.image, node->id, &pair, &durable, &why))
		world_broken(world, "kept", "node %u: what it kept cannot be read: %s",
			     node->index, why);
	watch_restart(node);
	hpkm_machine_restored(&node->machine, &durable, node_now(node));
	hpkm_machine_link(&node->machine, node_now(node));
	world_trace(world, "node %u starts for the %u. time", node->index,
		    node->machine.durable.boot);
}

/* Nobody wipes it, as with all memory that loses power. */
static void lose_machine(struct node *node)
{
	u32 i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		free(node->machine.half_open[i]);
	free(node->machine.update);
	memset(&node->machine, 0, sizeof(node->machine));
	node->sids = 0;
	node->half_open = 0;
	node->updates = 0;
}

/**
 * node_stop() - power is gone
 * @node: a node that is up
 */
void node_stop(struct node *node)
{
	struct world *world = node->world;

	world_trace(world, "node %u loses power", node->index);
	disk_crash(node);
	data_exit(node);
	node->up = false;
	node->starts_at = world->now + random_spread(&world->chance, HPKM_MS, 13);
	node->crashes_at = HPKM_NEVER;
	if (world->weather.crash_every)
		node->crashes_at = node->starts_at +
			random_between(&world->chance, 1, 2 * world->weather.crash_every);
	lose_machine(node);
	memset(node->channel, 0, sizeof(node->channel));
	memset(&node->pairing, 0, sizeof(node->pairing));
	node->pairing_store = PAIRING_STORE_NONE;
}

static bool is_anything_left(const struct node *node)
{
	u32 i;

	for (i = 0; i < CHANNELS; i++)
		if (node->channel[i].used)
			return true;
	return node->sids || node->half_open || node->updates;
}

/**
 * node_exit() - the end of the world
 * @node: any
 */
void node_exit(struct node *node)
{
	if (!node->up)
		return;
	hpkm_pairing_close(&node->pairing, "the world ends");
	hpkm_machine_unlink(&node->machine, "the world ends");
	if (is_anything_left(node))
		world_broken(node->world, "balance", "node %u has not given back all it took",
			     node->index);
	data_exit(node);
}

/* ---- frames ---- */

static int to_machine(struct node *node, const struct packet *packet, const u8 *src)
{
	if (packet->data[0] == HPKM_C1)
		return hpkm_machine_c1(&node->machine, packet->data, src, node_now(node));
	return hpkm_machine_handshake(&node->machine, packet->data, src, node_now(node));
}

/*
 * Suites 1 and 2: what is spoilt, or comes back to who sent it, changes nothing
 * and is answered by nothing.
 */
static void must_be_ignored(struct node *node, const struct packet *packet, const u8 *src)
{
	u64 sent = node->witness.sent_count;
	struct machine_copy before;

	machine_copy(&before, &node->machine);
	if (!to_machine(node, packet, src) || sent != node->witness.sent_count ||
	    !machine_is(&before, &node->machine))
		world_broken(node->world, "forgery", "node %u took a frame of type %u that was %s",
			     node->index, packet->data[0],
			     packet->fate == FATE_SPOILT ? "spoilt" : "its own");
}

static void to_handshake(struct node *node, const struct packet *packet, const u8 *src)
{
	bool forged = packet->fate == FATE_SPOILT || packet->fate == FATE_REFLECTED;

	if (forged && !node->world->suite->insecure)
		must_be_ignored(node, packet, src);
	else
		to_machine(node, packet, src);
}

/**
 * node_receive() - a frame arrives
 * @node: a node that is up
 * @packet: the frame
 */
void node_receive(struct node *node, const struct packet *packet)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)packet->data;
	const u8 src[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, !node->index };

	/* Who is detached hears nothing. */
	if (!node->machine.linked || hpkm_hd_check(packet->data, packet->len) ||
	    hd->suite != node->world->suite->id)
		return;
	if (hd->type == HPKM_DATA)
		data_receive(node, packet);
	else if (hd->type <= HPKM_ACK)
		to_handshake(node, packet, src);
	else
		hpkm_pairing_receive(&node->pairing, packet->data, packet->len, src,
				     node_now(node));
}
