// SPDX-License-Identifier: GPL-2.0
/* persist: the agent that keeps state over power loss. */
#include <string.h>

#include "agent.h"
#include "background.h"
#include "interrupt.h"
#include "objects.h"
#include "secret.h"
#include "text.h"

#define READY_SECONDS	30		/* until the background is entered */
#define ASK_AGAIN_MS	3000		/* without having been told to */

enum persist_keyword { PERSIST_BACKGROUND };

/**
 * struct persist - one run of the agent
 * @path: the folder
 * @seen: bits of the keywords given
 * @ready: all that the module had at the beginning is durable
 * @left: another process goes on
 * @deadline: for being ready, by clock_ms(), if another process waits for it
 */
struct persist {
	const char *path;
	unsigned int seen;
	bool ready;
	bool left;
	int64_t deadline;
};

/* 'background' stands where a folder may be, so it must be written in full. */
static enum status persist_words(struct tool *tool, struct args *args,
				 struct persist *persist)
{
	static const struct word keywords[] = {
		{ "background", PERSIST_BACKGROUND }, { NULL }
	};
	int keyword = 0;

	if (args->count && strcmp(*args->word, "background"))
		persist->path = args_take(args);
	while (keyword >= 0)
		keyword = args_keyword(tool, args, keywords, &persist->seen);
	return keyword == WORD_UNKNOWN ? STATUS_USAGE : STATUS_DONE;
}

static void tell_ready(const struct agent *agent)
{
	size_t count = agent->newer ? agent->listed : agent->restored;
	FILE *to = agent->tool->out;

	fputs("hpkm-nl: keeping state in ", to);
	text_safe(to, agent->store->path, strlen(agent->store->path));
	fprintf(to, ": %zu peer%s %s\n", count, count == 1 ? "" : "s",
		agent->newer ? "as the module has them" : "restored");
	fflush(to);
}

static enum status be_ready(struct agent *agent, struct persist *persist)
{
	persist->ready = true;
	tell_ready(agent);
	if (!(persist->seen & 1 << PERSIST_BACKGROUND))
		return STATUS_DONE;
	switch (background_enter(agent->tool)) {
	case BACKGROUND_ENTERED:
		return STATUS_DONE;
	case BACKGROUND_LEFT:
		persist->left = true;
		return STATUS_DONE;
	case BACKGROUND_FAILED:
		break;
	}
	return STATUS_FAILED;
}

/* A write that waits is told of, but that may get lost. */
static enum status wait_for_write(struct agent *agent, const struct persist *persist)
{
	enum status status;

	if (!persist->ready && clock_ms() >= persist->deadline) {
		complain(agent->tool, "not all state was kept within %d seconds", READY_SECONDS);
		return STATUS_TIMEOUT;
	}
	status = wakeup_wait(agent->tool, clock_ms() + ASK_AGAIN_MS);
	return status == STATUS_TIMEOUT || interrupt_caught() ? STATUS_DONE : status;
}

/* What the module wants written goes first. */
static enum status do_next(struct agent *agent, struct persist *persist)
{
	enum status status;
	bool any;

	status = agent_serve(agent, &any);
	/* As long as there is progress, many peers may take their time. */
	if (any && persist->deadline != INT64_MAX)
		persist->deadline = clock_ms() + 1000 * READY_SECONDS;
	if (status || any || agent_settle(agent))
		return status;
	return wait_for_write(agent, persist);
}

/* A signal is an order to stop, unless another process waits for success. */
static enum status serve(struct agent *agent, struct persist *persist)
{
	enum status status = STATUS_DONE;

	while (!status && !interrupt_caught()) {
		if (!persist->ready && !agent->awaited)
			status = be_ready(agent, persist);
		if (persist->left)
			return STATUS_DONE;
		if (!status)
			status = do_next(agent, persist);
	}
	if (status)
		return status;
	if (!persist->ready && persist->seen & 1 << PERSIST_BACKGROUND) {
		complain(agent->tool, "interrupted before all state was kept");
		return STATUS_FAILED;
	}
	interrupt_obeyed();
	return STATUS_DONE;
}

static enum status run_agent(struct tool *tool, struct persist *persist,
			     struct store *store)
{
	struct agent agent = { .tool = tool, .store = store };
	enum status status = store_load(store);

	if (!status)
		status = agent_begin(&agent);
	if (!status)
		status = serve(&agent, persist);
	return status;
}

static enum status persist_run(struct tool *tool, struct args *args)
{
	struct persist persist = { .path = STORE_DEFAULT, .deadline = INT64_MAX };
	struct store *store = NULL;
	enum status status;

	status = persist_words(tool, args, &persist);
	if (!status)
		status = netlink_open(tool);
	if (!status)
		status = secret_guard(tool);
	if (status)
		return status;
	if (persist.seen & 1 << PERSIST_BACKGROUND)
		persist.deadline = clock_ms() + 1000 * READY_SECONDS;
	interrupt_catch();
	status = store_open(tool, persist.path, true, &store);
	if (!status)
		status = run_agent(tool, &persist, store);
	store_close(store);
	return status;
}

const struct verb persist_verbs[] = {
	{ "persist", "[DIR] [background]", persist_run,
	  "restore what DIR has and keep it up to date, until interrupted" },
	{ NULL }
};
