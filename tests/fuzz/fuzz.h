/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fuzz targets share: the input as a source of decisions, and a way to
 * say what has to hold.  Known to targets of the core and of hpkm-nl alike.
 */
#ifndef _HPKM_TESTS_FUZZ_H
#define _HPKM_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * struct feed - an input, octet by octet
 * @at: the next one
 * @left: how many are left; after them come zeros
 */
struct feed {
	const uint8_t *at;
	size_t left;
};

uint8_t feed_u8(struct feed *feed);
uint16_t feed_u16(struct feed *feed);
uint32_t feed_u32(struct feed *feed);
uint64_t feed_u64(struct feed *feed);
/* One of 0..@limit - 1, @limit at most 65536. */
size_t feed_below(struct feed *feed, size_t limit);
/* Zeros where nothing is left. */
void feed_fill(struct feed *feed, void *out, size_t len);
/* Changes a few octets; whether any is another one afterwards. */
bool feed_edit(struct feed *feed, uint8_t *data, size_t len);

/* On the heap, exactly as long as it is, so that the sanitizer sees one octet too many. */
void *exact_copy(const void *data, size_t len);

_Noreturn void broken(const char *file, int line, const char *what);
#define must(holds)	((holds) ? (void)0 : broken(__FILE__, __LINE__, #holds))

#endif /* _HPKM_TESTS_FUZZ_H */
