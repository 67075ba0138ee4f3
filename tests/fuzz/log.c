// SPDX-License-Identifier: GPL-2.0
/*
 * The history against a list: whatever is done to a log, its records, their
 * order, what is found by rid and by two elements, how many are confirmed and
 * where a dump goes on are the list's.  Memory may run out when a log is made.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <core/log.h>
#include <hpkm/limits.h>
#include "fuzz.h"

#define SIZE_MOST	24
#define STEPS		300

struct entry {
	u64 number;	/* of records added before it */
	struct hpkm_record record;
};

struct model {
	struct feed feed;
	struct hpkm_log *log;
	u32 size;
	u64 added;
	struct entry entry[SIZE_MOST];
	u32 count;
	u64 cursor;
};

static struct entry *find(struct model *model, const u8 *rid)
{
	u32 i;

	for (i = 0; i < model->count; i++)
		if (!memcmp(model->entry[i].record.rid, rid, HPKM_RID_LEN))
			return &model->entry[i];
	return NULL;
}

static void take_out(struct model *model, struct entry *entry)
{
	model->count--;
	memmove(entry, entry + 1, (char *)&model->entry[model->count] - (char *)entry);
}

/* Few values, so that many records have elements in common. */
static void draw(struct feed *feed, struct hpkm_record *record)
{
	static const u8 location[2][HPKM_LI_LEN] = { { 4, 'R', 'o', 'm', 'e' }, { 0 } };
	u8 what = feed_u8(feed);
	char data[HPKM_DATA_KEPT + 8] = { 0 };

	data[0] = what >> 1 & 3;
	hpkm_record_init(record, what & 1, feed_below(feed, 48), what >> 3 & 3,
			 location[what >> 5 & 1], data, what & 128 ? sizeof(data) : 1);
	record->state = what & 64 ? HPKM_RECORD_CONFIRMED : HPKM_RECORD_PENDING;
}

static struct hpkm_log *create(struct feed *feed, u32 size)
{
	u8 key[HPKM_LOG_KEY_LEN];
	struct hpkm_log *log;

	feed_fill(feed, key, 2);
	memset(key + 2, 0, sizeof(key) - 2);
	shim_allocations_left = feed_below(feed, 64);
	log = hpkm_log_create(size, key);
	shim_allocations_left = -1;
	return log;
}

static void add(struct model *model)
{
	struct hpkm_record record;
	int err;

	draw(&model->feed, &record);
	err = hpkm_log_add(model->log, &record);
	must(!err == !find(model, record.rid));
	if (err) {
		must(err == -EEXIST);
		return;
	}
	if (model->count && model->entry[0].number + model->size == model->added)
		take_out(model, &model->entry[0]);
	model->entry[model->count++] = (struct entry){ model->added++, record };
}

static void draw_rid(struct model *model, u8 *rid)
{
	struct hpkm_record record;

	draw(&model->feed, &record);
	memcpy(rid, record.rid, HPKM_RID_LEN);
	if (model->count && feed_u8(&model->feed) & 1)
		memcpy(rid, model->entry[feed_below(&model->feed, model->count)].record.rid,
		       HPKM_RID_LEN);
}

static void confirm(struct model *model)
{
	u8 rid[HPKM_RID_LEN];
	struct entry *entry;
	bool pending;

	draw_rid(model, rid);
	entry = find(model, rid);
	pending = entry && entry->record.state == HPKM_RECORD_PENDING;
	must(hpkm_log_confirm(model->log, rid) == pending);
	if (pending)
		entry->record.state = HPKM_RECORD_CONFIRMED;
}

static void drop(struct model *model)
{
	u8 rid[HPKM_RID_LEN];
	struct entry *entry;

	draw_rid(model, rid);
	entry = find(model, rid);
	must(hpkm_log_remove(model->log, rid) == !!entry);
	if (entry)
		take_out(model, entry);
}

/* Whoever is in the middle of a dump sees what is left in the new log. */
static void resize(struct model *model)
{
	u32 size = 1 + feed_below(&model->feed, SIZE_MOST);
	struct hpkm_log *log = create(&model->feed, size);
	u32 i;

	if (!log)
		return;
	hpkm_log_move(log, model->log);
	must(!hpkm_log_count(model->log) && !hpkm_log_confirmed(model->log));
	hpkm_log_destroy(model->log);
	model->log = log;
	model->size = size;
	while (model->count > size)
		take_out(model, &model->entry[0]);
	for (i = 0; i < model->count; i++)
		model->entry[i].number = model->added - model->count + i;
}

static void clear(struct model *model)
{
	hpkm_log_clear(model->log);
	model->count = 0;
}

static void check_elements(struct model *model)
{
	const struct hpkm_record *found = NULL;
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN], y[HPKM_ELEMENTS][HPKM_KEY_LEN];
	u8 a = feed_below(&model->feed, 2), b = 2 - feed_below(&model->feed, 2 - a);
	struct hpkm_record record;
	int expected = 0, got;
	u32 i;

	draw(&model->feed, &record);
	hpkm_record_elements(x, &record);
	for (i = 0; i < model->count && expected < 2; i++) {
		hpkm_record_elements(y, &model->entry[i].record);
		expected += !memcmp(x[a], y[a], HPKM_KEY_LEN) && !memcmp(x[b], y[b], HPKM_KEY_LEN);
	}
	got = hpkm_log_find_elements(model->log, a, b, x[a], x[b], &found);
	must(got == expected && !found == !expected);
	if (got == 1)
		must(find(model, found->rid));
}

static void fill(void *context, void *out, size_t len)
{
	feed_fill(context, out, len);
}

static void check_choice(struct model *model)
{
	const struct hpkm_record *record = hpkm_log_choose(model->log, fill, &model->feed);
	u32 confirmed = hpkm_log_confirmed(model->log);
	u8 a, b;

	must(!record == !confirmed);
	if (record)
		must(find(model, record->rid)->record.state == HPKM_RECORD_CONFIRMED);
	hpkm_choose_pair(&a, &b, fill, &model->feed);
	must(a < b && b < HPKM_ELEMENTS);
}

/* One step of a dump that others' changes come between. */
static void check_dump(struct model *model)
{
	u64 before = model->cursor;
	const struct hpkm_record *record = hpkm_log_next(model->log, &model->cursor);
	u32 i;

	for (i = 0; i < model->count && model->entry[i].number < before; i++)
		;
	must(!record == (i == model->count));
	if (record)
		must(!memcmp(record, &model->entry[i].record, sizeof(*record)));
	else
		model->cursor = 0;
}

static void check_all(struct model *model)
{
	const struct hpkm_record *record;
	u32 i = 0, confirmed = 0;
	u64 cursor = 0;

	while ((record = hpkm_log_next(model->log, &cursor))) {
		must(i < model->count);
		must(!memcmp(record, &model->entry[i++].record, sizeof(*record)));
		must(hpkm_log_find(model->log, record->rid) == record);
		confirmed += record->state == HPKM_RECORD_CONFIRMED;
	}
	must(i == model->count && hpkm_log_count(model->log) == i);
	must(hpkm_log_confirmed(model->log) == confirmed);
	must(hpkm_log_size(model->log) == model->size);
}

static void step(struct model *model)
{
	switch (feed_below(&model->feed, 16)) {
	case 0:
		resize(model);
		break;
	case 1:
		clear(model);
		break;
	case 2:
	case 3:
		drop(model);
		break;
	case 4:
	case 5:
		confirm(model);
		break;
	case 6:
		check_elements(model);
		break;
	case 7:
		check_choice(model);
		break;
	case 8:
		check_dump(model);
		break;
	default:
		add(model);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model = { .feed = { data, size } };
	u32 steps;

	must(!hpkm_log_create(0, (const u8 *)"0123456789abcdef"));
	must(!hpkm_log_create(HPKM_LOG_MAX + 1, (const u8 *)"0123456789abcdef"));
	model.size = 1 + feed_below(&model.feed, SIZE_MOST);
	model.log = create(&model.feed, model.size);
	for (steps = 0; model.log && model.feed.left && steps < STEPS; steps++) {
		step(&model);
		check_all(&model);
	}
	hpkm_log_destroy(model.log);
	return 0;
}
