// SPDX-License-Identifier: GPL-2.0
/* message: words for a peer, delivered once. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "objects.h"
#include "peerspec.h"

#define DELIVERY_SECONDS	35	/* the module gives up after 30 */

static const struct field message_fields[] = {
	{ HPKM_MESSAGE_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_MESSAGE_A_REC, "rec", &as_number, NLA_U64 },
	{ HPKM_MESSAGE_A_TIME, "time", &as_time, NLA_U64 },
	{ HPKM_MESSAGE_A_LOCATION, "location", &as_octets, NLA_BINARY, 0,
	  HPKM_LOCATION_MAX },
	{ HPKM_MESSAGE_A_DATA, "data", &as_octets, NLA_BINARY, 0, HPKM_MESSAGE_MAX },
	{ 0 }
};

static const struct column message_columns[] = {
	{ "rec", HPKM_MESSAGE_A_REC },
	{ "T", HPKM_MESSAGE_A_TIME },
	{ "LI", HPKM_MESSAGE_A_LOCATION },
	{ "Data", HPKM_MESSAGE_A_DATA },
	{ NULL }
};

static const struct table message_table = {
	"message", message_fields, message_columns
};

static enum status message_show(struct tool *tool, struct args *args)
{
	return peer_dump_show(tool, args, HPKM_CMD_MESSAGE_GET, HPKM_MESSAGE_A_PEER,
			      &message_table, true);
}

enum message_keyword { MESSAGE_WAIT };

struct message {
	struct peer_spec spec;
	uint8_t peer[HPKM_ID_LEN];
	unsigned int seen;
	const char *file;
	uint8_t data[HPKM_MESSAGE_MAX + 1];	/* one more tells that it is too long */
	size_t len;
	uint64_t rec;
};

static enum status read_descriptor(struct tool *tool, struct message *message, int fd)
{
	ssize_t got;

	while (message->len < sizeof(message->data)) {
		got = read(fd, message->data + message->len,
			   sizeof(message->data) - message->len);
		if (!got)
			break;
		if (got > 0) {
			message->len += got;
		} else if (errno != EINTR) {
			complain(tool, "cannot read %s: %s", message->file, strerror(errno));
			return STATUS_FAILED;
		}
	}
	return STATUS_DONE;
}

static enum status read_file(struct tool *tool, struct message *message)
{
	enum status status;
	int fd;

	if (!strcmp(message->file, "-"))
		return read_descriptor(tool, message, STDIN_FILENO);
	fd = open(message->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain(tool, "cannot read %s: %s", message->file, strerror(errno));
		return STATUS_FAILED;
	}
	status = read_descriptor(tool, message, fd);
	close(fd);
	return status;
}

static enum status check_length(struct tool *tool, const struct message *message)
{
	if (message->len >= 1 && message->len <= HPKM_MESSAGE_MAX)
		return STATUS_DONE;
	return usage_error(tool, "a message has 1 to %d octets, and this one has %s",
			   HPKM_MESSAGE_MAX, message->len ? "more" : "none");
}

/* 'file' stands where a text may be, so it must be written in full. */
static enum status take_text(struct tool *tool, struct args *args,
			     struct message *message)
{
	const char *text = args_need(tool, args, "TEXT");

	if (!text)
		return STATUS_USAGE;
	if (!strcmp(text, "file")) {
		message->file = args_need(tool, args, "file name");
		return message->file ? STATUS_DONE : STATUS_USAGE;
	}
	message->len = strlen(text);
	if (message->len > HPKM_MESSAGE_MAX)
		message->len = HPKM_MESSAGE_MAX + 1;
	memcpy(message->data, text, message->len);
	return check_length(tool, message);
}

static enum status message_args(struct tool *tool, struct args *args,
				struct message *message)
{
	static const struct word keywords[] = { { "wait", MESSAGE_WAIT }, { NULL } };
	enum status status;
	int keyword = 0;

	status = args_peer(tool, args, &message->spec);
	if (!status)
		status = take_text(tool, args, message);
	while (!status && keyword >= 0)
		keyword = args_keyword(tool, args, keywords, &message->seen);
	if (keyword == WORD_UNKNOWN)
		return STATUS_USAGE;
	if (status || !message->file)
		return status;
	status = read_file(tool, message);
	return status ? status : check_length(tool, message);
}

static enum status message_send(struct tool *tool, struct message *message)
{
	struct request request = request_new(tool, HPKM_CMD_MESSAGE_ADD);
	struct rows rows = { .table = &message_table };
	const struct nlattr *rec = NULL;
	enum status status;

	request_octets(&request, HPKM_MESSAGE_A_PEER, message->peer, HPKM_ID_LEN);
	request_octets(&request, HPKM_MESSAGE_A_DATA, message->data, message->len);
	status = request_do(tool, &request, &rows);
	if (rows.count)
		rec = rows.row[0].attrs.at[HPKM_MESSAGE_A_REC];
	if (rec) {
		message->rec = nla_get_u64((struct nlattr *)rec);
	} else if (!status) {
		complain(tool, "the kernel did not say which record the message became");
		status = STATUS_FAILED;
	}
	rows_free(&rows);
	return status;
}

static uint64_t rid_rec(const struct nlattr *rid)
{
	const uint8_t *octet = nla_data(rid);
	uint64_t rec = 0;
	int i;

	for (i = HPKM_RID_LEN - 1; i > 0; i--)
		rec = rec << 8 | octet[i];
	return rec;
}

static enum event_verdict message_judge(const struct row *event,
					enum hpkm_event type, void *arg)
{
	const struct nlattr *rid = event->attrs.at[HPKM_EVENT_A_RID];
	const struct message *message = arg;

	if (!event_about(event, message->peer))
		return EVENT_GO_ON;
	if (type == HPKM_EVENT_PEER_REMOVED)
		return EVENT_BAD;
	if (!rid || rid_rec(rid) != message->rec)
		return EVENT_GO_ON;
	if (type == HPKM_EVENT_MESSAGE_DELIVERED)
		return EVENT_GOOD;
	return type == HPKM_EVENT_MESSAGE_UNCONFIRMED ? EVENT_BAD : EVENT_GO_ON;
}

static enum status tell(struct tool *tool, const struct message *message,
			const char *state)
{
	struct json_object *all, *one;

	if (!tool->json) {
		fprintf(tool->out, "record %llu %s\n",
			(unsigned long long)message->rec, state);
		return STATUS_DONE;
	}
	one = json_object_new_object();
	json_put(one, "rec", json_object_new_uint64(message->rec));
	json_put(one, "state", json_object_new_string(state));
	all = json_object_new_array();
	json_object_array_add(all, one);
	return show_json(tool, all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

static enum status message_wait(struct tool *tool, struct events *events,
				struct message *message)
{
	enum status status;
	struct row event;

	status = event_wait(tool, events, DELIVERY_SECONDS, message_judge, message, &event);
	if (!status) {
		status = tell(tool, message, "delivered");
	} else {
		tell(tool, message, "unconfirmed");
		if (status == STATUS_TIMEOUT)
			complain(tool, "nothing was heard of the message within %d seconds",
				 DELIVERY_SECONDS);
		else if (event.message)
			event_complain(tool, "the peer has not confirmed the message", &event);
	}
	row_free(&event);
	return status;
}

static enum status message_add(struct tool *tool, struct args *args)
{
	struct message message = { 0 };
	struct events *events = NULL;
	enum status status;

	status = message_args(tool, args, &message);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &message.spec, message.peer);
	if (!status && message.seen & 1 << MESSAGE_WAIT)
		status = events_open(tool, &events);
	if (status)
		return status;
	status = message_send(tool, &message);
	if (!status)
		status = events ? message_wait(tool, events, &message) :
				  tell(tool, &message, "sent");
	if (events)
		events_close(events);
	return status;
}

const struct verb message_verbs[] = {
	{ "show", "PEER", message_show, "what it has sent (the inbox)" },
	{ "add", "PEER (TEXT | file FILE) [wait]", message_add,
	  "send 1 to 1024 octets; '-' is standard input; 'wait' until it is confirmed" },
	{ "send", "PEER (TEXT | file FILE) [wait]", message_add, "the same as add" },
	{ NULL }
};
