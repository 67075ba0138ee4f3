// SPDX-License-Identifier: GPL-2.0
/* Halves of frames carried in two, which wait for each other: protocol section 6. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include "reassembly.h"

static bool belong_together(const struct hpkm_fragment *one, const struct hpkm_fragment *other)
{
	const struct hpkm_fragment *first = one->first ? one : other;
	const struct hpkm_fragment *last = one->first ? other : one;

	return one->first != other->first && one->own_sid == other->own_sid &&
	       first->counter + 1 == last->counter;
}

static void *take(struct hpkm_fragment *fragment)
{
	void *frame = fragment->frame;

	fragment->frame = NULL;
	return frame;
}

static void *take_other(struct hpkm_reassembly *reassembly, const struct hpkm_fragment *half)
{
	struct hpkm_fragment *at, *end = reassembly->waiting + HPKM_FRAGMENTS;

	for (at = reassembly->waiting; at < end; at++)
		if (at->frame && belong_together(at, half))
			return take(at);
	return NULL;
}

/* An unused place, else that of the half that has waited longest. */
static struct hpkm_fragment *place(struct hpkm_reassembly *reassembly)
{
	struct hpkm_fragment *at, *end = reassembly->waiting + HPKM_FRAGMENTS;
	struct hpkm_fragment *oldest = reassembly->waiting;

	for (at = reassembly->waiting; at < end; at++) {
		if (!at->frame)
			return at;
		if (at->expires < oldest->expires)
			oldest = at;
	}
	return oldest;
}

/**
 * hpkm_reassembly_add() - one half arrived
 * @reassembly: the peer's
 * @half: which, all but when it expires; no two have the same session and counter
 * @now: nanoseconds
 * @displaced: receives the frame of a half that had to make room and is the caller's
 *	again, or NULL
 *
 * Return: the frame of the other half, which waits no more; both are the caller's.  Or
 * NULL, and @half waits for HPKM_FRAGMENT_LIFE.  Context: any, serialised by the owner.
 */
void *hpkm_reassembly_add(struct hpkm_reassembly *reassembly, const struct hpkm_fragment *half,
			  u64 now, void **displaced)
{
	void *other = take_other(reassembly, half);
	struct hpkm_fragment *at;

	*displaced = NULL;
	if (other)
		return other;
	at = place(reassembly);
	*displaced = at->frame;
	*at = *half;
	at->expires = now + HPKM_FRAGMENT_LIFE;
	return NULL;
}

/**
 * hpkm_reassembly_expire() - give one half up whose other half did not come
 * @reassembly: the peer's
 * @now: nanoseconds; HPKM_NEVER is later than all
 *
 * Return: its frame, which is the caller's again; NULL when there is none any more.
 * Context: any, serialised by the owner.
 */
void *hpkm_reassembly_expire(struct hpkm_reassembly *reassembly, u64 now)
{
	struct hpkm_fragment *at, *end = reassembly->waiting + HPKM_FRAGMENTS;

	for (at = reassembly->waiting; at < end; at++)
		if (at->frame && now >= at->expires)
			return take(at);
	return NULL;
}

/**
 * hpkm_reassembly_deadline() - when hpkm_reassembly_expire() has something to do
 * @reassembly: the peer's
 *
 * Return: nanoseconds, or HPKM_NEVER.  Context: any, serialised by the owner.
 */
u64 hpkm_reassembly_deadline(const struct hpkm_reassembly *reassembly)
{
	const struct hpkm_fragment *at, *end = reassembly->waiting + HPKM_FRAGMENTS;
	u64 deadline = HPKM_NEVER;

	for (at = reassembly->waiting; at < end; at++)
		if (at->frame)
			deadline = min(deadline, at->expires);
	return deadline;
}

/**
 * hpkm_reassembly_rest() - what the first half lacks
 * @rest: receives the second half, parsed; its payload goes behind the first half, which
 *	then parses as the whole
 * @first: inner contents of a FRAG_FIRST
 * @first_len: octets of it
 * @last: inner contents of the FRAG_LAST that belongs to it by session and counter
 * @last_len: octets of it
 *
 * Return: 0, or -EBADMSG when they are not of one frame.  Context: any.
 */
int hpkm_reassembly_rest(struct hpkm_inner *rest, const u8 *first, size_t first_len,
			 const u8 *last, size_t last_len)
{
	struct hpkm_inner head;

	if (hpkm_inner_parse(&head, first, first_len) || hpkm_inner_parse(rest, last, last_len))
		return -EBADMSG;
	return head.kind == rest->kind && head.proto == rest->proto ? 0 : -EBADMSG;
}
