// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include "text.h"

/* Octets of a sequence that begins so, or 0. */
static size_t sequence_len(u8 first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* Overlong forms, surrogates, and what is beyond the last code point. */
static bool is_refused(u32 point, size_t len)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return point < least[len] || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff;
}

static bool is_control(u32 point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

static bool sequence_valid(const u8 *at, size_t len)
{
	u32 point = len == 1 ? at[0] : at[0] & GENMASK(6 - len, 0);
	size_t i;

	for (i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return false;
		point = point << 6 | (at[i] & 0x3f);
	}
	return !is_refused(point, len) && !is_control(point);
}

/**
 * hpkm_text_valid() - is this a label that can be shown
 * @text: octets
 * @len: how many
 *
 * Return: whether it is UTF-8 and has no control characters.
 */
bool hpkm_text_valid(const u8 *text, size_t len)
{
	size_t step;

	for (; len; text += step, len -= step) {
		step = sequence_len(*text);
		if (!step || step > len || !sequence_valid(text, step))
			return false;
	}
	return true;
}
