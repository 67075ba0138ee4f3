// SPDX-License-Identifier: GPL-2.0
/* The passphrase: read where nobody sees it, stretched, wiped. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "interrupt.h"
#include "secret.h"
#include "socket.h"
#include "text.h"

#define ASK_MS		(5 * 60 * 1000)	/* people need a while */

#define STRETCH_PASSES	3
#define STRETCH_MEMORY	(64UL << 20)

static const uint8_t stretch_salt[crypto_pwhash_SALTBYTES] = {
	'h', 'p', 'k', 'm', '1', '-', 's', 'k', '-', 's', 't', 'r', 'e', 't', 'c', 'h'
};

/* There are no core dumps from now on, and libsodium can be used. */
static enum status guard(struct tool *tool)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		complain(tool, "warning: cannot switch core dumps off: %s", strerror(errno));
	if (sodium_init() >= 0)
		return STATUS_DONE;
	complain(tool, "no random numbers");
	return STATUS_FAILED;
}

/**
 * secret_lock_memory - swap nothing out of this process from now on
 * @tool: this run
 *
 * With a limit on locked memory, locking all would make allocations fail, so
 * this needs the privilege to lift it.  A forked process has to do it again.
 */
void secret_lock_memory(struct tool *tool)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &all) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		complain(tool, "warning: cannot lock memory, secrets may be swapped out: %s",
			 strerror(errno));
}

/**
 * secret_guard - neither dump nor swap out what comes into memory from now on
 * @tool: this run
 */
enum status secret_guard(struct tool *tool)
{
	enum status status = guard(tool);

	if (!status)
		secret_lock_memory(tool);
	return status;
}

/**
 * secret_new - memory for a secret that is neither swapped nor dumped
 * @tool: this run
 *
 * Return: the memory, or NULL after a complaint
 */
struct secret *secret_new(struct tool *tool)
{
	struct secret *secret;

	if (guard(tool))
		return NULL;
	secret = sodium_malloc(sizeof(*secret));
	if (!secret) {
		complain(tool, "out of memory");
		return NULL;
	}
	if (sodium_mlock(secret, sizeof(*secret)))
		complain(tool, "warning: cannot lock memory, the passphrase may be swapped out: %s",
			 strerror(errno));
	sodium_memzero(secret, sizeof(*secret));
	return secret;
}

/**
 * secret_free - wipe a secret and give its memory back
 * @secret: the secret, or NULL
 */
void secret_free(struct secret *secret)
{
	if (!secret)
		return;
	sodium_memzero(secret, sizeof(*secret));
	sodium_free(secret);
}

/* Returns octets read, 0 at the end, or a negative errno. */
static int read_some(int fd, uint8_t *to, size_t room, int64_t deadline)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - clock_ms();
	struct timespec limit;
	int ret;

	if (left < 0)
		left = 0;
	limit = (struct timespec){ left / 1000, left % 1000 * 1000000 };
	ret = ppoll(&wait, 1, &limit, interrupt_mask());
	if (!ret)
		return -ETIMEDOUT;
	if (ret > 0)
		ret = read(fd, to, room);
	return ret < 0 ? -errno : ret;
}

/* Reads to the end, or to the end of the line, or until there is no room. */
static int read_all(int fd, uint8_t *to, size_t room, bool line)
{
	int64_t deadline = clock_ms() + ASK_MS;
	size_t used = 0;
	int got;

	while (used < room) {
		got = read_some(fd, to + used, room - used, deadline);
		if ((got == -EINTR && !interrupt_caught()) || got == -EAGAIN)
			continue;
		if (got < 0)
			return got;
		used += got;
		if (!got || (line && to[used - 1] == '\n'))
			break;
	}
	return used;
}

static size_t without_newline(const uint8_t *text, size_t len)
{
	return len && text[len - 1] == '\n' ? len - 1 : len;
}

static enum status check(struct tool *tool, const struct secret *secret)
{
	const char *wrong = NULL;

	if (!secret->len)
		wrong = "is empty";
	else if (secret->len > PASSPHRASE_MAX)
		wrong = "is longer than 1024 octets";
	else if (memchr(secret->passphrase, '\0', secret->len))
		wrong = "has a NUL octet in it";
	else if (!text_is_utf8(secret->passphrase, secret->len))
		wrong = "is not UTF-8";
	if (!wrong)
		return STATUS_DONE;
	return usage_error(tool, "the passphrase %s", wrong);
}

static enum status cannot_read(struct tool *tool, const char *what, int error)
{
	if (interrupt_caught())
		return STATUS_FAILED;
	complain(tool, "cannot read %s: %s", what, strerror(error));
	return error == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED;
}

/**
 * secret_from_fd - read the passphrase from an open file
 * @tool: this run
 * @secret: receives it
 * @fd: the file; one newline at its end does not count
 */
enum status secret_from_fd(struct tool *tool, struct secret *secret, int fd)
{
	int len = read_all(fd, secret->passphrase, sizeof(secret->passphrase), false);

	if (len < 0)
		return cannot_read(tool, "the passphrase", -len);
	secret->len = without_newline(secret->passphrase, len);
	return check(tool, secret);
}

/**
 * secret_from_file - read the passphrase from a file
 * @tool: this run
 * @secret: receives it
 * @name: the file's name, "-" for standard input
 */
enum status secret_from_file(struct tool *tool, struct secret *secret,
			     const char *name)
{
	enum status status;
	int fd;

	if (!strcmp(name, "-"))
		return secret_from_fd(tool, secret, STDIN_FILENO);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return cannot_read(tool, name, errno);
	status = secret_from_fd(tool, secret, fd);
	close(fd);
	return status;
}

static int ask_once(int tty, const char *question, uint8_t *to, size_t room)
{
	int len;

	if (write(tty, question, strlen(question)) < 0)
		return -errno;
	len = read_all(tty, to, room, true);
	if (write(tty, "\n", 1) < 0)
		return -errno;
	return len;
}

static enum status ask_twice(struct tool *tool, struct secret *secret, int tty)
{
	enum status status;
	int len, again;

	len = ask_once(tty, "Passphrase: ", secret->passphrase,
		       sizeof(secret->passphrase));
	if (len < 0)
		return cannot_read(tool, "the passphrase", -len);
	secret->len = without_newline(secret->passphrase, len);
	status = check(tool, secret);
	if (status)
		return status;
	again = ask_once(tty, "Passphrase again: ", secret->again,
			 sizeof(secret->again));
	if (again < 0)
		return cannot_read(tool, "the passphrase", -again);
	again = without_newline(secret->again, again);
	if ((size_t)again != secret->len ||
	    sodium_memcmp(secret->passphrase, secret->again, again))
		return usage_error(tool, "the passphrases differ");
	return STATUS_DONE;
}

/**
 * secret_ask - ask for the passphrase on the terminal, twice and unseen
 * @tool: this run
 * @secret: receives it
 */
enum status secret_ask(struct tool *tool, struct secret *secret)
{
	struct termios before, silent;
	enum status status;
	int tty;

	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &before)) {
		complain(tool, "no terminal to ask on: use 'file' or 'fd'");
		if (tty >= 0)
			close(tty);
		return STATUS_FAILED;
	}
	silent = before;
	silent.c_lflag &= ~(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_lflag |= ICANON;
	/* Ctrl-Z would leave the terminal mute. */
	silent.c_cc[VSUSP] = _POSIX_VDISABLE;
	interrupt_catch();
	if (tcsetattr(tty, TCSAFLUSH, &silent)) {
		status = cannot_read(tool, "the terminal", errno);
	} else {
		status = ask_twice(tool, secret, tty);
		tcsetattr(tty, TCSAFLUSH, &before);
	}
	close(tty);
	return status;
}

/**
 * secret_stretch - make the key of the passphrase
 * @tool: this run
 * @secret: has the passphrase, receives the key
 *
 * Takes about a tenth of a second and 64 MiB, which is the point of it.
 */
enum status secret_stretch(struct tool *tool, struct secret *secret)
{
	if (!crypto_pwhash(secret->key, sizeof(secret->key),
			   (const char *)secret->passphrase, secret->len,
			   stretch_salt, STRETCH_PASSES, STRETCH_MEMORY,
			   crypto_pwhash_ALG_ARGON2ID13))
		return STATUS_DONE;
	complain(tool, "cannot stretch the passphrase: this takes 64 MiB of memory");
	return STATUS_FAILED;
}
