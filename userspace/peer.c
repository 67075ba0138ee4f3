// SPDX-License-Identifier: GPL-2.0
/* peer: devices that were paired. */
#include <string.h>

#include "objects.h"
#include "peerspec.h"
#include "text.h"

static const struct word state_words[] = {
	{ "idle", HPKM_PEER_IDLE },
	{ "exchange", HPKM_PEER_EXCHANGE },
	{ "up", HPKM_PEER_UP },
	{ "update-requested", HPKM_PEER_UPDATE_REQUESTED },
	{ "update-prepared", HPKM_PEER_UPDATE_PREPARED },
	{ "pairing", HPKM_PEER_PAIRING },
	{ NULL }
};

static const struct word durability_words[] = {
	{ "volatile", HPKM_DURABILITY_VOLATILE, "needs a new pairing after a reboot" },
	{ "durable", HPKM_DURABILITY_DURABLE },
	{ "frozen", HPKM_DURABILITY_FROZEN, "a write is undecided" },
	{ NULL }
};

static const struct field peer_fields[] = {
	{ HPKM_PEER_A_ID, "id", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_PEER_A_NAME, "name", &as_string, NLA_STRING },
	{ HPKM_PEER_A_INSECURE, "insecure", &as_bool, NLA_FLAG, .label = "INSECURE" },
	{ HPKM_PEER_A_SUITE, "suite", &as_word, NLA_U8, .words = suite_words },
	{ HPKM_PEER_A_IFNAME, "ifname", &as_string, NLA_STRING, .label = "link" },
	{ HPKM_PEER_A_IFINDEX, "ifindex", &as_number, NLA_U32 },
	{ HPKM_PEER_A_ADDRESS, "address", &as_address, NLA_BINARY, 6, 6 },
	{ HPKM_PEER_A_BRIDGE, "bridge", &as_bool, NLA_U8 },
	{ HPKM_PEER_A_STATE, "state", &as_word, NLA_U32, .words = state_words },
	{ HPKM_PEER_A_DURABILITY, "durability", &as_word, NLA_U32,
	  .words = durability_words },
	{ HPKM_PEER_A_EPOCH, "epoch", &as_number, NLA_U64 },
	{ HPKM_PEER_A_KID, "kid", &as_hex, NLA_BINARY, HPKM_KID_LEN, HPKM_KID_LEN },
	{ HPKM_PEER_A_NEXT_EPOCH, "next_epoch", &as_number, NLA_U64 },
	{ HPKM_PEER_A_NEXT_KID, "next_kid", &as_hex, NLA_BINARY, HPKM_KID_LEN, HPKM_KID_LEN },
	{ HPKM_PEER_A_RECORDS, "records", &as_number, NLA_U32 },
	{ HPKM_PEER_A_CONFIRMED, "confirmed", &as_number, NLA_U32 },
	{ HPKM_PEER_A_SESSIONS, "sessions", &as_number, NLA_U32 },
	{ HPKM_PEER_A_LAST_RECEIVED, "last_received", &as_age, NLA_U64,
	  .label = "since last received" },
	{ HPKM_PEER_A_COUNTERS, "counters", &as_counters, NLA_NESTED,
	  .nest = &counter_table },
	{ 0 }
};

const struct table peer_table = { "peer", peer_fields, NULL };

static enum status peer_show_one(struct tool *tool, const struct peer_spec *spec)
{
	struct rows rows = { .table = &peer_table };
	uint8_t id[HPKM_ID_LEN];
	struct request request;
	enum status status;

	status = peer_resolve(tool, spec, id);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_PEER_GET);
	request_octets(&request, HPKM_PEER_A_ID, id, sizeof(id));
	status = request_do(tool, &request, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

static enum status peer_show(struct tool *tool, struct args *args)
{
	enum status status = STATUS_DONE;
	struct peer_spec spec = { 0 };
	struct request request;

	if (args->count)
		status = args_peer(tool, args, &spec);
	if (!status)
		status = args_end(tool, args);
	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	if (spec.given)
		return peer_show_one(tool, &spec);
	request = request_new(tool, HPKM_CMD_PEER_GET);
	return request_dump_show(tool, &request, &peer_table);
}

enum peer_keyword { PEER_NAME, PEER_BRIDGE };

struct peer_change {
	unsigned int seen;
	const char *name;
	unsigned int bridge;
};

static enum status take_name(struct tool *tool, struct args *args,
			     const char **name)
{
	*name = args_need(tool, args, "name");
	if (!*name)
		return STATUS_USAGE;
	if (strlen(*name) > HPKM_NAME_MAX)
		return usage_error(tool, "the name is longer than %d octets", HPKM_NAME_MAX);
	if (!text_is_printable(*name, strlen(*name)))
		return usage_error(tool, "the name is not printable UTF-8");
	return STATUS_DONE;
}

static enum status peer_words(struct tool *tool, struct args *args,
			      struct peer_change *change)
{
	static const struct word keywords[] = {
		{ "name", PEER_NAME }, { "bridge", PEER_BRIDGE }, { NULL }
	};
	static const struct word on_off[] = { { "on", 1 }, { "off", 0 }, { NULL } };
	enum status status = STATUS_DONE;

	while (!status) {
		switch (args_keyword(tool, args, keywords, &change->seen)) {
		case PEER_NAME:
			status = take_name(tool, args, &change->name);
			break;
		case PEER_BRIDGE:
			status = args_word(tool, args, on_off, "switch", &change->bridge);
			break;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		case WORD_NONE_LEFT:
			if (change->seen)
				return STATUS_DONE;
			return usage_error(tool, "nothing to set: give a name or 'bridge'");
		}
	}
	return status;
}

static enum status peer_set(struct tool *tool, struct args *args)
{
	struct peer_change change = { 0 };
	uint8_t id[HPKM_ID_LEN];
	struct peer_spec spec;
	struct request request;
	enum status status;

	status = args_peer(tool, args, &spec);
	if (!status)
		status = peer_words(tool, args, &change);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &spec, id);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_PEER_SET);
	request_octets(&request, HPKM_PEER_A_ID, id, sizeof(id));
	if (change.name)
		request_string(&request, HPKM_PEER_A_NAME, change.name);
	if (change.seen & 1 << PEER_BRIDGE)
		request_u8(&request, HPKM_PEER_A_BRIDGE, change.bridge);
	return request_do(tool, &request, NULL);
}

static enum status peer_del(struct tool *tool, struct args *args)
{
	uint8_t id[HPKM_ID_LEN];
	struct peer_spec spec;
	struct request request;
	enum status status;

	status = args_peer(tool, args, &spec);
	if (!status)
		status = args_end(tool, args);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &spec, id);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_PEER_DEL);
	request_octets(&request, HPKM_PEER_A_ID, id, sizeof(id));
	return request_do(tool, &request, NULL);
}

const struct verb peer_verbs[] = {
	{ "show", "[PEER]", peer_show, "what is known of each peer" },
	{ "set", "PEER [name NAME] [bridge on|off]", peer_set,
	  "label it; let it use other source addresses than its own" },
	{ "del", "PEER", peer_del, "forget it: its keys, sessions and log" },
	{ NULL }
};
