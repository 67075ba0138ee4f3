/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the receiver of records keeps about the other side's numbers: which
 * arrived, which are to be acknowledged, which messages were delivered.
 * Protocol sections 6 (exactly once) and 7 (acknowledgements).
 */
#ifndef _HPKM_CORE_RECEIPT_H
#define _HPKM_CORE_RECEIPT_H

#include <hpkm/wire.h>
#include <hpkm/limits.h>

struct hpkm_acknowledgement {
	u64 base;
	u64 map;
};

/**
 * struct hpkm_receipt - see above; the owner serialises access
 * @base: lowest number of the window, max(0, highest - 63)
 * @map: bit i: @base + i was logged or is a known duplicate
 * @unreported: bits of @map that were not acknowledged yet
 * @due: when to acknowledge, HPKM_NEVER if nothing is owed
 * @below: a number under the window that is to be acknowledged alone
 * @below_owed: @below is valid
 * @delivered: the highest message numbers delivered, ascending
 * @delivered_count: how many of them
 * @floor: the highest message number that @delivered has given up
 * @floor_valid: one was given up
 */
struct hpkm_receipt {
	u64 base;
	u64 map;
	u64 unreported;
	u64 due;
	u64 below;
	bool below_owed;
	u64 delivered[HPKM_MSG_KNOWN];
	u8 delivered_count;
	u64 floor;
	bool floor_valid;
};

enum hpkm_receipt_verdict {
	HPKM_RECEIPT_NEW,	/* log it, deliver it */
	HPKM_RECEIPT_DUPLICATE,	/* neither; it is acknowledged again */
};

void hpkm_receipt_init(struct hpkm_receipt *receipt);
bool hpkm_receipt_would_lose(const struct hpkm_receipt *receipt, u64 rec);
enum hpkm_receipt_verdict hpkm_receipt_note(struct hpkm_receipt *receipt, u64 rec, bool message,
					    u64 now);
bool hpkm_receipt_take(struct hpkm_receipt *receipt, struct hpkm_acknowledgement *ack);

#endif /* _HPKM_CORE_RECEIPT_H */
