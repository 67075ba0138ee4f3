// SPDX-License-Identifier: GPL-2.0
/* policy: when records and key updates are made. */
#include "objects.h"
#include "peerspec.h"
#include "policy.h"

#define BIT(n)	(1U << (n))

#define LOG_SIZE_LEAST	16
#define LOG_SIZE_MOST	1048576
#define REKEY_MOST	120
#define REKEY_FRAMES_MOST	1099511627776ULL

static const struct field policy_fields[] = {
	{ HPKM_POLICY_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_POLICY_A_RECORD_FRAMES, "record_frames", &as_number, NLA_U32,
	  .label = "record every ... frames" },
	{ HPKM_POLICY_A_RECORD_INTERVAL, "record_interval", &as_number, NLA_U32,
	  .label = "record every ... ms" },
	{ HPKM_POLICY_A_UPDATE_RECORDS, "update_records", &as_number, NLA_U32,
	  .label = "update every ... records" },
	{ HPKM_POLICY_A_UPDATE_INTERVAL, "update_interval", &as_number, NLA_U32,
	  .label = "update every ... seconds" },
	{ HPKM_POLICY_A_LOG_SIZE, "log_size", &as_number, NLA_U32 },
	{ HPKM_POLICY_A_REKEY_INTERVAL, "rekey_interval", &as_seconds, NLA_U32,
	  .label = "rekey" },
	{ HPKM_POLICY_A_REKEY_FRAMES, "rekey_frames", &as_number, NLA_U64,
	  .label = "rekey every ... frames" },
	{ 0 }
};

static const struct table policy_table = { "policy", policy_fields, NULL };

static enum status policy_show(struct tool *tool, struct args *args)
{
	return peer_dump_show(tool, args, HPKM_CMD_POLICY_GET, HPKM_POLICY_A_PEER,
			      &policy_table, false);
}

static void set(struct policy_change *change, int attr, uint64_t value)
{
	change->set |= BIT(attr);
	change->value[attr] = value;
}

/*
 * 'every N UNIT': by count, by time, or by both when it comes twice.  The
 * first one switches off whatever of the two is not named.
 */
static enum status take_every(struct tool *tool, struct args *args,
			      const struct word *units,
			      struct policy_change *change)
{
	int count = units[0].value, time = units[1].value;
	unsigned int unit = 0;
	uint64_t number = 0;
	enum status status;

	status = args_number(tool, args, "number", 1, UINT32_MAX, &number);
	if (!status)
		status = args_word(tool, args, units, "unit", &unit);
	if (status)
		return status;
	if (change->set & BIT(unit) && change->value[unit])
		return usage_error(tool, "'%s' is given twice", word_for(units, unit)->name);
	if (change->set & BIT(count) && !change->value[count] && !change->value[time])
		return usage_error(tool, "'every' contradicts what was said before");
	if (!(change->set & BIT(count)))
		set(change, count, 0);
	if (!(change->set & BIT(time)))
		set(change, time, 0);
	set(change, unit, number);
	return STATUS_DONE;
}

static enum status take_rule(struct tool *tool, struct args *args,
			     const struct word *rules, const struct word *units,
			     struct policy_change *change)
{
	int count = units[0].value, time = units[1].value;
	enum status status;
	unsigned int every;

	status = args_word(tool, args, rules, "rule", &every);
	if (status)
		return status;
	if (every)
		return take_every(tool, args, units, change);
	if (change->set & BIT(count))
		return usage_error(tool, "'%s' contradicts what was said before",
				   word_for(rules, 0)->name);
	set(change, count, 0);
	set(change, time, 0);
	return STATUS_DONE;
}

static enum status take_record(struct tool *tool, struct args *args,
			       struct policy_change *change)
{
	static const struct word rules[] = {
		{ "every", 1 }, { "messages-only", 0 }, { NULL }
	};
	static const struct word units[] = {
		{ "frames", HPKM_POLICY_A_RECORD_FRAMES },
		{ "ms", HPKM_POLICY_A_RECORD_INTERVAL }, { NULL }
	};

	return take_rule(tool, args, rules, units, change);
}

static enum status take_update(struct tool *tool, struct args *args,
			       struct policy_change *change)
{
	static const struct word rules[] = { { "every", 1 }, { "manual", 0 }, { NULL } };
	static const struct word units[] = {
		{ "records", HPKM_POLICY_A_UPDATE_RECORDS },
		{ "seconds", HPKM_POLICY_A_UPDATE_INTERVAL }, { NULL }
	};

	return take_rule(tool, args, rules, units, change);
}

static enum status take_value(struct tool *tool, struct args *args,
			      struct policy_change *change, int attr,
			      const char *what, uint64_t least, uint64_t most)
{
	enum status status;
	uint64_t number;

	if (change->set & BIT(attr))
		return usage_error(tool, "'%s' is given twice", what);
	status = args_number(tool, args, what, least, most, &number);
	if (!status)
		set(change, attr, number);
	return status;
}

enum policy_keyword {
	POLICY_RECORD, POLICY_UPDATE, POLICY_LOG_SIZE, POLICY_REKEY, POLICY_REKEY_FRAMES
};

/**
 * args_policy - take what is to change in a policy
 * @tool: this run
 * @args: what is left
 * @change: receives it
 */
enum status args_policy(struct tool *tool, struct args *args,
			struct policy_change *change)
{
	static const struct word keywords[] = {
		{ "record", POLICY_RECORD }, { "update", POLICY_UPDATE },
		{ "log-size", POLICY_LOG_SIZE }, { "rekey", POLICY_REKEY },
		{ "rekey-frames", POLICY_REKEY_FRAMES }, { NULL }
	};
	enum status status = STATUS_DONE;

	*change = (struct policy_change){ 0 };
	while (!status) {
		switch (args_keyword(tool, args, keywords, NULL)) {
		case POLICY_RECORD:
			status = take_record(tool, args, change);
			break;
		case POLICY_UPDATE:
			status = take_update(tool, args, change);
			break;
		case POLICY_LOG_SIZE:
			status = take_value(tool, args, change, HPKM_POLICY_A_LOG_SIZE,
					    "log-size", LOG_SIZE_LEAST, LOG_SIZE_MOST);
			break;
		case POLICY_REKEY:
			status = take_value(tool, args, change,
					    HPKM_POLICY_A_REKEY_INTERVAL, "rekey", 1,
					    REKEY_MOST);
			break;
		case POLICY_REKEY_FRAMES:
			status = take_value(tool, args, change, HPKM_POLICY_A_REKEY_FRAMES,
					    "rekey-frames", 1, REKEY_FRAMES_MOST);
			break;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		case WORD_NONE_LEFT:
			if (change->set)
				return STATUS_DONE;
			return usage_error(tool, "nothing to set");
		}
	}
	return status;
}

static void put_change(struct request *request, const struct policy_change *change)
{
	int attr;

	for (attr = 0; attr <= HPKM_POLICY_A_MAX; attr++) {
		if (!(change->set & BIT(attr)))
			continue;
		if (attr == HPKM_POLICY_A_REKEY_FRAMES)
			request_u64(request, attr, change->value[attr]);
		else
			request_u32(request, attr, change->value[attr]);
	}
}

static enum status policy_set(struct tool *tool, struct args *args)
{
	struct policy_change change;
	uint8_t id[HPKM_ID_LEN];
	struct peer_spec spec;
	struct request request;
	enum status status;

	status = args_peer(tool, args, &spec);
	if (!status)
		status = args_policy(tool, args, &change);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = peer_resolve(tool, &spec, id);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_POLICY_SET);
	request_octets(&request, HPKM_POLICY_A_PEER, id, sizeof(id));
	put_change(&request, &change);
	return request_do(tool, &request, NULL);
}

const struct verb policy_verbs[] = {
	{ "show", "[PEER]", policy_show, "0 means: not by that" },
	{ "set", "PEER [record every N frames|ms | record messages-only]\n"
	  "         [update every N records|seconds | update manual]\n"
	  "         [log-size N] [rekey SECONDS] [rekey-frames N]", policy_set,
	  "'every' may come twice, once by count and once by time" },
	{ NULL }
};
