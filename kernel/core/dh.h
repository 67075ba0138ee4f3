/* SPDX-License-Identifier: GPL-2.0 */
/* DH of protocol section 2: X25519. */
#ifndef _HPKM_CORE_DH_H
#define _HPKM_CORE_DH_H

#include <hpkm/wire.h>

int hpkm_dh(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN], const u8 point[HPKM_KEY_LEN]);
void hpkm_dh_public(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN]);

#endif /* _HPKM_CORE_DH_H */
