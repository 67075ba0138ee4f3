/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_BENCH_H
#define HPKM_NL_BENCH_H

#include "faulty_disk.h"
#include "kernel_says.h"
#include "store.h"

/*
 * The folder "state" in the test's own one, looked at without a command.  It
 * belongs to device id_a.  What is complained of is remembered until the test
 * says what it expects.
 */
struct store *bench_open(void);
struct store *bench_load(void);
enum status bench_try_open(const char *name, bool make);
enum status bench_try_load(void);

void bench_said(const char *wanted);
void bench_said_nothing(void);

int bench_put(struct store *store, struct kept *kept, const char *text);
void bench_settle(struct store *store);
void bench_expect(struct store *store, const struct kept *kept, const char *text);

/* The device's state and those of peers id_a and id_b, each settled. */
void bench_fill(void);

#endif
