// SPDX-License-Identifier: GPL-2.0
/* When frames become records, and when records become keys. */
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "data.h"

/* A record a second while anything is said; updates when somebody asks. */
static const struct hpkm_policy policy_default = {
	.record_interval_ms = 1000,
	.log_size = HPKM_LOG_DEFAULT,
	.rekey_interval_s = HPKM_REKEY_S,
	.rekey_frames = HPKM_REKEY_FRAMES,
};

/**
 * hpkm_policy_init() - what a new peer starts with
 * @policy: receives it
 */
void hpkm_policy_init(struct hpkm_policy *policy)
{
	*policy = policy_default;
}

static bool interval_over(u32 interval_ms, u64 since, u64 now)
{
	/* Another CPU may have looked at its clock later and been here first. */
	return interval_ms && (s64)(now - since) >= (s64)(interval_ms * HPKM_MS);
}

/**
 * hpkm_policy_may_record() - hpkm_policy_records() is worth its lock
 * @peer: to whom the frame goes
 * @now: nanoseconds
 */
bool hpkm_policy_may_record(const struct hpkm_peer *peer, u64 now)
{
	return READ_ONCE(peer->policy.record_frames) ||
	       interval_over(READ_ONCE(peer->policy.record_interval_ms),
			     READ_ONCE(peer->record_at), now);
}

/**
 * hpkm_policy_records() - is the frame that is sent now a record?
 * @peer: to whom it goes
 * @now: nanoseconds
 *
 * Context: data_lock; once a frame.
 */
bool hpkm_policy_records(struct hpkm_peer *peer, u64 now)
{
	const struct hpkm_policy *policy = &peer->policy;
	bool counted = false;

	lockdep_assert_held(&peer->data_lock);
	if (policy->record_frames)
		counted = ++peer->frames_since_record >= policy->record_frames;
	if (!counted && !interval_over(policy->record_interval_ms, peer->record_at, now))
		return false;
	if (!hpkm_record_number_left(peer))
		return false;
	peer->frames_since_record = 0;
	WRITE_ONCE(peer->record_at, now);
	return true;
}

/**
 * hpkm_policy_updates() - more records are confirmed: is a key update due?
 * @peer: whose
 * @confirmed: how many
 *
 * Context: data_lock.
 */
bool hpkm_policy_updates(struct hpkm_peer *peer, u32 confirmed)
{
	u32 every = peer->policy.update_records;

	lockdep_assert_held(&peer->data_lock);
	peer->records_since_update += confirmed;
	if (!every || peer->records_since_update < every)
		return false;
	/* Asked for once; if it is refused, as many records later again. */
	peer->records_since_update = 0;
	return true;
}

/**
 * hpkm_policy_update_later() - the next key update by time
 * @peer: with whom
 * @now: nanoseconds
 *
 * Up to an eighth sooner or later than asked for, so that the two sides of a
 * pair and the many peers of a hub do not all ask at once.  Context: data_lock.
 */
void hpkm_policy_update_later(struct hpkm_peer *peer, u64 now)
{
	u64 interval = peer->policy.update_interval_s * HPKM_SECOND;
	u64 jitter = mul_u64_u32_shr(interval / 4, get_random_u32(), 32);

	lockdep_assert_held(&peer->data_lock);
	peer->update_at = interval ? now + interval - interval / 8 + jitter : HPKM_NEVER;
	hpkm_data_kick(peer, peer->update_at, now);
}

/**
 * hpkm_policy_update_due() - is it time for a key update?
 * @peer: with whom
 * @now: nanoseconds
 *
 * If it is, the next one is set: what refuses this one now does not stand in
 * the way of that.  Context: data_lock.
 */
bool hpkm_policy_update_due(struct hpkm_peer *peer, u64 now)
{
	lockdep_assert_held(&peer->data_lock);
	if (now < peer->update_at)
		return false;
	hpkm_policy_update_later(peer, now);
	return true;
}

void hpkm_peer_policy_get(struct hpkm_peer *peer, struct hpkm_policy *policy)
{
	spin_lock_bh(&peer->data_lock);
	*policy = peer->policy;
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_policy_check() - may a peer have this policy?
 * @policy: from anywhere
 * @why: receives a sentence when not
 *
 * Return: 0 or -EINVAL.
 */
int hpkm_policy_check(const struct hpkm_policy *policy, const char **why)
{
	if (policy->log_size < HPKM_LOG_MIN || policy->log_size > HPKM_LOG_MAX) {
		*why = "The log's size must be 16 to 1048576 records";
		return -EINVAL;
	}
	if (!policy->rekey_interval_s || policy->rekey_interval_s > HPKM_REKEY_S) {
		*why = "The rekey interval must be 1 to 120 seconds";
		return -EINVAL;
	}
	if (!policy->rekey_frames || policy->rekey_frames > HPKM_REKEY_FRAMES) {
		*why = "The keys must be renewed after 1 to 1099511627776 frames";
		return -EINVAL;
	}
	return 0;
}

static void adopt_fields(struct hpkm_policy *to, const struct hpkm_policy *from)
{
	WRITE_ONCE(to->record_frames, from->record_frames);
	WRITE_ONCE(to->record_interval_ms, from->record_interval_ms);
	to->update_records = from->update_records;
	to->update_interval_s = from->update_interval_s;
	to->log_size = from->log_size;
	to->rekey_interval_s = from->rekey_interval_s;
	WRITE_ONCE(to->rekey_frames, from->rekey_frames);
}

/* Returns the log that is not needed any more: the old one, or @log. */
static struct hpkm_log *adopt(struct hpkm_peer *peer, const struct hpkm_policy *policy,
			      struct hpkm_log *log)
{
	spin_lock_bh(&peer->data_lock);
	if (log) {
		hpkm_log_move(log, peer->log);
		swap(log, peer->log);
	}
	adopt_fields(&peer->policy, policy);
	hpkm_policy_update_later(peer, hpkm_now());
	spin_unlock_bh(&peer->data_lock);
	return log;
}

/* peer->lock keeps two changes of the same log apart. */
static int set_policy(struct hpkm_peer *peer, const struct hpkm_policy *policy,
		      const char **why)
{
	struct hpkm_log *log = NULL;

	if (policy->log_size != peer->policy.log_size) {
		log = hpkm_record_log_create(policy->log_size);
		if (!log) {
			*why = "There is no memory for a log of that size";
			return -ENOMEM;
		}
	}
	log = adopt(peer, policy, log);
	if (log)
		hpkm_log_destroy(log);
	peer->machine.rekey_after = policy->rekey_interval_s * HPKM_SECOND;
	peer->machine.rekey_frames = policy->rekey_frames;
	hpkm_agent_peer_changed(peer);
	hpkm_peer_settle(peer);
	hpkm_peer_ask(peer, HPKM_WANT_CHECK);
	return 0;
}

int hpkm_peer_policy_set(struct hpkm_peer *peer, const struct hpkm_policy *policy,
			 const char **why)
{
	int err = hpkm_policy_check(policy, why);

	if (err)
		return err;
	mutex_lock(&peer->lock);
	if (peer->removed) {
		*why = "The peer was removed";
		err = -ENOENT;
	} else {
		err = set_policy(peer, policy, why);
	}
	mutex_unlock(&peer->lock);
	return err;
}
