// SPDX-License-Identifier: GPL-2.0
/* Headers and the contents of DATA: protocol sections 3 and 6. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <compat/unaligned.h>
#include <core/frame.h>
#include "each_suite.h"

#define OTHER_SUITE	200	/* no build has it */

static const struct {
	u8 type;
	size_t len[3];	/* by suite */
} types[] = {
	{ HPKM_C1, { 48, 112, 112 } }, { HPKM_C2, { 48, 96, 96 } }, { HPKM_C3, { 48, 64, 64 } },
	{ HPKM_C4, { 48, 64, 64 } }, { HPKM_C5, { 48, 64, 64 } }, { HPKM_ACK, { 16, 40, 40 } },
	{ HPKM_DATA, { 46, 46, 46 } }, { HPKM_P1, { 64, 64, 64 } }, { HPKM_P2, { 64, 64, 64 } },
	{ HPKM_P3, { 104, 104, 104 } }, { HPKM_P4, { 104, 104, 104 } },
	{ HPKM_P5, { 34, 34, 34 } }, { HPKM_P6, { 34, 34, 34 } },
};

static bool has_type(u8 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return true;
	return false;
}

/* ---- the header ---- */

static void header_is_written_octet_by_octet(struct kunit *test)
{
	static const u8 c2[HPKM_HD_LEN] = { 2, 1, 0, 0, 0x44, 0x33, 0x22, 0x11,
					    0xdd, 0xcc, 0xbb, 0xaa, 0, 0, 0, 0 };
	static const u8 data[HPKM_HD_LEN] = { 7, 1, 2, 0, 0x44, 0x33, 0x22, 0x11,
					      8, 7, 6, 5, 4, 3, 2, 1 };
	u8 hd[HPKM_HD_LEN];

	memset(hd, 0xee, sizeof(hd));
	hpkm_hd_write(hd, HPKM_C2, 0, 0x11223344, 0xaabbccdd);
	KUNIT_EXPECT_EQ(test, memcmp(hd, c2, sizeof(hd)), 0);
	memset(hd, 0xee, sizeof(hd));
	hpkm_hd_write_data(hd, 2, 0x11223344, 0x0102030405060708ULL);
	KUNIT_EXPECT_EQ(test, memcmp(hd, data, sizeof(hd)), 0);
}

static void each_type_has_its_shortest_frame(struct kunit *test)
{
	u8 frame[HPKM_HANDSHAKE_MAX] = {};
	u8 suite = suite_of(test)->id;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		size_t len = types[i].len[suite];

		hpkm_hd_write(frame, types[i].type, suite, 0, 0);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, len), HPKM_FRAME_OK,
				    "type %u", types[i].type);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, len - 1), HPKM_FRAME_SHORT,
				    "type %u", types[i].type);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, sizeof(frame)), HPKM_FRAME_OK,
				    "type %u", types[i].type);
	}
}

static void shorter_than_a_header_is_short(struct kunit *test)
{
	u8 frame[HPKM_HD_LEN] = { HPKM_ACK, HPKM_VERSION };
	size_t len;

	for (len = 0; len < HPKM_HD_LEN; len++)
		KUNIT_EXPECT_EQ(test, hpkm_hd_check(frame, len), HPKM_FRAME_SHORT);
	KUNIT_EXPECT_EQ(test, hpkm_hd_check(frame, len), HPKM_FRAME_OK);
}

static void unknown_types_are_refused(struct kunit *test)
{
	u8 frame[HPKM_HANDSHAKE_MAX] = {};
	unsigned int type;

	for (type = 0; type <= U8_MAX; type++) {
		hpkm_hd_write(frame, type, suite_of(test)->id, 0, 0);
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, sizeof(frame)),
				    has_type(type) ? HPKM_FRAME_OK : HPKM_FRAME_TYPE,
				    "type %u", type);
	}
}

static void other_versions_are_refused(struct kunit *test)
{
	u8 frame[HPKM_HANDSHAKE_MAX] = {};
	unsigned int version;

	for (version = 0; version <= U8_MAX; version++) {
		hpkm_hd_write(frame, HPKM_C1, suite_of(test)->id, 0, 1);
		frame[1] = version;
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, sizeof(frame)),
				    version == 1 ? HPKM_FRAME_OK : HPKM_FRAME_VERSION,
				    "version %u", version);
	}
}

/* Whether octet @at of @type's header may be something else than zero: only suite 0 has a tag. */
static bool octet_is_free(u8 type, u8 suite, unsigned int at)
{
	if (at == 3)
		return false;
	if (at < 8)
		return type != HPKM_C1 && type < HPKM_P1;
	if (type == HPKM_DATA)
		return true;
	if (at < 12)
		return type == HPKM_C1 || type == HPKM_C2;
	return type == HPKM_C1 && suite == HPKM_SUITE_XOR;
}

static void reserved_octets(struct kunit *test, u8 type, u8 suite)
{
	u8 frame[HPKM_HANDSHAKE_MAX] = {};
	unsigned int at;

	for (at = 3; at < HPKM_HD_LEN; at++) {
		hpkm_hd_write(frame, type, suite, 0, 0);
		frame[at] = 0x80;
		KUNIT_EXPECT_EQ_MSG(test, hpkm_hd_check(frame, sizeof(frame)),
				    octet_is_free(type, suite, at) ? HPKM_FRAME_OK :
								     HPKM_FRAME_RESERVED,
				    "type %u, suite %u, octet %u", type, suite, at);
	}
}

static void reserved_octets_must_be_zero(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		reserved_octets(test, types[i].type, suite_of(test)->id);
}

/* An unknown suite has no sizes; the caller refuses it by name. */
static void unknown_suites_need_a_header_only(struct kunit *test)
{
	u8 frame[HPKM_HD_LEN];
	unsigned int i;

	hpkm_hd_write(frame, HPKM_C1, OTHER_SUITE, 0, 1);
	KUNIT_EXPECT_EQ(test, hpkm_hd_check(frame, sizeof(frame)), HPKM_FRAME_OK);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		reserved_octets(test, types[i].type, OTHER_SUITE);
}

static void octets_behind_the_header_are_not_judged(struct kunit *test)
{
	u8 frame[HPKM_HANDSHAKE_MAX];
	unsigned int i;

	memset(frame, 0xff, sizeof(frame));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		hpkm_hd_write(frame, types[i].type, suite_of(test)->id, 0, 0);
		KUNIT_EXPECT_EQ(test, hpkm_hd_check(frame, sizeof(frame)), HPKM_FRAME_OK);
	}
}

/* ---- what is inside DATA ---- */

#define R	HPKM_FLAG_RECORD
#define A	HPKM_FLAG_ACK
#define L	HPKM_FLAG_L2ADDR
#define F1	HPKM_FLAG_FRAG_FIRST
#define F2	HPKM_FLAG_FRAG_LAST

/* Everything that exists; all else must be refused. */
static const struct {
	u8 kind;
	u8 flags;
} allowed[] = {
	{ HPKM_KIND_FRAME, 0 },		{ HPKM_KIND_FRAME, F1 },
	{ HPKM_KIND_FRAME, R },		{ HPKM_KIND_FRAME, F1 | R },
	{ HPKM_KIND_FRAME, A },		{ HPKM_KIND_FRAME, F1 | A },
	{ HPKM_KIND_FRAME, L },		{ HPKM_KIND_FRAME, F1 | L },
	{ HPKM_KIND_FRAME, R | A },	{ HPKM_KIND_FRAME, F1 | R | A },
	{ HPKM_KIND_FRAME, R | L },	{ HPKM_KIND_FRAME, F1 | R | L },
	{ HPKM_KIND_FRAME, A | L },	{ HPKM_KIND_FRAME, F1 | A | L },
	{ HPKM_KIND_FRAME, R | A | L },	{ HPKM_KIND_FRAME, F1 | R | A | L },
	{ HPKM_KIND_FRAME, F2 },	{ HPKM_KIND_FRAME, F2 | A },
	{ HPKM_KIND_MSG, R },		{ HPKM_KIND_MSG, F1 | R },
	{ HPKM_KIND_MSG, R | A },	{ HPKM_KIND_MSG, F1 | R | A },
	{ HPKM_KIND_MSG, F2 },		{ HPKM_KIND_MSG, F2 | A },
	{ HPKM_KIND_CONTROL, 0 },	{ HPKM_KIND_CONTROL, A },
};

static bool is_allowed(u8 kind, u8 flags)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].kind == kind && allowed[i].flags == flags)
			return true;
	return false;
}

static size_t head_of(u8 flags)
{
	return 4 + (flags & R ? 48 : 0) + (flags & A ? 16 : 0) + (flags & L ? 12 : 0);
}

static int parse(u8 kind, u8 flags, u16 proto, size_t len)
{
	u8 data[128] = { kind, flags, proto >> 8, proto & 0xff };
	struct hpkm_inner inner;

	return hpkm_inner_parse(&inner, data, len);
}

static u16 proto_of(u8 kind)
{
	return kind == HPKM_KIND_FRAME ? 0x0800 : 0;
}

static void only_known_kinds_and_flags_pass(struct kunit *test)
{
	unsigned int kind, flags;

	for (kind = 0; kind <= U8_MAX; kind++)
		for (flags = 0; flags <= U8_MAX; flags++)
			KUNIT_ASSERT_EQ_MSG(test, parse(kind, flags, proto_of(kind), 128),
					    is_allowed(kind, flags) ? 0 : -EBADMSG,
					    "kind %u, flags %u", kind, flags);
}

static void truncated_heads_are_refused(struct kunit *test)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		u8 kind = allowed[i].kind, flags = allowed[i].flags;
		size_t least = head_of(flags) + (flags & F2 ? 26 : 0);

		KUNIT_EXPECT_EQ(test, hpkm_inner_head_len(flags), head_of(flags));
		for (len = 0; len <= 128; len++)
			KUNIT_ASSERT_EQ_MSG(test, parse(kind, flags, proto_of(kind), len),
					    len < least ? -EBADMSG : 0,
					    "kind %u, flags %u, %zu octets", kind, flags, len);
	}
}

static void only_frames_have_an_ethertype(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_FRAME, 0, 0x0800, 50), 0);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_FRAME, 0, 0x0000, 50), 0);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_MSG, R, 0x0800, 100), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_MSG, R, 0x0001, 100), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_MSG, F2, 0x0100, 100), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_CONTROL, 0, 0x0800, 50), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_CONTROL, A, 0x0001, 50), -EBADMSG);
}

static void own_ethertype_is_refused_inside(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_FRAME, 0, 0x88b5, 50), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_FRAME, F2, 0x88b5, 50), -EBADMSG);
	KUNIT_EXPECT_EQ(test, parse(HPKM_KIND_FRAME, 0, 0xb588, 50), 0);
}

static int parse_location(struct hpkm_inner *inner, const u8 location[HPKM_LI_LEN])
{
	u8 data[60] = { HPKM_KIND_FRAME, R, 0x08, 0x00 };

	memcpy(data + 20, location, HPKM_LI_LEN);
	return hpkm_inner_parse(inner, data, sizeof(data));
}

static void location_must_fit_and_be_padded_with_zeros(struct kunit *test)
{
	struct hpkm_inner inner;
	unsigned int len, at;

	for (len = 0; len <= U8_MAX; len++) {
		u8 location[HPKM_LI_LEN] = { len };

		memset(location + 1, 'x', min_t(size_t, len, 31));
		KUNIT_EXPECT_EQ(test, parse_location(&inner, location), len <= 31 ? 0 : -EBADMSG);
		if (len <= 31)
			KUNIT_EXPECT_EQ(test, memcmp(inner.location, location, HPKM_LI_LEN), 0);
		for (at = len + 1; at < HPKM_LI_LEN; at++) {
			location[at] = 1;
			KUNIT_EXPECT_EQ(test, parse_location(&inner, location), -EBADMSG);
			location[at] = 0;
		}
	}
}

static void padding_belongs_to_the_payload(struct kunit *test)
{
	u8 control[14] = { HPKM_KIND_CONTROL, 0, 0, 0, HPKM_NAK, 1, 0, 0, 0 };
	u8 frame[14] = { HPKM_KIND_FRAME, 0, 0x08, 0x06, 9 };
	struct hpkm_inner inner;

	KUNIT_ASSERT_EQ(test, hpkm_inner_parse(&inner, control, sizeof(control)), 0);
	KUNIT_EXPECT_PTR_EQ(test, inner.payload, (const u8 *)control + 4);
	KUNIT_EXPECT_EQ(test, inner.payload_len, 10);
	KUNIT_ASSERT_EQ(test, hpkm_inner_parse(&inner, frame, sizeof(frame)), 0);
	KUNIT_EXPECT_PTR_EQ(test, inner.payload, (const u8 *)frame + 4);
	KUNIT_EXPECT_EQ(test, inner.payload_len, 10);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(inner.proto), 0x0806);
}

static void fields_stand_where_the_protocol_says(struct kunit *test)
{
	u8 data[4 + 48 + 16 + 12 + 1] = { HPKM_KIND_FRAME, R | A | L, 0x86, 0xdd };
	struct hpkm_inner inner;

	put_unaligned_le64(0x1111111111111111ULL, data + 4);
	put_unaligned_le64(0x2222222222222222ULL, data + 12);
	memcpy(data + 20, "\3abc", 4);
	put_unaligned_le64(0x3333333333333333ULL, data + 52);
	put_unaligned_le64(0x4444444444444444ULL, data + 60);
	memset(data + 68, 0x55, 6);
	memset(data + 74, 0x66, 6);
	data[80] = 0x77;

	KUNIT_ASSERT_EQ(test, hpkm_inner_parse(&inner, data, sizeof(data)), 0);
	KUNIT_EXPECT_EQ(test, inner.rec, 0x1111111111111111ULL);
	KUNIT_EXPECT_EQ(test, inner.time, 0x2222222222222222ULL);
	KUNIT_EXPECT_EQ(test, memcmp(inner.location, "\3abc\0\0", 6), 0);
	KUNIT_EXPECT_EQ(test, inner.ack_base, 0x3333333333333333ULL);
	KUNIT_EXPECT_EQ(test, inner.ack_map, 0x4444444444444444ULL);
	KUNIT_EXPECT_EQ(test, memcmp(inner.dst, "\x55\x55\x55\x55\x55\x55", 6), 0);
	KUNIT_EXPECT_EQ(test, memcmp(inner.src, "\x66\x66\x66\x66\x66\x66", 6), 0);
	KUNIT_EXPECT_EQ(test, inner.payload_len, 1);
	KUNIT_EXPECT_EQ(test, *inner.payload, 0x77);
}

static void absent_fields_are_zero(struct kunit *test)
{
	static const u8 data[30] = { HPKM_KIND_FRAME, 0, 0x08, 0x00, 1, 2, 3 };
	struct hpkm_inner inner;

	memset(&inner, 0xff, sizeof(inner));
	KUNIT_ASSERT_EQ(test, hpkm_inner_parse(&inner, data, sizeof(data)), 0);
	KUNIT_EXPECT_EQ(test, inner.rec | inner.time | inner.ack_base | inner.ack_map, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(inner.location, 0, sizeof(inner.location)));
	KUNIT_EXPECT_NULL(test, memchr_inv(inner.dst, 0, sizeof(inner.dst)));
	KUNIT_EXPECT_NULL(test, memchr_inv(inner.src, 0, sizeof(inner.src)));
}

static void random_inner(struct rnd_state *rnd, struct hpkm_inner *inner)
{
	u32 which = prandom_u32_state(rnd) % ARRAY_SIZE(allowed);

	memset(inner, 0, sizeof(*inner));
	inner->kind = allowed[which].kind;
	inner->flags = allowed[which].flags;
	inner->proto = cpu_to_be16(inner->kind == HPKM_KIND_FRAME ? 0x1234 : 0);
	if (inner->flags & R) {
		prandom_bytes_state(rnd, &inner->rec, sizeof(inner->rec));
		prandom_bytes_state(rnd, &inner->time, sizeof(inner->time));
		inner->location[0] = prandom_u32_state(rnd) % (HPKM_LOCATION_MAX + 1);
		prandom_bytes_state(rnd, inner->location + 1, inner->location[0]);
	}
	if (inner->flags & A) {
		prandom_bytes_state(rnd, &inner->ack_base, sizeof(inner->ack_base));
		prandom_bytes_state(rnd, &inner->ack_map, sizeof(inner->ack_map));
	}
	if (inner->flags & L) {
		prandom_bytes_state(rnd, inner->dst, sizeof(inner->dst));
		prandom_bytes_state(rnd, inner->src, sizeof(inner->src));
	}
}

static void what_is_written_is_read_again(struct kunit *test)
{
	struct hpkm_inner written, read;
	struct rnd_state rnd;
	u8 data[256];
	u32 i;

	prandom_seed_state(&rnd, 6);
	for (i = 0; i < 2000; i++) {
		size_t head;

		random_inner(&rnd, &written);
		prandom_bytes_state(&rnd, data, sizeof(data));
		head = hpkm_inner_write_head(data, &written);
		KUNIT_ASSERT_EQ(test, head, hpkm_inner_head_len(written.flags));
		written.payload = data + head;
		written.payload_len = sizeof(data) - head;
		KUNIT_ASSERT_EQ(test, hpkm_inner_parse(&read, data, sizeof(data)), 0);
		KUNIT_ASSERT_EQ(test, memcmp(&read, &written, sizeof(read)), 0);
	}
}

/* ---- the message inside a MSG ---- */

static int message(u16 said, size_t payload_len, const u8 **data, size_t *len)
{
	static u8 payload[HPKM_MESSAGE_MAX + 16];
	struct hpkm_inner inner = { .kind = HPKM_KIND_MSG, .flags = R,
				    .payload = payload, .payload_len = payload_len };

	put_unaligned_le16(said, payload);
	return hpkm_message_parse(&inner, data, len);
}

static void message_has_1_to_1024_octets(struct kunit *test)
{
	const u8 *data;
	size_t len;

	KUNIT_EXPECT_EQ(test, message(0, 2, &data, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(1, 3, &data, &len), 0);
	KUNIT_EXPECT_EQ(test, len, 1);
	KUNIT_EXPECT_EQ(test, message(1024, 1026, &data, &len), 0);
	KUNIT_EXPECT_EQ(test, len, 1024);
	KUNIT_EXPECT_EQ(test, message(1025, 1027, &data, &len), -EBADMSG);
}

static void message_length_must_be_true(struct kunit *test)
{
	const u8 *data;
	size_t len;

	KUNIT_EXPECT_EQ(test, message(10, 11, &data, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(10, 12, &data, &len), 0);
	KUNIT_EXPECT_EQ(test, message(10, 13, &data, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(0xffff, 2, &data, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(1, 1, &data, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(1, 0, &data, &len), -EBADMSG);
}

static void message_is_behind_its_length(struct kunit *test)
{
	static const u8 payload[] = { 3, 0, 'a', 'b', 'c' };
	struct hpkm_inner inner = { .kind = HPKM_KIND_MSG, .flags = R,
				    .payload = payload, .payload_len = sizeof(payload) };
	const u8 *data;
	size_t len;

	KUNIT_ASSERT_EQ(test, hpkm_message_parse(&inner, &data, &len), 0);
	KUNIT_EXPECT_PTR_EQ(test, data, payload + 2);
	KUNIT_EXPECT_EQ(test, len, 3);
	inner.kind = HPKM_KIND_FRAME;
	KUNIT_EXPECT_EQ(test, hpkm_message_parse(&inner, &data, &len), -EBADMSG);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(header_is_written_octet_by_octet),
	EACH_SUITE(each_type_has_its_shortest_frame),
	KUNIT_CASE(shorter_than_a_header_is_short),
	EACH_SUITE(unknown_types_are_refused),
	EACH_SUITE(other_versions_are_refused),
	KUNIT_CASE(unknown_suites_need_a_header_only),
	EACH_SUITE(reserved_octets_must_be_zero),
	EACH_SUITE(octets_behind_the_header_are_not_judged),
	KUNIT_CASE(only_known_kinds_and_flags_pass),
	KUNIT_CASE(truncated_heads_are_refused),
	KUNIT_CASE(only_frames_have_an_ethertype),
	KUNIT_CASE(own_ethertype_is_refused_inside),
	KUNIT_CASE(location_must_fit_and_be_padded_with_zeros),
	KUNIT_CASE(padding_belongs_to_the_payload),
	KUNIT_CASE(fields_stand_where_the_protocol_says),
	KUNIT_CASE(absent_fields_are_zero),
	KUNIT_CASE(what_is_written_is_read_again),
	KUNIT_CASE(message_has_1_to_1024_octets),
	KUNIT_CASE(message_length_must_be_true),
	KUNIT_CASE(message_is_behind_its_length),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "hpkm-frame",
	.test_cases = cases,
};

kunit_test_suite(frame_suite);
