/* SPDX-License-Identifier: GPL-2.0 */
/* What only the holder of a key could send: another text in a message that opens. */
#ifndef _HPKM_TESTS_FUZZ_RESEAL_H
#define _HPKM_TESTS_FUZZ_RESEAL_H

#include <hpkm/wire.h>
#include "fuzz.h"

/**
 * struct seal - how a message is sealed
 * @key: its key
 * @transcript: of all before it
 * @head_len: octets in front of the text
 * @text_len: octets of it
 * @fixed_len: how many of those stay as they are
 * @text: receives the new one
 */
struct seal {
	u8 key[HPKM_KEY_LEN];
	const u8 *transcript;
	size_t head_len;
	size_t text_len;
	size_t fixed_len;
	u8 text[HPKM_HANDSHAKE_MAX];
};

/* Opens @frame, changes the text and seals it again; whether it is another one. */
bool reseal(struct feed *feed, struct seal *seal, u8 *frame);

#endif /* _HPKM_TESTS_FUZZ_RESEAL_H */
