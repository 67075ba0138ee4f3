// SPDX-License-Identifier: GPL-2.0
/* Listings, for people and as JSON. */
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <sodium.h>

#include "output.h"
#include "text.h"

#define COLUMNS_MAX	8

/**
 * row_parse - take a copy of a generic netlink message and look inside
 * @table: what it should hold
 * @nlh: the message, complete as its length says
 * @row: receives the result; row_free() it
 *
 * Return: 0, or -1 if it is not what @table says
 */
int row_parse(const struct table *table, const struct nlmsghdr *nlh,
	      struct row *row)
{
	if (!genlmsg_valid_hdr((struct nlmsghdr *)nlh, 0))
		return -1;
	*row = (struct row){ .message = must_alloc(nlh->nlmsg_len) };
	memcpy(row->message, nlh, nlh->nlmsg_len);
	if (!table_parse(table,
			 genlmsg_attrdata(genlmsg_hdr(row->message), 0),
			 genlmsg_attrlen(genlmsg_hdr(row->message), 0),
			 &row->attrs))
		return 0;
	row_free(row);
	return -1;
}

/**
 * row_free - wipe and free what row_parse() filled
 * @row: the row
 */
void row_free(struct row *row)
{
	if (row->message)
		sodium_memzero(row->message, row->message->nlmsg_len);
	free(row->message);
	*row = (struct row){ 0 };
}

/**
 * rows_add - add a message to a listing
 * @rows: the listing
 * @nlh: the message
 *
 * Return: 0, or -1 if the message is malformed
 */
int rows_add(struct rows *rows, const struct nlmsghdr *nlh)
{
	struct row row;

	if (row_parse(rows->table, nlh, &row))
		return -1;
	/* Grown at powers of two: a log can have a million rows. */
	if (!(rows->count & (rows->count - 1)))
		rows->row = must_resize(rows->row, sizeof(row) *
					(rows->count ? 2 * rows->count : 1));
	rows->row[rows->count++] = row;
	return 0;
}

/**
 * rows_free - empty a listing
 * @rows: the listing
 */
void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		row_free(&rows->row[i]);
	free(rows->row);
	rows->row = NULL;
	rows->count = 0;
}

static bool has_index(const struct table *table)
{
	const struct column *column;

	for (column = table->columns; column && column->title; column++)
		if (column->attr == COLUMN_INDEX)
			return true;
	return false;
}

/**
 * rows_json - a listing as a JSON array
 * @rows: the listing
 */
struct json_object *rows_json(const struct rows *rows)
{
	struct json_object *all = json_object_new_array();
	bool index = has_index(rows->table);
	struct json_object *one;
	const struct row *row;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		row = &rows->row[i];
		one = table_json(rows->table, &row->attrs);
		if (index)
			json_put(one, "index",
				 row->index ? json_object_new_int64(row->index) : NULL);
		json_object_array_add(all, one);
	}
	return all;
}

/* The first field names the object, the others are indented under it. */
static void put_block(FILE *to, const struct table *table, const struct row *row)
{
	const struct field *field = table->fields;

	fprintf(to, "%s: ", table->object);
	if (row->attrs.at[field->attr])
		field->form->text(to, field, &row->attrs);
	fputc('\n', to);
	for (field++; field->name; field++) {
		if (!row->attrs.at[field->attr] && !field->always)
			continue;
		fputs("  ", to);
		field_label(to, field);
		fputs(field->form->below ? ":" : ": ", to);
		field->form->text(to, field, &row->attrs);
		fputc('\n', to);
	}
}

static char *cell(const struct table *table, const struct column *column,
		  const struct row *row)
{
	const struct field *field;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to) {
		fputs("hpkm-nl: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	field = table_field(table, column->attr);
	if (field && row->attrs.at[field->attr])
		field->form->text(to, field, &row->attrs);
	else if (column->attr == COLUMN_INDEX && row->index)
		fprintf(to, "%u", row->index);
	if (!ftell(to))
		fputc('-', to);
	fclose(to);
	return text;
}

static void put_padded(FILE *to, const char *text, size_t width, bool last)
{
	size_t used = text_width(text);

	fputs(text, to);
	if (last)
		fputc('\n', to);
	else
		fprintf(to, "%*s", (int)(width > used ? width - used : 0) + 2, "");
}

static void put_table(FILE *to, const struct rows *rows)
{
	const struct column *column = rows->table->columns;
	size_t width[COLUMNS_MAX], count, i, used;
	char *(*cells)[COLUMNS_MAX];
	size_t r;

	for (count = 0; column[count].title; count++)
		width[count] = strlen(column[count].title);
	cells = must_alloc(rows->count * sizeof(*cells) + 1);
	for (r = 0; r < rows->count; r++) {
		for (i = 0; i < count; i++) {
			cells[r][i] = cell(rows->table, &column[i], &rows->row[r]);
			used = text_width(cells[r][i]);
			if (used > width[i])
				width[i] = used;
		}
	}
	for (i = 0; i < count; i++)
		put_padded(to, column[i].title, width[i], i + 1 == count);
	for (r = 0; r < rows->count; r++) {
		for (i = 0; i < count; i++) {
			put_padded(to, cells[r][i], width[i], i + 1 == count);
			free(cells[r][i]);
		}
	}
	free(cells);
}

/**
 * rows_text - a listing for people
 * @to: where to
 * @rows: the listing
 */
void rows_text(FILE *to, const struct rows *rows)
{
	size_t i;

	if (rows->table->columns) {
		put_table(to, rows);
		return;
	}
	for (i = 0; i < rows->count; i++) {
		if (i)
			fputc('\n', to);
		put_block(to, rows->table, &rows->row[i]);
	}
}

/**
 * row_line - one row in one line, its first field without its name
 * @to: where to
 * @table: what the row is
 * @row: the row
 */
void row_line(FILE *to, const struct table *table, const struct row *row)
{
	const struct field *field;

	for (field = table->fields; field->name; field++) {
		if (!row->attrs.at[field->attr])
			continue;
		if (field != table->fields) {
			fputc(' ', to);
			field_label(to, field);
			fputc(' ', to);
		}
		field->form->text(to, field, &row->attrs);
	}
	fputc('\n', to);
}

/**
 * show_json - write a JSON value and free it
 * @tool: this run
 * @json: the value
 * @how: JSON_C_TO_STRING_*
 */
enum status show_json(struct tool *tool, struct json_object *json, int how)
{
	const char *text = json_object_to_json_string_ext(json,
			how | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text) {
		complain(tool, "out of memory");
		json_object_put(json);
		return STATUS_FAILED;
	}
	fprintf(tool->out, "%s\n", text);
	json_object_put(json);
	return STATUS_DONE;
}

/**
 * show_rows - write a listing in the form that was asked for
 * @tool: this run
 * @rows: the listing
 */
enum status show_rows(struct tool *tool, const struct rows *rows)
{
	if (tool->json)
		return show_json(tool, rows_json(rows),
				 JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
	rows_text(tool->out, rows);
	return STATUS_DONE;
}
