// SPDX-License-Identifier: GPL-2.0
/* A folder that nobody else can write to, and durable files in it. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

#define WIPE_MOST	65536	/* nothing that is wiped is longer */

/* With a slash after it, a symbolic link would be followed. */
static char *without_slashes(const char *path)
{
	size_t len = strlen(path);
	char *name = must_alloc(len + 1);

	memcpy(name, path, len);
	while (len > 1 && name[len - 1] == '/')
		name[--len] = '\0';
	return name;
}

static enum status cannot_open(struct tool *tool, const char *name, int error)
{
	struct stat stat;

	if (lstat(name, &stat))
		complain(tool, "cannot open the folder '%s': %s", name, strerror(error));
	else if (S_ISLNK(stat.st_mode))
		complain(tool, "'%s' is a symbolic link: name the folder itself", name);
	else if (!S_ISDIR(stat.st_mode))
		complain(tool, "'%s' is not a folder", name);
	else
		complain(tool, "cannot open the folder '%s': %s", name, strerror(error));
	return STATUS_FAILED;
}

static enum status make_folder(struct tool *tool, const char *name)
{
	int ret = 0;

	if (!mkdir(name, 0700))
		ret = folder_sync_parent(name);
	else if (errno != EEXIST)
		ret = -errno;
	if (!ret)
		return STATUS_DONE;
	complain(tool, "cannot create the folder '%s': %s", name, strerror(-ret));
	return STATUS_FAILED;
}

/* Who can write here could put an older state in place of a newer one. */
static enum status check_folder(struct tool *tool, const char *name, int dir)
{
	struct stat stat;

	if (fstat(dir, &stat))
		return cannot_open(tool, name, errno);
	if (stat.st_uid && stat.st_uid != geteuid()) {
		complain(tool, "the folder '%s' belongs to another user (uid %u)", name,
			 stat.st_uid);
		return STATUS_FAILED;
	}
	if (stat.st_mode & (0022)) {
		complain(tool, "others can write to the folder '%s' (mode %04o): make it 0700",
			 name, stat.st_mode & 07777);
		return STATUS_FAILED;
	}
	return STATUS_DONE;
}

/**
 * folder_open - open a folder that only its owner can write to
 * @tool: this run
 * @path: the folder
 * @make: create it if only its last component is missing
 * @dir: receives the descriptor
 */
enum status folder_open(struct tool *tool, const char *path, bool make, int *dir)
{
	char *name = without_slashes(path);
	enum status status = STATUS_DONE;

	if (make)
		status = make_folder(tool, name);
	if (!status) {
		*dir = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		status = *dir < 0 ? cannot_open(tool, name, errno) :
				    check_folder(tool, name, *dir);
		if (status && *dir >= 0)
			close(*dir);
	}
	free(name);
	return status;
}

/**
 * folder_sync - make durable what was created, renamed or removed
 * @dir: the folder
 */
int folder_sync(int dir)
{
	return fsync(dir) ? -errno : 0;
}

/**
 * folder_sync_parent - folder_sync() for the folder that something is in
 * @path: of the thing
 */
int folder_sync_parent(const char *path)
{
	char *copy = without_slashes(path);
	int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = dir < 0 ? -errno : folder_sync(dir);

	if (dir >= 0)
		close(dir);
	free(copy);
	return ret;
}

/**
 * file_read - read a small file
 * @dir: the folder it is in
 * @name: its name; no symbolic link
 * @data: receives what is in it
 * @room: octets there is room for; what is beyond them is not read
 *
 * Return: octets read
 */
ssize_t file_read(int dir, const char *name, void *data, size_t room)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, (char *)data + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			got = -errno;
			close(fd);
			return got;
		}
		used += got;
	} while (got && used < room);
	close(fd);
	return used;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t got;

	while (len) {
		got = write(fd, data, len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		data += got;
		len -= got;
	}
	return 0;
}

/**
 * file_create - make a file that nobody else can read
 * @dir: the folder; its entry there is not yet durable
 * @name: which must not exist; it does not exist after a failure
 * @data: what is to be in it; that is durable
 * @len: octets of it
 */
int file_create(int dir, const char *name, const void *data, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, len);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (ret)
		unlinkat(dir, name, 0);
	return ret;
}

static int open_doomed(int dir, const char *name)
{
	return openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/*
 * Overwrites a file that has no name any more.  Flash and some file systems
 * keep what was there all the same; elsewhere an image of the disk would show
 * every secret that was ever erased.  So this is tried and not insisted on.
 */
static void wipe(int fd)
{
	static const char zeros[1024];
	struct stat stat;
	off_t at;

	/* Another name may be somebody's copy. */
	if (fd < 0 || fstat(fd, &stat) || !S_ISREG(stat.st_mode) || stat.st_nlink)
		return;
	for (at = 0; at < stat.st_size && at < WIPE_MOST; at += sizeof(zeros))
		if (pwrite(fd, zeros, sizeof(zeros), at) < 0)
			return;
	fdatasync(fd);
}

static void let_go(int fd)
{
	if (fd >= 0)
		close(fd);
}

/**
 * file_replace - put a new file in the place of an old one, if there is one
 * @dir: the folder
 * @name: of both
 * @data: what is to be in the new one
 * @len: octets of it
 *
 * At any moment there is either the old file or the new one, whole.  With 0
 * it is the new one for good, and what was in the old one is wiped; after a
 * failure it may be either.
 */
int file_replace(int dir, const char *name, const void *data, size_t len)
{
	int old, ret;

	unlinkat(dir, FILE_UNFINISHED, 0);
	ret = file_create(dir, FILE_UNFINISHED, data, len);
	if (ret)
		return ret;
	old = open_doomed(dir, name);
	if (renameat(dir, FILE_UNFINISHED, dir, name)) {
		ret = -errno;
		unlinkat(dir, FILE_UNFINISHED, 0);
	} else {
		ret = folder_sync(dir);
	}
	if (!ret)
		wipe(old);
	let_go(old);
	return ret;
}

/* Returns what wipe() takes. */
static int unlink_doomed(int dir, const char *name, int *ret)
{
	int fd;

	if (!name || *ret)
		return -1;
	fd = open_doomed(dir, name);
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		*ret = -errno;
	return fd;
}

/**
 * file_erase - remove files for good and wipe what was in them
 * @dir: the folder
 * @first: a file, there or not
 * @second: another one, which stays when the first cannot be removed, or NULL
 */
int file_erase(int dir, const char *first, const char *second)
{
	int ret = 0;
	int one = unlink_doomed(dir, first, &ret);
	int other = unlink_doomed(dir, second, &ret);

	if (!ret)
		ret = folder_sync(dir);
	if (!ret) {
		wipe(one);
		wipe(other);
	}
	let_go(one);
	let_go(other);
	return ret;
}
