// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window against a list of all that was accepted: a counter is
 * fresh exactly if it is not in the list, is not more than the window below
 * the highest, and is not the last number there is.
 */
#include <linux/minmax.h>
#include <core/replay.h>
#include "fuzz.h"

#define STEPS	256

struct model {
	u64 accepted[STEPS];
	size_t count;
	u64 next;
};

static bool model_fresh(const struct model *model, u64 counter)
{
	size_t i;

	for (i = 0; i < model->count; i++)
		if (model->accepted[i] == counter)
			return false;
	if (counter == U64_MAX)
		return false;
	return counter >= model->next || model->next - counter <= HPKM_REPLAY_WINDOW;
}

static u64 pick(struct feed *feed, const struct model *model)
{
	switch (feed_below(feed, 6)) {
	case 0:
		return model->next + feed_u8(feed);
	case 1:
		return model->next - feed_u8(feed);
	case 2:
		return model->next - feed_u16(feed);
	case 3:
		return model->next + HPKM_REPLAY_WINDOW - 4 + feed_below(feed, 8);
	case 4:
		return model->next - HPKM_REPLAY_WINDOW - 4 + feed_below(feed, 8);
	default:
		return feed_u64(feed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct hpkm_replay replay = { 0 };
	struct model model = { .count = 0 };
	u32 steps;

	for (steps = 0; feed.left && steps < STEPS; steps++) {
		u64 counter = pick(&feed, &model);
		bool fresh = model_fresh(&model, counter);

		must(hpkm_replay_fresh(&replay, counter) == fresh);
		must(hpkm_replay_accept(&replay, counter) == fresh);
		if (!fresh)
			continue;
		model.accepted[model.count++] = counter;
		model.next = max(model.next, counter + 1);
		must(replay.next == model.next);
	}
	return 0;
}
