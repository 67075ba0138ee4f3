// SPDX-License-Identifier: GPL-2.0
/*
 * Messages end to end: a sender's outbox, a receiver's receipt, and a cable of
 * which the input says what it loses, doubles and delays.  None is delivered
 * twice; what counts as acknowledged was delivered; what is given up was under
 * way for HPKM_MSG_GIVE_UP.
 */
#include <stdlib.h>
#include <linux/slab.h>
#include <core/outbox.h>
#include "fuzz.h"

#define STEPS		512
#define MESSAGES	256
#define CABLE		16

struct world {
	struct feed feed;
	struct hpkm_outbox outbox;
	struct hpkm_receipt receipt;
	u64 now;
	u64 next_rec;
	struct hpkm_acknowledgement ack[CABLE];
	size_t acks;
	u64 flying[CABLE];
	size_t flights;
	/* By ordinal. */
	u64 rec[MESSAGES];
	u64 accepted_at[MESSAGES];
	u8 delivered[MESSAGES];
	size_t messages;
	size_t waiting;
};

static size_t ordinal_of(const struct world *world, u64 rec)
{
	size_t i;

	for (i = 0; i < world->messages; i++)
		if (world->rec[i] == rec)
			return i;
	return MESSAGES;
}

static void add(struct world *world)
{
	struct hpkm_message *message = kzalloc(sizeof(*message) + 1, GFP_KERNEL);
	int err;

	must(message);
	world->next_rec += 1 + feed_below(&world->feed, 8);
	message->rec = world->next_rec;
	message->len = 1;
	err = hpkm_outbox_add(&world->outbox, message, world->now);
	must(!err == (world->waiting < HPKM_MSG_WAITING));
	if (err) {
		kfree(message);
		return;
	}
	world->rec[world->messages] = message->rec;
	world->accepted_at[world->messages++] = world->now;
	world->waiting++;
}

static void arrive(struct world *world, u64 rec)
{
	size_t i = ordinal_of(world, rec);

	if (hpkm_receipt_would_lose(&world->receipt, rec) && world->acks < CABLE)
		world->acks += hpkm_receipt_take(&world->receipt, &world->ack[world->acks]);
	if (hpkm_receipt_note(&world->receipt, rec, i < MESSAGES, world->now) == HPKM_RECEIPT_NEW &&
	    i < MESSAGES)
		must(!world->delivered[i]++);
}

/* Whatever is due goes out, to arrive now, later or never. */
static void send(struct world *world)
{
	struct hpkm_message *message;

	while ((message = hpkm_outbox_due(&world->outbox, world->now))) {
		u8 fate = feed_u8(&world->feed);

		must(message->sendings && message->next_at > world->now);
		if (fate & 1)
			arrive(world, message->rec);
		if (fate & 2)
			world->flying[world->flights++ % CABLE] = message->rec;
	}
	must(hpkm_outbox_deadline(&world->outbox) >= world->now);
}

static void forget(struct world *world, struct list_head *done, bool acknowledged)
{
	struct hpkm_message *message, *next;

	list_for_each_entry_safe(message, next, done, node) {
		size_t i = ordinal_of(world, message->rec);

		must(i < MESSAGES);
		if (acknowledged)
			must(world->delivered[i] == 1);
		else
			must(world->now - world->accepted_at[i] >= HPKM_MSG_GIVE_UP);
		world->waiting--;
		kfree(message);
	}
	INIT_LIST_HEAD(done);
	must(world->outbox.count == world->waiting);
}

static void acknowledge(struct world *world)
{
	struct hpkm_acknowledgement ack;
	LIST_HEAD(done);

	if (!world->acks)
		return;
	ack = world->ack[feed_below(&world->feed, world->acks)];
	hpkm_outbox_acknowledge(&world->outbox, &ack, &done);
	forget(world, &done, true);
}

static void pass_time(struct world *world)
{
	LIST_HEAD(done);

	world->now += (1ULL << feed_below(&world->feed, 16)) * HPKM_MS;
	hpkm_outbox_expire(&world->outbox, world->now, &done);
	forget(world, &done, false);
}

static void step(struct world *world)
{
	switch (feed_below(&world->feed, 7)) {
	case 0:
	case 1:
		if (world->messages < MESSAGES)
			add(world);
		break;
	case 2:
		pass_time(world);
		break;
	case 3:
		if (world->flights)
			arrive(world, world->flying[feed_below(&world->feed, CABLE)]);
		break;
	case 4:
		world->acks %= CABLE;
		world->acks += hpkm_receipt_take(&world->receipt, &world->ack[world->acks]);
		break;
	case 5:
		acknowledge(world);
		break;
	case 6:
		/* A frame that is a record takes a number, too. */
		arrive(world, ++world->next_rec);
		break;
	}
	send(world);
}

static void end(struct world *world)
{
	struct hpkm_message *message, *next;
	size_t left = 0;
	LIST_HEAD(done);

	hpkm_outbox_purge(&world->outbox, &done);
	list_for_each_entry_safe(message, next, &done, node) {
		kfree(message);
		left++;
	}
	must(left == world->waiting && !world->outbox.count);
	must(hpkm_outbox_deadline(&world->outbox) == HPKM_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .feed = { data, size }, .now = HPKM_SECOND };
	u32 steps;

	hpkm_outbox_init(&world.outbox);
	hpkm_receipt_init(&world.receipt);
	for (steps = 0; world.feed.left && steps < STEPS; steps++)
		step(&world);
	end(&world);
	return 0;
}
