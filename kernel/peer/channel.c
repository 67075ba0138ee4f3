// SPDX-License-Identifier: GPL-2.0
/* A session's data plane: its keys, its counters and what passed in it. */
#include <linux/slab.h>
#include "data.h"

/**
 * hpkm_channel_create() - a session that receives and does not send yet
 * @peer: whose
 * @keys: from the exchange; the caller wipes its copy
 * @initiator: this side began it
 * @own_sid: the index that the peer sends to
 *
 * Return: the channel, or NULL when out of memory.  Context: peer->lock.
 */
struct hpkm_channel *hpkm_channel_create(struct hpkm_peer *peer,
					 const struct hpkm_session_keys *keys, bool initiator,
					 u32 own_sid)
{
	struct hpkm_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL_ACCOUNT);

	if (!channel)
		return NULL;
	channel->control.state = HPKM_SESSION_STATE_NEXT;
	channel->control.initiator = initiator;
	channel->control.own_sid = own_sid;
	memcpy(channel->control.sid, keys->sid, HPKM_SID_LEN);
	memcpy(channel->control.update_key, keys->update, HPKM_KEY_LEN);
	memcpy(channel->send_key, initiator ? keys->to_responder : keys->to_initiator,
	       HPKM_KEY_LEN);
	memcpy(channel->receive_key, initiator ? keys->to_initiator : keys->to_responder,
	       HPKM_KEY_LEN);
	channel->peer = peer;
	channel->suite = peer->machine.pair.suite;
	channel->refuse_after = HPKM_NEVER;
	spin_lock_init(&channel->receive_lock);
	return channel;
}

static void wipe_and_free(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct hpkm_channel, rcu));
}

/**
 * hpkm_channel_destroy() - wipe and free a session after a grace period
 * @channel: unpublished: no new reader finds it by its index or as peer->sending
 *
 * Readers that found it before may still seal and open a frame.  Context:
 * peer->lock.
 */
void hpkm_channel_destroy(struct hpkm_channel *channel)
{
	memzero_explicit(channel->control.update_key, HPKM_KEY_LEN);
	call_rcu(&channel->rcu, wipe_and_free);
}

/**
 * hpkm_channel_to_send() - the session to send in
 * @peer: to whom
 * @now: nanoseconds
 *
 * Return: the channel, or NULL if there is none or its keys are used up.
 * Context: RCU read side.
 */
struct hpkm_channel *hpkm_channel_to_send(struct hpkm_peer *peer, u64 now)
{
	struct hpkm_channel *channel = rcu_dereference(peer->sending);

	if (!channel || now >= READ_ONCE(channel->send_until) ||
	    atomic64_read(&channel->next_counter) >= HPKM_REFUSE_FRAMES)
		return NULL;
	return channel;
}

/**
 * hpkm_channel_reserve() - take counters that follow each other
 * @channel: where
 * @frames: how many
 * @counter: receives the first
 *
 * Return: false when the key must not seal as many frames any more.
 */
bool hpkm_channel_reserve(struct hpkm_channel *channel, u32 frames, u64 *counter)
{
	u64 rekey_frames = READ_ONCE(channel->peer->policy.rekey_frames);

	*counter = atomic64_fetch_add(frames, &channel->next_counter);
	if (unlikely(*counter < rekey_frames && *counter + frames >= rekey_frames))
		hpkm_peer_ask(channel->peer, HPKM_WANT_REKEY);
	return *counter <= HPKM_REFUSE_FRAMES - frames;
}

/* These are written for nearly every frame but change for few of them. */
static bool set_stamp(u64 *stamp, u64 now)
{
	if (READ_ONCE(*stamp))
		return false;
	WRITE_ONCE(*stamp, now);
	return true;
}

static void clear_stamp(u64 *stamp)
{
	if (READ_ONCE(*stamp))
		WRITE_ONCE(*stamp, 0);
}

/* Data passed; @began: something is due that was not before. */
static void note_data(struct hpkm_channel *channel, bool began)
{
	if (!READ_ONCE(channel->data_passed)) {
		WRITE_ONCE(channel->data_passed, true);
		began = true;
	}
	if (began)
		hpkm_peer_ask(channel->peer, HPKM_WANT_CHECK);
}

/**
 * hpkm_channel_sent() - a frame is about to be sent
 * @channel: in which
 * @data: other than bare CONTROL
 * @now: nanoseconds
 *
 * Before the frame goes, since its answer may overtake what comes after.
 */
void hpkm_channel_sent(struct hpkm_channel *channel, bool data, u64 now)
{
	clear_stamp(&channel->unreplied_since);
	if (data)
		note_data(channel, set_stamp(&channel->unanswered_since, now));
}

/**
 * hpkm_channel_received() - an authentic frame arrived
 * @channel: in which
 * @now: nanoseconds
 */
void hpkm_channel_received(struct hpkm_channel *channel, u64 now)
{
	WRITE_ONCE(channel->peer->last_received, now);
	clear_stamp(&channel->unanswered_since);
}

/**
 * hpkm_channel_received_data() - and it was other than bare CONTROL
 * @channel: in which
 * @now: nanoseconds
 */
void hpkm_channel_received_data(struct hpkm_channel *channel, u64 now)
{
	note_data(channel, set_stamp(&channel->unreplied_since, now));
}
