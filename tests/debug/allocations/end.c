// SPDX-License-Identifier: GPL-2.0
/* The last object that is linked, so that all places lie before this. */
#include "sites.h"

struct hpkm_site *const hpkm_sites_end[1] __used __section("hpkm_sites");
