// SPDX-License-Identifier: GPL-2.0
/* The core in the kernel against the known answers, and the checker itself. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../vectors/check.h"
#include "include_file.h"

INCLUDE_FILE(hpkm_vectors_xor, "xor.txt");
INCLUDE_FILE(hpkm_vectors_other, "other-suites/chacha20poly1305.txt");

#define XOR_LEN		((size_t)(hpkm_vectors_xor_end - hpkm_vectors_xor))
#define OTHER_LEN	((size_t)(hpkm_vectors_other_end - hpkm_vectors_other))
#define COMPARED	58	/* values of xor.txt; some twice, from both sides */

static struct values *read_file(struct kunit *test, const char *text, size_t len)
{
	struct values *values = values_read(text, len);

	KUNIT_ASSERT_NOT_NULL(test, values);
	return values;
}

/* Returns the first complaint's name; it is good until the next call. */
static const char *wrong(struct kunit *test, const char *text, size_t len)
{
	static char name[VALUE_NAME_MAX + 1];
	struct values *values = read_file(test, text, len);
	int err = check_values(values);

	KUNIT_EXPECT_EQ(test, err, values->why ? -EBADMSG : 0);
	strscpy(name, values->why ? values->wrong : "", sizeof(name));
	values_free(values);
	return name;
}

static void suite_0(struct kunit *test)
{
	struct values *values = read_file(test, hpkm_vectors_xor, XOR_LEN);

	KUNIT_EXPECT_EQ(test, check_values(values), 0);
	KUNIT_EXPECT_STREQ(test, values->wrong, "");
	KUNIT_EXPECT_EQ(test, values->compared, COMPARED);
	values_free(values);
}

static void suite_that_is_not_here_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, wrong(test, hpkm_vectors_other, OTHER_LEN), "suite");
}

/* The line that begins at @at, without its end. */
static size_t line_len(const char *text, size_t len, size_t at)
{
	const char *end = memchr(text + at, '\n', len - at);

	return end ? end - (text + at) : len - at;
}

/* Alters the last digit of each line in turn: one that nothing depends on would show. */
static void each_value_matters(struct kunit *test)
{
	char *copy = kunit_kzalloc(test, XOR_LEN, GFP_KERNEL);
	size_t at, line;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, hpkm_vectors_xor, XOR_LEN);
	for (at = 0; at < XOR_LEN; at += line + 1) {
		char *last;

		line = line_len(copy, XOR_LEN, at);
		if (!line || copy[at] == '#')
			continue;
		last = &copy[at + line - 1];
		*last = *last == '0' ? '1' : '0';
		KUNIT_EXPECT_STRNEQ_MSG(test, wrong(test, copy, XOR_LEN), "",
					"nobody saw that this was altered: %.*s",
					(int)min_t(size_t, line, 20), &copy[at]);
		*last = hpkm_vectors_xor[last - copy];
	}
}

static void each_value_is_needed(struct kunit *test)
{
	char *copy = kunit_kzalloc(test, XOR_LEN, GFP_KERNEL);
	size_t at, line, name;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, hpkm_vectors_xor, XOR_LEN);
	for (at = 0; at < XOR_LEN; at += line + 1) {
		line = line_len(copy, XOR_LEN, at);
		if (!line || copy[at] == '#')
			continue;
		for (name = 0; copy[at + name] != ' '; name++)
			;
		copy[at] = '#';
		KUNIT_EXPECT_EQ_MSG(test, strncmp(wrong(test, copy, XOR_LEN),
						  hpkm_vectors_xor + at, name), 0,
				    "nobody misses this: %.*s", (int)name, hpkm_vectors_xor + at);
		copy[at] = hpkm_vectors_xor[at];
	}
}

static const char *with_line(struct kunit *test, const char *line)
{
	size_t len = strlen(line);
	char *copy = kunit_kzalloc(test, XOR_LEN + len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, hpkm_vectors_xor, XOR_LEN);
	memcpy(copy + XOR_LEN, line, len);
	return wrong(test, copy, XOR_LEN + len);
}

static void lines_that_do_not_belong_are_refused(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, with_line(test, "# a remark\n\n"), "");
	KUNIT_EXPECT_STREQ(test, with_line(test, "extra 00\n"), "extra");
	KUNIT_EXPECT_STREQ(test, with_line(test, "extra 00"), "extra");
	KUNIT_EXPECT_STREQ(test, with_line(test, "extra 0\n"), "extra");
	KUNIT_EXPECT_STREQ(test, with_line(test, "extra 0g\n"), "extra");
	KUNIT_EXPECT_STREQ(test, with_line(test, "suite 00\n"), "suite");
	KUNIT_EXPECT_STREQ(test, with_line(test, "extra\n"), "(file)");
	KUNIT_EXPECT_STREQ(test, with_line(test, " 00\n"), "(file)");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(suite_0),
	KUNIT_CASE(suite_that_is_not_here_is_refused),
	KUNIT_CASE(each_value_matters),
	KUNIT_CASE(each_value_is_needed),
	KUNIT_CASE(lines_that_do_not_belong_are_refused),
	{}
};

static struct kunit_suite vectors_suite = {
	.name = "hpkm-vectors",
	.test_cases = cases,
};

kunit_test_suite(vectors_suite);
