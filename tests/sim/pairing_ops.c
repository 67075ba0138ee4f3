// SPDX-License-Identifier: GPL-2.0
/* How a node's pairing acts; there is but the one pair. */
#include "world.h"

static struct node *node_of(struct hpkm_pairing *pairing)
{
	return container_of(pairing, struct node, pairing);
}

static void op_transmit(struct hpkm_pairing *pairing, const u8 *frame, size_t len, const u8 *dst)
{
	cable_send(node_of(pairing), frame, len);
}

static void op_random(struct hpkm_pairing *pairing, void *out, size_t len)
{
	random_fill(&node_of(pairing)->world->chance, out, len);
}

static u64 op_wall_clock(struct hpkm_pairing *pairing)
{
	return node_wall_clock(node_of(pairing));
}

static void op_location(struct hpkm_pairing *pairing, u8 out[HPKM_LI_LEN])
{
	memcpy(out, node_of(pairing)->location, HPKM_LI_LEN);
}

static int op_begin(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		    u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN])
{
	return hpkm_machine_pairing_begin(&node_of(pairing)->machine, kids);
}

static void expect_store(struct node *node)
{
	node->machine.pairing = true;
	node->pairing_store = PAIRING_STORE_NONE;
}

static int op_store_fresh(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
			  const struct hpkm_epoch *epoch,
			  const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN],
			  const u8 address[HPKM_ADDRESS_LEN])
{
	struct node *node = node_of(pairing);

	expect_store(node);
	return hpkm_machine_pairing_fresh(&node->machine, epoch, listed, address,
					  node_now(node));
}

static void op_confirm(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct node *node = node_of(pairing);

	hpkm_machine_pairing_confirm(&node->machine, node_now(node));
}

static int op_replace(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		      const struct hpkm_epoch *epoch, const u8 address[HPKM_ADDRESS_LEN])
{
	struct node *node = node_of(pairing);

	expect_store(node);
	return hpkm_machine_pairing_replace(&node->machine, epoch, address, node_now(node));
}

static void op_end(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct node *node = node_of(pairing);

	hpkm_machine_pairing_end(&node->machine, node_now(node));
}

static void op_succeeded(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct node *node = node_of(pairing);

	world_trace(node->world, "node %u is paired", node->index);
	happens(node->world, HAPPENED_PAIRING);
}

static void op_failed(struct hpkm_pairing *pairing, const u8 *id, const char *reason)
{
	struct node *node = node_of(pairing);

	world_trace(node->world, "node %u is not paired: %s", node->index, reason);
}

const struct hpkm_pairing_ops pairing_ops = {
	.transmit = op_transmit,
	.random = op_random,
	.wall_clock = op_wall_clock,
	.location = op_location,
	.begin = op_begin,
	.store_fresh = op_store_fresh,
	.confirm = op_confirm,
	.replace = op_replace,
	.end = op_end,
	.succeeded = op_succeeded,
	.failed = op_failed,
};

/* The machine is in the middle of something; pairing hears of it afterwards. */
void pairing_stored(struct hpkm_machine *machine, bool ok)
{
	struct node *node = container_of(machine, struct node, machine);

	node->pairing_store = ok ? PAIRING_STORE_OK : PAIRING_STORE_FAILED;
}

void pairing_collect(struct node *node)
{
	enum pairing_store result = node->pairing_store;
	u8 id[HPKM_PAIR_CONTEXTS][HPKM_ID_LEN];

	if (result == PAIRING_STORE_NONE || !hpkm_pairing_storing(&node->pairing, id))
		return;
	node->pairing_store = PAIRING_STORE_NONE;
	hpkm_pairing_stored(&node->pairing, other(node)->id, result == PAIRING_STORE_OK,
			    node_now(node));
}

/**
 * pairing_window() - somebody pairs the two again
 * @node: where
 */
void pairing_window(struct node *node)
{
	hpkm_pairing_open(&node->pairing, node->world->suite->id, node->world->sk,
			  HPKM_PAIR_WINDOW_S * HPKM_SECOND, node_now(node));
}
