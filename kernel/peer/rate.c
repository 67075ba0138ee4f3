// SPDX-License-Identifier: GPL-2.0
/* How much work unauthenticated sources may cause. */
#include <linux/minmax.h>
#include <linux/random.h>
#include <hpkm/limits.h>
#include "rate.h"

/**
 * hpkm_rate_init() - all buckets full
 * @rate: what to initialise
 *
 * Context: may wait for the random source.
 */
void hpkm_rate_init(struct hpkm_rate *rate)
{
	spin_lock_init(&rate->lock);
	get_random_bytes(&rate->key, sizeof(rate->key));
	memset(rate->bucket, 0, sizeof(rate->bucket));
}

/**
 * hpkm_rate_allow() - take a token from a source's bucket
 * @rate: the buckets
 * @src: the source; forged ones share the buckets with honest ones, by chance
 * @now: nanoseconds
 *
 * Return: false when the bucket is empty.  Context: bottom halves disabled.
 */
bool hpkm_rate_allow(struct hpkm_rate *rate, const u8 src[ETH_ALEN], u64 now)
{
	u32 index = siphash(src, ETH_ALEN, &rate->key) % HPKM_RATE_BUCKETS;
	u64 *bucket = &rate->bucket[index];
	bool allowed;

	spin_lock(&rate->lock);
	*bucket = max(*bucket, now);
	allowed = *bucket + HPKM_RATE_INTERVAL <= now + HPKM_RATE_BURST * HPKM_RATE_INTERVAL;
	if (allowed)
		*bucket += HPKM_RATE_INTERVAL;
	spin_unlock(&rate->lock);
	return allowed;
}
