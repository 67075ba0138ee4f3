// SPDX-License-Identifier: GPL-2.0
/* Explicit messages on their way: protocol section 6, exactly once. */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include "outbox.h"

/**
 * hpkm_outbox_init() - an empty outbox
 * @outbox: of one peer
 *
 * Context: any.
 */
void hpkm_outbox_init(struct hpkm_outbox *outbox)
{
	INIT_LIST_HEAD(&outbox->messages);
	outbox->count = 0;
	outbox->accepted = 0;
}

/**
 * hpkm_outbox_add() - take on a message
 * @outbox: owns @message from then on
 * @message: kmalloc'ed, with rec, time, location, len and data; its number is
 *	above those of all messages before it
 * @now: nanoseconds; it may go out from then on
 *
 * Return: 0, or -ENOBUFS when HPKM_MSG_WAITING are under way; @message then
 * stays the caller's.  Context: any, serialised by the owner.
 */
int hpkm_outbox_add(struct hpkm_outbox *outbox, struct hpkm_message *message, u64 now)
{
	if (outbox->count >= HPKM_MSG_WAITING)
		return -ENOBUFS;
	message->ordinal = outbox->accepted++;
	message->accepted_at = now;
	message->sendings = 0;
	message->next_at = now;
	list_add_tail(&message->node, &outbox->messages);
	outbox->count++;
	return 0;
}

/*
 * The receiver knows the last HPKM_MSG_KNOWN messages it delivered apart; what
 * is sent for the first time must not take an older one below that.  What was
 * sent once is never held back again, as the oldest only gets newer.
 */
static bool span_allows(const struct hpkm_outbox *outbox, const struct hpkm_message *message)
{
	const struct hpkm_message *oldest;

	oldest = list_first_entry(&outbox->messages, struct hpkm_message, node);
	return message->ordinal - oldest->ordinal < HPKM_MSG_SPAN;
}

static u64 resend_after(u32 sendings)
{
	switch (sendings) {
	case 1:
		return HPKM_MSG_RESEND_1;
	case 2:
		return HPKM_MSG_RESEND_2;
	default:
		return HPKM_MSG_RESEND_EVERY;
	}
}

/**
 * hpkm_outbox_due() - the next message to send
 * @outbox: of one peer
 * @now: nanoseconds
 *
 * Return: the oldest whose time has come and that HPKM_MSG_SPAN allows, marked
 * as sent at @now; it stays in the outbox.  NULL when there is none.  Context:
 * any, serialised by the owner.
 */
struct hpkm_message *hpkm_outbox_due(struct hpkm_outbox *outbox, u64 now)
{
	struct hpkm_message *message;

	list_for_each_entry(message, &outbox->messages, node) {
		if (message->next_at > now || !span_allows(outbox, message))
			continue;
		message->sendings++;
		message->next_at = now + resend_after(message->sendings);
		return message;
	}
	return NULL;
}

/**
 * hpkm_outbox_not_sent() - what was due did not go out
 * @outbox: of one peer
 * @rec: the message's number; it may have left the outbox
 *
 * Its time comes as if it had, but the sending does not count: what is the first
 * one is the first that goes out.  Context: any, serialised by the owner.
 */
void hpkm_outbox_not_sent(struct hpkm_outbox *outbox, u64 rec)
{
	struct hpkm_message *message;

	list_for_each_entry(message, &outbox->messages, node)
		if (message->rec == rec && message->sendings)
			message->sendings--;
}

/**
 * hpkm_outbox_deadline() - when to call hpkm_outbox_due() and _expire() again
 * @outbox: of one peer
 *
 * Return: nanoseconds, HPKM_NEVER when it is empty.  Context: any, serialised
 * by the owner.
 */
u64 hpkm_outbox_deadline(const struct hpkm_outbox *outbox)
{
	const struct hpkm_message *message;
	u64 deadline = HPKM_NEVER;

	list_for_each_entry(message, &outbox->messages, node) {
		deadline = min(deadline, message->accepted_at + HPKM_MSG_GIVE_UP);
		if (span_allows(outbox, message))
			deadline = min(deadline, message->next_at);
	}
	return deadline;
}

static void take_out(struct hpkm_outbox *outbox, struct hpkm_message *message,
		     struct list_head *done)
{
	list_move_tail(&message->node, done);
	outbox->count--;
}

static bool covers(const struct hpkm_acknowledgement *ack, u64 rec)
{
	return rec >= ack->base && rec - ack->base < HPKM_ACK_WINDOW &&
	       ack->map & BIT_ULL(rec - ack->base);
}

/**
 * hpkm_outbox_acknowledge() - the peer says what it has
 * @outbox: of that peer
 * @ack: what it says
 * @done: those that are acknowledged are added here; the caller frees them
 *
 * Context: any, serialised by the owner.
 */
void hpkm_outbox_acknowledge(struct hpkm_outbox *outbox, const struct hpkm_acknowledgement *ack,
			     struct list_head *done)
{
	struct hpkm_message *message, *next;

	list_for_each_entry_safe(message, next, &outbox->messages, node)
		if (covers(ack, message->rec))
			take_out(outbox, message, done);
}

/**
 * hpkm_outbox_expire() - give up what nobody acknowledged
 * @outbox: of one peer
 * @now: nanoseconds
 * @done: those accepted HPKM_MSG_GIVE_UP ago or earlier are added here; the
 *	caller frees them
 *
 * Context: any, serialised by the owner.
 */
void hpkm_outbox_expire(struct hpkm_outbox *outbox, u64 now, struct list_head *done)
{
	struct hpkm_message *message, *next;

	list_for_each_entry_safe(message, next, &outbox->messages, node)
		if (message->accepted_at + HPKM_MSG_GIVE_UP <= now)
			take_out(outbox, message, done);
}

/**
 * hpkm_outbox_purge() - the peer goes
 * @outbox: empty afterwards
 * @done: all messages are added here; the caller frees them
 *
 * Context: any, serialised by the owner.
 */
void hpkm_outbox_purge(struct hpkm_outbox *outbox, struct list_head *done)
{
	list_splice_tail_init(&outbox->messages, done);
	outbox->count = 0;
}
