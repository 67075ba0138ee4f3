/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BITS_H
#define _SHIM_LINUX_BITS_H

#include <limits.h>
#include <linux/types.h>

#define BITS_PER_BYTE		CHAR_BIT
#define BITS_PER_LONG		(CHAR_BIT * (int)sizeof(long))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))

#endif /* _SHIM_LINUX_BITS_H */
