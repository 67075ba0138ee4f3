// SPDX-License-Identifier: GPL-2.0
/*
 * Frames carried in two, against a list of all halves that wait: those that belong
 * together find each other in either order, none is lost or kept twice, the one that
 * makes room has waited longest, and each is given up in time.  What two halves make is
 * the first with the second's payload behind its own, if both say that they are of one
 * frame.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/minmax.h>
#include <core/reassembly.h>
#include "fuzz.h"

#define STEPS		256
#define COUNTERS	64
#define SESSIONS	2

/*
 * What waits, by session and by what its counter is more than @counter.  Each counter
 * comes once: as a first half, or as the second of the one before.
 */
struct model {
	struct {
		bool came;
		bool waits;
		bool first;
		u64 expires;
	} half[SESSIONS][COUNTERS];
	unsigned int waiting;
	u32 own_sid[SESSIONS];
	u64 counter;
};

/* Stands for a frame: which half it is. */
static void *frame_of(u32 session, u32 at)
{
	return (void *)(uintptr_t)(1 + session * COUNTERS + at);
}

/* It waits no more.  Returns when it would have been given up. */
static u64 model_take(struct model *model, void *frame)
{
	uintptr_t number = (uintptr_t)frame - 1;

	must(number < SESSIONS * COUNTERS);
	must(model->half[number / COUNTERS][number % COUNTERS].waits);
	model->half[number / COUNTERS][number % COUNTERS].waits = false;
	model->waiting--;
	return model->half[number / COUNTERS][number % COUNTERS].expires;
}

static u64 model_deadline(const struct model *model)
{
	u64 deadline = HPKM_NEVER;
	size_t session, at;

	for (session = 0; session < SESSIONS; session++)
		for (at = 0; at < COUNTERS; at++)
			if (model->half[session][at].waits)
				deadline = min(deadline, model->half[session][at].expires);
	return deadline;
}

/* The half with which it makes one, if that waits. */
static void *model_other(const struct model *model, u32 session, u32 at)
{
	bool first = model->half[session][at].first;
	u32 other = first ? at + 1 : at - 1;

	if (other >= COUNTERS || !model->half[session][other].waits ||
	    model->half[session][other].first == first)
		return NULL;
	return frame_of(session, other);
}

static void add(struct hpkm_reassembly *reassembly, struct model *model, struct feed *feed, u64 now)
{
	u32 session = feed_below(feed, SESSIONS);
	u32 at = feed_below(feed, COUNTERS);
	struct hpkm_fragment half = {
		.frame = frame_of(session, at),
		.counter = model->counter + at,
		.own_sid = model->own_sid[session],
		.first = feed_u8(feed) & 1,
	};
	u64 oldest = model_deadline(model);
	unsigned int waiting = model->waiting;
	void *other, *displaced = &half;

	if (model->half[session][at].came)
		return;
	model->half[session][at].came = true;
	model->half[session][at].first = half.first;
	other = hpkm_reassembly_add(reassembly, &half, now, &displaced);
	must(other == model_other(model, session, at));
	if (other) {
		must(!displaced);
		model_take(model, other);
		return;
	}
	must(!!displaced == (waiting == HPKM_FRAGMENTS));
	/* Of those that came at the same time any may go. */
	if (displaced)
		must(model_take(model, displaced) == oldest);
	model->half[session][at].waits = true;
	model->half[session][at].expires = now + HPKM_FRAGMENT_LIFE;
	model->waiting++;
}

static void expire(struct hpkm_reassembly *reassembly, struct model *model, u64 now)
{
	void *frame;

	while ((frame = hpkm_reassembly_expire(reassembly, now)))
		must(model_take(model, frame) <= now);
	must(model_deadline(model) > now || now == HPKM_NEVER);
}

static void check_waiting(struct feed *feed)
{
	struct hpkm_reassembly reassembly = { 0 };
	struct model model = { .waiting = 0 };
	u64 now = HPKM_SECOND;
	u32 steps;

	/* The last counter of all is never accepted. */
	model.counter = min_t(u64, feed_u64(feed), U64_MAX - COUNTERS);
	model.own_sid[0] = feed_u32(feed);
	model.own_sid[1] = model.own_sid[0] ^ 1U << feed_below(feed, 32);
	for (steps = 0; feed->left && steps < STEPS; steps++) {
		u8 what = feed_u8(feed);

		now += (what >> 2) * HPKM_MS;
		if ((what & 3) == 3)
			expire(&reassembly, &model, now);
		else
			add(&reassembly, &model, feed, now);
		must(hpkm_reassembly_deadline(&reassembly) == model_deadline(&model));
	}
	expire(&reassembly, &model, HPKM_NEVER);
	must(!model.waiting);
}

/* ---- what two halves make ---- */

/* Inner contents that begin with @kind and @flag; what follows is from @feed. */
static u8 *half_of(struct feed *feed, u8 kind, u8 flag, size_t *len)
{
	size_t payload = 1 + feed_below(feed, 200);
	struct hpkm_inner inner = { .kind = kind };
	size_t head;
	u8 *data;

	inner.flags = flag | (feed_u8(feed) & HPKM_FLAG_ACK);
	if (flag == HPKM_FLAG_FRAG_FIRST && kind == HPKM_KIND_MSG)
		inner.flags |= HPKM_FLAG_RECORD;
	if (kind == HPKM_KIND_FRAME)
		inner.proto = cpu_to_be16(feed_below(feed, 3));
	head = hpkm_inner_head_len(inner.flags);
	*len = head + payload;
	data = malloc(*len);
	must(data);
	hpkm_inner_write_head(data, &inner);
	feed_fill(feed, data + head, payload);
	if (feed_u8(feed) & 1)
		feed_edit(feed, data, *len);
	return data;
}

/* Which the caller knows before it asks, and an edit may have changed. */
static bool is_first(const struct hpkm_inner *inner)
{
	return inner->flags & HPKM_FLAG_FRAG_FIRST;
}

static bool is_last(const struct hpkm_inner *inner)
{
	return inner->flags & HPKM_FLAG_FRAG_LAST;
}

static void check_whole(const u8 *first, size_t first_len, const struct hpkm_inner *head,
			const struct hpkm_inner *tail, const struct hpkm_inner *rest)
{
	size_t len = first_len + rest->payload_len;
	struct hpkm_inner whole;
	u8 *data = malloc(len);

	must(data);
	must(rest->payload == tail->payload && rest->payload_len == tail->payload_len);
	memcpy(data, first, first_len);
	memcpy(data + first_len, rest->payload, rest->payload_len);
	must(!hpkm_inner_parse(&whole, data, len));
	must(whole.kind == rest->kind && whole.proto == rest->proto);
	must(whole.flags == head->flags && whole.rec == head->rec);
	must(whole.payload_len == head->payload_len + rest->payload_len);
	must(!memcmp(whole.payload, head->payload, head->payload_len));
	must(!memcmp(whole.payload + head->payload_len, rest->payload, rest->payload_len));
	free(data);
}

static void check_pair(struct feed *feed)
{
	u8 kind = feed_below(feed, 2);
	struct hpkm_inner head, tail, rest;
	size_t first_len, last_len;
	u8 *first = half_of(feed, kind, HPKM_FLAG_FRAG_FIRST, &first_len);
	u8 *last = half_of(feed, feed_u8(feed) & 7 ? kind : !kind, HPKM_FLAG_FRAG_LAST, &last_len);
	int err = hpkm_reassembly_rest(&rest, first, first_len, last, last_len);

	if (hpkm_inner_parse(&head, first, first_len) || hpkm_inner_parse(&tail, last, last_len)) {
		must(err == -EBADMSG);
	} else if (is_first(&head) && is_last(&tail)) {
		must(!err == (head.kind == tail.kind && head.proto == tail.proto));
		if (!err)
			check_whole(first, first_len, &head, &tail, &rest);
	}
	free(first);
	free(last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };

	if (feed_u8(&feed) & 1)
		check_pair(&feed);
	else
		check_waiting(&feed);
	return 0;
}
