/* SPDX-License-Identifier: GPL-2.0 */
/* Measuring inside the kernel that the rest is measured on. */
#ifndef _HPKM_BENCH_H
#define _HPKM_BENCH_H

#include <linux/seq_file.h>
#include <linux/types.h>

#define BENCH_SAMPLES	101

/**
 * struct bench_work - something that is timed
 * @of: what it is, for the report
 * @run: does it once; 0 or an errno
 * @context: for @run
 * @times: so often a sample, which should take well below a millisecond: then
 *	most samples fall between what else the machine does
 * @sample: nanoseconds
 */
struct bench_work {
	const char *of;
	int (*run)(void *context);
	void *context;
	u32 times;
	u64 sample[BENCH_SAMPLES];
};

/* In turns, so that what else the machine does falls on all alike.  May sleep. */
int bench_time(struct bench_work *work, u32 works);
/* One line of JSON for each: the median. */
void bench_report(struct seq_file *out, const char *what, struct bench_work *work, u32 works);

/* What reading a file of debugfs measures; 0 or an errno. */
int bench_cipher(struct seq_file *out);
int bench_exchange(struct seq_file *out);
int bench_lookup(struct seq_file *out);
int bench_frame(struct seq_file *out);
int bench_memory(struct seq_file *out);

/* wireguard.c: the computations of both sides of one handshake, and nothing else */
int bench_wireguard_handshake(void *unused);

#endif /* _HPKM_BENCH_H */
