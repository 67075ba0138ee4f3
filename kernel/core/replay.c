// SPDX-License-Identifier: GPL-2.0
/* The replay window of a session's frame counters: protocol section 6. */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/minmax.h>
#include "replay.h"

/* A counter's bit is found by masking; a 64-bit modulo would not link on 32-bit machines. */
static_assert((HPKM_REPLAY_WINDOW & (HPKM_REPLAY_WINDOW - 1)) == 0);

static unsigned int bit_of(u64 counter)
{
	return counter & (HPKM_REPLAY_WINDOW - 1);
}

/* The counters from @first on, @count of them, enter the window as not seen. */
static void enter(struct hpkm_replay *replay, u64 first, unsigned int count)
{
	unsigned int at = bit_of(first);
	unsigned int to_end = min_t(unsigned int, count, HPKM_REPLAY_WINDOW - at);

	bitmap_clear(replay->seen, at, to_end);
	bitmap_clear(replay->seen, 0, count - to_end);
}

/**
 * hpkm_replay_fresh() - has this counter never been accepted, for all we know?
 * @replay: the session's window
 * @counter: as the header has it, not authenticated yet
 *
 * To be asked before a frame is opened.  A counter below the window is not
 * fresh, since nothing is known of it any more; the very last number is never
 * fresh, so that @replay->next cannot wrap.  Context: any, serialised by the
 * owner.
 */
bool hpkm_replay_fresh(const struct hpkm_replay *replay, u64 counter)
{
	if (counter == U64_MAX)
		return false;
	if (counter >= replay->next)
		return true;
	return replay->next - counter <= HPKM_REPLAY_WINDOW &&
	       !test_bit(bit_of(counter), replay->seen);
}

/**
 * hpkm_replay_accept() - a frame opened: move the window
 * @replay: the session's window
 * @counter: now authenticated
 *
 * Return: false when the counter is not fresh any more, because the same frame
 * was opened elsewhere since hpkm_replay_fresh(); it must then be dropped.
 * Context: any, serialised by the owner.
 */
bool hpkm_replay_accept(struct hpkm_replay *replay, u64 counter)
{
	if (!hpkm_replay_fresh(replay, counter))
		return false;
	if (counter >= replay->next) {
		enter(replay, replay->next,
		      min_t(u64, counter + 1 - replay->next, HPKM_REPLAY_WINDOW));
		replay->next = counter + 1;
	}
	__set_bit(bit_of(counter), replay->seen);
	return true;
}
