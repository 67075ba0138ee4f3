// SPDX-License-Identifier: GPL-2.0
/*
 * flood IF COUNT PATTERN...: sends COUNT frames, as fast as they can be sent.
 *
 * A PATTERN is a frame in hex, Ethernet header first, in which "?" stands for
 * four bits that are drawn anew each time.  Several patterns take turns.  Says
 * how many frames were sent, or found no room, and in how many milliseconds.
 */
#include "packet.h"
#include <errno.h>
#include <time.h>

#define PATTERNS	64
#define BATCH		64
#define LENGTH_MAX	1600

struct pattern {
	int len;
	uint8_t fixed[LENGTH_MAX];
	uint8_t drawn[LENGTH_MAX];	/* bits */
};

static struct pattern patterns[PATTERNS];
static int pattern_count;

/* Fast, and random enough to be no frame that anybody has sealed. */
static uint64_t draw(void)
{
	static uint64_t state;

	while (!state)
		fill_random(&state, sizeof(state));
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int take_digit(struct pattern *pattern, int at, char digit)
{
	int shift = at % 2 ? 0 : 4;

	if (at / 2 >= LENGTH_MAX)
		return 0;
	if (digit == '?')
		pattern->drawn[at / 2] |= 15 << shift;
	else if (hex_digit(digit) >= 0)
		pattern->fixed[at / 2] |= hex_digit(digit) << shift;
	else
		return 0;
	return 1;
}

static int take_pattern(const char *text)
{
	struct pattern *pattern = &patterns[pattern_count];
	int at;

	if (pattern_count == PATTERNS)
		return 0;
	for (at = 0; text[at]; at++)
		if (!take_digit(pattern, at, text[at]))
			return 0;
	pattern->len = at / 2;
	pattern_count++;
	return at % 2 == 0 && pattern->len >= FRAME_MIN;
}

static int write_frame(uint8_t *frame, const struct pattern *pattern)
{
	uint64_t bits = 0;
	int i;

	for (i = 0; i < pattern->len; i++, bits >>= 8) {
		if (i % 8 == 0)
			bits = draw();
		frame[i] = pattern->fixed[i] | (bits & pattern->drawn[i]);
	}
	return pattern->len;
}

/* Returns how many of a batch went out. */
static int send_batch(int fd, int first, int count)
{
	static uint8_t frames[BATCH][LENGTH_MAX];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int i, sent;

	for (i = 0; i < count; i++) {
		parts[i].iov_base = frames[i];
		parts[i].iov_len = write_frame(frames[i],
					       &patterns[(first + i) % pattern_count]);
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, messages, count, 0);
	/* One found no room, or hpkm took it to send it itself. */
	if (sent < 0 && errno == ENOBUFS)
		return 1;
	if (sent <= 0)
		die("sendmmsg");
	return sent;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void flood(int fd, int count)
{
	long began = now_ms();
	int sent = 0;

	while (sent < count)
		sent += send_batch(fd, sent, count - sent < BATCH ? count - sent : BATCH);
	printf("%d frames in %ld ms\n", sent, now_ms() - began);
}

int main(int argc, char **argv)
{
	int i, fd, one = 1;

	if (argc < 4) {
		fprintf(stderr, "usage: flood IF COUNT PATTERN...\n");
		return 2;
	}
	for (i = 3; i < argc; i++) {
		if (!take_pattern(argv[i])) {
			fprintf(stderr, "'%.80s' is no frame\n", argv[i]);
			return 2;
		}
	}
	fd = packet_socket(argv[1]);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		die("PACKET_QDISC_BYPASS");
	flood(fd, atoi(argv[2]));
	return 0;
}
