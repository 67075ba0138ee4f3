// SPDX-License-Identifier: GPL-2.0
/* Whole command lines: what is asked of the module, and what comes of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_says.h"
#include "netlink.h"
#include "objects.h"

static void expect(struct run run, enum status wanted, const char *out, const char *err)
{
	if (run.status != wanted)
		fail_msg("status %d, not %d: %s", run.status, wanted, run.err);
	if (out && !strstr(run.out, out))
		fail_msg("output lacks '%s': %s", out, run.out);
	if (err && !strstr(run.err, err))
		fail_msg("complaints lack '%s': %s", err, run.err);
	run_end(&run);
}

#define BAD(...) do { \
	expect(RUN(__VA_ARGS__), STATUS_USAGE, "", "hpkm-nl: "); \
	assert_int_equal(fake.sent_count, 0); \
} while (0)

static void usage_errors(void **state)
{
	static char lots[1100];

	(void)state;
	memset(lots, 'x', 1025);
	BAD("nonsense");
	BAD("s");
	BAD("");
	BAD("device", "");
	BAD("-x", "link");
	BAD("link", "frobnicate");
	BAD("link", "add");
	BAD("link", "add", "eth1", "mode");
	BAD("link", "add", "eth1", "mode", "loose");
	BAD("link", "add", "eth1", "mode", "strict", "more");
	BAD("link", "set", "eth1");
	BAD("link", "show", "eth1", "eth2");
	BAD("link", "del");
	BAD("sk", "del");
	BAD("sk", "set", "suite");
	BAD("sk", "set", "suite", "chacha");
	BAD("sk", "set", "suite", "xor", "file");
	BAD("sk", "set", "suite", "xor", "fd", "-1");
	BAD("sk", "set", "suite", "xor", "file", "f", "fd", "3");
	BAD("sk", "set", "suite", "xor", "my secret passphrase");
	BAD("sk", "del", "suite", "xor", "fd", "3");
	BAD("pair", "add");
	BAD("pair", "add", "eth1", "suite", "xor", "window", "0");
	BAD("pair", "add", "eth1", "suite", "xor", "window", "3601");
	BAD("pair", "add", "eth1", "suite", "xor", "suite", "xor");
	BAD("peer", "set", "Paris");
	BAD("peer", "set", "Paris", "bridge", "o");
	BAD("peer", "set", "Paris", "name", "01234567890123456789012345678901");
	BAD("peer", "set", "Paris", "name", "a\nb");
	BAD("peer", "del");
	BAD("peer", "del", "dev");
	BAD("session", "add");
	BAD("session", "update", "Paris", "index", "0");
	BAD("session", "update", "Paris", "rid", "0011");
	BAD("session", "update", "Paris", "rid", "00112233445566778899");
	BAD("session", "update", "Paris", "index", "1", "rid", "001122334455667788");
	BAD("log", "show");
	BAD("policy", "set", "Paris");
	BAD("location", "set");
	BAD("location", "set", "01234567890123456789012345678901");
	BAD("location", "set", "\xff");
	BAD("message", "send", "Paris");
	BAD("message", "send", "Paris", "");
	BAD("message", "send", "Paris", lots);
	BAD("message", "send", "Paris", "file");
	BAD("message", "send", "Paris", "hi", "weight");
	BAD("monitor", "count", "0");
	BAD("monitor", "3");
	BAD("show", "all");
	BAD("state");
	BAD("persist", "dir", "background", "now");
}

static void nothing_said_is_usage(void **state)
{
	(void)state;
	expect(run_words((char *const[]){ "hpkm-nl", NULL }), STATUS_USAGE, "", "Usage:");
}

static void help_for_everything(void **state)
{
	const struct object *object;
	const struct verb *verb;
	struct run run;

	(void)state;
	expect(RUN("--help"), STATUS_DONE, "Exit status: 0 done", "");
	expect(RUN("help"), STATUS_DONE, "Objects:", "");
	expect(RUN("--version"), STATUS_DONE, "hpkm-nl " HPKM_NL_VERSION "\n", "");
	for (object = objects; object->verbs; object++) {
		expect(RUN((char *)object->name, "help"), STATUS_DONE, object->help, "");
		expect(RUN("help", (char *)object->name), STATUS_DONE, object->help, "");
		run = RUN((char *)object->name, "--help");
		assert_int_equal(run.status, STATUS_DONE);
		for (verb = object->verbs; verb->name; verb++) {
			assert_non_null(strstr(run.out, verb->usage));
			assert_non_null(strstr(run.out, verb->help));
		}
		run_end(&run);
	}
	assert_int_equal(fake.sent_count, 0);
}

static void output_that_cannot_be_written(void **state)
{
	char *const words[] = { "hpkm-nl", "--help", NULL };
	struct tool tool = { .out = fopen("/dev/full", "w"), .err = tmpfile() };

	(void)state;
	assert_int_equal(tool_main(&tool, 2, (char **)words), STATUS_FAILED);
	fclose(tool.out);
	fclose(tool.err);
}

static void no_module(void **state)
{
	(void)state;
	fake.absent = true;
	expect(RUN("link"), STATUS_ABSENT, "",
	       "hpkm: the kernel module is not loaded (modprobe hpkm)\n");
	fake_reset();
	fake.absent = true;
	expect(RUN("link", "add", "nosuch0"), STATUS_ABSENT, "", "not loaded");
}

static void other_interface_version(void **state)
{
	(void)state;
	fake.version = HPKM_GENL_VERSION + 1;
	expect(RUN("link"), STATUS_FAILED, "", "has version 2");
}

static void no_netlink(void **state)
{
	(void)state;
	fake.open_error = -EPROTONOSUPPORT;
	expect(RUN("link"), STATUS_FAILED, "", "netlink: Protocol not supported");
}

static void silent_kernel(void **state)
{
	(void)state;
	expect(RUN("link"), STATUS_TIMEOUT, "", "the kernel does not answer");
}

/* As long as there is something, there may be more. */
static void slow_kernel(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		says_peer(id_a, NULL, NULL);
	says_done();
	fake.pace = 4000;
	expect(RUN("peer"), STATUS_DONE, ID_A, "");
	assert_int_equal(fake_left(FAKE_REQUESTS), 0);
}

static void refusals(void **state)
{
	(void)state;
	says_refused(EBUSY, "eth1 is attached\nalready");
	expect(RUN("link", "add", "eth1"), STATUS_FAILED, "",
	       "hpkm-nl: eth1 is attached\\x0aalready (Device or resource busy)\n");
	fake_reset();
	says_refused(EBUSY, NULL);
	expect(RUN("link", "add", "eth1"), STATUS_FAILED, "", "refused: Device or resource busy");
	fake_reset();
	says_refused(EPERM, NULL);
	expect(RUN("link", "add", "eth1"), STATUS_DENIED, "", "CAP_NET_ADMIN");
	fake_reset();
	says_refused(EACCES, "not yours");
	expect(RUN("link", "add", "eth1"), STATUS_DENIED, "", "not yours");
}

static void malformed_answers(void **state)
{
	(void)state;
	says(HPKM_CMD_LINK_GET);
	says_u8(HPKM_LINK_A_MTU, 1);
	says_end(FAKE_REQUESTS);
	expect(RUN("link"), STATUS_FAILED, "", "malformed");
	fake_reset();
	fake_data(FAKE_REQUESTS, "\x50\0\0\0\0\0", 6);
	expect(RUN("link"), STATUS_FAILED, "", "malformed");
}

static void interrupted_dump_is_repeated(void **state)
{
	struct run run;
	int i;

	(void)state;
	says_peer(id_a, "once", NULL);
	says_done_flags(NLM_F_DUMP_INTR);
	says_peer(id_b, "twice", NULL);
	says_done();
	run = RUN("peer");
	assert_int_equal(run.status, STATUS_DONE);
	assert_null(strstr(run.out, "once"));
	assert_non_null(strstr(run.out, "twice"));
	run_end(&run);
	assert_int_equal(fake.sent_count, 2);

	fake_reset();
	for (i = 0; i < 20; i++)
		says_done_flags(NLM_F_DUMP_INTR);
	expect(RUN("peer"), STATUS_FAILED, "", "changed 8 times");
	assert_int_equal(fake.sent_count, 8);
}

static void link_requests(void **state)
{
	(void)state;
	says_ack();
	expect(RUN("li", "a", "eth1"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_LINK_ADD);
	assert_int_equal(nla_get_u32(sent_attr(0, HPKM_LINK_A_IFINDEX)), 3);
	assert_int_equal(nla_get_u32(sent_attr(0, HPKM_LINK_A_MODE)), HPKM_LINK_MODE_STRICT);
	fake_reset();
	says_ack();
	expect(RUN("link", "set", "eth1", "mode", "perm"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_LINK_SET);
	assert_int_equal(nla_get_u32(sent_attr(0, HPKM_LINK_A_MODE)),
			 HPKM_LINK_MODE_PERMISSIVE);
	fake_reset();
	says_ack();
	expect(RUN("link", "del", "eth1"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_LINK_DEL);
	assert_null(sent_attr(0, HPKM_LINK_A_MODE));
	fake_reset();
	expect(RUN("link", "del", "eth9"), STATUS_FAILED, "", "no network device 'eth9'");
}

static void sk_set_sends_the_stretched_key(void **state)
{
	static const uint8_t wanted[HPKM_SK_LEN] = {
		0xcc, 0x25, 0xee, 0x5d, 0xb4, 0x12, 0x30, 0x1f,
		0x31, 0x90, 0x3d, 0x42, 0xd8, 0xcd, 0x4d, 0xee,
		0xcd, 0xb5, 0x95, 0x94, 0x92, 0xb7, 0xe7, 0xd6,
		0xfd, 0x14, 0xdd, 0x33, 0xa6, 0x63, 0xc7, 0x6e
	};
	char fd[12];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "correct horse battery staple\n", 29), 29);
	close(ends[1]);
	snprintf(fd, sizeof(fd), "%d", ends[0]);
	says_ack();
	expect(RUN("sk", "set", "suite", "xor", "fd", fd), STATUS_DONE, "",
	       "gives no security");
	close(ends[0]);
	assert_int_equal(sent_cmd(0), HPKM_CMD_SK_SET);
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_SK_A_SUITE)), HPKM_SUITE_XOR);
	assert_int_equal(nla_len(sent_attr(0, HPKM_SK_A_KEY)), HPKM_SK_LEN);
	assert_memory_equal(nla_data(sent_attr(0, HPKM_SK_A_KEY)), wanted, HPKM_SK_LEN);
}

static void sk_warns_of_xor_only(void **state)
{
	char name[] = "/tmp/hpkm-nl-test-XXXXXX";
	int fd = mkstemp(name);
	struct run run;

	(void)state;
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	says_ack();
	run = RUN("sk", "set", "suite", "chacha20poly1305", "file", name);
	unlink(name);
	assert_int_equal(run.status, STATUS_DONE);
	assert_null(strstr(run.err, "security"));
	run_end(&run);
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_SK_A_SUITE)), 1);
	fake_reset();
	says_ack();
	expect(RUN("sk", "del", "suite", "chacha20poly1305-"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_SK_DEL);
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_SK_A_SUITE)), 2);
}

static void peer_specs(void **state)
{
	static char *const good[] = {
		ID_A, "A1B2C3D4E5F60718293A4B5C6D7E8F90", "a1b2c", "a1b2c3", "Paris"
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		fake_reset();
		says_peers();
		says_ack();
		expect(RUN("peer", "del", good[i]), STATUS_DONE, "", "");
		assert_int_equal(sent_cmd(1), HPKM_CMD_PEER_DEL);
		assert_memory_equal(nla_data(sent_attr(1, HPKM_PEER_A_ID)), id_a,
				    HPKM_ID_LEN);
	}
	fake_reset();
	says_peers();
	says_ack();
	expect(RUN("peer", "del", "dev", "eth2"), STATUS_DONE, "", "");
	assert_memory_equal(nla_data(sent_attr(1, HPKM_PEER_A_ID)), id_b, HPKM_ID_LEN);
}

static void wrong_peer(char *given, const char *complaint)
{
	fake_reset();
	says_peers();
	expect(RUN("peer", "del", given), STATUS_FAILED, "", complaint);
	assert_int_equal(fake.sent_count, 1);
}

static void peer_specs_that_fail(void **state)
{
	(void)state;
	wrong_peer("a1b2", "ambiguous peer 'a1b2': " ID_A " " ID_B);
	wrong_peer("a1b", "no such peer: 'a1b'");
	wrong_peer("London", "no such peer: 'London'");
	wrong_peer("paris", "no such peer");
	wrong_peer("Par", "no such peer");
	wrong_peer(ID_A "0", "no such peer");
	wrong_peer("", "no such peer");
	fake_reset();
	says_peers();
	expect(RUN("peer", "del", "dev", "eth3"), STATUS_FAILED, "", "'eth3' has none");
	fake_reset();
	says_peer(id_a, NULL, "eth1");
	says_peer(id_b, NULL, "eth1");
	says_done();
	expect(RUN("peer", "del", "dev", "eth1"), STATUS_FAILED, "", "several peers");
	/* One's name is the beginning of another's id. */
	fake_reset();
	says_peer(id_a, NULL, NULL);
	says_peer(id_b, "a1b2c3", NULL);
	says_done();
	expect(RUN("peer", "del", "a1b2c3"), STATUS_FAILED, "", "ambiguous");
}

static void peer_set_request(void **state)
{
	(void)state;
	says_peers();
	says_ack();
	expect(RUN("peer", "set", "Rome", "n", "Roma", "b", "on"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(1), HPKM_CMD_PEER_SET);
	assert_string_equal(nla_data(sent_attr(1, HPKM_PEER_A_NAME)), "Roma");
	assert_int_equal(nla_get_u8(sent_attr(1, HPKM_PEER_A_BRIDGE)), 1);
	fake_reset();
	says_peers();
	says_ack();
	expect(RUN("peer", "set", "Rome", "bridge", "off"), STATUS_DONE, "", "");
	assert_null(sent_attr(1, HPKM_PEER_A_NAME));
	assert_int_equal(nla_get_u8(sent_attr(1, HPKM_PEER_A_BRIDGE)), 0);
}

static void policy_and_location_requests(void **state)
{
	(void)state;
	says_peers();
	says_ack();
	expect(RUN("policy", "set", "Paris", "record", "every", "1", "frames", "log-size", "16"),
	       STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(1), HPKM_CMD_POLICY_SET);
	assert_int_equal(nla_get_u32(sent_attr(1, HPKM_POLICY_A_RECORD_FRAMES)), 1);
	assert_int_equal(nla_get_u32(sent_attr(1, HPKM_POLICY_A_RECORD_INTERVAL)), 0);
	assert_int_equal(nla_get_u32(sent_attr(1, HPKM_POLICY_A_LOG_SIZE)), 16);
	assert_null(sent_attr(1, HPKM_POLICY_A_UPDATE_RECORDS));
	assert_null(sent_attr(1, HPKM_POLICY_A_REKEY_FRAMES));
	fake_reset();
	says_peers();
	says_ack();
	expect(RUN("policy", "set", "Paris", "rekey-frames", "1099511627776"),
	       STATUS_DONE, "", "");
	assert_int_equal(nla_len(sent_attr(1, HPKM_POLICY_A_REKEY_FRAMES)), 8);
	assert_int_equal(nla_get_u64(sent_attr(1, HPKM_POLICY_A_REKEY_FRAMES)), 1LL << 40);
	fake_reset();
	says_ack();
	expect(RUN("location", "set", "Paris"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_LOCATION_SET);
	assert_int_equal(nla_len(sent_attr(0, HPKM_LOCATION_A_LABEL)), 5);
	fake_reset();
	says_ack();
	expect(RUN("location", "set", ""), STATUS_DONE, "", "");
	assert_int_equal(nla_len(sent_attr(0, HPKM_LOCATION_A_LABEL)), 0);
}

static void event(enum hpkm_event type, const uint8_t *peer)
{
	says_event(type, peer);
	says_end(FAKE_EVENTS);
}

static void pairing_succeeds(void **state)
{
	(void)state;
	says_ack();
	event(HPKM_EVENT_LINK_ATTACHED, NULL);
	says(HPKM_CMD_EVENT);	/* another link's */
	says_u32(HPKM_EVENT_A_TYPE, HPKM_EVENT_PAIRED);
	says_u32(HPKM_EVENT_A_IFINDEX, 4);
	says_octets(HPKM_EVENT_A_PEER, id_b, HPKM_ID_LEN);
	says_end(FAKE_EVENTS);
	event(HPKM_EVENT_PAIRED, id_a);
	expect(RUN("pair", "add", "eth1", "suite", "xor", "window", "30", "override"),
	       STATUS_DONE, "paired ifindex 3 ifname eth1 peer " ID_A "\n", "no security");
	assert_int_equal(fake_left(FAKE_EVENTS), 0);
	assert_int_equal(fake.joined, FAKE_GROUP);
	assert_int_equal(fake.joined_after, 0);
	assert_int_equal(sent_cmd(0), HPKM_CMD_PAIR_ADD);
	assert_int_equal(nla_get_u32(sent_attr(0, HPKM_PAIR_A_WINDOW)), 30);
	assert_non_null(sent_attr(0, HPKM_PAIR_A_OVERRIDE));
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_PAIR_A_SUITE)), HPKM_SUITE_XOR);
}

static void pairing_fails(void **state)
{
	(void)state;
	says_ack();
	says_event(HPKM_EVENT_PAIRING_FAILED, NULL);
	says_string(HPKM_EVENT_A_REASON, "the SK differs");
	says_end(FAKE_EVENTS);
	expect(RUN("pair", "add", "eth1", "suite", "xor"), STATUS_FAILED, "",
	       "pairing failed: the SK differs\n");
	assert_null(sent_attr(0, HPKM_PAIR_A_WINDOW));
	assert_null(sent_attr(0, HPKM_PAIR_A_OVERRIDE));
}

static void pairing_times_out(void **state)
{
	(void)state;
	says_ack();
	expect(RUN("pair", "add", "eth1", "suite", "xor", "window", "7"), STATUS_TIMEOUT, "",
	       "within 7 seconds");
	assert_int_equal(fake.sent_count, 1);
}

static void pairing_refused(void **state)
{
	(void)state;
	says_refused(EBUSY, "not isolated: eth0 is up");
	event(HPKM_EVENT_PAIRED, id_a);
	expect(RUN("pair", "add", "eth1", "suite", "xor"), STATUS_FAILED, "", "eth0 is up");
	assert_int_equal(fake_left(FAKE_EVENTS), 1);
}

static void default_suite_is_secure(void **state)
{
	char name[] = "/tmp/hpkm-nl-test-XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	says_ack();
	expect(RUN("sk", "set", "file", name), STATUS_DONE, "", "");
	unlink(name);
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_SK_A_SUITE)),
			 HPKM_SUITE_CHACHA20POLY1305_X25519);
	fake_reset();
	says_ack();
	expect(RUN("pair", "add", "eth1", "nowait"), STATUS_DONE, "", "");
	assert_int_equal(nla_get_u8(sent_attr(0, HPKM_PAIR_A_SUITE)),
			 HPKM_SUITE_CHACHA20POLY1305_X25519);
}

static void pairing_without_waiting(void **state)
{
	(void)state;
	says_ack();
	expect(RUN("pair", "add", "eth1", "suite", "xor", "nowait"), STATUS_DONE, "", "");
	assert_int_equal(fake.joined, 0);
	fake_reset();
	says_ack();
	expect(RUN("pair", "del", "eth1"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(0), HPKM_CMD_PAIR_DEL);
}

static void session_event(enum hpkm_event type, const uint8_t *peer, uint8_t sid)
{
	uint8_t octets[HPKM_SID_LEN] = { sid };

	says_event(type, peer);
	says_octets(HPKM_EVENT_A_SID, octets, sizeof(octets));
	says_end(FAKE_EVENTS);
}

static void known_session(uint8_t sid)
{
	uint8_t octets[HPKM_SID_LEN] = { sid };

	says(HPKM_CMD_SESSION_GET);
	says_octets(HPKM_SESSION_A_SID, octets, sizeof(octets));
	says_end(FAKE_REQUESTS);
	says_done();
}

static void session_add_waits_for_a_newer_one(void **state)
{
	(void)state;
	says_peers();
	known_session(1);
	says_ack();
	session_event(HPKM_EVENT_SESSION_UP, id_a, 1);
	session_event(HPKM_EVENT_SESSION_UP, id_b, 2);
	session_event(HPKM_EVENT_SESSION_UP, id_a, 3);
	expect(RUN("session", "add", "Paris"), STATUS_DONE,
	       "session-up ifindex 3 ifname eth1 peer " ID_A " sid 0300000000000000\n", "");
	assert_int_equal(sent_cmd(2), HPKM_CMD_SESSION_ADD);
	assert_memory_equal(nla_data(sent_attr(2, HPKM_SESSION_A_PEER)), id_a, HPKM_ID_LEN);
	assert_null(sent_attr(2, HPKM_SESSION_A_RID));
	assert_true(fake.joined_after < 2);
}

static void session_add_times_out(void **state)
{
	(void)state;
	says_peers();
	known_session(1);
	says_ack();
	session_event(HPKM_EVENT_SESSION_UP, id_a, 1);
	expect(RUN("session", "add", "Paris"), STATUS_TIMEOUT, "", "no new session");
	fake_reset();
	says_peers();
	says_ack();
	expect(RUN("session", "add", "Paris", "nowait"), STATUS_DONE, "", "");
	assert_int_equal(sent_cmd(1), HPKM_CMD_SESSION_ADD);
}

static void update_by_index(void **state)
{
	static const uint8_t rid[HPKM_RID_LEN] = { 1, 5 };

	(void)state;
	says_peers();
	says_record(300, 0, 3, "x", "c", 1, HPKM_RECORD_CONFIRMED);
	says_record(200, 1, 5, "x", "b", 1, HPKM_RECORD_CONFIRMED);
	says_record(150, 0, 9, "x", "p", 1, HPKM_RECORD_PENDING);
	says_record(100, 0, 1, "x", "a", 1, HPKM_RECORD_CONFIRMED);
	says_done();
	says_ack();
	event(HPKM_EVENT_UPDATE_DONE, id_b);
	event(HPKM_EVENT_UPDATE_DONE, id_a);
	expect(RUN("session", "update", "Paris", "index", "2"), STATUS_DONE,
	       "update-done", "");
	assert_int_equal(sent_cmd(2), HPKM_CMD_SESSION_UPDATE);
	assert_memory_equal(nla_data(sent_attr(2, HPKM_SESSION_A_RID)), rid, HPKM_RID_LEN);
	assert_int_equal(fake_left(FAKE_EVENTS), 0);
}

static void update_by_missing_index(void **state)
{
	(void)state;
	says_peers();
	says_record(100, 0, 1, "x", "a", 1, HPKM_RECORD_CONFIRMED);
	says_record(200, 0, 2, "x", "p", 1, HPKM_RECORD_PENDING);
	says_done();
	expect(RUN("session", "update", "Paris", "index", "2"), STATUS_FAILED, "",
	       "the log has no record 2");
	assert_int_equal(fake.sent_count, 2);
}

static void update_by_rid_refused(void **state)
{
	static const uint8_t rid[HPKM_RID_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	(void)state;
	says_peers();
	says_ack();
	says_event(HPKM_EVENT_UPDATE_REFUSED, id_a);
	says_string(HPKM_EVENT_A_REASON, "no such record there");
	says_end(FAKE_EVENTS);
	expect(RUN("session", "update", "Paris", "rid", "010203040506070809"),
	       STATUS_FAILED, "", "no key update: no such record there");
	assert_memory_equal(nla_data(sent_attr(1, HPKM_SESSION_A_RID)), rid, HPKM_RID_LEN);
	fake_reset();
	says_peers();
	says_ack();
	expect(RUN("session", "update", "Paris"), STATUS_TIMEOUT, "", "within 20 seconds");
	assert_null(sent_attr(1, HPKM_SESSION_A_RID));
}

static void message_accepted(uint64_t rec)
{
	says(HPKM_CMD_MESSAGE_ADD);
	says_u64(HPKM_MESSAGE_A_REC, rec);
	says_end(FAKE_REQUESTS);
	says_ack();
}

static void message_is_sent(void **state)
{
	(void)state;
	says_peers();
	message_accepted(1099511627777ULL);
	expect(RUN("message", "send", "Paris", "file a report"), STATUS_DONE,
	       "record 1099511627777 sent\n", "");
	assert_int_equal(sent_cmd(1), HPKM_CMD_MESSAGE_ADD);
	assert_int_equal(nla_len(sent_attr(1, HPKM_MESSAGE_A_DATA)), 13);
	assert_memory_equal(nla_data(sent_attr(1, HPKM_MESSAGE_A_DATA)), "file a report", 13);
	fake_reset();
	says_peers();
	message_accepted(5);
	expect(RUN("-j", "message", "add", "Paris", "hi"), STATUS_DONE, "\"rec\": 5,", "");
}

static void message_from_file(void **state)
{
	char name[] = "/tmp/hpkm-nl-test-XXXXXX";
	char lots[1100] = { 0 };
	int fd = mkstemp(name);

	(void)state;
	assert_int_equal(write(fd, lots, 1024), 1024);
	says_peers();
	message_accepted(1);
	expect(RUN("message", "send", "Paris", "file", name), STATUS_DONE, "", "");
	assert_int_equal(nla_len(sent_attr(1, HPKM_MESSAGE_A_DATA)), 1024);
	assert_int_equal(write(fd, lots, 1), 1);
	fake_reset();
	expect(RUN("message", "send", "Paris", "file", name), STATUS_USAGE, "", "has more");
	assert_int_equal(ftruncate(fd, 0), 0);
	expect(RUN("message", "send", "Paris", "file", name), STATUS_USAGE, "", "has none");
	close(fd);
	unlink(name);
	expect(RUN("message", "send", "Paris", "file", name), STATUS_FAILED, "", "cannot read");
}

static void message_event(enum hpkm_event type, const uint8_t *peer, uint64_t rec)
{
	uint8_t rid[HPKM_RID_LEN] = { 1 };
	int i;

	for (i = 1; i < HPKM_RID_LEN; i++, rec >>= 8)
		rid[i] = rec;
	says_event(type, peer);
	says_octets(HPKM_EVENT_A_RID, rid, sizeof(rid));
	says_end(FAKE_EVENTS);
}

#define REC	0x0102030405060708ULL

static void message_is_delivered(void **state)
{
	(void)state;
	says_peers();
	message_accepted(REC);
	message_event(HPKM_EVENT_MESSAGE_DELIVERED, id_b, REC);
	message_event(HPKM_EVENT_MESSAGE_DELIVERED, id_a, REC + 1);
	message_event(HPKM_EVENT_RECORD, id_a, REC);
	message_event(HPKM_EVENT_MESSAGE_DELIVERED, id_a, REC);
	expect(RUN("message", "send", "Paris", "hi", "wait"), STATUS_DONE,
	       "record 72623859790382856 delivered\n", "");
	assert_int_equal(fake_left(FAKE_EVENTS), 0);
	assert_int_equal(fake.joined_after, 1);
}

static void message_is_unconfirmed(void **state)
{
	(void)state;
	says_peers();
	message_accepted(REC);
	message_event(HPKM_EVENT_MESSAGE_UNCONFIRMED, id_a, REC);
	expect(RUN("message", "send", "Paris", "hi", "wait"), STATUS_FAILED,
	       "unconfirmed", "has not confirmed");
	fake_reset();
	says_peers();
	message_accepted(REC);
	expect(RUN("message", "send", "Paris", "hi", "wait"), STATUS_TIMEOUT,
	       "unconfirmed", "within 35 seconds");
}

static void monitor_prints_lines(void **state)
{
	(void)state;
	event(HPKM_EVENT_LINK_ATTACHED, NULL);
	event(HPKM_EVENT_PAIRED, id_a);
	event(HPKM_EVENT_REPLAY, id_a);
	expect(RUN("monitor", "count", "2"), STATUS_DONE,
	       "link-attached ifindex 3 ifname eth1\n"
	       "paired ifindex 3 ifname eth1 peer " ID_A "\n", "listening\n");
	assert_int_equal(fake_left(FAKE_EVENTS), 1);
}

static void monitor_prints_json_lines(void **state)
{
	struct run run;

	(void)state;
	event(HPKM_EVENT_PAIRED, id_a);
	run = RUN("-j", "monitor", "count", "1");
	assert_int_equal(run.status, STATUS_DONE);
	assert_string_equal(run.out,
			    "{\"event\":\"listening\"}\n"
			    "{\"event\":\"paired\",\"ifindex\":3,\"ifname\":\"eth1\",\"peer\":\""
			    ID_A "\"}\n");
	run_end(&run);
}

static void monitor_times_out(void **state)
{
	(void)state;
	expect(RUN("monitor", "timeout", "3"), STATUS_DONE, "", "");
	fake_reset();
	event(HPKM_EVENT_PAIRED, id_a);
	expect(RUN("monitor", "timeout", "3", "count", "2"), STATUS_TIMEOUT, "paired", "");
}

static void monitor_survives_overrun(void **state)
{
	(void)state;
	fake.drops = 41;
	fake_error(FAKE_EVENTS, -ENOBUFS);
	event(HPKM_EVENT_PAIRED, id_a);
	fake_error(FAKE_EVENTS, -ETIMEDOUT);	/* all is read */
	event(HPKM_EVENT_REPLAY, id_a);
	expect(RUN("monitor", "count", "2"), STATUS_DONE, "\nreplay",
	       "up to 41 events were lost");
}

static void monitor_skips_nonsense(void **state)
{
	(void)state;
	says(HPKM_CMD_EVENT);	/* without a type */
	says_end(FAKE_EVENTS);
	says(HPKM_CMD_LINK_GET);	/* no event */
	says_u32(HPKM_EVENT_A_TYPE, 1);
	says_end(FAKE_EVENTS);
	fake_data(FAKE_EVENTS, "abc", 3);
	event(99, NULL);
	expect(RUN("monitor", "count", "1"), STATUS_DONE, "99 ifindex 3", "");
	assert_int_equal(fake_left(FAKE_EVENTS), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, fresh, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(usage_errors),
		TEST(nothing_said_is_usage),
		TEST(help_for_everything),
		TEST(output_that_cannot_be_written),
		TEST(no_module),
		TEST(other_interface_version),
		TEST(no_netlink),
		TEST(silent_kernel),
		TEST(slow_kernel),
		TEST(refusals),
		TEST(malformed_answers),
		TEST(interrupted_dump_is_repeated),
		TEST(link_requests),
		TEST(sk_set_sends_the_stretched_key),
		TEST(sk_warns_of_xor_only),
		TEST(peer_specs),
		TEST(peer_specs_that_fail),
		TEST(peer_set_request),
		TEST(policy_and_location_requests),
		TEST(pairing_succeeds),
		TEST(pairing_fails),
		TEST(pairing_times_out),
		TEST(pairing_refused),
		TEST(default_suite_is_secure),
		TEST(pairing_without_waiting),
		TEST(session_add_waits_for_a_newer_one),
		TEST(session_add_times_out),
		TEST(update_by_index),
		TEST(update_by_missing_index),
		TEST(update_by_rid_refused),
		TEST(message_is_sent),
		TEST(message_from_file),
		TEST(message_is_delivered),
		TEST(message_is_unconfirmed),
		TEST(monitor_prints_lines),
		TEST(monitor_prints_json_lines),
		TEST(monitor_times_out),
		TEST(monitor_survives_overrun),
		TEST(monitor_skips_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
