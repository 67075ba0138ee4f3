// SPDX-License-Identifier: GPL-2.0
/* What must hold after every step: protocol section 8. */
#include "world.h"

static bool is_zero(const void *data, size_t len)
{
	return !memchr_inv(data, 0, len);
}

static void must(struct node *node, bool holds, const char *invariant, const char *what)
{
	if (!holds)
		world_broken(node->world, invariant, "node %u: %s", node->index, what);
}

/* ---- what the two have in common ---- */

static bool share(const struct hpkm_durable *a, const struct hpkm_durable *b)
{
	enum hpkm_epoch_slot slot;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (a->epoch[slot].present && watch_has(b, &a->epoch[slot]))
			return true;
	return false;
}

/* As what a node may go on: memory, the disk, and the disk once it is written. */
static u32 futures(const struct node *node, const struct hpkm_durable *future[3])
{
	u32 count = 0;

	future[count++] = &node->disk.actual;
	if (node->up)
		future[count++] = &node->machine.durable;
	if (node->disk.writing && node->disk.lands)
		future[count++] = &node->disk.new;
	return count;
}

/* Whatever crashes now, the two stores share a secret. */
static void check_shared(struct world *world)
{
	const struct hpkm_durable *a[3], *b[3];
	u32 a_count = futures(&world->node[0], a);
	u32 b_count = futures(&world->node[1], b);
	u32 i, j;

	for (i = 0; i < a_count; i++)
		for (j = 0; j < b_count; j++)
			if (!share(a[i], b[j]))
				world_broken(world, "shared secret",
					     "the two have no epoch in common any more");
}

/* ---- what a node erases ---- */

static bool is_cur(const struct hpkm_durable *durable, const struct hpkm_epoch *epoch)
{
	return watch_same(&durable->epoch[HPKM_EPOCH_CUR], epoch);
}

static bool holds(const struct node *node, const struct hpkm_epoch *epoch)
{
	return watch_has(&node->disk.known, epoch) || watch_has(&node->disk.actual, epoch) ||
	       (node->up && watch_has(&node->machine.durable, epoch));
}

/*
 * A new cur, from memory or from an update or pairing: the other has it durable.
 * What was next or fresh is what the other lives under already.
 */
static void check_new_cur(struct node *node, const struct hpkm_durable *before)
{
	const struct hpkm_epoch *cur = &node->machine.durable.epoch[HPKM_EPOCH_CUR];
	const struct disk *theirs = &other(node)->disk;

	if (!watch_has(before, cur)) {
		must(node, watch_has(&theirs->known, cur) || watch_has(&theirs->actual, cur),
		     "P1 before P2", "the other has not stored the new epoch");
		return;
	}
	happens(node->world, HAPPENED_PROMOTED);
	if (node->machine.pairing)
		must(node, holds(other(node), cur), "listed", "the other has not that epoch");
	else
		must(node, is_cur(&theirs->known, cur) || is_cur(&theirs->actual, cur),
		     "P2 before P3", "the other has not committed");
}

/* What is erased, no peer lives under. */
static void check_dropped(struct node *node, const struct hpkm_epoch *next)
{
	const struct node *peer = other(node);

	happens(node->world, HAPPENED_DROPPED);
	must(node, !is_cur(&peer->disk.actual, next) &&
	     !(peer->up && is_cur(&peer->machine.durable, next)),
	     "needed", "next is erased, and the other lives under it");
}

static void check_epochs(struct node *node)
{
	const struct hpkm_durable *before = &node->witness.durable;
	const struct hpkm_durable *now = &node->machine.durable;
	const struct hpkm_epoch *next = &before->epoch[HPKM_EPOCH_NEXT];

	if (!memcmp(before->epoch, now->epoch, sizeof(now->epoch)))
		return;
	if (!is_cur(before, &now->epoch[HPKM_EPOCH_CUR]))
		check_new_cur(node, before);
	else if (next->present && !watch_has(now, next))
		check_dropped(node, next);
	node->witness.durable = *now;
}

/* At most cur, next and fresh, all different. */
static void check_slots(struct node *node)
{
	const struct hpkm_epoch *epoch = node->machine.durable.epoch;
	const struct hpkm_epoch *cur = &epoch[HPKM_EPOCH_CUR];
	const struct hpkm_epoch *next = &epoch[HPKM_EPOCH_NEXT];
	const struct hpkm_epoch *fresh = &epoch[HPKM_EPOCH_FRESH];

	must(node, cur->present, "slots", "there is no cur");
	must(node, !next->present || next->n == cur->n + 1, "slots", "next does not follow cur");
	must(node, !fresh->present || !fresh->n, "slots", "fresh is no pairing's");
	must(node, !watch_same(cur, fresh) && !watch_same(next, fresh), "slots", "one epoch twice");
}

/* ---- what the machine has ---- */

static u32 half_open(const struct hpkm_machine *machine)
{
	u32 i, count = 0;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		count += machine->half_open[i] ? 1 : 0;
	return count;
}

static u32 sessions(const struct hpkm_machine *machine)
{
	u32 i, count = 0;

	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		count += machine->old[i] ? 1 : 0;
	return count + (machine->current_session ? 1 : 0) + (machine->next ? 1 : 0);
}

static u32 channels(const struct node *node)
{
	u32 i, count = 0;

	for (i = 0; i < CHANNELS; i++)
		count += node->channel[i].used;
	return count;
}

static void check_balance(struct node *node)
{
	const struct hpkm_machine *machine = &node->machine;
	u32 of_attempt = machine->attempt.state != HPKM_ATTEMPT_NONE && !machine->next;

	must(node, sessions(machine) == channels(node), "balance", "sessions");
	must(node, half_open(machine) == node->half_open, "balance", "half-open exchanges");
	must(node, (machine->update ? 1 : 0) == node->updates, "balance", "updates");
	must(node, sessions(machine) + half_open(machine) + of_attempt == node->sids, "balance",
	     "session indices");
}

/**
 * check_given_back() - memory of the machine's, about to be freed
 * @node: whose
 * @memory: must be wiped
 * @len: octets
 */
void check_given_back(struct node *node, const void *memory, size_t len)
{
	must(node, is_zero(memory, len), "wiped", "an exchange or an update");
}

static void check_wiped(struct node *node)
{
	const struct hpkm_machine *machine = &node->machine;
	const struct hpkm_session *session = machine->current_session;

	if (machine->attempt.state == HPKM_ATTEMPT_NONE)
		must(node, is_zero(&machine->attempt, sizeof(machine->attempt)), "wiped",
		     "the attempt");
	if (session && session->barred)
		must(node, is_zero(session->update_key, sizeof(session->update_key)), "wiped",
		     "a barred session's SU");
}

/* Purge: what is undecided is decided before any exchange goes on. */
static void check_purged(struct node *node)
{
	const struct hpkm_machine *machine = &node->machine;

	if (!watch_undecided(node) && !machine->pairing)
		return;
	must(node, machine->attempt.state == HPKM_ATTEMPT_NONE, "purged", "an attempt is left");
	must(node, !half_open(machine), "purged", "a half-open exchange is left");
}

static void check_slots_of_sessions(struct node *node)
{
	const struct hpkm_machine *machine = &node->machine;
	const struct hpkm_session *current = machine->current_session;

	must(node, !machine->next || machine->attempt.state == HPKM_ATTEMPT_WA, "table",
	     "a next session without an attempt in WA");
	must(node, !machine->update || machine->update->state != HPKM_UPDATE_NONE, "table",
	     "an update in no state");
	must(node, !machine->update || (current && !current->barred), "table",
	     "an update in no session, or in a barred one");
	must(node, !current || current->barred || machine->attempt.state == HPKM_ATTEMPT_NONE,
	     "table", "an attempt has not barred the session");
	if (current)
		must(node, current->ends_at <= current->installed_at +
		     HPKM_REFUSE_AFTER(machine->rekey_after), "table", "keys live too long");
}

static void check_uctr(struct node *node)
{
	struct witness *witness = &node->witness;
	const struct hpkm_session *session = node->machine.current_session;

	if (session && session->own_sid == witness->session)
		must(node, session->own_uctr >= witness->own_uctr &&
		     session->peer_uctr >= witness->peer_uctr, "uctr rises",
		     "a number of an update went back");
	witness->session = session ? session->own_sid : 0;
	witness->own_uctr = session ? session->own_uctr : 0;
	witness->peer_uctr = session ? session->peer_uctr : 0;
}

static void check_node(struct node *node)
{
	check_slots(node);
	check_epochs(node);
	check_balance(node);
	check_wiped(node);
	check_purged(node);
	check_slots_of_sessions(node);
	check_uctr(node);
}

/**
 * check_world() - after every step
 * @world: the world
 */
void check_world(struct world *world)
{
	u32 i;

	check_shared(world);
	for (i = 0; i < NODES; i++)
		if (world->node[i].up)
			check_node(&world->node[i]);
}
