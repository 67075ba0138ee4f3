// SPDX-License-Identifier: GPL-2.0
/* A port: whom an attached link reaches, and its life. */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include "internal.h"

static const struct rhashtable_params address_params = {
	.key_len = ETH_ALEN,
	.key_offset = offsetof(struct hpkm_bound, address),
	.head_offset = offsetof(struct hpkm_bound, node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params learned_params = {
	.key_len = ETH_ALEN,
	.key_offset = offsetof(struct hpkm_learned, address),
	.head_offset = offsetof(struct hpkm_learned, node),
	.automatic_shrinking = true,
};

/* ---- bound addresses ---- */

/* RCU read side, or hn->lock. */
static struct hpkm_bound *find_bound(struct hpkm_port *port, const u8 *address)
{
	return rhashtable_lookup(&port->addresses, address, address_params);
}

/**
 * hpkm_port_unbind() - a peer has no address on this port any more
 * @port: where
 * @peer: whose
 *
 * Context: peer->lock.
 */
void hpkm_port_unbind(struct hpkm_port *port, struct hpkm_peer *peer)
{
	struct hpkm_bound *bound;

	bound = rcu_replace_pointer(peer->bound, NULL, lockdep_is_held(&peer->lock));
	if (!bound)
		return;
	/* Not there any more if a newly paired device took the address over. */
	rhashtable_remove_fast(&port->addresses, &bound->node, address_params);
	kfree_rcu(bound, rcu);
}

static int insert(struct hpkm_port *port, struct hpkm_bound *bound)
{
	return rhashtable_lookup_insert_fast(&port->addresses, &bound->node, address_params);
}

/*
 * A device that pairs anew under an address owns it: the old peer of that
 * address is a device that was reinstalled, or has lost its state.
 */
static int insert_bound(struct hpkm_port *port, struct hpkm_bound *bound, bool take_over)
{
	struct hpkm_bound *other;
	int err;

	err = insert(port, bound);
	if (err != -EEXIST || !take_over)
		return err;
	rcu_read_lock();
	other = find_bound(port, bound->address);
	err = other ? rhashtable_replace_fast(&port->addresses, &other->node, &bound->node,
					      address_params) : -ENOENT;
	rcu_read_unlock();
	/* Whoever had it may have let go of it just now. */
	return err == -ENOENT ? insert(port, bound) : err;
}

/* An address that somebody else has a right to, unless that ends by pairing. */
static bool belongs_elsewhere(struct hpkm_port *port, struct hpkm_peer *peer, const u8 *address)
{
	struct hpkm_learned *learned;
	bool elsewhere;

	if (hpkm_port_has_address(port, address))
		return true;
	rcu_read_lock();
	learned = rhashtable_lookup(&port->learned, address, learned_params);
	elsewhere = learned && learned->peer != peer && hpkm_now() < READ_ONCE(learned->expires);
	rcu_read_unlock();
	return elsewhere;
}

static bool is_bound_to(struct hpkm_port *port, struct hpkm_bound *bound, const u8 *address)
{
	bool is_bound;

	rcu_read_lock();
	is_bound = bound && ether_addr_equal(bound->address, address) &&
		   find_bound(port, address) == bound;
	rcu_read_unlock();
	return is_bound;
}

static struct hpkm_bound *make_bound(struct hpkm_peer *peer, const u8 *address)
{
	struct hpkm_bound *bound = kzalloc(sizeof(*bound), GFP_KERNEL_ACCOUNT);

	if (!bound)
		return NULL;
	ether_addr_copy(bound->address, address);
	bound->peer = peer;
	return bound;
}

/**
 * hpkm_port_bind() - frames for an address go to a peer
 * @port: where
 * @peer: whose
 * @address: its address
 * @take_over: also when it is another's, as pairing does
 *
 * Without @take_over an address that another peer has stays with that peer.
 * Return: 0, -EEXIST, -EADDRNOTAVAIL, or what passes: -ENOMEM, -EBUSY, -E2BIG; the
 * peer then keeps what it had.  Context: peer->lock.
 */
int hpkm_port_bind(struct hpkm_port *port, struct hpkm_peer *peer, const u8 address[ETH_ALEN],
		   bool take_over)
{
	struct hpkm_bound *old, *bound;
	int err;

	old = rcu_dereference_protected(peer->bound, lockdep_is_held(&peer->lock));
	if (is_bound_to(port, old, address))
		return 0;
	if (!is_valid_ether_addr(address) ||
	    (!take_over && belongs_elsewhere(port, peer, address)))
		return -EADDRNOTAVAIL;
	bound = make_bound(peer, address);
	if (!bound)
		return -ENOMEM;
	err = insert_bound(port, bound, take_over);
	if (err) {
		kfree(bound);
		return err;
	}
	hpkm_port_unbind(port, peer);
	rcu_assign_pointer(peer->bound, bound);
	return 0;
}

/**
 * hpkm_port_peer_at() - the peer bound to an address
 * @port: where
 * @address: which
 *
 * Return: the peer or NULL.  Context: RCU read side.
 */
struct hpkm_peer *hpkm_port_peer_at(struct hpkm_port *port, const u8 address[ETH_ALEN])
{
	struct hpkm_bound *bound = find_bound(port, address);

	return bound ? bound->peer : NULL;
}

/* ---- learned addresses ---- */

static struct hpkm_peer *learned_peer(struct hpkm_port *port, const u8 *address, u64 now)
{
	struct hpkm_learned *learned;

	learned = rhashtable_lookup(&port->learned, address, learned_params);
	return learned && now < READ_ONCE(learned->expires) ? learned->peer : NULL;
}

static void forget_learned(struct hpkm_port *port, struct hpkm_learned *learned)
{
	lockdep_assert_held(&port->learn_lock);
	rhashtable_remove_fast(&port->learned, &learned->node, learned_params);
	list_del(&learned->by_age);
	port->learned_count--;
	kfree_rcu(learned, rcu);
}

static void refresh_learned(struct hpkm_port *port, struct hpkm_learned *learned, u64 now)
{
	WRITE_ONCE(learned->expires, now + HPKM_ADDRESS_LIFE_S * HPKM_SECOND);
	list_move_tail(&learned->by_age, &port->learned_by_age);
}

/* The first to expire makes room if it has. */
static bool room_to_learn(struct hpkm_port *port, u64 now)
{
	struct hpkm_learned *oldest;

	if (port->learned_count < HPKM_ADDRESSES_LEARNED)
		return true;
	oldest = list_first_entry(&port->learned_by_age, struct hpkm_learned, by_age);
	if (now < oldest->expires)
		return false;
	forget_learned(port, oldest);
	return true;
}

static bool learn_new(struct hpkm_port *port, struct hpkm_peer *peer, const u8 *src, u64 now)
{
	struct hpkm_learned *learned;

	if (!room_to_learn(port, now))
		return false;
	learned = kzalloc(sizeof(*learned), GFP_ATOMIC);
	if (!learned)
		return false;
	ether_addr_copy(learned->address, src);
	learned->peer = peer;
	INIT_LIST_HEAD(&learned->by_age);
	refresh_learned(port, learned, now);
	if (rhashtable_lookup_insert_fast(&port->learned, &learned->node, learned_params)) {
		list_del(&learned->by_age);
		kfree(learned);
		return false;
	}
	port->learned_count++;
	return true;
}

static bool learn(struct hpkm_port *port, struct hpkm_peer *peer, const u8 *src, u64 now)
{
	struct hpkm_learned *learned;

	learned = rhashtable_lookup(&port->learned, src, learned_params);
	if (!learned)
		return learn_new(port, peer, src, now);
	if (learned->peer == peer) {
		refresh_learned(port, learned, now);
		return true;
	}
	if (now < learned->expires)
		return false;
	forget_learned(port, learned);
	return learn_new(port, peer, src, now);
}

/**
 * hpkm_port_learn() - may a peer be the sender of a frame with this source?
 * @port: where
 * @peer: who
 * @src: the source inside the frame
 *
 * Its bound address always; another only for a bridge peer that was the first
 * to use it in HPKM_ADDRESS_LIFE_S, and never the device's own or another
 * peer's (protocol section 5.4).  Context: softirq, RCU read side.
 */
bool hpkm_port_learn(struct hpkm_port *port, struct hpkm_peer *peer, const u8 src[ETH_ALEN])
{
	struct hpkm_peer *owner = hpkm_port_peer_at(port, src);
	bool allowed;

	if (owner)
		return owner == peer;
	if (!READ_ONCE(peer->bridge) || !is_valid_ether_addr(src))
		return false;
	if (hpkm_port_has_address(port, src))
		return false;
	spin_lock(&port->learn_lock);
	/* Once hpkm_port_unlearn() has run for it, nothing may name this peer. */
	allowed = rcu_access_pointer(peer->port) == port && READ_ONCE(peer->bridge) &&
		  learn(port, peer, src, hpkm_now());
	spin_unlock(&port->learn_lock);
	return allowed;
}

/**
 * hpkm_port_unlearn() - a peer is no bridge any more, or goes
 * @port: where
 * @peer: whose addresses are forgotten
 *
 * The peer's port or its being a bridge was taken from it before.  Context:
 * process.
 */
void hpkm_port_unlearn(struct hpkm_port *port, struct hpkm_peer *peer)
{
	struct hpkm_learned *learned, *next;

	spin_lock_bh(&port->learn_lock);
	list_for_each_entry_safe(learned, next, &port->learned_by_age, by_age)
		if (learned->peer == peer)
			forget_learned(port, learned);
	spin_unlock_bh(&port->learn_lock);
}

/* ---- sending ---- */

bool hpkm_port_reaches(struct hpkm_port *port, const u8 dst[ETH_ALEN])
{
	if (is_multicast_ether_addr(dst))
		return READ_ONCE(port->peer_count);
	return hpkm_port_peer_at(port, dst) || learned_peer(port, dst, hpkm_now()) ||
	       atomic_read(&port->bridge_count);
}

u32 hpkm_port_path_mtu(struct hpkm_port *port, const struct ethhdr *eth)
{
	u8 flags = HPKM_FLAG_RECORD;
	u32 head;

	if (!hpkm_port_peer_at(port, eth->h_dest) || !hpkm_port_has_address(port, eth->h_source))
		flags |= HPKM_FLAG_L2ADDR;
	head = HPKM_HD_LEN + hpkm_inner_head_len(flags) + HPKM_TAG_LEN;
	return max_t(u32, READ_ONCE(port->mtu), HPKM_MTU_MIN) - head;
}

/* A copy for every peer, or every bridge peer; the last gets @skb itself. */
static void send_to_many(struct hpkm_port *port, struct sk_buff *skb, bool bridges_only)
{
	struct hpkm_peer *peer, *previous = NULL;

	list_for_each_entry_rcu(peer, &port->peers, on_port) {
		struct sk_buff *copy;

		if (bridges_only && !READ_ONCE(peer->bridge))
			continue;
		if (previous) {
			copy = skb_clone(skb, GFP_ATOMIC);
			if (copy)
				hpkm_peer_send(previous, copy, true);
			else
				hpkm_peer_count(previous, HPKM_COUNTER_TX_NO_MEMORY);
		}
		previous = peer;
	}
	if (previous) {
		hpkm_peer_send(previous, skb, true);
		return;
	}
	hpkm_count(&port->counters, HPKM_COUNTER_TX_NO_PEER);
	kfree_skb(skb);
}

void hpkm_port_send(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct hpkm_peer *peer;

	rcu_read_lock();
	peer = hpkm_port_peer_at(port, eth->h_dest);
	if (peer) {
		hpkm_peer_send(peer, skb, !hpkm_port_has_address(port, eth->h_source));
		goto out;
	}
	if (is_multicast_ether_addr(eth->h_dest)) {
		send_to_many(port, skb, false);
		goto out;
	}
	peer = learned_peer(port, eth->h_dest, hpkm_now());
	if (peer)
		hpkm_peer_send(peer, skb, true);
	else
		send_to_many(port, skb, true);
out:
	rcu_read_unlock();
}

/**
 * hpkm_port_transmit() - send a handshake or pairing frame
 * @port: where
 * @frame: without Ethernet header and padding
 * @len: octets, at most HPKM_HANDSHAKE_MAX
 * @dst: to whom; NULL is everybody
 *
 * Context: process.  A frame that cannot be sent is counted; the protocol
 * sends it again.
 */
void hpkm_port_transmit(struct hpkm_port *port, const u8 *frame, size_t len, const u8 *dst)
{
	size_t body = max_t(size_t, len, HPKM_FRAME_MIN);
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + ETH_HLEN + body, GFP_KERNEL);
	struct ethhdr *eth;

	if (!skb) {
		hpkm_count(&port->counters, HPKM_COUNTER_TX_NO_MEMORY);
		return;
	}
	skb_reserve(skb, LL_MAX_HEADER);
	eth = skb_put(skb, ETH_HLEN);
	if (dst)
		ether_addr_copy(eth->h_dest, dst);
	else
		eth_broadcast_addr(eth->h_dest);
	hpkm_port_address(port, eth->h_source);
	eth->h_proto = htons(HPKM_ETHERTYPE);
	skb_put_data(skb, frame, len);
	skb_put_zero(skb, body - len);
	port->hn->edge->transmit(port, skb);
}

/* ---- life ---- */

static void free_learned(void *entry, void *unused)
{
	kfree(entry);
}

static int init_tables(struct hpkm_port *port)
{
	int err;

	err = rhashtable_init(&port->sids, &hpkm_sid_params);
	if (err)
		return err;
	err = rhashtable_init(&port->addresses, &address_params);
	if (err)
		goto no_addresses;
	err = rhashtable_init(&port->learned, &learned_params);
	if (err)
		goto no_learned;
	err = hpkm_counters_init(&port->counters);
	if (err)
		goto no_counters;
	return 0;

no_counters:
	rhashtable_destroy(&port->learned);
no_learned:
	rhashtable_destroy(&port->addresses);
no_addresses:
	rhashtable_destroy(&port->sids);
	return err;
}

/* The device that paired last first: it owns an address that several claim. */
static void adopt_peers(struct hpkm_port *port)
{
	struct hpkm_peer *peer;

	list_for_each_entry_reverse(peer, &port->hn->peers, node)
		if (!strcmp(peer->ifname, port->ifname) &&
		    !rcu_access_pointer(peer->port))
			hpkm_peer_link(peer, port, false);
}

int hpkm_port_start(struct hpkm_port *port, struct hpkm_net *hn)
{
	int err;

	port->hn = hn;
	seqlock_init(&port->address_lock);
	spin_lock_init(&port->learn_lock);
	INIT_LIST_HEAD(&port->learned_by_age);
	hpkm_rate_init(&port->rate);
	INIT_LIST_HEAD(&port->peers);
	hpkm_handshake_init(port);
	hpkm_pairing_window_init(port);
	err = init_tables(port);
	if (err)
		return err;

	mutex_lock(&hn->lock);
	list_add_tail(&port->node, &hn->ports);
	/* It may have changed since; from now on the port is told. */
	memcpy(port->pairing.own, hn->id, HPKM_ID_LEN);
	adopt_peers(port);
	mutex_unlock(&hn->lock);
	return 0;
}

static void disown_peers(struct hpkm_port *port)
{
	struct hpkm_peer *peer, *next;

	list_for_each_entry_safe(peer, next, &port->peers, on_port)
		hpkm_peer_unlink(peer, "the link was detached");
}

void hpkm_port_stop(struct hpkm_port *port)
{
	struct hpkm_net *hn = port->hn;

	mutex_lock(&hn->lock);
	WRITE_ONCE(port->stopped, true);
	hpkm_pairing_close(&port->pairing, "the link was detached");
	disown_peers(port);
	list_del(&port->node);
	/*
	 * Until no reader walks this port's list of peers, none of them may go
	 * to another's; and no reader comes from a peer or an index to here.
	 */
	synchronize_rcu();
	mutex_unlock(&hn->lock);

	cancel_work_sync(&port->work);
	cancel_delayed_work_sync(&port->pairing_tick);
	hpkm_handshake_purge(port);
	rhashtable_destroy(&port->sids);
	rhashtable_destroy(&port->addresses);
	rhashtable_free_and_destroy(&port->learned, free_learned, NULL);
	hpkm_counters_free(&port->counters);
	memzero_explicit(&port->pairing, sizeof(port->pairing));
}

void hpkm_port_carrier_up(struct hpkm_port *port)
{
	struct hpkm_peer *peer;

	mutex_lock(&port->hn->lock);
	list_for_each_entry(peer, &port->peers, on_port)
		hpkm_peer_carrier(peer);
	mutex_unlock(&port->hn->lock);
}

static void rename_peer(struct hpkm_peer *peer, const char *ifname)
{
	mutex_lock(&peer->lock);
	if (hpkm_peer_set_ifname(peer, ifname))
		hpkm_agent_peer_changed(peer);
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

void hpkm_port_changed(struct hpkm_port *port, const char *ifname, const u8 *address, u32 mtu)
{
	struct hpkm_peer *peer;

	mutex_lock(&port->hn->lock);
	list_for_each_entry(peer, &port->peers, on_port)
		rename_peer(peer, ifname);
	write_seqlock_bh(&port->address_lock);
	strscpy(port->ifname, ifname, sizeof(port->ifname));
	ether_addr_copy(port->address, address);
	write_sequnlock_bh(&port->address_lock);
	WRITE_ONCE(port->mtu, mtu);
	mutex_unlock(&port->hn->lock);
}
