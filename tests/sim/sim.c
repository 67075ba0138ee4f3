// SPDX-License-Identifier: GPL-2.0
/*
 * sim --seed S --steps N --suite X [--trace STEP]
 *
 * With --trace all is told that happens from that step on.
 *
 * Runs two devices through storms and calms.  What is printed, and whether
 * anything is found, follows from the seed and the number of steps alone, but
 * for the speed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "world.h"

/* In so many steps each thing must have happened once. */
#define ENOUGH	150000

static const char *const happening[HAPPENED] = {
	[HAPPENED_SESSION] = "sessions", [HAPPENED_UPDATE] = "updates",
	[HAPPENED_NAK] = "NAKs", [HAPPENED_PAIRING] = "pairings",
	[HAPPENED_RENEWED] = "contexts renewed", [HAPPENED_MESSAGE] = "messages",
	[HAPPENED_RECORD] = "records", [HAPPENED_CRASH] = "crashes",
	[HAPPENED_WRITE] = "writes", [HAPPENED_WRITE_FAILED] = "writes failed",
	[HAPPENED_WRITE_AMBIGUOUS] = "writes done but reported failed",
	[HAPPENED_WRITE_LATE] = "writes given up", [HAPPENED_LOST] = "frames lost",
	[HAPPENED_DUPLICATED] = "frames duplicated", [HAPPENED_REPLAYED] = "frames replayed",
	[HAPPENED_REFLECTED] = "frames reflected", [HAPPENED_SPOILT] = "frames spoilt",
	[HAPPENED_CLOCK] = "clock jumps", [HAPPENED_CARRIER] = "carrier losses",
	[HAPPENED_DETACHED] = "links detached", [HAPPENED_AGENT] = "agents gone",
	[HAPPENED_NO_MEMORY] = "allocations failed", [HAPPENED_PROMOTED] = "epochs promoted",
	[HAPPENED_DROPPED] = "epochs dropped", [HAPPENED_STORM] = "storms",
};

struct options {
	u64 seed;
	u64 steps;
	u64 trace;
	const struct hpkm_suite *suite;
};

static void usage(void)
{
	fprintf(stderr, "usage: sim --seed S --steps N --suite SUITE [--trace STEP]\n"
		"SUITE is xor, chacha20poly1305 or chacha20poly1305-x25519\n");
	exit(2);
}

static const struct hpkm_suite *suite_called(const char *name)
{
	u8 id;

	for (id = 0; hpkm_suite_by_id(id); id++)
		if (!strcmp(hpkm_suite_by_id(id)->name, name))
			return hpkm_suite_by_id(id);
	usage();
	return NULL;
}

static u64 number_in(const char *text)
{
	char *end;
	u64 value = strtoull(text, &end, 0);

	if (!*text || *end)
		usage();
	return value;
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "steps", required_argument, NULL, 'n' },
		{ "suite", required_argument, NULL, 'x' },
		{ "trace", required_argument, NULL, 't' },
		{},
	};
	struct options options = { .trace = HPKM_NEVER };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 's')
			options.seed = number_in(optarg);
		else if (option == 'n')
			options.steps = number_in(optarg);
		else if (option == 't')
			options.trace = number_in(optarg);
		else if (option == 'x')
			options.suite = suite_called(optarg);
		else
			usage();
	}
	if (optind != argc || !options.steps || !options.suite)
		usage();
	return options;
}

static double seconds_used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static bool can_happen(const struct world *world, enum happening what)
{
	return what != HAPPENED_SPOILT || !world->suite->insecure;
}

/* A run in which a kind of fault never came shows nothing about it. */
static void is_thorough(struct world *world)
{
	enum happening what;

	if (world->steps < ENOUGH)
		return;
	for (what = 0; what < HAPPENED; what++)
		if (can_happen(world, what) && !world->happened[what])
			world_broken(world, "thorough", "no %s in all that time", happening[what]);
}

static void report(const struct world *world, double seconds)
{
	enum happening what;
	enum goal goal;

	printf("%.1f hours of theirs", world->now / 1e9 / 3600);
	for (what = 0; what < HAPPENED; what++)
		printf(", %llu %s", (unsigned long long)world->happened[what], happening[what]);
	printf("\nslowest in calm (s): ");
	for (goal = GOAL_SESSION; goal < GOAL_DONE; goal++)
		printf(" %.1f", world->goal_slowest[goal] / 1e9);
	printf("\n%llu steps, %.0f a second\n", (unsigned long long)world->steps,
	       world->steps / seconds);
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct world *world = world_create(options.suite, options.seed);

	world->trace = options.trace;
	while (world->steps < options.steps)
		world_step(world);
	is_thorough(world);
	report(world, seconds_used());
	world_destroy(world);
	return EXIT_SUCCESS;
}
