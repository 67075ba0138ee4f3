// SPDX-License-Identifier: GPL-2.0
/* Signals that end the program, held back until what was begun is undone. */
#include <poll.h>
#include <stddef.h>

#include "interrupt.h"
#include "tool.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static volatile sig_atomic_t caught;
static sigset_t before;
static bool catching;

static void note(int number)
{
	caught = number;
}

/**
 * interrupt_catch - from now on signals only end a wait
 *
 * They are blocked except in ppoll() with interrupt_mask().
 */
void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = note };
	sigset_t held;
	size_t i;

	if (catching)
		return;
	sigemptyset(&held);
	for (i = 0; i < ARRAY_SIZE(ending); i++) {
		sigaddset(&held, ending[i]);
		sigaction(ending[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &held, &before);
	catching = true;
}

/**
 * interrupt_caught - whether a signal came since interrupt_catch()
 *
 * Lets in one that is held back: a wait that finds something does not.
 */
bool interrupt_caught(void)
{
	const struct timespec no_time = { 0 };

	if (catching && !caught)
		ppoll(NULL, 0, &no_time, &before);
	return caught;
}

/**
 * interrupt_obeyed - forget a signal that was an order, and has been carried out
 */
void interrupt_obeyed(void)
{
	caught = 0;
}

/**
 * interrupt_mask - the signal mask for waits
 *
 * Return: what ppoll() takes; NULL, the mask as it is, when nothing is caught
 */
const sigset_t *interrupt_mask(void)
{
	return catching ? &before : NULL;
}

/**
 * interrupt_pass_on - die of the signal that was caught, if one was
 */
void interrupt_pass_on(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	raise(caught);
}
