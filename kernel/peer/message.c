// SPDX-License-Identifier: GPL-2.0
/* Explicit messages, delivered once: protocol section 6. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include "../compat/unaligned.h"
#include "data.h"

/* Whatever a message's frame has in front of it and behind it. */
#define HEADROOM	(NET_SKB_PAD + ETH_HLEN + HPKM_HD_LEN + HPKM_INNER_LEN + \
			 HPKM_RECORD_LEN + HPKM_ACK_LEN)
#define TAILROOM	(HPKM_FRAME_MIN + HPKM_TAG_LEN)

/* ---- sending ---- */

/* Once data_lock is free the message may be delivered, and gone. */
static int accept(struct hpkm_peer *peer, struct hpkm_message *message, u64 *rec)
{
	u64 now = hpkm_now();
	int err = -EOVERFLOW;

	spin_lock_bh(&peer->data_lock);
	if (!hpkm_record_number_left(peer))
		goto unlock;
	hpkm_record_number(peer, &message->rec, &message->time, message->location);
	*rec = message->rec;
	err = hpkm_outbox_add(&peer->outbox, message, now);
	if (!err)
		hpkm_data_kick(peer, now, now);
unlock:
	spin_unlock_bh(&peer->data_lock);
	return err;
}

static struct hpkm_message *make_message(const void *data, u16 len)
{
	struct hpkm_message *message;

	message = kzalloc(struct_size(message, data, len), GFP_KERNEL_ACCOUNT);
	if (!message)
		return NULL;
	message->len = len;
	memcpy(message->data, data, len);
	return message;
}

static int hand_in(struct hpkm_peer *peer, struct hpkm_message *message, u64 *rec,
		   const char **why)
{
	int err;

	if (peer->removed) {
		*why = "The peer was removed";
		return -ENOENT;
	}
	err = accept(peer, message, rec);
	if (err == -EOVERFLOW)
		*why = "All numbers of this start were used; load the module anew";
	else if (err)
		*why = "Too many messages wait to be acknowledged";
	return err;
}

int hpkm_peer_message_send(struct hpkm_peer *peer, const void *data, u16 len, u64 *rec,
			   const char **why)
{
	struct hpkm_message *message;
	int err;

	if (!len || len > HPKM_MESSAGE_MAX) {
		*why = "A message has 1 to 1024 octets";
		return -EINVAL;
	}
	message = make_message(data, len);
	if (!message) {
		*why = "There is no memory for the message";
		return -ENOMEM;
	}
	mutex_lock(&peer->lock);
	err = hand_in(peer, message, rec, why);
	mutex_unlock(&peer->lock);
	if (err)
		kfree_sensitive(message);
	return err;
}

static struct sk_buff *make_payload(const struct hpkm_message *message)
{
	size_t len = HPKM_MSG_HEAD_LEN + message->len;
	struct sk_buff *skb = alloc_skb(HEADROOM + len + TAILROOM, GFP_ATOMIC);

	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	put_unaligned_le16(message->len, skb_put(skb, HPKM_MSG_HEAD_LEN));
	skb_put_data(skb, message->data, message->len);
	return skb;
}

/*
 * Takes what is needed from the message: it may be acknowledged and freed as
 * soon as data_lock is.
 */
static bool take_due(struct hpkm_peer *peer, struct hpkm_inner *inner, struct sk_buff **skb,
		     bool *first, u64 now)
{
	struct hpkm_message *message;

	spin_lock_bh(&peer->data_lock);
	message = hpkm_outbox_due(&peer->outbox, now);
	if (message) {
		inner->rec = message->rec;
		inner->time = message->time;
		memcpy(inner->location, message->location, HPKM_LI_LEN);
		*first = message->sendings == 1;
		*skb = make_payload(message);
	}
	spin_unlock_bh(&peer->data_lock);
	return message;
}

/* Its record is made by the first sending, so that must be one. */
static void not_sent(struct hpkm_peer *peer, u64 rec)
{
	spin_lock_bh(&peer->data_lock);
	hpkm_outbox_not_sent(&peer->outbox, rec);
	spin_unlock_bh(&peer->data_lock);
}

static int send(struct hpkm_channel *channel, const struct hpkm_inner *inner,
		struct sk_buff *skb, bool first, u64 now)
{
	if (skb)
		return hpkm_channel_send_message(channel, inner, skb, first, now);
	hpkm_peer_count(channel->peer, HPKM_COUNTER_TX_NO_MEMORY);
	return -ENOMEM;
}

/**
 * hpkm_messages_send() - send those that are due
 * @channel: the session to send in
 * @now: nanoseconds
 *
 * Context: bottom halves disabled, RCU read side.
 */
void hpkm_messages_send(struct hpkm_channel *channel, u64 now)
{
	struct hpkm_inner inner = { .kind = HPKM_KIND_MSG, .flags = HPKM_FLAG_RECORD };
	struct sk_buff *skb;
	bool first;

	/* One that could not be sent is tried again. */
	while (take_due(channel->peer, &inner, &skb, &first, now))
		if (send(channel, &inner, skb, first, now))
			not_sent(channel->peer, inner.rec);
}

/**
 * hpkm_messages_tell() - messages have left the outbox
 * @peer: to whom they went
 * @done: struct hpkm_message; all are freed
 * @how: the event that says so
 */
void hpkm_messages_tell(struct hpkm_peer *peer, struct list_head *done, enum hpkm_event how)
{
	struct hpkm_message *message, *next;
	u8 rid[HPKM_RID_LEN];

	list_for_each_entry_safe(message, next, done, node) {
		rid[0] = hpkm_record_who(peer, true);
		put_unaligned_le64(message->rec, rid + 1);
		hpkm_peer_event(peer, how, rid, NULL);
		kfree_sensitive(message);
	}
	INIT_LIST_HEAD(done);
}

/**
 * hpkm_messages_expire() - give up those that nobody acknowledged
 * @peer: to whom they went
 * @now: nanoseconds
 */
void hpkm_messages_expire(struct hpkm_peer *peer, u64 now)
{
	LIST_HEAD(done);

	spin_lock_bh(&peer->data_lock);
	hpkm_outbox_expire(&peer->outbox, now, &done);
	spin_unlock_bh(&peer->data_lock);
	hpkm_messages_tell(peer, &done, HPKM_EVENT_MESSAGE_UNCONFIRMED);
}

/**
 * hpkm_messages_deadline() - when something must be done about messages
 * @peer: to whom they go
 * @sendable: there is a session; else all that happens is giving up
 *
 * Context: data_lock.
 */
u64 hpkm_messages_deadline(struct hpkm_peer *peer, bool sendable)
{
	const struct hpkm_message *oldest;

	if (sendable)
		return hpkm_outbox_deadline(&peer->outbox);
	oldest = list_first_entry_or_null(&peer->outbox.messages, struct hpkm_message, node);
	return oldest ? oldest->accepted_at + HPKM_MSG_GIVE_UP : HPKM_NEVER;
}

/* ---- receiving ---- */

static struct hpkm_received *make_received(const struct hpkm_inner *inner, const u8 *data,
					   size_t len)
{
	struct hpkm_received *message;

	message = kmalloc(struct_size(message, data, len), GFP_ATOMIC);
	if (!message)
		return NULL;
	message->rec = inner->rec;
	message->time = inner->time;
	memcpy(message->location, inner->location, HPKM_LI_LEN);
	message->len = len;
	memcpy(message->data, data, len);
	return message;
}

/**
 * hpkm_message_receive() - a whole message arrived
 * @channel: in which session
 * @inner: kind MSG
 * @now: nanoseconds
 *
 * Without memory it is as if it had been lost on the way: it comes again.
 * Context: softirq, RCU read side.
 */
void hpkm_message_receive(struct hpkm_channel *channel, const struct hpkm_inner *inner, u64 now)
{
	struct hpkm_peer *peer = channel->peer;
	struct hpkm_received *message;
	const u8 *data;
	size_t len;

	if (!(inner->flags & HPKM_FLAG_RECORD) || hpkm_message_parse(inner, &data, &len)) {
		hpkm_peer_count(peer, HPKM_COUNTER_RX_MALFORMED);
		return;
	}
	message = make_received(inner, data, len);
	if (!message) {
		hpkm_peer_count(peer, HPKM_COUNTER_RX_NO_MEMORY);
		return;
	}
	if (hpkm_record_received(peer, inner, data, len, message, now))
		return;
	hpkm_peer_count(peer, HPKM_COUNTER_RX_DUPLICATE);
	kfree_sensitive(message);
}

static void drop_oldest(struct hpkm_peer *peer)
{
	struct hpkm_received *oldest;

	oldest = list_first_entry(&peer->inbox, struct hpkm_received, node);
	list_del(&oldest->node);
	peer->inbox_count--;
	kfree_sensitive(oldest);
}

/**
 * hpkm_inbox_add() - a new message for whoever reads
 * @peer: from whom
 * @message: the inbox's from now on
 *
 * The inbox is the last HPKM_INBOX messages, read or not: reading leaves them
 * there for others.  The oldest makes room, since the alternative, to refuse
 * new ones until somebody reads, would let a device that nobody reads on stop
 * its peers' messages for good.  Context: data_lock.
 */
void hpkm_inbox_add(struct hpkm_peer *peer, struct hpkm_received *message)
{
	lockdep_assert_held(&peer->data_lock);
	if (peer->inbox_count >= HPKM_INBOX)
		drop_oldest(peer);
	message->serial = ++peer->inbox_serial;
	list_add_tail(&message->node, &peer->inbox);
	peer->inbox_count++;
}

/**
 * hpkm_inbox_clear() - forget all messages
 * @peer: from whom
 *
 * Context: data_lock.
 */
void hpkm_inbox_clear(struct hpkm_peer *peer)
{
	while (peer->inbox_count)
		drop_oldest(peer);
}

static const struct hpkm_received *first_above(const struct hpkm_peer *peer, u64 serial)
{
	const struct hpkm_received *message;

	list_for_each_entry(message, &peer->inbox, node)
		if (message->serial > serial)
			return message;
	return NULL;
}

struct hpkm_received *hpkm_peer_message_after(struct hpkm_peer *peer, u64 serial)
{
	const struct hpkm_received *message;
	struct hpkm_received *copy;

	copy = kzalloc(struct_size(copy, data, HPKM_MESSAGE_MAX), GFP_KERNEL);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	spin_lock_bh(&peer->data_lock);
	message = first_above(peer, serial);
	if (message)
		memcpy(copy, message, struct_size(message, data, message->len));
	INIT_LIST_HEAD(&copy->node);
	spin_unlock_bh(&peer->data_lock);
	if (message)
		return copy;
	kfree(copy);
	return NULL;
}
