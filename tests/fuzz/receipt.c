// SPDX-License-Identifier: GPL-2.0
/*
 * What the receiver of records keeps, against lists of all that came: a record
 * is new exactly if protocol sections 6 and 7 say so, the window of
 * acknowledgements is that of the highest number, and each number is
 * acknowledged if hpkm_receipt_would_lose() is listened to.
 */
#include <linux/minmax.h>
#include <core/receipt.h>
#include "fuzz.h"

#define STEPS	200

struct model {
	u64 noted[STEPS];
	bool owed[STEPS];
	size_t notes;
	u64 message[STEPS];
	size_t messages;
	u64 base;
};

static bool in_window(const struct model *model, u64 rec)
{
	size_t i;

	if (rec < model->base)
		return false;
	for (i = 0; i < model->notes; i++)
		if (model->noted[i] == rec)
			return true;
	return false;
}

static size_t higher_than(const struct model *model, u64 rec)
{
	size_t i, higher = 0;

	for (i = 0; i < model->messages; i++)
		higher += model->message[i] > rec;
	return higher;
}

/* Delivered before, or not above one that is not among the HPKM_MSG_KNOWN highest. */
static bool message_known(const struct model *model, u64 rec)
{
	size_t i;

	for (i = 0; i < model->messages; i++)
		if (model->message[i] == rec ||
		    (rec < model->message[i] &&
		     higher_than(model, model->message[i]) >= HPKM_MSG_KNOWN))
			return true;
	return false;
}

static void check_acknowledgement(struct model *model, const struct hpkm_acknowledgement *ack)
{
	size_t i;
	u8 bit;

	if (ack->base >= model->base) {
		must(ack->base == model->base);
		for (bit = 0; bit < HPKM_ACK_WINDOW; bit++)
			must((ack->map >> bit & 1) == in_window(model, ack->base + bit));
	} else {
		must(ack->map == 1);
	}
	for (i = 0; i < model->notes; i++)
		if (model->noted[i] >= ack->base && model->noted[i] - ack->base < HPKM_ACK_WINDOW &&
		    ack->map >> (model->noted[i] - ack->base) & 1)
			model->owed[i] = false;
}

static void take_all(struct hpkm_receipt *receipt, struct model *model)
{
	struct hpkm_acknowledgement ack;
	size_t i;

	while (hpkm_receipt_take(receipt, &ack))
		check_acknowledgement(model, &ack);
	must(receipt->due == HPKM_NEVER);
	for (i = 0; i < model->notes; i++)
		must(!model->owed[i]);
}

static void note(struct hpkm_receipt *receipt, struct model *model, u64 rec, bool message, u64 now)
{
	enum hpkm_receipt_verdict expected = HPKM_RECEIPT_NEW;
	u64 highest = rec < HPKM_ACK_WINDOW ? 0 : rec - (HPKM_ACK_WINDOW - 1);

	model->base = max(model->base, highest);
	if (message ? message_known(model, rec) : in_window(model, rec))
		expected = HPKM_RECEIPT_DUPLICATE;
	must(hpkm_receipt_note(receipt, rec, message, now) == expected);
	must(receipt->base == model->base);
	must(receipt->due <= now + HPKM_ACK_DELAY && (!message || receipt->due <= now));
	model->noted[model->notes] = rec;
	model->owed[model->notes++] = true;
	if (message && expected == HPKM_RECEIPT_NEW)
		model->message[model->messages++] = rec;
}

static u64 pick(struct feed *feed, const struct model *model)
{
	u64 top = model->base + HPKM_ACK_WINDOW - 1;

	switch (feed_below(feed, 5)) {
	case 0:
		return top + feed_below(feed, 70);
	case 1:
		return top - feed_below(feed, 130);
	case 2:
		return model->notes ? model->noted[feed_below(feed, model->notes)] : 0;
	case 3:
		return feed_below(feed, 256);
	default:
		return feed_u64(feed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct hpkm_receipt receipt;
	struct model model = { .notes = 0 };
	u64 now = HPKM_SECOND;

	hpkm_receipt_init(&receipt);
	take_all(&receipt, &model);
	while (feed.left && model.notes < STEPS) {
		u8 what = feed_u8(&feed);
		u64 rec = pick(&feed, &model);

		now += (what >> 2) * HPKM_MS;
		if (hpkm_receipt_would_lose(&receipt, rec) || !(what & 2))
			take_all(&receipt, &model);
		note(&receipt, &model, rec, what & 1, now);
	}
	take_all(&receipt, &model);
	return 0;
}
