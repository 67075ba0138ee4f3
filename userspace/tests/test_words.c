// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "kernel_says.h"
#include "policy.h"
#include "words.h"

static const struct word colours[] = {
	{ "reddish", 11 }, { "red", 10 }, { "green", 12 }, { "grey", 13 }, { NULL }
};

static struct tool tool;
static char *said;
static size_t said_len;

static int listen_up(void **state)
{
	(void)state;
	tool = (struct tool){ .err = open_memstream(&said, &said_len) };
	return !tool.err;
}

static int forget(void **state)
{
	(void)state;
	fclose(tool.err);
	free(said);
	return 0;
}

static const char *complaint(void)
{
	fflush(tool.err);
	return said;
}

static int find(const char *given)
{
	return word_index(&tool, colours, sizeof(*colours), "colour", given);
}

static void whole_words(void **state)
{
	(void)state;
	assert_int_equal(find("green"), 2);
	assert_int_equal(find("reddish"), 0);
	assert_string_equal(complaint(), "");
}

static void own_prefixes(void **state)
{
	(void)state;
	assert_int_equal(find("gree"), 2);
	assert_int_equal(find("gree"), 2);
	assert_int_equal(find("redd"), 0);
}

static void whole_word_beats_longer_one(void **state)
{
	(void)state;
	assert_int_equal(find("red"), 1);
}

static void ambiguous_prefix_names_candidates(void **state)
{
	(void)state;
	assert_int_equal(find("gr"), WORD_UNKNOWN);
	assert_string_equal(complaint(),
			    "hpkm-nl: ambiguous colour 'gr': green, grey\n");
}

static void unknown_word_names_all(void **state)
{
	(void)state;
	assert_int_equal(find("greenish"), WORD_UNKNOWN);
	assert_string_equal(complaint(),
			    "hpkm-nl: unknown colour 'greenish' (one of: reddish, red, green, grey)\n");
}

static void nothing_is_no_prefix(void **state)
{
	(void)state;
	assert_int_equal(find(""), WORD_UNKNOWN);
}

static void complaints_are_safe_to_show(void **state)
{
	(void)state;
	find("\x1b[31m");
	assert_non_null(strstr(complaint(), "'\\x1b[31m'"));
}

static void keyword_comes_once(void **state)
{
	char first[] = "gree", second[] = "green";
	char *words[2] = { first, second };
	struct args args = { words, 2 };
	unsigned int seen = 0;

	(void)state;
	assert_int_equal(args_keyword(&tool, &args, colours, &seen), 12);
	assert_int_equal(args_keyword(&tool, &args, colours, &seen), WORD_UNKNOWN);
	assert_string_equal(complaint(), "hpkm-nl: 'green' is given twice\n");
	assert_int_equal(args_keyword(&tool, &args, colours, &seen), WORD_NONE_LEFT);
}

static enum status number(char *text, uint64_t *value)
{
	struct args args = { &text, 1 };

	return args_number(&tool, &args, "count", 2, 9, value);
}

static void numbers_have_bounds(void **state)
{
	struct args none = { NULL, 0 };
	uint64_t value = 0;

	(void)state;
	assert_int_equal(number("2", &value), STATUS_DONE);
	assert_int_equal(value, 2);
	assert_int_equal(number("9", &value), STATUS_DONE);
	assert_int_equal(number("1", &value), STATUS_USAGE);
	assert_int_equal(number("10", &value), STATUS_USAGE);
	assert_int_equal(number("x", &value), STATUS_USAGE);
	assert_int_equal(args_number(&tool, &none, "count", 2, 9, &value), STATUS_USAGE);
	assert_non_null(strstr(complaint(), "count is missing"));
}

static struct policy_change change;

static enum status policy(const char *text)
{
	char *copy = strdup(text), *at = copy;
	struct args args;
	char *words[32];
	enum status status;
	int count = 0;

	while (at && *at)
		words[count++] = strsep(&at, " ");
	args = (struct args){ words, count };
	status = args_policy(&tool, &args, &change);
	free(copy);
	return status;
}

#define EXPECT(attr, number) do { \
	assert_true(change.set & 1U << HPKM_POLICY_A_##attr); \
	assert_int_equal(change.value[HPKM_POLICY_A_##attr], number); \
} while (0)

#define UNSET(attr)	assert_false(change.set & 1U << HPKM_POLICY_A_##attr)

static void policy_by_count(void **state)
{
	(void)state;
	assert_int_equal(policy("record every 100 frames"), STATUS_DONE);
	EXPECT(RECORD_FRAMES, 100);
	EXPECT(RECORD_INTERVAL, 0);
	UNSET(UPDATE_RECORDS);
	UNSET(UPDATE_INTERVAL);
	UNSET(LOG_SIZE);
	UNSET(REKEY_INTERVAL);
}

static void policy_by_time(void **state)
{
	(void)state;
	assert_int_equal(policy("rec ev 500 m upd e 30 s"), STATUS_DONE);
	EXPECT(RECORD_FRAMES, 0);
	EXPECT(RECORD_INTERVAL, 500);
	EXPECT(UPDATE_RECORDS, 0);
	EXPECT(UPDATE_INTERVAL, 30);
}

static void policy_by_both(void **state)
{
	(void)state;
	assert_int_equal(policy("record every 1 frames record every 10 ms"), STATUS_DONE);
	EXPECT(RECORD_FRAMES, 1);
	EXPECT(RECORD_INTERVAL, 10);
}

static void policy_off(void **state)
{
	(void)state;
	assert_int_equal(policy("record messages-only update manual"), STATUS_DONE);
	EXPECT(RECORD_FRAMES, 0);
	EXPECT(RECORD_INTERVAL, 0);
	EXPECT(UPDATE_RECORDS, 0);
	EXPECT(UPDATE_INTERVAL, 0);
}

static void policy_sizes(void **state)
{
	(void)state;
	assert_int_equal(policy("log-size 1048576 rekey 120"), STATUS_DONE);
	EXPECT(LOG_SIZE, 1048576);
	EXPECT(REKEY_INTERVAL, 120);
	UNSET(REKEY_FRAMES);
	UNSET(RECORD_FRAMES);
	assert_int_equal(policy("rekey-frames 1099511627776"), STATUS_DONE);
	EXPECT(REKEY_FRAMES, 1ULL << 40);
	UNSET(REKEY_INTERVAL);
	assert_int_equal(policy("rekey-f 1 rekey 1"), STATUS_DONE);
	EXPECT(REKEY_FRAMES, 1);
	EXPECT(REKEY_INTERVAL, 1);
}

static void policy_nonsense(void **state)
{
	static const char *const wrong[] = {
		"", "record", "record every", "record every 0 frames",
		"record every 5", "record every 5 records", "record every x ms",
		"record every 4294967296 ms", "update every 5 frames",
		"record messages-only record every 5 ms",
		"record every 5 ms record messages-only",
		"record every 5 ms record every 6 ms",
		"update manual update manual", "log-size 15", "log-size 1048577",
		"log-size 16 log-size 17", "rekey 0", "rekey 121", "rekey-frames 0",
		"rekey-frames 1099511627777", "rekey-frames 1 rekey-frames 2", "r every 5 ms",
		"nonsense",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (policy(wrong[i]) != STATUS_USAGE)
			fail_msg("'%s' is taken", wrong[i]);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, listen_up, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_words),
		TEST(own_prefixes),
		TEST(whole_word_beats_longer_one),
		TEST(ambiguous_prefix_names_candidates),
		TEST(unknown_word_names_all),
		TEST(nothing_is_no_prefix),
		TEST(complaints_are_safe_to_show),
		TEST(keyword_comes_once),
		TEST(numbers_have_bounds),
		TEST(policy_by_count),
		TEST(policy_by_time),
		TEST(policy_by_both),
		TEST(policy_off),
		TEST(policy_sizes),
		TEST(policy_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
