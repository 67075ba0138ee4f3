// SPDX-License-Identifier: GPL-2.0
/* What must not pass in a key update of suites 1 and 2: protocol section 8. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <compat/unaligned.h>
#include "two_nodes.h"

/* Less than the first resend. */
#define SHORTLY		(10 * HPKM_MS)

/* Where uctr ends in every message.  The session's seal protects it, and no proof. */
#define PROVEN		HPKM_CONTROL_HEAD_LEN

/* ---- one update, message by message ---- */

/**
 * struct both - the two sides of an update
 * @a: the requester
 * @b: the responder
 */
struct both {
	struct hpkm_pair pair[2];
	struct hpkm_update a;
	struct hpkm_update b;
	u8 request[HPKM_CONTROL_MAX];
	u8 answer[HPKM_CONTROL_MAX];
	u8 finish[HPKM_CONTROL_MAX];
};

static void fill_side(struct hpkm_update *u, const struct hpkm_pair *pair, bool requester)
{
	const u8 rid[HPKM_RID_LEN] = { 1, 4 };
	u8 i;

	u->pair = pair;
	u->requester = requester;
	u->uctr = 1;
	u->a = 0;
	u->b = 2;
	u->c = 1;
	u->epoch.present = true;
	u->epoch.n = 3;
	memset(u->epoch.chain, 0x11, HPKM_KEY_LEN);
	for (i = 0; i < HPKM_ELEMENTS; i++) {
		memset(u->epoch.x[i], 0x20 + i, HPKM_KEY_LEN);
		memset(u->x[i], 0x30 + i, HPKM_KEY_LEN);
	}
	memset(u->session_update, 0x44, HPKM_KEY_LEN);
	memcpy(u->rid, rid, HPKM_RID_LEN);
	memset(requester ? u->random_requester : u->random_responder, 0x55 + requester,
	       HPKM_KEY_LEN);
}

static struct both *both_new(struct kunit *test)
{
	const u8 id[2][HPKM_ID_LEN] = { { 1 }, { 2 } };
	struct both *both = kunit_kzalloc(test, sizeof(*both), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, both);
	hpkm_pair_init(&both->pair[0], suite_of(test), id[0], id[1]);
	hpkm_pair_init(&both->pair[1], suite_of(test), id[1], id[0]);
	fill_side(&both->a, &both->pair[0], true);
	fill_side(&both->b, &both->pair[1], false);
	return both;
}

static int request(struct kunit *test, struct both *both)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct hpkm_update_search search;
	u64 n;

	suite->make_update_request(&both->a, both->request);
	KUNIT_ASSERT_EQ(test, suite->parse_update_request(&both->b, both->request,
							  suite->update_request_len, &n, &search),
			0);
	KUNIT_EXPECT_EQ(test, n, both->a.epoch.n);
	KUNIT_EXPECT_TRUE(test, search.by_rid);
	KUNIT_EXPECT_EQ(test, memcmp(search.rid, both->a.rid, HPKM_RID_LEN), 0);
	return suite->accept_update_request(&both->b, both->request);
}

static int answer(struct kunit *test, struct both *both)
{
	const struct hpkm_suite *suite = suite_of(test);

	suite->make_update_answer(&both->b, both->answer);
	return suite->open_update_answer(&both->a, both->answer, suite->update_answer_len);
}

static int finish(struct kunit *test, struct both *both)
{
	const struct hpkm_suite *suite = suite_of(test);

	suite->make_update_finish(&both->a, both->finish);
	return suite->open_update_finish(&both->b, both->finish, suite->update_finish_len);
}

static void run_update(struct kunit *test, struct both *both)
{
	KUNIT_EXPECT_EQ(test, request(test, both), 0);
	KUNIT_EXPECT_EQ(test, answer(test, both), 0);
	KUNIT_EXPECT_EQ(test, finish(test, both), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&both->a.next, &both->b.next, sizeof(both->a.next)), 0);
}

static void both_sides_agree(struct kunit *test)
{
	struct both *both = both_new(test);

	run_update(test, both);
	KUNIT_EXPECT_TRUE(test, both->a.next.present);
	KUNIT_EXPECT_EQ(test, both->a.next.n, 4);
	KUNIT_EXPECT_EQ(test, memcmp(both->a.next.x, both->a.x, sizeof(both->a.x)), 0);
}

/* The pair, the proofs, and the random they are for; what is before, the machine checks. */
static void each_bit_of_u1_matters(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	const size_t first = PROVEN + 8 + HPKM_RID_LEN;
	struct both *both = both_new(test);
	u8 altered[HPKM_CONTROL_MAX];
	size_t bit;

	KUNIT_ASSERT_EQ(test, request(test, both), 0);
	for (bit = first * 8; bit < suite->update_request_len * 8; bit++) {
		struct hpkm_update_search search;
		struct hpkm_update b = {};
		int err;
		u64 n;

		memcpy(altered, both->request, sizeof(altered));
		altered[bit / 8] ^= 1 << bit % 8;
		fill_side(&b, &both->pair[1], false);
		err = suite->parse_update_request(&b, altered, suite->update_request_len, &n,
						  &search);
		if (!err)
			err = suite->accept_update_request(&b, altered);
		KUNIT_EXPECT_EQ_MSG(test, err, -EBADMSG, "bit %zu", bit);
		KUNIT_EXPECT_FALSE(test, b.next.present);
	}
}

static void each_bit_of_u2_matters(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct both *both = both_new(test);
	size_t bit;

	KUNIT_ASSERT_EQ(test, request(test, both), 0);
	suite->make_update_answer(&both->b, both->answer);
	for (bit = PROVEN * 8; bit < suite->update_answer_len * 8; bit++) {
		both->answer[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, suite->open_update_answer(&both->a, both->answer,
								    suite->update_answer_len),
				    -EBADMSG, "bit %zu", bit);
		both->answer[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, answer(test, both), 0);
}

static void each_bit_of_u3_matters(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct both *both = both_new(test);
	size_t bit;

	run_update(test, both);
	for (bit = PROVEN * 8; bit < suite->update_finish_len * 8; bit++) {
		both->finish[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, suite->open_update_finish(&both->b, both->finish,
								    suite->update_finish_len),
				    -EBADMSG, "bit %zu", bit);
		both->finish[bit / 8] ^= 1 << bit % 8;
	}
}

static void shorter_messages_are_refused(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct both *both = both_new(test);
	struct hpkm_update_search search;
	size_t len;
	u64 n;

	run_update(test, both);
	for (len = 0; len < suite->update_request_len; len++)
		KUNIT_EXPECT_EQ(test, suite->parse_update_request(&both->b, both->request, len, &n,
								  &search), -EBADMSG);
	for (len = 0; len < suite->update_answer_len; len++)
		KUNIT_EXPECT_EQ(test, suite->open_update_answer(&both->a, both->answer, len),
				-EBADMSG);
	for (len = 0; len < suite->update_finish_len; len++)
		KUNIT_EXPECT_EQ(test, suite->open_update_finish(&both->b, both->finish, len),
				-EBADMSG);
}

static void elements_must_be_a_pair(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	const size_t at = PROVEN + 8 + HPKM_RID_LEN;
	struct both *both = both_new(test);
	struct hpkm_update_search search;
	u32 a, b;
	u64 n;

	suite->make_update_request(&both->a, both->request);
	for (a = 0; a < 5; a++) {
		for (b = 0; b < 5; b++) {
			bool pair = a < b && b < HPKM_ELEMENTS;

			both->request[at] = a;
			both->request[at + 1] = b;
			KUNIT_EXPECT_EQ(test, suite->parse_update_request(&both->b, both->request,
									  suite->update_request_len,
									  &n, &search),
					pair ? 0 : -EBADMSG);
			if (pair)
				KUNIT_EXPECT_EQ(test, both->b.c, HPKM_ELEMENTS - a - b);
		}
	}
}

/* The responder has another record under that number, or another session. */
static void proofs_need_the_record_and_the_session(struct kunit *test)
{
	struct both *both = both_new(test);

	both->b.x[both->b.a][31] ^= 1;
	KUNIT_EXPECT_EQ(test, request(test, both), -EBADMSG);
	both = both_new(test);
	both->b.x[both->b.b][0] ^= 1;
	KUNIT_EXPECT_EQ(test, request(test, both), -EBADMSG);
	both = both_new(test);
	both->b.session_update[0] ^= 1;
	KUNIT_EXPECT_EQ(test, request(test, both), -EBADMSG);
	/* U1 does not show the third; U2 proves it. */
	both = both_new(test);
	both->b.x[both->b.c][0] ^= 1;
	KUNIT_EXPECT_EQ(test, request(test, both), 0);
	KUNIT_EXPECT_EQ(test, answer(test, both), -EBADMSG);
	/* Nor does anything but CK' say that the chain keys are the same. */
	both = both_new(test);
	both->b.epoch.chain[0] ^= 1;
	KUNIT_EXPECT_EQ(test, request(test, both), 0);
	KUNIT_EXPECT_EQ(test, answer(test, both), -EBADMSG);
}

/* Nobody answers oneself: roles are in CK'. */
static void reflected_answer_is_refused(struct kunit *test)
{
	struct both *both = both_new(test);

	both->b.pair = &both->pair[0];
	KUNIT_EXPECT_EQ(test, request(test, both), 0);
	KUNIT_EXPECT_EQ(test, answer(test, both), -EBADMSG);
}

/* ---- what the next chain key follows from ---- */

static void chain_of(struct kunit *test, struct both *both, u8 chain[HPKM_KEY_LEN])
{
	run_update(test, both);
	memcpy(chain, both->a.next.chain, HPKM_KEY_LEN);
}

static void expect_other_chain(struct kunit *test, struct both *both)
{
	u8 usual[HPKM_KEY_LEN], chain[HPKM_KEY_LEN];

	chain_of(test, both_new(test), usual);
	chain_of(test, both, chain);
	KUNIT_EXPECT_NE(test, memcmp(chain, usual, HPKM_KEY_LEN), 0);
	KUNIT_EXPECT_NE(test, memcmp(chain, both->a.epoch.chain, HPKM_KEY_LEN), 0);
	KUNIT_EXPECT_NE(test, memcmp(chain, both->a.session_update, HPKM_KEY_LEN), 0);
}

/* So whoever has the store but not the session, or the session but not the store, loses it. */
static void next_chain_follows_from_everything(struct kunit *test)
{
	const u8 id[2][HPKM_ID_LEN] = { { 1 }, { 3 } };
	struct both *both = both_new(test);
	u8 i;

	both->a.epoch.chain[0] ^= 1;
	both->b.epoch.chain[0] ^= 1;
	expect_other_chain(test, both);
	both = both_new(test);
	both->a.session_update[0] ^= 1;
	both->b.session_update[0] ^= 1;
	expect_other_chain(test, both);
	for (i = 0; i < HPKM_ELEMENTS; i++) {
		both = both_new(test);
		both->a.x[i][0] ^= 1;
		both->b.x[i][0] ^= 1;
		expect_other_chain(test, both);
	}
	both = both_new(test);
	both->a.random_requester[0] ^= 1;
	expect_other_chain(test, both);
	both = both_new(test);
	both->b.random_responder[0] ^= 1;
	expect_other_chain(test, both);
	both = both_new(test);
	both->a.epoch.n++;
	both->b.epoch.n++;
	expect_other_chain(test, both);
	both = both_new(test);
	both->a.rid[1]++;
	both->b.rid[1]++;
	expect_other_chain(test, both);
	both = both_new(test);
	both->a.uctr++;
	expect_other_chain(test, both);
	both = both_new(test);
	hpkm_pair_init(&both->pair[0], suite_of(test), id[0], id[1]);
	hpkm_pair_init(&both->pair[1], suite_of(test), id[1], id[0]);
	expect_other_chain(test, both);
	/* The same two, the other way round. */
	both = both_new(test);
	swap(both->pair[0], both->pair[1]);
	expect_other_chain(test, both);
}

/* Suite 0 shows the elements themselves. */
static void elements_are_not_shown(struct kunit *test)
{
	const struct hpkm_suite *suite = suite_of(test);
	struct both *both = both_new(test);
	u8 i;
	size_t at;

	run_update(test, both);
	for (i = 0; i < HPKM_ELEMENTS; i++) {
		for (at = 0; at + HPKM_KEY_LEN <= suite->update_request_len; at++)
			KUNIT_EXPECT_NE(test, memcmp(both->request + at, both->a.x[i],
						     HPKM_KEY_LEN), 0);
		for (at = 0; at + HPKM_KEY_LEN <= suite->update_answer_len; at++)
			KUNIT_EXPECT_NE(test, memcmp(both->answer + at, both->a.x[i],
						     HPKM_KEY_LEN), 0);
	}
}

/* ---- the same in the commit machine ---- */

static struct sim_view *view_new(struct kunit *test)
{
	struct sim_view *view = kunit_kzalloc(test, sizeof(*view), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, view);
	return view;
}

static int control(struct sim *sim, u32 node, const u8 *payload, size_t len)
{
	struct hpkm_machine *machine = &sim->node[node].machine;

	return hpkm_machine_control(machine, machine->current_session->own_sid, payload, len,
				    sim->now);
}

/* Node 0 asks, and this message does not arrive; it is in sim->last. */
static void hold(struct kunit *test, u8 type)
{
	struct sim *sim = sim_of(test);

	sim_connect(test);
	sim->drop_type = type;
	sim->drop_count = 1;
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	/* To and fro, and not yet what follows. */
	sim_run(sim, 3 * HPKM_MS);
	KUNIT_ASSERT_EQ(test, sim->drop_count, 0);
}

static void expect_epochs(struct kunit *test, u64 n)
{
	struct sim *sim = sim_of(test);

	KUNIT_EXPECT_TRUE(test, sim_connected(sim));
	KUNIT_EXPECT_TRUE(test, sim_same_epoch(sim));
	KUNIT_EXPECT_EQ(test, sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].n, n);
}

/* But for what was sent: a NAK says that there is no such record. */
static void expect_unchanged(struct kunit *test, u32 node, const struct sim_view *view, size_t at)
{
	KUNIT_EXPECT_TRUE_MSG(test, machine_is(&view->machine, &sim_of(test)->node[node].machine),
			      "octet %zu", at);
}

static void altered_u1_prepares_nothing(struct kunit *test)
{
	const size_t len = suite_of(test)->update_request_len;
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 request[HPKM_CONTROL_MAX];
	size_t at;

	hold(test, HPKM_U1);
	memcpy(request, sim->last[HPKM_U1], sizeof(request));
	sim_look(sim, 1, view);
	for (at = PROVEN; at < len; at++) {
		request[at] ^= 1;
		KUNIT_EXPECT_NE_MSG(test, control(sim, 1, request, len), 0, "octet %zu", at);
		expect_unchanged(test, 1, view, at);
		request[at] ^= 1;
	}
	/* All of these were for record or proof; other epochs and no pairs meet silence. */
	KUNIT_EXPECT_GE(test, sim->sent[HPKM_NAK], len - PROVEN - 8 - 2);
	KUNIT_EXPECT_EQ(test, control(sim, 1, request, len), 0);
	KUNIT_EXPECT_EQ(test, hpkm_update_state(&sim->node[1].machine), HPKM_UPDATE_PREP);
}

/* Whatever is wrong with U2, both are left with the epoch they had. */
static void altered_u2_commits_nothing(struct kunit *test)
{
	static const size_t field[] = { PROVEN, PROVEN + HPKM_KEY_LEN, PROVEN + 2 * HPKM_KEY_LEN };
	const size_t len = suite_of(test)->update_answer_len;
	struct sim *sim = sim_of(test);
	u8 answer[HPKM_CONTROL_MAX];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(field); i++) {
		hold(test, HPKM_U2);
		memcpy(answer, sim->last[HPKM_U2], sizeof(answer));
		answer[field[i] + 31] ^= 0x80;
		KUNIT_EXPECT_EQ(test, control(sim, 0, answer, len), -EBADMSG);
		KUNIT_EXPECT_EQ(test, sim->node[0].events[HPKM_MACHINE_UPDATE_REFUSED], i + 1);
		KUNIT_EXPECT_EQ(test, sim_current(sim, 0)->session.state,
				HPKM_SESSION_STATE_DRAINING);
		sim_run(sim, 3 * HPKM_SECOND);
		expect_epochs(test, 0);
		KUNIT_EXPECT_EQ(test, sim->node[0].stores, 0);
	}
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_U3], 0);
}

static void altered_u3_promotes_nothing(struct kunit *test)
{
	const size_t len = suite_of(test)->update_finish_len;
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 finish[HPKM_CONTROL_MAX];
	size_t at;

	hold(test, HPKM_U3);
	memcpy(finish, sim->last[HPKM_U3], sizeof(finish));
	sim_look(sim, 1, view);
	for (at = 1; at < len; at++) {
		finish[at] ^= 1;
		KUNIT_EXPECT_EQ_MSG(test, control(sim, 1, finish, len), -EPROTO, "octet %zu", at);
		KUNIT_EXPECT_TRUE_MSG(test, sim_untouched(sim, 1, view), "octet %zu", at);
		finish[at] ^= 1;
	}
	for (at = 0; at < len; at++)
		KUNIT_EXPECT_NE_MSG(test, control(sim, 1, finish, at), 0, "length %zu", at);
	KUNIT_EXPECT_TRUE(test, sim_untouched(sim, 1, view));
	KUNIT_EXPECT_EQ(test, control(sim, 1, finish, len), 0);
	KUNIT_EXPECT_EQ(test, sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR].n, 1);
	sim_run(sim, HPKM_SECOND);
	expect_epochs(test, 1);
}

static void truncated_u1_is_silence(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	size_t len;

	hold(test, HPKM_U1);
	sim_look(sim, 1, view);
	for (len = 0; len < suite_of(test)->update_request_len; len++)
		KUNIT_EXPECT_EQ(test, control(sim, 1, sim->last[HPKM_U1], len), -EBADMSG);
	KUNIT_EXPECT_TRUE(test, sim_untouched(sim, 1, view));
	sim_run(sim, HPKM_SECOND);
	expect_epochs(test, 1);
}

/* ---- messages of another update ---- */

static const u8 all[] = { HPKM_U1, HPKM_U2, HPKM_U3, HPKM_NAK };

static void record_update(struct kunit *test, u8 old[][HPKM_CONTROL_MAX])
{
	const u8 nak[HPKM_CONTROL_HEAD_LEN] = { HPKM_NAK, 1 };
	struct sim *sim = sim_of(test);
	size_t i;

	sim_connect(test);
	KUNIT_ASSERT_EQ(test, sim_update(sim, 0, NULL), 0);
	sim_run(sim, HPKM_SECOND);
	expect_epochs(test, 1);
	memcpy(sim->last[HPKM_NAK], nak, sizeof(nak));
	for (i = 0; i < ARRAY_SIZE(all); i++)
		memcpy(old[i], sim->last[all[i]], sizeof(old[i]));
}

static void expect_refused(struct kunit *test, u32 node, const u8 *payload, struct sim_view *view)
{
	struct sim *sim = sim_of(test);

	sim_look(sim, node, view);
	KUNIT_EXPECT_EQ_MSG(test, control(sim, node, payload, HPKM_CONTROL_MAX), -EPROTO,
			    "type %u to node %u", payload[0], node);
	KUNIT_EXPECT_TRUE_MSG(test, sim_untouched(sim, node, view), "type %u to node %u",
			      payload[0], node);
}

static void messages_of_an_earlier_update_are_refused(struct kunit *test)
{
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 old[ARRAY_SIZE(all)][HPKM_CONTROL_MAX];
	size_t i;

	record_update(test, old);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		expect_refused(test, 0, old[i], view);
		expect_refused(test, 1, old[i], view);
	}
	/* While the next one runs: U2 and NAK would have the number that is waited for. */
	hold(test, HPKM_U3);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		expect_refused(test, 1, old[i], view);
	sim_run(sim, HPKM_SECOND);
	expect_epochs(test, 2);
}

/* The same record and the same epoch, and yet nothing of one session fits another. */
static void request_of_another_session_is_refused(struct kunit *test)
{
	const size_t len = suite_of(test)->update_request_len;
	struct sim_view *view = view_new(test);
	struct sim *sim = sim_of(test);
	u8 request[HPKM_CONTROL_MAX];

	hold(test, HPKM_U1);
	memcpy(request, sim->last[HPKM_U1], sizeof(request));
	sim_connect(test);
	sim_look(sim, 1, view);
	KUNIT_EXPECT_EQ(test, control(sim, 1, request, len), -EBADMSG);
	expect_unchanged(test, 1, view, 0);
	KUNIT_EXPECT_EQ(test, sim->sent[HPKM_NAK], 1);
}

static void answer_of_another_session_is_refused(struct kunit *test)
{
	const size_t len = suite_of(test)->update_answer_len;
	struct sim *sim = sim_of(test);
	u8 answer[HPKM_CONTROL_MAX];

	hold(test, HPKM_U2);
	memcpy(answer, sim->last[HPKM_U2], sizeof(answer));
	hold(test, HPKM_U1);
	KUNIT_EXPECT_EQ(test, control(sim, 0, answer, len), -EBADMSG);
	sim_run(sim, 3 * HPKM_SECOND);
	expect_epochs(test, 0);
}

/* ---- secrets ---- */

static bool is_empty(const struct hpkm_epoch *epoch)
{
	return !memchr_inv(epoch, 0, sizeof(*epoch));
}

static void expect_no_update(struct kunit *test, u32 node)
{
	const struct hpkm_machine *machine = &sim_of(test)->node[node].machine;

	KUNIT_EXPECT_NULL(test, machine->update);
	KUNIT_EXPECT_TRUE(test, is_empty(&machine->durable.epoch[HPKM_EPOCH_NEXT]));
	KUNIT_EXPECT_TRUE(test, is_empty(&machine->durable.epoch[HPKM_EPOCH_FRESH]));
}

/* SU, the randoms, the record and the next epoch's copy go with the update, committed or not. */
static void update_leaves_nothing(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	u32 node;

	hold(test, HPKM_U1);
	sim_run(sim, HPKM_SECOND);
	expect_epochs(test, 1);
	hold(test, HPKM_U2);
	KUNIT_EXPECT_FALSE(test, is_empty(&sim->node[1].machine.durable.epoch[HPKM_EPOCH_NEXT]));
	sim->drop_count = 1000;
	sim_run(sim, HPKM_UPDATE_TIMEOUT + 3 * HPKM_SECOND);
	expect_epochs(test, 1);
	for (node = 0; node < 2; node++)
		expect_no_update(test, node);
}

/* Barred sessions take no part in updates, so they need no SU. */
static void update_key_goes_when_the_session_is_barred(struct kunit *test)
{
	struct sim *sim = sim_of(test);
	struct sim_session *session;

	sim_connect(test);
	session = sim_current(sim, 0);
	KUNIT_EXPECT_NOT_NULL(test, memchr_inv(session->session.update_key, 0, HPKM_KEY_LEN));
	sim->lose = 100;
	sim_want(sim, 0);
	sim_run(sim, SHORTLY);
	KUNIT_EXPECT_TRUE(test, session->session.barred);
	KUNIT_EXPECT_NULL(test, memchr_inv(session->session.update_key, 0, HPKM_KEY_LEN));
}

static struct kunit_case cases[] = {
	EACH_REAL_SUITE(both_sides_agree),
	EACH_REAL_SUITE(each_bit_of_u1_matters),
	EACH_REAL_SUITE(each_bit_of_u2_matters),
	EACH_REAL_SUITE(each_bit_of_u3_matters),
	EACH_REAL_SUITE(shorter_messages_are_refused),
	EACH_REAL_SUITE(elements_must_be_a_pair),
	EACH_REAL_SUITE(proofs_need_the_record_and_the_session),
	EACH_REAL_SUITE(reflected_answer_is_refused),
	EACH_REAL_SUITE(next_chain_follows_from_everything),
	EACH_REAL_SUITE(elements_are_not_shown),
	EACH_REAL_SUITE(altered_u1_prepares_nothing),
	EACH_REAL_SUITE(altered_u2_commits_nothing),
	EACH_REAL_SUITE(altered_u3_promotes_nothing),
	EACH_REAL_SUITE(truncated_u1_is_silence),
	EACH_REAL_SUITE(messages_of_an_earlier_update_are_refused),
	EACH_REAL_SUITE(request_of_another_session_is_refused),
	EACH_REAL_SUITE(answer_of_another_session_is_refused),
	EACH_REAL_SUITE(update_leaves_nothing),
	EACH_REAL_SUITE(update_key_goes_when_the_session_is_barred),
	{}
};

static struct kunit_suite aead_update_suite = {
	.name = "hpkm-aead-update",
	.init = sim_init,
	.exit = sim_exit,
	.test_cases = cases,
};

kunit_test_suite(aead_update_suite);
