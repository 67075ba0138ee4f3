// SPDX-License-Identifier: GPL-2.0
/* The first object that is linked, so that all places lie behind this. */
#include "sites.h"

struct hpkm_site *const hpkm_sites_begin[1] __used __section("hpkm_sites");
