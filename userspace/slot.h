/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_SLOT_H
#define HPKM_NL_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include <linux/hpkm.h>

/*
 * A slot: the state of the device or of one peer, as it lies on the disk.
 * Integers are little-endian.
 *
 *	 0   8	"hpkmslot"
 *	 8   2	version of this format
 *	10   2	kind: enum slot_kind
 *	12   4	octets of the blob: 1..HPKM_STATE_BLOB_MAX
 *	16   8	sequence number, from 1
 *	24  16	device whose state this is
 *	40  16	peer, zero for the device's own state
 *	56   n	blob: the kernel's, opaque
 *	     32	MAC: BLAKE2b of all before it, keyed
 */
#define SLOT_VERSION	1
#define SLOT_HEADER_LEN	56
#define SLOT_MAC_LEN	32
#define SLOT_KEY_LEN	32
#define SLOT_LEAST	(SLOT_HEADER_LEN + 1 + SLOT_MAC_LEN)
#define SLOT_MOST	(SLOT_HEADER_LEN + HPKM_STATE_BLOB_MAX + SLOT_MAC_LEN)

enum slot_kind { SLOT_DEVICE = 1, SLOT_PEER };

/**
 * struct slot - what a slot holds
 * @kind: the device's own state or a peer's
 * @sequence: rises from write to write; its lowest bit says which file it is in
 * @device: whose state this is
 * @peer: the peer; zero in the device's own
 * @len: octets of the blob
 * @blob: secret
 */
struct slot {
	enum slot_kind kind;
	uint64_t sequence;
	uint8_t device[HPKM_ID_LEN];
	uint8_t peer[HPKM_ID_LEN];
	size_t len;
	uint8_t blob[HPKM_STATE_BLOB_MAX];
};

size_t slot_encode(const struct slot *slot, const uint8_t key[SLOT_KEY_LEN],
		   uint8_t data[SLOT_MOST]);
size_t slot_extent(const uint8_t *data, size_t len);
const char *slot_decode(const uint8_t *data, size_t len,
			const uint8_t key[SLOT_KEY_LEN], struct slot *slot);

#endif
