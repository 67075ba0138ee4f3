// SPDX-License-Identifier: GPL-2.0
/*
 * memory
 *
 * Lets each allocation of the protocol core fail in turn.  With the address
 * sanitizer this also sees what is then not given back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/slab.h>
#include <core/log.h>

#define SIZE		16
#define ENOUGH		100	/* allocations: no log of that size needs so many */

static const u8 key[HPKM_LOG_KEY_LEN];

int main(void)
{
	struct hpkm_log *log = NULL;
	long succeed;

	for (succeed = 0; !log && succeed < ENOUGH; succeed++) {
		shim_allocations_left = succeed;
		log = hpkm_log_create(SIZE, key);
	}
	if (!log || succeed < 2) {
		fprintf(stderr, "a log needs %ld allocations?\n", succeed - 1);
		return EXIT_FAILURE;
	}
	printf("a log was refused until it could have its %ld allocations\n", succeed - 1);
	hpkm_log_destroy(log);
	return EXIT_SUCCESS;
}
