/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_OBJECTS_H
#define HPKM_NL_OBJECTS_H

#include "field.h"
#include "tool.h"
#include "words.h"

/**
 * struct verb - what can be done with an object
 * @name: the verb; NULL ends a list
 * @usage: the words after it
 * @run: does it
 * @help: one line
 */
struct verb {
	const char *name;
	const char *usage;
	enum status (*run)(struct tool *tool, struct args *args);
	const char *help;
};

/**
 * struct object - a word that a command can begin with
 * @name: the word; NULL ends a list
 * @verbs: what can be done; the first without a word of its own is the default
 * @help: one line
 * @notes: what else the object's help says, or NULL
 * @bare: the words after it are the first verb's arguments
 */
struct object {
	const char *name;
	const struct verb *verbs;
	const char *help;
	const char *notes;
	bool bare;
};

extern const struct object objects[];

extern const struct verb device_verbs[], link_verbs[], sk_verbs[], pair_verbs[];
extern const struct verb peer_verbs[], session_verbs[], log_verbs[];
extern const struct verb policy_verbs[], location_verbs[], message_verbs[];
extern const struct verb show_verbs[], monitor_verbs[], persist_verbs[], state_verbs[];

extern const struct table device_table, link_table, peer_table, session_table;
extern const struct table counter_table;
extern const struct word suite_words[];

#endif
