/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_STRING_H
#define _SHIM_LINUX_STRING_H

#include <string.h>
#include <linux/array_size.h>
#include <linux/types.h>

static inline void memzero_explicit(void *data, size_t len)
{
	explicit_bzero(data, len);
}

/* The first octet that is not @value, or NULL. */
static inline void *memchr_inv(const void *data, int value, size_t len)
{
	const u8 *at = data;

	for (; len; len--, at++)
		if (*at != (u8)value)
			return (void *)at;
	return NULL;
}

#endif /* _SHIM_LINUX_STRING_H */
