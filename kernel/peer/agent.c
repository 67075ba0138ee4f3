// SPDX-License-Identifier: GPL-2.0
/*
 * The persist agent, as peers see it: who it is, which writes wait for it.
 *
 * A write is a snapshot, taken when it is issued.  It waits here until the
 * agent fetches it; a newer one of the same peer takes its place.  When the
 * agent goes, all that was undecided has failed, though it may have happened.
 */
#include <linux/slab.h>
#include "internal.h"
#include "settings.h"

/* Between two words to an agent that has not fetched what waits. */
#define WAKE_EVERY	HPKM_SECOND

bool hpkm_agent_is_ready(const struct hpkm_net *hn)
{
	return READ_ONCE(hn->agent.ready);
}

/* Never moved back: somebody who writes all the time must not keep it from coming. */
static void tick_within(struct hpkm_net *hn, u64 span)
{
	queue_delayed_work(hn->workqueue, &hn->agent.tick, nsecs_to_jiffies(span) + 1);
}

/* ---- writes that wait ---- */

static bool is_for(const struct hpkm_agent_write *write, enum hpkm_agent_write_kind kind,
		   const u8 *peer)
{
	return write->kind == kind &&
	       (kind == HPKM_AGENT_WRITES_DEVICE || !memcmp(write->peer, peer, HPKM_ID_LEN));
}

static void drop(struct list_head *list, enum hpkm_agent_write_kind kind, const u8 *peer)
{
	struct hpkm_agent_write *write, *next;

	list_for_each_entry_safe(write, next, list, node) {
		if (!is_for(write, kind, peer))
			continue;
		list_del(&write->node);
		kfree_sensitive(write);
	}
}

/* What a write is newer than: a peer that was removed may have paired again. */
static void drop_older(struct hpkm_agent *agent, const struct hpkm_agent_write *write)
{
	drop(&agent->waiting, write->kind, write->peer);
	if (write->kind == HPKM_AGENT_WRITES_PEER) {
		drop(&agent->waiting, HPKM_AGENT_ERASES_PEER, write->peer);
		drop(&agent->erasing, HPKM_AGENT_ERASES_PEER, write->peer);
	} else if (write->kind == HPKM_AGENT_ERASES_PEER) {
		drop(&agent->waiting, HPKM_AGENT_WRITES_PEER, write->peer);
	}
}

/* Takes @write over; returns its serial. */
static u64 issue(struct hpkm_net *hn, struct hpkm_agent_write *write)
{
	struct hpkm_agent *agent = &hn->agent;
	bool waits;
	u64 serial;

	spin_lock_bh(&agent->lock);
	waits = !list_empty(&agent->waiting);
	drop_older(agent, write);
	serial = ++agent->serial;
	write->serial = serial;
	list_add_tail(&write->node, &agent->waiting);
	spin_unlock_bh(&agent->lock);
	/* One word for all that wait, or a thousand peers would fill its socket. */
	if (!waits)
		hn->edge->wake_agent(hn, READ_ONCE(agent->portid));
	tick_within(hn, WAKE_EVERY);
	return serial;
}

static struct hpkm_agent_write *new_write(enum hpkm_agent_write_kind kind, const u8 *peer)
{
	struct hpkm_agent_write *write = kzalloc(sizeof(*write), GFP_KERNEL_ACCOUNT);

	if (!write)
		return NULL;
	write->kind = kind;
	if (peer)
		memcpy(write->peer, peer, HPKM_ID_LEN);
	return write;
}

static void drop_all(struct list_head *list)
{
	struct hpkm_agent_write *write, *next;

	list_for_each_entry_safe(write, next, list, node) {
		list_del(&write->node);
		kfree_sensitive(write);
	}
}

/* ---- the device's state ---- */

static void write_device(struct hpkm_net *hn)
{
	struct hpkm_agent *agent = &hn->agent;
	struct hpkm_agent_write *write = new_write(HPKM_AGENT_WRITES_DEVICE, NULL);

	if (!write) {
		agent->device_at = hpkm_now() + HPKM_WRITE_RETRY;
		tick_within(hn, HPKM_WRITE_RETRY);
		return;
	}
	hpkm_settings_write_device(hn, (struct hpkm_kept_device *)write->blob);
	write->len = sizeof(struct hpkm_kept_device);
	agent->device_dirty = false;
	agent->device_at = hpkm_now() + HPKM_WRITE_TIMEOUT;
	agent->device_serial = issue(hn, write);
}

void hpkm_agent_device_changed(struct hpkm_net *hn)
{
	lockdep_assert_held(&hn->lock);
	hn->agent.device_dirty = true;
	if (hn->agent.ready && !hn->agent.device_serial)
		write_device(hn);
}

static void device_decided(struct hpkm_net *hn, bool ok)
{
	struct hpkm_agent *agent = &hn->agent;

	agent->device_serial = 0;
	if (!ok) {
		agent->device_dirty = true;
		agent->device_at = hpkm_now() + HPKM_WRITE_RETRY;
		tick_within(hn, HPKM_WRITE_RETRY);
	} else if (agent->device_dirty) {
		write_device(hn);
	}
}

static void tick_device(struct hpkm_net *hn, u64 now)
{
	struct hpkm_agent *agent = &hn->agent;

	if (now < agent->device_at)
		return;
	if (agent->device_serial)
		device_decided(hn, false);
	else if (agent->device_dirty)
		write_device(hn);
}

/* ---- a peer's ---- */

int hpkm_agent_write_peer(struct hpkm_peer *peer)
{
	struct hpkm_agent_write *write;

	lockdep_assert_held(&peer->lock);
	if (!hpkm_agent_is_ready(peer->hn))
		return -ENOTCONN;
	write = new_write(HPKM_AGENT_WRITES_PEER, peer->id);
	if (!write)
		return -ENOMEM;
	hpkm_settings_write_peer(peer, (struct hpkm_kept_peer *)write->blob);
	write->len = sizeof(struct hpkm_kept_peer);
	peer->kept = true;
	peer->write_serial = issue(peer->hn, write);
	return 0;
}

void hpkm_agent_peer_changed(struct hpkm_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	if (!peer->removed && hpkm_agent_is_ready(peer->hn))
		hpkm_machine_keep(&peer->machine, hpkm_now());
}

int hpkm_agent_prepare_erasure(struct hpkm_peer *peer, struct hpkm_agent_write **write)
{
	bool kept;

	lockdep_assert_held(&peer->hn->lock);
	*write = NULL;
	mutex_lock(&peer->lock);
	kept = peer->kept;
	mutex_unlock(&peer->lock);
	if (!kept && !peer->hn->agent.portid)
		return 0;
	*write = new_write(HPKM_AGENT_ERASES_PEER, peer->id);
	return *write ? 0 : -ENOMEM;
}

void hpkm_agent_erase(struct hpkm_net *hn, struct hpkm_agent_write *write)
{
	lockdep_assert_held(&hn->lock);
	if (write)
		issue(hn, write);
}

static int peer_decided(struct hpkm_peer *peer, u64 serial, bool ok)
{
	int err = -ESTALE;

	mutex_lock(&peer->lock);
	if (!peer->removed && peer->machine.store.in_flight && peer->write_serial == serial) {
		peer->durable = ok || peer->durable;
		hpkm_machine_stored(&peer->machine, ok, hpkm_now());
		hpkm_peer_settle(peer);
		err = 0;
	}
	mutex_unlock(&peer->lock);
	return err;
}

/* What was handed out to an agent that is gone has failed. */
static void peer_abandoned(struct hpkm_peer *peer)
{
	mutex_lock(&peer->lock);
	peer->durable = false;
	if (peer->machine.store.in_flight)
		hpkm_machine_stored(&peer->machine, false, hpkm_now());
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

static void keep_peer(struct hpkm_peer *peer)
{
	mutex_lock(&peer->lock);
	hpkm_machine_keep(&peer->machine, hpkm_now());
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

/* ---- erasures ---- */

static struct hpkm_agent_write *find_erasure(struct hpkm_agent *agent, const u8 *peer, u64 serial)
{
	struct hpkm_agent_write *write;

	list_for_each_entry(write, &agent->erasing, node)
		if (write->serial == serial && is_for(write, HPKM_AGENT_ERASES_PEER, peer))
			return write;
	return NULL;
}

static int erasure_decided(struct hpkm_net *hn, const u8 *peer, u64 serial, bool ok)
{
	struct hpkm_agent *agent = &hn->agent;
	struct hpkm_agent_write *write;

	spin_lock_bh(&agent->lock);
	write = find_erasure(agent, peer, serial);
	if (write && ok)
		list_del(&write->node);
	else if (write)
		write->retry_at = hpkm_now() + HPKM_WRITE_RETRY;
	spin_unlock_bh(&agent->lock);
	if (!write)
		return -ESTALE;
	if (ok)
		kfree_sensitive(write);
	else
		tick_within(hn, HPKM_WRITE_RETRY);
	return 0;
}

/* The agent has gone: what was to be erased is for the next one to erase. */
static void keep_erasures(struct hpkm_agent *agent)
{
	struct hpkm_agent_write *write, *next;

	spin_lock_bh(&agent->lock);
	list_for_each_entry_safe(write, next, &agent->waiting, node) {
		if (write->kind == HPKM_AGENT_ERASES_PEER)
			continue;
		list_del(&write->node);
		kfree_sensitive(write);
	}
	list_for_each_entry(write, &agent->erasing, node)
		write->retry_at = 0;
	list_splice_tail_init(&agent->erasing, &agent->waiting);
	spin_unlock_bh(&agent->lock);
}

static void tick_erasures(struct hpkm_agent *agent, u64 now)
{
	struct hpkm_agent_write *write, *next;

	spin_lock_bh(&agent->lock);
	list_for_each_entry_safe(write, next, &agent->erasing, node) {
		if (!write->retry_at || now < write->retry_at)
			continue;
		write->retry_at = 0;
		list_move_tail(&write->node, &agent->waiting);
	}
	spin_unlock_bh(&agent->lock);
}

/* ---- the clock ---- */

/* Something waits to be fetched, or may have to be repeated. */
static bool is_busy(struct hpkm_agent *agent, bool *waits)
{
	bool busy;

	spin_lock_bh(&agent->lock);
	*waits = !list_empty(&agent->waiting);
	busy = *waits || !list_empty(&agent->erasing);
	spin_unlock_bh(&agent->lock);
	return busy || agent->device_serial || agent->device_dirty;
}

static void tick(struct work_struct *work)
{
	struct hpkm_net *hn = container_of(work, struct hpkm_net, agent.tick.work);
	struct hpkm_agent *agent = &hn->agent;
	u64 now = hpkm_now();
	bool waits;

	mutex_lock(&hn->lock);
	if (agent->ready) {
		tick_erasures(agent, now);
		tick_device(hn, now);
		if (is_busy(agent, &waits)) {
			if (waits)
				hn->edge->wake_agent(hn, agent->portid);
			tick_within(hn, WAKE_EVERY);
		}
	}
	mutex_unlock(&hn->lock);
}

/* ---- who it is ---- */

static int check_agent(const struct hpkm_net *hn, u32 portid, const char **why)
{
	lockdep_assert_held(&hn->lock);
	if (portid && hn->agent.portid == portid)
		return 0;
	*why = "Only the persist agent may ask that";
	return -EPERM;
}

int hpkm_agent_begin(struct hpkm_net *hn, u32 portid, bool *restored, const char **why)
{
	struct hpkm_agent *agent = &hn->agent;
	int err = 0;

	mutex_lock(&hn->lock);
	if (agent->portid) {
		*why = "There is a persist agent already";
		err = -EBUSY;
	} else {
		WRITE_ONCE(agent->portid, portid);
		*restored = agent->restored;
	}
	mutex_unlock(&hn->lock);
	return err;
}

static void tell(struct hpkm_net *hn, enum hpkm_event type, const char *reason)
{
	struct hpkm_event_info info = { .type = type, .suite = -1, .reason = reason };

	hn->edge->event(hn, &info);
}

int hpkm_agent_ready(struct hpkm_net *hn, u32 portid, const char **why)
{
	struct hpkm_agent *agent = &hn->agent;
	struct hpkm_peer *peer;
	int err;

	mutex_lock(&hn->lock);
	err = check_agent(hn, portid, why);
	if (!err && agent->ready) {
		*why = "The persist agent is ready already";
		err = -EALREADY;
	}
	if (!err) {
		agent->restored = true;
		WRITE_ONCE(agent->ready, true);
		hpkm_agent_device_changed(hn);
		list_for_each_entry(peer, &hn->peers, node)
			keep_peer(peer);
		tell(hn, HPKM_EVENT_AGENT_READY, NULL);
	}
	mutex_unlock(&hn->lock);
	return err;
}

void hpkm_agent_lost(struct hpkm_net *hn, u32 portid)
{
	struct hpkm_agent *agent = &hn->agent;
	struct hpkm_peer *peer;
	bool was_ready;

	/* Asked for every socket of the namespace; its own is not in doubt here. */
	if (!portid || READ_ONCE(agent->portid) != portid)
		return;
	mutex_lock(&hn->lock);
	was_ready = agent->ready;
	WRITE_ONCE(agent->ready, false);
	WRITE_ONCE(agent->portid, 0);
	agent->device_serial = 0;
	list_for_each_entry(peer, &hn->peers, node)
		peer_abandoned(peer);
	keep_erasures(agent);
	if (was_ready)
		tell(hn, HPKM_EVENT_AGENT_LOST,
		     "the persist agent has gone: peers are volatile, and keys are not updated");
	mutex_unlock(&hn->lock);
}

/* ---- restoring ---- */

static int check_restoring(struct hpkm_net *hn, u32 portid, const char **why)
{
	int err = check_agent(hn, portid, why);

	if (err)
		return err;
	if (!hn->agent.restored)
		return 0;
	*why = "The module has newer state than was kept";
	return -EALREADY;
}

static bool pairs_now(const struct hpkm_net *hn)
{
	const struct hpkm_port *port;

	list_for_each_entry(port, &hn->ports, node)
		if (hpkm_pairing_is_open(&port->pairing))
			return true;
	return false;
}

/* The identity may change only while nobody knows it. */
static int check_identity(struct hpkm_net *hn, const u8 id[HPKM_ID_LEN], const char **why)
{
	if (!memcmp(hn->id, id, HPKM_ID_LEN))
		return 0;
	if (!list_empty(&hn->peers)) {
		*why = "The module has peers under another identity than was kept";
		return -EEXIST;
	}
	if (pairs_now(hn)) {
		*why = "A pairing window is open";
		return -EBUSY;
	}
	return 0;
}

static void adopt_identity(struct hpkm_net *hn, const u8 id[HPKM_ID_LEN])
{
	struct hpkm_port *port;

	memcpy(hn->id, id, HPKM_ID_LEN);
	list_for_each_entry(port, &hn->ports, node)
		memcpy(port->pairing.own, id, HPKM_ID_LEN);
}

int hpkm_agent_restore_device(struct hpkm_net *hn, u32 portid, const void *blob, size_t len,
			      const char **why)
{
	const struct hpkm_kept_device *kept = blob;
	int err;

	mutex_lock(&hn->lock);
	err = check_restoring(hn, portid, why);
	if (!err)
		err = hpkm_settings_check_device(kept, len, why);
	if (!err)
		err = check_identity(hn, kept->id, why);
	if (!err) {
		adopt_identity(hn, kept->id);
		hpkm_settings_read_device(hn, kept);
	}
	mutex_unlock(&hn->lock);
	return err;
}

static void link_peer(struct hpkm_net *hn, struct hpkm_peer *peer)
{
	struct hpkm_port *port;

	list_for_each_entry(port, &hn->ports, node)
		if (!strcmp(port->ifname, peer->ifname))
			hpkm_peer_link(peer, port, false);
}

/* Complete before it is listed: nobody may see it without its boot number. */
static struct hpkm_peer *restored_peer(struct hpkm_net *hn, const struct hpkm_pair *pair,
				       const struct hpkm_durable *durable,
				       const struct hpkm_kept_peer *kept)
{
	struct hpkm_peer *peer = hpkm_peer_create(hn, pair->suite, pair->peer);

	if (!peer)
		return NULL;
	hpkm_settings_read_peer(peer, kept);
	mutex_lock(&peer->lock);
	peer->kept = true;
	hpkm_machine_restored(&peer->machine, durable, hpkm_now());
	mutex_unlock(&peer->lock);
	return hpkm_peer_list(peer) ? NULL : peer;
}

static int restore_peer(struct hpkm_net *hn, const u8 *id, const struct hpkm_kept_peer *kept,
			size_t len, const char **why)
{
	struct hpkm_durable durable = {};
	struct hpkm_peer *peer;
	struct hpkm_pair pair;
	int err;

	err = hpkm_settings_check_peer(kept, len, why);
	if (!err)
		err = hpkm_kept_read(&kept->pair, hn->id, &pair, &durable, why);
	if (!err && memcmp(pair.peer, id, HPKM_ID_LEN)) {
		*why = "That is the state of another peer";
		err = -EINVAL;
	}
	if (err)
		return err;
	peer = hpkm_net_peer_get(hn, id);
	if (peer) {
		hpkm_peer_put(peer);
		*why = "The module has that peer already";
		err = -EEXIST;
		goto out;
	}
	peer = restored_peer(hn, &pair, &durable, kept);
	if (peer) {
		link_peer(hn, peer);
	} else {
		*why = "There is no memory for the peer, or there are too many";
		err = -ENOMEM;
	}
out:
	memzero_explicit(&durable, sizeof(durable));
	return err;
}

int hpkm_agent_restore_peer(struct hpkm_net *hn, u32 portid, const u8 id[HPKM_ID_LEN],
			    const void *blob, size_t len, const char **why)
{
	int err;

	mutex_lock(&hn->lock);
	err = check_restoring(hn, portid, why);
	if (!err)
		err = restore_peer(hn, id, blob, len, why);
	mutex_unlock(&hn->lock);
	return err;
}

/* ---- what it asks and says ---- */

int hpkm_agent_next(struct hpkm_net *hn, u32 portid, struct hpkm_agent_write *out, const char **why)
{
	struct hpkm_agent *agent = &hn->agent;
	struct hpkm_agent_write *write;
	int err;

	mutex_lock(&hn->lock);
	err = check_agent(hn, portid, why);
	mutex_unlock(&hn->lock);
	if (err)
		return err;

	spin_lock_bh(&agent->lock);
	write = list_first_entry_or_null(&agent->waiting, struct hpkm_agent_write, node);
	if (write && write->kind == HPKM_AGENT_ERASES_PEER)
		list_move_tail(&write->node, &agent->erasing);
	else if (write)
		list_del(&write->node);
	if (write)
		memcpy(out, write, sizeof(*out));
	spin_unlock_bh(&agent->lock);
	if (!write)
		return -ENODATA;
	if (out->kind != HPKM_AGENT_ERASES_PEER)
		kfree_sensitive(write);
	return 0;
}

static int decided(struct hpkm_net *hn, const u8 *id, u64 serial, bool ok)
{
	struct hpkm_peer *peer;
	int err;

	if (!erasure_decided(hn, id, serial, ok))
		return 0;
	peer = hpkm_net_peer_get(hn, id);
	if (!peer)
		return -ESTALE;
	err = peer_decided(peer, serial, ok);
	hpkm_peer_put(peer);
	return err;
}

int hpkm_agent_written(struct hpkm_net *hn, u32 portid, const u8 *peer, u64 serial, bool ok,
		       const char **why)
{
	int err;

	mutex_lock(&hn->lock);
	err = check_agent(hn, portid, why);
	if (!err && peer)
		err = decided(hn, peer, serial, ok);
	else if (!err && serial == hn->agent.device_serial)
		device_decided(hn, ok);
	else if (!err)
		err = -ESTALE;
	mutex_unlock(&hn->lock);
	if (err == -ESTALE)
		*why = "SERIAL names no write that is undecided";
	return err;
}

/* ---- life ---- */

/**
 * hpkm_agent_init() - nobody keeps the namespace's state yet
 * @hn: the namespace
 */
void hpkm_agent_init(struct hpkm_net *hn)
{
	struct hpkm_agent *agent = &hn->agent;

	spin_lock_init(&agent->lock);
	INIT_LIST_HEAD(&agent->waiting);
	INIT_LIST_HEAD(&agent->erasing);
	INIT_DELAYED_WORK(&agent->tick, tick);
}

/**
 * hpkm_agent_exit() - the namespace goes; what is kept stays kept
 * @hn: the namespace; no request can come any more
 *
 * Context: may sleep; takes hn->lock.
 */
void hpkm_agent_exit(struct hpkm_net *hn)
{
	mutex_lock(&hn->lock);
	WRITE_ONCE(hn->agent.ready, false);
	WRITE_ONCE(hn->agent.portid, 0);
	mutex_unlock(&hn->lock);
	cancel_delayed_work_sync(&hn->agent.tick);
	drop_all(&hn->agent.waiting);
	drop_all(&hn->agent.erasing);
}
