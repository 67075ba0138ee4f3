// SPDX-License-Identifier: GPL-2.0
/* Frames carried in two: the halves that wait for each other, protocol section 6. */
#include "data.h"

static struct hpkm_fragment *find(struct hpkm_peer *peer, u32 own_sid, u64 counter, bool first)
{
	struct hpkm_fragment *fragment;

	for (fragment = peer->fragments; fragment < peer->fragments + HPKM_FRAGMENTS; fragment++)
		if (fragment->skb && fragment->own_sid == own_sid &&
		    fragment->counter == counter && fragment->first == first)
			return fragment;
	return NULL;
}

/* An unused place, else that of the half that has waited longest. */
static struct hpkm_fragment *place(struct hpkm_peer *peer)
{
	struct hpkm_fragment *fragment, *oldest = peer->fragments;

	for (fragment = peer->fragments; fragment < peer->fragments + HPKM_FRAGMENTS;
	     fragment++) {
		if (!fragment->skb)
			return fragment;
		if (fragment->expires < oldest->expires)
			oldest = fragment;
	}
	return oldest;
}

/* Returns whatever had to go, or NULL. */
static struct sk_buff *keep(struct hpkm_peer *peer, const struct hpkm_fragment *half, u64 now)
{
	struct hpkm_fragment *fragment = place(peer);
	struct sk_buff *displaced = fragment->skb;

	*fragment = *half;
	hpkm_data_kick(peer, half->expires, now);
	return displaced;
}

static struct sk_buff *take_other(struct hpkm_peer *peer, const struct hpkm_fragment *half)
{
	struct hpkm_fragment *other = find(peer, half->own_sid, half->counter, !half->first);
	struct sk_buff *skb;

	if (!other)
		return NULL;
	skb = other->skb;
	other->skb = NULL;
	return skb;
}

static bool same_frame(const struct hpkm_inner *first, const struct hpkm_inner *last)
{
	return first->kind == last->kind && first->proto == last->proto;
}

/* Behind what it has; where there is none, a larger copy takes its place. */
static int make_room(struct sk_buff **skb, size_t len)
{
	struct sk_buff *larger;

	if (skb_tailroom(*skb) >= len)
		return 0;
	larger = skb_copy_expand(*skb, skb_headroom(*skb), len, GFP_ATOMIC);
	if (!larger)
		return -ENOMEM;
	/* Which pskb_expand_head() would not do. */
	hpkm_wipe_skb(*skb);
	consume_skb(*skb);
	*skb = larger;
	return 0;
}

/* Adds the payload of @last to *@first; it then parses as one. */
static enum hpkm_counter join(struct sk_buff **first, const struct sk_buff *last)
{
	struct hpkm_inner head, rest;

	if (hpkm_inner_parse(&head, (*first)->data, (*first)->len) ||
	    hpkm_inner_parse(&rest, last->data, last->len) || !same_frame(&head, &rest))
		return HPKM_COUNTER_RX_MALFORMED;
	if (make_room(first, rest.payload_len))
		return HPKM_COUNTER_RX_NO_MEMORY;
	skb_put_data(*first, rest.payload, rest.payload_len);
	return HPKM_COUNTER_UNSPEC;
}

static void drop(struct hpkm_peer *peer, struct sk_buff *skb, enum hpkm_counter why)
{
	hpkm_peer_count(peer, why);
	hpkm_wipe_skb(skb);
	kfree_skb(skb);
}

/* Consumes both. */
static struct sk_buff *join_or_drop(struct hpkm_peer *peer, struct sk_buff *first,
				    struct sk_buff *last)
{
	enum hpkm_counter why = join(&first, last);

	hpkm_wipe_skb(last);
	if (why == HPKM_COUNTER_UNSPEC) {
		consume_skb(last);
		return first;
	}
	kfree_skb(last);
	drop(peer, first, why);
	return NULL;
}

/**
 * hpkm_fragment_receive() - one half of a frame arrived
 * @channel: in which session
 * @skb: opened, at the inner contents; consumed
 * @inner: parsed
 * @counter: its frame counter
 * @now: nanoseconds
 *
 * Return: the whole frame, at its inner contents, or NULL.  Context: softirq.
 */
struct sk_buff *hpkm_fragment_receive(struct hpkm_channel *channel, struct sk_buff *skb,
				      const struct hpkm_inner *inner, u64 counter, u64 now)
{
	bool first = inner->flags & HPKM_FLAG_FRAG_FIRST;
	struct hpkm_peer *peer = channel->peer;
	struct hpkm_fragment half = {
		.skb = skb,
		.counter = first ? counter : counter - 1,
		.own_sid = channel->control.own_sid,
		.first = first,
		.expires = now + HPKM_FRAGMENT_LIFE,
	};
	struct sk_buff *other, *displaced = NULL;

	spin_lock_bh(&peer->data_lock);
	other = take_other(peer, &half);
	if (!other)
		displaced = keep(peer, &half, now);
	spin_unlock_bh(&peer->data_lock);

	if (displaced)
		drop(peer, displaced, HPKM_COUNTER_RX_FRAGMENT);
	if (!other)
		return NULL;
	return first ? join_or_drop(peer, skb, other) : join_or_drop(peer, other, skb);
}

static struct sk_buff *take_expired(struct hpkm_peer *peer, u64 now)
{
	struct hpkm_fragment *fragment;
	struct sk_buff *skb;

	for (fragment = peer->fragments; fragment < peer->fragments + HPKM_FRAGMENTS;
	     fragment++) {
		skb = fragment->skb;
		if (!skb || now < fragment->expires)
			continue;
		fragment->skb = NULL;
		return skb;
	}
	return NULL;
}

/**
 * hpkm_fragments_expire() - drop halves whose other half did not come
 * @peer: from whom
 * @now: nanoseconds; HPKM_NEVER drops all
 */
void hpkm_fragments_expire(struct hpkm_peer *peer, u64 now)
{
	struct sk_buff *skb;

	do {
		spin_lock_bh(&peer->data_lock);
		skb = take_expired(peer, now);
		spin_unlock_bh(&peer->data_lock);
		if (skb)
			drop(peer, skb, HPKM_COUNTER_RX_FRAGMENT);
	} while (skb);
}

/**
 * hpkm_fragments_deadline() - when hpkm_fragments_expire() has something to do
 * @peer: whose
 *
 * Context: data_lock.
 */
u64 hpkm_fragments_deadline(const struct hpkm_peer *peer)
{
	const struct hpkm_fragment *fragment;
	u64 deadline = HPKM_NEVER;

	for (fragment = peer->fragments; fragment < peer->fragments + HPKM_FRAGMENTS; fragment++)
		if (fragment->skb)
			deadline = min(deadline, fragment->expires);
	return deadline;
}
