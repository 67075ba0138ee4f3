// SPDX-License-Identifier: GPL-2.0
/*
 * The commit machine's exchanges: own attempts (W2, W4, WA), the peer's
 * half-open ones (W3, W5) and INSTALL.  Protocol sections 5.3 and 8.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "frame.h"
#include "machine_parts.h"

/* Randoms that either role may need; one exchange, one set. */
static void draw_randoms(struct hpkm_machine *machine, struct hpkm_exchange *x)
{
	machine->ops->random(machine, x->random_initiator, HPKM_KEY_LEN);
	machine->ops->random(machine, x->random_responder, HPKM_KEY_LEN);
	machine->ops->random(machine, x->challenge, HPKM_KEY_LEN);
	machine->ops->random(machine, x->ephemeral, HPKM_KEY_LEN);
}

static void fill_from_machine(void *context, void *out, size_t len)
{
	struct hpkm_machine *machine = context;

	machine->ops->random(machine, out, len);
}

/* ---- own attempts ---- */

static void forget_attempt(struct hpkm_machine *machine)
{
	struct hpkm_attempt *attempt = &machine->attempt;

	if (attempt->state == HPKM_ATTEMPT_NONE)
		return;
	/* From WA on the next session owns the index. */
	if (machine->next)
		hpkm_sessions_give_up_next(machine);
	else if (attempt->x.initiator_sid)
		machine->ops->sid_free(machine, attempt->x.initiator_sid);
	memzero_explicit(attempt, sizeof(*attempt));
}

/* Attempts take turns: fresh, next, cur, whichever are there. */
static enum hpkm_epoch_slot choose_epoch(const struct hpkm_machine *machine)
{
	enum hpkm_epoch_slot present[HPKM_EPOCH_SLOTS];
	enum hpkm_epoch_slot slot;
	u32 count = 0;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (machine->durable.epoch[slot].present)
			present[count++] = slot;
	return count ? present[machine->start.attempts % count] : HPKM_EPOCH_CUR;
}

/**
 * hpkm_exchange_may_begin() - nothing forbids an own attempt now
 * @machine: whose
 */
bool hpkm_exchange_may_begin(const struct hpkm_machine *machine)
{
	return machine->linked && !machine->pairing && !hpkm_machine_frozen(machine) &&
	       machine->attempt.state == HPKM_ATTEMPT_NONE &&
	       machine->durable.epoch[choose_epoch(machine)].present;
}

static void transmit_attempt(struct hpkm_machine *machine)
{
	struct hpkm_attempt *attempt = &machine->attempt;

	machine->ops->transmit(machine, attempt->frame, attempt->len,
			       attempt->broadcast ? NULL : attempt->address);
}

static void prepare_attempt(struct hpkm_machine *machine, u32 own_sid)
{
	struct hpkm_exchange *x = &machine->attempt.x;

	x->pair = &machine->pair;
	x->slot = choose_epoch(machine);
	x->epoch = machine->durable.epoch[x->slot];
	x->initiator = true;
	x->initiator_sid = own_sid;
	x->hctr = (u64)machine->durable.boot << 32 | machine->start.sequence;
	hpkm_choose_pair(&x->a, &x->b, fill_from_machine, machine);	/* 1a: 2 */
	x->unused = HPKM_ELEMENTS - x->a - x->b;			/* 1a: 9 */
	draw_randoms(machine, x);
}

static void back_off(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_start *start = &machine->start;
	u64 span = HPKM_BACKOFF_SPAN;
	u64 wait;
	u32 r;

	start->failures++;
	machine->ops->random(machine, &r, sizeof(r));
	wait = HPKM_BACKOFF_MIN + ((span * r) >> 32);
	if (start->failures > HPKM_BACKOFF_STEADY) {
		u32 doublings = min(start->failures - HPKM_BACKOFF_STEADY, 7U);

		wait = min(wait << doublings, HPKM_BACKOFF_MAX);
	}
	start->backoff_until = now + wait;
	hpkm_machine_want(machine, now);
}

/**
 * hpkm_exchange_begin() - start of the state table
 * @machine: hpkm_exchange_may_begin()
 * @now: nanoseconds
 *
 * Bars the session from control, drops the own request, sends C1.
 */
void hpkm_exchange_begin(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_attempt *attempt = &machine->attempt;
	struct hpkm_start *start = &machine->start;
	u32 own_sid = machine->ops->sid_new(machine);

	/* Without memory for an index nothing begins, so nothing ends. */
	if (!own_sid) {
		back_off(machine, now);
		return;
	}
	hpkm_sessions_bar(machine);
	start->sequence++;
	prepare_attempt(machine, own_sid);
	memcpy(attempt->address, machine->durable.address, HPKM_ADDRESS_LEN);
	start->attempts++;
	attempt->broadcast = start->attempts % HPKM_BROADCAST_EVERY == 0;
	hpkm_initiator_start(attempt, now);
	machine->ops->step(machine, HPKM_STEP_C1_SENT, &attempt->x);
	transmit_attempt(machine);
}

static void attempt_failed(struct hpkm_machine *machine, u64 now)
{
	forget_attempt(machine);
	back_off(machine, now);
}

/* ---- half-open exchanges ---- */

/* As if it had just begun. */
static void clear_half_open(struct hpkm_machine *machine, struct hpkm_half_open *half)
{
	/* Zero once a session has taken the index over. */
	if (half->x.responder_sid)
		machine->ops->sid_free(machine, half->x.responder_sid);
	memzero_explicit(half, sizeof(*half));
}

static void forget_half_open(struct hpkm_machine *machine, struct hpkm_half_open **place)
{
	struct hpkm_half_open *half = *place;

	if (!half)
		return;
	*place = NULL;
	clear_half_open(machine, half);
	machine->ops->half_open_end(machine, half);
}

/* Whoever is behind it has had time to answer, or never could. */
static bool gives_way(const struct hpkm_half_open *half, u64 now)
{
	return half->stale || now - half->changed_at > HPKM_HALF_OPEN_SAFE;
}

/*
 * A higher hctr is made by the peer alone, once he has given up all attempts
 * before; what is half-open is one of those, or was recorded and sent again.
 */
static bool is_superseded(const struct hpkm_machine *machine, bool stale)
{
	return machine->pair.suite->counts_attempts && !stale;
}

/* A free place, or that of the oldest that may be given up for a C1, @stale or not. */
static struct hpkm_half_open **place_for_half_open(struct hpkm_machine *machine, bool stale,
						   u64 now)
{
	struct hpkm_half_open **oldest = NULL;
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++) {
		struct hpkm_half_open **place = &machine->half_open[i];

		if (!*place)
			return place;
		if (!gives_way(*place, now) && !is_superseded(machine, stale))
			continue;
		if (!oldest || (*place)->changed_at < (*oldest)->changed_at)
			oldest = place;
	}
	return oldest;
}

/**
 * hpkm_machine_give_way() - the link has no room for another pair's exchange
 * @machine: one whose half-open ones may be too old
 * @now: nanoseconds
 *
 * Gives up those.  Return: whether there was any.  Context: the caller
 * serialises.
 */
bool hpkm_machine_give_way(struct hpkm_machine *machine, u64 now)
{
	bool any = false;
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++) {
		struct hpkm_half_open **place = &machine->half_open[i];

		if (!*place || !gives_way(*place, now))
			continue;
		forget_half_open(machine, place);
		any = true;
	}
	return any;
}

static bool own_attempt_wins(const struct hpkm_machine *machine, u64 now)
{
	return machine->pair.own_is_smaller && machine->attempt.state != HPKM_ATTEMPT_NONE &&
	       now - machine->attempt.started_at < HPKM_ATTEMPT_YOUNG;
}

static void send_reply(struct hpkm_machine *machine, const struct hpkm_half_open *half)
{
	u8 type = ((const struct hpkm_hd *)half->reply)->type;

	machine->ops->transmit(machine, half->reply, machine->pair.suite->frame_len[type],
			       half->address);
}

static struct hpkm_half_open *repeated(struct hpkm_machine *machine, const u8 *frame)
{
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i] && hpkm_responder_repeated(machine->half_open[i], frame))
			return machine->half_open[i];
	return NULL;
}

/* Which epoch C1 is under, and its number; exactly one epoch may open it. */
static int find_epoch(struct hpkm_machine *machine, const u8 *frame, enum hpkm_epoch_slot *found,
		      u64 *hctr)
{
	struct hpkm_exchange trial = { .pair = &machine->pair };
	enum hpkm_epoch_slot slot;
	u32 matches = 0;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++) {
		const struct hpkm_epoch *epoch = &machine->durable.epoch[slot];

		if (!epoch->present || !machine->pair.suite->c1_concerns(epoch, frame))
			continue;
		trial.epoch = *epoch;
		if (machine->pair.suite->open_c1(&trial, frame))
			continue;
		*found = slot;
		*hctr = trial.hctr;
		matches++;
	}
	memzero_explicit(&trial, sizeof(trial));
	return matches == 1 ? 0 : -ENOKEY;
}

static int answer_c1(struct hpkm_machine *machine, struct hpkm_half_open *half, const u8 *frame,
		     enum hpkm_epoch_slot slot, u32 own_sid, u64 now)
{
	struct hpkm_exchange *x = &half->x;

	x->pair = &machine->pair;
	x->slot = slot;
	x->epoch = machine->durable.epoch[slot];
	x->responder_sid = own_sid;
	draw_randoms(machine, x);
	return hpkm_responder_start(half, frame, now);
}

/*
 * An old C1 again: the key holder's late one, or somebody's who recorded it.
 * It leads nowhere without the elements, so it must not cost the new ones
 * their place.
 */
static bool is_stale(const struct hpkm_machine *machine, u64 hctr)
{
	return machine->pair.suite->counts_attempts && hctr <= machine->peer_hctr;
}

static bool answers_others(const struct hpkm_machine *machine)
{
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i])
			return true;
	return false;
}

/* Whoever is in that place goes only once there is all that the next one needs. */
static int reserve_half_open(struct hpkm_machine *machine, struct hpkm_half_open **place,
			     u32 *own_sid)
{
	int err = 0;

	*own_sid = machine->ops->sid_new(machine);
	if (!*own_sid)
		return -ENOBUFS;
	if (*place)
		clear_half_open(machine, *place);
	else
		err = machine->ops->half_open_begin(machine, place);
	if (err)
		machine->ops->sid_free(machine, *own_sid);
	return err;
}

static int new_half_open(struct hpkm_machine *machine, const u8 *frame, const u8 *src,
			 enum hpkm_epoch_slot slot, bool stale, u64 now)
{
	struct hpkm_half_open **place = place_for_half_open(machine, stale, now);
	struct hpkm_half_open *half;
	u32 own_sid;
	int err;

	if (!place)
		return -EBUSY;
	err = reserve_half_open(machine, place, &own_sid);
	if (err)
		return stale ? -EBUSY : err;
	half = *place;
	half->stale = stale;
	err = answer_c1(machine, half, frame, slot, own_sid, now);
	if (err) {
		forget_half_open(machine, place);
		return err;
	}
	memcpy(half->address, src, HPKM_ADDRESS_LEN);
	machine->ops->step(machine, HPKM_STEP_C1_OPENED, &half->x);
	send_reply(machine, half);
	return 0;
}

/**
 * hpkm_machine_c1() - a C1 that may be this peer's
 * @machine: whose
 * @frame: header checked, of this pair's suite and its fixed size at least
 * @src: where it came from
 * @now: nanoseconds
 *
 * The session and the own attempt stay untouched.  Return: 0 when it was
 * answered; -ENOKEY when it is not under any of the pair's epochs (another
 * peer may be meant); -EBUSY, -ENOMEM or -ENOBUFS when it is but cannot be
 * answered now; -ENOSPC when that is because the link has no room (see
 * hpkm_machine_give_way()).
 * Context: the caller serialises.
 */
int hpkm_machine_c1(struct hpkm_machine *machine, const u8 *frame,
		    const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	struct hpkm_half_open *half = repeated(machine, frame);
	enum hpkm_epoch_slot slot;
	bool stale;
	u64 hctr;
	int err;

	/* Whether it is this pair's is for the caller to know even if it must wait. */
	err = half ? 0 : find_epoch(machine, frame, &slot, &hctr);
	if (err)
		return err;
	if (!machine->linked || machine->pairing || hpkm_machine_frozen(machine))
		return -EBUSY;
	if (half) {
		send_reply(machine, half);
		return 0;
	}
	stale = is_stale(machine, hctr);
	if (own_attempt_wins(machine, now) || (stale && answers_others(machine)))
		return -EBUSY;
	err = new_half_open(machine, frame, src, slot, stale, now);
	if (!err)
		machine->peer_hctr = max(machine->peer_hctr, hctr);
	return err;
}

/* ---- INSTALL ---- */

/* What the new session says about the epoch secrets: P3, P4 and pairing's end. */
static void settle_epochs(struct hpkm_machine *machine, enum hpkm_epoch_slot slot, u64 now)
{
	struct hpkm_epoch *epoch = machine->durable.epoch;

	if (slot == HPKM_EPOCH_CUR && !epoch[HPKM_EPOCH_NEXT].present &&
	    !epoch[HPKM_EPOCH_FRESH].present)
		return;
	hpkm_epoch_promote(machine, slot);
	hpkm_store_soon(machine, now);
	if (slot == HPKM_EPOCH_FRESH)
		hpkm_machine_renewed(machine);
}

static void install(struct hpkm_machine *machine, struct hpkm_session *session,
		    enum hpkm_epoch_slot slot, u64 now)
{
	hpkm_exchange_purge(machine);
	settle_epochs(machine, slot, now);
	hpkm_sessions_install(machine, session, now);
	machine->start.wanted_at = HPKM_NEVER;
	machine->start.backoff_until = 0;
	machine->start.failures = 0;
	machine->start.attempts = 0;
	hpkm_machine_tell(machine, HPKM_MACHINE_SESSION_UP, session, NULL, NULL);
}

/* 1a: 22.  The attempt's session becomes current. */
static void complete_attempt(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_session *session = machine->next;
	enum hpkm_epoch_slot slot = machine->attempt.x.slot;

	machine->next = NULL;
	machine->attempt.x.initiator_sid = 0;
	install(machine, session, slot, now);
}

/* C5 goes out only when the session it leads to exists. */
static int create_next(struct hpkm_machine *machine, u64 now)
{
	const struct hpkm_exchange *x = &machine->attempt.x;
	struct hpkm_session_keys keys;

	machine->pair.suite->derive(x, &keys);
	machine->next = machine->ops->session_create(machine, &keys, true, x->initiator_sid);
	memzero_explicit(&keys, sizeof(keys));
	if (!machine->next)
		return -ENOMEM;
	machine->next->peer_sid = x->responder_sid;
	machine->next->epoch_n = x->epoch.n;
	machine->next->renews = x->slot == HPKM_EPOCH_FRESH;
	machine->next->send_until = now + HPKM_SEND_FOR(machine->rekey_after);
	/* Unless it is installed: as long as the attempt, and then as if replaced. */
	machine->next->installed_at = now;
	machine->next->ends_at = now + HPKM_ATTEMPT_FAILS + HPKM_DRAIN;
	machine->ops->session_moved(machine, machine->next);
	return 0;
}

static int to_attempt(struct hpkm_machine *machine, const u8 *frame, const u8 *src, u64 now)
{
	struct hpkm_attempt *attempt = &machine->attempt;
	u8 type = ((const struct hpkm_hd *)frame)->type;
	int err = hpkm_initiator_receive(attempt, frame, now);

	if (err)
		return err;
	if (type == HPKM_ACK) {
		machine->ops->step(machine, HPKM_STEP_ACK_OPENED, &attempt->x);
		complete_attempt(machine, now);
		return 0;
	}
	memcpy(attempt->address, src, HPKM_ADDRESS_LEN);
	attempt->broadcast = false;
	if (type == HPKM_C2) {
		memcpy(machine->durable.address, src, HPKM_ADDRESS_LEN);
		machine->ops->step(machine, HPKM_STEP_C2_OPENED, &attempt->x);
	} else {
		machine->ops->step(machine, HPKM_STEP_C4_OPENED, &attempt->x);
		if (create_next(machine, now)) {
			attempt_failed(machine, now);
			return -ENOMEM;
		}
	}
	transmit_attempt(machine);
	return 0;
}

static void keep_finished(struct hpkm_machine *machine, const struct hpkm_half_open *half, u64 now)
{
	struct hpkm_finished *finished = machine->finished;

	finished[1] = finished[0];
	finished[0].until = now + HPKM_FINISHED_KEPT;
	memcpy(finished[0].address, half->address, HPKM_ADDRESS_LEN);
	memcpy(finished[0].input, half->input, sizeof(half->input));
	memcpy(finished[0].reply, half->reply, sizeof(half->reply));
}

static void send_finished(struct hpkm_machine *machine, const struct hpkm_finished *finished)
{
	machine->ops->transmit(machine, finished->reply,
			       machine->pair.suite->frame_len[HPKM_ACK], finished->address);
}

/* 1b: 28 to 30.  The keys are in place before the ACK goes out. */
static int complete_half_open(struct hpkm_machine *machine, struct hpkm_half_open **place,
			      u64 now)
{
	struct hpkm_half_open *half = *place;
	struct hpkm_exchange *x = &half->x;
	struct hpkm_session_keys keys;
	struct hpkm_session *session;
	enum hpkm_epoch_slot slot = x->slot;
	u64 hctr = x->hctr;

	machine->pair.suite->derive(x, &keys);
	session = machine->ops->session_create(machine, &keys, false, x->responder_sid);
	memzero_explicit(&keys, sizeof(keys));
	if (!session) {
		forget_half_open(machine, place);
		return -ENOMEM;
	}
	session->peer_sid = x->initiator_sid;
	session->epoch_n = x->epoch.n;
	session->send_until = now + HPKM_SEND_FOR(machine->rekey_after);
	x->responder_sid = 0;
	machine->ops->step(machine, HPKM_STEP_C5_OPENED, x);
	keep_finished(machine, half, now);
	install(machine, session, slot, now);
	/* Those of the epoch before do not count any more; this one is of this epoch. */
	machine->peer_hctr = max(machine->peer_hctr, hctr);
	send_finished(machine, &machine->finished[0]);
	return 0;
}

static struct hpkm_half_open **half_open_of(struct hpkm_machine *machine, u32 own_sid)
{
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i] && machine->half_open[i]->x.responder_sid == own_sid)
			return &machine->half_open[i];
	return NULL;
}

static int to_half_open(struct hpkm_machine *machine, struct hpkm_half_open **place,
			const u8 *frame, const u8 *src, u64 now)
{
	struct hpkm_half_open *half = *place;
	u8 type = ((const struct hpkm_hd *)frame)->type;
	int err;

	if (hpkm_responder_repeated(half, frame)) {
		send_reply(machine, half);
		return 0;
	}
	if (type == HPKM_C5 && machine->pair.own_is_smaller &&
	    machine->attempt.state == HPKM_ATTEMPT_WA)
		return -EBUSY;
	err = hpkm_responder_receive(half, frame, now);
	if (err)
		return err;
	if (type == HPKM_C5)
		return complete_half_open(machine, place, now);
	memcpy(half->address, src, HPKM_ADDRESS_LEN);
	memcpy(machine->durable.address, src, HPKM_ADDRESS_LEN);
	machine->ops->step(machine, HPKM_STEP_C3_OPENED, &half->x);
	send_reply(machine, half);
	return 0;
}

/* C5 again: the ACK was lost. */
static int to_finished(struct hpkm_machine *machine, const u8 *frame, u64 now)
{
	u8 len = machine->pair.suite->frame_len[HPKM_C5];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(machine->finished); i++) {
		const struct hpkm_finished *finished = &machine->finished[i];

		if (now >= finished->until || memcmp(finished->input, frame, len))
			continue;
		send_finished(machine, finished);
		return 0;
	}
	return -EPROTO;
}

/**
 * hpkm_machine_handshake() - C2..C5 or ACK for one of this pair's indices
 * @machine: whose
 * @frame: header checked, of this pair's suite and its fixed size at least
 * @src: where it came from
 * @now: nanoseconds
 *
 * Return: 0 when it was taken, an errno when nothing waits for it or it does
 * not open; nothing has changed then.  Context: the caller serialises.
 */
int hpkm_machine_handshake(struct hpkm_machine *machine, const u8 *frame,
			   const u8 src[HPKM_ADDRESS_LEN], u64 now)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)frame;
	u32 own_sid = le32_to_cpu(hd->dst_sid);
	struct hpkm_half_open **place;

	if (machine->pairing || hpkm_machine_frozen(machine))
		return -EBUSY;
	if (machine->attempt.state != HPKM_ATTEMPT_NONE &&
	    machine->attempt.x.initiator_sid == own_sid)
		return to_attempt(machine, frame, src, now);
	place = half_open_of(machine, own_sid);
	if (place)
		return to_half_open(machine, place, frame, src, now);
	if (hd->type == HPKM_C5)
		return to_finished(machine, frame, now);
	return -EPROTO;
}

/**
 * hpkm_machine_first_data() - DATA opened under the keys of an attempt in WA
 * @machine: whose
 * @own_sid: the index it came to
 * @now: nanoseconds
 *
 * It proves that the peer installed; its ACK was lost.  Context: the caller
 * serialises.
 */
void hpkm_machine_first_data(struct hpkm_machine *machine, u32 own_sid, u64 now)
{
	if (machine->pairing || hpkm_machine_frozen(machine))
		return;
	if (machine->next && machine->attempt.state == HPKM_ATTEMPT_WA &&
	    machine->next->own_sid == own_sid)
		complete_attempt(machine, now);
}

/**
 * hpkm_exchange_purge() - drop all half-open exchanges and the own attempt
 * @machine: whose
 */
void hpkm_exchange_purge(struct hpkm_machine *machine)
{
	size_t i;

	forget_attempt(machine);
	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		forget_half_open(machine, &machine->half_open[i]);
}

/**
 * hpkm_exchange_forget() - purge, and the finished ones too
 * @machine: whose
 */
void hpkm_exchange_forget(struct hpkm_machine *machine)
{
	hpkm_exchange_purge(machine);
	memzero_explicit(machine->finished, sizeof(machine->finished));
}

static u64 half_open_end(const struct hpkm_half_open *half)
{
	return half->changed_at + HPKM_HALF_OPEN_LIFE;
}

/**
 * hpkm_exchange_tick() - what the clock does to exchanges
 * @machine: whose
 * @now: nanoseconds
 */
void hpkm_exchange_tick(struct hpkm_machine *machine, u64 now)
{
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i] && now >= half_open_end(machine->half_open[i]))
			forget_half_open(machine, &machine->half_open[i]);

	if (hpkm_initiator_failed(&machine->attempt, now))
		attempt_failed(machine, now);
	else if (hpkm_initiator_resend(&machine->attempt, now))
		transmit_attempt(machine);
}

/**
 * hpkm_exchange_deadline() - when hpkm_exchange_tick() has something to do
 * @machine: whose
 */
u64 hpkm_exchange_deadline(const struct hpkm_machine *machine)
{
	u64 due = hpkm_initiator_deadline(&machine->attempt);
	size_t i;

	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i])
			due = min(due, half_open_end(machine->half_open[i]));
	return due;
}
