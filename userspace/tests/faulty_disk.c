// SPDX-License-Identifier: GPL-2.0
/* System calls on files as the test wants them to go (see the Makefile: --wrap). */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faulty_disk.h"
#include "kernel_says.h"
#include "wrapped.h"

struct faulty_disk disk;
static char folder[64];

void disk_on(void)
{
	disk = (struct faulty_disk){ .on = true, .error = EIO };
}

void disk_off(void)
{
	disk.on = false;
}

/* The last component of what a descriptor is open on; a folder is ".". */
static const char *name_of(int fd)
{
	static char path[4096];
	char link[32];
	struct stat stat;
	ssize_t len;

	if (!fstat(fd, &stat) && S_ISDIR(stat.st_mode))
		return ".";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static void note(const char *what, const char *name)
{
	size_t used = strlen(disk.log);

	snprintf(disk.log + used, sizeof(disk.log) - used, "%s %s\n", what, name);
}

/* Returns whether the thing may happen, and whether it is to fail afterwards. */
static bool happens(const char *what, const char *name, bool *fails)
{
	*fails = false;
	if (!disk.on)
		return true;
	disk.count++;
	note(what, name);
	if (!disk.fault_at || disk.count < disk.fault_at ||
	    (disk.count > disk.fault_at && !disk.last))
		return true;
	if (disk.fault == FAULT_DEATH)
		_exit(DISK_DIED);
	*fails = true;
	return disk.fault == FAULT_AFTER;
}

static int fails_with(void)
{
	errno = disk.error;
	return -1;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
	bool fails, go_on = true;
	mode_t mode = 0;
	va_list args;
	int fd = -1;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (!(flags & O_EXCL))
		return __real_openat(dir, name, flags, mode);
	go_on = happens("create", name, &fails);
	if (go_on)
		fd = __real_openat(dir, name, flags, mode);
	if (!fails)
		return fd;
	if (fd >= 0)
		close(fd);
	return fails_with();
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	bool fails, go_on = happens("write", name_of(fd), &fails);
	ssize_t done = go_on ? __real_write(fd, data, len) : 0;

	return fails ? fails_with() : done;
}

int __wrap_fsync(int fd)
{
	bool fails, go_on = happens("sync", name_of(fd), &fails);
	int done = go_on ? __real_fsync(fd) : 0;

	return fails ? fails_with() : done;
}

int __wrap_renameat(int dir, const char *from, int to_dir, const char *to)
{
	bool fails, go_on = happens("rename", to, &fails);
	int done = go_on ? __real_renameat(dir, from, to_dir, to) : 0;

	return fails ? fails_with() : done;
}

/* Tidying up what is not there is no event. */
int __wrap_unlinkat(int dir, const char *name, int flags)
{
	bool fails, go_on;
	struct stat stat;
	int done;

	if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW))
		return __real_unlinkat(dir, name, flags);
	go_on = happens("unlink", name, &fails);
	done = go_on ? __real_unlinkat(dir, name, flags) : 0;
	return fails ? fails_with() : done;
}

uid_t __wrap_geteuid(void)
{
	return disk.euid ? disk.euid : __real_geteuid();
}

static void to_file(const char *format, va_list args)
{
	FILE *log = fopen(scratch("log"), "a");

	if (!log)
		return;
	vfprintf(log, format, args);
	fclose(log);
}

void __wrap_syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	va_start(args, format);
	to_file(format, args);
	va_end(args);
}

/* What syslog() is called when the compiler fortifies it. */
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)priority;
	(void)flag;
	va_start(args, format);
	to_file(format, args);
	va_end(args);
}

int scratch_make(void **state)
{
	strcpy(folder, "/tmp/hpkm-nl-test-XXXXXX");
	disk = (struct faulty_disk){ 0 };
	return mkdtemp(folder) ? fresh(state) : -1;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

int scratch_remove(void **state)
{
	disk_off();
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) ? -1 : fresh(state);
}

char *scratch(const char *name)
{
	static char paths[4][128];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

bool scratch_has(const char *name)
{
	struct stat stat;

	return !lstat(scratch(name), &stat);
}

long scratch_read(const char *name, void *data, long room)
{
	FILE *from = fopen(scratch(name), "r");
	long len;

	if (!from)
		fail_msg("there is no %s", name);
	len = fread(data, 1, room, from);
	fclose(from);
	return len;
}

void scratch_write(const char *name, const void *data, long len)
{
	FILE *to = fopen(scratch(name), "w");

	assert_non_null(to);
	assert_int_equal(fwrite(data, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}
