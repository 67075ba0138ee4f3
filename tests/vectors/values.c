// SPDX-License-Identifier: GPL-2.0
/* Files of known answers; built into the vectors program and the KUnit tests. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "values.h"

static const u8 zeros[VALUE_MAX];

/**
 * values_complain() - something is wrong
 * @values: the file
 * @name: with which value
 * @why: a literal
 *
 * The first complaint is kept.
 */
void values_complain(struct values *values, const char *name, const char *why)
{
	if (values->why)
		return;
	snprintf(values->wrong, sizeof(values->wrong), "%s", name);
	values->why = why;
}

static struct value *find(struct values *values, const char *name)
{
	u32 i;

	for (i = 0; i < values->count; i++)
		if (!strcmp(values->value[i].name, name))
			return &values->value[i];
	return NULL;
}

/* ---- reading ---- */

/* Returns how many octets, or -1. */
static int read_hex(u8 *to, const char *hex, size_t digits)
{
	size_t i;

	if (digits % 2 || digits > 2 * VALUE_MAX)
		return -1;
	for (i = 0; i < digits; i += 2) {
		int high = hex_to_bin(hex[i]), low = hex_to_bin(hex[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		to[i / 2] = high << 4 | low;
	}
	return digits / 2;
}

/* Returns where the next line's octets go. */
static u8 *read_line(struct values *values, const char *line, size_t len, u8 *to)
{
	const char *space = memchr(line, ' ', len);
	struct value *value = &values->value[values->count];
	size_t name_len = space ? space - line : 0;
	int octets;

	if (!len || line[0] == '#')
		return to;
	if (!name_len || name_len > VALUE_NAME_MAX || values->count == VALUES_MAX) {
		values_complain(values, "(file)", "has a line that is not `name hex`, or too many");
		return to;
	}
	memcpy(value->name, line, name_len);
	octets = read_hex(to, space + 1, len - name_len - 1);
	if (octets < 0)
		values_complain(values, value->name, "is not a hexadecimal number");
	else if (find(values, value->name))
		values_complain(values, value->name, "is there twice");
	value->data = to;
	value->len = octets < 0 ? 0 : octets;
	values->count++;
	return to + value->len;
}

static void read_lines(struct values *values, const char *text, size_t len)
{
	u8 *to = values->octets;

	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? end - text : len;

		to = read_line(values, text, line, to);
		if (!end)
			return;
		text += line + 1;
		len -= line + 1;
	}
}

/**
 * values_read() - read a file
 * @text: its contents, not needed any more afterwards
 * @len: octets of it
 *
 * Return: the file, perhaps with a complaint; NULL without memory.
 */
struct values *values_read(const char *text, size_t len)
{
	struct values *values = kvcalloc(1, sizeof(*values), GFP_KERNEL);

	if (!values)
		return NULL;
	values->octets = kvcalloc(len / 2 + 1, 1, GFP_KERNEL);
	if (!values->octets) {
		kvfree(values);
		return NULL;
	}
	read_lines(values, text, len);
	return values;
}

/**
 * values_free() - done with a file
 * @values: may be NULL
 */
void values_free(struct values *values)
{
	if (!values)
		return;
	kvfree(values->octets);
	kvfree(values);
}

/* ---- asking ---- */

/**
 * values_get_any() - a value whose length is not fixed
 * @values: the file
 * @name: which
 * @max: octets that it may have at most
 * @len: receives its length
 *
 * Return: its octets; VALUE_MAX zeros if something is wrong.
 */
const u8 *values_get_any(struct values *values, const char *name, size_t max, size_t *len)
{
	struct value *value = find(values, name);

	*len = 0;
	if (!value) {
		values_complain(values, name, "is missing");
		return zeros;
	}
	value->used = true;
	if (value->len > max) {
		values_complain(values, name, "is too long");
		return zeros;
	}
	*len = value->len;
	return value->data;
}

/**
 * values_get() - a value of a fixed length
 * @values: the file
 * @name: which
 * @len: octets that it must have
 *
 * Return: its octets; VALUE_MAX zeros if something is wrong.
 */
const u8 *values_get(struct values *values, const char *name, size_t len)
{
	size_t found;
	const u8 *data = values_get_any(values, name, len, &found);

	if (found == len)
		return data;
	values_complain(values, name, "is too short");
	return zeros;
}

/**
 * values_compare() - was the known answer computed?
 * @values: the file
 * @name: the answer's name
 * @data: what was computed
 * @len: octets of it
 */
void values_compare(struct values *values, const char *name, const void *data, size_t len)
{
	const u8 *expected = values_get(values, name, len);

	if (values->why)
		return;
	values->compared++;
	if (memcmp(expected, data, len))
		values_complain(values, name, "differs from what is computed");
}

/**
 * values_require() - complain if something does not hold
 * @values: the file
 * @name: the value it is about
 * @holds: what should be true
 * @why: the complaint
 */
void values_require(struct values *values, const char *name, bool holds, const char *why)
{
	if (!holds)
		values_complain(values, name, why);
}

/**
 * values_all_used() - complain about values nobody asked for
 * @values: the file
 */
void values_all_used(struct values *values)
{
	u32 i;

	for (i = 0; i < values->count; i++)
		if (!values->value[i].used)
			values_complain(values, values->value[i].name, "is not known");
}
