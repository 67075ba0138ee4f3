/* SPDX-License-Identifier: GPL-2.0 */
/* What one network namespace has: an identity, its SKs, links and peers. */
#ifndef _HPKM_PEER_NET_H
#define _HPKM_PEER_NET_H

#include <linux/if.h>
#include <linux/mutex.h>
#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <hpkm/wire.h>
#include <hpkm/limits.h>
#include "agent.h"

struct hpkm_peer;
struct hpkm_port;

#define HPKM_SUITE_IDS	3	/* enum hpkm_suite_id */

/**
 * struct hpkm_event_info - what an event says; see enum hpkm_event
 * @type: enum hpkm_event
 * @port: where, or NULL
 * @peer: its id, or NULL
 * @suite: enum hpkm_suite_id, -1 if it does not matter
 * @sid: HPKM_SID_LEN octets, or NULL
 * @initiator: with @sid: this side began the session
 * @epoch: with @kid
 * @kid: HPKM_KID_LEN octets, or NULL
 * @rid: HPKM_RID_LEN octets, or NULL
 * @reason: a sentence, or NULL
 */
struct hpkm_event_info {
	enum hpkm_event type;
	const struct hpkm_port *port;
	const u8 *peer;
	int suite;
	const u8 *sid;
	bool initiator;
	u64 epoch;
	const u8 *kid;
	const u8 *rid;
	const char *reason;
};

struct hpkm_net;

/**
 * struct hpkm_edge - what the kernel's edges do for the storeys below
 * @transmit: hand a finished frame to the device.  @skb->data is at its
 *	Ethernet header.  Consumes @skb.  Any context with bottom halves
 *	disabled or enabled; never sleeps.
 * @deliver: hand an opened frame to the stack as if it had just arrived;
 *	@skb->data is at the original Ethernet header.  Consumes @skb.  Softirq.
 * @exposed_by: the name of an interface that is up besides lo and the port's
 *	own, written to @name; false if the port is alone.  Process context.
 * @event: tell the listeners.  Any context; never sleeps.
 * @wake_agent: tell this socket that a write waits.  Process context.
 */
struct hpkm_edge {
	void (*transmit)(struct hpkm_port *port, struct sk_buff *skb);
	void (*deliver)(struct hpkm_port *port, struct sk_buff *skb);
	bool (*exposed_by)(struct hpkm_port *port, char name[IFNAMSIZ]);
	void (*event)(struct hpkm_net *hn, const struct hpkm_event_info *event);
	void (*wake_agent)(struct hpkm_net *hn, u32 portid);
};

/**
 * struct hpkm_sk - one suite's shared secret
 * @set: @key is valid
 * @key: stretched from the passphrase by the helper
 * @fingerprint: names it, reveals nothing
 */
struct hpkm_sk {
	bool set;
	u8 key[HPKM_SK_LEN];
	u8 fingerprint[HPKM_FINGERPRINT_LEN];
};

/**
 * struct hpkm_net - one network namespace
 * @net: the namespace; outlives this
 * @edge: calls upwards
 * @id: this device's, 16 random octets made once; under @lock, and changes
 *	only while there are no peers
 * @lock: guards @ports, @peers, @by_id against change, and @sk.  Outermost:
 *	taken before any port's or peer's lock.  Sleeps.
 * @ports: attached links, in order of attaching
 * @peers: by rising serial; read under @lock
 * @by_id: peers by id; looked up under RCU
 * @workqueue: what links, peers and the agent have to do
 * @last_serial: of the newest peer
 * @sk: by enum hpkm_suite_id
 * @resting: how often hpkm_net_rest() was called and not taken back; under @lock
 * @agent: who keeps all this over power loss
 * @location_lock: guards @location; innermost, bottom halves disabled
 * @location: LI as records carry it, length octet first
 */
struct hpkm_net {
	struct net *net;
	const struct hpkm_edge *edge;
	u8 id[HPKM_ID_LEN];
	struct mutex lock;	/* ports, peers, SKs, pairing windows */
	struct list_head ports;
	struct list_head peers;
	struct rhashtable by_id;
	struct workqueue_struct *workqueue;
	u64 last_serial;
	struct hpkm_sk sk[HPKM_SUITE_IDS];
	u32 resting;
	struct hpkm_agent agent;
	spinlock_t location_lock; /* location */
	u8 location[HPKM_LI_LEN];
};

int hpkm_net_init(struct hpkm_net *hn, struct net *net, const struct hpkm_edge *edge);
/* All ports must have been stopped.  Removes every peer. */
void hpkm_net_exit(struct hpkm_net *hn);

/*
 * Sessions, exchanges and pairings end, for @reason, a sentence with static
 * life; none begins until hpkm_net_resume().  Process context.
 */
void hpkm_net_rest(struct hpkm_net *hn, const char *reason);
void hpkm_net_resume(struct hpkm_net *hn, const char *unused);

/*
 * SKs.  @why, where it is asked for, receives a sentence with static life
 * that says why a request is refused.
 */
int hpkm_net_sk_set(struct hpkm_net *hn, u8 suite, const u8 key[HPKM_SK_LEN], const char **why);
int hpkm_net_sk_del(struct hpkm_net *hn, u8 suite, const char **why);
bool hpkm_net_sk_fingerprint(struct hpkm_net *hn, u8 suite, u8 out[HPKM_FINGERPRINT_LEN]);

/* The same two without telling the agent; hn->lock. */
int hpkm_net_sk_put(struct hpkm_net *hn, u8 suite, const u8 key[HPKM_SK_LEN], const char **why);
void hpkm_net_location_put(struct hpkm_net *hn, const u8 *label, u8 len);

void hpkm_net_location_set(struct hpkm_net *hn, const u8 *label, u8 len);
void hpkm_net_id_get(struct hpkm_net *hn, u8 out[HPKM_ID_LEN]);
/* @out is LI: length octet and label, zero padded. */
void hpkm_net_location_get(struct hpkm_net *hn, u8 out[HPKM_LI_LEN]);

/*
 * The first peer whose serial is above *@serial, or NULL; for dumps that pause
 * while peers come and go.  *@serial becomes the one that it was found by, which
 * it may lose at any time.  The caller puts it.  Sleeps.
 */
struct hpkm_peer *hpkm_net_peer_after(struct hpkm_net *hn, u64 *serial);
/* The caller puts it. */
struct hpkm_peer *hpkm_net_peer_get(struct hpkm_net *hn, const u8 id[HPKM_ID_LEN]);
u32 hpkm_net_peer_count(struct hpkm_net *hn);

/* peer.c: module init, before there is a namespace, and exit, when all are gone. */
int hpkm_peers_init(void);
void hpkm_peers_exit(void);

/* Print the paper's figures for suite xor: the module parameter's value. */
extern bool hpkm_figures;

#endif /* _HPKM_PEER_NET_H */
