/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_EVENT_H
#define HPKM_NL_EVENT_H

#include "netlink.h"

extern const struct table event_table;

enum event_verdict { EVENT_GO_ON, EVENT_GOOD, EVENT_BAD };

/**
 * typedef event_judge - whether an event is the one that is waited for
 * @event: the event
 * @type: HPKM_EVENT_*
 * @arg: what the waiter gave
 *
 * Return: EVENT_GO_ON to wait on, EVENT_GOOD or EVENT_BAD to stop
 */
typedef enum event_verdict event_judge(const struct row *event,
				       enum hpkm_event type, void *arg);

bool event_parse(const struct nlmsghdr *nlh, struct row *row);
enum hpkm_event event_type(const struct row *event);
bool event_about(const struct row *event, const uint8_t peer[HPKM_ID_LEN]);
enum status event_wait(struct tool *tool, struct events *events, int seconds,
		       event_judge *judge, void *arg, struct row *event);
enum status event_show(struct tool *tool, const struct row *event);
void event_complain(struct tool *tool, const char *what, const struct row *event);

#endif
