// SPDX-License-Identifier: GPL-2.0
/* Records, as both sides keep them, and their acknowledgements: protocol section 7. */
#include <linux/bits.h>
#include <linux/random.h>
#include "../compat/unaligned.h"
#include "data.h"

static void make_rid(u8 rid[HPKM_RID_LEN], u8 who, u64 rec)
{
	rid[0] = who;
	put_unaligned_le64(rec, rid + 1);
}

/**
 * hpkm_record_log_create() - an empty log that no peer can predict the shape of
 * @size: records
 *
 * Return: the log, or NULL when out of memory.  Context: may sleep.
 */
struct hpkm_log *hpkm_record_log_create(u32 size)
{
	u8 key[HPKM_LOG_KEY_LEN];

	get_random_bytes(key, sizeof(key));
	return hpkm_log_create(size, key);
}

/* T rises within a boot, and its lowest bit says whose clock it was. */
static u64 next_time(struct hpkm_peer *peer)
{
	u64 time = (ktime_get_real_ns() & ~1ULL) | hpkm_record_who(peer, true);

	if (time <= peer->last_time)
		time = peer->last_time + 2;
	peer->last_time = time;
	return time;
}

/**
 * hpkm_record_number_left() - there is a number that no record has had
 * @peer: to whom it would go
 *
 * One more would be another start's.  Context: data_lock.
 */
bool hpkm_record_number_left(const struct hpkm_peer *peer)
{
	return peer->next_count < BIT_ULL(HPKM_REC_BOOT_SHIFT);
}

/**
 * hpkm_record_number() - the next own record's number, T and LI
 * @peer: to whom it goes
 * @rec: receives the number, never used again
 * @time: receives T
 * @location: receives LI
 *
 * Context: data_lock; hpkm_record_number_left().
 */
void hpkm_record_number(struct hpkm_peer *peer, u64 *rec, u64 *time, u8 location[HPKM_LI_LEN])
{
	u64 boot = READ_ONCE(peer->machine.durable.boot);

	lockdep_assert_held(&peer->data_lock);
	*rec = boot << HPKM_REC_BOOT_SHIFT | peer->next_count++;
	*time = next_time(peer);
	hpkm_net_location_get(peer->hn, location);
}

/* The digest of a whole frame takes a while: not under data_lock. */
static void make_record(struct hpkm_record *record, u8 who, const struct hpkm_inner *inner,
			const u8 *data, size_t len)
{
	hpkm_record_init(record, who, inner->rec, inner->time, inner->location, data, len);
}

/**
 * hpkm_record_sent() - log an own record, before it is sent
 * @peer: to whom it goes
 * @inner: its number, T and LI
 * @data: Data
 * @len: octets of it
 */
void hpkm_record_sent(struct hpkm_peer *peer, const struct hpkm_inner *inner, const u8 *data,
		      size_t len)
{
	struct hpkm_record record;

	make_record(&record, hpkm_record_who(peer, true), inner, data, len);
	record.state = HPKM_RECORD_PENDING;
	spin_lock_bh(&peer->data_lock);
	hpkm_log_add(peer->log, &record);
	spin_unlock_bh(&peer->data_lock);
	memzero_explicit(&record, sizeof(record));
}

/* What a record that arrived asks for once data_lock is free. */
struct aftermath {
	bool fresh;
	bool logged;
	bool update;
	/* That this record would push out; below the window and inside. */
	unsigned int acks;
	struct hpkm_acknowledgement ack[2];
};

static void take_before_lost(struct hpkm_receipt *receipt, u64 rec, struct aftermath *after)
{
	while (after->acks < ARRAY_SIZE(after->ack) && hpkm_receipt_would_lose(receipt, rec) &&
	       hpkm_receipt_take(receipt, &after->ack[after->acks]))
		after->acks++;
}

static void note_record(struct hpkm_peer *peer, const struct hpkm_inner *inner,
			const struct hpkm_record *record, struct hpkm_received *message,
			u64 now, struct aftermath *after)
{
	lockdep_assert_held(&peer->data_lock);
	take_before_lost(&peer->receipt, inner->rec, after);
	after->fresh = hpkm_receipt_note(&peer->receipt, inner->rec, message, now) ==
		       HPKM_RECEIPT_NEW;
	if (after->fresh) {
		after->logged = !hpkm_log_add(peer->log, record);
		if (message)
			hpkm_inbox_add(peer, message);
	}
	after->update = after->logged && hpkm_policy_updates(peer, 1);
	if (peer->receipt.due > now)
		hpkm_data_kick(peer, peer->receipt.due, now);
}

/**
 * hpkm_record_received() - a record arrived
 * @peer: from whom
 * @inner: its number, T and LI
 * @data: Data
 * @len: octets of it
 * @message: what goes into the inbox if it is a new message; NULL if it is none
 * @now: nanoseconds
 *
 * It is logged, and acknowledged when that is due.
 *
 * Return: whether it was new; @message then belongs to the inbox, else it
 * stays the caller's.  Context: softirq, RCU read side.
 */
bool hpkm_record_received(struct hpkm_peer *peer, const struct hpkm_inner *inner,
			  const u8 *data, size_t len, struct hpkm_received *message, u64 now)
{
	struct aftermath after = {};
	struct hpkm_record record;
	unsigned int i;

	make_record(&record, hpkm_record_who(peer, false), inner, data, len);
	record.state = HPKM_RECORD_CONFIRMED;
	spin_lock_bh(&peer->data_lock);
	note_record(peer, inner, &record, message, now, &after);
	spin_unlock_bh(&peer->data_lock);

	for (i = 0; i < after.acks; i++)
		hpkm_acknowledge_with(peer, &after.ack[i], now);
	hpkm_acknowledge(peer, now);
	if (after.logged)
		hpkm_peer_event(peer, HPKM_EVENT_RECORD, record.rid, NULL);
	if (after.fresh && message)
		hpkm_peer_event(peer, HPKM_EVENT_MESSAGE, record.rid, NULL);
	if (after.update)
		hpkm_peer_ask(peer, HPKM_WANT_UPDATE);
	memzero_explicit(&record, sizeof(record));
	return after.fresh;
}

/* Bit i of the result: @ack->base + i was pending and is confirmed now. */
static u64 confirm(struct hpkm_peer *peer, const struct hpkm_acknowledgement *ack)
{
	u8 rid[HPKM_RID_LEN];
	u64 confirmed = 0;
	unsigned int i;

	for (i = 0; i < HPKM_ACK_WINDOW && ack->base + i >= ack->base; i++) {
		if (!(ack->map & BIT_ULL(i)))
			continue;
		make_rid(rid, hpkm_record_who(peer, true), ack->base + i);
		if (hpkm_log_confirm(peer->log, rid))
			confirmed |= BIT_ULL(i);
	}
	return confirmed;
}

static void tell_confirmed(struct hpkm_peer *peer, u64 base, u64 confirmed)
{
	u8 rid[HPKM_RID_LEN];
	unsigned int i;

	for (i = 0; i < HPKM_ACK_WINDOW; i++) {
		if (!(confirmed & BIT_ULL(i)))
			continue;
		make_rid(rid, hpkm_record_who(peer, true), base + i);
		hpkm_peer_event(peer, HPKM_EVENT_RECORD, rid, NULL);
	}
}

/**
 * hpkm_records_acknowledged() - the peer says which own records it has
 * @peer: who
 * @ack: what it says
 * @now: nanoseconds
 */
void hpkm_records_acknowledged(struct hpkm_peer *peer, const struct hpkm_acknowledgement *ack,
			       u64 now)
{
	LIST_HEAD(delivered);
	u64 confirmed;
	bool update;

	spin_lock_bh(&peer->data_lock);
	confirmed = confirm(peer, ack);
	update = confirmed && hpkm_policy_updates(peer, hweight64(confirmed));
	hpkm_outbox_acknowledge(&peer->outbox, ack, &delivered);
	/* One message fewer under way may let another go. */
	if (!list_empty(&delivered))
		hpkm_data_kick(peer, hpkm_messages_deadline(peer, true), now);
	spin_unlock_bh(&peer->data_lock);

	tell_confirmed(peer, ack->base, confirmed);
	hpkm_messages_tell(peer, &delivered, HPKM_EVENT_MESSAGE_DELIVERED);
	if (update)
		hpkm_peer_ask(peer, HPKM_WANT_UPDATE);
}

/* ---- for the machine and the edges ---- */

static int find(struct hpkm_log *log, const struct hpkm_update_search *search,
		const struct hpkm_record **found)
{
	int matches;

	if (search->by_rid) {
		*found = hpkm_log_find(log, search->rid);
		return *found ? 0 : -ENOENT;
	}
	matches = hpkm_log_find_elements(log, search->a, search->b, search->xa, search->xb,
					 found);
	if (!matches)
		return -ENOENT;
	return matches == 1 ? 0 : -EEXIST;
}

/**
 * hpkm_record_find() - the one record that a search finds, pending ones too
 * @peer: in whose log
 * @search: by number or by two elements
 * @out: receives a copy
 *
 * Return: 0, -ENOENT for none, -EEXIST for several.
 */
int hpkm_record_find(struct hpkm_peer *peer, const struct hpkm_update_search *search,
		     struct hpkm_record *out)
{
	const struct hpkm_record *found;
	int err;

	spin_lock_bh(&peer->data_lock);
	err = find(peer->log, search, &found);
	if (!err)
		*out = *found;
	spin_unlock_bh(&peer->data_lock);
	return err;
}

static void fill_random(void *context, void *out, size_t len)
{
	get_random_bytes(out, len);
}

/**
 * hpkm_record_choose() - a confirmed record, uniformly
 * @peer: from whose log
 * @out: receives a copy
 *
 * Return: 0, or -ENOENT when none is confirmed.
 */
int hpkm_record_choose(struct hpkm_peer *peer, struct hpkm_record *out)
{
	const struct hpkm_record *chosen;

	spin_lock_bh(&peer->data_lock);
	chosen = hpkm_log_choose(peer->log, fill_random, NULL);
	if (chosen)
		*out = *chosen;
	spin_unlock_bh(&peer->data_lock);
	return chosen ? 0 : -ENOENT;
}

/**
 * hpkm_record_remove() - forget a record
 * @peer: in whose log
 * @rid: which
 */
void hpkm_record_remove(struct hpkm_peer *peer, const u8 rid[HPKM_RID_LEN])
{
	spin_lock_bh(&peer->data_lock);
	hpkm_log_remove(peer->log, rid);
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_record_count() - how many records are confirmed
 * @peer: in whose log
 */
u32 hpkm_record_count(struct hpkm_peer *peer)
{
	u32 count;

	spin_lock_bh(&peer->data_lock);
	count = hpkm_log_confirmed(peer->log);
	spin_unlock_bh(&peer->data_lock);
	return count;
}

bool hpkm_peer_log_read(struct hpkm_peer *peer, u64 *cursor, struct hpkm_record *out)
{
	const struct hpkm_record *record = NULL;

	spin_lock_bh(&peer->data_lock);
	/* A peer that was removed while somebody reads has none any more. */
	if (peer->log)
		record = hpkm_log_next(peer->log, cursor);
	if (record)
		*out = *record;
	spin_unlock_bh(&peer->data_lock);
	return record;
}
