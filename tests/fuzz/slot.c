// SPDX-License-Identifier: GPL-2.0
/*
 * The state slots of the persist agent and the archives they are moved in.
 * Octets that are accepted have the right MAC and are what slot_encode() and
 * archive_add() make of them; with any octet changed they are refused, and what
 * is refused fills nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "archive.h"
#include "fuzz.h"

#define SLOTS_MOST	4

static const uint8_t key[SLOT_KEY_LEN] = "the key of a store";
static const uint8_t archive_label[crypto_generichash_blake2b_PERSONALBYTES] = "hpkm-nl export 1";

static const char *decode(const uint8_t *data, size_t len, struct slot *slot)
{
	uint8_t *copy = exact_copy(data, len);
	struct slot before = *slot;
	const char *wrong = slot_decode(copy, len, key, slot);

	must(slot_extent(copy, len) <= len);
	if (wrong)
		must(*wrong && !memcmp(slot, &before, sizeof(before)));
	else
		must(slot_extent(copy, len) == len);
	must(!memcmp(copy, data, len));
	free(copy);
	return wrong;
}

static void check_accepted(const uint8_t *data, size_t len, const struct slot *slot)
{
	uint8_t mac[SLOT_MAC_LEN];
	uint8_t *again = malloc(SLOT_HEADER_LEN + slot->len + SLOT_MAC_LEN);

	must(again);
	must(!crypto_generichash(mac, sizeof(mac), data, len - sizeof(mac), key, sizeof(key)));
	must(!memcmp(mac, data + len - sizeof(mac), sizeof(mac)));
	must(slot_encode(slot, key, again) == len && !memcmp(again, data, len));
	free(again);
}

/* Any octets, under the right MAC or not. */
static void check_octets(struct feed *feed, bool mac)
{
	size_t len = feed->left;
	uint8_t *data = exact_copy(feed->at, len);
	struct slot slot = { 0 };

	if (mac && len > SLOT_MAC_LEN)
		must(!crypto_generichash(data + len - SLOT_MAC_LEN, SLOT_MAC_LEN, data,
					 len - SLOT_MAC_LEN, key, sizeof(key)));
	if (!decode(data, len, &slot))
		check_accepted(data, len, &slot);
	free(data);
}

static void draw_slot(struct feed *feed, struct slot *slot)
{
	uint8_t how = feed_u8(feed);

	*slot = (struct slot){ .kind = how & 1 ? SLOT_PEER : SLOT_DEVICE };
	slot->sequence = 1 + feed_u8(feed);
	slot->device[0] = how >> 1 & 1;
	if (slot->kind == SLOT_PEER)
		slot->peer[0] = 1 + (how >> 2 & 7);
	slot->len = 1 + feed_below(feed, HPKM_STATE_BLOB_MAX);
	if (slot->len > 1 + feed->left)
		slot->len = 1 + feed->left;
	feed_fill(feed, slot->blob, slot->len);
}

static void check_made(struct feed *feed)
{
	struct slot slot, got = { 0 };
	uint8_t data[SLOT_MOST];
	struct feed edits = *feed;
	size_t len;

	draw_slot(feed, &slot);
	len = slot_encode(&slot, key, data);
	must(!decode(data, len, &got));
	must(!memcmp(&got, &slot, sizeof(slot)));
	if (feed_edit(&edits, data, len))
		must(decode(data, len, &got));
}

static bool fits(const struct slot *slot, const struct slot *before)
{
	if (!before)
		return slot->kind == SLOT_DEVICE;
	return slot->kind == SLOT_PEER && slot->device[0] == before->device[0] &&
	       slot->peer[0] > before->peer[0];
}

static void sum(uint8_t *data, size_t len)
{
	len -= ARCHIVE_SUM_LEN;
	must(!crypto_generichash_blake2b_salt_personal(data + len, ARCHIVE_SUM_LEN, data, len,
						       NULL, 0, NULL, archive_label));
}

/* Beyond its length a blob may be anything. */
static bool same(const struct slot *x, const struct slot *y)
{
	return !memcmp(x, y, offsetof(struct slot, blob)) && !memcmp(x->blob, y->blob, x->len);
}

static const char *open_archive(uint8_t *data, size_t len, const struct slot *slots, size_t count)
{
	uint8_t *copy = exact_copy(data, len);
	struct archive archive;
	struct slot slot = { 0 };
	const char *wrong = archive_open(&archive, copy, len);
	size_t i = 0;

	while (!wrong && archive_next(&archive, &slot)) {
		must(i < count);
		must(same(&slot, &slots[i++]));
	}
	must(wrong || i == count);
	must(!memcmp(copy, data, len));
	free(copy);
	return wrong;
}

/* Slots in any order, said to be as many as there are or not. */
static void check_archive(struct feed *feed)
{
	uint8_t *data = malloc(ARCHIVE_LEN(SLOTS_MOST));
	struct slot slots[SLOTS_MOST];
	size_t count = feed_below(feed, SLOTS_MOST + 1), len, i;
	uint8_t more = feed_u8(feed);
	struct archive archive;
	struct feed edits = *feed;
	bool good = count;

	must(data);
	archive_begin(&archive, data);
	for (i = 0; i < count; i++) {
		draw_slot(feed, &slots[i]);
		good &= fits(&slots[i], i ? &slots[i - 1] : NULL);
		archive_add(&archive, &slots[i]);
	}
	len = archive_end(&archive);
	must(!open_archive(data, len, slots, count) == good);
	if (feed_edit(&edits, data, len))
		must(open_archive(data, len, slots, count));
	sum(data, len);
	/* Under the right sum, the slots have MACs of their own; a header is left. */
	open_archive(data, len - more % ARCHIVE_HEADER_LEN, slots, count);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };

	must(sodium_init() >= 0);
	switch (feed_below(&feed, 4)) {
	case 0:
		check_octets(&feed, false);
		break;
	case 1:
		check_octets(&feed, true);
		break;
	case 2:
		check_made(&feed);
		break;
	default:
		check_archive(&feed);
	}
	return 0;
}
