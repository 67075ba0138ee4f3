// SPDX-License-Identifier: GPL-2.0
/* Attributes as JSON and as text, both from one description. */
#include <stdlib.h>

#include "field.h"
#include "text.h"

/**
 * field_number - the value of an integer attribute of any size
 * @attr: the attribute
 */
uint64_t field_number(const struct nlattr *attr)
{
	switch (nla_len(attr)) {
	case sizeof(uint8_t):
		return nla_get_u8(attr);
	case sizeof(uint32_t):
		return nla_get_u32(attr);
	default:
		return nla_get_u64((struct nlattr *)attr);
	}
}

/**
 * json_put - add a member to a JSON object or end with a message
 * @to: the object
 * @key: of the member
 * @value: of the member, which @to takes over
 */
void json_put(struct json_object *to, const char *key, struct json_object *value)
{
	if (to && !json_object_object_add(to, key, value))
		return;
	fputs("hpkm-nl: out of memory\n", stderr);
	exit(STATUS_FAILED);
}

static const struct nlattr *value_of(const struct field *field,
				     const struct attrs *attrs)
{
	return attrs->at[field->attr];
}

static uint64_t number_of(const struct field *field, const struct attrs *attrs)
{
	return field_number(value_of(field, attrs));
}

/* Strings from the kernel end in NUL, which the parser made sure of. */
static size_t string_len(const struct nlattr *attr)
{
	return strnlen(nla_data(attr), nla_len(attr));
}

static struct json_object *json_of(char *text)
{
	struct json_object *json = json_object_new_string(text);

	free(text);
	return json;
}

static void put_text(FILE *to, char *text)
{
	fputs(text, to);
	free(text);
}

static struct json_object *number_json(const struct field *field,
				       const struct attrs *attrs)
{
	return json_object_new_uint64(number_of(field, attrs));
}

static void number_text(FILE *to, const struct field *field,
			const struct attrs *attrs)
{
	fprintf(to, "%llu", (unsigned long long)number_of(field, attrs));
}

static bool truth_of(const struct field *field, const struct attrs *attrs)
{
	const struct nlattr *attr = value_of(field, attrs);

	return attr && (field->type == NLA_FLAG || field_number(attr));
}

static struct json_object *bool_json(const struct field *field,
				     const struct attrs *attrs)
{
	return json_object_new_boolean(truth_of(field, attrs));
}

static void bool_text(FILE *to, const struct field *field,
		      const struct attrs *attrs)
{
	fputs(truth_of(field, attrs) ? "yes" : "no", to);
}

static char *hex_of(const struct field *field, const struct attrs *attrs)
{
	const struct nlattr *attr = value_of(field, attrs);

	return text_hex(nla_data(attr), nla_len(attr));
}

static struct json_object *hex_json(const struct field *field,
				    const struct attrs *attrs)
{
	return json_of(hex_of(field, attrs));
}

static void hex_text(FILE *to, const struct field *field,
		     const struct attrs *attrs)
{
	put_text(to, hex_of(field, attrs));
}

static char *address_of(const struct field *field, const struct attrs *attrs)
{
	const struct nlattr *attr = value_of(field, attrs);
	const uint8_t *octet = nla_data(attr);
	char *text = must_alloc(3 * nla_len(attr) + 1);
	int i;

	for (i = 0; i < nla_len(attr); i++)
		sprintf(text + 3 * i - !!i, i ? ":%02x" : "%02x", octet[i]);
	return text;
}

static struct json_object *address_json(const struct field *field,
					const struct attrs *attrs)
{
	return json_of(address_of(field, attrs));
}

static void address_text(FILE *to, const struct field *field,
			 const struct attrs *attrs)
{
	put_text(to, address_of(field, attrs));
}

static char *octets_of(const struct field *field, const struct attrs *attrs)
{
	const struct nlattr *attr = value_of(field, attrs);

	return text_escaped(nla_data(attr), nla_len(attr));
}

static struct json_object *octets_json(const struct field *field,
				       const struct attrs *attrs)
{
	return json_of(octets_of(field, attrs));
}

static void octets_text(FILE *to, const struct field *field,
			const struct attrs *attrs)
{
	put_text(to, octets_of(field, attrs));
}

static char *string_of(const struct field *field, const struct attrs *attrs)
{
	const struct nlattr *attr = value_of(field, attrs);

	return text_escaped(nla_data(attr), string_len(attr));
}

static struct json_object *string_json(const struct field *field,
				       const struct attrs *attrs)
{
	return json_of(string_of(field, attrs));
}

static void string_text(FILE *to, const struct field *field,
			const struct attrs *attrs)
{
	put_text(to, string_of(field, attrs));
}

/* A value newer than this program is shown as its number. */
static struct json_object *word_json(const struct field *field,
				     const struct attrs *attrs)
{
	uint64_t value = number_of(field, attrs);
	const struct word *word = word_for(field->words, value);
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	return json_object_new_string(word ? word->name : number);
}

static void word_text(FILE *to, const struct field *field,
		      const struct attrs *attrs)
{
	const struct word *word = word_for(field->words, number_of(field, attrs));

	if (!word)
		number_text(to, field, attrs);
	else if (word->note)
		fprintf(to, "%s (%s)", word->name, word->note);
	else
		fputs(word->name, to);
}

static void age_text(FILE *to, const struct field *field,
		     const struct attrs *attrs)
{
	char text[TEXT_AGE_SIZE];

	text_age(number_of(field, attrs), text);
	fputs(text, to);
}

static void seconds_text(FILE *to, const struct field *field,
			 const struct attrs *attrs)
{
	char text[TEXT_AGE_SIZE];

	text_age(number_of(field, attrs) * 1000, text);
	fputs(text, to);
}

static void time_text(FILE *to, const struct field *field,
		      const struct attrs *attrs)
{
	char text[TEXT_TIME_SIZE];

	text_time(number_of(field, attrs), text);
	fputs(text, to);
}

static struct json_object *nest_json(const struct field *field,
				     struct nlattr *attr)
{
	struct attrs inside;

	if (table_parse(field->nest, nla_data(attr), nla_len(attr), &inside))
		return NULL;
	return table_json(field->nest, &inside);
}

static struct json_object *counters_json(const struct field *field,
					 const struct attrs *attrs)
{
	return nest_json(field, attrs->at[field->attr]);
}

/**
 * field_label - write what people call an attribute
 * @to: where to
 * @field: its description
 */
void field_label(FILE *to, const struct field *field)
{
	const char *at;

	for (at = field->label ? field->label : field->name; *at; at++)
		fputc(*at == '_' ? ' ' : *at, to);
}

/* Only what has happened: nobody reads thirty zeros. */
static void counters_text(FILE *to, const struct field *field,
			  const struct attrs *attrs)
{
	struct nlattr *attr = attrs->at[field->attr];
	const struct field *counter;
	struct attrs inside;
	bool any = false;

	if (table_parse(field->nest, nla_data(attr), nla_len(attr), &inside))
		return;
	for (counter = field->nest->fields; counter->name; counter++) {
		if (!inside.at[counter->attr] || !number_of(counter, &inside))
			continue;
		any = true;
		fputs("\n    ", to);
		field_label(to, counter);
		fputs(": ", to);
		number_text(to, counter, &inside);
	}
	if (!any)
		fputs(" all zero", to);
}

/* An attribute that comes several times: the one place where order matters. */
static struct json_object *nests_json(const struct field *field,
				      const struct attrs *attrs)
{
	struct json_object *all = json_object_new_array();
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, attrs->head, attrs->len, left)
		if (nla_type(attr) == field->attr)
			json_object_array_add(all, nest_json(field, attr));
	return all;
}

static void nests_text(FILE *to, const struct field *field,
		       const struct attrs *attrs)
{
	const struct field *part;
	struct attrs inside;
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, attrs->head, attrs->len, left) {
		if (nla_type(attr) != field->attr ||
		    table_parse(field->nest, nla_data(attr), nla_len(attr), &inside))
			continue;
		fputs("\n   ", to);
		for (part = field->nest->fields; part->name; part++) {
			if (!inside.at[part->attr])
				continue;
			fputc(' ', to);
			if (part->type == NLA_FLAG)
				field_label(to, part);
			else
				part->form->text(to, part, &inside);
		}
	}
}

const struct form as_number = { number_json, number_text };
const struct form as_bool = { bool_json, bool_text };
const struct form as_hex = { hex_json, hex_text };
const struct form as_address = { address_json, address_text };
const struct form as_octets = { octets_json, octets_text };
const struct form as_string = { string_json, string_text };
const struct form as_word = { word_json, word_text };
const struct form as_age = { number_json, age_text };
const struct form as_seconds = { number_json, seconds_text };
const struct form as_time = { number_json, time_text };
const struct form as_counters = { counters_json, counters_text, true };
const struct form as_nests = { nests_json, nests_text, true };

/**
 * table_field - find an attribute's description
 * @table: the attribute set
 * @attr: the attribute's number
 *
 * Return: the description, or NULL
 */
const struct field *table_field(const struct table *table, uint16_t attr)
{
	const struct field *field;

	for (field = table->fields; field->name; field++)
		if (field->attr == attr)
			return field;
	return NULL;
}

static int check_insides(const struct table *table, const struct attrs *attrs)
{
	const struct field *field;
	struct attrs inside;
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, attrs->head, attrs->len, left) {
		field = table_field(table, nla_type(attr));
		if (!field || !field->nest)
			continue;
		if (table_parse(field->nest, nla_data(attr), nla_len(attr), &inside))
			return -1;
	}
	return 0;
}

/* libnl takes any length that is enough, and for a number that is a surprise. */
static bool number_fits(const struct field *field, const struct nlattr *attr)
{
	switch (field->type) {
	case NLA_U8:
		return nla_len(attr) == sizeof(uint8_t);
	case NLA_U32:
		return nla_len(attr) == sizeof(uint32_t);
	case NLA_U64:
		return nla_len(attr) == sizeof(uint64_t);
	default:
		return true;
	}
}

/**
 * table_parse - check attributes against a description
 * @table: what is expected
 * @head: the first attribute
 * @len: octets of them all
 * @attrs: receives the attributes; those unknown to @table are left out
 *
 * Return: 0, or -1 if one has not the form that @table says
 */
int table_parse(const struct table *table, struct nlattr *head, int len,
		struct attrs *attrs)
{
	struct nla_policy policy[ATTRS_MAX] = { 0 };
	const struct field *field;
	uint16_t most = 0;

	*attrs = (struct attrs){ .head = head, .len = len };
	for (field = table->fields; field->name; field++) {
		policy[field->attr].type = field->type;
		policy[field->attr].minlen = field->min;
		policy[field->attr].maxlen = field->max;
		if (field->attr > most)
			most = field->attr;
	}
	if (nla_parse(attrs->at, most, head, len, policy))
		return -1;
	for (field = table->fields; field->name; field++)
		if (attrs->at[field->attr] &&
		    !number_fits(field, attrs->at[field->attr]))
			return -1;
	return check_insides(table, attrs);
}

/**
 * table_json - attributes as a JSON object
 * @table: their description
 * @attrs: the attributes, as table_parse() left them
 *
 * Flags are always there, as false or true; of the rest what the kernel sent.
 */
struct json_object *table_json(const struct table *table,
			       const struct attrs *attrs)
{
	struct json_object *json = json_object_new_object();
	const struct field *field;

	for (field = table->fields; field->name; field++)
		if (attrs->at[field->attr] || field->type == NLA_FLAG)
			json_put(json, field->name, field->form->json(field, attrs));
	return json;
}
