/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <stdlib.h>
#include <linux/overflow.h>
#include <linux/string.h>

#define GFP_KERNEL	0
#define GFP_KERNEL_ACCOUNT	0
#define GFP_ATOMIC	1

/*
 * A test that wants memory to run out sets this to how many more allocations
 * succeed; it is negative otherwise.
 */
extern long shim_allocations_left;

static inline bool shim_may_allocate(void)
{
	return shim_allocations_left < 0 || shim_allocations_left-- > 0;
}

static inline void *kvcalloc(size_t count, size_t size, int gfp)
{
	return shim_may_allocate() ? calloc(count, size) : NULL;
}

static inline void *kzalloc(size_t size, int gfp)
{
	return kvcalloc(1, size, gfp);
}

static inline void *kvzalloc(size_t size, int gfp)
{
	return kvcalloc(1, size, gfp);
}

static inline void *kmalloc(size_t size, int gfp)
{
	return shim_may_allocate() ? malloc(size) : NULL;
}

static inline void kvfree(const void *data)
{
	free((void *)data);
}

static inline void kfree(const void *data)
{
	free((void *)data);
}

static inline void kvfree_sensitive(const void *data, size_t len)
{
	if (!data)
		return;
	memzero_explicit((void *)data, len);
	free((void *)data);
}

#endif /* _SHIM_LINUX_SLAB_H */
