// SPDX-License-Identifier: GPL-2.0
/* Records, acknowledgements, messages and frames in two, over both data planes. */
#include <linux/slab.h>
#include "../no_skb.h"
#include "two_ports.h"

#define LINK_MTU	HPKM_MTU_MIN

static int setup(struct kunit *test)
{
	struct cable *cable = cable_create(test, LINK_MTU);

	test->priv = cable;
	cable_connect(test, cable);
	/* What the tests see must not be the work of the tick that this began. */
	wait_until(test, !work_busy(&cable->a.peer->data_tick.work));
	wait_until(test, !work_busy(&cable->b.peer->data_tick.work));
	return 0;
}

static u32 confirmed(struct party *party)
{
	return hpkm_record_count(party->peer);
}

static bool record_at(struct party *party, u32 index, struct hpkm_record *record)
{
	u64 cursor = 0;
	u32 i;

	for (i = 0; i <= index; i++)
		if (!hpkm_peer_log_read(party->peer, &cursor, record))
			return false;
	return true;
}

/* A's record is pending, and B has the same one. */
static void expect_same_record(struct kunit *test, struct cable *cable, u32 index)
{
	struct hpkm_record sent, received;

	KUNIT_ASSERT_TRUE(test, record_at(&cable->a, index, &sent));
	KUNIT_ASSERT_TRUE(test, record_at(&cable->b, index, &received));
	KUNIT_EXPECT_EQ(test, sent.state, HPKM_RECORD_PENDING);
	KUNIT_EXPECT_EQ(test, received.state, HPKM_RECORD_CONFIRMED);
	received.state = sent.state;
	KUNIT_EXPECT_EQ(test, memcmp(&sent, &received, sizeof(sent)), 0);
}

/* ---- records ---- */

/* A frame that could not be carried in two is no record, and nobody waits for its answer. */
static void none_of_what_was_not_sent(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a;
	struct sk_buff *skb = make_frame(test, cable->b.port.address, a->port.address, ETH_P_IP,
					 LINK_MTU);

	set_policy(test, a, 1, 0);
	fail_next_skb();
	send_skb(a, skb);
	expect_no_skb_left_to_fail(test);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&a->sent), 0);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_MEMORY), 1);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(a->peer->log), 0);
	KUNIT_EXPECT_EQ(test, a->channel->unanswered_since, 0);
}

static void both_log_the_same(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct hpkm_record sent;
	u64 last = 0;
	u32 i;

	hpkm_net_location_set(&a->hn, "Paris", 5);
	set_policy(test, a, 1, 0);
	for (i = 0; i < 5; i++) {
		/* The third is carried in two. */
		send_frame(test, a, b, i == 2 ? LINK_MTU : 100 + i);
		carry(a, b);
	}
	KUNIT_EXPECT_EQ(test, confirmed(a), 0);
	KUNIT_EXPECT_EQ(test, confirmed(b), 5);
	for (i = 0; i < 5; i++) {
		expect_same_record(test, cable, i);
		KUNIT_ASSERT_TRUE(test, record_at(a, i, &sent));
		KUNIT_EXPECT_EQ(test, memcmp(sent.location, "\5Paris", 7), 0);
		KUNIT_EXPECT_EQ(test, sent.rid[1], i);
		KUNIT_EXPECT_GT(test, sent.time, last);
		KUNIT_EXPECT_EQ(test, sent.time & 1, sent.rid[0]);
		last = sent.time;
	}
	KUNIT_EXPECT_FALSE(test, record_at(a, 5, &sent));
	KUNIT_EXPECT_EQ(test, told(b, HPKM_EVENT_RECORD), 5);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_RECORD), 0);
}

/* The clock stands still, or goes back: T rises all the same. */
static void time_rises(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u64 future = ktime_get_real_ns() + HPKM_SECOND * 1000;
	struct hpkm_record record;
	u32 i;

	a->peer->last_time = (future & ~1ULL) | hpkm_record_who(a->peer, true);
	future = a->peer->last_time;
	set_policy(test, a, 1, 0);
	for (i = 0; i < 3; i++) {
		send_frame(test, a, b, 60);
		KUNIT_ASSERT_TRUE(test, record_at(a, i, &record));
		KUNIT_EXPECT_EQ(test, record.time, future + 2 * (i + 1));
	}
	KUNIT_EXPECT_NE(test, hpkm_record_who(a->peer, true), hpkm_record_who(b->peer, true));
}

static void by_count_and_time(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u32 i;

	set_policy(test, a, 4, 0);
	for (i = 0; i < 9; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, confirmed(b), 2);

	set_policy(test, a, 0, 60 * 1000);
	for (i = 0; i < 9; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	/* Nine within a minute of the last record. */
	KUNIT_EXPECT_EQ(test, confirmed(b), 2);
	a->peer->record_at -= 61 * HPKM_SECOND;
	for (i = 0; i < 9; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, confirmed(b), 3);
}

/* ---- acknowledgements ---- */

static bool is_acknowledgement(struct kunit *test, struct party *to, struct sk_buff *skb,
			       bool bare)
{
	struct hpkm_inner inner;

	kfree_skb(peek(test, to, skb, &inner));
	return inner.flags & HPKM_FLAG_ACK && (inner.kind == HPKM_KIND_CONTROL) == bare;
}

/*
 * In its own time, and not along with the keepalive that would come later.  @since is
 * by the clock that tells when a frame came.
 */
static void expect_acknowledgement(struct kunit *test, struct party *from, u64 since)
{
	wait_until(test, skb_queue_len(&from->sent) == 1);
	KUNIT_EXPECT_GE(test, hpkm_now() - since, HPKM_ACK_DELAY);
	KUNIT_EXPECT_LT(test, hpkm_now() - since, HPKM_KEEPALIVE);
}

static void acknowledged_alone(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u64 since = hpkm_now_coarse();

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->sent), 0);
	expect_acknowledgement(test, b, since);
	KUNIT_EXPECT_TRUE(test, is_acknowledgement(test, a, skb_peek(&b->sent), true));
	KUNIT_EXPECT_EQ(test, carry(b, a), 1);
	KUNIT_EXPECT_EQ(test, confirmed(a), 2);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_RECORD), 2);
	/* What acknowledges is not acknowledged, and is no traffic. */
	KUNIT_EXPECT_EQ(test, a->channel->unreplied_since, 0);
}

/* The tick runs for another reason before the time has come. */
static void acknowledged_after_a_tick(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u64 since = hpkm_now_coarse();

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	carry(a, b);
	hpkm_data_session_ready(b->peer);
	expect_acknowledgement(test, b, since);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 1);
}

static void acknowledged_along(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	carry(a, b);
	send_frame(test, b, a, 80);
	KUNIT_ASSERT_EQ(test, skb_queue_len(&b->sent), 1);
	KUNIT_EXPECT_TRUE(test, is_acknowledgement(test, a, skb_peek(&b->sent), false));
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 1);
	expect_frame(test, a, a->port.address, b->port.address, ETH_P_IP, 80);
	/* Once is enough. */
	send_frame(test, b, a, 80);
	KUNIT_EXPECT_FALSE(test, is_acknowledgement(test, a, skb_peek(&b->sent), false));
}

static void rides_only_where_it_fits(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	const size_t room = LINK_MTU - HPKM_HD_LEN - HPKM_INNER_LEN - suite_of(test)->tag_len;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	carry(a, b);
	send_frame(test, b, a, room - HPKM_ACK_LEN + 1);
	KUNIT_ASSERT_EQ(test, skb_queue_len(&b->sent), 1);
	KUNIT_EXPECT_FALSE(test, is_acknowledgement(test, a, skb_peek(&b->sent), false));
	lose_sent(b);
	send_frame(test, b, a, room - HPKM_ACK_LEN);
	KUNIT_ASSERT_EQ(test, skb_queue_len(&b->sent), 1);
	KUNIT_EXPECT_TRUE(test, is_acknowledgement(test, a, skb_peek(&b->sent), false));
}

static void rides_on_the_second_half(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *first;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	carry(a, b);
	send_frame(test, b, a, LINK_MTU);
	KUNIT_ASSERT_EQ(test, skb_queue_len(&b->sent), 2);
	first = take_sent(b);
	KUNIT_EXPECT_FALSE(test, is_acknowledgement(test, a, first, false));
	KUNIT_EXPECT_TRUE(test, is_acknowledgement(test, a, skb_peek(&b->sent), false));
	/* It counts without the other half. */
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 1);
	arrive(a, first);
	expect_frame(test, a, a->port.address, b->port.address, ETH_P_IP, LINK_MTU);
}

static void thirty_two_at_once(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u32 i;

	set_policy(test, a, 1, 0);
	for (i = 0; i < HPKM_ACK_RECORDS; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	/* Within arrive(), not by the clock. */
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->sent), 1);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), HPKM_ACK_RECORDS);
}

static void before_it_is_lost(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, 60);
	carry(a, b);
	a->peer->next_count = 1000;
	send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_ASSERT_EQ(test, skb_queue_len(&b->sent), 1);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 1);
	wait_until(test, skb_queue_len(&b->sent) == 1);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 2);
}

/* ---- messages ---- */

static u64 send_message(struct kunit *test, struct party *from, const char *text, u16 len)
{
	const char *why = NULL;
	u64 rec = 0;

	KUNIT_ASSERT_EQ_MSG(test, hpkm_peer_message_send(from->peer, text, len, &rec, &why), 0,
			    "%s", why);
	return rec;
}

static void expect_message(struct kunit *test, struct party *at, u64 serial, const char *text,
			   u16 len)
{
	struct hpkm_received *message = hpkm_peer_message_after(at->peer, serial - 1);

	KUNIT_ASSERT_NOT_NULL(test, message);
	KUNIT_EXPECT_EQ(test, message->serial, serial);
	KUNIT_ASSERT_EQ(test, message->len, len);
	KUNIT_EXPECT_EQ(test, memcmp(message->data, text, len), 0);
	kfree_sensitive(message);
}

static void message_sizes(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	/* The last that fits into one frame is 490 with a tag, 506 without. */
	static const u16 len[] = { 1, 2, 400, 489, 490, 491, 505, 506, 507, 600, 1023, 1024 };
	char *text = kunit_kzalloc(test, HPKM_MESSAGE_MAX, GFP_KERNEL);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	get_random_bytes(text, HPKM_MESSAGE_MAX);
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		u64 rec = send_message(test, a, text, len[i]);
		u32 whole = HPKM_HD_LEN + HPKM_INNER_LEN + HPKM_RECORD_LEN +
			    HPKM_MSG_HEAD_LEN + len[i] + suite_of(test)->tag_len;
		u32 frames = whole <= LINK_MTU ? 1 : 2;

		KUNIT_EXPECT_EQ(test, rec, i);
		wait_until(test, skb_queue_len(&a->sent) == frames);
		carry(a, b);
		expect_message(test, b, i + 1, text, len[i]);
		expect_same_record(test, cable, i);
		/* At once. */
		KUNIT_EXPECT_EQ(test, carry(b, a), 1);
		KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_MESSAGE_DELIVERED), i + 1);
		KUNIT_EXPECT_EQ(test, a->peer->outbox.count, 0);
	}
	KUNIT_EXPECT_EQ(test, told(b, HPKM_EVENT_MESSAGE), ARRAY_SIZE(len));
	KUNIT_EXPECT_EQ(test, confirmed(a), ARRAY_SIZE(len));
	KUNIT_EXPECT_EQ(test, confirmed(b), ARRAY_SIZE(len));
	KUNIT_EXPECT_NULL(test, hpkm_peer_message_after(b->peer, ARRAY_SIZE(len)));
}

static void message_refused(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_peer *peer = cable->a.peer;
	const char *why = NULL;
	u64 rec;
	u32 i;

	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(peer, "", 0, &rec, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, why);
	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(peer, "", HPKM_MESSAGE_MAX + 1, &rec, &why),
			-EINVAL);
	for (i = 0; i < HPKM_MSG_WAITING; i++)
		send_message(test, &cable->a, "x", 1);
	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(peer, "x", 1, &rec, &why), -ENOBUFS);
}

/* One more would be of another start's numbers. */
static void numbers_used_up(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	const char *why = NULL;
	u64 rec;

	set_policy(test, a, 1, 0);
	spin_lock_bh(&a->peer->data_lock);
	a->peer->next_count = BIT_ULL(HPKM_REC_BOOT_SHIFT) - 1;
	spin_unlock_bh(&a->peer->data_lock);
	send_frame(test, a, b, 60);
	send_frame(test, a, b, 60);
	KUNIT_EXPECT_EQ(test, carry(a, b), 2);
	KUNIT_EXPECT_EQ(test, confirmed(b), 1);
	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(a->peer, "x", 1, &rec, &why), -EOVERFLOW);
	KUNIT_EXPECT_NOT_NULL(test, why);
}

/* Its receipt is lost, the message comes again: delivered once. */
static void delivered_once(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct hpkm_inner first, again;

	send_message(test, a, "once", 4);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	kfree_skb(peek(test, b, skb_peek(&a->sent), &first));
	carry(a, b);
	lose_sent(b);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	kfree_skb(peek(test, b, skb_peek(&a->sent), &again));
	KUNIT_EXPECT_EQ(test, first.rec, again.rec);
	KUNIT_EXPECT_EQ(test, first.time, again.time);
	KUNIT_EXPECT_EQ(test, memcmp(first.location, again.location, HPKM_LI_LEN), 0);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_DUPLICATE), 1);
	KUNIT_EXPECT_EQ(test, b->peer->inbox_count, 1);
	KUNIT_EXPECT_EQ(test, confirmed(b), 1);
	KUNIT_EXPECT_EQ(test, told(b, HPKM_EVENT_MESSAGE), 1);
	KUNIT_EXPECT_EQ(test, carry(b, a), 1);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_MESSAGE_DELIVERED), 1);
	/* The log has one of it on this side, too. */
	KUNIT_EXPECT_EQ(test, hpkm_log_count(a->peer->log), 1);
}

/* A record that was used up by an update does not come back. */
static void resent_not_logged_again(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a;
	struct hpkm_record record;

	send_message(test, a, "twice", 5);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	KUNIT_ASSERT_TRUE(test, record_at(a, 0, &record));
	hpkm_record_remove(a->peer, record.rid);
	wait_until(test, skb_queue_len(&a->sent) >= 2);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(a->peer->log), 0);
}

/* What did not go out for want of memory is logged when it does. */
static void message_without_memory(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	fail_next_skb();
	send_message(test, a, "late", 4);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	expect_no_skb_left_to_fail(test);
	KUNIT_EXPECT_EQ(test, counted(a, HPKM_COUNTER_TX_NO_MEMORY), 1);
	carry(a, b);
	expect_message(test, b, 1, "late", 4);
	expect_same_record(test, cable, 0);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, confirmed(a), 1);
}

static void message_lost(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	send_message(test, a, "lost", 4);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	lose_sent(a);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	expect_message(test, b, 1, "lost", 4);
	carry(b, a);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_MESSAGE_DELIVERED), 1);
}

static void message_given_up(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a;
	struct hpkm_message *message;

	send_message(test, a, "nobody", 6);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_MESSAGE_UNCONFIRMED), 0);
	spin_lock_bh(&a->peer->data_lock);
	message = list_first_entry(&a->peer->outbox.messages, struct hpkm_message, node);
	message->accepted_at -= HPKM_MSG_GIVE_UP;
	spin_unlock_bh(&a->peer->data_lock);
	wait_until(test, told(a, HPKM_EVENT_MESSAGE_UNCONFIRMED) == 1);
	KUNIT_EXPECT_EQ(test, a->peer->outbox.count, 0);
}

/* More than may be under way; acknowledgements let the others go. */
/* However often: on a slow machine the first go out again before the last do. */
static u32 under_way(struct hpkm_peer *peer)
{
	const struct hpkm_message *message;
	u32 count = 0;

	spin_lock_bh(&peer->data_lock);
	list_for_each_entry(message, &peer->outbox.messages, node)
		count += message->sendings > 0;
	spin_unlock_bh(&peer->data_lock);
	return count;
}

static void many_messages(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u32 i;

	for (i = 0; i < HPKM_MSG_WAITING; i++)
		send_message(test, a, (const char *)&i, sizeof(i));
	wait_until(test, skb_queue_len(&a->sent) >= HPKM_MSG_SPAN);
	KUNIT_EXPECT_EQ(test, under_way(a->peer), HPKM_MSG_SPAN);
	wait_until(test, (carry(a, b), carry(b, a), READ_ONCE(a->peer->outbox.count) == 0));
	for (i = 0; i < HPKM_MSG_WAITING; i++)
		expect_message(test, b, i + 1, (const char *)&i, sizeof(i));
}

static void inbox_keeps_the_newest(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	u32 i;

	for (i = 0; i < HPKM_INBOX + 3; i++) {
		send_message(test, a, (const char *)&i, sizeof(i));
		wait_until(test, skb_queue_len(&a->sent) == 1);
		carry(a, b);
		carry(b, a);
	}
	KUNIT_EXPECT_EQ(test, b->peer->inbox_count, HPKM_INBOX);
	i = 3;
	expect_message(test, b, 4, (const char *)&i, sizeof(i));
}

/* Said before there was a session; the next one carries it. */
static void message_waits(struct kunit *test)
{
	struct cable *cable = cable_create(test, LINK_MTU);

	send_message(test, &cable->a, "later", 5);
	cable_connect(test, cable);
	wait_until(test, skb_queue_len(&cable->a.sent) == 1);
	carry(&cable->a, &cable->b);
	expect_message(test, &cable->b, 1, "later", 5);
}

/*
 * Under the keys of a pairing that is not confirmed yet: noted now it would be
 * forgotten, and a message delivered twice.  But a frame comes only once.
 */
static void too_early_to_note(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	set_policy(test, a, 1, 0);
	move_session(b, HPKM_SESSION_STATE_CURRENT, true);
	send_frame(test, a, b, 60);
	carry(a, b);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, 60);
	KUNIT_EXPECT_EQ(test, confirmed(b), 0);

	send_message(test, a, "early", 5);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, b->peer->inbox_count, 0);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_NO_SESSION), 1);

	move_session(b, HPKM_SESSION_STATE_CURRENT, false);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	expect_message(test, b, 1, "early", 5);
	KUNIT_EXPECT_EQ(test, confirmed(b), 1);
}

/* ---- frames in two ---- */

static void either_order(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *first;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, LINK_MTU);
	first = take_sent(a);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, confirmed(b), 0);
	arrive(b, first);
	KUNIT_EXPECT_EQ(test, confirmed(b), 1);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, LINK_MTU);
}

static void give_halves_up(struct party *party)
{
	hpkm_fragments_expire(party->peer, hpkm_now() + HPKM_FRAGMENT_LIFE);
}

/* One half comes, the other only when the first was given up. */
static void half_late(struct kunit *test, bool first_late)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *first, *last;

	set_policy(test, a, 1, 0);
	send_frame(test, a, b, LINK_MTU);
	first = take_sent(a);
	last = take_sent(a);
	arrive(b, first_late ? last : first);
	hpkm_fragments_expire(b->peer, hpkm_now());
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 0);
	give_halves_up(b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 1);
	arrive(b, first_late ? first : last);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	KUNIT_EXPECT_EQ(test, confirmed(b), 0);
	give_halves_up(b);
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 2);
}

static void half_is_given_up_in_time(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	send_frame(test, a, b, LINK_MTU);
	arrive(b, take_sent(a));
	wait_until(test, counted(b, HPKM_COUNTER_RX_FRAGMENT) == 1);
}

static void first_half_late(struct kunit *test)
{
	half_late(test, true);
}

static void second_half_late(struct kunit *test)
{
	half_late(test, false);
}

static void too_many_halves(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *last[HPKM_FRAGMENTS + 1];
	u32 i;

	for (i = 0; i <= HPKM_FRAGMENTS; i++) {
		send_frame(test, a, b, LINK_MTU - i);
		arrive(b, take_sent(a));
		last[i] = take_sent(a);
	}
	/* The oldest had to go; the others are complete with their own halves only. */
	KUNIT_EXPECT_EQ(test, counted(b, HPKM_COUNTER_RX_FRAGMENT), 1);
	for (i = HPKM_FRAGMENTS; i > 0; i--) {
		arrive(b, last[i]);
		expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, LINK_MTU - i);
	}
	arrive(b, last[0]);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
}

/* The same counters in another session are another frame. */
static void halves_of_two_sessions(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct sk_buff *last;

	send_frame(test, a, b, LINK_MTU);
	arrive(b, take_sent(a));
	last = take_sent(a);
	cable_connect(test, cable);
	send_frame(test, a, b, LINK_MTU - 1);
	kfree_skb(take_sent(a));
	carry(a, b);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&b->delivered), 0);
	/* The replaced session still receives. */
	arrive(b, last);
	expect_frame(test, b, b->port.address, a->port.address, ETH_P_IP, LINK_MTU);
}

/* ---- policy ---- */

static void policy_checked(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct hpkm_peer *peer = cable->a.peer;
	struct hpkm_policy good, bad;
	const char *why = NULL;

	hpkm_peer_policy_get(peer, &good);
	bad = good;
	bad.log_size = HPKM_LOG_MIN - 1;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &bad, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, why);
	bad = good;
	bad.log_size = HPKM_LOG_MAX + 1;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &bad, &why), -EINVAL);
	bad = good;
	bad.rekey_interval_s = 0;
	bad.record_frames = 77;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &bad, &why), -EINVAL);
	bad.rekey_interval_s = 121;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &bad, &why), -EINVAL);
	hpkm_peer_policy_get(peer, &bad);
	KUNIT_EXPECT_EQ(test, memcmp(&good, &bad, sizeof(good)), 0);
	good.rekey_interval_s = 7;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &good, &why), 0);
	KUNIT_EXPECT_EQ(test, peer->machine.rekey_after, 7 * HPKM_SECOND);
}

static void log_resized(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct hpkm_policy policy;
	struct hpkm_record record;
	const char *why;
	u32 i;

	set_policy(test, a, 1, 0);
	for (i = 0; i < 20; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	hpkm_peer_policy_get(b->peer, &policy);
	policy.log_size = HPKM_LOG_MIN;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(b->peer, &policy, &why), 0);
	KUNIT_EXPECT_EQ(test, confirmed(b), HPKM_LOG_MIN);
	KUNIT_ASSERT_TRUE(test, record_at(b, 0, &record));
	KUNIT_EXPECT_EQ(test, record.rid[1], 20 - HPKM_LOG_MIN);
}

static void update_wanted(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct hpkm_policy policy;
	const char *why;
	u32 i;

	set_policy(test, a, 1, 0);
	hpkm_peer_policy_get(b->peer, &policy);
	policy.update_records = 20;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(b->peer, &policy, &why), 0);
	for (i = 0; i < 19; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, b->peer->records_since_update, 19);
	send_frame(test, a, b, 60);
	carry(a, b);
	KUNIT_EXPECT_EQ(test, b->peer->records_since_update, 0);
	/* The machine has begun one. */
	wait_until(test, update_state(b) == HPKM_UPDATE_REQ);
}

static void update_by_time(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;
	struct hpkm_policy policy;
	u64 now = hpkm_now();
	const char *why;
	u32 i;

	set_policy(test, a, 1, 0);
	for (i = 0; i < HPKM_UPDATE_RECORDS; i++)
		send_frame(test, a, b, 60);
	carry(a, b);
	hpkm_peer_policy_get(b->peer, &policy);
	policy.update_interval_s = 1000;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(b->peer, &policy, &why), 0);
	KUNIT_EXPECT_GE(test, b->peer->update_at, now + 875 * HPKM_SECOND);
	KUNIT_EXPECT_LE(test, b->peer->update_at, hpkm_now() + 1125 * HPKM_SECOND);
	policy.update_interval_s = 1;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(b->peer, &policy, &why), 0);
	KUNIT_EXPECT_EQ(test, update_state(b), HPKM_UPDATE_NONE);
	wait_until(test, update_state(b) == HPKM_UPDATE_REQ);
	KUNIT_EXPECT_GE(test, hpkm_now(), now + HPKM_SECOND * 7 / 8);
	policy.update_interval_s = 0;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(b->peer, &policy, &why), 0);
	KUNIT_EXPECT_EQ(test, b->peer->update_at, HPKM_NEVER);
}

/* ---- life ---- */

static void renewed(struct kunit *test)
{
	struct cable *cable = test->priv;
	struct party *a = &cable->a, *b = &cable->b;

	send_message(test, a, "before", 6);
	wait_until(test, skb_queue_len(&a->sent) == 1);
	carry(a, b);
	lose_sent(b);
	hpkm_data_renew(a->peer);
	hpkm_data_renew(b->peer);
	KUNIT_EXPECT_EQ(test, confirmed(b), 0);
	KUNIT_EXPECT_EQ(test, hpkm_log_count(a->peer->log), 0);
	KUNIT_EXPECT_EQ(test, told(a, HPKM_EVENT_MESSAGE_UNCONFIRMED), 1);
	/* Still there for its reader, and numbers go on. */
	expect_message(test, b, 1, "before", 6);
	KUNIT_EXPECT_EQ(test, send_message(test, a, "after", 5), 1);
}

/* Whoever still has a reference to a removed peer finds nothing, and no crash. */
static void removed(struct kunit *test)
{
	struct cable *cable = cable_create(test, LINK_MTU);
	struct hpkm_peer *peer = cable->a.peer;
	struct hpkm_policy policy;
	struct hpkm_record record;
	const char *why = NULL;
	u64 cursor = 0, rec;

	kref_get(&peer->ref);
	cable_connect(test, cable);
	send_message(test, &cable->a, "x", 1);
	send_frame(test, &cable->a, &cable->b, 60);
	KUNIT_EXPECT_EQ(test, hpkm_peer_remove(peer), 0);
	KUNIT_EXPECT_EQ(test, told(&cable->a, HPKM_EVENT_MESSAGE_UNCONFIRMED), 1);
	KUNIT_EXPECT_FALSE(test, hpkm_peer_log_read(peer, &cursor, &record));
	KUNIT_EXPECT_NULL(test, hpkm_peer_message_after(peer, 0));
	KUNIT_EXPECT_EQ(test, hpkm_peer_message_send(peer, "x", 1, &rec, &why), -ENOENT);
	hpkm_peer_policy_get(peer, &policy);
	policy.log_size = HPKM_LOG_MIN;
	KUNIT_EXPECT_EQ(test, hpkm_peer_policy_set(peer, &policy, &why), -ENOENT);
	hpkm_peer_put(peer);
}

static struct kunit_case cases[] = {
	EACH_SUITE(both_log_the_same),
	EACH_SUITE(none_of_what_was_not_sent),
	EACH_SUITE(time_rises),
	EACH_SUITE(by_count_and_time),
	EACH_SUITE(acknowledged_alone),
	EACH_SUITE(acknowledged_after_a_tick),
	EACH_SUITE(acknowledged_along),
	EACH_SUITE(rides_only_where_it_fits),
	EACH_SUITE(rides_on_the_second_half),
	EACH_SUITE(thirty_two_at_once),
	EACH_SUITE(before_it_is_lost),
	EACH_SUITE(message_sizes),
	EACH_SUITE(message_refused),
	EACH_SUITE(numbers_used_up),
	EACH_SUITE(delivered_once),
	EACH_SUITE(resent_not_logged_again),
	EACH_SUITE(message_without_memory),
	EACH_SUITE(message_lost),
	EACH_SUITE(message_given_up),
	EACH_SUITE(many_messages),
	EACH_SUITE(inbox_keeps_the_newest),
	EACH_SUITE(message_waits),
	EACH_SUITE(too_early_to_note),
	EACH_SUITE(either_order),
	EACH_SUITE(first_half_late),
	EACH_SUITE(second_half_late),
	EACH_SUITE(half_is_given_up_in_time),
	EACH_SUITE(too_many_halves),
	EACH_SUITE(halves_of_two_sessions),
	EACH_SUITE(policy_checked),
	EACH_SUITE(log_resized),
	EACH_SUITE(update_wanted),
	EACH_SUITE(update_by_time),
	EACH_SUITE(renewed),
	EACH_SUITE(removed),
	{}
};

static struct kunit_suite suite = {
	.name = "hpkm-records",
	.suite_init = peers_begin,
	.suite_exit = peers_end,
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(suite);
