// SPDX-License-Identifier: GPL-2.0
/*
 * Whole command lines of hpkm-nl against a kernel that answers anything: the
 * words, the files and the answers are the input's.  Whatever it is, the exit
 * status is one of those documented, nothing that is printed is obeyed by a
 * terminal, JSON parses, and failing is never silent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_socket.h"
#include "kernel_says.h"
#include "objects.h"
#include "outside.h"
#include "reply.h"

#define WORDS_MOST	12
#define REPLIES_MOST	12
#define WORD_MOST	48
#define LINES_MOST	8

/* One in 16 says something else about the family. */
void *__wrap_says_family(int *len)
{
	uint8_t *data = __real_says_family(len);

	if (outside && feed_u8(outside) >= 240)
		feed_edit(outside, data, *len);
	return data;
}

static const char *const common[] = {
	"-j", "show", "set", "add", "del", "dev", "eth1", "Paris", "a1b2", "file", "fd", "-",
	"index", "every", "5", "16", "frames", "ms", "records", "seconds", "manual", "wait",
	"timeout", "count", "suite", "xor", "override", "update", "send", "name", "strict",
	"permissive", "bridge", "on", "off", "record", "log-size", "rekey", "rekey-frames",
	"messages-only", "background", "export", "import", "dir", "--help", "hello",
};

/* Of what can be said at all, or anything. */
static char *draw_word(struct feed *feed, size_t place)
{
	uint8_t how = feed_u8(feed);
	char word[WORD_MOST + 1] = { 0 };
	size_t count, len;

	for (count = 0; objects[count].name; count++)
		;
	if (!place && how < 224)
		strncpy(word, objects[how % count].name, WORD_MOST);
	else if (how < 208)
		strncpy(word, common[how % ARRAY_SIZE(common)], WORD_MOST);
	else
		feed_fill(feed, word, feed_below(feed, WORD_MOST));
	len = strlen(word);
	if (how & 1 && len && feed_u8(feed) < 16)
		word[feed_below(feed, len)] = '\0';
	return exact_copy(word, strlen(word) + 1);
}

static const struct table *draw_table(struct feed *feed)
{
	size_t count;

	for (count = 0; reply_tables[count]; count++)
		;
	return reply_tables[feed_below(feed, count)];
}

static void draw_replies(struct feed *feed)
{
	size_t replies = feed_below(feed, REPLIES_MOST);
	uint8_t data[REPLY_MOST];
	enum fake_which which;
	size_t len;

	fake_reset();
	fake.absent = feed_u8(feed) >= 248;
	while (replies--) {
		switch (feed_below(feed, 8)) {
		case 0:
			says_peers();
			break;
		case 1:
			says_ack();
			break;
		case 2:
			says_done();
			break;
		case 3:
			says_refused(feed_below(feed, 134), "It cannot be\033 done");
			break;
		default:
			which = feed_u8(feed) & 1 ? FAKE_EVENTS : FAKE_REQUESTS;
			len = reply_make(feed, draw_table(feed), FAKE_FAMILY, 0, data);
			fake_data(which, data, len);
		}
	}
	/* Who waits for ever is told that the socket has gone. */
	fake_error(FAKE_REQUESTS, -EIO);
	fake_error(FAKE_EVENTS, -EIO);
}

static void check_json(const char *text)
{
	struct json_object *json;
	struct json_tokener *tokener = json_tokener_new();
	size_t len = strlen(text);

	must(tokener);
	while (len) {
		json = json_tokener_parse_ex(tokener, text, len);
		must(json);
		json_object_put(json);
		text += json_tokener_get_parse_end(tokener);
		text += strspn(text, "\n");
		len = strlen(text);
	}
	json_tokener_free(tokener);
}

static void run(char **words, int count)
{
	char *out = NULL, *err = NULL;
	size_t out_len = 0, err_len = 0;
	struct tool tool = {
		.out = open_memstream(&out, &out_len), .err = open_memstream(&err, &err_len),
	};
	enum status status;

	must(tool.out && tool.err);
	status = tool_main(&tool, count, words);
	fclose(tool.out);
	fclose(tool.err);
	must(status <= STATUS_TIMEOUT && !tool.nl);
	check_lines(out, out_len);
	check_lines(err, err_len);
	must(!status || status == STATUS_TIMEOUT || err_len);
	if (tool.json && !status && (*out == '[' || *out == '{'))
		check_json(out);
	free(out);
	free(err);
}

static void run_line(struct feed feed)
{
	char *words[WORDS_MOST + 2] = { "hpkm-nl" };
	int count = 1 + feed_below(&feed, WORDS_MOST), i;
	bool json = feed_u8(&feed) & 1;

	for (i = 1; i < count; i++)
		words[i] = json && i == 1 ? exact_copy("-j", 3) : draw_word(&feed, i - 1 - json);
	draw_replies(&feed);
	outside = &feed;
	run(words, count);
	outside = NULL;
	for (i = 1; i < count; i++)
		free(words[i]);
}

/* Several lines, each from as many octets as the one before them says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	int lines;

	for (lines = 0; feed.left && lines < LINES_MOST; lines++) {
		size_t len = feed_u8(&feed);

		if (len > feed.left)
			len = feed.left;
		run_line((struct feed){ feed.at, len });
		feed.at += len;
		feed.left -= len;
	}
	return 0;
}
