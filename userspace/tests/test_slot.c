// SPDX-License-Identifier: GPL-2.0
/* Slots and archives as octets: what goes in comes out, and nothing else does. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "archive.h"
#include "kernel_says.h"
#include "octets.h"

static const uint8_t key[SLOT_KEY_LEN] = "the key of all these tests";

static struct slot a_slot(enum slot_kind kind, uint64_t sequence, size_t len)
{
	struct slot slot = { .kind = kind, .sequence = sequence, .len = len };

	memcpy(slot.device, id_a, HPKM_ID_LEN);
	if (kind == SLOT_PEER)
		memcpy(slot.peer, id_b, HPKM_ID_LEN);
	memset(slot.blob, 0x5a, len);
	slot.blob[len - 1] = 0xa5;
	return slot;
}

static void expect_same(const struct slot *got, const struct slot *wanted)
{
	assert_int_equal(got->kind, wanted->kind);
	assert_true(got->sequence == wanted->sequence);
	assert_memory_equal(got->device, wanted->device, HPKM_ID_LEN);
	assert_memory_equal(got->peer, wanted->peer, HPKM_ID_LEN);
	assert_int_equal(got->len, wanted->len);
	assert_memory_equal(got->blob, wanted->blob, wanted->len);
}

/* Through memory that is just long enough, so that the sanitizer sees an overrun. */
static const char *decode(const uint8_t *data, size_t len, struct slot *slot)
{
	uint8_t *exact = must_alloc(len ? len : 1);
	const char *wrong;

	memcpy(exact, data, len);
	wrong = slot_decode(exact, len, key, slot);
	free(exact);
	return wrong;
}

static void slots_come_back(void **state)
{
	static const size_t lens[] = { 1, 2, 100, HPKM_STATE_BLOB_MAX };
	uint8_t data[SLOT_MOST];
	struct slot slot, got;
	size_t i, len;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(lens); i++) {
		slot = a_slot(i % 2 ? SLOT_PEER : SLOT_DEVICE, UINT64_MAX - i, lens[i / 2]);
		len = slot_encode(&slot, key, data);
		assert_int_equal(len, SLOT_HEADER_LEN + lens[i / 2] + SLOT_MAC_LEN);
		assert_int_equal(slot_extent(data, len), len);
		assert_null(decode(data, len, &got));
		expect_same(&got, &slot);
	}
	assert_int_equal(len, SLOT_MOST);
}

/* The MAC is another implementation's: what is on disks has to stay readable. */
static void format_is_what_it_was(void **state)
{
	static const uint8_t wanted[] = {
		0x68, 0x70, 0x6b, 0x6d, 0x73, 0x6c, 0x6f, 0x74,
		0x01, 0x00, 0x02, 0x00, 0x03, 0x00, 0x00, 0x00,
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18,
		0x29, 0x3a, 0x4b, 0x5c, 0x6d, 0x7e, 0x8f, 0x90,
		0xa1, 0xb2, 0xff, 0xd4, 0xe5, 0xf6, 0x07, 0x18,
		0x29, 0x3a, 0x4b, 0x5c, 0x6d, 0x7e, 0x8f, 0x90,
		0x5a, 0x5a, 0xa5, 0xbf, 0xc4, 0xd5, 0xd7, 0x45,
		0xa0, 0x99, 0x9c, 0x02, 0x73, 0x56, 0xd7, 0x10,
		0x6c, 0x94, 0xaf, 0x4c, 0xb7, 0xeb, 0xcb, 0xb8,
		0x63, 0xc4, 0xc2, 0x08, 0xfc, 0x35, 0x03, 0xaf,
		0x61, 0x3c, 0x87,
	};
	struct slot slot = a_slot(SLOT_PEER, 0x0102030405060708, 3);
	uint8_t data[SLOT_MOST];

	(void)state;
	assert_int_equal(slot_encode(&slot, key, data), sizeof(wanted));
	assert_memory_equal(data, wanted, sizeof(wanted));
}

static void truncated_slots_are_refused(void **state)
{
	struct slot slot = a_slot(SLOT_PEER, 7, 40), got;
	uint8_t data[SLOT_MOST + 1] = { 0 };
	size_t len, cut;

	(void)state;
	len = slot_encode(&slot, key, data);
	for (cut = 0; cut < len; cut++) {
		assert_int_equal(slot_extent(data, cut), 0);
		assert_non_null(decode(data, cut, &got));
	}
	assert_null(decode(data, len, &got));
	assert_string_equal(decode(data, len + 1, &got), "it is truncated, or its length is wrong");
	assert_string_equal(decode(data, len - 1, &got), "it is truncated, or its length is wrong");
	assert_string_equal(decode(data, 0, &got), "it is truncated");
}

static void changed_slots_are_refused(void **state)
{
	struct slot slot = a_slot(SLOT_DEVICE, 7, 40), got;
	uint8_t data[SLOT_MOST];
	size_t len, at;
	int bit;

	(void)state;
	len = slot_encode(&slot, key, data);
	for (at = 0; at < len; at++) {
		for (bit = 0; bit < 8; bit++) {
			data[at] ^= 1 << bit;
			if (!decode(data, len, &got))
				fail_msg("bit %d of octet %zu does not matter", bit, at);
			data[at] ^= 1 << bit;
		}
	}
	assert_null(decode(data, len, &got));
	data[8] = 2;
	assert_string_equal(decode(data, len, &got), "this program does not know its format");
	data[0] = 'H';
	assert_string_equal(decode(data, len, &got), "it is not a file of hpkm's state");
}

static void foreign_slots_are_refused(void **state)
{
	static const uint8_t other[SLOT_KEY_LEN] = "another key";
	struct slot slot = a_slot(SLOT_PEER, 7, 40), got;
	uint8_t data[SLOT_MOST];
	size_t len;

	(void)state;
	len = slot_encode(&slot, other, data);
	assert_string_equal(decode(data, len, &got),
			    "it is corrupted, or was written with another key");
}

static void expect_nonsense(struct slot slot)
{
	uint8_t data[SLOT_MOST];
	struct slot got;
	size_t len = slot_encode(&slot, key, data);

	assert_string_equal(decode(data, len, &got), "it makes no sense");
}

static void senseless_slots_are_refused(void **state)
{
	struct slot slot = a_slot(SLOT_PEER, 7, 40);

	(void)state;
	slot.kind = 3;
	expect_nonsense(slot);
	slot.kind = 0;
	expect_nonsense(slot);
	slot.kind = SLOT_DEVICE;
	expect_nonsense(slot);
	slot = a_slot(SLOT_DEVICE, 7, 40);
	slot.kind = SLOT_PEER;
	expect_nonsense(slot);
	expect_nonsense(a_slot(SLOT_PEER, 0, 40));
}

static void lengths_are_bounded(void **state)
{
	static const uint32_t lens[] = { 0, HPKM_STATE_BLOB_MAX + 1, 0x7fffffff, 0xffffffff };
	struct slot slot = a_slot(SLOT_PEER, 7, HPKM_STATE_BLOB_MAX), got;
	uint8_t data[SLOT_MOST + 64] = { 0 };
	size_t i;

	(void)state;
	slot_encode(&slot, key, data);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		put_le32(data + 12, lens[i]);
		assert_int_equal(slot_extent(data, sizeof(data)), 0);
		assert_non_null(decode(data, sizeof(data), &got));
	}
}

static struct slot peer_slot(uint8_t first)
{
	struct slot slot = a_slot(SLOT_PEER, first, 10 + first);

	slot.peer[0] = first;
	return slot;
}

/* Returns the octets, to be freed, as 'state export' makes them of these slots. */
static uint8_t *archived(const struct slot *slots, int count, size_t *len)
{
	uint8_t *data = must_alloc(ARCHIVE_LEN(count));
	struct archive archive;
	int i;

	archive_begin(&archive, data);
	for (i = 0; i < count; i++)
		archive_add(&archive, &slots[i]);
	*len = archive_end(&archive);
	return data;
}

static const char *open_exactly(const uint8_t *data, size_t len)
{
	uint8_t *exact = must_alloc(len ? len : 1);
	struct archive archive;
	const char *wrong;

	memcpy(exact, data, len);
	wrong = archive_open(&archive, exact, len);
	free(exact);
	return wrong;
}

static void archives_come_back(void **state)
{
	struct slot slots[] = { a_slot(SLOT_DEVICE, 3, 9), peer_slot(1), peer_slot(200) };
	struct archive archive;
	struct slot slot;
	uint8_t *data;
	size_t len;
	int i, count;

	(void)state;
	for (count = 1; count <= 3; count++) {
		data = archived(slots, count, &len);
		assert_true(len <= ARCHIVE_LEN(count));
		assert_null(archive_open(&archive, data, len));
		for (i = 0; i < count; i++) {
			assert_true(archive_next(&archive, &slot));
			expect_same(&slot, &slots[i]);
		}
		assert_false(archive_next(&archive, &slot));
		free(data);
	}
}

static void damaged_archives_are_refused(void **state)
{
	struct slot slots[] = { a_slot(SLOT_DEVICE, 3, 9), peer_slot(1), peer_slot(2) };
	uint8_t *data;
	size_t len, at;

	(void)state;
	data = archived(slots, 3, &len);
	for (at = 0; at < len; at++) {
		assert_non_null(open_exactly(data, at));
		data[at] ^= 0x10;
		if (!open_exactly(data, len))
			fail_msg("octet %zu does not matter", at);
		data[at] ^= 0x10;
	}
	assert_null(open_exactly(data, len));
	assert_string_equal(open_exactly(data, 0), "it is truncated");
	assert_string_equal(open_exactly(data, len - 1), "it is truncated or corrupted");
	data[8]++;
	assert_string_equal(open_exactly(data, len), "this program does not know its format");
	data[0]++;
	assert_string_equal(open_exactly(data, len), "'hpkm-nl state export' has not written it");
	free(data);
}

static void expect_senseless(const struct slot *slots, int count)
{
	size_t len;
	uint8_t *data = archived(slots, count, &len);

	assert_string_equal(open_exactly(data, len), "it makes no sense");
	free(data);
}

static void senseless_archives_are_refused(void **state)
{
	struct slot device = a_slot(SLOT_DEVICE, 3, 9), other = peer_slot(1);
	struct slot slots[3] = { peer_slot(1), peer_slot(2) };

	(void)state;
	expect_senseless(slots, 0);
	expect_senseless(slots, 2);
	slots[0] = device;
	slots[1] = device;
	expect_senseless(slots, 2);
	slots[1] = peer_slot(2);
	slots[2] = peer_slot(2);
	expect_senseless(slots, 3);
	slots[2] = peer_slot(1);
	expect_senseless(slots, 3);
	other.device[0]++;
	slots[1] = other;
	expect_senseless(slots, 2);
}

/* The checksum is right, what it is over is not. */
static void archives_count_their_slots(void **state)
{
	static const uint32_t counts[] = { 0, 1, 3, 0x10000, 0xffffffff };
	struct slot slots[] = { a_slot(SLOT_DEVICE, 3, 9), peer_slot(1) };
	struct archive archive;
	uint8_t *data;
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		data = must_alloc(ARCHIVE_LEN(2));
		archive_begin(&archive, data);
		archive_add(&archive, &slots[0]);
		archive_add(&archive, &slots[1]);
		archive.count = counts[i];
		len = archive_end(&archive);
		assert_string_equal(open_exactly(data, len), "it makes no sense");
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_come_back),
		cmocka_unit_test(format_is_what_it_was),
		cmocka_unit_test(truncated_slots_are_refused),
		cmocka_unit_test(changed_slots_are_refused),
		cmocka_unit_test(foreign_slots_are_refused),
		cmocka_unit_test(senseless_slots_are_refused),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(archives_come_back),
		cmocka_unit_test(damaged_archives_are_refused),
		cmocka_unit_test(senseless_archives_are_refused),
		cmocka_unit_test(archives_count_their_slots),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
