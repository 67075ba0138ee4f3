// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "kernel_says.h"
#include "text.h"

static void expect_escaped(const void *data, size_t len, const char *wanted)
{
	char *text = text_escaped(data, len);

	assert_string_equal(text, wanted);
	free(text);
}

static void plain_text_stays(void **state)
{
	(void)state;
	expect_escaped("Mission status update", 21, "Mission status update");
	expect_escaped("Zürich 東京", 14, "Zürich 東京");
	expect_escaped("", 0, "");
}

static void controls_are_escaped(void **state)
{
	(void)state;
	expect_escaped("a\nb\tc\r", 6, "a\\x0ab\\x09c\\x0d");
	expect_escaped("\x1b[2J", 4, "\\x1b[2J");
	expect_escaped("\0\x7f", 2, "\\x00\\x7f");
	/* C1 controls: CSI as U+009B. */
	expect_escaped("\xc2\x9b\x33\x31m", 5, "\\xc2\\x9b31m");
}

static void invisible_is_escaped(void **state)
{
	(void)state;
	/* RIGHT-TO-LEFT OVERRIDE, ZERO WIDTH SPACE, BOM, tag, noncharacter */
	expect_escaped("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	expect_escaped("\xe2\x80\x8b", 3, "\\xe2\\x80\\x8b");
	expect_escaped("\xef\xbb\xbf", 3, "\\xef\\xbb\\xbf");
	expect_escaped("\xf3\xa0\x80\x81", 4, "\\xf3\\xa0\\x80\\x81");
	expect_escaped("\xf0\x9f\xbf\xbe", 4, "\\xf0\\x9f\\xbf\\xbe");
}

static void broken_utf8_is_escaped(void **state)
{
	(void)state;
	expect_escaped("\xff\xfe", 2, "\\xff\\xfe");
	/* Cut short, although what follows in memory would fit. */
	expect_escaped("a\xc3\xa4", 2, "a\\xc3");
	expect_escaped("\xc0\xaf", 2, "\\xc0\\xaf");		/* overlong */
	expect_escaped("\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf");	/* overlong */
	expect_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");	/* surrogate */
	expect_escaped("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
	expect_escaped("\xe2\x82x", 3, "\\xe2\\x82x");
}

static void escaping_can_be_undone(void **state)
{
	(void)state;
	expect_escaped("\\x41", 4, "\\\\x41");
}

static void utf8_is_recognised(void **state)
{
	(void)state;
	assert_true(text_is_utf8("pässword", 9));
	assert_true(text_is_utf8("\xf4\x8f\xbf\xbf", 4));
	assert_false(text_is_utf8("p\xe4ss", 4));
	assert_false(text_is_utf8("\xed\xa0\x80", 3));
	assert_false(text_is_utf8("\xf5\x80\x80\x80", 4));
	assert_true(text_is_printable("Paris", 5));
	assert_false(text_is_printable("Pa\x07", 3));
	assert_false(text_is_printable("Pa\xff", 3));
}

static void width_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(text_width("Zürich"), 6);
	assert_int_equal(text_width(""), 0);
}

static void hex_both_ways(void **state)
{
	uint8_t octets[2];
	char *hex = text_hex("\x00\xfa\x1b", 3);

	(void)state;
	assert_string_equal(hex, "00fa1b");
	free(hex);
	assert_int_equal(text_from_hex("aBcD", octets, 2), 4);
	assert_memory_equal(octets, "\xab\xcd", 2);
	assert_int_equal(text_from_hex("abc", octets, 2), 3);
	assert_memory_equal(octets, "\xab\xc0", 2);
	assert_int_equal(text_from_hex("", octets, 2), 0);
	assert_int_equal(text_from_hex("abcde", octets, 2), -1);
	assert_int_equal(text_from_hex("0x12", octets, 2), -1);
	assert_int_equal(text_from_hex("ag", octets, 2), -1);
}

static void numbers_are_digits_only(void **state)
{
	uint64_t number = 1;

	(void)state;
	assert_true(text_number("0", &number));
	assert_int_equal(number, 0);
	assert_true(text_number("18446744073709551615", &number));
	assert_true(number == UINT64_MAX);
	assert_false(text_number("18446744073709551616", &number));
	assert_false(text_number("99999999999999999999999", &number));
	assert_false(text_number("", &number));
	assert_false(text_number("-1", &number));
	assert_false(text_number("+1", &number));
	assert_false(text_number(" 1", &number));
	assert_false(text_number("1s", &number));
	assert_false(text_number("0x10", &number));
}

static void expect_time(uint64_t nanoseconds, const char *wanted)
{
	char text[TEXT_TIME_SIZE];

	text_time(nanoseconds, text);
	assert_string_equal(text, wanted);
}

static void time_is_utc(void **state)
{
	(void)state;
	setenv("TZ", "America/New_York", 1);
	expect_time(1736969410000000000, "2025-01-15 19:30:10");
	expect_time(1736969410999999999, "2025-01-15 19:30:10");
	expect_time(0, "1970-01-01 00:00:00");
	expect_time(951782400000000000, "2000-02-29 00:00:00");
	expect_time(UINT64_MAX, "2554-07-21 23:34:33");
}

static void expect_age(uint64_t milliseconds, const char *wanted)
{
	char text[TEXT_AGE_SIZE];

	text_age(milliseconds, text);
	assert_string_equal(text, wanted);
}

static void age_is_readable(void **state)
{
	(void)state;
	expect_age(0, "0 ms");
	expect_age(999, "999 ms");
	expect_age(1000, "1 second");
	expect_age(65000, "1 minute, 5 seconds");
	expect_age(7200000, "2 hours");
	expect_age(90061000, "1 day, 1 hour, 1 minute, 1 second");
	expect_age(UINT64_MAX, "213503982334 days, 14 hours, 25 minutes, 51 seconds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(controls_are_escaped),
		cmocka_unit_test(invisible_is_escaped),
		cmocka_unit_test(broken_utf8_is_escaped),
		cmocka_unit_test(escaping_can_be_undone),
		cmocka_unit_test(utf8_is_recognised),
		cmocka_unit_test(width_counts_characters),
		cmocka_unit_test(hex_both_ways),
		cmocka_unit_test(numbers_are_digits_only),
		cmocka_unit_test(time_is_utc),
		cmocka_unit_test(age_is_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
