// SPDX-License-Identifier: GPL-2.0
/* Secrets end with what they were for: protocol section 5.3, "Wiping".  See ../given_back.h. */
#include <linux/random.h>
#include <linux/slab.h>
#include <core/dh.h>
#include <core/machine_parts.h>
#include "../given_back.h"
#include "two_ports.h"

#define LINK_MTU	HPKM_MTU_MIN

static int setup(struct kunit *test)
{
	test->priv = cable_create(test, LINK_MTU);
	return 0;
}

/* ---- how things end ---- */

static void by_suspend(struct kunit *test, struct party *party)
{
	hpkm_net_rest(&party->hn, "the test suspends");
}

static void by_removal(struct kunit *test, struct party *party)
{
	KUNIT_EXPECT_EQ(test, hpkm_peer_remove(party->peer), 0);
}

static void by_detaching(struct kunit *test, struct party *party)
{
	party_stop(party);
}

/* An hour later all that runs has failed, and no session's keys are good any more. */
static void by_age(struct kunit *test, struct party *party)
{
	struct hpkm_peer *peer = party->peer;

	mutex_lock(&peer->lock);
	hpkm_machine_tick(&peer->machine, hpkm_now() + 3600 * HPKM_SECOND);
	hpkm_exchange_purge(&peer->machine);
	mutex_unlock(&peer->lock);
}

static void by_replacement(struct kunit *test, struct party *party)
{
	struct cable *cable = test->priv;
	struct hpkm_peer *peer = party->peer;

	mutex_lock(&peer->lock);
	hpkm_exchange_purge(&peer->machine);
	mutex_unlock(&peer->lock);
	cable_connect(test, cable);
	by_age(test, party);
}

struct end {
	const char *name;
	void (*happens)(struct kunit *test, struct party *party);
	bool of_the_peer;	/* nothing is left that could be looked at */
};

static const struct end ends[] = {
	{ "suspend", by_suspend },
	{ "age", by_age },
	{ "replacement", by_replacement },
	{ "removal", by_removal, true },
	{ "detaching", by_detaching, true },
};

/* ---- sessions ---- */

static void watch_keys(struct kunit *test, const struct hpkm_session_keys *keys)
{
	watch_secret(test, "the key to the responder", keys->to_responder);
	watch_secret(test, "the key to the initiator", keys->to_initiator);
	watch_secret(test, "SU", keys->update);
}

static struct cable *new_cable(struct kunit *test)
{
	test->priv = cable_create(test, LINK_MTU);
	return test->priv;
}

static void keys_go_with_their_session(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct cable *cable = new_cable(test);

		cable_connect(test, cable);
		watch_begin();
		watch_keys(test, &cable->keys);
		watch_object(cable->a.channel);
		ends[i].happens(test, &cable->a);
		watch_end(test);
	}
}

struct last_look {
	const struct cable *cable;
	struct hpkm_channel *channel;
	bool seen;
	bool has_update_key;
	bool has_traffic_key;
};

static void look_at_channel(struct rcu_head *head, void *data)
{
	struct last_look *look = data;
	const struct hpkm_session_keys *keys = &look->cable->keys;

	if (head != &look->channel->rcu)
		return;
	look->seen = true;
	look->has_update_key = holds(look->channel, sizeof(*look->channel), keys->update);
	look->has_traffic_key = holds(look->channel, sizeof(*look->channel), keys->to_responder);
}

/* The data plane may still use the keys; SU is not its. */
static void update_key_goes_before_the_channel(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct last_look look = { .cable = cable };

	cable_connect(test, cable);
	look.channel = cable->a.channel;
	watch_begin();
	watch_handed_over(look_at_channel, &look);
	by_suspend(test, &cable->a);
	watch_stop(test);
	KUNIT_EXPECT_TRUE(test, look.seen);
	KUNIT_EXPECT_FALSE(test, look.has_update_key);
	KUNIT_EXPECT_TRUE(test, look.has_traffic_key);
}

struct peer_look {
	const struct hpkm_peer *peer;
	u8 chain[HPKM_KEY_LEN];
	bool seen;
	bool has_chain;
};

static void look_at_peer(struct rcu_head *head, void *data)
{
	struct peer_look *look = data;

	if (head != &look->peer->rcu)
		return;
	look->seen = true;
	look->has_chain = holds(look->peer, sizeof(*look->peer), look->chain);
}

/* ---- exchanges ---- */

static void make_epoch(struct cable *cable)
{
	struct hpkm_machine *a = &cable->a.peer->machine, *b = &cable->b.peer->machine;
	struct hpkm_epoch *epoch = &a->durable.epoch[HPKM_EPOCH_CUR];

	epoch->present = true;
	get_random_bytes(epoch->chain, sizeof(epoch->chain));
	get_random_bytes(epoch->x, sizeof(epoch->x));
	hpkm_epoch_name(epoch, &a->pair);
	b->durable.epoch[HPKM_EPOCH_CUR] = *epoch;
}

static void watch_epoch(struct kunit *test, const struct hpkm_epoch *epoch)
{
	watch_secret(test, "CK", epoch->chain);
	watch_secret(test, "X0", epoch->x[0]);
	watch_secret(test, "X1", epoch->x[1]);
	watch_secret(test, "X2", epoch->x[2]);
}

/* The data plane may still look for the peer, but not at what it is paired by. */
static void epoch_goes_before_the_peer(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct peer_look look = { .peer = cable->a.peer };

	make_epoch(cable);
	memcpy(look.chain, cable->a.peer->machine.durable.epoch[HPKM_EPOCH_CUR].chain,
	       HPKM_KEY_LEN);
	watch_begin();
	watch_handed_over(look_at_peer, &look);
	by_removal(test, &cable->a);
	watch_stop(test);
	KUNIT_EXPECT_TRUE(test, look.seen);
	KUNIT_EXPECT_FALSE(test, look.has_chain);
}

/* B's C1, from B's side of the pair. */
static void answer_c1(struct kunit *test, struct cable *cable)
{
	struct hpkm_machine *a = &cable->a.peer->machine, *b = &cable->b.peer->machine;
	struct hpkm_exchange x = {
		.pair = &b->pair, .epoch = b->durable.epoch[HPKM_EPOCH_CUR], .initiator = true,
		.a = 0, .b = 1, .unused = 2, .initiator_sid = 7, .hctr = 1,
	};
	u8 frame[HPKM_HANDSHAKE_MAX];

	get_random_bytes(x.ephemeral, sizeof(x.ephemeral));
	suite_of(test)->make_c1(&x, frame);
	KUNIT_ASSERT_EQ(test, hpkm_machine_c1(a, frame, cable->b.port.address, hpkm_now()), 0);
}

/* A answers B, and begins one itself. */
static void begin_exchanges(struct kunit *test, struct cable *cable)
{
	struct hpkm_peer *peer = cable->a.peer;
	u64 now = hpkm_now();

	make_epoch(cable);
	mutex_lock(&peer->lock);
	hpkm_exchange_purge(&peer->machine);
	answer_c1(test, cable);
	hpkm_exchange_begin(&peer->machine, now);
	mutex_unlock(&peer->lock);
}

static void watch_exchange(struct kunit *test, const struct hpkm_exchange *x)
{
	watch_secret(test, "R_I", x->random_initiator);
	watch_secret(test, "R_R", x->random_responder);
	watch_secret(test, "V", x->challenge);
}

static void watch_exchanges(struct kunit *test, const struct hpkm_machine *machine)
{
	const struct hpkm_half_open *half = machine->half_open[0];

	KUNIT_EXPECT_EQ(test, machine->attempt.state, HPKM_ATTEMPT_W2);
	watch_exchange(test, &machine->attempt.x);
	watch_secret(test, "e", machine->attempt.x.ephemeral);
	KUNIT_EXPECT_NOT_NULL(test, half);
	if (!half)
		return;
	KUNIT_EXPECT_EQ(test, half->state, HPKM_HALF_OPEN_W3);
	watch_exchange(test, &half->x);
	watch_secret(test, "s3", half->x.chain);
	watch_object(half);
}

static void expect_no_exchange(struct kunit *test, const struct hpkm_machine *machine)
{
	KUNIT_EXPECT_NULL(test, memchr_inv(&machine->attempt, 0, sizeof(machine->attempt)));
	KUNIT_EXPECT_NULL(test, memchr_inv(machine->half_open, 0, sizeof(machine->half_open)));
}

static void exchanges_leave_nothing(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct cable *cable = new_cable(test);
		struct hpkm_machine *machine = &cable->a.peer->machine;

		begin_exchanges(test, cable);
		watch_begin();
		mutex_lock(&cable->a.peer->lock);
		watch_exchanges(test, machine);
		mutex_unlock(&cable->a.peer->lock);
		watch_epoch(test, &machine->durable.epoch[HPKM_EPOCH_CUR]);
		if (ends[i].of_the_peer)
			watch_object(cable->a.peer);
		ends[i].happens(test, &cable->a);
		if (!ends[i].of_the_peer)
			expect_no_exchange(test, machine);
		watch_end(test);
	}
}

/* ---- key updates ---- */

#define RECORDS	HPKM_UPDATE_RECORDS

static void make_record(struct hpkm_record *record, u32 index)
{
	const u8 location[HPKM_LI_LEN] = { 5, 'P', 'a', 'r', 'i', 's' };
	u8 data[HPKM_DATA_KEPT];

	get_random_bytes(data, sizeof(data));
	hpkm_record_init(record, 0, index, 1000 + index, location, data, sizeof(data));
	record->state = HPKM_RECORD_CONFIRMED;
}

static void add_record(struct party *party, const struct hpkm_record *record)
{
	spin_lock_bh(&party->peer->data_lock);
	hpkm_log_add(party->peer->log, record);
	spin_unlock_bh(&party->peer->data_lock);
}

/* Both logs have the same; the last one is returned. */
static void fill_logs(struct cable *cable, struct hpkm_record *record)
{
	u32 i;

	for (i = 0; i < RECORDS; i++) {
		make_record(record, i);
		add_record(&cable->a, record);
		add_record(&cable->b, record);
	}
}

/* A has asked, and B has prepared. */
static void begin_update(struct kunit *test, struct cable *cable)
{
	struct hpkm_machine *a = &cable->a.peer->machine;
	struct hpkm_record record;
	const char *why = "";
	int err;

	make_epoch(cable);
	fill_logs(cable, &record);
	cable_connect(test, cable);
	mutex_lock(&cable->a.peer->lock);
	err = hpkm_machine_update(a, NULL, hpkm_now(), &why);
	mutex_unlock(&cable->a.peer->lock);
	KUNIT_ASSERT_EQ_MSG(test, err, 0, "%s", why);
	carry(&cable->a, &cable->b);
	wait_until(test, update_state(&cable->b) == HPKM_UPDATE_PREP);
	KUNIT_ASSERT_EQ(test, update_state(&cable->a), HPKM_UPDATE_REQ);
}

static void watch_update(struct kunit *test, const struct hpkm_update_slot *update, bool responder)
{
	const struct hpkm_update *u = &update->u;

	watch_object(update);
	if (responder)
		watch_secret(test, "CK'", u->next.chain);
	watch_secret(test, "SU", u->session_update);
	watch_secret(test, "the record's X0", u->x[0]);
	watch_secret(test, "the record's X1", u->x[1]);
	watch_secret(test, "the record's X2", u->x[2]);
	watch_secret(test, "CK", u->epoch.chain);
}

static void check_update(struct kunit *test, const struct end *end, bool responder)
{
	struct cable *cable = new_cable(test);
	struct party *party = responder ? &cable->b : &cable->a;
	struct hpkm_machine *machine = &party->peer->machine;

	begin_update(test, cable);
	watch_begin();
	mutex_lock(&party->peer->lock);
	KUNIT_EXPECT_NOT_NULL(test, machine->update);
	if (machine->update)
		watch_update(test, machine->update, responder);
	mutex_unlock(&party->peer->lock);
	if (end->of_the_peer)
		watch_object(party->peer);
	watch_object(party->channel);
	end->happens(test, party);
	if (!end->of_the_peer)
		KUNIT_EXPECT_NULL(test, machine->update);
	watch_end(test);
}

static void updates_leave_nothing(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		check_update(test, &ends[i], false);
		check_update(test, &ends[i], true);
	}
}

/* ---- records: each may become the next triple ---- */

static void watch_record(struct kunit *test, const struct hpkm_record *record)
{
	watch_secret(test, "X0", record->digest);
	watch_secret(test, "Data", record->data);
	watch_secret(test, "Data's end", record->data + HPKM_DATA_KEPT - HPKM_KEY_LEN);
}

static void records_go_with_their_peer(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_record record;

	fill_logs(cable, &record);
	watch_begin();
	watch_record(test, &record);
	watch_object(cable->a.peer->log);
	by_removal(test, &cable->a);
	watch_end(test);
}

static void records_move_to_another_log(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_policy policy;
	struct hpkm_record record;
	const char *why;

	fill_logs(cable, &record);
	watch_begin();
	watch_record(test, &record);
	watch_object(cable->a.peer->log);
	hpkm_peer_policy_get(cable->a.peer, &policy);
	policy.log_size *= 2;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(cable->a.peer, &policy, &why), 0);
	watch_end(test);
	KUNIT_EXPECT_EQ(test, hpkm_record_count(cable->a.peer), RECORDS);
}

/* What goes before the log does is wiped by whoever takes it out. */
static void expect_wiped_in_log(struct kunit *test, const struct hpkm_record *record)
{
	struct cable *cable = test->priv;

	watch_begin_strictly();
	watch_record(test, record);
	watch_object(cable->a.peer->log);
	by_removal(test, &cable->a);
	watch_end(test);
}

static void records_go_when_a_pairing_renews(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_record record;

	fill_logs(cable, &record);
	hpkm_data_renew(cable->a.peer);
	expect_wiped_in_log(test, &record);
}

static void record_goes_when_it_is_used(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_record record;

	fill_logs(cable, &record);
	spin_lock_bh(&cable->a.peer->data_lock);
	KUNIT_EXPECT_TRUE(test, hpkm_log_remove(cable->a.peer->log, record.rid));
	spin_unlock_bh(&cable->a.peer->data_lock);
	expect_wiped_in_log(test, &record);
}

static void record_goes_when_it_is_overwritten(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_record record, newer;
	u32 i;

	make_record(&record, 0);
	add_record(&cable->a, &record);
	for (i = 1; i <= HPKM_LOG_DEFAULT; i++) {
		make_record(&newer, i);
		add_record(&cable->a, &newer);
	}
	expect_wiped_in_log(test, &record);
}

/* ---- update messages on their way: in suite 0 they are the next triple ---- */

static const size_t payload_len = HPKM_CONTROL_HEAD_LEN + 2 * HPKM_KEY_LEN;

static void make_control(struct kunit *test, u8 *payload)
{
	get_random_bytes(payload, payload_len);
	/* Nobody waits for it. */
	payload[0] = HPKM_U3;
	watch_secret(test, "the first half", payload + HPKM_CONTROL_HEAD_LEN);
	watch_secret(test, "the second half", payload + HPKM_CONTROL_HEAD_LEN + HPKM_KEY_LEN);
}

static void control_is_wiped_when_it_was_handled(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 payload[HPKM_CONTROL_MAX];

	cable_connect(test, cable);
	watch_begin();
	make_control(test, payload);
	KUNIT_EXPECT_EQ(test, hpkm_channel_send_control(cable->a.channel, payload, payload_len), 0);
	KUNIT_EXPECT_EQ(test, carry(&cable->a, &cable->b), 1);
	wait_until(test, counted(&cable->b, HPKM_COUNTER_UPDATE_REFUSED) == 1);
	watch_end(test);
}

static void control_is_wiped_when_it_cannot_be_sent(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 payload[HPKM_CONTROL_MAX];

	cable_connect(test, cable);
	atomic64_set(&cable->a.channel->next_counter, HPKM_REFUSE_FRAMES);
	watch_begin();
	make_control(test, payload);
	KUNIT_EXPECT_EQ(test, hpkm_channel_send_control(cable->a.channel, payload, payload_len),
			-EKEYEXPIRED);
	watch_end(test);
}

static void control_is_wiped_when_too_many_wait(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 payload[HPKM_CONTROL_MAX];
	u32 i;

	cable_connect(test, cable);
	watch_begin();
	make_control(test, payload);
	hold_work(&cable->b.port);
	for (i = 0; i <= HPKM_HANDSHAKE_QUEUE; i++) {
		hpkm_channel_send_control(cable->a.channel, payload, payload_len);
		carry(&cable->a, &cable->b);
	}
	release_work(&cable->b.port);
	KUNIT_EXPECT_EQ(test, counted(&cable->b, HPKM_COUNTER_RX_RATE), 1);
	wait_until(test, counted(&cable->b, HPKM_COUNTER_UPDATE_REFUSED) == HPKM_HANDSHAKE_QUEUE);
	watch_end(test);
}

static void control_is_wiped_when_the_link_goes(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 payload[HPKM_CONTROL_MAX];

	cable_connect(test, cable);
	watch_begin();
	make_control(test, payload);
	hold_work(&cable->b.port);
	hpkm_channel_send_control(cable->a.channel, payload, payload_len);
	carry(&cable->a, &cable->b);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&cable->b.port.queue[HPKM_QUEUE_WORDS]), 1);
	by_detaching(test, &cable->b);
	watch_end(test);
}

/* ---- messages: records from their first octet to their last ---- */

/* Longer than one frame; the secrets are in either half. */
static char *make_message(struct kunit *test, u32 len)
{
	char *text = kunit_kzalloc(test, HPKM_MESSAGE_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	get_random_bytes(text, len);
	watch_secret(test, "the message's beginning", (u8 *)text);
	watch_secret(test, "the message's end", (u8 *)text + len - HPKM_KEY_LEN);
	return text;
}

static void send_message(struct kunit *test, struct party *from, const char *text, u32 len)
{
	const char *why = "";
	u64 rec;

	KUNIT_ASSERT_EQ_MSG(test, hpkm_peer_message_send(from->peer, text, len, &rec, &why), 0,
			    "%s", why);
}

static void deliver_message(struct kunit *test, u32 len, u32 frames)
{
	struct cable *cable = new_cable(test);
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	watch_begin();
	send_message(test, a, make_message(test, len), len);
	wait_until(test, skb_queue_len(&a->sent) == frames);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, b->peer->inbox_count, 1);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, a->peer->outbox.count, 0);
	by_removal(test, a);
	by_removal(test, b);
	watch_end(test);
}

static void messages_go_with_their_last_owner(struct kunit *test)
{
	deliver_message(test, 100, 1);
	deliver_message(test, HPKM_MESSAGE_MAX, 2);
}

/* As a driver has it: with no room behind it for the other half. */
static void arrive_tight(struct kunit *test, struct party *at, struct sk_buff *skb)
{
	struct sk_buff *tight = skb_copy_expand(skb, skb_headroom(skb), 0, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tight);
	kfree_skb(skb);
	arrive(at, tight);
}

static void halves_are_joined_without_a_trace(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	watch_begin();
	send_message(test, a, make_message(test, HPKM_MESSAGE_MAX), HPKM_MESSAGE_MAX);
	wait_until(test, skb_queue_len(&a->sent) == 2);
	arrive_tight(test, b, take_sent(a));
	arrive_tight(test, b, take_sent(a));
	KUNIT_EXPECT_EQ(test, b->peer->inbox_count, 1);
	by_removal(test, a);
	by_removal(test, b);
	watch_end(test);
}

/* One half of it waits for the other in vain. */
static void half_messages_are_wiped(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *first;

	cable_connect(test, cable);
	watch_begin();
	send_message(test, a, make_message(test, HPKM_MESSAGE_MAX), HPKM_MESSAGE_MAX);
	wait_until(test, skb_queue_len(&a->sent) == 2);
	first = take_sent(a);
	arrive(b, first);
	hpkm_fragments_expire(b->peer, HPKM_NEVER);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 1);
	carry(a, b);
	by_removal(test, a);
	by_removal(test, b);
	watch_end(test);
}

static void messages_that_cannot_be_sent_are_wiped(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a;

	cable_connect(test, cable);
	/* One counter is left, and two are needed. */
	atomic64_set(&a->channel->next_counter, HPKM_REFUSE_FRAMES - 1);
	watch_begin();
	send_message(test, a, make_message(test, HPKM_MESSAGE_MAX), HPKM_MESSAGE_MAX);
	wait_until(test, counted(a, HPKM_COUNTER_TX_NO_SESSION));
	by_removal(test, a);
	watch_end(test);
}

/* Sent again, since nobody heard that it had arrived. */
static void duplicate_messages_are_wiped(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	watch_begin();
	send_message(test, a, make_message(test, 100), 100);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	lose_sent(b);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_DUPLICATE), 1);
	by_removal(test, a);
	by_removal(test, b);
	watch_end(test);
}

static void refused_messages_are_wiped(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_peer *peer = cable->a.peer;
	const char *text, *why;
	u64 rec;

	kref_get(&peer->ref);
	by_removal(test, &cable->a);
	watch_begin();
	text = make_message(test, 100);
	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(peer, text, 100, &rec, &why), -ENOENT);
	watch_end(test);
	hpkm_peer_put(peer);
}

/* The link goes while the data plane still has the session. */
static void messages_without_a_way_are_wiped(struct kunit *test)
{
	const struct hpkm_inner inner = { .kind = HPKM_KIND_MSG, .flags = HPKM_FLAG_RECORD };
	struct cable *cable = test->priv;
	struct party *a = &cable->a;
	struct sk_buff *skb = alloc_skb(200, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	cable_connect(test, cable);
	watch_begin();
	skb_put_data(skb, make_message(test, 100), 100);
	RCU_INIT_POINTER(a->peer->port, NULL);
	local_bh_disable();
	rcu_read_lock();
	hpkm_channel_send_message(a->channel, &inner, skb, true, hpkm_now());
	rcu_read_unlock();
	local_bh_enable();
	rcu_assign_pointer(a->peer->port, &a->port);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_PEER), 1);
	watch_end(test);
}

/* Authentic, and yet no message: its peer has another opinion of what one is. */
static void malformed_messages_are_wiped(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct cable *cable = test->priv;
	struct sk_buff *skb = alloc_skb(ETH_HLEN + HPKM_HD_LEN + 100 + HPKM_TAG_LEN, GFP_KERNEL);
	u8 *frame;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	cable_connect(test, cable);
	watch_begin();
	skb_put_zero(skb, ETH_HLEN);
	frame = skb_put(skb, HPKM_HD_LEN + 100 + suite->tag_len);
	hpkm_hd_write_data(frame, suite->id, cable->b.channel->control.own_sid, 0);
	memcpy(frame + HPKM_HD_LEN, make_message(test, 100), 100);
	frame[HPKM_HD_LEN] = HPKM_KIND_MSG;
	frame[HPKM_HD_LEN + 1] = 0;
	suite->seal(cable->a.channel->send_key, 0, frame, 100);
	arrive(&cable->b, skb);
	KUNIT_EXPECT_EQ(test, counted(&cable->b, HPKM_COUNTER_RX_MALFORMED), 1);
	watch_end(test);
}

/* ---- pairing ---- */

static void close_window(struct kunit *test, struct party *party)
{
	const char *why;

	KUNIT_EXPECT_EQ(test, hpkm_port_pair_close(&party->port, &why), 0);
}

static void let_window_end(struct kunit *test, struct party *party)
{
	mutex_lock(&party->hn.lock);
	hpkm_pairing_tick(&party->port.pairing, hpkm_now() + 3600 * HPKM_SECOND);
	mutex_unlock(&party->hn.lock);
}

static void (*const window_ends[])(struct kunit *test, struct party *party) = {
	close_window, let_window_end, by_suspend, by_detaching,
};

static void open_window(struct kunit *test, struct party *party, const u8 sk[HPKM_SK_LEN])
{
	char exposed[IFNAMSIZ];
	const char *why = "";

	KUNIT_ASSERT_EQ(test, hpkm_net_sk_set(&party->hn, suite_of(test)->id, sk, &why), 0);
	KUNIT_ASSERT_EQ_MSG(test, hpkm_port_pair_open(&party->port, suite_of(test)->id, 60, false,
						      exposed, &why), 0, "%s", why);
}

/* A device that sorts before all others says its P1. */
static void meet_stranger(struct kunit *test, struct party *party)
{
	const u8 id[HPKM_ID_LEN] = {}, scalar[HPKM_KEY_LEN] = { 5 };
	struct hpkm_pairing *pairing = &party->port.pairing;
	u8 hello[HPKM_HELLO_LEN], point[HPKM_KEY_LEN];

	KUNIT_ASSERT_EQ(test, hpkm_dh(point, scalar, pairing->generator), 0);
	hpkm_pairing_make_hello(hello, HPKM_P1, suite_of(test), id, point);
	hpkm_pairing_window_receive(&party->port, hello, sizeof(hello), party->port.address);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_contexts(pairing), 1);
}

static void window_leaves_nothing(struct kunit *test)
{
	u8 secret[4][HPKM_KEY_LEN];
	u32 end, i;

	for (end = 0; end < ARRAY_SIZE(window_ends); end++) {
		struct party *party = &new_cable(test)->a;
		const struct hpkm_pairing *pairing = &party->port.pairing;

		get_random_bytes(secret[0], HPKM_SK_LEN);
		open_window(test, party, secret[0]);
		meet_stranger(test, party);
		memcpy(secret[1], pairing->generator, HPKM_KEY_LEN);
		memcpy(secret[2], pairing->scalar, HPKM_KEY_LEN);
		memcpy(secret[3], pairing->context[0].scalar, HPKM_KEY_LEN);
		for (i = 0; i < ARRAY_SIZE(secret); i++)
			KUNIT_EXPECT_TRUE(test, holds(&party->port, sizeof(party->port),
						      secret[i]));
		window_ends[end](test, party);
		for (i = 0; i < ARRAY_SIZE(secret); i++)
			KUNIT_EXPECT_FALSE_MSG(test, holds(&party->port, sizeof(party->port),
							   secret[i]), "end %u, secret %u", end, i);
	}
}

static void sk_goes_when_it_is_told_to(struct kunit *test)
{
	struct party *party = &((struct cable *)test->priv)->a;
	u8 id = suite_of(test)->id;
	u8 sk[2][HPKM_SK_LEN];
	const char *why;

	get_random_bytes(sk, sizeof(sk));
	KUNIT_ASSERT_EQ(test, hpkm_net_sk_set(&party->hn, id, sk[0], &why), 0);
	KUNIT_ASSERT_EQ(test, hpkm_net_sk_set(&party->hn, id, sk[1], &why), 0);
	KUNIT_EXPECT_FALSE(test, holds(&party->hn, sizeof(party->hn), sk[0]));
	KUNIT_EXPECT_TRUE(test, holds(&party->hn, sizeof(party->hn), sk[1]));
	KUNIT_ASSERT_EQ(test, hpkm_net_sk_del(&party->hn, id, &why), 0);
	KUNIT_EXPECT_FALSE(test, holds(&party->hn, sizeof(party->hn), sk[1]));

	KUNIT_ASSERT_EQ(test, hpkm_net_sk_set(&party->hn, id, sk[1], &why), 0);
	party_stop(party);
	KUNIT_EXPECT_FALSE(test, holds(&party->hn, sizeof(party->hn), sk[1]));
}

/* ---- writes for the persist agent ---- */

#define AGENT	1

static void agent_fetches(struct kunit *test, struct party *party)
{
	struct hpkm_agent_write *write = kunit_kzalloc(test, sizeof(*write), GFP_KERNEL);
	const char *why;

	KUNIT_ASSERT_NOT_NULL(test, write);
	while (!hpkm_agent_next(&party->hn, AGENT, write, &why))
		;
}

static void agent_goes(struct kunit *test, struct party *party)
{
	hpkm_agent_lost(&party->hn, AGENT);
}

static void (*const agent_ends[])(struct kunit *test, struct party *party) = {
	agent_fetches, agent_goes, by_removal, by_detaching,
};

static const struct hpkm_agent_write *write_for(struct party *party,
						enum hpkm_agent_write_kind kind)
{
	const struct hpkm_agent_write *write;

	list_for_each_entry(write, &party->hn.agent.waiting, node)
		if (write->kind == kind)
			return write;
	return NULL;
}

static void writes_are_wiped(struct kunit *test)
{
	const char *why = "";
	u8 sk[HPKM_SK_LEN];
	bool restored;
	u32 end;

	for (end = 0; end < ARRAY_SIZE(agent_ends); end++) {
		struct cable *cable = new_cable(test);
		struct party *party = &cable->a;
		const struct hpkm_agent_write *write;

		make_epoch(cable);
		get_random_bytes(sk, sizeof(sk));
		KUNIT_ASSERT_EQ(test, hpkm_net_sk_set(&party->hn, suite_of(test)->id, sk, &why), 0);
		KUNIT_ASSERT_EQ(test, hpkm_agent_begin(&party->hn, AGENT, &restored, &why), 0);
		KUNIT_ASSERT_EQ(test, hpkm_agent_ready(&party->hn, AGENT, &why), 0);
		write = write_for(party, HPKM_AGENT_WRITES_PEER);
		KUNIT_ASSERT_NOT_NULL(test, write);
		KUNIT_EXPECT_TRUE(test, holds(write, sizeof(*write),
					      party->peer->machine.durable.epoch[2].chain));
		watch_begin();
		watch_secret(test, "SK", sk);
		watch_epoch(test, &party->peer->machine.durable.epoch[HPKM_EPOCH_CUR]);
		watch_object(write);
		agent_ends[end](test, party);
		watch_end(test);
	}
}

static struct kunit_case cases[] = {
	EACH_SUITE(keys_go_with_their_session),
	EACH_SUITE(update_key_goes_before_the_channel),
	EACH_SUITE(epoch_goes_before_the_peer),
	ONLY_SUITE_X25519(exchanges_leave_nothing),
	EACH_SUITE(updates_leave_nothing),
	EACH_SUITE(records_go_with_their_peer),
	EACH_SUITE(records_move_to_another_log),
	EACH_SUITE(records_go_when_a_pairing_renews),
	EACH_SUITE(record_goes_when_it_is_used),
	EACH_SUITE(record_goes_when_it_is_overwritten),
	EACH_SUITE(control_is_wiped_when_it_was_handled),
	EACH_SUITE(control_is_wiped_when_it_cannot_be_sent),
	EACH_SUITE(control_is_wiped_when_too_many_wait),
	EACH_SUITE(control_is_wiped_when_the_link_goes),
	EACH_SUITE(messages_go_with_their_last_owner),
	EACH_SUITE(halves_are_joined_without_a_trace),
	EACH_SUITE(half_messages_are_wiped),
	EACH_SUITE(messages_that_cannot_be_sent_are_wiped),
	EACH_SUITE(duplicate_messages_are_wiped),
	EACH_SUITE(refused_messages_are_wiped),
	EACH_SUITE(messages_without_a_way_are_wiped),
	EACH_SUITE(malformed_messages_are_wiped),
	EACH_SUITE(window_leaves_nothing),
	EACH_SUITE(sk_goes_when_it_is_told_to),
	EACH_SUITE(writes_are_wiped),
	{}
};

static struct kunit_suite suite = {
	.name = "hpkm-wipe",
	.suite_init = peers_begin,
	.suite_exit = peers_end,
	.init = setup,
	.exit = watch_stop,
	.test_cases = cases,
};

kunit_test_suite(suite);
