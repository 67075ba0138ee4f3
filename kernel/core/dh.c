// SPDX-License-Identifier: GPL-2.0
/* DH of protocol section 2: X25519, of which an all-zero result is refused. */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <crypto/curve25519.h>
#include "dh.h"

/* Not every implementation clamps by itself for points other than the base. */
static void clamp_scalar(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN])
{
	memcpy(out, scalar, HPKM_KEY_LEN);
	curve25519_clamp_secret(out);
}

#define BURN_LEN	512
#define BURNS		4

/*
 * The curve for x86 leaves the point that it has come to in its frames, which
 * were where those of this function are now.  In steps, as one frame of that
 * size would be too large; KUnit looks whether they go deep enough.
 */
static noinline void burn_stack(u32 burns)
{
	u8 burnt[BURN_LEN];

	if (burns > 1)
		burn_stack(burns - 1);
	memzero_explicit(burnt, sizeof(burnt));
}

/**
 * hpkm_dh() - DH(scalar, point)
 * @out: 32 octets
 * @scalar: any 32 random octets
 * @point: 32 octets, from anybody
 *
 * Return: 0, or -EKEYREJECTED when the result is zero.  Context: process or
 * softirq; takes about a tenth of a millisecond.
 */
int hpkm_dh(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN], const u8 point[HPKM_KEY_LEN])
{
	u8 clamped[HPKM_KEY_LEN];
	bool usable;

	clamp_scalar(clamped, scalar);
	usable = curve25519(out, clamped, point);
	burn_stack(BURNS);
	memzero_explicit(clamped, sizeof(clamped));
	return usable ? 0 : -EKEYREJECTED;
}

/**
 * hpkm_dh_public() - the public key of a scalar
 * @out: 32 octets
 * @scalar: any 32 random octets
 *
 * Context: as hpkm_dh().
 */
void hpkm_dh_public(u8 out[HPKM_KEY_LEN], const u8 scalar[HPKM_KEY_LEN])
{
	u8 clamped[HPKM_KEY_LEN];

	clamp_scalar(clamped, scalar);
	/* No clamped scalar is refused; if one were, zero is refused by the peer. */
	if (!curve25519_generate_public(out, clamped))
		memset(out, 0, HPKM_KEY_LEN);
	memzero_explicit(clamped, sizeof(clamped));
}
