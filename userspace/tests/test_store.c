// SPDX-License-Identifier: GPL-2.0
/* State in files: who may have them, and what survives. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "bench.h"
#include "text.h"

#define DEVICE_0	"state/device.0"
#define DEVICE_1	"state/device.1"
#define PEER_A_0	"state/peer-" ID_A ".0"
#define PEER_B_0	"state/peer-" ID_B ".0"
#define PEER_B_1	"state/peer-" ID_B ".1"

/* ---- the folder ---- */

static unsigned int mode_of(const char *name)
{
	struct stat found;

	assert_int_equal(lstat(scratch(name), &found), 0);
	return found.st_mode & 07777;
}

static void folder_is_made(void **state)
{
	(void)state;
	assert_int_equal(bench_try_open("none", false), STATUS_FAILED);
	bench_said("cannot open the folder");
	assert_false(scratch_has("none"));
	assert_int_equal(bench_try_open("new/", true), STATUS_DONE);
	assert_int_equal(mode_of("new"), 0700);
	assert_int_equal(bench_try_open("new", true), STATUS_DONE);
	assert_int_equal(bench_try_open("a/b", true), STATUS_FAILED);
	bench_said("cannot create the folder");
	assert_false(scratch_has("a"));
}

static void other_things_are_no_folder(void **state)
{
	(void)state;
	scratch_write("file", "x", 1);
	assert_int_equal(bench_try_open("file", true), STATUS_FAILED);
	bench_said("file' is not a folder\n");
	assert_int_equal(mkdir(scratch("real"), 0700), 0);
	assert_int_equal(symlink("real", scratch("link")), 0);
	assert_int_equal(bench_try_open("link", true), STATUS_FAILED);
	bench_said("link' is a symbolic link");
	assert_int_equal(bench_try_open("link//", true), STATUS_FAILED);
	bench_said("link' is a symbolic link");
	assert_int_equal(bench_try_open("real/.", true), STATUS_DONE);
}

static void folders_of_others_are_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(scratch("state"), 0755), 0);
	assert_int_equal(chmod(scratch("state"), 0755), 0);
	assert_int_equal(bench_try_open("state", true), STATUS_DONE);
	assert_int_equal(chmod(scratch("state"), 0770), 0);
	assert_int_equal(bench_try_open("state", true), STATUS_FAILED);
	bench_said("others can write to the folder");
	assert_int_equal(chmod(scratch("state"), 01702), 0);
	assert_int_equal(bench_try_open("state", true), STATUS_FAILED);
	bench_said("(mode 1702): make it 0700");
	assert_int_equal(chmod(scratch("state"), 0700), 0);
	/* Root can give it away; anybody else can only seem to be another. */
	if (!geteuid())
		assert_int_equal(chown(scratch("state"), 4711, -1), 0);
	else
		disk.euid = geteuid() + 1;
	assert_int_equal(bench_try_open("state", true), STATUS_FAILED);
	bench_said("belongs to another user (uid ");
	/* It is whoever runs this that counts, and root. */
	disk.euid = getuid() ? 0 : 4711;
	assert_int_equal(bench_try_open("state", true), STATUS_DONE);
	if (!getuid())
		assert_int_equal(chown(scratch("state"), 0, -1), 0);
	assert_int_equal(bench_try_open("state", true), STATUS_DONE);
}

static void one_at_a_time(void **state)
{
	struct store *store = bench_open();

	(void)state;
	assert_int_equal(bench_try_open("state", true), STATUS_FAILED);
	bench_said("state' is in use: an agent keeps state there\n");
	store_close(store);
	assert_int_equal(bench_try_open("state", true), STATUS_DONE);
	bench_said_nothing();
}

/* The one that forked may go; the lock stays with the other. */
static void lock_outlives_its_maker(void **state)
{
	struct store *store = bench_open();
	int ends[2], status;
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &c, 1));
	}
	store_close(store);
	close(ends[0]);
	assert_int_equal(bench_try_open("state", true), STATUS_FAILED);
	bench_said("in use");
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(bench_try_open("state", true), STATUS_DONE);
}

/* ---- writing ---- */

static void what_is_written_is_there(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	store = bench_load();
	assert_int_equal(store->count, 3);
	bench_expect(store, store->kept[0], "the device");
	bench_expect(store, store_peer(store, id_a), "peer a");
	bench_expect(store, store_peer(store, id_b), "peer b");
	store_close(store);
	assert_int_equal(mode_of("state/key"), 0600);
	assert_int_equal(mode_of(DEVICE_0), 0600);
	assert_int_equal(mode_of(PEER_A_0), 0600);
	bench_said_nothing();
}

static void order_of_a_write(void **state)
{
	struct store *store;

	(void)state;
	disk_on();
	store = bench_load();
	bench_put(store, store->kept[0], "one");
	disk_off();
	/* The folder and the key are durable before anything is written with it. */
	assert_string_equal(strstr(disk.log, "create"),
			    "create .hpkm-new\nwrite .hpkm-new\nsync .hpkm-new\nrename key\nsync .\n"
			    "create .hpkm-new\nwrite .hpkm-new\nsync .hpkm-new\nrename device.1\nsync .\n");
	disk_on();
	bench_put(store, store->kept[0], "two");
	bench_settle(store);
	disk_off();
	assert_string_equal(disk.log,
			    "create .hpkm-new\nwrite .hpkm-new\nsync .hpkm-new\nrename device.0\nsync .\n"
			    "create .hpkm-new\nwrite .hpkm-new\nsync .hpkm-new\nrename device.1\nsync .\n");
	store_close(store);
}

static void key_is_made_once(void **state)
{
	uint8_t before[64], after[64];

	(void)state;
	bench_fill();
	assert_int_equal(scratch_read("state/key", before, sizeof(before)), SLOT_KEY_LEN);
	bench_fill();
	assert_int_equal(scratch_read("state/key", after, sizeof(after)), SLOT_KEY_LEN);
	assert_memory_equal(before, after, SLOT_KEY_LEN);
	assert_false(sodium_is_zero(before, SLOT_KEY_LEN));
}

static void settled_files_say_the_same(void **state)
{
	uint8_t one[SLOT_MOST], other[SLOT_MOST];
	struct store *store;

	(void)state;
	bench_fill();
	store = bench_load();
	bench_put(store, store->kept[0], "later");
	/* Not yet settled: the other file has the older state. */
	scratch_read(DEVICE_1, one, sizeof(one));
	scratch_read(DEVICE_0, other, sizeof(other));
	assert_memory_equal(one + SLOT_HEADER_LEN, "later", 5);
	assert_memory_equal(other + SLOT_HEADER_LEN, "the device", 10);
	bench_settle(store);
	scratch_read(DEVICE_0, other, sizeof(other));
	assert_memory_equal(other + SLOT_HEADER_LEN, "later", 5);
	store_close(store);
}

/* A second name shows what became of a file that has lost its first. */
/* Through a descriptor of before: nothing else leads to what has no name. */
static void expect_wiped(int fd)
{
	uint8_t data[SLOT_MOST];
	ssize_t len = pread(fd, data, sizeof(data), 0);

	assert_true(len > SLOT_LEAST && sodium_is_zero(data, len));
	close(fd);
}

static void older_states_are_wiped(void **state)
{
	struct store *store;
	int replaced, erased[2];

	(void)state;
	bench_fill();
	replaced = open(scratch(DEVICE_1), O_RDONLY);
	erased[0] = open(scratch(PEER_B_0), O_RDONLY);
	erased[1] = open(scratch(PEER_B_1), O_RDONLY);
	store = bench_load();
	bench_put(store, store->kept[0], "later");
	assert_int_equal(store_erase(store, store_peer(store, id_b)), 0);
	store_close(store);
	expect_wiped(replaced);
	expect_wiped(erased[0]);
	expect_wiped(erased[1]);
}

static void somebodys_copy_is_not_wiped(void **state)
{
	struct store *store;
	uint8_t data[SLOT_MOST];
	long len;

	(void)state;
	bench_fill();
	assert_int_equal(link(scratch(DEVICE_1), scratch("copy")), 0);
	store = bench_load();
	bench_put(store, store->kept[0], "later");
	store_close(store);
	len = scratch_read("copy", data, sizeof(data));
	assert_true(len > SLOT_LEAST && !sodium_is_zero(data, len));
}

static void other_files_stay(void **state)
{
	static const char *const names[] = {
		"state/notes", "state/device.2", "state/device.00", "state/peer-12.0",
		"state/peer-" ID_A ".0.bak", "state/peer-A1B2C3D4E5F60718293A4B5C6D7E8F91.0",
	};
	size_t i;

	(void)state;
	bench_fill();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		scratch_write(names[i], "mine", 4);
	bench_fill();
	bench_said_nothing();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(scratch_has(names[i]));
}

static void what_was_cut_off_is_removed(void **state)
{
	(void)state;
	bench_fill();
	scratch_write("state/.hpkm-new", "a secret", 8);
	assert_int_equal(bench_try_load(), STATUS_DONE);
	assert_false(scratch_has("state/.hpkm-new"));
}

/* ---- writing, and failing ---- */

/* Also when it cannot even be undone. */
static void a_failed_write_loses_nothing(void **state)
{
	static const enum fault faults[] = { FAULT_BEFORE, FAULT_AFTER };
	struct store *store;
	int at, turn, ret;

	(void)state;
	for (turn = 0; turn < 4; turn++) {
		for (at = 1, ret = -EIO; ret; at++) {
			scratch_remove(NULL);
			scratch_make(NULL);
			bench_fill();
			store = bench_load();
			disk_on();
			disk.fault = faults[turn % 2];
			disk.last = turn >= 2;
			disk.fault_at = at;
			ret = bench_put(store, store->kept[0], "later");
			disk_off();
			assert_true(ret == 0 || ret == -EIO);
			assert_true(store->kept[0]->sequence == (ret ? 2 : 3));
			/* What is known to be durable has not been touched. */
			bench_expect(store, store->kept[0], ret ? "the device" : "later");
			assert_true(scratch_has(DEVICE_0) && scratch_has(DEVICE_1));
			assert_int_equal(bench_put(store, store->kept[0], "at last"), 0);
			store_close(store);
			store = bench_load();
			bench_expect(store, store->kept[0], "at last");
			assert_true(store->kept[0]->sequence == (ret ? 3 : 4));
			store_close(store);
			bench_said_nothing();
		}
		/* Create, write, sync, rename, sync. */
		assert_int_equal(at, 5 + 2);
	}
}

/* A copy made now would undo what may have been written. */
static void a_failed_write_is_not_settled(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	store = bench_load();
	bench_put(store, store->kept[0], "older");
	assert_false(store->kept[0]->settled);
	disk_on();
	disk.fault_at = 5;
	disk.fault = FAULT_AFTER;
	assert_int_equal(bench_put(store, store->kept[0], "newer"), -EIO);
	disk_off();
	assert_true(store->kept[0]->settled);
	assert_int_equal(bench_put(store, store->kept[0], "newest"), 0);
	assert_false(store->kept[0]->settled);
	store_close(store);
}

static void settling_can_fail(void **state)
{
	struct store *store;
	int at, ret = -EIO;

	(void)state;
	for (at = 1; ret; at++) {
		scratch_remove(NULL);
		scratch_make(NULL);
		bench_fill();
		store = bench_load();
		bench_put(store, store->kept[0], "later");
		disk_on();
		disk.fault_at = at;
		disk.fault = FAULT_AFTER;
		ret = store_settle(store, store->kept[0]);
		disk_off();
		assert_true(ret == 0 || ret == -EIO);
		assert_int_equal(store->kept[0]->settled, !ret);
		bench_expect(store, store->kept[0], "later");
		assert_int_equal(bench_put(store, store->kept[0], "at last"), 0);
		store_close(store);
		store = bench_load();
		bench_expect(store, store->kept[0], "at last");
		store_close(store);
		bench_said_nothing();
	}
	assert_int_equal(at, 5 + 2);
}

static void settling_copies_only_what_is_good(void **state)
{
	uint8_t before[SLOT_MOST];
	struct store *store;
	long len;

	(void)state;
	bench_fill();
	len = scratch_read(DEVICE_1, before, sizeof(before));
	store = bench_load();
	bench_put(store, store->kept[0], "later");
	/* What was good once, and what never was. */
	scratch_write(DEVICE_1, before, len);
	assert_int_equal(store_settle(store, store->kept[0]), -EBADMSG);
	scratch_write(DEVICE_1, "nonsense", 8);
	assert_int_equal(store_settle(store, store->kept[0]), -EBADMSG);
	assert_false(store->kept[0]->settled);
	store_close(store);
	store = bench_load();
	bench_expect(store, store->kept[0], "the device");
	store_close(store);
	bench_said("device.1' is not used: it is truncated");
}

static void erasing_can_fail(void **state)
{
	struct store *store;
	int at, ret = -EIO;

	(void)state;
	for (at = 1; ret; at++) {
		scratch_remove(NULL);
		scratch_make(NULL);
		bench_fill();
		store = bench_load();
		bench_put(store, store_peer(store, id_b), "changed");
		disk_on();
		disk.fault_at = at;
		ret = store_erase(store, store_peer(store, id_b));
		disk_off();
		assert_true(ret == 0 || ret == -EIO);
		/* There is nothing left to copy, or should not be. */
		assert_true(store_peer(store, id_b)->settled);
		assert_int_equal(store_erase(store, store_peer(store, id_b)), 0);
		assert_false(scratch_has(PEER_B_0) || scratch_has(PEER_B_1));
		/* Paired anew. */
		assert_int_equal(bench_put(store, store_peer(store, id_b), "again"), 0);
		store_close(store);
		store = bench_load();
		bench_expect(store, store_peer(store, id_b), "again");
		bench_expect(store, store_peer(store, id_a), "peer a");
		store_close(store);
	}
	/* The two files and the folder. */
	assert_int_equal(at, 3 + 2);
}

/* ---- losing power ---- */

static void write_device(struct store *store)
{
	if (bench_put(store, store->kept[0], "later"))
		_exit(1);
}

static void write_and_settle(struct store *store)
{
	write_device(store);
	if (store_settle(store, store->kept[0]))
		_exit(1);
}

static void write_twice(struct store *store)
{
	write_and_settle(store);
	if (bench_put(store, store->kept[0], "latest"))
		_exit(1);
}

static void erase_changed_peer(struct store *store)
{
	struct kept *peer = store_peer(store, id_b);

	if (bench_put(store, peer, "changed") || store_erase(store, peer))
		_exit(1);
}

/* Returns whether power went before all was done. */
static bool dies_at(int at, void (*act)(struct store *store))
{
	struct store *store;
	int status = 0;
	pid_t child;

	scratch_remove(NULL);
	scratch_make(NULL);
	bench_fill();
	child = fork();
	if (!child) {
		store = bench_load();
		disk_on();
		disk.fault = FAULT_DEATH;
		disk.fault_at = at;
		act(store);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		assert_int_equal(WEXITSTATUS(status), DISK_DIED);
	return WEXITSTATUS(status) == DISK_DIED;
}

/* Returns which of these it is; it must be one, at once and without complaints. */
static int found(const uint8_t *peer, const char *const texts[])
{
	struct store *store = bench_load();
	const struct kept *kept = peer ? store_peer(store, peer) : store->kept[0];
	struct slot slot = { 0 };
	int i;

	if (kept->sequence)
		assert_null(store_read(store, kept, &slot));
	store_close(store);
	bench_said_nothing();
	for (i = 0; texts[i]; i++)
		if (slot.len == strlen(texts[i]) && !memcmp(slot.blob, texts[i], slot.len))
			return i;
	fail_msg("the state is '%.*s'", (int)slot.len, slot.blob);
	return -1;
}

/* What is found may only become newer, and has to be the newest in the end. */
static void expect_progress(void (*act)(struct store *store), const uint8_t *peer,
			    const char *const texts[], int steps)
{
	int at, before = 0, now = 0;

	for (at = 1; dies_at(at, act); at++) {
		now = found(peer, texts);
		assert_true(now >= before);
		before = now;
	}
	assert_int_equal(at, steps + 1);
	now = found(peer, texts);
	assert_null(texts[now + 1]);
}

static void power_loss_keeps_one_or_the_other(void **state)
{
	static const char *const texts[] = { "the device", "later", "latest", NULL };
	static const char *const once[] = { "the device", "later", NULL };
	static const char *const peers[] = { "peer b", "changed", "", NULL };

	(void)state;
	expect_progress(write_device, NULL, once, 5);
	expect_progress(write_and_settle, NULL, once, 10);
	expect_progress(write_twice, NULL, texts, 15);
	/* An erasure that was cut off brings no older state back. */
	expect_progress(erase_changed_peer, id_b, peers, 5 + 3);
}

static void power_loss_at_the_beginning(void **state)
{
	struct store *store;
	int at, status;
	pid_t child;

	(void)state;
	for (at = 1, status = 1; status; at++) {
		scratch_remove(NULL);
		scratch_make(NULL);
		child = fork();
		if (!child) {
			disk_on();
			disk.fault = FAULT_DEATH;
			disk.fault_at = at;
			store = bench_load();
			write_device(store);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		store = bench_load();
		bench_said_nothing();
		assert_true(!store->kept[0]->sequence || store->kept[0]->sequence == 1);
		assert_int_equal(bench_put(store, store->kept[0], "new"), 0);
		store_close(store);
	}
	assert_true(at > 10);
}

/* ---- judging ---- */

static void spoil(const char *name, const void *data, long len)
{
	assert_true(scratch_has(name));
	scratch_write(name, data, len);
}

static void copy_file(const char *from, const char *to)
{
	uint8_t data[SLOT_MOST + 1];

	scratch_write(to, data, scratch_read(from, data, sizeof(data)));
}

/* One file is refused with this sentence, and the other one serves. */
static void expect_other_serves(const char *sentence, const char *text)
{
	struct store *store = bench_load();

	bench_expect(store, store_peer(store, id_b), text);
	bench_expect(store, store->kept[0], "the device");
	bench_expect(store, store_peer(store, id_a), "peer a");
	store_close(store);
	bench_said(sentence);
}

static void one_bad_file_costs_nothing(void **state)
{
	uint8_t good[SLOT_MOST], bad[SLOT_MOST];
	long len, i;

	(void)state;
	bench_fill();
	len = scratch_read(PEER_B_0, good, sizeof(good));
	for (i = 0; i < len; i++) {
		spoil(PEER_B_0, good, i);
		expect_other_serves("state/peer-" ID_B ".0' is not used: it is truncated",
				    "peer b");
		memcpy(bad, good, len);
		bad[i] ^= 1;
		spoil(PEER_B_0, bad, len);
		expect_other_serves("state/peer-" ID_B ".0' is not used: ", "peer b");
	}
	spoil(PEER_B_0, good, len);
	scratch_read(PEER_B_1, good, sizeof(good));
	spoil(PEER_B_1, "", 0);
	expect_other_serves(".1' is not used: it is truncated\n", "peer b");
	unlink(scratch(PEER_B_1));
	assert_int_equal(bench_try_load(), STATUS_DONE);
	bench_said_nothing();
	assert_int_equal(mkdir(scratch(PEER_B_1), 0700), 0);
	expect_other_serves(".1' is not used: Is a directory\n", "peer b");
	rmdir(scratch(PEER_B_1));
	assert_int_equal(symlink(scratch(PEER_A_0), scratch(PEER_B_1)), 0);
	expect_other_serves(".1' is not used: Too many levels of symbolic links\n", "peer b");
}

static void files_in_the_wrong_place(void **state)
{
	static const char wrong[] = "is not used: it was written under another name";

	(void)state;
	bench_fill();
	/* Another peer's, the device's, and the other of the two. */
	copy_file(PEER_A_0, PEER_B_0);
	expect_other_serves(wrong, "peer b");
	copy_file(DEVICE_0, PEER_B_0);
	expect_other_serves(wrong, "peer b");
	copy_file(PEER_B_1, PEER_B_0);
	expect_other_serves(wrong, "peer b");
}

static void swapped_files_are_both_refused(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	assert_int_equal(rename(scratch(PEER_B_0), scratch("swap")), 0);
	assert_int_equal(rename(scratch(PEER_B_1), scratch(PEER_B_0)), 0);
	assert_int_equal(rename(scratch("swap"), scratch(PEER_B_1)), 0);
	store = bench_load();
	bench_expect(store, store_peer(store, id_b), NULL);
	bench_expect(store, store_peer(store, id_a), "peer a");
	store_close(store);
	assert_true(scratch_has(PEER_B_0) && scratch_has(PEER_B_1));
	bench_said("nothing of peer " ID_B " in '");
}

static void a_file_of_yesterday_is_refused(void **state)
{
	struct store *store;

	(void)state;
	bench_fill();
	assert_int_equal(rename(scratch(PEER_B_0), scratch("yesterday")), 0);
	store = bench_load();
	bench_said_nothing();
	bench_put(store, store_peer(store, id_b), "today");
	bench_settle(store);
	bench_put(store, store_peer(store, id_b), "tonight");
	bench_settle(store);
	store_close(store);
	assert_int_equal(rename(scratch("yesterday"), scratch(PEER_B_0)), 0);
	expect_other_serves(".0' is not used: it is older than it should be", "tonight");
	/* What is written next takes the place of the bad one. */
	store = bench_load();
	bench_said("older than it should be");
	bench_put(store, store_peer(store, id_b), "tomorrow");
	store_close(store);
	store = bench_load();
	bench_expect(store, store_peer(store, id_b), "tomorrow");
	store_close(store);
	bench_said_nothing();
}

static void states_of_other_devices_are_refused(void **state)
{
	struct store *store;
	struct kept *peer;

	(void)state;
	bench_fill();
	store = bench_load();
	peer = store_peer(store, id_b);
	memcpy(peer->device, id_b, HPKM_ID_LEN);
	assert_int_equal(store_write(store, peer, "another's", 9), 0);
	store_close(store);
	expect_other_serves(".1' is not used: it belongs to another device", "peer b");

	store = bench_load();
	bench_said("another device");
	memcpy(store->kept[0]->device, id_b, HPKM_ID_LEN);
	assert_int_equal(store_write(store, store->kept[0], "another", 7), 0);
	store_close(store);
	store = bench_load();
	assert_memory_equal(store->kept[0]->device, id_b, HPKM_ID_LEN);
	bench_expect(store, store_peer(store, id_a), NULL);
	store_close(store);
	bench_said("device.0' is not used: it belongs to another device");
}

static void another_key_opens_nothing(void **state)
{
	uint8_t key[SLOT_KEY_LEN];
	struct store *store;

	(void)state;
	bench_fill();
	scratch_read("state/key", key, sizeof(key));
	key[0] ^= 1;
	scratch_write("state/key", key, sizeof(key));
	store = bench_load();
	bench_expect(store, store->kept[0], NULL);
	bench_expect(store, store_peer(store, id_a), NULL);
	store_close(store);
	bench_said("nothing of the device in '");
	scratch_write("state/key", key, sizeof(key) - 1);
	assert_int_equal(bench_try_load(), STATUS_FAILED);
	bench_said("the key in '");
	unlink(scratch("state/key"));
	assert_int_equal(bench_try_load(), STATUS_FAILED);
	bench_said("the key it was written with is gone");
	assert_true(scratch_has(DEVICE_0) && scratch_has(DEVICE_1));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folder_is_made),
		TEST(other_things_are_no_folder),
		TEST(folders_of_others_are_refused),
		TEST(one_at_a_time),
		TEST(lock_outlives_its_maker),
		TEST(what_is_written_is_there),
		TEST(order_of_a_write),
		TEST(key_is_made_once),
		TEST(settled_files_say_the_same),
		TEST(older_states_are_wiped),
		TEST(somebodys_copy_is_not_wiped),
		TEST(other_files_stay),
		TEST(what_was_cut_off_is_removed),
		TEST(a_failed_write_loses_nothing),
		TEST(a_failed_write_is_not_settled),
		TEST(settling_can_fail),
		TEST(settling_copies_only_what_is_good),
		TEST(erasing_can_fail),
		TEST(power_loss_keeps_one_or_the_other),
		TEST(power_loss_at_the_beginning),
		TEST(one_bad_file_costs_nothing),
		TEST(files_in_the_wrong_place),
		TEST(swapped_files_are_both_refused),
		TEST(a_file_of_yesterday_is_refused),
		TEST(states_of_other_devices_are_refused),
		TEST(another_key_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
