// SPDX-License-Identifier: GPL-2.0
/*
 * Session indices of a port.  Random, not zero and unique among all own
 * attempts, half-open exchanges and sessions, so that every frame after C1 is
 * found by one lookup (protocol section 3).
 */
#include <linux/random.h>
#include <linux/slab.h>
#include "internal.h"

/* Draws before the table is taken for full. */
#define DRAWS	32

const struct rhashtable_params hpkm_sid_params = {
	.key_len = sizeof(u32),
	.key_offset = offsetof(struct hpkm_sid, sid),
	.head_offset = offsetof(struct hpkm_sid, node),
	.automatic_shrinking = true,
};

/**
 * hpkm_sid_find() - who has an index
 * @port: where
 * @sid: as on the wire
 *
 * Return: the entry or NULL.  Context: RCU read side.
 */
struct hpkm_sid *hpkm_sid_find(struct hpkm_port *port, u32 sid)
{
	return rhashtable_lookup(&port->sids, &sid, hpkm_sid_params);
}

/**
 * hpkm_sid_new() - take an index
 * @port: where
 * @peer: whose it becomes
 *
 * Return: the index, or 0.  Context: peer->lock; may sleep.
 */
u32 hpkm_sid_new(struct hpkm_port *port, struct hpkm_peer *peer)
{
	struct hpkm_sid *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	u32 draw;

	if (!entry)
		return 0;
	entry->peer = peer;
	for (draw = 0; draw < DRAWS; draw++) {
		entry->sid = get_random_u32();
		if (entry->sid &&
		    !rhashtable_lookup_insert_fast(&port->sids, &entry->node, hpkm_sid_params))
			return entry->sid;
	}
	kfree(entry);
	return 0;
}

/**
 * hpkm_sid_free() - give an index back
 * @port: where
 * @sid: from hpkm_sid_new()
 *
 * Context: the owner's peer->lock.  Readers may see the entry for another
 * grace period.
 */
void hpkm_sid_free(struct hpkm_port *port, u32 sid)
{
	struct hpkm_sid *entry;

	rcu_read_lock();
	entry = hpkm_sid_find(port, sid);
	if (entry && !rhashtable_remove_fast(&port->sids, &entry->node, hpkm_sid_params))
		kfree_rcu(entry, rcu);
	rcu_read_unlock();
}

/**
 * hpkm_sid_publish() - DATA to an index goes to this channel from now on
 * @port: where
 * @sid: from hpkm_sid_new()
 * @channel: initialised
 *
 * Context: the owner's peer->lock.
 */
void hpkm_sid_publish(struct hpkm_port *port, u32 sid, struct hpkm_channel *channel)
{
	struct hpkm_sid *entry;

	rcu_read_lock();
	entry = hpkm_sid_find(port, sid);
	if (entry)
		rcu_assign_pointer(entry->channel, channel);
	rcu_read_unlock();
}
