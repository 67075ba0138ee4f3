/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that come again: whoever has the seed can repeat a run. */
#ifndef HPKM_TEST_SEEDED_H
#define HPKM_TEST_SEEDED_H

#include <stdint.h>
#include <stdlib.h>

static uint64_t seeded_state;

static inline void seed_from(const char *text)
{
	seeded_state = strtoull(text, NULL, 0);
}

/* splitmix64 */
static inline uint64_t draw(void)
{
	uint64_t bits = seeded_state += 0x9e3779b97f4a7c15;

	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
	return bits ^ bits >> 31;
}

/* 0 to @count - 1 */
static inline unsigned int draw_below(unsigned int count)
{
	return draw() % count;
}

static inline int one_in(unsigned int count)
{
	return !draw_below(count);
}

static inline void draw_octets(uint8_t *to, int len)
{
	while (len--)
		*to++ = draw();
}

#endif
