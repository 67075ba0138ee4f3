// SPDX-License-Identifier: GPL-2.0
/*
 * A peer's life, its timer and what the edges may ask of it.
 *
 * Life: the namespace's lists hold one reference from hpkm_peer_list() to
 * hpkm_peer_remove().  Removal takes the peer out of every table that softirq
 * reads, marks it removed under its lock, waits for a grace period and stops
 * its works; whoever still has a reference finds a peer that does nothing.
 * The last reference frees it after one more grace period, since RCU readers
 * may have found it just before it went.
 */
#include <linux/etherdevice.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include "clock.h"
#include "internal.h"

static struct hpkm_port *port_of(struct hpkm_peer *peer)
{
	return rcu_dereference_protected(peer->port, lockdep_is_held(&peer->lock));
}

/* ---- counting and telling ---- */

void hpkm_peer_count_add(struct hpkm_peer *peer, enum hpkm_counter which, u64 amount)
{
	struct hpkm_port *port;

	hpkm_count_add(&peer->counters, which, amount);
	rcu_read_lock();
	port = rcu_dereference(peer->port);
	if (port)
		hpkm_count_add(&port->counters, which, amount);
	rcu_read_unlock();
}

void hpkm_peer_count(struct hpkm_peer *peer, enum hpkm_counter which)
{
	hpkm_peer_count_add(peer, which, 1);
}

void hpkm_peer_event(struct hpkm_peer *peer, enum hpkm_event type, const u8 *rid,
		     const char *reason)
{
	struct hpkm_event_info info = {
		.type = type,
		.peer = peer->id,
		.suite = peer->machine.pair.suite->id,
		.rid = rid,
		.reason = reason,
	};

	rcu_read_lock();
	info.port = rcu_dereference(peer->port);
	peer->hn->edge->event(peer->hn, &info);
	rcu_read_unlock();
}

bool hpkm_peer_address(const struct hpkm_peer *peer, u8 out[ETH_ALEN])
{
	const struct hpkm_bound *bound = rcu_dereference(peer->bound);

	if (!bound)
		return false;
	ether_addr_copy(out, bound->address);
	return true;
}

/* ---- the timer ---- */

/* How soon the work must run for what was asked, in jiffies. */
static unsigned long wanted_within(const struct hpkm_peer *peer)
{
	unsigned long wants = READ_ONCE(peer->wants);

	if (wants & ~BIT(HPKM_WANT_CHECK))
		return 0;
	return wants ? HZ : MAX_JIFFY_OFFSET;
}

static void run_within(struct hpkm_peer *peer, unsigned long delay)
{
	hpkm_run_within(peer->hn->workqueue, &peer->tick, delay);
	/*
	 * Somebody may have asked for less between the caller's look at things and
	 * here, and been put off by it.  Pairs with the full barrier of
	 * test_and_set_bit() in hpkm_peer_ask().
	 */
	smp_mb();
	if (wanted_within(peer) < delay)
		hpkm_run_within(peer->hn->workqueue, &peer->tick, wanted_within(peer));
}

static void set_timer(struct hpkm_peer *peer)
{
	u64 deadline = hpkm_machine_deadline(&peer->machine);

	if (peer->removed || deadline == HPKM_NEVER)
		return;
	/* Never at once: what could not be done now is not done by haste. */
	run_within(peer, max(hpkm_jiffies_until(deadline, hpkm_now()), 1UL));
}

/*
 * An outer address proves nothing: one that is another's is forgotten again.  What
 * cannot be bound now, mostly for want of memory, is bound a little later.
 */
static void publish_address(struct hpkm_peer *peer)
{
	struct hpkm_port *port = port_of(peer);
	u8 *address = peer->machine.durable.address;
	int err;

	if (!port)
		return;
	err = hpkm_port_bind(port, peer, address, peer->takes_over);
	if (err && err != -EEXIST && err != -EADDRNOTAVAIL) {
		hpkm_peer_ask(peer, HPKM_WANT_CHECK);
		return;
	}
	/* Decided: an address that comes later takes nobody's. */
	peer->takes_over = false;
	if (!err)
		return;
	rcu_read_lock();
	if (!hpkm_peer_address(peer, address))
		eth_zero_addr(address);
	rcu_read_unlock();
}

void hpkm_peer_settle(struct hpkm_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	publish_address(peer);
	set_timer(peer);
}

/* Traffic waits and nothing can carry it. */
static void want_session(struct hpkm_peer *peer, u64 now)
{
	const struct hpkm_session *session = peer->machine.current_session;

	if (!session || now >= session->send_until)
		hpkm_machine_want(&peer->machine, now);
}

static void want_update(struct hpkm_peer *peer, u64 now)
{
	const char *why;

	/* By policy; what refuses it now does not stand in the way of the next. */
	hpkm_machine_update(&peer->machine, NULL, now, &why);
}

static void tick(struct work_struct *work)
{
	struct hpkm_peer *peer = container_of(work, struct hpkm_peer, tick.work);
	u64 now = hpkm_now();

	mutex_lock(&peer->lock);
	if (!peer->removed) {
		/* The machine sees for itself what these are about. */
		clear_bit(HPKM_WANT_CHECK, &peer->wants);
		clear_bit(HPKM_WANT_REKEY, &peer->wants);
		if (test_and_clear_bit(HPKM_WANT_SESSION, &peer->wants))
			want_session(peer, now);
		if (test_and_clear_bit(HPKM_WANT_UPDATE, &peer->wants))
			want_update(peer, now);
		hpkm_machine_tick(&peer->machine, now);
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
}

/*
 * A session or an update is wanted at once.  CHECK is asked for by frames that
 * pass, and what it is about takes seconds, so one look a second will do.
 */
void hpkm_peer_ask(struct hpkm_peer *peer, enum hpkm_want want)
{
	if (test_and_set_bit(want, &peer->wants))
		return;
	run_within(peer, want == HPKM_WANT_CHECK ? HZ : 0);
}

/* ---- life ---- */

/* A peer is much less than what kmalloc() would round it up to. */
static struct kmem_cache *cache;

/**
 * hpkm_peers_init() - before there is any peer
 *
 * Return: 0 or -ENOMEM.  Context: module init; may sleep.
 */
int hpkm_peers_init(void)
{
	cache = kmem_cache_create(KBUILD_MODNAME "_peer", sizeof(struct hpkm_peer), 0,
				  SLAB_ACCOUNT, NULL);
	return cache ? 0 : -ENOMEM;
}

/**
 * hpkm_peers_exit() - wait for what RCU still has to free
 *
 * All namespaces are gone.  Context: module exit; may sleep.
 */
void hpkm_peers_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(cache);
	cache = NULL;
}

static void free_peer(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct hpkm_peer, rcu));
}

static void release(struct kref *ref)
{
	struct hpkm_peer *peer = container_of(ref, struct hpkm_peer, ref);

	hpkm_counters_free(&peer->counters);
	mutex_destroy(&peer->lock);
	memzero_explicit(&peer->machine, sizeof(peer->machine));
	call_rcu(&peer->rcu, free_peer);
}

void hpkm_peer_put(struct hpkm_peer *peer)
{
	kref_put(&peer->ref, release);
}

static void warn_if_insecure(const struct hpkm_peer *peer)
{
	const struct hpkm_suite *suite = peer->machine.pair.suite;

	if (suite->insecure)
		pr_warn_ratelimited("hpkm: peer %*phN uses suite %s, a laboratory suite that gives no security\n",
				    HPKM_ID_LEN, peer->id, suite->name);
}

/**
 * hpkm_peer_create() - a device that was paired, on no link yet
 * @hn: the namespace
 * @suite: pinned from now on
 * @id: the device's
 *
 * Return: the peer, which nobody finds before hpkm_peer_list(), or NULL when
 * out of memory; the reference will be the lists'.  Context: may sleep.
 */
struct hpkm_peer *hpkm_peer_create(struct hpkm_net *hn, const struct hpkm_suite *suite,
				   const u8 id[HPKM_ID_LEN])
{
	struct hpkm_peer *peer = kmem_cache_zalloc(cache, GFP_KERNEL);

	if (!peer)
		return NULL;
	kref_init(&peer->ref);
	peer->hn = hn;
	memcpy(peer->id, id, HPKM_ID_LEN);
	mutex_init(&peer->lock);
	INIT_DELAYED_WORK(&peer->tick, tick);
	INIT_LIST_HEAD(&peer->on_port);
	hpkm_machine_init(&peer->machine, &hpkm_machine_ops, suite, hn->id, id);
	peer->machine.pairing_stored = hpkm_pairing_window_stored;
	if (hpkm_counters_init(&peer->counters))
		goto no_counters;
	if (hpkm_data_init(peer))
		goto no_data;
	return peer;

no_data:
	hpkm_counters_free(&peer->counters);
no_counters:
	kmem_cache_free(cache, peer);
	return NULL;
}

/**
 * hpkm_peer_list() - others find it from now on
 * @peer: from hpkm_peer_create(), complete; gone when this fails
 *
 * Return: 0 or an errno.  Context: hn->lock; may sleep.
 */
int hpkm_peer_list(struct hpkm_peer *peer)
{
	int err = hpkm_net_peer_insert(peer->hn, peer);

	if (err) {
		hpkm_data_exit(peer);
		cancel_delayed_work_sync(&peer->tick);
		hpkm_peer_put(peer);
		return err;
	}
	warn_if_insecure(peer);
	return 0;
}

static void remove_from_port(struct hpkm_peer *peer, struct hpkm_port *port)
{
	RCU_INIT_POINTER(peer->port, NULL);
	hpkm_port_unbind(port, peer);
	hpkm_port_unlearn(port, peer);
	if (peer->bridge)
		atomic_dec(&port->bridge_count);
	list_del_rcu(&peer->on_port);
	WRITE_ONCE(port->peer_count, port->peer_count - 1);
}

/**
 * hpkm_peer_unlink() - a peer's link goes; its state stays
 * @peer: linked or not
 * @reason: a sentence with static life
 *
 * A grace period must pass before it is linked again.  Context: hn->lock.
 */
void hpkm_peer_unlink(struct hpkm_peer *peer, const char *reason)
{
	struct hpkm_port *port;

	lockdep_assert_held(&peer->hn->lock);
	mutex_lock(&peer->lock);
	port = port_of(peer);
	if (port) {
		hpkm_machine_unlink(&peer->machine, reason);
		remove_from_port(peer, port);
	}
	mutex_unlock(&peer->lock);
	hpkm_data_unlink(peer);
}

/**
 * hpkm_peer_set_ifname() - the link that a peer belongs to, by name
 * @peer: whose
 * @ifname: the device's name
 *
 * Return: whether it is another than before; the caller sees to it that it is
 * kept.  Context: hn->lock and peer->lock.
 */
bool hpkm_peer_set_ifname(struct hpkm_peer *peer, const char *ifname)
{
	if (!strcmp(peer->ifname, ifname))
		return false;
	memset(peer->ifname, 0, sizeof(peer->ifname));
	strscpy(peer->ifname, ifname, sizeof(peer->ifname));
	return true;
}

/**
 * hpkm_peer_link() - a peer is on this link
 * @peer: linked nowhere, or to @port already
 * @port: where it is
 * @take_over: its address is its own even if another peer has it; it paired
 *
 * Context: hn->lock.
 */
void hpkm_peer_link(struct hpkm_peer *peer, struct hpkm_port *port, bool take_over)
{
	u64 now = hpkm_now();

	lockdep_assert_held(&peer->hn->lock);
	mutex_lock(&peer->lock);
	if (!port_of(peer)) {
		if (hpkm_peer_set_ifname(peer, port->ifname))
			hpkm_agent_peer_changed(peer);
		rcu_assign_pointer(peer->port, port);
		list_add_tail_rcu(&peer->on_port, &port->peers);
		WRITE_ONCE(port->peer_count, port->peer_count + 1);
		if (peer->bridge)
			atomic_inc(&port->bridge_count);
		/* While the device rests, hpkm_peer_resume() will. */
		if (!peer->hn->resting)
			hpkm_machine_link(&peer->machine, now);
	}
	if (take_over)
		peer->takes_over = true;
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	if (take_over)
		hpkm_net_peer_renew(peer->hn, peer);
}

/**
 * hpkm_peer_carrier() - the cable is back
 * @peer: linked
 *
 * Context: hn->lock.
 */
void hpkm_peer_carrier(struct hpkm_peer *peer)
{
	mutex_lock(&peer->lock);
	hpkm_machine_carrier(&peer->machine, hpkm_now());
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

/**
 * hpkm_peer_rest() - nothing of a session may be left in memory
 * @peer: linked or not
 * @reason: a sentence with static life
 *
 * Keys are wiped after a grace period.  Context: hn->lock.
 */
void hpkm_peer_rest(struct hpkm_peer *peer, const char *reason)
{
	mutex_lock(&peer->lock);
	hpkm_machine_unlink(&peer->machine, reason);
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	hpkm_data_unlink(peer);
}

/**
 * hpkm_peer_resume() - sessions may begin again
 * @peer: linked or not
 *
 * Context: hn->lock.
 */
void hpkm_peer_resume(struct hpkm_peer *peer)
{
	mutex_lock(&peer->lock);
	if (port_of(peer)) {
		hpkm_machine_link(&peer->machine, hpkm_now());
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
}

/* Out of every table; what still runs does nothing any more. */
static void retire(struct hpkm_peer *peer)
{
	hpkm_peer_unlink(peer, "the peer was removed");
	mutex_lock(&peer->lock);
	peer->removed = true;
	mutex_unlock(&peer->lock);
	hpkm_net_peer_unlist(peer->hn, peer);
}

/* A grace period after retire(): no reader can start its works again. */
static void finish(struct hpkm_peer *peer)
{
	hpkm_data_exit(peer);
	cancel_delayed_work_sync(&peer->tick);
	hpkm_peer_event(peer, HPKM_EVENT_PEER_REMOVED, NULL, NULL);
	hpkm_peer_put(peer);
}

int hpkm_peer_remove(struct hpkm_peer *peer)
{
	struct hpkm_net *hn = peer->hn;
	struct hpkm_agent_write *erasure;
	int err;

	mutex_lock(&hn->lock);
	err = peer->removed ? -ENOENT : hpkm_agent_prepare_erasure(peer, &erasure);
	if (!err) {
		retire(peer);
		hpkm_agent_erase(hn, erasure);
		synchronize_rcu();
	}
	mutex_unlock(&hn->lock);
	if (!err)
		finish(peer);
	return err;
}

/**
 * hpkm_peers_remove_all() - the namespace goes
 * @hn: the namespace
 *
 * Context: may sleep; takes hn->lock.
 */
void hpkm_peers_remove_all(struct hpkm_net *hn)
{
	struct hpkm_peer *peer, *next;
	LIST_HEAD(retired);

	mutex_lock(&hn->lock);
	list_for_each_entry_safe(peer, next, &hn->peers, node) {
		retire(peer);
		list_add_tail(&peer->node, &retired);
	}
	synchronize_rcu();
	mutex_unlock(&hn->lock);
	list_for_each_entry_safe(peer, next, &retired, node)
		finish(peer);
}

/* ---- what the edges ask ---- */

const u8 *hpkm_peer_id(const struct hpkm_peer *peer)
{
	return peer->id;
}

static enum hpkm_durability durability(const struct hpkm_peer *peer)
{
	if (hpkm_machine_frozen(&peer->machine))
		return HPKM_DURABILITY_FROZEN;
	return peer->durable ? HPKM_DURABILITY_DURABLE : HPKM_DURABILITY_VOLATILE;
}

static void status_of_machine(const struct hpkm_peer *peer, struct hpkm_peer_status *status)
{
	const struct hpkm_machine *machine = &peer->machine;
	const struct hpkm_epoch *cur = &machine->durable.epoch[HPKM_EPOCH_CUR];
	const struct hpkm_epoch *next = &machine->durable.epoch[HPKM_EPOCH_NEXT];

	/* Half-way through a first pairing only the fresh context is there. */
	if (!cur->present)
		cur = &machine->durable.epoch[HPKM_EPOCH_FRESH];
	status->suite = machine->pair.suite->id;
	status->insecure = machine->pair.suite->insecure;
	ether_addr_copy(status->address, machine->durable.address);
	status->state = hpkm_machine_state(machine);
	status->durability = durability(peer);
	status->epoch = cur->n;
	memcpy(status->kid, cur->kid, HPKM_KID_LEN);
	status->has_next = next->present;
	status->next_epoch = next->n;
	memcpy(status->next_kid, next->kid, HPKM_KID_LEN);
}

static void status_of_log(struct hpkm_peer *peer, struct hpkm_peer_status *status)
{
	spin_lock_bh(&peer->data_lock);
	if (peer->log) {
		status->records = hpkm_log_count(peer->log);
		status->confirmed = hpkm_log_confirmed(peer->log);
	}
	spin_unlock_bh(&peer->data_lock);
}

static u32 count_sessions(const struct hpkm_machine *machine)
{
	u32 count = machine->current_session ? 1 : 0;
	size_t i;

	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		count += machine->old[i] ? 1 : 0;
	return count;
}

void hpkm_peer_status(struct hpkm_peer *peer, struct hpkm_peer_status *status)
{
	u64 received = READ_ONCE(peer->last_received);
	struct hpkm_port *port;

	memset(status, 0, sizeof(*status));
	memcpy(status->id, peer->id, HPKM_ID_LEN);
	mutex_lock(&peer->lock);
	port = port_of(peer);
	status->ifindex = port ? port->ifindex : 0;
	strscpy(status->ifname, peer->ifname, sizeof(status->ifname));
	strscpy(status->name, peer->name, sizeof(status->name));
	status->bridge = peer->bridge;
	status->sessions = count_sessions(&peer->machine);
	status_of_machine(peer, status);
	mutex_unlock(&peer->lock);
	status_of_log(peer, status);
	status->received = received;
	status->last_received_ms = div_u64(hpkm_now() - received, HPKM_MS);
	hpkm_counters_read(&peer->counters, status->counters);
}

static enum hpkm_session_slot slot_of(const struct hpkm_session *session)
{
	if (session->state == HPKM_SESSION_STATE_REPLACED)
		return HPKM_SESSION_REPLACED;
	return session->state == HPKM_SESSION_STATE_DRAINING ? HPKM_SESSION_DRAINING :
							       HPKM_SESSION_CURRENT;
}

static void status_of_session(struct hpkm_session *session, struct hpkm_session_status *status)
{
	struct hpkm_channel *channel = hpkm_session_channel(session);

	memcpy(status->sid, session->sid, HPKM_SID_LEN);
	status->slot = slot_of(session);
	status->initiator = session->initiator;
	status->barred = session->barred;
	status->epoch = session->epoch_n;
	status->age_ms = div_u64(hpkm_now() - session->installed_at, HPKM_MS);
	status->tx_frames = atomic64_read(&channel->next_counter);
	spin_lock_bh(&channel->receive_lock);
	status->rx_frames = channel->frames_received;
	spin_unlock_bh(&channel->receive_lock);
}

u32 hpkm_peer_sessions(struct hpkm_peer *peer, struct hpkm_session_status *out, u32 max)
{
	struct hpkm_machine *machine = &peer->machine;
	u32 count = 0;
	size_t i;

	mutex_lock(&peer->lock);
	if (machine->current_session && count < max)
		status_of_session(machine->current_session, &out[count++]);
	for (i = 0; i < HPKM_SESSIONS_OLD; i++)
		if (machine->old[i] && count < max)
			status_of_session(machine->old[i], &out[count++]);
	mutex_unlock(&peer->lock);
	return count;
}

void hpkm_peer_set_name(struct hpkm_peer *peer, const char *name)
{
	mutex_lock(&peer->lock);
	memset(peer->name, 0, sizeof(peer->name));
	strscpy(peer->name, name, sizeof(peer->name));
	hpkm_agent_peer_changed(peer);
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
}

void hpkm_peer_set_bridge(struct hpkm_peer *peer, bool bridge)
{
	struct hpkm_port *port;

	mutex_lock(&peer->lock);
	port = port_of(peer);
	if (peer->bridge != bridge) {
		WRITE_ONCE(peer->bridge, bridge);
		if (port)
			atomic_add(bridge ? 1 : -1, &port->bridge_count);
		if (port && !bridge)
			hpkm_port_unlearn(port, peer);
		hpkm_agent_peer_changed(peer);
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
}

int hpkm_peer_exchange(struct hpkm_peer *peer, const char **why)
{
	int err = -ENOENT;

	*why = "The peer was removed";
	mutex_lock(&peer->lock);
	if (!peer->removed) {
		err = hpkm_machine_exchange(&peer->machine, hpkm_now(), why);
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
	return err;
}

int hpkm_peer_update(struct hpkm_peer *peer, const u8 *rid, const char **why)
{
	int err = -ENOENT;

	*why = "The peer was removed";
	mutex_lock(&peer->lock);
	if (!peer->removed) {
		err = hpkm_machine_update(&peer->machine, rid, hpkm_now(), why);
		hpkm_peer_settle(peer);
	}
	mutex_unlock(&peer->lock);
	return err;
}
