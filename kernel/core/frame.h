/* SPDX-License-Identifier: GPL-2.0 */
/* The header of every frame and what is inside DATA: protocol sections 3 and 6. */
#ifndef _HPKM_CORE_FRAME_H
#define _HPKM_CORE_FRAME_H

#include <linux/kernel.h>
#include <hpkm/wire.h>

enum hpkm_frame_verdict {
	HPKM_FRAME_OK,
	HPKM_FRAME_SHORT,	/* no room for the header or the type's fixed size */
	HPKM_FRAME_VERSION,
	HPKM_FRAME_TYPE,	/* unknown */
	HPKM_FRAME_RESERVED,	/* a reserved octet is not zero */
};

/**
 * struct hpkm_inner - a DATA frame's contents, in host byte order
 * @kind: enum hpkm_kind
 * @flags: HPKM_FLAG_*; says which of the fields below are there
 * @proto: the Ethernet payload's EtherType, as on the wire (big endian)
 * @rec: RECORD: the record's number
 * @time: RECORD: T, nanoseconds UTC
 * @location: RECORD: LI, length octet first
 * @ack_base: ACK: the first record number that @ack_map is about
 * @ack_map: ACK: bit i: @ack_base + i is logged
 * @dst: L2ADDR: the original destination
 * @src: L2ADDR: the original source
 * @payload: what follows; not owned
 * @payload_len: octets.  For HPKM_KIND_FRAME this includes padding.
 */
struct hpkm_inner {
	u8 kind;
	u8 flags;
	__be16 proto;
	u64 rec;
	u64 time;
	u8 location[HPKM_LI_LEN];
	u64 ack_base;
	u64 ack_map;
	u8 dst[HPKM_ADDRESS_LEN];
	u8 src[HPKM_ADDRESS_LEN];
	const u8 *payload;
	size_t payload_len;
};

void hpkm_hd_write(void *frame, u8 type, u8 suite, u32 dst_sid, u32 src_sid);
void hpkm_hd_write_data(void *frame, u8 suite, u32 dst_sid, u64 counter);
enum hpkm_frame_verdict hpkm_hd_check(const void *frame, size_t len);

size_t hpkm_inner_head_len(u8 flags);
size_t hpkm_inner_write_head(u8 *at, const struct hpkm_inner *inner);
int hpkm_inner_parse(struct hpkm_inner *inner, const u8 *data, size_t len);

/* The message inside a MSG's payload (behind its u16 length). */
int hpkm_message_parse(const struct hpkm_inner *inner, const u8 **data, size_t *len);

#endif /* _HPKM_CORE_FRAME_H */
