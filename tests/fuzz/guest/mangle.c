// SPDX-License-Identifier: GPL-2.0
/*
 * mangle A B COUNT SEED FROM-A FROM-B: COUNT frames that are almost those of two
 * hosts, who are behind the interfaces A and B.
 *
 * FROM-A and FROM-B are logs of frames (see frames.h) that came from the two.
 * What they say in the meantime is listened to, so that mangled are frames of the
 * session that is alive, too.  What came from one side goes to the other.  Says
 * what there was of each type, and how many frames were sent.
 *
 * mangle A B short SUITE FROM-A FROM-B: one frame of each type and way in each
 * length that is too short for it.  Says how many went to each side.
 */
#include "packet.h"
#include "seeded.h"
#include <sys/time.h>
#include <time.h>

#define TYPES		14	/* and none, which is 0 */
#define KEPT		32	/* frames of a type and way */
#define LENGTH_MAX	1700
#define BATCH		64
#define SIDES		2
#define SEND_S		20	/* a socket whose frames nobody frees can send no more */

struct frame {
	int len;
	uint8_t data[LENGTH_MAX];
};

struct kept {
	unsigned int seen;
	struct frame frames[KEPT];
};

static const char *const type_names[TYPES] = {
	[C1] = "C1", "C2", "C3", "C4", "C5", "ACK", "DATA", "P1", "P2", "P3", "P4", "P5", "P6",
};

/* By who sent them. */
static struct kept kept[SIDES][TYPES];
/* The counter of the newest DATA, and as many as were made up behind it. */
static uint64_t newest[SIDES];
static int side[SIDES];

/* ---- what there is ---- */

/* P1 comes behind DATA; 0 is no type. */
static int slot_of(int type)
{
	if (type >= C1 && type <= DATA)
		return type;
	return type >= P1 && type <= P6 ? type - P1 + DATA + 1 : 0;
}

static uint64_t counter_of(const uint8_t *data)
{
	uint64_t counter;

	memcpy(&counter, data + ETHER_LEN + 8, sizeof(counter));
	return counter;
}

static void set_counter(uint8_t *data, uint64_t counter)
{
	memcpy(data + ETHER_LEN + 8, &counter, sizeof(counter));
}

/* A session's first DATA begins to count anew. */
static void note_counter(int from, const uint8_t *data)
{
	const struct kept *of = &kept[from][DATA];
	const uint8_t *last = of->frames[(of->seen - 1) % KEPT].data;
	uint64_t counter = counter_of(data);

	if (counter > newest[from] || !of->seen ||
	    memcmp(last + ETHER_LEN + 4, data + ETHER_LEN + 4, 4))
		newest[from] = counter;
}

static void keep(uint8_t *data, int len, void *arg)
{
	struct kept *from = arg;
	int slot = slot_of(data[ETHER_LEN]);
	struct frame *frame;

	if (!slot || len > LENGTH_MAX)
		return;
	if (slot == DATA)
		note_counter(from == kept[1], data);
	frame = &from[slot].frames[from[slot].seen++ % KEPT];
	frame->len = len;
	memcpy(frame->data, data, len);
}

/* All that has come in the meantime. */
static void listen_to(int from)
{
	static uint8_t data[FRAME_MAX];
	int len;

	while ((len = recv(side[from], data, sizeof(data), MSG_DONTWAIT)) >= 0)
		if (len >= FRAME_MIN && ether_type(data) == ETHERTYPE)
			keep(data, len, kept[from]);
	if (errno != EAGAIN && errno != ENETDOWN)
		die("recv");
}

static const struct frame *any_kept(const struct kept *of)
{
	return &of->frames[draw_below(of->seen < KEPT ? of->seen : KEPT)];
}

/* DATA, or of each type as many, whatever there is most of. */
static const struct frame *any_frame(int from)
{
	const struct kept *of;

	do {
		of = &kept[from][one_in(2) ? DATA : draw_below(TYPES)];
	} while (!of->seen);
	return any_kept(of);
}

/* ---- what is done to it ---- */

static uint8_t *header(struct frame *frame)
{
	return frame->data + ETHER_LEN;
}

static int any_octet(const struct frame *frame)
{
	return ETHER_LEN + draw_below(frame->len - ETHER_LEN);
}

static void flip_bits(struct frame *frame)
{
	int count = 1 + draw_below(8);

	while (count--)
		frame->data[any_octet(frame)] ^= 1 << draw_below(8);
}

static void flip_in_header(struct frame *frame)
{
	header(frame)[draw_below(16)] ^= 1 << draw_below(8);
}

/* Where suite xor has kind, flags and lengths. */
static void flip_behind_header(struct frame *frame)
{
	header(frame)[16 + draw_below(16)] ^= 1 << draw_below(8);
}

static void cut(struct frame *frame)
{
	frame->len = ETHER_LEN + draw_below(frame->len - ETHER_LEN);
}

static void extend(struct frame *frame)
{
	int len = frame->len + 1 + draw_below(LENGTH_MAX - frame->len);

	/* Longer than the devices' MTU, they would not be sent. */
	if (len > ETHER_LEN + 1500)
		len = ETHER_LEN + 1500;
	if (len <= frame->len)
		return;
	draw_octets(frame->data + frame->len, len - frame->len);
	frame->len = len;
}

static void another_octet(struct frame *frame)
{
	frame->data[any_octet(frame)] = draw();
}

static void another_type(struct frame *frame)
{
	header(frame)[0] = one_in(4) ? draw() : one_in(2) ? 1 + draw_below(7) : P1 + draw_below(6);
}

static void another_version(struct frame *frame)
{
	header(frame)[1] = draw();
}

static void another_suite(struct frame *frame)
{
	header(frame)[2] = one_in(4) ? draw() : draw_below(3);
}

static void reserved_octet(struct frame *frame)
{
	header(frame)[3] = draw();
}

static void another_index(struct frame *frame)
{
	uint32_t index = one_in(4) ? 0 : draw();

	memcpy(header(frame) + 4, &index, sizeof(index));
}

static void another_counter(struct frame *frame)
{
	uint64_t counter = counter_of(frame->data);

	set_counter(frame->data, one_in(2) ? counter + draw_below(5000) : draw());
}

/* Or nothing behind the counter would be looked at, where that is not sealed. */
static void next_counter(struct frame *frame, int from)
{
	set_counter(frame->data, ++newest[from]);
}

static void swap_parts(struct frame *frame)
{
	int len = 1 + draw_below(16), room = frame->len - ETHER_LEN - len;
	uint8_t *one, *other, part[16];

	if (room < 1)
		return;
	one = header(frame) + draw_below(room);
	other = header(frame) + draw_below(room);
	memcpy(part, one, len);
	memmove(one, other, len);
	memcpy(other, part, len);
}

static void swap_addresses(struct frame *frame)
{
	uint8_t address[6];

	memcpy(address, frame->data, 6);
	memcpy(frame->data, frame->data + 6, 6);
	memcpy(frame->data + 6, address, 6);
}

static void to_everybody(struct frame *frame)
{
	memset(frame->data, 0xff, 6);
}

static void from_anybody(struct frame *frame)
{
	draw_octets(frame->data + 6, 6);
}

/* 802.3's length, a VLAN's tag, or any. */
static void another_ether_type(struct frame *frame)
{
	static const uint16_t types[] = { 46, 1500, 0x8100, 0x88a8, 0x0800, 0x86dd };
	uint16_t type = htons(one_in(4) ? draw() : types[draw_below(6)]);

	memcpy(frame->data + 12, &type, sizeof(type));
}

static void zeros(struct frame *frame)
{
	int at = any_octet(frame);

	memset(frame->data + at, 0, frame->len - at);
}

static void ones(struct frame *frame)
{
	int at = any_octet(frame);

	memset(frame->data + at, 0xff, frame->len - at);
}

static void noise(struct frame *frame)
{
	int at = one_in(2) ? ETHER_LEN : ETHER_LEN + 16;

	draw_octets(frame->data + at, frame->len - at);
}

static void (*const changes[])(struct frame *frame) = {
	flip_bits, flip_in_header, flip_behind_header, cut, extend, another_octet, another_type,
	another_version, another_suite, reserved_octet, another_index, another_counter,
	swap_parts, swap_addresses, to_everybody, from_anybody, another_ether_type, zeros, ones,
	noise, flip_bits, flip_bits, cut,
};

#define CHANGES		(sizeof(changes) / sizeof(*changes))

/* The head of one frame and the rest of another. */
static void splice(struct frame *frame, const struct frame *other)
{
	int at = ETHER_LEN + draw_below(64);

	if (at >= other->len)
		return;
	memcpy(frame->data + at, other->data + at, other->len - at);
	if (frame->len < other->len)
		frame->len = other->len;
}

static void mangle(struct frame *frame, int from)
{
	int left = 1 + (one_in(4) ? draw_below(3) : 0);

	*frame = *any_frame(from);
	if (one_in(16))
		splice(frame, any_frame(from));
	if (header(frame)[0] == DATA && one_in(2))
		next_counter(frame, from);
	/* As it is, it comes once more. */
	if (one_in(64))
		return;
	while (left--) {
		changes[draw_below(CHANGES)](frame);
		/* Nothing is left that could be changed. */
		if (frame->len < HEADER + 16)
			return;
	}
}

/* ---- sending ---- */

static void send_all(int to, struct frame *frames, int count)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	int i, sent;

	for (i = 0; i < count; i++) {
		parts[i].iov_base = frames[i].data;
		parts[i].iov_len = frames[i].len;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < count; i += sent) {
		sent = sendmmsg(side[to], messages + i, count - i, 0);
		if (sent <= 0)
			die("sendmmsg");
	}
}

static void say_what_there_is(void)
{
	int slot;

	for (slot = C1; slot < TYPES; slot++)
		printf("%s %u %u\n", type_names[slot], kept[0][slot].seen, kept[1][slot].seen);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void mangle_all(int count)
{
	static struct frame frames[BATCH];
	int i, now, from = 0, sent;
	long began = now_ms();

	for (sent = 0; sent < count; sent += now, from = !from) {
		now = count - sent < BATCH ? count - sent : BATCH;
		listen_to(0);
		listen_to(1);
		for (i = 0; i < now; i++)
			mangle(&frames[i], from);
		send_all(!from, frames, now);
	}
	say_what_there_is();
	printf("%d frames in %ld ms\n", sent, now_ms() - began);
}

/* ---- too short ---- */

/* Octets behind the Ethernet header that a frame needs: protocol sections 3 to 5. */
static int needed(int slot, int suite)
{
	static const int handshake[2][ACK + 1] = {
		{ 0, 48, 48, 48, 48, 48, 16 },
		{ 0, 112, 96, 64, 64, 64, 40 },
	};
	static const int pairing[] = { 64, 64, 104, 104, 34, 34 };

	if (slot <= ACK)
		return handshake[!!suite][slot];
	return slot == DATA ? 46 : pairing[slot - DATA - 1];
}

static int send_short(int from, int slot, int suite)
{
	struct frame frame = kept[from][slot].frames[0];
	int len, need = needed(slot, suite);

	for (len = 0; len < need; len++) {
		frame.len = ETHER_LEN + len;
		send_all(!from, &frame, 1);
	}
	return need;
}

static void send_all_short(int suite)
{
	int from, slot, count;

	for (from = 0; from < SIDES; from++) {
		count = 0;
		for (slot = C1; slot < TYPES; slot++)
			if (kept[from][slot].seen)
				count += send_short(from, slot, suite);
		printf("%c %d\n", from ? 'a' : 'b', count);
	}
}

int main(int argc, char **argv)
{
	struct timeval wait = { .tv_sec = SEND_S };
	int i, one = 1;

	if (argc != 7) {
		fprintf(stderr, "usage: mangle A B COUNT SEED FROM-A FROM-B\n"
				"       mangle A B short SUITE FROM-A FROM-B\n");
		return 2;
	}
	for (i = 0; i < SIDES; i++) {
		side[i] = packet_socket(argv[1 + i]);
		if (setsockopt(side[i], SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
		    setsockopt(side[i], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)))
			die("setsockopt");
		read_log(argv[5 + i], keep, kept[i]);
	}
	if (!strcmp(argv[3], "short")) {
		send_all_short(atoi(argv[4]));
		return 0;
	}
	seed_from(argv[4]);
	for (i = 0; i < SIDES; i++) {
		if (!kept[i][DATA].seen) {
			fprintf(stderr, "nothing to mangle in %s\n", argv[5 + i]);
			return 1;
		}
	}
	mangle_all(atoi(argv[3]));
	return 0;
}
