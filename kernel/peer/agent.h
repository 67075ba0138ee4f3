/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The persist agent: one socket of a namespace that keeps its state over power
 * loss, see enum hpkm_state_attr.  It fetches writes one after the other and
 * says what became of them.
 */
#ifndef _HPKM_PEER_AGENT_H
#define _HPKM_PEER_AGENT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <hpkm/wire.h>

struct hpkm_net;
struct hpkm_peer;

enum hpkm_agent_write_kind {
	HPKM_AGENT_WRITES_DEVICE,
	HPKM_AGENT_WRITES_PEER,
	HPKM_AGENT_ERASES_PEER,
};

/**
 * struct hpkm_agent_write - state that is to be written, as it was when issued
 * @node: in hpkm_agent.waiting or .erasing
 * @kind: whose state it is
 * @serial: rises from write to write of a namespace
 * @peer: which
 * @retry_at: an erasure that failed: when to hand it out again
 * @len: of @blob
 * @blob: a secret; wiped with the write
 */
struct hpkm_agent_write {
	struct list_head node;
	enum hpkm_agent_write_kind kind;
	u64 serial;
	u8 peer[HPKM_ID_LEN];
	u64 retry_at;
	size_t len;
	u8 blob[HPKM_STATE_BLOB_MAX];
};

/**
 * struct hpkm_agent - who keeps the namespace's state
 * @portid: of its socket, 0 while there is none; changes under hn->lock,
 *	READ_ONCE elsewhere
 * @ready: it has restored what it had, and writes begin; the same
 * @restored: there was a ready one; what the kernel has is newer than anything
 *	kept.  hn->lock
 * @lock: guards @serial, @waiting and @erasing; innermost
 * @serial: of the last write issued
 * @waiting: issued and not handed out, oldest first; erasures also while there
 *	is no agent
 * @erasing: erasures handed out and not decided, or failed
 * @device_serial: of the device's write in flight, 0 when there is none;
 *	hn->lock, like all that follows
 * @device_dirty: memory is ahead of what is kept, and of what is in flight
 * @device_at: when the write in flight is given up, or a failed one repeated
 * @tick: repeats what was not heard, or failed
 */
struct hpkm_agent {
	u32 portid;
	bool ready;
	bool restored;
	spinlock_t lock;	/* serial, waiting, erasing */
	u64 serial;
	struct list_head waiting;
	struct list_head erasing;
	u64 device_serial;
	bool device_dirty;
	u64 device_at;
	struct delayed_work tick;
};

void hpkm_agent_init(struct hpkm_net *hn);
void hpkm_agent_exit(struct hpkm_net *hn);

/*
 * What the edges call.  Process context; takes hn->lock.  @why receives a
 * sentence with static life when it is refused.
 */
int hpkm_agent_begin(struct hpkm_net *hn, u32 portid, bool *restored, const char **why);
int hpkm_agent_restore_device(struct hpkm_net *hn, u32 portid, const void *blob, size_t len,
			      const char **why);
int hpkm_agent_restore_peer(struct hpkm_net *hn, u32 portid, const u8 id[HPKM_ID_LEN],
			    const void *blob, size_t len, const char **why);
int hpkm_agent_ready(struct hpkm_net *hn, u32 portid, const char **why);
/* The first write that waits; 0, -ENODATA when none does.  The caller wipes @write. */
int hpkm_agent_next(struct hpkm_net *hn, u32 portid, struct hpkm_agent_write *write,
		    const char **why);
/* @peer is NULL for the device's. */
int hpkm_agent_written(struct hpkm_net *hn, u32 portid, const u8 *peer, u64 serial, bool ok,
		       const char **why);
/* Its socket was closed. */
void hpkm_agent_lost(struct hpkm_net *hn, u32 portid);
bool hpkm_agent_is_ready(const struct hpkm_net *hn);

/* The device's id, SKs or location changed.  hn->lock. */
void hpkm_agent_device_changed(struct hpkm_net *hn);

/* Issues a write of a peer's state as it is; 0 or an errno.  peer->lock. */
int hpkm_agent_write_peer(struct hpkm_peer *peer);
/* What the administrator set has changed.  peer->lock. */
void hpkm_agent_peer_changed(struct hpkm_peer *peer);
/*
 * A peer is about to go for good: has its state erased once it did, by this
 * agent or the next.  The first may fail, with -ENOMEM; NULL is that nobody
 * keeps anything.  hn->lock.
 */
int hpkm_agent_prepare_erasure(struct hpkm_peer *peer, struct hpkm_agent_write **write);
void hpkm_agent_erase(struct hpkm_net *hn, struct hpkm_agent_write *write);

#endif /* _HPKM_PEER_AGENT_H */
