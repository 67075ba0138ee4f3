/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's controller of generic netlink says of the family: which
 * commands there are, how they can be asked, and which attributes they take.
 */
#ifndef HPKM_TEST_FAMILY_H
#define HPKM_TEST_FAMILY_H

#include "answers.h"

#define COMMANDS	256
#define ATTRIBUTES	32	/* a policy */
#define POLICIES	64
#define NO_POLICY	(-1)

struct policy {
	/* enum netlink_attribute_type by number; 0 where there is none */
	int type[ATTRIBUTES];
};

struct operation {
	uint32_t flags;		/* GENL_CMD_CAP_*, GENL_UNS_ADMIN_PERM */
	int policy[2];		/* by being a dump */
};

struct family {
	int id;
	struct operation operations[COMMANDS];
	struct policy policies[POLICIES];
};

static inline uint32_t number_in(const uint8_t *data, int len)
{
	uint32_t number = 0;

	if (len == sizeof(number))
		memcpy(&number, data, sizeof(number));
	return number;
}

/* The number that the attribute of that type holds; @otherwise if there is none. */
static inline int number_of(const uint8_t *at, const uint8_t *end, int wanted, int otherwise)
{
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len;

	while ((data = next_attribute(&in, &type, &len)))
		if (type == wanted)
			return number_in(data, len);
	return otherwise;
}

static inline void take_operations(struct family *family, const uint8_t *at, const uint8_t *end)
{
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len, id;

	while ((data = next_attribute(&in, &type, &len))) {
		id = number_of(data, data + len, CTRL_ATTR_OP_ID, 0);
		if (id < COMMANDS)
			family->operations[id].flags =
				number_of(data, data + len, CTRL_ATTR_OP_FLAGS, 0);
	}
}

static inline void take_family(const uint8_t *at, const uint8_t *end, void *arg)
{
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len;

	while ((data = next_attribute(&in, &type, &len)))
		if (type == CTRL_ATTR_OPS)
			take_operations(arg, data, data + len);
}

/* Which policy is which operation's. */
static inline void take_assignment(struct family *family, const uint8_t *at, const uint8_t *end)
{
	struct attributes in = { at, end };
	struct operation *operation;
	const uint8_t *data;
	int id, len;

	while ((data = next_attribute(&in, &id, &len))) {
		if (id >= COMMANDS)
			continue;
		operation = &family->operations[id];
		operation->policy[0] = number_of(data, data + len, CTRL_ATTR_POLICY_DO, NO_POLICY);
		operation->policy[1] = number_of(data, data + len, CTRL_ATTR_POLICY_DUMP,
						 NO_POLICY);
	}
}

/* One attribute of one policy comes in each message. */
static inline void take_attribute_type(struct family *family, const uint8_t *at,
				       const uint8_t *end)
{
	struct attributes policies = { at, end }, in;
	const uint8_t *data;
	int policy, attribute, len;

	while ((data = next_attribute(&policies, &policy, &len))) {
		in = (struct attributes){ data, data + len };
		while ((data = next_attribute(&in, &attribute, &len)))
			if (policy < POLICIES && attribute < ATTRIBUTES)
				family->policies[policy].type[attribute] =
					number_of(data, data + len, NL_POLICY_TYPE_ATTR_TYPE, 0);
	}
}

static inline void take_policies(const uint8_t *at, const uint8_t *end, void *arg)
{
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len;

	while ((data = next_attribute(&in, &type, &len))) {
		if (type == CTRL_ATTR_OP_POLICY)
			take_assignment(arg, data, data + len);
		if (type == CTRL_ATTR_POLICY)
			take_attribute_type(arg, data, data + len);
	}
}

static inline void ask_controller(int fd, struct family *family)
{
	struct message request = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t id;
	int i;

	for (i = 0; i < COMMANDS; i++) {
		family->operations[i].policy[0] = NO_POLICY;
		family->operations[i].policy[1] = NO_POLICY;
	}
	id = family_id(fd);
	family->id = id;
	put(&request, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	converse_or_die(fd, &request, take_family, family);
	request.genl.cmd = CTRL_CMD_GETPOLICY;
	request.head.nlmsg_flags |= NLM_F_DUMP;
	converse_or_die(fd, &request, take_policies, family);
}

/* What the policy says of an attribute; 0 where the command does not take it. */
static inline int attribute_type(const struct family *family, int command, int dump, int attribute)
{
	int policy = family->operations[command].policy[dump];

	return policy < 0 || policy >= POLICIES ? 0 : family->policies[policy].type[attribute];
}

#endif
