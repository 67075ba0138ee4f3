/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_FAULTY_DISK_H
#define HPKM_NL_FAULTY_DISK_H

#include <stdbool.h>
#include <sys/types.h>

enum fault { FAULT_BEFORE, FAULT_AFTER, FAULT_DEATH };

/**
 * struct faulty_disk - what happens to files, and what is to go wrong
 * @on: look at what happens
 * @count: things that have happened: files created, written, synced, renamed
 *	and unlinked
 * @fault_at: the one that goes wrong, from 1; 0 for none
 * @last: all that follow go wrong, too
 * @fault: it fails without having happened, or though it has happened, or the
 *	process is gone before it
 * @error: positive errno that a failure gives
 * @log: one line for each
 * @euid: what geteuid() says, if not 0
 */
struct faulty_disk {
	bool on;
	int count;
	int fault_at;
	bool last;
	enum fault fault;
	int error;
	char log[8192];
	uid_t euid;
};

extern struct faulty_disk disk;

/* From now on @disk counts and logs; the test says in it what is to go wrong. */
void disk_on(void);
void disk_off(void);

#define DISK_DIED	77	/* exit status of FAULT_DEATH */

/*
 * A folder of the test's own, as 'fresh' is for the kernel: setup and teardown
 * of a test.  scratch() says what something in it is called; it is good until
 * it is called another four times.  What goes to the system's log is in "log".
 */
int scratch_make(void **state);
int scratch_remove(void **state);
char *scratch(const char *name);
bool scratch_has(const char *name);
long scratch_read(const char *name, void *data, long room);
void scratch_write(const char *name, const void *data, long len);

#endif
