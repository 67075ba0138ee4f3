// SPDX-License-Identifier: GPL-2.0
/* link: network devices that hpkm protects. */
#include "netlink.h"
#include "objects.h"

static const struct word mode_words[] = {
	{ "strict", HPKM_LINK_MODE_STRICT },
	{ "permissive", HPKM_LINK_MODE_PERMISSIVE,
	  "NOT PROTECTED: frames for no peer pass as they are" },
	{ NULL }
};

static const struct field link_fields[] = {
	{ HPKM_LINK_A_IFNAME, "ifname", &as_string, NLA_STRING },
	{ HPKM_LINK_A_IFINDEX, "ifindex", &as_number, NLA_U32 },
	{ HPKM_LINK_A_MODE, "mode", &as_word, NLA_U32, .words = mode_words },
	{ HPKM_LINK_A_ADDRESS, "address", &as_address, NLA_BINARY, 6, 6 },
	{ HPKM_LINK_A_MTU, "mtu", &as_number, NLA_U32 },
	{ HPKM_LINK_A_PEERS, "peers", &as_number, NLA_U32 },
	{ HPKM_LINK_A_HALF_OPEN, "half_open", &as_number, NLA_U32 },
	{ HPKM_LINK_A_PAIRING, "pairing", &as_bool, NLA_FLAG, .label = "pairing window open" },
	{ HPKM_LINK_A_COUNTERS, "counters", &as_counters, NLA_NESTED,
	  .nest = &counter_table },
	{ 0 }
};

const struct table link_table = { "link", link_fields, NULL };

static enum status link_show_one(struct tool *tool, const char *device)
{
	struct request request = request_new(tool, HPKM_CMD_LINK_GET);
	struct rows rows = { .table = &link_table };
	enum status status;

	status = request_device(tool, &request, HPKM_LINK_A_IFINDEX, device, NULL);
	if (status)
		return status;
	status = request_do(tool, &request, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

static enum status link_show(struct tool *tool, struct args *args)
{
	const char *device = args_take(args);
	enum status status = args_end(tool, args);
	struct request request;

	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	if (device)
		return link_show_one(tool, device);
	request = request_new(tool, HPKM_CMD_LINK_GET);
	return request_dump_show(tool, &request, &link_table);
}

#define MODE_ABSENT	UINT32_MAX

static enum status link_change(struct tool *tool, uint8_t cmd,
			       const char *device, unsigned int mode)
{
	enum status status = netlink_open(tool);
	struct request request;

	if (status)
		return status;
	request = request_new(tool, cmd);
	status = request_device(tool, &request, HPKM_LINK_A_IFINDEX, device, NULL);
	if (status)
		return status;
	if (mode != MODE_ABSENT)
		request_u32(&request, HPKM_LINK_A_MODE, mode);
	return request_do(tool, &request, NULL);
}

static enum status take_mode(struct tool *tool, struct args *args,
			     unsigned int *mode)
{
	static const struct word keywords[] = { { "mode", 0 }, { NULL } };
	enum status status;

	switch (args_keyword(tool, args, keywords, NULL)) {
	case WORD_NONE_LEFT:
		return STATUS_DONE;
	case WORD_UNKNOWN:
		return STATUS_USAGE;
	}
	status = args_word(tool, args, mode_words, "mode", mode);
	return status ? status : args_end(tool, args);
}

static enum status link_add(struct tool *tool, struct args *args)
{
	const char *device = args_need(tool, args, "DEV");
	unsigned int mode = HPKM_LINK_MODE_STRICT;
	enum status status;

	if (!device)
		return STATUS_USAGE;
	status = take_mode(tool, args, &mode);
	if (status)
		return status;
	return link_change(tool, HPKM_CMD_LINK_ADD, device, mode);
}

static enum status link_set(struct tool *tool, struct args *args)
{
	const char *device = args_need(tool, args, "DEV");
	unsigned int mode = MODE_ABSENT;
	enum status status;

	if (!device)
		return STATUS_USAGE;
	status = take_mode(tool, args, &mode);
	if (status)
		return status;
	if (mode == MODE_ABSENT)
		return usage_error(tool, "nothing to set: give a mode");
	return link_change(tool, HPKM_CMD_LINK_SET, device, mode);
}

static enum status link_del(struct tool *tool, struct args *args)
{
	const char *device = args_need(tool, args, "DEV");
	enum status status;

	if (!device)
		return STATUS_USAGE;
	status = args_end(tool, args);
	if (status)
		return status;
	return link_change(tool, HPKM_CMD_LINK_DEL, device, MODE_ABSENT);
}

const struct verb link_verbs[] = {
	{ "show", "[DEV]", link_show, "modes, addresses and counters" },
	{ "add", "DEV [mode strict|permissive]", link_add,
	  "attach: from now on nothing passes unprotected (strict, the default)" },
	{ "set", "DEV mode strict|permissive", link_set, "change the mode" },
	{ "del", "DEV", link_del, "detach: frames pass as they are again" },
	{ NULL }
};
