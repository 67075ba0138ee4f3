/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_ASM_UNALIGNED_H
#define _SHIM_ASM_UNALIGNED_H

#include <string.h>
#include <linux/types.h>

#define __SHIM_UNALIGNED(bits)						\
static inline u##bits get_unaligned_le##bits(const void *from)		\
{									\
	__le##bits value;						\
									\
	memcpy(&value, from, sizeof(value));				\
	return le##bits##_to_cpu(value);				\
}									\
									\
static inline void put_unaligned_le##bits(u##bits value, void *to)	\
{									\
	__le##bits stored = cpu_to_le##bits(value);			\
									\
	memcpy(to, &stored, sizeof(stored));				\
}

__SHIM_UNALIGNED(16)
__SHIM_UNALIGNED(32)
__SHIM_UNALIGNED(64)

#undef __SHIM_UNALIGNED

#endif /* _SHIM_ASM_UNALIGNED_H */
