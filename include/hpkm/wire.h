/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is on the wire, version 1: frame types, header, fixed sizes and flags.
 * docs/protocol.md describes it; integers are little-endian but for EtherTypes.
 */
#ifndef _HPKM_WIRE_H
#define _HPKM_WIRE_H

#include <linux/types.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <uapi/linux/hpkm.h>

#define HPKM_ETHERTYPE		0x88B5	/* IEEE local experimental */
#define HPKM_VERSION		1

#define HPKM_ADDRESS_LEN	6	/* an Ethernet address */
#define HPKM_KEY_LEN		32	/* every key, element, random and digest */
#define HPKM_TAG_LEN		16	/* ChaCha20-Poly1305 */
#define HPKM_LI_LEN		32	/* length octet and HPKM_LOCATION_MAX, zero padded */
#define HPKM_ELEMENTS		3	/* X0: SK or Data, X1: T, X2: LI */

/* Octets that must follow the Ethernet header; shorter frames are zero padded. */
#define HPKM_FRAME_MIN		46

enum hpkm_frame_type {
	HPKM_C1 = 1,
	HPKM_C2,
	HPKM_C3,
	HPKM_C4,
	HPKM_C5,
	HPKM_ACK,
	HPKM_DATA,
	HPKM_P1 = 0x10,
	HPKM_P2,
	HPKM_P3,
	HPKM_P4,
	HPKM_P5,
	HPKM_P6,
};

/**
 * struct hpkm_hd - the header of every frame
 * @type: enum hpkm_frame_type
 * @version: HPKM_VERSION
 * @suite: enum hpkm_suite_id
 * @reserved: zero
 * @dst_sid: the receiver's session index; zero in C1 and P1..P6
 * @src_sid: C1 and C2: the sender's session index
 * @tag: suite 0's C1: the first four octets of the epoch's kid; else zero
 * @counter: DATA: the frame counter; zero in what is not DATA, C1 or C2
 */
struct hpkm_hd {
	__u8 type;
	__u8 version;
	__u8 suite;
	__u8 reserved;
	__le32 dst_sid;
	union {
		struct {
			__le32 src_sid;
			__u8 tag[4];
		};
		__le64 counter;
	};
} __packed;

#define HPKM_HD_LEN		16
static_assert(sizeof(struct hpkm_hd) == HPKM_HD_LEN);

/* P1 and P2: the device id and a curve point. */
struct hpkm_pairing_hello {
	struct hpkm_hd hd;
	__u8 id[HPKM_ID_LEN];
	__u8 point[HPKM_KEY_LEN];
} __packed;

/* What P3 and P4 seal: T, LI and r (the kids of fresh, next, cur; random). */
struct hpkm_pairing_offer {
	__le64 time;
	__u8 location[HPKM_LI_LEN];
	__u8 kids[3][HPKM_KID_LEN];
	__u8 random[8];
} __packed;

#define HPKM_HELLO_LEN		64
#define HPKM_OFFER_LEN		(HPKM_HD_LEN + sizeof(struct hpkm_pairing_offer) + HPKM_TAG_LEN)
#define HPKM_FINISH_LEN		(HPKM_HD_LEN + 2 + HPKM_TAG_LEN)
static_assert(sizeof(struct hpkm_pairing_hello) == HPKM_HELLO_LEN);
static_assert(HPKM_OFFER_LEN == 104);
static_assert(HPKM_FINISH_LEN == 34);

/* The longest of C1..C5, ACK and P1..P6 in any suite. */
#define HPKM_HANDSHAKE_MAX	112

/* Inside a DATA frame. */
enum hpkm_kind {
	HPKM_KIND_FRAME,	/* an Ethernet payload */
	HPKM_KIND_MSG,		/* an application message, behind a u16 length */
	HPKM_KIND_CONTROL,	/* update control; empty: acknowledges or keeps alive */
};

#define HPKM_FLAG_RECORD	1	/* rec, T and LI are there */
#define HPKM_FLAG_ACK		2	/* ackbase and ackmap are there */
#define HPKM_FLAG_L2ADDR	4	/* the original Ethernet addresses are there */
#define HPKM_FLAG_FRAG_FIRST	8	/* the head of a frame carried in two */
#define HPKM_FLAG_FRAG_LAST	16	/* its rest */
#define HPKM_FLAGS_KNOWN	31

#define HPKM_INNER_LEN		4	/* kind, flags, proto */
#define HPKM_RECORD_LEN		(8 + 8 + HPKM_LI_LEN)
#define HPKM_ACK_LEN		16
#define HPKM_L2ADDR_LEN		(2 * HPKM_ADDRESS_LEN)
#define HPKM_MSG_HEAD_LEN	2
#define HPKM_LAST_MIN		26	/* payload octets of FRAG_LAST */

/* Update control, protocol section 8: first octet of a CONTROL payload. */
enum hpkm_control {
	HPKM_CONTROL_NONE	= 0,
	HPKM_U1			= 0x11,
	HPKM_U2			= 0x12,
	HPKM_U3			= 0x13,
	HPKM_NAK		= 0x14,
};

/* type and uctr, in front of all four */
#define HPKM_CONTROL_HEAD_LEN	5
#define HPKM_CONTROL_MAX	160	/* the longest of any suite */

/* A record's number: the sender's boot counter and a count within it. */
#define HPKM_REC_BOOT_SHIFT	40

#endif /* _HPKM_WIRE_H */
