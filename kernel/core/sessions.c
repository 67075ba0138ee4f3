// SPDX-License-Identifier: GPL-2.0
/* The session slots of a pair: protocol section 6, "sessions never leave a gap". */
#include <linux/minmax.h>
#include <linux/string.h>
#include "machine_parts.h"

static void destroy(struct hpkm_machine *machine, struct hpkm_session **slot)
{
	struct hpkm_session *session = *slot;

	*slot = NULL;
	machine->ops->session_destroy(machine, session);
}

static void bar(struct hpkm_machine *machine, struct hpkm_session *session)
{
	if (session->barred)
		return;
	session->barred = true;
	memzero_explicit(session->update_key, sizeof(session->update_key));
	machine->ops->session_moved(machine, session);
}

/**
 * hpkm_sessions_bar() - no update in the current session any more
 * @machine: whose
 *
 * Data and acknowledgements go on until the keys are refused.
 */
void hpkm_sessions_bar(struct hpkm_machine *machine)
{
	hpkm_update_drop(machine);
	if (machine->current_session)
		bar(machine, machine->current_session);
}

/**
 * hpkm_sessions_drain() - after an update or its failure
 * @machine: whose
 * @now: nanoseconds
 *
 * Barred, data both ways, until the next INSTALL or HPKM_DRAIN.
 */
void hpkm_sessions_drain(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_session *session = machine->current_session;

	hpkm_update_drop(machine);
	if (!session)
		return;
	bar(machine, session);
	if (session->state == HPKM_SESSION_STATE_DRAINING)
		return;
	session->state = HPKM_SESSION_STATE_DRAINING;
	session->send_until = min(session->send_until, now + HPKM_DRAIN_SEND);
	session->ends_at = min(session->ends_at, now + HPKM_DRAIN);
	machine->ops->session_moved(machine, session);
}

/* From the slot to the old ones, of which the oldest makes room. */
static void replace(struct hpkm_machine *machine, struct hpkm_session **slot)
{
	struct hpkm_session *session = *slot;
	struct hpkm_session **last = &machine->old[HPKM_SESSIONS_OLD - 1];

	if (*last)
		destroy(machine, last);
	memmove(machine->old + 1, machine->old,
		(HPKM_SESSIONS_OLD - 1) * sizeof(machine->old[0]));
	machine->old[0] = session;
	*slot = NULL;
	bar(machine, session);
	session->state = HPKM_SESSION_STATE_REPLACED;
	machine->ops->session_moved(machine, session);
}

static void replace_current(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_session *session = machine->current_session;

	if (!session)
		return;
	session->ends_at = min(session->ends_at, now + HPKM_DRAIN);
	replace(machine, &machine->current_session);
}

/**
 * hpkm_sessions_install() - the session half of INSTALL
 * @machine: whose
 * @session: from session_create(); no longer the next one
 * @now: nanoseconds
 */
void hpkm_sessions_install(struct hpkm_machine *machine, struct hpkm_session *session, u64 now)
{
	hpkm_update_drop(machine);
	replace_current(machine, now);
	machine->current_session = session;
	session->state = HPKM_SESSION_STATE_CURRENT;
	session->renews = false;
	session->installed_at = now;
	session->ends_at = now + HPKM_REFUSE_AFTER(machine->rekey_after);
	machine->ops->session_moved(machine, session);
}

/**
 * hpkm_sessions_give_up_next() - the attempt that made it is gone
 * @machine: whose
 *
 * The peer may have installed it all the same, if only its ACK was lost or
 * late, and what it sends is still to be taken.
 */
void hpkm_sessions_give_up_next(struct hpkm_machine *machine)
{
	if (machine->next)
		replace(machine, &machine->next);
}

/**
 * hpkm_sessions_end() - all of them, at once
 * @machine: whose
 */
void hpkm_sessions_end(struct hpkm_machine *machine)
{
	size_t i;

	hpkm_update_drop(machine);
	if (machine->next)
		destroy(machine, &machine->next);
	if (machine->current_session)
		destroy(machine, &machine->current_session);
	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		if (machine->old[i])
			destroy(machine, &machine->old[i]);
}

/**
 * hpkm_sessions_fit_for_update() - the pair is UP
 * @machine: whose
 */
bool hpkm_sessions_fit_for_update(const struct hpkm_machine *machine)
{
	const struct hpkm_session *session = machine->current_session;

	return session && session->state == HPKM_SESSION_STATE_CURRENT && !session->barred &&
	       !machine->pairing && !hpkm_machine_frozen(machine);
}

/*
 * A hub's sessions that began together, when the cable came back, must not all end
 * together.  What tells them apart is the index, which was drawn at random.
 */
static u64 rekey_age(const struct hpkm_machine *machine, const struct hpkm_session *session)
{
	if (!session->initiator)
		return HPKM_REKEY_RESPONDER(machine->rekey_after);
	return machine->rekey_after -
	       HPKM_REKEY_SPREAD(machine->rekey_after) / 65536 * (session->own_sid >> 16);
}

static u64 rekey_at(const struct hpkm_machine *machine, const struct hpkm_session *session,
		    const struct hpkm_traffic *traffic)
{
	if (traffic->frames_sent >= machine->rekey_frames)
		return session->installed_at;
	return traffic->data_passed ? session->installed_at + rekey_age(machine, session) :
				      HPKM_NEVER;
}

/* A barred session already has an exchange wanted for it. */
static u64 exchange_due(const struct hpkm_machine *machine, const struct hpkm_session *session,
			const struct hpkm_traffic *traffic)
{
	u64 due;

	if (session->barred)
		return HPKM_NEVER;
	due = rekey_at(machine, session, traffic);
	if (traffic->unanswered_since)
		due = min(due, traffic->unanswered_since + HPKM_DEAD_PEER);
	return due;
}

static u64 keepalive_due(const struct hpkm_traffic *traffic)
{
	return traffic->unreplied_since ? traffic->unreplied_since + HPKM_KEEPALIVE : HPKM_NEVER;
}

static void tick_current(struct hpkm_machine *machine, u64 now)
{
	struct hpkm_session *session = machine->current_session;
	struct hpkm_traffic traffic;

	machine->ops->traffic(machine, session, &traffic);
	if (now >= exchange_due(machine, session, &traffic))
		hpkm_machine_want(machine, now);
	if (now >= keepalive_due(&traffic))
		machine->ops->control(machine, session, NULL, 0);
}

/**
 * hpkm_sessions_tick() - what the clock does to sessions
 * @machine: whose
 * @now: nanoseconds
 */
void hpkm_sessions_tick(struct hpkm_machine *machine, u64 now)
{
	size_t i;

	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		if (machine->old[i] && now >= machine->old[i]->ends_at)
			destroy(machine, &machine->old[i]);

	if (!machine->current_session)
		return;
	if (now < machine->current_session->ends_at) {
		tick_current(machine, now);
		return;
	}
	hpkm_update_drop(machine);
	destroy(machine, &machine->current_session);
	hpkm_machine_tell(machine, HPKM_MACHINE_SESSION_LOST, NULL, NULL,
			  "the session's keys have reached the end of their life");
}

/**
 * hpkm_sessions_deadline() - when hpkm_sessions_tick() has something to do
 * @machine: whose
 *
 * Traffic that begins later can make it sooner; the data plane then says so.
 * Return: nanoseconds or HPKM_NEVER.
 */
u64 hpkm_sessions_deadline(struct hpkm_machine *machine)
{
	struct hpkm_session *session = machine->current_session;
	struct hpkm_traffic traffic;
	u64 due = HPKM_NEVER;
	size_t i;

	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		if (machine->old[i])
			due = min(due, machine->old[i]->ends_at);
	if (!session)
		return due;
	machine->ops->traffic(machine, session, &traffic);
	due = min(due, session->ends_at);
	due = min(due, keepalive_due(&traffic));
	/* An exchange that is wanted already is in hpkm_machine_deadline(). */
	if (machine->start.wanted_at == HPKM_NEVER && machine->attempt.state == HPKM_ATTEMPT_NONE)
		due = min(due, exchange_due(machine, session, &traffic));
	return due;
}
