// SPDX-License-Identifier: GPL-2.0
/* The replay window: protocol section 6. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <core/replay.h>

#define WINDOW	((u64)HPKM_REPLAY_WINDOW)

static void window_is_as_wide_as_promised(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, WINDOW, 2048);
}

static void counter_is_accepted_once(struct kunit *test)
{
	struct hpkm_replay replay = {};

	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 0));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, 0));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_fresh(&replay, 0));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 0));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, 1));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 0));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 1));
}

static void asking_moves_nothing(struct kunit *test)
{
	struct hpkm_replay replay = {}, before;

	hpkm_replay_accept(&replay, 100);
	before = replay;
	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 5000));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, U64_MAX - 1));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 99));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_fresh(&replay, 100));
	KUNIT_EXPECT_EQ(test, memcmp(&before, &replay, sizeof(replay)), 0);
}

static void refused_counter_moves_nothing(struct kunit *test)
{
	struct hpkm_replay replay = {}, before;

	hpkm_replay_accept(&replay, 10000);
	before = replay;
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 10000));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 1));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, U64_MAX));
	KUNIT_EXPECT_EQ(test, memcmp(&before, &replay, sizeof(replay)), 0);
}

/* Unseen counters so far below the highest: the last one in and the first one out. */
static void check_reach(struct kunit *test, u64 highest)
{
	static const struct {
		u64 behind;
		bool fresh;
	} at[] = {
		{ 0, false }, { 1, true }, { 63, true }, { 64, true }, { WINDOW - 2, true },
		{ WINDOW - 1, true }, { WINDOW, false }, { WINDOW + 1, false },
		{ 2 * WINDOW, false }, { 1ULL << 32, false }, { (1ULL << 32) + 1, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct hpkm_replay replay = {};

		if (at[i].behind > highest)
			continue;
		hpkm_replay_accept(&replay, highest);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_replay_fresh(&replay, highest - at[i].behind),
				    at[i].fresh, "%llu behind %llu", at[i].behind, highest);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_replay_accept(&replay, highest - at[i].behind),
				    at[i].fresh, "%llu behind %llu", at[i].behind, highest);
		KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, highest - at[i].behind));
		KUNIT_EXPECT_EQ(test, replay.next, highest + 1);
	}
}

static void window_reaches_back_exactly_so_far(struct kunit *test)
{
	static const u64 highest[] = {
		0, 1, 63, 64, WINDOW - 2, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW - 1,
		2 * WINDOW, 70000, U32_MAX, 1ULL << 32, (1ULL << 32) + WINDOW, U64_MAX - 1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(highest); i++)
		check_reach(test, highest[i]);
}

/* Two CPUs have the same frame: both find it fresh, one may have it. */
static void frame_opened_twice_is_accepted_once(struct kunit *test)
{
	struct hpkm_replay replay = {};

	hpkm_replay_accept(&replay, 50);
	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 40));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 40));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, 40));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 40));
}

/* Fresh when it was asked for; then the window moved on while the frame was opened. */
static void frame_opened_too_late_is_not_accepted(struct kunit *test)
{
	struct hpkm_replay replay = {};

	KUNIT_EXPECT_TRUE(test, hpkm_replay_fresh(&replay, 7));
	hpkm_replay_accept(&replay, 7 + WINDOW);
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 7));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, 8));
}

static void whole_window_backwards(struct kunit *test)
{
	struct hpkm_replay replay = {};
	u64 counter;

	for (counter = WINDOW; counter--; )
		KUNIT_ASSERT_TRUE(test, hpkm_replay_accept(&replay, counter));
	for (counter = 0; counter < WINDOW; counter++)
		KUNIT_ASSERT_FALSE(test, hpkm_replay_accept(&replay, counter));
}

/* After a jump by @by, what was seen stays seen and all between is fresh. */
static void check_jump(struct kunit *test, u64 start, u64 by)
{
	struct hpkm_replay replay = {};
	const u64 first = start >= WINDOW ? start - WINDOW + 1 : 0;
	const u64 lowest = start + by >= WINDOW ? start + by - WINDOW + 1 : 0;
	u64 counter;

	for (counter = first; counter <= start; counter++)
		KUNIT_ASSERT_TRUE(test, hpkm_replay_accept(&replay, counter));
	KUNIT_ASSERT_TRUE(test, hpkm_replay_accept(&replay, start + by));
	for (counter = lowest; counter <= start + by; counter++)
		KUNIT_ASSERT_EQ_MSG(test, hpkm_replay_fresh(&replay, counter),
				    counter > start && counter < start + by,
				    "from %llu by %llu, counter %llu", start, by, counter);
	if (lowest)
		KUNIT_EXPECT_FALSE(test, hpkm_replay_fresh(&replay, lowest - 1));
}

static const u64 jumps[] = {
	1, 2, 63, 64, 65, WINDOW - 64, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 64,
	2 * WINDOW, 2 * WINDOW + 5, U32_MAX, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 40,
};

/* From each bit of a word, of the first words ever and where the ring begins anew. */
static void jumps_forget_only_what_falls_out(struct kunit *test)
{
	u64 start;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		for (start = 0; start <= 64; start++) {
			check_jump(test, start, jumps[i]);
			check_jump(test, 3 * WINDOW - 32 + start, jumps[i]);
		}
	}
}

static void jumps_reach_the_last_counter(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		check_jump(test, U64_MAX - 1 - jumps[i], jumps[i]);
		check_jump(test, 17, U64_MAX - 1 - 17 - jumps[i]);
	}
}

static void highest_counters_do_not_wrap(struct kunit *test)
{
	struct hpkm_replay replay = {};

	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, U64_MAX));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, U64_MAX - 1));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, U64_MAX - 1));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, U64_MAX));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, U64_MAX - 2));
	KUNIT_EXPECT_TRUE(test, hpkm_replay_accept(&replay, U64_MAX - WINDOW));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, U64_MAX - WINDOW - 1));
	KUNIT_EXPECT_FALSE(test, hpkm_replay_accept(&replay, 0));
}

#define NAIVE_COUNTERS	100000

/* All that was ever accepted, and the highest; counted from a base. */
struct naive {
	bool any;
	u64 highest;
	bool seen[NAIVE_COUNTERS];
};

static bool naive_accept(struct naive *naive, u64 counter)
{
	if (naive->seen[counter])
		return false;
	if (naive->any && naive->highest >= WINDOW && counter <= naive->highest - WINDOW)
		return false;
	naive->highest = naive->any ? max(naive->highest, counter) : counter;
	naive->any = true;
	naive->seen[counter] = true;
	return true;
}

/* Mostly near the highest, like a network; sometimes far away, either side. */
static u64 next_counter(struct rnd_state *rnd, u64 highest)
{
	u32 random = prandom_u32_state(rnd);
	s64 step;

	switch (random % 16) {
	case 0:
		return prandom_u32_state(rnd) % NAIVE_COUNTERS;
	case 1:
	case 2:
		step = (s64)(prandom_u32_state(rnd) % (2 * HPKM_REPLAY_WINDOW + 300)) -
		       (HPKM_REPLAY_WINDOW + 200);
		break;
	default:
		step = (s64)(prandom_u32_state(rnd) % 40) - 30;
		break;
	}
	return clamp_t(s64, highest + step, 0, NAIVE_COUNTERS - 1);
}

static void compare_with_naive(struct kunit *test, struct naive *naive, u64 base, u32 round)
{
	struct hpkm_replay replay = {};
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, round);
	memset(naive, 0, sizeof(*naive));
	for (i = 0; i < 5000; i++) {
		u64 counter = next_counter(&rnd, naive->highest);
		bool fresh = hpkm_replay_fresh(&replay, base + counter);
		bool expected = naive_accept(naive, counter);

		KUNIT_ASSERT_EQ_MSG(test, fresh, expected, "base %llu, round %u, step %u", base,
				    round, i);
		KUNIT_ASSERT_EQ_MSG(test, hpkm_replay_accept(&replay, base + counter), expected,
				    "base %llu, round %u, step %u", base, round, i);
	}
}

static void against_a_naive_one(struct kunit *test)
{
	static const u64 base[] = {
		0, 77, (1ULL << 32) - NAIVE_COUNTERS / 2, U64_MAX - NAIVE_COUNTERS,
	};
	struct naive *naive = kunit_kzalloc(test, sizeof(*naive), GFP_KERNEL);
	u32 round, i;

	KUNIT_ASSERT_NOT_NULL(test, naive);
	for (i = 0; i < ARRAY_SIZE(base); i++)
		for (round = 0; round < 20; round++)
			compare_with_naive(test, naive, base[i], round);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(window_is_as_wide_as_promised),
	KUNIT_CASE(counter_is_accepted_once),
	KUNIT_CASE(asking_moves_nothing),
	KUNIT_CASE(refused_counter_moves_nothing),
	KUNIT_CASE(window_reaches_back_exactly_so_far),
	KUNIT_CASE(frame_opened_twice_is_accepted_once),
	KUNIT_CASE(frame_opened_too_late_is_not_accepted),
	KUNIT_CASE(whole_window_backwards),
	KUNIT_CASE(jumps_forget_only_what_falls_out),
	KUNIT_CASE(jumps_reach_the_last_counter),
	KUNIT_CASE(highest_counters_do_not_wrap),
	KUNIT_CASE(against_a_naive_one),
	{}
};

static struct kunit_suite replay_suite = {
	.name = "hpkm-replay",
	.test_cases = cases,
};

kunit_test_suite(replay_suite);
