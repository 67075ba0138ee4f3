// SPDX-License-Identifier: GPL-2.0
/*
 * vectors FILE...
 *
 * Runs the module's own protocol core, built as an ordinary program, against
 * files of known answers.  Fails at the first value that is wrong, missing or
 * not known.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

#define FILE_MAX	1048576

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(FILE_MAX);

	if (file && text)
		*len = fread(text, 1, FILE_MAX, file);
	if (!file || !text || ferror(file) || *len == FILE_MAX) {
		fprintf(stderr, "%s: %s\n", path, errno ? strerror(errno) : "too long");
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static int check_file(const char *path)
{
	struct values *values;
	size_t len = 0;
	char *text;
	int err;

	errno = 0;
	text = read_file(path, &len);
	if (!text)
		return -1;
	values = values_read(text, len);
	free(text);
	if (!values) {
		fprintf(stderr, "%s: out of memory\n", path);
		return -1;
	}
	err = check_values(values);
	if (values->why)
		fprintf(stderr, "%s: %s %s\n", path, values->wrong, values->why);
	else if (err)
		fprintf(stderr, "%s: out of memory\n", path);
	else
		printf("%s: %u values compared, all right\n", path, values->compared);
	values_free(values);
	return err;
}

int main(int argc, char **argv)
{
	int i, status = EXIT_SUCCESS;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (i = 1; i < argc; i++)
		if (check_file(argv[i]))
			status = EXIT_FAILURE;
	return status;
}
