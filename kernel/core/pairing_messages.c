// SPDX-License-Identifier: GPL-2.0
/* P1..P6, made and opened: protocol section 4. */
#include <linux/errno.h>
#include <linux/string.h>
#include "dh.h"
#include "frame.h"
#include "hash.h"
#include "pairing_messages.h"
#include "sealed.h"
#include "suite.h"

#define FINISH_TEXT	"ok"
#define FINISH_TEXT_LEN	(HPKM_FINISH_LEN - HPKM_HD_LEN - HPKM_TAG_LEN)

static void sealed_init(struct hpkm_sealed *sealed, const struct hpkm_pairing_run *run,
			const char *label)
{
	hpkm_derive(sealed->key, run->key, label, HPKM_NOTHING);
	sealed->transcript = run->transcript;
	sealed->head_len = HPKM_HD_LEN;
}

static void make(struct hpkm_pairing_run *run, u8 type, const char *label, const void *text,
		 size_t len, u8 *frame)
{
	struct hpkm_sealed sealed;

	hpkm_hd_write(frame, type, run->suite->id, 0, 0);
	sealed_init(&sealed, run, label);
	hpkm_sealed_make(&sealed, frame, text, len);
	hpkm_transcript_add(run->transcript, frame, HPKM_HD_LEN + len + HPKM_TAG_LEN);
}

static int unseal(const struct hpkm_pairing_run *run, const char *label, const u8 *frame,
		  void *text, size_t len)
{
	struct hpkm_sealed sealed;

	sealed_init(&sealed, run, label);
	return hpkm_sealed_open(&sealed, frame, text, len);
}

static int open_offer(struct hpkm_pairing_run *run, const char *label, const u8 *frame,
		      struct hpkm_pairing_offer *offer)
{
	struct hpkm_pairing_offer opened;
	int err = -EBADMSG;

	if (!unseal(run, label, frame, &opened, sizeof(opened)) &&
	    hpkm_location_valid(opened.location)) {
		*offer = opened;
		hpkm_transcript_add(run->transcript, frame, HPKM_OFFER_LEN);
		err = 0;
	}
	memzero_explicit(&opened, sizeof(opened));
	return err;
}

static int open_finish(struct hpkm_pairing_run *run, const char *label, const u8 *frame)
{
	u8 text[FINISH_TEXT_LEN];

	if (unseal(run, label, frame, text, sizeof(text)) ||
	    memcmp(text, FINISH_TEXT, sizeof(text)))
		return -EBADMSG;
	hpkm_transcript_add(run->transcript, frame, HPKM_FINISH_LEN);
	return 0;
}

/**
 * hpkm_pairing_generator() - G, the point that only holders of SK know
 * @generator: 32 octets
 * @sk: the stretched SK
 *
 * The same for every pairing: a fresh one each time would leak SK bit by bit,
 * as only some points are what a wrong SK could make.  Context: any.
 */
void hpkm_pairing_generator(u8 generator[HPKM_KEY_LEN], const u8 sk[HPKM_SK_LEN])
{
	hpkm_hash(generator, HPKM_BYTES("hpkm1-G", 7), HPKM_BYTES(sk, HPKM_SK_LEN));
	generator[HPKM_KEY_LEN - 1] &= 0x7f;
}

/**
 * hpkm_pairing_make_hello() - P1 or P2
 * @frame: HPKM_HELLO_LEN octets
 * @type: HPKM_P1 or HPKM_P2
 * @suite: the window's
 * @id: this device's
 * @point: A_ or B_
 *
 * Context: any.
 */
void hpkm_pairing_make_hello(u8 *frame, u8 type, const struct hpkm_suite *suite,
			     const u8 id[HPKM_ID_LEN], const u8 point[HPKM_KEY_LEN])
{
	struct hpkm_pairing_hello *hello = (struct hpkm_pairing_hello *)frame;

	hpkm_hd_write(frame, type, suite->id, 0, 0);
	memcpy(hello->id, id, HPKM_ID_LEN);
	memcpy(hello->point, point, HPKM_KEY_LEN);
}

static bool hello_pair_valid(const struct hpkm_pairing_hello *a,
			     const struct hpkm_pairing_hello *b)
{
	if ((a->point[HPKM_KEY_LEN - 1] | b->point[HPKM_KEY_LEN - 1]) & 0x80)
		return false;
	return memcmp(a->point, b->point, HPKM_KEY_LEN) && memcmp(a->id, b->id, HPKM_ID_LEN);
}

/**
 * hpkm_pairing_agree() - Z, hp and kp from P1 and P2
 * @run: with suite and initiator set
 * @sk: the stretched SK
 * @scalar: a on A's side, b on B's
 * @p1: HPKM_HELLO_LEN octets
 * @p2: HPKM_HELLO_LEN octets
 *
 * Return: 0; -EKEYREJECTED for equal ids, equal points, a point with its top
 * bit set or one that leads to zero.  Context: as hpkm_dh().
 */
int hpkm_pairing_agree(struct hpkm_pairing_run *run, const u8 sk[HPKM_SK_LEN],
		       const u8 scalar[HPKM_KEY_LEN], const u8 *p1, const u8 *p2)
{
	const struct hpkm_pairing_hello *a = (const struct hpkm_pairing_hello *)p1;
	const struct hpkm_pairing_hello *b = (const struct hpkm_pairing_hello *)p2;
	u8 secret[HPKM_KEY_LEN];
	int err;

	if (!hello_pair_valid(a, b))
		return -EKEYREJECTED;
	err = hpkm_dh(run->shared, scalar, run->initiator ? b->point : a->point);
	if (err)
		return err;
	memcpy(run->id_a, a->id, HPKM_ID_LEN);
	memcpy(run->id_b, b->id, HPKM_ID_LEN);
	hpkm_hash(run->transcript, HPKM_BYTES(p1, HPKM_HELLO_LEN), HPKM_BYTES(p2, HPKM_HELLO_LEN));
	hpkm_hash(secret, HPKM_KEY(run->shared), HPKM_BYTES(sk, HPKM_SK_LEN));
	hpkm_derive(run->key, secret, "kp", HPKM_KEY(run->transcript));
	memzero_explicit(secret, sizeof(secret));
	return 0;
}

/**
 * hpkm_pairing_make_p3() - A's time, place and contexts
 * @run: agreed, with offer_a filled
 * @frame: HPKM_OFFER_LEN octets
 *
 * At most once a run, as its key seals one message.  Context: any.
 */
void hpkm_pairing_make_p3(struct hpkm_pairing_run *run, u8 *frame)
{
	make(run, HPKM_P3, "p3", &run->offer_a, sizeof(run->offer_a), frame);
}

/**
 * hpkm_pairing_open_p3() - B's proof that A has the same SK
 * @run: agreed; offer_a is filled
 * @frame: HPKM_OFFER_LEN octets
 *
 * Return: 0, or -EBADMSG and @run is as before.  Context: any.
 */
int hpkm_pairing_open_p3(struct hpkm_pairing_run *run, const u8 *frame)
{
	return open_offer(run, "p3", frame, &run->offer_a);
}

/**
 * hpkm_pairing_make_p4() - B's time, place and contexts
 * @run: P3 opened, offer_b filled
 * @frame: HPKM_OFFER_LEN octets
 *
 * At most once a run, as its key seals one message.  Context: any.
 */
void hpkm_pairing_make_p4(struct hpkm_pairing_run *run, u8 *frame)
{
	make(run, HPKM_P4, "p4", &run->offer_b, sizeof(run->offer_b), frame);
}

/**
 * hpkm_pairing_open_p4() - A's proof that B has the same SK
 * @run: P3 made; offer_b is filled
 * @frame: HPKM_OFFER_LEN octets
 *
 * Return: 0, or -EBADMSG and @run is as before.  Context: any.
 */
int hpkm_pairing_open_p4(struct hpkm_pairing_run *run, const u8 *frame)
{
	return open_offer(run, "p4", frame, &run->offer_b);
}

/**
 * hpkm_pairing_make_p5() - A has, or is about to have, stored the new epoch
 * @run: P4 opened
 * @frame: HPKM_FINISH_LEN octets
 *
 * Context: any.
 */
void hpkm_pairing_make_p5(struct hpkm_pairing_run *run, u8 *frame)
{
	make(run, HPKM_P5, "p5", FINISH_TEXT, FINISH_TEXT_LEN, frame);
}

/**
 * hpkm_pairing_open_p5() - B may store the new epoch
 * @run: P4 made
 * @frame: HPKM_FINISH_LEN octets
 *
 * Return: 0, or -EBADMSG and @run is as before.  Context: any.
 */
int hpkm_pairing_open_p5(struct hpkm_pairing_run *run, const u8 *frame)
{
	return open_finish(run, "p5", frame);
}

/**
 * hpkm_pairing_make_p6() - B has stored the new epoch
 * @run: P5 opened
 * @frame: HPKM_FINISH_LEN octets
 *
 * Context: any.
 */
void hpkm_pairing_make_p6(struct hpkm_pairing_run *run, u8 *frame)
{
	make(run, HPKM_P6, "p6", FINISH_TEXT, FINISH_TEXT_LEN, frame);
}

/**
 * hpkm_pairing_open_p6() - A may forget what came before
 * @run: P5 made
 * @frame: HPKM_FINISH_LEN octets
 *
 * Return: 0, or -EBADMSG and @run is as before.  Context: any.
 */
int hpkm_pairing_open_p6(struct hpkm_pairing_run *run, const u8 *frame)
{
	return open_finish(run, "p6", frame);
}

/**
 * hpkm_pairing_epoch() - epoch 0, as both sides have it
 * @run: P5 made or opened, P6 not yet
 * @sk: the stretched SK
 * @epoch: filled
 *
 * T and LI are those of A, whose connection request it was.  Context: any.
 */
void hpkm_pairing_epoch(const struct hpkm_pairing_run *run, const u8 sk[HPKM_SK_LEN],
			struct hpkm_epoch *epoch)
{
	struct hpkm_pair pair;

	hpkm_pair_init(&pair, run->suite, run->id_a, run->id_b);
	epoch->present = true;
	epoch->n = 0;
	hpkm_derive(epoch->chain, run->key, "ck0", HPKM_KEY(run->transcript));
	hpkm_element(epoch->x[0], 0, sk, HPKM_SK_LEN);
	hpkm_element_time(epoch->x[1], le64_to_cpu(run->offer_a.time));
	hpkm_element_location(epoch->x[2], run->offer_a.location);
	hpkm_epoch_name(epoch, &pair);
}
