/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two devices with the protocol's core in them, a cable between, and what can
 * go wrong with either.  Everything follows from one seed.
 *
 *	world.c		what happens next
 *	weather.c	how bad it is: storms and calm
 *	cable.c		frames on their way, and who plays with them
 *	disk.c		what a device's persist agent keeps, and when
 *	node.c		a device: its clocks, its life
 *	machine_ops.c	how its commit machine acts
 *	pairing_ops.c	how its pairing acts
 *	data.c		its data plane: records, messages, acknowledgements
 *	check.c		what must hold after every step
 *	watch.c		what must hold when a thing is done
 *	goal.c		what must happen in a calm
 *
 * Times are nanoseconds of the world's clock, unless they are a node's.
 */
#ifndef _HPKM_SIM_WORLD_H
#define _HPKM_SIM_WORLD_H

#include <core/frame.h>
#include <core/kept.h>
#include <core/log.h>
#include <core/machine.h>
#include <core/outbox.h>
#include <core/pairing.h>
#include <core/receipt.h>
#include <core/replay.h>
#include "../kunit/machine_copy.h"
#include "random.h"

#define NODES		2
#define CHANNELS	(HPKM_SESSIONS_OLD + 3)
#define PACKET_MAX	256
#define PACKETS		2048	/* on the cable at a time; one more is lost */
#define RECORDED	4096	/* that who listens has kept, old and new */
#define SESSIONS_KNOWN	256	/* whose keys are remembered, a node */
#define SENT_KNOWN	32	/* handshake frames, a node */
#define COUNTERS_KNOWN	32768	/* the first of a session */
#define NUMBERS_KNOWN	4096	/* record numbers, a node; a power of two */

struct world;

/**
 * struct channel - a session and its data plane
 * @control: the machine's part
 * @used: it exists
 * @send_key: of what goes out
 * @receive_key: of what comes in
 * @next_counter: of the next frame
 * @refuse_after: by the node's clock
 * @replay: which counters came
 * @traffic: what the machine is told
 * @accepted: the first counters that came
 */
struct channel {
	struct hpkm_session control;
	bool used;
	u8 send_key[HPKM_KEY_LEN];
	u8 receive_key[HPKM_KEY_LEN];
	u64 next_counter;
	u64 refuse_after;
	struct hpkm_replay replay;
	struct hpkm_traffic traffic;
	DECLARE_BITMAP(accepted, COUNTERS_KNOWN);
};

/**
 * struct disk - what is durable of a node, and the write under way
 * @image: what a start would read
 * @actual: the same, as the machine has it
 * @known: the last that was reported as durable
 * @writing: a write is under way; it may be one that the machine has given up
 * @issued_at: when, by the node's clock
 * @new_image: what is written
 * @new: the same
 * @lands: it reaches the disk
 * @lands_at: when
 * @decides_at: when the machine is told
 * @ok: what it is told
 * @gone: nobody is there to write
 */
struct disk {
	struct hpkm_kept_pair image;
	struct hpkm_durable actual;
	struct hpkm_durable known;
	bool writing;
	u64 issued_at;
	struct hpkm_kept_pair new_image;
	struct hpkm_durable new;
	bool lands;
	u64 lands_at;
	u64 decides_at;
	bool ok;
	bool gone;
};

/* A session that a node once made; its keys are compared with the other's. */
struct made {
	bool valid;
	bool initiator;
	bool current;
	u32 own_sid;
	u32 peer_sid;
	u64 epoch_n;
	struct hpkm_session_keys keys;
};

/**
 * struct number - of a record sent, or noted by its receiver
 * @rec: the number
 * @hash: what it was given to
 * @used: there is one
 * @remembered: the receiver must not take it twice
 * @delivered: the receiver has taken it
 */
struct number {
	u64 rec;
	u64 hash;
	bool used;
	bool remembered;
	bool delivered;
};

/**
 * struct witness - what an observer knows of a node; survives its crashes
 * @made: sessions
 * @made_count: ever
 * @sent: handshake frames, as they were first sent
 * @sent_count: ever
 * @given: numbers of own records
 * @noted: numbers of the other's records that were logged, or delivered
 * @last_hctr: of the last own attempt
 * @durable: the machine's, after the last step
 * @session: the current one's own_sid then
 * @own_uctr: and its numbers of updates
 * @peer_uctr: of the peer's
 * @refused: next and fresh of the last write that was reported as failed
 * @last_u1: of the session @u1_sid
 * @stalled_at: when the machine last wanted to run
 * @stalled: how often in a row that was the same time
 */
struct witness {
	struct made made[SESSIONS_KNOWN];
	u64 made_count;
	u8 sent[SENT_KNOWN][HPKM_HANDSHAKE_MAX];
	u8 sent_len[SENT_KNOWN];
	u64 sent_count;
	struct number given[NUMBERS_KNOWN];
	struct number noted[NUMBERS_KNOWN];
	u64 last_hctr;
	struct hpkm_durable durable;
	u32 session;
	u32 own_uctr;
	u32 peer_uctr;
	struct hpkm_epoch refused[HPKM_EPOCH_CUR];
	u8 last_u1[HPKM_CONTROL_MAX];
	u32 u1_sid;
	u64 stalled_at;
	u32 stalled;
};

/* What became of the write that a pairing waits for. */
enum pairing_store {
	PAIRING_STORE_NONE,
	PAIRING_STORE_OK,
	PAIRING_STORE_FAILED,
};

/**
 * struct node - one device
 * @up: it has power
 * @starts_at: when it gets it back
 * @crashes_at: when it loses it
 * @booted_at: when it got it, by the world's clock
 * @clock_base: what its clock said then
 * @drift: parts per million that its clock is fast
 * @wall_offset: its wall clock's
 * @id: the device's
 * @sids: session indices taken and not given back
 * @half_open: half-open exchanges begun and not ended
 * @updates: the same of updates
 * @send_at: when it has something to say next; by the world's clock, as are
 *	@ask_at, when it asks for an update, @exchange_at and @disturb_at
 * @quiet: it has nothing to say
 */
struct node {
	struct world *world;
	u32 index;
	bool up;
	u64 starts_at;
	u64 crashes_at;
	u64 booted_at;
	u64 clock_base;
	s64 drift;
	u64 wall_offset;
	u8 id[HPKM_ID_LEN];
	u32 log_size;
	struct hpkm_machine machine;
	struct channel channel[CHANNELS];
	struct hpkm_log *log;
	struct hpkm_receipt receipt;
	struct hpkm_outbox outbox;
	struct hpkm_pairing pairing;
	enum pairing_store pairing_store;
	struct disk disk;
	u64 next_count;
	u64 last_time;
	u8 location[HPKM_LI_LEN];
	int sids;
	int half_open;
	int updates;
	u64 send_at;
	u64 ask_at;
	u64 exchange_at;
	u64 disturb_at;
	bool quiet;
	struct witness witness;
};

/* What somebody did with a frame before it arrived. */
enum fate {
	FATE_PLAIN,
	FATE_REPLAYED,
	FATE_REFLECTED,
	FATE_SPOILT,
};

struct packet {
	u64 at;
	u64 order;
	u8 to;
	u8 fate;
	bool watched;
	u16 len;
	u8 data[PACKET_MAX];
};

/**
 * struct weather - how bad it is; all zero is calm
 * Per mille, unless it says otherwise.
 * @lose: frames
 * @duplicate: frames
 * @delay: nanoseconds, at most
 * @late: frames that take up to ten times that
 * @spoil: one bit of a frame
 * @replay: an old frame after each frame
 * @reflect: a frame comes back
 * @crash_every: nanoseconds, on average; 0 never
 * @write_fails: writes that are reported as failed
 * @write_slow: nanoseconds, at most
 * @write_crash: writes during which power is lost
 * @agent_goes: disturbances in which nobody keeps the state for a while
 * @no_memory: allocations
 * @disturb_every: nanoseconds between clock jumps, carrier losses and the like
 * @say_every: nanoseconds between what a node says; 0 it says nothing
 * @messages: of what is said
 * @ask_every: nanoseconds between requests for an update; 0 never
 * @exchange_every: nanoseconds between exchanges that the user asks for
 * @starters: bits: which nodes speak and ask
 * @pairs: windows are opened
 */
struct weather {
	u32 lose;
	u32 duplicate;
	u64 delay;
	u32 late;
	u32 spoil;
	u32 replay;
	u32 reflect;
	u64 crash_every;
	u32 write_fails;
	u64 write_slow;
	u32 write_crash;
	u32 agent_goes;
	u32 no_memory;
	u64 disturb_every;
	u64 say_every;
	u32 messages;
	u64 ask_every;
	u64 exchange_every;
	u32 starters;
	bool pairs;
};

/* What a calm has to reach, in this order. */
enum goal {
	GOAL_NONE,	/* a storm */
	GOAL_SESSION,	/* current on both sides, the same; one epoch */
	GOAL_RECORDS,	/* enough that both have */
	GOAL_UPDATE,	/* made, and a session under it */
	GOAL_AGAIN,	/* another session */
	GOAL_MESSAGES,	/* none waits any more */
	GOAL_DONE,
};

/* How often each thing happened: a run in which nothing does shows nothing. */
enum happening {
	HAPPENED_SESSION,
	HAPPENED_UPDATE,
	HAPPENED_NAK,
	HAPPENED_PAIRING,
	HAPPENED_RENEWED,
	HAPPENED_MESSAGE,
	HAPPENED_RECORD,
	HAPPENED_CRASH,
	HAPPENED_WRITE,
	HAPPENED_WRITE_FAILED,
	HAPPENED_WRITE_AMBIGUOUS,
	HAPPENED_WRITE_LATE,
	HAPPENED_LOST,
	HAPPENED_DUPLICATED,
	HAPPENED_REPLAYED,
	HAPPENED_REFLECTED,
	HAPPENED_SPOILT,
	HAPPENED_CLOCK,
	HAPPENED_CARRIER,
	HAPPENED_DETACHED,
	HAPPENED_AGENT,
	HAPPENED_NO_MEMORY,
	HAPPENED_PROMOTED,
	HAPPENED_DROPPED,
	HAPPENED_STORM,
	HAPPENED,
};

/**
 * struct world - all of it
 * @suite: of the pair
 * @seed: where everything comes from
 * @steps: that happened
 * @salt: marks what is said, so that nothing else passes for it
 * @heap: packets by the time of their arrival
 * @order: packets ever sent, so that those of one time keep their order
 * @recorded: what who listens has kept
 * @weather: now
 * @changes_at: when it does
 * @goal: of a calm
 * @goal_from: since when
 * @goal_retry: when to try again
 * @updater: who asks for the update
 * @agreed: the epoch of both when the update was asked for
 * @before: the session of both when another was
 * @trace: the step from which on all is told
 */
struct world {
	const struct hpkm_suite *suite;
	u64 seed;
	u64 now;
	u64 steps;
	u64 salt;
	u64 trace;
	struct chance chance;
	struct node node[NODES];
	u8 sk[HPKM_SK_LEN];
	struct packet packet[PACKETS];
	u32 heap[PACKETS];
	u32 packets;
	u64 order;
	struct packet *recorded;
	u32 recorded_count;
	struct weather weather;
	u64 changes_at;
	enum goal goal;
	u64 goal_from;
	u64 goal_retry;
	u64 goal_slowest[GOAL_DONE];
	u32 updater;
	u64 agreed;
	u8 before[HPKM_SID_LEN];
	u64 happened[HAPPENED];
};

static inline struct node *other(struct node *node)
{
	return &node->world->node[!node->index];
}

static inline void happens(struct world *world, enum happening what)
{
	world->happened[what]++;
}

/* The first of two times; HPKM_NEVER is never. */
static inline u64 sooner(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* world.c */
struct world *world_create(const struct hpkm_suite *suite, u64 seed);
void world_destroy(struct world *world);
void world_step(struct world *world);
void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints what does not hold and how to see it again; ends the program. */
void world_broken(struct world *world, const char *invariant, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* weather.c */
void weather_calm(struct world *world);
void weather_storm(struct world *world);
void weather_disturb(struct node *node);

/* goal.c */
void goal_begin(struct world *world);
void goal_tick(struct world *world);
u64 goal_deadline(struct world *world);
bool goal_connected(struct world *world);

/* cable.c */
void cable_send(struct node *from, const u8 *frame, size_t len);
bool cable_next(struct world *world, u64 *at);
void cable_deliver(struct world *world);

/* disk.c */
void disk_init(struct node *node, const struct hpkm_durable *durable);
enum hpkm_stored disk_write(struct node *node);
bool disk_given_up(const struct node *node);
void disk_hurry(struct node *node);
u64 disk_deadline(const struct node *node);
void disk_tick(struct node *node);
void disk_crash(struct node *node);
void disk_agent(struct node *node, bool gone);

/* node.c */
void node_init(struct world *world, u32 index);
void node_start(struct node *node);
void node_stop(struct node *node);
void node_exit(struct node *node);
u64 node_now(const struct node *node);
u64 node_world_time(const struct node *node, u64 at);
u64 node_wall_clock(const struct node *node);
void node_locate(struct node *node);
void node_receive(struct node *node, const struct packet *packet);

/* machine_ops.c */
extern const struct hpkm_machine_ops machine_ops;

/* pairing_ops.c */
extern const struct hpkm_pairing_ops pairing_ops;
void pairing_stored(struct hpkm_machine *machine, bool ok);
void pairing_collect(struct node *node);
void pairing_window(struct node *node);

/* data.c */
struct channel *data_channel(struct node *node, u32 own_sid);
struct channel *data_to_send(struct node *node);
void data_init(struct node *node);
void data_exit(struct node *node);
void data_renew(struct node *node);
void data_say(struct node *node);
void data_control(struct node *node, struct channel *channel, const u8 *payload, size_t len);
void data_receive(struct node *node, const struct packet *packet);
void data_tick(struct node *node);
u64 data_deadline(struct node *node);

/* check.c */
void check_world(struct world *world);
void check_given_back(struct node *node, const void *memory, size_t len);

/* watch.c */
bool watch_has(const struct hpkm_durable *durable, const struct hpkm_epoch *epoch);
bool watch_same(const struct hpkm_epoch *a, const struct hpkm_epoch *b);
bool watch_undecided(const struct node *node);
void watch_handshake(struct node *node, const u8 *frame, size_t len);
void watch_control(struct node *node, const struct channel *channel, const u8 *payload,
		   size_t len);
void watch_attempt(struct node *node, const struct hpkm_exchange *x);
void watch_created(struct node *node, const struct channel *channel,
		   const struct hpkm_session_keys *keys);
void watch_moved(struct node *node, const struct channel *channel);
void watch_write(struct node *node, const struct hpkm_durable *durable);
void watch_decided(struct node *node, const struct hpkm_durable *durable, bool ok);
void watch_restart(struct node *node);
void watch_forget(struct node *node);
void watch_given(struct node *node, u64 rec, u64 hash);
void watch_noted(struct node *node, u64 rec, u64 hash, bool message);
void watch_too_old(struct node *node, u64 rec);
void watch_delivered(struct node *node, u64 rec);
void watch_accepted(struct node *node, struct channel *channel, u64 counter);
void watch_confirmed(struct node *node, u64 rec);
void watch_update_done(struct node *node, const u8 *rid);

#endif /* _HPKM_SIM_WORLD_H */
