/* SPDX-License-Identifier: GPL-2.0 */
/* How much work unauthenticated sources may cause. */
#ifndef _HPKM_PEER_RATE_H
#define _HPKM_PEER_RATE_H

#include <linux/if_ether.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

#define HPKM_RATE_BUCKETS	256	/* of each kind */

enum hpkm_rate_class {
	HPKM_RATE_STRANGER,	/* C1 from an address that no peer is bound to */
	HPKM_RATE_PEER,		/* C1 from a peer's address, or who claims it */
	HPKM_RATE_PAIRING,	/* P1..P6 */
	HPKM_RATE_CLASSES,
};

/**
 * struct hpkm_rate - token buckets by source address and kind
 * @lock: guards @bucket; bottom halves disabled
 * @key: which sources share a bucket cannot be guessed
 * @bucket: when the bucket would be full again, nanoseconds
 */
struct hpkm_rate {
	spinlock_t lock;	/* bucket */
	siphash_key_t key;
	u64 bucket[HPKM_RATE_CLASSES][HPKM_RATE_BUCKETS];
};

void hpkm_rate_init(struct hpkm_rate *rate);
/* True when @src may cause work now.  Any context with bottom halves disabled. */
bool hpkm_rate_allow(struct hpkm_rate *rate, enum hpkm_rate_class class,
		     const u8 src[ETH_ALEN], u64 now);

#endif /* _HPKM_PEER_RATE_H */
