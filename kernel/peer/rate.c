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
 * Context: any.
 */
void hpkm_rate_init(struct hpkm_rate *rate)
{
	spin_lock_init(&rate->lock);
	get_random_bytes(&rate->key, sizeof(rate->key));
	memset(rate->bucket, 0, sizeof(rate->bucket));
}

static u32 bucket_of(const struct hpkm_rate *rate, const u8 *src)
{
	return siphash(src, ETH_ALEN, &rate->key) % HPKM_RATE_BUCKETS;
}

/**
 * hpkm_rate_allow() - take a token from a source's bucket
 * @rate: the buckets
 * @class: which kind of bucket
 * @src: the source; forged ones share the buckets of their kind with honest
 *	ones, by chance
 * @now: nanoseconds
 *
 * Return: false when the bucket is empty.  Context: bottom halves disabled.
 */
bool hpkm_rate_allow(struct hpkm_rate *rate, enum hpkm_rate_class class,
		     const u8 src[ETH_ALEN], u64 now)
{
	u64 interval = class == HPKM_RATE_PEER ? HPKM_RATE_PEER_INTERVAL : HPKM_RATE_INTERVAL;
	u64 *bucket = &rate->bucket[class][bucket_of(rate, src)];
	bool allowed;

	spin_lock(&rate->lock);
	*bucket = max(*bucket, now);
	allowed = *bucket + interval <= now + HPKM_RATE_BURST * interval;
	if (allowed)
		*bucket += interval;
	spin_unlock(&rate->lock);
	return allowed;
}
