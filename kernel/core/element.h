/* SPDX-License-Identifier: GPL-2.0 */
/* Elements, pairs of devices and epoch secrets: protocol section 2. */
#ifndef _HPKM_CORE_ELEMENT_H
#define _HPKM_CORE_ELEMENT_H

#include <hpkm/wire.h>

struct hpkm_suite;

/**
 * struct hpkm_pair - who the two are; fixed when they pair
 * @suite: pinned
 * @own: this device's id
 * @peer: the other's
 * @name: P, the pair's digest
 * @own_is_smaller: @own sorts before @peer
 */
struct hpkm_pair {
	const struct hpkm_suite *suite;
	u8 own[HPKM_ID_LEN];
	u8 peer[HPKM_ID_LEN];
	u8 name[HPKM_KEY_LEN];
	bool own_is_smaller;
};

/**
 * struct hpkm_epoch - an epoch secret: the triple and its chain key
 * @present: the slot is in use
 * @n: the epoch's number
 * @chain: CK_n; in suite 0 CK_0, which only names the epoch there
 * @x: the digests of SK or Data, T and LI
 * @kid: a name that reveals nothing
 */
struct hpkm_epoch {
	bool present;
	u64 n;
	u8 chain[HPKM_KEY_LEN];
	u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
	u8 kid[HPKM_KID_LEN];
};

/* In the order in which attempts take turns. */
enum hpkm_epoch_slot {
	HPKM_EPOCH_FRESH,	/* from a pairing that is not confirmed yet */
	HPKM_EPOCH_NEXT,	/* from an update that is not confirmed yet */
	HPKM_EPOCH_CUR,
	HPKM_EPOCH_SLOTS,
};

void hpkm_element(u8 out[HPKM_KEY_LEN], u8 index, const void *data, u16 len);
void hpkm_element_time(u8 out[HPKM_KEY_LEN], u64 time);
void hpkm_element_location(u8 out[HPKM_KEY_LEN], const u8 location[HPKM_LI_LEN]);
bool hpkm_location_valid(const u8 location[HPKM_LI_LEN]);

void hpkm_pair_init(struct hpkm_pair *pair, const struct hpkm_suite *suite,
		    const u8 own[HPKM_ID_LEN], const u8 peer[HPKM_ID_LEN]);

void hpkm_epoch_name(struct hpkm_epoch *epoch, const struct hpkm_pair *pair);
void hpkm_epoch_key_pair(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			 const struct hpkm_pair *pair, u8 a, u8 b);
void hpkm_epoch_key_unused(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			   const struct hpkm_pair *pair, u8 unused);
void hpkm_epoch_key_all(u8 out[HPKM_KEY_LEN], const struct hpkm_epoch *epoch,
			const struct hpkm_pair *pair);
bool hpkm_epoch_degenerate(const struct hpkm_epoch *epoch);

#endif /* _HPKM_CORE_ELEMENT_H */
