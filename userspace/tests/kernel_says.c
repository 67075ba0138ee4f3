// SPDX-License-Identifier: GPL-2.0
/* Words for the kernel's stand-in, and running a command against it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/genl/genl.h>

#include "kernel_says.h"

const uint8_t id_a[HPKM_ID_LEN] = {
	0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18,
	0x29, 0x3a, 0x4b, 0x5c, 0x6d, 0x7e, 0x8f, 0x90
};

const uint8_t id_b[HPKM_ID_LEN] = {
	0xa1, 0xb2, 0xff, 0xd4, 0xe5, 0xf6, 0x07, 0x18,
	0x29, 0x3a, 0x4b, 0x5c, 0x6d, 0x7e, 0x8f, 0x90
};

static struct nl_msg *msg;
static struct nlattr *nest;

static void begin(uint16_t type, uint8_t cmd)
{
	nlmsg_free(msg);
	msg = nlmsg_alloc_size(65536);
	if (!msg || !genlmsg_put(msg, 0, 0, type, 0, 0, cmd, 1))
		abort();
}

static void must(int failed)
{
	if (failed)
		abort();
}

void says(uint8_t cmd)
{
	begin(FAKE_FAMILY, cmd);
}

void says_flags(uint16_t flags)
{
	nlmsg_hdr(msg)->nlmsg_flags |= flags;
}

void says_u8(int attr, uint8_t value)
{
	must(nla_put_u8(msg, attr, value));
}

void says_u32(int attr, uint32_t value)
{
	must(nla_put_u32(msg, attr, value));
}

void says_u64(int attr, uint64_t value)
{
	must(nla_put_u64(msg, attr, value));
}

void says_flag(int attr)
{
	must(nla_put_flag(msg, attr));
}

void says_string(int attr, const char *value)
{
	must(nla_put_string(msg, attr, value));
}

void says_octets(int attr, const void *data, int len)
{
	must(nla_put(msg, attr, len, data));
}

void says_nest(int attr)
{
	nest = nla_nest_start(msg, attr);
	must(!nest);
}

void says_nest_end(void)
{
	nla_nest_end(msg, nest);
}

const struct nlmsghdr *says_message(void)
{
	return nlmsg_hdr(msg);
}

void says_end(enum fake_which which)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	fake_data(which, nlh, nlh->nlmsg_len);
	nlmsg_free(msg);
	msg = NULL;
}

/* As says_end(), of its own accord and to the socket of requests. */
void says_unasked(void)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	fake_unasked(FAKE_REQUESTS, nlh, nlh->nlmsg_len);
	nlmsg_free(msg);
	msg = NULL;
}

static void answer(uint16_t type, uint16_t flags, int error, const char *sentence)
{
	char buffer[1024] = { 0 };
	struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	struct nlmsgerr *body = nlmsg_data(nlh);
	struct nlattr *attr = (struct nlattr *)(body + 1);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	body->error = -error;
	nlh->nlmsg_len = NLMSG_LENGTH(type == NLMSG_DONE ? sizeof(int) : sizeof(*body));
	if (sentence) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		attr->nla_type = NLMSGERR_ATTR_MSG;
		attr->nla_len = NLA_HDRLEN + strlen(sentence) + 1;
		strcpy((char *)attr + NLA_HDRLEN, sentence);
		nlh->nlmsg_len += NLA_ALIGN(attr->nla_len);
	}
	fake_data(FAKE_REQUESTS, buffer, nlh->nlmsg_len);
}

void says_ack(void)
{
	answer(NLMSG_ERROR, NLM_F_CAPPED, 0, NULL);
}

void says_refused(int error, const char *sentence)
{
	answer(NLMSG_ERROR, NLM_F_CAPPED, error, sentence);
}

void says_done(void)
{
	answer(NLMSG_DONE, NLM_F_MULTI, 0, NULL);
}

void says_done_flags(uint16_t flags)
{
	answer(NLMSG_DONE, NLM_F_MULTI | flags, 0, NULL);
}

static void *detach(int *len)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	void *data = must_alloc(nlh->nlmsg_len + 64);

	*len = nlh->nlmsg_len;
	memcpy(data, nlh, nlh->nlmsg_len);
	nlmsg_free(msg);
	msg = NULL;
	return data;
}

static void *absent(int *len)
{
	struct nlmsghdr *nlh = must_alloc(NLMSG_LENGTH(sizeof(struct nlmsgerr)));
	struct nlmsgerr *body = nlmsg_data(nlh);

	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(*body));
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	body->error = -ENOENT;
	*len = nlh->nlmsg_len;
	return nlh;
}

/* The answer to the look-up of the family, with its acknowledgment. */
void *says_family(int *len)
{
	struct nl_msg *before = msg;
	struct nlattr *group;
	struct nlmsghdr *ack;
	char *data;

	if (fake.absent)
		return absent(len);
	msg = NULL;
	begin(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	says_string(CTRL_ATTR_FAMILY_NAME, HPKM_GENL_NAME);
	must(nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY));
	says_u32(CTRL_ATTR_VERSION, fake.version);
	says_nest(CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	says_u32(CTRL_ATTR_MCAST_GRP_ID, FAKE_GROUP);
	says_string(CTRL_ATTR_MCAST_GRP_NAME, HPKM_GENL_GROUP_EVENTS);
	nla_nest_end(msg, group);
	says_nest_end();
	data = detach(len);
	msg = before;
	ack = (struct nlmsghdr *)(data + NLMSG_ALIGN(*len));
	ack->nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr));
	ack->nlmsg_type = NLMSG_ERROR;
	ack->nlmsg_flags = NLM_F_CAPPED;
	*len = NLMSG_ALIGN(*len) + ack->nlmsg_len;
	return data;
}

void says_peer(const uint8_t *id, const char *name, const char *link)
{
	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_ID, id, HPKM_ID_LEN);
	if (name)
		says_string(HPKM_PEER_A_NAME, name);
	if (link)
		says_string(HPKM_PEER_A_IFNAME, link);
	says_u8(HPKM_PEER_A_SUITE, HPKM_SUITE_XOR);
	says_flag(HPKM_PEER_A_INSECURE);
	says_u32(HPKM_PEER_A_STATE, HPKM_PEER_UP);
	says_end(FAKE_REQUESTS);
}

/* The list that resolving a peer reads: Paris on eth1, Rome on eth2. */
void says_peers(void)
{
	says_peer(id_a, "Paris", "eth1");
	says_peer(id_b, "Rome", "eth2");
	says_done();
}

void says_record(uint64_t time, uint8_t who, uint8_t rec, const char *li,
		 const void *data, int len, uint32_t state)
{
	uint8_t rid[HPKM_RID_LEN] = { who, rec };

	says(HPKM_CMD_LOG_GET);
	says_octets(HPKM_LOG_A_PEER, id_a, HPKM_ID_LEN);
	says_octets(HPKM_LOG_A_RID, rid, sizeof(rid));
	says_u64(HPKM_LOG_A_TIME, time);
	says_octets(HPKM_LOG_A_LOCATION, li, strlen(li));
	says_octets(HPKM_LOG_A_DATA, data, len);
	says_u32(HPKM_LOG_A_STATE, state);
	says_u8(HPKM_LOG_A_OWN, !who);
	says_end(FAKE_REQUESTS);
}

void says_event(enum hpkm_event type, const uint8_t *peer)
{
	says(HPKM_CMD_EVENT);
	says_u32(HPKM_EVENT_A_TYPE, type);
	says_u32(HPKM_EVENT_A_IFINDEX, 3);
	says_string(HPKM_EVENT_A_IFNAME, "eth1");
	if (peer)
		says_octets(HPKM_EVENT_A_PEER, peer, HPKM_ID_LEN);
}

struct run run_words(char *const words[])
{
	struct tool tool = { 0 };
	struct run run = { 0 };
	size_t out, err;
	int count = 0;

	while (words[count])
		count++;
	tool.out = open_memstream(&run.out, &out);
	tool.err = open_memstream(&run.err, &err);
	run.status = tool_main(&tool, count, (char **)words);
	fclose(tool.out);
	fclose(tool.err);
	return run;
}

void run_end(struct run *run)
{
	free(run->out);
	free(run->err);
}

uint8_t sent_cmd(int i)
{
	assert_true(i < fake.sent_count);
	return genlmsg_hdr(fake.sent[i])->cmd;
}

const struct nlattr *sent_attr(int i, int attr)
{
	assert_true(i < fake.sent_count);
	return nlmsg_find_attr(fake.sent[i], GENL_HDRLEN, attr);
}

int fresh(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}
