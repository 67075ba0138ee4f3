// SPDX-License-Identifier: GPL-2.0
/* Acknowledgements and messages delivered once: protocol sections 6 and 7. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <core/receipt.h>

#define NOW	(1000 * HPKM_SECOND)

static int init(struct kunit *test)
{
	struct hpkm_receipt *receipt = kunit_kzalloc(test, sizeof(*receipt), GFP_KERNEL);

	if (!receipt)
		return -ENOMEM;
	memset(receipt, 0xaa, sizeof(*receipt));
	hpkm_receipt_init(receipt);
	test->priv = receipt;
	return 0;
}

static bool frame_is_new(struct kunit *test, u64 rec)
{
	return hpkm_receipt_note(test->priv, rec, false, NOW) == HPKM_RECEIPT_NEW;
}

static bool message_is_new(struct kunit *test, u64 rec)
{
	return hpkm_receipt_note(test->priv, rec, true, NOW) == HPKM_RECEIPT_NEW;
}

static void expect_ack(struct kunit *test, u64 base, u64 map)
{
	struct hpkm_acknowledgement ack;

	KUNIT_ASSERT_TRUE(test, hpkm_receipt_take(test->priv, &ack));
	KUNIT_EXPECT_EQ(test, ack.base, base);
	KUNIT_EXPECT_EQ(test, ack.map, map);
}

static void expect_no_ack(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;
	struct hpkm_acknowledgement ack;

	KUNIT_EXPECT_FALSE(test, hpkm_receipt_take(receipt, &ack));
	KUNIT_EXPECT_EQ(test, receipt->due, HPKM_NEVER);
}

/* ---- acknowledgements ---- */

static void at_first_there_is_nothing_to_say(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	KUNIT_EXPECT_EQ(test, receipt->due, HPKM_NEVER);
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 0));
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, U64_MAX));
	expect_no_ack(test);
}

static void a_record_is_reported_once(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, frame_is_new(test, 5));
	expect_ack(test, 0, BIT_ULL(5));
	expect_no_ack(test);
}

static void due_a_tenth_second_after_the_first(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	hpkm_receipt_note(receipt, 0, false, NOW);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + 100 * HPKM_MS);
	hpkm_receipt_note(receipt, 1, false, NOW + 60 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + 100 * HPKM_MS);
	expect_ack(test, 0, 3);
	hpkm_receipt_note(receipt, 2, false, NOW + HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + HPKM_SECOND + 100 * HPKM_MS);
}

static void due_at_once_after_thirty_two(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;
	u64 rec;

	for (rec = 0; rec < 31; rec++)
		frame_is_new(test, rec);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + 100 * HPKM_MS);
	frame_is_new(test, 31);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW);
	expect_ack(test, 0, 0xffffffff);
	frame_is_new(test, 32);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + 100 * HPKM_MS);
}

static void due_at_once_for_a_message(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	KUNIT_EXPECT_TRUE(test, message_is_new(test, 0));
	KUNIT_EXPECT_EQ(test, receipt->due, NOW);
	expect_ack(test, 0, 1);
	expect_no_ack(test);
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 0));
	KUNIT_EXPECT_EQ(test, receipt->due, NOW);
	expect_ack(test, 0, 1);
}

static void what_is_due_is_not_put_off(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	message_is_new(test, 0);
	hpkm_receipt_note(receipt, 1, false, NOW + HPKM_MS);
	KUNIT_EXPECT_EQ(test, receipt->due, NOW);
}

static void window_ends_at_the_highest(struct kunit *test)
{
	frame_is_new(test, 10);
	expect_ack(test, 0, BIT_ULL(10));
	frame_is_new(test, 63);
	expect_ack(test, 0, BIT_ULL(10) | BIT_ULL(63));
	frame_is_new(test, 64);
	expect_ack(test, 1, BIT_ULL(9) | BIT_ULL(62) | BIT_ULL(63));
	frame_is_new(test, 70);
	expect_ack(test, 7, BIT_ULL(3) | BIT_ULL(56) | BIT_ULL(57) | BIT_ULL(63));
	frame_is_new(test, 7);
	expect_ack(test, 7, 1 | BIT_ULL(3) | BIT_ULL(56) | BIT_ULL(57) | BIT_ULL(63));
}

static void window_jumps_any_distance(struct kunit *test)
{
	frame_is_new(test, 0);
	expect_ack(test, 0, 1);
	frame_is_new(test, 63 + 63);
	expect_ack(test, 63, BIT_ULL(63));
	frame_is_new(test, 126 + 63);
	expect_ack(test, 126, 1 | BIT_ULL(63));
	frame_is_new(test, 189 + 64);
	expect_ack(test, 190, BIT_ULL(63));
	frame_is_new(test, 3ULL << 40);
	expect_ack(test, (3ULL << 40) - 63, BIT_ULL(63));
	frame_is_new(test, U64_MAX);
	expect_ack(test, U64_MAX - 63, BIT_ULL(63));
	frame_is_new(test, U64_MAX - 63);
	expect_ack(test, U64_MAX - 63, 1 | BIT_ULL(63));
}

static void unreported_numbers_are_not_pushed_out(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	frame_is_new(test, 0);
	expect_ack(test, 0, 1);
	frame_is_new(test, 4);
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 63));
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 67));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, 68));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, 4 + 64));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, 63 + 64));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, 63 + 65));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, U64_MAX));
	expect_ack(test, 0, 1 | BIT_ULL(4));
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 68));
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, U64_MAX));
}

static void below_the_window_is_acknowledged_alone(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	frame_is_new(test, 200);
	KUNIT_EXPECT_TRUE(test, frame_is_new(test, 100));
	KUNIT_EXPECT_EQ(test, receipt->due, NOW);
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 100));
	KUNIT_EXPECT_TRUE(test, hpkm_receipt_would_lose(receipt, 101));
	KUNIT_EXPECT_FALSE(test, hpkm_receipt_would_lose(receipt, 200));
	expect_ack(test, 100, 1);
	KUNIT_EXPECT_NE(test, receipt->due, HPKM_NEVER);
	expect_ack(test, 137, BIT_ULL(63));
	expect_no_ack(test);

	frame_is_new(test, 136);
	expect_ack(test, 136, 1);
	expect_no_ack(test);
	frame_is_new(test, 137);
	expect_ack(test, 137, 1 | BIT_ULL(63));
}

static void duplicate_frame_is_reported_again(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;

	KUNIT_EXPECT_TRUE(test, frame_is_new(test, 3));
	expect_ack(test, 0, BIT_ULL(3));
	KUNIT_EXPECT_FALSE(test, frame_is_new(test, 3));
	KUNIT_EXPECT_EQ(test, receipt->due, NOW + 100 * HPKM_MS);
	expect_ack(test, 0, BIT_ULL(3));
}

/* ---- messages ---- */

static void message_is_delivered_once(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 7));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 7));
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 5));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 5));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 7));
}

/* Records that are no messages push it out of the window meanwhile. */
static void old_message_is_still_known_below_the_window(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 7));
	expect_ack(test, 0, BIT_ULL(7));
	frame_is_new(test, 100000);
	expect_ack(test, 100000 - 63, BIT_ULL(63));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 7));
	expect_ack(test, 7, 1);
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 8));
	expect_ack(test, 8, 1);
}

static void sixty_four_messages_are_known(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;
	u64 i;

	for (i = 1; i <= 64; i++)
		KUNIT_EXPECT_TRUE(test, message_is_new(test, 10 * i));
	KUNIT_EXPECT_FALSE(test, receipt->floor_valid);
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 11));
	KUNIT_EXPECT_EQ(test, receipt->floor, 10);
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 9));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 10));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 11));
	for (i = 2; i <= 64; i++)
		KUNIT_EXPECT_FALSE(test, message_is_new(test, 10 * i));
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 12));
	KUNIT_EXPECT_EQ(test, receipt->floor, 11);
}

static void new_message_can_be_the_one_to_go(struct kunit *test)
{
	struct hpkm_receipt *receipt = test->priv;
	u64 i;

	for (i = 0; i < 64; i++)
		message_is_new(test, 1000 + i);
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 500));
	KUNIT_EXPECT_TRUE(test, receipt->floor_valid);
	KUNIT_EXPECT_EQ(test, receipt->floor, 500);
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 500));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 499));
	KUNIT_EXPECT_TRUE(test, message_is_new(test, 501));
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_FALSE(test, message_is_new(test, 1000 + i));
}

static void number_zero_can_be_the_floor(struct kunit *test)
{
	u64 i;

	for (i = 0; i <= 64; i++)
		KUNIT_EXPECT_TRUE(test, message_is_new(test, i));
	KUNIT_EXPECT_FALSE(test, message_is_new(test, 0));
}

/* ---- against something simpler ---- */

#define NUMBERS	4000

/**
 * struct naive - all there ever was
 * @seen: numbers noted
 * @delivered: messages said to be new
 * @owed: noted, and not acknowledged since
 * @highest: of @seen
 * @floor: -1, or the message number below which nothing is delivered
 */
struct naive {
	bool seen[NUMBERS];
	bool delivered[NUMBERS];
	bool owed[NUMBERS];
	s64 highest;
	s64 floor;
};

static s64 naive_base(const struct naive *naive)
{
	return max_t(s64, 0, naive->highest - 63);
}

/* The floor is the 65th highest of all messages delivered. */
static void naive_floor(struct naive *naive)
{
	s64 rec, kept = 0;

	for (rec = NUMBERS - 1; rec > naive->floor; rec--)
		if (naive->delivered[rec] && ++kept == 65)
			naive->floor = rec;
}

static bool naive_note(struct naive *naive, u32 rec, bool message)
{
	bool fresh;

	naive->highest = max_t(s64, naive->highest, rec);
	if (message)
		fresh = rec > naive->floor && !naive->delivered[rec];
	else
		fresh = rec < naive_base(naive) || !naive->seen[rec];
	naive->seen[rec] = true;
	naive->owed[rec] = true;
	if (message && fresh) {
		naive->delivered[rec] = true;
		naive_floor(naive);
	}
	return fresh;
}

/* All that is acknowledged must be so, and is not owed any more. */
static void naive_take(struct kunit *test, struct naive *naive)
{
	struct hpkm_acknowledgement ack;
	u32 i;

	if (!hpkm_receipt_take(test->priv, &ack))
		return;
	for (i = 0; i < 64; i++) {
		if (!(ack.map & BIT_ULL(i)))
			continue;
		KUNIT_ASSERT_LT(test, ack.base + i, (u64)NUMBERS);
		KUNIT_ASSERT_TRUE(test, naive->seen[ack.base + i]);
		naive->owed[ack.base + i] = false;
	}
	if (ack.map == 1 && ack.base < naive_base(naive))
		return;
	KUNIT_ASSERT_EQ(test, ack.base, (u64)naive_base(naive));
	for (i = 0; i < 64 && ack.base + i < NUMBERS; i++)
		if (naive->owed[ack.base + i])
			KUNIT_FAIL(test, "%llu was left out", ack.base + i);
}

/*
 * Numbers have one kind for ever, as a number is one record's: those that are
 * multiples of 3 are messages and come again, the others come once.
 */
static u32 next_number(struct rnd_state *rnd, u32 step)
{
	u32 around = 10 + step;
	u32 spread = prandom_u32_state(rnd) % 8 ? 20 : 400;
	u32 back = prandom_u32_state(rnd) % spread;

	return min_t(u32, around > back ? around - back : 0, NUMBERS - 1);
}

static void step_of_both(struct kunit *test, struct naive *naive, u32 rec)
{
	bool message = rec % 3 == 0, expected;
	u32 tries;

	if (!message && naive->seen[rec])
		return;
	for (tries = 0; tries < 2 && hpkm_receipt_would_lose(test->priv, rec); tries++)
		naive_take(test, naive);
	KUNIT_ASSERT_FALSE(test, hpkm_receipt_would_lose(test->priv, rec));
	expected = naive_note(naive, rec, message);
	KUNIT_ASSERT_EQ_MSG(test, hpkm_receipt_note(test->priv, rec, message, NOW),
			    expected ? HPKM_RECEIPT_NEW : HPKM_RECEIPT_DUPLICATE,
			    "number %u", rec);
}

static void against_a_naive_one(struct kunit *test)
{
	struct naive *naive = kunit_kzalloc(test, sizeof(*naive), GFP_KERNEL);
	struct rnd_state rnd;
	u32 round, i;

	KUNIT_ASSERT_NOT_NULL(test, naive);
	for (round = 0; round < 10; round++) {
		prandom_seed_state(&rnd, round);
		memset(naive, 0, sizeof(*naive));
		naive->highest = -1;
		naive->floor = -1;
		hpkm_receipt_init(test->priv);
		for (i = 0; i < NUMBERS; i++) {
			step_of_both(test, naive, next_number(&rnd, i));
			if (prandom_u32_state(&rnd) % 40 == 0)
				naive_take(test, naive);
		}
		naive_take(test, naive);
		naive_take(test, naive);
		for (i = 0; i < NUMBERS; i++)
			KUNIT_ASSERT_FALSE_MSG(test, naive->owed[i],
					       "round %u: %u was never acknowledged", round, i);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(at_first_there_is_nothing_to_say),
	KUNIT_CASE(a_record_is_reported_once),
	KUNIT_CASE(due_a_tenth_second_after_the_first),
	KUNIT_CASE(due_at_once_after_thirty_two),
	KUNIT_CASE(due_at_once_for_a_message),
	KUNIT_CASE(what_is_due_is_not_put_off),
	KUNIT_CASE(window_ends_at_the_highest),
	KUNIT_CASE(window_jumps_any_distance),
	KUNIT_CASE(unreported_numbers_are_not_pushed_out),
	KUNIT_CASE(below_the_window_is_acknowledged_alone),
	KUNIT_CASE(duplicate_frame_is_reported_again),
	KUNIT_CASE(message_is_delivered_once),
	KUNIT_CASE(old_message_is_still_known_below_the_window),
	KUNIT_CASE(sixty_four_messages_are_known),
	KUNIT_CASE(new_message_can_be_the_one_to_go),
	KUNIT_CASE(number_zero_can_be_the_floor),
	KUNIT_CASE(against_a_naive_one),
	{}
};

static struct kunit_suite receipt_suite = {
	.name = "hpkm-receipt",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(receipt_suite);
