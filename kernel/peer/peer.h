/* SPDX-License-Identifier: GPL-2.0 */
/* What the edges may ask of a paired device. */
#ifndef _HPKM_PEER_PEER_H
#define _HPKM_PEER_PEER_H

#include <linux/list.h>
#include "net.h"
#include "counters.h"
#include "../core/log.h"

struct hpkm_peer;

struct hpkm_peer_status {
	u8 id[HPKM_ID_LEN];
	char name[HPKM_NAME_MAX + 1];
	int ifindex;			/* 0: its link is not attached */
	char ifname[IFNAMSIZ];
	u8 suite;
	bool insecure;
	u8 address[ETH_ALEN];
	bool bridge;
	enum hpkm_peer_state state;
	enum hpkm_durability durability;
	u64 epoch;
	u8 kid[HPKM_KID_LEN];
	bool has_next;
	u64 next_epoch;
	u8 next_kid[HPKM_KID_LEN];
	u32 records;
	u32 confirmed;
	u32 sessions;
	bool received;			/* last_received_ms is valid */
	u64 last_received_ms;
	u64 counters[HPKM_COUNTER_MAX + 1];
};

struct hpkm_session_status {
	u8 sid[HPKM_SID_LEN];
	enum hpkm_session_slot slot;
	bool initiator;
	bool barred;
	u64 epoch;
	u64 age_ms;
	u64 tx_frames;
	u64 rx_frames;
};

/* See enum hpkm_policy_attr for units. */
struct hpkm_policy {
	u32 record_frames;
	u32 record_interval_ms;
	u32 update_records;
	u32 update_interval_s;
	u32 log_size;
	u32 rekey_interval_s;
	u64 rekey_frames;
};

/* A message that arrived; the caller frees it with kfree_sensitive(). */
struct hpkm_received {
	struct list_head node;
	u64 serial;
	u64 rec;
	u64 time;
	u8 location[HPKM_LI_LEN];
	u16 len;
	u8 data[];
};

void hpkm_peer_put(struct hpkm_peer *peer);
const u8 *hpkm_peer_id(const struct hpkm_peer *peer);

/* All of these: process context, may sleep, take the peer's locks. */
void hpkm_peer_status(struct hpkm_peer *peer, struct hpkm_peer_status *status);
u32 hpkm_peer_sessions(struct hpkm_peer *peer, struct hpkm_session_status *out, u32 max);
void hpkm_peer_set_name(struct hpkm_peer *peer, const char *name);
void hpkm_peer_set_bridge(struct hpkm_peer *peer, bool bridge);
/* Takes hn->lock.  -ENOENT when somebody else was quicker; -ENOMEM. */
int hpkm_peer_remove(struct hpkm_peer *peer);

void hpkm_peer_policy_get(struct hpkm_peer *peer, struct hpkm_policy *policy);
/* -EINVAL with @why; -ENOMEM for a larger log.  All or nothing. */
int hpkm_peer_policy_set(struct hpkm_peer *peer, const struct hpkm_policy *policy,
			 const char **why);

/* Starts an exchange. -ENOLINK no link, -EBUSY one runs or the pair is frozen. */
int hpkm_peer_exchange(struct hpkm_peer *peer, const char **why);
/* Requests a key update; from record @rid, or from any when it is NULL. */
int hpkm_peer_update(struct hpkm_peer *peer, const u8 *rid, const char **why);

/* 1..HPKM_MESSAGE_MAX octets.  *@rec is the number it got.  -ENOBUFS when too many wait. */
int hpkm_peer_message_send(struct hpkm_peer *peer, const void *data, u16 len, u64 *rec,
			   const char **why);
/*
 * A copy of the first message in the inbox whose serial is above @serial; NULL if there
 * is none, or -ENOMEM as an ERR_PTR().
 */
struct hpkm_received *hpkm_peer_message_after(struct hpkm_peer *peer, u64 serial);

/* See hpkm_log_next(): a copy of the record at *@cursor; false at the end. */
bool hpkm_peer_log_read(struct hpkm_peer *peer, u64 *cursor, struct hpkm_record *out);

#endif /* _HPKM_PEER_PEER_H */
