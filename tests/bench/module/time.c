// SPDX-License-Identifier: GPL-2.0
/* Timing, and saying what came of it. */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include "bench.h"

static int take_sample(struct bench_work *work, u32 number)
{
	u64 begin = ktime_get_ns();
	int err = 0;
	u32 i;

	for (i = 0; i < work->times && !err; i++)
		err = work->run(work->context);
	work->sample[number] = ktime_get_ns() - begin;
	return err;
}

int bench_time(struct bench_work *work, u32 works)
{
	u32 number, i;
	int err = 0;

	for (number = 0; number < BENCH_SAMPLES; number++) {
		for (i = 0; i < works && !err; i++)
			err = take_sample(&work[i], number);
		cond_resched();
	}
	return err;
}

static int compare(const void *one, const void *other)
{
	u64 a = *(const u64 *)one, b = *(const u64 *)other;

	return a < b ? -1 : a > b;
}

void bench_report(struct seq_file *out, const char *what, struct bench_work *work, u32 works)
{
	for (; works; work++, works--) {
		u64 picoseconds;
		u32 rest;

		sort(work->sample, BENCH_SAMPLES, sizeof(u64), compare, NULL);
		picoseconds = div_u64(1000 * work->sample[BENCH_SAMPLES / 2], work->times);
		picoseconds = div_u64_rem(picoseconds, 1000, &rest);
		seq_printf(out, "{\"what\": \"%s\", \"of\": \"%s\", \"nanoseconds\": %llu.%03u}\n",
			   what, work->of, picoseconds, rest);
	}
}
