/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_WRAPPED_H
#define HPKM_NL_WRAPPED_H

#include <sys/types.h>

/* The linker's names for what --wrap takes over, and for what it was. */
int __real_openat(int dir, const char *name, int flags, ...);
ssize_t __real_write(int fd, const void *data, size_t len);
int __real_fsync(int fd);
int __real_renameat(int dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
uid_t __real_geteuid(void);

int __wrap_openat(int dir, const char *name, int flags, ...);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fsync(int fd);
int __wrap_renameat(int dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *name, int flags);
uid_t __wrap_geteuid(void);
void __wrap_syslog(int priority, const char *format, ...);
void __wrap___syslog_chk(int priority, int flag, const char *format, ...);

#endif
