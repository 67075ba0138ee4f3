/* SPDX-License-Identifier: GPL-2.0 */
/* Halves of frames carried in two, which wait for each other: protocol section 6. */
#ifndef _HPKM_CORE_REASSEMBLY_H
#define _HPKM_CORE_REASSEMBLY_H

#include <linux/types.h>
#include <hpkm/limits.h>
#include "frame.h"

/**
 * struct hpkm_fragment - one half
 * @frame: the owner's, whatever that is; NULL is an unused place
 * @counter: its own frame counter; the second half's follows the first's
 * @own_sid: of the session that it came in
 * @first: it is FRAG_FIRST, else FRAG_LAST
 * @expires: when it is given up, in nanoseconds; set by hpkm_reassembly_add()
 */
struct hpkm_fragment {
	void *frame;
	u64 counter;
	u32 own_sid;
	bool first;
	u64 expires;
};

/**
 * struct hpkm_reassembly - a peer's halves that wait
 * @waiting: in no order
 *
 * All zero is none.  The owner serialises access, and takes out all that wait before it
 * goes.
 */
struct hpkm_reassembly {
	struct hpkm_fragment waiting[HPKM_FRAGMENTS];
};

void *hpkm_reassembly_add(struct hpkm_reassembly *reassembly, const struct hpkm_fragment *half,
			  u64 now, void **displaced);
void *hpkm_reassembly_expire(struct hpkm_reassembly *reassembly, u64 now);
u64 hpkm_reassembly_deadline(const struct hpkm_reassembly *reassembly);
int hpkm_reassembly_rest(struct hpkm_inner *rest, const u8 *first, size_t first_len,
			 const u8 *last, size_t last_len);

#endif /* _HPKM_CORE_REASSEMBLY_H */
