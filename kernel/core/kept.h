/* SPDX-License-Identifier: GPL-2.0 */
/* A pair's durable state as octets that outlive power: protocol section 8. */
#ifndef _HPKM_CORE_KEPT_H
#define _HPKM_CORE_KEPT_H

#include <hpkm/kept.h>
#include "machine.h"

void hpkm_kept_write(struct hpkm_kept_pair *kept, const struct hpkm_pair *pair,
		     const struct hpkm_durable *durable);
int hpkm_kept_read(const struct hpkm_kept_pair *kept, const u8 own[HPKM_ID_LEN],
		   struct hpkm_pair *pair, struct hpkm_durable *durable, const char **why);

#endif /* _HPKM_CORE_KEPT_H */
