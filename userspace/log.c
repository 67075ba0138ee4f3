// SPDX-License-Identifier: GPL-2.0
/* log: what was said, as both sides have it. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "objects.h"
#include "peerspec.h"

static const struct word state_words[] = {
	{ "pending", HPKM_RECORD_PENDING },
	{ "confirmed", HPKM_RECORD_CONFIRMED },
	{ NULL }
};

static const struct field log_fields[] = {
	{ HPKM_LOG_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_LOG_A_RID, "rid", &as_hex, NLA_BINARY, HPKM_RID_LEN, HPKM_RID_LEN },
	{ HPKM_LOG_A_TIME, "time", &as_time, NLA_U64 },
	{ HPKM_LOG_A_LOCATION, "location", &as_octets, NLA_BINARY, 0, HPKM_LOCATION_MAX },
	{ HPKM_LOG_A_DATA, "data", &as_octets, NLA_BINARY, 0, HPKM_DATA_KEPT },
	{ HPKM_LOG_A_STATE, "state", &as_word, NLA_U32, .words = state_words },
	{ HPKM_LOG_A_OWN, "own", &as_bool, NLA_U8 },
	{ 0 }
};

static const struct column log_columns[] = {
	{ "index", COLUMN_INDEX },
	{ "T", HPKM_LOG_A_TIME },
	{ "LI", HPKM_LOG_A_LOCATION },
	{ "Data", HPKM_LOG_A_DATA },
	{ "state", HPKM_LOG_A_STATE },
	{ NULL }
};

const struct table log_table = { "record", log_fields, log_columns };

static uint64_t time_of(const struct row *row)
{
	const struct nlattr *attr = row->attrs.at[HPKM_LOG_A_TIME];

	return attr ? nla_get_u64((struct nlattr *)attr) : 0;
}

static const uint8_t *rid_of(const struct row *row)
{
	static const uint8_t none[HPKM_RID_LEN];
	const struct nlattr *attr = row->attrs.at[HPKM_LOG_A_RID];

	return attr ? nla_data(attr) : none;
}

static int earlier(const void *a, const void *b)
{
	uint64_t ta = time_of(a), tb = time_of(b);

	if (ta != tb)
		return ta < tb ? -1 : 1;
	return memcmp(rid_of(a), rid_of(b), HPKM_RID_LEN);
}

/**
 * log_number - sort a log and number its confirmed records from 1
 * @rows: the log
 *
 * By time and then by rid, so that both sides show the same numbers.
 */
void log_number(struct rows *rows)
{
	const struct nlattr *state;
	unsigned int number = 0;
	size_t i;

	if (rows->count)
		qsort(rows->row, rows->count, sizeof(*rows->row), earlier);
	for (i = 0; i < rows->count; i++) {
		state = rows->row[i].attrs.at[HPKM_LOG_A_STATE];
		if (state && nla_get_u32(state) == HPKM_RECORD_CONFIRMED)
			rows->row[i].index = ++number;
		else
			rows->row[i].index = 0;
	}
}

/**
 * log_read - read the log that is kept with a peer
 * @tool: this run, connected
 * @peer: the peer's id
 * @rows: receives it, numbered; rows_free() it in any case
 */
enum status log_read(struct tool *tool, const uint8_t peer[HPKM_ID_LEN],
		     struct rows *rows)
{
	struct request request = request_new(tool, HPKM_CMD_LOG_GET);
	enum status status;

	*rows = (struct rows){ .table = &log_table };
	request_octets(&request, HPKM_LOG_A_PEER, peer, HPKM_ID_LEN);
	status = request_dump(tool, &request, rows);
	if (!status)
		log_number(rows);
	return status;
}

/**
 * log_find - find a record by its number
 * @rows: the log, numbered
 * @index: the number
 *
 * Return: the record, or NULL
 */
const struct row *log_find(const struct rows *rows, uint64_t index)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (index && rows->row[i].index == index)
			return &rows->row[i];
	return NULL;
}

static enum status log_show(struct tool *tool, struct args *args)
{
	uint8_t id[HPKM_ID_LEN];
	struct peer_spec spec;
	enum status status;
	struct rows rows;

	status = args_peer(tool, args, &spec);
	if (!status)
		status = args_end(tool, args);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &spec, id);
	if (status)
		return status;
	status = log_read(tool, id, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

const struct verb log_verbs[] = {
	{ "show", "PEER", log_show, "the records, numbered alike on both sides" },
	{ NULL }
};
