// SPDX-License-Identifier: GPL-2.0
/*
 * From a frame that arrived to the machine it is for.  DATA goes straight to
 * its channel; everything else is queued and worked on where it may sleep.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <net/dst.h>
#include "internal.h"

/* Frames that one run of the work takes before it lets others run. */
#define BATCH	64

/* A queued frame's control block; the frame itself is a whole hpkm frame. */
struct queued {
	u8 src[ETH_ALEN];
	/* Not a frame but a word of the data plane's about this index. */
	bool first_data;
	bool control;
	u32 own_sid;
};

static struct queued *queued_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct queued) > sizeof(skb->cb));
	return (struct queued *)skb->cb;
}

static enum hpkm_counter counter_of(enum hpkm_frame_verdict verdict)
{
	return verdict == HPKM_FRAME_VERSION ? HPKM_COUNTER_RX_VERSION :
					       HPKM_COUNTER_RX_MALFORMED;
}

static void free_queued(struct sk_buff *skb)
{
	hpkm_wipe_skb(skb);
	kfree_skb(skb);
}

static void drop(struct hpkm_port *port, struct sk_buff *skb, enum hpkm_counter why)
{
	hpkm_count(&port->counters, why);
	kfree_skb(skb);
}

static bool enqueue(struct hpkm_port *port, enum hpkm_queue which, struct sk_buff *skb)
{
	struct sk_buff_head *queue = &port->queue[which];

	if (READ_ONCE(port->stopped) || skb_queue_len_lockless(queue) >= HPKM_HANDSHAKE_QUEUE)
		return false;
	skb_queue_tail(queue, skb);
	queue_work(port->hn->workqueue, &port->work);
	return true;
}

static void enqueue_frame(struct hpkm_port *port, enum hpkm_queue which, struct sk_buff *skb)
{
	struct queued *queued = queued_of(skb);

	memset(queued, 0, sizeof(*queued));
	ether_addr_copy(queued->src, eth_hdr(skb)->h_source);
	skb_orphan(skb);
	skb_dst_drop(skb);
	if (!enqueue(port, which, skb))
		drop(port, skb, HPKM_COUNTER_RX_RATE);
}

static void receive_data(struct hpkm_port *port, struct sk_buff *skb, const struct hpkm_sid *sid)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	struct hpkm_channel *channel = sid ? rcu_dereference(sid->channel) : NULL;

	if (!channel)
		drop(port, skb, HPKM_COUNTER_RX_NO_SESSION);
	else if (hd->suite != channel->suite->id)
		drop(port, skb, HPKM_COUNTER_RX_SUITE);
	else
		hpkm_channel_receive(channel, skb);
}

/* A session waits for nothing but a repeated C5, or the ACK that installs it. */
static bool is_expected(const struct hpkm_sid *sid, u8 type)
{
	return !rcu_access_pointer(sid->channel) || type == HPKM_C5 || type == HPKM_ACK;
}

static bool is_from_peer(struct hpkm_port *port, struct sk_buff *skb)
{
	bool bound;

	rcu_read_lock();
	bound = hpkm_port_peer_at(port, eth_hdr(skb)->h_source);
	rcu_read_unlock();
	return bound;
}

/* Within the limit of where it says that it comes from. */
static void receive_limited(struct hpkm_port *port, struct sk_buff *skb,
			    enum hpkm_rate_class class, enum hpkm_queue which, u64 now)
{
	if (hpkm_rate_allow(&port->rate, class, eth_hdr(skb)->h_source, now))
		enqueue_frame(port, which, skb);
	else
		drop(port, skb, HPKM_COUNTER_RX_RATE);
}

/*
 * Anybody can claim to be at a peer's address, but only who does can stand in
 * the peers' way.
 */
static void receive_c1(struct hpkm_port *port, struct sk_buff *skb)
{
	if (is_from_peer(port, skb))
		receive_limited(port, skb, HPKM_RATE_PEER, HPKM_QUEUE_PEERS, hpkm_now());
	else
		receive_limited(port, skb, HPKM_RATE_STRANGER, HPKM_QUEUE_STRANGERS, hpkm_now());
}

static void receive_pairing(struct hpkm_port *port, struct sk_buff *skb)
{
	u64 now = hpkm_now();

	if (now < READ_ONCE(port->pairing_until))
		receive_limited(port, skb, HPKM_RATE_PAIRING, HPKM_QUEUE_PAIRING, now);
	else
		drop(port, skb, HPKM_COUNTER_PAIRING_REFUSED);
}

/* C2..C5, ACK and DATA. */
static void receive_indexed(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	struct hpkm_sid *sid;

	rcu_read_lock();
	sid = hpkm_sid_find(port, le32_to_cpu(hd->dst_sid));
	if (hd->type == HPKM_DATA)
		receive_data(port, skb, sid);
	else if (!sid)
		drop(port, skb, HPKM_COUNTER_RX_NO_SESSION);
	else if (!is_expected(sid, hd->type))
		drop(port, skb, HPKM_COUNTER_HANDSHAKE_REFUSED);
	else
		enqueue_frame(port, hd->type == HPKM_C2 ? HPKM_QUEUE_ANSWERS : HPKM_QUEUE_KNOWN,
			      skb);
	rcu_read_unlock();
}

void hpkm_port_receive(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	enum hpkm_frame_verdict verdict = hpkm_hd_check(skb->data, skb->len);

	if (verdict != HPKM_FRAME_OK)
		drop(port, skb, counter_of(verdict));
	else if (hd->type == HPKM_C1)
		receive_c1(port, skb);
	else if (hd->type >= HPKM_P1)
		receive_pairing(port, skb);
	else
		receive_indexed(port, skb);
}

/* ---- words of the data plane ---- */

static void tell(struct hpkm_channel *channel, bool first_data, const u8 *payload, size_t len)
{
	struct hpkm_port *port = rcu_dereference(channel->peer->port);
	struct sk_buff *skb;
	struct queued *queued;

	if (!port)
		return;
	skb = alloc_skb(len, GFP_ATOMIC);
	if (!skb) {
		hpkm_peer_count(channel->peer, HPKM_COUNTER_RX_NO_MEMORY);
		return;
	}
	skb_put_data(skb, payload, len);
	queued = queued_of(skb);
	memset(queued, 0, sizeof(*queued));
	queued->first_data = first_data;
	queued->control = !first_data;
	queued->own_sid = channel->control.own_sid;
	if (!enqueue(port, HPKM_QUEUE_WORDS, skb)) {
		hpkm_peer_count(channel->peer, HPKM_COUNTER_RX_RATE);
		free_queued(skb);
	}
}

void hpkm_handshake_control(struct hpkm_channel *channel, const u8 *payload, size_t len)
{
	tell(channel, false, payload, min_t(size_t, len, HPKM_CONTROL_MAX));
}

void hpkm_handshake_first_data(struct hpkm_channel *channel)
{
	tell(channel, true, NULL, 0);
}

/* ---- work ---- */

static bool long_enough(const struct sk_buff *skb, const struct hpkm_suite *suite)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;

	return hd->suite == suite->id && skb->len >= suite->frame_len[hd->type];
}

static struct hpkm_peer *bound_peer(struct hpkm_port *port, const u8 *src)
{
	struct hpkm_peer *peer;

	rcu_read_lock();
	peer = hpkm_port_peer_at(port, src);
	if (peer && !kref_get_unless_zero(&peer->ref))
		peer = NULL;
	rcu_read_unlock();
	return peer;
}

/* References to all peers of a port; *@count of them. */
static struct hpkm_peer **all_peers(struct hpkm_port *port, u32 *count)
{
	u32 room = READ_ONCE(port->peer_count);
	struct hpkm_peer **peers = kvmalloc_array(room ?: 1, sizeof(*peers), GFP_KERNEL);
	struct hpkm_peer *peer;

	*count = 0;
	if (!peers)
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(peer, &port->peers, on_port) {
		if (*count == room)
			break;
		if (kref_get_unless_zero(&peer->ref))
			peers[(*count)++] = peer;
	}
	rcu_read_unlock();
	return peers;
}

/* See hpkm_machine_c1(). */
static int to_machine_c1(struct hpkm_peer *peer, struct sk_buff *skb)
{
	int err = -ENOKEY;

	mutex_lock(&peer->lock);
	if (!peer->removed && rcu_access_pointer(peer->port)) {
		err = hpkm_machine_c1(&peer->machine, skb->data, queued_of(skb)->src, hpkm_now());
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
	return err;
}

static void give_way(struct hpkm_peer *peer, u64 now)
{
	mutex_lock(&peer->lock);
	if (hpkm_machine_give_way(&peer->machine, now))
		hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

/*
 * The link's table of half-open exchanges is full.  Walking over all peers is
 * not done more often than trying a C1 with all of them.
 */
static bool make_room(struct hpkm_port *port)
{
	struct hpkm_peer **peers;
	u64 now = hpkm_now();
	u32 count, i;

	if (now < port->room_made_at + HPKM_C1_ALL_PEERS)
		return false;
	port->room_made_at = now;
	peers = all_peers(port, &count);
	if (!peers)
		return false;
	for (i = 0; i < count; i++) {
		give_way(peers[i], now);
		hpkm_peer_put(peers[i]);
	}
	kvfree(peers);
	return true;
}

/* -ENOKEY: it is not this peer's. */
static int offer_c1(struct hpkm_port *port, struct hpkm_peer *peer, struct sk_buff *skb)
{
	int err;

	if (!long_enough(skb, peer->machine.pair.suite))
		return -ENOKEY;
	err = to_machine_c1(peer, skb);
	if (err == -ENOSPC && make_room(port))
		err = to_machine_c1(peer, skb);
	if (err && err != -ENOKEY)
		hpkm_peer_count(peer, HPKM_COUNTER_HANDSHAKE_REFUSED);
	return err;
}

static int offer_c1_to_all(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_peer **peers;
	int err = -ENOKEY;
	u32 count, i;

	peers = all_peers(port, &count);
	if (!peers) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_NO_MEMORY);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		if (err == -ENOKEY)
			err = offer_c1(port, peers[i], skb);
		hpkm_peer_put(peers[i]);
	}
	kvfree(peers);
	return err;
}

static void work_on_c1(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_peer *peer = bound_peer(port, queued_of(skb)->src);
	u64 *all_at = &port->c1_all_at[peer ? 1 : 0];
	u64 now = hpkm_now();
	int err = -ENOKEY;

	if (peer) {
		err = offer_c1(port, peer, skb);
		hpkm_peer_put(peer);
	}
	if (err == -ENOKEY && now >= *all_at + HPKM_C1_ALL_PEERS) {
		*all_at = now;
		err = offer_c1_to_all(port, skb);
	}
	if (err == -ENOKEY)
		hpkm_count(&port->counters, HPKM_COUNTER_HANDSHAKE_REFUSED);
}

static int to_machine(struct hpkm_peer *peer, struct sk_buff *skb)
{
	struct queued *queued = queued_of(skb);
	struct hpkm_machine *machine = &peer->machine;
	u64 now = hpkm_now();

	if (queued->first_data) {
		hpkm_machine_first_data(machine, queued->own_sid, now);
		return 0;
	}
	if (queued->control)
		return hpkm_machine_control(machine, queued->own_sid, skb->data, skb->len, now);
	if (!long_enough(skb, machine->pair.suite))
		return -EBADMSG;
	return hpkm_machine_handshake(machine, skb->data, queued->src, now);
}

static struct hpkm_peer *peer_of_index(struct hpkm_port *port, u32 own_sid)
{
	struct hpkm_peer *peer = NULL;
	struct hpkm_sid *sid;

	rcu_read_lock();
	sid = hpkm_sid_find(port, own_sid);
	if (sid && kref_get_unless_zero(&sid->peer->ref))
		peer = sid->peer;
	rcu_read_unlock();
	return peer;
}

static void work_on_known(struct hpkm_port *port, struct sk_buff *skb)
{
	struct queued *queued = queued_of(skb);
	bool is_frame = !queued->first_data && !queued->control;
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	u32 own_sid = is_frame ? le32_to_cpu(hd->dst_sid) : queued->own_sid;
	struct hpkm_peer *peer = peer_of_index(port, own_sid);

	if (!peer) {
		hpkm_count(&port->counters, HPKM_COUNTER_RX_NO_SESSION);
		return;
	}
	mutex_lock(&peer->lock);
	if (!peer->removed && rcu_access_pointer(peer->port) && to_machine(peer, skb))
		hpkm_peer_count(peer, is_frame ? HPKM_COUNTER_HANDSHAKE_REFUSED :
						 HPKM_COUNTER_UPDATE_REFUSED);
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
}

static void work_on_pairing(struct hpkm_port *port, struct sk_buff *skb)
{
	hpkm_pairing_window_receive(port, skb->data, skb->len, queued_of(skb)->src);
}

static void (*const work_on[HPKM_QUEUES])(struct hpkm_port *port, struct sk_buff *skb) = {
	[HPKM_QUEUE_WORDS] = work_on_known,
	[HPKM_QUEUE_KNOWN] = work_on_known,
	[HPKM_QUEUE_ANSWERS] = work_on_known,
	[HPKM_QUEUE_PEERS] = work_on_c1,
	[HPKM_QUEUE_STRANGERS] = work_on_c1,
	[HPKM_QUEUE_PAIRING] = work_on_pairing,
};

/* One from each queue, so that a flood of one kind never starves the others. */
static bool work_on_one_of_each(struct hpkm_port *port)
{
	enum hpkm_queue which;
	struct sk_buff *skb;
	bool any = false;

	for (which = 0; which < HPKM_QUEUES; which++) {
		skb = skb_dequeue(&port->queue[which]);
		if (!skb)
			continue;
		work_on[which](port, skb);
		free_queued(skb);
		any = true;
	}
	return any;
}

static void work(struct work_struct *work)
{
	struct hpkm_port *port = container_of(work, struct hpkm_port, work);
	u32 done;

	for (done = 0; done < BATCH; done++)
		if (!work_on_one_of_each(port))
			return;
	if (!READ_ONCE(port->stopped))
		queue_work(port->hn->workqueue, &port->work);
}

/**
 * hpkm_handshake_init() - a port's work
 * @port: whose
 */
void hpkm_handshake_init(struct hpkm_port *port)
{
	enum hpkm_queue which;

	for (which = 0; which < HPKM_QUEUES; which++)
		skb_queue_head_init(&port->queue[which]);
	INIT_WORK(&port->work, work);
}

/**
 * hpkm_handshake_purge() - drop what still waits
 * @port: whose; its work is stopped
 */
void hpkm_handshake_purge(struct hpkm_port *port)
{
	enum hpkm_queue which;
	struct sk_buff *skb;

	for (which = 0; which < HPKM_QUEUES; which++)
		while ((skb = skb_dequeue(&port->queue[which])))
			free_queued(skb);
}
