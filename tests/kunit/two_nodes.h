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
 * @no_sessions: session_create() is out of memory
 * @sids: session indices taken and not given back
 * @half_open: half-open exchanges begun and not ended
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
	bool no_sessions;
	u32 next_sid;
	s32 sids;
	s32 half_open;
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

struct sim *sim_create(u64 seed);
void sim_destroy(struct sim *sim);
/* Lets everything happen that is due in the next @span nanoseconds. */
void sim_run(struct sim *sim, u64 span);
/* Calls into a machine that the test makes itself are followed by this. */
void sim_link_both(struct sim *sim);
struct sim_session *sim_current(struct sim *sim, u32 node);
/* A session is current on both sides, with the same keys the right way round. */
bool sim_connected(struct sim *sim);
bool sim_same_epoch(struct sim *sim);
/* Data passed in the current session of @node. */
void sim_data_passed(struct sim *sim, u32 node);
u32 sim_random_below(struct sim *sim, u32 limit);

#endif /* _HPKM_TESTS_TWO_NODES_H */
