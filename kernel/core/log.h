/* SPDX-License-Identifier: GPL-2.0 */
/* The history: a ring of records both sides have, protocol section 7. */
#ifndef _HPKM_CORE_LOG_H
#define _HPKM_CORE_LOG_H

#include <hpkm/wire.h>

/**
 * struct hpkm_record - one message both sides remember
 * @time: T, nanoseconds UTC, as the sender's clock had it
 * @digest: X0, the element digest of the whole Data
 * @data: the first octets of Data
 * @rid: u8 who || le64 number; who is 0 for the records of the smaller id
 * @location: LI, length octet first
 * @state: enum hpkm_record_state
 * @data_len: how many of @data are kept
 *
 * Packed: a large log has a million of them.
 */
struct hpkm_record {
	u64 time;
	u8 digest[HPKM_KEY_LEN];
	u8 data[HPKM_DATA_KEPT];
	u8 rid[HPKM_RID_LEN];
	u8 location[HPKM_LI_LEN];
	u8 state;
	u8 data_len;
} __packed;

/* What hpkm_log_create() is given to scatter the records by. */
#define HPKM_LOG_KEY_LEN	16

struct hpkm_log;

struct hpkm_log *hpkm_log_create(u32 size, const u8 key[HPKM_LOG_KEY_LEN]);
void hpkm_log_destroy(struct hpkm_log *log);

void hpkm_log_move(struct hpkm_log *to, struct hpkm_log *from);
void hpkm_log_clear(struct hpkm_log *log);
u32 hpkm_log_size(const struct hpkm_log *log);
u32 hpkm_log_count(const struct hpkm_log *log);
u32 hpkm_log_confirmed(const struct hpkm_log *log);

int hpkm_log_add(struct hpkm_log *log, const struct hpkm_record *record);
bool hpkm_log_confirm(struct hpkm_log *log, const u8 rid[HPKM_RID_LEN]);
bool hpkm_log_remove(struct hpkm_log *log, const u8 rid[HPKM_RID_LEN]);

const struct hpkm_record *hpkm_log_find(const struct hpkm_log *log, const u8 rid[HPKM_RID_LEN]);
int hpkm_log_find_elements(const struct hpkm_log *log, u8 a, u8 b, const u8 xa[HPKM_KEY_LEN],
			   const u8 xb[HPKM_KEY_LEN], const struct hpkm_record **found);
const struct hpkm_record *hpkm_log_next(const struct hpkm_log *log, u64 *cursor);

void hpkm_record_elements(u8 x[HPKM_ELEMENTS][HPKM_KEY_LEN], const struct hpkm_record *record);
void hpkm_record_init(struct hpkm_record *record, u8 who, u64 rec, u64 time,
		      const u8 location[HPKM_LI_LEN], const void *data, size_t len);

const struct hpkm_record *hpkm_log_choose(const struct hpkm_log *log,
					  void (*fill)(void *context, void *out, size_t len),
					  void *context);
void hpkm_choose_pair(u8 *a, u8 *b, void (*fill)(void *context, void *out, size_t len),
		      void *context);

#endif /* _HPKM_CORE_LOG_H */
