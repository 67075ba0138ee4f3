// SPDX-License-Identifier: GPL-2.0
/*
 * The contents of DATA, opened: hpkm_inner_parse() and hpkm_message_parse().
 * What is accepted is what hpkm_inner_write_head() makes of the fields, and
 * what it makes of any fields is accepted if they may stand together.
 */
#include <stdlib.h>
#include <string.h>
#include <core/element.h>
#include <core/frame.h>
#include "fuzz.h"

static void check_absent(const struct hpkm_inner *inner)
{
	static const struct hpkm_inner none;

	if (!(inner->flags & HPKM_FLAG_RECORD))
		must(!inner->rec && !inner->time &&
		     !memcmp(inner->location, none.location, HPKM_LI_LEN));
	if (!(inner->flags & HPKM_FLAG_ACK))
		must(!inner->ack_base && !inner->ack_map);
	if (!(inner->flags & HPKM_FLAG_L2ADDR))
		must(!memcmp(inner->dst, none.dst, HPKM_ADDRESS_LEN) &&
		     !memcmp(inner->src, none.src, HPKM_ADDRESS_LEN));
}

/* The rules of protocol section 6, one by one. */
static void check_rules(const struct hpkm_inner *inner)
{
	u8 flags = inner->flags;

	must(inner->kind <= HPKM_KIND_CONTROL && flags <= HPKM_FLAGS_KNOWN);
	must(hpkm_location_valid(inner->location));
	must(inner->kind == HPKM_KIND_FRAME || !inner->proto);
	must(inner->proto != cpu_to_be16(HPKM_ETHERTYPE));
	if (inner->kind == HPKM_KIND_CONTROL)
		must(!(flags & ~HPKM_FLAG_ACK));
	if (inner->kind != HPKM_KIND_FRAME)
		must(!(flags & HPKM_FLAG_L2ADDR));
	if (flags & HPKM_FLAG_FRAG_LAST)
		must(!(flags & ~(HPKM_FLAG_FRAG_LAST | HPKM_FLAG_ACK)) &&
		     inner->payload_len >= HPKM_LAST_MIN);
	else if (inner->kind == HPKM_KIND_MSG)
		must(flags & HPKM_FLAG_RECORD);
}

static void check_again(const struct hpkm_inner *inner, const u8 *data, size_t len)
{
	size_t head = hpkm_inner_head_len(inner->flags);
	u8 *again = malloc(head);

	must(again && head <= len);
	must(hpkm_inner_write_head(again, inner) == head);
	must(!memcmp(again, data, head));
	must(inner->payload == data + head && inner->payload_len == len - head);
	free(again);
}

static void check_message(const struct hpkm_inner *inner)
{
	const u8 *message;
	size_t len;

	if (hpkm_message_parse(inner, &message, &len))
		return;
	must(inner->kind == HPKM_KIND_MSG && len && len <= HPKM_MESSAGE_MAX);
	must(message == inner->payload + HPKM_MSG_HEAD_LEN);
	must(message + len == inner->payload + inner->payload_len);
	must(inner->payload[0] == (u8)len && inner->payload[1] == len >> 8);
}

static int parse(const u8 *data, size_t len)
{
	struct hpkm_inner inner;
	int err = hpkm_inner_parse(&inner, data, len);

	if (!err) {
		check_rules(&inner);
		check_absent(&inner);
		check_again(&inner, data, len);
	}
	/* It may be asked of anything that has a payload. */
	if (!err)
		check_message(&inner);
	return err;
}

/* Fields that may stand together, whatever is in them, and a payload behind. */
static void check_made(struct feed *feed)
{
	struct hpkm_inner inner = { .kind = feed_below(feed, 3) };
	size_t len, head;
	u8 *data;

	inner.flags = inner.kind == HPKM_KIND_MSG ? HPKM_FLAG_RECORD : 0;
	inner.flags |= feed_u8(feed) & HPKM_FLAG_ACK;
	if (inner.kind == HPKM_KIND_FRAME) {
		inner.flags |= feed_u8(feed) & (HPKM_FLAG_RECORD | HPKM_FLAG_L2ADDR);
		inner.proto = cpu_to_be16(feed_u8(feed));
	}
	inner.rec = feed_u64(feed);
	inner.time = feed_u64(feed);
	inner.location[0] = feed_below(feed, HPKM_LI_LEN);
	feed_fill(feed, inner.location + 1, inner.location[0]);
	inner.ack_base = feed_u64(feed);
	inner.ack_map = feed_u64(feed);
	feed_fill(feed, inner.dst, HPKM_ADDRESS_LEN);
	feed_fill(feed, inner.src, HPKM_ADDRESS_LEN);
	head = hpkm_inner_head_len(inner.flags);
	len = head + feed->left;
	data = malloc(len);
	must(data);
	must(hpkm_inner_write_head(data, &inner) == head);
	memcpy(data + head, feed->at, feed->left);
	must(!parse(data, len));
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	u8 *octets;

	if (feed_u8(&feed) & 1) {
		check_made(&feed);
		return 0;
	}
	octets = exact_copy(feed.at, feed.left);
	parse(octets, feed.left);
	free(octets);
	return 0;
}
