// SPDX-License-Identifier: GPL-2.0
/* Text that is safe to show, and numbers, times and octets as text. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "tool.h"

struct range {
	uint32_t first;
	uint32_t last;
};

/*
 * What a terminal obeys instead of showing, or shows as nothing: controls,
 * zero-width and bidirectional characters, separators, noncharacters, tags.
 * A fixed list, since the answer must not depend on the locale.
 */
static const struct range hidden[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad },
	{ 0x061c, 0x061c }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xd800, 0xf8ff },
	{ 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff }, { 0xe0000, 0x10ffff },
};

static bool is_hidden(uint32_t point)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hidden); i++)
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	return (point & 0xfffe) == 0xfffe;
}

/* Returns how many octets the first character has, 0 if it is not UTF-8. */
static size_t utf8_next(const uint8_t *data, size_t len, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size, i;

	if (data[0] < 0x80) {
		*point = data[0];
		return 1;
	}
	if (data[0] < 0xc2 || data[0] > 0xf4)
		return 0;
	size = data[0] < 0xe0 ? 2 : data[0] < 0xf0 ? 3 : 4;
	if (size > len)
		return 0;
	*point = data[0] & (0x7f >> size);
	for (i = 1; i < size; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (data[i] & 0x3f);
	}
	if (*point < least[size] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return size;
}

static void escape(FILE *to, const uint8_t *data, size_t len, bool invertible)
{
	uint32_t point;
	size_t size, i;

	for (; len; data += size, len -= size) {
		size = utf8_next(data, len, &point);
		if (size && !is_hidden(point)) {
			if (invertible && point == '\\')
				fputc('\\', to);
			fwrite(data, 1, size, to);
			continue;
		}
		if (!size)
			size = 1;
		for (i = 0; i < size; i++)
			fprintf(to, "\\x%02x", data[i]);
	}
}

/**
 * text_escape - write octets so that every reader can tell what they were
 * @to: where to
 * @data: the octets
 * @len: how many
 *
 * Printable UTF-8 stays, a backslash is doubled, all else becomes \xNN.
 */
void text_escape(FILE *to, const void *data, size_t len)
{
	escape(to, data, len, true);
}

/**
 * text_safe - write a sentence without anything that a terminal would obey
 * @to: where to
 * @data: the sentence
 * @len: its octets
 *
 * As text_escape(), but backslashes stay as they are.
 */
void text_safe(FILE *to, const void *data, size_t len)
{
	escape(to, data, len, false);
}

/**
 * text_escaped - text_escape() into a string
 * @data: the octets
 * @len: how many
 *
 * Return: a string that the caller frees
 */
char *text_escaped(const void *data, size_t len)
{
	/* The longest is \xNN for each octet. */
	char *text = must_alloc(4 * len + 1);
	FILE *to;

	to = fmemopen(text, 4 * len + 1, "w");
	if (!to) {
		fputs("hpkm-nl: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	text_escape(to, data, len);
	fclose(to);
	return text;
}

/**
 * text_is_utf8 - whether octets are well-formed UTF-8
 * @data: the octets
 * @len: how many
 */
bool text_is_utf8(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t point;
	size_t size;

	for (; len; at += size, len -= size) {
		size = utf8_next(at, len, &point);
		if (!size)
			return false;
	}
	return true;
}

/**
 * text_is_printable - whether octets are UTF-8 that shows as what it is
 * @data: the octets
 * @len: how many
 */
bool text_is_printable(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t point;
	size_t size;

	for (; len; at += size, len -= size) {
		size = utf8_next(at, len, &point);
		if (!size || is_hidden(point))
			return false;
	}
	return true;
}

/**
 * text_width - characters of a UTF-8 string
 * @text: the string
 */
size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/**
 * text_hex - octets as hexadecimal digits
 * @data: the octets
 * @len: how many
 *
 * Return: a string that the caller frees
 */
char *text_hex(const void *data, size_t len)
{
	const uint8_t *at = data;
	char *hex = must_alloc(2 * len + 1);
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", at[i]);
	return hex;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/**
 * text_from_hex - read hexadecimal digits
 * @hex: the digits and nothing else
 * @data: receives the octets
 * @len: how many octets there is room for
 *
 * A last digit without its partner fills the upper half of its octet.
 *
 * Return: how many digits there are, or -1 if that is no such text
 */
int text_from_hex(const char *hex, uint8_t *data, size_t len)
{
	int count, value;

	for (count = 0; hex[count]; count++) {
		value = digit(hex[count]);
		if (value < 0 || (size_t)count >= 2 * len)
			return -1;
		if (count % 2)
			data[count / 2] |= value;
		else
			data[count / 2] = value << 4;
	}
	return count;
}

/**
 * text_number - read a decimal number: digits only
 * @text: the digits
 * @number: receives the number
 */
bool text_number(const char *text, uint64_t *number)
{
	uint64_t sum = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *text - '0', &sum))
			return false;
	}
	*number = sum;
	return true;
}

/**
 * text_time - a moment in UTC, to the second
 * @nanoseconds: since the epoch
 * @text: receives the text
 */
void text_time(uint64_t nanoseconds, char text[TEXT_TIME_SIZE])
{
	time_t seconds = nanoseconds / 1000000000;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(text, TEXT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm))
		strcpy(text, "?");
}

/**
 * text_age - a duration for people
 * @milliseconds: how long
 * @text: receives the text
 */
void text_age(uint64_t milliseconds, char text[TEXT_AGE_SIZE])
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {
		{ "day", 86400 }, { "hour", 3600 },
		{ "minute", 60 }, { "second", 1 },
	};
	uint64_t seconds = milliseconds / 1000;
	size_t i, used = 0;
	uint64_t count;

	if (!seconds) {
		snprintf(text, TEXT_AGE_SIZE, "%u ms", (unsigned int)milliseconds);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		count = seconds / units[i].seconds;
		seconds %= units[i].seconds;
		if (!count)
			continue;
		used += snprintf(text + used, TEXT_AGE_SIZE - used, "%s%llu %s%s",
				 used ? ", " : "", (unsigned long long)count,
				 units[i].name, count == 1 ? "" : "s");
	}
}
