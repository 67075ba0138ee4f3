// SPDX-License-Identifier: GPL-2.0
/*
 * hpkm_hd_check() on whatever comes from the cable: it says what a table of
 * protocol section 3 says, and a header that it accepts is the one that
 * hpkm_hd_write() makes of its fields.
 */
#include <stdlib.h>
#include <string.h>
#include <core/frame.h>
#include <core/suite.h>
#include "fuzz.h"

/* Octets of each type; by suite 0, others. */
static const struct {
	u8 type;
	u8 len[2];
} sizes[] = {
	{ HPKM_C1, { 48, 112 } }, { HPKM_C2, { 48, 96 } }, { HPKM_C3, { 48, 64 } },
	{ HPKM_C4, { 48, 64 } }, { HPKM_C5, { 48, 64 } }, { HPKM_ACK, { 16, 40 } },
	{ HPKM_DATA, { 46, 46 } },
	{ HPKM_P1, { 64, 64 } }, { HPKM_P2, { 64, 64 } }, { HPKM_P3, { 104, 104 } },
	{ HPKM_P4, { 104, 104 } }, { HPKM_P5, { 34, 34 } }, { HPKM_P6, { 34, 34 } },
};

static size_t size_of(const struct hpkm_hd *hd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i].type != hd->type)
			continue;
		/* Nobody speaks a suite that is not there. */
		if (hd->suite > 2 && hd->type <= HPKM_ACK)
			return HPKM_HD_LEN;
		return sizes[i].len[hd->suite != 0];
	}
	return 0;
}

/* The header as the fields that a receiver uses make it. */
static void write_again(u8 *out, const struct hpkm_hd *hd)
{
	bool none = hd->type == HPKM_C1 || hd->type >= HPKM_P1;
	u32 dst = le32_to_cpu(hd->dst_sid);

	if (hd->type == HPKM_DATA) {
		hpkm_hd_write_data(out, hd->suite, dst, le64_to_cpu(hd->counter));
		return;
	}
	hpkm_hd_write(out, hd->type, hd->suite, none ? 0 : dst,
		      hd->type <= HPKM_C2 ? le32_to_cpu(hd->src_sid) : 0);
	if (hd->type == HPKM_C1 && hd->suite == HPKM_SUITE_XOR)
		memcpy(((struct hpkm_hd *)out)->tag, hd->tag, sizeof(hd->tag));
}

static enum hpkm_frame_verdict expected(const u8 *frame, size_t len)
{
	u8 again[HPKM_HD_LEN];
	struct hpkm_hd hd;

	if (len < HPKM_HD_LEN)
		return HPKM_FRAME_SHORT;
	memcpy(&hd, frame, sizeof(hd));
	if (hd.version != HPKM_VERSION)
		return HPKM_FRAME_VERSION;
	if (!size_of(&hd))
		return HPKM_FRAME_TYPE;
	if (len < size_of(&hd))
		return HPKM_FRAME_SHORT;
	write_again(again, &hd);
	return memcmp(again, frame, sizeof(again)) ? HPKM_FRAME_RESERVED : HPKM_FRAME_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *frame = exact_copy(data, size);

	must(hpkm_hd_check(frame, size) == expected(frame, size));
	must(!memcmp(frame, data, size));
	free(frame);
	return 0;
}
