// SPDX-License-Identifier: GPL-2.0
/*
 * P1..P6 of each suite between two devices.  The input either says at which
 * message of a pairing that goes well it is changed, or is a list of things
 * that a cable, two stores and two users do.  A changed octet in P3..P6 changes
 * nothing at the receiver, but that the first P3 starts a trial, and the
 * pairing then succeeds; so does a wrong text under the right key.  With
 * different SKs nothing is ever stored; both sides store the same epoch; every
 * begin has its end, and a closed window has no secrets.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <core/frame.h>
#include <core/hash.h>
#include <core/pairing.h>
#include <core/suite.h>
#include "reseal.h"

#define INBOX		32
#define STEPS		96
#define ATTACKS_MOST	6
#define TIME_LEN	8

struct letter {
	u8 frame[HPKM_HANDSHAKE_MAX];
	size_t len;
};

struct world;

struct side {
	struct hpkm_pairing pairing;
	struct world *world;
	u8 address[HPKM_ADDRESS_LEN];
	struct letter inbox[INBOX];
	u32 letters;
	u32 sent;
	int begin_result;
	int store_result;
	u8 storing[HPKM_ID_LEN];
	s32 begun;
	u32 stored;
	u32 succeeded;
	u32 failed;
	u8 kid[HPKM_KID_LEN];
};

struct world {
	struct feed feed;
	struct rnd_state random;
	u64 now;
	struct side side[2];
	u8 suite;
	u8 sk[2][HPKM_SK_LEN];
	bool same_sk;
	bool known;	/* something sent by a holder of the keys was taken */
};

static struct side *side_of(struct hpkm_pairing *pairing)
{
	return container_of(pairing, struct side, pairing);
}

static struct side *other_of(struct side *side)
{
	struct world *world = side->world;

	return side == &world->side[0] ? &world->side[1] : &world->side[0];
}

/* ---- how pairing acts ---- */

static void op_transmit(struct hpkm_pairing *pairing, const u8 *frame, size_t len, const u8 *dst)
{
	struct side *side = side_of(pairing), *other = other_of(side);
	struct letter *letter = &other->inbox[other->letters];

	must(hpkm_hd_check(frame, len) == HPKM_FRAME_OK);
	side->sent++;
	if (other->letters == INBOX || (dst && memcmp(dst, other->address, HPKM_ADDRESS_LEN)))
		return;
	memcpy(letter->frame, frame, len);
	letter->len = len;
	other->letters++;
}

static void op_random(struct hpkm_pairing *pairing, void *out, size_t len)
{
	prandom_bytes_state(&side_of(pairing)->world->random, out, len);
}

static u64 op_wall_clock(struct hpkm_pairing *pairing)
{
	return side_of(pairing)->world->now;
}

static void op_location(struct hpkm_pairing *pairing, u8 out[HPKM_LI_LEN])
{
	const u8 location[HPKM_LI_LEN] = { 5, 'P', 'a', 'r', 'i', 's' };

	memcpy(out, location, HPKM_LI_LEN);
}

static int op_begin(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		    u8 kids[3][HPKM_KID_LEN])
{
	struct side *side = side_of(pairing);

	must(side->world->same_sk || side->pairing.own[0] < id[0]);
	memset(kids, 0, 3 * HPKM_KID_LEN);
	if (!side->begin_result)
		side->begun++;
	return side->begin_result;
}

static int store(struct side *side, const u8 *id, const struct hpkm_epoch *epoch)
{
	must(side->world->same_sk && epoch->present && !epoch->n);
	memcpy(side->storing, id, HPKM_ID_LEN);
	memcpy(side->kid, epoch->kid, HPKM_KID_LEN);
	side->stored++;
	return side->store_result;
}

static int op_store_fresh(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
			  const struct hpkm_epoch *epoch, const u8 listed[3][HPKM_KID_LEN],
			  const u8 address[HPKM_ADDRESS_LEN])
{
	return store(side_of(pairing), id, epoch);
}

static int op_replace(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN],
		      const struct hpkm_epoch *epoch, const u8 address[HPKM_ADDRESS_LEN])
{
	struct side *side = side_of(pairing);
	int err = store(side, id, epoch);

	must(side->world->known || !memcmp(side->kid, other_of(side)->kid, HPKM_KID_LEN));
	return err;
}

static void op_confirm(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	struct side *side = side_of(pairing);

	must(side->stored && !memcmp(side->kid, other_of(side)->kid, HPKM_KID_LEN));
}

static void op_end(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	must(side_of(pairing)->begun-- > 0);
}

static void op_succeeded(struct hpkm_pairing *pairing, const u8 id[HPKM_ID_LEN])
{
	must(side_of(pairing)->stored);
	side_of(pairing)->succeeded++;
}

static void op_failed(struct hpkm_pairing *pairing, const u8 *id, const char *reason)
{
	must(reason && strlen(reason));
	side_of(pairing)->failed++;
}

static const struct hpkm_pairing_ops ops = {
	.transmit = op_transmit,
	.random = op_random,
	.wall_clock = op_wall_clock,
	.location = op_location,
	.begin = op_begin,
	.store_fresh = op_store_fresh,
	.confirm = op_confirm,
	.replace = op_replace,
	.end = op_end,
	.succeeded = op_succeeded,
	.failed = op_failed,
};

/* ---- the cable ---- */

static enum hpkm_pairing_verdict receive(struct side *side, const u8 *frame, size_t len,
					 const u8 *src)
{
	enum hpkm_pairing_verdict verdict = HPKM_PAIRING_REFUSED;
	u8 *copy = exact_copy(frame, len);

	if (hpkm_hd_check(copy, len) == HPKM_FRAME_OK)
		verdict = hpkm_pairing_receive(&side->pairing, copy, len, src, side->world->now);
	must(!memcmp(copy, frame, len));
	free(copy);
	return verdict;
}

static struct letter take_letter(struct side *side)
{
	struct letter letter = side->inbox[0];

	side->letters--;
	memmove(side->inbox, side->inbox + 1, side->letters * sizeof(side->inbox[0]));
	return letter;
}

static void deliver(struct side *side)
{
	struct letter letter;

	if (!side->letters)
		return;
	letter = take_letter(side);
	receive(side, letter.frame, letter.len, other_of(side)->address);
}

static void tick(struct world *world)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		hpkm_pairing_tick(&world->side[i].pairing, world->now);
		must(hpkm_pairing_deadline(&world->side[i].pairing) > world->now);
	}
}

static int open_window(struct world *world, u32 i)
{
	return hpkm_pairing_open(&world->side[i].pairing, world->suite, world->sk[i],
				 HPKM_PAIR_WINDOW_S * HPKM_SECOND, world->now);
}

/* ---- attacks ---- */

static bool is_sealed(u8 type)
{
	return type >= HPKM_P3;
}

/* What comes must change nothing at @side, but that a P3 may be the first to be tried. */
static void expect_nothing(struct side *side, const struct letter *letter, size_t len)
{
	struct hpkm_pairing before;
	u32 sent;

	/* What is due happens in any case. */
	hpkm_pairing_tick(&side->pairing, side->world->now);
	before = side->pairing;
	sent = side->sent;
	must(receive(side, letter->frame, len, other_of(side)->address) != HPKM_PAIRING_TAKEN);
	must(side->sent == sent);
	if (letter->frame[0] == HPKM_P3 && side->pairing.trials != before.trials)
		must(side->pairing.trials == before.trials + 1);
	else
		must(!memcmp(&before, &side->pairing, sizeof(before)));
}

/* Points that lead to zero, or are one's own; ids and suites that are. */
static void send_bad_hello(struct world *world, struct side *side, const struct letter *letter)
{
	const u8 stranger[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, feed_u8(&world->feed) | 4 };
	struct letter bad = *letter;
	struct hpkm_pairing_hello *hello = (struct hpkm_pairing_hello *)bad.frame;
	u8 how = feed_u8(&world->feed);

	if (is_sealed(letter->frame[0]))
		return;
	switch (how & 3) {
	case 0:
		memset(hello->point, 0, sizeof(hello->point));
		hello->point[0] = how >> 2 & 1;
		break;
	case 1:
		memcpy(hello->point,
		       ((struct hpkm_pairing_hello *)side->pairing.hello)->point, HPKM_KEY_LEN);
		break;
	case 2:
		memcpy(hello->id, side->pairing.own, HPKM_ID_LEN);
		break;
	default:
		hello->hd.suite += 1 + (how >> 2 & 7);
	}
	if (receive(side, bad.frame, bad.len, stranger) == HPKM_PAIRING_TAKEN)
		must(!(how & 3) && letter->frame[0] == HPKM_P1);
}

/* Somebody without SK, who does as if. */
static void send_guess(struct world *world, struct side *side, const struct letter *letter)
{
	const u8 stranger[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, 4 + feed_below(&world->feed, 5) };
	struct letter guess = *letter;
	u8 type = HPKM_P1 + feed_below(&world->feed, 6);

	hpkm_hd_write(guess.frame, type, world->suite, 0, 0);
	guess.len = type <= HPKM_P2 ? HPKM_HELLO_LEN : type <= HPKM_P4 ? HPKM_OFFER_LEN :
		    HPKM_FINISH_LEN;
	feed_edit(&world->feed, guess.frame + HPKM_HD_LEN + HPKM_ID_LEN, 16);
	if (receive(side, guess.frame, guess.len, stranger) == HPKM_PAIRING_TAKEN)
		must(!is_sealed(type));
}

static void send_changed(struct world *world, struct side *side, const struct letter *letter)
{
	const u8 stranger[HPKM_ADDRESS_LEN] = { 2, 0, 0, 0, 0, feed_u8(&world->feed) | 4 };
	struct letter changed = *letter;
	size_t len = letter->len + feed_below(&world->feed, 2);

	if (!feed_edit(&world->feed, changed.frame, changed.len))
		return;
	if (len > sizeof(changed.frame))
		len = sizeof(changed.frame);
	if (is_sealed(letter->frame[0]))
		expect_nothing(side, &changed, len);
	else
		receive(side, changed.frame, len, stranger);
}

static struct hpkm_pairing_run *run_of(struct side *side)
{
	u32 i;

	for (i = 0; i < HPKM_PAIR_CONTEXTS; i++)
		if (side->pairing.context[i].attempted &&
		    !memcmp(side->pairing.context[i].address, other_of(side)->address,
			    HPKM_ADDRESS_LEN))
			return &side->pairing.context[i].run;
	return NULL;
}

/* What a holder of the keys could send in its place. */
static void send_other(struct world *world, struct side *side, const struct letter *letter)
{
	static const char *const labels[] = { "p3", "p4", "p5", "p6" };
	struct hpkm_pairing_run *run = run_of(side);
	struct seal seal = { .head_len = HPKM_HD_LEN };
	struct letter other = *letter;
	u8 type = letter->frame[0];

	if (!is_sealed(type) || !run || world->known || !world->same_sk)
		return;
	hpkm_derive(seal.key, run->key, labels[type - HPKM_P3], HPKM_NOTHING);
	seal.transcript = run->transcript;
	seal.text_len = letter->len - HPKM_HD_LEN - HPKM_TAG_LEN;
	if (type <= HPKM_P4)
		seal.fixed_len = feed_u8(&world->feed) & 1 ? TIME_LEN : 0;
	if (!reseal(&world->feed, &seal, other.frame))
		return;
	if (type <= HPKM_P4 && hpkm_location_valid(seal.text + TIME_LEN)) {
		world->known = true;
		must(receive(side, other.frame, other.len, other_of(side)->address) ==
		     HPKM_PAIRING_TAKEN);
	} else {
		expect_nothing(side, &other, other.len);
	}
}

static void send_cut(struct world *world, struct side *side, const struct letter *letter)
{
	must(receive(side, letter->frame, feed_below(&world->feed, letter->len),
		     other_of(side)->address) == HPKM_PAIRING_REFUSED);
}

/* ---- a pairing that goes well, but for one message ---- */

static bool is_waited_for(const struct side *side, u8 type)
{
	return side->letters && side->inbox[0].frame[0] == type;
}

/* Delivers until it is the turn of @type at one of the sides. */
static struct side *play_up_to(struct world *world, u8 type)
{
	u32 i, turns;

	for (turns = 0; turns < INBOX; turns++) {
		for (i = 0; i < 2; i++) {
			/* The larger id's P1 is not answered. */
			if (is_waited_for(&world->side[i], type) && (type > HPKM_P1 || i))
				return &world->side[i];
			deliver(&world->side[i]);
		}
	}
	return NULL;
}

static void attack(struct world *world, struct side *side, const struct letter *letter)
{
	switch (feed_below(&world->feed, 6)) {
	case 0:
		send_cut(world, side, letter);
		break;
	case 1:
		send_other(world, side, letter);
		break;
	case 2:
		send_bad_hello(world, side, letter);
		break;
	default:
		send_changed(world, side, letter);
	}
}

static void play_stage(struct world *world)
{
	u8 type = HPKM_P1 + feed_below(&world->feed, 6);
	struct side *side = play_up_to(world, type);
	struct letter letter;
	u32 i;

	must(side);
	letter = take_letter(side);
	for (i = 0; world->feed.left && i < ATTACKS_MOST; i++)
		attack(world, side, &letter);
	receive(side, letter.frame, letter.len, other_of(side)->address);
	for (i = 0; i < INBOX; i++)
		deliver(&world->side[i & 1]);
	if (!world->known && is_sealed(type))
		must(world->side[0].succeeded && world->side[1].succeeded);
}

/* ---- anything ---- */

static void set_results(struct world *world, struct side *side)
{
	static const int begins[] = { 0, 0, -EBUSY, -EPERM, -ENOTCONN, -ENOMEM };
	static const int stores[] = { 0, 0, -EIO, -EINPROGRESS };
	u8 how = feed_u8(&world->feed);

	side->begin_result = begins[(how & 15) % ARRAY_SIZE(begins)];
	side->store_result = stores[how >> 4 & 3];
}

static void say_stored(struct world *world, struct side *side)
{
	u8 id[HPKM_PAIR_CONTEXTS][HPKM_ID_LEN];
	bool ok = feed_u8(&world->feed) & 1;

	if (hpkm_pairing_storing(&side->pairing, id)) {
		must(!memcmp(id[0], side->storing, HPKM_ID_LEN));
		hpkm_pairing_stored(&side->pairing, side->storing, ok, world->now);
	}
	hpkm_pairing_stored(&side->pairing, side->pairing.own, ok, world->now);
}

static void repeat(struct world *world, struct side *side)
{
	struct letter letter;

	if (!side->letters || side->letters == INBOX)
		return;
	letter = side->inbox[feed_below(&world->feed, side->letters)];
	side->inbox[side->letters++] = letter;
}

/* Lost, or something else in its place. */
static void disturb(struct world *world, struct side *side)
{
	struct letter letter;

	if (!side->letters)
		return;
	letter = take_letter(side);
	switch (feed_below(&world->feed, 6)) {
	case 0:
		send_cut(world, side, &letter);
		break;
	case 1:
		send_bad_hello(world, side, &letter);
		break;
	case 2:
	case 3:
		send_guess(world, side, &letter);
		receive(side, letter.frame, letter.len, other_of(side)->address);
		break;
	case 4:
		send_changed(world, side, &letter);
		break;
	}
}

static void step(struct world *world)
{
	struct side *side = &world->side[feed_u8(&world->feed) & 1];

	switch (feed_below(&world->feed, 12)) {
	case 0:
		set_results(world, side);
		break;
	case 1:
		say_stored(world, side);
		break;
	case 2:
		hpkm_pairing_close(&side->pairing, feed_u8(&world->feed) & 1 ? "closed" : NULL);
		break;
	case 3:
		open_window(world, side - world->side);
		break;
	case 4:
		repeat(world, side);
		break;
	case 5:
		disturb(world, side);
		break;
	case 6:
	case 7:
		world->now += (1ULL << feed_below(&world->feed, 18)) * HPKM_MS;
		break;
	default:
		deliver(side);
	}
	must(hpkm_pairing_contexts(&side->pairing) <= HPKM_PAIR_CONTEXTS);
	tick(world);
}

/* ---- life ---- */

static void set_up(struct world *world)
{
	u8 how = feed_u8(&world->feed);
	u32 i;

	world->suite = feed_below(&world->feed, 3);
	prandom_seed_state(&world->random, feed_u8(&world->feed));
	world->same_sk = how & 6;
	world->sk[0][0] = 1;
	world->sk[1][0] = world->same_sk ? 1 : 2;
	for (i = 0; i < 2; i++) {
		struct side *side = &world->side[i];
		u8 id[HPKM_ID_LEN] = { how & 8 && (how & 48) == 48 ? 1 : 1 + i };

		side->world = world;
		side->address[0] = 2;
		side->address[5] = i;
		hpkm_pairing_init(&side->pairing, &ops, id);
	}
	must(hpkm_pairing_open(&world->side[0].pairing, 3, world->sk[0], HPKM_SECOND,
			       world->now) == -EOPNOTSUPP);
	must(open_window(world, 0) == 0 && open_window(world, 1) == 0);
	must(open_window(world, 0) == -EBUSY);
}

static void check_wiped(const struct side *side)
{
	static const struct hpkm_pairing_context none[HPKM_PAIR_CONTEXTS];
	static const u8 zero[HPKM_KEY_LEN];
	const struct hpkm_pairing *pairing = &side->pairing;

	must(!side->begun && !hpkm_pairing_is_open(pairing));
	must(!memcmp(pairing->sk, zero, sizeof(zero)));
	must(!memcmp(pairing->generator, zero, sizeof(zero)));
	must(!memcmp(pairing->scalar, zero, sizeof(zero)));
	must(!memcmp(pairing->context, none, sizeof(none)));
	must(hpkm_pairing_deadline(pairing) == HPKM_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = calloc(1, sizeof(*world));
	bool equal_ids;
	u8 how;
	u32 i;

	must(world);
	world->feed = (struct feed){ data, size };
	world->now = 1000 * HPKM_SECOND;
	how = size ? data[0] : 0;
	set_up(world);
	equal_ids = world->side[0].pairing.own[0] == world->side[1].pairing.own[0];
	if (how & 1 && world->same_sk && !equal_ids)
		play_stage(world);
	for (i = 0; !(how & 1) && world->feed.left && i < STEPS; i++)
		step(world);
	for (i = 0; i < 2; i++) {
		hpkm_pairing_close(&world->side[i].pairing, NULL);
		check_wiped(&world->side[i]);
	}
	free(world);
	return 0;
}
