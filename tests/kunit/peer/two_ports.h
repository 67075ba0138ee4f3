/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two devices with one peer each, the other, and a cable between them that
 * carries nothing until the test says so.  All of kernel/peer is the real
 * thing; only the edge (devices, stack, netlink) is played here.
 */
#ifndef _HPKM_TESTS_TWO_PORTS_H
#define _HPKM_TESTS_TWO_PORTS_H

#include <linux/etherdevice.h>
#include <linux/sched.h>
#include <peer/data.h>
#include "../each_suite.h"

#define EVENTS_KEPT	64

struct told {
	enum hpkm_event type;
	u8 rid[HPKM_RID_LEN];
};

/**
 * struct party - one of the two
 * @port: its link
 * @hn: its namespace
 * @peer: the other device
 * @channel: the session in use
 * @sent: DATA frames it has sent and the cable has not carried yet
 * @delivered: what its stack got
 * @lock: guards @told and @tells
 * @told: its events
 * @tells: how many there were
 */
struct party {
	struct hpkm_port port;
	struct hpkm_net hn;
	struct hpkm_peer *peer;
	struct hpkm_channel *channel;
	struct sk_buff_head sent;
	struct sk_buff_head delivered;
	struct sk_buff_head others;	/* each is sent while a frame leaves */
	spinlock_t lock;	/* guards told and tells */
	struct told told[EVENTS_KEPT];
	u32 tells;
};

struct cable {
	struct party a;
	struct party b;
	struct hpkm_session_keys keys;	/* of the session, random */
};

enum hpkm_update_state update_state(const struct party *party);
/* As the machine does it, and for good. */
void move_session(struct party *party, enum hpkm_session_state state, bool renews);

/* A suite's init and exit: nothing of it is left to RCU. */
int peers_begin(struct kunit_suite *suite);
void peers_end(struct kunit_suite *suite);

/* Paired under suite_of(@test); goes with the test. */
struct cable *cable_create(struct kunit *test, u32 mtu);
/* Both get a new session, with A as its initiator. */
void cable_connect(struct kunit *test, struct cable *cable);

/* Nothing is taken from the link's queues from now on, until release_work(). */
void hold_work(struct hpkm_port *port);
void release_work(struct hpkm_port *port);

/* Its link goes, and then its namespace, before the test does. */
void party_stop(struct party *party);

/* A frame for hpkm_port_send(): payload octets count up from the length. */
struct sk_buff *make_frame(struct kunit *test, const u8 *dst, const u8 *src, u16 proto,
			   size_t len);
/* From one device's stack to the other's address. */
void send_frame(struct kunit *test, struct party *from, struct party *to, size_t len);
void send_skb(struct party *from, struct sk_buff *skb);

/* The oldest frame that @from has sent, off the cable; NULL if there is none. */
struct sk_buff *take_sent(struct party *from);
/* Give a frame to a device; consumes it. */
void arrive(struct party *at, struct sk_buff *skb);
/* The same for a copy. */
void arrive_copy(struct kunit *test, struct party *at, const struct sk_buff *skb);
/* All that @from has sent arrives at @to; returns how many frames. */
u32 carry(struct party *from, struct party *to);
void lose_sent(struct party *from);

/* The next frame that a device's stack got is the one of make_frame(). */
void expect_frame(struct kunit *test, struct party *at, const u8 *dst, const u8 *src,
		  u16 proto, size_t len);
u64 counted(struct party *party, enum hpkm_counter which);
u32 told(struct party *party, enum hpkm_event type);
void set_policy(struct kunit *test, struct party *party, u32 record_frames,
		u32 record_interval_ms);

/* Opens a copy of a frame on the cable, as @to would. */
struct sk_buff *peek(struct kunit *test, struct party *to, const struct sk_buff *skb,
		     struct hpkm_inner *inner);

#define PATIENCE_MS	3000

/* Polls a condition; every wait has an end. */
#define becomes_true(condition)							\
({										\
	unsigned long end_ = jiffies + msecs_to_jiffies(PATIENCE_MS);		\
	bool met_;								\
										\
	while (!(met_ = (condition)) && time_before(jiffies, end_))		\
		schedule_timeout_uninterruptible(1);				\
	met_;									\
})

#define wait_until(test, condition) \
	KUNIT_ASSERT_TRUE_MSG(test, becomes_true(condition), "in vain: %s", #condition)

#endif /* _HPKM_TESTS_TWO_PORTS_H */
