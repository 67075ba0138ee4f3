// SPDX-License-Identifier: GPL-2.0
/* See counted_dh.h. */
#include "counted_dh.h"
#include "wrapped.h"

u32 dh_computed;

int __wrap_hpkm_dh(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN],
		   const u8 point[HPKM_KEY_LEN])
{
	dh_computed++;
	return __real_hpkm_dh(out, scalar, point);
}

void __wrap_hpkm_dh_public(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN])
{
	dh_computed++;
	__real_hpkm_dh_public(out, scalar);
}
