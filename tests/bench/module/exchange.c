// SPDX-License-Identifier: GPL-2.0
/*
 * Whole exchanges, both sides, by the functions that the module runs; and what
 * WireGuard computes for one of its own.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <core/initiator.h>
#include <core/responder.h>
#include "bench.h"

/**
 * struct two - two devices that exchange
 * @attempt: the initiator's side
 * @half: the responder's
 */
struct two {
	struct hpkm_pair initiator;
	struct hpkm_pair responder;
	struct hpkm_epoch epoch;
	struct hpkm_attempt attempt;
	struct hpkm_half_open half;
	struct hpkm_session_keys keys[2];
};

static void meet(struct two *two, const struct hpkm_suite *suite)
{
	const u8 id[2][HPKM_ID_LEN] = { { 1 }, { 2 } };

	hpkm_pair_init(&two->initiator, suite, id[0], id[1]);
	hpkm_pair_init(&two->responder, suite, id[1], id[0]);
	two->epoch.present = true;
	get_random_bytes(two->epoch.chain, HPKM_KEY_LEN);
	get_random_bytes(two->epoch.x, sizeof(two->epoch.x));
	hpkm_epoch_name(&two->epoch, &two->initiator);
}

static void begin(struct hpkm_exchange *x, const struct hpkm_pair *pair,
		  const struct hpkm_epoch *epoch, bool initiator)
{
	x->pair = pair;
	x->epoch = *epoch;
	x->slot = HPKM_EPOCH_CUR;
	x->initiator = initiator;
	get_random_bytes(x->random_initiator, HPKM_KEY_LEN);
	get_random_bytes(x->random_responder, HPKM_KEY_LEN);
	get_random_bytes(x->challenge, HPKM_KEY_LEN);
	get_random_bytes(x->ephemeral, HPKM_KEY_LEN);
}

static int exchange(void *context)
{
	struct two *two = context;
	struct hpkm_attempt *attempt = &two->attempt;
	struct hpkm_half_open *half = &two->half;
	int err;

	memset(attempt, 0, sizeof(*attempt));
	memset(half, 0, sizeof(*half));
	begin(&attempt->x, &two->initiator, &two->epoch, true);
	begin(&half->x, &two->responder, &two->epoch, false);
	attempt->x.b = 1;
	attempt->x.unused = 2;
	attempt->x.initiator_sid = 1;
	half->x.responder_sid = 2;

	hpkm_initiator_start(attempt, 0);
	err = hpkm_responder_start(half, attempt->frame, 0) ?:
	      hpkm_initiator_receive(attempt, half->reply, 0) ?:
	      hpkm_responder_receive(half, attempt->frame, 0) ?:
	      hpkm_initiator_receive(attempt, half->reply, 0) ?:
	      hpkm_responder_receive(half, attempt->frame, 0) ?:
	      hpkm_initiator_receive(attempt, half->reply, 0);
	if (err)
		return err;
	two->initiator.suite->derive(&attempt->x, &two->keys[0]);
	two->initiator.suite->derive(&half->x, &two->keys[1]);
	/* Nothing is left out: both know the same. */
	return memcmp(&two->keys[0], &two->keys[1], sizeof(two->keys[0])) ? -EKEYREJECTED : 0;
}

int bench_exchange(struct seq_file *out)
{
	struct bench_work *work = kcalloc(4, sizeof(*work), GFP_KERNEL);
	struct two *two = kcalloc(3, sizeof(*two), GFP_KERNEL);
	int err = -ENOMEM;
	u8 id;

	if (!work || !two)
		goto out;
	for (id = 0; id < 3; id++) {
		meet(&two[id], hpkm_suite_by_id(id));
		work[id] = (struct bench_work){ two[id].initiator.suite->name, exchange, &two[id],
						id == HPKM_SUITE_CHACHA20POLY1305_X25519 ? 1 : 8 };
	}
	work[3] = (struct bench_work){ "wireguard", bench_wireguard_handshake, NULL, 1 };
	err = bench_time(work, 4);
	if (!err)
		bench_report(out, "exchange", work, 4);
out:
	kfree(work);
	kfree(two);
	return err;
}
