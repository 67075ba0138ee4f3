// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol core against a file of known answers; built into the vectors
 * program and the KUnit tests.  Both sides of everything are played, so that
 * what one makes is also opened by the other.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <compat/unaligned.h>
#include <core/dh.h>
#include <core/frame.h>
#include <core/hash.h>
#include <core/initiator.h>
#include <core/pairing_messages.h>
#include <core/responder.h>
#include <core/suite.h>
#include "check.h"

#define REFUSED		"is refused by the other side"
#define ROOM		(VALUE_MAX + HPKM_FRAME_MIN)

/* The update in the files: number 1, which shows T and LI. */
#define UPDATE_UCTR	1
#define UPDATE_A	1
#define UPDATE_B	2
#define UPDATE_C	0

struct side {
	struct hpkm_pair pair;
	struct hpkm_pairing_run run;
	struct hpkm_epoch epoch;
	struct hpkm_session_keys keys;
	struct hpkm_update update;
};

/* @a sent P1, C1, the data and U1. */
struct check {
	struct values *values;
	const struct hpkm_suite *suite;
	struct side a;
	struct side b;
	struct hpkm_attempt attempt;
	struct hpkm_half_open half;
	struct hpkm_record record;
	struct hpkm_inner parsed;
	u8 inner[ROOM];
	u8 frame[ROOM];
	u8 copy[ROOM];
};

static u32 get_sid(struct check *c, const char *name)
{
	return get_unaligned_le32(values_get(c->values, name, 4));
}

static u64 get_u64(struct check *c, const char *name)
{
	return get_unaligned_le64(values_get(c->values, name, 8));
}

static void get_location(struct check *c, const char *name, u8 out[HPKM_LI_LEN])
{
	size_t len;
	const u8 *text = values_get_any(c->values, name, HPKM_LOCATION_MAX, &len);

	memset(out, 0, HPKM_LI_LEN);
	out[0] = len;
	memcpy(out + 1, text, len);
}

static void require(struct check *c, const char *name, bool holds, const char *why)
{
	values_require(c->values, name, holds, why);
}

/* Also looks whether a receiver would take its header, once it is padded. */
static void compare_frame(struct check *c, const char *name, const u8 *frame, size_t len)
{
	size_t padded = max_t(size_t, len, HPKM_FRAME_MIN);

	values_compare(c->values, name, frame, len);
	memset(c->copy, 0, sizeof(c->copy));
	memcpy(c->copy, frame, len);
	require(c, name, hpkm_hd_check(c->copy, padded) == HPKM_FRAME_OK,
		"has a header that is refused");
	require(c, name, c->copy[0] == HPKM_DATA ||
		hpkm_hd_check(c->copy, len - 1) == HPKM_FRAME_SHORT,
		"is taken although its last octet is missing");
}

/* ---- pairing: section 4 ---- */

static void get_offer(struct check *c, struct hpkm_pairing_offer *offer, const char *time,
		      const char *location, const char *r)
{
	const u8 *random = values_get(c->values, r, sizeof(offer->kids) + sizeof(offer->random));

	offer->time = cpu_to_le64(get_u64(c, time));
	get_location(c, location, offer->location);
	memcpy(offer->kids, random, sizeof(offer->kids));
	memcpy(offer->random, random + sizeof(offer->kids), sizeof(offer->random));
}

static void make_hello(struct check *c, u8 *frame, u8 type, const char *name, const char *id,
		       const char *scalar)
{
	u8 generator[HPKM_KEY_LEN], point[HPKM_KEY_LEN];
	int err;

	hpkm_pairing_generator(generator, values_get(c->values, "sk", HPKM_SK_LEN));
	values_compare(c->values, "G", generator, sizeof(generator));
	err = hpkm_dh(point, values_get(c->values, scalar, HPKM_KEY_LEN), generator);
	require(c, scalar, !err, "leads to zero");
	hpkm_pairing_make_hello(frame, type, c->suite, values_get(c->values, id, HPKM_ID_LEN),
				point);
	compare_frame(c, name, frame, HPKM_HELLO_LEN);
}

static void agree(struct check *c, struct side *side, bool initiator, const char *scalar,
		  const u8 *p1, const u8 *p2)
{
	struct hpkm_pairing_run *run = &side->run;

	run->suite = c->suite;
	run->initiator = initiator;
	require(c, "P2", !hpkm_pairing_agree(run, values_get(c->values, "sk", HPKM_SK_LEN),
					     values_get(c->values, scalar, HPKM_KEY_LEN), p1, p2),
		REFUSED);
	values_compare(c->values, "Z", run->shared, HPKM_KEY_LEN);
	values_compare(c->values, "kp", run->key, HPKM_KEY_LEN);
}

static void check_hello(struct check *c)
{
	u8 *p1 = c->frame, *p2 = c->inner;

	make_hello(c, p1, HPKM_P1, "P1", "idA", "a");
	make_hello(c, p2, HPKM_P2, "P2", "idB", "b");
	agree(c, &c->a, true, "a", p1, p2);
	agree(c, &c->b, false, "b", p1, p2);
}

static void check_epoch(struct check *c, struct side *side, const char *own, const char *peer)
{
	hpkm_pair_init(&side->pair, c->suite, values_get(c->values, own, HPKM_ID_LEN),
		       values_get(c->values, peer, HPKM_ID_LEN));
	values_compare(c->values, "P", side->pair.name, HPKM_KEY_LEN);
	hpkm_pairing_epoch(&side->run, values_get(c->values, "sk", HPKM_SK_LEN), &side->epoch);
	values_compare(c->values, "CK0", side->epoch.chain, HPKM_KEY_LEN);
	values_compare(c->values, "X0", side->epoch.x[0], HPKM_KEY_LEN);
	values_compare(c->values, "X1", side->epoch.x[1], HPKM_KEY_LEN);
	values_compare(c->values, "X2", side->epoch.x[2], HPKM_KEY_LEN);
	values_compare(c->values, "kid0", side->epoch.kid, HPKM_KID_LEN);
}

static void check_offers(struct check *c)
{
	struct hpkm_pairing_run *a = &c->a.run, *b = &c->b.run;

	get_offer(c, &a->offer_a, "TA", "LIA", "rA");
	hpkm_pairing_make_p3(a, c->frame);
	compare_frame(c, "P3", c->frame, HPKM_OFFER_LEN);
	require(c, "P3", !hpkm_pairing_open_p3(b, c->frame), REFUSED);
	require(c, "P3", !memcmp(&a->offer_a, &b->offer_a, sizeof(a->offer_a)),
		"says something else to the other side");

	get_offer(c, &b->offer_b, "TB", "LIB", "rB");
	hpkm_pairing_make_p4(b, c->frame);
	compare_frame(c, "P4", c->frame, HPKM_OFFER_LEN);
	require(c, "P4", !hpkm_pairing_open_p4(a, c->frame), REFUSED);
	require(c, "P4", !memcmp(&a->offer_b, &b->offer_b, sizeof(a->offer_b)),
		"says something else to the other side");
}

static void check_pairing(struct check *c)
{
	check_hello(c);
	check_offers(c);

	hpkm_pairing_make_p5(&c->a.run, c->frame);
	compare_frame(c, "P5", c->frame, HPKM_FINISH_LEN);
	require(c, "P5", !hpkm_pairing_open_p5(&c->b.run, c->frame), REFUSED);

	check_epoch(c, &c->a, "idA", "idB");
	check_epoch(c, &c->b, "idB", "idA");

	hpkm_pairing_make_p6(&c->b.run, c->frame);
	compare_frame(c, "P6", c->frame, HPKM_FINISH_LEN);
	require(c, "P6", !hpkm_pairing_open_p6(&c->a.run, c->frame), REFUSED);
}

/* ---- exchange: section 5 ---- */

/* Suites 1 and 2: C1 and C2 carry more than the paper's, and the update proves. */
static bool has_shares(const struct check *c)
{
	return c->suite->counts_attempts;
}

static void prepare_initiator(struct check *c)
{
	struct hpkm_exchange *x = &c->attempt.x;
	const u8 *chosen = values_get(c->values, "pair", 2);
	bool usable = chosen[0] < chosen[1] && chosen[1] < HPKM_ELEMENTS;

	require(c, "pair", usable, "is no pair of elements");
	x->pair = &c->a.pair;
	x->epoch = c->a.epoch;
	x->initiator = true;
	x->a = usable ? chosen[0] : 0;
	x->b = usable ? chosen[1] : 1;
	x->unused = HPKM_ELEMENTS - x->a - x->b;
	x->initiator_sid = get_sid(c, "sidI");
	memcpy(x->random_initiator, values_get(c->values, "RI", HPKM_KEY_LEN), HPKM_KEY_LEN);
	if (has_shares(c)) {
		x->hctr = get_u64(c, "hctr");
		memcpy(x->ephemeral, values_get(c->values, "eI", HPKM_KEY_LEN), HPKM_KEY_LEN);
	}
}

static void prepare_responder(struct check *c)
{
	struct hpkm_exchange *x = &c->half.x;

	x->pair = &c->b.pair;
	x->epoch = c->b.epoch;
	x->responder_sid = get_sid(c, "sidR");
	memcpy(x->random_responder, values_get(c->values, "RR", HPKM_KEY_LEN), HPKM_KEY_LEN);
	memcpy(x->challenge, values_get(c->values, "V", HPKM_KEY_LEN), HPKM_KEY_LEN);
	if (has_shares(c))
		memcpy(x->ephemeral, values_get(c->values, "eR", HPKM_KEY_LEN), HPKM_KEY_LEN);
}

static void initiator_sent(struct check *c, const char *name)
{
	compare_frame(c, name, c->attempt.frame, c->attempt.len);
}

static void initiator_gets(struct check *c, const char *name, u8 type)
{
	compare_frame(c, name, c->half.reply, c->suite->frame_len[type]);
	require(c, name, !hpkm_initiator_receive(&c->attempt, c->half.reply, 0), REFUSED);
}

static void responder_gets(struct check *c, const char *name)
{
	require(c, name, !hpkm_responder_receive(&c->half, c->attempt.frame, 0), REFUSED);
}

/* S; the session's keys follow from it, but no function gives it away. */
static void check_session_secret(struct check *c)
{
	u8 derived[HPKM_KEY_LEN];

	hpkm_derive(derived, values_get(c->values, "S", HPKM_KEY_LEN), "i2r", HPKM_NOTHING);
	values_compare(c->values, "i2r", derived, HPKM_KEY_LEN);
}

static void check_keys(struct check *c)
{
	const struct hpkm_session_keys *keys = &c->a.keys;

	c->suite->derive(&c->attempt.x, &c->a.keys);
	c->suite->derive(&c->half.x, &c->b.keys);
	require(c, "SID", !memcmp(&c->a.keys, &c->b.keys, sizeof(c->a.keys)),
		"comes with other keys on the other side");
	values_compare(c->values, "SID", keys->sid, HPKM_SID_LEN);
	values_compare(c->values, has_shares(c) ? "i2r" : "RI", keys->to_responder, HPKM_KEY_LEN);
	values_compare(c->values, has_shares(c) ? "r2i" : "RR", keys->to_initiator, HPKM_KEY_LEN);
	if (!has_shares(c))
		return;
	values_compare(c->values, "SU", keys->update, HPKM_KEY_LEN);
	check_session_secret(c);
}

static void check_exchange(struct check *c)
{
	prepare_initiator(c);
	prepare_responder(c);
	hpkm_initiator_start(&c->attempt, 0);
	initiator_sent(c, "C1");
	require(c, "C1", !hpkm_responder_start(&c->half, c->attempt.frame, 0), REFUSED);
	require(c, "C1", c->half.x.hctr == c->attempt.x.hctr, "has another number when it is read");
	initiator_gets(c, "C2", HPKM_C2);
	initiator_sent(c, "C3");
	responder_gets(c, "C3");
	initiator_gets(c, "C4", HPKM_C4);
	initiator_sent(c, "C5");
	responder_gets(c, "C5");
	initiator_gets(c, "ACK", HPKM_ACK);
	check_keys(c);
}

/* ---- data: section 6 ---- */

static const u8 nak[HPKM_CONTROL_HEAD_LEN] = { HPKM_NAK, UPDATE_UCTR };

/**
 * struct frame_case - one of the files' frames
 * @name: with _inner and _frame behind it, in the files
 * @counter: its frame counter
 * @reply: it goes the other way, and only its _frame is in the files
 * @first: its payload is octets that rise from this one; @inner.payload NULL
 * @inner: what is in it
 */
struct frame_case {
	const char *name;
	u64 counter;
	bool reply;
	u8 first;
	struct hpkm_inner inner;
};

static const struct frame_case frame_cases[] = {
	{ .name = "IP", .counter = 5, .inner = {
		.kind = HPKM_KIND_FRAME, .flags = HPKM_FLAG_ACK, .proto = cpu_to_be16(0x0800),
		.ack_base = 3, .ack_map = 5, .payload_len = 40 } },
	{ .name = "MULTICAST", .counter = 6, .inner = {
		.kind = HPKM_KIND_FRAME, .flags = HPKM_FLAG_L2ADDR, .proto = cpu_to_be16(0x86dd),
		.dst = { 0x33, 0x33, 0, 0, 0, 0x01 }, .src = { 0x52, 0x54, 0, 0, 0, 0x01 },
		.payload_len = 40 } },
	{ .name = "FIRST", .counter = 7, .inner = {
		.kind = HPKM_KIND_FRAME, .flags = HPKM_FLAG_FRAG_FIRST,
		.proto = cpu_to_be16(0x0800), .payload_len = 1400 } },
	{ .name = "LAST", .counter = 8, .first = 1400 % 256, .inner = {
		.kind = HPKM_KIND_FRAME, .flags = HPKM_FLAG_FRAG_LAST,
		.proto = cpu_to_be16(0x0800), .payload_len = 100 } },
	{ .name = "NAK", .counter = 9, .inner = {
		.kind = HPKM_KIND_CONTROL, .payload = nak, .payload_len = sizeof(nak) } },
	{ .name = "BARE_ACK", .counter = 10, .inner = {
		.kind = HPKM_KIND_CONTROL, .flags = HPKM_FLAG_ACK, .ack_map = 1 } },
	{ .name = "KEEPALIVE", .counter = 11, .inner = { .kind = HPKM_KIND_CONTROL } },
	{ .name = "REPLY", .reply = true, .inner = {
		.kind = HPKM_KIND_CONTROL, .flags = HPKM_FLAG_ACK, .ack_map = 1 } },
};

static void name_of(char out[VALUE_NAME_MAX + 1], const struct frame_case *is, const char *what)
{
	snprintf(out, VALUE_NAME_MAX + 1, "%s%s", is->name, what);
}

/* Fills c->inner; returns its octets. */
static size_t encode(struct check *c, const struct frame_case *is)
{
	u8 *at = c->inner + hpkm_inner_write_head(c->inner, &is->inner);
	size_t i;

	for (i = 0; i < is->inner.payload_len; i++)
		at[i] = is->inner.payload ? is->inner.payload[i] : (u8)(is->first + i);
	return at + i - c->inner;
}

static bool same_head(const struct hpkm_inner *x, const struct hpkm_inner *y)
{
	return x->kind == y->kind && x->flags == y->flags && x->proto == y->proto &&
	       x->rec == y->rec && x->time == y->time &&
	       !memcmp(x->location, y->location, sizeof(x->location)) &&
	       x->ack_base == y->ack_base && x->ack_map == y->ack_map &&
	       !memcmp(x->dst, y->dst, sizeof(x->dst)) && !memcmp(x->src, y->src, sizeof(x->src));
}

/* @len: of c->inner, whose padding is zero, with @padding octets of it. */
static void check_parse(struct check *c, const struct frame_case *is, size_t len, size_t padding)
{
	const struct hpkm_inner *parsed = &c->parsed;
	size_t head = len - is->inner.payload_len;

	require(c, is->name, !hpkm_inner_parse(&c->parsed, c->inner, len + padding),
		"is refused inside");
	require(c, is->name, same_head(&is->inner, parsed), "is read as something else");
	require(c, is->name, parsed->payload == c->inner + head &&
		parsed->payload_len == is->inner.payload_len + padding,
		"has another payload when it is read");
}

static void check_seal(struct check *c, const struct frame_case *is, size_t len)
{
	const struct hpkm_session_keys *keys = &c->a.keys;
	const u8 *key = is->reply ? keys->to_initiator : keys->to_responder;
	char name[VALUE_NAME_MAX + 1];
	size_t sealed = len + c->suite->tag_len;

	hpkm_hd_write_data(c->frame, c->suite->id, get_sid(c, is->reply ? "sidI" : "sidR"),
			   is->counter);
	memcpy(c->frame + HPKM_HD_LEN, c->inner, len);
	c->suite->seal(key, is->counter, c->frame, len);
	name_of(name, is, "_frame");
	compare_frame(c, name, c->frame, HPKM_HD_LEN + sealed);
	require(c, name, !c->suite->open(key, is->counter, c->frame, sealed) &&
		!memcmp(c->frame + HPKM_HD_LEN, c->inner, len), REFUSED);
}

static void check_frame(struct check *c, const struct frame_case *is)
{
	char name[VALUE_NAME_MAX + 1];
	size_t len, padded;

	memset(c->inner, 0, sizeof(c->inner));
	len = encode(c, is);
	padded = max_t(size_t, len, c->suite->inner_min);
	name_of(name, is, "_inner");
	if (!is->reply)
		values_compare(c->values, name, c->inner, len);
	check_parse(c, is, len, padded - len);
	check_seal(c, is, padded);
}

static void check_message(struct check *c)
{
	struct frame_case is = { .name = "MSG", .counter = 4, .inner = {
		.kind = HPKM_KIND_MSG, .flags = HPKM_FLAG_RECORD } };
	u8 payload[HPKM_MSG_HEAD_LEN + 64];
	const u8 *data, *said;
	size_t len, said_len;

	data = values_get_any(c->values, "Data", sizeof(payload) - HPKM_MSG_HEAD_LEN, &len);
	put_unaligned_le16(len, payload);
	memcpy(payload + HPKM_MSG_HEAD_LEN, data, len);
	is.inner.rec = get_u64(c, "rec");
	is.inner.time = get_u64(c, "T");
	get_location(c, "LI", is.inner.location);
	is.inner.payload = payload;
	is.inner.payload_len = HPKM_MSG_HEAD_LEN + len;
	check_frame(c, &is);
	require(c, "MSG", !hpkm_message_parse(&c->parsed, &said, &said_len) && said_len == len &&
		!memcmp(said, data, len), "is another message when it is read");
	hpkm_record_init(&c->record, c->a.pair.own_is_smaller ? 0 : 1, is.inner.rec, is.inner.time,
			 is.inner.location, data, len);
}

static void check_data(struct check *c)
{
	unsigned int i;

	check_message(c);
	for (i = 0; i < ARRAY_SIZE(frame_cases); i++)
		check_frame(c, &frame_cases[i]);
}

/* ---- update: sections 7 and 8 ---- */

static void prepare_update(struct check *c, struct side *side, bool requester)
{
	struct hpkm_update *u = &side->update;

	u->pair = &side->pair;
	u->epoch = side->epoch;
	u->requester = requester;
	memcpy(u->session_update, side->keys.update, HPKM_KEY_LEN);
	memcpy(u->rid, c->record.rid, HPKM_RID_LEN);
	hpkm_record_elements(u->x, &c->record);
}

static void check_request(struct check *c)
{
	struct hpkm_update *requester = &c->a.update, *responder = &c->b.update;
	struct hpkm_update_search search;
	u8 *u1 = c->frame;
	u64 n = ~0ULL;

	requester->uctr = UPDATE_UCTR;
	requester->a = UPDATE_A;
	requester->b = UPDATE_B;
	requester->c = UPDATE_C;
	c->suite->make_update_request(requester, u1);
	values_compare(c->values, "U1", u1, c->suite->update_request_len);
	require(c, "U1", !c->suite->parse_update_request(responder, u1,
							 c->suite->update_request_len, &n,
							 &search), REFUSED);
	require(c, "U1", n == c->b.epoch.n && responder->uctr == UPDATE_UCTR &&
		responder->a == UPDATE_A && responder->b == UPDATE_B &&
		responder->c == UPDATE_C && search.by_rid == has_shares(c),
		"is read as another request");
	if (has_shares(c)) {
		values_compare(c->values, "rid", search.rid, HPKM_RID_LEN);
	} else {
		values_compare(c->values, "Xlog1", search.xa, HPKM_KEY_LEN);
		values_compare(c->values, "Xlog2", search.xb, HPKM_KEY_LEN);
	}
	require(c, "U1", !c->suite->accept_update_request(responder, u1), REFUSED);
}

static void check_next(struct check *c)
{
	const struct hpkm_epoch *next = &c->a.update.next;

	require(c, "U2", !memcmp(next, &c->b.update.next, sizeof(*next)),
		"leaves the two with different secrets");
	require(c, "U2", next->present && next->n == c->a.epoch.n + 1 &&
		!memcmp(next->x, c->a.update.x, sizeof(next->x)),
		"does not make the record the next triple");
	if (has_shares(c)) {
		values_compare(c->values, "CK1", next->chain, HPKM_KEY_LEN);
		values_compare(c->values, "kid1", next->kid, HPKM_KID_LEN);
	}
}

static void check_update(struct check *c)
{
	const struct hpkm_suite *suite = c->suite;
	u8 *out = c->frame;

	prepare_update(c, &c->a, true);
	prepare_update(c, &c->b, false);
	if (has_shares(c)) {
		memcpy(c->a.update.random_requester, values_get(c->values, "NA", HPKM_KEY_LEN),
		       HPKM_KEY_LEN);
		memcpy(c->b.update.random_responder, values_get(c->values, "NB", HPKM_KEY_LEN),
		       HPKM_KEY_LEN);
	}
	values_compare(c->values, "Xlog0", c->a.update.x[0], HPKM_KEY_LEN);
	values_compare(c->values, "Xlog1", c->a.update.x[1], HPKM_KEY_LEN);
	values_compare(c->values, "Xlog2", c->a.update.x[2], HPKM_KEY_LEN);
	check_request(c);

	suite->make_update_answer(&c->b.update, out);
	values_compare(c->values, "U2", out, suite->update_answer_len);
	require(c, "U2", !suite->open_update_answer(&c->a.update, out, suite->update_answer_len),
		REFUSED);
	check_next(c);

	suite->make_update_finish(&c->a.update, out);
	values_compare(c->values, "U3", out, suite->update_finish_len);
	require(c, "U3", !suite->open_update_finish(&c->b.update, out, suite->update_finish_len),
		REFUSED);
}

/**
 * check_values() - everything in a file
 * @values: as read; afterwards says how much was compared and what is wrong
 *
 * Return: 0 when each value is right, known, and was looked at; -EBADMSG when
 * @values says what is not; -ENOMEM.
 */
int check_values(struct values *values)
{
	struct check *c = kvcalloc(1, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	c->values = values;
	c->suite = hpkm_suite_by_id(*values_get(values, "suite", 1));
	require(c, "suite", c->suite, "is not one that this build has");
	if (!values->why) {
		check_pairing(c);
		check_exchange(c);
		check_data(c);
		check_update(c);
		values_all_used(values);
	}
	kvfree_sensitive(c, sizeof(*c));
	return values->why ? -EBADMSG : 0;
}
