// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a record: by its id, and by two of its elements, which are the two ways
 * that a key update has.  As many records as the largest log holds are there in any
 * case, in one log or in many small ones, all full.  What is looked for is
 *	cold	anywhere among all of them: never in the processor's caches, as in
 *		life, where an update comes once in a while
 *	warm	anywhere in one log, which the caches hold if it is small
 *	same	one record all the time: whether the work itself grows
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

#define RECORDS	HPKM_LOG_MAX
#define SOUGHT	131072		/* more than all samples look for */
#define TIMES	1000

struct sought {
	const struct hpkm_log *log;
	u8 rid[HPKM_RID_LEN];
	u8 data[HPKM_KEY_LEN];
	u8 time[HPKM_KEY_LEN];
};

/**
 * struct history - all records
 * @logs: each with @size of them
 * @sought: some, in no order
 * @at: the next of those
 */
struct history {
	struct hpkm_log **logs;
	u32 size;
	struct sought *sought;
	u32 at;
};

static void make_record(struct hpkm_record *record, u32 number)
{
	static const u8 location[HPKM_LI_LEN] = { 5, 'P', 'a', 'r', 'i', 's' };

	hpkm_record_init(record, 0, number, number, location, &number, sizeof(number));
	record->state = HPKM_RECORD_CONFIRMED;
}

static struct hpkm_log *full_log(u32 size, u32 number)
{
	static const u8 key[HPKM_LOG_KEY_LEN] = { 1 };
	struct hpkm_log *log = hpkm_log_create(size, key);
	struct hpkm_record record;

	for (; log && size; size--) {
		make_record(&record, number++);
		hpkm_log_add(log, &record);
		cond_resched();
	}
	return log;
}

static void seek(struct sought *sought, const struct history *history, u32 number)
{
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
	struct hpkm_record record;

	make_record(&record, number);
	hpkm_record_elements(x, &record);
	sought->log = history->logs[number / history->size];
	memcpy(sought->rid, record.rid, HPKM_RID_LEN);
	memcpy(sought->data, x[0], HPKM_KEY_LEN);
	memcpy(sought->time, x[1], HPKM_KEY_LEN);
}

/* Of the first @range records. */
static void seek_any(struct history *history, u32 range)
{
	u32 i, number;

	for (i = 0; i < SOUGHT; i++) {
		get_random_bytes(&number, sizeof(number));
		seek(&history->sought[i], history, number % range);
		cond_resched();
	}
}

static const struct sought *next(struct history *history)
{
	return &history->sought[history->at++ % SOUGHT];
}

static int by_id(void *context)
{
	const struct sought *sought = next(context);

	return hpkm_log_find(sought->log, sought->rid) ? 0 : -ENOENT;
}

static int by_elements(void *context)
{
	const struct sought *sought = next(context);
	const struct hpkm_record *found;

	return hpkm_log_find_elements(sought->log, 0, 1, sought->data, sought->time,
				      &found) == 1 ? 0 : -ENOENT;
}

static int measure(struct seq_file *out, struct history *history, const char *what,
		   int (*find)(void *context))
{
	struct bench_work *work = kzalloc(sizeof(*work), GFP_KERNEL);
	char size[16];
	int err;

	if (!work)
		return -ENOMEM;
	snprintf(size, sizeof(size), "%u", history->size);
	*work = (struct bench_work){ size, find, history, TIMES };
	err = bench_time(work, 1);
	if (!err)
		bench_report(out, what, work, 1);
	kfree(work);
	return err;
}

static int measure_all(struct seq_file *out, struct history *history)
{
	int err;

	seek_any(history, RECORDS);
	err = measure(out, history, "by-id-cold", by_id) ?:
	      measure(out, history, "by-elements-cold", by_elements);
	seek_any(history, history->size);
	err = err ?: measure(out, history, "by-id-warm", by_id) ?:
	      measure(out, history, "by-elements-warm", by_elements);
	seek_any(history, 1);
	return err ?: measure(out, history, "by-id-same", by_id) ?:
	       measure(out, history, "by-elements-same", by_elements);
}

static int measure_size(struct seq_file *out, u32 size)
{
	u32 i, logs = RECORDS / size;
	struct history history = {
		.logs = kvcalloc(logs, sizeof(*history.logs), GFP_KERNEL),
		.size = size,
		.sought = kvcalloc(SOUGHT, sizeof(*history.sought), GFP_KERNEL),
	};
	int err = history.logs && history.sought ? 0 : -ENOMEM;

	for (i = 0; i < logs && !err; i++) {
		history.logs[i] = full_log(size, i * size);
		err = history.logs[i] ? 0 : -ENOMEM;
	}
	if (!err)
		err = measure_all(out, &history);
	for (i = 0; history.logs && i < logs; i++)
		hpkm_log_destroy(history.logs[i]);
	kvfree(history.logs);
	kvfree(history.sought);
	return err;
}

int bench_lookup(struct seq_file *out)
{
	u32 size;
	int err = 0;

	for (size = HPKM_LOG_MIN; size <= HPKM_LOG_MAX && !err; size *= 256)
		err = measure_size(out, size);
	return err;
}
