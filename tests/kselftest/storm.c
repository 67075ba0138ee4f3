// SPDX-License-Identifier: GPL-2.0
/*
 * storm A B SEED FIFO: joins two interfaces like a cable on a bad day.
 *
 * Commands are lines read from FIFO; each is answered on standard error by
 * "# COMMAND":
 *	storm		a new one: how often frames are lost (up to 60 %), doubled,
 *			delayed (up to 5 s), changed, reflected, and how often one
 *			from long ago comes again is drawn anew
 *	calm		each frame is passed on once and at once; what was under
 *			way still arrives
 *	count		how many frames met which fate, as NAME VALUE lines
 *
 * All that is drawn follows from SEED and from how many frames came before, by
 * splitmix64.  What is kept to come again was taken at regular distances from all
 * that ever came, so that some of it is as old as the whole test.
 */
#include "packet.h"
#include <poll.h>
#include <stdbool.h>
#include <time.h>

#define WAITING_MAX	8192
#define KEPT		1024
#define DELAY_MAX	5000	/* ms */
#define PER_MILLE	1000

enum fate { LOST, DOUBLED, DELAYED, CHANGED, REFLECTED, REPLAYED, FATES };

/* At most, in a thousand; each storm has a quarter to all of it. */
static const struct {
	const char *name;
	unsigned int most;
} fates[FATES] = {
	[LOST] = { "lost", 600 },
	[DOUBLED] = { "doubled", 200 },
	[DELAYED] = { "delayed", 300 },
	[CHANGED] = { "changed", 100 },
	[REFLECTED] = { "reflected", 50 },
	[REPLAYED] = { "replayed", 100 },
};

struct frame {
	int from;	/* 0: side a, 1: side b */
	int len;
	uint64_t due;	/* milliseconds */
	uint8_t *data;
};

static int side[2];
static unsigned int share[FATES];
static unsigned long long count[FATES], passed, came;
static struct frame waiting[WAITING_MAX], kept[KEPT];
static int waiting_count;
static uint64_t state;

static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ULL + time.tv_nsec / 1000000;
}

static bool meets(enum fate fate)
{
	if (draw() % PER_MILLE >= share[fate])
		return false;
	count[fate]++;
	return true;
}

static uint8_t *copy_of(const uint8_t *data, int len)
{
	uint8_t *copy = malloc(len);

	if (!copy)
		die("malloc");
	memcpy(copy, data, len);
	return copy;
}

/* A queue that is full or an interface that is down loses it, as a cable does. */
static void send_on(int from, const uint8_t *data, int len)
{
	if (send(side[!from], data, len, 0) == len)
		passed++;
}

static void delay(int from, const uint8_t *data, int len)
{
	struct frame *frame = &waiting[waiting_count];

	if (waiting_count == WAITING_MAX) {
		count[LOST]++;
		return;
	}
	waiting_count++;
	*frame = (struct frame){ from, len, now() + draw() % DELAY_MAX, copy_of(data, len) };
}

static void send_due(void)
{
	uint64_t time = now();
	int i = 0;

	while (i < waiting_count) {
		if (waiting[i].due > time) {
			i++;
			continue;
		}
		send_on(waiting[i].from, waiting[i].data, waiting[i].len);
		free(waiting[i].data);
		waiting[i] = waiting[--waiting_count];
	}
}

/* A sample of all that came: each frame has the same chance of being in it. */
static void keep(int from, const uint8_t *data, int len)
{
	unsigned long long place = came < KEPT ? came : draw() % (came + 1);

	came++;
	if (place >= KEPT)
		return;
	free(kept[place].data);
	kept[place] = (struct frame){ from, len, 0, copy_of(data, len) };
}

static void replay(void)
{
	const struct frame *frame = &kept[draw() % (came < KEPT ? came : KEPT)];

	send_on(frame->from, frame->data, frame->len);
}

static void change(uint8_t *data, int len)
{
	int bits = 1 + draw() % 4;

	while (bits--)
		data[draw() % len] ^= 1 << draw() % 8;
}

static void reflect(int from, uint8_t *data, int len)
{
	uint8_t to[6];

	memcpy(to, data, sizeof(to));
	memcpy(data, data + 6, sizeof(to));
	memcpy(data + 6, to, sizeof(to));
	send_on(!from, data, len);
}

static void pass(int from, uint8_t *data, int len)
{
	if (meets(REPLAYED))
		replay();
	if (meets(LOST))
		return;
	if (meets(DOUBLED))
		send_on(from, data, len);
	if (meets(CHANGED))
		change(data, len);
	if (meets(REFLECTED))
		reflect(from, data, len);
	else if (meets(DELAYED))
		delay(from, data, len);
	else
		send_on(from, data, len);
}

static void take_frame(int from)
{
	static uint8_t data[FRAME_MAX];
	int len = recv(side[from], data, sizeof(data), 0);

	if (len < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
		die("recv");
	if (len < ETHER_LEN)
		return;
	keep(from, data, len);
	pass(from, data, len);
}

static void begin_storm(void)
{
	int fate;

	for (fate = 0; fate < FATES; fate++)
		share[fate] = fates[fate].most - draw() % (fates[fate].most * 3 / 4);
}

static void report(void)
{
	int fate;

	printf("came %llu\npassed %llu\n", came, passed);
	for (fate = 0; fate < FATES; fate++)
		printf("%s %llu\n", fates[fate].name, count[fate]);
}

static void take_command(FILE *from)
{
	char line[64];

	if (!fgets(line, sizeof(line), from))
		die("commands");
	if (!strcmp(line, "storm\n"))
		begin_storm();
	else if (!strcmp(line, "calm\n"))
		memset(share, 0, sizeof(share));
	else if (!strcmp(line, "count\n"))
		report();
	else
		fprintf(stderr, "# refused ");
	fflush(stdout);
	fprintf(stderr, "# %s", line);
}

int main(int argc, char **argv)
{
	struct pollfd wait[3];
	FILE *commands;
	int i;

	if (argc != 5) {
		fprintf(stderr, "usage: storm A B SEED FIFO\n");
		return 2;
	}
	state = strtoull(argv[3], NULL, 0);
	/* Read and write: so the end of one writer is not the end of the file. */
	commands = fopen(argv[4], "r+");
	if (!commands)
		die(argv[4]);
	/* A line at a time, or poll() would not know of those read ahead. */
	setvbuf(commands, NULL, _IONBF, 0);
	for (i = 0; i < 2; i++) {
		side[i] = packet_socket(argv[1 + i]);
		wait[i] = (struct pollfd){ .fd = side[i], .events = POLLIN };
	}
	wait[2] = (struct pollfd){ .fd = fileno(commands), .events = POLLIN };
	fprintf(stderr, "# ready\n");
	for (;;) {
		if (poll(wait, 3, waiting_count ? 1 : -1) < 0 && errno != EINTR)
			die("poll");
		send_due();
		if (wait[2].revents & POLLIN)
			take_command(commands);
		for (i = 0; i < 2; i++)
			if (wait[i].revents)
				take_frame(i);
	}
}
