/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer from the inside.  Only storey 2 (kernel/peer) includes this.
 *
 * Locks, outermost first:
 *
 *	RTNL			mutex	the edge's; never taken below
 *	hpkm_net.lock		mutex	ports, peers, SKs, pairing windows
 *	hpkm_peer.lock		mutex	the commit machine, sessions' control side
 *	hpkm_peer.data_lock	spin_bh	log, records, messages, staged frames
 *	hpkm_channel.receive_lock spin_bh  replay window
 *	hpkm_agent.lock		spin_bh	writes that wait for the persist agent
 *
 * The data plane runs in softirq under RCU: from a session index to its
 * channel, from an address to its peer, from a peer to the channel it sends
 * in.  It never takes a mutex; what needs the machine is handed to a work.
 */
#ifndef _HPKM_PEER_INTERNAL_H
#define _HPKM_PEER_INTERNAL_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include "../core/frame.h"
#include "../core/log.h"
#include "../core/machine.h"
#include "../core/outbox.h"
#include "../core/reassembly.h"
#include "../core/receipt.h"
#include "../core/replay.h"
#include "counters.h"
#include "net.h"
#include "peer.h"
#include "port.h"

/**
 * struct hpkm_channel - the data plane of a session
 * @control: what the machine knows; changes under @peer->lock
 * @peer: whose; the peer outlives its channels by an RCU grace period
 * @suite: the peer's
 * @send_key: constant
 * @receive_key: constant
 * @is_next: as @control has it: no frame has confirmed its keys; READ_ONCE
 * @renews: the same
 * @send_until: the same, while frames are sent in it
 * @refuse_after: when keys are no longer used (HPKM_NEVER in state NEXT);
 *	READ_ONCE
 * @next_counter: of the next frame sent
 * @receive_lock: guards @replay; innermost
 * @replay: counters seen
 * @frames_received: under @receive_lock
 * @unanswered_since: see struct hpkm_traffic; READ_ONCE and WRITE_ONCE
 * @unreplied_since: the same
 * @data_passed: the same
 * @rcu: it is wiped and freed after a grace period
 */
struct hpkm_channel {
	struct hpkm_session control;
	struct hpkm_peer *peer;
	const struct hpkm_suite *suite;
	u8 send_key[HPKM_KEY_LEN];
	u8 receive_key[HPKM_KEY_LEN];
	bool is_next;
	bool renews;
	u64 send_until;
	u64 refuse_after;
	atomic64_t next_counter;
	spinlock_t receive_lock; /* replay */
	struct hpkm_replay replay;
	u64 frames_received;
	u64 unanswered_since;
	u64 unreplied_since;
	bool data_passed;
	struct rcu_head rcu;
};

/**
 * struct hpkm_sid - a session index that is taken, in hpkm_port.sids
 * @node: by @sid
 * @sid: random, not zero
 * @peer: whose; RCU
 * @channel: set once a session owns it; RCU
 * @rcu: freed after a grace period
 */
struct hpkm_sid {
	struct rhash_head node;
	u32 sid;
	struct hpkm_peer *peer;
	struct hpkm_channel __rcu *channel;
	struct rcu_head rcu;
};

enum hpkm_pairing_store {
	HPKM_PAIRING_STORE_NONE,	/* undecided, or told */
	HPKM_PAIRING_STORE_OK,
	HPKM_PAIRING_STORE_FAILED,
};

/**
 * struct hpkm_peer - a paired device
 * @ref: the namespace's lists hold one, every pointer kept over a sleep one
 * @rcu: freed after a grace period
 * @hn: the namespace; outlives the peer
 * @serial: rises from peer to peer, and when one pairs anew; READ_ONCE
 * @node: in @hn->peers, under @hn->lock
 * @by_id: in @hn->by_id
 * @machine.pair: constant; the rest of @machine under @lock
 * @lock: see above
 * @removed: under @lock: work that still comes must do nothing
 * @tick: the machine's timer, and what the data plane wants of the machine
 * @wants: bits of enum hpkm_want, for @tick
 * @ifname: the link it belongs to, attached or not; changes under @hn->lock
 *	and @lock
 * @port: that link when attached; changes under @hn->lock and @lock, RCU
 * @on_port: in @port->peers, under @hn->lock, read under RCU
 * @address: bound; under @lock, copied for the data plane into @bound
 * @bound: its entry in @port->addresses, replaced as a whole; RCU
 * @kept: an agent may have written its state; under @lock
 * @durable: the present agent has; under @lock
 * @write_serial: of the write that the machine waits for; under @lock
 * @pairing_store: what a pairing's write has come to, for the port; under @lock
 * @name: the administrator's label; under @lock
 * @bridge: may use other sources; READ_ONCE
 * @sending: the channel to send in, current or draining; RCU
 * @counters: what could be put down to this peer
 * @last_received: when anything authentic came, or 0; READ_ONCE
 * @renewed_at: when a pairing's context became the only one; under @lock
 * @replay_event_at: when the last replay event was sent
 * @auth_event_at: when the last authentication event was sent
 *
 * @data_lock: guards all that follows
 * @log: the history
 * @receipt: of the peer's records
 * @outbox: own messages under way
 * @inbox: struct hpkm_received, oldest first
 * @inbox_count: at most HPKM_INBOX
 * @inbox_serial: of the newest
 * @next_count: the count part of the next own record's number
 * @last_time: T of the last own record; T rises
 * @policy: see hpkm_policy; read elsewhere with READ_ONCE()
 * @frames_since_record: for record_frames
 * @record_at: when the last frame became a record, for record_interval_ms
 * @records_since_update: confirmed since the last update, for update_records
 * @update_at: when a key update is due by time, or HPKM_NEVER
 * @staged: frames that wait for a session, at most HPKM_STAGED_FRAMES
 * @staging: some wait or are on their way out, so others line up behind them; read
 *	elsewhere with READ_ONCE()
 * @flushing: a CPU is sending them
 * @unstaged: how many were sent since others began to line up
 * @asks_at: when one of many that wait asks for a session again
 * @reassembly: halves that wait, skbs opened and at their inner contents
 * @data_tick: acknowledgements, messages and fragments that are due
 */
struct hpkm_peer {
	struct kref ref;
	struct rcu_head rcu;
	struct hpkm_net *hn;
	u64 serial;
	struct list_head node;
	struct rhash_head by_id;
	u8 id[HPKM_ID_LEN];		/* == machine.pair.peer, the key of by_id */

	struct mutex lock;	/* machine */
	struct hpkm_machine machine;
	bool removed;
	struct delayed_work tick;
	unsigned long wants;
	bool kept;
	bool durable;
	u64 write_serial;
	enum hpkm_pairing_store pairing_store;
	char ifname[IFNAMSIZ];
	struct hpkm_port __rcu *port;
	struct list_head on_port;
	struct hpkm_bound __rcu *bound;
	bool takes_over;
	char name[HPKM_NAME_MAX + 1];
	bool bridge;

	struct hpkm_channel __rcu *sending;
	struct hpkm_counters counters;
	u64 last_received;
	u64 renewed_at;
	u64 replay_event_at;
	u64 auth_event_at;

	spinlock_t data_lock;	/* all that follows */
	struct hpkm_log *log;
	struct hpkm_receipt receipt;
	struct hpkm_outbox outbox;
	struct list_head inbox;
	u32 inbox_count;
	u64 inbox_serial;
	u64 next_count;
	u64 last_time;
	struct hpkm_policy policy;
	u32 frames_since_record;
	u64 record_at;
	u32 records_since_update;
	u64 update_at;
	struct sk_buff_head staged;
	bool staging;
	bool flushing;
	u32 unstaged;
	u64 asks_at;
	struct hpkm_reassembly reassembly;
	struct delayed_work data_tick;
};

/* A peer's bound address, in hpkm_port.addresses. */
struct hpkm_bound {
	struct rhash_head node;
	u8 address[ETH_ALEN];
	struct hpkm_peer *peer;
	struct rcu_head rcu;
};

/* What the data plane asks of the machine; bits in hpkm_peer.wants. */
enum hpkm_want {
	HPKM_WANT_SESSION,	/* frames or messages wait and nothing can carry them */
	HPKM_WANT_CHECK,	/* traffic began: compute the deadline anew */
	HPKM_WANT_REKEY,	/* so many frames were sent under the present keys */
	HPKM_WANT_UPDATE,	/* policy: so many records since the last update */
};

/* Nanoseconds that never go back and go on in suspend. */
static inline u64 hpkm_now(void)
{
	return ktime_get_boottime_ns();
}

/* The same for what is done with every frame: cheaper, and up to a tick behind. */
static inline u64 hpkm_now_coarse(void)
{
	return ktime_get_coarse_boottime_ns();
}

static inline struct hpkm_peer *hpkm_machine_peer(struct hpkm_machine *machine)
{
	return container_of(machine, struct hpkm_peer, machine);
}

static inline struct hpkm_channel *hpkm_session_channel(struct hpkm_session *session)
{
	return container_of(session, struct hpkm_channel, control);
}

/**
 * struct hpkm_learned - a source that a bridge peer uses, in hpkm_port.learned
 * @node: by @address
 * @by_age: in hpkm_port.learned_by_age
 * @address: which
 * @peer: whose; RCU
 * @expires: nanoseconds; READ_ONCE
 * @rcu: freed after a grace period
 */
struct hpkm_learned {
	struct rhash_head node;
	struct list_head by_age;
	u8 address[ETH_ALEN];
	struct hpkm_peer *peer;
	u64 expires;
	struct rcu_head rcu;
};

/* Counts for the peer and its link. RCU read side or peer->lock. */
void hpkm_peer_count(struct hpkm_peer *peer, enum hpkm_counter which);
void hpkm_peer_count_add(struct hpkm_peer *peer, enum hpkm_counter which, u64 amount);

/* net.c: hn->lock */
int hpkm_net_peer_insert(struct hpkm_net *hn, struct hpkm_peer *peer);
void hpkm_net_peer_renew(struct hpkm_net *hn, struct hpkm_peer *peer);
void hpkm_net_peer_unlist(struct hpkm_net *hn, struct hpkm_peer *peer);

/* peer.c: hn->lock, but for hpkm_peer_settle(): peer->lock */
struct hpkm_peer *hpkm_peer_create(struct hpkm_net *hn, const struct hpkm_suite *suite,
				   const u8 id[HPKM_ID_LEN]);
int hpkm_peer_list(struct hpkm_peer *peer);
void hpkm_peers_remove_all(struct hpkm_net *hn);
void hpkm_peer_link(struct hpkm_peer *peer, struct hpkm_port *port, bool take_over);
void hpkm_peer_unlink(struct hpkm_peer *peer, const char *reason);
bool hpkm_peer_set_ifname(struct hpkm_peer *peer, const char *ifname);
void hpkm_peer_carrier(struct hpkm_peer *peer);
void hpkm_peer_rest(struct hpkm_peer *peer, const char *reason);
void hpkm_peer_resume(struct hpkm_peer *peer);
/* After every call into the machine: publish the address, set the timer. */
void hpkm_peer_settle(struct hpkm_peer *peer);

/* port.c */
void hpkm_port_unbind(struct hpkm_port *port, struct hpkm_peer *peer);
int hpkm_port_bind(struct hpkm_port *port, struct hpkm_peer *peer, const u8 address[ETH_ALEN],
		   bool take_over);
struct hpkm_peer *hpkm_port_peer_at(struct hpkm_port *port, const u8 address[ETH_ALEN]);
void hpkm_port_transmit(struct hpkm_port *port, const u8 *frame, size_t len, const u8 *dst);
void hpkm_port_unlearn(struct hpkm_port *port, struct hpkm_peer *peer);

/* sid.c */
extern const struct rhashtable_params hpkm_sid_params;
struct hpkm_sid *hpkm_sid_find(struct hpkm_port *port, u32 sid);
u32 hpkm_sid_new(struct hpkm_port *port, struct hpkm_peer *peer);
void hpkm_sid_free(struct hpkm_port *port, u32 sid);
void hpkm_sid_publish(struct hpkm_port *port, u32 sid, struct hpkm_channel *channel);

/* machine_ops.c */
extern const struct hpkm_machine_ops hpkm_machine_ops;

/* figures.c */
void hpkm_figures_step(enum hpkm_step step, const struct hpkm_exchange *x);

/* pairing_window.c: a pairing's write is decided.  peer->lock */
void hpkm_pairing_window_stored(struct hpkm_machine *machine, bool ok);

/* handshake.c, pairing_window.c: a port's control side */
void hpkm_handshake_init(struct hpkm_port *port);
void hpkm_handshake_purge(struct hpkm_port *port);
void hpkm_pairing_window_init(struct hpkm_port *port);
void hpkm_pairing_window_close(struct hpkm_port *port, const char *reason);
void hpkm_pairing_window_receive(struct hpkm_port *port, const u8 *frame, size_t len,
				 const u8 src[ETH_ALEN]);

/* peer.c.  Any context. */
void hpkm_peer_ask(struct hpkm_peer *peer, enum hpkm_want want);
void hpkm_peer_event(struct hpkm_peer *peer, enum hpkm_event type, const u8 *rid,
		     const char *reason);
/* The peer's bound address; false while it has none.  RCU read side. */
bool hpkm_peer_address(const struct hpkm_peer *peer, u8 out[ETH_ALEN]);

/*
 * Before opened control or a message is freed: the one is the next epoch's
 * secret in suite 0, the other may become one as a record.
 */
static inline void hpkm_wipe_skb(struct sk_buff *skb)
{
	memzero_explicit(skb->data, skb_headlen(skb));
}

/* handshake.c: to the machine, by the port's work.  Softirq. */
void hpkm_handshake_control(struct hpkm_channel *channel, const u8 *payload, size_t len);
void hpkm_handshake_first_data(struct hpkm_channel *channel);

/* channel.c: under peer->lock */
struct hpkm_channel *hpkm_channel_create(struct hpkm_peer *peer,
					 const struct hpkm_session_keys *keys, bool initiator,
					 u32 own_sid);
/* Unpublished by the caller; wipes and frees after a grace period. */
void hpkm_channel_destroy(struct hpkm_channel *channel);

/* data.c: the data half of a peer's life */
int hpkm_data_init(struct hpkm_peer *peer);
/* No new frames can come.  Process context. */
void hpkm_data_exit(struct hpkm_peer *peer);
/* A pairing's context is the only one: log and message memory are cleared. */
void hpkm_data_renew(struct hpkm_peer *peer);
/* There is a session to send in: staged frames and messages go out. */
void hpkm_data_session_ready(struct hpkm_peer *peer);
/* No link any more: staged frames and fragments are dropped. */
void hpkm_data_unlink(struct hpkm_peer *peer);

/*
 * transmit.c.  Protects one frame (see hpkm_port_send()) for this peer, or
 * stages it.  @l2addr: the original addresses must travel along.  Consumes
 * @skb.  Bottom halves disabled, RCU read side.
 */
void hpkm_peer_send(struct hpkm_peer *peer, struct sk_buff *skb, bool l2addr);
/* CONTROL, @len 0: bare.  It also acknowledges where that is owed. */
int hpkm_channel_send_control(struct hpkm_channel *channel, const u8 *payload, size_t len);

/* receive.c.  A DATA frame for this channel, see hpkm_port_receive(). */
void hpkm_channel_receive(struct hpkm_channel *channel, struct sk_buff *skb);

/* port.c: may this peer be the sender of a frame with source @src? RCU, softirq. */
bool hpkm_port_learn(struct hpkm_port *port, struct hpkm_peer *peer, const u8 src[ETH_ALEN]);

#endif /* _HPKM_PEER_INTERNAL_H */
