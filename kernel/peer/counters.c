// SPDX-License-Identifier: GPL-2.0
/* Counters by reason, per CPU. */
#include <linux/errno.h>
#include <linux/string.h>
#include "counters.h"

/**
 * hpkm_counters_init() - all zero
 * @counters: uninitialised
 *
 * Return: 0 or -ENOMEM.  Context: may sleep.
 */
int hpkm_counters_init(struct hpkm_counters *counters)
{
	int cpu;

	counters->cpu = alloc_percpu_gfp(struct hpkm_counters_cpu, GFP_KERNEL_ACCOUNT);
	if (!counters->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(counters->cpu, cpu)->sync);
	return 0;
}

/**
 * hpkm_counters_free() - nobody counts any more
 * @counters: initialised
 */
void hpkm_counters_free(struct hpkm_counters *counters)
{
	free_percpu(counters->cpu);
	counters->cpu = NULL;
}

/**
 * hpkm_count_add() - count something
 * @counters: where
 * @which: what
 * @amount: how much
 *
 * Context: any but NMI.
 */
void hpkm_count_add(struct hpkm_counters *counters, enum hpkm_counter which, u64 amount)
{
	struct hpkm_counters_cpu *here = get_cpu_ptr(counters->cpu);
	unsigned long flags = u64_stats_update_begin_irqsave(&here->sync);

	u64_stats_add(&here->value[which], amount);
	u64_stats_update_end_irqrestore(&here->sync, flags);
	put_cpu_ptr(counters->cpu);
}

static void add_cpu(const struct hpkm_counters_cpu *from, u64 out[HPKM_COUNTER_MAX + 1])
{
	u64 value[HPKM_COUNTER_MAX + 1];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&from->sync);
		for (i = 0; i <= HPKM_COUNTER_MAX; i++)
			value[i] = u64_stats_read(&from->value[i]);
	} while (u64_stats_fetch_retry(&from->sync, start));
	for (i = 0; i <= HPKM_COUNTER_MAX; i++)
		out[i] += value[i];
}

/**
 * hpkm_counters_read() - sums over all CPUs
 * @counters: which
 * @out: receives them, by enum hpkm_counter
 */
void hpkm_counters_read(const struct hpkm_counters *counters, u64 out[HPKM_COUNTER_MAX + 1])
{
	int cpu;

	memset(out, 0, sizeof(u64) * (HPKM_COUNTER_MAX + 1));
	for_each_possible_cpu(cpu)
		add_cpu(per_cpu_ptr(counters->cpu, cpu), out);
}
