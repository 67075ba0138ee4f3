/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What include/uapi/linux/hpkm.h promises, as a judge of requests: which have to
 * be refused, whoever made them and however.  All of it is written down here
 * once more and on purpose; what the module's policies say is what is judged.
 */
#ifndef HPKM_TEST_INTERFACE_H
#define HPKM_TEST_INTERFACE_H

#include "netlink.h"
#include <linux/hpkm.h>

#define KNOWN_MAX	8

enum kind {
	NO_KIND, ID, KEPT_ID, INDEX, IFNAME, MODE, SUITE, KEY, WINDOW, OVERRIDE, NAME, BRIDGE,
	RID, RECORDS, MILLISECONDS, SECONDS, LOG_SIZE, REKEY_SECONDS, REKEY_FRAMES, LABEL, TEXT,
	BLOB, SERIAL, ERROR
};

/* How the kernel's controller calls them, and how long they are. */
struct format {
	int type;
	int least;
	int most;
};

static const struct format formats[] = {
	[ID] = { NL_ATTR_TYPE_BINARY, 16, 16 },
	[KEPT_ID] = { NL_ATTR_TYPE_BINARY, 16, 16 },	/* of a peer that need not be there */
	[INDEX] = { NL_ATTR_TYPE_U32, 4, 4 },
	[IFNAME] = { NL_ATTR_TYPE_NUL_STRING, 1, 16 },
	[MODE] = { NL_ATTR_TYPE_U32, 4, 4 },
	[SUITE] = { NL_ATTR_TYPE_U8, 1, 1 },
	[KEY] = { NL_ATTR_TYPE_BINARY, 32, 32 },
	[WINDOW] = { NL_ATTR_TYPE_U32, 4, 4 },
	[OVERRIDE] = { NL_ATTR_TYPE_FLAG, 0, 0 },
	[NAME] = { NL_ATTR_TYPE_BINARY, 1, 32 },
	[BRIDGE] = { NL_ATTR_TYPE_U8, 1, 1 },
	[RID] = { NL_ATTR_TYPE_BINARY, 9, 9 },
	[RECORDS] = { NL_ATTR_TYPE_U32, 4, 4 },
	[MILLISECONDS] = { NL_ATTR_TYPE_U32, 4, 4 },
	[SECONDS] = { NL_ATTR_TYPE_U32, 4, 4 },
	[LOG_SIZE] = { NL_ATTR_TYPE_U32, 4, 4 },
	[REKEY_SECONDS] = { NL_ATTR_TYPE_U32, 4, 4 },
	[REKEY_FRAMES] = { NL_ATTR_TYPE_U64, 8, 8 },
	[LABEL] = { NL_ATTR_TYPE_BINARY, 0, 31 },
	[TEXT] = { NL_ATTR_TYPE_BINARY, 1, 1024 },
	[BLOB] = { NL_ATTR_TYPE_BINARY, 1, 1024 },
	[SERIAL] = { NL_ATTR_TYPE_U64, 8, 8 },
	[ERROR] = { NL_ATTR_TYPE_U32, 4, 4 },
};

#define RULE_ATTRIBUTES	11
#define BIT(n)		(1U << (n))

struct rule {
	int privileged;
	int way[2];			/* by being a dump */
	int dump_looks_at_nothing;
	int agent_only;
	unsigned int all_of;		/* bits by attribute */
	unsigned int one_of;
	enum kind kind[RULE_ATTRIBUTES];
};

/* Alike for links and for pairing. */
#define A_DEVICE	(BIT(HPKM_LINK_A_IFINDEX) | BIT(HPKM_LINK_A_IFNAME))

static const struct rule rules[HPKM_CMD_MAX + 1] = {
	[HPKM_CMD_DEVICE_GET] = { .way = { 1, 0 } },
	[HPKM_CMD_LINK_GET] = {
		.way = { 1, 1 }, .dump_looks_at_nothing = 1, .one_of = A_DEVICE,
		.kind = { [HPKM_LINK_A_IFINDEX] = INDEX, [HPKM_LINK_A_IFNAME] = IFNAME },
	},
	[HPKM_CMD_LINK_ADD] = {
		.privileged = 1, .way = { 1, 0 }, .one_of = A_DEVICE,
		.kind = {
			[HPKM_LINK_A_IFINDEX] = INDEX, [HPKM_LINK_A_IFNAME] = IFNAME,
			[HPKM_LINK_A_MODE] = MODE,
		},
	},
	[HPKM_CMD_LINK_DEL] = {
		.privileged = 1, .way = { 1, 0 }, .one_of = A_DEVICE,
		.kind = { [HPKM_LINK_A_IFINDEX] = INDEX, [HPKM_LINK_A_IFNAME] = IFNAME },
	},
	[HPKM_CMD_LINK_SET] = {
		.privileged = 1, .way = { 1, 0 }, .one_of = A_DEVICE,
		.all_of = BIT(HPKM_LINK_A_MODE),
		.kind = {
			[HPKM_LINK_A_IFINDEX] = INDEX, [HPKM_LINK_A_IFNAME] = IFNAME,
			[HPKM_LINK_A_MODE] = MODE,
		},
	},
	[HPKM_CMD_SK_GET] = { .privileged = 1, .way = { 0, 1 } },
	[HPKM_CMD_SK_SET] = {
		.privileged = 1, .way = { 1, 0 },
		.all_of = BIT(HPKM_SK_A_SUITE) | BIT(HPKM_SK_A_KEY),
		.kind = { [HPKM_SK_A_SUITE] = SUITE, [HPKM_SK_A_KEY] = KEY },
	},
	[HPKM_CMD_SK_DEL] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_SK_A_SUITE),
		.kind = { [HPKM_SK_A_SUITE] = SUITE },
	},
	[HPKM_CMD_PAIR_GET] = { .way = { 0, 1 } },
	[HPKM_CMD_PAIR_ADD] = {
		.privileged = 1, .way = { 1, 0 }, .one_of = A_DEVICE,
		.all_of = BIT(HPKM_PAIR_A_SUITE),
		.kind = {
			[HPKM_PAIR_A_IFINDEX] = INDEX, [HPKM_PAIR_A_IFNAME] = IFNAME,
			[HPKM_PAIR_A_SUITE] = SUITE, [HPKM_PAIR_A_WINDOW] = WINDOW,
			[HPKM_PAIR_A_OVERRIDE] = OVERRIDE,
		},
	},
	[HPKM_CMD_PAIR_DEL] = {
		.privileged = 1, .way = { 1, 0 }, .one_of = A_DEVICE,
		.kind = { [HPKM_LINK_A_IFINDEX] = INDEX, [HPKM_LINK_A_IFNAME] = IFNAME },
	},
	[HPKM_CMD_PEER_GET] = {
		.way = { 1, 1 }, .dump_looks_at_nothing = 1, .all_of = BIT(HPKM_PEER_A_ID),
		.kind = { [HPKM_PEER_A_ID] = ID },
	},
	[HPKM_CMD_PEER_SET] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_PEER_A_ID),
		.one_of = BIT(HPKM_PEER_A_NAME) | BIT(HPKM_PEER_A_BRIDGE),
		.kind = {
			[HPKM_PEER_A_ID] = ID, [HPKM_PEER_A_NAME] = NAME,
			[HPKM_PEER_A_BRIDGE] = BRIDGE,
		},
	},
	[HPKM_CMD_PEER_DEL] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_PEER_A_ID),
		.kind = { [HPKM_PEER_A_ID] = ID },
	},
	[HPKM_CMD_SESSION_GET] = { .way = { 0, 1 }, .kind = { [HPKM_SESSION_A_PEER] = ID } },
	[HPKM_CMD_SESSION_ADD] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_SESSION_A_PEER),
		.kind = { [HPKM_SESSION_A_PEER] = ID },
	},
	[HPKM_CMD_SESSION_UPDATE] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_SESSION_A_PEER),
		.kind = { [HPKM_SESSION_A_PEER] = ID, [HPKM_SESSION_A_RID] = RID },
	},
	[HPKM_CMD_LOG_GET] = {
		.privileged = 1, .way = { 0, 1 }, .all_of = BIT(HPKM_LOG_A_PEER),
		.kind = { [HPKM_LOG_A_PEER] = ID },
	},
	[HPKM_CMD_POLICY_GET] = { .way = { 0, 1 }, .kind = { [HPKM_POLICY_A_PEER] = ID } },
	[HPKM_CMD_POLICY_SET] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_POLICY_A_PEER),
		.one_of = BIT(HPKM_POLICY_A_PAD) - BIT(HPKM_POLICY_A_RECORD_FRAMES),
		.kind = {
			[HPKM_POLICY_A_PEER] = ID,
			[HPKM_POLICY_A_RECORD_FRAMES] = RECORDS,
			[HPKM_POLICY_A_RECORD_INTERVAL] = MILLISECONDS,
			[HPKM_POLICY_A_UPDATE_RECORDS] = RECORDS,
			[HPKM_POLICY_A_UPDATE_INTERVAL] = SECONDS,
			[HPKM_POLICY_A_LOG_SIZE] = LOG_SIZE,
			[HPKM_POLICY_A_REKEY_INTERVAL] = REKEY_SECONDS,
			[HPKM_POLICY_A_REKEY_FRAMES] = REKEY_FRAMES,
		},
	},
	[HPKM_CMD_LOCATION_GET] = { .way = { 1, 0 } },
	[HPKM_CMD_LOCATION_SET] = {
		.privileged = 1, .way = { 1, 0 }, .all_of = BIT(HPKM_LOCATION_A_LABEL),
		.kind = { [HPKM_LOCATION_A_LABEL] = LABEL },
	},
	[HPKM_CMD_MESSAGE_GET] = {
		.privileged = 1, .way = { 0, 1 }, .all_of = BIT(HPKM_MESSAGE_A_PEER),
		.kind = { [HPKM_MESSAGE_A_PEER] = ID },
	},
	[HPKM_CMD_MESSAGE_ADD] = {
		.privileged = 1, .way = { 1, 0 },
		.all_of = BIT(HPKM_MESSAGE_A_PEER) | BIT(HPKM_MESSAGE_A_DATA),
		.kind = { [HPKM_MESSAGE_A_PEER] = ID, [HPKM_MESSAGE_A_DATA] = TEXT },
	},
	[HPKM_CMD_STATE_AGENT] = { .privileged = 1, .way = { 1, 0 } },
	[HPKM_CMD_STATE_RESTORE] = {
		.privileged = 1, .way = { 1, 0 }, .agent_only = 1, .all_of = BIT(HPKM_STATE_A_BLOB),
		.kind = { [HPKM_STATE_A_PEER] = KEPT_ID, [HPKM_STATE_A_BLOB] = BLOB },
	},
	[HPKM_CMD_STATE_READY] = { .privileged = 1, .way = { 1, 0 }, .agent_only = 1 },
	[HPKM_CMD_STATE_NEXT] = { .privileged = 1, .way = { 1, 0 }, .agent_only = 1 },
	[HPKM_CMD_STATE_WRITTEN] = {
		.privileged = 1, .way = { 1, 0 }, .agent_only = 1,
		.all_of = BIT(HPKM_STATE_A_SERIAL),
		.kind = {
			[HPKM_STATE_A_PEER] = KEPT_ID, [HPKM_STATE_A_SERIAL] = SERIAL,
			[HPKM_STATE_A_ERROR] = ERROR,
		},
	},
};

/* The namespace that is asked, and who asks. */
struct known {
	uint8_t peers[KNOWN_MAX][HPKM_ID_LEN];
	int peer_count;
	int privileged;
	int may_be_agent;
};

enum verdict {
	MAY,		/* it may be done or refused */
	REFUSE,		/* it has to be refused */
	MALFORMED,	/* ... before anybody looks at what the attributes say */
	DENY,		/* ... with EPERM */
	SILENT,		/* the kernel does not answer what is shorter than it says */
};

static inline enum kind kind_of(int command, int attribute)
{
	if (command > HPKM_CMD_MAX || attribute >= RULE_ATTRIBUTES)
		return NO_KIND;
	return rules[command].kind[attribute];
}

static inline const struct rule *rule_of(int command)
{
	const struct rule *rule = command <= HPKM_CMD_MAX ? &rules[command] : NULL;

	return rule && (rule->way[0] || rule->way[1]) ? rule : NULL;
}

/* ---- one attribute ---- */

static inline uint64_t integer(const uint8_t *data, int len)
{
	uint32_t word = 0;
	uint64_t both = 0;

	if (len == sizeof(both)) {
		memcpy(&both, data, sizeof(both));
		return both;
	}
	if (len != sizeof(word))
		return len ? *data : 0;
	memcpy(&word, data, sizeof(word));
	return word;
}

/* Not all of what is no UTF-8, but what is easily seen. */
static inline int is_text(const uint8_t *data, int len)
{
	for (; len--; data++)
		if (*data < 0x20 || *data == 0x7f || *data == 0xc0 || *data >= 0xf5)
			return 0;
	return 1;
}

/* A name may be followed by anything behind its end, as long as there is room. */
static inline int is_interface_name(const uint8_t *data, int len)
{
	return len && memchr(data, 0, len < 16 ? len : 16) &&
	       (len < 16 || (len == 16 && !data[15]));
}

static inline int format_is_wrong(enum kind kind, const uint8_t *data, int len)
{
	if (len < formats[kind].least || len > formats[kind].most)
		return 1;
	if (kind == IFNAME)
		return !is_interface_name(data, len);
	if (kind == NAME)
		return memchr(data, 0, len) != data + len - 1 || !is_text(data, len - 1);
	return kind == LABEL && !is_text(data, len);
}

static inline int is_known(const struct known *known, const uint8_t *id)
{
	int i;

	for (i = 0; i < known->peer_count; i++)
		if (!memcmp(known->peers[i], id, HPKM_ID_LEN))
			return 1;
	return 0;
}

static inline int is_interface(uint32_t index)
{
	char name[IF_NAMESIZE];

	return index && if_indextoname(index, name);
}

/* Of the right format. */
static inline int value_is_wrong(enum kind kind, const uint8_t *data, int len,
				 const struct known *known)
{
	uint64_t value = integer(data, len);

	switch (kind) {
	case ID:
		return !is_known(known, data);
	case INDEX:
		return !is_interface(value);
	case IFNAME:
		return !if_nametoindex((const char *)data);
	case MODE:
	case BRIDGE:
		return value > 1;
	case SUITE:
		return value > 2;
	case WINDOW:
		return value < 1 || value > 3600;
	case LOG_SIZE:
		return value < 16 || value > 1048576;
	case REKEY_SECONDS:
		return value < 1 || value > 120;
	case REKEY_FRAMES:
		return value < 1 || value > 1ULL << 40;
	default:
		return 0;
	}
}

/* ---- a request ---- */

/* The last of each type counts. */
struct parsed {
	const uint8_t *data[RULE_ATTRIBUTES];
	int len[RULE_ATTRIBUTES];
	unsigned int there;
};

/* Returns whether these can be attributes of that command, whatever their values. */
static inline int parse(struct parsed *parsed, int command, const uint8_t *at, int left)
{
	struct nlattr attr;
	enum kind kind;

	for (; left > 0; left -= NLA_ALIGN(attr.nla_len), at += NLA_ALIGN(attr.nla_len)) {
		if (left < NLA_HDRLEN)
			return 0;
		memcpy(&attr, at, NLA_HDRLEN);
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > left ||
		    attr.nla_type & NLA_F_NESTED)
			return 0;
		attr.nla_type &= NLA_TYPE_MASK;
		kind = kind_of(command, attr.nla_type);
		if (kind == NO_KIND ||
		    format_is_wrong(kind, at + NLA_HDRLEN, attr.nla_len - NLA_HDRLEN))
			return 0;
		parsed->there |= BIT(attr.nla_type);
		parsed->data[attr.nla_type] = at + NLA_HDRLEN;
		parsed->len[attr.nla_type] = attr.nla_len - NLA_HDRLEN;
	}
	return 1;
}

static inline int values_are_wrong(const struct parsed *parsed, int command,
				   const struct known *known)
{
	int attribute;

	for (attribute = 0; attribute < RULE_ATTRIBUTES; attribute++)
		if (parsed->there & BIT(attribute) &&
		    value_is_wrong(kind_of(command, attribute), parsed->data[attribute],
				   parsed->len[attribute], known))
			return 1;
	return 0;
}

static inline int names_two_devices(const struct parsed *parsed)
{
	const uint8_t *index = parsed->data[HPKM_LINK_A_IFINDEX];
	const char *name = (const char *)parsed->data[HPKM_LINK_A_IFNAME];

	return index && name && if_nametoindex(name) != integer(index, 4);
}

static inline enum verdict judge_attributes(const struct rule *rule, int command, int dump,
					    const uint8_t *at, int left, const struct known *known)
{
	struct parsed parsed = { 0 };

	if (!parse(&parsed, command, at, left))
		return MALFORMED;
	if (dump && rule->dump_looks_at_nothing)
		return MAY;
	if ((parsed.there & rule->all_of) != rule->all_of ||
	    (rule->one_of && !(parsed.there & rule->one_of)) ||
	    values_are_wrong(&parsed, command, known))
		return REFUSE;
	if (kind_of(command, HPKM_LINK_A_IFINDEX) == INDEX && names_two_devices(&parsed))
		return REFUSE;
	return rule->agent_only && !known->may_be_agent ? REFUSE : MAY;
}

/* What a policy says, and the checks that belong to it. */
static inline int is_of_a_policy(int error)
{
	return error == EINVAL || error == ERANGE || error == EMSGSIZE;
}

/* The flags that somebody may set without saying anything by it. */
#define HARMLESS_FLAGS	(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO)

static inline enum verdict judge(const struct message *request, int len, const struct known *known)
{
	int left = request->head.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	int dump = (request->head.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int flags = request->head.nlmsg_flags & ~(dump ? NLM_F_DUMP : 0);
	const struct rule *rule = rule_of(request->genl.cmd);

	if (request->head.nlmsg_len > (uint32_t)len)
		return SILENT;
	if (left < 0 || request->genl.reserved || flags & ~HARMLESS_FLAGS ||
	    !rule || !rule->way[dump])
		return REFUSE;
	if (rule->privileged && !known->privileged)
		return DENY;
	return judge_attributes(rule, request->genl.cmd, dump, request->attrs, left, known);
}

#endif
