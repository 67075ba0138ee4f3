/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the persist agent keeps, version 1: the contents of HPKM_STATE_A_BLOB.
 * The kernel writes and reads it, the agent only carries it.  Integers are
 * little-endian, so that a device's state can move to another machine.
 */
#ifndef _HPKM_KEPT_H
#define _HPKM_KEPT_H

#include <linux/types.h>
#include <linux/build_bug.h>
#include <hpkm/wire.h>

#define HPKM_KEPT_VERSION	1
#define HPKM_KEPT_SUITES	3	/* enum hpkm_suite_id */
#define HPKM_KEPT_IFNAME	16	/* IFNAMSIZ */

/**
 * struct hpkm_kept_device - the device's
 * @version: HPKM_KEPT_VERSION
 * @sk_set: bit i: @sk[i] is set
 * @id: the device's
 * @location: LI as records carry it
 * @sk: by enum hpkm_suite_id; zero where not set
 */
struct hpkm_kept_device {
	__u8 version;
	__u8 sk_set;
	__u8 id[HPKM_ID_LEN];
	__u8 location[HPKM_LI_LEN];
	__u8 sk[HPKM_KEPT_SUITES][HPKM_SK_LEN];
} __packed;

/* An epoch secret; all zero where there is none.  Its kid follows from it. */
struct hpkm_kept_epoch {
	__u8 present;
	__le64 n;
	__u8 chain[HPKM_KEY_LEN];
	__u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN];
} __packed;

/**
 * struct hpkm_kept_pair - the durable state of protocol section 8
 * @suite: enum hpkm_suite_id
 * @own: the device whose state it is
 * @peer: the other
 * @boot: how often the device started
 * @address: the peer's; zero when it has none
 * @epoch: fresh, next, cur
 */
struct hpkm_kept_pair {
	__u8 suite;
	__u8 own[HPKM_ID_LEN];
	__u8 peer[HPKM_ID_LEN];
	__le32 boot;
	__u8 address[HPKM_ADDRESS_LEN];
	struct hpkm_kept_epoch epoch[3];
} __packed;

/* What the administrator has set; see enum hpkm_peer_attr, hpkm_policy_attr. */
struct hpkm_kept_settings {
	__u8 bridge;
	__u8 name[HPKM_NAME_MAX + 1];
	__u8 ifname[HPKM_KEPT_IFNAME];
	__le32 record_frames;
	__le32 record_interval_ms;
	__le32 update_records;
	__le32 update_interval_s;
	__le32 log_size;
	__le32 rekey_interval_s;
	__le64 rekey_frames;
} __packed;

struct hpkm_kept_peer {
	__u8 version;
	struct hpkm_kept_pair pair;
	struct hpkm_kept_settings settings;
} __packed;

static_assert(sizeof(struct hpkm_kept_device) <= HPKM_STATE_BLOB_MAX);
static_assert(sizeof(struct hpkm_kept_peer) <= HPKM_STATE_BLOB_MAX);

#endif /* _HPKM_KEPT_H */
