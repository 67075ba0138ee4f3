// SPDX-License-Identifier: GPL-2.0
/*
 * What is left on the stack by functions that had secrets there.
 *
 * All secrets of an exchange and an update are computed first, from the
 * protocol's text; then each step is done again, with the same randoms, on a
 * stack that was painted over, and what is below the test afterwards is
 * searched for them.  So is what is below some functions that each step calls,
 * when they begin: they would overwrite what those before them have left.  The
 * test itself keeps all secrets on the heap.
 */
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <core/dh.h>
#include <core/frame.h>
#include <core/hash.h>
#include "given_back.h"
#include "two_nodes.h"
#include "wrapped.h"

/* Deeper than anything here goes; a kernel stack has 16 KiB. */
#define DEPTH	6144
#define PAINTED	640

/* The functions that are called next use the same memory. */
static noinline void paint(void)
{
	u8 near[PAINTED], *far = __builtin_frame_address(0);
	size_t i;

	memset(near, 0xaa, sizeof(near));
	OPTIMIZER_HIDE_VAR(far);
	for (i = DEPTH; i > 2 * PAINTED; i--)
		WRITE_ONCE(*(far - i), 0xaa);
	barrier_data(near);
}

/* No call, whose return address would be in the way. */
static __always_inline void copy_stack(unsigned long *to)
{
	unsigned long *top = __builtin_frame_address(0);
	size_t i, words = DEPTH / sizeof(*top);

	OPTIMIZER_HIDE_VAR(top);
	for (i = 0; i < words; i++)
		to[i] = READ_ONCE_NOCHECK(*(top - words + i));
}

/* ---- inside of a step ---- */

/**
 * struct look - the step that is watched
 * @test: NULL while none is
 * @name: of the step
 * @stack: room for a copy
 */
static struct look {
	struct kunit *test;
	const char *name;
	unsigned long *stack;
} look;

static __always_inline void look_below(void)
{
	if (!look.test)
		return;
	copy_stack(look.stack);
	watch_memory(look.test, look.stack, DEPTH, look.name);
}

void __wrap_hpkm_derive_parts(u8 out[HPKM_KEY_LEN], const u8 key[HPKM_KEY_LEN],
			      const char *label, const struct hpkm_bytes *part, size_t parts)
{
	look_below();
	__real_hpkm_derive_parts(out, key, label, part, parts);
}

void __wrap_hpkm_sealed_make(struct hpkm_sealed *sealed, u8 *frame, const void *text, size_t len)
{
	look_below();
	__real_hpkm_sealed_make(sealed, frame, text, len);
}

int __wrap_hpkm_sealed_open(struct hpkm_sealed *sealed, const u8 *frame, void *text, size_t len)
{
	look_below();
	return __real_hpkm_sealed_open(sealed, frame, text, len);
}

void __wrap_hpkm_transcript_add(u8 transcript[HPKM_KEY_LEN], const u8 *frame, size_t len)
{
	look_below();
	__real_hpkm_transcript_add(transcript, frame, len);
}

/**
 * struct two - an exchange, and then an update, of two devices
 * @stack: as a step left it
 */
struct two {
	unsigned long stack[DEPTH / sizeof(unsigned long)];
	struct hpkm_pair pair[2];
	struct hpkm_epoch epoch;
	struct hpkm_exchange i;
	struct hpkm_exchange r;
	struct hpkm_session_keys keys;
	u8 random[5][HPKM_KEY_LEN];
	struct hpkm_update requester;
	struct hpkm_update responder;
	u8 frame[HPKM_ACK + 1][HPKM_HANDSHAKE_MAX];
	u8 control[3][HPKM_CONTROL_MAX];
	u8 data[HPKM_HD_LEN + 64 + HPKM_TAG_LEN];
	int err;
};

static void begin(struct two *two)
{
	memset(&two->i, 0, sizeof(two->i));
	memset(&two->r, 0, sizeof(two->r));
	two->i.pair = &two->pair[0];
	two->i.initiator = true;
	two->i.epoch = two->epoch;
	two->i.a = 0;
	two->i.b = 2;
	two->i.unused = 1;
	two->i.initiator_sid = 1;
	two->i.hctr = 1;
	memcpy(two->i.random_initiator, two->random[0], HPKM_KEY_LEN);
	memcpy(two->i.ephemeral, two->random[1], HPKM_KEY_LEN);
	two->r.pair = &two->pair[1];
	two->r.epoch = two->epoch;
	two->r.initiator_sid = 1;
	two->r.responder_sid = 2;
	memcpy(two->r.random_responder, two->random[2], HPKM_KEY_LEN);
	memcpy(two->r.ephemeral, two->random[3], HPKM_KEY_LEN);
	memcpy(two->r.challenge, two->random[4], HPKM_KEY_LEN);
}

static struct two *two_new(struct kunit *test)
{
	const u8 id[2][HPKM_ID_LEN] = { { 1 }, { 2 } };
	struct two *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, two);
	hpkm_pair_init(&two->pair[0], suite_of(test), id[0], id[1]);
	hpkm_pair_init(&two->pair[1], suite_of(test), id[1], id[0]);
	get_random_bytes(two->random, sizeof(two->random));
	two->epoch.present = true;
	get_random_bytes(two->epoch.chain, sizeof(two->epoch.chain));
	get_random_bytes(two->epoch.x, sizeof(two->epoch.x));
	hpkm_epoch_name(&two->epoch, &two->pair[0]);
	begin(two);
	return two;
}

/* ---- an exchange ---- */

static void make_c1(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_c1(&two->i, two->frame[HPKM_C1]);
}

static void open_c1(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_c1(&two->r, two->frame[HPKM_C1]);
}

static void make_c2(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->make_c2(&two->r, two->frame[HPKM_C2]);
}

static void open_c2(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_c2(&two->i, two->frame[HPKM_C2]);
}

static void make_c3(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_c3(&two->i, two->frame[HPKM_C3]);
}

static void open_c3(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_c3(&two->r, two->frame[HPKM_C3]);
}

static void make_c4(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_c4(&two->r, two->frame[HPKM_C4]);
}

static void open_c4(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_c4(&two->i, two->frame[HPKM_C4]);
}

static void make_c5(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_c5(&two->i, two->frame[HPKM_C5]);
}

static void open_c5(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_c5(&two->r, two->frame[HPKM_C5]);
}

static void make_ack(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_ack(&two->r, two->frame[HPKM_ACK]);
}

static void open_ack(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_ack(&two->i, two->frame[HPKM_ACK]);
}

static void derive(const struct hpkm_suite *suite, struct two *two)
{
	suite->derive(&two->i, &two->keys);
}

struct step {
	const char *name;
	void (*run)(const struct hpkm_suite *suite, struct two *two);
};

static const struct step exchange[] = {
	{ "making C1", make_c1 }, { "opening C1", open_c1 }, { "making C2", make_c2 },
	{ "opening C2", open_c2 }, { "making C3", make_c3 }, { "opening C3", open_c3 },
	{ "making C4", make_c4 }, { "opening C4", open_c4 }, { "making C5", make_c5 },
	{ "opening C5", open_c5 }, { "making ACK", make_ack }, { "opening ACK", open_ack },
	{ "deriving the keys", derive },
};

static void run_all(struct kunit *test, struct two *two, const struct step *step, size_t steps)
{
	size_t i;

	for (i = 0; i < steps; i++)
		step[i].run(suite_of(test), two);
	KUNIT_ASSERT_EQ(test, two->err, 0);
}

static noinline void paint_and_run(const struct hpkm_suite *suite, struct two *two,
				   const struct step *step)
{
	paint();
	step->run(suite, two);
	copy_stack(two->stack);
}

static void run_and_look(struct kunit *test, struct two *two, const struct step *step)
{
	paint_and_run(suite_of(test), two, step);
	watch_memory(test, two->stack, sizeof(two->stack), step->name);
}

static void run_and_look_inside(struct kunit *test, struct two *two, const struct step *step)
{
	look.name = step->name;
	look.stack = two->stack;
	look.test = test;
	run_and_look(test, two, step);
	look.test = NULL;
}

static void expect_clean(struct kunit *test, struct two *two, const struct step *step,
			 size_t steps)
{
	size_t i;

	for (i = 0; i < steps; i++)
		run_and_look(test, two, &step[i]);
	KUNIT_EXPECT_EQ(test, two->err, 0);
}

/*
 * BLAKE2s itself leaves the last block that it took, for the next one to
 * overwrite.  In an exchange none has a secret as a whole; in an update one has
 * X_c, so that is no place to look inside.
 */
static void expect_clean_inside(struct kunit *test, struct two *two, const struct step *step,
				size_t steps)
{
	size_t i;

	for (i = 0; i < steps; i++)
		run_and_look_inside(test, two, &step[i]);
	KUNIT_EXPECT_EQ(test, two->err, 0);
}

/* ---- the secrets of an exchange: section 5.2, to the letter ---- */

/**
 * struct derived - where deriving them has come
 * @h: h0 to h5
 * @s: s2 to s4
 */
struct derived {
	u8 h[HPKM_KEY_LEN];
	u8 s[HPKM_KEY_LEN];
	u8 kab[HPKM_KEY_LEN];
	u8 ku[HPKM_KEY_LEN];
	u8 kall[HPKM_KEY_LEN];
	u8 dh[HPKM_KEY_LEN];
	u8 key[HPKM_KEY_LEN];
};

#define HELLO_LEN	(HPKM_HD_LEN + HPKM_KEY_LEN)

static void pass(struct kunit *test, struct derived *d, const struct two *two, u8 type)
{
	hpkm_hash(d->h, HPKM_KEY(d->h),
		  HPKM_BYTES(two->frame[type], suite_of(test)->frame_len[type]));
}

static void watch_key(struct kunit *test, struct derived *d, const char *label)
{
	hpkm_derive(d->key, d->s, label, HPKM_NOTHING);
	watch_secret(test, label, d->key);
}

static void agree(struct kunit *test, struct derived *d, const struct two *two)
{
	if (!suite_of(test)->ephemeral_dh)
		return;
	KUNIT_ASSERT_EQ(test, hpkm_dh(d->dh, two->random[1], two->frame[HPKM_C2] + HPKM_HD_LEN),
			0);
	watch_secret(test, "dh", d->dh);
	watch_secret(test, "e_I", two->random[1]);
	watch_secret(test, "e_R", two->random[3]);
}

static void watch_c1_and_c2(struct kunit *test, struct derived *d, const struct two *two)
{
	const struct hpkm_pair *pair = &two->pair[0];

	hpkm_hash(d->h, HPKM_BYTES("hpkm1 v1", 8), HPKM_KEY(pair->name));
	hpkm_epoch_key_pair(d->kab, &two->epoch, pair, 0, 2);
	watch_secret(test, "Kab", d->kab);
	hpkm_derive(d->key, d->kab, "c1", HPKM_KEY(d->h),
		    HPKM_BYTES(two->frame[HPKM_C1], HELLO_LEN));
	watch_secret(test, "c1", d->key);
	pass(test, d, two, HPKM_C1);
	hpkm_epoch_key_unused(d->ku, &two->epoch, pair, 1);
	watch_secret(test, "Ku", d->ku);
	agree(test, d, two);
	hpkm_derive(d->s, d->ku, "s2", HPKM_KEY(d->h), HPKM_BYTES(two->frame[HPKM_C2], HELLO_LEN),
		    HPKM_KEY(d->kab), HPKM_KEY(d->dh));
	watch_secret(test, "s2", d->s);
	watch_key(test, d, "k2");
	pass(test, d, two, HPKM_C2);
}

static void watch_the_rest(struct kunit *test, struct derived *d, const struct two *two)
{
	hpkm_derive(d->s, d->s, "s3", HPKM_KEY(d->h), HPKM_KEY(two->random[2]));
	watch_secret(test, "s3", d->s);
	watch_key(test, d, "k3");
	pass(test, d, two, HPKM_C3);
	hpkm_epoch_key_all(d->kall, &two->epoch, &two->pair[0]);
	watch_secret(test, "Kall", d->kall);
	hpkm_derive(d->s, d->s, "s4", HPKM_KEY(d->h), HPKM_KEY(two->random[2]),
		    HPKM_KEY(two->random[0]), HPKM_KEY(d->kall));
	watch_secret(test, "s4", d->s);
	watch_key(test, d, "k4");
	watch_key(test, d, "k5");
	watch_key(test, d, "ack");
	pass(test, d, two, HPKM_C4);
	pass(test, d, two, HPKM_C5);
	hpkm_derive(d->s, d->s, "sess", HPKM_KEY(d->h), HPKM_KEY(two->random[4]));
	watch_secret(test, "S", d->s);
	watch_key(test, d, "i2r");
	KUNIT_EXPECT_EQ(test, memcmp(d->key, two->keys.to_responder, HPKM_KEY_LEN), 0);
	watch_key(test, d, "r2i");
	watch_key(test, d, "upd");
	watch_key(test, d, "sid");
}

static void exchange_leaves_nothing(struct kunit *test)
{
	struct derived *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct two *two = two_new(test);

	KUNIT_ASSERT_NOT_NULL(test, d);
	run_all(test, two, exchange, ARRAY_SIZE(exchange));
	watch_begin();
	watch_secret(test, "R_I", two->random[0]);
	watch_secret(test, "R_R", two->random[2]);
	watch_secret(test, "V", two->random[4]);
	watch_secret(test, "CK", two->epoch.chain);
	watch_c1_and_c2(test, d, two);
	watch_the_rest(test, d, two);
	begin(two);
	expect_clean_inside(test, two, exchange, ARRAY_SIZE(exchange));
}

/* The keys with which messages are refused have done as much. */
static void refusing_leaves_nothing(struct kunit *test)
{
	static const struct step refused[] = {
		{ "refusing C1", open_c1 }, { "refusing C2", open_c2 }, { "refusing C3", open_c3 },
		{ "refusing C4", open_c4 }, { "refusing C5", open_c5 },
		{ "refusing ACK", open_ack },
	};
	struct derived *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct two *two = two_new(test);
	u8 type;

	KUNIT_ASSERT_NOT_NULL(test, d);
	run_all(test, two, exchange, ARRAY_SIZE(exchange));
	watch_begin();
	watch_c1_and_c2(test, d, two);
	watch_the_rest(test, d, two);
	begin(two);
	for (type = HPKM_C1; type <= HPKM_ACK; type++) {
		/* Up to this message, which is then altered. */
		run_all(test, two, &exchange[2 * (type - HPKM_C1)], 1);
		two->frame[type][suite_of(test)->frame_len[type] - 1] ^= 1;
		run_and_look_inside(test, two, &refused[type - HPKM_C1]);
		KUNIT_EXPECT_NE(test, two->err, 0);
		two->err = 0;
		two->frame[type][suite_of(test)->frame_len[type] - 1] ^= 1;
		run_all(test, two, &exchange[2 * (type - HPKM_C1) + 1], 1);
	}
}

/* ---- data ---- */

static void seal(const struct hpkm_suite *suite, struct two *two)
{
	suite->seal(two->random[0], 5, two->data, 64);
}

static void open(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open(two->random[0], 5, two->data, 64 + suite->tag_len);
}

static void data_leaves_nothing(struct kunit *test)
{
	static const struct step data[] = { { "sealing", seal }, { "opening", open } };
	struct two *two = two_new(test);

	hpkm_hd_write_data(two->data, suite_of(test)->id, 1, 5);
	get_random_bytes(two->data + HPKM_HD_LEN, 64);
	watch_begin();
	watch_secret(test, "the key", two->random[0]);
	watch_secret(test, "the contents", two->data + HPKM_HD_LEN);
	expect_clean(test, two, data, ARRAY_SIZE(data));
}

/* ---- the curve ---- */

static void compute_dh(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= hpkm_dh(two->random[4], two->random[0], two->random[1]);
}

static void compute_public(const struct hpkm_suite *suite, struct two *two)
{
	hpkm_dh_public(two->random[1], two->random[0]);
}

/* The scalar as it is and as the curve takes it, and what comes of it. */
static void curve_leaves_nothing(struct kunit *test)
{
	static const struct step dh[] = { { "a point", compute_public }, { "DH", compute_dh } };
	struct two *two = two_new(test);
	u8 *clamped = kunit_kzalloc(test, HPKM_KEY_LEN, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, clamped);
	memcpy(clamped, two->random[0], HPKM_KEY_LEN);
	clamped[0] &= 248;
	clamped[31] = (clamped[31] & 127) | 64;
	watch_begin();
	watch_secret(test, "the scalar", two->random[0]);
	watch_secret(test, "the clamped scalar", clamped);
	run_all(test, two, dh, ARRAY_SIZE(dh));
	watch_secret(test, "the result", two->random[4]);
	expect_clean(test, two, dh, ARRAY_SIZE(dh));
}

/* ---- an update ---- */

static void make_u1(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_update_request(&two->requester, two->control[0]);
}

static void open_u1(const struct hpkm_suite *suite, struct two *two)
{
	struct hpkm_update_search search;
	u64 n;

	two->err |= suite->parse_update_request(&two->responder, two->control[0],
						suite->update_request_len, &n, &search);
	two->err |= suite->accept_update_request(&two->responder, two->control[0]);
}

static void make_u2(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_update_answer(&two->responder, two->control[1]);
}

static void open_u2(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_update_answer(&two->requester, two->control[1],
					      suite->update_answer_len);
}

static void make_u3(const struct hpkm_suite *suite, struct two *two)
{
	suite->make_update_finish(&two->requester, two->control[2]);
}

static void open_u3(const struct hpkm_suite *suite, struct two *two)
{
	two->err |= suite->open_update_finish(&two->responder, two->control[2],
					      suite->update_finish_len);
}

static const struct step update[] = {
	{ "making U1", make_u1 }, { "opening U1", open_u1 }, { "making U2", make_u2 },
	{ "opening U2", open_u2 }, { "making U3", make_u3 }, { "opening U3", open_u3 },
};

static void prepare_update(struct two *two, struct hpkm_update *u, u8 side)
{
	memset(u, 0, sizeof(*u));
	u->pair = &two->pair[side];
	u->requester = !side;
	u->epoch = two->epoch;
	u->uctr = 1;
	u->a = 0;
	u->b = 2;
	u->c = 1;
	memcpy(u->session_update, two->random[0], HPKM_KEY_LEN);
	memcpy(u->x, two->random[1], sizeof(u->x));
	memcpy(side ? u->random_responder : u->random_requester, two->random[4], HPKM_KEY_LEN);
}

static void prepare_updates(struct two *two)
{
	prepare_update(two, &two->requester, 0);
	prepare_update(two, &two->responder, 1);
}

/* z and the confirmations are what would be compared with, were they not wiped. */
static void update_leaves_nothing(struct kunit *test)
{
	struct two *two = two_new(test);

	prepare_updates(two);
	run_all(test, two, update, ARRAY_SIZE(update));
	watch_begin();
	watch_secret(test, "CK", two->epoch.chain);
	watch_secret(test, "CK'", two->requester.next.chain);
	watch_secret(test, "SU", two->random[0]);
	watch_secret(test, "X0", two->random[1]);
	watch_secret(test, "X1", two->random[2]);
	watch_secret(test, "X2", two->random[3]);
	watch_secret(test, "z", two->control[1] + HPKM_CONTROL_HEAD_LEN + HPKM_KEY_LEN);
	watch_secret(test, "cb", two->control[1] + HPKM_CONTROL_HEAD_LEN + 2 * HPKM_KEY_LEN);
	watch_secret(test, "ca", two->control[2] + HPKM_CONTROL_HEAD_LEN);
	prepare_updates(two);
	expect_clean(test, two, update, ARRAY_SIZE(update));
}

/* ---- the same in the commit machine, which has copies of its own ---- */

/* How the stack was after each of these. */
enum {
	AFTER_C1, AFTER_C2, AFTER_C3, AFTER_C4, AFTER_C5, AFTER_ACK,
	AFTER_STRANGE_C1,
	AFTER_REQUEST, AFTER_U1, AFTER_U2, AFTER_U3,
	AFTER_ALL,
};

static const char *const after[AFTER_ALL] = {
	"handling C1", "handling C2", "handling C3", "handling C4", "handling C5", "handling ACK",
	"refusing C1", "asking for an update", "handling U1", "handling U2", "handling U3",
};

struct stacks {
	unsigned long stack[AFTER_ALL][DEPTH / sizeof(unsigned long)];
};

static noinline int give(struct sim *sim, u32 node, const u8 *frame, unsigned long *stack)
{
	int err;

	paint();
	err = sim_give(sim, node, frame, HPKM_HANDSHAKE_MAX);
	copy_stack(stack);
	return err;
}

static noinline int ask(struct sim *sim, unsigned long *stack)
{
	int err;

	paint();
	err = sim_update(sim, 0, NULL);
	copy_stack(stack);
	return err;
}

static noinline int control(struct sim *sim, u32 node, const u8 *payload, unsigned long *stack)
{
	struct hpkm_machine *machine = &sim->node[node].machine;
	int err;

	paint();
	err = hpkm_machine_control(machine, machine->current_session->own_sid, payload,
				   HPKM_CONTROL_MAX, sim->now);
	copy_stack(stack);
	return err;
}

/* The cable carries nothing; the test does. */
static void run_exchange(struct kunit *test, struct stacks *stacks)
{
	struct sim *sim = sim_of(test);
	u8 type;

	sim->lose = 100;
	sim_want(sim, 0);
	sim_run(sim, HPKM_MS);
	for (type = HPKM_C1; type <= HPKM_ACK; type++)
		KUNIT_ASSERT_EQ(test, give(sim, type % 2, sim->last[type],
					   stacks->stack[type - HPKM_C1]), 0);
	KUNIT_ASSERT_TRUE(test, sim_connected(sim));
}

static void run_refusal(struct kunit *test, struct stacks *stacks)
{
	struct sim *sim = sim_of(test);
	struct hpkm_epoch other = sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];
	u8 c1[HPKM_HANDSHAKE_MAX];

	other.n++;
	sim_make_c1(sim, 0, &other, 7, 1, c1);
	KUNIT_ASSERT_EQ(test, give(sim, 1, c1, stacks->stack[AFTER_STRANGE_C1]), -ENOKEY);
}

static void run_update(struct kunit *test, struct stacks *stacks)
{
	struct sim *sim = sim_of(test);
	u8 type;

	KUNIT_ASSERT_EQ(test, ask(sim, stacks->stack[AFTER_REQUEST]), 0);
	for (type = HPKM_U1; type <= HPKM_U3; type++)
		KUNIT_ASSERT_EQ(test, control(sim, type % 2, sim->last[type],
					      stacks->stack[AFTER_U1 + type - HPKM_U1]), 0);
	KUNIT_ASSERT_TRUE(test, sim_same_epoch(sim));
}

static void watch_epoch(struct kunit *test, const struct hpkm_epoch *epoch)
{
	watch_secret(test, "CK", epoch->chain);
	watch_secret(test, "X0", epoch->x[0]);
	watch_secret(test, "X1", epoch->x[1]);
	watch_secret(test, "X2", epoch->x[2]);
}

static void machine_leaves_nothing(struct kunit *test)
{
	struct stacks *stacks = kvzalloc(sizeof(*stacks), GFP_KERNEL);
	struct sim *sim = sim_of(test);
	const struct hpkm_session_keys *keys;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, stacks);
	get_random_bytes(sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR].chain, HPKM_KEY_LEN);
	sim->node[1].machine.durable.epoch[HPKM_EPOCH_CUR] =
		sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR];
	watch_begin();
	watch_epoch(test, &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR]);
	run_refusal(test, stacks);
	run_exchange(test, stacks);
	keys = &sim_current(sim, 0)->keys;
	watch_secret(test, "the key to the responder", keys->to_responder);
	watch_secret(test, "the key to the initiator", keys->to_initiator);
	watch_secret(test, "SU", keys->update);
	run_update(test, stacks);
	/* What was the record's, and CK'. */
	watch_epoch(test, &sim->node[0].machine.durable.epoch[HPKM_EPOCH_CUR]);
	for (i = 0; i < AFTER_ALL; i++)
		watch_memory(test, stacks->stack[i], sizeof(stacks->stack[i]), after[i]);
	kvfree(stacks);
}

static struct kunit_case cases[] = {
	EACH_REAL_SUITE(exchange_leaves_nothing),
	EACH_REAL_SUITE(refusing_leaves_nothing),
	EACH_REAL_SUITE(data_leaves_nothing),
	ONLY_SUITE_X25519(curve_leaves_nothing),
	EACH_REAL_SUITE(update_leaves_nothing),
	EACH_REAL_SUITE(machine_leaves_nothing),
	{}
};

static void done(struct kunit *test)
{
	look.test = NULL;
	watch_stop(test);
	sim_exit(test);
}

static struct kunit_suite stack_suite = {
	.name = "hpkm-stack",
	.init = sim_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(stack_suite);
