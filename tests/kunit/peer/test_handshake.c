// SPDX-License-Identifier: GPL-2.0
/* C1 to ACK as anybody can send them: whose way they must not stand in. */
#include <linux/delay.h>
#include <linux/slab.h>
#include "../each_suite.h"
#include "two_ports.h"

#define CALLERS		(HPKM_HALF_OPEN_LINK + 1)
#define FLOOD		2000

/**
 * struct caller - one of many that want a session with B
 * @pair: as it sees it itself
 * @peer: as B does
 * @address: its own
 */
struct caller {
	struct hpkm_pair pair;
	struct hpkm_peer *peer;
	u8 address[ETH_ALEN];
};

struct crowd {
	struct party *b;
	struct caller caller[CALLERS];
};

static void give_epoch(struct hpkm_peer *peer)
{
	struct hpkm_epoch *epoch = &peer->machine.durable.epoch[HPKM_EPOCH_CUR];

	get_random_bytes(epoch->chain, sizeof(epoch->chain));
	get_random_bytes(epoch->x, sizeof(epoch->x));
	epoch->present = true;
	hpkm_epoch_name(epoch, &peer->machine.pair);
}

/* Its id is the smaller one, so that attempts of B's own do not matter. */
static void meet(struct kunit *test, struct party *b, struct caller *caller, u8 number)
{
	const u8 id[HPKM_ID_LEN] = { [HPKM_ID_LEN - 1] = number + 1 };
	const u8 address[ETH_ALEN] = { 2, 0, 0, 0, 1, number };

	ether_addr_copy(caller->address, address);
	hpkm_pair_init(&caller->pair, suite_of(test), id, b->hn.id);
	mutex_lock(&b->hn.lock);
	caller->peer = hpkm_peer_create(&b->hn, suite_of(test), id);
	if (caller->peer) {
		give_epoch(caller->peer);
		ether_addr_copy(caller->peer->machine.durable.address, address);
		KUNIT_EXPECT_EQ(test, hpkm_peer_list(caller->peer), 0);
		hpkm_peer_link(caller->peer, &b->port, true);
	}
	mutex_unlock(&b->hn.lock);
	KUNIT_ASSERT_NOT_NULL(test, caller->peer);
}

static int setup(struct kunit *test)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	u8 i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->b = &cable_create(test, HPKM_MTU_MIN)->b;
	for (i = 0; i < CALLERS; i++)
		meet(test, crowd->b, &crowd->caller[i], i);
	test->priv = crowd;
	return 0;
}

static struct sk_buff *make_frame_to(struct kunit *test, const struct party *to, const u8 *src,
				     const u8 *frame, size_t len)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN + len, GFP_KERNEL);
	struct ethhdr *eth;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	eth = skb_put(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, to->port.address);
	ether_addr_copy(eth->h_source, src);
	eth->h_proto = htons(HPKM_ETHERTYPE);
	skb_put_data(skb, frame, len);
	return skb;
}

static void send_c1(struct kunit *test, const struct caller *from, u32 sid, u64 hctr)
{
	struct crowd *crowd = test->priv;
	struct hpkm_exchange *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);
	u8 frame[HPKM_HANDSHAKE_MAX];

	KUNIT_ASSERT_NOT_NULL(test, x);
	x->pair = &from->pair;
	x->epoch = from->peer->machine.durable.epoch[HPKM_EPOCH_CUR];
	x->initiator = true;
	x->a = 0;
	x->b = 1;
	x->unused = 2;
	x->initiator_sid = sid;
	x->hctr = hctr;
	get_random_bytes(x->ephemeral, sizeof(x->ephemeral));
	suite_of(test)->make_c1(x, frame);
	arrive(crowd->b, make_frame_to(test, crowd->b, from->address, frame,
				       suite_of(test)->frame_len[HPKM_C1]));
}

/* A header with nothing in it. */
static void send_forged(struct kunit *test, const u8 *src, u8 type, u32 dst_sid)
{
	struct crowd *crowd = test->priv;
	u8 frame[HPKM_HANDSHAKE_MAX] = {};

	hpkm_hd_write(frame, type, suite_of(test)->id, dst_sid,
		      type == HPKM_C1 || type == HPKM_C2 ? 1 : 0);
	arrive(crowd->b, make_frame_to(test, crowd->b, src, frame, sizeof(frame)));
}

static void send_forged_c1_from_everywhere(struct kunit *test)
{
	u8 src[ETH_ALEN];
	u32 i;

	for (i = 0; i < FLOOD; i++) {
		eth_random_addr(src);
		send_forged(test, src, HPKM_C1, 0);
	}
}

static u64 port_counted(struct kunit *test, enum hpkm_counter which)
{
	struct crowd *crowd = test->priv;
	u64 value[HPKM_COUNTER_MAX + 1];

	hpkm_counters_read(&crowd->b->port.counters, value);
	return value[which];
}

static int half_open(struct kunit *test)
{
	struct crowd *crowd = test->priv;

	return atomic_read(&crowd->b->port.half_open);
}

/* The index that the first half-open exchange is answered under, or 0. */
static u32 answers_under(const struct caller *caller)
{
	const struct hpkm_half_open *half;
	u32 own_sid;

	mutex_lock(&caller->peer->lock);
	half = caller->peer->machine.half_open[0];
	own_sid = half && half->state == HPKM_HALF_OPEN_W3 ? half->x.responder_sid : 0;
	mutex_unlock(&caller->peer->lock);
	return own_sid;
}

static bool is_answered(const struct caller *caller)
{
	return answers_under(caller);
}

/* ---- rates and queues ---- */

static void strangers_leave_a_peer_its_turn(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *caller = crowd->caller;

	hold_work(&crowd->b->port);
	send_forged_c1_from_everywhere(test);
	KUNIT_EXPECT_GT(test, port_counted(test, HPKM_COUNTER_RX_RATE), 0);
	send_c1(test, caller, 1, 1);
	release_work(&crowd->b->port);
	wait_until(test, is_answered(caller));
}

/* For a minute to come, so that it does not matter how fast this machine is. */
static void use_up_share(struct kunit *test, const struct caller *caller)
{
	struct crowd *crowd = test->priv;
	u64 later = hpkm_now() + 60 * HPKM_SECOND;

	local_bh_disable();
	while (hpkm_rate_allow(&crowd->b->port.rate, HPKM_RATE_PEER, caller->address, later))
		;
	local_bh_enable();
}

static void claiming_to_be_one_leaves_others_theirs(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *caller = crowd->caller;
	u32 i;

	/* With a key drawn at random they may have one bucket; with this they have two. */
	crowd->b->port.rate.key = (siphash_key_t){};
	use_up_share(test, &caller[0]);
	for (i = 0; i < FLOOD; i++)
		send_forged(test, caller[0].address, HPKM_C1, 0);
	KUNIT_EXPECT_EQ(test, port_counted(test, HPKM_COUNTER_RX_RATE), FLOOD);
	send_c1(test, &caller[1], 1, 1);
	wait_until(test, is_answered(&caller[1]));
}

static void fill_queues(struct kunit *test, u32 own_sid)
{
	struct crowd *crowd = test->priv;
	struct sk_buff_head *queue = crowd->b->port.queue;
	u32 i;

	for (i = 0; i < HPKM_HANDSHAKE_QUEUE + 10; i++)
		send_forged(test, crowd->caller[0].address, HPKM_C2, own_sid);
	send_forged_c1_from_everywhere(test);
	/* The work has one in its hands. */
	KUNIT_EXPECT_GE(test, skb_queue_len(&queue[HPKM_QUEUE_ANSWERS]), HPKM_HANDSHAKE_QUEUE - 1);
	KUNIT_EXPECT_LE(test, skb_queue_len(&queue[HPKM_QUEUE_ANSWERS]), HPKM_HANDSHAKE_QUEUE);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&queue[HPKM_QUEUE_STRANGERS]), HPKM_HANDSHAKE_QUEUE);
}

/* While the work waits for a peer's lock, nothing is taken from the queues. */
static void each_kind_has_a_queue(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct hpkm_port *port = &crowd->b->port;
	struct caller *caller = crowd->caller;
	struct sk_buff_head *queue = port->queue;
	u32 own_sid;

	mutex_lock(&caller->peer->lock);
	own_sid = hpkm_sid_new(port, caller->peer);
	fill_queues(test, own_sid);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&queue[HPKM_QUEUE_KNOWN]), 0);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&queue[HPKM_QUEUE_PEERS]), 0);
	send_forged(test, caller->address, HPKM_ACK, own_sid);
	send_c1(test, caller, 1, 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&queue[HPKM_QUEUE_KNOWN]), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&queue[HPKM_QUEUE_PEERS]), 1);
	hpkm_sid_free(port, own_sid);
	mutex_unlock(&caller->peer->lock);
	wait_until(test, is_answered(caller));
}

/* Each is looked at, none opens, and what is due is done all the same. */
static void forged_ones_do_not_stop_the_clock(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *caller = crowd->caller;
	u64 began = hpkm_now();
	u32 own_sid;

	send_c1(test, caller, 1, 1);
	wait_until(test, is_answered(caller));
	own_sid = answers_under(caller);
	while (half_open(test) && hpkm_now() - began < 2 * HPKM_HALF_OPEN_LIFE) {
		send_forged(test, caller->address, HPKM_C5, own_sid);
		/* Several in each tick of the clock. */
		usleep_range(HPKM_MS / 1000, 2 * HPKM_MS / 1000);
	}
	KUNIT_EXPECT_EQ(test, half_open(test), 0);
}

/* ---- a link's table of half-open exchanges ---- */

static void fill_table(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	u32 i;

	for (i = 0; i < HPKM_HALF_OPEN_LINK; i++)
		send_c1(test, &crowd->caller[i / HPKM_HALF_OPEN_PEER], i + 1, i + 1);
	wait_until(test, half_open(test) == HPKM_HALF_OPEN_LINK);
}

/* However long it took to fill it. */
static void make_young(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	u32 i, k;

	for (i = 0; i < CALLERS; i++) {
		struct hpkm_peer *peer = crowd->caller[i].peer;

		mutex_lock(&peer->lock);
		for (k = 0; k < HPKM_HALF_OPEN_PEER; k++)
			if (peer->machine.half_open[k])
				peer->machine.half_open[k]->changed_at = hpkm_now();
		mutex_unlock(&peer->lock);
	}
}

static void full_of_young_ones(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *last = &crowd->caller[CALLERS - 1];

	fill_table(test);
	make_young(test);
	send_c1(test, last, 1, 1);
	wait_until(test, port_counted(test, HPKM_COUNTER_HANDSHAKE_REFUSED) == 1);
	KUNIT_EXPECT_FALSE(test, is_answered(last));
	KUNIT_EXPECT_EQ(test, half_open(test), HPKM_HALF_OPEN_LINK);
}

static bool is_answered_in_the_end(struct kunit *test, const struct caller *caller)
{
	static u64 hctr;

	send_c1(test, caller, 1, ++hctr);
	return is_answered(caller);
}

/* Before their life of 3 s is over. */
static void old_ones_give_way(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	u64 began;

	fill_table(test);
	began = hpkm_now();
	make_young(test);
	wait_until(test, is_answered_in_the_end(test, &crowd->caller[CALLERS - 1]));
	KUNIT_EXPECT_GT(test, hpkm_now() - began, HPKM_HALF_OPEN_SAFE);
	KUNIT_EXPECT_LT(test, hpkm_now() - began, HPKM_HALF_OPEN_LIFE - HPKM_SECOND / 2);
}

/* Each peer's C1 that somebody has recorded. */
static void fill_table_with_stale_ones(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	u32 i;

	for (i = 0; i < CALLERS; i++)
		crowd->caller[i].peer->machine.peer_hctr = 100;
	for (i = 0; i < HPKM_HALF_OPEN_LINK; i++)
		send_c1(test, &crowd->caller[i], 1, 1);
	wait_until(test, half_open(test) == HPKM_HALF_OPEN_LINK);
}

static void stale_ones_give_way_at_once(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *last = &crowd->caller[CALLERS - 1];

	fill_table_with_stale_ones(test);
	send_c1(test, last, 1, 101);
	wait_until(test, is_answered(last));
	KUNIT_EXPECT_EQ(test, half_open(test), 1);
}

static void stale_ones_displace_none(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	struct caller *last = &crowd->caller[CALLERS - 1];

	fill_table_with_stale_ones(test);
	send_c1(test, last, 1, 1);
	wait_until(test, port_counted(test, HPKM_COUNTER_HANDSHAKE_REFUSED) == 1);
	KUNIT_EXPECT_FALSE(test, is_answered(last));
	KUNIT_EXPECT_EQ(test, half_open(test), HPKM_HALF_OPEN_LINK);
}

static struct kunit_case cases[] = {
	EACH_SUITE(strangers_leave_a_peer_its_turn),
	EACH_SUITE(claiming_to_be_one_leaves_others_theirs),
	EACH_SUITE(each_kind_has_a_queue),
	EACH_SUITE(forged_ones_do_not_stop_the_clock),
	EACH_SUITE(full_of_young_ones),
	EACH_SUITE(old_ones_give_way),
	EACH_REAL_SUITE(stale_ones_give_way_at_once),
	EACH_REAL_SUITE(stale_ones_displace_none),
	{}
};

static struct kunit_suite suite = {
	.name = "hpkm-handshake",
	.suite_init = peers_begin,
	.suite_exit = peers_end,
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(suite);
