// SPDX-License-Identifier: GPL-2.0
/* device: what this machine is to others. */
#include "netlink.h"
#include "objects.h"

static const struct field suite_fields[] = {
	{ HPKM_SUITE_A_ID, "id", &as_number, NLA_U8 },
	{ HPKM_SUITE_A_NAME, "name", &as_string, NLA_STRING },
	{ HPKM_SUITE_A_INSECURE, "insecure", &as_bool, NLA_FLAG, .label = "(INSECURE)" },
	{ 0 }
};

static const struct table suite_table = { "suite", suite_fields, NULL };

static const struct field device_fields[] = {
	{ HPKM_DEVICE_A_ID, "id", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_DEVICE_A_VERSION, "version", &as_string, NLA_STRING },
	{ HPKM_DEVICE_A_LINKS, "links", &as_number, NLA_U32 },
	{ HPKM_DEVICE_A_PEERS, "peers", &as_number, NLA_U32 },
	{ HPKM_DEVICE_A_AGENT, "agent", &as_bool, NLA_FLAG,
	  .label = "state kept", .always = true },
	{ HPKM_DEVICE_A_SUITE, "suite", &as_nests, NLA_NESTED,
	  .nest = &suite_table, .label = "suites" },
	{ 0 }
};

const struct table device_table = { "device", device_fields, NULL };

static enum status device_show(struct tool *tool, struct args *args)
{
	struct rows rows = { .table = &device_table };
	enum status status = args_end(tool, args);
	struct request request;

	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_DEVICE_GET);
	status = request_do(tool, &request, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

const struct verb device_verbs[] = {
	{ "show", "", device_show, "id, module version and suites of this device" },
	{ NULL }
};
