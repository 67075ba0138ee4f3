// SPDX-License-Identifier: GPL-2.0
/*
 * cable A B FIFO: joins two interfaces like a cable that one can tamper with.
 *
 * Every frame is one line on standard output:
 *	NUMBER DIRECTION TYPE LENGTH FATE HEX
 * DIRECTION is a>b or b>a; TYPE is C1..C5, ACK, DATA, P1..P6 or 0x and an
 * EtherType; FATE is ok, drop, dup, hold, late, xor, reflect or down.  HEX is the
 * frame as it arrived, from the Ethernet header on.
 *
 * Commands are lines read from FIFO; each is answered on standard error, when it is
 * in force, by "# COMMAND":
 *	ACTION DIRECTION TYPE [skip N] [every N] [count N] [len N] [at N HEX] [repeat]
 *		a rule.  ACTION is drop, dup, hold, reflect (to its sender, as if
 *		from whom it was for) or xor; DIRECTION and TYPE may be "any";
 *		len is the frame's without the Ethernet header; xor changes HEX
 *		at that offset behind the Ethernet header, with repeat over and
 *		over up to the end.  All xor rules apply, of the others the first
 *		that matches.
 *	clear		forget all rules
 *	release [back]	send what is held, in its order or the other way round
 *	send a|b HEX	send a frame to the side of A or of B
 *	replay NUMBER	send a frame of the log once more, the same way
 */
#include "packet.h"
#include <fcntl.h>
#include <poll.h>
#include <sched.h>

#define RULES		32
#define KEPT		8192	/* frames that can be replayed */
#define PATTERN_MAX	256

enum action { DROP, DUP, HOLD, REFLECT, XOR };
static const char *const actions[] = { "drop", "dup", "hold", "reflect", "xor" };
static const char *const directions[] = { "a>b", "b>a" };

struct frame {
	int from;	/* 0: side a, 1: side b */
	int len;
	uint8_t *data;
};

struct rule {
	enum action action;
	int from;	/* -1: any */
	char type[8];
	unsigned int skip;
	unsigned int every;
	unsigned int count;
	int len;
	int at;
	int pattern_len;
	int repeat;
	uint8_t pattern[PATTERN_MAX];
	unsigned int seen;
	unsigned int done;
};

static int side[2];
static struct rule rules[RULES];
static int rule_count;
static struct frame kept[KEPT];
static unsigned int number;
static struct frame held[KEPT];
static int held_count;

static void type_of(const struct frame *frame, char name[8])
{
	int type = frame->len > ETHER_LEN ? frame->data[ETHER_LEN] : 0;

	if (frame->len < ETHER_LEN || ether_type(frame->data) != ETHERTYPE)
		snprintf(name, 8, "0x%04x",
			 frame->len < ETHER_LEN ? 0 : ether_type(frame->data));
	else if (type >= C1 && type <= C5)
		snprintf(name, 8, "C%d", type);
	else if (type >= P1 && type <= P6)
		snprintf(name, 8, "P%d", type - P1 + 1);
	else
		strcpy(name, type == ACK ? "ACK" : type == DATA ? "DATA" : "odd");
}

static struct frame copy_of(const struct frame *frame)
{
	struct frame copy = *frame;

	copy.data = malloc(frame->len + 1);
	if (!copy.data)
		die("malloc");
	memcpy(copy.data, frame->data, frame->len);
	return copy;
}

static void say_frame(const struct frame *frame, const char *fate)
{
	static char hex[2 * FRAME_MAX + 1];
	char type[8];

	type_of(frame, type);
	to_hex(frame->data, frame->len, hex);
	printf("%u %s %s %d %s %s\n", number, directions[frame->from], type,
	       frame->len, fate, hex);
	fflush(stdout);
}

/* Returns whether it went out. */
static int send_on(const struct frame *frame)
{
	return send(side[!frame->from], frame->data, frame->len, 0) == frame->len;
}

static int send_back(const struct frame *frame)
{
	static uint8_t data[FRAME_MAX];
	struct frame back = { .from = !frame->from, .len = frame->len, .data = data };

	memcpy(data, frame->data, frame->len);
	memcpy(data, frame->data + 6, 6);
	memcpy(data + 6, frame->data, 6);
	return send_on(&back);
}

static int applies(struct rule *rule, const struct frame *frame, const char *type)
{
	unsigned int seen;

	if (rule->from >= 0 && rule->from != frame->from)
		return 0;
	if (strcmp(rule->type, "any") && strcmp(rule->type, type))
		return 0;
	if (rule->len && rule->len != frame->len - ETHER_LEN)
		return 0;
	seen = rule->seen++;
	if (seen < rule->skip || (seen - rule->skip) % rule->every)
		return 0;
	return !rule->count || rule->done++ < rule->count;
}

static void apply_xor(const struct rule *rule, struct frame *frame)
{
	int at = ETHER_LEN + rule->at;
	int i, end = frame->len;

	if (!rule->repeat && at + rule->pattern_len < end)
		end = at + rule->pattern_len;
	for (i = 0; at + i < end; i++)
		frame->data[at + i] ^= rule->pattern[i % rule->pattern_len];
}

static const char *pass(struct frame *frame)
{
	const char *fate = "ok";
	char type[8];
	int i, first = -1;

	type_of(frame, type);
	for (i = 0; i < rule_count; i++) {
		if (first >= 0 && rules[i].action != XOR)
			continue;
		if (!applies(&rules[i], frame, type))
			continue;
		if (rules[i].action == XOR) {
			apply_xor(&rules[i], frame);
			fate = "xor";
		} else {
			first = i;
		}
	}
	if (first < 0)
		return send_on(frame) ? fate : "down";
	if (rules[first].action == HOLD && held_count < KEPT)
		held[held_count++] = copy_of(frame);
	if (rules[first].action == DUP)
		return send_on(frame) && send_on(frame) ? "dup" : "down";
	if (rules[first].action == REFLECT)
		return send_back(frame) ? "reflect" : "down";
	return actions[rules[first].action];
}

static void take_frame(int from)
{
	static uint8_t data[FRAME_MAX];
	struct frame frame = { .from = from, .data = data };
	struct frame *slot = &kept[++number % KEPT];

	frame.len = recv(side[from], data, sizeof(data), 0);
	if (frame.len < 0) {
		number--;
		if (errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
			die("recv");
		return;
	}
	free(slot->data);
	*slot = copy_of(&frame);
	say_frame(slot, pass(&frame));
}

static void release(int back)
{
	struct frame *frame;
	int i;

	for (i = 0; i < held_count; i++) {
		frame = &held[back ? held_count - 1 - i : i];
		number++;
		say_frame(frame, send_on(frame) ? "late" : "down");
		free(frame->data);
	}
	held_count = 0;
}

static int from_word(const char *word)
{
	if (!strcmp(word, directions[0]))
		return 0;
	return strcmp(word, directions[1]) ? -1 : 1;
}

static int take_option(struct rule *rule, const char *word)
{
	const char *value = strtok(NULL, " ");

	if (!value)
		return 0;
	if (!strcmp(word, "skip"))
		rule->skip = atoi(value);
	else if (!strcmp(word, "every"))
		rule->every = atoi(value);
	else if (!strcmp(word, "count"))
		rule->count = atoi(value);
	else if (!strcmp(word, "len"))
		rule->len = atoi(value);
	else if (strcmp(word, "at"))
		return 0;
	if (strcmp(word, "at"))
		return 1;
	rule->at = atoi(value);
	value = strtok(NULL, " ");
	if (value)
		rule->pattern_len = from_hex(value, rule->pattern, PATTERN_MAX);
	return rule->pattern_len > 0;
}

static int add_rule(enum action action)
{
	struct rule rule = { .action = action, .every = 1 };
	const char *from = strtok(NULL, " "), *type = strtok(NULL, " ");
	const char *word;

	if (!from || !type || rule_count == RULES)
		return 0;
	rule.from = from_word(from);
	snprintf(rule.type, sizeof(rule.type), "%s", type);
	while ((word = strtok(NULL, " "))) {
		if (!strcmp(word, "repeat"))
			rule.repeat = 1;
		else if (!take_option(&rule, word))
			return 0;
	}
	if (!rule.every)
		return 0;
	/* XOR needs a pattern, and nothing else has a use for one. */
	if (action == XOR ? !rule.pattern_len : rule.pattern_len)
		return 0;
	rules[rule_count++] = rule;
	return 1;
}

static int send_hex(void)
{
	static uint8_t data[FRAME_MAX];
	const char *to = strtok(NULL, " "), *hex = strtok(NULL, " ");
	struct frame frame = { .data = data };

	if (!to || !hex)
		return 0;
	frame.from = !strcmp(to, "a");
	frame.len = from_hex(hex, data, sizeof(data));
	return frame.len > 0 && send_on(&frame);
}

static int replay(void)
{
	const char *word = strtok(NULL, " ");
	unsigned int wanted = word ? atoi(word) : 0;

	if (!wanted || wanted > number || wanted + KEPT <= number)
		return 0;
	return kept[wanted % KEPT].data && send_on(&kept[wanted % KEPT]);
}

static int obey(char *line)
{
	const char *word = strtok(line, " ");
	int i;

	if (!word)
		return 0;
	for (i = DROP; i <= XOR; i++)
		if (!strcmp(word, actions[i]))
			return add_rule(i);
	if (!strcmp(word, "clear"))
		rule_count = 0;
	else if (!strcmp(word, "release"))
		release(!!strtok(NULL, " "));
	else if (!strcmp(word, "send"))
		return send_hex();
	else if (!strcmp(word, "replay"))
		return replay();
	else
		return 0;
	return 1;
}

static void take_command(FILE *from)
{
	static char line[2 * FRAME_MAX + 64], copy[sizeof(line)];

	if (!fgets(line, sizeof(line), from))
		die("commands");
	line[strcspn(line, "\n")] = '\0';
	strcpy(copy, line);
	fprintf(stderr, "%s %s\n", obey(line) ? "#" : "# refused", copy);
}

/* Frames that are sent on different CPUs may overtake each other. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

int main(int argc, char **argv)
{
	struct pollfd wait[3];
	FILE *commands;
	int i;

	if (argc != 4) {
		fprintf(stderr, "usage: cable A B FIFO\n");
		return 2;
	}
	/* Read and write: so the end of one writer is not the end of the file. */
	stay_on_one_cpu();
	commands = fopen(argv[3], "r+");
	if (!commands)
		die(argv[3]);
	/* A line at a time, or poll() would not know of those read ahead. */
	setvbuf(commands, NULL, _IONBF, 0);
	for (i = 0; i < 2; i++) {
		side[i] = packet_socket(argv[1 + i]);
		wait[i] = (struct pollfd){ .fd = side[i], .events = POLLIN };
	}
	wait[2] = (struct pollfd){ .fd = fileno(commands), .events = POLLIN };
	fprintf(stderr, "# ready\n");
	for (;;) {
		if (poll(wait, 3, -1) < 0 && errno != EINTR)
			die("poll");
		if (wait[2].revents & POLLIN)
			take_command(commands);
		for (i = 0; i < 2; i++)
			if (wait[i].revents)
				take_frame(i);
	}
}
