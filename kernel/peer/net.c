// SPDX-License-Identifier: GPL-2.0
/* What one network namespace has: an identity, its SKs, its location. */
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <crypto/algapi.h>
#include "../core/hash.h"
#include "../core/suite.h"
#include "internal.h"

/* An id may be anywhere in a frame; what rhashtable takes by default wants it aligned. */
static const struct rhashtable_params by_id_params = {
	.hashfn = jhash,
	.key_len = HPKM_ID_LEN,
	.key_offset = offsetof(struct hpkm_peer, id),
	.head_offset = offsetof(struct hpkm_peer, by_id),
	.automatic_shrinking = true,
};

/**
 * hpkm_net_init() - a namespace with a new identity, no links and no peers
 * @hn: zeroed memory
 * @net: the namespace
 * @edge: calls upwards
 *
 * Return: 0 or an errno.  Context: may sleep.
 */
int hpkm_net_init(struct hpkm_net *hn, struct net *net, const struct hpkm_edge *edge)
{
	int err;

	hn->net = net;
	hn->edge = edge;
	get_random_bytes(hn->id, sizeof(hn->id));
	mutex_init(&hn->lock);
	INIT_LIST_HEAD(&hn->ports);
	INIT_LIST_HEAD(&hn->peers);
	spin_lock_init(&hn->location_lock);
	hpkm_agent_init(hn);
	/* Its own: works that wait for @lock fill a queue, and that of others no more. */
	hn->workqueue = alloc_workqueue("hpkm", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!hn->workqueue)
		return -ENOMEM;
	err = rhashtable_init(&hn->by_id, &by_id_params);
	if (err)
		destroy_workqueue(hn->workqueue);
	return err;
}

/**
 * hpkm_net_exit() - remove every peer, forget every secret
 * @hn: the namespace; all its ports were stopped
 *
 * Context: may sleep.
 */
void hpkm_net_exit(struct hpkm_net *hn)
{
	hpkm_peers_remove_all(hn);
	hpkm_agent_exit(hn);
	destroy_workqueue(hn->workqueue);
	rhashtable_destroy(&hn->by_id);
	memzero_explicit(hn->sk, sizeof(hn->sk));
	mutex_destroy(&hn->lock);
}

void hpkm_net_rest(struct hpkm_net *hn, const char *reason)
{
	struct hpkm_port *port;
	struct hpkm_peer *peer;

	mutex_lock(&hn->lock);
	hn->resting++;
	list_for_each_entry(port, &hn->ports, node) {
		hpkm_pairing_window_close(port, reason);
		hpkm_handshake_purge(port);
	}
	list_for_each_entry(peer, &hn->peers, node)
		hpkm_peer_rest(peer, reason);
	mutex_unlock(&hn->lock);
}

void hpkm_net_resume(struct hpkm_net *hn, const char *unused)
{
	struct hpkm_peer *peer;

	mutex_lock(&hn->lock);
	/* A namespace that was made in between did not rest. */
	if (!hn->resting || --hn->resting)
		goto unlock;
	list_for_each_entry(peer, &hn->peers, node)
		hpkm_peer_resume(peer);
unlock:
	mutex_unlock(&hn->lock);
}

/* ---- peers ---- */

/**
 * hpkm_net_peer_insert() - list a new peer
 * @hn: the namespace
 * @peer: gets its serial; the lists take over the caller's reference
 *
 * Return: 0 or an errno.  Context: hn->lock.
 */
int hpkm_net_peer_insert(struct hpkm_net *hn, struct hpkm_peer *peer)
{
	int err;

	lockdep_assert_held(&hn->lock);
	if (hpkm_net_peer_count(hn) >= HPKM_PEERS_MAX)
		return -ENOSPC;
	err = rhashtable_lookup_insert_fast(&hn->by_id, &peer->by_id, by_id_params);
	if (err)
		return err;
	peer->serial = ++hn->last_serial;
	list_add_tail(&peer->node, &hn->peers);
	return 0;
}

/**
 * hpkm_net_peer_renew() - a listed peer paired anew: it is the newest now
 * @hn: the namespace
 * @peer: gets a new serial
 *
 * Context: hn->lock.
 */
void hpkm_net_peer_renew(struct hpkm_net *hn, struct hpkm_peer *peer)
{
	lockdep_assert_held(&hn->lock);
	peer->serial = ++hn->last_serial;
	list_move_tail(&peer->node, &hn->peers);
}

/**
 * hpkm_net_peer_unlist() - the reverse; the reference goes to the caller
 * @hn: the namespace
 * @peer: listed
 *
 * Context: hn->lock.
 */
void hpkm_net_peer_unlist(struct hpkm_net *hn, struct hpkm_peer *peer)
{
	lockdep_assert_held(&hn->lock);
	rhashtable_remove_fast(&hn->by_id, &peer->by_id, by_id_params);
	list_del(&peer->node);
}

struct hpkm_peer *hpkm_net_peer_get(struct hpkm_net *hn, const u8 id[HPKM_ID_LEN])
{
	struct hpkm_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&hn->by_id, id, by_id_params);
	if (peer && !kref_get_unless_zero(&peer->ref))
		peer = NULL;
	rcu_read_unlock();
	return peer;
}

struct hpkm_peer *hpkm_net_peer_after(struct hpkm_net *hn, u64 *serial)
{
	struct hpkm_peer *peer, *found = NULL;

	mutex_lock(&hn->lock);
	list_for_each_entry(peer, &hn->peers, node) {
		if (peer->serial <= *serial)
			continue;
		kref_get(&peer->ref);
		*serial = peer->serial;
		found = peer;
		break;
	}
	mutex_unlock(&hn->lock);
	return found;
}

u32 hpkm_net_peer_count(struct hpkm_net *hn)
{
	return atomic_read(&hn->by_id.nelems);
}

/* ---- SKs ---- */

static bool is_insecure(u8 suite)
{
	return suite == HPKM_SUITE_XOR;
}

/* Suite 0 gives its SK away, so it must have one of its own. */
static bool serves_across(const struct hpkm_net *hn, u8 suite, const u8 *fingerprint)
{
	u8 other;

	for (other = 0; other < HPKM_SUITE_IDS; other++)
		if (hn->sk[other].set && is_insecure(other) != is_insecure(suite) &&
		    !memcmp(hn->sk[other].fingerprint, fingerprint, HPKM_FINGERPRINT_LEN))
			return true;
	return false;
}

int hpkm_net_sk_put(struct hpkm_net *hn, u8 suite, const u8 key[HPKM_SK_LEN], const char **why)
{
	struct hpkm_sk sk = { .set = true };
	u8 digest[HPKM_KEY_LEN];
	int err = 0;

	lockdep_assert_held(&hn->lock);
	if (suite >= HPKM_SUITE_IDS || !hpkm_suite_by_id(suite)) {
		*why = "This module does not have that suite";
		return -EOPNOTSUPP;
	}
	memcpy(sk.key, key, HPKM_SK_LEN);
	hpkm_hash(digest, HPKM_BYTES("hpkm1-sk-fingerprint", 20), HPKM_BYTES(key, HPKM_SK_LEN));
	memcpy(sk.fingerprint, digest, HPKM_FINGERPRINT_LEN);
	memzero_explicit(digest, sizeof(digest));

	if (serves_across(hn, suite, sk.fingerprint)) {
		*why = "That SK serves another suite; xor gives its SK away and needs its own";
		err = -EEXIST;
	} else {
		hn->sk[suite] = sk;
	}
	memzero_explicit(&sk, sizeof(sk));
	return err;
}

int hpkm_net_sk_set(struct hpkm_net *hn, u8 suite, const u8 key[HPKM_SK_LEN], const char **why)
{
	int err;

	mutex_lock(&hn->lock);
	err = hpkm_net_sk_put(hn, suite, key, why);
	if (!err)
		hpkm_agent_device_changed(hn);
	mutex_unlock(&hn->lock);
	return err;
}

int hpkm_net_sk_del(struct hpkm_net *hn, u8 suite, const char **why)
{
	int err = 0;

	if (suite >= HPKM_SUITE_IDS) {
		*why = "This module does not have that suite";
		return -EOPNOTSUPP;
	}
	mutex_lock(&hn->lock);
	if (!hn->sk[suite].set) {
		*why = "No SK is set for that suite";
		err = -ENOENT;
	}
	memzero_explicit(&hn->sk[suite], sizeof(hn->sk[suite]));
	if (!err)
		hpkm_agent_device_changed(hn);
	mutex_unlock(&hn->lock);
	return err;
}

bool hpkm_net_sk_fingerprint(struct hpkm_net *hn, u8 suite, u8 out[HPKM_FINGERPRINT_LEN])
{
	bool set;

	mutex_lock(&hn->lock);
	set = hn->sk[suite].set;
	memcpy(out, hn->sk[suite].fingerprint, HPKM_FINGERPRINT_LEN);
	mutex_unlock(&hn->lock);
	return set;
}

/* ---- location ---- */

void hpkm_net_location_put(struct hpkm_net *hn, const u8 *label, u8 len)
{
	u8 location[HPKM_LI_LEN] = { len };

	memcpy(location + 1, label, len);
	spin_lock_bh(&hn->location_lock);
	memcpy(hn->location, location, HPKM_LI_LEN);
	spin_unlock_bh(&hn->location_lock);
}

void hpkm_net_location_set(struct hpkm_net *hn, const u8 *label, u8 len)
{
	mutex_lock(&hn->lock);
	hpkm_net_location_put(hn, label, len);
	hpkm_agent_device_changed(hn);
	mutex_unlock(&hn->lock);
}

void hpkm_net_id_get(struct hpkm_net *hn, u8 out[HPKM_ID_LEN])
{
	mutex_lock(&hn->lock);
	memcpy(out, hn->id, HPKM_ID_LEN);
	mutex_unlock(&hn->lock);
}

void hpkm_net_location_get(struct hpkm_net *hn, u8 out[HPKM_LI_LEN])
{
	spin_lock_bh(&hn->location_lock);
	memcpy(out, hn->location, HPKM_LI_LEN);
	spin_unlock_bh(&hn->location_lock);
}
