// SPDX-License-Identifier: GPL-2.0
/*
 * What a listener makes of his recordings with a stolen state, with a guess, or
 * with known plaintext.  He has the protocol's core, as everybody has.
 *
 *	eavesdrop open LOG PEER		A12: LOG is one of `cable`, PEER a line that
 *					`thief` prints.  Says of each session whether
 *					it opens, and which messages were in it
 *	eavesdrop guess LOG PEER with|without FROM TO DATA LI...
 *					A7: which T from FROM to TO (nanoseconds)
 *					and which LI made a C1?  Of PEER only what
 *					was never secret is used; "with": and the
 *					chain key
 *	eavesdrop answer LOG LEN OCTET	A14: suite xor's U2 for the last U1 of LOG, as
 *					a frame in hex.  DATA frames with LEN octets
 *					behind the Ethernet header are known to hold
 *					only OCTET (hex) from HEADER + 64 on
 */
#include "frames.h"
#include <linux/slab.h>
#include <core/frame.h>
#include <core/hash.h>
#include <core/kept.h>
#include <core/log.h>

#define SESSIONS	64
#define EPOCHS		8
#define FRAMES		16384
#define LOG_SIZE	1024
#define CRIB_AT		64	/* behind the header; a multiple of the key's length */

struct frame {
	u8 *data;	/* from the Ethernet header on */
	int len;
};

/* C1..C5 of an exchange and what follows from them. */
struct session {
	struct frame c[HPKM_C5 + 1];
	struct hpkm_exchange x;
	struct hpkm_session_keys keys;
	bool opened;
};

static struct frame frames[FRAMES];
static int frame_count;
static struct session sessions[SESSIONS];
static int session_count;
static struct hpkm_epoch epochs[EPOCHS];
static int epoch_count;
static struct hpkm_log *records;

/* As the one and as the other of the two sees it. */
static struct hpkm_pair pairs[2];

static const struct hpkm_hd *hd_of(const struct frame *frame)
{
	return (const struct hpkm_hd *)(frame->data + ETHER_LEN);
}

static const u8 *whole(const struct session *s, int type)
{
	return s->c[type].data + ETHER_LEN;
}

static const u8 *body(const struct session *s, int type)
{
	return s->c[type].data + HEADER;
}

static u32 initiator_sid(const struct session *s)
{
	return le32_to_cpu(hd_of(&s->c[HPKM_C1])->src_sid);
}

static u32 responder_sid(const struct session *s)
{
	return le32_to_cpu(hd_of(&s->c[HPKM_C2])->src_sid);
}

static bool to_initiator(const struct session *s, const struct frame *frame)
{
	return le32_to_cpu(hd_of(frame)->dst_sid) == initiator_sid(s);
}

static bool to_responder(const struct session *s, const struct frame *frame)
{
	return s->c[HPKM_C2].data && le32_to_cpu(hd_of(frame)->dst_sid) == responder_sid(s);
}

/* ---- what was recorded ---- */

static struct session *session_of(const struct frame *frame)
{
	int i;

	for (i = session_count - 1; i >= 0; i--)
		if (to_initiator(&sessions[i], frame) || to_responder(&sessions[i], frame))
			return &sessions[i];
	return NULL;
}

static bool begins_one(const struct frame *frame)
{
	int i;

	for (i = 0; i < session_count; i++)
		if (initiator_sid(&sessions[i]) == le32_to_cpu(hd_of(frame)->src_sid))
			return false;
	return session_count < SESSIONS;
}

static void take_frame(u8 *data, int len, void *arg)
{
	struct frame *frame = &frames[frame_count];
	struct session *s;
	int type;

	if (frame_count == FRAMES)
		return;
	frame->data = malloc(len);
	if (!frame->data)
		die("malloc");
	memcpy(frame->data, data, len);
	frame->len = len;
	frame_count++;
	type = hd_of(frame)->type;
	if (type == HPKM_C1 && begins_one(frame))
		sessions[session_count++].c[HPKM_C1] = *frame;
	s = type >= HPKM_C2 && type <= HPKM_C5 ? session_of(frame) : NULL;
	if (s && !s->c[type].data)
		s->c[type] = *frame;
}

static bool complete(const struct session *s)
{
	int type;

	for (type = HPKM_C1; type <= HPKM_C5; type++)
		if (!s->c[type].data)
			return false;
	return true;
}

/* ---- what was stolen ---- */

static void know_epoch(const struct hpkm_epoch *epoch)
{
	int i;

	for (i = 0; i < epoch_count; i++)
		if (!memcmp(epochs[i].kid, epoch->kid, HPKM_KID_LEN))
			return;
	if (epoch_count < EPOCHS)
		epochs[epoch_count++] = *epoch;
}

/* "peer ID BLOB" */
static void take_state(const char *line)
{
	static struct hpkm_kept_peer kept;
	struct hpkm_durable durable;
	const char *hex = strrchr(line, ' '), *why = "no line of a thief's";
	int slot;

	if (!hex || from_hex(hex + 1, (u8 *)&kept, sizeof(kept)) != sizeof(kept) ||
	    hpkm_kept_read(&kept.pair, kept.pair.own, &pairs[0], &durable, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(2);
	}
	hpkm_pair_init(&pairs[1], pairs[0].suite, pairs[0].peer, pairs[0].own);
	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (durable.epoch[slot].present)
			know_epoch(&durable.epoch[slot]);
}

/* ---- reading a session whose keys are known ---- */

static void print_text(const u8 *text, size_t len)
{
	for (; len; len--, text++)
		putchar(*text >= ' ' && *text < 127 ? *text : '.');
	putchar('\n');
}

/* The inner contents in @out, whose octets are of @plain; false if it is not DATA of @s. */
static bool decrypt(const struct session *s, const struct frame *frame, u8 *plain,
		    struct hpkm_inner *out)
{
	const struct hpkm_suite *suite = s->x.pair->suite;
	int len = frame->len - HEADER;
	const u8 *key = NULL;

	if (hd_of(frame)->type != HPKM_DATA || len < suite->tag_len)
		return false;
	if (to_initiator(s, frame))
		key = s->keys.to_initiator;
	else if (to_responder(s, frame))
		key = s->keys.to_responder;
	if (!key)
		return false;
	memcpy(plain, frame->data + ETHER_LEN, frame->len - ETHER_LEN);
	return !suite->open(key, le64_to_cpu(hd_of(frame)->counter), plain, len) &&
	       !hpkm_inner_parse(out, plain + HPKM_HD_LEN, len - suite->tag_len);
}

static void take_record(const struct session *s, const struct frame *frame,
			const struct hpkm_inner *inner)
{
	/* @s->x.pair is as the responder sees it. */
	bool of_peer = to_responder(s, frame);
	struct hpkm_record record;
	const u8 *data = inner->payload;
	size_t len = inner->payload_len;

	if (!(inner->flags & HPKM_FLAG_RECORD))
		return;
	if (inner->kind == HPKM_KIND_MSG && hpkm_message_parse(inner, &data, &len))
		return;
	hpkm_record_init(&record, of_peer == s->x.pair->own_is_smaller, inner->rec, inner->time,
			 inner->location, data, len);
	record.state = HPKM_RECORD_CONFIRMED;
	hpkm_log_add(records, &record);
	if (inner->kind == HPKM_KIND_MSG) {
		printf("said: ");
		print_text(data, len);
	}
}

static bool find_record(const struct hpkm_update_search *search, struct hpkm_update *u)
{
	const struct hpkm_record *record = NULL;

	if (search->by_rid)
		record = hpkm_log_find(records, search->rid);
	else
		hpkm_log_find_elements(records, search->a, search->b, search->xa, search->xb,
				       &record);
	if (!record)
		return false;
	memcpy(u->rid, record->rid, HPKM_RID_LEN);
	hpkm_record_elements(u->x, record);
	return true;
}

/* As the requester: fills @u up to what U2 adds. */
static bool follow_request(const struct session *s, const u8 *request, size_t len,
			   struct hpkm_update *u)
{
	const struct hpkm_suite *suite = s->x.pair->suite;
	struct hpkm_update_search search;
	u64 n;

	memset(u, 0, sizeof(*u));
	u->pair = s->x.pair;
	u->epoch = s->x.epoch;
	u->requester = true;
	memcpy(u->session_update, s->keys.update, HPKM_KEY_LEN);
	return !suite->parse_update_request(u, request, len, &n, &search) &&
	       find_record(&search, u) && !suite->accept_update_request(u, request);
}

/* Reads @s; an update in it leads to the next epoch. */
static void read_session(const struct session *s)
{
	static u8 plain[FRAME_MAX], request[HPKM_CONTROL_MAX];
	struct hpkm_inner inner;
	struct hpkm_update u;
	bool asked = false;
	int i;

	for (i = 0; i < frame_count; i++) {
		if (!decrypt(s, &frames[i], plain, &inner))
			continue;
		take_record(s, &frames[i], &inner);
		if (inner.kind != HPKM_KIND_CONTROL || !inner.payload_len)
			continue;
		if (inner.payload[0] == HPKM_U1 && inner.payload_len <= sizeof(request)) {
			memcpy(request, inner.payload, inner.payload_len);
			asked = follow_request(s, request, inner.payload_len, &u);
			/* @pair is the responder's; who asks may be either. */
			if (to_initiator(s, &frames[i]))
				continue;
			u.pair = s->x.pair == &pairs[0] ? &pairs[1] : &pairs[0];
		} else if (asked && inner.payload[0] == HPKM_U2 &&
			   !s->x.pair->suite->open_update_answer(&u, inner.payload,
								 inner.payload_len)) {
			know_epoch(&u.next);
		}
	}
}

/* ---- opening sessions ---- */

/* With the elements and, in suites 1 and 2, the chain key. */
static bool follow(struct session *s, const struct hpkm_pair *pair, const struct hpkm_epoch *epoch)
{
	const struct hpkm_suite *suite = pair->suite;
	struct hpkm_exchange *x = &s->x;

	memset(x, 0, sizeof(*x));
	x->pair = pair;
	x->epoch = *epoch;
	if (suite->open_c1(x, whole(s, HPKM_C1)) || suite->open_c2(x, whole(s, HPKM_C2)) ||
	    suite->open_c3(x, whole(s, HPKM_C3)) || suite->open_c4(x, whole(s, HPKM_C4)) ||
	    suite->open_c5(x, whole(s, HPKM_C5)))
		return false;
	suite->derive(x, &s->keys);
	return true;
}

static bool open_session(struct session *s)
{
	int i, by;

	for (i = 0; i < epoch_count; i++)
		for (by = 0; by < 2; by++)
			if (follow(s, &pairs[by], &epochs[i]))
				return true;
	return false;
}

/* Suite xor: one direction's key gives the other's, since C3 is R_I ^ R_R. */
static void use_key(struct session *s, const u8 key[HPKM_KEY_LEN], bool responders)
{
	struct hpkm_exchange *x = &s->x;
	u8 *known = responders ? x->random_responder : x->random_initiator;
	u8 *other = responders ? x->random_initiator : x->random_responder;

	x->pair = &pairs[0];
	memcpy(known, key, HPKM_KEY_LEN);
	memcpy(other, key, HPKM_KEY_LEN);
	mix(other, body(s, HPKM_C3), HPKM_KEY_LEN);
	hpkm_suite_xor.derive(x, &s->keys);
}

/*
 * Suite xor: an update shows the new elements, so that who knows those has known
 * plaintext in the session before.  X_a and X_b are in step with the key; that
 * both give the same one proves it.
 */
static bool is_request_with(const struct frame *frame, int at, const u8 *xa, const u8 *xb,
			    u8 key[HPKM_KEY_LEN])
{
	const u8 *inner = frame->data + HEADER;
	int i;

	if (frame->len < HEADER + at + 2 * HPKM_KEY_LEN)
		return false;
	for (i = 0; i < HPKM_KEY_LEN; i++)
		key[(at + i) % HPKM_KEY_LEN] = inner[at + i] ^ xa[i];
	for (i = 0; i < HPKM_KEY_LEN; i++)
		if ((inner[at + HPKM_KEY_LEN + i] ^ xb[i]) != key[(at + i) % HPKM_KEY_LEN])
			return false;
	return true;
}

static bool crack_by_update(struct session *s, const struct frame *frame)
{
	/* Behind U1's head, without and with acknowledged records in front. */
	static const int at[] = { HPKM_INNER_LEN + 15, HPKM_INNER_LEN + HPKM_ACK_LEN + 15 };
	static const int pair[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };
	u8 key[HPKM_KEY_LEN];
	unsigned int i;
	int e;

	for (e = 0; e < epoch_count; e++) {
		for (i = 0; i < ARRAY_SIZE(at) * ARRAY_SIZE(pair); i++) {
			const int *ab = pair[i / 2];

			if (!is_request_with(frame, at[i % 2], epochs[e].x[ab[0]],
					     epochs[e].x[ab[1]], key))
				continue;
			use_key(s, key, to_initiator(s, frame));
			return true;
		}
	}
	return false;
}

/*
 * Suite xor: one session's R_R gives the unused element, and with C1 of another
 * session of that epoch that one's unused element.
 */
static void crack_epoch_of(const struct session *from)
{
	u8 unused[HPKM_KEY_LEN], other[HPKM_KEY_LEN];
	struct session *s;
	int i;

	memcpy(unused, body(from, HPKM_C2), HPKM_KEY_LEN);
	mix(unused, from->x.random_responder, HPKM_KEY_LEN);
	for (i = 0; i < session_count; i++) {
		s = &sessions[i];
		if (s->opened || !complete(s) ||
		    memcmp(hd_of(&s->c[HPKM_C1])->tag, hd_of(&from->c[HPKM_C1])->tag, 4))
			continue;
		memcpy(other, unused, HPKM_KEY_LEN);
		if (memcmp(body(s, HPKM_C1), body(from, HPKM_C1), HPKM_KEY_LEN)) {
			/* C1 ^ C1' ^ unused: the element that only C1 has */
			mix(other, body(s, HPKM_C1), HPKM_KEY_LEN);
			mix(other, body(from, HPKM_C1), HPKM_KEY_LEN);
		}
		mix(other, body(s, HPKM_C2), HPKM_KEY_LEN);
		use_key(s, other, true);
		s->opened = true;
		read_session(s);
	}
}

static bool crack(struct session *s)
{
	int i;

	for (i = 0; i < frame_count; i++) {
		if (hd_of(&frames[i])->type != HPKM_DATA || session_of(&frames[i]) != s ||
		    !crack_by_update(s, &frames[i]))
			continue;
		s->opened = true;
		read_session(s);
		crack_epoch_of(s);
		return true;
	}
	return false;
}

static bool try_session(struct session *s)
{
	if (s->opened || !complete(s))
		return false;
	if (open_session(s)) {
		s->opened = true;
		read_session(s);
		return true;
	}
	return pairs[0].suite->insecure && crack(s);
}

static int open_log(const char *name, const char *state)
{
	int i, opened = 0, all = 0;
	bool any = true;

	take_state(state);
	read_log(name, take_frame, NULL);
	/* What was read in one session may open another one. */
	while (any)
		for (any = false, i = 0; i < session_count; i++)
			any |= try_session(&sessions[i]);
	for (i = 0; i < session_count; i++) {
		all += complete(&sessions[i]);
		opened += sessions[i].opened;
	}
	printf("%d of %d sessions opened\n", opened, all);
	return 0;
}

/* ---- guesses ---- */

/* Suite xor: two C1 of an epoch are, or give, X1 ^ X2. */
static bool xor_confirms(const struct hpkm_epoch *guess)
{
	u8 pair[HPKM_KEY_LEN], other[HPKM_KEY_LEN];
	int i, j;

	memcpy(pair, guess->x[1], HPKM_KEY_LEN);
	mix(pair, guess->x[2], HPKM_KEY_LEN);
	for (i = 0; i < session_count; i++) {
		if (!memcmp(pair, body(&sessions[i], HPKM_C1), HPKM_KEY_LEN))
			return true;
		for (j = 0; j < i; j++) {
			memcpy(other, body(&sessions[i], HPKM_C1), HPKM_KEY_LEN);
			mix(other, body(&sessions[j], HPKM_C1), HPKM_KEY_LEN);
			if (!memcmp(pair, other, HPKM_KEY_LEN))
				return true;
		}
	}
	return false;
}

/* The others: C1 opens. */
static bool confirms(const struct hpkm_epoch *guess)
{
	struct hpkm_exchange x;
	int i, by;

	for (i = 0; i < session_count; i++) {
		for (by = 0; by < 2; by++) {
			x = (struct hpkm_exchange){ .epoch = *guess, .pair = &pairs[by] };
			if (!x.pair->suite->open_c1(&x, whole(&sessions[i], HPKM_C1)))
				return true;
		}
	}
	return false;
}

static int guess(const char *name, const char *state, bool with_chain, char **words)
{
	u64 from = strtoull(words[0], NULL, 10), to = strtoull(words[1], NULL, 10), time;
	struct hpkm_epoch guess;
	long tried = 0;
	char **place;

	take_state(state);
	read_log(name, take_frame, NULL);
	guess = epochs[0];
	if (!with_chain)
		memset(guess.chain, 0, HPKM_KEY_LEN);
	hpkm_element(guess.x[0], 0, words[2], strlen(words[2]));
	for (place = words + 3; *place; place++) {
		hpkm_element(guess.x[2], 2, *place, strlen(*place));
		for (time = from; time <= to; time++, tried++) {
			hpkm_element_time(guess.x[1], time);
			if (pairs[0].suite->insecure ? xor_confirms(&guess) : confirms(&guess))
				printf("confirmed: %llu %s\n", (unsigned long long)time, *place);
		}
	}
	printf("%ld guesses, %d sessions\n", tried, session_count);
	return 0;
}

/* ---- an answer ---- */

static void crack_by_crib(struct session *s, const struct frame *frame, u8 octet)
{
	u8 key[HPKM_KEY_LEN];
	int i;

	for (i = 0; i < HPKM_KEY_LEN; i++)
		key[i] = frame->data[HEADER + CRIB_AT + i] ^ octet;
	use_key(s, key, to_initiator(s, frame));
	s->opened = true;
}

static void print_answer(const struct session *s, const struct frame *request,
			 struct hpkm_update *u)
{
	bool by_responder = to_responder(s, request);
	u8 out[HEADER + HPKM_INNER_LEN + HPKM_CONTROL_MAX] = { 0 };
	char hex[2 * sizeof(out) + 1];
	u8 len = HPKM_INNER_LEN + hpkm_suite_xor.update_answer_len;

	memcpy(out, request->data + 6, 6);
	memcpy(out + 6, request->data, 6);
	memcpy(out + 12, request->data + 12, 2);
	/* Ahead of what the peer has sent. */
	hpkm_hd_write_data(out + ETHER_LEN, HPKM_SUITE_XOR,
			   by_responder ? initiator_sid(s) : responder_sid(s), 1000000);
	out[HEADER] = HPKM_KIND_CONTROL;
	hpkm_suite_xor.make_update_answer(u, out + HEADER + HPKM_INNER_LEN);
	hpkm_suite_xor.seal(by_responder ? s->keys.to_initiator : s->keys.to_responder, 0,
			    out + ETHER_LEN, len);
	to_hex(out, HEADER + len, hex);
	printf("%s\n", hex);
}

static int answer_session(const struct session *s)
{
	static u8 plain[FRAME_MAX];
	struct hpkm_inner inner;
	struct hpkm_update u;
	int i;

	read_session(s);
	for (i = frame_count - 1; i >= 0; i--) {
		if (!decrypt(s, &frames[i], plain, &inner) || inner.kind != HPKM_KIND_CONTROL ||
		    !inner.payload_len || inner.payload[0] != HPKM_U1 ||
		    !follow_request(s, inner.payload, inner.payload_len, &u))
			continue;
		print_answer(s, &frames[i], &u);
		return 1;
	}
	return 0;
}

static int answer(const char *name, int len, const char *octet)
{
	u8 crib = strtoul(octet, NULL, 16);
	struct session *s;
	int i, answered = 0;

	pairs[0].suite = &hpkm_suite_xor;
	read_log(name, take_frame, NULL);
	for (i = 0; i < frame_count; i++) {
		s = session_of(&frames[i]);
		if (hd_of(&frames[i])->type == HPKM_DATA && s && complete(s) && !s->opened &&
		    frames[i].len == ETHER_LEN + len)
			crack_by_crib(s, &frames[i], crib);
	}
	for (i = session_count - 1; i >= 0 && !answered; i--)
		if (sessions[i].opened)
			answered = answer_session(&sessions[i]);
	if (!answered)
		printf("nothing to answer is to be seen in %d sessions\n", session_count);
	return 0;
}

int main(int argc, char **argv)
{
	static const u8 key[HPKM_LOG_KEY_LEN];

	records = hpkm_log_create(LOG_SIZE, key);
	if (!records)
		die("log");
	if (argc == 4 && !strcmp(argv[1], "open"))
		return open_log(argv[2], argv[3]);
	if (argc >= 9 && !strcmp(argv[1], "guess"))
		return guess(argv[2], argv[3], !strcmp(argv[4], "with"), argv + 5);
	if (argc == 5 && !strcmp(argv[1], "answer"))
		return answer(argv[2], atoi(argv[3]), argv[4]);
	fprintf(stderr, "usage: see the head of eavesdrop.c\n");
	return 2;
}
