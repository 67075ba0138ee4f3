// SPDX-License-Identifier: GPL-2.0
/* What the kernel says, also when it makes no sense. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_says.h"
#include "log.h"
#include "netlink.h"
#include "objects.h"

#define SEQ	77

/* An acknowledgment that is put together octet by octet. */
struct ack {
	struct nlmsghdr *nlh;
	size_t len;
};

static void add(struct ack *ack, const void *data, size_t len)
{
	ack->nlh = must_resize(ack->nlh, ack->len + len);
	memcpy((char *)ack->nlh + ack->len, data, len);
	ack->len += len;
	ack->nlh->nlmsg_len = ack->len;
}

static struct ack ack_new(uint16_t type, uint16_t flags)
{
	struct nlmsghdr header = { .nlmsg_type = type, .nlmsg_flags = flags,
				   .nlmsg_seq = SEQ };
	struct ack ack = { 0 };

	add(&ack, &header, sizeof(header));
	return ack;
}

static void add_error(struct ack *ack, int error, uint32_t echoed)
{
	struct nlmsgerr body = { .error = error, .msg.nlmsg_len = echoed };

	add(ack, &body, sizeof(body));
}

static void add_attr(struct ack *ack, uint16_t type, uint16_t len, const char *data,
		     size_t real)
{
	struct nlattr header = { len, type };
	static const char zeros[4];

	add(ack, &header, sizeof(header));
	add(ack, data, real);
	add(ack, zeros, NLA_ALIGN(real) - real);
}

static void expect(struct ack *ack, const char *wanted)
{
	char sentence[EXTACK_MAX];

	extack_sentence(ack->nlh, sentence);
	assert_string_equal(sentence, wanted);
	free(ack->nlh);
}

static void sentence_in_capped_error(void **state)
{
	struct ack ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);

	(void)state;
	add_error(&ack, -EBUSY, 4000);
	add_attr(&ack, NLMSGERR_ATTR_OFFS, 8, "\x10\0\0\0", 4);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 9, "busy", 5);
	expect(&ack, "busy");
}

static void sentence_after_echoed_request(void **state)
{
	struct ack ack = ack_new(NLMSG_ERROR, NLM_F_ACK_TLVS);

	(void)state;
	add_error(&ack, -EBUSY, NLMSG_HDRLEN + 6);
	add(&ack, "\x09\0\x01\0fals", 8);	/* looks like a sentence, is none */
	add_attr(&ack, NLMSGERR_ATTR_MSG, 9, "busy", 5);
	expect(&ack, "busy");
}

static void sentence_in_done(void **state)
{
	struct ack ack = ack_new(NLMSG_DONE, NLM_F_ACK_TLVS | NLM_F_MULTI);
	int error = -EPERM;

	(void)state;
	add(&ack, &error, sizeof(error));
	add_attr(&ack, NLMSGERR_ATTR_MSG, 6, "no", 2);
	expect(&ack, "no");
}

static void no_flag_no_sentence(void **state)
{
	struct ack ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED);

	(void)state;
	add_error(&ack, -EBUSY, 0);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 9, "busy", 5);
	expect(&ack, "");
}

static void truncated_acks(void **state)
{
	struct ack ack;

	(void)state;
	/* Nothing after the header. */
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	expect(&ack, "");
	ack = ack_new(NLMSG_DONE, NLM_F_ACK_TLVS);
	expect(&ack, "");
	/* Half an error. */
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add(&ack, "\xff\xff\xff\xff\0\0", 6);
	expect(&ack, "");
	ack = ack_new(NLMSG_ERROR, NLM_F_ACK_TLVS);
	add(&ack, "\xff\xff\xff\xff\0\0", 6);
	expect(&ack, "");
	/* Half an attribute's header. */
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add_error(&ack, -1, 16);
	add(&ack, "\x09\0", 2);
	expect(&ack, "");
}

static void wrong_lengths_in_acks(void **state)
{
	static const uint32_t echoed[] = { 0, 15, 17, 20, 4096, 0x7fffffff, 0xffffffff };
	struct ack ack;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(echoed); i++) {
		ack = ack_new(NLMSG_ERROR, NLM_F_ACK_TLVS);
		add_error(&ack, -1, echoed[i]);
		/* Where an offset that wraps around would find it. */
		add_attr(&ack, NLMSGERR_ATTR_MSG, 9, "busy", 5);
		expect(&ack, "");
	}
	/* An attribute longer than the message, and one shorter than its header. */
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add_error(&ack, -1, 16);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 200, "busy", 5);
	expect(&ack, "");
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add_error(&ack, -1, 16);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 2, "busy", 5);
	expect(&ack, "");
}

static void sentence_without_end(void **state)
{
	char lots[600];
	char wanted[EXTACK_MAX];
	struct ack ack;

	(void)state;
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add_error(&ack, -1, 16);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 8, "busy", 4);
	expect(&ack, "busy");

	memset(lots, 'x', sizeof(lots));
	memset(wanted, 'x', sizeof(wanted));
	wanted[EXTACK_MAX - 1] = '\0';
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	add_error(&ack, -1, 16);
	add_attr(&ack, NLMSGERR_ATTR_MSG, 604, lots, 600);
	expect(&ack, wanted);
}

static void exchange_ends_with_ack(void **state)
{
	struct exchange exchange = { .seq = SEQ, .type = FAKE_FAMILY };
	struct ack ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED);

	(void)state;
	add_error(&ack, 0, 16);
	assert_true(exchange_buffer(&exchange, ack.nlh, ack.len));
	assert_int_equal(exchange.error, 0);
	assert_false(exchange.malformed);
	free(ack.nlh);
}

static void exchange_ignores_other_answers(void **state)
{
	struct exchange exchange = { .seq = SEQ + 1, .type = FAKE_FAMILY };
	struct ack ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED);

	(void)state;
	add_error(&ack, -EBUSY, 16);
	assert_false(exchange_buffer(&exchange, ack.nlh, ack.len));
	assert_int_equal(exchange.error, 0);
	assert_false(exchange.malformed);
	free(ack.nlh);
}

static void exchange_refuses_nonsense(void **state)
{
	struct exchange exchange = { .seq = SEQ, .type = FAKE_FAMILY };
	struct ack ack;

	(void)state;
	/* An error without a number. */
	ack = ack_new(NLMSG_ERROR, 0);
	assert_true(exchange_buffer(&exchange, ack.nlh, ack.len));
	assert_true(exchange.malformed);
	free(ack.nlh);
	/* A positive error. */
	exchange = (struct exchange){ .seq = SEQ };
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED);
	add_error(&ack, 5, 16);
	assert_true(exchange_buffer(&exchange, ack.nlh, ack.len));
	assert_true(exchange.malformed);
	free(ack.nlh);
	/* A message that claims to be longer than what came. */
	exchange = (struct exchange){ .seq = SEQ };
	ack = ack_new(NLMSG_ERROR, NLM_F_CAPPED);
	add_error(&ack, 0, 16);
	ack.nlh->nlmsg_len += 8;
	assert_true(exchange_buffer(&exchange, ack.nlh, ack.len));
	assert_true(exchange.malformed);
	free(ack.nlh);
	/* Not even a header. */
	exchange = (struct exchange){ .seq = SEQ };
	assert_true(exchange_buffer(&exchange, "abc", 3));
	assert_true(exchange.malformed);
}

static int parse_said(const struct table *table)
{
	struct row row;
	int ret = row_parse(table, says_message(), &row);

	if (!ret)
		row_free(&row);
	return ret;
}

static void attributes_of_wrong_size(void **state)
{
	(void)state;
	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_ID, id_a, HPKM_ID_LEN);
	assert_int_equal(parse_said(&peer_table), 0);

	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_ID, id_a, HPKM_ID_LEN - 1);
	assert_int_equal(parse_said(&peer_table), -1);

	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_ID, "0123456789abcdefX", HPKM_ID_LEN + 1);
	assert_int_equal(parse_said(&peer_table), -1);

	says(HPKM_CMD_PEER_GET);
	says_u8(HPKM_PEER_A_STATE, 1);
	assert_int_equal(parse_said(&peer_table), -1);

	says(HPKM_CMD_PEER_GET);
	says_u64(HPKM_PEER_A_STATE, 1);
	assert_int_equal(parse_said(&peer_table), -1);

	says(HPKM_CMD_PEER_GET);
	says_u32(HPKM_PEER_A_EPOCH, 1);
	assert_int_equal(parse_said(&peer_table), -1);

	/* A string without its end. */
	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_NAME, "abc", 3);
	assert_int_equal(parse_said(&peer_table), -1);

	/* Too long for a location. */
	says(HPKM_CMD_LOG_GET);
	says_octets(HPKM_LOG_A_LOCATION, "01234567890123456789012345678901", 32);
	assert_int_equal(parse_said(&log_table), -1);
}

static void attributes_wrong_inside_a_nest(void **state)
{
	(void)state;
	says(HPKM_CMD_LINK_GET);
	says_nest(HPKM_LINK_A_COUNTERS);
	says_u64(HPKM_COUNTER_TX_FRAMES, 5);
	says_nest_end();
	assert_int_equal(parse_said(&link_table), 0);

	says(HPKM_CMD_LINK_GET);
	says_nest(HPKM_LINK_A_COUNTERS);
	says_u32(HPKM_COUNTER_TX_FRAMES, 5);
	says_nest_end();
	assert_int_equal(parse_said(&link_table), -1);
}

static void unknown_attributes_are_skipped(void **state)
{
	(void)state;
	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_MAX + 1, "new", 3);
	says_octets(1000, "newer", 5);
	says_octets(HPKM_PEER_A_ID, id_a, HPKM_ID_LEN);
	assert_int_equal(parse_said(&peer_table), 0);
}

static void errno_becomes_status(void **state)
{
	(void)state;
	assert_int_equal(status_of_errno(0), STATUS_DONE);
	assert_int_equal(status_of_errno(EPERM), STATUS_DENIED);
	assert_int_equal(status_of_errno(EACCES), STATUS_DENIED);
	assert_int_equal(status_of_errno(EBUSY), STATUS_FAILED);
	assert_int_equal(status_of_errno(ETIMEDOUT), STATUS_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentence_in_capped_error),
		cmocka_unit_test(sentence_after_echoed_request),
		cmocka_unit_test(sentence_in_done),
		cmocka_unit_test(no_flag_no_sentence),
		cmocka_unit_test(truncated_acks),
		cmocka_unit_test(wrong_lengths_in_acks),
		cmocka_unit_test(sentence_without_end),
		cmocka_unit_test(exchange_ends_with_ack),
		cmocka_unit_test(exchange_ignores_other_answers),
		cmocka_unit_test(exchange_refuses_nonsense),
		cmocka_unit_test(attributes_of_wrong_size),
		cmocka_unit_test(attributes_wrong_inside_a_nest),
		cmocka_unit_test(unknown_attributes_are_skipped),
		cmocka_unit_test(errno_becomes_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
