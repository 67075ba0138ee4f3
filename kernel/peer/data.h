/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the data plane use of each other; see internal.h. */
#ifndef _HPKM_PEER_DATA_H
#define _HPKM_PEER_DATA_H

#include <linux/minmax.h>
#include "internal.h"

/* A frame waits this long for a session: two attempts and their back-off. */
#define HPKM_STAGED_LIFE	(10 * HPKM_SECOND)

/* Two VLAN tags: a frame may be this much longer than the link's MTU. */
#define HPKM_OVERSIZE		8

/* data.c */
void hpkm_data_kick(struct hpkm_peer *peer, u64 at, u64 now);
void hpkm_data_updated(struct hpkm_peer *peer);

/* channel.c.  RCU read side. */
struct hpkm_channel *hpkm_channel_to_send(struct hpkm_peer *peer, u64 now);
bool hpkm_channel_reserve(struct hpkm_channel *channel, u32 frames, u64 *counter);
void hpkm_channel_sent(struct hpkm_channel *channel, bool data, u64 now);
void hpkm_channel_received(struct hpkm_channel *channel, u64 now);
void hpkm_channel_received_data(struct hpkm_channel *channel, u64 now);

/* transmit.c.  RCU read side, bottom halves disabled. */
void hpkm_staged_flush(struct hpkm_peer *peer, u64 now);
void hpkm_staged_expire(struct hpkm_peer *peer, u64 now);
u64 hpkm_staged_deadline(struct hpkm_peer *peer);
int hpkm_channel_send_message(struct hpkm_channel *channel, const struct hpkm_inner *inner,
			      struct sk_buff *skb, bool first, u64 now);
void hpkm_acknowledge(struct hpkm_peer *peer, u64 now);
void hpkm_acknowledge_with(struct hpkm_peer *peer, const struct hpkm_acknowledgement *ack,
			   u64 now);

/* fragment.c */
struct sk_buff *hpkm_fragment_receive(struct hpkm_channel *channel, struct sk_buff *skb,
				      const struct hpkm_inner *inner, u64 counter, u64 now);
void hpkm_fragments_expire(struct hpkm_peer *peer, u64 now);

/* record.c */
struct hpkm_log *hpkm_record_log_create(u32 size);
bool hpkm_record_number_left(const struct hpkm_peer *peer);
void hpkm_record_number(struct hpkm_peer *peer, u64 *rec, u64 *time, u8 location[HPKM_LI_LEN]);
void hpkm_record_sent(struct hpkm_peer *peer, const struct hpkm_inner *inner, const u8 *data,
		      size_t len);
bool hpkm_record_received(struct hpkm_peer *peer, const struct hpkm_inner *inner,
			  const u8 *data, size_t len, struct hpkm_received *message, u64 now);
void hpkm_records_acknowledged(struct hpkm_peer *peer, const struct hpkm_acknowledgement *ack,
			       u64 now);
int hpkm_record_find(struct hpkm_peer *peer, const struct hpkm_update_search *search,
		     struct hpkm_record *out);
int hpkm_record_choose(struct hpkm_peer *peer, struct hpkm_record *out);
void hpkm_record_remove(struct hpkm_peer *peer, const u8 rid[HPKM_RID_LEN]);
u32 hpkm_record_count(struct hpkm_peer *peer);

/* message.c */
void hpkm_messages_send(struct hpkm_channel *channel, u64 now);
void hpkm_messages_expire(struct hpkm_peer *peer, u64 now);
u64 hpkm_messages_deadline(struct hpkm_peer *peer, bool sendable);
void hpkm_messages_tell(struct hpkm_peer *peer, struct list_head *done, enum hpkm_event how);
void hpkm_message_receive(struct hpkm_channel *channel, const struct hpkm_inner *inner, u64 now);
void hpkm_inbox_add(struct hpkm_peer *peer, struct hpkm_received *message);
void hpkm_inbox_clear(struct hpkm_peer *peer);

/* policy.c */
void hpkm_policy_init(struct hpkm_policy *policy);
int hpkm_policy_check(const struct hpkm_policy *policy, const char **why);
bool hpkm_policy_may_record(const struct hpkm_peer *peer, u64 now);
bool hpkm_policy_records(struct hpkm_peer *peer, u64 now);
bool hpkm_policy_updates(struct hpkm_peer *peer, u32 confirmed);
bool hpkm_policy_update_due(struct hpkm_peer *peer, u64 now);
void hpkm_policy_update_later(struct hpkm_peer *peer, u64 now);

/* One's own records, or the peer's; the smaller id is 0. */
static inline u8 hpkm_record_who(const struct hpkm_peer *peer, bool own)
{
	return peer->machine.pair.own_is_smaller == own ? 0 : 1;
}

#endif /* _HPKM_PEER_DATA_H */
