// SPDX-License-Identifier: GPL-2.0
/* Requests to the module, what it answers, and what it tells unasked. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <sodium.h>

#include "event.h"
#include "netlink.h"

#define REPLY_MS	5000	/* the kernel answers at once or not at all */
#define DUMP_TRIES	8

struct netlink {
	struct sock *sock;
	uint16_t family;
	uint32_t group;
	uint8_t wakeup;	/* the message that is noticed, 0 for none */
	bool woken;
};

struct events {
	struct sock *sock;
	uint16_t family;
	uint32_t drops;
	bool overrun;
	void *data;
	const struct nlmsghdr *next;
	int left;
};

static void copy_sentence(const struct nlattr *attr, char sentence[EXTACK_MAX])
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	if (len >= EXTACK_MAX)
		len = EXTACK_MAX - 1;
	memcpy(sentence, nla_data(attr), len);
	sentence[len] = '\0';
}

/*
 * Where the attributes of an extended acknowledgment begin, from the
 * message's payload, or -1.  An error that is not capped carries the request
 * before them.
 */
static int extack_offset(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = nlmsg_data(nlh);
	int len = nlmsg_datalen(nlh);
	uint32_t echoed;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return -1;
	if (nlh->nlmsg_type == NLMSG_DONE)
		return len >= (int)sizeof(int) ? (int)NLMSG_ALIGN(sizeof(int)) : -1;
	if (nlh->nlmsg_type != NLMSG_ERROR || len < (int)sizeof(*error))
		return -1;
	if (nlh->nlmsg_flags & NLM_F_CAPPED)
		return sizeof(*error);
	echoed = error->msg.nlmsg_len;
	if (echoed < NLMSG_HDRLEN || echoed > (uint32_t)len)
		return -1;
	return sizeof(*error) + NLMSG_ALIGN(echoed - NLMSG_HDRLEN);
}

/**
 * extack_sentence - the sentence in an extended acknowledgment
 * @nlh: an NLMSG_ERROR or NLMSG_DONE, complete as its length says
 * @sentence: receives it; empty if there is none
 */
void extack_sentence(const struct nlmsghdr *nlh, char sentence[EXTACK_MAX])
{
	int offset = extack_offset(nlh);
	struct nlattr *attr;
	int left;

	*sentence = '\0';
	if (offset < 0 || offset > nlmsg_datalen(nlh))
		return;
	attr = (struct nlattr *)((char *)nlmsg_data(nlh) + offset);
	left = nlmsg_datalen(nlh) - offset;
	for (; nla_ok(attr, left); attr = nla_next(attr, &left))
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			copy_sentence(attr, sentence);
}

static bool exchange_end(struct exchange *exchange, const struct nlmsghdr *nlh)
{
	int error = 0;

	if (nlmsg_datalen(nlh) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
	else if (nlh->nlmsg_type == NLMSG_ERROR)
		exchange->malformed = true;
	if (error > 0 || error == INT32_MIN)
		exchange->malformed = true;
	else
		exchange->error = -error;
	extack_sentence(nlh, exchange->sentence);
	return true;
}

/**
 * exchange_message - take one message of the kernel's
 * @exchange: what it may belong to
 * @nlh: the message, complete as its length says
 *
 * Return: whether the exchange has ended
 */
bool exchange_message(struct exchange *exchange, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_seq != exchange->seq)
		return false;
	exchange->heard = true;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		exchange->inconsistent = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
		return exchange_end(exchange, nlh);
	if (nlh->nlmsg_type != exchange->type || !exchange->rows)
		return false;
	exchange->malformed |= rows_add(exchange->rows, nlh) != 0;
	return exchange->malformed;
}

/**
 * exchange_buffer - take what was received at once
 * @exchange: what it may belong to
 * @data: messages
 * @len: octets of them all
 *
 * Return: whether the exchange has ended
 */
bool exchange_buffer(struct exchange *exchange, const void *data, int len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len))
		if (exchange_message(exchange, nlh))
			return true;
	/* What is left must be less than alignment could explain. */
	exchange->malformed = len > 0;
	return exchange->malformed;
}

/**
 * status_of_errno - the exit status for a refusal
 * @error: positive errno
 */
enum status status_of_errno(int error)
{
	switch (error) {
	case 0:
		return STATUS_DONE;
	case EPERM:
	case EACCES:
		return STATUS_DENIED;
	case ETIMEDOUT:
		return STATUS_TIMEOUT;
	default:
		return STATUS_FAILED;
	}
}

static enum status lost_contact(struct tool *tool, int error)
{
	if (error == ETIMEDOUT)
		complain(tool, "the kernel does not answer");
	else
		complain(tool, "netlink: %s", strerror(error));
	return status_of_errno(error);
}

static enum status refused(struct tool *tool, const struct exchange *exchange)
{
	int error = exchange->error;

	if (error == EPERM && !*exchange->sentence)
		complain(tool, "not permitted: this needs CAP_NET_ADMIN");
	else if (*exchange->sentence)
		complain(tool, "%s (%s)", exchange->sentence, strerror(error));
	else
		complain(tool, "refused: %s", strerror(error));
	/* An exchange that times out in the kernel is a refusal all the same. */
	return error == ETIMEDOUT ? STATUS_FAILED : status_of_errno(error);
}

/* It may come between a request and its reply. */
static void note_wakeup(struct netlink *nl, const void *data, int len)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len))
		if (nl->wakeup && nlh->nlmsg_type == nl->family &&
		    genlmsg_valid_hdr(nlh, 0) && genlmsg_hdr(nlh)->cmd == nl->wakeup)
			nl->woken = true;
}

/* The persist agent gets secrets. */
static void forget(void *data, int len)
{
	sodium_memzero(data, len);
	free(data);
}

static int converse(struct tool *tool, struct nl_msg *msg, struct exchange *exchange)
{
	struct netlink *nl = tool->nl;
	int64_t deadline;
	bool ended = false;
	void *data;
	int len;

	nlmsg_hdr(msg)->nlmsg_seq = NL_AUTO_SEQ;
	len = sock_send(nl->sock, msg);
	if (len < 0)
		return len;
	exchange->seq = nlmsg_hdr(msg)->nlmsg_seq;
	deadline = clock_ms() + REPLY_MS;
	while (!ended) {
		len = sock_receive(nl->sock, deadline, &data);
		/* A signal that was caught waits for the end of the request. */
		if (len == -EINTR)
			continue;
		if (len < 0)
			return len;
		note_wakeup(nl, data, len);
		exchange->heard = false;
		ended = exchange_buffer(exchange, data, len);
		/* Other messages are no sign of an answer. */
		if (exchange->heard)
			deadline = clock_ms() + REPLY_MS;
		forget(data, len);
	}
	return 0;
}

/* The request may hold a key, so its memory is wiped. */
static void request_free(struct request *request)
{
	struct nlmsghdr *nlh;

	if (!request->msg)
		return;
	nlh = nlmsg_hdr(request->msg);
	sodium_memzero(nlh, nlh->nlmsg_len);
	nlmsg_free(request->msg);
	request->msg = NULL;
}

static struct request request_for(uint16_t family, uint8_t cmd, uint8_t version)
{
	struct request request = { .msg = nlmsg_alloc() };

	request.bad = !request.msg ||
		      !genlmsg_put(request.msg, NL_AUTO_PORT, NL_AUTO_SEQ, family,
				   0, 0, cmd, version);
	return request;
}

static const struct field group_fields[] = {
	{ CTRL_ATTR_MCAST_GRP_ID, "id", &as_number, NLA_U32 },
	{ CTRL_ATTR_MCAST_GRP_NAME, "name", &as_string, NLA_STRING },
	{ 0 }
};

static const struct table group_table = { "group", group_fields, NULL };

static const struct field family_fields[] = {
	{ CTRL_ATTR_FAMILY_ID, "id", &as_number, NLA_UNSPEC, 2, 2 },
	{ CTRL_ATTR_VERSION, "version", &as_number, NLA_U32 },
	{ CTRL_ATTR_MCAST_GROUPS, "groups", &as_nests, NLA_NESTED },
	{ 0 }
};

static const struct table family_table = { "family", family_fields, NULL };

static uint32_t group_of(const struct attrs *attrs)
{
	struct nlattr *groups = attrs->at[CTRL_ATTR_MCAST_GROUPS];
	struct attrs group;
	struct nlattr *one;
	int left;

	if (!groups)
		return 0;
	nla_for_each_nested(one, groups, left) {
		if (table_parse(&group_table, nla_data(one), nla_len(one), &group) ||
		    !group.at[CTRL_ATTR_MCAST_GRP_ID] ||
		    !group.at[CTRL_ATTR_MCAST_GRP_NAME])
			continue;
		if (!nla_strcmp(group.at[CTRL_ATTR_MCAST_GRP_NAME],
				HPKM_GENL_GROUP_EVENTS))
			return nla_get_u32(group.at[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

static enum status take_family(struct tool *tool, const struct rows *rows)
{
	const struct attrs *attrs;
	uint32_t version = 0;

	if (!rows->count || !rows->row[0].attrs.at[CTRL_ATTR_FAMILY_ID]) {
		complain(tool, "the kernel's answer is malformed");
		return STATUS_FAILED;
	}
	attrs = &rows->row[0].attrs;
	if (attrs->at[CTRL_ATTR_VERSION])
		version = nla_get_u32(attrs->at[CTRL_ATTR_VERSION]);
	if (version != HPKM_GENL_VERSION) {
		complain(tool, "the module's interface has version %u, this program knows %u",
			 version, HPKM_GENL_VERSION);
		return STATUS_FAILED;
	}
	tool->nl->family = nla_get_u16(attrs->at[CTRL_ATTR_FAMILY_ID]);
	tool->nl->group = group_of(attrs);
	return STATUS_DONE;
}

static enum status find_family(struct tool *tool)
{
	struct request request = request_for(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	struct rows rows = { .table = &family_table };
	struct exchange exchange = { .type = GENL_ID_CTRL, .rows = &rows };
	enum status status;
	int ret;

	request_string(&request, CTRL_ATTR_FAMILY_NAME, HPKM_GENL_NAME);
	ret = request.bad ? -ENOMEM : converse(tool, request.msg, &exchange);
	request_free(&request);
	if (ret) {
		status = lost_contact(tool, -ret);
	} else if (exchange.error == ENOENT) {
		complain(tool, "hpkm: the kernel module is not loaded (modprobe hpkm)");
		status = STATUS_ABSENT;
	} else if (exchange.error) {
		status = refused(tool, &exchange);
	} else {
		status = take_family(tool, &rows);
	}
	rows_free(&rows);
	return status;
}

/**
 * netlink_open - connect to the module unless that is done
 * @tool: this run
 */
enum status netlink_open(struct tool *tool)
{
	enum status status;
	int ret;

	if (tool->nl)
		return STATUS_DONE;
	tool->nl = must_alloc(sizeof(*tool->nl));
	ret = sock_open(&tool->nl->sock);
	if (ret) {
		free(tool->nl);
		tool->nl = NULL;
		return lost_contact(tool, -ret);
	}
	status = find_family(tool);
	if (status)
		netlink_close(tool);
	return status;
}

/**
 * netlink_close - undo netlink_open()
 * @tool: this run
 */
void netlink_close(struct tool *tool)
{
	if (!tool->nl)
		return;
	sock_close(tool->nl->sock);
	free(tool->nl);
	tool->nl = NULL;
}

/**
 * request_new - begin a request
 * @tool: this run, connected
 * @cmd: HPKM_CMD_*
 *
 * Return: the request, for request_do() or request_dump(), which free it
 */
struct request request_new(struct tool *tool, uint8_t cmd)
{
	return request_for(tool->nl->family, cmd, HPKM_GENL_VERSION);
}

/**
 * request_u8 - add an attribute
 * @request: to what
 * @attr: its number
 * @value: its value
 */
void request_u8(struct request *request, int attr, uint8_t value)
{
	request->bad = request->bad || nla_put_u8(request->msg, attr, value);
}

/**
 * request_u32 - add an attribute
 * @request: to what
 * @attr: its number
 * @value: its value
 */
void request_u32(struct request *request, int attr, uint32_t value)
{
	request->bad = request->bad || nla_put_u32(request->msg, attr, value);
}

/**
 * request_u64 - add an attribute
 * @request: to what
 * @attr: its number
 * @value: its value
 */
void request_u64(struct request *request, int attr, uint64_t value)
{
	request->bad = request->bad || nla_put_u64(request->msg, attr, value);
}

/**
 * request_flag - add an attribute
 * @request: to what
 * @attr: its number
 */
void request_flag(struct request *request, int attr)
{
	request->bad = request->bad || nla_put_flag(request->msg, attr);
}

/**
 * request_string - add an attribute
 * @request: to what
 * @attr: its number
 * @value: its value
 */
void request_string(struct request *request, int attr, const char *value)
{
	request->bad = request->bad || nla_put_string(request->msg, attr, value);
}

/**
 * request_octets - add an attribute
 * @request: to what
 * @attr: its number
 * @data: its value
 * @len: octets of it
 */
void request_octets(struct request *request, int attr, const void *data, int len)
{
	request->bad = request->bad || nla_put(request->msg, attr, len, data);
}

/**
 * request_device - add the index of a network device
 * @tool: this run
 * @request: to what; freed if there is no such device
 * @attr: the attribute's number
 * @device: the device's name
 * @ifindex: receives the index, if not NULL
 */
enum status request_device(struct tool *tool, struct request *request, int attr,
			   const char *device, uint32_t *ifindex)
{
	int index = sock_ifindex(device);

	if (!index) {
		complain(tool, "there is no network device '%s'", device);
		request_free(request);
		return STATUS_FAILED;
	}
	request_u32(request, attr, index);
	if (ifindex)
		*ifindex = index;
	return STATUS_DONE;
}

static enum status request_once(struct tool *tool, struct request *request,
				struct exchange *exchange)
{
	int ret = converse(tool, request->msg, exchange);

	if (ret)
		return lost_contact(tool, -ret);
	request->error = exchange->error;
	if (exchange->malformed) {
		complain(tool, "the kernel's answer is malformed");
		return STATUS_FAILED;
	}
	if (!exchange->error || exchange->error == request->accepted)
		return STATUS_DONE;
	return refused(tool, exchange);
}

/**
 * request_do - send a request and wait until it is done or refused
 * @tool: this run, connected
 * @request: the request, which is freed
 * @rows: receives the replies; NULL if none are wanted
 */
enum status request_do(struct tool *tool, struct request *request,
		       struct rows *rows)
{
	struct exchange exchange = { .type = tool->nl->family, .rows = rows };
	enum status status;

	if (request->bad) {
		complain(tool, "the request is too big or there is no memory for it");
		status = STATUS_FAILED;
	} else {
		status = request_once(tool, request, &exchange);
	}
	request_free(request);
	return status;
}

/**
 * request_dump - ask for a listing
 * @tool: this run, connected
 * @request: the request, which is freed
 * @rows: receives the listing, with its table set
 *
 * A listing during which objects came or went is asked for again.
 */
enum status request_dump(struct tool *tool, struct request *request,
			 struct rows *rows)
{
	struct exchange exchange;
	enum status status;
	int tries;

	if (request->bad)
		return request_do(tool, request, rows);
	nlmsg_hdr(request->msg)->nlmsg_flags |= NLM_F_DUMP;
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		rows_free(rows);
		exchange = (struct exchange){ .type = tool->nl->family, .rows = rows };
		status = request_once(tool, request, &exchange);
		if (status || !exchange.inconsistent)
			break;
	}
	request_free(request);
	if (tries < DUMP_TRIES)
		return status;
	complain(tool, "the listing changed %d times while it was read; try again",
		 DUMP_TRIES);
	return STATUS_FAILED;
}

/**
 * request_dump_show - ask for a listing and show it
 * @tool: this run, connected
 * @request: the request, which is freed
 * @table: what the rows are
 */
enum status request_dump_show(struct tool *tool, struct request *request,
			      const struct table *table)
{
	struct rows rows = { .table = table };
	enum status status;

	status = request_dump(tool, request, &rows);
	if (!status)
		status = show_rows(tool, &rows);
	rows_free(&rows);
	return status;
}

/**
 * wakeup_open - from now on notice a message that the module sends unasked
 * @tool: this run, connected
 * @cmd: HPKM_CMD_*; the message says no more than that
 */
void wakeup_open(struct tool *tool, uint8_t cmd)
{
	tool->nl->wakeup = cmd;
}

/**
 * wakeup_wait - wait for that message, if it has not come already
 * @tool: this run, after wakeup_open()
 * @deadline: until when, by clock_ms()
 *
 * Return: STATUS_DONE, STATUS_TIMEOUT without a complaint, or STATUS_FAILED,
 * without a complaint if a signal was caught
 */
enum status wakeup_wait(struct tool *tool, int64_t deadline)
{
	struct netlink *nl = tool->nl;
	void *data;
	int len;

	while (!nl->woken) {
		len = sock_receive(nl->sock, deadline, &data);
		if (len == -ETIMEDOUT)
			return STATUS_TIMEOUT;
		if (len == -EINTR)
			return STATUS_FAILED;
		if (len < 0)
			return lost_contact(tool, -len);
		note_wakeup(nl, data, len);
		forget(data, len);
	}
	nl->woken = false;
	return STATUS_DONE;
}

/**
 * events_open - subscribe to the module's events
 * @tool: this run, connected
 * @made: receives the subscription
 */
enum status events_open(struct tool *tool, struct events **made)
{
	struct events *events = must_alloc(sizeof(*events));
	int ret;

	ret = sock_open(&events->sock);
	if (!ret)
		ret = tool->nl->group ? sock_join(events->sock, tool->nl->group) : -ENOENT;
	if (ret) {
		complain(tool, "cannot subscribe to events: %s", strerror(-ret));
		events_close(events);
		return status_of_errno(-ret);
	}
	events->family = tool->nl->family;
	*made = events;
	return STATUS_DONE;
}

/**
 * events_close - end a subscription
 * @events: the subscription
 */
void events_close(struct events *events)
{
	sock_close(events->sock);
	free(events->data);
	free(events);
}

/* Counted once nothing is left: until then the kernel goes on dropping. */
static void tell_loss(struct tool *tool, struct events *events)
{
	uint32_t drops = sock_drops(events->sock);

	complain(tool, "up to %u events were lost: they came too fast",
		 drops - events->drops);
	events->drops = drops;
	events->overrun = false;
}

static int refill(struct tool *tool, struct events *events, int64_t deadline)
{
	int len;

	free(events->data);
	events->data = NULL;
	events->left = 0;
	len = sock_receive(events->sock, events->overrun ? 0 : deadline, &events->data);
	if (len == -ENOBUFS) {
		events->overrun = true;
		return 0;
	}
	if (len == -ETIMEDOUT && events->overrun) {
		tell_loss(tool, events);
		return 0;
	}
	if (len < 0)
		return len;
	events->next = events->data;
	events->left = len;
	return 0;
}

static bool take_event(struct events *events, struct row *row)
{
	const struct nlmsghdr *nlh;

	while (nlmsg_ok(events->next, events->left)) {
		nlh = events->next;
		events->next = nlmsg_next((struct nlmsghdr *)nlh, &events->left);
		if (nlh->nlmsg_type == events->family && event_parse(nlh, row))
			return true;
	}
	return false;
}

/**
 * events_next - wait for an event
 * @tool: this run
 * @events: the subscription
 * @deadline: until when, by clock_ms()
 * @row: receives the event; row_free() it
 *
 * Return: STATUS_DONE, STATUS_TIMEOUT without a complaint, or STATUS_FAILED,
 * without a complaint if a signal was caught
 */
enum status events_next(struct tool *tool, struct events *events,
			int64_t deadline, struct row *row)
{
	int ret;

	while (!events->left || !take_event(events, row)) {
		ret = refill(tool, events, deadline);
		if (ret == -ETIMEDOUT)
			return STATUS_TIMEOUT;
		if (ret == -EINTR)
			return STATUS_FAILED;
		if (ret)
			return lost_contact(tool, -ret);
	}
	return STATUS_DONE;
}
