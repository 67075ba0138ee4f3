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

static void drop(struct hpkm_port *port, struct sk_buff *skb, enum hpkm_counter why)
{
	hpkm_count(&port->counters, why);
	kfree_skb(skb);
}

static bool enqueue(struct hpkm_port *port, struct sk_buff_head *queue, struct sk_buff *skb)
{
	if (READ_ONCE(port->stopped) || skb_queue_len_lockless(queue) >= HPKM_HANDSHAKE_QUEUE)
		return false;
	skb_queue_tail(queue, skb);
	queue_work(hpkm_workqueue, &port->work);
	return true;
}

static void enqueue_frame(struct hpkm_port *port, struct sk_buff_head *queue,
			  struct sk_buff *skb)
{
	struct queued *queued = queued_of(skb);

	memset(queued, 0, sizeof(*queued));
	ether_addr_copy(queued->src, eth_hdr(skb)->h_source);
	skb_orphan(skb);
	skb_dst_drop(skb);
	if (!enqueue(port, queue, skb))
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

/*
 * What claims to come from a peer has a bucket of its own kind, since anybody
 * can claim it: drained by forged frames, it is full again in no time.
 */
static enum hpkm_rate_class source_class(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	bool bound;

	if (hd->type != HPKM_C1)
		return HPKM_RATE_PAIRING;
	rcu_read_lock();
	bound = hpkm_port_peer_at(port, eth_hdr(skb)->h_source);
	rcu_read_unlock();
	return bound ? HPKM_RATE_PEER : HPKM_RATE_STRANGER;
}

static void receive_unknown(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	u64 now = hpkm_now();

	if (hd->type != HPKM_C1 && now >= READ_ONCE(port->pairing_until))
		drop(port, skb, HPKM_COUNTER_PAIRING_REFUSED);
	else if (hpkm_rate_allow(&port->rate, source_class(port, skb), eth_hdr(skb)->h_source, now))
		enqueue_frame(port, &port->unknown, skb);
	else
		drop(port, skb, HPKM_COUNTER_RX_RATE);
}

void hpkm_port_receive(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	enum hpkm_frame_verdict verdict = hpkm_hd_check(skb->data, skb->len);
	struct hpkm_sid *sid;

	if (verdict != HPKM_FRAME_OK) {
		drop(port, skb, counter_of(verdict));
		return;
	}
	if (hd->type == HPKM_C1 || hd->type >= HPKM_P1) {
		receive_unknown(port, skb);
		return;
	}
	rcu_read_lock();
	sid = hpkm_sid_find(port, le32_to_cpu(hd->dst_sid));
	if (hd->type == HPKM_DATA)
		receive_data(port, skb, sid);
	else if (!sid)
		drop(port, skb, HPKM_COUNTER_RX_NO_SESSION);
	else if (is_expected(sid, hd->type))
		enqueue_frame(port, &port->known, skb);
	else
		drop(port, skb, HPKM_COUNTER_HANDSHAKE_REFUSED);
	rcu_read_unlock();
}

/* ---- words of the data plane ---- */

/* Opened update control is a secret in suite 0. */
static void free_word(struct sk_buff *skb)
{
	memzero_explicit(skb->data, skb->len);
	kfree_skb(skb);
}

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
	if (!enqueue(port, &port->words, skb)) {
		hpkm_peer_count(channel->peer, HPKM_COUNTER_RX_RATE);
		free_word(skb);
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

/* -ENOKEY: it is not this peer's. */
static int offer_c1(struct hpkm_peer *peer, struct sk_buff *skb)
{
	int err = -ENOKEY;

	if (!long_enough(skb, peer->machine.pair.suite))
		return err;
	mutex_lock(&peer->lock);
	if (!peer->removed && rcu_access_pointer(peer->port)) {
		err = hpkm_machine_c1(&peer->machine, skb->data, queued_of(skb)->src, hpkm_now());
		hpkm_peer_settle(peer);
		if (err && err != -ENOKEY)
			hpkm_peer_count(peer, HPKM_COUNTER_HANDSHAKE_REFUSED);
	}
	mutex_unlock(&peer->lock);
	return err;
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

static int offer_c1_to_all(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_peer **peers;
	int err = -ENOKEY;
	u32 count, i;

	peers = all_peers(port, &count);
	if (!peers)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (err == -ENOKEY)
			err = offer_c1(peers[i], skb);
		hpkm_peer_put(peers[i]);
	}
	kvfree(peers);
	return err;
}

static void work_on_c1(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_peer *peer = bound_peer(port, queued_of(skb)->src);
	u64 now = hpkm_now();
	int err = -ENOKEY;

	if (peer) {
		err = offer_c1(peer, skb);
		hpkm_peer_put(peer);
	}
	if (err == -ENOKEY && now >= port->c1_all_at + HPKM_C1_ALL_PEERS) {
		port->c1_all_at = now;
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

static void work_on_unknown(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;

	if (hd->type == HPKM_C1)
		work_on_c1(port, skb);
	else
		hpkm_pairing_window_receive(port, skb->data, skb->len, queued_of(skb)->src);
}

/* One from each queue, so that a flood of one kind never starves the others. */
static bool work_on_one_of_each(struct hpkm_port *port)
{
	struct sk_buff *word = skb_dequeue(&port->words);
	struct sk_buff *known = skb_dequeue(&port->known);
	struct sk_buff *unknown = skb_dequeue(&port->unknown);

	if (word) {
		work_on_known(port, word);
		free_word(word);
	}
	if (known) {
		work_on_known(port, known);
		kfree_skb(known);
	}
	if (unknown) {
		work_on_unknown(port, unknown);
		kfree_skb(unknown);
	}
	return word || known || unknown;
}

static void work(struct work_struct *work)
{
	struct hpkm_port *port = container_of(work, struct hpkm_port, work);
	u32 done;

	for (done = 0; done < BATCH; done++)
		if (!work_on_one_of_each(port))
			return;
	if (!READ_ONCE(port->stopped))
		queue_work(hpkm_workqueue, &port->work);
}

/**
 * hpkm_handshake_init() - a port's work
 * @port: whose
 */
void hpkm_handshake_init(struct hpkm_port *port)
{
	skb_queue_head_init(&port->words);
	skb_queue_head_init(&port->known);
	skb_queue_head_init(&port->unknown);
	INIT_WORK(&port->work, work);
}

/**
 * hpkm_handshake_purge() - drop what still waits
 * @port: whose; its work is stopped
 */
void hpkm_handshake_purge(struct hpkm_port *port)
{
	struct sk_buff *word;

	while ((word = skb_dequeue(&port->words)))
		free_word(word);
	skb_queue_purge(&port->known);
	skb_queue_purge(&port->unknown);
}
