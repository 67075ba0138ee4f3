/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file of known answers: lines of `name hex`, `#` begins a comment line.
 * The first thing that is wrong stays noted; what is asked for after that is
 * answered with zeros, so that whoever asks need not look each time.
 */
#ifndef _HPKM_TESTS_VALUES_H
#define _HPKM_TESTS_VALUES_H

#include <linux/types.h>

#define VALUE_NAME_MAX	31
#define VALUE_MAX	2048	/* octets */
#define VALUES_MAX	128	/* a file */

struct value {
	char name[VALUE_NAME_MAX + 1];
	const u8 *data;
	size_t len;
	bool used;
};

/**
 * struct values - a file as it was read
 * @value: its lines
 * @count: how many
 * @octets: what all @value.data point into
 * @compared: how many values were compared with what was computed
 * @wrong: the name of the first value that something is wrong with
 * @why: what is wrong with it, or NULL
 */
struct values {
	struct value value[VALUES_MAX];
	u32 count;
	u8 *octets;
	u32 compared;
	char wrong[VALUE_NAME_MAX + 1];
	const char *why;
};

struct values *values_read(const char *text, size_t len);
void values_free(struct values *values);

void values_complain(struct values *values, const char *name, const char *why);
const u8 *values_get(struct values *values, const char *name, size_t len);
const u8 *values_get_any(struct values *values, const char *name, size_t max, size_t *len);
void values_compare(struct values *values, const char *name, const void *data, size_t len);
void values_require(struct values *values, const char *name, bool holds, const char *why);
void values_all_used(struct values *values);

#endif /* _HPKM_TESTS_VALUES_H */
