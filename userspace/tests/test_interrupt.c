// SPDX-License-Identifier: GPL-2.0
/* A signal ends the process's waits for good, so this is a program of its own. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"
#include "kernel_says.h"

/* Called by the fake in place of the wait that a signal ends. */
void fake_interrupted(void)
{
	struct timespec now = { 0 };

	raise(SIGINT);
	ppoll(NULL, 0, &now, interrupt_mask());
}

static void interrupted_pairing_closes_the_window(void **state)
{
	struct run run;

	(void)state;
	says_ack();
	fake_error(FAKE_EVENTS, -EINTR);
	says_ack();
	run = RUN("pair", "add", "eth1", "suite", "xor");
	assert_int_equal(run.status, STATUS_FAILED);
	assert_non_null(strstr(run.err, "interrupted"));
	assert_int_equal(fake.sent_count, 2);
	assert_int_equal(sent_cmd(0), HPKM_CMD_PAIR_ADD);
	assert_int_equal(sent_cmd(1), HPKM_CMD_PAIR_DEL);
	assert_int_equal(nla_get_u32(sent_attr(1, HPKM_PAIR_A_IFINDEX)), 3);
	assert_true(interrupt_caught());
	run_end(&run);
}

static void then_the_signal_is_passed_on(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (!child) {
		interrupt_pass_on();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interrupted_pairing_closes_the_window,
						fresh, fresh),
		cmocka_unit_test(then_the_signal_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
