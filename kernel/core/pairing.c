// SPDX-License-Identifier: GPL-2.0
/* Pairing: the window, the devices talked to in it, resends and limits. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "dh.h"
#include "frame.h"
#include "pairing.h"
#include "suite.h"

static const char reason_nobody[] =
	"no answer: no other device on this link is pairing";
static const char reason_heard[] =
	"SK differs, or no answer";
static const char reason_equal_id[] =
	"the only other device that is pairing has this one's id: one is a copy of the other";
static const char reason_no_room[] =
	"this device could not take the other in";
static const char reason_pinned[] =
	"the other device is paired under another suite: remove that peer first";
static const char reason_agent[] =
	"the persist agent that keeps the other device's state has gone";
static const char reason_silent[] =
	"the other device has the same SK, but stopped answering";
static const char reason_store[] =
	"the new key could not be stored";

/* Also of suites that this build does not have, for those who are told the wrong one. */
static const char *const suite_names[] = {
	[HPKM_SUITE_XOR] = "xor",
	[HPKM_SUITE_CHACHA20POLY1305] = "chacha20poly1305",
	[HPKM_SUITE_CHACHA20POLY1305_X25519] = "chacha20poly1305-x25519",
};

/* After the first sending; P5 goes on each second. */
static const u64 resend_times[] = {
	0, HPKM_UPDATE_RESEND_1, HPKM_UPDATE_RESEND_2, HPKM_UPDATE_RESEND_3,
};

static const struct hpkm_pairing_hello *hello_of(const u8 *frame)
{
	return (const struct hpkm_pairing_hello *)frame;
}

static size_t fixed_len(u8 type)
{
	switch (type) {
	case HPKM_P1:
	case HPKM_P2:
		return HPKM_HELLO_LEN;
	case HPKM_P3:
	case HPKM_P4:
		return HPKM_OFFER_LEN;
	case HPKM_P5:
	case HPKM_P6:
		return HPKM_FINISH_LEN;
	default:
		return 0;
	}
}

static bool is_storing(const struct hpkm_pairing_context *context)
{
	return context->state == HPKM_PAIRING_A_STORE || context->state == HPKM_PAIRING_B_STORE;
}

/* The other is known to have the same SK. */
static bool is_proven(const struct hpkm_pairing_context *context)
{
	return is_storing(context) || context->state == HPKM_PAIRING_A_P6 ||
	       context->state == HPKM_PAIRING_B_BUSY || context->state == HPKM_PAIRING_B_P5;
}

/* P1 was answered, and its answer too. */
static bool is_own_run(const struct hpkm_pairing_context *context)
{
	return context->state == HPKM_PAIRING_A_P4 || context->state == HPKM_PAIRING_A_STORE ||
	       context->state == HPKM_PAIRING_A_P6;
}

/*
 * Each window begins with a P1, so both have sent one: the smaller id is A,
 * whose P1 is answered, and the larger one's P1 is not.
 */
static bool is_initiator(const struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	return memcmp(pairing->own, id, HPKM_ID_LEN) < 0;
}

static bool is_input(const struct hpkm_pairing_context *context, const u8 *frame)
{
	return !memcmp(context->input, frame, fixed_len(frame[0]));
}

static void note(struct hpkm_pairing *pairing, enum hpkm_pairing_progress progress)
{
	if (progress > pairing->progress)
		pairing->progress = progress;
}

static void note_proven(struct hpkm_pairing *pairing, const struct hpkm_pairing_context *context)
{
	note(pairing, HPKM_PAIRING_PROVEN);
	memcpy(pairing->proven_id, context->id, HPKM_ID_LEN);
}

static struct hpkm_pairing_context *find_address(struct hpkm_pairing *pairing,
						 const u8 address[HPKM_ADDRESS_LEN])
{
	struct hpkm_pairing_context *context = pairing->context;
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++, context++)
		if (context->state != HPKM_PAIRING_FREE &&
		    !memcmp(context->address, address, HPKM_ADDRESS_LEN))
			return context;
	return NULL;
}

static struct hpkm_pairing_context *claim(struct hpkm_pairing *pairing, const u8 *hello,
					  const u8 address[HPKM_ADDRESS_LEN])
{
	struct hpkm_pairing_context *context = pairing->context;
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++, context++)
		if (context->state == HPKM_PAIRING_FREE)
			break;
	if (i == HPKM_PAIR_CONTEXTS)
		return NULL;
	memcpy(context->address, address, HPKM_ADDRESS_LEN);
	memcpy(context->id, hello_of(hello)->id, HPKM_ID_LEN);
	context->run.suite = pairing->suite;
	context->run.initiator = is_initiator(pairing, context->id);
	return context;
}

/* Another context, from another address, that claims to be the same device. */
static struct hpkm_pairing_context *
find_twin(struct hpkm_pairing *pairing, const struct hpkm_pairing_context *context,
	  bool (*wanted)(const struct hpkm_pairing_context *twin))
{
	struct hpkm_pairing_context *twin = pairing->context;
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++, twin++)
		if (twin != context && wanted(twin) && !memcmp(twin->id, context->id, HPKM_ID_LEN))
			return twin;
	return NULL;
}

static bool has_begun(const struct hpkm_pairing_context *context)
{
	return context->begun;
}

static void release(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context)
{
	bool ends = context->begun && !find_twin(pairing, context, has_begun);
	u8 id[HPKM_ID_LEN];

	memcpy(id, context->id, HPKM_ID_LEN);
	memzero_explicit(context, sizeof(*context));
	if (ends)
		pairing->ops->end(pairing, id);
}

static void end_window(struct hpkm_pairing *pairing)
{
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		if (pairing->context[i].state != HPKM_PAIRING_FREE)
			release(pairing, &pairing->context[i]);
	memzero_explicit(pairing->sk, sizeof(pairing->sk));
	memzero_explicit(pairing->generator, sizeof(pairing->generator));
	memzero_explicit(pairing->scalar, sizeof(pairing->scalar));
	pairing->answers = 0;
	pairing->trials = 0;
	pairing->progress = HPKM_PAIRING_NOBODY;
	pairing->suite = NULL;
}

static void fail(struct hpkm_pairing *pairing, const u8 *id, const char *reason)
{
	u8 copy[HPKM_ID_LEN];

	/* It may be in what is wiped. */
	if (id)
		memcpy(copy, id, HPKM_ID_LEN);
	end_window(pairing);
	pairing->ops->failed(pairing, id ? copy : NULL, reason);
}

static void succeed(struct hpkm_pairing *pairing, const struct hpkm_pairing_context *context)
{
	u8 id[HPKM_ID_LEN];

	memcpy(id, context->id, HPKM_ID_LEN);
	end_window(pairing);
	pairing->ops->succeeded(pairing, id);
}

static const char *other_suite_reason(struct hpkm_pairing *pairing)
{
	u8 other = pairing->other_suite;

	snprintf(pairing->reason, sizeof(pairing->reason),
		 "the other device offers suite %u (%s), this one was told %s", other,
		 other < ARRAY_SIZE(suite_names) ? suite_names[other] : "unknown",
		 pairing->suite->name);
	return pairing->reason;
}

static const char *reason(struct hpkm_pairing *pairing)
{
	switch (pairing->progress) {
	case HPKM_PAIRING_EQUAL_ID:
		return reason_equal_id;
	case HPKM_PAIRING_OTHER_SUITE:
		return other_suite_reason(pairing);
	case HPKM_PAIRING_HEARD:
		return reason_heard;
	case HPKM_PAIRING_NOT_BEGUN:
		return pairing->refusal;
	case HPKM_PAIRING_PROVEN:
		return reason_silent;
	default:
		return reason_nobody;
	}
}

static bool is_spent(const struct hpkm_pairing *pairing)
{
	return pairing->answers == HPKM_PAIR_ATTEMPTS || pairing->trials == HPKM_PAIR_ATTEMPTS;
}

/* Nobody is left who could still pair in this window. */
static bool is_over(const struct hpkm_pairing *pairing, u64 now)
{
	bool closed = now >= pairing->closes_at;
	size_t i;

	if (!closed && !is_spent(pairing))
		return false;
	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++) {
		const struct hpkm_pairing_context *context = &pairing->context[i];

		if (is_proven(context) || (!closed && context->attempted))
			return false;
	}
	return true;
}

static u64 expires_at(const struct hpkm_pairing_context *context)
{
	if (context->state == HPKM_PAIRING_FREE || is_storing(context))
		return HPKM_NEVER;
	return context->changed_at + HPKM_PAIR_CONTEXT_LIFE;
}

static void expire(struct hpkm_pairing *pairing, u64 now)
{
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		if (expires_at(&pairing->context[i]) <= now)
			release(pairing, &pairing->context[i]);
	if (is_over(pairing, now))
		fail(pairing, pairing->progress == HPKM_PAIRING_PROVEN ? pairing->proven_id : NULL,
		     reason(pairing));
}

static u64 resend_at(const struct hpkm_pairing_context *context)
{
	const u32 last = ARRAY_SIZE(resend_times) - 1;
	u32 n = context->sendings;

	if (context->state != HPKM_PAIRING_A_P4 && context->state != HPKM_PAIRING_A_P6)
		return HPKM_NEVER;
	if (n <= last)
		return context->first_sent_at + resend_times[n];
	if (context->state == HPKM_PAIRING_A_P4)
		return HPKM_NEVER;
	return context->first_sent_at + resend_times[last] +
	       (n - last) * HPKM_UPDATE_RESEND_EVERY;
}

static void reply(struct hpkm_pairing *pairing, const struct hpkm_pairing_context *context)
{
	pairing->ops->transmit(pairing, context->reply, context->reply_len, context->address);
}

static void resend(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context, u64 now)
{
	if (resend_at(context) > now)
		return;
	reply(pairing, context);
	/* Once, however many times were missed. */
	while (resend_at(context) <= now)
		context->sendings++;
}

/* P1 is sent until it is answered, and again when that came to nothing. */
static bool wants_hello(const struct hpkm_pairing *pairing)
{
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		if (is_own_run(&pairing->context[i]))
			return false;
	return true;
}

static void send_hello(struct hpkm_pairing *pairing, u64 now)
{
	if (now >= pairing->closes_at)
		pairing->hello_at = HPKM_NEVER;
	if (pairing->hello_at > now || !wants_hello(pairing))
		return;
	pairing->ops->transmit(pairing, pairing->hello, HPKM_HELLO_LEN, NULL);
	pairing->hello_sent_at = now;
	pairing->hello_at = now + HPKM_PAIR_HELLO_EVERY;
}

/* Who is to answer may not have been there when it was last asked. */
static void hello_again(struct hpkm_pairing *pairing, u64 now)
{
	u64 soon = max(now, pairing->hello_sent_at + HPKM_PAIR_HELLO_APART);

	if (pairing->answers == HPKM_PAIR_ATTEMPTS)
		return;
	pairing->hello_at = min(pairing->hello_at, soon);
	send_hello(pairing, now);
}

static void take(struct hpkm_pairing_context *context, const u8 *frame,
		 enum hpkm_pairing_state state, u64 now)
{
	memcpy(context->input, frame, fixed_len(frame[0]));
	context->state = state;
	context->changed_at = now;
}

/* The first of several sendings: P3 or P5. */
static void send_first(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context,
		       enum hpkm_pairing_state state, u64 now)
{
	context->state = state;
	context->first_sent_at = now;
	context->sendings = 1;
	reply(pairing, context);
}

static const struct hpkm_pairing_offer *own_offer(const struct hpkm_pairing_context *context)
{
	return context->run.initiator ? &context->run.offer_a : &context->run.offer_b;
}

static int begin(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context,
		 u8 kids[3][HPKM_KID_LEN])
{
	const struct hpkm_pairing_context *twin = find_twin(pairing, context, has_begun);
	int err = 0;

	if (twin)
		memcpy(kids, own_offer(twin)->kids, sizeof(twin->run.offer_a.kids));
	else
		err = pairing->ops->begin(pairing, context->id, kids);
	context->begun = !err;
	return err;
}

static const char *refusal(int err)
{
	if (err == -ENOTCONN)
		return reason_agent;
	return err == -EPERM ? reason_pinned : reason_no_room;
}

static void fill_offer(struct hpkm_pairing *pairing, struct hpkm_pairing_offer *offer)
{
	offer->time = cpu_to_le64(pairing->ops->wall_clock(pairing));
	pairing->ops->location(pairing, offer->location);
	pairing->ops->random(pairing, offer->random, sizeof(offer->random));
}

/* A: P3, unless the pair is FROZEN; then P2 will come again. */
static enum hpkm_pairing_verdict send_p3(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, u64 now)
{
	struct hpkm_pairing_run *run = &context->run;
	int err;

	if (pairing->answers == HPKM_PAIR_ATTEMPTS)
		return HPKM_PAIRING_IGNORED;
	err = begin(pairing, context, run->offer_a.kids);
	if (err == -EBUSY)
		return HPKM_PAIRING_IGNORED;
	if (err) {
		note(pairing, HPKM_PAIRING_NOT_BEGUN);
		pairing->refusal = refusal(err);
		release(pairing, context);
		return HPKM_PAIRING_IGNORED;
	}
	fill_offer(pairing, &run->offer_a);
	memcpy(pairing->answered[pairing->answers++], context->input, HPKM_HELLO_LEN);
	context->attempted = true;
	hpkm_pairing_make_p3(run, context->reply);
	context->reply_len = HPKM_OFFER_LEN;
	send_first(pairing, context, HPKM_PAIRING_A_P4, now);
	return HPKM_PAIRING_TAKEN;
}

/* B: P4, unless the pair is FROZEN; then P3 will come again. */
static enum hpkm_pairing_verdict send_p4(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context)
{
	struct hpkm_pairing_run *run = &context->run;
	int err = begin(pairing, context, run->offer_b.kids);

	if (err == -EBUSY)
		return HPKM_PAIRING_IGNORED;
	if (err) {
		fail(pairing, context->id, refusal(err));
		return HPKM_PAIRING_TAKEN;
	}
	fill_offer(pairing, &run->offer_b);
	hpkm_pairing_make_p4(run, context->reply);
	context->reply_len = HPKM_OFFER_LEN;
	context->state = HPKM_PAIRING_B_P5;
	reply(pairing, context);
	return HPKM_PAIRING_TAKEN;
}

static void finish_b(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context, u64 now)
{
	struct hpkm_pairing_finished *finished = &pairing->finished;

	finished->until = now + HPKM_PAIR_CONTEXT_LIFE;
	memcpy(finished->address, context->address, HPKM_ADDRESS_LEN);
	memcpy(finished->input, context->input, HPKM_FINISH_LEN);
	memcpy(finished->reply, context->reply, HPKM_FINISH_LEN);
	reply(pairing, context);
	succeed(pairing, context);
}

/* The store said, or says later, what became of the new epoch. */
static void decided(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context, int err,
		    u64 now)
{
	if (err == -EINPROGRESS)
		return;
	if (err) {
		fail(pairing, context->id, reason_store);
	} else if (context->state == HPKM_PAIRING_B_STORE) {
		finish_b(pairing, context, now);
	} else {
		context->changed_at = now;
		send_first(pairing, context, HPKM_PAIRING_A_P6, now);
	}
}

/* P1 or P2: may the two pair at all? */
static bool hello_valid(struct hpkm_pairing *pairing, const u8 *frame)
{
	const struct hpkm_pairing_hello *hello = hello_of(frame);

	if (!memcmp(hello->id, pairing->own, HPKM_ID_LEN)) {
		note(pairing, HPKM_PAIRING_EQUAL_ID);
		return false;
	}
	if (hello->point[HPKM_KEY_LEN - 1] & 0x80)
		return false;
	if (!memcmp(hello->point, hello_of(pairing->hello)->point, HPKM_KEY_LEN))
		return false;
	note(pairing, HPKM_PAIRING_HEARD);
	return true;
}

static enum hpkm_pairing_verdict send_p2(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *p1,
					 u64 now)
{
	u8 point[HPKM_KEY_LEN];

	pairing->ops->random(pairing, context->scalar, sizeof(context->scalar));
	if (hpkm_dh(point, context->scalar, pairing->generator)) {
		release(pairing, context);
		return HPKM_PAIRING_IGNORED;
	}
	hpkm_pairing_make_hello(context->reply, HPKM_P2, pairing->suite, pairing->own, point);
	context->reply_len = HPKM_HELLO_LEN;
	take(context, p1, HPKM_PAIRING_B_P3, now);
	reply(pairing, context);
	return HPKM_PAIRING_TAKEN;
}

static enum hpkm_pairing_verdict take_p1(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame,
					 const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	if (!hello_valid(pairing, frame))
		return HPKM_PAIRING_REFUSED;
	if (context) {
		/* That there is no P3 yet follows from the input. */
		if (!is_input(context, frame))
			return HPKM_PAIRING_IGNORED;
		reply(pairing, context);
		return HPKM_PAIRING_TAKEN;
	}
	if (now >= pairing->closes_at)
		return HPKM_PAIRING_IGNORED;
	if (is_initiator(pairing, hello_of(frame)->id)) {
		hello_again(pairing, now);
		return HPKM_PAIRING_IGNORED;
	}
	if (pairing->trials == HPKM_PAIR_ATTEMPTS)
		return HPKM_PAIRING_IGNORED;
	context = claim(pairing, frame, src);
	if (!context)
		return HPKM_PAIRING_IGNORED;
	return send_p2(pairing, context, frame, now);
}

/* Its key sealed a P3 already, and may not seal another. */
static bool was_answered(const struct hpkm_pairing *pairing, const u8 *p2)
{
	size_t i;

	for (i = 0; i < pairing->answers; i++)
		if (!memcmp(pairing->answered[i], p2, HPKM_HELLO_LEN))
			return true;
	return false;
}

static enum hpkm_pairing_verdict take_p2(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame,
					 const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	if (!hello_valid(pairing, frame))
		return HPKM_PAIRING_REFUSED;
	if (context) {
		if (context->state != HPKM_PAIRING_A_BUSY || !is_input(context, frame))
			return HPKM_PAIRING_IGNORED;
		return send_p3(pairing, context, now);
	}
	if (!is_initiator(pairing, hello_of(frame)->id) || now >= pairing->closes_at ||
	    pairing->answers == HPKM_PAIR_ATTEMPTS || was_answered(pairing, frame))
		return HPKM_PAIRING_IGNORED;
	context = claim(pairing, frame, src);
	if (!context)
		return HPKM_PAIRING_IGNORED;
	take(context, frame, HPKM_PAIRING_A_BUSY, now);
	if (hpkm_pairing_agree(&context->run, pairing->sk, pairing->scalar, pairing->hello,
			       frame)) {
		release(pairing, context);
		return HPKM_PAIRING_REFUSED;
	}
	return send_p3(pairing, context, now);
}

/* Each device that is let to try P3 can test one guess at SK. */
static int start_trial(struct hpkm_pairing *pairing, struct hpkm_pairing_context *context)
{
	int err;

	if (context->attempted)
		return 0;
	if (pairing->trials == HPKM_PAIR_ATTEMPTS)
		return -EBUSY;
	pairing->trials++;
	context->attempted = true;
	err = hpkm_pairing_agree(&context->run, pairing->sk, context->scalar, context->input,
				 context->reply);
	memzero_explicit(context->scalar, sizeof(context->scalar));
	if (err)
		release(pairing, context);
	return err;
}

static enum hpkm_pairing_verdict try_p3(struct hpkm_pairing *pairing,
					struct hpkm_pairing_context *context, const u8 *frame,
					u64 now)
{
	int err;

	if (find_twin(pairing, context, is_proven))
		return HPKM_PAIRING_IGNORED;
	err = start_trial(pairing, context);
	if (err == -EBUSY)
		return HPKM_PAIRING_IGNORED;
	if (err || hpkm_pairing_open_p3(&context->run, frame))
		return HPKM_PAIRING_REFUSED;
	note_proven(pairing, context);
	take(context, frame, HPKM_PAIRING_B_BUSY, now);
	return send_p4(pairing, context);
}

static enum hpkm_pairing_verdict take_p3(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame,
					 u64 now)
{
	if (context->state == HPKM_PAIRING_B_P3)
		return try_p3(pairing, context, frame, now);
	if (!is_input(context, frame))
		return HPKM_PAIRING_REFUSED;
	if (context->state == HPKM_PAIRING_B_BUSY)
		return send_p4(pairing, context);
	/* In B_STORE the input is P5 already. */
	reply(pairing, context);
	return HPKM_PAIRING_TAKEN;
}

static enum hpkm_pairing_verdict take_p4(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame,
					 u64 now)
{
	struct hpkm_pairing_run *run = &context->run;
	struct hpkm_epoch epoch;
	int err;

	if (context->state != HPKM_PAIRING_A_P4)
		return is_input(context, frame) ? HPKM_PAIRING_IGNORED : HPKM_PAIRING_REFUSED;
	if (find_twin(pairing, context, is_proven))
		return HPKM_PAIRING_IGNORED;
	if (hpkm_pairing_open_p4(run, frame))
		return HPKM_PAIRING_REFUSED;
	note_proven(pairing, context);
	take(context, frame, HPKM_PAIRING_A_STORE, now);
	hpkm_pairing_make_p5(run, context->reply);
	context->reply_len = HPKM_FINISH_LEN;
	hpkm_pairing_epoch(run, pairing->sk, &epoch);
	err = pairing->ops->store_fresh(pairing, context->id, &epoch, run->offer_b.kids,
					context->address);
	memzero_explicit(&epoch, sizeof(epoch));
	decided(pairing, context, err, now);
	return HPKM_PAIRING_TAKEN;
}

static enum hpkm_pairing_verdict take_p5(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame,
					 u64 now)
{
	struct hpkm_pairing_run *run = &context->run;
	struct hpkm_epoch epoch;
	int err;

	if (context->state != HPKM_PAIRING_B_P5)
		return is_input(context, frame) ? HPKM_PAIRING_IGNORED : HPKM_PAIRING_REFUSED;
	if (hpkm_pairing_open_p5(run, frame))
		return HPKM_PAIRING_REFUSED;
	take(context, frame, HPKM_PAIRING_B_STORE, now);
	hpkm_pairing_epoch(run, pairing->sk, &epoch);
	hpkm_pairing_make_p6(run, context->reply);
	context->reply_len = HPKM_FINISH_LEN;
	err = pairing->ops->replace(pairing, context->id, &epoch, context->address);
	memzero_explicit(&epoch, sizeof(epoch));
	decided(pairing, context, err, now);
	return HPKM_PAIRING_TAKEN;
}

static enum hpkm_pairing_verdict take_p6(struct hpkm_pairing *pairing,
					 struct hpkm_pairing_context *context, const u8 *frame)
{
	if (context->state != HPKM_PAIRING_A_P6 || hpkm_pairing_open_p6(&context->run, frame))
		return HPKM_PAIRING_REFUSED;
	pairing->ops->confirm(pairing, context->id);
	succeed(pairing, context);
	return HPKM_PAIRING_TAKEN;
}

/* All but the suite is zero in a pairing header. */
static bool header_valid(struct hpkm_pairing *pairing, const u8 *frame, size_t len)
{
	u8 type = frame[0];
	struct hpkm_hd expected;
	size_t fixed = fixed_len(type);
	u8 suite;

	if (!fixed || len < fixed)
		return false;
	suite = hello_of(frame)->hd.suite;
	hpkm_hd_write(&expected, type, suite, 0, 0);
	if (memcmp(frame, &expected, HPKM_HD_LEN))
		return false;
	if (suite == pairing->suite->id)
		return true;
	if (type == HPKM_P1 || type == HPKM_P2) {
		note(pairing, HPKM_PAIRING_OTHER_SUITE);
		pairing->other_suite = suite;
	}
	return false;
}

static enum hpkm_pairing_verdict dispatch(struct hpkm_pairing *pairing, const u8 *frame,
					  const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	struct hpkm_pairing_context *context = find_address(pairing, src);

	if (frame[0] == HPKM_P1)
		return take_p1(pairing, context, frame, src, now);
	if (frame[0] == HPKM_P2)
		return take_p2(pairing, context, frame, src, now);
	if (!context)
		return HPKM_PAIRING_REFUSED;
	switch (frame[0]) {
	case HPKM_P3:
		return take_p3(pairing, context, frame, now);
	case HPKM_P4:
		return take_p4(pairing, context, frame, now);
	case HPKM_P5:
		return take_p5(pairing, context, frame, now);
	default:
		return take_p6(pairing, context, frame);
	}
}

/* P6 was lost, and with it went the window. */
static bool repeats_finished(const struct hpkm_pairing *pairing, const u8 *frame, size_t len,
			     const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	const struct hpkm_pairing_finished *finished = &pairing->finished;

	return now < finished->until && len >= HPKM_FINISH_LEN &&
	       !memcmp(src, finished->address, HPKM_ADDRESS_LEN) &&
	       !memcmp(frame, finished->input, HPKM_FINISH_LEN);
}

/**
 * hpkm_pairing_init() - no window is open
 * @pairing: what to fill
 * @ops: how to act
 * @own: this device's id
 *
 * Context: any.
 */
void hpkm_pairing_init(struct hpkm_pairing *pairing, const struct hpkm_pairing_ops *ops,
		       const u8 own[HPKM_ID_LEN])
{
	memset(pairing, 0, sizeof(*pairing));
	pairing->ops = ops;
	memcpy(pairing->own, own, HPKM_ID_LEN);
}

/**
 * hpkm_pairing_open() - open the window and send P1
 * @pairing: the link's pairing
 * @suite: enum hpkm_suite_id; nothing else is accepted from others
 * @sk: the stretched SK, copied
 * @window_ns: for how long new devices are taken
 * @now: nanoseconds
 *
 * Return: 0; -EBUSY one is open; -EOPNOTSUPP this build has no such suite;
 * -EKEYREJECTED this SK cannot be used.  Context: the caller serialises.
 */
int hpkm_pairing_open(struct hpkm_pairing *pairing, u8 suite, const u8 sk[HPKM_SK_LEN],
		      u64 window_ns, u64 now)
{
	const struct hpkm_suite *found = hpkm_suite_by_id(suite);
	u8 point[HPKM_KEY_LEN];

	if (hpkm_pairing_is_open(pairing))
		return -EBUSY;
	if (!found)
		return -EOPNOTSUPP;
	memcpy(pairing->sk, sk, HPKM_SK_LEN);
	hpkm_pairing_generator(pairing->generator, sk);
	pairing->ops->random(pairing, pairing->scalar, sizeof(pairing->scalar));
	if (hpkm_dh(point, pairing->scalar, pairing->generator)) {
		end_window(pairing);
		return -EKEYREJECTED;
	}
	hpkm_pairing_make_hello(pairing->hello, HPKM_P1, found, pairing->own, point);
	pairing->suite = found;
	pairing->closes_at = now + window_ns;
	pairing->hello_at = now;
	send_hello(pairing, now);
	return 0;
}

/**
 * hpkm_pairing_close() - end the window from outside
 * @pairing: the link's pairing
 * @reason: why it fails, for ops->failed(); NULL: quietly
 *
 * Wipes every secret.  Does nothing when no window is open.  A P5 that was
 * answered within the last seconds is still answered again.
 * Context: the caller serialises.
 */
void hpkm_pairing_close(struct hpkm_pairing *pairing, const char *reason)
{
	if (!hpkm_pairing_is_open(pairing))
		return;
	if (reason)
		fail(pairing, NULL, reason);
	else
		end_window(pairing);
}

/**
 * hpkm_pairing_receive() - one of P1..P6 arrived
 * @pairing: the link's pairing
 * @frame: header first, checked by hpkm_hd_check()
 * @len: octets, padding included
 * @src: where it came from, unauthenticated
 * @now: nanoseconds
 *
 * Return: what became of it, to be counted.  Context: the caller serialises;
 * takes up to two DH computations.
 */
enum hpkm_pairing_verdict hpkm_pairing_receive(struct hpkm_pairing *pairing, const u8 *frame,
					       size_t len, const u8 src[HPKM_ADDRESS_LEN],
					       u64 now)
{
	hpkm_pairing_tick(pairing, now);
	if (repeats_finished(pairing, frame, len, src, now)) {
		pairing->ops->transmit(pairing, pairing->finished.reply, HPKM_FINISH_LEN, src);
		return HPKM_PAIRING_TAKEN;
	}
	if (!hpkm_pairing_is_open(pairing) || !header_valid(pairing, frame, len))
		return HPKM_PAIRING_REFUSED;
	return dispatch(pairing, frame, src, now);
}

/**
 * hpkm_pairing_tick() - do what is due
 * @pairing: the link's pairing
 * @now: nanoseconds
 *
 * Context: the caller serialises.
 */
void hpkm_pairing_tick(struct hpkm_pairing *pairing, u64 now)
{
	size_t i;

	if (!hpkm_pairing_is_open(pairing))
		return;
	expire(pairing, now);
	if (!hpkm_pairing_is_open(pairing))
		return;
	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		resend(pairing, &pairing->context[i], now);
	send_hello(pairing, now);
}

/**
 * hpkm_pairing_deadline() - when hpkm_pairing_tick() is to be called
 * @pairing: the link's pairing
 *
 * Return: nanoseconds, HPKM_NEVER when nothing is due.
 * Context: the caller serialises.
 */
u64 hpkm_pairing_deadline(const struct hpkm_pairing *pairing)
{
	u64 closes_at = pairing->closes_at;
	u64 deadline = HPKM_NEVER;
	size_t i;

	if (!hpkm_pairing_is_open(pairing))
		return HPKM_NEVER;
	if (wants_hello(pairing))
		deadline = pairing->hello_at;
	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++) {
		const struct hpkm_pairing_context *context = &pairing->context[i];

		deadline = min3(deadline, expires_at(context), resend_at(context));
		/* Who has proven to have SK may finish after the window. */
		if (is_proven(context))
			closes_at = HPKM_NEVER;
	}
	return min(deadline, closes_at);
}

/**
 * hpkm_pairing_stored() - what became of a store that took its time
 * @pairing: the link's pairing
 * @id: as ops->store_fresh() or ops->replace() had it
 * @ok: it is durable
 * @now: nanoseconds
 *
 * Does nothing when the window was closed in between.
 * Context: the caller serialises.
 */
void hpkm_pairing_stored(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN], bool ok,
			 u64 now)
{
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++) {
		struct hpkm_pairing_context *context = &pairing->context[i];

		if (is_storing(context) && !memcmp(context->id, id, HPKM_ID_LEN)) {
			decided(pairing, context, ok ? 0 : -EIO, now);
			return;
		}
	}
}

/**
 * hpkm_pairing_storing() - whose stores are undecided
 * @pairing: the link's pairing
 * @id: receives the devices' ids
 *
 * Return: how many.  Context: the caller serialises.
 */
u32 hpkm_pairing_storing(const struct hpkm_pairing *pairing,
			 u8 id[HPKM_PAIR_CONTEXTS][HPKM_ID_LEN])
{
	u32 count = 0;
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		if (is_storing(&pairing->context[i]))
			memcpy(id[count++], pairing->context[i].id, HPKM_ID_LEN);
	return count;
}

/**
 * hpkm_pairing_contexts() - how many devices are talked to
 * @pairing: the link's pairing
 *
 * Return: 0..HPKM_PAIR_CONTEXTS.  Context: the caller serialises.
 */
u32 hpkm_pairing_contexts(const struct hpkm_pairing *pairing)
{
	u32 contexts = 0;
	size_t i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		contexts += pairing->context[i].state != HPKM_PAIRING_FREE;
	return contexts;
}
