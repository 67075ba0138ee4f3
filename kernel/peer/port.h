/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port is what the peers see of an attached link: whom it reaches, which
 * session indices are taken on it, handshakes waiting to be worked on and the
 * pairing window.  The edge embeds it in its link, which has the device.
 */
#ifndef _HPKM_PEER_PORT_H
#define _HPKM_PEER_PORT_H

#include <linux/etherdevice.h>
#include <linux/if.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include "net.h"
#include "counters.h"
#include "rate.h"
#include "../core/pairing.h"

/*
 * What waits for a port's work, kept apart by who can send it and what it
 * costs: a queue that somebody fills is full for its own kind alone.
 */
enum hpkm_queue {
	HPKM_QUEUE_WORDS,	/* opened control and first data of sessions */
	HPKM_QUEUE_KNOWN,	/* C3..C5 and ACK for a session index in use */
	HPKM_QUEUE_ANSWERS,	/* C2 for such an index; each may cost a DH */
	HPKM_QUEUE_PEERS,	/* C1 from a peer's address */
	HPKM_QUEUE_STRANGERS,	/* C1 from anywhere else: may be anybody's */
	HPKM_QUEUE_PAIRING,	/* P1..P6 */
	HPKM_QUEUES,
};

/**
 * struct hpkm_port - see above
 * @hn: the namespace; outlives the port
 * @node: in @hn->ports, under @hn->lock
 * @ifname: the device's name; changes under RTNL and @address_lock, read without
 *	RTNL with hpkm_port_name()
 * @ifindex: the device's; constant
 * @address_lock: guards @address and @ifname
 * @address: the device's; read with hpkm_port_address()
 * @mtu: the device's, octets; READ_ONCE
 * @permissive: frames for no peer pass as they are; READ_ONCE
 * @stopped: no new work is accepted; set once
 * @counters: of the whole link
 * @sids: session indices in use, struct hpkm_sid; RCU
 * @addresses: bound peers by their address; RCU
 * @learned: sources that bridge peers use; RCU, at most HPKM_ADDRESSES_LEARNED
 * @peers: peers bound to this port; changes under @hn->lock, read under RCU
 * @peer_count: how many; READ_ONCE
 * @bridge_count: how many of them may use other sources
 * @learn_lock: guards changes of @learned; innermost, bottom halves disabled
 * @learned_by_age: the same, the first to expire first; under @learn_lock
 * @learned_count: entries in @learned, under @learn_lock
 * @half_open: exchanges being answered
 * @queue: frames for @work
 * @rate: how much each source may add to those queues that need no index
 * @work: takes from the queues in turn
 * @c1_all_at: when a C1 was last tried with all peers: one that claims a peer's
 *	address, and one from a stranger's; only @work uses it
 * @room_made_at: when half-open exchanges were last given up for want of room;
 *	the same
 * @pairing: the window and its contexts; under @hn->lock
 * @pairing_until: P1..P6 are of no use from then on; READ_ONCE
 * @pairing_opened_at: when the window was opened; the same
 * @pairing_override: this window was opened without isolation; the same
 * @pairing_tick: the window's timer
 */
struct hpkm_port {
	struct hpkm_net *hn;
	struct list_head node;
	char ifname[IFNAMSIZ];
	int ifindex;
	seqlock_t address_lock;
	u8 address[ETH_ALEN];
	u32 mtu;
	bool permissive;
	bool stopped;
	struct hpkm_counters counters;
	struct rhashtable sids;
	struct rhashtable addresses;
	struct rhashtable learned;
	struct list_head peers;
	u32 peer_count;
	atomic_t bridge_count;
	spinlock_t learn_lock;	/* learned */
	struct list_head learned_by_age;
	u32 learned_count;
	atomic_t half_open;
	struct sk_buff_head queue[HPKM_QUEUES];
	struct hpkm_rate rate;
	struct work_struct work;
	u64 c1_all_at[2];
	u64 room_made_at;
	struct hpkm_pairing pairing;
	u64 pairing_until;
	u64 pairing_opened_at;
	bool pairing_override;
	struct delayed_work pairing_tick;
};

/* The device's address.  Any context. */
static inline void hpkm_port_address(struct hpkm_port *port, u8 out[ETH_ALEN])
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&port->address_lock);
		memcpy(out, port->address, ETH_ALEN);
	} while (read_seqretry(&port->address_lock, seq));
}

static inline bool hpkm_port_has_address(struct hpkm_port *port, const u8 address[ETH_ALEN])
{
	u8 own[ETH_ALEN] __aligned(2);

	hpkm_port_address(port, own);
	return ether_addr_equal(address, own);
}

/* The device's name.  Any context. */
static inline void hpkm_port_name(const struct hpkm_port *port, char out[IFNAMSIZ])
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&port->address_lock);
		memcpy(out, port->ifname, IFNAMSIZ);
	} while (read_seqretry(&port->address_lock, seq));
}

struct hpkm_pairing_status {
	bool open;
	u8 suite;
	u32 remaining_ms;
	u32 contexts;
	bool override;
};

/*
 * The edge fills ifname, ifindex, address, mtu and permissive first.  Adopts
 * the namespace's peers whose link had that name and starts with each.
 * Process context, takes hn->lock.
 */
int hpkm_port_start(struct hpkm_port *port, struct hpkm_net *hn);
/*
 * After the hooks are gone and their RCU readers done.  Peers stay in the
 * namespace without a port, their sessions end; waits for work under way.
 * Process context, takes hn->lock; the edge frees the port afterwards.
 */
void hpkm_port_stop(struct hpkm_port *port);

/* The device came up again, or its address, name or MTU changed.  RTNL. */
void hpkm_port_carrier_up(struct hpkm_port *port);
void hpkm_port_changed(struct hpkm_port *port, const char *ifname, const u8 *address, u32 mtu);
/* An interface of the namespace went up: a pairing that needs isolation ends. */
void hpkm_port_exposed(struct hpkm_port *port, const char *by);

/* Some peer would be sent a frame for @dst.  RCU read side. */
bool hpkm_port_reaches(struct hpkm_port *port, const u8 dst[ETH_ALEN]);
/*
 * How many octets behind the EtherType cross in one frame between the addresses of
 * this one, record or not.  RCU read side.
 */
u32 hpkm_port_path_mtu(struct hpkm_port *port, const struct ethhdr *eth);
/*
 * Protects one frame and sends it to whom it is for.  @skb->data is at the
 * Ethernet header; no GSO, no pending checksum, no hardware VLAN tag.
 * Consumes @skb.  Bottom halves disabled.
 */
void hpkm_port_send(struct hpkm_port *port, struct sk_buff *skb);
/*
 * A frame of EtherType 0x88B5 arrived: linear, its own copy of the data,
 * @skb->data behind the Ethernet header at skb_mac_header().  Consumes @skb.
 * Softirq.
 */
void hpkm_port_receive(struct hpkm_port *port, struct sk_buff *skb);

/*
 * Opens the pairing window.  -ENOKEY no SK, -EBUSY one is open or not
 * isolated (@exposed names the interface) and no @override, -EOPNOTSUPP
 * unknown suite, -ENETDOWN.  Process context.
 */
int hpkm_port_pair_open(struct hpkm_port *port, u8 suite, u32 window_s, bool override,
			char exposed[IFNAMSIZ], const char **why);
int hpkm_port_pair_close(struct hpkm_port *port, const char **why);
void hpkm_port_pair_status(struct hpkm_port *port, struct hpkm_pairing_status *status);

#endif /* _HPKM_PEER_PORT_H */
