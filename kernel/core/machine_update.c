// SPDX-License-Identifier: GPL-2.0
/*
 * The commit machine's history-based key update: U1, U2, U3 and NAK, as rows
 * REQ, PREP and UP of the state table in protocol section 8.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "../compat/unaligned.h"
#include "machine_parts.h"

/* Draws of record and pair before giving up on finding an unambiguous one. */
#define DRAWS	16

static u32 uctr_of(const u8 *payload)
{
	return get_unaligned_le32(payload + 1);
}

static const struct hpkm_suite *suite_of(const struct hpkm_machine *machine)
{
	return machine->pair.suite;
}

static void release(struct hpkm_machine *machine, struct hpkm_update_slot *update)
{
	memzero_explicit(update, sizeof(*update));
	machine->ops->update_end(machine, update);
}

static void forget(struct hpkm_machine *machine)
{
	struct hpkm_update_slot *update = machine->update;

	if (!update)
		return;
	machine->update = NULL;
	release(machine, update);
}

/* An own request came to nothing. */
static void refused(struct hpkm_machine *machine, const char *reason)
{
	hpkm_machine_tell(machine, HPKM_MACHINE_UPDATE_REFUSED, NULL, NULL, reason);
}

/**
 * hpkm_update_drop() - the session is barred: REQ and PREP end, next stays
 * @machine: whose
 *
 * While a write of the update is undecided the machine is FROZEN and comes
 * here only when the link goes; hpkm_update_prepared() and
 * hpkm_update_committed() then find no update to go on with.
 */
void hpkm_update_drop(struct hpkm_machine *machine)
{
	bool unanswered = hpkm_update_state(machine) == HPKM_UPDATE_REQ &&
			  !hpkm_machine_frozen(machine);

	forget(machine);
	if (unanswered)
		refused(machine, "the session ended before the peer answered");
}

static void send(struct hpkm_machine *machine, const u8 *payload, size_t len)
{
	machine->ops->control(machine, machine->current_session, payload, len);
}

static void send_nak(struct hpkm_machine *machine, u32 uctr)
{
	u8 nak[HPKM_CONTROL_HEAD_LEN] = { HPKM_NAK };

	put_unaligned_le32(uctr, nak + 1);
	send(machine, nak, sizeof(nak));
}

/* What both sides put in: the epoch and the session that it runs in. */
static void begin(struct hpkm_machine *machine, struct hpkm_update *u)
{
	u->pair = &machine->pair;
	u->epoch = *hpkm_current_epoch(machine);
	memcpy(u->session_update, machine->current_session->update_key, HPKM_KEY_LEN);
}

/* After the update or its failure: drain, and the side that asked starts. */
static void drain(struct hpkm_machine *machine, bool starts, u64 now)
{
	hpkm_sessions_drain(machine, now);
	hpkm_machine_want(machine, starts ? now : now + HPKM_RESPONDER_WAITS);
}

/* ---- requester ---- */

static void fill_from_machine(void *context, void *out, size_t len)
{
	struct hpkm_machine *machine = context;

	machine->ops->random(machine, out, len);
}

/* The two elements that U1 shows fit this one record of the own log. */
static bool unambiguous(struct hpkm_machine *machine, const u8 *request)
{
	struct hpkm_update_search search;
	struct hpkm_update parsed = { .pair = &machine->pair };
	struct hpkm_record record;
	bool found;
	u64 n;

	if (suite_of(machine)->parse_update_request(&parsed, request,
						    suite_of(machine)->update_request_len,
						    &n, &search))
		return false;
	found = !machine->ops->record_find(machine, &search, &record);
	memzero_explicit(&search, sizeof(search));
	memzero_explicit(&parsed, sizeof(parsed));
	memzero_explicit(&record, sizeof(record));
	return found;
}

static void write_request(struct hpkm_machine *machine, const struct hpkm_record *record)
{
	struct hpkm_update_slot *update = machine->update;
	struct hpkm_update *u = &update->u;

	memzero_explicit(u, sizeof(*u));
	begin(machine, u);
	u->requester = true;
	u->uctr = machine->current_session->own_uctr + 1;
	memcpy(u->rid, record->rid, HPKM_RID_LEN);
	hpkm_record_elements(u->x, record);
	hpkm_choose_pair(&u->a, &u->b, fill_from_machine, machine);
	u->c = HPKM_ELEMENTS - u->a - u->b;
	machine->ops->random(machine, u->random_requester, HPKM_KEY_LEN);
	suite_of(machine)->make_update_request(u, update->request);
}

static int pick_record(struct hpkm_machine *machine, const u8 *rid, struct hpkm_record *record)
{
	struct hpkm_update_search search = { .by_rid = true };

	if (!rid)
		return machine->ops->record_choose(machine, record);
	memcpy(search.rid, rid, HPKM_RID_LEN);
	return machine->ops->record_find(machine, &search, record);
}

static int draw_request(struct hpkm_machine *machine, const u8 *rid)
{
	struct hpkm_record record;
	int err = -ENOENT;
	u32 draw;

	for (draw = 0; draw < DRAWS; draw++) {
		err = pick_record(machine, rid, &record);
		if (err || record.state != HPKM_RECORD_CONFIRMED) {
			err = -ENOENT;
			break;
		}
		write_request(machine, &record);
		if (unambiguous(machine, machine->update->request))
			break;
		err = -EEXIST;
	}
	memzero_explicit(&record, sizeof(record));
	return err;
}

/* In machine->update, which a request before this one may have used. */
static int request(struct hpkm_machine *machine, const u8 *rid, u64 now)
{
	struct hpkm_update_slot *update = machine->update;
	int err = draw_request(machine, rid);

	if (err)
		return err;
	machine->current_session->own_uctr = update->u.uctr;
	update->asked_for = rid;
	update->state = HPKM_UPDATE_REQ;
	update->began_at = now;
	update->first_sent_at = now;
	update->sendings = 1;
	send(machine, update->request, suite_of(machine)->update_request_len);
	return 0;
}

/**
 * hpkm_machine_update() - UP: request a key update
 * @machine: whose
 * @rid: the record to use, or NULL for any
 * @now: nanoseconds
 * @why: receives a sentence when it is refused
 *
 * Return: 0 when U1 is on its way; -EAGAIN when the pair is in no state for
 * it, -EBUSY when an update runs, -ENODATA for too few confirmed records,
 * -ENOENT when @rid is not a confirmed record, -EEXIST when it cannot be told
 * from others, -ENOMEM.  Context: the caller serialises.
 */
int hpkm_machine_update(struct hpkm_machine *machine, const u8 *rid, u64 now, const char **why)
{
	int err;

	if (!hpkm_sessions_fit_for_update(machine)) {
		*why = "There is no session in which a key update can be made now";
		return -EAGAIN;
	}
	if (machine->update || machine->durable.epoch[HPKM_EPOCH_NEXT].present) {
		*why = "A key update is under way";
		return -EBUSY;
	}
	if (!machine->ops->may_store(machine)) {
		*why = "The persist agent has gone; what it keeps must not be left behind";
		return -EAGAIN;
	}
	if (machine->ops->record_count(machine) < HPKM_UPDATE_RECORDS) {
		*why = "A key update needs at least 16 confirmed records";
		return -ENODATA;
	}
	machine->update = machine->ops->update_begin(machine);
	if (!machine->update) {
		*why = "There is no memory for a key update";
		return -ENOMEM;
	}
	err = request(machine, rid, now);
	if (!err)
		return 0;
	forget(machine);
	*why = err == -EEXIST ? "The record cannot be told from others by two of its elements" :
				"The log has no such confirmed record";
	return err;
}

/* The update is in that state, and has the number that the message has. */
static bool is_about(const struct hpkm_machine *machine, enum hpkm_update_state state,
		     const u8 *payload)
{
	return hpkm_update_state(machine) == state && uctr_of(payload) == machine->update->u.uctr;
}

static int on_answer(struct hpkm_machine *machine, const u8 *payload, size_t len, u64 now)
{
	struct hpkm_update_slot *update = machine->update;

	if (!is_about(machine, HPKM_UPDATE_REQ, payload))
		return -EPROTO;
	/* Who could keep it has gone since U1; the request times out. */
	if (!machine->ops->may_store(machine))
		return -EBUSY;
	if (suite_of(machine)->open_update_answer(&update->u, payload, len)) {
		forget(machine);
		drain(machine, true, now);
		refused(machine, "the peer answered with another third element");
		return -EBADMSG;
	}
	hpkm_exchange_purge(machine);
	machine->ops->record_remove(machine, update->u.rid);
	hpkm_epoch_enter(machine, &update->u.next);
	hpkm_epoch_drop(machine, HPKM_EPOCH_NEXT);
	hpkm_store_and_freeze(machine, HPKM_WRITE_P2, now);		/* P2 */
	return 0;
}

/**
 * hpkm_update_committed() - P2 is durable: U3, drain, exchange
 * @machine: whose
 * @now: nanoseconds
 */
void hpkm_update_committed(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_update_slot *update = machine->update;
	u8 finish[HPKM_CONTROL_MAX];
	u8 rid[HPKM_RID_LEN];

	if (hpkm_update_state(machine) != HPKM_UPDATE_REQ)
		return;
	suite_of(machine)->make_update_finish(&update->u, finish);
	send(machine, finish, suite_of(machine)->update_finish_len);
	memzero_explicit(finish, sizeof(finish));
	memcpy(rid, update->u.rid, sizeof(rid));
	forget(machine);
	drain(machine, true, now);
	hpkm_machine_tell(machine, HPKM_MACHINE_UPDATE_DONE, NULL, rid, NULL);
}

static int on_nak(struct hpkm_machine *machine, const u8 *payload, u64 now)
{
	struct hpkm_update_slot *update = machine->update;
	const char *reason = NULL;

	if (!is_about(machine, HPKM_UPDATE_REQ, payload))
		return -EPROTO;
	machine->ops->record_remove(machine, update->u.rid);
	if (update->asked_for)
		reason = "the peer has no such record";
	else if (machine->ops->record_count(machine) < HPKM_UPDATE_RECORDS ||
		 request(machine, NULL, now))
		reason = "no record that both sides have is left";
	if (reason) {
		forget(machine);
		refused(machine, reason);
	}
	return 0;
}

/* ---- responder ---- */

static int find_record(struct hpkm_machine *machine, const struct hpkm_update_search *search,
		       struct hpkm_update *u)
{
	struct hpkm_record record;
	int err = machine->ops->record_find(machine, search, &record);

	if (!err) {
		memcpy(u->rid, record.rid, HPKM_RID_LEN);
		hpkm_record_elements(u->x, &record);
	}
	memzero_explicit(&record, sizeof(record));
	return err;
}

/* The request is for a record that both have: P1, and U2 once that is durable. */
static void prepare(struct hpkm_machine *machine, struct hpkm_update_slot *update,
		    const u8 *payload, u64 now)
{
	const struct hpkm_update *u = &update->u;

	hpkm_exchange_purge(machine);
	forget(machine);
	machine->update = update;
	machine->current_session->peer_uctr = u->uctr;
	update->state = HPKM_UPDATE_PREP;
	update->began_at = now;
	memcpy(update->request, payload, suite_of(machine)->update_request_len);
	suite_of(machine)->make_update_answer(&update->u, update->answer);
	machine->ops->record_remove(machine, u->rid);
	machine->durable.epoch[HPKM_EPOCH_NEXT] = u->next;
	hpkm_store_and_freeze(machine, HPKM_WRITE_P1, now);		/* P1 */
}

/* Simultaneous requests: the larger id gives way. */
static bool own_request_wins(const struct hpkm_machine *machine)
{
	return hpkm_update_state(machine) == HPKM_UPDATE_REQ && machine->pair.own_is_smaller;
}

/* 0: @update is the machine's, or even gone by now; otherwise it is still the caller's. */
static int consider(struct hpkm_machine *machine, struct hpkm_update_slot *update,
		    const u8 *payload, size_t len, u64 now)
{
	struct hpkm_update *u = &update->u;
	struct hpkm_update_search search;
	u64 n;
	int err;

	begin(machine, u);
	err = suite_of(machine)->parse_update_request(u, payload, len, &n, &search);
	if (!err && (n != machine->current_session->epoch_n ||
		     u->uctr <= machine->current_session->peer_uctr))
		err = -EPROTO;
	if (err) {
		memzero_explicit(&search, sizeof(search));
		return err;
	}
	if (hpkm_update_state(machine) == HPKM_UPDATE_REQ) {
		forget(machine);
		refused(machine, "the peer asked for an update at the same time");
	}
	machine->ops->random(machine, u->random_responder, HPKM_KEY_LEN);
	err = find_record(machine, &search, u);
	memzero_explicit(&search, sizeof(search));
	if (!err)
		err = suite_of(machine)->accept_update_request(u, payload);
	if (err)
		send_nak(machine, u->uctr);
	else
		prepare(machine, update, payload, now);
	return err;
}

static bool same_request(const struct hpkm_machine *machine, const u8 *payload, size_t len)
{
	u8 request_len = suite_of(machine)->update_request_len;

	return hpkm_update_state(machine) == HPKM_UPDATE_PREP && len >= request_len &&
	       !memcmp(machine->update->request, payload, request_len);
}

static int on_request(struct hpkm_machine *machine, const u8 *payload, size_t len, u64 now)
{
	struct hpkm_update_slot *update;
	int err;

	if (same_request(machine, payload, len)) {
		send(machine, machine->update->answer, suite_of(machine)->update_answer_len);
		return 0;
	}
	if (own_request_wins(machine) || !machine->ops->may_store(machine))
		return -EBUSY;
	update = machine->ops->update_begin(machine);
	if (!update)
		return -ENOMEM;
	err = consider(machine, update, payload, len, now);
	if (err)
		release(machine, update);
	return err;
}

/**
 * hpkm_update_prepared() - P1 is decided: U2, or drain when it failed
 * @machine: whose
 * @ok: it is durable
 * @now: nanoseconds
 *
 * When the session is no longer current, or barred, there is no U2 and next
 * stays.
 */
void hpkm_update_prepared(struct hpkm_machine *machine, bool ok, u64 now)
{
	if (hpkm_update_state(machine) != HPKM_UPDATE_PREP ||
	    !hpkm_sessions_fit_for_update(machine))
		return;
	if (ok)
		send(machine, machine->update->answer, suite_of(machine)->update_answer_len);
	else
		drain(machine, false, now);
}

static int on_finish(struct hpkm_machine *machine, const u8 *payload, size_t len, u64 now)
{
	struct hpkm_update_slot *update = machine->update;
	u8 rid[HPKM_RID_LEN];

	if (!is_about(machine, HPKM_UPDATE_PREP, payload) ||
	    suite_of(machine)->open_update_finish(&update->u, payload, len))
		return -EPROTO;
	hpkm_exchange_purge(machine);
	memcpy(rid, update->u.rid, sizeof(rid));
	hpkm_epoch_promote(machine, HPKM_EPOCH_NEXT);
	hpkm_store_soon(machine, now);					/* P3 */
	drain(machine, false, now);
	hpkm_machine_tell(machine, HPKM_MACHINE_UPDATE_DONE, NULL, rid, NULL);
	return 0;
}

/**
 * hpkm_machine_control() - an update message arrived, opened
 * @machine: whose
 * @own_sid: the index of the session it came in
 * @payload: CONTROL's payload; its first octet is not zero
 * @len: octets, padding included
 * @now: nanoseconds
 *
 * Return: 0 when it was taken, an errno when no state accepts it.
 * Context: the caller serialises.
 */
int hpkm_machine_control(struct hpkm_machine *machine, u32 own_sid, const u8 *payload, size_t len,
			 u64 now)
{
	if (len < HPKM_CONTROL_HEAD_LEN)
		return -EBADMSG;
	if (!hpkm_sessions_fit_for_update(machine) ||
	    machine->current_session->own_sid != own_sid)
		return -EPROTO;

	switch (payload[0]) {
	case HPKM_U1:
		return on_request(machine, payload, len, now);
	case HPKM_U2:
		return on_answer(machine, payload, len, now);
	case HPKM_U3:
		return on_finish(machine, payload, len, now);
	case HPKM_NAK:
		return on_nak(machine, payload, now);
	}
	return -EBADMSG;
}

static u64 resend_at(const struct hpkm_update_slot *update)
{
	static const u64 early[] = {
		HPKM_UPDATE_RESEND_1, HPKM_UPDATE_RESEND_2, HPKM_UPDATE_RESEND_3,
	};
	u32 sendings = update->sendings;

	if (sendings <= ARRAY_SIZE(early))
		return update->first_sent_at + early[sendings - 1];
	return update->first_sent_at + HPKM_UPDATE_RESEND_3 +
	       (sendings - ARRAY_SIZE(early)) * HPKM_UPDATE_RESEND_EVERY;
}

static void time_out(struct hpkm_machine *machine, u64 now)
{
	bool requester = machine->update->state == HPKM_UPDATE_REQ;

	forget(machine);
	drain(machine, requester, now);
	if (requester)
		refused(machine, "the peer did not answer in time");
}

/**
 * hpkm_update_tick() - what the clock does to an update
 * @machine: whose
 * @now: nanoseconds
 */
void hpkm_update_tick(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_update_slot *update = machine->update;

	if (!update || hpkm_machine_frozen(machine))
		return;
	if (now >= update->began_at + HPKM_UPDATE_TIMEOUT) {
		time_out(machine, now);
		return;
	}
	if (update->state != HPKM_UPDATE_REQ || now < resend_at(update))
		return;
	update->sendings++;
	send(machine, update->request, suite_of(machine)->update_request_len);
}

/**
 * hpkm_update_deadline() - when hpkm_update_tick() has something to do
 * @machine: whose
 */
u64 hpkm_update_deadline(const struct hpkm_machine *machine)
{
	const struct hpkm_update_slot *update = machine->update;
	u64 end;

	if (!update || hpkm_machine_frozen(machine))
		return HPKM_NEVER;
	end = update->began_at + HPKM_UPDATE_TIMEOUT;
	return update->state == HPKM_UPDATE_REQ ? min(end, resend_at(update)) : end;
}
