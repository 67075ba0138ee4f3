// SPDX-License-Identifier: GPL-2.0
/* The words of the command line; each may be cut to a prefix that is its own. */
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

/* The name is the first member of whatever a list consists of. */
static const char *name_at(const void *list, size_t size, int i)
{
	return *(const char *const *)((const char *)list + i * size);
}

/* Returns a string to free: the names that begin with prefix. */
static char *names(const void *list, size_t size, const char *prefix)
{
	char *all = must_alloc(1);
	const char *name;
	int i;

	for (i = 0; (name = name_at(list, size, i)); i++) {
		if (strncmp(name, prefix, strlen(prefix)))
			continue;
		all = must_resize(all, strlen(all) + strlen(name) + 3);
		if (*all)
			strcat(all, ", ");
		strcat(all, name);
	}
	return all;
}

static int match(const void *list, size_t size, const char *given, int *hits)
{
	int i, found = WORD_UNKNOWN;
	const char *name;

	*hits = 0;
	for (i = 0; *given && (name = name_at(list, size, i)); i++) {
		if (strncmp(name, given, strlen(given)))
			continue;
		found = i;
		++*hits;
		if (!strcmp(name, given)) {
			*hits = 1;
			break;
		}
	}
	return found;
}

/**
 * word_index - find a word or its unambiguous prefix in a list
 * @tool: this run
 * @list: array whose elements begin with the name, ended by a NULL name
 * @size: of an element
 * @what: what the words are, for the complaint
 * @given: the word to find
 *
 * Return: the index in the list, or WORD_UNKNOWN after a complaint
 */
int word_index(struct tool *tool, const void *list, size_t size,
	       const char *what, const char *given)
{
	int hits, found = match(list, size, given, &hits);
	char *known;

	if (hits == 1)
		return found;
	known = names(list, size, hits ? given : "");
	if (hits)
		complain(tool, "ambiguous %s '%s': %s", what, given, known);
	else
		complain(tool, "unknown %s '%s' (one of: %s)", what, given, known);
	free(known);
	return WORD_UNKNOWN;
}

/**
 * word_for - the word that stands for a value
 * @list: ended by a NULL name
 * @value: the value
 *
 * Return: the word, or NULL
 */
const struct word *word_for(const struct word *list, unsigned int value)
{
	for (; list->name; list++)
		if (list->value == value)
			return list;
	return NULL;
}

/**
 * args_take - take the next word
 * @args: what is left
 *
 * Return: the word, or NULL if none is left
 */
const char *args_take(struct args *args)
{
	if (!args->count)
		return NULL;
	args->count--;
	return *args->word++;
}

/**
 * args_need - take the next word, which must be there
 * @tool: this run
 * @args: what is left
 * @what: what the word is, for the complaint
 *
 * Return: the word, or NULL after a complaint
 */
const char *args_need(struct tool *tool, struct args *args, const char *what)
{
	const char *word = args_take(args);

	if (!word)
		complain(tool, "%s is missing", what);
	return word;
}

/**
 * args_end - insist that no word is left
 * @tool: this run
 * @args: what is left
 */
enum status args_end(struct tool *tool, const struct args *args)
{
	if (!args->count)
		return STATUS_DONE;
	return usage_error(tool, "'%s' is one word too many", *args->word);
}

/**
 * args_keyword - take the next keyword
 * @tool: this run
 * @args: what is left
 * @list: the keywords there are
 * @seen: bits of those that came already and may not come again, or NULL
 *
 * Return: the keyword's value (below 32), WORD_UNKNOWN after a complaint, or
 * WORD_NONE_LEFT
 */
int args_keyword(struct tool *tool, struct args *args,
		 const struct word *list, unsigned int *seen)
{
	const char *given = args_take(args);
	int i;

	if (!given)
		return WORD_NONE_LEFT;
	i = word_index(tool, list, sizeof(*list), "keyword", given);
	if (i < 0)
		return WORD_UNKNOWN;
	if (seen && *seen & 1U << list[i].value) {
		complain(tool, "'%s' is given twice", list[i].name);
		return WORD_UNKNOWN;
	}
	if (seen)
		*seen |= 1U << list[i].value;
	return list[i].value;
}

/**
 * args_word - take a word that stands for a value
 * @tool: this run
 * @args: what is left
 * @list: the words there are
 * @what: what they are, for complaints
 * @value: receives the value
 */
enum status args_word(struct tool *tool, struct args *args,
		      const struct word *list, const char *what,
		      unsigned int *value)
{
	const char *given = args_need(tool, args, what);
	int i;

	if (!given)
		return STATUS_USAGE;
	i = word_index(tool, list, sizeof(*list), what, given);
	if (i < 0)
		return STATUS_USAGE;
	*value = list[i].value;
	return STATUS_DONE;
}

/**
 * args_number - take a decimal number
 * @tool: this run
 * @args: what is left
 * @what: what it is, for complaints
 * @least: smallest that is allowed
 * @most: largest that is allowed
 * @number: receives it
 */
enum status args_number(struct tool *tool, struct args *args, const char *what,
			uint64_t least, uint64_t most, uint64_t *number)
{
	const char *given = args_need(tool, args, what);

	if (!given)
		return STATUS_USAGE;
	if (text_number(given, number) && *number >= least && *number <= most)
		return STATUS_DONE;
	return usage_error(tool, "%s must be a number from %llu to %llu, not '%s'",
			   what, (unsigned long long)least,
			   (unsigned long long)most, given);
}
