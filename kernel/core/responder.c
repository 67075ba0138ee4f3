// SPDX-License-Identifier: GPL-2.0
/*
 * Algorithm 1b: P2P Key Exchange, Responder.
 *
 * The comments name the algorithm's lines.  Its Receive(timeout) and return
 * FAIL (lines 2-5, 14-17, 22-25) are here a state that the machine gives up
 * HPKM_HALF_OPEN_LIFE after its last new message.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include "frame.h"
#include "responder.h"

static const struct hpkm_suite *suite_of(const struct hpkm_half_open *half)
{
	return half->x.pair->suite;
}

static void answered(struct hpkm_half_open *half, const u8 *frame, u64 now)
{
	u8 type = ((const struct hpkm_hd *)frame)->type;

	memcpy(half->input, frame, suite_of(half)->frame_len[type]);
	half->changed_at = now;
}

/**
 * hpkm_responder_start() - lines 6 to 13: answer C1
 * @half: unused; @half->x has the pair of devices, the epoch to try, the own
 *	session index and fresh randoms
 * @c1: header checked, of the suite's fixed size at least
 * @now: nanoseconds, of a clock that never goes back
 *
 * Return: 0 and C2 in @half->reply; -ENOKEY when C1 is not under this epoch
 * (line 8) or the suite's error; @half is then still unused.  Context: any;
 * the caller serialises.
 */
int hpkm_responder_start(struct hpkm_half_open *half, const u8 *c1, u64 now)
{
	struct hpkm_exchange *x = &half->x;
	const struct hpkm_suite *suite = suite_of(half);
	int err;

	x->initiator_sid = le32_to_cpu(((const struct hpkm_hd *)c1)->src_sid);
	if (!x->initiator_sid)
		return -EBADMSG;
	err = suite->open_c1(x, c1);				/* 6 - 10 */
	if (err)
		return err;
	err = suite->make_c2(x, half->reply);			/* 12, 13 */
	if (err)
		return err;
	half->state = HPKM_HALF_OPEN_W3;
	answered(half, c1, now);
	return 0;
}

static int on_c3(struct hpkm_half_open *half, const u8 *frame, u64 now)
{
	int err = suite_of(half)->open_c3(&half->x, frame);	/* 18 */

	if (err)
		return err;
	suite_of(half)->make_c4(&half->x, half->reply);		/* 20, 21 */
	half->state = HPKM_HALF_OPEN_W5;
	answered(half, frame, now);
	return 0;
}

static int on_c5(struct hpkm_half_open *half, const u8 *frame, u64 now)
{
	int err = suite_of(half)->open_c5(&half->x, frame);	/* 26, 27 */

	if (err)
		return err;
	suite_of(half)->make_ack(&half->x, half->reply);	/* 29 */
	answered(half, frame, now);
	return 0;
}

/**
 * hpkm_responder_receive() - lines 14 to 33: what arrived for this exchange
 * @half: in use
 * @frame: C3 or C5, header checked, of the suite's fixed size at least
 * @now: nanoseconds
 *
 * Return: 0 when it was taken: @half->reply is to be sent, and after C5 the
 * exchange is complete (lines 28 to 30: the caller stores the keys before it
 * sends the reply).  -EPROTO when it is not what is waited for, or the suite's
 * error when it does not open; the exchange then goes on as if nothing had
 * come.  Context: any; the caller serialises.
 */
int hpkm_responder_receive(struct hpkm_half_open *half, const u8 *frame, u64 now)
{
	u8 type = ((const struct hpkm_hd *)frame)->type;

	if (type == HPKM_C3 && half->state == HPKM_HALF_OPEN_W3)
		return on_c3(half, frame, now);
	if (type == HPKM_C5 && half->state == HPKM_HALF_OPEN_W5)
		return on_c5(half, frame, now);
	return -EPROTO;
}

/**
 * hpkm_responder_repeated() - the same message as last time
 * @half: any
 * @frame: C1, C3 or C5, of the suite's fixed size at least
 *
 * Return: true when @half->reply is to be sent again.  Context: any.
 */
bool hpkm_responder_repeated(const struct hpkm_half_open *half, const u8 *frame)
{
	u8 type = ((const struct hpkm_hd *)frame)->type;

	return half->state != HPKM_HALF_OPEN_NONE &&
	       !memcmp(half->input, frame, suite_of(half)->frame_len[type]);
}
