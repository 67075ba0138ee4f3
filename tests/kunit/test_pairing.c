// SPDX-License-Identifier: GPL-2.0
/*
 * Pairing between simulated devices on a cable that loses, doubles and
 * reorders, with a clock of its own; and against strangers made by hand.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "core/dh.h"
#include "core/frame.h"
#include "core/pairing.h"
#include "core/pairing_messages.h"
#include "each_suite.h"

#define DEVICES		3
#define FLIGHTS		128
#define SENT_MAX	512
#define WINDOW		(120 * HPKM_SECOND)
#define SUITE_UNKNOWN	77

/* A frame on its way. */
struct flight {
	u64 at;		/* 0: this one is free */
	u8 to;
	u8 from;
	size_t len;
	u8 frame[HPKM_HANDSHAKE_MAX];
};

struct sent {
	u64 at;
	bool everybody;
	u8 dst[HPKM_ADDRESS_LEN];
	size_t len;
	u8 frame[HPKM_HANDSHAKE_MAX];
};

struct cable;

/* What is known of another device, by its place in the cable. */
struct known_peer {
	struct hpkm_epoch fresh;
	struct hpkm_epoch replaced;
	u8 listed[3][HPKM_KID_LEN];
	u8 address[HPKM_ADDRESS_LEN];
};

struct device {
	struct cable *cable;
	struct hpkm_pairing pairing;
	u8 index;
	u8 id[HPKM_ID_LEN];
	u8 address[HPKM_ADDRESS_LEN];
	u8 sk[HPKM_SK_LEN];
	u8 kids[3][HPKM_KID_LEN];
	int begin_result;
	int store_result;
	unsigned int begun;
	unsigned int ended;
	unsigned int stored;
	unsigned int confirmed;
	unsigned int replaced;
	unsigned int succeeded;
	unsigned int failed;
	u64 failed_at;
	bool failed_with_id;
	u8 last_id[HPKM_ID_LEN];
	const char *reason;
	struct known_peer peer[DEVICES];
	unsigned int sent_count;
	struct sent sent[SENT_MAX];
};

struct cable {
	struct kunit *test;
	u64 now;
	u64 seed;
	u32 loss;		/* of 100 */
	u32 doubled;		/* of 100 */
	u64 delay_span;
	u8 padding;
	u32 dropped;		/* bit t: frames of type HPKM_P1 + t do not arrive */
	struct flight flight[FLIGHTS];
	struct device device[DEVICES];
};

#define TYPE_BIT(type)	(1u << ((type) - HPKM_P1))

static u64 draw(struct cable *cable)
{
	u64 x = cable->seed;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	cable->seed = x;
	return x >> 16;
}

static struct device *device_of(struct hpkm_pairing *pairing)
{
	return container_of(pairing, struct device, pairing);
}

/* By the first octet of an id; NULL for a stranger's. */
static struct known_peer *peer_of(struct device *device, const u8 *id)
{
	u8 index = (id[0] >> 4) - 1;

	return index < DEVICES && !(id[0] & 15) ? &device->peer[index] : NULL;
}

static void put_on_cable(struct cable *cable, u8 from, u8 to, const u8 *frame, size_t len)
{
	size_t padded = len < HPKM_FRAME_MIN ? HPKM_FRAME_MIN : len;
	size_t i;

	for (i = 0; i < FLIGHTS && cable->flight[i].at; i++)
		;
	KUNIT_ASSERT_LT(cable->test, i, FLIGHTS);
	cable->flight[i].at = cable->now + HPKM_MS;
	if (cable->delay_span)
		cable->flight[i].at += draw(cable) % cable->delay_span;
	cable->flight[i].from = from;
	cable->flight[i].to = to;
	cable->flight[i].len = padded;
	memset(cable->flight[i].frame, cable->padding, sizeof(cable->flight[i].frame));
	memcpy(cable->flight[i].frame, frame, len);
}

static void carry(struct cable *cable, u8 from, u8 to, const u8 *frame, size_t len)
{
	if (cable->dropped & TYPE_BIT(frame[0]))
		return;
	if (draw(cable) % 100 >= cable->loss)
		put_on_cable(cable, from, to, frame, len);
	if (draw(cable) % 100 < cable->doubled)
		put_on_cable(cable, from, to, frame, len);
}

static void on_transmit(struct hpkm_pairing *pairing, const u8 *frame, size_t len, const u8 *dst)
{
	struct device *device = device_of(pairing);
	struct cable *cable = device->cable;
	struct sent *sent = &device->sent[device->sent_count];
	size_t i;

	KUNIT_ASSERT_LT(cable->test, device->sent_count, SENT_MAX);
	device->sent_count++;
	sent->at = cable->now;
	sent->everybody = !dst;
	if (dst)
		memcpy(sent->dst, dst, HPKM_ADDRESS_LEN);
	sent->len = len;
	memcpy(sent->frame, frame, len);
	for (i = 0; i < DEVICES; i++)
		if (i != device->index &&
		    (!dst || !memcmp(dst, cable->device[i].address, HPKM_ADDRESS_LEN)))
			carry(cable, device->index, i, frame, len);
}

static void on_random(struct hpkm_pairing *pairing, void *out, size_t len)
{
	u8 *octet = out;

	while (len--)
		*octet++ = draw(device_of(pairing)->cable);
}

static u64 wall_clock_at(const struct device *device, u64 now)
{
	return 1736000000ULL * HPKM_SECOND + device->index * 77 + now;
}

static u64 on_wall_clock(struct hpkm_pairing *pairing)
{
	return wall_clock_at(device_of(pairing), device_of(pairing)->cable->now);
}

static void on_location(struct hpkm_pairing *pairing, u8 out[HPKM_LI_LEN])
{
	memset(out, 0, HPKM_LI_LEN);
	out[0] = 1;
	out[1] = 'A' + device_of(pairing)->index;
}

static int on_begin(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		    u8 kids[3][HPKM_KID_LEN])
{
	struct device *device = device_of(pairing);

	if (device->begin_result)
		return device->begin_result;
	device->begun++;
	memcpy(kids, device->kids, sizeof(device->kids));
	return 0;
}

static int on_store_fresh(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
			  const struct hpkm_epoch *epoch, const u8 listed[3][HPKM_KID_LEN],
			  const u8 address[HPKM_ADDRESS_LEN])
{
	struct device *device = device_of(pairing);
	struct known_peer *peer = peer_of(device, id);

	device->stored++;
	if (peer) {
		peer->fresh = *epoch;
		memcpy(peer->listed, listed, sizeof(peer->listed));
		memcpy(peer->address, address, HPKM_ADDRESS_LEN);
	}
	return device->store_result;
}

static void on_confirm(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	device_of(pairing)->confirmed++;
}

static int on_replace(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		      const struct hpkm_epoch *epoch, const u8 address[HPKM_ADDRESS_LEN])
{
	struct device *device = device_of(pairing);
	struct known_peer *peer = peer_of(device, id);

	device->replaced++;
	if (peer) {
		peer->replaced = *epoch;
		memcpy(peer->address, address, HPKM_ADDRESS_LEN);
	}
	return device->store_result;
}

static void on_end(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	device_of(pairing)->ended++;
}

static void on_succeeded(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct device *device = device_of(pairing);

	device->succeeded++;
	memcpy(device->last_id, id, HPKM_ID_LEN);
}

static void on_failed(struct hpkm_pairing *pairing, const u8 *id, const char *reason)
{
	struct device *device = device_of(pairing);

	device->failed++;
	device->failed_at = device->cable->now;
	device->failed_with_id = id;
	if (id)
		memcpy(device->last_id, id, HPKM_ID_LEN);
	device->reason = reason;
}

static const struct hpkm_pairing_ops ops = {
	.transmit = on_transmit,
	.random = on_random,
	.wall_clock = on_wall_clock,
	.location = on_location,
	.begin = on_begin,
	.store_fresh = on_store_fresh,
	.confirm = on_confirm,
	.replace = on_replace,
	.end = on_end,
	.succeeded = on_succeeded,
	.failed = on_failed,
};

static struct cable *cable_new(struct kunit *test)
{
	struct cable *cable = kunit_kzalloc(test, sizeof(*cable), GFP_KERNEL);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, cable);
	cable->test = test;
	cable->seed = 88172645463325252ULL;
	cable->now = HPKM_SECOND;
	for (i = 0; i < DEVICES; i++) {
		struct device *device = &cable->device[i];

		device->cable = cable;
		device->index = i;
		memset(device->id, 16 * (i + 1), HPKM_ID_LEN);
		memset(device->address, 2 * (i + 1), HPKM_ADDRESS_LEN);
		memset(device->sk, 0x5a, HPKM_SK_LEN);
		memset(device->kids, 0xa0 + i, sizeof(device->kids));
		hpkm_pairing_init(&device->pairing, &ops, device->id);
	}
	return cable;
}

static void open_window(struct device *device, u64 window)
{
	struct cable *cable = device->cable;

	KUNIT_ASSERT_EQ(cable->test,
			hpkm_pairing_open(&device->pairing, suite_of(cable->test)->id, device->sk,
					  window, cable->now), 0);
}

static void open_two(struct cable *cable)
{
	open_window(&cable->device[0], WINDOW);
	open_window(&cable->device[1], WINDOW);
}

static u64 next_event(struct cable *cable)
{
	u64 at = HPKM_NEVER;
	size_t i;

	for (i = 0; i < DEVICES; i++)
		at = min(at, hpkm_pairing_deadline(&cable->device[i].pairing));
	for (i = 0; i < FLIGHTS; i++)
		if (cable->flight[i].at)
			at = min(at, cable->flight[i].at);
	return at;
}

static enum hpkm_pairing_verdict give(struct device *device, const u8 *frame, size_t len,
				      const u8 *src)
{
	return hpkm_pairing_receive(&device->pairing, frame, len, src, device->cable->now);
}

static void deliver(struct cable *cable)
{
	size_t i;

	for (i = 0; i < FLIGHTS; i++) {
		struct flight flight = cable->flight[i];

		if (!flight.at || flight.at > cable->now)
			continue;
		cable->flight[i].at = 0;
		give(&cable->device[flight.to], flight.frame, flight.len,
		     cable->device[flight.from].address);
	}
}

/* Time goes on until @until. */
static void run_until(struct cable *cable, u64 until)
{
	size_t i;

	while (next_event(cable) <= until) {
		cable->now = max(cable->now, next_event(cable));
		deliver(cable);
		for (i = 0; i < DEVICES; i++) {
			struct hpkm_pairing *pairing = &cable->device[i].pairing;

			hpkm_pairing_tick(pairing, cable->now);
			/* Else its owner would never sleep. */
			KUNIT_ASSERT_GT(cable->test, hpkm_pairing_deadline(pairing), cable->now);
		}
	}
	cable->now = until;
}

static void run_for(struct cable *cable, u64 span)
{
	run_until(cable, cable->now + span);
}

/* The nth frame of that type, or NULL. */
static const struct sent *sent_nth(const struct device *device, u8 type, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < device->sent_count; i++)
		if (device->sent[i].frame[0] == type && !n--)
			return &device->sent[i];
	return NULL;
}

static unsigned int sent_count(const struct device *device, u8 type)
{
	unsigned int n = 0;

	while (sent_nth(device, type, n))
		n++;
	return n;
}

static bool sent_same(const struct device *device, u8 type)
{
	const struct sent *first = sent_nth(device, type, 0);
	unsigned int n;

	for (n = 1; n < sent_count(device, type); n++)
		if (memcmp(first->frame, sent_nth(device, type, n)->frame, first->len))
			return false;
	return true;
}

static bool epochs_equal(const struct hpkm_epoch *a, const struct hpkm_epoch *b)
{
	return a->present && b->present && a->n == b->n &&
	       !memcmp(a->chain, b->chain, sizeof(a->chain)) &&
	       !memcmp(a->x, b->x, sizeof(a->x)) && !memcmp(a->kid, b->kid, sizeof(a->kid));
}

static bool is_zero(const void *data, size_t len)
{
	return !memchr_inv(data, 0, len);
}

static void expect_wiped(struct kunit *test, const struct hpkm_pairing *pairing)
{
	KUNIT_EXPECT_FALSE(test, hpkm_pairing_is_open(pairing));
	KUNIT_EXPECT_EQ(test, hpkm_pairing_deadline(pairing), HPKM_NEVER);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(pairing), 0);
	KUNIT_EXPECT_TRUE(test, is_zero(pairing->sk, sizeof(pairing->sk)));
	KUNIT_EXPECT_TRUE(test, is_zero(pairing->generator, sizeof(pairing->generator)));
	KUNIT_EXPECT_TRUE(test, is_zero(pairing->scalar, sizeof(pairing->scalar)));
	KUNIT_EXPECT_TRUE(test, is_zero(pairing->context, sizeof(pairing->context)));
}

static void expect_paired(struct kunit *test, struct cable *cable)
{
	struct device *a = &cable->device[0], *b = &cable->device[1];

	KUNIT_EXPECT_EQ(test, a->succeeded, 1);
	KUNIT_EXPECT_EQ(test, b->succeeded, 1);
	KUNIT_EXPECT_TRUE(test, !memcmp(a->last_id, b->id, HPKM_ID_LEN));
	KUNIT_EXPECT_TRUE(test, !memcmp(b->last_id, a->id, HPKM_ID_LEN));
	KUNIT_EXPECT_EQ(test, a->failed + b->failed, 0);
	KUNIT_EXPECT_EQ(test, a->confirmed, 1);
	KUNIT_EXPECT_EQ(test, b->replaced, 1);
	KUNIT_EXPECT_TRUE(test, epochs_equal(&a->peer[1].fresh, &b->peer[0].replaced));
	KUNIT_EXPECT_EQ(test, a->begun, a->ended);
	KUNIT_EXPECT_EQ(test, b->begun, b->ended);
	expect_wiped(test, &a->pairing);
	expect_wiped(test, &b->pairing);
}

static void expect_failed(struct kunit *test, const struct device *device, const char *part)
{
	KUNIT_EXPECT_EQ(test, device->failed, 1);
	KUNIT_EXPECT_EQ(test, device->succeeded, 0);
	KUNIT_ASSERT_NOT_NULL(test, device->reason);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(device->reason, part), "\"%s\"", device->reason);
	KUNIT_EXPECT_EQ(test, device->begun, device->ended);
	expect_wiped(test, &device->pairing);
}

/* A device of which the test is the brain. */
struct stranger {
	u8 id[HPKM_ID_LEN];
	u8 address[HPKM_ADDRESS_LEN];
	u8 sk[HPKM_SK_LEN];
	u8 scalar[HPKM_KEY_LEN];
	u8 hello[HPKM_HELLO_LEN];
	struct hpkm_pairing_run run;
};

/* Sorts before all devices (sends P1), or after them (sends P2). */
static struct stranger *stranger_new(struct kunit *test, u8 type, u8 number)
{
	struct stranger *stranger = kunit_kzalloc(test, sizeof(*stranger), GFP_KERNEL);
	u8 generator[HPKM_KEY_LEN], point[HPKM_KEY_LEN];

	KUNIT_ASSERT_NOT_NULL(test, stranger);
	memset(stranger->id, type == HPKM_P1 ? 1 : 0xf1, HPKM_ID_LEN);
	stranger->id[1] = number;
	memset(stranger->address, 0x42, HPKM_ADDRESS_LEN);
	stranger->address[5] = number;
	memset(stranger->sk, 0x5a, HPKM_SK_LEN);
	memset(stranger->scalar, 0x33, HPKM_KEY_LEN);
	stranger->scalar[1] = number;
	hpkm_pairing_generator(generator, stranger->sk);
	KUNIT_ASSERT_EQ(test, hpkm_dh(point, stranger->scalar, generator), 0);
	stranger->run.suite = suite_of(test);
	stranger->run.initiator = type == HPKM_P1;
	hpkm_pairing_make_hello(stranger->hello, type, stranger->run.suite, stranger->id, point);
	return stranger;
}

/* The device's P1 or P2 came. */
static void agree(struct kunit *test, struct stranger *stranger, const u8 *hello)
{
	const u8 *p1 = stranger->run.initiator ? stranger->hello : hello;
	const u8 *p2 = stranger->run.initiator ? hello : stranger->hello;

	KUNIT_ASSERT_EQ(test, hpkm_pairing_agree(&stranger->run, stranger->sk, stranger->scalar,
						 p1, p2), 0);
}

static enum hpkm_pairing_verdict say_hello(struct device *device, const struct stranger *stranger)
{
	return give(device, stranger->hello, HPKM_HELLO_LEN, stranger->address);
}

static enum hpkm_pairing_verdict give_junk(struct device *device, u8 type, const u8 *src)
{
	u8 frame[HPKM_HANDSHAKE_MAX];

	memset(frame, 0x77, sizeof(frame));
	hpkm_hd_write(frame, type, suite_of(device->cable->test)->id, 0, 0);
	return give(device, frame, sizeof(frame), src);
}

static void two_devices_pair(struct kunit *test)
{
	struct cable *cable = cable_new(test);

	open_two(cable);
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
	KUNIT_EXPECT_EQ(test, cable->device[0].begun, 1);
	KUNIT_EXPECT_EQ(test, cable->device[1].begun, 1);
}

/* The one with the smaller id is A, whoever came first; its T and LI are adopted. */
static void smaller_id_initiates(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];
	u8 time[HPKM_KEY_LEN], location[HPKM_KEY_LEN];
	const struct sent *p3;

	open_window(&cable->device[1], WINDOW);
	run_for(cable, 10 * HPKM_SECOND);
	open_window(a, WINDOW);
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
	p3 = sent_nth(a, HPKM_P3, 0);
	KUNIT_ASSERT_NOT_NULL(test, p3);
	hpkm_element_time(time, wall_clock_at(a, p3->at));
	hpkm_element(location, 2, "A", 1);
	KUNIT_EXPECT_TRUE(test, !memcmp(a->peer[1].fresh.x[1], time, sizeof(time)));
	KUNIT_EXPECT_TRUE(test, !memcmp(a->peer[1].fresh.x[2], location, sizeof(location)));
}

/* Long before the pairing ends: B's scalar has done what it was for. */
static void scalar_goes_with_its_use(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	const struct hpkm_pairing_context *context = &cable->device[1].pairing.context[0];

	cable->dropped = TYPE_BIT(HPKM_P3);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	KUNIT_ASSERT_EQ(test, context->state, HPKM_PAIRING_B_P3);
	KUNIT_EXPECT_FALSE(test, is_zero(context->scalar, sizeof(context->scalar)));
	cable->dropped = TYPE_BIT(HPKM_P5);
	run_for(cable, HPKM_SECOND);
	KUNIT_ASSERT_EQ(test, context->state, HPKM_PAIRING_B_P5);
	KUNIT_EXPECT_TRUE(test, is_zero(context->scalar, sizeof(context->scalar)));
}

static void kids_and_addresses_are_told(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	open_two(cable);
	run_for(cable, HPKM_SECOND);
	KUNIT_EXPECT_TRUE(test, !memcmp(a->peer[1].listed, b->kids, sizeof(b->kids)));
	KUNIT_EXPECT_TRUE(test, !memcmp(a->peer[1].address, b->address, HPKM_ADDRESS_LEN));
	KUNIT_EXPECT_TRUE(test, !memcmp(b->peer[0].address, a->address, HPKM_ADDRESS_LEN));
}

static void hello_goes_each_second(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	u64 began = cable->now;
	unsigned int n;

	open_window(device, 9500 * HPKM_MS);
	run_for(cable, 20 * HPKM_SECOND);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P1), 10);
	for (n = 0; n < 10; n++) {
		KUNIT_EXPECT_EQ(test, sent_nth(device, HPKM_P1, n)->at, began + n * HPKM_SECOND);
		KUNIT_EXPECT_TRUE(test, sent_nth(device, HPKM_P1, n)->everybody);
	}
	KUNIT_EXPECT_TRUE(test, sent_same(device, HPKM_P1));
	KUNIT_EXPECT_EQ(test, device->failed_at, began + 9500 * HPKM_MS);
	KUNIT_EXPECT_FALSE(test, device->failed_with_id);
	expect_failed(test, device, "no other device");
}

/* A is alone at first, and asks B as soon as that is there, too. */
static void expect_asked_again(struct kunit *test, u64 later, u64 within)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	open_window(a, WINDOW);
	run_for(cable, later);
	open_window(&cable->device[1], WINDOW);
	run_for(cable, within);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P1), 2);
	KUNIT_EXPECT_TRUE(test, sent_same(a, HPKM_P1));
	expect_paired(test, cable);
}

static void hello_goes_to_who_comes_later(struct kunit *test)
{
	expect_asked_again(test, 400 * HPKM_MS, 100 * HPKM_MS);
}

static void hello_goes_to_who_comes_just_later(struct kunit *test)
{
	expect_asked_again(test, 30 * HPKM_MS, 320 * HPKM_MS);
}

/* However many there are, and say so at once. */
static void hellos_are_apart(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];
	struct stranger *stranger = stranger_new(test, HPKM_P2, 1);
	unsigned int ms, n;

	((struct hpkm_hd *)stranger->hello)->type = HPKM_P1;
	open_window(a, WINDOW);
	for (ms = 0; ms < 2600; ms += 20) {
		run_for(cable, 20 * HPKM_MS);
		KUNIT_EXPECT_EQ(test, say_hello(a, stranger), HPKM_PAIRING_IGNORED);
	}
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P1), 11);
	for (n = 1; n < sent_count(a, HPKM_P1); n++)
		KUNIT_EXPECT_EQ(test, sent_nth(a, HPKM_P1, n)->at -
				sent_nth(a, HPKM_P1, n - 1)->at, 250 * HPKM_MS);
}

static void each_window_has_a_new_point(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];

	open_window(device, WINDOW);
	hpkm_pairing_close(&device->pairing, NULL);
	open_window(device, WINDOW);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P1), 2);
	KUNIT_EXPECT_FALSE(test, sent_same(device, HPKM_P1));
}

static void only_one_window_opens(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];

	KUNIT_EXPECT_EQ(test,
			hpkm_pairing_open(&device->pairing, SUITE_UNKNOWN, device->sk, WINDOW,
					  cable->now), -EOPNOTSUPP);
	expect_wiped(test, &device->pairing);
	open_window(device, WINDOW);
	KUNIT_EXPECT_EQ(test,
			hpkm_pairing_open(&device->pairing, suite_of(test)->id, device->sk, WINDOW,
					  cable->now), -EBUSY);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P1), 1);
}

static void nothing_happens_without_window(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	stranger = stranger_new(test, HPKM_P1, 1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, give_junk(device, HPKM_P5, stranger->address), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, device->sent_count, 0);
	hpkm_pairing_stored(&device->pairing, stranger->id, true, cable->now);
	hpkm_pairing_close(&device->pairing, "no reason");
	KUNIT_EXPECT_EQ(test, device->failed + device->succeeded, 0);
}

/* Three attempts, and then both say so; nothing is stored, nobody stays barred. */
static void wrong_sk_fails_on_both(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	b->sk[31] ^= 1;
	open_two(cable);
	run_for(cable, 20 * HPKM_SECOND);
	expect_failed(test, a, "SK differs, or no answer");
	expect_failed(test, b, "SK differs, or no answer");
	KUNIT_EXPECT_FALSE(test, a->failed_with_id || b->failed_with_id);
	KUNIT_EXPECT_EQ(test, a->stored + a->confirmed + b->replaced, 0);
	KUNIT_EXPECT_EQ(test, a->begun, HPKM_PAIR_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, b->begun, 0);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P4), 0);
}

static void give_hello_of_suite(struct device *device, u8 suite)
{
	struct stranger *stranger;

	stranger = stranger_new(device->cable->test, HPKM_P1, 1);
	((struct hpkm_hd *)stranger->hello)->suite = suite;
	KUNIT_EXPECT_EQ(device->cable->test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
}

static void expect_suite_named(struct kunit *test, const struct device *device, u8 other,
			       const char *name)
{
	char part[100];

	snprintf(part, sizeof(part), "suite %u (%s), this one was told %s", other, name,
		 suite_of(test)->name);
	expect_failed(test, device, part);
}

/* It is named, but not before the window's end: nobody has proven anything. */
static void other_suite_is_named(struct kunit *test)
{
	const struct hpkm_suite *other = hpkm_suite_by_id(suite_of(test)->id ? 0 : 2);
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];

	open_window(device, WINDOW);
	give_hello_of_suite(device, other->id);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
	run_for(cable, WINDOW - 1);
	KUNIT_EXPECT_EQ(test, device->failed, 0);
	run_for(cable, 1);
	expect_suite_named(test, device, other->id, other->name);
}

static void unknown_suite_is_numbered(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];

	open_window(device, WINDOW);
	give_hello_of_suite(device, SUITE_UNKNOWN);
	run_for(cable, WINDOW);
	expect_suite_named(test, device, SUITE_UNKNOWN, "unknown");
}

/* The next window knows nothing of the last one's troubles. */
static void reasons_do_not_linger(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];

	open_window(device, WINDOW);
	give_hello_of_suite(device, SUITE_UNKNOWN);
	hpkm_pairing_close(&device->pairing, NULL);
	open_window(device, WINDOW);
	run_for(cable, WINDOW);
	expect_failed(test, device, "no other device");
}

static void equal_ids_do_not_pair(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	memcpy(((struct hpkm_pairing_hello *)stranger->hello)->id, device->id, HPKM_ID_LEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, give(device, sent_nth(device, HPKM_P1, 0)->frame, HPKM_HELLO_LEN,
				   stranger->address), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P2), 0);
	run_for(cable, WINDOW);
	expect_failed(test, device, "this one's id");
}

static void bad_points_are_refused(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	stranger->hello[HPKM_HELLO_LEN - 1] |= 0x80;
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	memcpy(((struct hpkm_pairing_hello *)stranger->hello)->point,
	       ((const struct hpkm_pairing_hello *)sent_nth(device, HPKM_P1, 0)->frame)->point,
	       HPKM_KEY_LEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	stranger = stranger_new(test, HPKM_P2, 1);
	memset(((struct hpkm_pairing_hello *)stranger->hello)->point, 0, HPKM_KEY_LEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, device->sent_count, 1);
	KUNIT_EXPECT_EQ(test, device->begun, 0);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
}

/* P1 with a point of small order costs one context, and its P3 opens under no key. */
static void small_order_p1_gets_nowhere(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	memset(((struct hpkm_pairing_hello *)stranger->hello)->point, 0, HPKM_KEY_LEN);
	say_hello(device, stranger);
	KUNIT_EXPECT_EQ(test, give_junk(device, HPKM_P3, stranger->address), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
}

static void malformed_frames_are_refused(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger = stranger_new(test, HPKM_P1, 1);
	struct hpkm_hd *hd = (struct hpkm_hd *)stranger->hello;

	open_window(device, WINDOW);
	KUNIT_EXPECT_EQ(test, give(device, stranger->hello, HPKM_HELLO_LEN - 1, stranger->address),
			HPKM_PAIRING_REFUSED);
	hd->dst_sid = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	hd->dst_sid = 0;
	hd->counter = cpu_to_le64(1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, give_junk(device, HPKM_P6 + 1, stranger->address),
			HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, device->sent_count, 1);
	hd->counter = 0;
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
}

static void padding_is_ignored(struct kunit *test)
{
	struct cable *cable = cable_new(test);

	cable->padding = 0xa5;
	/* P5 is answered again although its padding is another now. */
	cable->dropped = TYPE_BIT(HPKM_P6);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	cable->padding = 0x5a;
	cable->dropped = 0;
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
}

static void crossing_hello_is_ignored(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P2, 1);
	((struct hpkm_hd *)stranger->hello)->type = HPKM_P1;
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	stranger = stranger_new(test, HPKM_P1, 1);
	((struct hpkm_hd *)stranger->hello)->type = HPKM_P2;
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, device->sent_count, 1);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
}

static void same_p1_gets_same_p2(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger, *other;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P2), 2);
	KUNIT_EXPECT_TRUE(test, sent_same(device, HPKM_P2));
	KUNIT_EXPECT_TRUE(test, !memcmp(sent_nth(device, HPKM_P2, 0)->dst, stranger->address,
					HPKM_ADDRESS_LEN));
	other = stranger_new(test, HPKM_P1, 2);
	memcpy(other->address, stranger->address, HPKM_ADDRESS_LEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, other), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P2), 2);
}

/* The same P1 again is no new message. */
static void context_lives_five_seconds(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	say_hello(device, stranger);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE - 1);
	say_hello(device, stranger);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 1);
	run_for(cable, 1);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
	say_hello(device, stranger);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P2), 3);
	KUNIT_EXPECT_FALSE(test, sent_same(device, HPKM_P2));
}

static void p3_goes_four_times(struct kunit *test)
{
	static const u64 times[] = { 0, 250, 750, 1750 };
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	unsigned int n, hellos;
	u64 first;

	cable->dropped = TYPE_BIT(HPKM_P4);
	open_two(cable);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P3), ARRAY_SIZE(times));
	first = sent_nth(device, HPKM_P3, 0)->at;
	for (n = 0; n < ARRAY_SIZE(times); n++)
		KUNIT_EXPECT_EQ(test, sent_nth(device, HPKM_P3, n)->at,
				first + times[n] * HPKM_MS);
	KUNIT_EXPECT_TRUE(test, sent_same(device, HPKM_P3));

	/* P1 rests while it is answered, and goes out again at once when that ends. */
	hellos = sent_count(device, HPKM_P1);
	KUNIT_EXPECT_EQ(test, hellos, 1);
	run_until(cable, first + HPKM_PAIR_CONTEXT_LIFE);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P1), 2);
	KUNIT_EXPECT_EQ(test, device->ended, 1);
}

static void p5_goes_until_given_up(struct kunit *test)
{
	static const u64 times[] = { 0, 250, 750, 1750, 2750, 3750, 4750 };
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];
	unsigned int n;
	u64 first;

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	cable->dropped |= TYPE_BIT(HPKM_P1);
	run_for(cable, 5500 * HPKM_MS);
	KUNIT_ASSERT_EQ(test, sent_count(a, HPKM_P5), ARRAY_SIZE(times));
	first = sent_nth(a, HPKM_P5, 0)->at;
	for (n = 0; n < ARRAY_SIZE(times); n++)
		KUNIT_EXPECT_EQ(test, sent_nth(a, HPKM_P5, n)->at, first + times[n] * HPKM_MS);
	KUNIT_EXPECT_TRUE(test, sent_same(a, HPKM_P5));
	KUNIT_EXPECT_EQ(test, a->ended, 1);
	KUNIT_EXPECT_EQ(test, b->ended, 1);
	KUNIT_EXPECT_EQ(test, b->replaced, 0);
}

/* A late call sends once, not once for each time that was missed. */
static void missed_resends_are_not_made_up_for(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P5), 1);
	hpkm_pairing_tick(&device->pairing, cable->now + 3 * HPKM_SECOND);
	hpkm_pairing_tick(&device->pairing, cable->now + 3 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P5), 2);
}

static void who_gave_up_ignores_p5(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, 4 * HPKM_SECOND);
	cable->dropped |= TYPE_BIT(HPKM_P1);
	run_for(cable, 2 * HPKM_SECOND);
	KUNIT_ASSERT_EQ(test, b->ended, 1);
	KUNIT_EXPECT_EQ(test, give(b, sent_nth(a, HPKM_P5, 0)->frame, HPKM_FINISH_LEN, a->address),
			HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, b->replaced, 0);
}

static void lost_p4_is_sent_again(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P4);
	open_two(cable);
	run_for(cable, 500 * HPKM_MS);
	cable->dropped = 0;
	run_for(cable, 500 * HPKM_MS);
	expect_paired(test, cable);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P4), 3);
	KUNIT_EXPECT_TRUE(test, sent_same(b, HPKM_P4));
	KUNIT_EXPECT_EQ(test, b->begun, 1);
}

/* B has succeeded and closed its window, or opened the next, and still answers. */
static void lost_p6_is_sent_again(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P6);
	open_two(cable);
	run_for(cable, 500 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, b->succeeded, 1);
	KUNIT_EXPECT_EQ(test, a->succeeded, 0);
	open_window(b, WINDOW);
	run_for(cable, 500 * HPKM_MS);
	cable->dropped = 0;
	hpkm_pairing_close(&b->pairing, NULL);
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 4);
	KUNIT_EXPECT_TRUE(test, sent_same(b, HPKM_P6));
}

static void finished_p5_is_forgotten(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];
	const u8 *p5;

	open_two(cable);
	run_for(cable, HPKM_SECOND);
	p5 = sent_nth(a, HPKM_P5, 0)->frame;
	KUNIT_EXPECT_EQ(test, give(b, p5, HPKM_FINISH_LEN, a->address), HPKM_PAIRING_TAKEN);
	KUNIT_EXPECT_EQ(test, give(b, p5, HPKM_FINISH_LEN, cable->device[2].address),
			HPKM_PAIRING_REFUSED);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE);
	KUNIT_EXPECT_EQ(test, give(b, p5, HPKM_FINISH_LEN, a->address), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 2);
}

/* Else a second P3 would be sealed under the first one's key and nonce. */
static void replayed_p2_is_not_answered(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P2, 1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_contexts(&device->pairing), 0);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	stranger->address[0] ^= 2;
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P3), 4);
	KUNIT_EXPECT_TRUE(test, sent_same(device, HPKM_P3));
}

static void three_answers_a_window(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	struct stranger *stranger;
	unsigned int n;

	open_window(device, WINDOW);
	for (n = 0; n < HPKM_PAIR_ATTEMPTS; n++) {
		stranger = stranger_new(test, HPKM_P2, n);
		KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	}
	stranger = stranger_new(test, HPKM_P2, n);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P3), HPKM_PAIR_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), HPKM_PAIR_ATTEMPTS);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE - 1);
	KUNIT_EXPECT_EQ(test, device->failed, 0);
	run_for(cable, 1);
	expect_failed(test, device, "SK differs, or no answer");
}

/* A fourth guess at SK is not even tried, though it be right. */
static void three_trials_a_window(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger, *guesser;
	u8 p3[HPKM_OFFER_LEN];
	unsigned int n;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 0);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	for (n = 1; n <= HPKM_PAIR_ATTEMPTS; n++) {
		guesser = stranger_new(test, HPKM_P1, n);
		KUNIT_EXPECT_EQ(test, say_hello(device, guesser), HPKM_PAIRING_TAKEN);
		KUNIT_EXPECT_EQ(test, give_junk(device, HPKM_P3, guesser->address),
				HPKM_PAIRING_REFUSED);
	}
	agree(test, stranger, sent_nth(device, HPKM_P2, 0)->frame);
	hpkm_pairing_make_p3(&stranger->run, p3);
	KUNIT_EXPECT_EQ(test, give(device, p3, sizeof(p3), stranger->address),
			HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P4), 0);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE);
	expect_failed(test, device, "SK differs, or no answer");
}

/* After three failures no P1 is answered any more, while an own run goes on. */
static void no_p2_after_three_trials(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;
	unsigned int n;

	open_window(device, WINDOW);
	for (n = 0; n < HPKM_PAIR_ATTEMPTS; n++) {
		stranger = stranger_new(test, HPKM_P1, n);
		say_hello(device, stranger);
		give_junk(device, HPKM_P3, stranger->address);
	}
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE - 1);
	stranger = stranger_new(test, HPKM_P2, n);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	run_for(cable, 1);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&device->pairing), 1);
	stranger = stranger_new(test, HPKM_P1, n + 1);
	KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P2), HPKM_PAIR_ATTEMPTS);
}

/* The pair was FROZEN when P2 came, and when it no longer is others were quicker. */
static void frozen_p2_comes_too_late(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	struct stranger *late, *stranger;
	unsigned int n;

	open_window(device, WINDOW);
	device->begin_result = -EBUSY;
	late = stranger_new(test, HPKM_P2, 0);
	KUNIT_EXPECT_EQ(test, say_hello(device, late), HPKM_PAIRING_IGNORED);
	device->begin_result = 0;
	for (n = 1; n <= HPKM_PAIR_ATTEMPTS; n++) {
		stranger = stranger_new(test, HPKM_P2, n);
		KUNIT_EXPECT_EQ(test, say_hello(device, stranger), HPKM_PAIRING_TAKEN);
	}
	KUNIT_EXPECT_EQ(test, say_hello(device, late), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P3), HPKM_PAIR_ATTEMPTS);
}

static void frozen_p2_is_not_exchanged(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	struct stranger *one, *other;

	open_window(device, WINDOW);
	device->begin_result = -EBUSY;
	one = stranger_new(test, HPKM_P2, 1);
	other = stranger_new(test, HPKM_P2, 2);
	memcpy(other->address, one->address, HPKM_ADDRESS_LEN);
	say_hello(device, one);
	device->begin_result = 0;
	KUNIT_EXPECT_EQ(test, say_hello(device, other), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P3), 0);
	KUNIT_EXPECT_EQ(test, say_hello(device, one), HPKM_PAIRING_TAKEN);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P3), 1);
}

/* A spent window spends nothing of the next. */
static void next_window_has_all_attempts(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	b->sk[31] ^= 1;
	open_two(cable);
	run_for(cable, 20 * HPKM_SECOND);
	KUNIT_ASSERT_EQ(test, a->failed + b->failed, 2);
	open_two(cable);
	run_for(cable, 20 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->failed + b->failed, 4);
	KUNIT_EXPECT_EQ(test, a->begun, 2 * HPKM_PAIR_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P2), 2 * HPKM_PAIR_ATTEMPTS);
	b->sk[31] ^= 1;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->succeeded + b->succeeded, 2);
}

/* What was made with the key that a run has before it has one. */
static void no_step_can_be_skipped(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;
	struct hpkm_pairing_run none;
	u8 frame[HPKM_HANDSHAKE_MAX];

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P1, 1);
	say_hello(device, stranger);
	none = stranger->run;
	hpkm_pairing_make_p4(&none, frame);
	KUNIT_EXPECT_EQ(test, give(device, frame, HPKM_OFFER_LEN, stranger->address),
			HPKM_PAIRING_REFUSED);
	none = stranger->run;
	hpkm_pairing_make_p5(&none, frame);
	KUNIT_EXPECT_EQ(test, give(device, frame, HPKM_FINISH_LEN, stranger->address),
			HPKM_PAIRING_REFUSED);
	none = stranger->run;
	hpkm_pairing_make_p6(&none, frame);
	KUNIT_EXPECT_EQ(test, give(device, frame, HPKM_FINISH_LEN, stranger->address),
			HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, device->stored + device->replaced + device->succeeded, 0);
	none = stranger->run;
	hpkm_pairing_make_p3(&none, frame);
	KUNIT_EXPECT_EQ(test, give(device, frame, HPKM_OFFER_LEN, stranger->address),
			HPKM_PAIRING_REFUSED);
}

/* Doubled by the cable: nothing is wrong with them, nor do they do anything. */
static void doubles_are_ignored(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];
	unsigned int sent;

	b->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	sent = a->sent_count + b->sent_count;
	KUNIT_EXPECT_EQ(test, give(a, sent_nth(b, HPKM_P4, 0)->frame, HPKM_OFFER_LEN, b->address),
			HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, give(b, sent_nth(a, HPKM_P5, 0)->frame, HPKM_FINISH_LEN, a->address),
			HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, a->sent_count + b->sent_count, sent);
	KUNIT_EXPECT_EQ(test, a->stored, 1);
	KUNIT_EXPECT_EQ(test, b->replaced, 1);
}

/* A frame that comes before the timer meets no context that is over. */
static void time_passes_before_frames(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *one, *other;

	open_window(device, WINDOW);
	one = stranger_new(test, HPKM_P1, 1);
	other = stranger_new(test, HPKM_P1, 2);
	memcpy(other->address, one->address, HPKM_ADDRESS_LEN);
	say_hello(device, one);
	cable->now += HPKM_PAIR_CONTEXT_LIFE;
	KUNIT_EXPECT_EQ(test, say_hello(device, other), HPKM_PAIRING_TAKEN);
	cable->now += WINDOW;
	KUNIT_EXPECT_EQ(test, say_hello(device, one), HPKM_PAIRING_REFUSED);
	KUNIT_EXPECT_EQ(test, device->failed, 1);
}

static void p3_tells_kids_and_something_random(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	const struct hpkm_pairing_offer *offer;
	struct stranger *stranger;

	open_window(device, WINDOW);
	stranger = stranger_new(test, HPKM_P2, 1);
	say_hello(device, stranger);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P3), 1);
	agree(test, stranger, sent_nth(device, HPKM_P1, 0)->frame);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&stranger->run,
						   sent_nth(device, HPKM_P3, 0)->frame), 0);
	offer = &stranger->run.offer_a;
	KUNIT_EXPECT_TRUE(test, !memcmp(offer->kids, device->kids, sizeof(device->kids)));
	KUNIT_EXPECT_FALSE(test, is_zero(offer->random, sizeof(offer->random)));
	KUNIT_EXPECT_TRUE(test, !memcmp(sent_nth(device, HPKM_P3, 0)->dst, stranger->address,
					HPKM_ADDRESS_LEN));
}

/* P1 can be said by anybody: a thousand of them do not end a window. */
static void p1_flood_ends_nothing(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *stranger;
	unsigned int n;

	open_window(device, WINDOW);
	for (n = 0; n < 200; n++) {
		stranger = stranger_new(test, HPKM_P1, n);
		say_hello(device, stranger);
		KUNIT_EXPECT_LE(test, hpkm_pairing_contexts(&device->pairing), HPKM_PAIR_CONTEXTS);
		run_for(cable, 500 * HPKM_MS);
	}
	KUNIT_EXPECT_EQ(test, device->failed, 0);
	KUNIT_EXPECT_LE(test, sent_count(device, HPKM_P2), 20 * HPKM_PAIR_CONTEXTS);
	run_for(cable, 6 * HPKM_SECOND);
	open_window(&cable->device[0], WINDOW);
	run_for(cable, 2 * HPKM_SECOND);
	expect_paired(test, cable);
}

static void flood_displaces_nobody(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct stranger *stranger;
	unsigned int n;

	cable->dropped = TYPE_BIT(HPKM_P3);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	for (n = 0; n < 20; n++) {
		stranger = stranger_new(test, HPKM_P1, n);
		say_hello(&cable->device[1], stranger);
		stranger = stranger_new(test, HPKM_P2, n);
		say_hello(&cable->device[0], stranger);
	}
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&cable->device[1].pairing),
			HPKM_PAIR_CONTEXTS);
	cable->dropped = 0;
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
}

/* At every step: what does not open leaves the step as it was. */
static void junk_ends_nothing(struct kunit *test)
{
	struct cable *cable;
	u8 type, step;
	unsigned int i;

	for (step = HPKM_P2; step <= HPKM_P6; step++) {
		cable = cable_new(test);
		cable->dropped = TYPE_BIT(step);
		open_two(cable);
		run_for(cable, 100 * HPKM_MS);
		for (type = HPKM_P3; type <= HPKM_P6; type++) {
			for (i = 0; i < 2; i++)
				KUNIT_EXPECT_EQ(test, give_junk(&cable->device[i], type,
								cable->device[!i].address),
						HPKM_PAIRING_REFUSED);
		}
		cable->dropped = 0;
		run_for(cable, 2 * HPKM_SECOND);
		expect_paired(test, cable);
	}
}

/* FROZEN: no P3 yet; P2 comes again with the next P1. */
static void initiator_waits_while_frozen(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	a->begin_result = -EBUSY;
	open_two(cable);
	run_for(cable, 2500 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P3), 0);
	/* Each second, and once on B's. */
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P1), 4);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&a->pairing), 1);
	a->begin_result = 0;
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
	KUNIT_EXPECT_TRUE(test, sent_same(&cable->device[1], HPKM_P2));
}

/* FROZEN for long costs no attempt. */
static void frozen_costs_no_attempt(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	a->begin_result = -EBUSY;
	open_two(cable);
	run_for(cable, 60 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->failed + cable->device[1].failed, 0);
	a->begin_result = 0;
	run_for(cable, 2 * HPKM_SECOND);
	expect_paired(test, cable);
}

/* FROZEN: no P4 yet; P3 comes again. */
static void responder_waits_while_frozen(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];

	b->begin_result = -EBUSY;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P4), 0);
	b->begin_result = 0;
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P4), 1);
}

static void initiator_has_no_room(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	a->begin_result = -ENOMEM;
	open_two(cable);
	run_for(cable, WINDOW);
	expect_failed(test, a, "could not take the other in");
	KUNIT_EXPECT_EQ(test, a->failed_at, HPKM_SECOND + WINDOW);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P3), 0);
	KUNIT_EXPECT_EQ(test, a->ended, 0);
}

static void responder_has_no_room(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];

	b->begin_result = -ENOMEM;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	expect_failed(test, b, "could not take the other in");
	KUNIT_EXPECT_TRUE(test, b->failed_with_id);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P4), 0);
	KUNIT_EXPECT_EQ(test, b->ended, 0);
}

static void pinned_suite_is_named(struct kunit *test)
{
	struct cable *cable = cable_new(test);

	cable->device[0].begin_result = -EPERM;
	cable->device[1].begin_result = -EPERM;
	open_two(cable);
	run_for(cable, WINDOW);
	expect_failed(test, &cable->device[0], "paired under another suite");

	cable = cable_new(test);
	cable->device[1].begin_result = -EPERM;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	expect_failed(test, &cable->device[1], "paired under another suite");
}

static void initiator_cannot_store(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	a->store_result = -ENOSPC;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	expect_failed(test, a, "could not be stored");
	KUNIT_EXPECT_TRUE(test, !memcmp(a->last_id, cable->device[1].id, HPKM_ID_LEN));
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 0);
	KUNIT_EXPECT_EQ(test, a->ended, 1);
}

static void responder_cannot_store(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];

	b->store_result = -ENOSPC;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	expect_failed(test, b, "could not be stored");
	KUNIT_EXPECT_TRUE(test, b->failed_with_id);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 0);
	KUNIT_EXPECT_EQ(test, cable->device[0].succeeded, 0);
	/* Nor does it answer P5 from memory. */
	run_for(cable, 3 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 0);
}

static void p5_waits_for_the_store(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];
	u64 began;

	a->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, 3 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->stored, 1);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 0);
	hpkm_pairing_stored(&a->pairing, a->id, true, cable->now);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 0);
	began = cable->now;
	hpkm_pairing_stored(&a->pairing, b->id, true, cable->now);
	KUNIT_ASSERT_EQ(test, sent_count(a, HPKM_P5), 1);
	KUNIT_EXPECT_EQ(test, sent_nth(a, HPKM_P5, 0)->at, began);
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
}

/* The context's life begins anew, or a slow store would leave no time for P6. */
static void p5_has_its_time_after_a_slow_store(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	a->store_result = -EINPROGRESS;
	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, 10 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->ended, 0);
	hpkm_pairing_stored(&a->pairing, b->id, true, cable->now);
	run_for(cable, HPKM_PAIR_CONTEXT_LIFE - 1);
	KUNIT_EXPECT_EQ(test, a->ended, 0);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 7);
	run_for(cable, 1);
	KUNIT_EXPECT_EQ(test, a->ended, 1);
}

static void nothing_is_stored_unasked(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P4);
	open_two(cable);
	run_for(cable, 100 * HPKM_MS);
	hpkm_pairing_stored(&a->pairing, b->id, true, cable->now);
	hpkm_pairing_stored(&b->pairing, a->id, false, cable->now);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5) + a->failed + b->failed, 0);
	cable->dropped = 0;
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
}

/* Neither the context's life nor the window's end cuts a store short. */
static void p6_waits_for_the_store(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	b->store_result = -EINPROGRESS;
	open_window(a, WINDOW);
	open_window(b, 3 * HPKM_SECOND);
	run_for(cable, 4500 * HPKM_MS);
	KUNIT_EXPECT_EQ(test, b->replaced, 1);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 0);
	KUNIT_EXPECT_EQ(test, b->succeeded + b->failed + b->ended, 0);
	hpkm_pairing_stored(&b->pairing, a->id, true, cable->now);
	KUNIT_EXPECT_EQ(test, b->succeeded, 1);
	run_for(cable, HPKM_SECOND);
	expect_paired(test, cable);
}

static void slow_store_outlives_the_context(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];

	b->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, 30 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, b->ended, 0);
	hpkm_pairing_stored(&b->pairing, cable->device[0].id, true, cable->now);
	KUNIT_EXPECT_EQ(test, b->succeeded, 1);
	KUNIT_EXPECT_EQ(test, b->ended, 1);
}

static void late_store_failure_is_told(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	a->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	hpkm_pairing_stored(&a->pairing, b->id, false, cable->now);
	expect_failed(test, a, "could not be stored");
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 0);

	cable = cable_new(test);
	a = &cable->device[0];
	b = &cable->device[1];
	b->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	hpkm_pairing_stored(&b->pairing, a->id, false, cable->now);
	expect_failed(test, b, "could not be stored");
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P6), 0);
}

static void closing_wipes_and_ends(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->begun + b->begun, 2);
	KUNIT_EXPECT_EQ(test, a->ended + b->ended, 0);
	hpkm_pairing_close(&a->pairing, "eth1 is up");
	expect_failed(test, a, "eth1 is up");
	KUNIT_EXPECT_FALSE(test, a->failed_with_id);
	hpkm_pairing_close(&b->pairing, NULL);
	expect_wiped(test, &b->pairing);
	KUNIT_EXPECT_EQ(test, b->failed, 0);
	KUNIT_EXPECT_EQ(test, b->ended, 1);
}

static void closing_while_storing(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	a->store_result = -EINPROGRESS;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	hpkm_pairing_close(&a->pairing, NULL);
	KUNIT_EXPECT_EQ(test, a->ended, 1);
	hpkm_pairing_stored(&a->pairing, cable->device[1].id, true, cable->now);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P5), 0);
	KUNIT_EXPECT_EQ(test, a->failed + a->succeeded, 0);
}

/* Who has shown that it has SK may finish; all others are cut off. */
static void window_ends_at_a_proven_device(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_window(a, 3 * HPKM_SECOND);
	open_window(b, 3 * HPKM_SECOND);
	run_for(cable, 4 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->failed + b->failed, 0);
	KUNIT_EXPECT_EQ(test, sent_count(a, HPKM_P1), 1);
	KUNIT_EXPECT_EQ(test, sent_count(b, HPKM_P1), 3);
	run_for(cable, 2 * HPKM_SECOND);
	expect_failed(test, a, "stopped answering");
	expect_failed(test, b, "stopped answering");
	KUNIT_EXPECT_TRUE(test, a->failed_with_id && b->failed_with_id);
	KUNIT_EXPECT_TRUE(test, !memcmp(a->last_id, b->id, HPKM_ID_LEN));
	KUNIT_EXPECT_TRUE(test, !memcmp(b->last_id, a->id, HPKM_ID_LEN));
}

static void window_ends_at_an_unproven_device(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];

	cable->dropped = TYPE_BIT(HPKM_P3);
	open_window(a, 3 * HPKM_SECOND);
	open_window(&cable->device[1], 3 * HPKM_SECOND);
	run_for(cable, 4 * HPKM_SECOND);
	expect_failed(test, a, "SK differs, or no answer");
	KUNIT_EXPECT_EQ(test, a->failed_at, 4 * HPKM_SECOND);
	expect_failed(test, &cable->device[1], "SK differs, or no answer");
}

static void late_hello_is_not_answered(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *b = &cable->device[1];
	struct stranger *stranger;

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_window(&cable->device[0], WINDOW);
	open_window(b, 3 * HPKM_SECOND);
	run_for(cable, 3500 * HPKM_MS);
	KUNIT_ASSERT_TRUE(test, hpkm_pairing_is_open(&b->pairing));
	stranger = stranger_new(test, HPKM_P1, 1);
	KUNIT_EXPECT_EQ(test, say_hello(b, stranger), HPKM_PAIRING_IGNORED);
	stranger = stranger_new(test, HPKM_P2, 1);
	KUNIT_EXPECT_EQ(test, say_hello(b, stranger), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&b->pairing), 1);
}

/* Somebody else answers first and says he were B: that begins nothing twice. */
static void twin_shares_the_beginning(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0], *b = &cable->device[1];
	struct stranger *stranger;

	cable->dropped = TYPE_BIT(HPKM_P4);
	open_window(a, WINDOW);
	stranger = stranger_new(test, HPKM_P2, 1);
	memcpy(((struct hpkm_pairing_hello *)stranger->hello)->id, b->id, HPKM_ID_LEN);
	KUNIT_EXPECT_EQ(test, say_hello(a, stranger), HPKM_PAIRING_TAKEN);
	run_for(cable, 100 * HPKM_MS);
	open_window(b, WINDOW);
	/* P1 rests, as far as A knows it is answered. */
	give(b, sent_nth(a, HPKM_P1, 0)->frame, HPKM_HELLO_LEN, a->address);
	run_for(cable, 4 * HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&a->pairing), 2);
	run_for(cable, 950 * HPKM_MS);
	/* The stranger's context has gone, B's has not. */
	KUNIT_EXPECT_EQ(test, hpkm_pairing_contexts(&a->pairing), 1);
	KUNIT_EXPECT_EQ(test, a->begun, 1);
	KUNIT_EXPECT_EQ(test, a->ended, 0);
	cable->dropped = 0;
	run_for(cable, 10 * HPKM_SECOND);
	expect_paired(test, cable);
}

/* The same id proves itself from two addresses: one after the other. */
static void twin_of_a_proven_device_waits(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[1];
	struct stranger *one, *other;
	u8 p3[HPKM_OFFER_LEN];

	open_window(device, WINDOW);
	one = stranger_new(test, HPKM_P1, 1);
	other = stranger_new(test, HPKM_P1, 1);
	other->address[0] ^= 2;
	say_hello(device, one);
	say_hello(device, other);
	agree(test, one, sent_nth(device, HPKM_P2, 0)->frame);
	agree(test, other, sent_nth(device, HPKM_P2, 1)->frame);
	hpkm_pairing_make_p3(&one->run, p3);
	KUNIT_EXPECT_EQ(test, give(device, p3, sizeof(p3), one->address), HPKM_PAIRING_TAKEN);
	hpkm_pairing_make_p3(&other->run, p3);
	KUNIT_EXPECT_EQ(test, give(device, p3, sizeof(p3), other->address), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, sent_count(device, HPKM_P4), 1);
	KUNIT_EXPECT_EQ(test, device->begun, 1);
}

/* The same on the other side. */
static void twin_of_a_proven_answer_waits(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *device = &cable->device[0];
	struct stranger *one, *other;
	const u8 *p1;
	u8 p4[HPKM_OFFER_LEN];

	open_window(device, WINDOW);
	p1 = sent_nth(device, HPKM_P1, 0)->frame;
	one = stranger_new(test, HPKM_P2, 1);
	other = stranger_new(test, HPKM_P2, 2);
	memcpy(((struct hpkm_pairing_hello *)other->hello)->id, one->id, HPKM_ID_LEN);
	say_hello(device, one);
	say_hello(device, other);
	KUNIT_ASSERT_EQ(test, sent_count(device, HPKM_P3), 2);
	agree(test, one, p1);
	agree(test, other, p1);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&one->run,
						   sent_nth(device, HPKM_P3, 0)->frame), 0);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&other->run,
						   sent_nth(device, HPKM_P3, 1)->frame), 0);
	hpkm_pairing_make_p4(&one->run, p4);
	KUNIT_EXPECT_EQ(test, give(device, p4, sizeof(p4), one->address), HPKM_PAIRING_TAKEN);
	hpkm_pairing_make_p4(&other->run, p4);
	KUNIT_EXPECT_EQ(test, give(device, p4, sizeof(p4), other->address), HPKM_PAIRING_IGNORED);
	KUNIT_EXPECT_EQ(test, device->stored, 1);
	KUNIT_EXPECT_EQ(test, device->begun, 1);
}

/* After a half-finished pairing the next attempt in the same window succeeds. */
static void half_finished_is_repeated(struct kunit *test)
{
	struct cable *cable = cable_new(test);

	cable->dropped = TYPE_BIT(HPKM_P5);
	open_two(cable);
	run_for(cable, 6 * HPKM_SECOND);
	cable->dropped = 0;
	run_for(cable, 6 * HPKM_SECOND);
	expect_paired(test, cable);
	KUNIT_EXPECT_EQ(test, cable->device[0].stored, 2);
}

static void paired_devices_pair_again(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	struct device *a = &cable->device[0];
	struct hpkm_epoch first;

	open_two(cable);
	run_for(cable, HPKM_SECOND);
	first = a->peer[1].fresh;
	open_two(cable);
	run_for(cable, HPKM_SECOND);
	KUNIT_EXPECT_EQ(test, a->succeeded, 2);
	KUNIT_EXPECT_EQ(test, cable->device[1].succeeded, 2);
	KUNIT_EXPECT_TRUE(test, epochs_equal(&a->peer[1].fresh,
					     &cable->device[1].peer[0].replaced));
	KUNIT_EXPECT_FALSE(test, epochs_equal(&a->peer[1].fresh, &first));
}

/* Whatever was stored about each other is the same; nobody stays barred. */
static void expect_consistent(struct kunit *test, struct cable *cable)
{
	size_t i, j;

	for (i = 0; i < DEVICES; i++) {
		struct device *device = &cable->device[i];

		KUNIT_EXPECT_EQ(test, device->begun, device->ended);
		expect_wiped(test, &device->pairing);
		for (j = 0; j < DEVICES; j++) {
			const struct hpkm_epoch *own = &device->peer[j].replaced;

			if (own->present)
				KUNIT_EXPECT_TRUE(test,
						  epochs_equal(own,
							       &cable->device[j].peer[i].fresh));
		}
	}
}

static unsigned int pair_on_bad_cable(struct kunit *test, u64 seed, u32 loss)
{
	struct cable *cable = cable_new(test);

	cable->seed ^= seed * 0x9e3779b97f4a7c15ULL;
	cable->loss = loss;
	cable->doubled = 20;
	cable->delay_span = 200 * HPKM_MS;
	open_two(cable);
	run_for(cable, WINDOW + 10 * HPKM_SECOND);
	expect_consistent(test, cable);
	return cable->device[0].succeeded + cable->device[1].succeeded;
}

/* Lost, doubled and overtaken frames cost time, hardly ever success. */
static void bad_cable(struct kunit *test)
{
	unsigned int succeeded = 0;
	u64 seed;

	for (seed = 0; seed < 20; seed++)
		succeeded += pair_on_bad_cable(test, seed, 20);
	KUNIT_EXPECT_GE(test, succeeded, 38);
}

static void terrible_cable(struct kunit *test)
{
	unsigned int succeeded = 0;
	u64 seed;

	for (seed = 0; seed < 20; seed++)
		succeeded += pair_on_bad_cable(test, seed, 60);
	KUNIT_EXPECT_GE(test, succeeded, 8);
}

/* Each window ends with one success at most; nobody believes in a wrong key. */
static void three_devices(struct kunit *test)
{
	struct cable *cable = cable_new(test);
	unsigned int succeeded = 0;
	size_t i;

	open_two(cable);
	open_window(&cable->device[2], WINDOW);
	run_for(cable, WINDOW + 10 * HPKM_SECOND);
	expect_consistent(test, cable);
	for (i = 0; i < DEVICES; i++) {
		KUNIT_EXPECT_EQ(test, cable->device[i].succeeded + cable->device[i].failed, 1);
		succeeded += cable->device[i].succeeded;
	}
	KUNIT_EXPECT_GE(test, succeeded, 2);
}

static struct kunit_case pairing_cases[] = {
	EACH_SUITE(two_devices_pair),
	EACH_SUITE(smaller_id_initiates),
	EACH_SUITE(scalar_goes_with_its_use),
	EACH_SUITE(kids_and_addresses_are_told),
	EACH_SUITE(hello_goes_each_second),
	EACH_SUITE(hello_goes_to_who_comes_later),
	EACH_SUITE(hello_goes_to_who_comes_just_later),
	EACH_SUITE(hellos_are_apart),
	EACH_SUITE(each_window_has_a_new_point),
	EACH_SUITE(only_one_window_opens),
	EACH_SUITE(nothing_happens_without_window),
	EACH_SUITE(wrong_sk_fails_on_both),
	EACH_SUITE(other_suite_is_named),
	EACH_SUITE(unknown_suite_is_numbered),
	EACH_SUITE(reasons_do_not_linger),
	EACH_SUITE(equal_ids_do_not_pair),
	EACH_SUITE(bad_points_are_refused),
	EACH_SUITE(small_order_p1_gets_nowhere),
	EACH_SUITE(malformed_frames_are_refused),
	EACH_SUITE(padding_is_ignored),
	EACH_SUITE(crossing_hello_is_ignored),
	EACH_SUITE(same_p1_gets_same_p2),
	EACH_SUITE(context_lives_five_seconds),
	EACH_SUITE(p3_goes_four_times),
	EACH_SUITE(p5_goes_until_given_up),
	EACH_SUITE(missed_resends_are_not_made_up_for),
	EACH_SUITE(who_gave_up_ignores_p5),
	EACH_SUITE(lost_p4_is_sent_again),
	EACH_SUITE(lost_p6_is_sent_again),
	EACH_SUITE(finished_p5_is_forgotten),
	EACH_SUITE(replayed_p2_is_not_answered),
	EACH_SUITE(three_answers_a_window),
	EACH_SUITE(three_trials_a_window),
	EACH_SUITE(no_p2_after_three_trials),
	EACH_SUITE(frozen_p2_comes_too_late),
	EACH_SUITE(frozen_p2_is_not_exchanged),
	EACH_SUITE(next_window_has_all_attempts),
	EACH_SUITE(no_step_can_be_skipped),
	EACH_SUITE(doubles_are_ignored),
	EACH_SUITE(time_passes_before_frames),
	EACH_SUITE(p3_tells_kids_and_something_random),
	EACH_SUITE(p1_flood_ends_nothing),
	EACH_SUITE(flood_displaces_nobody),
	EACH_SUITE(junk_ends_nothing),
	EACH_SUITE(initiator_waits_while_frozen),
	EACH_SUITE(frozen_costs_no_attempt),
	EACH_SUITE(responder_waits_while_frozen),
	EACH_SUITE(initiator_has_no_room),
	EACH_SUITE(responder_has_no_room),
	EACH_SUITE(pinned_suite_is_named),
	EACH_SUITE(initiator_cannot_store),
	EACH_SUITE(responder_cannot_store),
	EACH_SUITE(p5_waits_for_the_store),
	EACH_SUITE(p5_has_its_time_after_a_slow_store),
	EACH_SUITE(nothing_is_stored_unasked),
	EACH_SUITE(p6_waits_for_the_store),
	EACH_SUITE(slow_store_outlives_the_context),
	EACH_SUITE(late_store_failure_is_told),
	EACH_SUITE(closing_wipes_and_ends),
	EACH_SUITE(closing_while_storing),
	EACH_SUITE(window_ends_at_a_proven_device),
	EACH_SUITE(window_ends_at_an_unproven_device),
	EACH_SUITE(late_hello_is_not_answered),
	EACH_SUITE(twin_shares_the_beginning),
	EACH_SUITE(twin_of_a_proven_device_waits),
	EACH_SUITE(twin_of_a_proven_answer_waits),
	EACH_SUITE(half_finished_is_repeated),
	EACH_SUITE(paired_devices_pair_again),
	EACH_SUITE(bad_cable),
	EACH_SUITE(terrible_cable),
	EACH_SUITE(three_devices),
	{}
};

static struct kunit_suite pairing_suite = {
	.name = "hpkm-pairing",
	.test_cases = pairing_cases,
};

kunit_test_suite(pairing_suite);
