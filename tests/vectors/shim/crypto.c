// SPDX-License-Identifier: GPL-2.0
/* The kernel's crypto library by libsodium and libb2, and what the shim shares. */
#include <stdlib.h>
#include <string.h>
#include <blake2.h>
#include <sodium.h>
#include <linux/build_bug.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <crypto/algapi.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>

long shim_allocations_left = -1;

/*
 * crypto/blake2s.h renames what libb2 declares, so it cannot be included here.
 * This is its struct blake2s_state, and shim_blake2s_*() below are its functions.
 */
struct room {
	u64 room[40];
};

static_assert(sizeof(blake2s_state) <= sizeof(struct room));

/* Whatever a library refuses here is a mistake in the program. */
static void must(int status)
{
	if (status)
		abort();
}

void shim_blake2s_init(blake2s_state *state, size_t out_len)
{
	must(blake2s_init(state, out_len));
}

void shim_blake2s_init_key(blake2s_state *state, size_t out_len, const void *key, size_t key_len)
{
	must(blake2s_init_key(state, out_len, key, key_len));
}

void shim_blake2s_update(blake2s_state *state, const u8 *data, size_t len)
{
	must(blake2s_update(state, data, len));
}

void shim_blake2s_final(blake2s_state *state, u8 *out)
{
	must(blake2s_final(state, out, state->outlen));
	explicit_bzero(state, sizeof(*state));
}

unsigned long crypto_memneq(const void *x, const void *y, size_t len)
{
	return sodium_memcmp(x, y, len) ? 1 : 0;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	__le64 octets[2] = { cpu_to_le64(key->key[0]), cpu_to_le64(key->key[1]) };
	__le64 out;

	must(crypto_shorthash_siphash24((u8 *)&out, data, len, (const u8 *)octets));
	return le64_to_cpu(out);
}

/* 4 zero octets || le64(n) */
static void make_nonce(u8 out[crypto_aead_chacha20poly1305_IETF_NPUBBYTES], u64 nonce)
{
	__le64 n = cpu_to_le64(nonce);

	memset(out, 0, 4);
	memcpy(out + 4, &n, sizeof(n));
}

void chacha20poly1305_encrypt(u8 *to, const u8 *from, size_t len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 key[CHACHA20POLY1305_KEY_SIZE])
{
	u8 n[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	make_nonce(n, nonce);
	must(crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, from, len, ad, ad_len, NULL, n,
						       key));
}

bool chacha20poly1305_decrypt(u8 *to, const u8 *from, size_t len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 key[CHACHA20POLY1305_KEY_SIZE])
{
	u8 n[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	make_nonce(n, nonce);
	return !crypto_aead_chacha20poly1305_ietf_decrypt(to, NULL, NULL, from, len, ad, ad_len,
							  n, key);
}

bool curve25519(u8 out[CURVE25519_KEY_SIZE], const u8 secret[CURVE25519_KEY_SIZE],
		const u8 point[CURVE25519_KEY_SIZE])
{
	return !crypto_scalarmult_curve25519(out, secret, point);
}

bool curve25519_generate_public(u8 out[CURVE25519_KEY_SIZE],
				const u8 secret[CURVE25519_KEY_SIZE])
{
	return !crypto_scalarmult_curve25519_base(out, secret);
}
