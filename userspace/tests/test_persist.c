// SPDX-License-Identifier: GPL-2.0
/* The persist agent between a module and a folder. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/genl/genl.h>

#include "bench.h"
#include "interrupt.h"
#include "text.h"

#define PEER_A_0	"state/peer-" ID_A ".0"
#define PEER_A_1	"state/peer-" ID_A ".1"
#define PEER_B_0	"state/peer-" ID_B ".0"

#define AFTER_BEGIN	2	/* the folder is synced when it is opened and before writing */

static const uint8_t id_new[HPKM_ID_LEN] = { 0x99, 1 };

/* ---- what the module says ---- */

/* Called by the fake in place of the wait that a signal ends. */
void fake_interrupted(void)
{
	struct timespec now = { 0 };

	raise(SIGTERM);
	ppoll(NULL, 0, &now, interrupt_mask());
}

static void says_agent(const uint8_t *device, uint32_t peers, bool restored)
{
	says(HPKM_CMD_STATE_AGENT);
	says_octets(HPKM_STATE_A_DEVICE, device, HPKM_ID_LEN);
	says_u32(HPKM_STATE_A_PEERS, peers);
	if (restored)
		says_flag(HPKM_STATE_A_RESTORED);
	says_end(FAKE_REQUESTS);
	says_ack();
}

static void says_listed(const uint8_t *one, const uint8_t *other)
{
	says_ack();	/* of READY */
	if (one)
		says_peer(one, NULL, NULL);
	if (other)
		says_peer(other, NULL, NULL);
	says_done();
}

static void says_write(const uint8_t *peer, uint64_t serial, const char *blob)
{
	says(HPKM_CMD_STATE_NEXT);
	says_u64(HPKM_STATE_A_SERIAL, serial);
	if (peer)
		says_octets(HPKM_STATE_A_PEER, peer, HPKM_ID_LEN);
	if (blob)
		says_octets(HPKM_STATE_A_BLOB, blob, strlen(blob));
	says_end(FAKE_REQUESTS);
	says_ack();
}

static void says_write_and_ack(const uint8_t *peer, uint64_t serial, const char *blob)
{
	says_write(peer, serial, blob);
	says_ack();	/* of WRITTEN */
}

static void says_none_waits(void)
{
	says(HPKM_CMD_STATE_NEXT);
	says_end(FAKE_REQUESTS);
	says_ack();
}

/* The signal comes while the program waits, or while it asks what to write. */
static void stop_waiting(void)
{
	fake_error(FAKE_REQUESTS, -EINTR);
}

static void stop_asking(void)
{
	fake_error(FAKE_REQUESTS, -EINTR);
	says_none_waits();
}

static void says_pending(void)
{
	says(HPKM_CMD_STATE_PENDING);
	says_unasked();
}

/* ---- what is expected of the program ---- */

static struct run persist(void)
{
	return RUN("persist", scratch("state"));
}

static void expect(struct run run, enum status wanted, const char *out, const char *err)
{
	if (run.status != wanted)
		fail_msg("status %d, not %d: %s", run.status, wanted, run.err);
	if (!strstr(run.out, out))
		fail_msg("output lacks '%s': %s", out, run.out);
	if (!strstr(run.err, err))
		fail_msg("complaints lack '%s': %s", err, run.err);
	run_end(&run);
}

/* Nothing is left of what the module would have said. */
static void expect_all_heard(void)
{
	assert_int_equal(fake_left(FAKE_REQUESTS), 0);
}

static void expect_sent(int first, const uint8_t *cmds)
{
	int i;

	for (i = 0; cmds[i]; i++)
		if (sent_cmd(first + i) != cmds[i])
			fail_msg("request %d is %d, not %d", first + i, sent_cmd(first + i),
				 cmds[i]);
	assert_int_equal(fake.sent_count, first + i);
}

#define EXPECT_SENT(...)	expect_sent(0, (const uint8_t[]){ __VA_ARGS__, 0 })

#define AGENT	HPKM_CMD_STATE_AGENT
#define RESTORE	HPKM_CMD_STATE_RESTORE
#define READY	HPKM_CMD_STATE_READY
#define LIST	HPKM_CMD_PEER_GET
#define NEXT	HPKM_CMD_STATE_NEXT
#define WRITTEN	HPKM_CMD_STATE_WRITTEN

static void expect_octets(int i, int attr, const void *wanted, size_t len)
{
	const struct nlattr *got = sent_attr(i, attr);

	assert_non_null(got);
	assert_int_equal(nla_len(got), len);
	assert_memory_equal(nla_data(got), wanted, len);
}

static void expect_written(int i, const uint8_t *peer, uint64_t serial, uint32_t error)
{
	const struct nlattr *got = sent_attr(i, HPKM_STATE_A_ERROR);

	assert_int_equal(sent_cmd(i), WRITTEN);
	assert_true(nla_get_u64((struct nlattr *)sent_attr(i, HPKM_STATE_A_SERIAL)) == serial);
	if (peer)
		expect_octets(i, HPKM_STATE_A_PEER, peer, HPKM_ID_LEN);
	else
		assert_null(sent_attr(i, HPKM_STATE_A_PEER));
	assert_int_equal(got ? nla_get_u32(got) : 0, error);
}

static void expect_kept(const uint8_t *peer, const char *text)
{
	struct store *store = bench_load();

	bench_expect(store, peer ? store_peer(store, peer) : store->kept[0], text);
	store_close(store);
	bench_said_nothing();
}

/* Every file in the folder, as one number. */
static uint64_t files_sum(void)
{
	static const char *const names[] = {
		"state/key", "state/device.0", "state/device.1", PEER_A_0, PEER_A_1, PEER_B_0,
	};
	uint8_t data[SLOT_MOST];
	uint64_t sum = 0;
	size_t n;
	long i, len;

	for (n = 0; n < ARRAY_SIZE(names); n++) {
		len = scratch_has(names[n]) ? scratch_read(names[n], data, sizeof(data)) : -1;
		sum = sum * 31 + len;
		for (i = 0; i < len; i++)
			sum = sum * 31 + data[i];
	}
	return sum;
}

/* ---- beginning ---- */

static void first_time(void **state)
{
	(void)state;
	says_agent(id_a, 0, false);
	says_listed(NULL, NULL);
	says_write_and_ack(NULL, 1, "the device");
	stop_asking();
	expect(persist(), STATUS_DONE, "hpkm-nl: keeping state in /tmp/", "");
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT);
	expect_written(4, NULL, 1, 0);
	expect_kept(NULL, "the device");
	expect_kept(id_b, NULL);
}

static void restoring(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_new, 0, false);
	says_ack();
	says_ack();
	says_ack();
	says_listed(id_a, id_b);
	says_write_and_ack(NULL, 1, "device 2");
	says_write_and_ack(id_a, 2, "a 2");
	says_write_and_ack(id_b, 3, "b 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "state: 2 peers restored\n", "");
	EXPECT_SENT(AGENT, RESTORE, RESTORE, RESTORE, READY, LIST,
		    NEXT, WRITTEN, NEXT, WRITTEN, NEXT, WRITTEN, NEXT);
	assert_null(sent_attr(1, HPKM_STATE_A_PEER));
	expect_octets(1, HPKM_STATE_A_BLOB, "the device", 10);
	expect_octets(2, HPKM_STATE_A_PEER, id_a, HPKM_ID_LEN);
	expect_octets(2, HPKM_STATE_A_BLOB, "peer a", 6);
	expect_octets(3, HPKM_STATE_A_PEER, id_b, HPKM_ID_LEN);
	expect_octets(3, HPKM_STATE_A_BLOB, "peer b", 6);
	expect_written(9, id_a, 2, 0);
	/* Under the identity that was kept, not the one that the module began with. */
	expect_kept(NULL, "device 2");
	expect_kept(id_a, "a 2");
	expect_kept(id_b, "b 2");
}

static void a_refused_peer_is_left_alone(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_new, 0, false);
	says_ack();
	says_refused(EINVAL, "That state is of a later version");
	says_ack();
	says_listed(id_b, NULL);
	says_write_and_ack(NULL, 1, "device 2");
	says_write_and_ack(id_b, 2, "b 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "1 peer restored\n",
	       "hpkm-nl: That state is of a later version (Invalid argument)\n"
	       "hpkm-nl: peer " ID_A " is not restored; its files are left alone\n");
	expect_kept(id_a, "peer a");
	expect_kept(id_b, "b 2");
}

static void a_refused_device_ends_it(void **state)
{
	uint64_t before;

	(void)state;
	bench_fill();
	before = files_sum();
	says_agent(id_new, 0, false);
	says_refused(EBUSY, "A pairing window is open");
	expect(persist(), STATUS_FAILED, "", "the device is not restored");
	EXPECT_SENT(AGENT, RESTORE);
	assert_true(files_sum() == before);
}

static void bad_files_are_left_out(void **state)
{
	(void)state;
	bench_fill();
	scratch_write(PEER_A_0, "x", 1);
	scratch_write(PEER_A_1, "x", 1);
	scratch_write(PEER_B_0, "x", 1);
	says_agent(id_new, 0, false);
	says_ack();
	says_ack();
	says_listed(id_b, NULL);
	says_write_and_ack(NULL, 1, "device 2");
	says_write_and_ack(id_b, 2, "b 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "1 peer restored\n",
	       ID_A ".0' is not used: it is truncated\n");
	EXPECT_SENT(AGENT, RESTORE, RESTORE, READY, LIST, NEXT, WRITTEN, NEXT, WRITTEN, NEXT);
	expect_octets(2, HPKM_STATE_A_BLOB, "peer b", 6);
	assert_true(scratch_has(PEER_A_0) && scratch_has(PEER_A_1));
}

static void a_lost_device_is_not_replaced(void **state)
{
	uint64_t before;

	(void)state;
	bench_fill();
	scratch_write("state/device.0", "x", 1);
	scratch_write("state/device.1", "x", 1);
	before = files_sum();
	says_agent(id_new, 0, false);
	expect(persist(), STATUS_FAILED, "", "a new device would replace the one in '");
	EXPECT_SENT(AGENT);
	assert_true(files_sum() == before);
	/* A module that has a state of its own writes that. */
	fake_reset();
	says_agent(id_a, 1, true);
	says_listed(id_a, NULL);
	says_write_and_ack(NULL, 1, "device 2");
	says_write_and_ack(id_a, 2, "a 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "", "device.0' is not used");
	expect_kept(NULL, "device 2");
}

static void contact_lost_while_restoring(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_new, 0, false);
	expect(persist(), STATUS_TIMEOUT, "", "the kernel does not answer");
	EXPECT_SENT(AGENT, RESTORE);
	fake_reset();
	says_agent(id_new, 0, false);
	says_ack();
	fake_error(FAKE_REQUESTS, -EIO);
	says_ack();
	expect(persist(), STATUS_FAILED, "", "netlink: Input/output error");
	EXPECT_SENT(AGENT, RESTORE, RESTORE);
}

/* Power went before the device was written for the first time. */
static void peers_without_a_device(void **state)
{
	(void)state;
	bench_fill();
	unlink(scratch("state/device.0"));
	unlink(scratch("state/device.1"));
	says_agent(id_new, 0, false);
	says_listed(NULL, NULL);
	says_write_and_ack(NULL, 1, "new device");
	stop_asking();
	expect(persist(), STATUS_DONE, "0 peers restored\n",
	       "peer " ID_A " is not restored: its device is not in '");
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT);
	assert_true(scratch_has(PEER_A_0) && scratch_has(PEER_B_0));
	bench_try_load();
	bench_said("it belongs to another device");
}

static void another_device(void **state)
{
	uint64_t before;

	(void)state;
	bench_fill();
	before = files_sum();
	says_agent(id_new, 1, false);
	expect(persist(), STATUS_FAILED, "", "keeps the state of device " ID_A
	       ", but this is device 99010000000000000000000000000000, which has peers already\n");
	EXPECT_SENT(AGENT);
	fake_reset();
	says_agent(id_new, 0, true);
	expect(persist(), STATUS_FAILED, "", "which has a newer state\n");
	EXPECT_SENT(AGENT);
	assert_true(files_sum() == before);
}

/* An agent that has died between RESTORE and READY. */
static void half_restored(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_a, 1, false);
	says_ack();
	says_refused(ENOMEM, "The peer is there already");
	says_ack();
	says_listed(id_a, id_b);
	says_write_and_ack(NULL, 1, "device 2");
	says_write_and_ack(id_a, 2, "a 2");
	says_write_and_ack(id_b, 3, "b 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "1 peer restored\n", "The peer is there already");
	expect_kept(id_a, "a 2");
}

/*
 * The module kept running while there was no agent.  What it does not list it
 * may have refused, so that only its word erases.
 */
static void coming_back(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_a, 1, true);
	says_listed(id_b, NULL);
	says_write_and_ack(NULL, 8, "device 2");
	says_write_and_ack(id_b, 9, "b 2");
	stop_asking();
	expect(persist(), STATUS_DONE, "state: 1 peer as the module has them\n", "");
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT, WRITTEN, NEXT);
	assert_true(scratch_has(PEER_A_0) && scratch_has(PEER_A_1));
	expect_kept(id_b, "b 2");
}

static void coming_to_a_new_folder(void **state)
{
	(void)state;
	says_agent(id_a, 1, true);
	says_listed(id_b, NULL);
	says_write_and_ack(NULL, 8, "the device");
	says_write_and_ack(id_b, 9, "peer b");
	stop_asking();
	expect(persist(), STATUS_DONE, "1 peer as the module has them\n", "");
	expect_kept(id_b, "peer b");
}

static void refused_by_the_module(void **state)
{
	(void)state;
	says_refused(EBUSY, "There is a persist agent already");
	expect(persist(), STATUS_FAILED, "", "There is a persist agent already (Device");
	fake_reset();
	says_refused(EPERM, NULL);
	expect(persist(), STATUS_DENIED, "", "CAP_NET_ADMIN");
	fake_reset();
	fake.absent = true;
	expect(persist(), STATUS_ABSENT, "", "not loaded");
	fake_reset();
	says_ack();
	expect(persist(), STATUS_FAILED, "", "did not say which device this is");
	fake_reset();
	says_agent(id_a, 0, false);
	says_refused(EPERM, "Only the persist agent may ask that");
	expect(persist(), STATUS_DENIED, "", "Only the persist agent");
	/* Without having become one it has left nothing behind that counts. */
	assert_false(scratch_has("state/device.0") || scratch_has("state/device.1"));
}

static void one_agent_at_a_time(void **state)
{
	struct store *store = bench_open();

	(void)state;
	expect(persist(), STATUS_FAILED, "", "is in use");
	assert_int_equal(fake.sent_count, 0);
	store_close(store);
}

static void folders_are_checked(void **state)
{
	(void)state;
	assert_int_equal(mkdir(scratch("state"), 0700), 0);
	assert_int_equal(chmod(scratch("state"), 0777), 0);
	expect(persist(), STATUS_FAILED, "", "others can write to the folder");
	assert_int_equal(fake.sent_count, 0);
	fake_reset();
	expect(RUN("persist", ""), STATUS_FAILED, "", "cannot create the folder ''");
}

static void wrong_words(void **state)
{
	(void)state;
	expect(RUN("persist", "d", "foreground"), STATUS_USAGE, "", "unknown keyword 'foreground'");
	expect(RUN("persist", "background", "d"), STATUS_USAGE, "", "unknown keyword 'd'");
	expect(RUN("persist", "d", "background", "background"), STATUS_USAGE, "", "given twice");
	/* Where DIR could stand it is no DIR. */
	expect(RUN("persist", "background", "background"), STATUS_USAGE, "", "given twice");
}

/* ---- writing ---- */

static void anew(void)
{
	scratch_remove(NULL);
	scratch_make(NULL);
}

static void begin(void)
{
	says_agent(id_a, 0, false);
	says_listed(NULL, NULL);
	says_write_and_ack(NULL, 1, "the device");
}

static void writes_go_before_copies(void **state)
{
	uint8_t data[SLOT_MOST];

	(void)state;
	begin();
	says_write_and_ack(id_b, 2, "one");
	says_write_and_ack(id_b, 3, "two");
	says_none_waits();		/* the device is copied */
	says_write_and_ack(id_b, 4, "three");
	says_none_waits();		/* peer b is copied */
	says_none_waits();
	stop_waiting();
	disk_on();
	expect(persist(), STATUS_DONE, "", "");
	disk_off();
	expect_all_heard();
	assert_non_null(strstr(disk.log, "rename device.1"));
	assert_null(strstr(strstr(disk.log, "rename device.1") + 1, "rename device.1"));
	scratch_read("state/device.0", data, sizeof(data));
	assert_memory_equal(data + SLOT_HEADER_LEN, "the device", 10);
	scratch_read(PEER_B_0, data, sizeof(data));
	assert_memory_equal(data + SLOT_HEADER_LEN, "three", 5);
	expect_kept(id_b, "three");
	/* Between them nobody waits for longer than a request takes. */
	assert_int_equal(fake.waited, 0);
}

static void removed_peers_are_erased(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_a, 0, false);
	says_ack();
	says_ack();
	says_ack();
	says_listed(id_a, id_b);
	says_write_and_ack(NULL, 1, "the device");
	says_write_and_ack(id_b, 2, "peer b");
	says_write_and_ack(id_a, 3, NULL);
	says_write_and_ack(id_b, 4, NULL);
	says_write_and_ack(id_b, 5, "again");
	stop_asking();
	expect(persist(), STATUS_DONE, "2 peers restored", "");
	expect_written(11, id_a, 3, 0);
	expect_written(13, id_b, 4, 0);
	assert_false(scratch_has(PEER_A_0) || scratch_has(PEER_A_1));
	expect_kept(id_b, "again");
}

static void failures_are_told(void **state)
{
	static const struct { int at, error; } faults[] = {
		{ 1, ENOSPC }, { 2, ENOSPC }, { 3, EIO }, { 4, EROFS }, { 5, EIO },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		anew();
		bench_fill();
		says_agent(id_a, 0, true);
		says_listed(id_a, id_b);
		says_write_and_ack(id_b, 7, "b 2");
		says_none_waits();
		says_pending();
		says_write_and_ack(id_b, 8, "b 3");
		stop_asking();
		disk_on();
		disk.fault_at = AFTER_BEGIN + faults[i].at;
		disk.error = faults[i].error;
		expect(persist(), STATUS_DONE, "",
		       "cannot write the state of peer " ID_B " in '");
		disk_off();
		EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT, NEXT, WRITTEN, NEXT);
		expect_written(4, id_b, 7, faults[i].error);
		expect_written(7, id_b, 8, 0);
		expect_kept(id_b, "b 3");
		expect_all_heard();
	}
}

static void failed_erasures_are_told(void **state)
{
	(void)state;
	bench_fill();
	says_agent(id_a, 0, true);
	says_listed(id_a, id_b);
	says_write_and_ack(id_b, 7, NULL);
	stop_asking();
	disk_on();
	disk.fault_at = AFTER_BEGIN + 3;
	expect(persist(), STATUS_DONE, "", "cannot erase the state of peer " ID_B " in '");
	disk_off();
	expect_written(4, id_b, 7, EIO);
}

static void a_write_that_was_given_up_is_no_failure(void **state)
{
	(void)state;
	says_agent(id_a, 1, false);
	says_listed(id_b, NULL);
	says_write_and_ack(NULL, 1, "the device");
	says_write(id_b, 2, "late");
	says_refused(ESTALE, "SERIAL names no write that is undecided");
	says_write_and_ack(id_b, 3, "in time");
	stop_asking();
	expect(persist(), STATUS_DONE, "0 peers restored", "");
	expect_written(6, id_b, 2, 0);
	expect_kept(id_b, "in time");
	expect_all_heard();
}

/* What does not count as written is still waited for. */
static void ready_means_durable(void **state)
{
	struct run run;
	int turn;

	(void)state;
	for (turn = 0; turn < 3; turn++) {
		anew();
		says_agent(id_a, 1, false);
		says_listed(id_b, NULL);
		says_write_and_ack(NULL, 1, "the device");
		says_write(id_b, 2, "peer b");
		if (turn == 1)
			says_refused(ESTALE, NULL);
		else
			says_ack();
		stop_asking();
		disk_on();
		if (turn == 2)
			disk.fault_at = 1 + AFTER_BEGIN + 5 + 5 + 1;
		run = persist();
		disk_off();
		assert_int_equal(run.status, STATUS_DONE);
		assert_int_equal(!!strstr(run.out, "keeping state"), turn == 0);
		assert_int_equal(!!strstr(run.err, "cannot write the state of peer"), turn == 2);
		run_end(&run);
	}
}

static void copies_can_fail_and_are_tried_again(void **state)
{
	struct run run;

	(void)state;
	begin();
	says_none_waits();		/* the copy fails */
	says_none_waits();
	fake_error(FAKE_REQUESTS, -ETIME);
	says_none_waits();
	stop_waiting();
	disk_on();
	disk.fault_at = 1 + AFTER_BEGIN + 5 + 5 + 1;	/* after the folder, key and device */
	run = persist();
	disk_off();
	assert_int_equal(run.status, STATUS_DONE);
	assert_non_null(strstr(run.err, "cannot write the state of the device in '"));
	assert_non_null(strstr(run.err, "' a second time: Input/output error\n"));
	assert_null(strstr(strstr(run.err, "second time") + 1, "second time"));
	run_end(&run);
	assert_false(scratch_has("state/device.0"));
	expect_kept(NULL, "the device");
}

static void senseless_writes(void **state)
{
	(void)state;
	begin();
	says_write_and_ack(NULL, 2, NULL);
	stop_asking();
	expect(persist(), STATUS_DONE, "", "cannot erase the state of the device in '");
	expect_written(6, NULL, 2, EINVAL);
	expect_kept(NULL, "the device");
	anew();
	begin();
	says(HPKM_CMD_STATE_NEXT);
	says_u64(HPKM_STATE_A_SERIAL, 2);
	says_octets(HPKM_STATE_A_BLOB, "", 0);
	says_end(FAKE_REQUESTS);
	expect(persist(), STATUS_FAILED, "", "malformed");
}

/* ---- waiting ---- */

static void a_word_of_the_module_wakes(void **state)
{
	(void)state;
	begin();
	says_none_waits();	/* the device is copied */
	says_none_waits();
	says_pending();
	says_write_and_ack(id_b, 2, "peer b");
	says_none_waits();	/* peer b is copied */
	says_none_waits();
	/* Once. */
	fake_error(FAKE_REQUESTS, -ETIME);
	says_none_waits();
	stop_waiting();
	expect(persist(), STATUS_DONE, "", "");
	expect_all_heard();
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT, NEXT, NEXT, WRITTEN, NEXT, NEXT,
		    NEXT);
	expect_kept(id_b, "peer b");
}

/* It comes between the request and the answer that nothing waits. */
static void a_word_is_not_lost_in_a_reply(void **state)
{
	(void)state;
	begin();
	says_none_waits();
	says(HPKM_CMD_STATE_NEXT);
	says_end(FAKE_REQUESTS);
	says_pending();
	says_ack();
	says_write_and_ack(id_b, 2, "peer b");
	stop_asking();
	expect(persist(), STATUS_DONE, "", "");
	expect_all_heard();
	assert_int_equal(fake.waited, 0);
	expect_kept(id_b, "peer b");
}

static void other_words_do_not_wake(void **state)
{
	(void)state;
	begin();
	says_none_waits();
	says_none_waits();
	says_event(HPKM_EVENT_PAIRED, id_a);
	says_unasked();
	fake_error(FAKE_REQUESTS, -ETIME);
	says_none_waits();
	stop_waiting();
	expect(persist(), STATUS_DONE, "", "");
	assert_true(fake.waited > 2900);
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT, NEXT, NEXT);
}

/* A word can get lost, and a module that goes says none. */
static void the_module_is_asked_now_and_then(void **state)
{
	(void)state;
	begin();
	says_none_waits();
	says_none_waits();
	fake_error(FAKE_REQUESTS, -ETIME);
	says_write_and_ack(id_b, 2, "peer b");
	says_none_waits();
	says_none_waits();
	fake_error(FAKE_REQUESTS, -ETIME);
	says_refused(ENOENT, NULL);
	expect(persist(), STATUS_ABSENT, "", "hpkm-nl: the kernel module was unloaded\n");
	assert_true(fake.waited > 2900 && fake.waited < 3100);
	expect_kept(id_b, "peer b");
}

static void want_of_memory_passes(void **state)
{
	(void)state;
	begin();
	says_refused(ENOMEM, NULL);
	says_write_and_ack(id_b, 2, "peer b");
	stop_asking();
	expect(persist(), STATUS_DONE, "", "Cannot allocate memory");
	expect_kept(id_b, "peer b");
}

static void lost_contact(void **state)
{
	(void)state;
	begin();
	says_none_waits();
	says_none_waits();
	fake_error(FAKE_REQUESTS, -EIO);
	expect(persist(), STATUS_FAILED, "", "netlink: Input/output error");
	anew();
	begin();
	expect(persist(), STATUS_TIMEOUT, "", "the kernel does not answer");
	anew();
	begin();
	says_refused(EPERM, "Only the persist agent may ask that");
	expect(persist(), STATUS_DENIED, "", "Only the persist agent");
}

/* Whatever else is said meanwhile, a request is not waited for without end. */
static void chatter_is_no_answer(void **state)
{
	int i;

	(void)state;
	begin();
	for (i = 0; i < 40; i++)
		says_pending();
	fake.pace = 100;
	expect(persist(), STATUS_TIMEOUT, "", "the kernel does not answer");
	assert_int_equal(fake_left(FAKE_REQUESTS), 0);
	anew();
	begin();
	for (i = 0; i < 40; i++)
		says_pending();
	fake.pace = 1000;
	expect(persist(), STATUS_TIMEOUT, "", "the kernel does not answer");
	assert_true(fake_left(FAKE_REQUESTS) > 30);
}

/* ---- stopping ---- */

static void the_write_in_hand_is_finished(void **state)
{
	(void)state;
	begin();
	says_write(id_b, 2, "peer b");
	stop_waiting();		/* while WRITTEN is not yet answered */
	says_ack();
	says_write_and_ack(id_b, 3, "not this one");
	expect(persist(), STATUS_DONE, "", "");
	expect_written(6, id_b, 2, 0);
	EXPECT_SENT(AGENT, READY, LIST, NEXT, WRITTEN, NEXT, WRITTEN);
	expect_kept(id_b, "peer b");
	assert_false(interrupt_caught());
}

/* The wait that finds something does not let a signal in. */
static void a_signal_is_seen_between_writes(void **state)
{
	int i;

	(void)state;
	begin();
	interrupt_catch();
	raise(SIGTERM);
	for (i = 2; i < 9; i++)
		says_write_and_ack(id_b, i, "peer b");
	expect(persist(), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(fake.sent_count - 1), LIST);
}

/* ---- the background ---- */

static int stdio_that_is_null(void)
{
	char link[32], path[64];
	int fd, count = 0;
	ssize_t len;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		path[len > 0 ? len : 0] = '\0';
		count += !strcmp(path, "/dev/null");
	}
	return count;
}

/*
 * Runs the command in a process of its own.  What it wrote is in files.  If
 * another process goes on, @said tells how that ended: its status, whether it
 * had a session of its own, and how much of its stdio was /dev/null.
 */
static int run_background(char *said, size_t room)
{
	int status, ends[2];
	struct run run;
	pid_t child;
	ssize_t len, got;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		close(ends[0]);
		child = getpid();
		run = RUN("persist", scratch("state"), "background");
		if (getpid() != child) {
			len = dprintf(ends[1], "%d %d %d", run.status, getsid(0) == getpid(),
				      stdio_that_is_null());
			_exit(len < 0);
		}
		scratch_write("out", run.out, strlen(run.out));
		scratch_write("err", run.err, strlen(run.err));
		_exit(run.status);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	/* Until the other one is gone, too. */
	for (len = 0; (got = read(ends[0], said + len, room - 1 - len)) > 0; len += got)
		;
	said[len] = '\0';
	close(ends[0]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_file(const char *name, const char *wanted)
{
	char text[1024] = { 0 };

	scratch_read(name, text, sizeof(text) - 1);
	if (!strstr(text, wanted))
		fail_msg("%s lacks '%s': %s", name, wanted, text);
}

static void background_goes_on(void **state)
{
	char said[64];

	(void)state;
	begin();
	says_none_waits();
	says_none_waits();
	says_pending();
	says_write_and_ack(id_b, 2, "peer b");
	stop_asking();
	assert_int_equal(run_background(said, sizeof(said)), STATUS_DONE);
	expect_file("out", "hpkm-nl: keeping state in /tmp/");
	assert_string_equal(said, "0 1 3");
	expect_kept(id_b, "peer b");
}

static void background_waits_for_all(void **state)
{
	char said[64];

	(void)state;
	bench_fill();
	says_agent(id_a, 2, true);
	says_listed(id_a, id_b);
	says_write_and_ack(id_a, 1, "a 2");
	says_write_and_ack(id_b, 2, "b 2");
	says_none_waits();	/* a is copied */
	says_none_waits();	/* b is copied */
	says_none_waits();
	fake_error(FAKE_REQUESTS, -EIO);
	assert_int_equal(run_background(said, sizeof(said)), STATUS_FAILED);
	assert_string_equal(said, "");
	expect_file("err", "netlink: Input/output error");
	expect_file("out", "");
}

static void background_does_not_wait_for_ever(void **state)
{
	char said[64];
	int i;

	(void)state;
	says_agent(id_a, 0, false);
	says_listed(NULL, NULL);
	for (i = 0; i < 12; i++) {
		says_none_waits();
		fake_error(FAKE_REQUESTS, -ETIME);
	}
	assert_int_equal(run_background(said, sizeof(said)), STATUS_TIMEOUT);
	expect_file("err", "not all state was kept within 30 seconds");
}

static void background_tells_what_went_wrong(void **state)
{
	char said[64];

	(void)state;
	says_refused(EBUSY, "There is a persist agent already");
	assert_int_equal(run_background(said, sizeof(said)), STATUS_FAILED);
	expect_file("err", "There is a persist agent already");
	fake_reset();
	says_agent(id_a, 0, false);
	says_listed(NULL, NULL);
	says_none_waits();
	stop_waiting();
	assert_int_equal(run_background(said, sizeof(said)), STATUS_FAILED);
	expect_file("err", "interrupted before all state was kept");
	assert_string_equal(said, "");
}

static void background_complains_to_the_log(void **state)
{
	char said[64];

	(void)state;
	begin();
	says_none_waits();
	says_none_waits();
	fake_error(FAKE_REQUESTS, -EIO);
	assert_int_equal(run_background(said, sizeof(said)), STATUS_DONE);
	assert_string_equal(said, "1 1 3");
	expect_file("log", "hpkm-nl: netlink: Input/output error\n");
	expect_file("err", "");
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_time),
		TEST(restoring),
		TEST(a_refused_peer_is_left_alone),
		TEST(a_refused_device_ends_it),
		TEST(bad_files_are_left_out),
		TEST(a_lost_device_is_not_replaced),
		TEST(contact_lost_while_restoring),
		TEST(peers_without_a_device),
		TEST(another_device),
		TEST(half_restored),
		TEST(coming_back),
		TEST(coming_to_a_new_folder),
		TEST(refused_by_the_module),
		TEST(one_agent_at_a_time),
		TEST(folders_are_checked),
		TEST(wrong_words),
		TEST(writes_go_before_copies),
		TEST(removed_peers_are_erased),
		TEST(failures_are_told),
		TEST(failed_erasures_are_told),
		TEST(a_write_that_was_given_up_is_no_failure),
		TEST(ready_means_durable),
		TEST(copies_can_fail_and_are_tried_again),
		TEST(senseless_writes),
		TEST(a_word_of_the_module_wakes),
		TEST(a_word_is_not_lost_in_a_reply),
		TEST(other_words_do_not_wake),
		TEST(the_module_is_asked_now_and_then),
		TEST(want_of_memory_passes),
		TEST(lost_contact),
		TEST(chatter_is_no_answer),
		TEST(the_write_in_hand_is_finished),
		TEST(a_signal_is_seen_between_writes),
		TEST(background_goes_on),
		TEST(background_waits_for_all),
		TEST(background_does_not_wait_for_ever),
		TEST(background_tells_what_went_wrong),
		TEST(background_complains_to_the_log),
	};

	/* A command that nothing ends is a failure, too. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
