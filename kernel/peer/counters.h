/* SPDX-License-Identifier: GPL-2.0 */
/* Counters by reason, per CPU: enum hpkm_counter. */
#ifndef _HPKM_PEER_COUNTERS_H
#define _HPKM_PEER_COUNTERS_H

#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>
#include <uapi/linux/hpkm.h>

struct hpkm_counters_cpu {
	u64_stats_t value[HPKM_COUNTER_MAX + 1];
	struct u64_stats_sync sync;
};

/* The owner makes and frees it; counting needs no lock. */
struct hpkm_counters {
	struct hpkm_counters_cpu __percpu *cpu;
};

int hpkm_counters_init(struct hpkm_counters *counters);
void hpkm_counters_free(struct hpkm_counters *counters);
/* Any context but NMI. */
void hpkm_count_add(struct hpkm_counters *counters, enum hpkm_counter which, u64 amount);
/* Sums over all CPUs. */
void hpkm_counters_read(const struct hpkm_counters *counters, u64 out[HPKM_COUNTER_MAX + 1]);

static inline void hpkm_count(struct hpkm_counters *counters, enum hpkm_counter which)
{
	hpkm_count_add(counters, which, 1);
}

#endif /* _HPKM_PEER_COUNTERS_H */
