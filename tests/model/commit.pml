/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commit machine of one pair, for Spin: protocol section 8, as
 * kernel/core/machine*.c has it; tests/model/cases says what is asked of it.  Nothing here bounds how many exchanges,
 * updates, crashes and failed writes there are; the search ends because states
 * that differ by names alone are one (tidy()).  What is bounded: two requests a
 * session and side, two half-open exchanges a side.
 *
 * "core: name()" says which function of kernel/core a step mirrors; the lane
 * looks whether each of them is still there, and whether each function there
 * that touches an epoch secret or its store is named here.
 *
 * The channel loses, delays, repeats, reorders and replays: what was sent stays
 * there for as long as anybody might take it, and may be taken any number of
 * times or never.  There is no clock: whatever time can do may happen at any
 * moment.  Cryptography is perfect: a message opens for whom it is meant for
 * and proves what it says.  C2 and C3 change nothing that is kept, so C1 leads
 * to C4 at once; to lose one of them is to lose C4.
 *
 * A session counts here while it takes part in updates: core calls it barred or
 * draining afterwards, when nothing that happens in it can reach an epoch.
 *
 * -DPAIRING adds section 4's re-pairing, -DMUTANT_... spoils one thing.  Without
 * the purge at P1 alone nothing is found: INSTALL's and the bar have done its work.
 */

/* Who: the smaller id is 0, and therefore A in a pairing. */
#define OTHER(who)	(1 - (who))
#define SMALLER(who)	((who) == 0)

/* What can name an epoch secret; 0 is none.  The first three in enum hpkm_epoch_slot's order. */
#define FRESH		0
#define NEXT		1
#define CUR		2
#define DISK		3	/* three as above: what is durable */
#define WRITE		6	/* three: what the write in flight says */
#define ATTEMPT		9	/* the own attempt's */
#define HALF		10	/* two: the half-open exchanges' */
#define U2		12	/* two, by uctr: on its way to this side */
#define U3		14	/* likewise */
#ifdef PAIRING
#define P4		15	/* four: what B listed and the new one, on its way to A */
#define CONTEXT		19	/* the new one, until P5 */
#define NAMES		20
#else
#define NAMES		15
#endif
#ifdef MUTANT_OLD_SNAPSHOT
#define STALE		NAMES	/* three: what a failed write said */
#define HOLDERS		(NAMES + 3)
#else
#define HOLDERS		NAMES
#endif
#define NEW		31
byte name[2 * HOLDERS];
#define EPOCH(who, holder)	name[(who) * HOLDERS + (holder)]

/* What can name a session; 0 is none. */
#define SESSION		0	/* the current one, unless barred */
#define OFFERED		1	/* of the own attempt in WA */
#define ANSWERED	2	/* two: of the half-open exchanges */
#define CARRIED		4	/* the one that U1 to NAK on their way to this side are in */
#define ENDS		5
byte sid[2 * ENDS];
#define SID(who, end)	sid[(who) * ENDS + (end)]

/* Own attempts: enum hpkm_attempt_state; W4 is part of W2. */
#define NONE	0
#define W2	1
#define WA	2
byte attempt[2];
byte slot[2];			/* which epoch it runs under */
bool ack[2];			/* ACK or DATA under the new keys is on its way to this side */

/* Half-open exchanges, by side and place. */
#define PLACES	2
#define AT(who, place)	((who) * PLACES + (place))
byte half_slot[4];
bool c5[4];			/* C5 is on its way */
bool awaited[4];		/* the attempt that it answers is still there */

/* Updates: enum hpkm_update_state. */
#define REQ	1
#define PREP	2
byte update[2];
#define UCTRS	2
byte own_uctr[2];
byte peer_uctr[2];
byte u1[2];			/* bits by uctr: on their way to this side */
byte nak[2];
byte prepared[2];		/* for the assertion: which of the peer's were */

/* The store: enum hpkm_write, struct hpkm_store. */
#define P0	1
#define P1	2
#define P2	3
#define PAIR_FRESH	4
#define PAIR_REPLACE	5
byte frozen[2];
#define PLAIN	1
#define WAITED	2		/* frozen waits for this one */
byte in_flight[2];
bool dirty[2];
bool unkept[2];			/* this start is not durable yet: P0 */

/* Pairing: enum hpkm_pairing_state, after P2. */
#define A_P4	1
#define A_STORE	2
#define A_P6	3
#define B_P5	1
#define B_STORE	2
byte pairing[2];
bool joined;			/* B's context is of A's present run */
bool p3, p5, p6;

bool over;

/* Of no meaning between steps, and then 0. */
byte i, j, k, w, count, held, turn, again;
bool ok;

#define HAS(who, epoch)	(EPOCH(who, FRESH) == (epoch) || EPOCH(who, NEXT) == (epoch) || \
			 EPOCH(who, CUR) == (epoch))
#define SHARED(holder)	(EPOCH(0, holder) != 0 && HAS(1, EPOCH(0, holder)))

/* core: hpkm_machine_frozen() */
#ifdef MUTANT_NOT_FROZEN
#define FROZEN(who)	(frozen[who] != NONE && frozen[who] != P1 && frozen[who] != P2)
#else
#define FROZEN(who)	(frozen[who] != NONE)
#endif
#ifdef MUTANT_PAIRING_EXCHANGES
#define PAIRS(who)	false
#else
#define PAIRS(who)	(pairing[who] != NONE)
#endif
#define FREE(who)	(!PAIRS(who) && !FROZEN(who))
/* core: hpkm_sessions_fit_for_update() */
#ifdef MUTANT_NO_BAR_AT_PAIRING
#define FIT(who)	(SID(who, SESSION) != 0 && !FROZEN(who))
#else
#define FIT(who)	(SID(who, SESSION) != 0 && FREE(who))
#endif
/* Control in this session would be taken, now or after INSTALL: core: hpkm_machine_control() */
#define TAKES(who, id)	(SID(who, SESSION) == (id) || (attempt[who] == WA && SID(who, OFFERED) == (id)))

/* ---- names ---- */

/* Numbers what an array names in the order in which it is found. */
#define NUMBERED	64
#define NUMBER(array, length) \
	count = NUMBERED; \
	for (i : 0 .. (length) - 1) { \
		if \
		:: array[i] != 0 && array[i] < NUMBERED -> \
			count++; \
			held = array[i]; \
			for (j : i .. (length) - 1) { \
				array[j] = (array[j] == held -> count : array[j]) \
			} \
		:: else \
		fi; \
	} \
	for (i : 0 .. (length) - 1) { \
		array[i] = (array[i] != 0 -> array[i] - NUMBERED : 0) \
	}

inline clear_carried(who)
{
	SID(who, CARRIED) = 0;
	u1[who] = 0;
	nak[who] = 0;
	EPOCH(who, U2) = 0;
	EPOCH(who, U2 + 1) = 0;
	EPOCH(who, U3) = 0
}

/* What nobody can take any more is gone, and with it numbers that nobody asks for. */
inline tidy()
{
	for (w : 0 .. 1) {
		if
		:: SID(w, CARRIED) != 0 && !TAKES(w, SID(w, CARRIED)) -> clear_carried(w)
		:: else
		fi;
		if
		:: SID(w, SESSION) == 0 ->
			own_uctr[w] = 0;
			peer_uctr[w] = 0;
			prepared[w] = 0
		:: else
		fi
	}
	NUMBER(name, 2 * HOLDERS);
	NUMBER(sid, 2 * ENDS);
	i = 0;
	j = 0;
	k = 0;
	w = 0;
	count = 0;
	held = 0;
	ok = false
}

/* ---- what must hold after every step ---- */

#define MUST(what, text) \
	if \
	:: !(what) -> \
		printf("violated: "); \
		printf(text); \
		assert(false) \
	:: else \
	fi
/* What counts in the end, and what has to hold on the way there. */
#ifdef RULES_ONLY
#define CLAIM(what, text)	skip
#else
#define CLAIM(what, text)	MUST(what, text)
#endif
#ifdef CLAIMS_ONLY
#define RULE(what, text)	skip
#else
#define RULE(what, text)	MUST(what, text)
#endif

#define DISTINCT(who) \
	(EPOCH(who, CUR) != EPOCH(who, NEXT) && EPOCH(who, CUR) != EPOCH(who, FRESH) && \
	 (EPOCH(who, NEXT) == 0 || EPOCH(who, NEXT) != EPOCH(who, FRESH)))
#define RUNS_UNDER_KEPT(who, place) \
	(EPOCH(who, HALF + place) == 0 || \
	 EPOCH(who, HALF + place) == EPOCH(who, half_slot[AT(who, place)]))
#define DURABLE(who) \
	(EPOCH(who, DISK + FRESH) == EPOCH(who, FRESH) && \
	 EPOCH(who, DISK + NEXT) == EPOCH(who, NEXT) && \
	 EPOCH(who, DISK + CUR) == EPOCH(who, CUR))

inline check_side(who)
{
	RULE(EPOCH(who, CUR) != 0, "there is always a cur\n");
	RULE(DISTINCT(who), "no epoch is in two slots\n");
	RULE(attempt[who] == NONE || EPOCH(who, ATTEMPT) == EPOCH(who, slot[who]),
	     "no attempt under a dropped epoch\n");
	RULE(RUNS_UNDER_KEPT(who, 0) && RUNS_UNDER_KEPT(who, 1),
	     "no half-open exchange under a dropped epoch\n");
	RULE(in_flight[who] != NONE || dirty[who] || DURABLE(who),
	     "a store that is done has what memory has\n")
}

inline check()
{
	tidy();
	CLAIM(SHARED(FRESH) || SHARED(NEXT) || SHARED(CUR), "never parted\n");
	check_side(0);
	check_side(1)
}

/* ---- the store: machine_store.c; section 8, "writes take time and may fail" ---- */

/* core: write(): the whole state, as it is now */
inline write_state(who)
{
	in_flight[who] = (frozen[who] != NONE -> WAITED : PLAIN);
	dirty[who] = false;
	EPOCH(who, WRITE + FRESH) = EPOCH(who, FRESH);
	EPOCH(who, WRITE + NEXT) = EPOCH(who, NEXT);
	EPOCH(who, WRITE + CUR) = EPOCH(who, CUR)
}

/* core: hpkm_store_and_freeze() */
inline store_and_freeze(who, kind)
{
	frozen[who] = kind;
	if
	:: in_flight[who] == NONE -> write_state(who)
	:: else
	fi
}

/* core: hpkm_store_soon() */
inline store_soon(who)
{
	dirty[who] = true;
	if
	:: in_flight[who] == NONE && frozen[who] == NONE -> write_state(who)
	:: else
	fi
}

/* core: hpkm_machine_keep() */
inline keep(who)
{
	dirty[who] = true;
	if
	:: in_flight[who] == NONE -> write_state(who)
	:: else
	fi
}

/* What a write that happened leaves, whether the store says so or not. */
inline happens(who)
{
	EPOCH(who, DISK + FRESH) = EPOCH(who, WRITE + FRESH);
	EPOCH(who, DISK + NEXT) = EPOCH(who, WRITE + NEXT);
	EPOCH(who, DISK + CUR) = EPOCH(who, WRITE + CUR);
	unkept[who] = false
}

inline no_write(who)
{
	in_flight[who] = NONE;
	EPOCH(who, WRITE + FRESH) = 0;
	EPOCH(who, WRITE + NEXT) = 0;
	EPOCH(who, WRITE + CUR) = 0
}

/* core: thaw() */
inline thaw(who, good)
{
	w = frozen[who];
	frozen[who] = NONE;
	if
	:: w == P1 -> update_prepared(who, good)
	:: w == P2 -> update_committed(who, good)
	:: w == PAIR_FRESH || w == PAIR_REPLACE -> pairing_stored(who, good)
	:: else
	fi
}

/* core: must_succeed() */
#ifdef MUTANT_P2_GIVEN_UP
#define MUST_SUCCEED(kind)	((kind) == P0 || (kind) == PAIR_REPLACE)
#else
#define MUST_SUCCEED(kind)	((kind) == P0 || (kind) == P2 || (kind) == PAIR_REPLACE)
#endif

/* core: hpkm_machine_stored() */
inline stored(who, good)
{
	held = in_flight[who];
#ifdef MUTANT_OLD_SNAPSHOT
	if
	:: !good && held == PLAIN ->
		EPOCH(who, STALE + FRESH) = EPOCH(who, WRITE + FRESH);
		EPOCH(who, STALE + NEXT) = EPOCH(who, WRITE + NEXT);
		EPOCH(who, STALE + CUR) = EPOCH(who, WRITE + CUR)
	:: else
	fi;
#endif
	no_write(who);
	dirty[who] = dirty[who] || !good;
	if
	:: frozen[who] != NONE && held == PLAIN -> write_state(who)
	:: else ->
		if
		:: held == WAITED && (good || !MUST_SUCCEED(frozen[who])) -> thaw(who, good)
		:: else
		fi;
		if
		:: good && dirty[who] && in_flight[who] == NONE -> write_state(who)
		:: else
		fi
	fi
}

/* core: hpkm_epoch_promote() */
inline promote(who, which)
{
	EPOCH(who, CUR) = EPOCH(who, which);
	EPOCH(who, FRESH) = 0;
#ifndef MUTANT_NEXT_KEPT_WHEN_PROMOTED
	EPOCH(who, NEXT) = 0
#endif
}

/* ---- sessions: sessions.c; section 6, "sessions never leave a gap" ---- */

/* core: hpkm_update_drop(), forget() */
inline update_drop(who)
{
	update[who] = NONE
}

/* core: hpkm_sessions_bar(), hpkm_sessions_drain(), drain(); also the end of a session's life */
inline bar(who)
{
	update_drop(who);
	SID(who, SESSION) = 0
}

/* ---- exchanges: machine_exchange.c; sections 5.3 and 8, rows IDLE to W5, INSTALL ---- */

inline forget_half_open(who, place)
{
	EPOCH(who, HALF + place) = 0;
	SID(who, ANSWERED + place) = 0;
	half_slot[AT(who, place)] = 0;
	c5[AT(who, place)] = false;
	awaited[AT(who, place)] = false
}

/* Without its C5 it leads nowhere from now on: it would only wait for its end. */
inline abandon_half_open(who, place)
{
	awaited[AT(who, place)] = false;
	if
	:: !c5[AT(who, place)] -> forget_half_open(who, place)
	:: else
	fi
}

/* core: forget_attempt() */
inline forget_attempt(who)
{
	attempt[who] = NONE;
	slot[who] = 0;
	ack[who] = false;
	EPOCH(who, ATTEMPT) = 0;
	SID(who, OFFERED) = 0;
	abandon_half_open(OTHER(who), 0);
	abandon_half_open(OTHER(who), 1)
}

/* core: hpkm_exchange_purge(), hpkm_exchange_forget() */
inline purge(who)
{
	forget_attempt(who);
	forget_half_open(who, 0);
	forget_half_open(who, 1)
}

#ifdef MUTANT_NO_PURGE
#define MUTANT_NO_PURGE_AT_P1
#define MUTANT_NO_PURGE_AT_P2
#define MUTANT_NO_PURGE_AT_P3
#define MUTANT_NO_PURGE_AT_INSTALL
#endif
#ifdef MUTANT_NO_PURGE_AT_P1
#define purge_at_p1(who)	skip
#else
#define purge_at_p1(who)	purge(who)
#endif
#ifdef MUTANT_NO_PURGE_AT_P2
#define purge_at_p2(who)	skip
#else
#define purge_at_p2(who)	purge(who)
#endif
#ifdef MUTANT_NO_PURGE_AT_P3
#define purge_at_p3(who)	skip
#else
#define purge_at_p3(who)	purge(who)
#endif
/* A completed attempt is over in any case. */
#ifdef MUTANT_NO_PURGE_AT_INSTALL
#define purge_at_install(who)	if :: SID(who, OFFERED) == id -> forget_attempt(who) :: else fi
#else
#define purge_at_install(who)	purge(who)
#endif

/* core: settle_epochs(): P3, P4 and pairing's end */
inline settle_epochs(who, which)
{
	if
	:: which == CUR && EPOCH(who, NEXT) == 0 && EPOCH(who, FRESH) == 0
#ifdef MUTANT_NEXT_KEPT_AT_INSTALL
	:: which == CUR && (EPOCH(who, NEXT) != 0 || EPOCH(who, FRESH) != 0)
#endif
	:: else ->
#ifdef MUTANT_NEXT_NOT_PROMOTED
		promote(who, CUR);
#else
		promote(who, which);
#endif
		store_soon(who)
	fi
}

/* core: install(), hpkm_sessions_install(), hpkm_machine_renewed() */
inline install(who, which, under, id)
{
	CLAIM(EPOCH(who, which) == under && under != 0, "no INSTALL under a dropped epoch\n");
	purge_at_install(who);
	settle_epochs(who, which);
	bar(who);
	SID(who, SESSION) = id;
	own_uctr[who] = 0;
	peer_uctr[who] = 0;
	prepared[who] = 0
}

/* core: choose_epoch(): each in its turn, so here any that is there */
#ifdef MUTANT_NO_ALTERNATION
#define MAY_CHOOSE(who, which)	(EPOCH(who, which) != 0 && \
				 ((which) == FRESH || EPOCH(who, FRESH) == 0) && \
				 ((which) != CUR || EPOCH(who, NEXT) == 0))
#else
#define MAY_CHOOSE(who, which)	(EPOCH(who, which) != 0)
#endif
/* core: hpkm_exchange_may_begin() */
#define MAY_BEGIN(who)	(FREE(who) && attempt[who] == NONE)

/* core: hpkm_exchange_begin(), prepare_attempt(), start_at() */
inline begin_exchange(who, which)
{
	RULE(!unkept[who], "C1 only after P0\n");
#ifndef MUTANT_NO_BAR
	bar(who);
#endif
	attempt[who] = W2;
	slot[who] = which;
	EPOCH(who, ATTEMPT) = EPOCH(who, which)
}

/* core: place_for_half_open(): the first free one, or any that a higher hctr displaces */
#define MAY_PLACE(who, place) \
	(((place) == 0 && EPOCH(who, HALF) == 0) || \
	 ((place) == 1 && EPOCH(who, HALF) != 0 && EPOCH(who, HALF + 1) == 0) || \
	 (EPOCH(who, HALF) != 0 && EPOCH(who, HALF + 1) != 0))

/* core: hpkm_machine_c1(), find_epoch(), new_half_open(), answer_c1() */
#define MAY_ANSWER(who)	(FREE(who) && attempt[OTHER(who)] == W2 && \
			 HAS(who, EPOCH(OTHER(who), ATTEMPT)) && \
			 !awaited[AT(who, 0)] && !awaited[AT(who, 1)])
inline answer_c1(who, place)
{
	EPOCH(who, HALF + place) = EPOCH(OTHER(who), ATTEMPT);
	half_slot[AT(who, place)] =
		(EPOCH(who, FRESH) == EPOCH(OTHER(who), ATTEMPT) -> FRESH :
		 (EPOCH(who, NEXT) == EPOCH(OTHER(who), ATTEMPT) -> NEXT : CUR));
	SID(who, ANSWERED + place) = NEW;
	c5[AT(who, place)] = false;
	awaited[AT(who, place)] = true
}

/* core: to_attempt(), create_next() */
#define MAY_TAKE_C4(who, place)	(FREE(who) && attempt[who] == W2 && awaited[AT(OTHER(who), place)])
inline take_c4(who, place)
{
	attempt[who] = WA;
	SID(who, OFFERED) = SID(OTHER(who), ANSWERED + place);
	c5[AT(OTHER(who), place)] = true
}

/* core: to_half_open(), complete_half_open(), send_finished(), to_finished() */
#define MAY_TAKE_C5(who, place)	(FREE(who) && c5[AT(who, place)] && \
				 !(SMALLER(who) && attempt[who] == WA))
inline take_c5(who, place)
{
	i = half_slot[AT(who, place)];
	j = EPOCH(who, HALF + place);
	k = SID(who, ANSWERED + place);
	ok = attempt[OTHER(who)] == WA && SID(OTHER(who), OFFERED) == k;
	forget_half_open(who, place);
	install(who, i, j, k);
	ack[OTHER(who)] = ok
}

/* core: complete_attempt(), hpkm_machine_first_data() */
#define MAY_TAKE_ACK(who)	(FREE(who) && attempt[who] == WA && ack[who])
inline take_ack(who)
{
	i = slot[who];
	j = EPOCH(who, ATTEMPT);
	k = SID(who, OFFERED);
	install(who, i, j, k)
}

/* ---- updates: machine_update.c; section 8, rows UP, REQ and PREP ---- */

/* core: send() */
inline carry(who)
{
	if
	:: SID(OTHER(who), CARRIED) != SID(who, SESSION) -> clear_carried(OTHER(who))
	:: else
	fi;
	SID(OTHER(who), CARRIED) = SID(who, SESSION)
}
#define BIT(uctr)	(1 << (uctr))

/* core: hpkm_machine_update(), request() */
#define MAY_REQUEST(who)	(FIT(who) && update[who] == NONE && EPOCH(who, NEXT) == 0 && \
				 own_uctr[who] < UCTRS)
inline request(who)
{
	RULE(EPOCH(who, FRESH) == 0, "no update beside a fresh\n");
	own_uctr[who]++;
	update[who] = REQ;
	carry(who);
	u1[OTHER(who)] = u1[OTHER(who)] | BIT(own_uctr[who])
}

inline send_u2(who)
{
	RULE(EPOCH(who, DISK + NEXT) == EPOCH(who, NEXT), "U2 only after P1\n");
	carry(who);
	EPOCH(OTHER(who), U2 + peer_uctr[who] - 1) = EPOCH(who, NEXT)
}

inline send_u3(who)
{
	RULE(EPOCH(who, DISK + CUR) == EPOCH(who, CUR), "U3 only after P2\n");
	carry(who);
	EPOCH(OTHER(who), U3) = EPOCH(who, CUR)
}

/* U1 with this uctr came. core: on_request(), same_request(), own_request_wins(), consider() */
#define CAME(who, uctr)		(FIT(who) && SID(who, CARRIED) == SID(who, SESSION) && \
				 (u1[who] & BIT(uctr)) != 0)
#define SAME_REQUEST(who, uctr)	(update[who] == PREP && peer_uctr[who] == (uctr))
#ifdef MUTANT_NO_UCTR_CHECK
#define NEWER(who, uctr)	true
#else
#define NEWER(who, uctr)	((uctr) > peer_uctr[who])
#endif
#define MAY_CONSIDER(who, uctr)	(CAME(who, uctr) && !SAME_REQUEST(who, uctr) && \
				 !(update[who] == REQ && SMALLER(who)) && NEWER(who, uctr))

/* The record is not there: core: send_nak() */
inline refuse(who, uctr)
{
	if
	:: update[who] == REQ -> update_drop(who)
	:: else
	fi;
	carry(who);
	nak[OTHER(who)] = nak[OTHER(who)] | BIT(uctr)
}

/* core: prepare() */
inline prepare(who, uctr)
{
	purge_at_p1(who);
	RULE((prepared[who] & BIT(uctr)) == 0, "no uctr twice in a session\n");
	prepared[who] = prepared[who] | BIT(uctr);
	update[who] = PREP;
	peer_uctr[who] = uctr;
	EPOCH(who, NEXT) = NEW;
#ifdef MUTANT_CUR_DROPPED_AT_P1
	EPOCH(who, CUR) = NEW;
#endif
#ifdef MUTANT_U2_BEFORE_P1
	send_u2(who);
#endif
	store_and_freeze(who, P1)
}

/* core: hpkm_update_prepared() */
inline update_prepared(who, good)
{
	if
	:: update[who] == PREP && FIT(who) ->
		if
#ifdef MUTANT_U2_THOUGH_P1_FAILED
		:: true -> send_u2(who)
#else
		:: good -> send_u2(who)
		:: else -> bar(who)
#endif
		fi
	:: else
	fi
}

/* core: on_answer() */
#define MAY_TAKE_U2(who, uctr)	(FIT(who) && SID(who, CARRIED) == SID(who, SESSION) && \
				 EPOCH(who, U2 + (uctr) - 1) != 0 && \
				 update[who] == REQ && own_uctr[who] == (uctr))
inline take_u2(who, uctr)
{
	purge_at_p2(who);
	EPOCH(who, CUR) = EPOCH(who, U2 + (uctr) - 1);
	EPOCH(who, NEXT) = 0;
#ifdef MUTANT_U3_BEFORE_P2
	send_u3(who);
#endif
	store_and_freeze(who, P2)
}

/* core: hpkm_update_committed() */
inline update_committed(who, good)
{
	if
	:: update[who] == REQ ->
#ifndef MUTANT_U3_BEFORE_P2
		send_u3(who);
#endif
		bar(who)
	:: else
	fi
}

/* core: on_nak(); the next request is a step of its own */
#define MAY_TAKE_NAK(who, uctr)	(FIT(who) && SID(who, CARRIED) == SID(who, SESSION) && \
				 (nak[who] & BIT(uctr)) != 0 && \
				 update[who] == REQ && own_uctr[who] == (uctr))

/* core: on_finish() */
#define MAY_TAKE_U3(who)	(FIT(who) && SID(who, CARRIED) == SID(who, SESSION) && \
				 EPOCH(who, U3) != 0 && \
				 update[who] == PREP && EPOCH(who, U3) == EPOCH(who, NEXT))
inline take_u3(who)
{
	RULE(EPOCH(OTHER(who), CUR) == EPOCH(who, NEXT), "promoted only after the peer\n");
	purge_at_p3(who);
	promote(who, NEXT);
	store_soon(who);
	bar(who)
}

/* core: time_out(), hpkm_update_tick() */
#define MAY_TIME_OUT(who)	(update[who] != NONE && !FROZEN(who))
inline time_out(who)
{
#ifdef MUTANT_NEXT_PROMOTED_ON_TIMEOUT
	if
	:: update[who] == PREP ->
		RULE(EPOCH(OTHER(who), CUR) == EPOCH(who, NEXT), "promoted only after the peer\n");
		promote(who, NEXT);
		store_soon(who)
	:: else
	fi;
#endif
#ifdef MUTANT_NEXT_DROPPED_ON_TIMEOUT
	if
	:: update[who] == PREP ->
		EPOCH(who, NEXT) = 0;
		store_soon(who)
	:: else
	fi;
#endif
	bar(who)
}

/* ---- pairing: machine_pairing.c, and what of pairing.c decides when; section 4 ---- */

/* core: hpkm_machine_pairing_end() */
inline pairing_end(who)
{
	pairing[who] = NONE;
#ifdef PAIRING
	if
	:: who == 0 ->
		joined = false;
		p6 = false;
		EPOCH(0, P4 + FRESH) = 0;
		EPOCH(0, P4 + NEXT) = 0;
		EPOCH(0, P4 + CUR) = 0;
		EPOCH(0, P4 + 3) = 0
	:: else ->
#ifndef MUTANT_P5_AFTER_GIVING_UP
		p5 = false;
		EPOCH(1, CONTEXT) = 0
#endif
	fi
#endif
}

/* core: hpkm_machine_pairing_begin() */
inline pairing_begin(who)
{
#ifndef MUTANT_NO_BAR_AT_PAIRING
	bar(who);
#endif
#ifndef MUTANT_NO_PURGE_AT_PAIRING
	purge(who)
#endif
}

/* core: decided(), finish_b() */
inline pairing_stored(who, good)
{
	if
	:: pairing[who] == NONE
	:: pairing[who] != NONE && !good -> pairing_end(who)
	:: pairing[who] != NONE && good && who == 0 ->
		pairing[0] = A_P6;
		p5 = joined && pairing[1] == B_P5
	:: else ->
		p6 = joined && pairing[0] == A_P6;
		pairing_end(1)
	fi
}

#ifdef PAIRING
#define LISTED(epoch)	(EPOCH(0, P4 + FRESH) == (epoch) || EPOCH(0, P4 + NEXT) == (epoch) || \
			 EPOCH(0, P4 + CUR) == (epoch))

inline keep_if_listed(which)
{
	if
	:: EPOCH(0, which) != 0 && !LISTED(EPOCH(0, which)) -> EPOCH(0, which) = 0
	:: else
	fi
}

inline move_to_cur(which)
{
	if
	:: EPOCH(0, CUR) == 0 ->
		EPOCH(0, CUR) = EPOCH(0, which);
		EPOCH(0, which) = 0
	:: else
	fi
}

/* core: keep_listed(), is_listed(), hpkm_epoch_drop() */
inline keep_listed()
{
#ifndef MUTANT_UNLISTED_KEPT
	keep_if_listed(FRESH);
	keep_if_listed(NEXT);
	keep_if_listed(CUR);
#endif
#ifndef MUTANT_KEPT_NOT_MOVED
	move_to_cur(FRESH);
	move_to_cur(NEXT)
#else
	skip
#endif
}

/* core: send_p4() */
inline send_p4()
{
	pairing[1] = B_P5;
	p3 = false;
	p5 = false;
	pairing_begin(1);
	EPOCH(1, CONTEXT) = NEW;
	joined = pairing[0] == A_P4;
	if
	:: joined ->
		EPOCH(0, P4 + FRESH) = EPOCH(1, FRESH);
		EPOCH(0, P4 + NEXT) = EPOCH(1, NEXT);
		EPOCH(0, P4 + CUR) = EPOCH(1, CUR);
		EPOCH(0, P4 + 3) = NEW
	:: else
	fi
}

/* core: take_p4(), hpkm_machine_pairing_fresh(), freeze() */
inline take_p4()
{
#ifdef MUTANT_OLD_ERASED_AT_P4
	EPOCH(0, NEXT) = 0;
	EPOCH(0, FRESH) = 0;
	EPOCH(0, CUR) = EPOCH(0, P4 + 3);
#else
	keep_listed();
	EPOCH(0, FRESH) = EPOCH(0, P4 + 3);
#endif
	EPOCH(0, P4 + FRESH) = 0;
	EPOCH(0, P4 + NEXT) = 0;
	EPOCH(0, P4 + CUR) = 0;
	EPOCH(0, P4 + 3) = 0;
	pairing[0] = A_STORE;
#ifdef MUTANT_P5_BEFORE_FRESH
	p5 = joined && pairing[1] == B_P5;
#endif
	store_and_freeze(0, PAIR_FRESH)
}

#ifdef MUTANT_P5_AFTER_GIVING_UP
#define MAY_TAKE_P5	(p5 && EPOCH(1, CONTEXT) != 0)
#else
#define MAY_TAKE_P5	(p5 && pairing[1] == B_P5)
#endif

/* core: take_p5(), hpkm_machine_pairing_replace() */
inline take_p5()
{
	purge(1);
	bar(1);
	EPOCH(1, CUR) = EPOCH(1, CONTEXT);
	promote(1, CUR);
	EPOCH(1, CONTEXT) = 0;
	pairing[1] = B_STORE;
	p5 = false;
	store_and_freeze(1, PAIR_REPLACE)
}

/* core: take_p6(), hpkm_machine_pairing_confirm() */
inline take_p6()
{
	if
	:: EPOCH(0, FRESH) != 0 ->
		bar(0);
		promote(0, FRESH);
		store_soon(0)
	:: else
	fi;
	pairing_end(0)
}
#endif

/* ---- faults: section 8, row "crash" ---- */

/* Power goes and comes back: core: hpkm_machine_restored(), with what is durable */
inline crash(who)
{
	no_write(who);
	dirty[who] = false;
	frozen[who] = NONE;
	purge(who);
	bar(who);
#ifdef MUTANT_OLD_SNAPSHOT
	EPOCH(who, STALE + FRESH) = 0;
	EPOCH(who, STALE + NEXT) = 0;
	EPOCH(who, STALE + CUR) = 0;
#endif
	if
	:: pairing[who] != NONE -> pairing_end(who)
	:: else
	fi;
	EPOCH(who, FRESH) = EPOCH(who, DISK + FRESH);
	EPOCH(who, NEXT) = EPOCH(who, DISK + NEXT);
	EPOCH(who, CUR) = EPOCH(who, DISK + CUR);
	unkept[who] = true;
	store_and_freeze(who, P0);
#ifdef MUTANT_C1_BEFORE_P0
	frozen[who] = NONE;
	in_flight[who] = PLAIN
#endif
}

#ifdef MUTANT_OLD_SNAPSHOT
/* Behind whatever was written since. */
inline write_stale(who)
{
	in_flight[who] = PLAIN;
	dirty[who] = false;
	EPOCH(who, WRITE + FRESH) = EPOCH(who, STALE + FRESH);
	EPOCH(who, WRITE + NEXT) = EPOCH(who, STALE + NEXT);
	EPOCH(who, WRITE + CUR) = EPOCH(who, STALE + CUR);
	EPOCH(who, STALE + FRESH) = 0;
	EPOCH(who, STALE + NEXT) = 0;
	EPOCH(who, STALE + CUR) = 0
}
#endif

/* ---- recovery ---- */

inline write_out(who)
{
	do
	:: in_flight[who] != NONE ->
		happens(who);
		stored(who, true)
	:: in_flight[who] == NONE && dirty[who] -> write_state(who)
	:: else -> break
	od
}

/* One exchange on a quiet link, if the peer has what this attempt is under. */
inline exchange(who, which)
{
	if
	:: MAY_CHOOSE(who, which) && MAY_BEGIN(who) && SID(who, SESSION) == 0 ->
		begin_exchange(who, which);
		if
		:: MAY_ANSWER(OTHER(who)) ->
			answer_c1(OTHER(who), 0);
			take_c4(who, 0);
			take_c5(OTHER(who), 0);
			take_ack(who)
		:: else -> forget_attempt(who)
		fi
	:: else
	fi
}

inline take_turns(who)
{
	for (turn : FRESH .. CUR) {
		exchange(who, turn);
	}
	write_out(0);
	write_out(1)
}

inline agree()
{
	tidy();
	CLAIM(SID(0, SESSION) != 0 && SID(0, SESSION) == SID(1, SESSION),
	      "they find each other again\n");
	CLAIM(EPOCH(0, CUR) == EPOCH(1, CUR) && EPOCH(0, NEXT) == 0 && EPOCH(1, NEXT) == 0 &&
	      EPOCH(0, FRESH) == 0 && EPOCH(1, FRESH) == 0, "then they agree on one epoch\n");
	RULE(DURABLE(0) && DURABLE(1), "a store that is done has what memory has\n")
}

inline update_once(who)
{
	request(who);
	prepare(OTHER(who), 1);
	write_out(OTHER(who));
	take_u2(who, 1);
	write_out(who);
	take_u3(OTHER(who));
	write_out(OTHER(who))
}

/* Faults end here: writes succeed, what waited has timed out, and one side starts. */
inline recover(who)
{
	write_out(0);
	write_out(1);
	pairing_end(0);
	pairing_end(1);
	p3 = false;
	bar(0);
	bar(1);
	purge(0);
	purge(1);
	for (again : 0 .. 1) {
		take_turns(who);
		agree();
		/* An update goes through, and what it leads to is shared. */
		if
		:: again == 0 -> update_once(who)
		:: else
		fi
	}
}

/* All such ends are one. */
inline finish()
{
	for (i : 0 .. 2 * HOLDERS - 1) {
		name[i] = 0;
	}
	for (i : 0 .. 2 * ENDS - 1) {
		sid[i] = 0;
	}
	for (i : 0 .. 1) {
		own_uctr[i] = 0;
		peer_uctr[i] = 0;
		prepared[i] = 0;
		update[i] = NONE;
		u1[i] = 0;
		nak[i] = 0;
		attempt[i] = NONE;
		slot[i] = 0;
		ack[i] = false
	}
	i = 0;
	turn = 0;
	again = 0;
	over = true
}

/* ---- the two devices ---- */

/* One step: what it needs, and what it does, after which everything must hold. */
#define STEP(needs, text, does) \
	d_step { !over && (needs) -> printf("%d: ", me); printf(text); does; check() }

proctype device(byte me)
{
	do
	/* What the clock or somebody asks for. */
	:: STEP(MAY_BEGIN(me) && MAY_CHOOSE(me, FRESH), "C1 under fresh\n", begin_exchange(me, FRESH))
	:: STEP(MAY_BEGIN(me) && MAY_CHOOSE(me, NEXT), "C1 under next\n", begin_exchange(me, NEXT))
	:: STEP(MAY_BEGIN(me) && MAY_CHOOSE(me, CUR), "C1 under cur\n", begin_exchange(me, CUR))
	/* core: attempt_failed(), hpkm_exchange_tick() */
	:: STEP(attempt[me] != NONE, "attempt fails\n", forget_attempt(me))
	:: STEP(EPOCH(me, HALF) != 0, "half-open 0 ends\n", forget_half_open(me, 0))
	:: STEP(EPOCH(me, HALF + 1) != 0, "half-open 1 ends\n", forget_half_open(me, 1))
	/* core: hpkm_sessions_tick(), hpkm_sessions_end(), hpkm_machine_unlink() */
	:: STEP(SID(me, SESSION) != 0, "session ends\n", bar(me))
	:: STEP(MAY_REQUEST(me), "U1\n", request(me))
	:: STEP(MAY_TIME_OUT(me), "update times out\n", time_out(me))

	/* What arrives. */
	:: STEP(MAY_ANSWER(me) && MAY_PLACE(me, 0), "takes C1, 0\n", answer_c1(me, 0))
	:: STEP(MAY_ANSWER(me) && MAY_PLACE(me, 1), "takes C1, 1\n", answer_c1(me, 1))
	:: STEP(MAY_TAKE_C4(me, 0), "takes C4 of 0\n", take_c4(me, 0))
	:: STEP(MAY_TAKE_C4(me, 1), "takes C4 of 1\n", take_c4(me, 1))
	:: STEP(MAY_TAKE_C5(me, 0), "takes C5 for 0\n", take_c5(me, 0))
	:: STEP(MAY_TAKE_C5(me, 1), "takes C5 for 1\n", take_c5(me, 1))
	:: STEP(MAY_TAKE_ACK(me), "takes ACK\n", take_ack(me))
	:: STEP(CAME(me, 1) && SAME_REQUEST(me, 1), "takes U1 1 again\n", send_u2(me))
	:: STEP(CAME(me, 2) && SAME_REQUEST(me, 2), "takes U1 2 again\n", send_u2(me))
	:: STEP(MAY_CONSIDER(me, 1), "takes U1 1\n", prepare(me, 1))
	:: STEP(MAY_CONSIDER(me, 2), "takes U1 2\n", prepare(me, 2))
	:: STEP(MAY_CONSIDER(me, 1), "refuses U1 1\n", refuse(me, 1))
	:: STEP(MAY_CONSIDER(me, 2), "refuses U1 2\n", refuse(me, 2))
	:: STEP(MAY_TAKE_U2(me, 1), "takes U2 1\n", take_u2(me, 1))
	:: STEP(MAY_TAKE_U2(me, 2), "takes U2 2\n", take_u2(me, 2))
	:: STEP(MAY_TAKE_NAK(me, 1), "takes NAK 1\n", update_drop(me))
	:: STEP(MAY_TAKE_NAK(me, 2), "takes NAK 2\n", update_drop(me))
	:: STEP(MAY_TAKE_U3(me), "takes U3\n", take_u3(me))

	/* What the store says, and when it says nothing. */
	:: STEP(in_flight[me] != NONE, "written\n", happens(me); stored(me, true))
	:: STEP(in_flight[me] != NONE, "write fails\n", stored(me, false))
	:: STEP(in_flight[me] != NONE, "written, told as failed\n", happens(me); stored(me, false))
	/* core: hpkm_store_tick() */
	:: STEP(in_flight[me] == NONE && dirty[me], "writes again\n", write_state(me))
#ifndef PAIRING
	/* Left out beside pairing, which stores often enough: it makes the states too many. */
	:: STEP(true, "is to write\n", keep(me))
#endif
	:: STEP(true, "crash\n", crash(me))
	:: STEP(in_flight[me] != NONE, "written, crash\n", happens(me); crash(me))
#ifdef MUTANT_OLD_SNAPSHOT
	:: STEP(in_flight[me] == NONE && EPOCH(me, STALE + CUR) != 0, "writes what had failed\n",
		write_stale(me))
#endif

#ifdef PAIRING
	:: STEP(pairing[me] != NONE, "gives pairing up\n", pairing_end(me))
	/* core: send_p3() */
	:: STEP(me == 0 && pairing[0] == NONE && !FROZEN(0), "P3\n",
		pairing_begin(0); pairing[0] = A_P4; p3 = true)
	:: STEP(me == 1 && p3 && pairing[1] == NONE && !FROZEN(1), "takes P3\n", send_p4())
	:: STEP(me == 0 && pairing[0] == A_P4 && EPOCH(0, P4 + 3) != 0, "takes P4\n", take_p4())
	:: STEP(me == 1 && MAY_TAKE_P5, "takes P5\n", take_p5())
	:: STEP(me == 0 && pairing[0] == A_P6 && p6, "takes P6\n", take_p6())
#endif

	/* From anywhere. */
	:: d_step { !over -> printf("%d: calm\n", me); recover(me); finish() }
	:: over -> break
	od
}

init {
	atomic {
		EPOCH(0, CUR) = 1;
		EPOCH(0, DISK + CUR) = 1;
		EPOCH(1, CUR) = 1;
		EPOCH(1, DISK + CUR) = 1;
		run device(0);
		run device(1)
	}
}
