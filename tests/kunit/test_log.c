// SPDX-License-Identifier: GPL-2.0
/* The history: protocol section 7. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <compat/unaligned.h>
#include <core/element.h>
#include <core/log.h>
#include <hpkm/limits.h>

#define SIZE	16

static const u8 key[HPKM_LOG_KEY_LEN] = "a key for tests";

static int init(struct kunit *test)
{
	test->priv = hpkm_log_create(SIZE, key);
	return test->priv ? 0 : -ENOMEM;
}

static void done(struct kunit *test)
{
	hpkm_log_destroy(test->priv);
}

/* A record told by small numbers, so that elements can be made equal. */
static void make(struct hpkm_record *record, u64 rec, u8 time, u8 place, u8 data)
{
	u8 location[HPKM_LI_LEN] = { 1, 'a' + place };
	u8 octets[3] = { data, 'x', 'y' };

	hpkm_record_init(record, rec % 2, rec, 1000 + time, location, octets, sizeof(octets));
}

static int add(struct hpkm_log *log, u64 rec, u8 time, u8 place, u8 data,
	       enum hpkm_record_state state)
{
	struct hpkm_record record;

	make(&record, rec, time, place, data);
	record.state = state;
	return hpkm_log_add(log, &record);
}

/* With elements of its own. */
static int add_confirmed(struct hpkm_log *log, u64 rec)
{
	return add(log, rec, rec, rec, rec, HPKM_RECORD_CONFIRMED);
}

static int add_pending(struct hpkm_log *log, u64 rec)
{
	return add(log, rec, rec, rec, rec, HPKM_RECORD_PENDING);
}

static void make_rid(u8 rid[HPKM_RID_LEN], u64 rec)
{
	rid[0] = rec % 2;
	put_unaligned_le64(rec, rid + 1);
}

static u64 rec_of(const struct hpkm_record *record)
{
	return get_unaligned_le64(record->rid + 1);
}

static const struct hpkm_record *find(const struct hpkm_log *log, u64 rec)
{
	u8 rid[HPKM_RID_LEN];

	make_rid(rid, rec);
	return hpkm_log_find(log, rid);
}

static bool confirm(struct hpkm_log *log, u64 rec)
{
	u8 rid[HPKM_RID_LEN];

	make_rid(rid, rec);
	return hpkm_log_confirm(log, rid);
}

static bool drop(struct hpkm_log *log, u64 rec)
{
	u8 rid[HPKM_RID_LEN];

	make_rid(rid, rec);
	return hpkm_log_remove(log, rid);
}

/* How many records have these two elements, of the three told. */
static int search(const struct hpkm_log *log, u8 a, u8 b, u8 time, u8 place, u8 data,
		  const struct hpkm_record **found)
{
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
	struct hpkm_record record;

	make(&record, 0, time, place, data);
	hpkm_record_elements(x, &record);
	return hpkm_log_find_elements(log, a, b, x[a], x[b], found);
}

/* ---- records ---- */

static void record_keeps_the_beginning_and_the_digest_of_all(struct kunit *test)
{
	static const u8 location[HPKM_LI_LEN] = "\5Paris";
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN], expected[HPKM_KEY_LEN];
	struct hpkm_record record;
	u8 data[100];

	memset(data, 'd', sizeof(data));
	data[99] = 'e';
	hpkm_record_init(&record, 1, 0x0102030405060708ULL, 42, location, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, memcmp(record.rid, "\1\x08\7\6\5\4\3\2\1", HPKM_RID_LEN), 0);
	KUNIT_EXPECT_EQ(test, record.data_len, HPKM_DATA_KEPT);
	KUNIT_EXPECT_EQ(test, memcmp(record.data, data, HPKM_DATA_KEPT), 0);

	hpkm_record_elements(x, &record);
	hpkm_element(expected, 0, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, memcmp(x[0], expected, HPKM_KEY_LEN), 0);
	hpkm_element_time(expected, 42);
	KUNIT_EXPECT_EQ(test, memcmp(x[1], expected, HPKM_KEY_LEN), 0);
	hpkm_element_location(expected, location);
	KUNIT_EXPECT_EQ(test, memcmp(x[2], expected, HPKM_KEY_LEN), 0);
}

static void short_data_is_kept_whole(struct kunit *test)
{
	static const u8 location[HPKM_LI_LEN];
	struct hpkm_record record;

	memset(&record, 0xff, sizeof(record));
	hpkm_record_init(&record, 0, 1, 2, location, "abc", 3);
	KUNIT_EXPECT_EQ(test, record.data_len, 3);
	KUNIT_EXPECT_EQ(test, memcmp(record.data, "abc\0\0", 5), 0);
	hpkm_record_init(&record, 0, 1, 2, location, "", 0);
	KUNIT_EXPECT_EQ(test, record.data_len, 0);
}

/* ---- the ring ---- */

static void sizes_out_of_range_are_refused(struct kunit *test)
{
	struct hpkm_log *log;

	KUNIT_EXPECT_NULL(test, hpkm_log_create(0, key));
	KUNIT_EXPECT_NULL(test, hpkm_log_create(HPKM_LOG_MAX + 1, key));
	KUNIT_EXPECT_NULL(test, hpkm_log_create(U32_MAX, key));
	log = hpkm_log_create(1, key);
	KUNIT_ASSERT_NOT_NULL(test, log);
	KUNIT_EXPECT_EQ(test, hpkm_log_size(log), 1);
	hpkm_log_destroy(log);
	hpkm_log_destroy(NULL);
}

static void empty_log_finds_nothing(struct kunit *test)
{
	const struct hpkm_record *found;
	u64 cursor = 0;

	KUNIT_EXPECT_EQ(test, hpkm_log_size(test->priv), SIZE);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 0);
	KUNIT_EXPECT_NULL(test, find(test->priv, 0));
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 0, 0, 0, &found), 0);
	KUNIT_EXPECT_FALSE(test, drop(test->priv, 0));
	KUNIT_EXPECT_FALSE(test, confirm(test->priv, 0));
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
}

static void record_is_found_as_it_was_added(struct kunit *test)
{
	const struct hpkm_record *found;
	struct hpkm_record record;

	make(&record, 5, 1, 2, 3);
	record.state = HPKM_RECORD_CONFIRMED;
	KUNIT_ASSERT_EQ(test, hpkm_log_add(test->priv, &record), 0);
	found = find(test->priv, 5);
	KUNIT_ASSERT_NOT_NULL(test, found);
	KUNIT_EXPECT_EQ(test, memcmp(found, &record, sizeof(record)), 0);
	KUNIT_EXPECT_NULL(test, find(test->priv, 4));
	KUNIT_EXPECT_NULL(test, find(test->priv, 7));
}

/* The same number of the two devices' are two records. */
static void who_is_part_of_the_name(struct kunit *test)
{
	static const u8 location[HPKM_LI_LEN];
	struct hpkm_record record;

	hpkm_record_init(&record, 0, 3, 1, location, "a", 1);
	record.state = HPKM_RECORD_CONFIRMED;
	KUNIT_EXPECT_EQ(test, hpkm_log_add(test->priv, &record), 0);
	record.rid[0] = 1;
	KUNIT_EXPECT_EQ(test, hpkm_log_add(test->priv, &record), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 2);
}

static void same_name_twice_is_refused(struct kunit *test)
{
	u64 rec;

	add_pending(test->priv, 0);
	KUNIT_EXPECT_EQ(test, add(test->priv, 0, 9, 9, 9, HPKM_RECORD_CONFIRMED), -EEXIST);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 1);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 0);
	KUNIT_EXPECT_EQ(test, find(test->priv, 0)->time, 1000);
	/* Not even when it would overwrite itself. */
	for (rec = 1; rec < SIZE; rec++)
		add_confirmed(test->priv, rec);
	KUNIT_EXPECT_EQ(test, add_confirmed(test->priv, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), SIZE);
}

static void full_log_overwrites_the_oldest(struct kunit *test)
{
	u64 rec;

	for (rec = 0; rec < SIZE; rec++)
		add_confirmed(test->priv, rec);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), SIZE);
	KUNIT_EXPECT_NOT_NULL(test, find(test->priv, 0));
	KUNIT_EXPECT_EQ(test, add_pending(test->priv, 100), 0);
	KUNIT_EXPECT_NULL(test, find(test->priv, 0));
	KUNIT_EXPECT_NOT_NULL(test, find(test->priv, 1));
	KUNIT_EXPECT_NOT_NULL(test, find(test->priv, 100));
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), SIZE);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), SIZE - 1);
	KUNIT_EXPECT_FALSE(test, confirm(test->priv, 0));
}

static void pending_is_confirmed_once(struct kunit *test)
{
	add_pending(test->priv, 1);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 0);
	KUNIT_EXPECT_TRUE(test, confirm(test->priv, 1));
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 1);
	KUNIT_EXPECT_EQ(test, find(test->priv, 1)->state, HPKM_RECORD_CONFIRMED);
	KUNIT_EXPECT_FALSE(test, confirm(test->priv, 1));
	KUNIT_EXPECT_FALSE(test, confirm(test->priv, 2));
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 1);
}

static void removed_record_is_nowhere(struct kunit *test)
{
	const struct hpkm_record *found;

	add(test->priv, 1, 1, 1, 1, HPKM_RECORD_CONFIRMED);
	add(test->priv, 2, 2, 2, 2, HPKM_RECORD_CONFIRMED);
	KUNIT_EXPECT_TRUE(test, drop(test->priv, 1));
	KUNIT_EXPECT_FALSE(test, drop(test->priv, 1));
	KUNIT_EXPECT_NULL(test, find(test->priv, 1));
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 1, 1, 1, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 1, 1, 1, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, 1, 1, 1, &found), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 1);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 1);
	KUNIT_EXPECT_EQ(test, add_confirmed(test->priv, 1), 0);
	KUNIT_EXPECT_NOT_NULL(test, find(test->priv, 1));
}

static void cleared_log_is_as_new(struct kunit *test)
{
	const struct hpkm_record *found;
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE + 3; rec++)
		add_confirmed(test->priv, rec);
	hpkm_log_clear(test->priv);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 0);
	KUNIT_EXPECT_NULL(test, find(test->priv, SIZE));
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, SIZE, SIZE, SIZE, &found), 0);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
	for (rec = 0; rec < SIZE + 3; rec++)
		KUNIT_EXPECT_EQ(test, add_confirmed(test->priv, rec), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), SIZE);
	KUNIT_EXPECT_EQ(test, rec_of(hpkm_log_next(test->priv, &cursor)), 3);
}

/* ---- by two elements ---- */

static void found_by_each_pair(struct kunit *test)
{
	static const u8 pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
	const struct hpkm_record *found = NULL;
	unsigned int i;

	add(test->priv, 1, 1, 1, 1, HPKM_RECORD_CONFIRMED);
	add(test->priv, 2, 2, 2, 2, HPKM_RECORD_PENDING);
	add(test->priv, 3, 3, 3, 3, HPKM_RECORD_CONFIRMED);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		u8 a = pairs[i][0], b = pairs[i][1];

		KUNIT_EXPECT_EQ(test, search(test->priv, a, b, 2, 2, 2, &found), 1);
		KUNIT_ASSERT_NOT_NULL(test, found);
		KUNIT_EXPECT_EQ(test, rec_of(found), 2);
		KUNIT_EXPECT_EQ(test, search(test->priv, a, b, 4, 4, 4, &found), 0);
		KUNIT_EXPECT_EQ(test, search(test->priv, a, b, 1, 2, 3, &found), 0);
	}
}

/* Only the two that are asked for must fit. */
static void third_element_does_not_matter(struct kunit *test)
{
	const struct hpkm_record *found;

	add(test->priv, 1, 1, 2, 3, HPKM_RECORD_CONFIRMED);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 1, 9, 3, &found), 1);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 9, 2, 3, &found), 1);
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, 1, 2, 9, &found), 1);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 1, 9, 9, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 9, 9, 3, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 9, 9, 3, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 9, 2, 9, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, 1, 9, 9, &found), 0);
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, 9, 2, 9, &found), 0);
}

static void several_matches_are_told_from_one(struct kunit *test)
{
	const struct hpkm_record *found;

	add(test->priv, 1, 1, 1, 1, HPKM_RECORD_CONFIRMED);
	add(test->priv, 2, 2, 1, 1, HPKM_RECORD_PENDING);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 0, 1, 1, &found), 2);
	add(test->priv, 3, 3, 1, 1, HPKM_RECORD_CONFIRMED);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 0, 1, 1, &found), 2);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 1, 2, 1, 1, &found), 1);
	KUNIT_EXPECT_EQ(test, rec_of(found), 2);
	drop(test->priv, 1);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 0, 1, 1, &found), 2);
	drop(test->priv, 2);
	KUNIT_EXPECT_EQ(test, search(test->priv, 0, 2, 0, 1, 1, &found), 1);
	KUNIT_EXPECT_EQ(test, rec_of(found), 3);
}

/*
 * A chain of 65,536 equal records: adding must not walk it, or this takes
 * minutes and the runner's deadline ends it.
 */
static void equal_records_do_not_slow_it_down(struct kunit *test)
{
	struct hpkm_log *log = hpkm_log_create(65536, key);
	const struct hpkm_record *found;
	struct hpkm_record record;
	u64 rec;

	KUNIT_ASSERT_NOT_NULL(test, log);
	make(&record, 0, 1, 1, 1);
	for (rec = 0; rec < 3 * 65536; rec++) {
		make_rid(record.rid, rec);
		if (hpkm_log_add(log, &record))
			break;
	}
	KUNIT_EXPECT_EQ(test, rec, 3 * 65536);
	KUNIT_EXPECT_EQ(test, search(log, 0, 2, 1, 1, 1, &found), 2);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(log), 65536);
	hpkm_log_destroy(log);
}

/* ---- choice ---- */

/* Octets to be drawn, in turn; beyond them zeros. */
struct script {
	const u8 *octets;
	size_t len;
	u32 calls;
};

static void fill_script(void *context, void *out, size_t len)
{
	struct script *script = context;
	size_t part = min(len, script->len);

	memset(out, 0, len);
	memcpy(out, script->octets, part);
	script->octets += part;
	script->len -= part;
	script->calls++;
}

static void fill_random(void *context, void *out, size_t len)
{
	prandom_bytes_state(context, out, len);
}

static void nothing_confirmed_nothing_chosen(struct kunit *test)
{
	struct script script = {};

	add_pending(test->priv, 1);
	KUNIT_EXPECT_NULL(test, hpkm_log_choose(test->priv, fill_script, &script));
	KUNIT_EXPECT_EQ(test, script.calls, 0);
}

/* How many numbers are drawn when the first is @first (little-endian). */
static u32 drawn(struct hpkm_log *log, u32 first)
{
	u8 octets[4];
	struct script script = { octets, sizeof(octets) };

	put_unaligned_le32(first, octets);
	hpkm_log_choose(log, fill_script, &script);
	return script.calls;
}

static void biased_numbers_are_drawn_again(struct kunit *test)
{
	add_confirmed(test->priv, 1);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xffffffff), 1);
	add_confirmed(test->priv, 2);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xffffffff), 1);
	/* 2^32 = 3 * 0x55555555 + 1 */
	add_confirmed(test->priv, 3);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xffffffff), 2);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xfffffffe), 1);
	add_confirmed(test->priv, 4);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xffffffff), 1);
	add_confirmed(test->priv, 5);
	add_confirmed(test->priv, 6);
	/* 2^32 = 7 * 0x24924924 + 4 */
	add_confirmed(test->priv, 7);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xfffffffc), 2);
	KUNIT_EXPECT_EQ(test, drawn(test->priv, 0xfffffffb), 1);
}

static void only_and_all_confirmed_are_chosen(struct kunit *test)
{
	const struct hpkm_record *chosen;
	u32 times[8] = {}, i;
	struct rnd_state rnd;

	for (i = 0; i < 8; i++)
		add_pending(test->priv, i);
	for (i = 1; i < 8; i += 2)
		confirm(test->priv, i);
	confirm(test->priv, 0);
	drop(test->priv, 3);

	prandom_seed_state(&rnd, 7);
	for (i = 0; i < 4000; i++) {
		chosen = hpkm_log_choose(test->priv, fill_random, &rnd);
		KUNIT_ASSERT_NOT_NULL(test, chosen);
		KUNIT_ASSERT_LT(test, rec_of(chosen), 8);
		times[rec_of(chosen)]++;
	}
	/* 1000 each, and 6 standard deviations are 164. */
	for (i = 0; i < 8; i++)
		if (i == 0 || i == 1 || i == 5 || i == 7)
			KUNIT_EXPECT_LT_MSG(test, abs((int)times[i] - 1000), 164, "record %u", i);
		else
			KUNIT_EXPECT_EQ_MSG(test, times[i], 0, "record %u", i);
}

static void pair_is_chosen_by_one_octet(struct kunit *test)
{
	static const u8 pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
	unsigned int value;
	u8 a, b;

	for (value = 0; value < U8_MAX; value++) {
		u8 octet = value;
		struct script script = { &octet, 1 };

		hpkm_choose_pair(&a, &b, fill_script, &script);
		KUNIT_EXPECT_EQ(test, script.calls, 1);
		KUNIT_EXPECT_EQ(test, a, pairs[value % 3][0]);
		KUNIT_EXPECT_EQ(test, b, pairs[value % 3][1]);
	}
}

static void octet_255_is_drawn_again(struct kunit *test)
{
	static const u8 octets[] = { 255, 255, 1 };
	struct script script = { octets, sizeof(octets) };
	u8 a, b;

	hpkm_choose_pair(&a, &b, fill_script, &script);
	KUNIT_EXPECT_EQ(test, script.calls, 3);
	KUNIT_EXPECT_EQ(test, a, 0);
	KUNIT_EXPECT_EQ(test, b, 2);
}

/* ---- dumps ---- */

static void expect_next(struct kunit *test, u64 *cursor, u64 rec)
{
	const struct hpkm_record *record = hpkm_log_next(test->priv, cursor);

	KUNIT_ASSERT_NOT_NULL(test, record);
	KUNIT_EXPECT_EQ(test, rec_of(record), rec);
}

static void dump_is_oldest_first(struct kunit *test)
{
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE + 5; rec++)
		add_confirmed(test->priv, rec);
	for (rec = 5; rec < SIZE + 5; rec++)
		expect_next(test, &cursor, rec);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
	add_confirmed(test->priv, 50);
	expect_next(test, &cursor, 50);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
}

static void dump_outlives_changes(struct kunit *test)
{
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE; rec++)
		add_confirmed(test->priv, rec);
	expect_next(test, &cursor, 0);
	expect_next(test, &cursor, 1);
	drop(test->priv, 2);
	drop(test->priv, 0);
	expect_next(test, &cursor, 3);
	/* Six new ones overwrite up to number 5. */
	for (rec = SIZE; rec < SIZE + 6; rec++)
		add_confirmed(test->priv, rec);
	expect_next(test, &cursor, 6);
	hpkm_log_clear(test->priv);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
	add_confirmed(test->priv, 99);
	expect_next(test, &cursor, 99);
}

/* ---- another size ---- */

static struct hpkm_log *moved(struct kunit *test, u32 size)
{
	struct hpkm_log *to = hpkm_log_create(size, key), *from = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, to);
	hpkm_log_move(to, from);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(from), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(from), 0);
	test->priv = to;
	return from;
}

static void move_keeps_all_that_fits(struct kunit *test)
{
	const struct hpkm_record *found;
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE + 4; rec++)
		add_pending(test->priv, rec);
	confirm(test->priv, 10);
	drop(test->priv, 7);
	hpkm_log_destroy(moved(test, 2 * SIZE));
	KUNIT_EXPECT_EQ(test, hpkm_log_size(test->priv), 2 * SIZE);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), SIZE - 1);
	KUNIT_EXPECT_EQ(test, hpkm_log_confirmed(test->priv), 1);
	KUNIT_EXPECT_EQ(test, find(test->priv, 10)->state, HPKM_RECORD_CONFIRMED);
	KUNIT_EXPECT_EQ(test, search(test->priv, 1, 2, 19, 19, 19, &found), 1);
	for (rec = 4; rec < SIZE + 4; rec++)
		if (rec != 7)
			expect_next(test, &cursor, rec);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
}

static void move_keeps_the_newest(struct kunit *test)
{
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE; rec++)
		add_confirmed(test->priv, rec);
	drop(test->priv, 13);
	hpkm_log_destroy(moved(test, 4));
	KUNIT_EXPECT_EQ(test, hpkm_log_count(test->priv), 4);
	KUNIT_EXPECT_NULL(test, find(test->priv, 10));
	expect_next(test, &cursor, 11);
	expect_next(test, &cursor, 12);
	expect_next(test, &cursor, 14);
	expect_next(test, &cursor, 15);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
	/* The ring goes on behind the newest. */
	add_confirmed(test->priv, 20);
	KUNIT_EXPECT_NULL(test, find(test->priv, 11));
	expect_next(test, &cursor, 20);
}

static void dump_misses_nothing_over_a_move(struct kunit *test)
{
	u64 rec, cursor = 0;

	for (rec = 0; rec < SIZE + 8; rec++)
		add_confirmed(test->priv, rec);
	for (rec = 8; rec < 14; rec++)
		expect_next(test, &cursor, rec);
	hpkm_log_destroy(moved(test, 2 * SIZE));
	for (rec = 14; rec < SIZE + 8; rec++)
		expect_next(test, &cursor, rec);
	KUNIT_EXPECT_NULL(test, hpkm_log_next(test->priv, &cursor));
}

static void emptied_log_can_be_used_again(struct kunit *test)
{
	struct hpkm_log *from;

	add_confirmed(test->priv, 1);
	from = moved(test, SIZE);
	KUNIT_EXPECT_NULL(test, find(from, 1));
	KUNIT_EXPECT_EQ(test, add_confirmed(from, 1), 0);
	KUNIT_EXPECT_NOT_NULL(test, find(from, 1));
	hpkm_log_destroy(from);
}

/* ---- against something simpler ---- */

#define NUMBERS	200

struct naive_record {
	bool there;
	u64 rec;
	u8 time, place, data;
	bool confirmed;
};

/* The last @size records added, oldest first; removed ones keep their place. */
struct naive {
	u32 size, count;
	struct naive_record record[40];
};

static struct naive_record *naive_find(struct naive *naive, u64 rec)
{
	u32 i;

	for (i = 0; i < naive->count; i++)
		if (naive->record[i].there && naive->record[i].rec == rec)
			return &naive->record[i];
	return NULL;
}

static void naive_add(struct naive *naive, const struct naive_record *record)
{
	if (naive->count == naive->size) {
		naive->count--;
		memmove(naive->record, naive->record + 1, naive->count * sizeof(*record));
	}
	naive->record[naive->count++] = *record;
}

static int naive_search(const struct naive *naive, u8 a, u8 b, const struct naive_record *like,
			u64 *rec)
{
	int matches = 0;
	u32 i;

	for (i = 0; i < naive->count; i++) {
		const struct naive_record *record = &naive->record[i];

		if (!record->there || (a == 0 && record->data != like->data) ||
		    ((a == 1 || b == 1) && record->time != like->time) ||
		    (b == 2 && record->place != like->place))
			continue;
		*rec = record->rec;
		matches++;
	}
	return min(matches, 2);
}

static void random_record(struct rnd_state *rnd, struct naive_record *record)
{
	u32 random = prandom_u32_state(rnd);

	record->there = true;
	record->rec = prandom_u32_state(rnd) % NUMBERS;
	record->time = random & 3;
	record->place = random >> 2 & 3;
	record->data = random >> 4 & 3;
	record->confirmed = random >> 6 & 1;
}

static void step_of_both(struct kunit *test, struct naive *naive, struct rnd_state *rnd)
{
	struct naive_record record, *known;

	random_record(rnd, &record);
	known = naive_find(naive, record.rec);
	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		KUNIT_ASSERT_EQ(test, drop(test->priv, record.rec), !!known);
		if (known)
			known->there = false;
		break;
	case 1:
		KUNIT_ASSERT_EQ(test, confirm(test->priv, record.rec),
				known && !known->confirmed);
		if (known)
			known->confirmed = true;
		break;
	default:
		KUNIT_ASSERT_EQ(test, add(test->priv, record.rec, record.time, record.place,
					  record.data, record.confirmed ? HPKM_RECORD_CONFIRMED :
									  HPKM_RECORD_PENDING),
				known ? -EEXIST : 0);
		if (!known)
			naive_add(naive, &record);
		break;
	}
}

static void compare_search(struct kunit *test, const struct naive *naive, u8 a, u8 b,
			   const struct naive_record *like)
{
	const struct hpkm_record *found = NULL;
	u64 rec = 0;
	int matches = naive_search(naive, a, b, like, &rec);

	KUNIT_ASSERT_EQ(test, search(test->priv, a, b, like->time, like->place, like->data,
				     &found), matches);
	if (matches == 1)
		KUNIT_ASSERT_EQ(test, rec_of(found), rec);
}

static void compare_dump(struct kunit *test, const struct naive *naive)
{
	u32 i, count = 0, confirmed = 0;
	u64 cursor = 0;

	for (i = 0; i < naive->count; i++) {
		if (!naive->record[i].there)
			continue;
		expect_next(test, &cursor, naive->record[i].rec);
		count++;
		confirmed += naive->record[i].confirmed;
	}
	KUNIT_ASSERT_NULL(test, hpkm_log_next(test->priv, &cursor));
	KUNIT_ASSERT_EQ(test, hpkm_log_count(test->priv), count);
	KUNIT_ASSERT_EQ(test, hpkm_log_confirmed(test->priv), confirmed);
}

static void compare_choice(struct kunit *test, struct naive *naive, struct rnd_state *rnd)
{
	const struct hpkm_record *chosen = hpkm_log_choose(test->priv, fill_random, rnd);
	const struct naive_record *known;

	KUNIT_ASSERT_EQ(test, !!chosen, !!hpkm_log_confirmed(test->priv));
	if (!chosen)
		return;
	known = naive_find(naive, rec_of(chosen));
	KUNIT_ASSERT_NOT_NULL(test, known);
	KUNIT_ASSERT_TRUE(test, known->confirmed);
}

static void compare(struct kunit *test, struct naive *naive, struct rnd_state *rnd)
{
	struct naive_record like;

	random_record(rnd, &like);
	KUNIT_ASSERT_EQ(test, !!find(test->priv, like.rec),
			!!naive_find(naive, like.rec));
	compare_search(test, naive, 0, 1, &like);
	compare_search(test, naive, 0, 2, &like);
	compare_search(test, naive, 1, 2, &like);
	compare_dump(test, naive);
	compare_choice(test, naive, rnd);
}

static void against_a_naive_one(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 3, 16, 40 };
	struct naive *naive = kunit_kzalloc(test, sizeof(*naive), GFP_KERNEL);
	struct rnd_state rnd;
	u32 round, i;

	KUNIT_ASSERT_NOT_NULL(test, naive);
	for (round = 0; round < ARRAY_SIZE(sizes); round++) {
		prandom_seed_state(&rnd, round);
		memset(naive, 0, sizeof(*naive));
		naive->size = sizes[round];
		hpkm_log_destroy(test->priv);
		test->priv = hpkm_log_create(sizes[round], key);
		KUNIT_ASSERT_NOT_NULL(test, test->priv);
		for (i = 0; i < 2000; i++) {
			step_of_both(test, naive, &rnd);
			compare(test, naive, &rnd);
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(record_keeps_the_beginning_and_the_digest_of_all),
	KUNIT_CASE(short_data_is_kept_whole),
	KUNIT_CASE(sizes_out_of_range_are_refused),
	KUNIT_CASE(empty_log_finds_nothing),
	KUNIT_CASE(record_is_found_as_it_was_added),
	KUNIT_CASE(who_is_part_of_the_name),
	KUNIT_CASE(same_name_twice_is_refused),
	KUNIT_CASE(full_log_overwrites_the_oldest),
	KUNIT_CASE(pending_is_confirmed_once),
	KUNIT_CASE(removed_record_is_nowhere),
	KUNIT_CASE(cleared_log_is_as_new),
	KUNIT_CASE(found_by_each_pair),
	KUNIT_CASE(third_element_does_not_matter),
	KUNIT_CASE(several_matches_are_told_from_one),
	KUNIT_CASE(equal_records_do_not_slow_it_down),
	KUNIT_CASE(nothing_confirmed_nothing_chosen),
	KUNIT_CASE(biased_numbers_are_drawn_again),
	KUNIT_CASE(only_and_all_confirmed_are_chosen),
	KUNIT_CASE(pair_is_chosen_by_one_octet),
	KUNIT_CASE(octet_255_is_drawn_again),
	KUNIT_CASE(dump_is_oldest_first),
	KUNIT_CASE(dump_outlives_changes),
	KUNIT_CASE(move_keeps_all_that_fits),
	KUNIT_CASE(move_keeps_the_newest),
	KUNIT_CASE(dump_misses_nothing_over_a_move),
	KUNIT_CASE(emptied_log_can_be_used_again),
	KUNIT_CASE(against_a_naive_one),
	{}
};

static struct kunit_suite log_suite = {
	.name = "hpkm-log",
	.init = init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(log_suite);
