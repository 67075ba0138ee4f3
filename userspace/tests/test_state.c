// SPDX-License-Identifier: GPL-2.0
/* Moving a device: export and import. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "bench.h"

#define MOVED_MOST	4096

static void expect(struct run run, enum status wanted, const char *err)
{
	if (run.status != wanted)
		fail_msg("status %d, not %d: %s", run.status, wanted, run.err);
	if (!strstr(run.err, err))
		fail_msg("complaints lack '%s': %s", err, run.err);
	assert_string_equal(run.out, "");
	run_end(&run);
}

static struct run export_to(const char *name)
{
	return RUN("state", "export", scratch(name), "dir", scratch("state"));
}

static struct run import_from(const char *name)
{
	return RUN("state", "import", scratch(name), "dir", scratch("state"));
}

static void make_moved(void)
{
	bench_fill();
	expect(export_to("moved"), STATUS_DONE, "warning: never use '");
}

/* The other machine: another folder under the same name. */
static void go_to_other_machine(void)
{
	static int machine;
	char name[32];

	snprintf(name, sizeof(name), "machine %d", machine++);
	if (scratch_has("state"))
		assert_int_equal(rename(scratch("state"), scratch(name)), 0);
}

static void expect_all(void)
{
	struct store *store = bench_load();

	assert_int_equal(store->count, 3);
	bench_expect(store, store->kept[0], "the device");
	bench_expect(store, store_peer(store, id_a), "peer a");
	bench_expect(store, store_peer(store, id_b), "peer b");
	store_close(store);
	bench_said_nothing();
}

static void expect_unused(void)
{
	struct store *store = bench_open();

	assert_false(store_is_used(store));
	assert_false(store->torn);
	store_close(store);
}

static void what_is_moved_arrives(void **state)
{
	uint8_t here[SLOT_KEY_LEN], there[SLOT_KEY_LEN];
	struct stat found;

	(void)state;
	make_moved();
	assert_int_equal(lstat(scratch("moved"), &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	scratch_read("state/key", here, sizeof(here));
	go_to_other_machine();
	expect(import_from("moved"), STATUS_DONE, "");
	expect_all();
	/* The key is no part of what moves. */
	scratch_read("state/key", there, sizeof(there));
	assert_memory_not_equal(here, there, SLOT_KEY_LEN);
}

static void the_newest_is_moved(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	store = bench_load();
	bench_put(store, store_peer(store, id_b), "newer");
	store_close(store);
	expect(export_to("moved"), STATUS_DONE, "");
	go_to_other_machine();
	expect(import_from("moved"), STATUS_DONE, "");
	store = bench_load();
	bench_expect(store, store_peer(store, id_b), "newer");
	store_close(store);
}

static void bad_files_are_not_moved(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	scratch_write("state/peer-" ID_A ".0", "x", 1);
	scratch_write("state/peer-" ID_A ".1", "x", 1);
	expect(export_to("moved"), STATUS_DONE, "nothing of peer " ID_A " in '");
	go_to_other_machine();
	expect(import_from("moved"), STATUS_DONE, "");
	store = bench_load();
	assert_int_equal(store->count, 2);
	store_close(store);
}

static void nothing_to_export(void **state)
{
	(void)state;
	expect(export_to("moved"), STATUS_FAILED, "cannot open the folder '");
	assert_false(scratch_has("state"));
	assert_int_equal(mkdir(scratch("state"), 0700), 0);
	expect(export_to("moved"), STATUS_FAILED, "has no state of a device");
	assert_false(scratch_has("moved"));
	assert_false(scratch_has("state/key"));
}

static void no_file_is_overwritten(void **state)
{
	char text[8] = { 0 };

	(void)state;
	bench_fill();
	scratch_write("moved", "mine", 4);
	expect(export_to("moved"), STATUS_FAILED, "': File exists");
	scratch_read("moved", text, sizeof(text));
	assert_string_equal(text, "mine");
	assert_int_equal(symlink("nowhere", scratch("link")), 0);
	expect(export_to("link"), STATUS_FAILED, "': File exists");
	assert_false(scratch_has("nowhere"));
	expect(export_to("no/folder"), STATUS_FAILED, "': No such file or directory");
}

static void exporting_can_fail(void **state)
{
	struct run run;
	int at;

	(void)state;
	bench_fill();
	for (at = 1;; at++) {
		disk_on();
		disk.error = ENOSPC;
		disk.fault_at = at;
		run = export_to("moved");
		disk_off();
		if (!run.status)
			break;
		run_end(&run);
		/* Its folder is synced last; until then there is no file. */
		assert_int_equal(scratch_has("moved"), at == 5);
		unlink(scratch("moved"));
	}
	run_end(&run);
	/* Folder, create, write, sync, folder. */
	assert_int_equal(at, 6);
	assert_non_null(strstr(disk.log, "create /tmp/"));
	assert_non_null(strstr(disk.log, "write moved\nsync moved\nsync .\n"));
}

static void not_while_an_agent_runs(void **state)
{
	struct store *store;

	(void)state;
	make_moved();
	store = bench_open();
	expect(export_to("again"), STATUS_FAILED, "is in use");
	expect(import_from("moved"), STATUS_FAILED, "is in use");
	store_close(store);
	assert_false(scratch_has("again"));
}

static void no_state_is_overwritten(void **state)
{
	(void)state;
	make_moved();
	expect(import_from("moved"), STATUS_FAILED, "has state already");
	expect_all();
	unlink(scratch("state/device.0"));
	unlink(scratch("state/device.1"));
	expect(import_from("moved"), STATUS_FAILED, "has state already");
	assert_false(scratch_has("state/device.0") || scratch_has("state/device.1"));
}

static void damaged_files_are_refused(void **state)
{
	uint8_t data[MOVED_MOST];
	long len, at;

	(void)state;
	make_moved();
	len = scratch_read("moved", data, sizeof(data));
	go_to_other_machine();
	for (at = 0; at < len; at += 7) {
		scratch_write("bad", data, at);
		expect(import_from("bad"), STATUS_FAILED, "bad' is refused: ");
		data[at] ^= 1;
		scratch_write("bad", data, len);
		expect(import_from("bad"), STATUS_FAILED, "bad' is refused: ");
		data[at] ^= 1;
	}
	data[len] = 0;
	scratch_write("bad", data, len + 1);
	expect(import_from("bad"), STATUS_FAILED, "bad' is refused: it is truncated or corrupted");
	/* What is looked at first leaves the folder as it is. */
	assert_false(scratch_has("state"));
}

static void other_things_are_no_file(void **state)
{
	(void)state;
	expect(import_from("none"), STATUS_FAILED, "': No such file or directory");
	assert_int_equal(mkdir(scratch("folder"), 0700), 0);
	expect(import_from("folder"), STATUS_FAILED, "folder' is not a file");
	assert_int_equal(mkfifo(scratch("pipe"), 0600), 0);
	expect(import_from("pipe"), STATUS_FAILED, "pipe' is not a file");
	scratch_write("large", "", 0);
	assert_int_equal(truncate(scratch("large"), 1L << 40), 0);
	expect(import_from("large"), STATUS_FAILED, "': File too large");
	assert_false(scratch_has("state"));
}

static void importing_can_fail(void **state)
{
	static const enum fault faults[] = { FAULT_BEFORE, FAULT_AFTER };
	struct run run;
	int at, turn;

	(void)state;
	make_moved();
	for (turn = 0; turn < 2; turn++) {
		for (at = 1;; at++) {
			go_to_other_machine();
			disk_on();
			disk.fault = faults[turn];
			disk.fault_at = at;
			run = import_from("moved");
			disk_off();
			if (!run.status)
				break;
			assert_non_null(strstr(run.err, "Input/output error"));
			run_end(&run);
			expect_unused();
			expect(import_from("moved"), STATUS_DONE, "");
			expect_all();
		}
		run_end(&run);
		expect_all();
		assert_true(at > 25);
	}
}

/* Without the mark of an import. */
static void expect_all_or_nothing(void)
{
	struct run run = import_from("moved");

	assert_true(!run.status || strstr(run.err, "has state already"));
	run_end(&run);
	expect_all();
}

/* Not even removing what was written works. */
static void a_failed_import_does_not_count(void **state)
{
	struct run run;
	int at, left = 0;

	(void)state;
	make_moved();
	for (at = 1;; at++) {
		go_to_other_machine();
		disk_on();
		disk.last = true;
		disk.fault_at = at;
		run = import_from("moved");
		disk_off();
		if (!run.status)
			break;
		run_end(&run);
		if (scratch_has("state/importing")) {
			left++;
			assert_int_equal(bench_try_load(), STATUS_FAILED);
			bench_said("was interrupted: do it again");
			expect(import_from("moved"), STATUS_DONE, "");
			expect_all();
		} else {
			expect_all_or_nothing();
		}
	}
	run_end(&run);
	assert_true(left > 20);
}

static void a_power_cut_leaves_all_or_nothing(void **state)
{
	int at, status, torn = 0;
	struct run run;
	pid_t child;

	(void)state;
	make_moved();
	for (at = 1;; at++) {
		go_to_other_machine();
		child = fork();
		if (!child) {
			disk_on();
			disk.fault = FAULT_DEATH;
			disk.fault_at = at;
			run = import_from("moved");
			_exit(run.status);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!status)
			break;
		assert_int_equal(WEXITSTATUS(status), DISK_DIED);
		if (!scratch_has("state"))
			continue;
		if (!scratch_has("state/importing")) {
			expect_all_or_nothing();
			continue;
		}
		torn++;
		assert_int_equal(bench_try_load(), STATUS_FAILED);
		bench_said("was interrupted: do it again");
		expect(export_to("again"), STATUS_FAILED, "was interrupted: do it again");
		expect(import_from("moved"), STATUS_DONE, "");
		expect_all();
	}
	expect_all();
	assert_true(torn > 20);
}

static void wrong_words(void **state)
{
	(void)state;
	expect(RUN("state"), STATUS_USAGE, "FILE is missing");
	expect(RUN("state", "import"), STATUS_USAGE, "FILE is missing");
	expect(RUN("state", "export", "f", "dir"), STATUS_USAGE, "DIR is missing");
	expect(RUN("state", "export", "f", "folder"), STATUS_USAGE, "unknown keyword 'folder'");
	expect(RUN("state", "export", "f", "dir", "a", "dir", "b"), STATUS_USAGE, "given twice");
	expect(RUN("state", "show"), STATUS_USAGE, "unknown command 'show'");
	assert_int_equal(fake.sent_count, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_moved_arrives),
		TEST(the_newest_is_moved),
		TEST(bad_files_are_not_moved),
		TEST(nothing_to_export),
		TEST(no_file_is_overwritten),
		TEST(exporting_can_fail),
		TEST(not_while_an_agent_runs),
		TEST(no_state_is_overwritten),
		TEST(damaged_files_are_refused),
		TEST(other_things_are_no_file),
		TEST(importing_can_fail),
		TEST(a_failed_import_does_not_count),
		TEST(a_power_cut_leaves_all_or_nothing),
		TEST(wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
