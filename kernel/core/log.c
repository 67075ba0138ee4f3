// SPDX-License-Identifier: GPL-2.0
/*
 * The history: protocol section 7.
 *
 * Records lie in a ring of places.  Every place is in four hash tables: by rid
 * and by each pair of elements.  A table is an array of chain heads; chains
 * are doubly linked by place number, so that overwriting the oldest record
 * takes the same time however many others have the same elements (a peer that
 * says the same thing all day fills one chain with all its records).  A dense
 * array of the confirmed places makes the choice of one uniform.
 *
 * All memory is taken when the log is created: afterwards the callers hold a
 * spinlock and may be in softirq.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/algapi.h>
#include <hpkm/limits.h>
#include "../compat/unaligned.h"
#include "element.h"
#include "log.h"

#define NOWHERE		U32_MAX		/* end of a chain */
#define IS_HEAD		BIT(31)		/* in @prev: the rest is a bucket, not a place */

static_assert(HPKM_LOG_MAX < IS_HEAD);

/* The pairs (0, 1), (0, 2) and (1, 2) of elements are known by their sum. */
enum table {
	BY_RID,
	BY_DATA_TIME,
	BY_DATA_LOCATION,
	BY_TIME_LOCATION,
	TABLES,
};

struct link {
	u32 next;
	u32 prev;
};

/**
 * struct place - where a record lies
 * @record: valid while @used
 * @used: there is a record
 * @link: its neighbours in each table's chain
 * @confirmed_at: its index among the confirmed places, if it is one
 */
struct place {
	struct hpkm_record record;
	bool used;
	struct link link[TABLES];
	u32 confirmed_at;
};

/* Chains are this long on average; shorter ones would cost more memory than time. */
#define RECORDS_PER_BUCKET	4

/* With its buckets and its entry among the confirmed ones. */
static_assert(sizeof(struct place) + TABLES * sizeof(u32) / RECORDS_PER_BUCKET +
	      sizeof(u32) <= 192);

/**
 * struct hpkm_log - see above
 * @key: of the hash, so that nobody can aim at a bucket
 * @size: places
 * @bucket_mask: buckets of each table, less one
 * @write: the place that the next record gets
 * @added: records ever added
 * @count: records there are
 * @confirmed_count: confirmed ones among them
 * @place: the ring
 * @head: by table and bucket, a place or NOWHERE
 * @confirmed: the places of the confirmed records, in no order
 */
struct hpkm_log {
	siphash_key_t key;
	u32 size;
	u32 bucket_mask;
	u32 write;
	u64 added;
	u32 count;
	u32 confirmed_count;
	struct place *place;
	u32 *head[TABLES];
	u32 *confirmed;
};

/* ---- memory ---- */

static size_t buckets_of(const struct hpkm_log *log)
{
	return (size_t)log->bucket_mask + 1;
}

static void forget_all(struct hpkm_log *log)
{
	unsigned int table;

	for (table = 0; table < TABLES; table++)
		memset(log->head[table], 0xff, buckets_of(log) * sizeof(u32));
	log->write = 0;
	log->count = 0;
	log->confirmed_count = 0;
}

static bool allocate(struct hpkm_log *log)
{
	unsigned int table;

	for (table = 0; table < TABLES; table++) {
		log->head[table] = kvcalloc(buckets_of(log), sizeof(u32), GFP_KERNEL_ACCOUNT);
		if (!log->head[table])
			return false;
	}
	log->place = kvcalloc(log->size, sizeof(*log->place), GFP_KERNEL_ACCOUNT);
	log->confirmed = kvcalloc(log->size, sizeof(u32), GFP_KERNEL_ACCOUNT);
	return log->place && log->confirmed;
}

/**
 * hpkm_log_create() - an empty log
 * @size: how many records it can hold, 1 to HPKM_LOG_MAX
 * @key: random, and known to nobody
 *
 * Return: the log, or NULL without memory or for another size.  Context:
 * process, may sleep.
 */
struct hpkm_log *hpkm_log_create(u32 size, const u8 key[HPKM_LOG_KEY_LEN])
{
	struct hpkm_log *log;

	if (!size || size > HPKM_LOG_MAX)
		return NULL;
	log = kvcalloc(1, sizeof(*log), GFP_KERNEL_ACCOUNT);
	if (!log)
		return NULL;
	log->key.key[0] = get_unaligned_le64(key);
	log->key.key[1] = get_unaligned_le64(key + 8);
	log->size = size;
	log->bucket_mask = max(roundup_pow_of_two(size) / RECORDS_PER_BUCKET, 1UL) - 1;
	if (!allocate(log)) {
		hpkm_log_destroy(log);
		return NULL;
	}
	forget_all(log);
	return log;
}

/**
 * hpkm_log_destroy() - wipe and free a log
 * @log: nobody uses it any more; may be NULL
 *
 * Context: process, may sleep.
 */
void hpkm_log_destroy(struct hpkm_log *log)
{
	unsigned int table;

	if (!log)
		return;
	for (table = 0; table < TABLES; table++)
		kvfree(log->head[table]);
	kvfree(log->confirmed);
	kvfree_sensitive(log->place, array_size(log->size, sizeof(*log->place)));
	kvfree_sensitive(log, sizeof(*log));
}

/**
 * hpkm_log_clear() - wipe all records
 * @log: empty afterwards
 *
 * Takes as long as wiping the whole ring does.  Context: any, serialised by
 * the owner.
 */
void hpkm_log_clear(struct hpkm_log *log)
{
	memzero_explicit(log->place, array_size(log->size, sizeof(*log->place)));
	forget_all(log);
}

/**
 * hpkm_log_size() - how many records fit
 * @log: any
 *
 * Context: any.
 */
u32 hpkm_log_size(const struct hpkm_log *log)
{
	return log->size;
}

/**
 * hpkm_log_count() - how many records there are
 * @log: any
 *
 * Context: any, serialised by the owner.
 */
u32 hpkm_log_count(const struct hpkm_log *log)
{
	return log->count;
}

/**
 * hpkm_log_confirmed() - how many of the records are confirmed
 * @log: any
 *
 * Context: any, serialised by the owner.
 */
u32 hpkm_log_confirmed(const struct hpkm_log *log)
{
	return log->confirmed_count;
}

/* ---- tables ---- */

static u32 *bucket(const struct hpkm_log *log, enum table table, const void *data, size_t len)
{
	return &log->head[table][siphash(data, len, &log->key) & log->bucket_mask];
}

static u32 *rid_bucket(const struct hpkm_log *log, const u8 rid[HPKM_RID_LEN])
{
	return bucket(log, BY_RID, rid, HPKM_RID_LEN);
}

static u32 *pair_bucket(const struct hpkm_log *log, enum table table,
			const u8 xa[HPKM_KEY_LEN], const u8 xb[HPKM_KEY_LEN])
{
	u8 both[2 * HPKM_KEY_LEN];
	u32 *head;

	memcpy(both, xa, HPKM_KEY_LEN);
	memcpy(both + HPKM_KEY_LEN, xb, HPKM_KEY_LEN);
	head = bucket(log, table, both, sizeof(both));
	memzero_explicit(both, sizeof(both));
	return head;
}

static void chain_insert(struct hpkm_log *log, enum table table, u32 *head, u32 at)
{
	struct link *link = &log->place[at].link[table];

	link->next = *head;
	link->prev = IS_HEAD | (u32)(head - log->head[table]);
	if (*head != NOWHERE)
		log->place[*head].link[table].prev = at;
	*head = at;
}

static void chain_remove(struct hpkm_log *log, enum table table, u32 at)
{
	const struct link *link = &log->place[at].link[table];

	if (link->prev & IS_HEAD)
		log->head[table][link->prev & ~IS_HEAD] = link->next;
	else
		log->place[link->prev].link[table].next = link->next;
	if (link->next != NOWHERE)
		log->place[link->next].link[table].prev = link->prev;
}

static void chains_insert(struct hpkm_log *log, u32 at)
{
	const struct hpkm_record *record = &log->place[at].record;
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];

	hpkm_record_elements(x, record);
	chain_insert(log, BY_RID, rid_bucket(log, record->rid), at);
	chain_insert(log, BY_DATA_TIME, pair_bucket(log, BY_DATA_TIME, x[0], x[1]), at);
	chain_insert(log, BY_DATA_LOCATION, pair_bucket(log, BY_DATA_LOCATION, x[0], x[2]), at);
	chain_insert(log, BY_TIME_LOCATION, pair_bucket(log, BY_TIME_LOCATION, x[1], x[2]), at);
	memzero_explicit(x, sizeof(x));
}

/* ---- the confirmed ones ---- */

static void confirmed_insert(struct hpkm_log *log, u32 at)
{
	log->place[at].confirmed_at = log->confirmed_count;
	log->confirmed[log->confirmed_count++] = at;
}

/* The last one fills the gap. */
static void confirmed_remove(struct hpkm_log *log, u32 at)
{
	u32 gap = log->place[at].confirmed_at;
	u32 last = log->confirmed[--log->confirmed_count];

	log->confirmed[gap] = last;
	log->place[last].confirmed_at = gap;
}

/* ---- records ---- */

static struct place *find_place(const struct hpkm_log *log, const u8 rid[HPKM_RID_LEN])
{
	u32 at = *rid_bucket(log, rid);

	while (at != NOWHERE) {
		struct place *place = &log->place[at];

		if (!memcmp(place->record.rid, rid, HPKM_RID_LEN))
			return place;
		at = place->link[BY_RID].next;
	}
	return NULL;
}

static void empty_place(struct hpkm_log *log, u32 at)
{
	struct place *place = &log->place[at];
	unsigned int table;

	for (table = 0; table < TABLES; table++)
		chain_remove(log, table, at);
	if (place->record.state == HPKM_RECORD_CONFIRMED)
		confirmed_remove(log, at);
	memzero_explicit(place, sizeof(*place));
	log->count--;
}

/**
 * hpkm_log_add() - a new record
 * @log: where to
 * @record: copied
 *
 * It gets the place after the newest; a record that is there is the oldest, and
 * is overwritten.  The place of a record that was removed stays empty until
 * then.
 *
 * Return: 0, or -EEXIST when there is a record with its rid.  Context: any,
 * serialised by the owner; never allocates.
 */
int hpkm_log_add(struct hpkm_log *log, const struct hpkm_record *record)
{
	u32 at = log->write;
	struct place *place = &log->place[at];

	if (find_place(log, record->rid))
		return -EEXIST;
	if (place->used)
		empty_place(log, at);
	place->record = *record;
	place->used = true;
	chains_insert(log, at);
	if (record->state == HPKM_RECORD_CONFIRMED)
		confirmed_insert(log, at);
	log->count++;
	log->added++;
	log->write = at + 1 < log->size ? at + 1 : 0;
	return 0;
}

/**
 * hpkm_log_confirm() - the other side has this one too
 * @log: where it is
 * @rid: which
 *
 * Return: true if it was pending and is confirmed now.  Context: any,
 * serialised by the owner.
 */
bool hpkm_log_confirm(struct hpkm_log *log, const u8 rid[HPKM_RID_LEN])
{
	struct place *place = find_place(log, rid);

	if (!place || place->record.state != HPKM_RECORD_PENDING)
		return false;
	place->record.state = HPKM_RECORD_CONFIRMED;
	confirmed_insert(log, place - log->place);
	return true;
}

/**
 * hpkm_log_remove() - wipe one record
 * @log: where it is
 * @rid: which
 *
 * Return: true if it was there.  Context: any, serialised by the owner.
 */
bool hpkm_log_remove(struct hpkm_log *log, const u8 rid[HPKM_RID_LEN])
{
	struct place *place = find_place(log, rid);

	if (!place)
		return false;
	empty_place(log, place - log->place);
	return true;
}

/**
 * hpkm_log_find() - by rid, pending records too
 * @log: where to look
 * @rid: which
 *
 * Return: the record, good until the log changes, or NULL.  Context: any,
 * serialised by the owner.
 */
const struct hpkm_record *hpkm_log_find(const struct hpkm_log *log, const u8 rid[HPKM_RID_LEN])
{
	const struct place *place = find_place(log, rid);

	return place ? &place->record : NULL;
}

static void element_of(u8 x[HPKM_KEY_LEN], const struct hpkm_record *record, u8 index)
{
	if (index == 0)
		memcpy(x, record->digest, HPKM_KEY_LEN);
	else if (index == 1)
		hpkm_element_time(x, record->time);
	else
		hpkm_element_location(x, record->location);
}

static bool element_equals(const struct hpkm_record *record, u8 index,
			   const u8 sought[HPKM_KEY_LEN])
{
	u8 x[HPKM_KEY_LEN];
	bool equal;

	element_of(x, record, index);
	equal = !crypto_memneq(x, sought, HPKM_KEY_LEN);
	memzero_explicit(x, sizeof(x));
	return equal;
}

/**
 * hpkm_log_find_elements() - by two elements, pending records too
 * @log: where to look
 * @a: the first element's index
 * @b: the second's; @a < @b <= 2
 * @xa: the first element's digest
 * @xb: the second's
 * @found: receives the record if there is one, good until the log changes
 *
 * Return: how many records have both elements; 2 stands for more than one.
 * Context: any, serialised by the owner.
 */
int hpkm_log_find_elements(const struct hpkm_log *log, u8 a, u8 b, const u8 xa[HPKM_KEY_LEN],
			   const u8 xb[HPKM_KEY_LEN], const struct hpkm_record **found)
{
	enum table table = a + b;
	u32 at = *pair_bucket(log, table, xa, xb);
	int matches = 0;

	for (; at != NOWHERE && matches < 2; at = log->place[at].link[table].next) {
		const struct hpkm_record *record = &log->place[at].record;

		if (!element_equals(record, a, xa) || !element_equals(record, b, xb))
			continue;
		*found = record;
		matches++;
	}
	return matches;
}

/**
 * hpkm_log_next() - the records in their order, for dumps that pause
 * @log: which may change between two calls
 * @cursor: 0 at first; how many records were added before the one to show next
 *
 * Since @cursor counts what was ever added, it stays right when records are
 * added, removed and overwritten in between.
 *
 * Return: the oldest record that was not shown, good until the log changes;
 * NULL at the end.  Context: any, serialised by the owner.
 */
const struct hpkm_record *hpkm_log_next(const struct hpkm_log *log, u64 *cursor)
{
	u64 oldest = log->added - min_t(u64, log->added, log->size);
	u64 number;

	for (number = max(*cursor, oldest); number < log->added; number++) {
		u32 age = log->added - number;		/* 1 is the newest */
		u32 at = log->write >= age ? log->write - age : log->write + log->size - age;

		if (!log->place[at].used)
			continue;
		*cursor = number + 1;
		return &log->place[at].record;
	}
	return NULL;
}

/* How many of the oldest would only be overwritten in a log of @size: callers hold a lock. */
static u32 too_many(const struct hpkm_log *log, u32 size)
{
	return log->count > size ? log->count - size : 0;
}

/**
 * hpkm_log_move() - into a log of another size
 * @to: empty; gets the newest records that fit
 * @from: empty afterwards
 *
 * A dump that goes on in @to may see a record twice, but misses none.  Takes
 * as long as adding all records does.  Context: any, serialised by the owner;
 * never allocates.
 */
void hpkm_log_move(struct hpkm_log *to, struct hpkm_log *from)
{
	u32 skip = too_many(from, to->size);
	const struct hpkm_record *record;
	u64 cursor = 0;

	/* Numbers only rise, so that no cursor is above a record not yet shown. */
	to->added = from->added - (from->count - skip);
	while ((record = hpkm_log_next(from, &cursor))) {
		if (skip)
			skip--;
		else
			hpkm_log_add(to, record);
	}
	hpkm_log_clear(from);
}

/**
 * hpkm_record_elements() - the digests that a record would make a triple of
 * @x: filled: those of Data, T and LI
 * @record: any
 *
 * Context: any.
 */
void hpkm_record_elements(u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN], const struct hpkm_record *record)
{
	u8 i;

	for (i = 0; i < HPKM_ELEMENTS; i++)
		element_of(x[i], record, i);
}

/**
 * hpkm_record_init() - a record of what was sent or has arrived
 * @record: filled, but for its state
 * @who: 0 for a record of the smaller id's, 1 for the other's
 * @rec: its number
 * @time: T
 * @location: LI, length octet first, valid
 * @data: Data
 * @len: octets of it, at most 65535
 *
 * Context: any.
 */
void hpkm_record_init(struct hpkm_record *record, u8 who, u64 rec, u64 time,
		      const u8 location[HPKM_LI_LEN], const void *data, size_t len)
{
	memset(record, 0, sizeof(*record));
	record->rid[0] = who;
	put_unaligned_le64(rec, record->rid + 1);
	record->time = time;
	memcpy(record->location, location, HPKM_LI_LEN);
	hpkm_element(record->digest, 0, data, len);
	record->data_len = min_t(size_t, len, HPKM_DATA_KEPT);
	memcpy(record->data, data, record->data_len);
}

/* ---- choice ---- */

/**
 * hpkm_log_choose() - a confirmed record, uniformly
 * @log: where from
 * @fill: gives @len random octets
 * @context: for @fill
 *
 * A random number that would make the first records of the modulo likelier
 * than the last is drawn again.
 *
 * Return: the record, good until the log changes; NULL when none is confirmed.
 * Context: any, serialised by the owner.
 */
const struct hpkm_record *hpkm_log_choose(const struct hpkm_log *log,
					  void (*fill)(void *context, void *out, size_t len),
					  void *context)
{
	u32 m = log->confirmed_count;
	u32 random, surplus;
	__le32 drawn;

	if (!m)
		return NULL;
	surplus = (0 - m) % m;		/* 2^32 modulo m, without 64-bit division */
	do {
		fill(context, &drawn, sizeof(drawn));
		random = le32_to_cpu(drawn);
	} while (random > U32_MAX - surplus);
	return &log->place[log->confirmed[random % m]].record;
}

/**
 * hpkm_choose_pair() - two of the three elements, uniformly
 * @a: receives the first's index
 * @b: receives the second's, above *@a
 * @fill: gives @len random octets
 * @context: for @fill
 *
 * Context: any.
 */
void hpkm_choose_pair(u8 *a, u8 *b, void (*fill)(void *context, void *out, size_t len),
		      void *context)
{
	static const u8 pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
	u8 random;

	/* 255 is a multiple of 3: one value too many. */
	do {
		fill(context, &random, sizeof(random));
	} while (random == U8_MAX);
	*a = pairs[random % ARRAY_SIZE(pairs)][0];
	*b = pairs[random % ARRAY_SIZE(pairs)][1];
}
