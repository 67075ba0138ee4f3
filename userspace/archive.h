/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_ARCHIVE_H
#define HPKM_NL_ARCHIVE_H

#include <stdbool.h>

#include "slot.h"

/*
 * What 'state export' writes: one device's whole state in one file.
 *
 *	 0   8	"hpkmmove"
 *	 8   4	version of this format
 *	12   4	how many slots follow
 *	16   n	slots: the device's, then each peer's by ascending id
 *	     32	checksum: BLAKE2b of all before it, with a personal label
 *
 * Nothing here is keyed with a secret: whoever moves the file has no key in
 * common with its maker.  The checksum tells that the file is whole, not who
 * made it.
 */
#define ARCHIVE_VERSION		1
#define ARCHIVE_HEADER_LEN	16
#define ARCHIVE_SUM_LEN		32
#define ARCHIVE_SLOTS_MOST	65536
#define ARCHIVE_LEN(slots)	(ARCHIVE_HEADER_LEN + (size_t)(slots) * SLOT_MOST + \
				 ARCHIVE_SUM_LEN)

/**
 * struct archive - an archive that is being made or read
 * @data: its octets
 * @len: made or read so far
 * @end: where its slots end, when it is read
 * @count: slots in it, or still to be read
 */
struct archive {
	uint8_t *data;
	size_t len;
	size_t end;
	uint32_t count;
};

void archive_begin(struct archive *archive, uint8_t *data);
void archive_add(struct archive *archive, const struct slot *slot);
size_t archive_end(struct archive *archive);

const char *archive_open(struct archive *archive, uint8_t *data, size_t len);
bool archive_next(struct archive *archive, struct slot *slot);

#endif
