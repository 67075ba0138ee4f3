/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_PRANDOM_H
#define _SHIM_LINUX_PRANDOM_H

#include <linux/kernel.h>
#include <linux/string.h>

/* Numbers that look random and come again with the same seed; not the kernel's. */
struct rnd_state {
	u64 state;
};

static inline void prandom_seed_state(struct rnd_state *random, u64 seed)
{
	random->state = seed;
}

static inline u32 prandom_u32_state(struct rnd_state *random)
{
	random->state = random->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random->state ^ random->state >> 22) >> 29;
}

static inline void prandom_bytes_state(struct rnd_state *random, void *out, size_t len)
{
	u8 *at = out;

	while (len--)
		*at++ = prandom_u32_state(random) >> 11;
}

#endif /* _SHIM_LINUX_PRANDOM_H */
