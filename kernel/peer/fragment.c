// SPDX-License-Identifier: GPL-2.0
/* Frames carried in two are put together: what core/reassembly.c says, done to skbs. */
#include "data.h"

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
	struct hpkm_inner rest;

	if (hpkm_reassembly_rest(&rest, (*first)->data, (*first)->len, last->data, last->len))
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
		.frame = skb,
		.counter = counter,
		.own_sid = channel->control.own_sid,
		.first = first,
	};
	struct sk_buff *other;
	void *displaced;

	spin_lock_bh(&peer->data_lock);
	other = hpkm_reassembly_add(&peer->reassembly, &half, now, &displaced);
	if (!other)
		hpkm_data_kick(peer, now + HPKM_FRAGMENT_LIFE, now);
	spin_unlock_bh(&peer->data_lock);

	if (displaced)
		drop(peer, displaced, HPKM_COUNTER_RX_FRAGMENT);
	if (!other)
		return NULL;
	return first ? join_or_drop(peer, skb, other) : join_or_drop(peer, other, skb);
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
		skb = hpkm_reassembly_expire(&peer->reassembly, now);
		spin_unlock_bh(&peer->data_lock);
		if (skb)
			drop(peer, skb, HPKM_COUNTER_RX_FRAGMENT);
	} while (skb);
}
