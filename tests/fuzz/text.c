// SPDX-License-Identifier: GPL-2.0
/*
 * hpkm-nl's text: what is escaped is printable and can be turned back, and
 * numbers, digits, times and words are read as the C library would, or as a
 * naive search would.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"
#include "fuzz.h"

static char *string_of(struct feed *feed)
{
	char *string = malloc(feed->left + 1);

	must(string);
	memcpy(string, feed->at, feed->left);
	string[feed->left] = '\0';
	return string;
}

/* Returns octets written. */
static size_t unescape(const char *text, uint8_t *out)
{
	size_t used = 0;
	char hex[3] = { 0 };

	while (*text) {
		if (*text != '\\') {
			out[used++] = *text++;
		} else if (text[1] == '\\') {
			out[used++] = '\\';
			text += 2;
		} else {
			must(text[1] == 'x');
			memcpy(hex, text + 2, 2);
			out[used++] = strtoul(hex, NULL, 16);
			text += 4;
		}
	}
	return used;
}

static void check_escape(struct feed *feed)
{
	uint8_t *data = exact_copy(feed->at, feed->left);
	char *text = text_escaped(data, feed->left);
	uint8_t *back = malloc(strlen(text) + 1);
	char *safe = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&safe, &size);

	must(back && to);
	must(text_is_printable(text, strlen(text)) && text_is_utf8(text, strlen(text)));
	must(text_width(text) <= strlen(text));
	must(unescape(text, back) == feed->left && !memcmp(back, data, feed->left));
	text_safe(to, data, feed->left);
	fclose(to);
	must(text_is_printable(safe, size));
	if (text_is_printable(data, feed->left))
		must(text_is_utf8(data, feed->left) && size == feed->left &&
		     !memcmp(safe, data, size));
	free(safe);
	free(back);
	free(text);
	free(data);
}

static void check_hex(struct feed *feed)
{
	uint8_t *data = exact_copy(feed->at, feed->left);
	char *hex = text_hex(data, feed->left);
	uint8_t *back = malloc(feed->left);

	must(back && strlen(hex) == 2 * feed->left);
	must(text_from_hex(hex, back, feed->left) == (int)(2 * feed->left));
	must(!memcmp(back, data, feed->left));
	free(back);
	free(hex);
	free(data);
}

static void check_digits(struct feed *feed)
{
	size_t room = feed_below(feed, 24);
	uint8_t *out = malloc(room);
	char *string = string_of(feed);
	int digits = text_from_hex(string, out, room);

	must(out);
	if (digits >= 0)
		must((size_t)digits == strlen(string) && (size_t)digits <= 2 * room &&
		     strspn(string, "0123456789abcdefABCDEF") == strlen(string));
	free(string);
	free(out);
}

static void check_number(struct feed *feed)
{
	char *string = string_of(feed);
	uint64_t number = 0, expected;
	bool good;

	errno = 0;
	expected = strtoull(string, NULL, 10);
	good = *string && strspn(string, "0123456789") == strlen(string) && errno != ERANGE;
	must(text_number(string, &number) == good);
	must(!good || number == expected);
	free(string);
}

static void check_time(struct feed *feed)
{
	char *time = malloc(TEXT_TIME_SIZE), *age = malloc(TEXT_AGE_SIZE);
	uint64_t value = feed_u64(feed);

	must(time && age);
	text_time(value, time);
	text_age(value, age);
	must(*time && strlen(time) < TEXT_TIME_SIZE && *age && strlen(age) < TEXT_AGE_SIZE);
	must(text_is_printable(time, strlen(time)) && text_is_printable(age, strlen(age)));
	free(time);
	free(age);
}

/* The word itself, or the only one that begins so. */
static int naive_index(const struct word *list, const char *given)
{
	int i, found = WORD_UNKNOWN, hits = 0;

	for (i = 0; list[i].name; i++) {
		if (!strcmp(list[i].name, given))
			return i;
		if (*given && strstr(list[i].name, given) == list[i].name) {
			found = i;
			hits++;
		}
	}
	return hits == 1 ? found : WORD_UNKNOWN;
}

static void check_word(struct feed *feed)
{
	static const struct word list[] = {
		{ "record", 0 }, { "records", 1 }, { "rekey", 2 }, { "rekey-frames", 3 },
		{ "log", 4 }, { NULL }
	};
	char *said = NULL, *string = string_of(feed);
	size_t size = 0;
	struct tool tool = { .err = open_memstream(&said, &size) };
	int found;

	must(tool.err);
	found = word_index(&tool, list, sizeof(*list), "word", string);
	fclose(tool.err);
	must(found == naive_index(list, string));
	must(!size == (found >= 0));
	must(!size || text_is_printable(said, size - 1));
	free(said);
	free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct feed *feed) = {
		check_escape, check_hex, check_digits, check_number, check_time, check_word,
	};
	struct feed feed = { data, size };

	checks[feed_below(&feed, ARRAY_SIZE(checks))](&feed);
	return 0;
}
