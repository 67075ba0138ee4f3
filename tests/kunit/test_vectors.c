// SPDX-License-Identifier: GPL-2.0
/* The core in the kernel against the known answers, and the checker itself. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../vectors/check.h"
#include "include_file.h"

INCLUDE_FILE(hpkm_vectors_xor, "xor.txt");
INCLUDE_FILE(hpkm_vectors_aead, "chacha20poly1305.txt");
INCLUDE_FILE(hpkm_vectors_x25519, "chacha20poly1305-x25519.txt");

/**
 * struct file - a suite's known answers
 * @name: of the suite
 * @text: not terminated
 * @end: of @text
 * @compared: values that are computed; some twice, from both sides
 */
struct file {
	const char *name;
	const char *text;
	const char *end;
	u32 compared;
};

static const struct file files[] = {
	{ "xor", hpkm_vectors_xor, hpkm_vectors_xor_end, 58 },
	{ "chacha20poly1305", hpkm_vectors_aead, hpkm_vectors_aead_end, 61 },
	{ "chacha20poly1305-x25519", hpkm_vectors_x25519, hpkm_vectors_x25519_end, 61 },
};

static void name_of(const struct file *file, char *name)
{
	strscpy(name, file->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(file, files, name_of);

static const struct file *file_of(const struct kunit *test)
{
	return test->param_value;
}

static size_t len_of(const struct file *file)
{
	return file->end - file->text;
}

/* With room for @more octets at its end. */
static char *copy_of(struct kunit *test, size_t more)
{
	const struct file *file = file_of(test);
	char *copy = kunit_kzalloc(test, len_of(file) + more, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, file->text, len_of(file));
	return copy;
}

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

static void every_value_holds(struct kunit *test)
{
	const struct file *file = file_of(test);
	struct values *values = read_file(test, file->text, len_of(file));

	KUNIT_EXPECT_EQ(test, check_values(values), 0);
	KUNIT_EXPECT_STREQ(test, values->wrong, "");
	KUNIT_EXPECT_EQ(test, values->compared, file->compared);
	values_free(values);
}

static void suite_that_is_not_here_is_refused(struct kunit *test)
{
	static const char text[] = "suite 03\n";

	KUNIT_EXPECT_STREQ(test, wrong(test, text, strlen(text)), "suite");
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
	size_t len = len_of(file_of(test)), at, line;
	char *copy = copy_of(test, 0);

	for (at = 0; at < len; at += line + 1) {
		char *last;

		line = line_len(copy, len, at);
		if (!line || copy[at] == '#')
			continue;
		last = &copy[at + line - 1];
		*last = *last == '0' ? '1' : '0';
		KUNIT_EXPECT_STRNEQ_MSG(test, wrong(test, copy, len), "",
					"nobody saw that this was altered: %.*s",
					(int)min_t(size_t, line, 20), &copy[at]);
		*last = file_of(test)->text[last - copy];
	}
}

static void each_value_is_needed(struct kunit *test)
{
	size_t len = len_of(file_of(test)), at, line, name;
	const char *text = file_of(test)->text;
	char *copy = copy_of(test, 0);

	for (at = 0; at < len; at += line + 1) {
		line = line_len(copy, len, at);
		if (!line || copy[at] == '#')
			continue;
		for (name = 0; copy[at + name] != ' '; name++)
			;
		copy[at] = '#';
		KUNIT_EXPECT_EQ_MSG(test, strncmp(wrong(test, copy, len),
						  text + at, name), 0,
				    "nobody misses this: %.*s", (int)name, text + at);
		copy[at] = text[at];
	}
}

static const char *with_line(struct kunit *test, const char *line)
{
	size_t len = len_of(file_of(test)), more = strlen(line);
	char *copy = copy_of(test, more);

	memcpy(copy + len, line, more);
	return wrong(test, copy, len + more);
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
	KUNIT_CASE_PARAM(every_value_holds, file_gen_params),
	KUNIT_CASE(suite_that_is_not_here_is_refused),
	KUNIT_CASE_PARAM(each_value_matters, file_gen_params),
	KUNIT_CASE_PARAM(each_value_is_needed, file_gen_params),
	KUNIT_CASE_PARAM(lines_that_do_not_belong_are_refused, file_gen_params),
	{}
};

static struct kunit_suite vectors_suite = {
	.name = "hpkm-vectors",
	.test_cases = cases,
};

kunit_test_suite(vectors_suite);
