// SPDX-License-Identifier: GPL-2.0
/* The two passes over a full frame that nobody can do without. */
#include <crypto/chacha20poly1305.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <hpkm/wire.h>
#include "bench.h"

/* What a frame of 1,500 octets has between its header and its tag. */
#define FULL	(ETH_DATA_LEN - HPKM_HD_LEN - HPKM_TAG_LEN)

/**
 * struct frames - the same one three times
 * @header: is authenticated along
 * @plain: before
 * @sealed: with its tag
 * @opened: after
 */
struct frames {
	u8 key[HPKM_KEY_LEN];
	u8 header[HPKM_HD_LEN];
	u8 plain[FULL];
	u8 sealed[FULL + HPKM_TAG_LEN];
	u8 opened[FULL];
	struct bench_work work[2];
};

static int seal(void *context)
{
	struct frames *frames = context;

	chacha20poly1305_encrypt(frames->sealed, frames->plain, FULL, frames->header,
				 HPKM_HD_LEN, 0, frames->key);
	return 0;
}

static int open(void *context)
{
	struct frames *frames = context;

	if (!chacha20poly1305_decrypt(frames->opened, frames->sealed, sizeof(frames->sealed),
				      frames->header, HPKM_HD_LEN, 0, frames->key))
		return -EBADMSG;
	return 0;
}

int bench_cipher(struct seq_file *out)
{
	struct frames *frames = kzalloc(sizeof(*frames), GFP_KERNEL);
	int err;

	if (!frames)
		return -ENOMEM;
	frames->work[0] = (struct bench_work){ "seal", seal, frames, 50 };
	frames->work[1] = (struct bench_work){ "open", open, frames, 50 };
	err = bench_time(frames->work, 2);
	if (!err)
		bench_report(out, "cipher", frames->work, 2);
	kfree(frames);
	return err;
}
