// SPDX-License-Identifier: GPL-2.0
/*
 * What hpkm-nl makes of the kernel's messages, whatever is in them: listings
 * are JSON that parses, or lines that no terminal obeys; nothing beyond a
 * message is read; an extended acknowledgement's sentence ends.
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "netlink.h"
#include "reply.h"
#include "text.h"

#define TYPE	0x2a
#define SEQ	7

static void check_json(const struct rows *rows)
{
	struct json_object *json = rows_json(rows);
	const char *text = json_object_to_json_string(json);
	struct json_object *again = json_tokener_parse(text);

	must(again && json_object_equal(json, again));
	must(json_object_array_length(json) == rows->count);
	must(text_is_utf8(text, strlen(text)));
	json_object_put(again);
	json_object_put(json);
}

static void check_text(const struct rows *rows)
{
	char *text = NULL;
	size_t size = 0, i;
	FILE *to = open_memstream(&text, &size);

	must(to);
	rows_text(to, rows);
	for (i = 0; i < rows->count; i++)
		row_line(to, rows->table, &rows->row[i]);
	fclose(to);
	check_lines(text, size);
	free(text);
}

static void check_message(const struct nlmsghdr *nlh)
{
	char *sentence = malloc(EXTACK_MAX);
	struct row event;

	must(sentence);
	memset(sentence, 'x', EXTACK_MAX);
	extack_sentence(nlh, sentence);
	must(memchr(sentence, '\0', EXTACK_MAX));
	free(sentence);
	if (!event_parse(nlh, &event))
		return;
	must(event.attrs.at[HPKM_EVENT_A_TYPE]);
	event_type(&event);
	row_free(&event);
}

/* Each as if it had come alone, so that it ends where it says. */
static void check_messages(uint8_t *data, int len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		struct nlmsghdr *alone = exact_copy(nlh, nlh->nlmsg_len);

		check_message(alone);
		free(alone);
	}
}

static const struct table *draw_table(struct feed *feed)
{
	size_t count;

	for (count = 0; reply_tables[count]; count++)
		;
	return reply_tables[feed_below(feed, count)];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct rows rows = { .table = draw_table(&feed) };
	struct exchange exchange = { .seq = SEQ, .type = TYPE, .rows = &rows };
	uint8_t made[REPLY_MOST];
	size_t len = reply_make(&feed, rows.table, TYPE, SEQ, made);
	uint8_t *received = exact_copy(made, len);
	bool ended = exchange_buffer(&exchange, received, len);

	must(!exchange.malformed || ended);
	must(exchange.error >= 0);
	must(memchr(exchange.sentence, '\0', EXTACK_MAX));
	must(!memcmp(received, made, len));
	check_messages(received, len);
	free(received);
	/* Rows are copies. */
	check_json(&rows);
	check_text(&rows);
	rows_free(&rows);
	return 0;
}
