/* SPDX-License-Identifier: GPL-2.0 */
/* Algorithm 1b: the side that answers a key exchange. */
#ifndef _HPKM_CORE_RESPONDER_H
#define _HPKM_CORE_RESPONDER_H

#include <hpkm/limits.h>
#include "suite.h"

enum hpkm_half_open_state {
	HPKM_HALF_OPEN_NONE,
	HPKM_HALF_OPEN_W3,	/* C2 sent, waits for C3 */
	HPKM_HALF_OPEN_W5,	/* C4 sent, waits for C5 */
};

/**
 * struct hpkm_half_open - an exchange that is being answered
 * @state: what it waits for
 * @x: what is known
 * @address: where C1, later C3, came from
 * @changed_at: when its last new message came
 * @input: the message that was answered last
 * @reply: the answer; identical input gets these very octets again
 * @stale: its C1 was an old one, so that it gives way to any other
 */
struct hpkm_half_open {
	enum hpkm_half_open_state state;
	bool stale;
	struct hpkm_exchange x;
	u8 address[HPKM_ADDRESS_LEN];
	u64 changed_at;
	u8 input[HPKM_HANDSHAKE_MAX];
	u8 reply[HPKM_HANDSHAKE_MAX];
};

int hpkm_responder_start(struct hpkm_half_open *half, const u8 *c1, u64 now);
int hpkm_responder_receive(struct hpkm_half_open *half, const u8 *frame, u64 now);
bool hpkm_responder_repeated(const struct hpkm_half_open *half, const u8 *frame);

#endif /* _HPKM_CORE_RESPONDER_H */
