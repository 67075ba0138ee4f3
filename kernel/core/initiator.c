// SPDX-License-Identifier: GPL-2.0
/*
 * Algorithm 1a: P2P Key Exchange, Initiator.
 *
 * The comments name the algorithm's lines.  Its Receive(timeout) and return
 * FAIL (lines 5-8, 14-17) are here a state that waits and gives up after
 * HPKM_ATTEMPT_FAILS, since a kernel does not sit and wait; sending again
 * within that time is this project's addition (protocol section 5.3).
 */
#include <linux/errno.h>
#include <linux/string.h>
#include "frame.h"
#include "initiator.h"

static void sent(struct hpkm_attempt *attempt, u8 type, u64 now)
{
	attempt->len = attempt->x.pair->suite->frame_len[type];
	attempt->first_sent_at = now;
	attempt->sendings = 1;
}

/**
 * hpkm_initiator_start() - lines 1 to 4: make C1
 * @attempt: @attempt->x has the pair of devices, the epoch, the chosen two
 *	elements, the session index and fresh randoms
 * @now: nanoseconds, of a clock that never goes back
 *
 * The frame to send is in @attempt->frame.  Context: any; the caller serialises.
 */
void hpkm_initiator_start(struct hpkm_attempt *attempt, u64 now)
{
	struct hpkm_exchange *x = &attempt->x;

	x->pair->suite->make_c1(x, attempt->frame);		/* 3, 4 */
	attempt->state = HPKM_ATTEMPT_W2;
	attempt->started_at = now;
	sent(attempt, HPKM_C1, now);
}

static int on_c2(struct hpkm_attempt *attempt, const u8 *frame, u64 now)
{
	struct hpkm_exchange *x = &attempt->x;
	const struct hpkm_suite *suite = x->pair->suite;
	int err;

	if (!((const struct hpkm_hd *)frame)->src_sid)
		return -EBADMSG;
	err = suite->open_c2(x, frame);				/* 9, 10 */
	if (err)
		return err;
	suite->make_c3(x, attempt->frame);			/* 12, 13 */
	attempt->state = HPKM_ATTEMPT_W4;
	sent(attempt, HPKM_C3, now);
	return 0;
}

static int on_c4(struct hpkm_attempt *attempt, const u8 *frame, u64 now)
{
	struct hpkm_exchange *x = &attempt->x;
	const struct hpkm_suite *suite = x->pair->suite;
	int err = suite->open_c4(x, frame);			/* 18 */

	if (err)
		return err;
	suite->make_c5(x, attempt->frame);			/* 19, 20 */
	attempt->state = HPKM_ATTEMPT_WA;
	sent(attempt, HPKM_C5, now);
	return 0;
}

/**
 * hpkm_initiator_receive() - lines 5 to 21: what arrived for this attempt
 * @attempt: a running one
 * @frame: C2, C4 or ACK, header checked, of the suite's fixed size at least
 * @now: nanoseconds
 *
 * Return: 0 when it was taken: after C2 and C4 @attempt->frame is to be sent,
 * after ACK the exchange is complete (line 21).  -EPROTO when it is not what
 * is waited for, or the suite's error when it does not open; the attempt then
 * goes on as if nothing had come.  Context: any; the caller serialises.
 */
int hpkm_initiator_receive(struct hpkm_attempt *attempt, const u8 *frame, u64 now)
{
	u8 type = ((const struct hpkm_hd *)frame)->type;

	if (type == HPKM_C2 && attempt->state == HPKM_ATTEMPT_W2)
		return on_c2(attempt, frame, now);
	if (type == HPKM_C4 && attempt->state == HPKM_ATTEMPT_W4)
		return on_c4(attempt, frame, now);
	if (type == HPKM_ACK && attempt->state == HPKM_ATTEMPT_WA)
		return attempt->x.pair->suite->open_ack(&attempt->x, frame);
	return -EPROTO;
}

/**
 * hpkm_initiator_deadline() - when to resend or give up
 * @attempt: any
 *
 * Return: nanoseconds, HPKM_NEVER when none runs.  Context: any.
 */
u64 hpkm_initiator_deadline(const struct hpkm_attempt *attempt)
{
	if (attempt->state == HPKM_ATTEMPT_NONE)
		return HPKM_NEVER;
	if (attempt->sendings == 1)
		return attempt->first_sent_at + HPKM_RESEND_1;
	if (attempt->sendings == 2)
		return attempt->first_sent_at + HPKM_RESEND_2;
	return attempt->first_sent_at + HPKM_ATTEMPT_FAILS;
}

/**
 * hpkm_initiator_failed() - lines 7, 16 and 25: nothing came in time
 * @attempt: any
 * @now: nanoseconds
 *
 * Context: any.
 */
bool hpkm_initiator_failed(const struct hpkm_attempt *attempt, u64 now)
{
	return attempt->state != HPKM_ATTEMPT_NONE &&
	       now >= attempt->first_sent_at + HPKM_ATTEMPT_FAILS;
}

/**
 * hpkm_initiator_resend() - whether the last frame is due again
 * @attempt: any
 * @now: nanoseconds
 *
 * Counts the sending.  Return: true when @attempt->frame is to be sent now.
 * Context: any; the caller serialises.
 */
bool hpkm_initiator_resend(struct hpkm_attempt *attempt, u64 now)
{
	if (attempt->sendings > 2 || now < hpkm_initiator_deadline(attempt))
		return false;
	attempt->sendings++;
	return true;
}
