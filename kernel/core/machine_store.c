// SPDX-License-Identifier: GPL-2.0
/*
 * Persist points and FROZEN: protocol section 8, "writes take time and may
 * fail".  One write at a time, always of the whole state as it is when issued;
 * a failed write may have happened.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include "machine_parts.h"

/**
 * hpkm_epoch_drop() - erase an epoch secret from memory
 * @machine: whose
 * @slot: where it is
 *
 * The caller then stores.
 */
void hpkm_epoch_drop(struct hpkm_machine *machine, enum hpkm_epoch_slot slot)
{
	memzero_explicit(&machine->durable.epoch[slot], sizeof(machine->durable.epoch[slot]));
}

/**
 * hpkm_epoch_enter() - another epoch secret is the current one
 * @machine: whose
 * @epoch: which
 *
 * What somebody with the old secret said of attempts says nothing of those here.
 */
void hpkm_epoch_enter(struct hpkm_machine *machine, const struct hpkm_epoch *epoch)
{
	*hpkm_current_epoch(machine) = *epoch;
	machine->peer_hctr = 0;
}

/**
 * hpkm_epoch_promote() - an epoch secret becomes the only one
 * @machine: whose
 * @slot: where it is; HPKM_EPOCH_CUR erases the others
 *
 * The caller then stores.
 */
void hpkm_epoch_promote(struct hpkm_machine *machine, enum hpkm_epoch_slot slot)
{
	if (slot != HPKM_EPOCH_CUR)
		hpkm_epoch_enter(machine, &machine->durable.epoch[slot]);
	hpkm_epoch_drop(machine, HPKM_EPOCH_FRESH);
	hpkm_epoch_drop(machine, HPKM_EPOCH_NEXT);
}

static void write(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_store *store = &machine->store;
	enum hpkm_stored result;

	store->in_flight = true;
	store->issued_at = now;
	store->in_flight_frozen = store->frozen != HPKM_WRITE_NONE;
	store->dirty = false;
	store->retry_at = HPKM_NEVER;
	result = machine->ops->store(machine);
	if (result != HPKM_STORE_LATER)
		hpkm_machine_stored(machine, result == HPKM_STORED, now);
}

/**
 * hpkm_store_and_freeze() - P1, P2 and pairing's writes
 * @machine: whose; memory is already as it shall become
 * @kind: what waits for it
 * @now: nanoseconds
 *
 * The pair is FROZEN until the write is decided; the rest of the step happens
 * then, perhaps before this returns.
 */
void hpkm_store_and_freeze(struct hpkm_machine *machine, enum hpkm_write kind, u64 now)
{
	machine->store.frozen = kind;
	if (!machine->store.in_flight)
		write(machine, now);
}

/**
 * hpkm_store_soon() - P3, P4 and whatever nobody waits for
 * @machine: whose; memory is already as it shall become
 * @now: nanoseconds
 */
void hpkm_store_soon(struct hpkm_machine *machine, u64 now)
{
	machine->store.dirty = true;
	if (!machine->store.in_flight && machine->store.frozen == HPKM_WRITE_NONE)
		write(machine, now);
}

/**
 * hpkm_machine_restored() - P0: the device started and this was kept
 * @machine: just initialised
 * @durable: as it was kept
 * @now: nanoseconds
 *
 * FROZEN until it is durable that the device has started once more, so that
 * no number of this start was ever used before.  Context: the caller
 * serialises.
 */
void hpkm_machine_restored(struct hpkm_machine *machine, const struct hpkm_durable *durable,
			   u64 now)
{
	machine->durable = *durable;
	machine->durable.boot++;
	hpkm_store_and_freeze(machine, HPKM_WRITE_P0, now);		/* P0 */
}

/**
 * hpkm_machine_keep() - there is somebody who keeps the state now
 * @machine: whose
 * @now: nanoseconds
 *
 * Context: the caller serialises.
 */
void hpkm_machine_keep(struct hpkm_machine *machine, u64 now)
{
	machine->store.dirty = true;
	if (!machine->store.in_flight)
		write(machine, now);
}

/* Whether a failed write of this kind is repeated until it succeeds, frozen. */
static bool must_succeed(enum hpkm_write kind)
{
	return kind == HPKM_WRITE_P0 || kind == HPKM_WRITE_P2 ||
	       kind == HPKM_WRITE_PAIR_REPLACE;
}

static void thaw(struct hpkm_machine *machine, bool ok, u64 now)
{
	enum hpkm_write kind = machine->store.frozen;

	machine->store.frozen = HPKM_WRITE_NONE;
	switch (kind) {
	case HPKM_WRITE_P1:
		hpkm_update_prepared(machine, ok, now);
		break;
	case HPKM_WRITE_P2:
		hpkm_update_committed(machine, now);
		break;
	case HPKM_WRITE_PAIR_FRESH:
	case HPKM_WRITE_PAIR_REPLACE:
		if (machine->pairing_stored)
			machine->pairing_stored(machine, ok);
		break;
	case HPKM_WRITE_NONE:
	case HPKM_WRITE_P0:
		break;
	}
}

/**
 * hpkm_machine_stored() - the store has decided
 * @machine: whose
 * @ok: durable; otherwise it may have happened all the same
 * @now: nanoseconds
 *
 * Context: the caller serialises; at most once after each HPKM_STORE_LATER,
 * and not when the write was given up.
 */
void hpkm_machine_stored(struct hpkm_machine *machine, bool ok, u64 now)
{
	struct hpkm_store *store = &machine->store;
	bool was_frozen = store->in_flight_frozen;

	store->in_flight = false;
	store->failed = !ok;
	if (!ok) {
		store->dirty = true;
		store->retry_at = now + HPKM_WRITE_RETRY;
	}
	if (store->frozen != HPKM_WRITE_NONE && !was_frozen) {
		/* It waited behind a write that nobody waited for. */
		write(machine, now);
		return;
	}
	if (was_frozen && (ok || !must_succeed(store->frozen)))
		thaw(machine, ok, now);
	if (ok && store->dirty && !store->in_flight)
		write(machine, now);
}

/**
 * hpkm_store_tick() - give up a write that takes too long, repeat a failed one
 * @machine: whose
 * @now: nanoseconds
 */
void hpkm_store_tick(struct hpkm_machine *machine, u64 now)
{
	if (now < hpkm_store_deadline(machine))
		return;
	if (machine->store.in_flight)
		hpkm_machine_stored(machine, false, now);
	else
		write(machine, now);
}

/**
 * hpkm_store_deadline() - when hpkm_store_tick() has something to do
 * @machine: whose
 */
u64 hpkm_store_deadline(const struct hpkm_machine *machine)
{
	const struct hpkm_store *store = &machine->store;

	return store->in_flight ? store->issued_at + HPKM_WRITE_TIMEOUT : store->retry_at;
}
