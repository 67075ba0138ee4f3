// SPDX-License-Identifier: GPL-2.0
/*
 * A port's pairing window: core/pairing.c driven by the port's frames and
 * clock, and what it asks of peers.  All of it under hn->lock, so that a peer
 * can be made and moved here.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include "clock.h"
#include "internal.h"

static struct hpkm_port *port_of(struct hpkm_pairing *pairing)
{
	return container_of(pairing, struct hpkm_port, pairing);
}

static void set_timer(struct hpkm_port *port)
{
	u64 deadline = hpkm_pairing_deadline(&port->pairing);
	u64 now = hpkm_now();

	WRITE_ONCE(port->pairing_until, hpkm_pairing_is_open(&port->pairing) ?
		   HPKM_NEVER : port->pairing.finished.until);
	if (port->stopped || deadline == HPKM_NEVER)
		return;
	hpkm_run_within(port->hn->workqueue, &port->pairing_tick,
			hpkm_jiffies_until(deadline, now));
}

/* The peer with this id, made if need be; NULL when it cannot be. */
static struct hpkm_peer *peer_for(struct hpkm_port *port, const u8 *id, bool create)
{
	struct hpkm_peer *peer = hpkm_net_peer_get(port->hn, id);

	if (peer || !create)
		return peer;
	peer = hpkm_peer_create(port->hn, port->pairing.suite, id);
	if (!peer || hpkm_peer_list(peer))
		return NULL;
	kref_get(&peer->ref);
	return peer;
}

/* A device that paired here is here; it may have been elsewhere before. */
static void move_to(struct hpkm_peer *peer, struct hpkm_port *port)
{
	struct hpkm_port *old = rcu_access_pointer(peer->port);

	if (old && old != port) {
		hpkm_peer_unlink(peer, "the peer paired on another link");
		synchronize_rcu();
		/* Frames that were on their way there when it was unlinked. */
		hpkm_data_unlink(peer);
	}
	hpkm_peer_link(peer, port, true);
}

/* ---- what pairing asks ---- */

/* It may have been made since begin(), by a pairing on another link. */
static bool suite_fits(const struct hpkm_peer *peer, const struct hpkm_pairing *pairing)
{
	return peer->machine.pair.suite == pairing->suite;
}

static void op_transmit(struct hpkm_pairing *pairing, const u8 *frame, size_t len, const u8 *dst)
{
	hpkm_port_transmit(port_of(pairing), frame, len, dst);
}

static void op_random(struct hpkm_pairing *pairing, void *out, size_t len)
{
	get_random_bytes(out, len);
}

static u64 op_wall_clock(struct hpkm_pairing *pairing)
{
	return ktime_get_real_ns();
}

static void op_location(struct hpkm_pairing *pairing, u8 out[HPKM_LI_LEN])
{
	hpkm_net_location_get(port_of(pairing)->hn, out);
}

static int op_begin(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		    u8 kids[HPKM_EPOCH_SLOTS][HPKM_KID_LEN])
{
	struct hpkm_peer *peer = peer_for(port_of(pairing), id, false);
	int err;

	if (!peer) {
		memset(kids, 0, HPKM_EPOCH_SLOTS * HPKM_KID_LEN);
		return 0;
	}
	mutex_lock(&peer->lock);
	err = suite_fits(peer, pairing) ? hpkm_machine_pairing_begin(&peer->machine, kids) :
					  -EPERM;
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
	return err;
}

/**
 * struct place - where a peer is, in case that what moves it cannot be stored
 * @ifname: the link's name
 * @address: there
 */
struct place {
	char ifname[IFNAMSIZ];
	u8 address[HPKM_ADDRESS_LEN];
};

static void put_back(struct hpkm_peer *peer, const struct place *place)
{
	hpkm_peer_set_ifname(peer, place->ifname);
	memcpy(peer->machine.durable.address, place->address, HPKM_ADDRESS_LEN);
}

/*
 * What is about to be stored says where the peer is.  A peer made just now was
 * not there to begin.
 */
static void expect_store(struct hpkm_peer *peer, struct hpkm_port *port, struct place *before)
{
	memcpy(before->ifname, peer->ifname, sizeof(before->ifname));
	memcpy(before->address, peer->machine.durable.address, HPKM_ADDRESS_LEN);
	hpkm_peer_set_ifname(peer, port->ifname);
	peer->machine.pairing = true;
	peer->pairing_store = HPKM_PAIRING_STORE_NONE;
}

/* Beside the old epochs that B has @listed, or, without that, in place of all. */
static int store(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		 const struct hpkm_epoch *epoch, const u8 (*listed)[HPKM_KID_LEN],
		 const u8 address[HPKM_ADDRESS_LEN])
{
	struct hpkm_peer *peer = peer_for(port_of(pairing), id, true);
	struct place before;
	u64 now = hpkm_now();
	int err;

	if (!peer)
		return -ENOMEM;
	mutex_lock(&peer->lock);
	err = suite_fits(peer, pairing) ? 0 : -EPERM;
	if (!err) {
		expect_store(peer, port_of(pairing), &before);
		err = listed ?
		      hpkm_machine_pairing_fresh(&peer->machine, epoch, listed, address, now) :
		      hpkm_machine_pairing_replace(&peer->machine, epoch, address, now);
		if (err && err != -EINPROGRESS && !hpkm_machine_frozen(&peer->machine))
			put_back(peer, &before);
	}
	mutex_unlock(&peer->lock);
	if (!err || err == -EINPROGRESS)
		move_to(peer, port_of(pairing));
	hpkm_peer_put(peer);
	return err;
}

static int op_store_fresh(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
			  const struct hpkm_epoch *epoch,
			  const u8 listed[HPKM_EPOCH_SLOTS][HPKM_KID_LEN],
			  const u8 address[HPKM_ADDRESS_LEN])
{
	return store(pairing, id, epoch, listed, address);
}

static int op_replace(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		      const struct hpkm_epoch *epoch, const u8 address[HPKM_ADDRESS_LEN])
{
	return store(pairing, id, epoch, NULL, address);
}

static void op_confirm(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct hpkm_peer *peer = peer_for(port_of(pairing), id, false);

	if (!peer)
		return;
	mutex_lock(&peer->lock);
	hpkm_machine_pairing_confirm(&peer->machine, hpkm_now());
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
}

static void op_end(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct hpkm_peer *peer = peer_for(port_of(pairing), id, false);

	if (!peer)
		return;
	mutex_lock(&peer->lock);
	hpkm_machine_pairing_end(&peer->machine, hpkm_now());
	hpkm_peer_settle(peer);
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
}

static void tell(struct hpkm_port *port, enum hpkm_event type, const u8 *id, const char *reason)
{
	struct hpkm_event_info info = {
		.type = type,
		.port = port,
		.peer = id,
		.suite = -1,
		.reason = reason,
	};

	port->hn->edge->event(port->hn, &info);
}

static void op_succeeded(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	tell(port_of(pairing), HPKM_EVENT_PAIRED, id, NULL);
}

static void op_failed(struct hpkm_pairing *pairing, const u8 *id, const char *reason)
{
	tell(port_of(pairing), HPKM_EVENT_PAIRING_FAILED, id, reason);
}

static const struct hpkm_pairing_ops pairing_ops = {
	.transmit = op_transmit,
	.random = op_random,
	.wall_clock = op_wall_clock,
	.location = op_location,
	.begin = op_begin,
	.store_fresh = op_store_fresh,
	.confirm = op_confirm,
	.replace = op_replace,
	.end = op_end,
	.succeeded = op_succeeded,
	.failed = op_failed,
};

/* ---- writes that took their time ---- */

void hpkm_pairing_window_stored(struct hpkm_machine *machine, bool ok)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);
	struct hpkm_port *port = rcu_dereference_protected(peer->port,
							   lockdep_is_held(&peer->lock));

	peer->pairing_store = ok ? HPKM_PAIRING_STORE_OK : HPKM_PAIRING_STORE_FAILED;
	/* The window is under hn->lock, which comes before the peer's. */
	if (port && !READ_ONCE(port->stopped))
		mod_delayed_work(port->hn->workqueue, &port->pairing_tick, 0);
}

static enum hpkm_pairing_store take_result(struct hpkm_port *port, const u8 *id)
{
	struct hpkm_peer *peer = peer_for(port, id, false);
	enum hpkm_pairing_store result = HPKM_PAIRING_STORE_NONE;

	/* Nobody will say any more. */
	if (!peer)
		return HPKM_PAIRING_STORE_FAILED;
	mutex_lock(&peer->lock);
	swap(result, peer->pairing_store);
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
	return result;
}

/* Also after a frame: the write may be decided before the peer is on this port. */
static void collect_results(struct hpkm_port *port)
{
	u8 id[HPKM_PAIR_CONTEXTS][HPKM_ID_LEN];
	u32 count = hpkm_pairing_storing(&port->pairing, id);
	u32 i;

	for (i = 0; i < count; i++) {
		enum hpkm_pairing_store result = take_result(port, id[i]);

		if (result != HPKM_PAIRING_STORE_NONE)
			hpkm_pairing_stored(&port->pairing, id[i],
					    result == HPKM_PAIRING_STORE_OK, hpkm_now());
	}
}

/* ---- what drives it ---- */

/* An exchange under the new context has shown that the peer has it, too. */
static bool confirmed_without_p6(struct hpkm_port *port)
{
	struct hpkm_peer *peer;
	bool confirmed;

	if (!hpkm_pairing_is_open(&port->pairing) ||
	    port->pairing.progress != HPKM_PAIRING_PROVEN)
		return false;
	peer = peer_for(port, port->pairing.proven_id, false);
	if (!peer)
		return false;
	mutex_lock(&peer->lock);
	confirmed = peer->renewed_at >= port->pairing_opened_at &&
		    !peer->machine.durable.epoch[HPKM_EPOCH_FRESH].present;
	mutex_unlock(&peer->lock);
	hpkm_peer_put(peer);
	return confirmed;
}

static void finish_without_p6(struct hpkm_port *port)
{
	u8 id[HPKM_ID_LEN];

	memcpy(id, port->pairing.proven_id, sizeof(id));
	hpkm_pairing_close(&port->pairing, NULL);
	tell(port, HPKM_EVENT_PAIRED, id, NULL);
}

static void tick(struct work_struct *work)
{
	struct hpkm_port *port = container_of(work, struct hpkm_port, pairing_tick.work);

	mutex_lock(&port->hn->lock);
	if (!port->stopped) {
		if (confirmed_without_p6(port))
			finish_without_p6(port);
		collect_results(port);
		hpkm_pairing_tick(&port->pairing, hpkm_now());
		set_timer(port);
	}
	mutex_unlock(&port->hn->lock);
}

/**
 * hpkm_pairing_window_init() - no window is open
 * @port: whose; its namespace is set
 */
void hpkm_pairing_window_init(struct hpkm_port *port)
{
	INIT_DELAYED_WORK(&port->pairing_tick, tick);
	hpkm_pairing_init(&port->pairing, &pairing_ops, port->hn->id);
}

/**
 * hpkm_pairing_window_receive() - P1..P6 arrived
 * @port: where
 * @frame: header checked
 * @len: octets
 * @src: where it came from
 *
 * Context: the port's work.
 */
void hpkm_pairing_window_receive(struct hpkm_port *port, const u8 *frame, size_t len,
				 const u8 src[ETH_ALEN])
{
	enum hpkm_pairing_verdict verdict = HPKM_PAIRING_REFUSED;

	mutex_lock(&port->hn->lock);
	if (!port->stopped) {
		verdict = hpkm_pairing_receive(&port->pairing, frame, len, src, hpkm_now());
		collect_results(port);
		set_timer(port);
	}
	mutex_unlock(&port->hn->lock);
	if (verdict == HPKM_PAIRING_REFUSED)
		hpkm_count(&port->counters, HPKM_COUNTER_PAIRING_REFUSED);
}

static int may_open(struct hpkm_port *port, u8 suite, bool override, char exposed[IFNAMSIZ],
		    const char **why)
{
	if (suite >= HPKM_SUITE_IDS || !hpkm_suite_by_id(suite)) {
		*why = "This module does not have that suite";
		return -EOPNOTSUPP;
	}
	if (port->stopped) {
		*why = "The link is being detached";
		return -ENETDOWN;
	}
	if (port->hn->resting) {
		*why = "The device is being suspended";
		return -EBUSY;
	}
	if (!port->hn->sk[suite].set) {
		*why = "No SK is set for that suite";
		return -ENOKEY;
	}
	if (!override && port->hn->edge->exposed_by(port, exposed)) {
		*why = "The network is not isolated";
		return -EBUSY;
	}
	return 0;
}

static int open_window(struct hpkm_port *port, u8 suite, u32 window_s, bool override,
		       const char **why)
{
	int err = hpkm_pairing_open(&port->pairing, suite, port->hn->sk[suite].key,
				    window_s * HPKM_SECOND, hpkm_now());

	if (err) {
		*why = "A pairing window is open on this link already";
		return err;
	}
	port->pairing_opened_at = hpkm_now();
	port->pairing_override = override;
	if (override)
		pr_warn_ratelimited("hpkm: %s: pairing although the network may not be isolated, as the administrator asked\n",
				    port->ifname);
	set_timer(port);
	return 0;
}

int hpkm_port_pair_open(struct hpkm_port *port, u8 suite, u32 window_s, bool override,
			char exposed[IFNAMSIZ], const char **why)
{
	int err;

	mutex_lock(&port->hn->lock);
	err = may_open(port, suite, override, exposed, why);
	if (!err)
		err = open_window(port, suite, window_s, override, why);
	mutex_unlock(&port->hn->lock);
	return err;
}

/**
 * hpkm_pairing_window_close() - end a window, if one is open
 * @port: whose
 * @reason: a sentence
 *
 * Context: hn->lock.
 */
void hpkm_pairing_window_close(struct hpkm_port *port, const char *reason)
{
	hpkm_pairing_close(&port->pairing, reason);
	set_timer(port);
}

int hpkm_port_pair_close(struct hpkm_port *port, const char **why)
{
	int err = 0;

	mutex_lock(&port->hn->lock);
	if (hpkm_pairing_is_open(&port->pairing)) {
		hpkm_pairing_close(&port->pairing, "the administrator closed the window");
	} else {
		*why = "No pairing window is open on this link";
		err = -ENOENT;
	}
	mutex_unlock(&port->hn->lock);
	return err;
}

void hpkm_port_exposed(struct hpkm_port *port, const char *by)
{
	char reason[64 + IFNAMSIZ];

	mutex_lock(&port->hn->lock);
	if (hpkm_pairing_is_open(&port->pairing) && !port->pairing_override) {
		snprintf(reason, sizeof(reason),
			 "the network is no longer isolated: interface %s went up", by);
		pr_notice_ratelimited("hpkm: %s: pairing ended, %s\n", port->ifname, reason);
		hpkm_pairing_close(&port->pairing, reason);
	}
	mutex_unlock(&port->hn->lock);
}

void hpkm_port_pair_status(struct hpkm_port *port, struct hpkm_pairing_status *status)
{
	const struct hpkm_pairing *pairing = &port->pairing;
	u64 now = hpkm_now();

	memset(status, 0, sizeof(*status));
	mutex_lock(&port->hn->lock);
	status->open = hpkm_pairing_is_open(pairing);
	if (status->open) {
		status->suite = pairing->suite->id;
		status->contexts = hpkm_pairing_contexts(pairing);
		status->override = port->pairing_override;
		if (pairing->closes_at > now)
			status->remaining_ms = div_u64(pairing->closes_at - now, HPKM_MS);
	}
	mutex_unlock(&port->hn->lock);
}
