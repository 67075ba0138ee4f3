// SPDX-License-Identifier: GPL-2.0
/* session: keys in use, and how to get new ones. */
#include <string.h>

#include "event.h"
#include "log.h"
#include "objects.h"
#include "peerspec.h"
#include "text.h"

#define ADD_SECONDS	15
#define UPDATE_SECONDS	20

static const struct word slot_words[] = {
	{ "current", HPKM_SESSION_CURRENT },
	{ "draining", HPKM_SESSION_DRAINING },
	{ "replaced", HPKM_SESSION_REPLACED, "receives only" },
	{ NULL }
};

static const struct field session_fields[] = {
	{ HPKM_SESSION_A_SID, "sid", &as_hex, NLA_BINARY, HPKM_SID_LEN, HPKM_SID_LEN },
	{ HPKM_SESSION_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_SESSION_A_SLOT, "slot", &as_word, NLA_U32, .words = slot_words },
	{ HPKM_SESSION_A_INITIATOR, "initiator", &as_bool, NLA_U8 },
	{ HPKM_SESSION_A_BARRED, "barred", &as_bool, NLA_FLAG, .label = "no key update" },
	{ HPKM_SESSION_A_EPOCH, "epoch", &as_number, NLA_U64 },
	{ HPKM_SESSION_A_AGE, "age", &as_age, NLA_U64 },
	{ HPKM_SESSION_A_TX_FRAMES, "tx_frames", &as_number, NLA_U64 },
	{ HPKM_SESSION_A_RX_FRAMES, "rx_frames", &as_number, NLA_U64 },
	{ HPKM_SESSION_A_RID, "rid", &as_hex, NLA_BINARY, HPKM_RID_LEN, HPKM_RID_LEN },
	{ 0 }
};

const struct table session_table = { "session", session_fields, NULL };

static enum status session_show(struct tool *tool, struct args *args)
{
	return peer_dump_show(tool, args, HPKM_CMD_SESSION_GET, HPKM_SESSION_A_PEER,
			      &session_table, false);
}

enum session_keyword { SESSION_INDEX, SESSION_RID, SESSION_NOWAIT };

struct session_args {
	struct peer_spec spec;
	uint8_t peer[HPKM_ID_LEN];
	unsigned int seen;
	uint64_t index;
	uint8_t rid[HPKM_RID_LEN];
	struct rows known;	/* sessions from before the request */
};

static enum status take_rid(struct tool *tool, struct args *args,
			    uint8_t rid[HPKM_RID_LEN])
{
	const char *hex = args_need(tool, args, "record id");

	if (!hex)
		return STATUS_USAGE;
	if (text_from_hex(hex, rid, HPKM_RID_LEN) == 2 * HPKM_RID_LEN)
		return STATUS_DONE;
	return usage_error(tool, "a record id has %d hexadecimal digits, not '%s'",
			   2 * HPKM_RID_LEN, hex);
}

static enum status session_words(struct tool *tool, struct args *args,
				 const struct word *keywords,
				 struct session_args *given)
{
	enum status status;

	status = args_peer(tool, args, &given->spec);
	while (!status) {
		switch (args_keyword(tool, args, keywords, &given->seen)) {
		case SESSION_INDEX:
			status = args_number(tool, args, "index", 1, UINT32_MAX,
					     &given->index);
			break;
		case SESSION_RID:
			status = take_rid(tool, args, given->rid);
			break;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		case WORD_NONE_LEFT:
			return STATUS_DONE;
		}
	}
	return status;
}

static bool is_known(const struct rows *known, const struct row *event)
{
	const struct nlattr *sid = event->attrs.at[HPKM_EVENT_A_SID], *other;
	size_t i;

	for (i = 0; sid && i < known->count; i++) {
		other = known->row[i].attrs.at[HPKM_SESSION_A_SID];
		if (other && !memcmp(nla_data(sid), nla_data(other), HPKM_SID_LEN))
			return true;
	}
	return false;
}

static enum event_verdict session_judge(const struct row *event,
					enum hpkm_event type, void *arg)
{
	const struct session_args *given = arg;

	if (!event_about(event, given->peer))
		return EVENT_GO_ON;
	if (type == HPKM_EVENT_SESSION_UP && !is_known(&given->known, event))
		return EVENT_GOOD;
	return type == HPKM_EVENT_PEER_REMOVED ? EVENT_BAD : EVENT_GO_ON;
}

static enum event_verdict update_judge(const struct row *event,
				       enum hpkm_event type, void *arg)
{
	const struct session_args *given = arg;

	if (!event_about(event, given->peer))
		return EVENT_GO_ON;
	if (type == HPKM_EVENT_UPDATE_DONE)
		return EVENT_GOOD;
	if (type == HPKM_EVENT_UPDATE_REFUSED || type == HPKM_EVENT_PEER_REMOVED)
		return EVENT_BAD;
	return EVENT_GO_ON;
}

static enum status session_wait(struct tool *tool, struct events *events,
				int seconds, event_judge *judge,
				struct session_args *given, const char *failed)
{
	enum status status;
	struct row event;

	status = event_wait(tool, events, seconds, judge, given, &event);
	if (!status)
		status = event_show(tool, &event);
	else if (status == STATUS_TIMEOUT)
		complain(tool, "%s: nothing came of it within %d seconds", failed, seconds);
	else if (event.message)
		event_complain(tool, failed, &event);
	row_free(&event);
	return status;
}

static enum status session_begin(struct tool *tool, const struct session_args *given,
				 uint8_t cmd)
{
	struct request request = request_new(tool, cmd);

	request_octets(&request, HPKM_SESSION_A_PEER, given->peer, HPKM_ID_LEN);
	if (given->seen & (1 << SESSION_INDEX | 1 << SESSION_RID))
		request_octets(&request, HPKM_SESSION_A_RID, given->rid, HPKM_RID_LEN);
	return request_do(tool, &request, NULL);
}

static enum status read_known(struct tool *tool, struct session_args *given)
{
	struct request request = request_new(tool, HPKM_CMD_SESSION_GET);

	given->known.table = &session_table;
	request_octets(&request, HPKM_SESSION_A_PEER, given->peer, HPKM_ID_LEN);
	return request_dump(tool, &request, &given->known);
}

static enum status session_add(struct tool *tool, struct args *args)
{
	static const struct word keywords[] = { { "nowait", SESSION_NOWAIT }, { NULL } };
	struct session_args given = { 0 };
	struct events *events = NULL;
	enum status status;

	status = session_words(tool, args, keywords, &given);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &given.spec, given.peer);
	if (status)
		return status;
	if (given.seen & 1 << SESSION_NOWAIT)
		return session_begin(tool, &given, HPKM_CMD_SESSION_ADD);
	status = events_open(tool, &events);
	if (status)
		return status;
	status = read_known(tool, &given);
	if (!status)
		status = session_begin(tool, &given, HPKM_CMD_SESSION_ADD);
	if (!status)
		status = session_wait(tool, events, ADD_SECONDS, session_judge, &given,
				      "no new session");
	rows_free(&given.known);
	events_close(events);
	return status;
}

static enum status find_rid(struct tool *tool, struct session_args *given)
{
	const struct row *row;
	enum status status;
	struct rows rows;

	status = log_read(tool, given->peer, &rows);
	if (status)
		goto out;
	row = log_find(&rows, given->index);
	if (row && row->attrs.at[HPKM_LOG_A_RID]) {
		memcpy(given->rid, nla_data(row->attrs.at[HPKM_LOG_A_RID]), HPKM_RID_LEN);
		goto out;
	}
	complain(tool, "the log has no record %llu", (unsigned long long)given->index);
	status = STATUS_FAILED;
out:
	rows_free(&rows);
	return status;
}

static enum status update_args(struct tool *tool, struct args *args,
			       struct session_args *given)
{
	static const struct word keywords[] = {
		{ "index", SESSION_INDEX }, { "rid", SESSION_RID },
		{ "nowait", SESSION_NOWAIT }, { NULL }
	};
	const unsigned int both = 1 << SESSION_INDEX | 1 << SESSION_RID;
	enum status status;

	status = session_words(tool, args, keywords, given);
	if (!status && (given->seen & both) == both)
		return usage_error(tool, "'index' and 'rid' exclude each other");
	return status;
}

static enum status session_update(struct tool *tool, struct args *args)
{
	struct session_args given = { 0 };
	struct events *events = NULL;
	enum status status;

	status = update_args(tool, args, &given);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &given.spec, given.peer);
	if (!status && given.seen & 1 << SESSION_INDEX)
		status = find_rid(tool, &given);
	if (status)
		return status;
	if (given.seen & 1 << SESSION_NOWAIT)
		return session_begin(tool, &given, HPKM_CMD_SESSION_UPDATE);
	status = events_open(tool, &events);
	if (status)
		return status;
	status = session_begin(tool, &given, HPKM_CMD_SESSION_UPDATE);
	if (!status)
		status = session_wait(tool, events, UPDATE_SECONDS, update_judge, &given,
				      "no key update");
	events_close(events);
	return status;
}

const struct verb session_verbs[] = {
	{ "show", "[PEER]", session_show, "sessions and their frames" },
	{ "add", "PEER [nowait]", session_add,
	  "start a key exchange and wait up to 15 s for the new session" },
	{ "update", "PEER [index N | rid HEX] [nowait]", session_update,
	  "make new keys of a record of the log (of one drawn at random) and wait up to 20 s" },
	{ NULL }
};
