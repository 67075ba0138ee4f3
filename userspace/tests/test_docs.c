// SPDX-License-Identifier: GPL-2.0
/* The man page and the completion know every word that the program knows. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_says.h"
#include "objects.h"

static char *load(const char *name)
{
	char *text = must_alloc(65536);
	FILE *from = fopen(name, "r");

	assert_non_null(from);
	assert_true(fread(text, 1, 65535, from) > 0);
	fclose(from);
	return text;
}

/* Changes of font stand right before words. */
static char *load_man_page(void)
{
	char *text = load(HERE "hpkm-nl.8"), *from, *to;

	for (from = text, to = text; *from; from++) {
		if (from[0] == '\\' && from[1] == 'f' && from[2])
			from += 2;
		else
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

static bool has_word(const char *text, const char *word)
{
	const char *at = text;
	size_t len = strlen(word);

	while ((at = strstr(at, word))) {
		if ((at == text || !isalnum(at[-1])) && !isalnum(at[len]))
			return true;
		at++;
	}
	return false;
}

static void expect_word(const char *text, const char *word, const char *name)
{
	if (!has_word(text, word))
		fail_msg("%s lacks '%s'", name, word);
}

/* The words of a usage line, without what stands for something else. */
static void expect_usage(const char *text, const char *usage, const char *name)
{
	char *copy = strdup(usage), *at = copy, *word;

	while ((word = strsep(&at, " []()|\n")))
		if (islower(*word))
			expect_word(text, word, name);
	free(copy);
}

static void expect_verbs(const char *text, const struct object *object,
			 const char *name)
{
	const struct verb *verb;

	for (verb = object->verbs; verb && verb->name; verb++) {
		expect_word(text, verb->name, name);
		expect_usage(text, verb->usage, name);
	}
}

/* A man page's section of an object ends where the next one begins. */
static void man_page_is_complete(void **state)
{
	char *text = load_man_page(), *section, *end;
	const struct object *object;
	char title[32];

	(void)state;
	for (object = objects; object->verbs; object++) {
		snprintf(title, sizeof(title), "\n.SS %s\n", object->name);
		section = strstr(text, title);
		if (!section)
			fail_msg("the man page lacks '%s'", object->name);
		end = strstr(section + 1, "\n.S");
		section = strndup(section, end - section);
		expect_verbs(section, object, "the man page");
		free(section);
	}
	free(text);
}

static void completion_is_complete(void **state)
{
	char *text = load(HERE "hpkm-nl.bash");
	const struct object *object;
	const struct word *suite;

	(void)state;
	for (object = objects; object->name; object++) {
		expect_word(text, object->name, "the completion");
		expect_verbs(text, object, "the completion");
	}
	for (suite = suite_words; suite->name; suite++)
		expect_word(text, suite->name, "the completion");
	free(text);
}

static void man_page_tells_the_exit_statuses(void **state)
{
	char *text = load_man_page();
	char *section = strstr(text, "\n.SH EXIT STATUS\n");
	char status[16];
	int i;

	(void)state;
	assert_non_null(section);
	for (i = STATUS_DONE; i <= STATUS_TIMEOUT; i++) {
		snprintf(status, sizeof(status), "\n.B %d\n", i);
		assert_non_null(strstr(section, status));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_page_is_complete),
		cmocka_unit_test(completion_is_complete),
		cmocka_unit_test(man_page_tells_the_exit_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
