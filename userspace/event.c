// SPDX-License-Identifier: GPL-2.0
/* Events: what they hold, and waiting for the one that matters. */
#include <string.h>

#include <netlink/genl/genl.h>

#include "event.h"
#include "interrupt.h"
#include "objects.h"

static const struct word event_types[] = {
	{ "paired", HPKM_EVENT_PAIRED },
	{ "pairing-failed", HPKM_EVENT_PAIRING_FAILED },
	{ "session-up", HPKM_EVENT_SESSION_UP },
	{ "session-lost", HPKM_EVENT_SESSION_LOST },
	{ "record", HPKM_EVENT_RECORD },
	{ "message", HPKM_EVENT_MESSAGE },
	{ "message-delivered", HPKM_EVENT_MESSAGE_DELIVERED },
	{ "message-unconfirmed", HPKM_EVENT_MESSAGE_UNCONFIRMED },
	{ "update-done", HPKM_EVENT_UPDATE_DONE },
	{ "update-refused", HPKM_EVENT_UPDATE_REFUSED },
	{ "replay", HPKM_EVENT_REPLAY },
	{ "auth-failed", HPKM_EVENT_AUTH_FAILED },
	{ "link-attached", HPKM_EVENT_LINK_ATTACHED },
	{ "link-detached", HPKM_EVENT_LINK_DETACHED },
	{ "peer-removed", HPKM_EVENT_PEER_REMOVED },
	{ "agent-ready", HPKM_EVENT_AGENT_READY },
	{ "agent-lost", HPKM_EVENT_AGENT_LOST },
	{ NULL }
};

static const struct field event_fields[] = {
	{ HPKM_EVENT_A_TYPE, "event", &as_word, NLA_U32, .words = event_types },
	{ HPKM_EVENT_A_IFINDEX, "ifindex", &as_number, NLA_U32 },
	{ HPKM_EVENT_A_IFNAME, "ifname", &as_string, NLA_STRING },
	{ HPKM_EVENT_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_EVENT_A_SUITE, "suite", &as_word, NLA_U8, .words = suite_words },
	{ HPKM_EVENT_A_SID, "sid", &as_hex, NLA_BINARY, HPKM_SID_LEN, HPKM_SID_LEN },
	{ HPKM_EVENT_A_INITIATOR, "initiator", &as_bool, NLA_U8 },
	{ HPKM_EVENT_A_EPOCH, "epoch", &as_number, NLA_U64 },
	{ HPKM_EVENT_A_KID, "kid", &as_hex, NLA_BINARY, HPKM_KID_LEN, HPKM_KID_LEN },
	{ HPKM_EVENT_A_RID, "rid", &as_hex, NLA_BINARY, HPKM_RID_LEN, HPKM_RID_LEN },
	{ HPKM_EVENT_A_REASON, "reason", &as_string, NLA_STRING },
	{ HPKM_EVENT_A_LOST, "lost", &as_number, NLA_U32 },
	{ 0 }
};

const struct table event_table = { "event", event_fields, NULL };

/**
 * event_parse - take an event out of a message
 * @nlh: a message of the module's
 * @row: receives the event; row_free() it
 *
 * Return: whether it was a well-formed event
 */
bool event_parse(const struct nlmsghdr *nlh, struct row *row)
{
	if (row_parse(&event_table, nlh, row))
		return false;
	if (genlmsg_hdr(row->message)->cmd == HPKM_CMD_EVENT &&
	    row->attrs.at[HPKM_EVENT_A_TYPE])
		return true;
	row_free(row);
	return false;
}

/**
 * event_type - which event it is
 * @event: the event
 */
enum hpkm_event event_type(const struct row *event)
{
	return nla_get_u32(event->attrs.at[HPKM_EVENT_A_TYPE]);
}

/**
 * event_about - whether an event is about a peer
 * @event: the event
 * @peer: the peer's id
 */
bool event_about(const struct row *event, const uint8_t peer[HPKM_ID_LEN])
{
	const struct nlattr *attr = event->attrs.at[HPKM_EVENT_A_PEER];

	return attr && !memcmp(nla_data(attr), peer, HPKM_ID_LEN);
}

/**
 * event_wait - wait for an event that decides something
 * @tool: this run
 * @events: the subscription, older than what may cause the event
 * @seconds: how long to wait
 * @judge: knows the event
 * @arg: for @judge
 * @event: receives it if one came; row_free() it in any case
 *
 * Return: STATUS_DONE or STATUS_FAILED as @judge said, STATUS_TIMEOUT, or
 * STATUS_FAILED with no event when a signal was caught or contact was lost
 */
enum status event_wait(struct tool *tool, struct events *events, int seconds,
		       event_judge *judge, void *arg, struct row *event)
{
	int64_t deadline = clock_ms() + 1000LL * seconds;
	enum event_verdict verdict;
	enum status status;

	*event = (struct row){ 0 };
	for (;;) {
		status = events_next(tool, events, deadline, event);
		if (status)
			return status;
		verdict = judge(event, event_type(event), arg);
		if (verdict != EVENT_GO_ON)
			return verdict == EVENT_GOOD ? STATUS_DONE : STATUS_FAILED;
		row_free(event);
		if (clock_ms() > deadline)
			return STATUS_TIMEOUT;
	}
}

/**
 * event_complain - say what went wrong, with the event's reason if there is one
 * @tool: this run
 * @what: went wrong
 * @event: tells why
 */
void event_complain(struct tool *tool, const char *what, const struct row *event)
{
	const struct nlattr *reason = event->attrs.at[HPKM_EVENT_A_REASON];

	if (reason)
		complain(tool, "%s: %s", what, (const char *)nla_data(reason));
	else
		complain(tool, "%s", what);
}

/**
 * event_show - show one event
 * @tool: this run
 * @event: the event
 */
enum status event_show(struct tool *tool, const struct row *event)
{
	struct rows rows = { &event_table, (struct row *)event, 1 };

	if (tool->json)
		return show_rows(tool, &rows);
	row_line(tool->out, &event_table, event);
	return STATUS_DONE;
}
