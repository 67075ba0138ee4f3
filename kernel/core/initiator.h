/* SPDX-License-Identifier: GPL-2.0 */
/* Algorithm 1a: the side that starts a key exchange. */
#ifndef _HPKM_CORE_INITIATOR_H
#define _HPKM_CORE_INITIATOR_H

#include <hpkm/limits.h>
#include "suite.h"

enum hpkm_attempt_state {
	HPKM_ATTEMPT_NONE,
	HPKM_ATTEMPT_W2,	/* C1 sent, waits for C2 */
	HPKM_ATTEMPT_W4,	/* C3 sent, waits for C4 */
	HPKM_ATTEMPT_WA,	/* C5 sent, waits for ACK or DATA under the new keys */
};

/**
 * struct hpkm_attempt - an own exchange; the machine's owner serialises access
 * @state: what it waits for
 * @x: what is known
 * @started_at: when C1 was first sent
 * @address: where C1 went or C2 came from; unused while @broadcast
 * @broadcast: C1 went to everybody
 * @frame: what was sent last; resends are these very octets
 * @len: of @frame
 * @first_sent_at: when @frame was first sent
 * @sendings: how often
 */
struct hpkm_attempt {
	enum hpkm_attempt_state state;
	struct hpkm_exchange x;
	u64 started_at;
	u8 address[HPKM_ADDRESS_LEN];
	bool broadcast;
	u8 frame[HPKM_HANDSHAKE_MAX];
	u8 len;
	u64 first_sent_at;
	u8 sendings;
};

void hpkm_initiator_start(struct hpkm_attempt *attempt, u64 now);
int hpkm_initiator_receive(struct hpkm_attempt *attempt, const u8 *frame, u64 now);
u64 hpkm_initiator_deadline(const struct hpkm_attempt *attempt);
bool hpkm_initiator_failed(const struct hpkm_attempt *attempt, u64 now);
bool hpkm_initiator_resend(struct hpkm_attempt *attempt, u64 now);

#endif /* _HPKM_CORE_INITIATOR_H */
