// SPDX-License-Identifier: GPL-2.0
/* See fuzz.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define EDITS_MOST	4

uint8_t feed_u8(struct feed *feed)
{
	if (!feed->left)
		return 0;
	feed->left--;
	return *feed->at++;
}

uint16_t feed_u16(struct feed *feed)
{
	uint16_t low = feed_u8(feed);

	return low | feed_u8(feed) << 8;
}

uint32_t feed_u32(struct feed *feed)
{
	uint32_t low = feed_u16(feed);

	return low | (uint32_t)feed_u16(feed) << 16;
}

uint64_t feed_u64(struct feed *feed)
{
	uint64_t low = feed_u32(feed);

	return low | (uint64_t)feed_u32(feed) << 32;
}

size_t feed_below(struct feed *feed, size_t limit)
{
	return (limit > 256 ? feed_u16(feed) : feed_u8(feed)) % limit;
}

void feed_fill(struct feed *feed, void *out, size_t len)
{
	size_t there = len < feed->left ? len : feed->left;

	memcpy(out, feed->at, there);
	memset((uint8_t *)out + there, 0, len - there);
	feed->at += there;
	feed->left -= there;
}

bool feed_edit(struct feed *feed, uint8_t *data, size_t len)
{
	uint8_t *before = exact_copy(data, len);
	size_t edits = 1 + feed_below(feed, EDITS_MOST);
	bool changed;

	while (edits-- && len)
		data[feed_below(feed, len)] ^= feed_u8(feed);
	changed = memcmp(before, data, len);
	free(before);
	return changed;
}

void *exact_copy(const void *data, size_t len)
{
	void *copy = malloc(len);

	must(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

void broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}
