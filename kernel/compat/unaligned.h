/* SPDX-License-Identifier: GPL-2.0 */
/* linux/unaligned.h was asm/unaligned.h before 6.12. */
#ifndef _HPKM_COMPAT_UNALIGNED_H
#define _HPKM_COMPAT_UNALIGNED_H

#ifdef HPKM_HAS_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _HPKM_COMPAT_UNALIGNED_H */
