// SPDX-License-Identifier: GPL-2.0
/*
 * C1..C5 and ACK of each suite, with a valid exchange before them.  The input
 * says at which message, what is changed in it and what else is sent.  What is
 * refused leaves the receiver as it was.  In suites 1 and 2 every changed octet
 * is refused, so are the wrong ids, epoch, V and n under the right key; the
 * exchange then goes on to its end, and after what only the holder of the keys
 * could do the next one does.
 */
#include <stdlib.h>
#include <string.h>
#include <core/frame.h>
#include <core/hash.h>
#include <core/sealed.h>
#include "nodes.h"
#include "reseal.h"

#define ATTACKS_MOST	6
#define HELLO_LEN	(HPKM_HD_LEN + HPKM_KEY_LEN)
#define HCTR_LEN	8
#define CLAIM_LEN	(HCTR_LEN + 8 + 2 * HPKM_ID_LEN)

struct play {
	struct feed feed;
	struct sim *sim;
	u8 type;		/* of the message that is under test */
	u32 to;			/* who waits for it */
	const u8 *frame;	/* as it was sent */
	u8 len;
	bool known;		/* something sent by a holder of the keys was taken */
	bool insecure;
};

static bool is_for_responder(u8 type)
{
	return type == HPKM_C1 || type == HPKM_C3 || type == HPKM_C5;
}

static struct hpkm_machine *receiver(const struct play *play)
{
	return &play->sim->node[play->to].machine;
}

/* What the receiver knows of the exchange; not there before C1. */
static const struct hpkm_exchange *exchange_of(const struct play *play)
{
	struct hpkm_machine *machine = receiver(play);
	u32 i;

	if (play->to == 0)
		return machine->attempt.state == HPKM_ATTEMPT_NONE ? NULL : &machine->attempt.x;
	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (machine->half_open[i])
			return &machine->half_open[i]->x;
	return NULL;
}

/* Everything up to the message happens, and the message itself is held back. */
static void play_up_to(struct play *play)
{
	struct sim *sim = play->sim;

	sim->drop_type = play->type;
	sim->drop_count = 1;
	sim_want(sim, 0);
	sim_run(sim, NODES_SOON);
	must(sim->sent[play->type] == 1);
	play->frame = sim->last[play->type];
	play->len = receiver(play)->pair.suite->frame_len[play->type];
	play->to = is_for_responder(play->type);
}

static void c1_seal(const struct play *play, const u8 *frame, u8 *h0, struct seal *seal)
{
	const struct hpkm_exchange *x = &play->sim->node[0].machine.attempt.x;
	u8 pair_key[HPKM_KEY_LEN];

	hpkm_hash(h0, HPKM_BYTES("hpkm1 v1", 8), HPKM_KEY(x->pair->name));
	hpkm_epoch_key_pair(pair_key, &x->epoch, x->pair, x->a, x->b);
	hpkm_derive(seal->key, pair_key, "c1", HPKM_KEY(h0), HPKM_BYTES(frame, HELLO_LEN));
	seal->transcript = h0;
	seal->head_len = HELLO_LEN;
}

/*
 * What the holder of the keys could send in place of the message: another text
 * under the right key.  False if there is none.
 */
static bool seal_other(struct play *play, u8 *frame, bool wrong)
{
	static const char *const labels[] = {
		[HPKM_C3] = "k3", [HPKM_C4] = "k4", [HPKM_C5] = "k5", [HPKM_ACK] = "ack",
	};
	const struct hpkm_exchange *x = exchange_of(play);
	struct seal seal = { .head_len = HPKM_HD_LEN };
	u8 h0[HPKM_KEY_LEN];

	/* The key of C2 is gone when it has been sent, and any R_R is a right one. */
	if (play->insecure || play->type == HPKM_C2)
		return false;
	if (play->type == HPKM_C1) {
		c1_seal(play, frame, h0, &seal);
		/* Any hctr is a right one. */
		seal.fixed_len = wrong ? HCTR_LEN : 0;
	} else if (x) {
		hpkm_derive(seal.key, x->chain, labels[play->type], HPKM_NOTHING);
		seal.transcript = x->transcript;
	} else {
		return false;
	}
	seal.text_len = play->len - seal.head_len - HPKM_TAG_LEN;
	return reseal(&play->feed, &seal, frame);
}

/* One frame comes; whether it was taken. */
static bool give(struct play *play, u32 to, const u8 *frame, size_t len)
{
	u8 *copy = exact_copy(frame, len);
	struct sim_view view;
	int err;

	sim_look(play->sim, to, &view);
	err = sim_give(play->sim, to, copy, len);
	must(!memcmp(copy, frame, len));
	if (err)
		must(sim_untouched(play->sim, to, &view));
	free(copy);
	return !err;
}

static void send_changed(struct play *play)
{
	size_t len = play->len + feed_below(&play->feed, 3);
	u8 frame[HPKM_HANDSHAKE_MAX + 2] = { 0 };
	bool taken;

	memcpy(frame, play->frame, play->len);
	if (!feed_edit(&play->feed, frame, play->len))
		return;
	taken = give(play, play->to, frame, len);
	must(!taken || play->insecure);
	play->known |= taken;
}

static void send_cut(struct play *play)
{
	must(!give(play, play->to, play->frame, feed_below(&play->feed, play->len)));
}

static void send_other(struct play *play)
{
	bool wrong = feed_u8(&play->feed) & 1;
	u8 frame[HPKM_HANDSHAKE_MAX];
	bool taken;

	/* What came before is only there while nothing has come in its place. */
	if (play->known)
		return;
	memcpy(frame, play->frame, play->len);
	if (!seal_other(play, frame, wrong))
		return;
	taken = give(play, play->to, frame, play->len);
	if (play->type == HPKM_C5 || play->type == HPKM_ACK || (play->type == HPKM_C1 && wrong))
		must(!taken);
	play->known |= taken;
}

/* A share that leads to zero whatever the other's is, from who has the keys. */
static void send_weak(struct play *play)
{
	u8 frame[HPKM_HANDSHAKE_MAX], h0[HPKM_KEY_LEN], text[HPKM_HANDSHAKE_MAX];
	struct hpkm_sealed sealed;
	struct seal seal;

	if (play->insecure || play->type > HPKM_C2 || play->known)
		return;
	memcpy(frame, play->frame, play->len);
	if (play->type == HPKM_C1) {
		c1_seal(play, frame, h0, &seal);
		sealed = (struct hpkm_sealed){ .transcript = h0, .head_len = HELLO_LEN };
		memcpy(sealed.key, seal.key, HPKM_KEY_LEN);
		must(!hpkm_sealed_open(&sealed, frame, text, CLAIM_LEN));
		memset(frame + HPKM_HD_LEN, 0, HPKM_KEY_LEN);
		c1_seal(play, frame, h0, &seal);
		memcpy(sealed.key, seal.key, HPKM_KEY_LEN);
		hpkm_sealed_make(&sealed, frame, text, CLAIM_LEN);
	} else {
		memset(frame + HPKM_HD_LEN, 0, HPKM_KEY_LEN);
	}
	/* In suite 1 it is a random number like any other, but part of all keys. */
	if (play->type == HPKM_C1 && !receiver(play)->pair.suite->ephemeral_dh)
		play->known |= give(play, play->to, frame, play->len);
	else
		must(!give(play, play->to, frame, play->len));
}

/* An index that nothing can be sent to. */
static void send_nowhere(struct play *play)
{
	u8 frame[HPKM_HANDSHAKE_MAX];

	if (play->type > HPKM_C2)
		return;
	memcpy(frame, play->frame, play->len);
	((struct hpkm_hd *)frame)->src_sid = 0;
	must(!give(play, play->to, frame, play->len));
}

/* Again, or to where it came from. */
static void send_old(struct play *play)
{
	u8 type = HPKM_C1 + feed_below(&play->feed, HPKM_ACK);
	const struct hpkm_machine *machine = receiver(play);
	u32 to = feed_u8(&play->feed) & 1;

	if (play->insecure || type == play->type || !play->sim->sent[type])
		return;
	if (give(play, to, play->sim->last[type], machine->pair.suite->frame_len[type]))
		must(to == is_for_responder(type));
}

static void attack(struct play *play)
{
	switch (feed_below(&play->feed, 10)) {
	case 0:
		send_cut(play);
		break;
	case 8:
		send_weak(play);
		break;
	case 9:
		send_nowhere(play);
		break;
	case 1:
		send_old(play);
		break;
	case 2:
	case 3:
		send_other(play);
		break;
	default:
		send_changed(play);
	}
}

/* The peers may be half-way through an update, or through a pairing. */
static void add_epoch(struct sim *sim, u8 how)
{
	struct hpkm_durable *asked = &sim->node[0].machine.durable;
	struct hpkm_durable *other = &sim->node[1].machine.durable;
	enum hpkm_epoch_slot slot = how & 1 ? HPKM_EPOCH_FRESH : HPKM_EPOCH_NEXT;
	struct hpkm_epoch epoch = asked->epoch[HPKM_EPOCH_CUR];

	if (how & 4)
		return;
	epoch.n++;
	memset(epoch.chain, 0x77, sizeof(epoch.chain));
	hpkm_element(epoch.x[0], 0, "Take-off", 8);
	hpkm_epoch_name(&epoch, &sim->node[0].machine.pair);
	other->epoch[slot] = epoch;
	if (how & 2)
		asked->epoch[HPKM_EPOCH_CUR] = epoch;
	else
		asked->epoch[slot] = epoch;
}

static void finish(struct play *play)
{
	give(play, play->to, play->frame, play->len);
	give(play, play->to, play->frame, play->len);
	/* Long enough for the attempts after one that went wrong. */
	sim_run(play->sim, play->known ? 20 * HPKM_SECOND : NODES_SOON);
	if (!play->insecure) {
		must(sim_connected(play->sim));
		must(sim_same_epoch(play->sim));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = { .feed = { data, size } };
	u32 attacks;

	play.sim = nodes_create(&play.feed);
	play.insecure = play.sim->node[0].machine.pair.suite->insecure;
	play.type = HPKM_C1 + feed_below(&play.feed, HPKM_ACK);
	add_epoch(play.sim, feed_u8(&play.feed));
	play_up_to(&play);
	for (attacks = 0; play.feed.left && attacks < ATTACKS_MOST; attacks++)
		attack(&play);
	finish(&play);
	nodes_destroy(play.sim);
	return 0;
}
