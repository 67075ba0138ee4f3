// SPDX-License-Identifier: GPL-2.0
/*
 * What the receiver of records keeps about the other side's numbers: protocol
 * sections 6 (exactly once) and 7 (acknowledgements).
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "receipt.h"

#define TOP	(HPKM_ACK_WINDOW - 1)

static_assert(BITS_PER_BYTE * sizeof(u64) == HPKM_ACK_WINDOW);

/**
 * hpkm_receipt_init() - nothing was received yet
 * @receipt: of one peer's records
 *
 * Context: any.
 */
void hpkm_receipt_init(struct hpkm_receipt *receipt)
{
	memset(receipt, 0, sizeof(*receipt));
	receipt->due = HPKM_NEVER;
}

/* By how much the window has to move up for @rec to be inside. */
static u64 shift_for(const struct hpkm_receipt *receipt, u64 rec)
{
	u64 highest_inside = receipt->base + TOP;

	return rec > highest_inside ? rec - highest_inside : 0;
}

/* Those bits of @map that a move by @shift leaves behind. */
static u64 left_behind(u64 map, u64 shift)
{
	return shift > TOP ? map : map & (BIT_ULL(shift) - 1);
}

/**
 * hpkm_receipt_would_lose() - must something be acknowledged first?
 * @receipt: of one peer's records
 * @rec: the number of a record that arrived and is not noted yet
 *
 * Return: true when hpkm_receipt_note() would push an unreported number out of
 * the window, or out of @below.  Context: any, serialised by the owner.
 */
bool hpkm_receipt_would_lose(const struct hpkm_receipt *receipt, u64 rec)
{
	if (rec < receipt->base)
		return receipt->below_owed && receipt->below != rec;
	return left_behind(receipt->unreported, shift_for(receipt, rec));
}

static void make_room(struct hpkm_receipt *receipt, u64 rec)
{
	u64 shift = shift_for(receipt, rec);

	receipt->base += shift;
	receipt->map = shift > TOP ? 0 : receipt->map >> shift;
	receipt->unreported = shift > TOP ? 0 : receipt->unreported >> shift;
}

/* True if @rec was delivered before, or is too old to tell. */
static bool message_known(const struct hpkm_receipt *receipt, u64 rec)
{
	unsigned int i;

	if (receipt->floor_valid && rec <= receipt->floor)
		return true;
	for (i = 0; i < receipt->delivered_count; i++)
		if (receipt->delivered[i] == rec)
			return true;
	return false;
}

static void give_up_lowest(struct hpkm_receipt *receipt)
{
	receipt->floor = receipt->delivered[0];
	receipt->floor_valid = true;
	receipt->delivered_count--;
	memmove(receipt->delivered, receipt->delivered + 1,
		receipt->delivered_count * sizeof(receipt->delivered[0]));
}

static void remember_message(struct hpkm_receipt *receipt, u64 rec)
{
	unsigned int at;

	if (receipt->delivered_count == HPKM_MSG_KNOWN) {
		/* The lowest of 65 goes, and that may be the new one. */
		if (rec < receipt->delivered[0]) {
			receipt->floor = rec;
			receipt->floor_valid = true;
			return;
		}
		give_up_lowest(receipt);
	}
	for (at = receipt->delivered_count; at && receipt->delivered[at - 1] > rec; at--)
		receipt->delivered[at] = receipt->delivered[at - 1];
	receipt->delivered[at] = rec;
	receipt->delivered_count++;
}

static bool known(const struct hpkm_receipt *receipt, u64 rec, bool message)
{
	if (message)
		return message_known(receipt, rec);
	/* Nothing is known below; a frame is not sent twice, so it is a late one. */
	return rec >= receipt->base && receipt->map & BIT_ULL(rec - receipt->base);
}

static void report(struct hpkm_receipt *receipt, u64 rec, bool message, u64 now)
{
	bool at_once = message;

	if (rec < receipt->base) {
		receipt->below = rec;
		receipt->below_owed = true;
		/* There is room for one only. */
		at_once = true;
	} else {
		receipt->map |= BIT_ULL(rec - receipt->base);
		receipt->unreported |= BIT_ULL(rec - receipt->base);
		at_once |= hweight64(receipt->unreported) >= HPKM_ACK_RECORDS;
	}
	receipt->due = min(receipt->due, at_once ? now : now + HPKM_ACK_DELAY);
}

/**
 * hpkm_receipt_note() - a record arrived
 * @receipt: of one peer's records
 * @rec: its number
 * @message: it is a MSG, which is delivered once
 * @now: nanoseconds
 *
 * @receipt->due then says when to acknowledge: HPKM_ACK_DELAY after the first
 * number that was not reported; at once when there are HPKM_ACK_RECORDS of
 * them, for a message, new or not, and for a number below the window.
 *
 * Return: whether it is to be logged and delivered.  Context: any, serialised
 * by the owner.
 */
enum hpkm_receipt_verdict hpkm_receipt_note(struct hpkm_receipt *receipt, u64 rec, bool message,
					    u64 now)
{
	enum hpkm_receipt_verdict verdict = HPKM_RECEIPT_DUPLICATE;

	make_room(receipt, rec);
	if (!known(receipt, rec, message)) {
		verdict = HPKM_RECEIPT_NEW;
		if (message)
			remember_message(receipt, rec);
	}
	report(receipt, rec, message, now);
	return verdict;
}

/**
 * hpkm_receipt_take() - what to acknowledge now
 * @receipt: of one peer's records
 * @ack: filled
 *
 * When more is due afterwards, @receipt->due is not HPKM_NEVER: a number below
 * the window is acknowledged alone, and first.
 *
 * Return: false when nothing is unreported.  Context: any, serialised by the
 * owner.
 */
bool hpkm_receipt_take(struct hpkm_receipt *receipt, struct hpkm_acknowledgement *ack)
{
	if (receipt->below_owed) {
		ack->base = receipt->below;
		ack->map = 1;
		receipt->below_owed = false;
	} else if (receipt->unreported) {
		ack->base = receipt->base;
		ack->map = receipt->map;
		receipt->unreported = 0;
	} else {
		return false;
	}
	if (!receipt->unreported)
		receipt->due = HPKM_NEVER;
	return true;
}
