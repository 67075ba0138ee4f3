/* SPDX-License-Identifier: GPL-2.0 */
/* struct blake2s_ctx was struct blake2s_state. */
#ifndef _HPKM_COMPAT_BLAKE2S_H
#define _HPKM_COMPAT_BLAKE2S_H

#include <crypto/blake2s.h>
#ifndef HPKM_HAS_BLAKE2S_CTX
#define blake2s_ctx blake2s_state
#endif

#endif /* _HPKM_COMPAT_BLAKE2S_H */
