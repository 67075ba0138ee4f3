/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All chance in a run, from one seed: SplitMix64 (Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", 2014).  No secret depends on it.
 */
#ifndef _HPKM_SIM_RANDOM_H
#define _HPKM_SIM_RANDOM_H

#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

struct chance {
	u64 state;
};

static inline u64 random_mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline u64 random_u64(struct chance *chance)
{
	chance->state += 0x9e3779b97f4a7c15ULL;
	return random_mix(chance->state);
}

static inline void random_fill(struct chance *chance, void *out, size_t len)
{
	u8 *at = out;

	while (len) {
		u64 word = random_u64(chance);
		size_t part = min_t(size_t, len, sizeof(word));

		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}

/* 0 to @limit - 1; a limit is far below 2^64, so that the bias does not matter. */
static inline u64 random_below(struct chance *chance, u64 limit)
{
	return limit ? random_u64(chance) % limit : 0;
}

static inline u64 random_between(struct chance *chance, u64 low, u64 high)
{
	return low + random_below(chance, high - low + 1);
}

/* True @per_mille times out of 1,000. */
static inline bool random_happens(struct chance *chance, u32 per_mille)
{
	return per_mille && random_below(chance, 1000) < per_mille;
}

/* Small and large ones alike: up to @low << @doublings. */
static inline u64 random_spread(struct chance *chance, u64 low, u32 doublings)
{
	return random_between(chance, low, low << random_below(chance, doublings + 1));
}

#endif /* _HPKM_SIM_RANDOM_H */
