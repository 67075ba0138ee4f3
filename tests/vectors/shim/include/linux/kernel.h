/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_KERNEL_H
#define _SHIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>
#include <stdio.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* The value of a hexadecimal digit, negative for anything else. */
static inline int hex_to_bin(unsigned char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

#endif /* _SHIM_LINUX_KERNEL_H */
