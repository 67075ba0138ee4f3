/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_OUTPUT_H
#define HPKM_NL_OUTPUT_H

#include <linux/netlink.h>

#include "field.h"
#include "tool.h"

/**
 * struct row - one object of a listing
 * @message: the kernel's message, which the attributes point into
 * @attrs: its attributes
 * @index: its number, 0 if it has none
 */
struct row {
	struct nlmsghdr *message;
	struct attrs attrs;
	unsigned int index;
};

/**
 * struct rows - a listing
 * @table: what each row is
 * @row: the rows
 * @count: how many
 */
struct rows {
	const struct table *table;
	struct row *row;
	size_t count;
};

int row_parse(const struct table *table, const struct nlmsghdr *nlh,
	      struct row *row);
void row_free(struct row *row);
int rows_add(struct rows *rows, const struct nlmsghdr *nlh);
void rows_free(struct rows *rows);

struct json_object *rows_json(const struct rows *rows);
void rows_text(FILE *to, const struct rows *rows);
void row_line(FILE *to, const struct table *table, const struct row *row);
enum status show_rows(struct tool *tool, const struct rows *rows);
enum status show_json(struct tool *tool, struct json_object *json, int how);

#endif
