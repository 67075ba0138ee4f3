// SPDX-License-Identifier: GPL-2.0
/* The commit machine of one pair: its life, its clock, what it shows. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "machine_parts.h"

/**
 * hpkm_machine_init() - a pair without a link and without an epoch secret
 * @machine: zeroed memory
 * @ops: how to act
 * @suite: pinned
 * @own: this device's id
 * @peer: the other's
 *
 * @machine->durable is then filled by pairing, or restored by the owner.
 */
void hpkm_machine_init(struct hpkm_machine *machine, const struct hpkm_machine_ops *ops,
		       const struct hpkm_suite *suite, const u8 own[HPKM_ID_LEN],
		       const u8 peer[HPKM_ID_LEN])
{
	machine->ops = ops;
	hpkm_pair_init(&machine->pair, suite, own, peer);
	machine->rekey_after = HPKM_REKEY_S * HPKM_SECOND;
	machine->rekey_frames = HPKM_REKEY_FRAMES;
	machine->start.wanted_at = HPKM_NEVER;
	machine->store.retry_at = HPKM_NEVER;
}

/**
 * hpkm_machine_tell() - an event for the owner
 * @machine: whose
 * @type: what happened
 * @session: with HPKM_MACHINE_SESSION_UP
 * @rid: with HPKM_MACHINE_UPDATE_DONE
 * @reason: a sentence with static life, where something failed
 */
void hpkm_machine_tell(struct hpkm_machine *machine, enum hpkm_machine_event_type type,
		       const struct hpkm_session *session, const u8 *rid, const char *reason)
{
	struct hpkm_machine_event event = {
		.type = type,
		.session = session,
		.rid = rid,
		.reason = reason,
	};

	machine->ops->event(machine, &event);
}

/**
 * hpkm_machine_renewed() - a pairing's context is the only one now
 * @machine: whose
 */
void hpkm_machine_renewed(struct hpkm_machine *machine)
{
	hpkm_machine_tell(machine, HPKM_MACHINE_RENEWED, NULL, NULL, NULL);
}

/**
 * hpkm_machine_want() - there is a reason to begin an exchange
 * @machine: whose
 * @at: not before then
 *
 * Stays until an INSTALL.  Context: the caller serialises.
 */
void hpkm_machine_want(struct hpkm_machine *machine, u64 at)
{
	machine->start.wanted_at = min(machine->start.wanted_at, at);
}

static u64 jitter(struct hpkm_machine *machine)
{
	u32 r;

	machine->ops->random(machine, &r, sizeof(r));
	return (HPKM_START_JITTER * r) >> 32;
}

/**
 * hpkm_machine_link() - there is a link to send on
 * @machine: whose
 * @now: nanoseconds
 *
 * Context: the caller serialises.
 */
void hpkm_machine_link(struct hpkm_machine *machine, u64 now)
{
	machine->linked = true;
	hpkm_machine_want(machine, now + jitter(machine));
}

/**
 * hpkm_machine_carrier() - the cable is back
 * @machine: whose
 * @now: nanoseconds
 *
 * The session lives on, and a fresh one is made beside it.
 */
void hpkm_machine_carrier(struct hpkm_machine *machine, u64 now)
{
	machine->start.backoff_until = 0;
	hpkm_machine_want(machine, now + jitter(machine));
}

/**
 * hpkm_machine_unlink() - the link is gone: exchanges and sessions end
 * @machine: whose
 * @reason: a sentence with static life, for the event
 *
 * Epoch secrets stay.  Also what ends a machine's life; the owner wipes it
 * afterwards.  Context: the caller serialises.
 */
void hpkm_machine_unlink(struct hpkm_machine *machine, const char *reason)
{
	bool had_session = machine->current_session;

	machine->linked = false;
	machine->start.wanted_at = HPKM_NEVER;
	hpkm_exchange_forget(machine);
	hpkm_sessions_end(machine);
	if (had_session)
		hpkm_machine_tell(machine, HPKM_MACHINE_SESSION_LOST, NULL, NULL, reason);
}

/**
 * hpkm_machine_exchange() - begin one now, because somebody asked
 * @machine: whose
 * @now: nanoseconds
 * @why: receives a sentence when it is refused
 *
 * Return: 0, -ENOLINK, -EBUSY.  Context: the caller serialises.
 */
int hpkm_machine_exchange(struct hpkm_machine *machine, u64 now, const char **why)
{
	if (!machine->linked) {
		*why = "The peer's link is not attached";
		return -ENOLINK;
	}
	if (!hpkm_exchange_may_begin(machine)) {
		*why = "An exchange, a pairing or a write of the pair's state is under way";
		return -EBUSY;
	}
	machine->start.backoff_until = 0;
	hpkm_machine_want(machine, now);
	return 0;
}

static u64 start_at(const struct hpkm_machine *machine)
{
	const struct hpkm_start *start = &machine->start;

	if (start->wanted_at == HPKM_NEVER || !hpkm_exchange_may_begin(machine))
		return HPKM_NEVER;
	return max(start->wanted_at, start->backoff_until);
}

/**
 * hpkm_machine_tick() - do what is due
 * @machine: whose
 * @now: nanoseconds
 *
 * Context: the caller serialises; at hpkm_machine_deadline() or at any time.
 */
void hpkm_machine_tick(struct hpkm_machine *machine, u64 now)
{
	hpkm_store_tick(machine, now);
	hpkm_exchange_tick(machine, now);
	hpkm_update_tick(machine, now);
	hpkm_sessions_tick(machine, now);
	if (now >= start_at(machine))
		hpkm_exchange_begin(machine, now);
}

/**
 * hpkm_machine_deadline() - when the next hpkm_machine_tick() is needed
 * @machine: whose
 *
 * Return: nanoseconds or HPKM_NEVER.  Context: the caller serialises.
 */
u64 hpkm_machine_deadline(struct hpkm_machine *machine)
{
	u64 due = start_at(machine);

	due = min(due, hpkm_store_deadline(machine));
	due = min(due, hpkm_exchange_deadline(machine));
	due = min(due, hpkm_update_deadline(machine));
	return min(due, hpkm_sessions_deadline(machine));
}

/**
 * hpkm_machine_frozen() - a write is undecided that decides the pair's fate
 * @machine: whose
 */
bool hpkm_machine_frozen(const struct hpkm_machine *machine)
{
	return machine->store.frozen != HPKM_WRITE_NONE;
}

/**
 * hpkm_machine_state() - for listings
 * @machine: whose
 */
enum hpkm_peer_state hpkm_machine_state(const struct hpkm_machine *machine)
{
	if (machine->pairing)
		return HPKM_PEER_PAIRING;
	if (hpkm_update_state(machine) == HPKM_UPDATE_REQ)
		return HPKM_PEER_UPDATE_REQUESTED;
	if (hpkm_update_state(machine) == HPKM_UPDATE_PREP)
		return HPKM_PEER_UPDATE_PREPARED;
	if (machine->attempt.state != HPKM_ATTEMPT_NONE)
		return HPKM_PEER_EXCHANGE;
	return machine->current_session && !machine->current_session->barred ? HPKM_PEER_UP :
									      HPKM_PEER_IDLE;
}
