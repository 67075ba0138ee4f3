// SPDX-License-Identifier: GPL-2.0
/*
 * The data half of a peer's life, and its clock.
 *
 * One work a peer does whatever waits: acknowledgements, messages, frames
 * without a session, halves without their other half.  It computes the time of
 * its next run itself; everybody else only ever moves that earlier, under
 * data_lock, so no deadline is lost between the two.
 */
#include <linux/slab.h>
#include "clock.h"
#include "data.h"

/**
 * hpkm_data_kick() - something must be done for a peer's data
 * @peer: whose
 * @at: when at the latest; HPKM_NEVER is never
 * @now: nanoseconds
 *
 * Context: data_lock.
 */
void hpkm_data_kick(struct hpkm_peer *peer, u64 at, u64 now)
{
	lockdep_assert_held(&peer->data_lock);
	if (at != HPKM_NEVER)
		hpkm_run_within(peer->hn->workqueue, &peer->data_tick,
				hpkm_jiffies_until(at, now));
}

static u64 deadline(struct hpkm_peer *peer, bool sendable)
{
	u64 at = min(hpkm_reassembly_deadline(&peer->reassembly), hpkm_staged_deadline(peer));

	at = min(at, peer->update_at);
	if (sendable)
		at = min(at, peer->receipt.due);
	return min(at, hpkm_messages_deadline(peer, sendable));
}

/* What could not be done now for want of memory is tried again a little later. */
static void schedule_next(struct hpkm_peer *peer, bool sendable, u64 now)
{
	spin_lock_bh(&peer->data_lock);
	hpkm_data_kick(peer, max(deadline(peer, sendable), now + HPKM_MS), now);
	spin_unlock_bh(&peer->data_lock);
}

static void expire(struct hpkm_peer *peer, u64 now)
{
	hpkm_fragments_expire(peer, now);
	hpkm_staged_expire(peer, now);
	hpkm_messages_expire(peer, now);
}

static void ask_for_update(struct hpkm_peer *peer, u64 now)
{
	bool due;

	spin_lock_bh(&peer->data_lock);
	due = hpkm_policy_update_due(peer, now);
	spin_unlock_bh(&peer->data_lock);
	if (due)
		hpkm_peer_ask(peer, HPKM_WANT_UPDATE);
}

static bool messages_wait(struct hpkm_peer *peer)
{
	bool wait;

	spin_lock_bh(&peer->data_lock);
	wait = peer->outbox.count;
	spin_unlock_bh(&peer->data_lock);
	return wait;
}

/* Returns whether there is a session. */
static bool send_what_is_due(struct hpkm_peer *peer, u64 now)
{
	struct hpkm_channel *channel = hpkm_channel_to_send(peer, now);

	if (channel) {
		hpkm_staged_flush(peer, now);
		hpkm_messages_send(channel, now);
		hpkm_acknowledge(peer, now);
	} else if (messages_wait(peer)) {
		hpkm_peer_ask(peer, HPKM_WANT_SESSION);
	}
	return channel;
}

static void data_tick(struct work_struct *work)
{
	struct hpkm_peer *peer = container_of(work, struct hpkm_peer, data_tick.work);
	u64 now = hpkm_now();
	bool sendable;

	expire(peer, now);
	ask_for_update(peer, now);
	local_bh_disable();
	rcu_read_lock();
	sendable = send_what_is_due(peer, now);
	rcu_read_unlock();
	local_bh_enable();
	schedule_next(peer, sendable, now);
}

/**
 * hpkm_data_init() - a new peer
 * @peer: zeroed memory, its machine initialised
 *
 * Return: 0 or -ENOMEM.  Context: may sleep.
 */
int hpkm_data_init(struct hpkm_peer *peer)
{
	spin_lock_init(&peer->data_lock);
	hpkm_policy_init(&peer->policy);
	peer->update_at = HPKM_NEVER;
	hpkm_receipt_init(&peer->receipt);
	hpkm_outbox_init(&peer->outbox);
	INIT_LIST_HEAD(&peer->inbox);
	__skb_queue_head_init(&peer->staged);
	INIT_DELAYED_WORK(&peer->data_tick, data_tick);
	peer->log = hpkm_record_log_create(peer->policy.log_size);
	return peer->log ? 0 : -ENOMEM;
}

/* Messages that a new context could deliver twice, or that nobody will. */
static void give_up_messages(struct hpkm_peer *peer)
{
	LIST_HEAD(done);

	spin_lock_bh(&peer->data_lock);
	hpkm_outbox_purge(&peer->outbox, &done);
	spin_unlock_bh(&peer->data_lock);
	hpkm_messages_tell(peer, &done, HPKM_EVENT_MESSAGE_UNCONFIRMED);
}

/**
 * hpkm_data_exit() - the peer was removed
 * @peer: no frame reaches it and nobody hands in a message any more
 *
 * Those who still have a reference find no log and an empty inbox.  Context:
 * may sleep.
 */
void hpkm_data_exit(struct hpkm_peer *peer)
{
	struct hpkm_log *log;

	cancel_delayed_work_sync(&peer->data_tick);
	hpkm_data_unlink(peer);
	give_up_messages(peer);
	spin_lock_bh(&peer->data_lock);
	hpkm_inbox_clear(peer);
	log = peer->log;
	peer->log = NULL;
	spin_unlock_bh(&peer->data_lock);
	hpkm_log_destroy(log);
}

/**
 * hpkm_data_renew() - a pairing's context is the only one now
 * @peer: whose
 *
 * Nothing of before counts any more: the log, which messages arrived.  Own
 * messages under way are given up, for the peer does not remember either which
 * of them it has.  Those in the inbox stay for their reader, and numbers go on.
 * Context: peer->lock.
 */
void hpkm_data_renew(struct hpkm_peer *peer)
{
	hpkm_fragments_expire(peer, HPKM_NEVER);
	give_up_messages(peer);
	spin_lock_bh(&peer->data_lock);
	hpkm_log_clear(peer->log);
	hpkm_receipt_init(&peer->receipt);
	peer->records_since_update = 0;
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_data_updated() - a key update is done
 * @peer: with whom
 *
 * Context: peer->lock.
 */
void hpkm_data_updated(struct hpkm_peer *peer)
{
	spin_lock_bh(&peer->data_lock);
	peer->records_since_update = 0;
	hpkm_policy_update_later(peer, hpkm_now());
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_data_session_ready() - there is a session to send in
 * @peer: with whom
 *
 * Context: peer->lock.
 */
void hpkm_data_session_ready(struct hpkm_peer *peer)
{
	u64 now = hpkm_now();

	spin_lock_bh(&peer->data_lock);
	hpkm_data_kick(peer, now, now);
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_data_unlink() - there is no link to send on
 * @peer: whose
 *
 * Frames belong to a link; messages wait for the next.
 */
void hpkm_data_unlink(struct hpkm_peer *peer)
{
	hpkm_staged_expire(peer, HPKM_NEVER);
	hpkm_fragments_expire(peer, HPKM_NEVER);
}
