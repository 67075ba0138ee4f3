// SPDX-License-Identifier: GPL-2.0
/* pair: making two devices peers. */
#include "event.h"
#include "interrupt.h"
#include "netlink.h"
#include "suite.h"

#define WINDOW_DEFAULT	120	/* seconds, as in the module */
#define WINDOW_MOST	3600
#define WINDOW_GRACE	5	/* the module closes it, this is for its event */

static const struct field pair_fields[] = {
	{ HPKM_PAIR_A_IFNAME, "ifname", &as_string, NLA_STRING },
	{ HPKM_PAIR_A_IFINDEX, "ifindex", &as_number, NLA_U32 },
	{ HPKM_PAIR_A_SUITE, "suite", &as_word, NLA_U8, .words = suite_words },
	{ HPKM_PAIR_A_WINDOW, "window", &as_seconds, NLA_U32 },
	{ HPKM_PAIR_A_OVERRIDE, "override", &as_bool, NLA_FLAG },
	{ HPKM_PAIR_A_REMAINING, "remaining", &as_age, NLA_U32 },
	{ HPKM_PAIR_A_CONTEXTS, "contexts", &as_number, NLA_U32 },
	{ 0 }
};

static const struct column pair_columns[] = {
	{ "link", HPKM_PAIR_A_IFNAME },
	{ "suite", HPKM_PAIR_A_SUITE },
	{ "remaining", HPKM_PAIR_A_REMAINING },
	{ "devices", HPKM_PAIR_A_CONTEXTS },
	{ NULL }
};

static const struct table pair_table = { "pair", pair_fields, pair_columns };

static enum status pair_show(struct tool *tool, struct args *args)
{
	enum status status = args_end(tool, args);
	struct request request;

	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_PAIR_GET);
	return request_dump_show(tool, &request, &pair_table);
}

enum pair_keyword { PAIR_SUITE, PAIR_WINDOW, PAIR_OVERRIDE, PAIR_NOWAIT };

struct pair_args {
	const char *device;
	uint32_t ifindex;
	unsigned int seen;
	unsigned int suite;
	uint64_t window;
};

static enum status pair_words(struct tool *tool, struct args *args,
			      struct pair_args *given)
{
	static const struct word keywords[] = {
		{ "suite", PAIR_SUITE }, { "window", PAIR_WINDOW },
		{ "override", PAIR_OVERRIDE }, { "nowait", PAIR_NOWAIT }, { NULL }
	};
	enum status status = STATUS_DONE;

	while (!status) {
		switch (args_keyword(tool, args, keywords, &given->seen)) {
		case PAIR_SUITE:
			status = args_suite(tool, args, &given->suite);
			break;
		case PAIR_WINDOW:
			status = args_number(tool, args, "window", 1, WINDOW_MOST,
					     &given->window);
			break;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		case WORD_NONE_LEFT:
			return STATUS_DONE;
		}
	}
	return status;
}

static enum status pair_open(struct tool *tool, struct pair_args *given)
{
	struct request request = request_new(tool, HPKM_CMD_PAIR_ADD);
	enum status status;

	status = request_device(tool, &request, HPKM_PAIR_A_IFINDEX,
				given->device, &given->ifindex);
	if (status)
		return status;
	request_u8(&request, HPKM_PAIR_A_SUITE, given->suite);
	if (given->seen & 1 << PAIR_WINDOW)
		request_u32(&request, HPKM_PAIR_A_WINDOW, given->window);
	if (given->seen & 1 << PAIR_OVERRIDE)
		request_flag(&request, HPKM_PAIR_A_OVERRIDE);
	return request_do(tool, &request, NULL);
}

static enum status pair_close(struct tool *tool, uint32_t ifindex)
{
	struct request request = request_new(tool, HPKM_CMD_PAIR_DEL);

	request_u32(&request, HPKM_PAIR_A_IFINDEX, ifindex);
	return request_do(tool, &request, NULL);
}

static enum event_verdict pair_judge(const struct row *event,
				     enum hpkm_event type, void *arg)
{
	const struct nlattr *ifindex = event->attrs.at[HPKM_EVENT_A_IFINDEX];
	const struct pair_args *given = arg;

	if (!ifindex || nla_get_u32(ifindex) != given->ifindex)
		return EVENT_GO_ON;
	if (type == HPKM_EVENT_PAIRED)
		return EVENT_GOOD;
	if (type == HPKM_EVENT_PAIRING_FAILED || type == HPKM_EVENT_LINK_DETACHED)
		return EVENT_BAD;
	return EVENT_GO_ON;
}

static enum status pair_wait(struct tool *tool, struct events *events,
			     struct pair_args *given)
{
	enum status status;
	struct row event;

	status = event_wait(tool, events, given->window + WINDOW_GRACE, pair_judge,
			    given, &event);
	if (!status)
		status = event_show(tool, &event);
	else if (status == STATUS_TIMEOUT)
		complain(tool, "no device has paired within %d seconds", (int)given->window);
	else if (event.message)
		event_complain(tool, "pairing failed", &event);
	row_free(&event);
	if (!interrupt_caught())
		return status;
	complain(tool, "interrupted: the pairing window is closed");
	pair_close(tool, given->ifindex);
	return STATUS_FAILED;
}

static enum status pair_add(struct tool *tool, struct args *args)
{
	struct pair_args given = { .suite = SUITE_DEFAULT, .window = WINDOW_DEFAULT };
	struct events *events = NULL;
	enum status status;

	given.device = args_need(tool, args, "DEV");
	if (!given.device)
		return STATUS_USAGE;
	status = pair_words(tool, args, &given);
	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	suite_warn(tool, given.suite);
	if (given.seen & 1 << PAIR_NOWAIT)
		return pair_open(tool, &given);
	/* First listen, then ask: pairing may be quick. */
	status = events_open(tool, &events);
	if (status)
		return status;
	interrupt_catch();
	status = pair_open(tool, &given);
	if (!status)
		status = pair_wait(tool, events, &given);
	events_close(events);
	return status;
}

static enum status pair_del(struct tool *tool, struct args *args)
{
	const char *device = args_need(tool, args, "DEV");
	struct request request;
	enum status status;

	if (!device)
		return STATUS_USAGE;
	status = args_end(tool, args);
	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_PAIR_DEL);
	status = request_device(tool, &request, HPKM_PAIR_A_IFINDEX, device, NULL);
	return status ? status : request_do(tool, &request, NULL);
}

const struct verb pair_verbs[] = {
	{ "show", "", pair_show, "pairing windows that are open" },
	{ "add", "DEV [suite SUITE] [window SECONDS] [override] [nowait]", pair_add,
	  "open the window and wait until a device has paired or it failed" },
	{ "del", "DEV", pair_del, "close the window" },
	{ NULL }
};
