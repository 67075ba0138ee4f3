// SPDX-License-Identifier: GPL-2.0
/* Ethernet frames through both data planes: every size, where they may go, what stops them. */
#include "two_ports.h"

#define LINK_MTU	HPKM_MTU_MIN

static const u8 group[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 1 };
static const u8 stranger[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x77 };

static int setup(struct kunit *test)
{
	test->priv = cable_create(test, LINK_MTU);
	return 0;
}

/* ---- sizes ---- */

static void check_on_cable(struct kunit *test, struct party *to, size_t len)
{
	struct sk_buff *skb;

	skb_queue_walk(&to->sent, skb) {
		KUNIT_EXPECT_LE_MSG(test, skb->len, (u32)(ETH_HLEN + to->port.mtu),
				    "length %zu", len);
		KUNIT_EXPECT_GE_MSG(test, skb->len, (u32)(ETH_HLEN + HPKM_FRAME_MIN),
				    "length %zu", len);
	}
}

/* Octets that may be in one frame of this suite. */
static size_t whole(const struct hpkm_suite *suite, u32 mtu, bool record, bool l2addr)
{
	return mtu - HPKM_HD_LEN - HPKM_INNER_LEN - suite->tag_len -
	       (record ? HPKM_RECORD_LEN : 0) - (l2addr ? HPKM_L2ADDR_LEN : 0);
}

static void every_size(struct kunit *test, u32 mtu, bool record, bool l2addr)
{
	struct cable *cable = cable_create(test, mtu);
	struct party *a = &cable->a, *b = &cable->b;
	const u8 *dst = l2addr ? group : b->port.address;
	u64 split = 0;
	size_t len;

	cable_connect(test, cable);
	set_policy(test, a, record ? 1 : 0, 0);
	for (len = 0; len <= mtu + 8; len++) {
		bool fits = len <= whole(suite_of(test), mtu, record, l2addr);

		send_skb(a, make_frame(test, dst, a->port.address, 0x1234, len));
		KUNIT_ASSERT_EQ_MSG(test, skb_queue_len(&a->sent), fits ? 1 : 2, "length %zu", len);
		check_on_cable(test, a, len);
		carry(a, b);
		expect_frame(test, b, dst, a->port.address, 0x1234, len);
		lose_sent(b);
		split += !fits;
	}
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_FRAMES), mtu + 9);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_SPLIT), split);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAMES), mtu + 9);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 0);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_MALFORMED), 0);
}

static void sizes(struct kunit *test)
{
	every_size(test, LINK_MTU, false, false);
	every_size(test, LINK_MTU, true, false);
	every_size(test, LINK_MTU, false, true);
	every_size(test, LINK_MTU, true, true);
}

static void sizes_ethernet(struct kunit *test)
{
	every_size(test, ETH_DATA_LEN, true, true);
}

static void too_big(struct kunit *test)
{
	struct cable *cable = test->priv;

	cable_connect(test, cable);
	send_frame(test, &cable->a, &cable->b, LINK_MTU + 9);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&cable->a.sent), 0);
	KUNIT_EXPECT_EQ(test, counted(&cable->a, HPKM_COUNTER_TX_TOO_BIG), 1);
	KUNIT_EXPECT_EQ(test, counted(&cable->a, HPKM_COUNTER_TX_FRAMES), 0);
}

/* What the two halves of a frame must look like. */
static void halves(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	const size_t len = LINK_MTU - 10;
	struct hpkm_inner first, last;
	struct sk_buff *skb, *one, *two;
	u64 counter;

	cable_connect(test, cable);
	set_policy(test, a, 1, 0);
	send_frame(test, a, b, len);
	skb = take_sent(a);
	one = peek(test, b, skb, &first);
	counter = le64_to_cpu(((struct hpkm_hd *)(skb->data + ETH_HLEN))->counter);
	kfree_skb(skb);
	skb = take_sent(a);
	two = peek(test, b, skb, &last);
	KUNIT_EXPECT_EQ(test, counter + 1,
			le64_to_cpu(((struct hpkm_hd *)(skb->data + ETH_HLEN))->counter));
	kfree_skb(skb);

	KUNIT_EXPECT_EQ(test, first.flags, HPKM_FLAG_RECORD | HPKM_FLAG_FRAG_FIRST);
	KUNIT_EXPECT_EQ(test, last.flags, HPKM_FLAG_FRAG_LAST);
	KUNIT_EXPECT_EQ(test, first.kind, HPKM_KIND_FRAME);
	KUNIT_EXPECT_EQ(test, last.kind, HPKM_KIND_FRAME);
	KUNIT_EXPECT_EQ(test, ntohs(last.proto), ETH_P_IP);
	KUNIT_EXPECT_GE(test, last.payload_len, (size_t)HPKM_LAST_MIN);
	KUNIT_EXPECT_EQ(test, first.payload_len + last.payload_len, len);
	kfree_skb(one);
	kfree_skb(two);
}

/* ---- addresses ---- */

static void outer_header(struct kunit *test)
{
	struct cable *cable = test->priv;
	const struct ethhdr *eth;
	struct sk_buff *skb;

	cable_connect(test, cable);
	send_skb(&cable->a, make_frame(test, group, stranger, ETH_P_IPV6, 100));
	skb = take_sent(&cable->a);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	eth = (const struct ethhdr *)skb->data;
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_dest, cable->b.port.address));
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_source, cable->a.port.address));
	KUNIT_EXPECT_EQ(test, ntohs(eth->h_proto), HPKM_ETHERTYPE);
	kfree_skb(skb);
}

static void foreign_source(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	send_skb(a, make_frame(test, b->port.address, stranger, ETH_P_IP, 60));
	carry(a, b);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_ADDRESS), 1);

	hpkm_peer_set_bridge(b->peer, true);
	send_skb(a, make_frame(test, b->port.address, stranger, ETH_P_IP, 60));
	carry(a, b);
	expect_frame(test, b, b->port.address, stranger, ETH_P_IP, 60);

	/* Not even a bridge may speak as the device itself. */
	send_skb(a, make_frame(test, group, b->port.address, ETH_P_IP, 60));
	carry(a, b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_ADDRESS), 2);
}

static void foreign_destination(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *skb;
	u32 round;

	cable_connect(test, cable);
	for (round = 0; round < 2; round++) {
		skb = make_frame(test, stranger, a->port.address, ETH_P_IP, 60);
		local_bh_disable();
		rcu_read_lock();
		hpkm_peer_send(a->peer, skb, true);
		rcu_read_unlock();
		local_bh_enable();
		carry(a, b);
		KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), round);
		hpkm_peer_set_bridge(b->peer, true);
	}
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_ADDRESS), 1);
	expect_frame(test, b, stranger, a->port.address, ETH_P_IP, 60);
}

static void own_proto_inside(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	send_skb(a, make_frame(test, b->port.address, a->port.address, HPKM_ETHERTYPE, 60));
	carry(a, b);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_INNER_PROTO), 1);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_MALFORMED), 0);
}

/* ---- what is refused ---- */

static void replayed(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *skb;

	cable_connect(test, cable);
	send_frame(test, a, b, 60);
	skb = take_sent(a);
	arrive_copy(test, b, skb);
	arrive_copy(test, b, skb);
	arrive(b, skb);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_REPLAY), 2);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAMES), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 1);
	/* Twice within a second: told once. */
	KUNIT_EXPECT_EQ(test, told(b, HPKM_EVENT_REPLAY), 1);
}

static void forged(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *skb;
	u32 i;

	cable_connect(test, cable);
	for (i = 0; i < 2; i++) {
		send_frame(test, a, b, 60);
		skb = skb_peek(&a->sent);
		skb->data[ETH_HLEN + HPKM_HD_LEN + 7] ^= 1;
		carry(a, b);
	}
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_AUTH), 2);
	KUNIT_EXPECT_EQ(test, told(b, HPKM_EVENT_AUTH_FAILED), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(b->peer->last_received), 0);
}

/* The oldest frame on the cable, with each of its bits altered in turn; then as it was. */
static void arrive_altered(struct kunit *test, struct party *from, struct party *to)
{
	struct sk_buff *skb = take_sent(from), *copy;
	u32 before = counted(to, HPKM_COUNTER_RX_AUTH), bit;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	for (bit = ETH_HLEN * 8; bit < skb->len * 8; bit++) {
		copy = skb_copy(skb, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		copy->data[bit / 8] ^= 1 << bit % 8;
		arrive(to, copy);
	}
	/* Without the first half of its header it did not get as far as a key. */
	KUNIT_EXPECT_EQ(test, counted(to, HPKM_COUNTER_RX_AUTH) - before,
			(skb->len - ETH_HLEN - HPKM_HD_LEN / 2) * 8);
	KUNIT_EXPECT_EQ(test, READ_ONCE(to->peer->last_received), 0);
	KUNIT_EXPECT_EQ(test, to->channel->replay.next, 0);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&to->delivered), 0);
	KUNIT_EXPECT_FALSE(test, to->channel->data_passed);
	arrive(to, skb);
}

static void altered_frame(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	send_frame(test, a, b, 60);
	arrive_altered(test, a, b);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 60);
}

static void altered_control(struct kunit *test)
{
	const u8 finish[HPKM_CONTROL_HEAD_LEN + HPKM_KEY_LEN] = { HPKM_U3, 9 };
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	KUNIT_EXPECT_EQ(test, hpkm_channel_send_control(a->channel, finish, sizeof(finish)), 0);
	arrive_altered(test, a, b);
	wait_until(test, counted(b, HPKM_COUNTER_UPDATE_REFUSED));
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_UPDATE_REFUSED), 1);
}

/* A forged frame far ahead must not move the window. */
static void forged_ahead(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *skb, *forgery;

	cable_connect(test, cable);
	send_frame(test, a, b, 60);
	skb = take_sent(a);
	forgery = skb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, forgery);
	((struct hpkm_hd *)(forgery->data + ETH_HLEN))->counter = cpu_to_le64(1 << 20);
	arrive(b, forgery);
	arrive(b, skb);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_AUTH), 1);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 60);
}

static void expired(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	send_frame(test, a, b, 60);
	WRITE_ONCE(b->channel->refuse_after, hpkm_now_coarse());
	carry(a, b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_EXPIRED), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	/* Nor is it sent in, from some time before. */
	WRITE_ONCE(b->channel->send_until, hpkm_now_coarse());
	send_frame(test, b, a, 60);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->sent), 0);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_TX_QUEUED), 1);
}

static void counters_used_up(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	atomic64_set(&a->channel->next_counter, HPKM_REFUSE_FRAMES - 1);
	/* One counter is left, and two are needed. */
	send_frame(test, a, b, LINK_MTU);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->sent), 0);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_SESSION), 1);
	send_frame(test, a, b, 60);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_QUEUED), 1);
}

static void last_counter(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	atomic64_set(&a->channel->next_counter, HPKM_REFUSE_FRAMES - 1);
	send_frame(test, a, b, 60);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->sent), 1);
	send_frame(test, a, b, 60);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->sent), 1);
}

/* ---- waiting for a session ---- */

static void staged(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	size_t i;

	for (i = 0; i < HPKM_STAGED_FRAMES + 2; i++)
		send_frame(test, a, b, 100 + i);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->sent), 0);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_QUEUED), HPKM_STAGED_FRAMES + 2);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_SESSION), 2);

	cable_connect(test, cable);
	wait_until(test, skb_queue_len(&a->sent) == HPKM_STAGED_FRAMES);
	carry(a, b);
	/* The two oldest had to go; the others are in order. */
	for (i = 2; i < HPKM_STAGED_FRAMES + 2; i++)
		expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 100 + i);
}

/* Whoever sends first once there is a session does not overtake. */
static void staged_go_first(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	size_t i;

	for (i = 0; i < 10; i++)
		send_frame(test, a, b, 100 + i);
	cable_connect(test, cable);
	/* The work may have run before, or not yet, or be at it. */
	send_frame(test, a, b, 110);
	wait_until(test, skb_queue_len(&a->sent) == 11);
	carry(a, b);
	for (i = 0; i <= 10; i++)
		expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 100 + i);
}

/* Nor does what another CPU sends while they go out, up to the last of them. */
static void staged_not_overtaken(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	size_t i;

	for (i = 0; i < 10; i++)
		send_frame(test, a, b, 100 + i);
	for (i = 10; i < 20; i++)
		skb_queue_tail(&a->others, make_frame(test, b->port.address, a->port.address,
						      ETH_P_IP, 100 + i));
	cable_connect(test, cable);
	wait_until(test, skb_queue_len(&a->sent) == 20);
	carry(a, b);
	for (i = 0; i < 20; i++)
		expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 100 + i);
	/* Nobody has to line up any more. */
	send_frame(test, a, b, 120);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_QUEUED), 20);
}

/*
 * Each frame that leaves brings another one, as on CPUs that send more than one can
 * seal: in the end those that wait are overtaken, and none is lost.
 */
static void staged_line_ends(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	size_t i;

	for (i = 0; i < 3; i++)
		send_frame(test, a, b, 100);
	for (i = 0; i < HPKM_STAGED_CATCH_UP; i++)
		skb_queue_tail(&a->others, make_frame(test, b->port.address, a->port.address,
						      ETH_P_IP, 101));
	cable_connect(test, cable);
	wait_until(test, skb_queue_len(&a->sent) == 3 + HPKM_STAGED_CATCH_UP);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_QUEUED), 3 + HPKM_STAGED_CATCH_UP - 1);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_SESSION), 0);
	/* And the next time that frames wait, others line up again. */
	KUNIT_EXPECT_EQ(test, a->peer->unstaged, 0);
	lose_sent(a);
}

static void staged_addresses(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	send_skb(a, make_frame(test, group, a->port.address, ETH_P_IPV6, 80));
	cable_connect(test, cable);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	expect_frame(test, b, group, a->port.address, ETH_P_IPV6, 80);
}

static void staged_too_long(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a;
	u64 now = hpkm_now();

	wait_until(test, !work_busy(&a->peer->data_tick.work));
	send_frame(test, a, &cable->b, 60);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&a->peer->data_tick));
	hpkm_staged_expire(a->peer, now + HPKM_STAGED_LIFE - HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_SESSION), 0);
	hpkm_staged_expire(a->peer, now + HPKM_STAGED_LIFE + HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_SESSION), 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->peer->staged), 0);
}

/* ---- whose memory ---- */

static atomic_t destroyed;

static void count_destroyed(struct sk_buff *skb)
{
	atomic_inc(&destroyed);
}

/* TCP's small queues live on the skb that leaves being the one that came. */
static void keeps_its_owner(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *skb;
	u32 round;

	cable_connect(test, cable);
	atomic_set(&destroyed, 0);
	for (round = 0; round < 2; round++) {
		skb = make_frame(test, b->port.address, a->port.address, ETH_P_IP,
				 round ? LINK_MTU : 60);
		skb->destructor = count_destroyed;
		send_skb(a, skb);
		KUNIT_EXPECT_PTR_EQ(test, skb_peek(&a->sent), skb);
		KUNIT_EXPECT_EQ(test, atomic_read(&destroyed), round);
		carry(a, b);
		KUNIT_EXPECT_EQ(test, atomic_read(&destroyed), round + 1);
		expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP,
			     round ? LINK_MTU : 60);
	}
}

/* A frame as TCP makes it: a clone, and the data in pages that stay TCP's. */
static struct sk_buff *make_paged(struct kunit *test, struct cable *cable, size_t len,
				  struct page **page)
{
	struct sk_buff *whole = make_frame(test, cable->b.port.address, cable->a.port.address,
					   ETH_P_IP, len);
	struct sk_buff *skb = alloc_skb(ETH_HLEN + 20, GFP_KERNEL);

	*page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, *page);
	skb_put_data(skb, whole->data, ETH_HLEN + 20);
	memcpy(page_address(*page), whole->data + ETH_HLEN + 20, len - 20);
	get_page(*page);
	skb_fill_page_desc(skb, 0, *page, 0, len - 20);
	skb->len += len - 20;
	skb->data_len += len - 20;
	skb->truesize += PAGE_SIZE;
	kfree_skb(whole);
	return skb;
}

static void leaves_shared_data_alone(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	const size_t len = 300;
	struct sk_buff *skb, *clone, *copy;
	struct page *page;

	cable_connect(test, cable);
	skb = make_paged(test, cable, len, &page);
	copy = skb_copy(skb, GFP_KERNEL);
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	send_skb(a, clone);
	KUNIT_EXPECT_EQ(test, memcmp(skb->data, copy->data, ETH_HLEN + 20), 0);
	KUNIT_EXPECT_EQ(test, memcmp(page_address(page), copy->data + ETH_HLEN + 20, len - 20), 0);
	carry(a, b);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, len);
	kfree_skb(skb);
	kfree_skb(copy);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	put_page(page);
}

/* A clone with room enough to be sealed where it is, were the data its own. */
static void leaves_a_clone_alone(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	const size_t len = 300;
	struct sk_buff *frame, *skb, *clone;

	cable_connect(test, cable);
	frame = make_frame(test, b->port.address, a->port.address, ETH_P_IP, len);
	skb = skb_copy_expand(frame, 256, 256, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	send_skb(a, clone);
	KUNIT_EXPECT_EQ(test, memcmp(skb->data, frame->data, ETH_HLEN + len), 0);
	carry(a, b);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, len);
	kfree_skb(skb);
	kfree_skb(frame);
}

/* ---- what the machine is told ---- */

static void traffic(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	send_frame(test, a, b, 60);
	KUNIT_EXPECT_TRUE(test, a->channel->data_passed);
	KUNIT_EXPECT_NE(test, a->channel->unanswered_since, 0);
	carry(a, b);
	KUNIT_EXPECT_TRUE(test, b->channel->data_passed);
	KUNIT_EXPECT_NE(test, b->channel->unreplied_since, 0);
	KUNIT_EXPECT_EQ(test, b->channel->unanswered_since, 0);

	/* Bare control is an answer and asks for none. */
	KUNIT_EXPECT_EQ(test, hpkm_channel_send_control(b->channel, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, b->channel->unreplied_since, 0);
	KUNIT_EXPECT_EQ(test, b->channel->unanswered_since, 0);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, a->channel->unanswered_since, 0);
	KUNIT_EXPECT_EQ(test, a->channel->unreplied_since, 0);
	KUNIT_EXPECT_NE(test, READ_ONCE(a->peer->last_received), 0);
}

/* Control that says something counts as data, on both sides. */
static void control_traffic(struct kunit *test)
{
	const u8 finish[HPKM_CONTROL_HEAD_LEN] = { HPKM_U3, 9 };
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	cable_connect(test, cable);
	KUNIT_EXPECT_EQ(test, hpkm_channel_send_control(a->channel, finish, sizeof(finish)), 0);
	KUNIT_EXPECT_NE(test, a->channel->unanswered_since, 0);
	KUNIT_EXPECT_EQ(test, carry(a, b), 1);
	KUNIT_EXPECT_NE(test, b->channel->unreplied_since, 0);
	/* There is no request that it could finish. */
	wait_until(test, counted(b, HPKM_COUNTER_UPDATE_REFUSED) == 1);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_MALFORMED), 0);
}

/* Frames under keys that are not confirmed yet: the machine hears of it, not of each. */
static void first_data(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u32 i, words;

	cable_connect(test, cable);
	for (i = 0; i < 100; i++)
		send_frame(test, a, b, 60);
	move_session(b, HPKM_SESSION_STATE_NEXT, false);
	hold_work(&b->port);
	arrive(b, take_sent(a));
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->port.queue[HPKM_QUEUE_WORDS]), 1);
	carry(a, b);
	words = skb_queue_len(&b->port.queue[HPKM_QUEUE_WORDS]);
	release_work(&b->port);
	move_session(b, HPKM_SESSION_STATE_CURRENT, false);
	KUNIT_EXPECT_GT(test, words, 1);
	KUNIT_EXPECT_LE(test, words, 7);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 100);
}

static struct kunit_case cases[] = {
	EACH_SUITE(sizes),
	EACH_SUITE(sizes_ethernet),
	EACH_SUITE(too_big),
	EACH_SUITE(halves),
	EACH_SUITE(outer_header),
	EACH_SUITE(foreign_source),
	EACH_SUITE(foreign_destination),
	EACH_SUITE(own_proto_inside),
	EACH_SUITE(replayed),
	EACH_REAL_SUITE(forged),
	EACH_REAL_SUITE(altered_frame),
	EACH_REAL_SUITE(altered_control),
	EACH_REAL_SUITE(forged_ahead),
	EACH_SUITE(expired),
	EACH_SUITE(counters_used_up),
	EACH_SUITE(last_counter),
	EACH_SUITE(staged),
	EACH_SUITE(staged_go_first),
	EACH_SUITE(staged_not_overtaken),
	EACH_SUITE(staged_line_ends),
	EACH_SUITE(staged_addresses),
	EACH_SUITE(staged_too_long),
	EACH_SUITE(keeps_its_owner),
	EACH_SUITE(leaves_shared_data_alone),
	EACH_SUITE(leaves_a_clone_alone),
	EACH_SUITE(traffic),
	EACH_SUITE(control_traffic),
	EACH_SUITE(first_data),
	{}
};

static struct kunit_suite suite = {
	.name = "hpkm-transmit",
	.suite_init = peers_begin,
	.suite_exit = peers_end,
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(suite);
