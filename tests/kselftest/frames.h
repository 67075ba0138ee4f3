/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames for the test tools, and the logs that `cable` writes of them.  The
 * numbers of the protocol are written down here once more and on purpose: a test
 * that took them from the module's own header would not notice when they change.
 */
#ifndef HPKM_TEST_FRAMES_H
#define HPKM_TEST_FRAMES_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHER_LEN	14
#define ETHERTYPE	0x88b5
#define HEADER		(ETHER_LEN + 16)	/* what precedes a body */
#define FRAME_MIN	(ETHER_LEN + 46)
#define FRAME_MAX	65536
#define KEY_LEN		32

enum { C1 = 1, C2, C3, C4, C5, ACK, DATA, P1 = 0x10, P6 = 0x15 };

static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns how many octets were read, -1 if that is no hexadecimal text. */
static inline int from_hex(const char *hex, uint8_t *to, int room)
{
	int len;

	for (len = 0; *hex && *hex != '\n'; len++, hex += 2) {
		if (len == room || hex_digit(hex[0]) < 0 || hex_digit(hex[1]) < 0)
			return -1;
		to[len] = hex_digit(hex[0]) << 4 | hex_digit(hex[1]);
	}
	return len;
}

static inline void to_hex(const uint8_t *from, int len, char *to)
{
	static const char digits[] = "0123456789abcdef";

	while (len--) {
		*to++ = digits[*from >> 4];
		*to++ = digits[*from++ & 15];
	}
	*to = '\0';
}

static inline int ether_type(const uint8_t *frame)
{
	return frame[12] << 8 | frame[13];
}

/* to[i] ^= with[i] */
static inline void mix(uint8_t *to, const uint8_t *with, int len)
{
	while (len--)
		*to++ ^= *with++;
}

typedef void on_frame(uint8_t *frame, int len, void *arg);

/* Each of hpkm's frames in a log, in turn; the octets are the last word of a line. */
static inline void read_log(const char *name, on_frame *handle, void *arg)
{
	static char line[2 * FRAME_MAX + 64];
	static uint8_t frame[FRAME_MAX];
	FILE *from = fopen(name, "r");
	char *hex;
	int len;

	if (!from)
		die(name);
	while (fgets(line, sizeof(line), from)) {
		hex = strrchr(line, ' ');
		if (*line == '#' || !hex)
			continue;
		len = from_hex(hex + 1, frame, sizeof(frame));
		if (len >= FRAME_MIN && ether_type(frame) == ETHERTYPE)
			handle(frame, len, arg);
	}
	fclose(from);
}

#endif
