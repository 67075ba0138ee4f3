/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explicit messages on their way: numbered, sent again until acknowledged,
 * given up after HPKM_MSG_GIVE_UP.  Protocol section 6, exactly once.
 */
#ifndef _HPKM_CORE_OUTBOX_H
#define _HPKM_CORE_OUTBOX_H

#include <linux/list.h>
#include <hpkm/wire.h>
#include <hpkm/limits.h>
#include "receipt.h"

/**
 * struct hpkm_message - one message; every sending keeps all but the counter
 * @node: in the outbox, by @rec
 * @rec: its record number, given when it was accepted
 * @ordinal: messages accepted before it
 * @time: T
 * @location: LI
 * @accepted_at: when the sender handed it in
 * @sendings: how often it went out
 * @next_at: when it goes out (again)
 * @len: octets of @data
 * @data: the message
 */
struct hpkm_message {
	struct list_head node;
	u64 rec;
	u64 ordinal;
	u64 time;
	u8 location[HPKM_LI_LEN];
	u64 accepted_at;
	u32 sendings;
	u64 next_at;
	u16 len;
	u8 data[];
};

/**
 * struct hpkm_outbox - the owner serialises access
 * @messages: in the order in which they were accepted
 * @count: how many, at most HPKM_MSG_WAITING
 * @accepted: how many there ever were; records that are no messages take
 *	numbers too, so how far two messages are apart does not show in @rec
 */
struct hpkm_outbox {
	struct list_head messages;
	u32 count;
	u64 accepted;
};

void hpkm_outbox_init(struct hpkm_outbox *outbox);
int hpkm_outbox_add(struct hpkm_outbox *outbox, struct hpkm_message *message, u64 now);
struct hpkm_message *hpkm_outbox_due(struct hpkm_outbox *outbox, u64 now);
void hpkm_outbox_not_sent(struct hpkm_outbox *outbox, u64 rec);
u64 hpkm_outbox_deadline(const struct hpkm_outbox *outbox);
void hpkm_outbox_acknowledge(struct hpkm_outbox *outbox, const struct hpkm_acknowledgement *ack,
			     struct list_head *done);
void hpkm_outbox_expire(struct hpkm_outbox *outbox, u64 now, struct list_head *done);
void hpkm_outbox_purge(struct hpkm_outbox *outbox, struct list_head *done);

#endif /* _HPKM_CORE_OUTBOX_H */
