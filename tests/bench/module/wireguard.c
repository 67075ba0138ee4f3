// SPDX-License-Identifier: GPL-2.0
/*
 * What both sides of a WireGuard handshake compute (Noise IKpsk2 as its paper has
 * it), and nothing around it: no packets, no queues, no tables, no cookies.  The
 * static-static agreement is left out, as it is computed once a peer.  The values
 * are not a handshake's, but the operations and their lengths are.
 */
#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <linux/errno.h>
#include <linux/random.h>
#include <linux/string.h>
#include <compat/blake2s.h>
#include "bench.h"

#define KEY_LEN		32
#define TAG_LEN		CHACHA20POLY1305_AUTHTAG_SIZE
#define MAC_LEN		16
#define TIMESTAMP_LEN	12
#define INITIATION_LEN	116	/* what its first MAC covers */
#define RESPONSE_LEN	60

static u8 chain[KEY_LEN], transcript[KEY_LEN], key[KEY_LEN], scratch[INITIATION_LEN + TAG_LEN];

static void hash(u8 out[KEY_LEN], const void *one, size_t one_len, const void *other,
		 size_t other_len)
{
	struct blake2s_ctx ctx;

	blake2s_init(&ctx, KEY_LEN);
	blake2s_update(&ctx, one, one_len);
	blake2s_update(&ctx, other, other_len);
	blake2s_final(&ctx, out);
}

/* RFC 2104, which it uses though the hash has a key of its own. */
static void hmac(u8 out[KEY_LEN], const u8 by[KEY_LEN], const void *data, size_t len)
{
	u8 pad[BLAKE2S_BLOCK_SIZE], inner[KEY_LEN];
	int i;

	memset(pad, 0x36, sizeof(pad));
	for (i = 0; i < KEY_LEN; i++)
		pad[i] ^= by[i];
	hash(inner, pad, sizeof(pad), data, len);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash(out, pad, sizeof(pad), inner, sizeof(inner));
}

/* Kdf1 to Kdf3: one extraction, and so many keys from it. */
static void derive(int keys, const void *input, size_t len)
{
	u8 secret[KEY_LEN], last[KEY_LEN + 1];
	int i;

	hmac(secret, chain, input, len);
	for (i = 1; i <= keys; i++) {
		last[KEY_LEN] = i;
		hmac(last, secret, i == 1 ? last + KEY_LEN : last, i == 1 ? 1 : KEY_LEN + 1);
		memcpy(i == 1 ? chain : key, last, KEY_LEN);
	}
}

static void mix(const void *data, size_t len)
{
	hash(transcript, transcript, KEY_LEN, data, len);
}

/* An agreement, and as many keys as follow from it. */
static int agree(int keys, const u8 secret[KEY_LEN], const u8 public[KEY_LEN])
{
	u8 shared[KEY_LEN];

	if (!curve25519(shared, secret, public))
		return -EBADMSG;
	derive(keys, shared, sizeof(shared));
	return 0;
}

/* To open costs what sealing does. */
static void seal_or_open(size_t len)
{
	chacha20poly1305_encrypt(scratch, scratch, len, transcript, KEY_LEN, 0, key);
	mix(scratch, len + TAG_LEN);
}

static void authenticate(size_t len)
{
	struct blake2s_ctx ctx;

	blake2s_init_key(&ctx, MAC_LEN, key, KEY_LEN);
	blake2s_update(&ctx, scratch, len);
	blake2s_final(&ctx, scratch);
}

static int initiation(const u8 secret[KEY_LEN], const u8 public[KEY_LEN])
{
	int err;

	mix(public, KEY_LEN);
	mix(public, KEY_LEN);
	derive(1, public, KEY_LEN);
	err = agree(2, secret, public);
	seal_or_open(KEY_LEN);
	derive(2, scratch, KEY_LEN);
	seal_or_open(TIMESTAMP_LEN);
	authenticate(INITIATION_LEN);
	return err;
}

static int response(const u8 secret[KEY_LEN], const u8 public[KEY_LEN])
{
	int err;

	mix(public, KEY_LEN);
	derive(1, public, KEY_LEN);
	err = agree(1, secret, public) ?: agree(1, secret, public);
	derive(3, scratch, KEY_LEN);
	mix(scratch, KEY_LEN);
	seal_or_open(0);
	authenticate(RESPONSE_LEN);
	return err;
}

/* Each side makes one ephemeral key, agrees three times and derives two keys. */
static int one_side(void)
{
	u8 secret[KEY_LEN], public[KEY_LEN];
	int err;

	get_random_bytes(secret, KEY_LEN);
	curve25519_clamp_secret(secret);
	if (!curve25519_generate_public(public, secret))
		return -EBADMSG;
	err = initiation(secret, public) ?: response(secret, public);
	derive(2, NULL, 0);
	return err;
}

int bench_wireguard_handshake(void *unused)
{
	return one_side() ?: one_side();
}
