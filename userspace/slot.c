// SPDX-License-Identifier: GPL-2.0
/* The format of a slot.  Octets in, octets and verdicts out: no files here. */
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "octets.h"
#include "slot.h"

enum {
	AT_MAGIC	= 0,
	AT_VERSION	= 8,
	AT_KIND		= 10,
	AT_LEN		= 12,
	AT_SEQUENCE	= 16,
	AT_DEVICE	= 24,
	AT_PEER		= 40,
};

static const char magic[] = "hpkmslot";
static const uint8_t nobody[HPKM_ID_LEN];

static void make_mac(const uint8_t *data, size_t len,
		     const uint8_t key[SLOT_KEY_LEN], uint8_t mac[SLOT_MAC_LEN])
{
	crypto_generichash(mac, SLOT_MAC_LEN, data, len, key, SLOT_KEY_LEN);
}

/**
 * slot_encode - put a slot into octets
 * @slot: the slot; its blob has 1..HPKM_STATE_BLOB_MAX octets
 * @key: of the MAC
 * @data: receives the octets
 *
 * Return: how many octets
 */
size_t slot_encode(const struct slot *slot, const uint8_t key[SLOT_KEY_LEN],
		   uint8_t data[SLOT_MOST])
{
	size_t len = SLOT_HEADER_LEN + slot->len;

	memcpy(data + AT_MAGIC, magic, AT_VERSION);
	put_le16(data + AT_VERSION, SLOT_VERSION);
	put_le16(data + AT_KIND, slot->kind);
	put_le32(data + AT_LEN, slot->len);
	put_le64(data + AT_SEQUENCE, slot->sequence);
	memcpy(data + AT_DEVICE, slot->device, HPKM_ID_LEN);
	memcpy(data + AT_PEER, slot->peer, HPKM_ID_LEN);
	memcpy(data + SLOT_HEADER_LEN, slot->blob, slot->len);
	make_mac(data, len, key, data + len);
	return len + SLOT_MAC_LEN;
}

/**
 * slot_extent - how long the slot is that octets begin with
 * @data: the octets
 * @len: how many
 *
 * Return: its octets, MAC included, or 0 if they are no slot or not all there
 */
size_t slot_extent(const uint8_t *data, size_t len)
{
	size_t blob;

	if (len < SLOT_LEAST || memcmp(data + AT_MAGIC, magic, AT_VERSION))
		return 0;
	blob = get_le32(data + AT_LEN);
	if (!blob || blob > HPKM_STATE_BLOB_MAX ||
	    len < SLOT_HEADER_LEN + blob + SLOT_MAC_LEN)
		return 0;
	return SLOT_HEADER_LEN + blob + SLOT_MAC_LEN;
}

static const char *check_form(const uint8_t *data, size_t len)
{
	if (len < SLOT_LEAST)
		return "it is truncated";
	if (memcmp(data + AT_MAGIC, magic, AT_VERSION))
		return "it is not a file of hpkm's state";
	if (get_le16(data + AT_VERSION) != SLOT_VERSION)
		return "this program does not know its format";
	if (slot_extent(data, len) != len)
		return "it is truncated, or its length is wrong";
	return NULL;
}

static const char *check_mac(const uint8_t *data, size_t len,
			     const uint8_t key[SLOT_KEY_LEN])
{
	uint8_t mac[SLOT_MAC_LEN];

	len -= SLOT_MAC_LEN;
	make_mac(data, len, key, mac);
	if (sodium_memcmp(mac, data + len, SLOT_MAC_LEN))
		return "it is corrupted, or was written with another key";
	return NULL;
}

/* Whoever has the key makes no such slot, so this catches mistakes only. */
static const char *check_sense(const uint8_t *data)
{
	bool peerless = !memcmp(data + AT_PEER, nobody, HPKM_ID_LEN);
	unsigned int kind = peerless ? SLOT_DEVICE : SLOT_PEER;

	if (get_le16(data + AT_KIND) != kind || !get_le64(data + AT_SEQUENCE))
		return "it makes no sense";
	return NULL;
}

/**
 * slot_decode - take a slot out of octets
 * @data: the octets
 * @len: how many: exactly one slot
 * @key: of the MAC
 * @slot: receives the slot; wipe it
 *
 * Return: NULL, or why that is no slot, a sentence about "it"
 */
const char *slot_decode(const uint8_t *data, size_t len,
			const uint8_t key[SLOT_KEY_LEN], struct slot *slot)
{
	const char *wrong = check_form(data, len);

	if (!wrong)
		wrong = check_mac(data, len, key);
	if (!wrong)
		wrong = check_sense(data);
	if (wrong)
		return wrong;
	slot->kind = get_le16(data + AT_KIND);
	slot->sequence = get_le64(data + AT_SEQUENCE);
	memcpy(slot->device, data + AT_DEVICE, HPKM_ID_LEN);
	memcpy(slot->peer, data + AT_PEER, HPKM_ID_LEN);
	slot->len = get_le32(data + AT_LEN);
	memcpy(slot->blob, data + SLOT_HEADER_LEN, slot->len);
	return NULL;
}
