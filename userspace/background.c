// SPDX-License-Identifier: GPL-2.0
/* Going on without the terminal; complaints go to the system's log then. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <syslog.h>
#include <unistd.h>

#include "background.h"
#include "secret.h"

static ssize_t to_log(void *cookie, const char *text, size_t len)
{
	(void)cookie;
	syslog(LOG_WARNING, "%.*s", (int)len, text);
	return len;
}

static FILE *open_log(void)
{
	FILE *log = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = to_log });

	/* One complaint, one entry. */
	if (log)
		setvbuf(log, NULL, _IOLBF, BUFSIZ);
	openlog(NULL, LOG_PID, LOG_DAEMON);
	return log;
}

static void leave_terminal(struct tool *tool)
{
	FILE *log = open_log();
	int null, fd;

	if (log)
		tool->err = log;
	setsid();
	if (chdir("/"))
		complain(tool, "cannot leave the folder: %s", strerror(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

/**
 * background_enter - go on in a new process that has no terminal
 * @tool: this run
 *
 * Sockets and locks belong to both; only what is closed in both is given up.
 *
 * Return: BACKGROUND_LEFT in the old process, BACKGROUND_ENTERED in the new
 * one, or BACKGROUND_FAILED after a complaint
 */
enum background background_enter(struct tool *tool)
{
	pid_t child;

	fflush(tool->out);
	fflush(tool->err);
	child = fork();
	if (child < 0) {
		complain(tool, "cannot go to the background: %s", strerror(errno));
		return BACKGROUND_FAILED;
	}
	if (child)
		return BACKGROUND_LEFT;
	leave_terminal(tool);
	secret_lock_memory(tool);
	return BACKGROUND_ENTERED;
}
