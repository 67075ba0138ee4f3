// SPDX-License-Identifier: GPL-2.0
/* location: where this device says it is. */
#include <string.h>

#include "netlink.h"
#include "objects.h"
#include "text.h"

static const struct field location_fields[] = {
	{ HPKM_LOCATION_A_LABEL, "label", &as_octets, NLA_BINARY, 0, HPKM_LOCATION_MAX },
	{ 0 }
};

static const struct table location_table = { "location", location_fields, NULL };

static enum status location_show(struct tool *tool, struct args *args)
{
	struct rows rows = { .table = &location_table };
	enum status status = args_end(tool, args);
	struct request request;

	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_LOCATION_GET);
	status = request_do(tool, &request, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

static enum status location_set(struct tool *tool, struct args *args)
{
	const char *label = args_need(tool, args, "LABEL");
	struct request request;
	enum status status;

	if (!label)
		return STATUS_USAGE;
	status = args_end(tool, args);
	if (status)
		return status;
	if (strlen(label) > HPKM_LOCATION_MAX)
		return usage_error(tool, "the label is longer than %d octets",
				   HPKM_LOCATION_MAX);
	if (!text_is_utf8(label, strlen(label)))
		return usage_error(tool, "the label is not UTF-8");
	status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_LOCATION_SET);
	request_octets(&request, HPKM_LOCATION_A_LABEL, label, strlen(label));
	return request_do(tool, &request, NULL);
}

const struct verb location_verbs[] = {
	{ "show", "", location_show, "the label that goes into records" },
	{ "set", "LABEL", location_set, "up to 31 octets of UTF-8; \"\" for none" },
	{ NULL }
};
