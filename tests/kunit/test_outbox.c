// SPDX-License-Identifier: GPL-2.0
/* Messages on their way: protocol section 6, exactly once. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <core/outbox.h>

#define NOW	(1000 * HPKM_SECOND)

static int init(struct kunit *test)
{
	struct hpkm_outbox *outbox = kunit_kzalloc(test, sizeof(*outbox), GFP_KERNEL);

	if (!outbox)
		return -ENOMEM;
	memset(outbox, 0xaa, sizeof(*outbox));
	hpkm_outbox_init(outbox);
	test->priv = outbox;
	return 0;
}

static u32 free_all(struct list_head *done)
{
	struct hpkm_message *message, *next;
	u32 count = 0;

	list_for_each_entry_safe(message, next, done, node) {
		list_del(&message->node);
		kfree(message);
		count++;
	}
	return count;
}

static void done(struct kunit *test)
{
	LIST_HEAD(left);

	if (!test->priv)
		return;
	hpkm_outbox_purge(test->priv, &left);
	free_all(&left);
}

static struct hpkm_message *make(struct kunit *test, u64 rec)
{
	struct hpkm_message *message = kzalloc(sizeof(*message), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, message);
	message->rec = rec;
	return message;
}

static void add(struct kunit *test, u64 rec, u64 now)
{
	struct hpkm_message *message = make(test, rec);

	KUNIT_ASSERT_EQ(test, hpkm_outbox_add(test->priv, message, now), 0);
}

/* Messages with the numbers @first, @first + @step and so on. */
static void add_many(struct kunit *test, u64 first, u64 step, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		add(test, first + i * step, NOW);
}

static void expect_due(struct kunit *test, u64 rec, u64 now)
{
	struct hpkm_message *message = hpkm_outbox_due(test->priv, now);

	KUNIT_ASSERT_NOT_NULL(test, message);
	KUNIT_EXPECT_EQ(test, message->rec, rec);
}

static void expect_none_due(struct kunit *test, u64 now)
{
	KUNIT_EXPECT_NULL(test, hpkm_outbox_due(test->priv, now));
}

static u32 send_all(struct kunit *test, u64 now)
{
	u32 count = 0;

	while (hpkm_outbox_due(test->priv, now))
		count++;
	return count;
}

static u32 acknowledge(struct kunit *test, u64 base, u64 map)
{
	struct hpkm_acknowledgement ack = { base, map };
	LIST_HEAD(covered);

	hpkm_outbox_acknowledge(test->priv, &ack, &covered);
	return free_all(&covered);
}

static u32 expire(struct kunit *test, u64 now)
{
	LIST_HEAD(expired);

	hpkm_outbox_expire(test->priv, now, &expired);
	return free_all(&expired);
}

static u32 count(struct kunit *test)
{
	struct hpkm_outbox *outbox = test->priv;

	return outbox->count;
}

static void empty_outbox_wants_nothing(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, count(test), 0);
	expect_none_due(test, HPKM_NEVER - 1);
	KUNIT_EXPECT_EQ(test, hpkm_outbox_deadline(test->priv), HPKM_NEVER);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, expire(test, HPKM_NEVER), 0);
}

static void adding_sets_all_that_counts(struct kunit *test)
{
	struct hpkm_message *message = make(test, 9);

	message->sendings = 7;
	KUNIT_ASSERT_EQ(test, hpkm_outbox_add(test->priv, message, NOW), 0);
	KUNIT_EXPECT_EQ(test, message->sendings, 0);
	KUNIT_EXPECT_EQ(test, message->accepted_at, NOW);
	KUNIT_EXPECT_EQ(test, message->next_at, NOW);
	KUNIT_EXPECT_EQ(test, count(test), 1);
}

static void messages_go_in_their_order(struct kunit *test)
{
	add_many(test, 10, 5, 3);
	KUNIT_EXPECT_EQ(test, hpkm_outbox_deadline(test->priv), NOW);
	expect_none_due(test, NOW - 1);
	expect_due(test, 10, NOW);
	expect_due(test, 15, NOW);
	expect_due(test, 20, NOW);
	expect_none_due(test, NOW);
}

static void resends_come_later_and_later(struct kunit *test)
{
	static const u64 at_ms[] = { 0, 250, 750, 1750, 2750, 3750 };
	struct hpkm_message *message;
	unsigned int i;

	add(test, 1, NOW);
	for (i = 0; i < ARRAY_SIZE(at_ms); i++) {
		u64 at = NOW + at_ms[i] * HPKM_MS;

		KUNIT_EXPECT_EQ(test, hpkm_outbox_deadline(test->priv), at);
		expect_none_due(test, at - 1);
		message = hpkm_outbox_due(test->priv, at);
		KUNIT_ASSERT_NOT_NULL(test, message);
		KUNIT_EXPECT_EQ(test, message->sendings, i + 1);
		expect_none_due(test, at);
	}
}

/* It comes again when it would anyway, and is then the first that went out. */
static void what_was_not_sent_does_not_count(struct kunit *test)
{
	struct hpkm_message *message;

	add(test, 1, NOW);
	add(test, 2, NOW);
	expect_due(test, 1, NOW);
	expect_due(test, 2, NOW);
	hpkm_outbox_not_sent(test->priv, 1);
	hpkm_outbox_not_sent(test->priv, 3);
	expect_none_due(test, NOW + 250 * HPKM_MS - 1);
	message = hpkm_outbox_due(test->priv, NOW + 250 * HPKM_MS);
	KUNIT_ASSERT_NOT_NULL(test, message);
	KUNIT_EXPECT_EQ(test, message->rec, 1);
	KUNIT_EXPECT_EQ(test, message->sendings, 1);
	message = hpkm_outbox_due(test->priv, NOW + 250 * HPKM_MS);
	KUNIT_ASSERT_NOT_NULL(test, message);
	KUNIT_EXPECT_EQ(test, message->sendings, 2);
}

static void full_outbox_leaves_the_message_to_the_caller(struct kunit *test)
{
	struct hpkm_message *message;
	u32 i;

	for (i = 0; i < HPKM_MSG_WAITING; i++)
		add(test, i, NOW);
	message = make(test, 1000);
	KUNIT_ASSERT_EQ(test, hpkm_outbox_add(test->priv, message, NOW), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, count(test), HPKM_MSG_WAITING);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, 1), 1);
	KUNIT_ASSERT_EQ(test, hpkm_outbox_add(test->priv, message, NOW), 0);
	KUNIT_EXPECT_EQ(test, count(test), HPKM_MSG_WAITING);
}

static void span_holds_back_first_sendings(struct kunit *test)
{
	add_many(test, 0, 1, 40);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW), HPKM_MSG_SPAN);
	expect_none_due(test, NOW);
	/* Those behind do not shorten the span. */
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, BIT_ULL(1) | BIT_ULL(2)), 2);
	expect_none_due(test, NOW);
	/* The oldest does, as far as the next unacknowledged one. */
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, 1), 1);
	expect_due(test, 31, NOW);
	expect_due(test, 32, NOW);
	expect_due(test, 33, NOW);
	expect_none_due(test, NOW);
}

/* Counted in messages that there were, not in those that are left. */
static void acknowledged_messages_count_in_the_span(struct kunit *test)
{
	add_many(test, 0, 1, 31);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW), 31);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 1, (1ULL << 30) - 1), 30);
	KUNIT_EXPECT_EQ(test, count(test), 1);
	add(test, 31, NOW);
	expect_none_due(test, NOW);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, 1), 1);
	expect_due(test, 31, NOW);
}

/* Records that are no messages use up numbers. */
static void span_does_not_count_numbers(struct kunit *test)
{
	add_many(test, 0, 1000, 31);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW), 31);
}

static void span_does_not_hold_back_resends(struct kunit *test)
{
	add_many(test, 0, 1, 40);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW), 31);
	KUNIT_EXPECT_EQ(test, hpkm_outbox_deadline(test->priv), NOW + 250 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW + 250 * HPKM_MS), 31);
}

static void acknowledgement_covers_exactly_its_bits(struct kunit *test)
{
	struct hpkm_outbox *outbox = test->priv;
	struct hpkm_message *left;

	add_many(test, 100, 1, 4);
	add(test, 164, NOW);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 101, 0), 0);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 104, 0x0fffffffffffffffULL), 0);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 36, BIT_ULL(63)), 0);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 37, BIT_ULL(63)), 1);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 101, BIT_ULL(1)), 1);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 101, BIT_ULL(63)), 1);
	KUNIT_EXPECT_EQ(test, count(test), 2);
	left = list_first_entry(&outbox->messages, struct hpkm_message, node);
	KUNIT_EXPECT_EQ(test, left->rec, 101);
	left = list_last_entry(&outbox->messages, struct hpkm_message, node);
	KUNIT_EXPECT_EQ(test, left->rec, 103);
}

static void acknowledgement_does_not_wrap(struct kunit *test)
{
	add(test, 0, NOW);
	add(test, U64_MAX, NOW);
	KUNIT_EXPECT_EQ(test, acknowledge(test, U64_MAX - 1, BIT_ULL(2)), 0);
	KUNIT_EXPECT_EQ(test, acknowledge(test, U64_MAX, ~1ULL), 0);
	KUNIT_EXPECT_EQ(test, acknowledge(test, U64_MAX, 1), 1);
	KUNIT_EXPECT_EQ(test, acknowledge(test, 0, 1), 1);
}

static void unacknowledged_is_given_up_after_thirty_seconds(struct kunit *test)
{
	add(test, 0, NOW);
	add(test, 1, NOW + HPKM_SECOND);
	send_all(test, NOW + 29 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, expire(test, NOW + 30 * HPKM_SECOND - 1), 0);
	KUNIT_EXPECT_EQ(test, expire(test, NOW + 30 * HPKM_SECOND), 1);
	KUNIT_EXPECT_EQ(test, count(test), 1);
	KUNIT_EXPECT_EQ(test, expire(test, NOW + 31 * HPKM_SECOND), 1);
	KUNIT_EXPECT_EQ(test, count(test), 0);
}

static void giving_up_does_not_wait_for_sending(struct kunit *test)
{
	add_many(test, 0, 1, 40);
	KUNIT_EXPECT_EQ(test, send_all(test, NOW), 31);
	KUNIT_EXPECT_EQ(test, expire(test, NOW + 30 * HPKM_SECOND), 40);
}

static void deadline_sees_giving_up(struct kunit *test)
{
	add(test, 0, NOW);
	send_all(test, NOW + 29500 * HPKM_MS);
	send_all(test, NOW + 29750 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, hpkm_outbox_deadline(test->priv), NOW + 30 * HPKM_SECOND);
}

static void purge_takes_everything(struct kunit *test)
{
	LIST_HEAD(left);

	add_many(test, 0, 1, 5);
	hpkm_outbox_purge(test->priv, &left);
	KUNIT_EXPECT_EQ(test, free_all(&left), 5);
	KUNIT_EXPECT_EQ(test, count(test), 0);
	expect_none_due(test, HPKM_NEVER - 1);
	add(test, 9, NOW);
	expect_due(test, 9, NOW);
}

/* ---- against something simpler ---- */

#define MESSAGES	600

enum fate {
	WAITS,
	GONE,
};

/* Every message there ever was, by its ordinal; its number is ten times that. */
struct naive {
	u32 accepted;
	struct {
		enum fate fate;
		u64 accepted_at;
		u64 next_at;
		u32 sendings;
	} message[MESSAGES];
};

static u32 naive_oldest(const struct naive *naive)
{
	u32 i;

	for (i = 0; i < naive->accepted && naive->message[i].fate != WAITS; i++)
		;
	return i;
}

static u32 naive_waiting(const struct naive *naive)
{
	u32 i, waiting = 0;

	for (i = 0; i < naive->accepted; i++)
		waiting += naive->message[i].fate == WAITS;
	return waiting;
}

/* The ordinal of what is due, or MESSAGES. */
static u32 naive_due(struct naive *naive, u64 now)
{
	static const u64 delays[] = { 0, 250 * HPKM_MS, 500 * HPKM_MS };
	u32 oldest = naive_oldest(naive), i;

	for (i = oldest; i < naive->accepted; i++) {
		if (naive->message[i].fate != WAITS || naive->message[i].next_at > now)
			continue;
		if (!naive->message[i].sendings && i >= oldest + 31)
			continue;
		naive->message[i].sendings++;
		naive->message[i].next_at = now + (naive->message[i].sendings < 3 ?
					delays[naive->message[i].sendings] : HPKM_SECOND);
		return i;
	}
	return MESSAGES;
}

static void both_add(struct kunit *test, struct naive *naive, u64 now)
{
	struct hpkm_message *message;
	int expected;

	if (naive->accepted == MESSAGES)
		return;
	message = make(test, 10 * naive->accepted);
	expected = naive_waiting(naive) < HPKM_MSG_WAITING ? 0 : -ENOBUFS;
	KUNIT_ASSERT_EQ(test, hpkm_outbox_add(test->priv, message, now), expected);
	if (expected) {
		kfree(message);
		return;
	}
	naive->message[naive->accepted].accepted_at = now;
	naive->message[naive->accepted].next_at = now;
	naive->accepted++;
}

static void both_send(struct kunit *test, struct naive *naive, u64 now)
{
	struct hpkm_message *message = hpkm_outbox_due(test->priv, now);
	u32 expected = naive_due(naive, now);

	KUNIT_ASSERT_EQ(test, message ? message->rec / 10 : MESSAGES, expected);
	if (message)
		KUNIT_ASSERT_EQ(test, message->sendings, naive->message[expected].sendings);
}

static void both_acknowledge(struct kunit *test, struct naive *naive, struct rnd_state *rnd)
{
	u64 base = 10 * naive_oldest(naive) + prandom_u32_state(rnd) % 400, map;
	u32 i, expected = 0;

	prandom_bytes_state(rnd, &map, sizeof(map));
	for (i = 0; i < naive->accepted; i++) {
		u64 rec = 10 * i;

		if (naive->message[i].fate != WAITS || !naive->message[i].sendings ||
		    rec < base || rec >= base + 64)
			continue;
		if (!(map >> (rec - base) & 1))
			continue;
		naive->message[i].fate = GONE;
		expected++;
	}
	/* Nobody acknowledges what was not sent. */
	for (i = 0; i < 64; i++)
		if ((base + i) / 10 >= naive->accepted ||
		    !naive->message[(base + i) / 10].sendings)
			map &= ~BIT_ULL(i);
	KUNIT_ASSERT_EQ(test, acknowledge(test, base, map), expected);
}

static void both_expire(struct kunit *test, struct naive *naive, u64 now)
{
	u32 i, expected = 0;

	for (i = 0; i < naive->accepted; i++) {
		if (naive->message[i].fate != WAITS ||
		    now - naive->message[i].accepted_at < 30 * HPKM_SECOND)
			continue;
		naive->message[i].fate = GONE;
		expected++;
	}
	KUNIT_ASSERT_EQ(test, expire(test, now), expected);
}

static void against_a_naive_one(struct kunit *test)
{
	struct naive *naive = kunit_kzalloc(test, sizeof(*naive), GFP_KERNEL);
	struct rnd_state rnd;
	u64 now = NOW;
	u32 step;

	KUNIT_ASSERT_NOT_NULL(test, naive);
	prandom_seed_state(&rnd, 5);
	for (step = 0; step < 20000; step++) {
		switch (prandom_u32_state(&rnd) % 16) {
		case 0 ... 3:
			both_add(test, naive, now);
			break;
		case 4 ... 11:
			both_send(test, naive, now);
			break;
		case 12:
			both_acknowledge(test, naive, &rnd);
			break;
		case 13:
			both_expire(test, naive, now);
			break;
		default:
			now += prandom_u32_state(&rnd) % (200 * HPKM_MS);
			break;
		}
		KUNIT_ASSERT_EQ_MSG(test, count(test), naive_waiting(naive), "step %u", step);
	}
	KUNIT_EXPECT_EQ(test, naive->accepted, MESSAGES);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(empty_outbox_wants_nothing),
	KUNIT_CASE(adding_sets_all_that_counts),
	KUNIT_CASE(messages_go_in_their_order),
	KUNIT_CASE(resends_come_later_and_later),
	KUNIT_CASE(what_was_not_sent_does_not_count),
	KUNIT_CASE(full_outbox_leaves_the_message_to_the_caller),
	KUNIT_CASE(span_holds_back_first_sendings),
	KUNIT_CASE(acknowledged_messages_count_in_the_span),
	KUNIT_CASE(span_does_not_count_numbers),
	KUNIT_CASE(span_does_not_hold_back_resends),
	KUNIT_CASE(acknowledgement_covers_exactly_its_bits),
	KUNIT_CASE(acknowledgement_does_not_wrap),
	KUNIT_CASE(unacknowledged_is_given_up_after_thirty_seconds),
	KUNIT_CASE(giving_up_does_not_wait_for_sending),
	KUNIT_CASE(deadline_sees_giving_up),
	KUNIT_CASE(purge_takes_everything),
	KUNIT_CASE(against_a_naive_one),
	{}
};

static struct kunit_suite outbox_suite = {
	.name = "hpkm-outbox",
	.init = init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(outbox_suite);
