// SPDX-License-Identifier: GPL-2.0
/* monitor: what happens, as it happens. */
#include "event.h"
#include "interrupt.h"
#include "objects.h"

#define FOREVER		INT64_MAX
#define WAIT_MOST	86400000	/* what one wait can be, in milliseconds */

enum monitor_keyword { MONITOR_COUNT, MONITOR_TIMEOUT };

struct monitor {
	unsigned int seen;
	uint64_t count;
	uint64_t timeout;
	int64_t deadline;
};

static enum status monitor_words(struct tool *tool, struct args *args,
				 struct monitor *monitor)
{
	static const struct word keywords[] = {
		{ "count", MONITOR_COUNT }, { "timeout", MONITOR_TIMEOUT }, { NULL }
	};
	enum status status = STATUS_DONE;

	while (!status) {
		switch (args_keyword(tool, args, keywords, &monitor->seen)) {
		case MONITOR_COUNT:
			status = args_number(tool, args, "count", 1, UINT32_MAX,
					     &monitor->count);
			break;
		case MONITOR_TIMEOUT:
			status = args_number(tool, args, "timeout", 0, UINT32_MAX,
					     &monitor->timeout);
			break;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		case WORD_NONE_LEFT:
			return STATUS_DONE;
		}
	}
	return status;
}

/* A script that sees this can cause events without missing the first. */
static enum status say_listening(struct tool *tool)
{
	struct json_object *json;
	enum status status;

	if (!tool->json) {
		fputs("listening\n", tool->err);
		fflush(tool->err);
		return STATUS_DONE;
	}
	json = json_object_new_object();
	json_put(json, "event", json_object_new_string("listening"));
	status = show_json(tool, json, JSON_C_TO_STRING_PLAIN);
	fflush(tool->out);
	return status;
}

static enum status put_event(struct tool *tool, const struct row *event)
{
	enum status status = STATUS_DONE;

	if (tool->json)
		status = show_json(tool, table_json(&event_table, &event->attrs),
				   JSON_C_TO_STRING_PLAIN);
	else
		row_line(tool->out, &event_table, event);
	if (fflush(tool->out))
		return STATUS_FAILED;
	return status;
}

static enum status next(struct tool *tool, struct events *events,
			int64_t deadline, struct row *event)
{
	enum status status;
	int64_t now;

	do {
		now = clock_ms();
		if (now >= deadline)
			return STATUS_TIMEOUT;
		status = events_next(tool, events,
				     deadline - now > WAIT_MOST ? now + WAIT_MOST : deadline,
				     event);
	} while (status == STATUS_TIMEOUT);
	return status;
}

static enum status listen_to(struct tool *tool, struct events *events,
			     const struct monitor *monitor)
{
	uint64_t left = monitor->count;
	enum status status;
	struct row event;

	for (;;) {
		status = next(tool, events, monitor->deadline, &event);
		if (status)
			break;
		status = put_event(tool, &event);
		row_free(&event);
		if (status || (monitor->count && !--left))
			return status;
	}
	/* To listen for so long and no longer was the order. */
	if (status == STATUS_TIMEOUT && !monitor->count)
		return STATUS_DONE;
	return status;
}

static enum status monitor_run(struct tool *tool, struct args *args)
{
	struct monitor monitor = { .deadline = FOREVER };
	struct events *events = NULL;
	enum status status;

	status = monitor_words(tool, args, &monitor);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = events_open(tool, &events);
	if (status)
		return status;
	if (monitor.seen & 1 << MONITOR_TIMEOUT)
		monitor.deadline = clock_ms() + 1000 * (int64_t)monitor.timeout;
	interrupt_catch();
	status = say_listening(tool);
	if (!status)
		status = listen_to(tool, events, &monitor);
	events_close(events);
	return status;
}

const struct verb monitor_verbs[] = {
	{ "monitor", "[count N] [timeout SECONDS]", monitor_run,
	  "one line for each event, until interrupted" },
	{ NULL }
};
