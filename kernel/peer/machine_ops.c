// SPDX-License-Identifier: GPL-2.0
/* How a peer's commit machine acts; all of it under peer->lock. */
#include <linux/etherdevice.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "data.h"
#include "internal.h"

static struct hpkm_port *port_of(struct hpkm_peer *peer)
{
	return rcu_dereference_protected(peer->port, lockdep_is_held(&peer->lock));
}

static void op_transmit(struct hpkm_machine *machine, const u8 *frame, size_t len, const u8 *dst)
{
	struct hpkm_port *port = port_of(hpkm_machine_peer(machine));

	if (port)
		hpkm_port_transmit(port, frame, len, dst);
}

static int op_control(struct hpkm_machine *machine, struct hpkm_session *session,
		      const u8 *payload, size_t len)
{
	int err;

	rcu_read_lock_bh();
	err = hpkm_channel_send_control(hpkm_session_channel(session), payload, len);
	rcu_read_unlock_bh();
	return err;
}

static void op_random(struct hpkm_machine *machine, void *out, size_t len)
{
	get_random_bytes(out, len);
}

static u32 op_sid_new(struct hpkm_machine *machine)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);
	struct hpkm_port *port = port_of(peer);

	return port ? hpkm_sid_new(port, peer) : 0;
}

static void op_sid_free(struct hpkm_machine *machine, u32 sid)
{
	struct hpkm_port *port = port_of(hpkm_machine_peer(machine));

	if (port)
		hpkm_sid_free(port, sid);
}

static int op_half_open_begin(struct hpkm_machine *machine, struct hpkm_half_open **half)
{
	struct hpkm_port *port = port_of(hpkm_machine_peer(machine));

	if (!port || !atomic_add_unless(&port->half_open, 1, HPKM_HALF_OPEN_LINK))
		return -ENOSPC;
	*half = kzalloc(sizeof(**half), GFP_KERNEL_ACCOUNT);
	if (*half)
		return 0;
	atomic_dec(&port->half_open);
	return -ENOMEM;
}

static void op_half_open_end(struct hpkm_machine *machine, struct hpkm_half_open *half)
{
	struct hpkm_port *port = port_of(hpkm_machine_peer(machine));

	kfree(half);
	if (port)
		atomic_dec(&port->half_open);
}

static struct hpkm_update_slot *op_update_begin(struct hpkm_machine *machine)
{
	return kzalloc(sizeof(struct hpkm_update_slot), GFP_KERNEL_ACCOUNT);
}

static void op_update_end(struct hpkm_machine *machine, struct hpkm_update_slot *update)
{
	kfree(update);
}

static struct hpkm_session *op_session_create(struct hpkm_machine *machine,
					      const struct hpkm_session_keys *keys,
					      bool initiator, u32 own_sid)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);
	struct hpkm_channel *channel = hpkm_channel_create(peer, keys, initiator, own_sid);

	return channel ? &channel->control : NULL;
}

/* The first time that the peer's index is known: frames may come now. */
static void publish(struct hpkm_peer *peer, struct hpkm_channel *channel)
{
	struct hpkm_port *port = port_of(peer);

	if (port)
		hpkm_sid_publish(port, channel->control.own_sid, channel);
}

static void op_session_moved(struct hpkm_machine *machine, struct hpkm_session *session)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);
	struct hpkm_channel *channel = hpkm_session_channel(session);

	WRITE_ONCE(channel->is_next, session->state == HPKM_SESSION_STATE_NEXT);
	WRITE_ONCE(channel->renews, session->renews);
	switch (session->state) {
	case HPKM_SESSION_STATE_NEXT:
		publish(peer, channel);
		break;
	case HPKM_SESSION_STATE_CURRENT:
		WRITE_ONCE(channel->send_until, session->send_until);
		WRITE_ONCE(channel->refuse_after, session->ends_at);
		publish(peer, channel);
		rcu_assign_pointer(peer->sending, channel);
		break;
	case HPKM_SESSION_STATE_DRAINING:
		WRITE_ONCE(channel->send_until, session->send_until);
		WRITE_ONCE(channel->refuse_after, session->ends_at);
		break;
	case HPKM_SESSION_STATE_REPLACED:
		WRITE_ONCE(channel->refuse_after, session->ends_at);
		break;
	}
}

static void op_session_destroy(struct hpkm_machine *machine, struct hpkm_session *session)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);
	struct hpkm_channel *channel = hpkm_session_channel(session);

	if (rcu_access_pointer(peer->sending) == channel)
		RCU_INIT_POINTER(peer->sending, NULL);
	op_sid_free(machine, session->own_sid);
	hpkm_channel_destroy(channel);
}

static void op_traffic(struct hpkm_machine *machine, const struct hpkm_session *session,
		       struct hpkm_traffic *traffic)
{
	const struct hpkm_channel *channel =
		container_of(session, struct hpkm_channel, control);

	traffic->unanswered_since = READ_ONCE(channel->unanswered_since);
	traffic->unreplied_since = READ_ONCE(channel->unreplied_since);
	traffic->data_passed = READ_ONCE(channel->data_passed);
	traffic->frames_sent = atomic64_read(&channel->next_counter);
}

/*
 * What an agent kept must not be left behind by what none keeps: the two
 * devices would part at the next power cut.  A peer that nobody ever kept is
 * as durable as it gets.
 */
static bool op_may_store(struct hpkm_machine *machine)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);

	return !peer->kept || hpkm_agent_is_ready(peer->hn);
}

static enum hpkm_stored op_store(struct hpkm_machine *machine)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);

	if (!hpkm_agent_write_peer(peer))
		return HPKM_STORE_LATER;
	return peer->kept || hpkm_agent_is_ready(peer->hn) ? HPKM_STORE_FAILED : HPKM_STORED;
}

static int op_record_find(struct hpkm_machine *machine, const struct hpkm_update_search *search,
			  struct hpkm_record *out)
{
	return hpkm_record_find(hpkm_machine_peer(machine), search, out);
}

static int op_record_choose(struct hpkm_machine *machine, struct hpkm_record *out)
{
	return hpkm_record_choose(hpkm_machine_peer(machine), out);
}

static void op_record_remove(struct hpkm_machine *machine, const u8 rid[HPKM_RID_LEN])
{
	hpkm_record_remove(hpkm_machine_peer(machine), rid);
}

static u32 op_record_count(struct hpkm_machine *machine)
{
	return hpkm_record_count(hpkm_machine_peer(machine));
}

static void tell_session_up(struct hpkm_peer *peer, const struct hpkm_session *session)
{
	const struct hpkm_epoch *epoch = &peer->machine.durable.epoch[HPKM_EPOCH_CUR];
	struct hpkm_event_info info = {
		.type = HPKM_EVENT_SESSION_UP,
		.port = port_of(peer),
		.peer = peer->id,
		.suite = peer->machine.pair.suite->id,
		.sid = session->sid,
		.initiator = session->initiator,
		.epoch = session->epoch_n,
		.kid = epoch->kid,
	};

	peer->hn->edge->event(peer->hn, &info);
	hpkm_data_session_ready(peer);
}

static void tell_update_done(struct hpkm_peer *peer, const u8 *rid)
{
	const struct hpkm_epoch *epoch = &peer->machine.durable.epoch[HPKM_EPOCH_CUR];
	struct hpkm_event_info info = {
		.type = HPKM_EVENT_UPDATE_DONE,
		.port = port_of(peer),
		.peer = peer->id,
		.suite = peer->machine.pair.suite->id,
		.epoch = epoch->n,
		.kid = epoch->kid,
		.rid = rid,
	};

	peer->hn->edge->event(peer->hn, &info);
	hpkm_data_updated(peer);
}

/* If P6 was lost, a pairing window still waits to hear that it succeeded. */
static void renewed(struct hpkm_peer *peer)
{
	struct hpkm_port *port = port_of(peer);

	peer->renewed_at = hpkm_now();
	hpkm_data_renew(peer);
	if (port && !READ_ONCE(port->stopped))
		mod_delayed_work(port->hn->workqueue, &port->pairing_tick, 0);
}

static void op_event(struct hpkm_machine *machine, const struct hpkm_machine_event *event)
{
	struct hpkm_peer *peer = hpkm_machine_peer(machine);

	switch (event->type) {
	case HPKM_MACHINE_SESSION_UP:
		tell_session_up(peer, event->session);
		break;
	case HPKM_MACHINE_SESSION_LOST:
		hpkm_peer_event(peer, HPKM_EVENT_SESSION_LOST, NULL, event->reason);
		break;
	case HPKM_MACHINE_UPDATE_DONE:
		tell_update_done(peer, event->rid);
		break;
	case HPKM_MACHINE_UPDATE_REFUSED:
		hpkm_peer_event(peer, HPKM_EVENT_UPDATE_REFUSED, NULL, event->reason);
		break;
	case HPKM_MACHINE_RENEWED:
		renewed(peer);
		break;
	}
}

static void op_step(struct hpkm_machine *machine, enum hpkm_step step,
		    const struct hpkm_exchange *x)
{
	if (machine->pair.suite->insecure)
		hpkm_figures_step(step, x);
}

const struct hpkm_machine_ops hpkm_machine_ops = {
	.transmit = op_transmit,
	.control = op_control,
	.random = op_random,
	.sid_new = op_sid_new,
	.sid_free = op_sid_free,
	.half_open_begin = op_half_open_begin,
	.half_open_end = op_half_open_end,
	.update_begin = op_update_begin,
	.update_end = op_update_end,
	.session_create = op_session_create,
	.session_moved = op_session_moved,
	.session_destroy = op_session_destroy,
	.traffic = op_traffic,
	.store = op_store,
	.may_store = op_may_store,
	.record_find = op_record_find,
	.record_choose = op_record_choose,
	.record_remove = op_record_remove,
	.record_count = op_record_count,
	.event = op_event,
	.step = op_step,
};
