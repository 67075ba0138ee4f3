// SPDX-License-Identifier: GPL-2.0
/*
 * DATA as it is sealed and opened by each suite: what was sealed opens to the
 * same; in suites 1 and 2 a frame with any octet changed, cut short, or under
 * another key or counter does not open; nothing is written beyond the frame.
 */
#include <stdlib.h>
#include <string.h>
#include <core/frame.h>
#include <core/suite.h>
#include "fuzz.h"

struct sealed {
	const struct hpkm_suite *suite;
	u8 key[HPKM_KEY_LEN];
	u64 counter;
	u8 *frame;
	size_t inner_len;
	size_t sealed_len;
};

static int open_copy(const struct sealed *sealed, const u8 *key, u64 counter, u8 *frame,
		     size_t sealed_len)
{
	u8 *copy = exact_copy(frame, HPKM_HD_LEN + sealed_len);
	int err = sealed->suite->open(key, counter, copy, sealed_len);

	must(!memcmp(copy, frame, HPKM_HD_LEN));
	if (!err)
		memcpy(frame, copy, HPKM_HD_LEN + sealed_len);
	free(copy);
	return err;
}

static void check_unchanged(const struct sealed *sealed, const u8 *inner)
{
	u8 *frame = exact_copy(sealed->frame, HPKM_HD_LEN + sealed->sealed_len);
	struct hpkm_inner parsed;

	must(!open_copy(sealed, sealed->key, sealed->counter, frame, sealed->sealed_len));
	must(!memcmp(frame + HPKM_HD_LEN, inner, sealed->inner_len));
	hpkm_inner_parse(&parsed, frame + HPKM_HD_LEN, sealed->inner_len);
	free(frame);
}

/* XOR neither notices nor spreads a change. */
static void check_flipped(const struct sealed *sealed, const u8 *changed, const u8 *opened,
			  const u8 *inner)
{
	size_t i;

	for (i = 0; i < sealed->inner_len; i++)
		must((changed[HPKM_HD_LEN + i] ^ sealed->frame[HPKM_HD_LEN + i]) ==
		     (opened[HPKM_HD_LEN + i] ^ inner[i]));
}

static void check_changed(struct feed *feed, const struct sealed *sealed, const u8 *inner)
{
	size_t len = HPKM_HD_LEN + sealed->sealed_len;
	u8 *frame = exact_copy(sealed->frame, len);
	u8 *changed;

	if (feed_edit(feed, frame, len)) {
		int err;

		changed = exact_copy(frame, len);
		err = open_copy(sealed, sealed->key, sealed->counter, frame, sealed->sealed_len);
		must(!err == sealed->suite->insecure);
		if (!err)
			check_flipped(sealed, changed, frame, inner);
		free(changed);
	}
	free(frame);
}

static void check_other(struct feed *feed, const struct sealed *sealed)
{
	size_t shorter = sealed->sealed_len - 1 - feed_below(feed, 8);
	u8 *frame = exact_copy(sealed->frame, HPKM_HD_LEN + sealed->sealed_len);
	u8 key[HPKM_KEY_LEN];

	if (!sealed->suite->insecure) {
		memcpy(key, sealed->key, sizeof(key));
		if (feed_edit(feed, key, sizeof(key)))
			must(open_copy(sealed, key, sealed->counter, frame, sealed->sealed_len));
		must(open_copy(sealed, sealed->key, sealed->counter ^ (1 + feed_u8(feed)), frame,
			       sealed->sealed_len));
		must(open_copy(sealed, sealed->key, sealed->counter, frame, shorter));
	}
	free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct sealed sealed = { .suite = hpkm_suite_by_id(feed_below(&feed, 3)) };
	struct feed edits;
	u8 *inner;

	sealed.counter = feed_u64(&feed);
	feed_fill(&feed, sealed.key, sizeof(sealed.key));
	edits = feed;
	feed.at += min_t(size_t, feed.left, 16);
	feed.left -= min_t(size_t, feed.left, 16);
	sealed.inner_len = max_t(size_t, feed.left, sealed.suite->inner_min);
	sealed.sealed_len = sealed.inner_len + sealed.suite->tag_len;
	inner = malloc(sealed.inner_len);
	sealed.frame = malloc(HPKM_HD_LEN + sealed.sealed_len);
	must(inner && sealed.frame);
	feed_fill(&feed, inner, sealed.inner_len);
	hpkm_hd_write_data(sealed.frame, sealed.suite->id, 7, sealed.counter);
	memcpy(sealed.frame + HPKM_HD_LEN, inner, sealed.inner_len);
	sealed.suite->seal(sealed.key, sealed.counter, sealed.frame, sealed.inner_len);
	must(hpkm_hd_check(sealed.frame, HPKM_HD_LEN + sealed.sealed_len) == HPKM_FRAME_OK);
	check_unchanged(&sealed, inner);
	check_changed(&edits, &sealed, inner);
	check_other(&edits, &sealed);
	free(sealed.frame);
	free(inner);
	return 0;
}
