/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_OVERFLOW_H
#define _SHIM_LINUX_OVERFLOW_H

#include <stdint.h>
#include <linux/types.h>

/* SIZE_MAX, which nobody can allocate, when the product does not fit. */
static inline size_t array_size(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

#define struct_size(pointer, member, count) \
	(sizeof(*(pointer)) + array_size(count, sizeof((pointer)->member[0])))

#endif /* _SHIM_LINUX_OVERFLOW_H */
