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

static u32 bucket_of(const struct hpkm_rate *rate, enum hpkm_rate_class class, const u8 *src)
{
	u8 name[ETH_ALEN + 1];

	memcpy(name, src, ETH_ALEN);
	name[ETH_ALEN] = class;
	return siphash(name, sizeof(name), &rate->key) % HPKM_RATE_BUCKETS;
}

/**
 * hpkm_rate_allow() - take a token from a source's bucket
 * @rate: the buckets
 * @class: which kind of bucket
 * @src: the source; forged ones share the buckets with honest ones, by chance
 * @now: nanoseconds
 *
 * Return: false when the bucket is empty.  Context: bottom halves disabled.
 */
bool hpkm_rate_allow(struct hpkm_rate *rate, enum hpkm_rate_class class,
		     const u8 src[ETH_ALEN], u64 now)
{
	u64 interval = class == HPKM_RATE_PEER ? HPKM_RATE_PEER_INTERVAL : HPKM_RATE_INTERVAL;
	u64 *bucket = &rate->bucket[bucket_of(rate, class, src)];
	bool allowed;

	spin_lock(&rate->lock);
	*bucket = max(*bucket, now);
	allowed = *bucket + interval <= now + HPKM_RATE_BURST * interval;
	if (allowed)
		*bucket += interval;
	spin_unlock(&rate->lock);
	return allowed;
}
