// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that is slow, fails or does not tell the truth, for the persist agent:
 *
 *	FAULTS=DIR LD_PRELOAD=libfaults.so hpkm-nl persist ...
 *
 * The agent makes a slot durable by renameat() and fsync() of the folder.  What
 * happens there is the rule's word, one line in DIR/rule that is read anew each
 * time:
 *
 *	PREFIX SKIP ACTION [SECONDS]
 *
 * It concerns the writes of files whose names begin with PREFIX, once SKIP of
 * them have passed since the rule was made.  A slot that says what the other
 * slot says already is no write in this sense: the agent makes such copies when
 * it has nothing else to do.  ACTION is one of
 *
 *	before	stop before the rename until the rule is gone or another one
 *	between	stop between the rename and the fsync
 *	after	stop after the fsync, before the agent can say that it is done
 *	slow	stop before the rename for SECONDS at most
 *	fail	EIO in place of the rename
 *	lie	rename and fsync, and then EIO
 *
 * DIR/reached appears when that has happened, or with the first three when the
 * agent has stopped.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOT_MOST	4096
#define SLOT_HEAD	24	/* before what the two slots may have in common */
#define SLOT_MAC	32	/* and behind it */
#define LOOK_AGAIN_US	20000
#define FOR_EVER	((time_t)1 << 40)

enum action { NOTHING, BEFORE, BETWEEN, AFTER, SLOW, FAIL, LIE, ACTIONS };

static const char *const action_names[ACTIONS] = {
	"nothing", "before", "between", "after", "slow", "fail", "lie"
};

/**
 * struct rule - what DIR/rule says
 * @made: tells it from one that says the same
 * @prefix: of the files it concerns
 * @skip: writes that pass
 * @action: what happens to the others
 * @seconds: for SLOW
 */
struct rule {
	struct timespec made;
	char prefix[64];
	unsigned int skip;
	enum action action;
	unsigned int seconds;
};

static struct timespec counting;	/* the rule that @passed is about */
static unsigned int passed;
static enum action at_fsync;		/* of the folder, after a rename */

static const char *in_folder(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("FAULTS"), name);
	return path;
}

static enum action action_by_name(const char *name)
{
	enum action action;

	for (action = ACTIONS - 1; action > NOTHING; action--)
		if (!strcmp(name, action_names[action]))
			break;
	return action;
}

static bool read_rule(struct rule *rule)
{
	FILE *file = getenv("FAULTS") ? fopen(in_folder("rule"), "re") : NULL;
	char action[16] = "";
	struct stat stat;
	bool found;

	*rule = (struct rule){ 0 };
	if (!file)
		return false;
	found = !fstat(fileno(file), &stat) &&
		fscanf(file, "%63s %u %15s %u", rule->prefix, &rule->skip, action,
		       &rule->seconds) >= 3;
	fclose(file);
	rule->made = stat.st_mtim;
	rule->action = action_by_name(action);
	return found;
}

static bool same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

static void reached(void)
{
	int fd = open(in_folder("reached"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* A new rule means: go on. */
static void stop(time_t until)
{
	struct rule rule;

	do {
		usleep(LOOK_AGAIN_US);
	} while (seconds_now() < until && read_rule(&rule) &&
		 same_time(&rule.made, &counting));
}

static void stop_here(void)
{
	reached();
	stop(FOR_EVER);
}

static ssize_t read_file(int dir, const char *name, char *data)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, data, SLOT_MOST);

	if (fd >= 0)
		close(fd);
	return len;
}

/* Apart from its number, which is in the head, and so from the MAC. */
static bool is_copy(int dir, const char *temporary, const char *name)
{
	static char data[SLOT_MOST], other_data[SLOT_MOST];
	char other[64];
	ssize_t len = read_file(dir, temporary, data);

	snprintf(other, sizeof(other), "%s", name);
	other[strlen(other) - 1] ^= '0' ^ '1';
	return len > SLOT_HEAD + SLOT_MAC && read_file(dir, other, other_data) == len &&
	       !memcmp(data + SLOT_HEAD, other_data + SLOT_HEAD, len - SLOT_HEAD - SLOT_MAC);
}

static enum action action_for(int dir, const char *temporary, const char *name,
			      struct rule *rule)
{
	if (!read_rule(rule) || strncmp(name, rule->prefix, strlen(rule->prefix)) ||
	    is_copy(dir, temporary, name))
		return NOTHING;
	if (!same_time(&rule->made, &counting)) {
		counting = rule->made;
		passed = 0;
	}
	return passed++ < rule->skip ? NOTHING : rule->action;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int (*next)(int from_dir, const char *from, int to_dir, const char *to) =
		dlsym(RTLD_NEXT, "renameat");
	struct rule rule;

	at_fsync = action_for(from_dir, from, to, &rule);
	switch (at_fsync) {
	case BEFORE:
		stop_here();
		break;
	case SLOW:
		stop(seconds_now() + rule.seconds);
		break;
	case FAIL:
		reached();
		errno = EIO;
		return -1;
	default:
		break;
	}
	return next(from_dir, from, to_dir, to);
}

static bool is_folder(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) && S_ISDIR(stat.st_mode);
}

int fsync(int fd)
{
	int (*next)(int fd) = dlsym(RTLD_NEXT, "fsync");
	enum action action;
	int ret;

	if (!is_folder(fd))
		return next(fd);
	action = at_fsync;
	at_fsync = NOTHING;
	if (action == BETWEEN)
		stop_here();
	ret = next(fd);
	if (action == AFTER)
		stop_here();
	if (action == SLOW || action == LIE)
		reached();
	if (action != LIE)
		return ret;
	errno = EIO;
	return -1;
}
