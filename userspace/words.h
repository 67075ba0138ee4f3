/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_WORDS_H
#define HPKM_NL_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "tool.h"

/**
 * struct word - a word that stands for a value, on the command line and in output
 * @name: the word; NULL ends a list
 * @value: what it stands for
 * @note: shown after it to people, not in JSON
 */
struct word {
	const char *name;
	unsigned int value;
	const char *note;
};

#define WORD_UNKNOWN	-1
#define WORD_NONE_LEFT	-2

int word_index(struct tool *tool, const void *list, size_t size,
	       const char *what, const char *given);
const struct word *word_for(const struct word *list, unsigned int value);

/**
 * struct args - what is left of the command line
 * @word: the next word
 * @count: how many are left
 */
struct args {
	char **word;
	int count;
};

const char *args_take(struct args *args);
const char *args_need(struct tool *tool, struct args *args, const char *what);
enum status args_end(struct tool *tool, const struct args *args);
int args_keyword(struct tool *tool, struct args *args,
		 const struct word *list, unsigned int *seen);
enum status args_word(struct tool *tool, struct args *args,
		      const struct word *list, const char *what,
		      unsigned int *value);
enum status args_number(struct tool *tool, struct args *args, const char *what,
			uint64_t least, uint64_t most, uint64_t *number);

#endif
