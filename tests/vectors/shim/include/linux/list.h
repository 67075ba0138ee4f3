/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_LIST_H
#define _SHIM_LINUX_LIST_H

#include <linux/kernel.h>

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	entry->next = list;
	entry->prev = list->prev;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_move_tail(struct list_head *entry, struct list_head *list)
{
	list_del(entry);
	list_add_tail(entry, list);
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	while (!list_empty(from))
		list_move_tail(from->next, to);
}

#define list_entry(pointer, type, member)	container_of(pointer, type, member)
#define list_first_entry(list, type, member)	list_entry((list)->next, type, member)
#define list_next_entry(at, member)	list_entry((at)->member.next, typeof(*(at)), member)
#define list_entry_is_head(at, list, member)	(&(at)->member == (list))

#define list_for_each_entry(at, list, member)				\
	for (at = list_first_entry(list, typeof(*(at)), member);	\
	     !list_entry_is_head(at, list, member);			\
	     at = list_next_entry(at, member))

#define list_for_each_entry_safe(at, ahead, list, member)		\
	for (at = list_first_entry(list, typeof(*(at)), member),	\
	     ahead = list_next_entry(at, member);			\
	     !list_entry_is_head(at, list, member);			\
	     at = ahead, ahead = list_next_entry(ahead, member))

#endif /* _SHIM_LINUX_LIST_H */
