// SPDX-License-Identifier: GPL-2.0
/* show: all at a glance. */
#include "netlink.h"
#include "objects.h"

struct part {
	const char *name;
	const struct table *table;
	uint8_t cmd;
	bool single;
};

static const struct part parts[] = {
	{ "device", &device_table, HPKM_CMD_DEVICE_GET, true },
	{ "links", &link_table, HPKM_CMD_LINK_GET, false },
	{ "peers", &peer_table, HPKM_CMD_PEER_GET, false },
	{ "sessions", &session_table, HPKM_CMD_SESSION_GET, false },
};

#define PARTS	ARRAY_SIZE(parts)

static void put_text(struct tool *tool, const struct rows rows[PARTS])
{
	size_t i;

	for (i = 0; i < PARTS; i++) {
		if (i && rows[i].count)
			fputc('\n', tool->out);
		rows_text(tool->out, &rows[i]);
	}
}

static enum status put_json(struct tool *tool, const struct rows rows[PARTS])
{
	struct json_object *all = json_object_new_array();
	struct json_object *one = json_object_new_object();
	size_t i;

	for (i = 0; i < PARTS; i++)
		json_put(one, parts[i].name, rows_json(&rows[i]));
	json_object_array_add(all, one);
	return show_json(tool, all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

static enum status read_part(struct tool *tool, const struct part *part,
			     struct rows *rows)
{
	struct request request = request_new(tool, part->cmd);

	return part->single ? request_do(tool, &request, rows) :
			      request_dump(tool, &request, rows);
}

static enum status show_all(struct tool *tool, struct args *args)
{
	enum status status = args_end(tool, args);
	struct rows rows[PARTS] = { 0 };
	size_t i;

	if (!status)
		status = netlink_open(tool);
	for (i = 0; i < PARTS; i++) {
		rows[i].table = parts[i].table;
		if (!status)
			status = read_part(tool, &parts[i], &rows[i]);
	}
	if (!status && tool->json)
		status = put_json(tool, rows);
	else if (!status)
		put_text(tool, rows);
	for (i = 0; i < PARTS; i++)
		rows_free(&rows[i]);
	return status;
}

const struct verb show_verbs[] = {
	{ "show", "", show_all, "device, links, peers and sessions" },
	{ NULL }
};
