// SPDX-License-Identifier: GPL-2.0
/* The format of an exported state.  Octets in, octets and verdicts out. */
#include <string.h>

#include <sodium.h>

#include "archive.h"
#include "octets.h"

enum {
	AT_MAGIC	= 0,
	AT_VERSION	= 8,
	AT_COUNT	= 12,
};

static const char magic[] = "hpkmmove";
static const uint8_t label[crypto_generichash_blake2b_PERSONALBYTES] = {
	'h', 'p', 'k', 'm', '-', 'n', 'l', ' ', 'e', 'x', 'p', 'o', 'r', 't', ' ', '1'
};

/* Slots have a MAC, and here it is a checksum: this key is known to all. */
static const uint8_t open_key[SLOT_KEY_LEN] = "hpkm-nl export";

static void make_sum(const uint8_t *data, size_t len, uint8_t sum[ARCHIVE_SUM_LEN])
{
	crypto_generichash_blake2b_salt_personal(sum, ARCHIVE_SUM_LEN, data, len,
						 NULL, 0, NULL, label);
}

/**
 * archive_begin - make an archive
 * @archive: receives what there is to remember
 * @data: receives the octets, ARCHIVE_LEN() of them
 */
void archive_begin(struct archive *archive, uint8_t *data)
{
	*archive = (struct archive){ data, ARCHIVE_HEADER_LEN };
	memcpy(data + AT_MAGIC, magic, AT_VERSION);
	put_le32(data + AT_VERSION, ARCHIVE_VERSION);
}

/**
 * archive_add - put a slot in
 * @archive: where to
 * @slot: the device's first, then each peer's by ascending id
 */
void archive_add(struct archive *archive, const struct slot *slot)
{
	archive->len += slot_encode(slot, open_key, archive->data + archive->len);
	archive->count++;
}

/**
 * archive_end - finish an archive
 * @archive: the archive
 *
 * Return: octets of it
 */
size_t archive_end(struct archive *archive)
{
	put_le32(archive->data + AT_COUNT, archive->count);
	make_sum(archive->data, archive->len, archive->data + archive->len);
	archive->len += ARCHIVE_SUM_LEN;
	return archive->len;
}

static const char *check_whole(const uint8_t *data, size_t len)
{
	uint8_t sum[ARCHIVE_SUM_LEN];

	if (len < ARCHIVE_HEADER_LEN + ARCHIVE_SUM_LEN)
		return "it is truncated";
	if (memcmp(data + AT_MAGIC, magic, AT_VERSION))
		return "'hpkm-nl state export' has not written it";
	if (get_le32(data + AT_VERSION) != ARCHIVE_VERSION)
		return "this program does not know its format";
	len -= ARCHIVE_SUM_LEN;
	make_sum(data, len, sum);
	if (memcmp(sum, data + len, ARCHIVE_SUM_LEN))
		return "it is truncated or corrupted";
	return NULL;
}

/* The device's own state first, then each peer once: ascending ids. */
static bool fits(const struct slot *slot, const struct slot *before)
{
	if (!before->kind)
		return slot->kind == SLOT_DEVICE;
	return slot->kind == SLOT_PEER &&
	       !memcmp(slot->device, before->device, HPKM_ID_LEN) &&
	       memcmp(slot->peer, before->peer, HPKM_ID_LEN) > 0;
}

/* Goes through a copy of what there is to remember, so that it can be done again. */
static bool check_slots(const struct archive *archive)
{
	struct slot slot = { 0 }, before = { 0 };
	struct archive left = *archive;
	bool good = left.count && left.count <= ARCHIVE_SLOTS_MOST;

	while (good && left.count) {
		good = archive_next(&left, &slot) && fits(&slot, &before);
		before = slot;
	}
	sodium_memzero(&slot, sizeof(slot));
	sodium_memzero(&before, sizeof(before));
	return good && left.len == left.end;
}

/**
 * archive_open - read an archive
 * @archive: receives what there is to remember, for archive_next()
 * @data: the octets
 * @len: how many
 *
 * Return: NULL, or why that is no archive, a sentence about "it"
 */
const char *archive_open(struct archive *archive, uint8_t *data, size_t len)
{
	const char *wrong = check_whole(data, len);

	if (wrong)
		return wrong;
	*archive = (struct archive){
		.data = data,
		.len = ARCHIVE_HEADER_LEN,
		.end = len - ARCHIVE_SUM_LEN,
		.count = get_le32(data + AT_COUNT),
	};
	if (!check_slots(archive))
		return "it makes no sense";
	return NULL;
}

/**
 * archive_next - take the next slot out
 * @archive: as archive_open() left it
 * @slot: receives the slot; wipe it
 *
 * Return: whether there was one
 */
bool archive_next(struct archive *archive, struct slot *slot)
{
	const uint8_t *at = archive->data + archive->len;
	size_t extent = slot_extent(at, archive->end - archive->len);

	if (!archive->count || !extent || slot_decode(at, extent, open_key, slot))
		return false;
	archive->count--;
	archive->len += extent;
	return true;
}
