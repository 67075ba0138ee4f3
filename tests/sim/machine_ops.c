// SPDX-License-Identifier: GPL-2.0
/* How a node's commit machine acts. */
#include <errno.h>
#include <stdlib.h>
#include "world.h"

static struct node *node_of(struct hpkm_machine *machine)
{
	return container_of(machine, struct node, machine);
}

static struct channel *channel_of(struct hpkm_session *session)
{
	return container_of(session, struct channel, control);
}

static bool memory_fails(struct node *node)
{
	if (!random_happens(&node->world->chance, node->world->weather.no_memory))
		return false;
	happens(node->world, HAPPENED_NO_MEMORY);
	return true;
}

static void op_transmit(struct hpkm_machine *machine, const u8 *frame, size_t len, const u8 *dst)
{
	struct node *node = node_of(machine);

	watch_handshake(node, frame, len);
	cable_send(node, frame, len);
}

static int op_control(struct hpkm_machine *machine, struct hpkm_session *session,
		      const u8 *payload, size_t len)
{
	struct node *node = node_of(machine);
	struct channel *channel = channel_of(session);

	if (node_now(node) >= session->send_until) {
		if (!len)
			channel->traffic.unreplied_since = 0;
		return -EKEYEXPIRED;
	}
	if (len)
		watch_control(node, channel, payload, len);
	data_control(node, channel, payload, len);
	return 0;
}

static void op_random(struct hpkm_machine *machine, void *out, size_t len)
{
	random_fill(&node_of(machine)->world->chance, out, len);
}

static u32 op_sid_new(struct hpkm_machine *machine)
{
	struct node *node = node_of(machine);

	if (memory_fails(node))
		return 0;
	node->sids++;
	return 1 + random_below(&node->world->chance, U32_MAX);
}

static void op_sid_free(struct hpkm_machine *machine, u32 sid)
{
	node_of(machine)->sids--;
}

static int op_half_open_begin(struct hpkm_machine *machine, struct hpkm_half_open **half)
{
	struct node *node = node_of(machine);

	*half = memory_fails(node) ? NULL : calloc(1, sizeof(**half));
	if (!*half)
		return -ENOMEM;
	node->half_open++;
	return 0;
}

static void op_half_open_end(struct hpkm_machine *machine, struct hpkm_half_open *half)
{
	check_given_back(node_of(machine), half, sizeof(*half));
	/* Whoever looks at it again is not to take it for one that is not there. */
	memset(half, 0xa5, sizeof(*half));
	free(half);
	node_of(machine)->half_open--;
}

static struct hpkm_update_slot *op_update_begin(struct hpkm_machine *machine)
{
	struct node *node = node_of(machine);
	struct hpkm_update_slot *update;

	update = memory_fails(node) ? NULL : calloc(1, sizeof(*update));
	node->updates += update ? 1 : 0;
	return update;
}

static void op_update_end(struct hpkm_machine *machine, struct hpkm_update_slot *update)
{
	check_given_back(node_of(machine), update, sizeof(*update));
	memset(update, 0xa5, sizeof(*update));
	free(update);
	node_of(machine)->updates--;
}

static void fill_channel(struct channel *channel, const struct hpkm_session_keys *keys,
			 bool initiator, u32 own_sid)
{
	memset(channel, 0, sizeof(*channel));
	channel->used = true;
	channel->refuse_after = HPKM_NEVER;
	channel->control.initiator = initiator;
	channel->control.own_sid = own_sid;
	memcpy(channel->control.sid, keys->sid, HPKM_SID_LEN);
	memcpy(channel->control.update_key, keys->update, HPKM_KEY_LEN);
	memcpy(channel->send_key, initiator ? keys->to_responder : keys->to_initiator,
	       HPKM_KEY_LEN);
	memcpy(channel->receive_key, initiator ? keys->to_initiator : keys->to_responder,
	       HPKM_KEY_LEN);
}

static struct hpkm_session *op_session_create(struct hpkm_machine *machine,
					      const struct hpkm_session_keys *keys,
					      bool initiator, u32 own_sid)
{
	struct node *node = node_of(machine);
	u32 i;

	if (memory_fails(node))
		return NULL;
	for (i = 0; i < CHANNELS; i++) {
		struct channel *channel = &node->channel[i];

		if (channel->used)
			continue;
		fill_channel(channel, keys, initiator, own_sid);
		watch_created(node, channel, keys);
		return &channel->control;
	}
	world_broken(node->world, "balance", "node %u has more sessions than slots", node->index);
}

static void op_session_moved(struct hpkm_machine *machine, struct hpkm_session *session)
{
	struct channel *channel = channel_of(session);

	if (session->state != HPKM_SESSION_STATE_NEXT)
		channel->refuse_after = session->ends_at;
	watch_moved(node_of(machine), channel);
}

static void op_session_destroy(struct hpkm_machine *machine, struct hpkm_session *session)
{
	memset(channel_of(session), 0, sizeof(struct channel));
	node_of(machine)->sids--;
}

static void op_traffic(struct hpkm_machine *machine, const struct hpkm_session *session,
		       struct hpkm_traffic *traffic)
{
	const struct channel *channel = container_of(session, struct channel, control);

	*traffic = channel->traffic;
	traffic->frames_sent = channel->next_counter;
}

static enum hpkm_stored op_store(struct hpkm_machine *machine)
{
	return disk_write(node_of(machine));
}

static bool op_may_store(struct hpkm_machine *machine)
{
	return !node_of(machine)->disk.gone;
}

static int find_record(struct hpkm_log *log, const struct hpkm_update_search *search,
		       const struct hpkm_record **record)
{
	if (!search->by_rid)
		return hpkm_log_find_elements(log, search->a, search->b, search->xa, search->xb,
					      record);
	*record = hpkm_log_find(log, search->rid);
	return *record ? 1 : 0;
}

static int op_record_find(struct hpkm_machine *machine, const struct hpkm_update_search *search,
			  struct hpkm_record *out)
{
	const struct hpkm_record *record;
	int found = find_record(node_of(machine)->log, search, &record);

	if (found != 1)
		return found ? -EEXIST : -ENOENT;
	*out = *record;
	return 0;
}

static void fill(void *context, void *out, size_t len)
{
	random_fill(context, out, len);
}

static int op_record_choose(struct hpkm_machine *machine, struct hpkm_record *out)
{
	struct node *node = node_of(machine);
	const struct hpkm_record *record = hpkm_log_choose(node->log, fill, &node->world->chance);

	if (!record)
		return -ENOENT;
	*out = *record;
	return 0;
}

static void op_record_remove(struct hpkm_machine *machine, const u8 rid[HPKM_RID_LEN])
{
	hpkm_log_remove(node_of(machine)->log, rid);
}

static u32 op_record_count(struct hpkm_machine *machine)
{
	return hpkm_log_confirmed(node_of(machine)->log);
}

static void op_event(struct hpkm_machine *machine, const struct hpkm_machine_event *event)
{
	struct node *node = node_of(machine);

	world_trace(node->world, "node %u: event %d %s", node->index, event->type,
		    event->reason ?: "");
	switch (event->type) {
	case HPKM_MACHINE_SESSION_UP:
		happens(node->world, HAPPENED_SESSION);
		break;
	case HPKM_MACHINE_UPDATE_DONE:
		happens(node->world, HAPPENED_UPDATE);
		watch_update_done(node, event->rid);
		break;
	case HPKM_MACHINE_RENEWED:
		happens(node->world, HAPPENED_RENEWED);
		data_renew(node);
		break;
	case HPKM_MACHINE_SESSION_LOST:
	case HPKM_MACHINE_UPDATE_REFUSED:
		break;
	}
}

static void op_step(struct hpkm_machine *machine, enum hpkm_step step,
		    const struct hpkm_exchange *x)
{
	if (step == HPKM_STEP_C1_SENT)
		watch_attempt(node_of(machine), x);
}

const struct hpkm_machine_ops machine_ops = {
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
