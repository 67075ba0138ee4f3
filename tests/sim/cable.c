// SPDX-License-Identifier: GPL-2.0
/*
 * The cable: it loses, repeats, delays and so reorders.  Who sits at it has
 * recorded what passed, sends it again much later, sends it back to where it
 * came from, and changes bits.
 */
#include <stdlib.h>
#include "world.h"

#define TRANSIT		(200 * 1000ULL)

/* ---- a heap, the next to arrive on top ---- */

static bool before(const struct world *world, u32 a, u32 b)
{
	const struct packet *x = &world->packet[world->heap[a]];
	const struct packet *y = &world->packet[world->heap[b]];

	return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void rise(struct world *world, u32 at)
{
	while (at && before(world, at, (at - 1) / 2)) {
		swap(world->heap[at], world->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void sink(struct world *world)
{
	u32 at = 0;

	for (;;) {
		u32 child = 2 * at + 1;

		if (child + 1 < world->packets && before(world, child + 1, child))
			child++;
		if (child >= world->packets || !before(world, child, at))
			return;
		swap(world->heap[at], world->heap[child]);
		at = child;
	}
}

/* The places behind the heap's end name the packets that are free. */
static struct packet *push(struct world *world, const struct packet *packet, u64 at)
{
	struct packet *slot;

	if (world->packets == PACKETS)
		return NULL;
	if (!world->order)
		for (u32 i = 0; i < PACKETS; i++)
			world->heap[i] = i;
	slot = &world->packet[world->heap[world->packets]];
	*slot = *packet;
	slot->at = at;
	slot->order = ++world->order;
	rise(world, world->packets++);
	return slot;
}

static void pop(struct world *world, struct packet *packet)
{
	u32 slot = world->heap[0];

	*packet = world->packet[slot];
	world->heap[0] = world->heap[--world->packets];
	world->heap[world->packets] = slot;
	sink(world);
}

/* ---- what happens to a frame ---- */

static u64 arrival(struct world *world)
{
	const struct weather *weather = &world->weather;
	u64 delay = random_below(&world->chance, weather->delay + 1);

	if (random_happens(&world->chance, weather->late))
		delay *= random_between(&world->chance, 1, 10);
	return world->now + TRANSIT + delay;
}

/*
 * What comes later takes the place of any one in the first half; few get into
 * the second, so that what is there may be an hour old.
 */
static void record(struct world *world, const struct packet *packet)
{
	u32 at = world->recorded_count;

	if (at < RECORDED)
		world->recorded_count++;
	else
		at = random_below(&world->chance, RECORDED / 2) +
			(random_happens(&world->chance, 30) ? RECORDED / 2 : 0);
	world->recorded[at] = *packet;
}

static void replay(struct world *world)
{
	struct packet packet;

	if (!world->recorded_count)
		return;
	packet = world->recorded[random_below(&world->chance, world->recorded_count)];
	packet.fate = FATE_REPLAYED;
	packet.watched = false;
	happens(world, HAPPENED_REPLAYED);
	push(world, &packet, arrival(world));
}

/*
 * In suite 0 a device can be made to finish an exchange with itself, and what
 * it then believes is nothing that two could agree on (section 9, A11).  That
 * takes C2 to come back.
 */
static bool may_come_back(const struct world *world, const struct packet *packet)
{
	return !world->suite->insecure || packet->data[0] != HPKM_C2;
}

static void reflect(struct world *world, const struct packet *packet)
{
	struct packet copy = *packet;

	if (!may_come_back(world, packet))
		return;
	copy.to = !packet->to;
	copy.fate = FATE_REFLECTED;
	copy.watched = false;
	happens(world, HAPPENED_REFLECTED);
	push(world, &copy, arrival(world));
}

static void spoil(struct world *world, const struct packet *packet)
{
	struct packet copy = *packet;
	u32 bit = random_below(&world->chance, 8 * packet->len);

	copy.data[bit / 8] ^= 1 << bit % 8;
	copy.fate = FATE_SPOILT;
	copy.watched = false;
	happens(world, HAPPENED_SPOILT);
	push(world, &copy, arrival(world));
}

static bool is_lost(struct world *world)
{
	if (!random_happens(&world->chance, world->weather.lose))
		return false;
	happens(world, HAPPENED_LOST);
	return true;
}

static void carry(struct world *world, struct packet *packet)
{
	const struct weather *weather = &world->weather;

	/* Who listens hears what is lost later. */
	record(world, packet);
	if (random_happens(&world->chance, weather->replay))
		replay(world);
	if (random_happens(&world->chance, weather->reflect))
		reflect(world, packet);
	if (random_happens(&world->chance, weather->spoil)) {
		spoil(world, packet);
		return;
	}
	if (is_lost(world))
		return;
	push(world, packet, arrival(world));
	if (random_happens(&world->chance, weather->duplicate)) {
		happens(world, HAPPENED_DUPLICATED);
		packet->watched = false;
		push(world, packet, arrival(world));
	}
}

/**
 * cable_send() - a frame leaves a device
 * @from: whose
 * @frame: without its Ethernet header and padding
 * @len: octets
 */
void cable_send(struct node *from, const u8 *frame, size_t len)
{
	struct world *world = from->world;
	struct packet packet = { .to = !from->index, .len = len };

	if (len > sizeof(packet.data))
		abort();
	memcpy(packet.data, frame, len);
	/* In a calm with a session no frame may be for nothing. */
	packet.watched = world->goal > GOAL_SESSION && frame[0] == HPKM_DATA;
	world_trace(world, "node %u sends %#x, %zu octets", from->index, frame[0], len);
	carry(world, &packet);
}

bool cable_next(struct world *world, u64 *at)
{
	if (!world->packets)
		return false;
	*at = world->packet[world->heap[0]].at;
	return true;
}

/**
 * cable_deliver() - the next frame arrives
 * @world: cable_next() has said that there is one
 */
void cable_deliver(struct world *world)
{
	struct packet packet;
	struct node *node;

	pop(world, &packet);
	node = &world->node[packet.to];
	world_trace(world, "node %u gets %#x%s", node->index, packet.data[0],
		    packet.fate == FATE_PLAIN ? "" :
		    packet.fate == FATE_REPLAYED ? ", replayed" :
		    packet.fate == FATE_REFLECTED ? ", reflected" : ", spoilt");
	if (node->up)
		node_receive(node, &packet);
}
