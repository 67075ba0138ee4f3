// SPDX-License-Identifier: GPL-2.0
/* The header of every frame and what is inside DATA: protocol sections 3 and 6. */
#include <linux/errno.h>
#include <linux/string.h>
#include "../compat/unaligned.h"
#include "element.h"
#include "frame.h"
#include "suite.h"

/**
 * hpkm_hd_write() - the header of every frame but DATA
 * @frame: at least HPKM_HD_LEN octets
 * @type: enum hpkm_frame_type
 * @suite: enum hpkm_suite_id
 * @dst_sid: the receiver's session index; 0 in C1 and P1..P6
 * @src_sid: the sender's session index in C1 and C2; else 0
 *
 * Context: any.
 */
void hpkm_hd_write(void *frame, u8 type, u8 suite, u32 dst_sid, u32 src_sid)
{
	struct hpkm_hd hd = {
		.type = type,
		.version = HPKM_VERSION,
		.suite = suite,
		.dst_sid = cpu_to_le32(dst_sid),
		.src_sid = cpu_to_le32(src_sid),
	};

	memcpy(frame, &hd, sizeof(hd));
}

/**
 * hpkm_hd_write_data() - the header of DATA
 * @frame: at least HPKM_HD_LEN octets
 * @suite: enum hpkm_suite_id
 * @dst_sid: the receiver's session index
 * @counter: the frame counter
 *
 * Context: any.
 */
void hpkm_hd_write_data(void *frame, u8 suite, u32 dst_sid, u64 counter)
{
	struct hpkm_hd hd = {
		.type = HPKM_DATA,
		.version = HPKM_VERSION,
		.suite = suite,
		.dst_sid = cpu_to_le32(dst_sid),
		.counter = cpu_to_le64(counter),
	};

	memcpy(frame, &hd, sizeof(hd));
}

/* 0 for a type that does not exist. */
static size_t shortest(const struct hpkm_hd *hd)
{
	const struct hpkm_suite *suite;

	switch (hd->type) {
	case HPKM_C1 ... HPKM_ACK:
		/* A suite that is not there has no size; its frames go nowhere anyway. */
		suite = hpkm_suite_by_id(hd->suite);
		return suite ? suite->frame_len[hd->type] : HPKM_HD_LEN;
	case HPKM_DATA:
		/* What is sealed includes the padding, so there can be no less. */
		return HPKM_FRAME_MIN;
	case HPKM_P1:
	case HPKM_P2:
		return HPKM_HELLO_LEN;
	case HPKM_P3:
	case HPKM_P4:
		return HPKM_OFFER_LEN;
	case HPKM_P5:
	case HPKM_P6:
		return HPKM_FINISH_LEN;
	default:
		return 0;
	}
}

static bool reserved_zero(const struct hpkm_hd *hd)
{
	bool tagged = hd->type == HPKM_C1 && hd->suite == HPKM_SUITE_XOR;

	if (hd->reserved)
		return false;
	if ((hd->type == HPKM_C1 || hd->type >= HPKM_P1) && hd->dst_sid)
		return false;
	if (hd->type == HPKM_DATA)
		return true;
	if (hd->type != HPKM_C1 && hd->type != HPKM_C2 && hd->src_sid)
		return false;
	return tagged || !memchr_inv(hd->tag, 0, sizeof(hd->tag));
}

/**
 * hpkm_hd_check() - is this a frame of ours, as far as its header says?
 * @frame: what followed the Ethernet header
 * @len: octets of it
 *
 * Whether the suite is the peer's is the caller's to check.
 *
 * Return: HPKM_FRAME_OK, or what is wrong with it.  Context: any.
 */
enum hpkm_frame_verdict hpkm_hd_check(const void *frame, size_t len)
{
	struct hpkm_hd hd;
	size_t need;

	if (len < sizeof(hd))
		return HPKM_FRAME_SHORT;
	memcpy(&hd, frame, sizeof(hd));
	if (hd.version != HPKM_VERSION)
		return HPKM_FRAME_VERSION;
	need = shortest(&hd);
	if (!need)
		return HPKM_FRAME_TYPE;
	if (len < need)
		return HPKM_FRAME_SHORT;
	return reserved_zero(&hd) ? HPKM_FRAME_OK : HPKM_FRAME_RESERVED;
}

/**
 * hpkm_inner_head_len() - octets in front of the payload
 * @flags: HPKM_FLAG_*
 *
 * Context: any.
 */
size_t hpkm_inner_head_len(u8 flags)
{
	size_t len = HPKM_INNER_LEN;

	if (flags & HPKM_FLAG_RECORD)
		len += HPKM_RECORD_LEN;
	if (flags & HPKM_FLAG_ACK)
		len += HPKM_ACK_LEN;
	if (flags & HPKM_FLAG_L2ADDR)
		len += HPKM_L2ADDR_LEN;
	return len;
}

/**
 * hpkm_inner_write_head() - all that goes in front of the payload
 * @at: hpkm_inner_head_len() octets
 * @inner: what to write; its payload is not looked at
 *
 * Return: how many octets were written.  Context: any.
 */
size_t hpkm_inner_write_head(u8 *at, const struct hpkm_inner *inner)
{
	u8 *start = at;

	at[0] = inner->kind;
	at[1] = inner->flags;
	memcpy(at + 2, &inner->proto, sizeof(inner->proto));
	at += HPKM_INNER_LEN;
	if (inner->flags & HPKM_FLAG_RECORD) {
		put_unaligned_le64(inner->rec, at);
		put_unaligned_le64(inner->time, at + 8);
		memcpy(at + 16, inner->location, HPKM_LI_LEN);
		at += HPKM_RECORD_LEN;
	}
	if (inner->flags & HPKM_FLAG_ACK) {
		put_unaligned_le64(inner->ack_base, at);
		put_unaligned_le64(inner->ack_map, at + 8);
		at += HPKM_ACK_LEN;
	}
	if (inner->flags & HPKM_FLAG_L2ADDR) {
		memcpy(at, inner->dst, HPKM_ADDRESS_LEN);
		memcpy(at + HPKM_ADDRESS_LEN, inner->src, HPKM_ADDRESS_LEN);
		at += HPKM_L2ADDR_LEN;
	}
	return at - start;
}

/*
 * What may stand together (protocol section 6):
 *
 *		proto	RECORD	ACK	L2ADDR	FRAG_FIRST	FRAG_LAST
 *	FRAME	any but	may	may	may	may		may
 *		hpkm's
 *	MSG	0	must *	may	never	may		may
 *	CONTROL	0	never	may	never	never		never
 *
 *	FRAG_FIRST and FRAG_LAST exclude each other.
 *	FRAG_LAST carries no RECORD (*: so a MSG's rest has none) and no L2ADDR,
 *	which came with FRAG_FIRST; its payload has HPKM_LAST_MIN octets or more.
 *	L2ADDR tells the addresses of an Ethernet frame, and only FRAME is one.
 *	hpkm's own EtherType never travels inside hpkm.
 */
static bool kind_allows(const struct hpkm_inner *inner)
{
	u8 flags = inner->flags;

	switch (inner->kind) {
	case HPKM_KIND_FRAME:
		return inner->proto != cpu_to_be16(HPKM_ETHERTYPE);
	case HPKM_KIND_MSG:
		return !inner->proto && !(flags & HPKM_FLAG_L2ADDR) &&
		       (flags & (HPKM_FLAG_RECORD | HPKM_FLAG_FRAG_LAST));
	case HPKM_KIND_CONTROL:
		return !inner->proto && !(flags & ~HPKM_FLAG_ACK);
	default:
		return false;
	}
}

static bool flags_agree(u8 flags)
{
	const u8 not_in_last = HPKM_FLAG_FRAG_FIRST | HPKM_FLAG_RECORD | HPKM_FLAG_L2ADDR;

	if (flags & ~HPKM_FLAGS_KNOWN)
		return false;
	return !(flags & HPKM_FLAG_FRAG_LAST) || !(flags & not_in_last);
}

static void read_fields(struct hpkm_inner *inner, const u8 *at)
{
	if (inner->flags & HPKM_FLAG_RECORD) {
		inner->rec = get_unaligned_le64(at);
		inner->time = get_unaligned_le64(at + 8);
		memcpy(inner->location, at + 16, HPKM_LI_LEN);
		at += HPKM_RECORD_LEN;
	}
	if (inner->flags & HPKM_FLAG_ACK) {
		inner->ack_base = get_unaligned_le64(at);
		inner->ack_map = get_unaligned_le64(at + 8);
		at += HPKM_ACK_LEN;
	}
	if (inner->flags & HPKM_FLAG_L2ADDR) {
		memcpy(inner->dst, at, HPKM_ADDRESS_LEN);
		memcpy(inner->src, at + HPKM_ADDRESS_LEN, HPKM_ADDRESS_LEN);
	}
}

/**
 * hpkm_inner_parse() - read a DATA frame's contents
 * @inner: filled; fields that are not there are zero
 * @data: what was sealed, padding included; @inner->payload points into it
 * @len: octets of it
 *
 * A CONTROL's payload keeps its padding, as its length follows from its first
 * octet, and so does a FRAME's, as Ethernet knows no better.  A MSG, and either
 * half of a split frame, is too long to have been padded.
 *
 * Return: 0, or -EBADMSG and @inner is of no use.  Context: any.
 */
int hpkm_inner_parse(struct hpkm_inner *inner, const u8 *data, size_t len)
{
	size_t head;

	memset(inner, 0, sizeof(*inner));
	if (len < HPKM_INNER_LEN)
		return -EBADMSG;
	inner->kind = data[0];
	inner->flags = data[1];
	memcpy(&inner->proto, data + 2, sizeof(inner->proto));
	head = hpkm_inner_head_len(inner->flags);
	if (!kind_allows(inner) || !flags_agree(inner->flags) || len < head)
		return -EBADMSG;

	read_fields(inner, data + HPKM_INNER_LEN);
	inner->payload = data + head;
	inner->payload_len = len - head;
	if ((inner->flags & HPKM_FLAG_FRAG_LAST) && inner->payload_len < HPKM_LAST_MIN)
		return -EBADMSG;
	return hpkm_location_valid(inner->location) ? 0 : -EBADMSG;
}

/**
 * hpkm_message_parse() - the message inside a MSG
 * @inner: a parsed MSG, put together again if it was carried in two
 * @data: receives where the message begins, inside @inner->payload
 * @len: receives its octets, 1 to HPKM_MESSAGE_MAX
 *
 * Return: 0, or -EBADMSG when the length in front of it is not that of what
 * follows or is not allowed.  Context: any.
 */
int hpkm_message_parse(const struct hpkm_inner *inner, const u8 **data, size_t *len)
{
	size_t said;

	if (inner->kind != HPKM_KIND_MSG || inner->payload_len < HPKM_MSG_HEAD_LEN)
		return -EBADMSG;
	said = get_unaligned_le16(inner->payload);
	if (!said || said > HPKM_MESSAGE_MAX || said != inner->payload_len - HPKM_MSG_HEAD_LEN)
		return -EBADMSG;
	*data = inner->payload + HPKM_MSG_HEAD_LEN;
	*len = said;
	return 0;
}
