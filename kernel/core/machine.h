/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commit machine of one pair: protocol sections 5.3 and 8.
 *
 * It is driven by what arrives, by the clock and by its store, and acts
 * through struct hpkm_machine_ops.  It has no clock, no random source, no
 * memory and no lock of its own: the owner serialises all calls, and the ops
 * run inside.
 * Times are nanoseconds of a clock that never goes back; 0 is "never was" and
 * HPKM_NEVER "never will be".
 *
 *	machine.c		start, tick, what is due when
 *	machine_exchange.c	own attempts, half-open exchanges, INSTALL
 *	machine_update.c	U1, U2, U3, NAK
 *	machine_store.c		persist points, FROZEN
 *	machine_pairing.c	what a pairing does to the epoch secrets
 *	sessions.c		the session slots
 */
#ifndef _HPKM_CORE_MACHINE_H
#define _HPKM_CORE_MACHINE_H

#include <hpkm/limits.h>
#include "initiator.h"
#include "responder.h"
#include "suite.h"

struct hpkm_machine;

/**
 * struct hpkm_durable - what a pair must not forget
 * @epoch: by enum hpkm_epoch_slot
 * @boot: how often this device started; 0 while nothing is kept over a restart
 * @address: the peer's, bound; a hint
 */
struct hpkm_durable {
	struct hpkm_epoch epoch[HPKM_EPOCH_SLOTS];
	u32 boot;
	u8 address[HPKM_ADDRESS_LEN];
};

enum hpkm_session_state {
	HPKM_SESSION_STATE_NEXT,	/* initiator in WA: receives, does not send yet */
	HPKM_SESSION_STATE_CURRENT,
	HPKM_SESSION_STATE_DRAINING,	/* both ways, no control, until the next or 5 s */
	HPKM_SESSION_STATE_REPLACED,	/* receives for 5 s */
};

/**
 * struct hpkm_session - what the machine knows of a session
 * @state: its slot
 * @initiator: this side began it
 * @barred: takes no part in key updates any more
 * @renews: its INSTALL will make a pairing's context the only one; before that
 *	nothing in it may be remembered as delivered
 * @own_sid: the index the peer sends to; owned by the session
 * @peer_sid: the index to send to
 * @epoch_n: the epoch it was made under
 * @sid: its public name
 * @update_key: SU, wiped when barred
 * @own_uctr: the last number used for an own update request in it
 * @peer_uctr: the last one accepted of the peer's
 * @installed_at: when it became current; before that, when it was made
 * @send_until: from then on nothing is sent in it: what is under way must find
 *	the peer's session still there, and that one may have been installed first
 * @ends_at: when it is wiped at the latest
 *
 * The data plane embeds it; keys, counters and replay window are there.
 */
struct hpkm_session {
	enum hpkm_session_state state;
	bool initiator;
	bool barred;
	bool renews;
	u32 own_sid;
	u32 peer_sid;
	u64 epoch_n;
	u8 sid[HPKM_SID_LEN];
	u8 update_key[HPKM_KEY_LEN];
	u32 own_uctr;
	u32 peer_uctr;
	u64 installed_at;
	u64 send_until;
	u64 ends_at;
};

/**
 * struct hpkm_traffic - what the data plane tells of a session
 * @unanswered_since: DATA other than bare CONTROL was sent then and nothing
 *	authentic came since
 * @unreplied_since: such DATA came then and nothing was sent since
 * @data_passed: such DATA passed, either way
 * @frames_sent: counters used
 */
struct hpkm_traffic {
	u64 unanswered_since;
	u64 unreplied_since;
	bool data_passed;
	u64 frames_sent;
};

enum hpkm_machine_event_type {
	HPKM_MACHINE_SESSION_UP,	/* @session */
	HPKM_MACHINE_SESSION_LOST,	/* @reason */
	HPKM_MACHINE_UPDATE_DONE,	/* @rid */
	HPKM_MACHINE_UPDATE_REFUSED,	/* @reason */
	HPKM_MACHINE_RENEWED,		/* a pairing's context is the only one now */
};

struct hpkm_machine_event {
	enum hpkm_machine_event_type type;
	const struct hpkm_session *session;
	const u8 *rid;
	const char *reason;
};

/* Steps of an exchange and an update, for those who want to watch. */
enum hpkm_step {
	HPKM_STEP_C1_SENT,
	HPKM_STEP_C1_OPENED,
	HPKM_STEP_C2_OPENED,
	HPKM_STEP_C3_OPENED,
	HPKM_STEP_C4_OPENED,
	HPKM_STEP_C5_OPENED,
	HPKM_STEP_ACK_OPENED,
};

enum hpkm_stored {
	HPKM_STORED,		/* durable, or as durable as this peer gets */
	HPKM_STORE_FAILED,	/* may have happened all the same */
	HPKM_STORE_LATER,	/* hpkm_machine_stored() may say within HPKM_WRITE_TIMEOUT */
};

/**
 * struct hpkm_machine_ops - how the machine acts; none may call back into it
 * @transmit: send a handshake frame to @dst, or to everybody when NULL
 * @control: send CONTROL (@len 0: bare) in @session; 0 or an errno
 * @random: fill @out
 * @sid_new: a session index of the link that is not in use, drawn at random and now
 *	owned by this machine; 0 when there is none
 * @sid_free: give it back; not for one that a session owns
 * @half_open_begin: zeroed memory for one more half-open exchange; 0, -ENOSPC
 *	when the link has no room for it, -ENOMEM
 * @half_open_end: free it, which is wiped; the link has room for another
 * @update_begin: zeroed memory for an update; NULL when out of memory
 * @update_end: free it, which is wiped
 * @session_create: allocate a session in state NEXT, which owns @own_sid from
 *	then on; NULL when out of memory
 * @session_moved: @session->state or barred changed
 * @session_destroy: wipe and free it, and its session index
 * @traffic: what passed in @session
 * @store: make @machine->durable, as it is now, durable
 * @may_store: false while what @store kept before would be left behind by what
 *	it cannot keep now
 * @record_find: a copy of the one record that @search finds, pending ones too;
 *	-ENOENT none, -EEXIST several
 * @record_choose: a copy of a confirmed one, uniformly; -ENOENT
 * @record_remove: forget it
 * @record_count: how many are confirmed
 * @event: something worth telling happened
 * @step: for those who watch
 */
struct hpkm_machine_ops {
	void (*transmit)(struct hpkm_machine *machine, const u8 *frame, size_t len, const u8 *dst);
	int (*control)(struct hpkm_machine *machine, struct hpkm_session *session,
		       const u8 *payload, size_t len);
	void (*random)(struct hpkm_machine *machine, void *out, size_t len);
	u32 (*sid_new)(struct hpkm_machine *machine);
	void (*sid_free)(struct hpkm_machine *machine, u32 sid);
	int (*half_open_begin)(struct hpkm_machine *machine, struct hpkm_half_open **half);
	void (*half_open_end)(struct hpkm_machine *machine, struct hpkm_half_open *half);
	struct hpkm_update_slot *(*update_begin)(struct hpkm_machine *machine);
	void (*update_end)(struct hpkm_machine *machine, struct hpkm_update_slot *update);
	struct hpkm_session *(*session_create)(struct hpkm_machine *machine,
					       const struct hpkm_session_keys *keys,
					       bool initiator, u32 own_sid);
	void (*session_moved)(struct hpkm_machine *machine, struct hpkm_session *session);
	void (*session_destroy)(struct hpkm_machine *machine, struct hpkm_session *session);
	void (*traffic)(struct hpkm_machine *machine, const struct hpkm_session *session,
			struct hpkm_traffic *traffic);
	enum hpkm_stored (*store)(struct hpkm_machine *machine);
	bool (*may_store)(struct hpkm_machine *machine);
	int (*record_find)(struct hpkm_machine *machine, const struct hpkm_update_search *search,
			   struct hpkm_record *out);
	int (*record_choose)(struct hpkm_machine *machine, struct hpkm_record *out);
	void (*record_remove)(struct hpkm_machine *machine, const u8 rid[HPKM_RID_LEN]);
	u32 (*record_count)(struct hpkm_machine *machine);
	void (*event)(struct hpkm_machine *machine, const struct hpkm_machine_event *event);
	void (*step)(struct hpkm_machine *machine, enum hpkm_step step,
		     const struct hpkm_exchange *x);
};

/* A finished exchange's C5 and its ACK, in case the ACK was lost. */
struct hpkm_finished {
	u64 until;
	u8 address[HPKM_ADDRESS_LEN];
	u8 input[HPKM_HANDSHAKE_MAX];
	u8 reply[HPKM_HANDSHAKE_MAX];
};

/**
 * struct hpkm_start - when to begin an exchange
 * @wanted_at: not before; HPKM_NEVER when there is no reason to
 * @backoff_until: nor before that
 * @failures: attempts that failed in a row
 * @attempts: since the last INSTALL; chooses epoch and broadcast
 * @sequence: of attempts since the start, for hctr
 */
struct hpkm_start {
	u64 wanted_at;
	u64 backoff_until;
	u32 failures;
	u32 attempts;
	u32 sequence;
};

enum hpkm_update_state {
	HPKM_UPDATE_NONE,	/* IDLE or UP */
	HPKM_UPDATE_REQ,	/* U1 sent */
	HPKM_UPDATE_PREP,	/* U2 sent, or on its way to be */
};

/**
 * struct hpkm_update_slot - the update that runs in the current session
 * @state: where it is
 * @u: what is known
 * @asked_for: the user named the record; there is no other to try
 * @began_at: when REQ or PREP began
 * @first_sent_at: when the current U1 was first sent
 * @sendings: how often
 * @request: U1, sent or accepted
 * @answer: U2
 */
struct hpkm_update_slot {
	enum hpkm_update_state state;
	struct hpkm_update u;
	bool asked_for;
	u64 began_at;
	u64 first_sent_at;
	u32 sendings;
	u8 request[HPKM_CONTROL_MAX];
	u8 answer[HPKM_CONTROL_MAX];
};

/* What waits for the write that freezes the pair. */
enum hpkm_write {
	HPKM_WRITE_NONE,
	HPKM_WRITE_P0,
	HPKM_WRITE_P1,
	HPKM_WRITE_P2,
	HPKM_WRITE_PAIR_FRESH,
	HPKM_WRITE_PAIR_REPLACE,
};

/**
 * struct hpkm_store - writes of the durable state, one at a time
 * @frozen: what waits for a write, HPKM_WRITE_NONE when the pair is not FROZEN
 * @in_flight: a write was issued and is undecided
 * @in_flight_frozen: it is the one that @frozen waits for
 * @failed: the last write that was decided
 * @dirty: memory is ahead of the store
 * @issued_at: when the write in flight was issued
 * @retry_at: when to write again after a failure, or HPKM_NEVER
 */
struct hpkm_store {
	enum hpkm_write frozen;
	bool in_flight;
	bool in_flight_frozen;
	bool failed;
	bool dirty;
	u64 issued_at;
	u64 retry_at;
};

/**
 * struct hpkm_machine - one pair
 * @ops: how to act
 * @pair: who the two are
 * @durable: as memory has it
 * @store: how far the store is behind
 * @linked: there is a link to send on
 * @pairing: between P3 or P4 and the pairing's end: no exchange, no control
 * @rekey_after: nanoseconds after which the initiator rekeys at the latest
 * @rekey_frames: and either side after so many frames
 * @start: when to begin an exchange
 * @attempt: the own one
 * @half_open: the peer's, as many as there are; NULL between them
 * @peer_hctr: the highest hctr that was answered in the current epoch
 * @finished: the last two
 * @next: the session of an attempt in WA
 * @current_session: current or draining; what is sent goes here
 * @old: replaced ones, the newest first
 * @update: in @current_session; NULL while none runs
 * @pairing_stored: with HPKM_WRITE_PAIR_*: told when the write is decided; NULL
 *	if the store always decides at once
 */
struct hpkm_machine {
	const struct hpkm_machine_ops *ops;
	struct hpkm_pair pair;
	struct hpkm_durable durable;
	struct hpkm_store store;
	bool linked;
	bool pairing;
	u64 rekey_after;
	u64 rekey_frames;
	struct hpkm_start start;
	struct hpkm_attempt attempt;
	struct hpkm_half_open *half_open[HPKM_HALF_OPEN_PEER];
	u64 peer_hctr;
	struct hpkm_finished finished[2];
	struct hpkm_session *next;
	struct hpkm_session *current_session;
	struct hpkm_session *old[HPKM_SESSIONS_OLD];
	struct hpkm_update_slot *update;
	void (*pairing_stored)(struct hpkm_machine *machine, bool ok);
};

/* machine.c */
void hpkm_machine_init(struct hpkm_machine *machine, const struct hpkm_machine_ops *ops,
		       const struct hpkm_suite *suite, const u8 own[HPKM_ID_LEN],
		       const u8 peer[HPKM_ID_LEN]);
void hpkm_machine_link(struct hpkm_machine *machine, u64 now);
void hpkm_machine_unlink(struct hpkm_machine *machine, const char *reason);
void hpkm_machine_carrier(struct hpkm_machine *machine, u64 now);
void hpkm_machine_want(struct hpkm_machine *machine, u64 at);
int hpkm_machine_exchange(struct hpkm_machine *machine, u64 now, const char **why);
void hpkm_machine_tick(struct hpkm_machine *machine, u64 now);
u64 hpkm_machine_deadline(struct hpkm_machine *machine);
enum hpkm_peer_state hpkm_machine_state(const struct hpkm_machine *machine);
bool hpkm_machine_frozen(const struct hpkm_machine *machine);

/* machine_exchange.c; 0 taken, an errno when it was refused */
int hpkm_machine_c1(struct hpkm_machine *machine, const u8 *frame,
		    const u8 src[HPKM_ADDRESS_LEN], u64 now);
bool hpkm_machine_give_way(struct hpkm_machine *machine, u64 now);
int hpkm_machine_handshake(struct hpkm_machine *machine, const u8 *frame,
			   const u8 src[HPKM_ADDRESS_LEN], u64 now);
void hpkm_machine_first_data(struct hpkm_machine *machine, u32 own_sid, u64 now);

static inline enum hpkm_update_state hpkm_update_state(const struct hpkm_machine *machine)
{
	return machine->update ? machine->update->state : HPKM_UPDATE_NONE;
}

/* machine_update.c */
int hpkm_machine_update(struct hpkm_machine *machine, const u8 *rid, u64 now, const char **why);
int hpkm_machine_control(struct hpkm_machine *machine, u32 own_sid, const u8 *payload, size_t len,
			 u64 now);

/* machine_store.c */
void hpkm_machine_restored(struct hpkm_machine *machine, const struct hpkm_durable *durable,
			   u64 now);
void hpkm_machine_keep(struct hpkm_machine *machine, u64 now);
void hpkm_machine_stored(struct hpkm_machine *machine, bool ok, u64 now);

/* machine_pairing.c */
int hpkm_machine_pairing_begin(struct hpkm_machine *machine,
			       u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN]);
int hpkm_machine_pairing_fresh(struct hpkm_machine *machine, const struct hpkm_epoch *epoch,
			       const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN],
			       const u8 address[HPKM_ADDRESS_LEN], u64 now);
void hpkm_machine_pairing_confirm(struct hpkm_machine *machine, u64 now);
int hpkm_machine_pairing_replace(struct hpkm_machine *machine, const struct hpkm_epoch *epoch,
				 const u8 address[HPKM_ADDRESS_LEN], u64 now);
void hpkm_machine_pairing_end(struct hpkm_machine *machine, u64 now);

#endif /* _HPKM_CORE_MACHINE_H */
