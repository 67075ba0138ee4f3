// SPDX-License-Identifier: GPL-2.0
/* Every listing, for people and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "kernel_says.h"
#include "log.h"
#include "netlink.h"
#include "objects.h"

static void expect(struct run run, enum status wanted, const char *out)
{
	if (run.status != wanted)
		fail_msg("status %d, not %d: %s", run.status, wanted, run.err);
	assert_string_equal(run.out, out);
	run_end(&run);
}

static struct json_object *expect_json(struct run run, size_t count)
{
	struct json_object *all;

	if (run.status)
		fail_msg("status %d: %s", run.status, run.err);
	all = json_tokener_parse(run.out);
	assert_non_null(all);
	assert_true(json_object_is_type(all, json_type_array));
	assert_int_equal(json_object_array_length(all), count);
	run_end(&run);
	return all;
}

static struct json_object *member(struct json_object *all, size_t i, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(json_object_array_get_idx(all, i), key, &value))
		fail_msg("no member %s", key);
	return value;
}

static const char *text(struct json_object *all, size_t i, const char *key)
{
	struct json_object *value = member(all, i, key);

	assert_true(json_object_is_type(value, json_type_string));
	return json_object_get_string(value);
}

static uint64_t number(struct json_object *all, size_t i, const char *key)
{
	struct json_object *value = member(all, i, key);

	assert_true(json_object_is_type(value, json_type_int));
	return json_object_get_uint64(value);
}

static bool truth(struct json_object *all, size_t i, const char *key)
{
	struct json_object *value = member(all, i, key);

	assert_true(json_object_is_type(value, json_type_boolean));
	return json_object_get_boolean(value);
}

static bool has(struct json_object *all, size_t i, const char *key)
{
	return json_object_object_get_ex(json_object_array_get_idx(all, i), key, NULL);
}

static void suite(uint8_t id, const char *name, bool insecure)
{
	says_nest(HPKM_DEVICE_A_SUITE);
	says_u8(HPKM_SUITE_A_ID, id);
	says_string(HPKM_SUITE_A_NAME, name);
	if (insecure)
		says_flag(HPKM_SUITE_A_INSECURE);
	says_nest_end();
}

static void device(bool agent)
{
	says(HPKM_CMD_DEVICE_GET);
	says_octets(HPKM_DEVICE_A_ID, id_a, HPKM_ID_LEN);
	says_string(HPKM_DEVICE_A_VERSION, "0.1");
	suite(0, "xor", true);
	suite(2, "chacha20poly1305-x25519", false);
	says_u32(HPKM_DEVICE_A_LINKS, 1);
	says_u32(HPKM_DEVICE_A_PEERS, 2);
	if (agent)
		says_flag(HPKM_DEVICE_A_AGENT);
	says_end(FAKE_REQUESTS);
	says_ack();
}

static void device_as_text(void **state)
{
	(void)state;
	device(true);
	expect(RUN("device"), STATUS_DONE,
	       "device: " ID_A "\n"
	       "  version: 0.1\n"
	       "  links: 1\n"
	       "  peers: 2\n"
	       "  state kept: yes\n"
	       "  suites:\n"
	       "    0 xor (INSECURE)\n"
	       "    2 chacha20poly1305-x25519\n");
	assert_int_equal(sent_cmd(0), HPKM_CMD_DEVICE_GET);
}

static void device_as_json(void **state)
{
	struct json_object *all, *suites;

	(void)state;
	device(true);
	all = expect_json(RUN("-j", "device", "show"), 1);
	assert_true(truth(all, 0, "agent"));
	assert_string_equal(text(all, 0, "id"), ID_A);
	assert_string_equal(text(all, 0, "version"), "0.1");
	assert_int_equal(number(all, 0, "links"), 1);
	suites = member(all, 0, "suite");
	assert_int_equal(json_object_array_length(suites), 2);
	assert_int_equal(number(suites, 0, "id"), 0);
	assert_true(truth(suites, 0, "insecure"));
	assert_false(truth(suites, 1, "insecure"));
	assert_string_equal(text(suites, 1, "name"), "chacha20poly1305-x25519");
	json_object_put(all);
}

/* That nobody keeps it is what people have to see. */
static void device_without_agent(void **state)
{
	struct json_object *all;
	struct run run;

	(void)state;
	device(false);
	run = RUN("device");
	assert_int_equal(run.status, STATUS_DONE);
	assert_non_null(strstr(run.out, "  state kept: no\n"));
	run_end(&run);
	fake_reset();
	device(false);
	all = expect_json(RUN("-j", "device", "show"), 1);
	assert_false(truth(all, 0, "agent"));
	json_object_put(all);
}

static void a_link(uint32_t mode)
{
	says(HPKM_CMD_LINK_GET);
	says_u32(HPKM_LINK_A_IFINDEX, 3);
	says_string(HPKM_LINK_A_IFNAME, "eth1");
	says_u32(HPKM_LINK_A_MODE, mode);
	says_octets(HPKM_LINK_A_ADDRESS, "\x02\0\0\0\0\xab", 6);
	says_u32(HPKM_LINK_A_MTU, 1500);
	says_u32(HPKM_LINK_A_PEERS, 1);
	says_nest(HPKM_LINK_A_COUNTERS);
	says_u64(HPKM_COUNTER_TX_FRAMES, 0);
	says_u64(HPKM_COUNTER_RX_REPLAY, 18446744073709551615ULL);
	says_u64(HPKM_COUNTER_RX_INNER_PROTO, 1);
	says_nest_end();
	says_end(FAKE_REQUESTS);
}

static void link_as_text(void **state)
{
	(void)state;
	a_link(HPKM_LINK_MODE_STRICT);
	says_done();
	expect(RUN("link"), STATUS_DONE,
	       "link: eth1\n"
	       "  ifindex: 3\n"
	       "  mode: strict\n"
	       "  address: 02:00:00:00:00:ab\n"
	       "  mtu: 1500\n"
	       "  peers: 1\n"
	       "  counters:\n"
	       "    rx replay: 18446744073709551615\n"
	       "    rx inner proto: 1\n");
	assert_true(fake.sent[0]->nlmsg_flags & NLM_F_DUMP);
}

static void permissive_link_is_flagged(void **state)
{
	struct run run;

	(void)state;
	a_link(HPKM_LINK_MODE_PERMISSIVE);
	says_ack();
	run = RUN("link", "show", "eth1");
	assert_int_equal(run.status, STATUS_DONE);
	assert_non_null(strstr(run.out, "permissive (NOT PROTECTED"));
	run_end(&run);
	assert_false(fake.sent[0]->nlmsg_flags & NLM_F_DUMP);
	assert_int_equal(nla_get_u32(sent_attr(0, HPKM_LINK_A_IFINDEX)), 3);
}

static void link_as_json(void **state)
{
	struct json_object *all, *counters, *value;

	(void)state;
	a_link(HPKM_LINK_MODE_PERMISSIVE);
	a_link(77);
	says_done();
	all = expect_json(RUN("-j", "link"), 2);
	assert_string_equal(text(all, 0, "ifname"), "eth1");
	assert_string_equal(text(all, 0, "mode"), "permissive");
	assert_string_equal(text(all, 1, "mode"), "77");
	assert_string_equal(text(all, 0, "address"), "02:00:00:00:00:ab");
	assert_int_equal(number(all, 0, "mtu"), 1500);
	assert_false(truth(all, 0, "pairing"));
	assert_false(has(all, 0, "half_open"));
	counters = member(all, 0, "counters");
	assert_true(json_object_object_get_ex(counters, "tx_frames", &value));
	assert_int_equal(json_object_get_int(value), 0);
	assert_true(json_object_object_get_ex(counters, "rx_replay", &value));
	assert_true(json_object_get_uint64(value) == UINT64_MAX);
	json_object_put(all);
}

static void empty_listing(void **state)
{
	(void)state;
	says_done();
	expect(RUN("-j", "link"), STATUS_DONE, "[\n]\n");
	fake_reset();
	says_done();
	expect(RUN("link"), STATUS_DONE, "");
}

static void full_peer(void)
{
	says(HPKM_CMD_PEER_GET);
	says_octets(HPKM_PEER_A_ID, id_a, HPKM_ID_LEN);
	says_string(HPKM_PEER_A_NAME, "the\x1b[2Jpi");
	says_u32(HPKM_PEER_A_IFINDEX, 3);
	says_string(HPKM_PEER_A_IFNAME, "eth1");
	says_u8(HPKM_PEER_A_SUITE, HPKM_SUITE_XOR);
	says_flag(HPKM_PEER_A_INSECURE);
	says_octets(HPKM_PEER_A_ADDRESS, "\x02\0\0\0\0\x02", 6);
	says_u8(HPKM_PEER_A_BRIDGE, 1);
	says_u32(HPKM_PEER_A_STATE, HPKM_PEER_UPDATE_REQUESTED);
	says_u32(HPKM_PEER_A_DURABILITY, HPKM_DURABILITY_VOLATILE);
	says_u64(HPKM_PEER_A_EPOCH, 18446744073709551615ULL);
	says_octets(HPKM_PEER_A_KID, "\1\2\3\4\5\6\7\xff", HPKM_KID_LEN);
	says_u32(HPKM_PEER_A_RECORDS, 5);
	says_u32(HPKM_PEER_A_CONFIRMED, 4);
	says_u64(HPKM_PEER_A_LAST_RECEIVED, 65000);
	says_end(FAKE_REQUESTS);
}

static void peer_as_text(void **state)
{
	(void)state;
	full_peer();
	says_done();
	expect(RUN("peer"), STATUS_DONE,
	       "peer: " ID_A "\n"
	       "  name: the\\x1b[2Jpi\n"
	       "  INSECURE: yes\n"
	       "  suite: xor (INSECURE)\n"
	       "  link: eth1\n"
	       "  ifindex: 3\n"
	       "  address: 02:00:00:00:00:02\n"
	       "  bridge: yes\n"
	       "  state: update-requested\n"
	       "  durability: volatile (needs a new pairing after a reboot)\n"
	       "  epoch: 18446744073709551615\n"
	       "  kid: 01020304050607ff\n"
	       "  records: 5\n"
	       "  confirmed: 4\n"
	       "  since last received: 1 minute, 5 seconds\n");
}

static void peer_as_json(void **state)
{
	struct json_object *all;

	(void)state;
	full_peer();
	says_done();
	all = expect_json(RUN("--json", "peer"), 1);
	assert_string_equal(text(all, 0, "id"), ID_A);
	assert_string_equal(text(all, 0, "name"), "the\\x1b[2Jpi");
	assert_string_equal(text(all, 0, "suite"), "xor");
	assert_true(truth(all, 0, "insecure"));
	assert_true(truth(all, 0, "bridge"));
	assert_string_equal(text(all, 0, "state"), "update-requested");
	assert_string_equal(text(all, 0, "durability"), "volatile");
	assert_true(number(all, 0, "epoch") == UINT64_MAX);
	assert_int_equal(number(all, 0, "last_received"), 65000);
	json_object_put(all);
}

#define T_PARIS	1736969410000000000ULL	/* 2025-01-15 19:30:10 */

static void the_log(void)
{
	/* Not in order, as a ring is. */
	says_record(T_PARIS, 0, 4, "Paris", "Mission status update", 21,
		    HPKM_RECORD_CONFIRMED);
	says_record(T_PARIS + 5, 0, 9, "", "pending", 7, HPKM_RECORD_PENDING);
	says_record(T_PARIS - 2000000000, 1, 1, "Rome", "\x1b]0;x\x07\xff\n", 8,
		    HPKM_RECORD_CONFIRMED);
	says_record(T_PARIS + 9, 1, 2, "Z\xc3\xbcrich", "", 0, HPKM_RECORD_CONFIRMED);
	says_record(T_PARIS + 9, 0, 7, "Oslo", "tie", 3, HPKM_RECORD_CONFIRMED);
	says_done();
}

static void log_as_text(void **state)
{
	(void)state;
	says_peers();
	the_log();
	expect(RUN("log", "show", "Paris"), STATUS_DONE,
	       "index  T                    LI      Data                   state\n"
	       "1      2025-01-15 19:30:08  Rome    \\x1b]0;x\\x07\\xff\\x0a   confirmed\n"
	       "2      2025-01-15 19:30:10  Paris   Mission status update  confirmed\n"
	       "-      2025-01-15 19:30:10  -       pending                pending\n"
	       "3      2025-01-15 19:30:10  Oslo    tie                    confirmed\n"
	       "4      2025-01-15 19:30:10  Zürich  -                      confirmed\n");
	assert_int_equal(sent_cmd(1), HPKM_CMD_LOG_GET);
	assert_memory_equal(nla_data(sent_attr(1, HPKM_LOG_A_PEER)), id_a, HPKM_ID_LEN);
}

static void log_as_json(void **state)
{
	struct json_object *all;

	(void)state;
	says_peers();
	the_log();
	all = expect_json(RUN("-j", "log", "show", "Paris"), 5);
	assert_int_equal(number(all, 0, "index"), 1);
	assert_null(member(all, 2, "index"));
	assert_int_equal(number(all, 3, "index"), 3);
	assert_string_equal(text(all, 0, "data"), "\\x1b]0;x\\x07\\xff\\x0a");
	assert_string_equal(text(all, 1, "location"), "Paris");
	assert_string_equal(text(all, 1, "rid"), "000400000000000000");
	assert_true(number(all, 1, "time") == T_PARIS);
	assert_true(truth(all, 1, "own"));
	assert_false(truth(all, 0, "own"));
	assert_string_equal(text(all, 2, "state"), "pending");
	assert_string_equal(text(all, 4, "data"), "");
	json_object_put(all);
}

static void log_order_does_not_depend_on_arrival(void **state)
{
	static const uint8_t who[] = { 1, 0, 1, 0 }, rec[] = { 2, 2, 1, 1 };
	static const char *const wanted[] = {
		"000100000000000000", "000200000000000000",
		"010100000000000000", "010200000000000000",
	};
	struct json_object *all;
	int turn, i;

	(void)state;
	for (turn = 0; turn < 4; turn++) {
		fake_reset();
		says_peers();
		for (i = 0; i < 4; i++)
			says_record(T_PARIS, who[(i + turn) % 4], rec[(i + turn) % 4],
				    "x", "y", 1, HPKM_RECORD_CONFIRMED);
		says_done();
		all = expect_json(RUN("-j", "log", "show", "Paris"), 4);
		for (i = 0; i < 4; i++) {
			assert_string_equal(text(all, i, "rid"), wanted[i]);
			assert_int_equal(number(all, i, "index"), i + 1);
		}
		json_object_put(all);
	}
}

static void log_finds_by_number(void **state)
{
	struct rows rows = { .table = &log_table };
	struct row three[3] = { { .index = 0 }, { .index = 1 }, { .index = 2 } };

	(void)state;
	rows.row = three;
	rows.count = 3;
	assert_ptr_equal(log_find(&rows, 2), &three[2]);
	assert_null(log_find(&rows, 3));
	assert_null(log_find(&rows, 0));
}

static void session_both_ways(void **state)
{
	struct json_object *all;
	struct run run;
	int turn;

	(void)state;
	for (turn = 0; turn < 2; turn++) {
		fake_reset();
		says(HPKM_CMD_SESSION_GET);
		says_octets(HPKM_SESSION_A_PEER, id_a, HPKM_ID_LEN);
		says_octets(HPKM_SESSION_A_SID, "\0\1\2\3\4\5\6\7", HPKM_SID_LEN);
		says_u32(HPKM_SESSION_A_SLOT, HPKM_SESSION_REPLACED);
		says_u8(HPKM_SESSION_A_INITIATOR, 0);
		says_u64(HPKM_SESSION_A_AGE, 1500);
		says_end(FAKE_REQUESTS);
		says_done();
		if (turn)
			break;
		run = RUN("session");
		assert_string_equal(run.out,
				    "session: 0001020304050607\n"
				    "  peer: " ID_A "\n"
				    "  slot: replaced (receives only)\n"
				    "  initiator: no\n"
				    "  age: 1 second\n");
		run_end(&run);
	}
	all = expect_json(RUN("-j", "session"), 1);
	assert_string_equal(text(all, 0, "slot"), "replaced");
	assert_false(truth(all, 0, "initiator"));
	assert_false(truth(all, 0, "barred"));
	assert_int_equal(number(all, 0, "age"), 1500);
	json_object_put(all);
}

static void sk_shows_fingerprints_only(void **state)
{
	(void)state;
	says(HPKM_CMD_SK_GET);
	says_u8(HPKM_SK_A_SUITE, HPKM_SUITE_XOR);
	says_octets(HPKM_SK_A_FINGERPRINT, "\xde\xad\xbe\xef\0\1\2\3", 8);
	/* A module that said too much would still not be repeated. */
	says_octets(HPKM_SK_A_KEY, "0123456789abcdef0123456789abcdef", 32);
	says_end(FAKE_REQUESTS);
	says_done();
	expect(RUN("-j", "sk"), STATUS_DONE,
	       "[\n  {\n    \"suite\": \"xor\",\n    \"fingerprint\": \"deadbeef00010203\"\n  }\n]\n");
}

static void pair_policy_location(void **state)
{
	(void)state;
	says(HPKM_CMD_PAIR_GET);
	says_string(HPKM_PAIR_A_IFNAME, "eth1");
	says_u8(HPKM_PAIR_A_SUITE, HPKM_SUITE_XOR);
	says_u32(HPKM_PAIR_A_REMAINING, 61000);
	says_u32(HPKM_PAIR_A_CONTEXTS, 0);
	says_end(FAKE_REQUESTS);
	says_done();
	expect(RUN("pair"), STATUS_DONE,
	       "link  suite           remaining           devices\n"
	       "eth1  xor (INSECURE)  1 minute, 1 second  0\n");

	fake_reset();
	says(HPKM_CMD_POLICY_GET);
	says_octets(HPKM_POLICY_A_PEER, id_a, HPKM_ID_LEN);
	says_u32(HPKM_POLICY_A_RECORD_FRAMES, 100);
	says_u32(HPKM_POLICY_A_RECORD_INTERVAL, 0);
	says_u32(HPKM_POLICY_A_REKEY_INTERVAL, 120);
	says_u64(HPKM_POLICY_A_REKEY_FRAMES, 1ULL << 40);
	says_end(FAKE_REQUESTS);
	says_done();
	expect(RUN("policy"), STATUS_DONE,
	       "policy: " ID_A "\n"
	       "  record every ... frames: 100\n"
	       "  record every ... ms: 0\n"
	       "  rekey: 2 minutes\n"
	       "  rekey every ... frames: 1099511627776\n");

	fake_reset();
	says(HPKM_CMD_LOCATION_GET);
	says_octets(HPKM_LOCATION_A_LABEL, "Paris", 5);
	says_end(FAKE_REQUESTS);
	says_ack();
	expect(RUN("location"), STATUS_DONE, "location: Paris\n");
}

static void message_inbox(void **state)
{
	(void)state;
	says_peers();
	says(HPKM_CMD_MESSAGE_GET);
	says_octets(HPKM_MESSAGE_A_PEER, id_a, HPKM_ID_LEN);
	says_octets(HPKM_MESSAGE_A_DATA, "hello\r\nroot: owned", 18);
	says_u64(HPKM_MESSAGE_A_REC, 1099511627777ULL);
	says_u64(HPKM_MESSAGE_A_TIME, T_PARIS);
	says_octets(HPKM_MESSAGE_A_LOCATION, "Paris", 5);
	says_end(FAKE_REQUESTS);
	says_done();
	expect(RUN("message", "show", "Paris"), STATUS_DONE,
	       "rec            T                    LI     Data\n"
	       "1099511627777  2025-01-15 19:30:10  Paris  hello\\x0d\\x0aroot: owned\n");
}

static void overview(void)
{
	device(true);
	a_link(HPKM_LINK_MODE_PERMISSIVE);
	says_done();
	says_peers();
	says_done();
}

static void overview_as_text(void **state)
{
	struct run run;

	(void)state;
	overview();
	run = RUN("show");
	assert_int_equal(run.status, STATUS_DONE);
	assert_non_null(strstr(run.out, "device: " ID_A));
	assert_non_null(strstr(run.out, "\n\nlink: eth1\n"));
	assert_non_null(strstr(run.out, "NOT PROTECTED"));
	assert_non_null(strstr(run.out, "\n\npeer: " ID_B "\n  name: Rome\n  INSECURE: yes"));
	assert_null(strstr(run.out, "tx frames"));
	run_end(&run);
}

static void overview_as_json(void **state)
{
	struct json_object *all;

	(void)state;
	overview();
	all = expect_json(RUN("-j", "show"), 1);
	assert_int_equal(json_object_array_length(member(all, 0, "device")), 1);
	assert_int_equal(json_object_array_length(member(all, 0, "links")), 1);
	assert_int_equal(json_object_array_length(member(all, 0, "peers")), 2);
	assert_int_equal(json_object_array_length(member(all, 0, "sessions")), 0);
	json_object_put(all);
}

static void counters_are_complete(void **state)
{
	int attr;

	(void)state;
	for (attr = 1; attr < HPKM_COUNTER_PAD; attr++)
		if (!table_field(&counter_table, attr))
			fail_msg("counter %d has no name", attr);
}

static void events_are_complete(void **state)
{
	char wanted[32];
	struct run run;
	int event;

	(void)state;
	for (event = HPKM_EVENT_UNSPEC + 1; event <= HPKM_EVENT_MAX; event++) {
		fake_reset();
		says_event(event, NULL);
		says_end(FAKE_EVENTS);
		run = RUN("monitor", "count", "1");
		assert_int_equal(run.status, STATUS_DONE);
		snprintf(wanted, sizeof(wanted), "%d ", event);
		if (!strncmp(run.out, wanted, strlen(wanted)))
			fail_msg("event %d has no name", event);
		run_end(&run);
	}
}

static void durability_in_words(void **state)
{
	static const char *const wanted[] = {
		"volatile (needs a new pairing after a reboot)", "durable",
		"frozen (a write is undecided)",
	};
	struct run run;
	uint32_t i;

	(void)state;
	for (i = HPKM_DURABILITY_VOLATILE; i <= HPKM_DURABILITY_FROZEN; i++) {
		fake_reset();
		says(HPKM_CMD_PEER_GET);
		says_u32(HPKM_PEER_A_DURABILITY, i);
		says_end(FAKE_REQUESTS);
		says_done();
		run = RUN("peer");
		assert_int_equal(run.status, STATUS_DONE);
		assert_non_null(strstr(run.out, wanted[i]));
		run_end(&run);
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, fresh, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(device_as_text),
		TEST(device_as_json),
		TEST(device_without_agent),
		TEST(link_as_text),
		TEST(permissive_link_is_flagged),
		TEST(link_as_json),
		TEST(empty_listing),
		TEST(peer_as_text),
		TEST(peer_as_json),
		TEST(log_as_text),
		TEST(log_as_json),
		TEST(log_order_does_not_depend_on_arrival),
		TEST(log_finds_by_number),
		TEST(session_both_ways),
		TEST(sk_shows_fingerprints_only),
		TEST(pair_policy_location),
		TEST(message_inbox),
		TEST(overview_as_text),
		TEST(overview_as_json),
		TEST(counters_are_complete),
		TEST(events_are_complete),
		TEST(durability_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
