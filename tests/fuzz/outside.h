/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a command line could do to the machine that it is tried on, taken over:
 * there are no folders, files have what the input says, nothing is locked and
 * no signal is held back.
 */
#ifndef _HPKM_TESTS_FUZZ_OUTSIDE_H
#define _HPKM_TESTS_FUZZ_OUTSIDE_H

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* From now on, until it is NULL: where files have their octets from. */
extern struct feed *outside;

/* The linker turns each call of NAME() into __wrap_NAME(); see Makefile. */
int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
ssize_t __real_read(int fd, void *to, size_t room);
ssize_t __wrap_read(int fd, void *to, size_t room);
int __real_lstat(const char *name, struct stat *stat);
int __wrap_lstat(const char *name, struct stat *stat);
int __real_mkdir(const char *name, mode_t mode);
int __wrap_mkdir(const char *name, mode_t mode);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
		 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
		 const sigset_t *mask);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_mlockall(int flags);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_prctl(int option, ...);
void __wrap_interrupt_catch(void);
pid_t __wrap_fork(void);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long len, const char *text,
			 unsigned long long text_len, const unsigned char *salt,
			 unsigned long long passes, size_t memory, int algorithm);

/* command.c */
void *__real_says_family(int *len);
void *__wrap_says_family(int *len);

#endif /* _HPKM_TESTS_FUZZ_OUTSIDE_H */
