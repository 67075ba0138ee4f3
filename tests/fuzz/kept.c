// SPDX-License-Identifier: GPL-2.0
/*
 * hpkm_kept_read() on any blob: what is refused fills nothing; what is
 * accepted is, written again, the same octets but for slots that are not
 * there, which are then zero.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <core/kept.h>
#include "fuzz.h"

static const u8 own[HPKM_ID_LEN] = { 1 };

static void fill_epoch(struct feed *feed, struct hpkm_epoch *epoch)
{
	epoch->present = true;
	epoch->n = feed_u64(feed);
	feed_fill(feed, epoch->chain, sizeof(epoch->chain));
	feed_fill(feed, epoch->x, sizeof(epoch->x));
}

/* As the core writes it. */
static void make(struct feed *feed, struct hpkm_kept_pair *kept)
{
	struct hpkm_durable durable = { .boot = feed_u32(feed) & 0xffffff };
	u8 peer[HPKM_ID_LEN] = { 2 };
	u8 present = feed_u8(feed);
	struct hpkm_pair pair;
	u32 slot;

	hpkm_pair_init(&pair, hpkm_suite_by_id(feed_below(feed, 3)), own, peer);
	feed_fill(feed, durable.address, sizeof(durable.address));
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (present >> slot & 1)
			fill_epoch(feed, &durable.epoch[slot]);
	hpkm_kept_write(kept, &pair, &durable);
}

static void without_junk(struct hpkm_kept_pair *kept)
{
	u32 slot;

	for (slot = 0; slot < ARRAY_SIZE(kept->epoch); slot++)
		if (!kept->epoch[slot].present)
			memset(&kept->epoch[slot], 0, sizeof(kept->epoch[slot]));
}

static void check_accepted(const struct hpkm_kept_pair *kept, const struct hpkm_pair *pair,
			   const struct hpkm_durable *durable)
{
	struct hpkm_kept_pair again, expected = *kept;
	u32 slot;

	must(pair->suite->id == kept->suite && !memcmp(pair->own, own, HPKM_ID_LEN));
	must(memcmp(pair->peer, own, HPKM_ID_LEN));
	must(durable->epoch[HPKM_EPOCH_CUR].present || durable->epoch[HPKM_EPOCH_FRESH].present);
	/* A record's number has that much room for it, and it rises at once. */
	must(durable->boot + 1 < 1U << 24);
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		must(!durable->epoch[slot].present ||
		     durable->epoch[slot].n == le64_to_cpu(kept->epoch[slot].n));
	hpkm_kept_write(&again, pair, durable);
	without_junk(&expected);
	must(!memcmp(&again, &expected, sizeof(again)));
}

static void check(const struct hpkm_kept_pair *kept)
{
	struct hpkm_durable durable, durable_before;
	struct hpkm_pair pair, pair_before;
	const char *why = "unset";

	memset(&durable, 0xa5, sizeof(durable));
	memset(&pair, 0xa5, sizeof(pair));
	durable_before = durable;
	pair_before = pair;
	if (hpkm_kept_read(kept, own, &pair, &durable, &why)) {
		must(why && *why);
		must(!memcmp(&durable, &durable_before, sizeof(durable)));
		must(!memcmp(&pair, &pair_before, sizeof(pair)));
		return;
	}
	must(!why);
	check_accepted(kept, &pair, &durable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct hpkm_kept_pair *kept = malloc(sizeof(*kept));
	u8 how = feed_u8(&feed);

	must(kept);
	if (how & 1)
		make(&feed, kept);
	if (how & 2)
		feed_edit(&feed, (u8 *)kept, sizeof(*kept) * (how & 1));
	if (!(how & 1))
		feed_fill(&feed, kept, sizeof(*kept));
	check(kept);
	free(kept);
	return 0;
}
