// SPDX-License-Identifier: GPL-2.0
/* A pair's durable state as octets that outlive power: protocol section 8. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "../compat/unaligned.h"
#include "kept.h"

/* A record's number has that much room for it. */
#define BOOT_MAX	((1U << (64 - HPKM_REC_BOOT_SHIFT)) - 2)

static void write_epoch(struct hpkm_kept_epoch *kept, const struct hpkm_epoch *epoch)
{
	memset(kept, 0, sizeof(*kept));
	if (!epoch->present)
		return;
	kept->present = 1;
	kept->n = cpu_to_le64(epoch->n);
	memcpy(kept->chain, epoch->chain, sizeof(kept->chain));
	memcpy(kept->x, epoch->x, sizeof(kept->x));
}

/**
 * hpkm_kept_write() - what is to be kept of a pair
 * @kept: filled; a secret
 * @pair: who the two are
 * @durable: as memory has it
 *
 * Context: any; the caller serialises.
 */
void hpkm_kept_write(struct hpkm_kept_pair *kept, const struct hpkm_pair *pair,
		     const struct hpkm_durable *durable)
{
	enum hpkm_epoch_slot slot;

	kept->suite = pair->suite->id;
	memcpy(kept->own, pair->own, HPKM_ID_LEN);
	memcpy(kept->peer, pair->peer, HPKM_ID_LEN);
	kept->boot = cpu_to_le32(durable->boot);
	memcpy(kept->address, durable->address, HPKM_ADDRESS_LEN);
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		write_epoch(&kept->epoch[slot], &durable->epoch[slot]);
}

static void read_epoch(const struct hpkm_kept_epoch *kept, const struct hpkm_pair *pair,
		       struct hpkm_epoch *epoch)
{
	memset(epoch, 0, sizeof(*epoch));
	if (!kept->present)
		return;
	epoch->present = true;
	epoch->n = le64_to_cpu(kept->n);
	memcpy(epoch->chain, kept->chain, sizeof(epoch->chain));
	memcpy(epoch->x, kept->x, sizeof(epoch->x));
	hpkm_epoch_name(epoch, pair);
}

/* Half-way through a first pairing only the fresh context is there. */
static bool epochs_valid(const struct hpkm_kept_pair *kept)
{
	enum hpkm_epoch_slot slot;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (kept->epoch[slot].present > 1)
			return false;
	if (kept->epoch[HPKM_EPOCH_CUR].present)
		return true;
	return kept->epoch[HPKM_EPOCH_FRESH].present && !kept->epoch[HPKM_EPOCH_NEXT].present;
}

static const char *what_is_wrong(const struct hpkm_kept_pair *kept, const u8 own[HPKM_ID_LEN])
{
	if (memcmp(kept->own, own, HPKM_ID_LEN))
		return "That is the state of another device";
	if (!memcmp(kept->peer, own, HPKM_ID_LEN))
		return "A device is no peer of itself";
	if (!hpkm_suite_by_id(kept->suite))
		return "This module does not have the suite of that state";
	if (le32_to_cpu(kept->boot) > BOOT_MAX)
		return "The device was started too often for that state: pair anew";
	if (!epochs_valid(kept))
		return "That state has no usable epoch secret";
	return NULL;
}

/**
 * hpkm_kept_read() - what was kept of a pair
 * @kept: from anywhere
 * @own: this device's id
 * @pair: filled
 * @durable: filled, with boot as it was
 * @why: receives a sentence when it is refused
 *
 * Return: 0 or -EINVAL, with nothing filled.  Context: any.
 */
int hpkm_kept_read(const struct hpkm_kept_pair *kept, const u8 own[HPKM_ID_LEN],
		   struct hpkm_pair *pair, struct hpkm_durable *durable, const char **why)
{
	enum hpkm_epoch_slot slot;

	*why = what_is_wrong(kept, own);
	if (*why)
		return -EINVAL;
	hpkm_pair_init(pair, hpkm_suite_by_id(kept->suite), own, kept->peer);
	durable->boot = le32_to_cpu(kept->boot);
	memcpy(durable->address, kept->address, HPKM_ADDRESS_LEN);
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		read_epoch(&kept->epoch[slot], pair, &durable->epoch[slot]);
	return 0;
}
