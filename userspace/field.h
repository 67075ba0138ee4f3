/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_FIELD_H
#define HPKM_NL_FIELD_H

#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>
#include <netlink/attr.h>

#include "words.h"

#define ATTRS_MAX	48	/* more than any attribute set of hpkm has */

/**
 * struct attrs - the attributes of a message or of a nest, by number
 * @head: the first one
 * @len: octets of them all
 * @at: each one that is there
 */
struct attrs {
	struct nlattr *head;
	int len;
	struct nlattr *at[ATTRS_MAX];
};

struct field;

/**
 * struct form - how an attribute's value is shown
 * @json: as a JSON value
 * @text: to people
 * @below: the text begins a new line
 */
struct form {
	struct json_object *(*json)(const struct field *field,
				    const struct attrs *attrs);
	void (*text)(FILE *to, const struct field *field,
		     const struct attrs *attrs);
	bool below;
};

/**
 * struct field - all that is known about one attribute
 * @attr: its number
 * @name: its JSON key
 * @form: how it is shown
 * @type: NLA_*, what the parser insists on
 * @min: least octets of a binary one
 * @max: most octets of a binary one
 * @words: what an enum's values are called
 * @nest: what is inside a nest
 * @label: what people see instead of the name
 * @always: people see it also when it is not there, which says something, too
 */
struct field {
	uint16_t attr;
	const char *name;
	const struct form *form;
	uint16_t type;
	uint16_t min;
	uint16_t max;
	const struct word *words;
	const struct table *nest;
	const char *label;
	bool always;
};

/**
 * struct column - of a listing that is shown as a table
 * @title: its heading
 * @attr: the attribute, or COLUMN_INDEX
 */
struct column {
	const char *title;
	uint16_t attr;
};

#define COLUMN_INDEX	0	/* the number that the listing gives a row */

/**
 * struct table - an attribute set
 * @object: what it describes
 * @fields: its attributes in the order of showing, ended by a NULL name
 * @columns: if set, people see a table of these, ended by a NULL title
 */
struct table {
	const char *object;
	const struct field *fields;
	const struct column *columns;
};

extern const struct form as_number, as_bool, as_hex, as_address, as_octets;
extern const struct form as_string, as_word, as_age, as_seconds, as_time;
extern const struct form as_counters, as_nests;

const struct field *table_field(const struct table *table, uint16_t attr);
int table_parse(const struct table *table, struct nlattr *head, int len,
		struct attrs *attrs);
struct json_object *table_json(const struct table *table,
			       const struct attrs *attrs);
void field_label(FILE *to, const struct field *field);
uint64_t field_number(const struct nlattr *attr);
void json_put(struct json_object *to, const char *key, struct json_object *value);

#endif
