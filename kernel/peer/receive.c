// SPDX-License-Identifier: GPL-2.0
/* From a DATA frame to what was in it: protocol section 6. */
#include <linux/etherdevice.h>
#include "data.h"

/* Between two events about the same kind of refused frame. */
#define EVENT_EVERY	HPKM_SECOND

/*
 * At most one event in EVENT_EVERY: what is refused may come as fast as the
 * link allows.  Two CPUs may both tell once; nothing depends on it.
 */
static void tell_rarely(struct hpkm_peer *peer, enum hpkm_event type, u64 *last, u64 now)
{
	u64 before = READ_ONCE(*last);

	if (before && now < before + EVENT_EVERY)
		return;
	WRITE_ONCE(*last, now);
	hpkm_peer_event(peer, type, NULL, NULL);
}

static bool refuse(struct hpkm_peer *peer, enum hpkm_counter why)
{
	hpkm_peer_count(peer, why);
	return false;
}

static bool refuse_replay(struct hpkm_peer *peer, u64 now)
{
	tell_rarely(peer, HPKM_EVENT_REPLAY, &peer->replay_event_at, now);
	return refuse(peer, HPKM_COUNTER_RX_REPLAY);
}

static bool is_fresh(struct hpkm_channel *channel, u64 counter)
{
	bool fresh;

	spin_lock_bh(&channel->receive_lock);
	fresh = hpkm_replay_fresh(&channel->replay, counter);
	spin_unlock_bh(&channel->receive_lock);
	return fresh;
}

/*
 * A frame under new keys confirms them.  The word to the machine may be lost,
 * so it is repeated, but not as often as frames come: at 1, 2, 4, 8...
 */
static void confirm_keys(struct hpkm_channel *channel, u64 frames)
{
	if (READ_ONCE(channel->is_next) && !(frames & (frames - 1)))
		hpkm_handshake_first_data(channel);
}

/* Another CPU may have opened a copy in the meantime. */
static bool accept(struct hpkm_channel *channel, u64 counter)
{
	bool accepted;
	u64 frames;

	spin_lock_bh(&channel->receive_lock);
	accepted = hpkm_replay_accept(&channel->replay, counter);
	if (accepted)
		channel->frames_received++;
	frames = channel->frames_received;
	spin_unlock_bh(&channel->receive_lock);
	if (accepted)
		confirm_keys(channel, frames);
	return accepted;
}

/* In place; then @skb is the inner contents. */
static bool decrypt(struct hpkm_channel *channel, struct sk_buff *skb, u64 counter)
{
	const struct hpkm_suite *suite = channel->suite;

	if (suite->open(channel->receive_key, counter, skb->data, skb->len - HPKM_HD_LEN))
		return false;
	__skb_pull(skb, HPKM_HD_LEN);
	skb_trim(skb, skb->len - suite->tag_len);
	return true;
}

/* Counts why it does not open. */
static bool open_frame(struct hpkm_channel *channel, struct sk_buff *skb, u64 counter, u64 now)
{
	struct hpkm_peer *peer = channel->peer;

	if (now >= READ_ONCE(channel->refuse_after))
		return refuse(peer, HPKM_COUNTER_RX_EXPIRED);
	if (skb->len < HPKM_HD_LEN + HPKM_INNER_LEN + channel->suite->tag_len)
		return refuse(peer, HPKM_COUNTER_RX_MALFORMED);
	if (!is_fresh(channel, counter))
		return refuse_replay(peer, now);
	if (!decrypt(channel, skb, counter)) {
		tell_rarely(peer, HPKM_EVENT_AUTH_FAILED, &peer->auth_event_at, now);
		return refuse(peer, HPKM_COUNTER_RX_AUTH);
	}
	if (!accept(channel, counter))
		return refuse_replay(peer, now);
	return true;
}

/* ---- an Ethernet frame ---- */

/* Protocol section 5.4: whose frames a peer may send us, and to whom. */
static bool addresses_allowed(struct hpkm_peer *peer, struct hpkm_port *port,
			      const struct hpkm_inner *inner)
{
	if (!hpkm_port_learn(port, peer, inner->src))
		return false;
	if (READ_ONCE(peer->bridge) || is_multicast_ether_addr(inner->dst))
		return true;
	return hpkm_port_has_address(port, inner->dst);
}

/* The addresses of the frame as it was; false if they are not allowed. */
static bool find_addresses(struct hpkm_peer *peer, struct hpkm_port *port,
			   struct hpkm_inner *inner)
{
	if (inner->flags & HPKM_FLAG_L2ADDR)
		return addresses_allowed(peer, port, inner);
	hpkm_port_address(port, inner->dst);
	return hpkm_peer_address(peer, inner->src);
}

static void deliver(struct hpkm_peer *peer, struct hpkm_port *port, struct sk_buff *skb,
		    const struct hpkm_inner *inner)
{
	struct ethhdr *eth;

	/* The header in front of the payload is longer than Ethernet's. */
	__skb_pull(skb, inner->payload - skb->data);
	eth = __skb_push(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, inner->dst);
	ether_addr_copy(eth->h_source, inner->src);
	eth->h_proto = inner->proto;
	hpkm_peer_count(peer, HPKM_COUNTER_RX_FRAMES);
	hpkm_peer_count_add(peer, HPKM_COUNTER_RX_BYTES, inner->payload_len);
	port->hn->edge->deliver(port, skb);
}

/*
 * What is noted now would be forgotten when the session is installed, and a
 * message delivered now would be delivered again.
 */
static bool is_too_early_to_note(const struct hpkm_channel *channel)
{
	return READ_ONCE(channel->renews);
}

/* Consumes @skb. */
static void receive_ethernet(struct hpkm_channel *channel, struct sk_buff *skb,
			     struct hpkm_inner *inner, u64 now)
{
	struct hpkm_peer *peer = channel->peer;
	struct hpkm_port *port = rcu_dereference(peer->port);

	/* One that is not noted stays pending at its sender; the frame comes only once. */
	if (inner->flags & HPKM_FLAG_RECORD && !is_too_early_to_note(channel))
		hpkm_record_received(peer, inner, inner->payload, inner->payload_len, NULL, now);
	if (port && find_addresses(peer, port, inner)) {
		deliver(peer, port, skb, inner);
		return;
	}
	hpkm_peer_count(peer, HPKM_COUNTER_RX_ADDRESS);
	kfree_skb(skb);
}

/* ---- what was in it ---- */

static bool is_half(const struct hpkm_inner *inner)
{
	return inner->flags & (HPKM_FLAG_FRAG_FIRST | HPKM_FLAG_FRAG_LAST);
}

static bool is_bare(const struct hpkm_inner *inner)
{
	return inner->kind == HPKM_KIND_CONTROL &&
	       (!inner->payload_len || inner->payload[0] == HPKM_CONTROL_NONE);
}

static void receive_control(struct hpkm_channel *channel, struct sk_buff *skb,
			    const struct hpkm_inner *inner)
{
	if (!is_bare(inner))
		hpkm_handshake_control(channel, inner->payload, inner->payload_len);
	hpkm_wipe_skb(skb);
	consume_skb(skb);
}

/* Consumes @skb. */
static void receive_message(struct hpkm_channel *channel, struct sk_buff *skb,
			    const struct hpkm_inner *inner, u64 now)
{
	/* It comes again. */
	if (is_too_early_to_note(channel))
		hpkm_peer_count(channel->peer, HPKM_COUNTER_RX_NO_SESSION);
	else
		hpkm_message_receive(channel, inner, now);
	hpkm_wipe_skb(skb);
	consume_skb(skb);
}

/* A whole frame.  Consumes @skb. */
static void receive_inner(struct hpkm_channel *channel, struct sk_buff *skb,
			  struct hpkm_inner *inner, u64 now)
{
	switch (inner->kind) {
	case HPKM_KIND_FRAME:
		receive_ethernet(channel, skb, inner, now);
		return;
	case HPKM_KIND_MSG:
		receive_message(channel, skb, inner, now);
		return;
	case HPKM_KIND_CONTROL:
		receive_control(channel, skb, inner);
		return;
	}
	hpkm_peer_count(channel->peer, HPKM_COUNTER_RX_MALFORMED);
	kfree_skb(skb);
}

static void note_acknowledgement(struct hpkm_peer *peer, const struct hpkm_inner *inner, u64 now)
{
	struct hpkm_acknowledgement ack = { .base = inner->ack_base, .map = inner->ack_map };

	if (inner->flags & HPKM_FLAG_ACK)
		hpkm_records_acknowledged(peer, &ack, now);
}

/* Of contents that do not parse. */
static enum hpkm_counter what_is_wrong(const struct sk_buff *skb)
{
	const __be16 own = htons(HPKM_ETHERTYPE);

	if (skb->data[0] == HPKM_KIND_FRAME && !memcmp(skb->data + 2, &own, sizeof(own)))
		return HPKM_COUNTER_RX_INNER_PROTO;
	return HPKM_COUNTER_RX_MALFORMED;
}

/* NULL: it went already. */
static void drop_opened(struct sk_buff *skb)
{
	if (skb)
		hpkm_wipe_skb(skb);
	kfree_skb(skb);
}

/* @skb is opened.  Consumes it. */
static void receive_opened(struct hpkm_channel *channel, struct sk_buff *skb, u64 counter,
			   u64 now)
{
	struct hpkm_inner inner;

	hpkm_channel_received(channel, now);
	if (hpkm_inner_parse(&inner, skb->data, skb->len)) {
		hpkm_peer_count(channel->peer, what_is_wrong(skb));
		drop_opened(skb);
		return;
	}
	if (!is_bare(&inner))
		hpkm_channel_received_data(channel, now);
	note_acknowledgement(channel->peer, &inner, now);
	if (is_half(&inner)) {
		skb = hpkm_fragment_receive(channel, skb, &inner, counter, now);
		if (!skb || hpkm_inner_parse(&inner, skb->data, skb->len)) {
			drop_opened(skb);
			return;
		}
	}
	receive_inner(channel, skb, &inner, now);
}

void hpkm_channel_receive(struct hpkm_channel *channel, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)skb->data;
	u64 counter = le64_to_cpu(hd->counter);
	u64 now = hpkm_now_coarse();

	if (open_frame(channel, skb, counter, now))
		receive_opened(channel, skb, counter, now);
	else
		kfree_skb(skb);
}
