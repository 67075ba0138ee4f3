/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two commit machines and a cable between them, in one thread and with a
 * clock of their own, for tests that say what the cable and the stores do.
 */
#ifndef _HPKM_TESTS_TWO_NODES_H
#define _HPKM_TESTS_TWO_NODES_H

#include <linux/prandom.h>
#include <core/log.h>
#include <core/machine.h>
#include "each_suite.h"
#include "machine_copy.h"

#define SIM_SESSIONS	16
#define SIM_PACKETS	512
#define SIM_RECORDS	24	/* both logs start with these, confirmed */

struct sim;

struct sim_session {
	bool used;
	struct hpkm_session session;
	struct hpkm_session_keys keys;
	struct hpkm_traffic traffic;
};

/**
 * struct sim_node - one device
 * @store_result: what the next writes answer
 * @stores: how many writes were issued
 * @written: what the last one would have made durable
 * @agent_gone: what was written before must not be left behind
 * @no_sessions: session_create() is out of memory
 * @no_sids: sid_new() is
 * @sids: session indices taken and not given back
 * @no_memory: nor is there any for an exchange or an update
 * @half_open: half-open exchanges begun and not ended
 * @updates: the same of updates
 * @unwiped: how many of these were not wiped when they were given back
 * @events: how often each came
 * @reason: of the last that had one
 * @bare: bare CONTROL frames sent
 */
struct sim_node {
	struct hpkm_machine machine;
	struct sim *sim;
	u32 index;
	struct hpkm_log *log;
	struct sim_session session[SIM_SESSIONS];
	enum hpkm_stored store_result;
	u32 stores;
	struct hpkm_durable written;
	bool agent_gone;
	bool no_sessions;
	bool no_sids;
	u32 next_sid;
	s32 sids;
	bool no_memory;
	s32 half_open;
	s32 updates;
	u32 unwiped;
	u32 events[HPKM_MACHINE_RENEWED + 1];
	const char *reason;
	u32 bare;
};

struct sim_packet {
	bool used;
	u32 to;
	bool control;
	u32 sid;		/* of the session a control packet is for */
	u64 at;
	u8 data[HPKM_CONTROL_MAX];
	size_t len;
};

/**
 * struct sim - the world
 * @lose: percent
 * @duplicate: percent
 * @delay: up to so many nanoseconds more
 * @drop_type: lose the first @drop_count frames (or control messages) of it
 * @sent: frames and control messages sent, by first octet
 * @last: the last frame or control message sent, by first octet
 */
struct sim {
	u64 now;
	struct rnd_state random;
	struct sim_node node[2];
	struct sim_packet packet[SIM_PACKETS];
	u32 lose;
	u32 duplicate;
	u64 delay;
	u8 drop_type;
	u32 drop_count;
	u32 sent[256];
	u8 last[256][HPKM_CONTROL_MAX];
};

/**
 * struct sim_view - a node, as it was when a test looked
 * @machine: all of it, and what it points to
 * @sids: as in &struct sim_node
 * @half_open: the same
 * @sent: frames and control messages that both had sent
 */
struct sim_view {
	struct machine_copy machine;
	s32 sids;
	s32 half_open;
	u32 sent;
};

struct sim *sim_create(const struct hpkm_suite *suite, u64 seed);
void sim_destroy(struct sim *sim);
/* A KUnit suite's init and exit: one under suite_of(@test), and nothing may be left over. */
int sim_init(struct kunit *test);
void sim_exit(struct kunit *test);
static inline struct sim *sim_of(const struct kunit *test)
{
	return test->priv;
}

/* Unlinks the node; it must then own nothing. */
void sim_no_leak(struct kunit *test, struct sim_node *node);
/* Lets everything happen that is due in the next @span nanoseconds. */
void sim_run(struct sim *sim, u64 span);
/* @node begins an exchange as soon as it may. */
void sim_want(struct sim *sim, u32 node);
/* A session, begun by node 0. */
void sim_connect(struct kunit *test);
int sim_update(struct sim *sim, u32 node, const u8 *rid);
struct sim_session *sim_current(struct sim *sim, u32 node);
/* A session is current on both sides, with the same keys the right way round. */
bool sim_connected(struct sim *sim);
bool sim_same_epoch(struct sim *sim);
void sim_look(const struct sim *sim, u32 node, struct sim_view *view);
/* No octet of the machine has changed, nothing was taken, given back or sent. */
bool sim_untouched(const struct sim *sim, u32 node, const struct sim_view *view);
/* Its machine, or what that points to, has these octets. */
bool sim_knows(const struct sim *sim, u32 node, const u8 secret[HPKM_KEY_LEN]);
/* A frame reaches @node, which checks its header first; 0 or why it was refused. */
int sim_give(struct sim *sim, u32 node, const u8 *frame, size_t len);
/* Data passed in the current session of @node. */
void sim_data_passed(struct sim *sim, u32 node);
u32 sim_random_below(struct sim *sim, u32 limit);
/* A C1 as @from's device makes it, for tests that say when and under what. */
void sim_make_c1(struct sim *sim, u32 from, const struct hpkm_epoch *epoch, u32 sid, u64 hctr,
		 u8 *frame);

#endif /* _HPKM_TESTS_TWO_NODES_H */
