// SPDX-License-Identifier: GPL-2.0
/*
 * U1, U2, U3 and NAK of each suite in a live session, changed by who has the
 * session's keys.  What is refused leaves the machine as it was, but for a bad
 * U2, which ends the update.  In suites 1 and 2 nothing changed is taken, but
 * for another uctr in U1.  Whatever happens, and however the stores behave, the
 * two find each other again under the same epoch.
 */
#include <stdlib.h>
#include <string.h>
#include "nodes.h"

#define ATTACKS_MOST	4
/* An update that came to nothing, and the exchange after it. */
#define RECOVERY	(90 * HPKM_SECOND)

struct play {
	struct feed feed;
	struct sim *sim;
	u8 type;
	u32 asks;		/* who requests */
	u32 to;			/* who waits for the message under test */
	bool insecure;
};

static struct hpkm_machine *receiver(const struct play *play)
{
	return &play->sim->node[play->to].machine;
}

static size_t len_of(const struct play *play, u8 type)
{
	const struct hpkm_suite *suite = receiver(play)->pair.suite;

	switch (type) {
	case HPKM_U1:
		return suite->update_request_len;
	case HPKM_U2:
		return suite->update_answer_len;
	case HPKM_U3:
		return suite->update_finish_len;
	default:
		return HPKM_CONTROL_HEAD_LEN;
	}
}

static void set_stores(struct play *play)
{
	static const enum hpkm_stored results[] = {
		HPKM_STORED, HPKM_STORED, HPKM_STORE_FAILED, HPKM_STORE_LATER,
	};
	u8 how = feed_u8(&play->feed);

	play->sim->node[0].store_result = results[how & 3];
	play->sim->node[1].store_result = results[how >> 2 & 3];
}

/* A session, and in it an update up to the message, which is held back. */
static bool play_up_to(struct play *play)
{
	struct sim *sim = play->sim;
	u8 how = feed_u8(&play->feed);

	sim_want(sim, feed_u8(&play->feed) & 1);
	sim_run(sim, NODES_SOON);
	must(sim_connected(sim));
	set_stores(play);
	play->asks = how & 1;
	play->type = HPKM_U1 + (how >> 1 & 3);
	play->to = play->type == HPKM_U1 || play->type == HPKM_U3 ? !play->asks : play->asks;
	if (play->type == HPKM_NAK)
		hpkm_log_clear(sim->node[!play->asks].log);
	sim->drop_type = play->type;
	sim->drop_count = 1;
	must(!sim_update(sim, play->asks, NULL));
	sim_run(sim, NODES_SOON);
	return sim->sent[play->type];
}

static u32 current_sid(const struct play *play)
{
	const struct hpkm_session *session = receiver(play)->current_session;

	return session ? session->own_sid : 0;
}

static bool same_machine(const struct play *play, const struct sim_view *view)
{
	return machine_is(&view->machine, receiver(play));
}

/* One control message comes; whether it was taken. */
static bool give(struct play *play, const u8 *payload, size_t len)
{
	bool requested = hpkm_update_state(receiver(play)) == HPKM_UPDATE_REQ;
	u8 *copy = exact_copy(payload, len);
	struct sim_view view;
	int err;

	sim_look(play->sim, play->to, &view);
	err = hpkm_machine_control(receiver(play), current_sid(play), copy, len, play->sim->now);
	must(!memcmp(copy, payload, len));
	if (err && !requested)
		must(same_machine(play, &view));
	if (err && (len < HPKM_CONTROL_HEAD_LEN || payload[0] > HPKM_U2 || payload[0] < HPKM_U1))
		must(sim_untouched(play->sim, play->to, &view));
	free(copy);
	return !err;
}

static void send_changed(struct play *play)
{
	size_t len = len_of(play, play->type);
	u8 payload[HPKM_CONTROL_MAX];
	const u8 *sent = play->sim->last[play->type];
	bool uctr_only;

	memcpy(payload, sent, len);
	if (!feed_edit(&play->feed, payload, len))
		return;
	uctr_only = payload[0] == sent[0] && !memcmp(payload + HPKM_CONTROL_HEAD_LEN,
						     sent + HPKM_CONTROL_HEAD_LEN,
						     len - HPKM_CONTROL_HEAD_LEN);
	if (!give(play, payload, len) || play->insecure)
		return;
	/* Another message altogether may be right where no more than a number is in it. */
	must(payload[0] != play->type || (play->type == HPKM_U1 && uctr_only));
}

static void send_cut(struct play *play)
{
	give(play, play->sim->last[play->type], feed_below(&play->feed, len_of(play, play->type)));
}

static void send_any(struct play *play)
{
	u8 payload[HPKM_CONTROL_MAX];
	size_t len = feed_below(&play->feed, sizeof(payload));

	feed_fill(&play->feed, payload, len);
	if (len)
		payload[0] = HPKM_U1 + (payload[0] & 3);
	give(play, payload, len);
}

/* It comes again, in this session or to one that is not there. */
static void send_old(struct play *play)
{
	u8 type = HPKM_U1 + feed_below(&play->feed, 4);
	u8 how = feed_u8(&play->feed);
	struct sim *sim = play->sim;

	if (!sim->sent[type])
		return;
	if (how & 1)
		give(play, sim->last[type], len_of(play, type));
	else
		must(hpkm_machine_control(receiver(play), current_sid(play) + 1 + how,
					  sim->last[type], len_of(play, type), sim->now));
}

static void attack(struct play *play)
{
	switch (feed_below(&play->feed, 8)) {
	case 0:
		send_cut(play);
		break;
	case 1:
		send_old(play);
		break;
	case 2:
		send_any(play);
		break;
	case 3:
		sim_run(play->sim, feed_u16(&play->feed) * HPKM_MS);
		break;
	default:
		send_changed(play);
	}
}

static void heal(struct play *play)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct sim_node *node = &play->sim->node[i];

		node->store_result = HPKM_STORED;
		if (node->machine.store.in_flight)
			hpkm_machine_stored(&node->machine, feed_u8(&play->feed) & 1,
					    play->sim->now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = { .feed = { data, size } };
	u32 attacks;

	play.sim = nodes_create(&play.feed);
	play.insecure = play.sim->node[0].machine.pair.suite->insecure;
	if (play_up_to(&play)) {
		for (attacks = 0; play.feed.left && attacks < ATTACKS_MOST; attacks++)
			attack(&play);
		give(&play, play.sim->last[play.type], len_of(&play, play.type));
	}
	sim_run(play.sim, feed_u8(&play.feed) * 10 * HPKM_MS);
	heal(&play);
	sim_run(play.sim, RECOVERY);
	/* Without traffic a session comes to its end. */
	sim_want(play.sim, 0);
	sim_run(play.sim, RECOVERY / 10);
	must(sim_connected(play.sim));
	must(sim_same_epoch(play.sim));
	nodes_destroy(play.sim);
	return 0;
}
