/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

/* Like the kernel's, these refuse to compare different types. */
#define __same_type(x, y)	_Static_assert(__builtin_types_compatible_p( \
					typeof((x) + 0), typeof((y) + 0)), "types differ")

#define min_t(type, x, y)	({ type __x = (x), __y = (y); __x < __y ? __x : __y; })
#define max_t(type, x, y)	({ type __x = (x), __y = (y); __x > __y ? __x : __y; })
#define min(x, y)		({ __same_type(x, y); min_t(typeof((x) + 0), x, y); })
#define max(x, y)		({ __same_type(x, y); max_t(typeof((x) + 0), x, y); })
#define min3(x, y, z)		({ typeof((x) + 0) __xy = min(x, y); min(__xy, z); })
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define swap(x, y)		({ typeof(x) __kept = (x); (x) = (y); (y) = __kept; })

#endif /* _SHIM_LINUX_MINMAX_H */
