// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdlib.h>

#include "text.h"
#include "tool.h"

/* The message may quote the other side's words, so it is escaped as a whole. */
static void speak(struct tool *tool, const char *format, va_list args)
{
	char *said = NULL;
	int len = vasprintf(&said, format, args);

	fputs("hpkm-nl: ", tool->err);
	if (len < 0) {
		fputs("out of memory\n", tool->err);
		return;
	}
	text_safe(tool->err, said, len);
	fputc('\n', tool->err);
	free(said);
}

/**
 * complain - say on standard error what is wrong
 * @tool: this run
 * @format: as for printf(), without a newline
 */
void complain(struct tool *tool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	speak(tool, format, args);
	va_end(args);
}

/**
 * usage_error - complain about the command line
 * @tool: this run
 * @format: as for printf(), without a newline
 *
 * Return: STATUS_USAGE, for the caller to return
 */
enum status usage_error(struct tool *tool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	speak(tool, format, args);
	va_end(args);
	return STATUS_USAGE;
}

/**
 * must_alloc - allocate zeroed memory or end with a message
 * @size: in octets
 *
 * Return: the memory, never NULL
 */
void *must_alloc(size_t size)
{
	return must_resize(NULL, size);
}

/**
 * must_resize - resize an allocation or end with a message
 * @old: as for realloc(); NULL gives zeroed memory
 * @size: in octets
 *
 * Return: the memory, never NULL
 */
void *must_resize(void *old, size_t size)
{
	void *got = old ? realloc(old, size) : calloc(1, size);

	if (!got) {
		fputs("hpkm-nl: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	return got;
}
