/* SPDX-License-Identifier: GPL-2.0 */
/* Labels that users give. */
#ifndef _HPKM_EDGE_TEXT_H
#define _HPKM_EDGE_TEXT_H

#include <linux/types.h>

/* UTF-8 without control characters. */
bool hpkm_text_valid(const u8 *text, size_t len);

#endif /* _HPKM_EDGE_TEXT_H */
