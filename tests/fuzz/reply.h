/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's answers, as an input says them: right in most places, and wrong in any. */
#ifndef _HPKM_TESTS_FUZZ_REPLY_H
#define _HPKM_TESTS_FUZZ_REPLY_H

#include "field.h"
#include "fuzz.h"

#define REPLY_MOST	2048

/* Attribute sets that more than one object uses, ended by NULL. */
extern const struct table *const reply_tables[];

/**
 * reply_make - one datagram
 * @feed: says what is in it
 * @table: what its messages should hold
 * @type: their netlink type
 * @seq: their sequence number
 * @data: receives REPLY_MOST octets at most
 *
 * Return: octets
 */
size_t reply_make(struct feed *feed, const struct table *table, uint16_t type, uint32_t seq,
		  uint8_t *data);

/* What people or programs read: lines that no terminal obeys. */
void check_lines(const char *text, size_t len);

#endif /* _HPKM_TESTS_FUZZ_REPLY_H */
