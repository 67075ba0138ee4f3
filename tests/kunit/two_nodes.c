// SPDX-License-Identifier: GPL-2.0
/* Two commit machines and a cable between them. */
#include <linux/slab.h>
#include <linux/string.h>
#include <core/frame.h>
#include "holds.h"
#include "two_nodes.h"

#define TRANSIT		(1 * HPKM_MS)

static struct sim_node *node_of(struct hpkm_machine *machine)
{
	return container_of(machine, struct sim_node, machine);
}

static struct sim_session *session_of(struct hpkm_session *session)
{
	return container_of(session, struct sim_session, session);
}

u32 sim_random_below(struct sim *sim, u32 limit)
{
	return prandom_u32_state(&sim->random) % limit;
}

/* ---- the cable ---- */

static bool is_lost(struct sim *sim, u8 type)
{
	if (sim->drop_count && sim->drop_type == type) {
		sim->drop_count--;
		return true;
	}
	return sim->lose && sim_random_below(sim, 100) < sim->lose;
}

static void put_on_cable(struct sim *sim, const struct sim_packet *packet)
{
	u32 i;

	for (i = 0; i < SIM_PACKETS; i++) {
		if (sim->packet[i].used)
			continue;
		sim->packet[i] = *packet;
		sim->packet[i].used = true;
		sim->packet[i].at = sim->now + TRANSIT;
		if (sim->delay)
			sim->packet[i].at += sim_random_below(sim, sim->delay / HPKM_MS) * HPKM_MS;
		return;
	}
	/* A full cable loses. */
}

static void send(struct sim_node *from, bool control, u32 sid, const u8 *data, size_t len)
{
	struct sim *sim = from->sim;
	struct sim_packet packet = {
		.to = !from->index, .control = control, .sid = sid, .len = len,
	};

	memcpy(packet.data, data, len);
	sim->sent[data[0]]++;
	memcpy(sim->last[data[0]], data, len);
	if (is_lost(sim, data[0]))
		return;
	put_on_cable(sim, &packet);
	if (sim->duplicate && sim_random_below(sim, 100) < sim->duplicate)
		put_on_cable(sim, &packet);
}

int sim_give(struct sim *sim, u32 node, const u8 *frame, size_t len)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)frame;
	struct hpkm_machine *machine = &sim->node[node].machine;
	const u8 src[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, !node };

	if (hpkm_hd_check(frame, len) != HPKM_FRAME_OK || hd->suite != machine->pair.suite->id)
		return -EBADMSG;
	if (hd->type == HPKM_C1)
		return hpkm_machine_c1(machine, frame, src, sim->now);
	if (hd->type <= HPKM_ACK)
		return hpkm_machine_handshake(machine, frame, src, sim->now);
	return -EPROTO;
}

static void deliver(struct sim *sim, const struct sim_packet *packet)
{
	struct hpkm_machine *machine = &sim->node[packet->to].machine;

	if (packet->control)
		hpkm_machine_control(machine, packet->sid, packet->data, packet->len, sim->now);
	else
		sim_give(sim, packet->to, packet->data, packet->len);
}

static struct sim_packet *next_packet(struct sim *sim)
{
	struct sim_packet *next = NULL;
	u32 i;

	for (i = 0; i < SIM_PACKETS; i++)
		if (sim->packet[i].used && (!next || sim->packet[i].at < next->at))
			next = &sim->packet[i];
	return next;
}

/* One thing happens, or the clock reaches @end. */
static void step(struct sim *sim, u64 end)
{
	struct sim_packet *packet = next_packet(sim);
	u64 due = packet ? packet->at : HPKM_NEVER;
	struct sim_packet copy;
	u32 i, ticks = 2;

	for (i = 0; i < 2; i++) {
		u64 deadline = hpkm_machine_deadline(&sim->node[i].machine);

		if (deadline < due) {
			due = deadline;
			ticks = i;
		}
	}
	if (due >= end) {
		sim->now = end;
		return;
	}
	sim->now = max(sim->now, due);
	if (ticks < 2) {
		hpkm_machine_tick(&sim->node[ticks].machine, sim->now);
		return;
	}
	copy = *packet;
	packet->used = false;
	deliver(sim, &copy);
}

void sim_run(struct sim *sim, u64 span)
{
	u64 end = sim->now + span;

	while (sim->now < end)
		step(sim, end);
}

/* ---- how the machines act ---- */

static void op_transmit(struct hpkm_machine *machine, const u8 *frame, size_t len, const u8 *dst)
{
	send(node_of(machine), false, 0, frame, len);
}

static int op_control(struct hpkm_machine *machine, struct hpkm_session *session,
		      const u8 *payload, size_t len)
{
	struct sim_node *node = node_of(machine);

	session_of(session)->traffic.unreplied_since = 0;
	if (len)
		send(node, true, session->peer_sid, payload, len);
	else
		node->bare++;
	return 0;
}

static void op_random(struct hpkm_machine *machine, void *out, size_t len)
{
	prandom_bytes_state(&node_of(machine)->sim->random, out, len);
}

static u32 op_sid_new(struct hpkm_machine *machine)
{
	struct sim_node *node = node_of(machine);

	if (node->no_sids)
		return 0;
	node->sids++;
	return ++node->next_sid;
}

static void op_sid_free(struct hpkm_machine *machine, u32 sid)
{
	node_of(machine)->sids--;
}

static int op_half_open_begin(struct hpkm_machine *machine, struct hpkm_half_open **half)
{
	struct sim_node *node = node_of(machine);

	*half = node->no_memory ? NULL : kzalloc(sizeof(**half), GFP_KERNEL);
	if (!*half)
		return -ENOMEM;
	node->half_open++;
	return 0;
}

static void op_half_open_end(struct hpkm_machine *machine, struct hpkm_half_open *half)
{
	struct sim_node *node = node_of(machine);

	node->half_open--;
	node->unwiped += !!memchr_inv(half, 0, sizeof(*half));
	kfree(half);
}

static struct hpkm_update_slot *op_update_begin(struct hpkm_machine *machine)
{
	struct sim_node *node = node_of(machine);
	struct hpkm_update_slot *update = NULL;

	if (!node->no_memory)
		update = kzalloc(sizeof(*update), GFP_KERNEL);
	node->updates += !!update;
	return update;
}

static void op_update_end(struct hpkm_machine *machine, struct hpkm_update_slot *update)
{
	struct sim_node *node = node_of(machine);

	node->updates--;
	node->unwiped += !!memchr_inv(update, 0, sizeof(*update));
	kfree(update);
}

static struct hpkm_session *op_session_create(struct hpkm_machine *machine,
					      const struct hpkm_session_keys *keys,
					      bool initiator, u32 own_sid)
{
	struct sim_node *node = node_of(machine);
	u32 i;

	if (node->no_sessions)
		return NULL;
	for (i = 0; i < SIM_SESSIONS; i++) {
		struct sim_session *session = &node->session[i];

		if (session->used)
			continue;
		memset(session, 0, sizeof(*session));
		session->used = true;
		session->keys = *keys;
		session->session.initiator = initiator;
		session->session.own_sid = own_sid;
		memcpy(session->session.sid, keys->sid, HPKM_SID_LEN);
		memcpy(session->session.update_key, keys->update, HPKM_KEY_LEN);
		return &session->session;
	}
	return NULL;
}

static void op_session_moved(struct hpkm_machine *machine, struct hpkm_session *session)
{
}

static void op_session_destroy(struct hpkm_machine *machine, struct hpkm_session *session)
{
	session_of(session)->used = false;
	node_of(machine)->sids--;
}

static void op_traffic(struct hpkm_machine *machine, const struct hpkm_session *session,
		       struct hpkm_traffic *traffic)
{
	*traffic = container_of(session, struct sim_session, session)->traffic;
}

static enum hpkm_stored op_store(struct hpkm_machine *machine)
{
	struct sim_node *node = node_of(machine);

	node->stores++;
	node->written = machine->durable;
	return node->store_result;
}

static bool op_may_store(struct hpkm_machine *machine)
{
	return !node_of(machine)->agent_gone;
}

static int op_record_find(struct hpkm_machine *machine, const struct hpkm_update_search *search,
			  struct hpkm_record *out)
{
	struct sim_node *node = node_of(machine);
	const struct hpkm_record *record = NULL;
	int found;

	if (search->by_rid) {
		record = hpkm_log_find(node->log, search->rid);
		found = record ? 1 : 0;
	} else {
		found = hpkm_log_find_elements(node->log, search->a, search->b, search->xa,
					       search->xb, &record);
	}
	if (found != 1)
		return found ? -EEXIST : -ENOENT;
	*out = *record;
	return 0;
}

static void fill(void *context, void *out, size_t len)
{
	struct sim *sim = context;

	prandom_bytes_state(&sim->random, out, len);
}

static int op_record_choose(struct hpkm_machine *machine, struct hpkm_record *out)
{
	struct sim_node *node = node_of(machine);
	const struct hpkm_record *record = hpkm_log_choose(node->log, fill, node->sim);

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
	struct sim_node *node = node_of(machine);

	node->events[event->type]++;
	if (event->reason)
		node->reason = event->reason;
}

static void op_step(struct hpkm_machine *machine, enum hpkm_step step,
		    const struct hpkm_exchange *x)
{
}

static const struct hpkm_machine_ops sim_ops = {
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

/* ---- life ---- */

static void first_epoch(struct hpkm_machine *machine)
{
	struct hpkm_epoch *epoch = &machine->durable.epoch[HPKM_EPOCH_CUR];

	epoch->present = true;
	memset(epoch->chain, 0x5a, sizeof(epoch->chain));
	hpkm_element(epoch->x[0], 0, "shared secret", 13);
	hpkm_element_time(epoch->x[1], 1736969410000000000ULL);
	hpkm_element(epoch->x[2], 2, "Paris", 5);
	hpkm_epoch_name(epoch, &machine->pair);
}

static int fill_log(struct sim_node *node)
{
	const u8 location[HPKM_LI_LEN] = { 5, 'P', 'a', 'r', 'i', 's' };
	static const u8 key[16];
	u32 i;

	node->log = hpkm_log_create(64, key);
	if (!node->log)
		return -ENOMEM;
	for (i = 0; i < SIM_RECORDS; i++) {
		struct hpkm_record record;
		u32 data = i;

		hpkm_record_init(&record, i % 2, i, 1000 + i, location, &data, sizeof(data));
		record.state = HPKM_RECORD_CONFIRMED;
		hpkm_log_add(node->log, &record);
	}
	return 0;
}

static int node_init(struct sim *sim, const struct hpkm_suite *suite, u32 index)
{
	struct sim_node *node = &sim->node[index];
	u8 id[2][HPKM_ID_LEN] = { { 1 }, { 2 } };

	node->sim = sim;
	node->index = index;
	node->next_sid = 1000 * (index + 1);
	hpkm_machine_init(&node->machine, &sim_ops, suite, id[index], id[!index]);
	first_epoch(&node->machine);
	return fill_log(node);
}

/* Node 0 has the smaller id.  Both linked, neither wants anything yet. */
struct sim *sim_create(const struct hpkm_suite *suite, u64 seed)
{
	struct sim *sim = kvzalloc(sizeof(*sim), GFP_KERNEL);

	if (!sim)
		return NULL;
	sim->now = 1000 * HPKM_SECOND;
	prandom_seed_state(&sim->random, seed);
	if (node_init(sim, suite, 0) || node_init(sim, suite, 1)) {
		sim_destroy(sim);
		return NULL;
	}
	sim->node[0].machine.linked = true;
	sim->node[1].machine.linked = true;
	return sim;
}

void sim_destroy(struct sim *sim)
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (sim->node[i].log)
			hpkm_log_destroy(sim->node[i].log);
	kvfree(sim);
}

int sim_init(struct kunit *test)
{
	test->priv = sim_create(suite_of(test), 1);
	return test->priv ? 0 : -ENOMEM;
}

void sim_no_leak(struct kunit *test, struct sim_node *node)
{
	u32 i, used = 0;

	hpkm_machine_unlink(&node->machine, "the test is over");
	for (i = 0; i < SIM_SESSIONS; i++)
		used += node->session[i].used;
	KUNIT_EXPECT_EQ(test, used, 0);
	KUNIT_EXPECT_EQ(test, node->sids, 0);
	KUNIT_EXPECT_EQ(test, node->half_open, 0);
	KUNIT_EXPECT_EQ(test, node->updates, 0);
	KUNIT_EXPECT_EQ(test, node->unwiped, 0);
}

void sim_exit(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	if (!sim)
		return;
	sim_no_leak(test, &sim->node[0]);
	sim_no_leak(test, &sim->node[1]);
	sim_destroy(sim);
}

/* ---- what tests do ---- */

void sim_want(struct sim *sim, u32 node)
{
	hpkm_machine_want(&sim->node[node].machine, sim->now);
}

void sim_connect(struct kunit *test)
{
	struct sim *sim = sim_of(test);

	sim_want(sim, 0);
	sim_run(sim, HPKM_SECOND);
	KUNIT_ASSERT_TRUE(test, sim_connected(sim));
}

int sim_update(struct sim *sim, u32 node, const u8 *rid)
{
	const char *why;

	return hpkm_machine_update(&sim->node[node].machine, rid, sim->now, &why);
}

void sim_make_c1(struct sim *sim, u32 from, const struct hpkm_epoch *epoch, u32 sid, u64 hctr,
		 u8 *frame)
{
	const struct hpkm_pair *pair = &sim->node[from].machine.pair;
	struct hpkm_exchange x = {
		.pair = pair, .epoch = *epoch, .initiator = true, .a = 1, .b = 2, .unused = 0,
		.initiator_sid = sid, .hctr = hctr,
	};

	fill(sim, x.ephemeral, HPKM_KEY_LEN);
	pair->suite->make_c1(&x, frame);
}

/* ---- what tests look at ---- */

static u32 all_sent(const struct sim *sim)
{
	u32 type, count = 0;

	for (type = 0; type < ARRAY_SIZE(sim->sent); type++)
		count += sim->sent[type];
	return count;
}

void sim_look(const struct sim *sim, u32 node, struct sim_view *view)
{
	machine_copy(&view->machine, &sim->node[node].machine);
	view->sids = sim->node[node].sids;
	view->half_open = sim->node[node].half_open;
	view->sent = all_sent(sim);
}

bool sim_untouched(const struct sim *sim, u32 node, const struct sim_view *view)
{
	return machine_is(&view->machine, &sim->node[node].machine) &&
	       view->sids == sim->node[node].sids &&
	       view->half_open == sim->node[node].half_open && view->sent == all_sent(sim);
}

bool sim_knows(const struct sim *sim, u32 node, const u8 secret[HPKM_KEY_LEN])
{
	static struct machine_copy copy;	/* too large for a stack */

	machine_copy(&copy, &sim->node[node].machine);
	return holds(&copy, sizeof(copy), secret);
}

struct sim_session *sim_current(struct sim *sim, u32 node)
{
	struct hpkm_session *session = sim->node[node].machine.current_session;

	return session ? session_of(session) : NULL;
}

bool sim_connected(struct sim *sim)
{
	struct sim_session *a = sim_current(sim, 0);
	struct sim_session *b = sim_current(sim, 1);

	return a && b && a->session.state == HPKM_SESSION_STATE_CURRENT &&
	       b->session.state == HPKM_SESSION_STATE_CURRENT &&
	       a->session.initiator != b->session.initiator &&
	       a->session.own_sid == b->session.peer_sid &&
	       a->session.peer_sid == b->session.own_sid &&
	       a->session.epoch_n == b->session.epoch_n &&
	       !memcmp(&a->keys, &b->keys, sizeof(a->keys));
}

bool sim_same_epoch(struct sim *sim)
{
	const struct hpkm_epoch *a = &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];
	const struct hpkm_epoch *b = &sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR];

	return a->n == b->n && !memcmp(a->x, b->x, sizeof(a->x)) &&
	       !memcmp(a->kid, b->kid, HPKM_KID_LEN);
}

void sim_data_passed(struct sim *sim, u32 node)
{
	struct sim_session *session = sim_current(sim, node);

	if (session)
		session->traffic.data_passed = true;
}
