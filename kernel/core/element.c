// SPDX-License-Identifier: GPL-2.0
/* Elements, pairs of devices and epoch secrets: protocol section 2. */
#include <linux/errno.h>
#include <linux/string.h>
#include <crypto/algapi.h>
#include "element.h"
#include "hash.h"
#include "suite.h"

/**
 * hpkm_element() - X_i, the form in which an element of the triple is used
 * @out: 32 octets
 * @index: 0 for SK or Data, 1 for T, 2 for LI
 * @data: the element's octets
 * @len: how many
 *
 * Elements are never used raw, so that equal values in two places differ and
 * all have 32 octets, as in the paper's Fig. 5.  Context: any.
 */
void hpkm_element(u8 out[HPKM_KEY_LEN], u8 index, const void *data, u16 len)
{
	__le16 length = cpu_to_le16(len);

	hpkm_hash(out, HPKM_BYTES("hpkm1-el", 8), HPKM_BYTES(&index, 1),
		  HPKM_BYTES(&length, sizeof(length)), HPKM_BYTES(data, len));
}

/**
 * hpkm_element_time() - X_1
 * @out: 32 octets
 * @time: T, nanoseconds UTC
 *
 * Context: any.
 */
void hpkm_element_time(u8 out[HPKM_KEY_LEN], u64 time)
{
	__le64 t = cpu_to_le64(time);

	hpkm_element(out, 1, &t, sizeof(t));
}

/**
 * hpkm_element_location() - X_2
 * @out: 32 octets
 * @location: LI, length octet first; must be hpkm_location_valid()
 *
 * Context: any.
 */
void hpkm_element_location(u8 out[HPKM_KEY_LEN], const u8 location[HPKM_LI_LEN])
{
	hpkm_element(out, 2, location + 1, location[0]);
}

/**
 * hpkm_location_valid() - the length fits and the padding is zero
 * @location: LI as it is on the wire, length octet first
 *
 * Context: any.
 */
bool hpkm_location_valid(const u8 location[HPKM_LI_LEN])
{
	u8 len = location[0];

	if (len > HPKM_LOCATION_MAX)
		return false;
	return !memchr_inv(location + 1 + len, 0, HPKM_LOCATION_MAX - len);
}

/**
 * hpkm_pair_init() - say who the two are
 * @pair: what to fill
 * @suite: pinned at pairing
 * @own: this device's id
 * @peer: the other's; must differ from @own
 *
 * Computes P = H("hpkm1-pair" || min(idA,idB) || max(idA,idB) || u8 suite).
 * Context: any.
 */
void hpkm_pair_init(struct hpkm_pair *pair, const struct hpkm_suite *suite,
		    const u8 own[HPKM_ID_LEN], const u8 peer[HPKM_ID_LEN])
{
	const u8 *smaller, *larger;

	pair->suite = suite;
	memcpy(pair->own, own, HPKM_ID_LEN);
	memcpy(pair->peer, peer, HPKM_ID_LEN);
	pair->own_is_smaller = memcmp(own, peer, HPKM_ID_LEN) < 0;
	smaller = pair->own_is_smaller ? own : peer;
	larger = pair->own_is_smaller ? peer : own;
	hpkm_hash(pair->name, HPKM_BYTES("hpkm1-pair", 10), HPKM_BYTES(smaller, HPKM_ID_LEN),
		  HPKM_BYTES(larger, HPKM_ID_LEN), HPKM_BYTES(&suite->id, 1));
}

static void derive_from_triple(u8 out[HPKM_KEY_LEN], const char *label,
			       const struct hpkm_epoch *epoch, const struct hpkm_pair *pair)
{
	__le64 n = cpu_to_le64(epoch->n);

	hpkm_derive(out, epoch->chain, label, HPKM_KEY(pair->name), HPKM_BYTES(&n, sizeof(n)),
		    HPKM_KEY(epoch->x[0]), HPKM_KEY(epoch->x[1]), HPKM_KEY(epoch->x[2]));
}

/**
 * hpkm_epoch_name() - compute an epoch's kid
 * @epoch: with all other fields filled
 * @pair: whose epoch it is
 *
 * Context: any.
 */
void hpkm_epoch_name(struct hpkm_epoch *epoch, const struct hpkm_pair *pair)
{
	u8 kid[HPKM_KEY_LEN];

	derive_from_triple(kid, "kid", epoch, pair);
	memcpy(epoch->kid, kid, HPKM_KID_LEN);
	memzero_explicit(kid, sizeof(kid));
}

/**
 * hpkm_epoch_key_all() - Kall
 * @out: 32 octets
 * @epoch: the epoch secret
 * @pair: whose it is
 *
 * Context: any.
 */
void hpkm_epoch_key_all(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			const struct hpkm_pair *pair)
{
	derive_from_triple(out, "all", epoch, pair);
}

/**
 * hpkm_epoch_key_pair() - Kab, what the two chosen elements open
 * @out: 32 octets
 * @epoch: the epoch secret
 * @pair: whose it is
 * @a: the first element's index
 * @b: the second's, above @a
 *
 * Context: any.
 */
void hpkm_epoch_key_pair(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			 const struct hpkm_pair *pair, u8 a, u8 b)
{
	__le64 n = cpu_to_le64(epoch->n);

	hpkm_derive(out, epoch->chain, "pair", HPKM_KEY(pair->name), HPKM_BYTES(&n, sizeof(n)),
		    HPKM_BYTES(&a, 1), HPKM_BYTES(&b, 1),
		    HPKM_KEY(epoch->x[a]), HPKM_KEY(epoch->x[b]));
}

/**
 * hpkm_epoch_key_unused() - Ku, what the third element opens
 * @out: 32 octets
 * @epoch: the epoch secret
 * @pair: whose it is
 * @unused: the element's index
 *
 * Context: any.
 */
void hpkm_epoch_key_unused(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			   const struct hpkm_pair *pair, u8 unused)
{
	__le64 n = cpu_to_le64(epoch->n);

	hpkm_derive(out, epoch->chain, "unused", HPKM_KEY(pair->name),
		    HPKM_BYTES(&n, sizeof(n)), HPKM_BYTES(&unused, 1),
		    HPKM_KEY(epoch->x[unused]));
}

/**
 * hpkm_epoch_degenerate() - two of the elements are the same
 * @epoch: the epoch secret
 *
 * Equal elements make two of the three pair XORs equal, and pair XORs are
 * equal only then; under such a triple the responder of suite 0 could not say
 * which pair C1 was made of.  Constant time.  Context: any.
 */
bool hpkm_epoch_degenerate(const struct hpkm_epoch *epoch)
{
	return !crypto_memneq(epoch->x[0], epoch->x[1], HPKM_KEY_LEN) ||
	       !crypto_memneq(epoch->x[0], epoch->x[2], HPKM_KEY_LEN) ||
	       !crypto_memneq(epoch->x[1], epoch->x[2], HPKM_KEY_LEN);
}
