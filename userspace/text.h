/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_TEXT_H
#define HPKM_NL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_TIME_SIZE	32	/* "2554-07-21 23:34:33" and room */
#define TEXT_AGE_SIZE	96

void text_escape(FILE *to, const void *data, size_t len);
void text_safe(FILE *to, const void *data, size_t len);
char *text_escaped(const void *data, size_t len);
bool text_is_utf8(const void *data, size_t len);
bool text_is_printable(const void *data, size_t len);
size_t text_width(const char *text);

char *text_hex(const void *data, size_t len);
int text_from_hex(const char *hex, uint8_t *data, size_t len);
bool text_number(const char *text, uint64_t *number);

void text_time(uint64_t nanoseconds, char text[TEXT_TIME_SIZE]);
void text_age(uint64_t milliseconds, char text[TEXT_AGE_SIZE]);

#endif
