/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that are made from what the family's controller says, and then made
 * wrong in every way that the attributes, the two headers and their lengths
 * allow.
 */
#ifndef HPKM_TEST_DRAFTS_H
#define HPKM_TEST_DRAFTS_H

#include "family.h"
#include "interface.h"
#include "seeded.h"

#define PIECES		16
#define PIECE_MAX	2048

struct piece {
	int type;	/* as in nla_type, with its flags */
	int claim;	/* what nla_len says; 0: the truth */
	int len;
	uint8_t data[PIECE_MAX];
};

struct draft {
	struct message head;	/* but for attributes and length */
	int count;
	struct piece pieces[PIECES];
	int at;			/* which one is being changed */
	int trailing;		/* octets behind the last attribute */
	int cut;		/* octets taken from the end */
	int lie;		/* added to nlmsg_len */
};

/* What a good value is made of. */
struct values {
	uint8_t peer[HPKM_ID_LEN];
	uint32_t index;
	char name[IF_NAMESIZE];
	uint8_t suite;
	uint8_t rid[HPKM_RID_LEN];
	uint64_t serial;
	int blob_len;
	uint8_t blob[HPKM_STATE_BLOB_MAX];
};

/* ---- good values ---- */

static inline void piece_put(struct piece *piece, const void *data, int len)
{
	memcpy(piece->data, data, len);
	piece->len = len;
}

static inline void piece_put_number(struct piece *piece, uint64_t number, int len)
{
	uint32_t word = number;
	uint8_t octet = number;

	if (len == 8)
		piece_put(piece, &number, 8);
	else
		piece_put(piece, len == 4 ? (void *)&word : &octet, len);
}

static inline uint64_t any_of(const uint64_t *numbers, int count)
{
	return numbers[draw_below(count)];
}

#define ANY_OF(...) ({						\
	static const uint64_t numbers[] = { __VA_ARGS__ };	\
	any_of(numbers, sizeof(numbers) / sizeof(*numbers));	\
})

/* Nothing that takes long, or much of the guest's memory. */
static inline uint64_t good_number(enum kind kind, const struct values *values)
{
	switch (kind) {
	case INDEX:
		return values->index;
	case SUITE:
		return one_in(4) ? draw_below(3) : values->suite;
	case MODE:
	case BRIDGE:
		return draw_below(2);
	case WINDOW:
		return ANY_OF(1, 2, 3);
	case RECORDS:
		return ANY_OF(0, 1, 16, 1000, UINT32_MAX);
	case MILLISECONDS:
		return ANY_OF(0, 1, 1000, UINT32_MAX);
	case SECONDS:
		return ANY_OF(0, 1, 3600, UINT32_MAX);
	case LOG_SIZE:
		return ANY_OF(16, 17, 256, 4096);
	case REKEY_SECONDS:
		return ANY_OF(1, 2, 60, 120);
	case REKEY_FRAMES:
		return ANY_OF(1, 2, 1000, 1ULL << 40);
	case SERIAL:
		return values->serial;
	default:
		return ANY_OF(0, 5);
	}
}

static inline void good_octets(struct piece *piece, enum kind kind)
{
	const struct format *format = &formats[kind];
	int i;

	piece->len = format->least + draw_below(format->most - format->least + 1);
	for (i = 0; i < piece->len; i++)
		piece->data[i] = 'a' + draw_below(26);
	if (kind == NAME)
		piece->data[piece->len - 1] = '\0';
}

static inline void good_value(struct piece *piece, enum kind kind, const struct values *values)
{
	switch (kind) {
	case ID:
	case KEPT_ID:
		piece_put(piece, values->peer, HPKM_ID_LEN);
		return;
	case RID:
		piece_put(piece, values->rid, HPKM_RID_LEN);
		return;
	case IFNAME:
		piece_put(piece, values->name, strlen(values->name) + 1);
		return;
	case BLOB:
		piece_put(piece, values->blob, values->blob_len);
		return;
	case KEY:
	case NAME:
	case LABEL:
	case TEXT:
		good_octets(piece, kind);
		return;
	default:
		piece_put_number(piece, good_number(kind, values), formats[kind].most);
	}
}

static inline struct piece *draft_add(struct draft *draft, int type)
{
	struct piece *piece;

	if (draft->count == PIECES)
		return NULL;
	piece = &draft->pieces[draft->count++];
	*piece = (struct piece){ .type = type };
	return piece;
}

/* What the policy lets in: all of it, or what is needed and some more. */
static inline void draft_good(struct draft *draft, const struct family *family, int command,
			      int dump, const struct values *values, int all)
{
	unsigned int needed = command <= HPKM_CMD_MAX ? rules[command].all_of : 0;
	enum kind kind;
	int attribute;

	*draft = (struct draft){ .head = begin(family->id, command) };
	if (dump)
		draft->head.head.nlmsg_flags |= NLM_F_DUMP;
	for (attribute = 1; attribute < ATTRIBUTES; attribute++) {
		if (!attribute_type(family, command, dump, attribute))
			continue;
		if (!all && !(needed & BIT(attribute)) && one_in(2))
			continue;
		kind = kind_of(command, attribute);
		good_value(draft_add(draft, attribute), kind, values);
	}
}

/* ---- what is done to one attribute ---- */

typedef void change_piece(struct piece *piece);

/* A longer one goes on as it ended, or anyhow. */
static inline void resize(struct piece *piece, int len)
{
	if (len < 0 || len > PIECE_MAX)
		return;
	if (len > piece->len) {
		if (piece->len > 0 && !one_in(4))
			memset(piece->data + piece->len, piece->data[piece->len - 1],
			       len - piece->len);
		else
			draw_octets(piece->data + piece->len, len - piece->len);
	}
	piece->len = len;
}

static inline void octet_less(struct piece *piece)
{
	resize(piece, piece->len - 1);
}

static inline void octet_more(struct piece *piece)
{
	resize(piece, piece->len + 1);
}

static inline void zero_more(struct piece *piece)
{
	resize(piece, piece->len + 1);
	piece->data[piece->len - 1] = 0;
}

static inline void half_as_long(struct piece *piece)
{
	resize(piece, piece->len / 2);
}

static inline void twice_as_long(struct piece *piece)
{
	resize(piece, 2 * piece->len);
}

static inline void empty(struct piece *piece)
{
	resize(piece, 0);
}

static inline void far_too_long(struct piece *piece)
{
	resize(piece, PIECE_MAX);
}

static inline void nested(struct piece *piece)
{
	piece->type |= NLA_F_NESTED;
}

static inline void other_byte_order(struct piece *piece)
{
	piece->type |= NLA_F_NET_BYTEORDER;
}

/* Attributes in attributes, the innermost as it was. */
static inline void nests(struct piece *piece, int depth, int flags)
{
	struct nlattr attr = { .nla_type = (piece->type & NLA_TYPE_MASK) | flags };

	while (depth-- && piece->len + NLA_HDRLEN <= PIECE_MAX) {
		memmove(piece->data + NLA_HDRLEN, piece->data, piece->len);
		piece->len += NLA_HDRLEN;
		attr.nla_len = piece->len;
		memcpy(piece->data, &attr, NLA_HDRLEN);
	}
	piece->type |= flags;
}

static inline void in_a_nest(struct piece *piece)
{
	nests(piece, 1, NLA_F_NESTED);
}

static inline void in_many_nests(struct piece *piece)
{
	nests(piece, 2 + draw_below(100), NLA_F_NESTED);
}

static inline void in_a_nest_without_the_flag(struct piece *piece)
{
	nests(piece, 1 + draw_below(4), 0);
}

static inline void nest_of_garbage(struct piece *piece)
{
	resize(piece, draw_below(200));
	draw_octets(piece->data, piece->len);
	piece->type |= NLA_F_NESTED;
}

static inline void type_zero(struct piece *piece)
{
	piece->type = 0;
}

static inline void another_type(struct piece *piece)
{
	piece->type = draw_below(ATTRIBUTES);
}

static inline void type_unknown(struct piece *piece)
{
	piece->type = ATTRIBUTES + draw_below((uint16_t)NLA_TYPE_MASK - ATTRIBUTES + 1);
}

static inline void claims_all(struct piece *piece)
{
	piece->claim = UINT16_MAX;
}

static inline void claims_more(struct piece *piece)
{
	piece->claim = NLA_HDRLEN + piece->len + 1 + draw_below(64);
}

static inline void claims_less(struct piece *piece)
{
	piece->claim = 1 + draw_below(NLA_HDRLEN + piece->len);
}

static inline void claims_no_header(struct piece *piece)
{
	piece->claim = 1 + draw_below(NLA_HDRLEN - 1);
}

static inline void all_zero(struct piece *piece)
{
	memset(piece->data, 0, piece->len);
}

static inline void all_ones(struct piece *piece)
{
	memset(piece->data, 0xff, piece->len);
}

static inline void any_octets(struct piece *piece)
{
	draw_octets(piece->data, piece->len);
}

static inline void one_bit(struct piece *piece)
{
	if (piece->len)
		piece->data[draw_below(piece->len)] ^= 1 << draw_below(8);
}

static inline void without_end(struct piece *piece)
{
	int i;

	for (i = 0; i < piece->len; i++)
		if (!piece->data[i])
			piece->data[i] = 'x';
}

static inline void ends_early(struct piece *piece)
{
	if (piece->len)
		piece->data[draw_below(piece->len)] = '\0';
}

/* ---- what is done to the whole ---- */

typedef void change_draft(struct draft *draft);

static inline void leave_out(struct draft *draft)
{
	struct piece *piece = &draft->pieces[draft->at];

	if (draft->at >= draft->count)
		return;
	draft->count--;
	memmove(piece, piece + 1, (draft->count - draft->at) * sizeof(*piece));
}

static inline void say_twice(struct draft *draft)
{
	struct piece *again = draft->at < draft->count ? draft_add(draft, 0) : NULL;

	if (again)
		*again = draft->pieces[draft->at];
}

static inline void say_otherwise_first(struct draft *draft)
{
	struct piece *piece = &draft->pieces[draft->at];

	say_twice(draft);
	draw_octets(piece->data, piece->len);
}

static inline void say_otherwise_last(struct draft *draft)
{
	struct piece *piece;

	say_twice(draft);
	if (!draft->count)
		return;
	piece = &draft->pieces[draft->count - 1];
	draw_octets(piece->data, piece->len);
}

static inline const struct format *format_of(const struct draft *draft)
{
	return &formats[kind_of(draft->head.genl.cmd,
				draft->pieces[draft->at].type & NLA_TYPE_MASK)];
}

static inline void one_too_long(struct draft *draft)
{
	if (draft->at < draft->count)
		resize(&draft->pieces[draft->at], format_of(draft)->most + 1);
}

static inline void one_too_short(struct draft *draft)
{
	if (draft->at < draft->count)
		resize(&draft->pieces[draft->at], format_of(draft)->least - 1);
}

static inline void cut_anywhere(struct draft *draft)
{
	draft->cut = 1 + draw_below(64);
}

static inline void genl_header_cut(struct draft *draft)
{
	draft->count = 0;
	draft->cut = 1 + draw_below(GENL_HDRLEN);
}

static inline void octets_behind(struct draft *draft)
{
	draft->trailing = 1 + draw_below(7);
}

static inline void says_longer(struct draft *draft)
{
	draft->lie = one_in(2) ? 1 + (int)draw_below(64) : (int)(draw() & 0x3fffffff);
}

static inline void another_version(struct draft *draft)
{
	draft->head.genl.version = draw();
}

static inline void reserved_set(struct draft *draft)
{
	draft->head.genl.reserved = 1 << draw_below(16);
}

static inline void another_flag(struct draft *draft)
{
	draft->head.head.nlmsg_flags |= 1 << draw_below(16);
}

static inline void the_other_way(struct draft *draft)
{
	draft->head.head.nlmsg_flags ^= NLM_F_DUMP;
}

static inline void another_command(struct draft *draft)
{
	draft->head.genl.cmd = draw();
}

static inline void command_next_to_it(struct draft *draft)
{
	draft->head.genl.cmd += one_in(2) ? 1 : -1;
}

static inline void attribute_more(struct draft *draft)
{
	struct piece *piece = draft_add(draft, draw_below(ATTRIBUTES));

	if (piece)
		resize(piece, draw_below(40));
}

static inline void many_of_them(struct draft *draft)
{
	while (draft->at < draft->count && draft->count < PIECES)
		say_twice(draft);
}

static inline void other_way_round(struct draft *draft)
{
	struct piece piece;
	int i, j;

	for (i = 0, j = draft->count - 1; i < j; i++, j--) {
		piece = draft->pieces[i];
		draft->pieces[i] = draft->pieces[j];
		draft->pieces[j] = piece;
	}
}

static inline void no_attributes(struct draft *draft)
{
	draft->count = 0;
}

#define OF_PIECE(function)	{ .name = #function, .of_piece = (function) }
#define OF_DRAFT(function)	{ .name = #function, .of_draft = (function) }

static const struct {
	const char *name;
	change_piece *of_piece;
	change_draft *of_draft;
} changes[] = {
	OF_PIECE(octet_less), OF_PIECE(octet_more), OF_PIECE(zero_more), OF_PIECE(half_as_long),
	OF_PIECE(twice_as_long), OF_PIECE(empty), OF_PIECE(far_too_long), OF_PIECE(nested),
	OF_PIECE(other_byte_order), OF_PIECE(in_a_nest), OF_PIECE(in_many_nests),
	OF_PIECE(in_a_nest_without_the_flag), OF_PIECE(nest_of_garbage), OF_PIECE(type_zero),
	OF_PIECE(another_type), OF_PIECE(type_unknown), OF_PIECE(claims_all),
	OF_PIECE(claims_more), OF_PIECE(claims_less), OF_PIECE(claims_no_header),
	OF_PIECE(all_zero), OF_PIECE(all_ones), OF_PIECE(any_octets), OF_PIECE(one_bit),
	OF_PIECE(without_end), OF_PIECE(ends_early),
	OF_DRAFT(leave_out), OF_DRAFT(say_twice), OF_DRAFT(say_otherwise_first),
	OF_DRAFT(say_otherwise_last), OF_DRAFT(one_too_long), OF_DRAFT(one_too_short),
	OF_DRAFT(cut_anywhere), OF_DRAFT(genl_header_cut),
	OF_DRAFT(octets_behind), OF_DRAFT(says_longer), OF_DRAFT(another_version),
	OF_DRAFT(reserved_set), OF_DRAFT(another_flag), OF_DRAFT(the_other_way),
	OF_DRAFT(another_command), OF_DRAFT(command_next_to_it), OF_DRAFT(attribute_more),
	OF_DRAFT(many_of_them), OF_DRAFT(other_way_round), OF_DRAFT(no_attributes),
};

#define CHANGES		((int)(sizeof(changes) / sizeof(*changes)))

/* What concerns one attribute is done to number @at, if there is one. */
static inline void draft_change(struct draft *draft, int change, int at)
{
	draft->at = at;
	if (changes[change].of_draft)
		changes[change].of_draft(draft);
	else if (at < draft->count)
		changes[change].of_piece(&draft->pieces[at]);
}

/* ---- as octets ---- */

/* Returns how many are sent. */
static inline int draft_write(const struct draft *draft, struct message *message)
{
	uint8_t *at = message->attrs, *end = (uint8_t *)(message + 1);
	const struct piece *piece;
	struct nlattr attr;
	int len;

	*message = draft->head;
	for (piece = draft->pieces; piece < draft->pieces + draft->count; piece++) {
		if (end - at < NLA_ALIGN(NLA_HDRLEN + piece->len) + draft->trailing)
			break;
		attr.nla_type = piece->type;
		attr.nla_len = piece->claim ? piece->claim : NLA_HDRLEN + piece->len;
		memcpy(at, &attr, NLA_HDRLEN);
		memcpy(at + NLA_HDRLEN, piece->data, piece->len);
		at += NLA_ALIGN(NLA_HDRLEN + piece->len);
	}
	len = at + draft->trailing - (uint8_t *)message - draft->cut;
	if (len < NLMSG_HDRLEN)
		len = NLMSG_HDRLEN;
	message->head.nlmsg_len = len + draft->lie;
	return len;
}

#endif
