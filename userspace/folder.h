/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_FOLDER_H
#define HPKM_NL_FOLDER_H

#include <sys/types.h>

#include "tool.h"

/*
 * Files that survive power loss, and the folder they are in.  The functions
 * that return int return 0 or more, or a negative errno.
 */
#define FILE_UNFINISHED	".hpkm-new"	/* what file_replace() has not yet renamed */

enum status folder_open(struct tool *tool, const char *path, bool make, int *dir);
int folder_sync(int dir);
int folder_sync_parent(const char *path);

ssize_t file_read(int dir, const char *name, void *data, size_t room);
int file_create(int dir, const char *name, const void *data, size_t len);
int file_replace(int dir, const char *name, const void *data, size_t len);
int file_erase(int dir, const char *first, const char *second);

#endif
