/* SPDX-License-Identifier: GPL-2.0 */
/* The replay window of a session's frame counters: protocol section 6. */
#ifndef _HPKM_CORE_REPLAY_H
#define _HPKM_CORE_REPLAY_H

#include <linux/bitmap.h>
#include <linux/types.h>
#include <hpkm/limits.h>

/**
 * struct hpkm_replay - which counters were seen
 * @next: one above the highest counter accepted; 0 when there was none
 * @seen: bit (counter modulo its size) for the last HPKM_REPLAY_WINDOW counters
 *
 * All zero is a window that has seen nothing.  The owner serialises access.
 */
struct hpkm_replay {
	u64 next;
	DECLARE_BITMAP(seen, HPKM_REPLAY_WINDOW);
};

bool hpkm_replay_fresh(const struct hpkm_replay *replay, u64 counter);
bool hpkm_replay_accept(struct hpkm_replay *replay, u64 counter);

#endif /* _HPKM_CORE_REPLAY_H */
