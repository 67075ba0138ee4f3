// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of a request fails once: the first, then the second, until the
 * request has no more.
 *
 *	nth [-l] [-s | -u REQUEST] REQUEST...
 *	nth show REQUEST...
 *	nth commands
 *
 * The last REQUEST is the one that it is about; those before it prepare for it on
 * the same socket.  "COMMAND [dump] [ATTRIBUTE:TYPE:VALUE...]" has numbers of
 * include/uapi/linux/hpkm.h; TYPE is u8, u32, str, hex, or `same`, which takes the
 * attribute of the last answer.  It is undone by another request; or, with -s, by who
 * reads "undo" here and then says "done".
 *
 * First the kernel's allocations, through /proc/thread-self/fail-nth, then those
 * places that make the module fail (see tests/debug/allocations).  Whenever one
 * fails the request is either refused for want of memory, or it is as if nothing had
 * been.  If it is refused nothing has changed, and the next try works.  Where the
 * kernel could not tell what became of it, it is one or the other.  With -l what it
 * leads to comes later and is not looked at; the undoing has to.
 *
 * `show` prints what was answered, in hex; `commands` which requests there are.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <linux/hpkm.h>
#include "netlink.h"

#define REPLY_ROOM	32768
#define SNAPSHOT_ROOM	65536
#define MOST		300

/* What became of a request. */
enum outcome {
	DONE,
	REFUSED,	/* with an errno of its own */
	UNSENT,		/* the kernel had no memory to take it */
	UNANSWERED,	/* the kernel had none to say what became of it */
};

struct answer {
	enum outcome outcome;
	int error;
	int messages;
	int octets;
	struct message last;
};

struct request {
	struct message message;
	int is_dump;
};

struct snapshot {
	uint8_t octets[SNAPSHOT_ROOM];
	size_t len;
};

struct plan {
	int later;
	int asks;
	const char *undo;
	char **words;
	int count;
};

static int family;

static void explain(const char *format, va_list args)
{
	printf("# ");
	vprintf(format, args);
	printf("\n");
}

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	explain(format, args);
	va_end(args);
}

static void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	explain(format, args);
	va_end(args);
	exit(1);
}

/* ---- requests ---- */

static int put_same(struct message *request, const struct message *answer, int type)
{
	int len;
	const void *data = attribute(answer, type, &len);

	if (!data)
		return 0;
	put(request, type, data, len);
	return 1;
}

static int take_attribute(struct message *request, const char *word, const struct message *answer)
{
	static uint8_t octets[ROOM];
	char kind[5];
	unsigned int type;
	int len, value = 0;

	if (sscanf(word, "%u:%4[^:]:%n", &type, kind, &value) != 2 || !value)
		return 0;
	if (!strcmp(kind, "same"))
		return put_same(request, answer, type);
	len = octets_of(kind, word + value, octets);
	if (len < 0)
		return 0;
	put(request, type, octets, len);
	return 1;
}

static struct request parse(const char *text, const struct message *answer)
{
	char *copy = strdup(text), *rest, *word = strtok_r(copy, " ", &rest);
	struct request request = { .message = begin(family, word ? atoi(word) : 0) };

	while ((word = strtok_r(NULL, " ", &rest))) {
		if (!strcmp(word, "dump")) {
			request.is_dump = 1;
			request.message.head.nlmsg_flags |= NLM_F_DUMP;
		} else if (!take_attribute(&request.message, word, answer)) {
			fprintf(stderr, "'%s' is no attribute\n", word);
			exit(2);
		}
	}
	free(copy);
	return request;
}

/* ---- answers ---- */

static uint32_t sequence;

static void remember(const struct nlmsghdr *head, struct answer *answer)
{
	size_t len = head->nlmsg_len;

	memset(&answer->last, 0, sizeof(answer->last));
	memcpy(&answer->last, head, len < sizeof(answer->last) ? len : sizeof(answer->last));
}

static int is_end(const struct nlmsghdr *head, struct answer *answer)
{
	int error;

	if (head->nlmsg_type != NLMSG_ERROR && head->nlmsg_type != NLMSG_DONE)
		return 0;
	memcpy(&error, NLMSG_DATA(head), sizeof(error));
	answer->error = -error;
	answer->outcome = error < 0 ? REFUSED : DONE;
	if (error < 0)
		remember(head, answer);
	return 1;
}

/* Returns whether that was all. */
static int take_messages(uint8_t *at, ssize_t len, struct answer *answer)
{
	struct nlmsghdr *head;

	for (head = (struct nlmsghdr *)at; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
		if (head->nlmsg_seq != sequence)
			continue;
		if (is_end(head, answer))
			return 1;
		answer->messages++;
		answer->octets += head->nlmsg_len;
		remember(head, answer);
	}
	return 0;
}

typedef void (*on_part)(const uint8_t *part, size_t len, void *context);

static int is_want_of_memory(int error)
{
	return error == ENOMEM || error == ENOBUFS;
}

static struct answer submit(int fd, struct request *request, on_part on, void *context)
{
	static uint8_t part[REPLY_ROOM];
	struct answer answer = { .outcome = UNSENT };
	struct nlmsghdr *head = &request->message.head;
	ssize_t len;

	head->nlmsg_seq = ++sequence;
	if (send(fd, request, head->nlmsg_len, 0) != head->nlmsg_len) {
		answer.error = errno;
		return answer;
	}
	do {
		len = recv(fd, part, sizeof(part), 0);
		if (len < 0) {
			answer.outcome = UNANSWERED;
			answer.error = errno;
			return answer;
		}
		if (on)
			on(part, len, context);
	} while (!take_messages(part, len, &answer));
	return answer;
}

/* ---- what the module says about itself ---- */

/* What changes by itself, as bits of attribute numbers; and what is not asked. */
static const struct shown {
	int command, is_dump;
	uint64_t changes;
} shown[] = {
	{ HPKM_CMD_DEVICE_GET, 0, 0 },
	{ HPKM_CMD_LINK_GET, 1, 1 << HPKM_LINK_A_COUNTERS | 1 << HPKM_LINK_A_HALF_OPEN },
	{ HPKM_CMD_SK_GET, 1, 0 },
	{ HPKM_CMD_PAIR_GET, 1, 1 << HPKM_PAIR_A_REMAINING | 1 << HPKM_PAIR_A_CONTEXTS },
	{ HPKM_CMD_PEER_GET, 1, 1 << HPKM_PEER_A_COUNTERS | 1 << HPKM_PEER_A_LAST_RECEIVED |
				1 << HPKM_PEER_A_SESSIONS },
	{ HPKM_CMD_POLICY_GET, 1, 0 },
	{ HPKM_CMD_LOCATION_GET, 0, 0 },
};

struct taking {
	struct snapshot *to;
	const struct shown *shown;
};

static void append(struct snapshot *to, const void *data, size_t len)
{
	if (to->len + len > sizeof(to->octets)) {
		fprintf(stderr, "too much to remember\n");
		exit(2);
	}
	memcpy(to->octets + to->len, data, len);
	to->len += len;
}

static void take_lasting(const uint8_t *at, const uint8_t *end, const struct taking *taking)
{
	struct nlattr attr;

	while (end - at > NLA_HDRLEN) {
		memcpy(&attr, at, NLA_HDRLEN);
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > end - at)
			return;
		if (!(taking->shown->changes >> (attr.nla_type & NLA_TYPE_MASK) & 1))
			append(taking->to, at, attr.nla_len);
		at += NLA_ALIGN(attr.nla_len);
	}
}

static void take_part(const uint8_t *part, size_t len, void *context)
{
	const struct nlmsghdr *head;

	for (head = (const struct nlmsghdr *)part; NLMSG_OK(head, len);
	     head = NLMSG_NEXT(head, len))
		if (head->nlmsg_type == family)
			take_lasting((const uint8_t *)NLMSG_DATA(head) + GENL_HDRLEN,
				     (const uint8_t *)head + head->nlmsg_len, context);
}

static void take_snapshot(struct snapshot *to)
{
	struct taking taking = { .to = to };
	int fd = netlink_socket();
	struct request request;
	size_t i;

	to->len = 0;
	for (i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		taking.shown = &shown[i];
		request = (struct request){ .message = begin(family, shown[i].command) };
		if (shown[i].is_dump)
			request.message.head.nlmsg_flags |= NLM_F_DUMP;
		append(to, &shown[i].command, sizeof(shown[i].command));
		if (submit(fd, &request, take_part, &taking).outcome != DONE) {
			fprintf(stderr, "command %d gives no answer\n", shown[i].command);
			exit(2);
		}
	}
	close(fd);
}

static int same(const struct snapshot *a, const struct snapshot *b)
{
	return a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

/* ---- what fails ---- */

static const char *const where[] = {
	"/proc/thread-self/fail-nth",
	"/sys/module/hpkm/parameters/nth",
};

/* Opened before: that allocates, too. */
static int trigger;

static void arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(trigger, text, len, 0) != len)
		die("nth");
}

/* Whether it came to that. */
static int disarm(char *place, size_t room)
{
	ssize_t len = pread(trigger, place, room - 1, 0);

	if (len <= 0)
		die("nth");
	place[len] = '\0';
	place[strcspn(place, "\n")] = '\0';
	arm(0);
	return atoi(place) == 0;
}

/* ---- one request, whose Nth allocation fails ---- */

struct trial {
	const struct plan *plan;
	struct request request;
	struct answer answer;
	char place[128];
	int fd;
};

static void ask_to_undo(void)
{
	char line[8];

	printf("undo\n");
	if (!fgets(line, sizeof(line), stdin) || strcmp(line, "done\n"))
		give_up("not undone");
}

static void undo(const struct plan *plan)
{
	struct request request;
	int fd;

	if (plan->asks)
		ask_to_undo();
	if (!plan->undo)
		return;
	fd = netlink_socket();
	request = parse(plan->undo, NULL);
	if (submit(fd, &request, NULL, NULL).outcome != DONE)
		give_up("not undone: %s", plan->undo);
	close(fd);
}

static void prepare(struct trial *trial)
{
	struct answer answer = { 0 };
	struct request request;
	int i;

	trial->fd = netlink_socket();
	for (i = 0; i < trial->plan->count - 1; i++) {
		request = parse(trial->plan->words[i], &answer.last);
		answer = submit(trial->fd, &request, NULL, NULL);
		if (answer.outcome != DONE)
			give_up("'%.40s' is refused: %s", trial->plan->words[i],
				strerrorname_np(answer.error));
	}
	trial->request = parse(trial->plan->words[i], &answer.last);
}

static struct snapshot before, after, good;
static struct answer expected;

static int as_expected(const struct trial *trial)
{
	return trial->answer.messages == expected.messages &&
	       trial->answer.octets == expected.octets;
}

static void show_difference(const struct snapshot *a, const struct snapshot *b)
{
	size_t at = 0, i;

	while (at < a->len && at < b->len && a->octets[at] == b->octets[at])
		at++;
	printf("# at octet %zu of %zu and %zu, after", at, a->len, b->len);
	for (i = at < 32 ? 0 : at - 32; i < at; i++)
		printf(" %02x", a->octets[i]);
	printf("\n");
}

static int is_done(const struct trial *trial)
{
	if (trial->plan->later)
		return 1;
	take_snapshot(&after);
	if (same(&after, &good))
		return 1;
	show_difference(&after, &good);
	return 0;
}

/*
 * Without a fault, after one.  What was not answered may have been done unseen, and a
 * dump that broke off is in its socket's way: all is prepared anew then.
 */
static const char *try_again(struct trial *trial)
{
	if (trial->answer.outcome == UNANSWERED || trial->request.is_dump) {
		close(trial->fd);
		prepare(trial);
	}
	trial->answer = submit(trial->fd, &trial->request, NULL, NULL);
	if (trial->answer.outcome != DONE)
		return "the next try is refused";
	if (!as_expected(trial))
		return "the next try is answered otherwise";
	return is_done(trial) ? NULL : "the next try leads to another state";
}

static const char *judge(struct trial *trial)
{
	int unchanged;

	if (trial->answer.outcome == DONE) {
		if (!as_expected(trial))
			return "it is answered otherwise, and not refused";
		return is_done(trial) ? NULL : "it leads to another state, and is not refused";
	}
	if (!is_want_of_memory(trial->answer.error))
		return "it is refused for another reason";
	if (trial->plan->later && trial->answer.outcome == UNANSWERED)
		return NULL;
	take_snapshot(&after);
	unchanged = same(&before, &after);
	if (!unchanged && trial->answer.outcome == UNANSWERED && same(&after, &good))
		return NULL;
	if (unchanged)
		return try_again(trial);
	show_difference(&before, &after);
	return "it is refused, and the state has changed";
}

static const char *const outcomes[] = {
	[DONE] = "done", [REFUSED] = "refused", [UNSENT] = "not sent", [UNANSWERED] = "unanswered",
};

/* Returns whether it came to its Nth; exits when that went wrong. */
static int attempt(const struct plan *plan, int nth, int tally[])
{
	struct trial trial = { .plan = plan };
	enum outcome outcome;
	const char *wrong;
	int error, hit;

	prepare(&trial);
	take_snapshot(&before);
	arm(nth);
	trial.answer = submit(trial.fd, &trial.request, NULL, NULL);
	hit = disarm(trial.place, sizeof(trial.place));
	outcome = trial.answer.outcome;
	error = trial.answer.error;
	wrong = judge(&trial);
	close(trial.fd);
	if (wrong || (!hit && outcome != DONE))
		give_up("allocation %d (%s): %s, %s: %s", nth, trial.place, outcomes[outcome],
			error ? strerrorname_np(error) : "no error",
			wrong ? wrong : "without a fault");
	tally[outcome] += hit;
	undo(plan);
	return hit;
}

/* As it is without a fault. */
static void learn(const struct plan *plan)
{
	struct trial trial = { .plan = plan };

	prepare(&trial);
	expected = submit(trial.fd, &trial.request, NULL, NULL);
	if (expected.outcome != DONE)
		give_up("without a fault it is %s: %s %s", outcomes[expected.outcome],
			strerrorname_np(expected.error),
			expected.outcome == REFUSED ? reason(&expected.last) : "");
	if (!plan->later)
		take_snapshot(&good);
	close(trial.fd);
	undo(plan);
}

static void fail_each(const struct plan *plan, const char *through)
{
	int tally[4] = { 0 }, nth;

	trigger = open(through, O_RDWR);
	if (trigger < 0)
		die(through);
	for (nth = 1; attempt(plan, nth, tally); nth++) {
		if (nth == MOST)
			give_up("no end after %d allocations", nth);
	}
	close(trigger);
	say("%s: %d failed: %d refused, %d not sent, %d unanswered, %d done all the same",
	    through, nth - 1, tally[REFUSED], tally[UNSENT], tally[UNANSWERED], tally[DONE]);
	if (through == where[0] && nth == 1)
		give_up("the kernel has made none fail");
}

/* ---- other uses ---- */

static void print_hex(const uint8_t *part, size_t len, void *unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < len; i++)
		printf("%02x", part[i]);
	printf("\n");
}

static int show(char **words, int count)
{
	struct plan plan = { .words = words, .count = count };
	struct trial trial = { .plan = &plan };

	prepare(&trial);
	return submit(trial.fd, &trial.request, print_hex, NULL).outcome;
}

static void print_ops(const uint8_t *at, const uint8_t *end)
{
	const uint32_t *command, *flags;
	struct nlattr attr;
	int len;

	for (; end - at > NLA_HDRLEN; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, NLA_HDRLEN);
		command = find(at + NLA_HDRLEN, at + attr.nla_len, CTRL_ATTR_OP_ID, &len);
		flags = find(at + NLA_HDRLEN, at + attr.nla_len, CTRL_ATTR_OP_FLAGS, &len);
		if (!command || !flags)
			return;
		if (*flags & GENL_CMD_CAP_DO)
			printf("%u\n", *command);
		if (*flags & GENL_CMD_CAP_DUMP)
			printf("%u dump\n", *command);
	}
}

static int commands(void)
{
	struct message request = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY), reply;
	int fd = netlink_socket(), len = 0;
	const uint8_t *ops = NULL;

	put(&request, CTRL_ATTR_FAMILY_NAME, "hpkm", 5);
	if (!ask(fd, &request, &reply))
		ops = attribute(&reply, CTRL_ATTR_OPS, &len);
	if (ops)
		print_ops(ops, ops + len);
	return !ops;
}

static int usage(void)
{
	fprintf(stderr, "usage: nth [-l] [-s | -u REQUEST] REQUEST...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };
	size_t i;
	int option;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "commands"))
		return commands();
	family = family_id(netlink_socket());
	if (argc > 2 && !strcmp(argv[1], "show"))
		return show(argv + 2, argc - 2);
	while ((option = getopt(argc, argv, "lsu:")) != -1) {
		if (option == 'l')
			plan.later = 1;
		else if (option == 'u')
			plan.undo = optarg;
		else if (option == 's')
			plan.asks = 1;
		else
			return usage();
	}
	plan.words = argv + optind;
	plan.count = argc - optind;
	if (!plan.count)
		return usage();
	learn(&plan);
	for (i = 0; i < sizeof(where) / sizeof(*where); i++)
		fail_each(&plan, where[i]);
	return 0;
}
