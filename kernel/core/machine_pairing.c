// SPDX-License-Identifier: GPL-2.0
/*
 * What pairing does to a pair's epoch secrets: protocol section 4, "re-pairing
 * never destroys a working pair".
 */
#include <linux/errno.h>
#include <linux/string.h>
#include "machine_parts.h"

/**
 * hpkm_machine_pairing_begin() - P3 or P4 is about to be sent
 * @machine: whose
 * @kids: receives the kids of fresh, next and cur, zero where there is none
 *
 * Until hpkm_machine_pairing_end() the pair starts and answers no exchange and
 * its session takes no part in updates.  Return: 0; -EBUSY while FROZEN;
 * -ENOTCONN while what was kept would be left behind.  Context: the caller serialises.
 */
int hpkm_machine_pairing_begin(struct hpkm_machine *machine,
			       u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN])
{
	enum hpkm_epoch_slot slot;

	if (hpkm_machine_frozen(machine))
		return -EBUSY;
	if (!machine->ops->may_store(machine))
		return -ENOTCONN;
	machine->pairing = true;
	hpkm_sessions_bar(machine);
	hpkm_exchange_purge(machine);
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++) {
		const struct hpkm_epoch *epoch = &machine->durable.epoch[slot];

		if (epoch->present)
			memcpy(kids[slot], epoch->kid, HPKM_KID_LEN);
		else
			memset(kids[slot], 0, HPKM_KID_LEN);
	}
	return 0;
}

static bool is_listed(const struct hpkm_epoch *epoch,
		      const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN])
{
	size_t i;

	for (i = 0; i < HPKM_EPOCH_SLOTS; i++)
		if (!memcmp(epoch->kid, listed[i], HPKM_KID_LEN))
			return true;
	return false;
}

/* What the other side has forgotten is of no use any more. */
static void keep_listed(struct hpkm_machine *machine,
			const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN])
{
	struct hpkm_epoch *epoch = machine->durable.epoch;
	enum hpkm_epoch_slot slot;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (epoch[slot].present && !is_listed(&epoch[slot], listed))
			hpkm_epoch_drop(machine, slot);

	for (slot = 0; slot < HPKM_EPOCH_CUR; slot++) {
		if (epoch[HPKM_EPOCH_CUR].present || !epoch[slot].present)
			continue;
		epoch[HPKM_EPOCH_CUR] = epoch[slot];
		hpkm_epoch_drop(machine, slot);
	}
}

static int freeze(struct hpkm_machine *machine, enum hpkm_write kind, u64 now)
{
	hpkm_store_and_freeze(machine, kind, now);
	if (hpkm_machine_frozen(machine))
		return -EINPROGRESS;
	return machine->store.failed ? -EIO : 0;
}

/**
 * hpkm_machine_pairing_fresh() - A has P4: the new context goes beside the old
 * @machine: whose
 * @epoch: of the pairing
 * @listed: the kids that B still has
 * @address: where P4 came from
 * @now: nanoseconds
 *
 * Return: 0 when it is durable, -EIO when that failed, -EINPROGRESS when
 * @machine->pairing_stored() will say.  Context: the caller serialises.
 */
int hpkm_machine_pairing_fresh(struct hpkm_machine *machine, const struct hpkm_epoch *epoch,
			       const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN],
			       const u8 address[HPKM_ADDRESS_LEN], u64 now)
{
	keep_listed(machine, listed);
	machine->durable.epoch[HPKM_EPOCH_FRESH] = *epoch;
	memcpy(machine->durable.address, address, HPKM_ADDRESS_LEN);
	return freeze(machine, HPKM_WRITE_PAIR_FRESH, now);
}

/**
 * hpkm_machine_pairing_confirm() - A has P6: the new context is the only one
 * @machine: whose
 * @now: nanoseconds
 *
 * Context: the caller serialises.
 */
void hpkm_machine_pairing_confirm(struct hpkm_machine *machine, u64 now)
{
	if (!machine->durable.epoch[HPKM_EPOCH_FRESH].present)
		return;
	hpkm_sessions_end(machine);
	hpkm_epoch_promote(machine, HPKM_EPOCH_FRESH);
	hpkm_store_soon(machine, now);
	hpkm_machine_renewed(machine);
}

/**
 * hpkm_machine_pairing_replace() - B has P5: everything old goes
 * @machine: whose
 * @epoch: of the pairing
 * @address: where P5 came from
 * @now: nanoseconds
 *
 * Return: see hpkm_machine_pairing_fresh().  Context: the caller serialises.
 */
int hpkm_machine_pairing_replace(struct hpkm_machine *machine, const struct hpkm_epoch *epoch,
				 const u8 address[HPKM_ADDRESS_LEN], u64 now)
{
	/* It would stay FROZEN with what nobody keeps. */
	if (!machine->ops->may_store(machine))
		return -EIO;
	hpkm_exchange_forget(machine);
	hpkm_sessions_end(machine);
	hpkm_epoch_enter(machine, epoch);
	hpkm_epoch_promote(machine, HPKM_EPOCH_CUR);
	memcpy(machine->durable.address, address, HPKM_ADDRESS_LEN);
	hpkm_machine_renewed(machine);
	return freeze(machine, HPKM_WRITE_PAIR_REPLACE, now);
}

/**
 * hpkm_machine_pairing_end() - done, or given up
 * @machine: whose
 * @now: nanoseconds
 *
 * Context: the caller serialises.
 */
void hpkm_machine_pairing_end(struct hpkm_machine *machine, u64 now)
{
	machine->pairing = false;
	hpkm_machine_want(machine, now);
}
