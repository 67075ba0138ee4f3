// SPDX-License-Identifier: GPL-2.0
/* See reseal.h. */
#include <string.h>
#include <core/sealed.h>
#include "reseal.h"

bool reseal(struct feed *feed, struct seal *seal, u8 *frame)
{
	struct hpkm_sealed sealed = {
		.transcript = seal->transcript, .head_len = seal->head_len,
	};
	bool changed;

	memcpy(sealed.key, seal->key, HPKM_KEY_LEN);
	must(!hpkm_sealed_open(&sealed, frame, seal->text, seal->text_len));
	changed = feed_edit(feed, seal->text + seal->fixed_len, seal->text_len - seal->fixed_len);
	memcpy(sealed.key, seal->key, HPKM_KEY_LEN);
	hpkm_sealed_make(&sealed, frame, seal->text, seal->text_len);
	return changed;
}
