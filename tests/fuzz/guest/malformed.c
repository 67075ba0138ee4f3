// SPDX-License-Identifier: GPL-2.0
/*
 * malformed WHO COUNT SEED: requests to the module, few of them right.
 *
 * First each command is asked in each way with each change of drafts.h to each of
 * its attributes; then come COUNT whose command, attributes and changes are drawn.
 * It begins with the last command: those at which links and SKs go come first in
 * the interface.
 * Judged is every answer, by what the interface promises.  WHO is
 *	refused		root, who says nothing that the module might do
 *	root		root, who says anything but "remove the peer"
 *	nobody		user 65534
 *	lent		user 65534, on a socket that root has opened
 *	namespace	user 65534, root of a user namespace
 *	elsewhere	the same, with a network namespace, of the other's things
 *
 * Says what was sent and how it was answered.  Exit status 1 if an answer was
 * none, or not the one that was due.
 */
#include "drafts.h"
#include <grp.h>
#include <sched.h>

#define NOBODY		65534
#define SHOWN		16	/* wrong answers */
#define ERRNOS		134

static struct family family;
static struct values values;
static struct known known;
static int fd;
static int only_refused;

static struct {
	unsigned int sent;
	unsigned int withheld;
	unsigned int unheard;
	unsigned int wrong;
	unsigned int by_errno[ERRNOS];
	unsigned int done[COMMANDS];
} counts;

/* ---- what is there ---- */

static void copy_of(const uint8_t *at, const uint8_t *end, int wanted, void *to, int room)
{
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len;

	while ((data = next_attribute(&in, &type, &len)))
		if (type == wanted && len <= room)
			memcpy(to, data, len);
}

static void learn_link(const uint8_t *at, const uint8_t *end, void *arg)
{
	struct values *to = arg;

	copy_of(at, end, HPKM_LINK_A_IFINDEX, &to->index, sizeof(to->index));
	copy_of(at, end, HPKM_LINK_A_IFNAME, to->name, sizeof(to->name));
}

static void learn_peer(const uint8_t *at, const uint8_t *end, void *arg)
{
	struct values *to = arg;

	copy_of(at, end, HPKM_PEER_A_ID, to->peer, sizeof(to->peer));
	copy_of(at, end, HPKM_PEER_A_SUITE, &to->suite, sizeof(to->suite));
	if (known.peer_count < KNOWN_MAX)
		memcpy(known.peers[known.peer_count++], to->peer, HPKM_ID_LEN);
}

static void learn_record(const uint8_t *at, const uint8_t *end, void *arg)
{
	struct values *to = arg;

	copy_of(at, end, HPKM_LOG_A_RID, to->rid, sizeof(to->rid));
}

static void dump(int command, on_reply *handle)
{
	struct message request = begin(family.id, command);

	request.head.nlmsg_flags |= NLM_F_DUMP;
	if (command == HPKM_CMD_LOG_GET)
		put(&request, HPKM_LOG_A_PEER, values.peer, HPKM_ID_LEN);
	converse_or_die(fd, &request, handle, &values);
}

static void learn_all(void)
{
	ask_controller(fd, &family);
	dump(HPKM_CMD_LINK_GET, learn_link);
	dump(HPKM_CMD_PEER_GET, learn_peer);
	if (!values.index || !known.peer_count) {
		fprintf(stderr, "there is no link, or no peer\n");
		exit(2);
	}
	dump(HPKM_CMD_LOG_GET, learn_record);
	values.blob_len = HPKM_STATE_BLOB_MAX / 2;
	draw_octets(values.blob, values.blob_len);
	values.blob[0] = 1;
}

/* ---- is it the interface that is known here? ---- */

static int differs(int command, int way)
{
	int attribute, type;
	enum kind kind;

	for (attribute = 0; attribute < ATTRIBUTES; attribute++) {
		kind = kind_of(command, attribute);
		type = attribute_type(&family, command, way, attribute);
		if (type != (kind == NO_KIND ? 0 : formats[kind].type)) {
			printf("command %d, attribute %d: its policy is of type %d\n", command,
			       attribute, type);
			return 1;
		}
	}
	return 0;
}

/* A command or attribute that nobody here knows would not be tried. */
static int is_another_interface(void)
{
	int command, way, there, different = 0;
	const struct rule *rule;

	for (command = 0; command < COMMANDS; command++) {
		rule = rule_of(command);
		for (way = 0; way < 2; way++) {
			there = !!(family.operations[command].flags &
				   (way ? GENL_CMD_CAP_DUMP : GENL_CMD_CAP_DO));
			if (there != (rule && rule->way[way])) {
				printf("command %d, as a %s: %s\n", command, way ? "dump" : "do",
				       there ? "unknown here" : "not there");
				different = 1;
			} else if (there) {
				different |= differs(command, way);
			}
		}
	}
	return different;
}

/* ---- what came of it ---- */

static void say_counts(void)
{
	unsigned int accepted = 0, refused = 0;
	int i;

	for (i = 0; i < COMMANDS; i++)
		accepted += counts.done[i];
	for (i = 0; i < ERRNOS; i++)
		refused += counts.by_errno[i];
	printf("%u sent, %u refused, %u accepted, %u not for an answer, %u withheld\n",
	       counts.sent, refused, accepted, counts.unheard, counts.withheld);
	for (i = 0; i < ERRNOS; i++)
		if (counts.by_errno[i])
			printf("%s %u\n", i ? strerrorname_np(i) : "other", counts.by_errno[i]);
	for (i = 0; i < COMMANDS; i++)
		if (counts.done[i])
			printf("accepted %d %u\n", i, counts.done[i]);
	printf("%u wrong\n", counts.wrong);
}

/* ---- one request ---- */

static void show(const char *what, const struct message *request, int len, const char *how)
{
	static char hex[2 * sizeof(struct message) + 1];

	if (counts.wrong++ >= SHOWN)
		return;
	to_hex((const uint8_t *)request, len < 120 ? len : 120, hex);
	printf("WRONG: %s, number %u, command %d (%s): %s\n", what, counts.sent,
	       request->genl.cmd, how, hex);
}

static void take_serial(const uint8_t *at, const uint8_t *end, void *arg)
{
	const struct message *request = arg;
	struct attributes in = { at, end };
	const uint8_t *data;
	int type, len;

	if (request->genl.cmd != HPKM_CMD_STATE_NEXT)
		return;
	while ((data = next_attribute(&in, &type, &len))) {
		if (type == HPKM_STATE_A_SERIAL && len == sizeof(values.serial))
			memcpy(&values.serial, data, len);
		if (type == HPKM_STATE_A_BLOB && len <= HPKM_STATE_BLOB_MAX) {
			memcpy(values.blob, data, len);
			values.blob_len = len;
		}
	}
}

static const char *what_is_wrong(enum verdict verdict, const struct answer *answer)
{
	if (verdict == SILENT)
		return NULL;
	if (!answer->heard)
		return "no answer";
	if (verdict != MAY && !answer->error)
		return verdict == DENY ? "done without privilege" : "not refused";
	if ((verdict == DENY && answer->error != EPERM) ||
	    (verdict == MALFORMED && !is_of_a_policy(answer->error)))
		return strerrorname_np(answer->error);
	return NULL;
}

static void count(const struct message *request, const struct answer *answer)
{
	counts.sent++;
	if (!answer->heard)
		counts.unheard++;
	else if (!answer->error)
		counts.done[request->genl.cmd]++;
	else
		counts.by_errno[answer->error < ERRNOS ? answer->error : 0]++;
}

/* What is never answered must not be waited for, and be in the way of nothing. */
static struct answer say(struct message *request, int len, enum verdict verdict)
{
	struct message harmless = begin(family.id, HPKM_CMD_DEVICE_GET);

	if (verdict != SILENT)
		return converse(fd, request, len, request->head.nlmsg_seq, take_serial, request);
	if (send(fd, request, len, 0) != len)
		die("send");
	converse_or_die(fd, &harmless, NULL, NULL);
	return (struct answer){ 0 };
}

/* Such as would end what is to be tried, or take all of the guest's memory. */
static int is_too_much(const struct message *request, enum verdict verdict)
{
	int len;
	const uint8_t *size;

	if (verdict != MAY)
		return 0;
	if (only_refused || request->genl.cmd == HPKM_CMD_PEER_DEL)
		return 1;
	if (request->genl.cmd == HPKM_CMD_LINK_DEL || request->genl.cmd == HPKM_CMD_SK_DEL)
		return !one_in(4);
	if (request->genl.cmd != HPKM_CMD_POLICY_SET)
		return 0;
	size = attribute(request, HPKM_POLICY_A_LOG_SIZE, &len);
	return size && number_in(size, len) > 65536;
}

/* Returns whether it was sent. */
static int try(const struct draft *draft, const char *how)
{
	static struct message request;
	static uint32_t sequence;
	struct answer answer;
	enum verdict verdict;
	const char *what;
	int len;

	len = draft_write(draft, &request);
	request.head.nlmsg_seq = ++sequence;
	verdict = judge(&request, len, &known);
	if (is_too_much(&request, verdict)) {
		counts.withheld++;
		return 0;
	}
	answer = say(&request, len, verdict);
	count(&request, &answer);
	what = what_is_wrong(verdict, &answer);
	if (what)
		show(what, &request, len, how);
	/* Each of those that follow would take as long. */
	if (!answer.heard && verdict != SILENT) {
		say_counts();
		exit(1);
	}
	return 1;
}

/* ---- all of them ---- */

static struct draft draft;

static void every_change(int command, int way)
{
	int change, at, count;

	draft_good(&draft, &family, command, way, &values, 1);
	try(&draft, "as it should be");
	count = draft.count;
	for (change = 0; change < CHANGES; change++) {
		for (at = 0; at == 0 || at < count; at++) {
			draft_good(&draft, &family, command, way, &values, 1);
			draft_change(&draft, change, at);
			try(&draft, changes[change].name);
		}
	}
}

static void every_command(void)
{
	int command, way;

	for (command = COMMANDS - 1; command >= 0; command--)
		for (way = 0; way < 2; way++)
			if (rule_of(command))
				every_change(command, way);
}

static int any_command(void)
{
	const char *how = "as it should be";
	int command, way, left, change;

	do {
		command = draw_below(HPKM_CMD_MAX + 1);
	} while (!rule_of(command));
	way = rules[command].way[0] ? rules[command].way[1] && one_in(2) : 1;
	draft_good(&draft, &family, command, way, &values, one_in(4));
	for (left = draw_below(4); left; left--) {
		change = draw_below(CHANGES);
		draft_change(&draft, change, draft.count ? draw_below(draft.count) : 0);
		how = changes[change].name;
	}
	return try(&draft, how);
}

/* ---- who says it ---- */

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		die("nobody");
	known.privileged = 0;
	known.may_be_agent = 0;
}

static void open_again(void)
{
	close(fd);
	fd = answers_socket();
}

/* Where nothing is but lo, and no peer. */
static void go_elsewhere(void)
{
	become_nobody();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		die("unshare");
	open_again();
	known.peer_count = 0;
	known.privileged = 1;
	known.may_be_agent = 1;
}

static int become(const char *who)
{
	known.privileged = 1;
	known.may_be_agent = !strcmp(who, "root");
	only_refused = !strcmp(who, "refused");
	if (only_refused || known.may_be_agent)
		return 1;
	if (!strcmp(who, "elsewhere")) {
		go_elsewhere();
		return 1;
	}
	become_nobody();
	if (!strcmp(who, "lent"))
		return 1;
	if (!strcmp(who, "namespace") && unshare(CLONE_NEWUSER))
		die("unshare");
	open_again();
	return !strcmp(who, "nobody") || !strcmp(who, "namespace");
}

int main(int argc, char **argv)
{
	unsigned int left;

	if (argc != 4) {
		fprintf(stderr, "usage: malformed WHO COUNT SEED\n");
		return 2;
	}
	seed_from(argv[3]);
	fd = answers_socket();
	learn_all();
	if (is_another_interface())
		return 1;
	if (!become(argv[1])) {
		fprintf(stderr, "'%s' is nobody known\n", argv[1]);
		return 2;
	}
	every_command();
	for (left = strtoul(argv[2], NULL, 0); left;)
		left -= any_command();
	say_counts();
	return !!counts.wrong;
}
