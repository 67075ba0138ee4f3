/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every limit and time of the protocol, named once.  Times are nanoseconds
 * unless the name ends in _MS or _S.
 */
#ifndef _HPKM_LIMITS_H
#define _HPKM_LIMITS_H

#include <linux/bits.h>

#define HPKM_MS			1000000ULL
#define HPKM_SECOND		1000000000ULL
#define HPKM_NEVER		(~0ULL)

/* Exchange, protocol section 5.3 */
#define HPKM_RESEND_1		(250 * HPKM_MS)		/* after the first sending */
#define HPKM_RESEND_2		(750 * HPKM_MS)
#define HPKM_ATTEMPT_FAILS	(1750 * HPKM_MS)
#define HPKM_BACKOFF_MIN	(250 * HPKM_MS)
#define HPKM_BACKOFF_SPAN	(2000 * HPKM_MS)	/* uniform above the minimum */
#define HPKM_BACKOFF_MAX	(30 * HPKM_SECOND)
#define HPKM_BACKOFF_STEADY	8			/* failures before it doubles */
#define HPKM_ATTEMPT_YOUNG	(2 * HPKM_SECOND)	/* wins against a crossing C1 */
#define HPKM_BROADCAST_EVERY	3			/* attempts; one goes to all */
#define HPKM_HALF_OPEN_PEER	4
#define HPKM_HALF_OPEN_LINK	64
#define HPKM_HALF_OPEN_LIFE	(3 * HPKM_SECOND)	/* after its last new message */
#define HPKM_HALF_OPEN_SAFE	(1 * HPKM_SECOND)	/* younger ones are not displaced */
#define HPKM_FINISHED_KEPT	(5 * HPKM_SECOND)	/* C5 and its ACK */
#define HPKM_START_JITTER	(1 * HPKM_SECOND)	/* after attach or carrier-up */
#define HPKM_RATE_BURST		16			/* C1 and P1..P6, a source */
#define HPKM_RATE_INTERVAL	(100 * HPKM_MS)		/* between them, once the burst is used */
#define HPKM_RATE_PEER_INTERVAL	(HPKM_MS / 10)		/* the same for C1 from a peer's address */
#define HPKM_HANDSHAKE_QUEUE	256			/* frames waiting for work, a link */
#define HPKM_C1_ALL_PEERS	(100 * HPKM_MS)		/* a link, between tries with all */

/* Sessions */
#define HPKM_REKEY_S		120			/* the initiator; policy may shorten it */
#define HPKM_REKEY_SPREAD(t)	((t) / 8)		/* the initiator, earlier by up to 15 s */
#define HPKM_REKEY_RESPONDER(t)	((t) * 9 / 8)		/* 135 s */
#define HPKM_SEND_FOR(t)	((t) * 11 / 8)		/* 165 s after the keys were made */
#define HPKM_REFUSE_AFTER(t)	((t) * 3 / 2)		/* 180 s after INSTALL */
#define HPKM_REKEY_FRAMES	BIT_ULL(40)
#define HPKM_REFUSE_FRAMES	(HPKM_REKEY_FRAMES + BIT_ULL(32))
#define HPKM_KEEPALIVE		(2 * HPKM_SECOND)
#define HPKM_DEAD_PEER		(5 * HPKM_SECOND)
#define HPKM_DRAIN		(5 * HPKM_SECOND)
#define HPKM_DRAIN_SEND		(4750 * HPKM_MS)	/* the other may have begun before */
#define HPKM_SESSIONS_OLD	4			/* draining or replaced, a peer */
#define HPKM_REPLAY_WINDOW	2048			/* frames */
#define HPKM_STAGED_FRAMES	128			/* a peer, waiting for a session */
#define HPKM_STAGED_CATCH_UP	(8 * HPKM_STAGED_FRAMES) /* sent before others may overtake */
#define HPKM_STAGED_ASK		(100 * HPKM_MS)		/* between two words that they wait */

/* Pairing, section 4 */
#define HPKM_PAIR_WINDOW_S	120
#define HPKM_PAIR_WINDOW_MAX_S	3600
#define HPKM_PAIR_CONTEXTS	4
#define HPKM_PAIR_CONTEXT_LIFE	(5 * HPKM_SECOND)	/* after its last new message */
#define HPKM_PAIR_ATTEMPTS	3			/* that may fail, a window */
#define HPKM_PAIR_HELLO_EVERY	(1 * HPKM_SECOND)
#define HPKM_PAIR_HELLO_APART	(250 * HPKM_MS)		/* at least, on another's P1 */

/* Records, sections 6 and 7 */
#define HPKM_ACK_DELAY		(100 * HPKM_MS)
#define HPKM_ACK_RECORDS	32
#define HPKM_ACK_WINDOW		64
#define HPKM_MSG_SPAN		31			/* oldest unacknowledged to newest */
#define HPKM_MSG_KNOWN		64			/* delivered numbers the receiver keeps */
#define HPKM_MSG_RESEND_1	(250 * HPKM_MS)
#define HPKM_MSG_RESEND_2	(500 * HPKM_MS)
#define HPKM_MSG_RESEND_EVERY	(1 * HPKM_SECOND)
#define HPKM_MSG_GIVE_UP	(30 * HPKM_SECOND)
#define HPKM_MSG_WAITING	64			/* accepted and not acknowledged, a peer */
#define HPKM_INBOX		64			/* messages kept for reading, a peer */
#define HPKM_FRAGMENTS		16			/* halves waiting, a peer */
#define HPKM_FRAGMENT_LIFE	(2 * HPKM_SECOND)
#define HPKM_LOG_DEFAULT	256
#define HPKM_LOG_MIN		16
#define HPKM_LOG_MAX		1048576

/* Update, section 8 */
#define HPKM_UPDATE_RECORDS	16			/* confirmed ones needed */
#define HPKM_UPDATE_TIMEOUT	(10 * HPKM_SECOND)	/* REQ and PREP */
#define HPKM_UPDATE_RESEND_1	(250 * HPKM_MS)
#define HPKM_UPDATE_RESEND_2	(750 * HPKM_MS)
#define HPKM_UPDATE_RESEND_3	(1750 * HPKM_MS)
#define HPKM_UPDATE_RESEND_EVERY (1 * HPKM_SECOND)
#define HPKM_RESPONDER_WAITS	(1 * HPKM_SECOND)	/* for C1, after U3 */
#define HPKM_WRITE_RETRY	(1 * HPKM_SECOND)
#define HPKM_WRITE_TIMEOUT	(30 * HPKM_SECOND)	/* then it is taken for failed */

/* Links, section 6 */
#define HPKM_PEERS_MAX		65536			/* a namespace */
#define HPKM_MTU_MIN		576
#define HPKM_PATH_MTU_MIN	1280			/* TCP is never told less */
#define HPKM_ADDRESS_LIFE_S	300			/* a bridge peer's learned source */
#define HPKM_ADDRESSES_LEARNED	1024			/* a link */

#endif /* _HPKM_LIMITS_H */
