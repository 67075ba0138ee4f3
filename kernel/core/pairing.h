/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pairing: the window, the devices talked to in it, resends and limits.
 * Protocol section 4; the messages themselves are in pairing_messages.h.
 *
 * Like the commit machine it has no clock, no random source and no lock of its
 * own: the owner serialises all calls.  Times are nanoseconds of a clock that
 * never goes back.
 */
#ifndef _HPKM_CORE_PAIRING_H
#define _HPKM_CORE_PAIRING_H

#include <hpkm/limits.h>
#include "element.h"
#include "pairing_messages.h"

#define HPKM_PAIRING_REASON_MAX	128

struct hpkm_pairing;

/**
 * struct hpkm_pairing_ops - how pairing acts; none may call back into it
 * @transmit: send a frame to @dst, or to everybody when NULL
 * @random: fill @out
 * @wall_clock: T, nanoseconds UTC
 * @location: LI, length octet first, zero padded
 * @begin: the pair with @id starts pairing in earnest (A: before P3, B: before
 *	P4): its exchanges are purged and barred until @end.  Fills the kids of
 *	fresh, next and cur, zero where there is none.  0; -EBUSY while FROZEN
 *	(then nothing is answered now: the resend will come); -EPERM when the
 *	peer is pinned to another suite; -ENOTCONN when its state was kept and
 *	nobody is there to keep the new; else there is no room
 * @store_fresh: A, on P4: keep those own contexts that @listed names and store
 *	@epoch as fresh beside them.  0 stored; -EINPROGRESS:
 *	hpkm_pairing_stored() will follow; else it failed
 * @confirm: A, on P6: fresh becomes the only one
 * @replace: B, on P5: @epoch replaces everything.  Returns as @store_fresh
 * @end: the pair is done with pairing, whether it succeeded, failed or gave
 *	up; once for each @begin that returned 0.  May come before
 *	hpkm_pairing_stored(), when the window is closed from outside
 * @succeeded: @id is paired; the window has closed
 * @failed: the window has closed without success.  @id may be NULL; @reason is
 *	a sentence, good during the call
 */
struct hpkm_pairing_ops {
	void (*transmit)(struct hpkm_pairing *pairing, const u8 *frame, size_t len, const u8 *dst);
	void (*random)(struct hpkm_pairing *pairing, void *out, size_t len);
	u64 (*wall_clock)(struct hpkm_pairing *pairing);
	void (*location)(struct hpkm_pairing *pairing, u8 out[HPKM_LI_LEN]);
	int (*begin)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		     u8 kids[3][HPKM_KID_LEN]);
	int (*store_fresh)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
			   const struct hpkm_epoch *epoch, const u8 listed[3][HPKM_KID_LEN],
			   const u8 address[HPKM_ADDRESS_LEN]);
	void (*confirm)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN]);
	int (*replace)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		       const struct hpkm_epoch *epoch, const u8 address[HPKM_ADDRESS_LEN]);
	void (*end)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN]);
	void (*succeeded)(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN]);
	void (*failed)(struct hpkm_pairing *pairing, const u8 *id, const char *reason);
};

enum hpkm_pairing_verdict {
	HPKM_PAIRING_TAKEN,	/* it was acted upon, or answered again */
	HPKM_PAIRING_REFUSED,	/* no window, malformed, another suite, or it does not open */
	HPKM_PAIRING_IGNORED,	/* nothing is wrong with it, but it is not wanted now */
};

enum hpkm_pairing_state {
	HPKM_PAIRING_FREE,	/* the context is not in use */
	HPKM_PAIRING_A_BUSY,	/* P2 taken; the pair is FROZEN */
	HPKM_PAIRING_A_P4,	/* P3 sent, waits for P4 */
	HPKM_PAIRING_A_STORE,	/* P4 opened, P5 waits for the store */
	HPKM_PAIRING_A_P6,	/* P5 sent, waits for P6 */
	HPKM_PAIRING_B_P3,	/* P2 sent, waits for P3 */
	HPKM_PAIRING_B_BUSY,	/* P3 opened; the pair is FROZEN */
	HPKM_PAIRING_B_P5,	/* P4 sent, waits for P5 */
	HPKM_PAIRING_B_STORE,	/* P5 opened, P6 waits for the store */
};

/**
 * struct hpkm_pairing_context - a device that is talked to
 * @state: what it waits for
 * @address: where it is; one context an address
 * @id: what it calls itself; believed once P3 or P4 opened
 * @attempted: it is one of the attempts that may fail
 * @begun: ops->begin() was called for it and returned 0
 * @scalar: B: b, wiped when it was used
 * @run: what is known
 * @changed_at: when its last new message came
 * @input: the last new message that was taken
 * @reply: what was sent last; resends are these very octets
 * @reply_len: of @reply
 * @first_sent_at: A: when @reply was first sent
 * @sendings: A: how often
 */
struct hpkm_pairing_context {
	enum hpkm_pairing_state state;
	u8 address[HPKM_ADDRESS_LEN];
	u8 id[HPKM_ID_LEN];
	bool attempted;
	bool begun;
	u8 scalar[HPKM_KEY_LEN];
	struct hpkm_pairing_run run;
	u64 changed_at;
	u8 input[HPKM_HANDSHAKE_MAX];
	u8 reply[HPKM_HANDSHAKE_MAX];
	u8 reply_len;
	u64 first_sent_at;
	u32 sendings;
};

/**
 * struct hpkm_pairing_finished - B's last P5 and its P6, in case P6 was lost
 * @until: it is answered again before that
 * @address: where P5 came from
 * @input: P5
 * @reply: P6
 *
 * Nothing in it is secret; it outlives the window.
 */
struct hpkm_pairing_finished {
	u64 until;
	u8 address[HPKM_ADDRESS_LEN];
	u8 input[HPKM_FINISH_LEN];
	u8 reply[HPKM_FINISH_LEN];
};

/* How far anybody came; what the window's failure is put down to. */
enum hpkm_pairing_progress {
	HPKM_PAIRING_NOBODY,
	HPKM_PAIRING_EQUAL_ID,
	HPKM_PAIRING_OTHER_SUITE,
	HPKM_PAIRING_HEARD,	/* P1 or P2 came, but neither P3 nor P4 opened */
	HPKM_PAIRING_NOT_BEGUN,	/* ops->begin() refused */
	HPKM_PAIRING_PROVEN,	/* P3 or P4 opened */
};

/**
 * struct hpkm_pairing - the pairing window of one link
 * @ops: how to act
 * @own: this device's id
 * @suite: NULL when no window is open
 * @closes_at: when the window takes no new device any more
 * @hello_at: when P1 is due
 * @hello_sent_at: when it went out last
 * @sk: SK
 * @generator: G
 * @scalar: a
 * @hello: P1, the same all the time that the window is open
 * @answered: the different P2 that got a P3; the same P2 again would be sealed
 *	for under the same key
 * @answers: how many
 * @trials: contexts, as B, whose P3 was tried
 * @progress: how far anybody came
 * @other_suite: with HPKM_PAIRING_OTHER_SUITE: which
 * @refusal: with HPKM_PAIRING_NOT_BEGUN: the sentence
 * @proven_id: with HPKM_PAIRING_PROVEN: who
 * @context: who is talked to
 * @finished: outlives the window
 * @reason: room for a sentence that names suites
 *
 * The port embeds it and serialises access.
 */
struct hpkm_pairing {
	const struct hpkm_pairing_ops *ops;
	u8 own[HPKM_ID_LEN];
	const struct hpkm_suite *suite;
	u64 closes_at;
	u64 hello_at;
	u64 hello_sent_at;
	u8 sk[HPKM_SK_LEN];
	u8 generator[HPKM_KEY_LEN];
	u8 scalar[HPKM_KEY_LEN];
	u8 hello[HPKM_HELLO_LEN];
	u8 answered[HPKM_PAIR_ATTEMPTS][HPKM_HELLO_LEN];
	u8 answers;
	u8 trials;
	enum hpkm_pairing_progress progress;
	u8 other_suite;
	const char *refusal;
	u8 proven_id[HPKM_ID_LEN];
	struct hpkm_pairing_context context[HPKM_PAIR_CONTEXTS];
	struct hpkm_pairing_finished finished;
	char reason[HPKM_PAIRING_REASON_MAX];
};

/**
 * hpkm_pairing_is_open() - is a window open?
 * @pairing: the link's pairing
 *
 * Return: whether one is.  Context: any, serialised by the owner.
 */
static inline bool hpkm_pairing_is_open(const struct hpkm_pairing *pairing)
{
	return pairing->suite;
}

void hpkm_pairing_init(struct hpkm_pairing *pairing, const struct hpkm_pairing_ops *ops,
		       const u8 own[HPKM_ID_LEN]);
int hpkm_pairing_open(struct hpkm_pairing *pairing, u8 suite, const u8 sk[HPKM_SK_LEN],
		      u64 window_ns, u64 now);
void hpkm_pairing_close(struct hpkm_pairing *pairing, const char *reason);
enum hpkm_pairing_verdict hpkm_pairing_receive(struct hpkm_pairing *pairing, const u8 *frame,
					       size_t len, const u8 src[HPKM_ADDRESS_LEN],
					       u64 now);
void hpkm_pairing_tick(struct hpkm_pairing *pairing, u64 now);
u64 hpkm_pairing_deadline(const struct hpkm_pairing *pairing);
void hpkm_pairing_stored(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN], bool ok,
			 u64 now);
u32 hpkm_pairing_storing(const struct hpkm_pairing *pairing,
			 u8 id[HPKM_PAIR_CONTEXTS][HPKM_ID_LEN]);
u32 hpkm_pairing_contexts(const struct hpkm_pairing *pairing);

#endif /* _HPKM_CORE_PAIRING_H */
