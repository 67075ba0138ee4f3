/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BITOPS_H
#define _SHIM_LINUX_BITOPS_H

#include <linux/bits.h>

#define BITS_TO_LONGS(bits)	(((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline bool test_bit(unsigned int bit, const unsigned long *map)
{
	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned int bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= BIT(bit % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] &= ~BIT(bit % BITS_PER_LONG);
}

static inline unsigned int hweight64(u64 value)
{
	return __builtin_popcountll(value);
}

#endif /* _SHIM_LINUX_BITOPS_H */
