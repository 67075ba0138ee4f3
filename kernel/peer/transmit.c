// SPDX-License-Identifier: GPL-2.0
/*
 * From a frame, a message or a word of control to one or two sealed frames on
 * the link: protocol section 6.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include "data.h"

/**
 * struct outgoing - what becomes of one payload
 * @channel: the session it goes in
 * @port: the link
 * @dst: the peer's address
 * @mtu: the link's
 * @now: nanoseconds
 * @inner: kind, flags and fields, all but what @ack is for
 * @log: it is a record that is sent for the first time
 * @acknowledges: @ack rides along
 * @ack: which of the peer's records arrived
 */
struct outgoing {
	struct hpkm_channel *channel;
	struct hpkm_port *port;
	u8 dst[ETH_ALEN];
	u32 mtu;
	u64 now;
	struct hpkm_inner inner;
	bool log;
	bool acknowledges;
	struct hpkm_acknowledgement ack;
};

/* False: there is nowhere to send to. */
static bool begin(struct outgoing *out, struct hpkm_channel *channel, u64 now)
{
	memset(out, 0, sizeof(*out));
	out->channel = channel;
	out->now = now;
	out->port = rcu_dereference(channel->peer->port);
	if (!out->port)
		return false;
	out->mtu = max_t(u32, READ_ONCE(out->port->mtu), HPKM_MTU_MIN);
	return hpkm_peer_address(channel->peer, out->dst);
}

static void drop(struct hpkm_peer *peer, struct sk_buff *skb, enum hpkm_counter why)
{
	hpkm_peer_count(peer, why);
	kfree_skb(skb);
}

/* ---- what fits ---- */

/* Payload octets in one frame with these fields. */
static size_t room(const struct outgoing *out, u8 flags)
{
	return out->mtu - HPKM_HD_LEN - hpkm_inner_head_len(flags) -
	       out->channel->suite->tag_len;
}

/* Payload octets of FRAG_FIRST; FRAG_LAST has the rest, and no less than it must. */
static size_t first_len(const struct outgoing *out, size_t len)
{
	return min(room(out, out->inner.flags), len - HPKM_LAST_MIN);
}

static bool fits_whole(const struct outgoing *out, size_t len)
{
	return len <= room(out, out->inner.flags);
}

/* It rides on a whole frame or on the second half. */
static bool acknowledgement_fits(const struct outgoing *out, size_t len)
{
	if (fits_whole(out, len))
		return len <= room(out, out->inner.flags | HPKM_FLAG_ACK);
	return len - first_len(out, len) <= room(out, HPKM_FLAG_ACK);
}

/* ---- optional fields ---- */

static void take_acknowledgement(struct outgoing *out, size_t len)
{
	struct hpkm_peer *peer = out->channel->peer;

	if (peer->receipt.due != HPKM_NEVER && acknowledgement_fits(out, len))
		out->acknowledges = hpkm_receipt_take(&peer->receipt, &out->ack);
}

static void make_record(struct outgoing *out)
{
	struct hpkm_inner *inner = &out->inner;

	hpkm_record_number(out->channel->peer, &inner->rec, &inner->time, inner->location);
	inner->flags |= HPKM_FLAG_RECORD;
	out->log = true;
}

static void choose_fields(struct outgoing *out, size_t len)
{
	struct hpkm_peer *peer = out->channel->peer;
	bool is_frame = out->inner.kind == HPKM_KIND_FRAME;

	/* What becomes due just now goes with the next frame, or with the tick. */
	if (data_race(peer->receipt.due) == HPKM_NEVER &&
	    !(is_frame && hpkm_policy_may_record(peer, out->now)))
		return;
	spin_lock_bh(&peer->data_lock);
	if (is_frame && hpkm_policy_records(peer, out->now))
		make_record(out);
	take_acknowledgement(out, len);
	spin_unlock_bh(&peer->data_lock);
}

/* ---- frames ---- */

/*
 * Makes @skb linear, its own and with room around, in place: it stays with its
 * socket, whose small queue depends on it.
 */
static int make_room(struct sk_buff *skb, size_t head, size_t tail)
{
	int more_head = max_t(int, head - skb_headroom(skb), 0);
	int more_tail = max_t(int, skb->data_len + tail - (skb->end - skb->tail), 0);

	if ((more_head || more_tail || skb_cloned(skb)) &&
	    pskb_expand_head(skb, more_head ? ALIGN(more_head, NET_SKB_PAD) : 0, more_tail,
			     GFP_ATOMIC))
		return -ENOMEM;
	return skb_linearize(skb);
}

static size_t padding(const struct outgoing *out, size_t inner_len)
{
	size_t least = out->channel->suite->inner_min;

	return inner_len < least ? least - inner_len : 0;
}

static size_t head_len(u8 flags)
{
	return ETH_HLEN + HPKM_HD_LEN + hpkm_inner_head_len(flags);
}

static int make_room_for(const struct outgoing *out, struct sk_buff *skb, u8 flags)
{
	size_t inner_len = hpkm_inner_head_len(flags) + skb->len;

	return make_room(skb, head_len(flags),
			 padding(out, inner_len) + out->channel->suite->tag_len);
}

static void push_ethernet(const struct outgoing *out, struct sk_buff *skb)
{
	struct ethhdr *eth = skb_push(skb, ETH_HLEN);

	ether_addr_copy(eth->h_dest, out->dst);
	hpkm_port_address(out->port, eth->h_source);
	eth->h_proto = htons(HPKM_ETHERTYPE);
}

/* @skb is the payload, with room around it; in place it becomes a frame. */
static void seal(const struct outgoing *out, struct sk_buff *skb, const struct hpkm_inner *inner,
		 u64 counter)
{
	const struct hpkm_channel *channel = out->channel;
	const struct hpkm_suite *suite = channel->suite;
	size_t inner_len;

	hpkm_inner_write_head(skb_push(skb, hpkm_inner_head_len(inner->flags)), inner);
	skb_put_zero(skb, padding(out, skb->len));
	inner_len = skb->len;
	hpkm_hd_write_data(skb_push(skb, HPKM_HD_LEN), suite->id, channel->control.peer_sid,
			   counter);
	skb_put(skb, suite->tag_len);
	suite->seal(channel->send_key, counter, skb->data, inner_len);
	push_ethernet(out, skb);
}

static void set_acknowledgement(const struct outgoing *out, struct hpkm_inner *inner)
{
	if (!out->acknowledges)
		return;
	inner->flags |= HPKM_FLAG_ACK;
	inner->ack_base = out->ack.base;
	inner->ack_map = out->ack.map;
}

/* What the second half has in common with the first, beside its contents. */
static void inherit(struct sk_buff *skb, const struct sk_buff *from)
{
	skb->dev = from->dev;
	skb->priority = from->priority;
	skb->mark = from->mark;
	skb->tstamp = from->tstamp;
	skb_copy_queue_mapping(skb, from);
}

/* A new skb with the payload behind its first @len octets. */
static struct sk_buff *copy_rest(const struct outgoing *out, const struct sk_buff *skb,
				 size_t len, u8 flags)
{
	size_t head = NET_SKB_PAD + head_len(flags);
	size_t rest = skb->len - len;
	struct sk_buff *copy;

	copy = alloc_skb(head + rest + out->channel->suite->tag_len, GFP_ATOMIC);
	if (!copy)
		return NULL;
	skb_reserve(copy, head);
	skb_put_data(copy, skb->data + len, rest);
	inherit(copy, skb);
	return copy;
}

/* What is behind @len is in another skb now, and will not be sealed here. */
static void cut(struct sk_buff *skb, size_t len)
{
	memzero_explicit(skb->data + len, skb->len - len);
	skb_trim(skb, len);
}

static void transmit(const struct outgoing *out, struct sk_buff *skb)
{
	out->port->hn->edge->transmit(out->port, skb);
}

/* Data of a message's record is the message, without its length. */
static void log_record(const struct outgoing *out, const struct sk_buff *skb)
{
	size_t skip = out->inner.kind == HPKM_KIND_MSG ? HPKM_MSG_HEAD_LEN : 0;

	if (out->log)
		hpkm_record_sent(out->channel->peer, &out->inner, skb->data + skip,
				 skb->len - skip);
}

static bool is_data(const struct outgoing *out, size_t len)
{
	return out->inner.kind != HPKM_KIND_CONTROL || len;
}

/* Nothing stands in its way any more.  @skb is the whole payload. */
static void note_sent(const struct outgoing *out, const struct sk_buff *skb)
{
	log_record(out, skb);
	hpkm_channel_sent(out->channel, is_data(out, skb->len), out->now);
}

static int send_whole(struct outgoing *out, struct sk_buff *skb)
{
	u64 counter;

	if (!hpkm_channel_reserve(out->channel, 1, &counter))
		return -EKEYEXPIRED;
	note_sent(out, skb);
	seal(out, skb, &out->inner, counter);
	transmit(out, skb);
	return 0;
}

static int send_halves(struct outgoing *out, struct sk_buff *skb)
{
	size_t len = first_len(out, skb->len);
	struct hpkm_inner last = { .kind = out->inner.kind, .proto = out->inner.proto };
	struct sk_buff *rest;
	u64 counter;

	last.flags = HPKM_FLAG_FRAG_LAST;
	set_acknowledgement(out, &last);
	rest = copy_rest(out, skb, len, last.flags);
	if (!rest)
		return -ENOMEM;
	if (!hpkm_channel_reserve(out->channel, 2, &counter)) {
		hpkm_wipe_skb(rest);
		kfree_skb(rest);
		return -EKEYEXPIRED;
	}
	note_sent(out, skb);
	cut(skb, len);
	out->inner.flags |= HPKM_FLAG_FRAG_FIRST;
	seal(out, skb, &out->inner, counter);
	seal(out, rest, &last, counter + 1);
	hpkm_peer_count(out->channel->peer, HPKM_COUNTER_TX_SPLIT);
	transmit(out, skb);
	transmit(out, rest);
	return 0;
}

/* @skb stays the caller's when there is an error. */
static int try_send(struct outgoing *out, struct sk_buff *skb)
{
	bool whole = fits_whole(out, skb->len);

	if (whole)
		set_acknowledgement(out, &out->inner);
	if (make_room_for(out, skb, out->inner.flags))
		return -ENOMEM;
	return whole ? send_whole(out, skb) : send_halves(out, skb);
}

/* Consumes @skb. */
static int send(struct outgoing *out, struct sk_buff *skb)
{
	struct hpkm_peer *peer = out->channel->peer;
	bool is_frame = out->inner.kind == HPKM_KIND_FRAME;
	size_t len = skb->len;
	int err = try_send(out, skb);

	if (err) {
		if (!is_frame)
			hpkm_wipe_skb(skb);
		drop(peer, skb, err == -ENOMEM ? HPKM_COUNTER_TX_NO_MEMORY :
						 HPKM_COUNTER_TX_NO_SESSION);
		return err;
	}
	if (is_frame) {
		hpkm_peer_count(peer, HPKM_COUNTER_TX_FRAMES);
		hpkm_peer_count_add(peer, HPKM_COUNTER_TX_BYTES, len);
	}
	return 0;
}

/* ---- Ethernet frames ---- */

static void set_addresses(struct hpkm_inner *inner, const struct ethhdr *eth)
{
	inner->flags |= HPKM_FLAG_L2ADDR;
	ether_addr_copy(inner->dst, eth->h_dest);
	ether_addr_copy(inner->src, eth->h_source);
}

static void send_frame(struct hpkm_channel *channel, struct sk_buff *skb, bool l2addr, u64 now)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct outgoing out;

	if (!begin(&out, channel, now)) {
		drop(channel->peer, skb, HPKM_COUNTER_TX_NO_PEER);
		return;
	}
	if (skb->len - ETH_HLEN > out.mtu + HPKM_OVERSIZE) {
		drop(channel->peer, skb, HPKM_COUNTER_TX_TOO_BIG);
		return;
	}
	out.inner.kind = HPKM_KIND_FRAME;
	out.inner.proto = eth->h_proto;
	if (l2addr)
		set_addresses(&out.inner, eth);
	__skb_pull(skb, ETH_HLEN);
	choose_fields(&out, skb->len);
	send(&out, skb);
}

/* ---- frames that wait for a session ---- */

struct staged {
	u64 until;
	bool l2addr;
};

static struct staged *staged_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct staged) > sizeof(skb->cb));
	return (struct staged *)skb->cb;
}

/*
 * The oldest makes room: whoever sent it has waited longest and is the most
 * likely to have sent it again, or not to want it any more.
 */
static struct sk_buff *enqueue(struct hpkm_peer *peer, struct sk_buff *skb)
{
	struct sk_buff *displaced = NULL;

	if (skb_queue_len(&peer->staged) >= HPKM_STAGED_FRAMES)
		displaced = __skb_dequeue(&peer->staged);
	__skb_queue_tail(&peer->staged, skb);
	return displaced;
}

/* A queue that is not empty has been asked for; again now and then all the same. */
static bool asks(struct hpkm_peer *peer, u64 now)
{
	if (!skb_queue_empty(&peer->staged) && now < peer->asks_at)
		return false;
	peer->asks_at = now + HPKM_STAGED_ASK;
	return true;
}

/* Returns whether a session is to be asked for, should there be none. */
static bool stage(struct hpkm_peer *peer, struct sk_buff *skb, bool l2addr, u64 now)
{
	struct staged *staged = staged_of(skb);
	struct sk_buff *displaced;
	bool ask;

	staged->until = now + HPKM_STAGED_LIFE;
	staged->l2addr = l2addr;
	/* Neither may be kept beyond the RCU read side or block a namespace's end. */
	skb_dst_drop(skb);
	nf_reset_ct(skb);

	spin_lock_bh(&peer->data_lock);
	ask = asks(peer, now);
	displaced = enqueue(peer, skb);
	if (peer->unstaged < HPKM_STAGED_CATCH_UP)
		WRITE_ONCE(peer->staging, true);
	hpkm_data_kick(peer, now + HPKM_STAGED_LIFE, now);
	spin_unlock_bh(&peer->data_lock);

	hpkm_peer_count(peer, HPKM_COUNTER_TX_QUEUED);
	if (displaced)
		drop(peer, displaced, HPKM_COUNTER_TX_NO_SESSION);
	return ask;
}

static bool begin_flush(struct hpkm_peer *peer)
{
	bool begun;

	spin_lock_bh(&peer->data_lock);
	begun = !peer->flushing;
	peer->flushing = true;
	spin_unlock_bh(&peer->data_lock);
	return begun;
}

/*
 * The next one; with none left the flush has ended, and frames need not line up.
 * Where several CPUs send more than one can seal, that moment does not come: then the
 * line ends all the same, and those that still wait are overtaken, once.
 */
static struct sk_buff *unstage(struct hpkm_peer *peer)
{
	struct sk_buff *skb;

	spin_lock_bh(&peer->data_lock);
	skb = __skb_dequeue(&peer->staged);
	if (!skb) {
		peer->flushing = false;
		peer->unstaged = 0;
		WRITE_ONCE(peer->staging, false);
	} else if (++peer->unstaged >= HPKM_STAGED_CATCH_UP) {
		WRITE_ONCE(peer->staging, false);
	}
	spin_unlock_bh(&peer->data_lock);
	return skb;
}

/* Who found a flush under way has left it what there is to send, sessions included. */
static void suspend_flush(struct hpkm_peer *peer, u64 now)
{
	spin_lock_bh(&peer->data_lock);
	peer->flushing = false;
	if (!hpkm_channel_to_send(peer, now))
		peer->unstaged = 0;
	else if (!skb_queue_empty(&peer->staged))
		hpkm_data_kick(peer, now, now);
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_staged_flush() - frames that waited go out
 * @peer: to whom
 * @now: nanoseconds
 *
 * As long as there is a session, in their order: one CPU at a time does it, and
 * until it has sent the last one, or HPKM_STAGED_CATCH_UP, what others send is staged
 * behind it.  Not more than HPKM_STAGED_FRAMES at once; data_tick does the others.
 *
 * Context: bottom halves disabled, RCU read side.
 */
void hpkm_staged_flush(struct hpkm_peer *peer, u64 now)
{
	struct hpkm_channel *channel;
	struct sk_buff *skb;
	u32 budget = HPKM_STAGED_FRAMES;

	if (!begin_flush(peer))
		return;
	while (budget-- && (channel = hpkm_channel_to_send(peer, now))) {
		skb = unstage(peer);
		if (!skb)
			return;
		send_frame(channel, skb, staged_of(skb)->l2addr, now);
	}
	suspend_flush(peer, now);
}

static void take_expired(struct hpkm_peer *peer, struct sk_buff_head *expired, u64 now)
{
	struct sk_buff *skb;

	spin_lock_bh(&peer->data_lock);
	while ((skb = skb_peek(&peer->staged)) && now >= staged_of(skb)->until)
		__skb_queue_tail(expired, __skb_dequeue(&peer->staged));
	spin_unlock_bh(&peer->data_lock);
}

/**
 * hpkm_staged_expire() - drop frames that have waited too long
 * @peer: to whom they would have gone
 * @now: nanoseconds; HPKM_NEVER drops all
 */
void hpkm_staged_expire(struct hpkm_peer *peer, u64 now)
{
	struct sk_buff_head expired;
	struct sk_buff *skb;

	__skb_queue_head_init(&expired);
	take_expired(peer, &expired, now);
	while ((skb = __skb_dequeue(&expired)))
		drop(peer, skb, HPKM_COUNTER_TX_NO_SESSION);
}

/**
 * hpkm_staged_deadline() - when hpkm_staged_expire() has something to do
 * @peer: whose
 *
 * Context: data_lock.
 */
u64 hpkm_staged_deadline(struct hpkm_peer *peer)
{
	struct sk_buff *oldest = skb_peek(&peer->staged);

	return oldest ? staged_of(oldest)->until : HPKM_NEVER;
}

void hpkm_peer_send(struct hpkm_peer *peer, struct sk_buff *skb, bool l2addr)
{
	u64 now = hpkm_now_coarse();
	struct hpkm_channel *channel = hpkm_channel_to_send(peer, now);
	bool ask;

	if (likely(channel && !READ_ONCE(peer->staging))) {
		send_frame(channel, skb, l2addr, now);
		return;
	}
	ask = stage(peer, skb, l2addr, now);
	/* A session that came since we looked has flushed without this frame. */
	if (hpkm_channel_to_send(peer, now))
		hpkm_staged_flush(peer, now);
	else if (ask)
		hpkm_peer_ask(peer, HPKM_WANT_SESSION);
}

/* ---- messages and control ---- */

/**
 * hpkm_channel_send_message() - send a message, first or again
 * @channel: the session to send in
 * @inner: kind MSG, its number, T and LI
 * @skb: the payload; consumed
 * @first: not sent before, so it is to be logged
 * @now: nanoseconds
 *
 * Return: 0, or an errno if it did not go out and was not logged.  Context: bottom
 * halves disabled, RCU read side.
 */
int hpkm_channel_send_message(struct hpkm_channel *channel, const struct hpkm_inner *inner,
			      struct sk_buff *skb, bool first, u64 now)
{
	struct outgoing out;

	if (!begin(&out, channel, now)) {
		hpkm_wipe_skb(skb);
		drop(channel->peer, skb, HPKM_COUNTER_TX_NO_PEER);
		return -ENOLINK;
	}
	out.inner = *inner;
	out.log = first;
	choose_fields(&out, skb->len);
	return send(&out, skb);
}

static struct sk_buff *control_skb(const struct outgoing *out, const u8 *payload, size_t len)
{
	size_t head = NET_SKB_PAD + head_len(HPKM_FLAG_ACK);
	const struct hpkm_suite *suite = out->channel->suite;
	struct sk_buff *skb;

	skb = alloc_skb(head + len + suite->inner_min + suite->tag_len, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb_put_data(skb, payload, len);
	return skb;
}

static int send_control(struct outgoing *out, const u8 *payload, size_t len)
{
	struct sk_buff *skb = control_skb(out, payload, len);

	if (!skb) {
		hpkm_peer_count(out->channel->peer, HPKM_COUNTER_TX_NO_MEMORY);
		return -ENOMEM;
	}
	out->inner.kind = HPKM_KIND_CONTROL;
	if (!out->acknowledges)
		choose_fields(out, len);
	return send(out, skb);
}

int hpkm_channel_send_control(struct hpkm_channel *channel, const u8 *payload, size_t len)
{
	u64 now = hpkm_now();
	struct outgoing out;
	int err = -ENOLINK;

	local_bh_disable();
	rcu_read_lock();
	if (now >= READ_ONCE(channel->send_until))
		err = -EKEYEXPIRED;
	else if (begin(&out, channel, now))
		err = send_control(&out, payload, len);
	/* A keepalive that could not be sent is as good as lost on the way. */
	if (err && !len)
		WRITE_ONCE(channel->unreplied_since, 0);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

/**
 * hpkm_acknowledge_with() - acknowledge in a frame of its own
 * @peer: to whom
 * @ack: from hpkm_receipt_take()
 * @now: nanoseconds
 *
 * If it cannot be sent it is as if it had been lost on the way.  Context:
 * bottom halves disabled, RCU read side.
 */
void hpkm_acknowledge_with(struct hpkm_peer *peer, const struct hpkm_acknowledgement *ack,
			   u64 now)
{
	struct hpkm_channel *channel = hpkm_channel_to_send(peer, now);
	struct outgoing out;

	if (!channel || !begin(&out, channel, now))
		return;
	out.acknowledges = true;
	out.ack = *ack;
	send_control(&out, NULL, 0);
}

static bool take_due(struct hpkm_peer *peer, struct hpkm_acknowledgement *ack, u64 now)
{
	bool taken;

	spin_lock_bh(&peer->data_lock);
	taken = peer->receipt.due <= now && hpkm_receipt_take(&peer->receipt, ack);
	spin_unlock_bh(&peer->data_lock);
	return taken;
}

/**
 * hpkm_acknowledge() - send the acknowledgements that are due
 * @peer: to whom
 * @now: nanoseconds
 *
 * Without a session they stay due.  Context: bottom halves disabled, RCU read
 * side.
 */
void hpkm_acknowledge(struct hpkm_peer *peer, u64 now)
{
	struct hpkm_acknowledgement ack;

	if (!hpkm_channel_to_send(peer, now))
		return;
	while (take_due(peer, &ack, now))
		hpkm_acknowledge_with(peer, &ack, now);
}
