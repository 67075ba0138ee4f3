// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a record in a full log: by its id, and by two of its elements, which are
 * the two ways that a key update has.  Once others all the time, from all over the
 * log, so that of a large one they are not in the processor's caches; once always
 * the same, which tells whether the work itself grows.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <core/log.h>
#include <hpkm/limits.h>
#include "bench.h"

#define SOUGHT	16384
#define TIMES	100

struct sought {
	u8 rid[HPKM_RID_LEN];
	u8 data[HPKM_KEY_LEN];
	u8 time[HPKM_KEY_LEN];
};

/**
 * struct history - a full log, and what is looked for in it
 * @sought: some of its records, in no order
 * @mask: 0 when the first is to do for all
 * @at: the next
 */
struct history {
	struct hpkm_log *log;
	u32 size;
	struct sought *sought;
	u32 mask;
	u32 at;
};

static void make_record(struct hpkm_record *record, u32 number)
{
	static const u8 location[HPKM_LI_LEN] = { 5, 'P', 'a', 'r', 'i', 's' };

	hpkm_record_init(record, 0, number, number, location, &number, sizeof(number));
	record->state = HPKM_RECORD_CONFIRMED;
}

static int fill(struct history *history)
{
	struct hpkm_record record;
	int err = 0;
	u32 i;

	for (i = 0; i < history->size && !err; i++) {
		make_record(&record, i);
		err = hpkm_log_add(history->log, &record);
		cond_resched();
	}
	return err;
}

static void seek(struct history *history)
{
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
	struct hpkm_record record;
	u32 i, number;

	for (i = 0; i < SOUGHT; i++) {
		get_random_bytes(&number, sizeof(number));
		make_record(&record, number % history->size);
		hpkm_record_elements(x, &record);
		memcpy(history->sought[i].rid, record.rid, HPKM_RID_LEN);
		memcpy(history->sought[i].data, x[0], HPKM_KEY_LEN);
		memcpy(history->sought[i].time, x[1], HPKM_KEY_LEN);
	}
}

static const struct sought *next(struct history *history)
{
	return &history->sought[history->at++ & history->mask];
}

static int by_id(void *context)
{
	struct history *history = context;

	return hpkm_log_find(history->log, next(history)->rid) ? 0 : -ENOENT;
}

static int by_elements(void *context)
{
	struct history *history = context;
	const struct sought *sought = next(history);
	const struct hpkm_record *found;

	return hpkm_log_find_elements(history->log, 0, 1, sought->data, sought->time,
				      &found) == 1 ? 0 : -ENOENT;
}

static int measure(struct seq_file *out, struct history *history, const char *what,
		   int (*find)(void *context), u32 mask)
{
	struct bench_work *work = kzalloc(sizeof(*work), GFP_KERNEL);
	char size[16];
	int err;

	if (!work)
		return -ENOMEM;
	snprintf(size, sizeof(size), "%u", history->size);
	history->mask = mask;
	*work = (struct bench_work){ size, find, history, TIMES };
	err = bench_time(work, 1);
	if (!err)
		bench_report(out, what, work, 1);
	kfree(work);
	return err;
}

static int measure_all(struct seq_file *out, struct history *history)
{
	int err = fill(history);

	if (err)
		return err;
	seek(history);
	return measure(out, history, "by-id", by_id, SOUGHT - 1) ?:
	       measure(out, history, "by-id-same", by_id, 0) ?:
	       measure(out, history, "by-elements", by_elements, SOUGHT - 1) ?:
	       measure(out, history, "by-elements-same", by_elements, 0);
}

static int measure_size(struct seq_file *out, u32 size)
{
	static const u8 key[HPKM_LOG_KEY_LEN] = { 1 };
	struct history history = {
		.log = hpkm_log_create(size, key),
		.size = size,
		.sought = kvcalloc(SOUGHT, sizeof(*history.sought), GFP_KERNEL),
	};
	int err = -ENOMEM;

	if (history.log && history.sought)
		err = measure_all(out, &history);
	hpkm_log_destroy(history.log);
	kvfree(history.sought);
	return err;
}

int bench_lookup(struct seq_file *out)
{
	u32 size;
	int err = 0;

	for (size = HPKM_LOG_MIN; size <= HPKM_LOG_MAX && !err; size *= 16)
		err = measure_size(out, size);
	return err;
}
