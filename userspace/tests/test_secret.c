// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_says.h"
#include "secret.h"
#include "text.h"

static struct tool tool;
static struct secret *secret;
static char *said;
static size_t said_len;

static int make(void **state)
{
	(void)state;
	tool = (struct tool){ .err = open_memstream(&said, &said_len) };
	secret = secret_new(&tool);
	return !secret;
}

static int forget(void **state)
{
	(void)state;
	secret_free(secret);
	fclose(tool.err);
	free(said);
	return 0;
}

static const char *complaint(void)
{
	fflush(tool.err);
	return said;
}

static enum status read_octets(const void *data, size_t len)
{
	enum status status;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], data, len), len);
	close(ends[1]);
	status = secret_from_fd(&tool, secret, ends[0]);
	close(ends[0]);
	return status;
}

static void expect_key(const char *wanted)
{
	char *hex;

	assert_int_equal(secret_stretch(&tool, secret), STATUS_DONE);
	hex = text_hex(secret->key, sizeof(secret->key));
	assert_string_equal(hex, wanted);
	free(hex);
}

static void known_answer(void **state)
{
	(void)state;
	assert_int_equal(read_octets("correct horse battery staple", 28), STATUS_DONE);
	assert_int_equal(secret->len, 28);
	expect_key("cc25ee5db412301f31903d42d8cd4deecdb5959492b7e7d6fd14dd33a663c76e");
}

static void one_newline_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(read_octets("correct horse battery staple\n", 29), STATUS_DONE);
	assert_int_equal(secret->len, 28);
	expect_key("cc25ee5db412301f31903d42d8cd4deecdb5959492b7e7d6fd14dd33a663c76e");
	assert_int_equal(read_octets("a\n\n", 3), STATUS_DONE);
	assert_int_equal(secret->len, 2);
}

static void lengths_have_bounds(void **state)
{
	char text[1100];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(read_octets(text, 1024), STATUS_DONE);
	assert_int_equal(secret->len, 1024);
	assert_int_equal(read_octets(text, 1025), STATUS_USAGE);
	assert_int_equal(read_octets(text, 1100), STATUS_USAGE);
	assert_non_null(strstr(complaint(), "longer than 1024"));
	text[1024] = '\n';
	assert_int_equal(read_octets(text, 1025), STATUS_DONE);
	text[1025] = '\n';
	assert_int_equal(read_octets(text, 1026), STATUS_USAGE);
}

static void nothing_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_octets("", 0), STATUS_USAGE);
	assert_int_equal(read_octets("\n", 1), STATUS_USAGE);
	assert_non_null(strstr(complaint(), "is empty"));
}

static void nul_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_octets("a\0b", 3), STATUS_USAGE);
	assert_non_null(strstr(complaint(), "NUL"));
}

static void other_encodings_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_octets("p\xe4ss", 4), STATUS_USAGE);
	assert_non_null(strstr(complaint(), "UTF-8"));
	assert_int_equal(read_octets("p\xc3\xa4ss", 5), STATUS_DONE);
}

static void files_are_read(void **state)
{
	char name[] = "/tmp/hpkm-nl-test-XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	close(fd);
	assert_int_equal(secret_from_file(&tool, secret, name), STATUS_DONE);
	assert_int_equal(secret->len, 6);
	unlink(name);
	assert_int_equal(secret_from_file(&tool, secret, name), STATUS_FAILED);
	assert_non_null(strstr(complaint(), "No such file"));
	assert_int_equal(secret_from_fd(&tool, secret, 999), STATUS_FAILED);
}

static void core_dumps_are_off(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
}

/* Reads from the terminal until the text has come. */
static void await(int terminal, char *seen, size_t size, const char *text)
{
	struct pollfd wait = { .fd = terminal, .events = POLLIN };
	size_t used = strlen(seen);
	ssize_t got;

	while (!strstr(seen, text)) {
		assert_int_equal(poll(&wait, 1, 10000), 1);
		got = read(terminal, seen + used, size - 1 - used);
		assert_true(got > 0);
		used += got;
		seen[used] = '\0';
	}
}

/* What a user at a terminal sees, and the status that comes of it. */
static enum status at_terminal(const char *first, const char *second, char seen[512])
{
	int terminal, status = 0;
	pid_t child;

	*seen = '\0';
	child = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(child >= 0);
	if (!child) {
		status = secret_ask(&tool, secret);
		/* The answer comes back as an exit status of its own. */
		if (!status && (secret->len != strlen(first) - 1 ||
				memcmp(secret->passphrase, first, secret->len)))
			status = 99;
		_exit(status);
	}
	await(terminal, seen, 512, "Passphrase: ");
	assert_int_equal(write(terminal, first, strlen(first)), strlen(first));
	if (second) {
		await(terminal, seen, 512, "Passphrase again: ");
		assert_int_equal(write(terminal, second, strlen(second)), strlen(second));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(terminal);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void prompt_asks_twice_unseen(void **state)
{
	char seen[512];

	(void)state;
	assert_int_equal(at_terminal("hush hush\n", "hush hush\n", seen), STATUS_DONE);
	assert_null(strstr(seen, "hush"));
}

static void prompt_refuses_a_difference(void **state)
{
	char seen[512];

	(void)state;
	assert_int_equal(at_terminal("hush hush\n", "hush hash\n", seen), STATUS_USAGE);
	assert_int_equal(at_terminal("hush\n", "hush hush\n", seen), STATUS_USAGE);
	assert_int_equal(at_terminal("hush hush\n", "hush\n", seen), STATUS_USAGE);
}

static void prompt_refuses_nothing(void **state)
{
	char seen[512];

	(void)state;
	assert_int_equal(at_terminal("\n", NULL, seen), STATUS_USAGE);
	assert_int_equal(at_terminal("\x04", NULL, seen), STATUS_USAGE);
}

static void prompt_can_be_interrupted(void **state)
{
	char seen[512];

	(void)state;
	assert_int_equal(at_terminal("\x03", NULL, seen), STATUS_FAILED);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, make, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(known_answer),
		TEST(one_newline_does_not_count),
		TEST(lengths_have_bounds),
		TEST(nothing_is_refused),
		TEST(nul_is_refused),
		TEST(other_encodings_are_refused),
		TEST(files_are_read),
		TEST(core_dumps_are_off),
		TEST(prompt_asks_twice_unseen),
		TEST(prompt_refuses_a_difference),
		TEST(prompt_refuses_nothing),
		TEST(prompt_can_be_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
