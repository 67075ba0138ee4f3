// SPDX-License-Identifier: GPL-2.0
/* See reply.h. */
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/netlink.h>

#include "event.h"
#include "log.h"
#include "objects.h"
#include "reply.h"
#include "text.h"

#define DEPTH_MOST	3
#define VALUE_MOST	64

const struct table *const reply_tables[] = {
	&device_table, &link_table, &peer_table, &session_table, &log_table, &event_table,
	&counter_table, NULL
};

static size_t put_attrs(struct feed *feed, const struct table *table, uint8_t *at, size_t room,
			int depth);

static size_t len_of(struct feed *feed, const struct field *field)
{
	switch (field->type) {
	case NLA_U8:
		return 1;
	case NLA_U32:
		return 4;
	case NLA_U64:
		return 8;
	case NLA_FLAG:
		return 0;
	case NLA_BINARY:
	case NLA_UNSPEC:
		return field->min + feed_below(feed, field->max > field->min ?
					       field->max - field->min + 1 : VALUE_MOST);
	default:
		return 1 + feed_below(feed, VALUE_MOST);
	}
}

static size_t put_value(struct feed *feed, const struct field *field, uint8_t *at, size_t room,
			int depth)
{
	size_t len = len_of(feed, field);

	if (len > VALUE_MOST)
		len = VALUE_MOST;
	if (field->nest && depth < DEPTH_MOST)
		return put_attrs(feed, field->nest, at, room, depth + 1);
	if (len > room)
		len = room;
	feed_fill(feed, at, len);
	if (field->type == NLA_STRING && len && feed_u8(feed) < 224)
		at[len - 1] = '\0';
	return len;
}

static const struct field *draw_field(struct feed *feed, const struct table *table)
{
	size_t count;

	for (count = 0; table->fields[count].name; count++)
		;
	return &table->fields[feed_below(feed, count)];
}

static size_t put_attrs(struct feed *feed, const struct table *table, uint8_t *at, size_t room,
			int depth)
{
	size_t used = 0, count = feed_below(feed, depth ? 8 : 24);

	while (count-- && feed->left && room - used > NLA_HDRLEN + VALUE_MOST) {
		const struct field *field = draw_field(feed, table);
		struct nlattr head = { .nla_type = field->attr };
		size_t len;

		len = put_value(feed, field, at + used + NLA_HDRLEN,
				room - used - NLA_HDRLEN - NLA_ALIGNTO, depth);
		head.nla_len = NLA_HDRLEN + len;
		/* One in 16 says another length, one in 16 another number. */
		if (feed_u8(feed) < 16)
			head.nla_len = feed_u8(feed);
		if (feed_u8(feed) < 16)
			head.nla_type = feed_u16(feed);
		memcpy(at + used, &head, sizeof(head));
		memset(at + used + NLA_HDRLEN + len, 0, NLA_ALIGN(len) - len);
		used += NLA_HDRLEN + NLA_ALIGN(len);
	}
	return used;
}

/* NLMSG_ERROR or NLMSG_DONE, perhaps with a sentence. */
static size_t put_end(struct feed *feed, struct nlmsghdr *nlh, uint8_t *at)
{
	static const struct field sentence[] = {
		{ NLMSGERR_ATTR_MSG, "sentence", NULL, NLA_STRING }, { 0 }
	};
	static const struct table table = { "error", sentence, NULL };
	uint8_t how = feed_u8(feed);
	struct nlmsgerr error = { .error = how & 1 ? 0 : -(int)feed_below(feed, 134) };
	size_t used;

	/* The kernel says none but those. */
	if ((how & 48) == 48)
		error.error = feed_u32(feed);
	nlh->nlmsg_type = how & 2 ? NLMSG_DONE : NLMSG_ERROR;
	nlh->nlmsg_flags = how & 4 ? NLM_F_CAPPED | NLM_F_ACK_TLVS : NLM_F_ACK_TLVS;
	error.msg.nlmsg_len = how & 8 ? feed_u8(feed) : NLMSG_HDRLEN;
	used = how & 2 ? sizeof(error.error) : sizeof(error);
	memcpy(at, &error, used);
	return used + put_attrs(feed, &table, at + used, 256, 0);
}

static size_t put_object(struct feed *feed, const struct table *table, uint8_t *at, size_t room)
{
	struct genlmsghdr head = { .cmd = feed_below(feed, 48), .version = 1 };

	/* Most messages are of the one kind that comes unasked. */
	if (table == &event_table && feed_u8(feed) < 224)
		head.cmd = HPKM_CMD_EVENT;
	memcpy(at, &head, sizeof(head));
	return GENL_HDRLEN + put_attrs(feed, table, at + GENL_HDRLEN, room - GENL_HDRLEN, 0);
}

static size_t put_message(struct feed *feed, const struct table *table, uint16_t type,
			  uint32_t seq, uint8_t *at, size_t room)
{
	struct nlmsghdr nlh = { .nlmsg_type = type, .nlmsg_seq = seq };
	uint8_t how = feed_u8(feed);
	size_t len;

	if (how & 1)
		len = put_end(feed, &nlh, at + NLMSG_HDRLEN);
	else
		len = put_object(feed, table, at + NLMSG_HDRLEN, room - NLMSG_HDRLEN);
	nlh.nlmsg_len = NLMSG_HDRLEN + len;
	if ((how & 48) == 48)
		nlh.nlmsg_flags ^= feed_u16(feed);
	if ((how & 192) == 192 && feed_u8(feed) < 32)
		nlh.nlmsg_len = feed_u16(feed);
	memcpy(at, &nlh, sizeof(nlh));
	memset(at + NLMSG_HDRLEN + len, 0, NLMSG_ALIGN(len) - len);
	return NLMSG_HDRLEN + NLMSG_ALIGN(len);
}

size_t reply_make(struct feed *feed, const struct table *table, uint16_t type, uint32_t seq,
		  uint8_t *data)
{
	size_t used = 0, count = 1 + feed_below(feed, 4);
	uint8_t how;

	while (count-- && REPLY_MOST - used > 512)
		used += put_message(feed, table, type, seq, data + used, REPLY_MOST - used - 16);
	how = feed_u8(feed);
	if (how < 16)
		feed_edit(feed, data, used);
	if (how >= 240)
		used -= feed_below(feed, used);
	return used;
}

void check_lines(const char *text, size_t len)
{
	const char *end;

	for (; len; text = end + 1) {
		end = memchr(text, '\n', len);
		must(end);
		must(text_is_printable(text, end - text));
		len -= end + 1 - text;
	}
}
