/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_TOOL_H
#define HPKM_NL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit status of hpkm-nl; scripts rely on it (hpkm-nl.8, EXIT STATUS). */
enum status {
	STATUS_DONE,
	STATUS_FAILED,	/* refused by the kernel, or it did not work */
	STATUS_USAGE,	/* a word that means nothing, or a bad value */
	STATUS_ABSENT,	/* the kernel module is not loaded */
	STATUS_DENIED,	/* needs a privilege that the caller lacks */
	STATUS_TIMEOUT,	/* nothing came within the time to wait */
};

#define __printf(sentence, first) __attribute__((format(printf, sentence, first)))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

struct netlink;

/**
 * struct tool - one run of hpkm-nl
 * @json: listings are JSON
 * @out: where listings go
 * @err: where complaints and warnings go
 * @nl: connection to the module, made on first use
 */
struct tool {
	bool json;
	FILE *out;
	FILE *err;
	struct netlink *nl;
};

enum status tool_main(struct tool *tool, int argc, char **argv);

__printf(2, 3) void complain(struct tool *tool, const char *format, ...);
__printf(2, 3) enum status usage_error(struct tool *tool, const char *format, ...);

void *must_alloc(size_t size);
void *must_resize(void *old, size_t size);

#endif
