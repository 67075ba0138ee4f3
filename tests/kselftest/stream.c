// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered frames at full speed, and an exact account of them.
 *
 *	stream run WINDOW A/IF B/IF C/IF C/IF
 *		from IF in namespace A to IF in namespace B and back, in
 *		STREAMS streams each way, until SIGTERM: unicast, broadcast and
 *		multicast, of every size from tiny to more than one frame of the
 *		link can carry.  No stream has more than WINDOW frames under way,
 *		so that it overflows no queue.  The two interfaces of C are the
 *		cable: all that comes in there is looked at.
 *	stream burst COUNT SECONDS A/IF B/IF
 *		COUNT small frames from A to B as fast as they go, then "out".
 *		Ends when all have arrived, or none has for so many SECONDS, or
 *		on SIGTERM.
 *
 * At the end each count is a line, NAME VALUE; a_ is of what A sent and B
 * received, b_ of the other way:
 *	a_sent a_received a_missing a_doubled a_corrupted a_bytes
 *	a_reordered	came after one with a higher number
 *	a_depth		by how much at most
 *	a_first_missing	its number, or none
 *	a_silence	milliseconds without an arrival, at most
 *	cable_frames	looked at
 *	cable_plain	of another EtherType than hpkm's
 *	cable_readable	with octets of a payload in the clear
 *	unread		that this program was too slow for: the rest means nothing
 */
#include "packet.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <time.h>

#define STREAM_ETHERTYPE 0x88b6
#define STREAMS		2		/* each way */
#define NUMBERS		8388608		/* a stream */
#define PAYLOAD_MAX	1500
#define BATCH		32		/* frames that one call receives */
#define PATIENCE	3		/* seconds until what is missing is given up */

/* The content of every payload, from a place that its number says. */
#define MARK		"hpkm: plaintext!"
#define MARK_LEN	16

struct payload {
	uint8_t stream;
	uint8_t direction;
	uint16_t len;	/* without the padding that a short one may get */
	uint32_t number;
	uint8_t content[PAYLOAD_MAX - 8];
};

#define PAYLOAD_MIN	offsetof(struct payload, content)

/**
 * struct stream - one numbering
 * @to: where it goes
 * @number: of the next frame; its sender's
 * @lock: guards all that follows
 * @moved: something arrived
 * @sent: how many
 * @given_up: so many of them are not waited for
 * @received: different ones
 * @seen: a bit for each
 * @highest: number received, plus one
 */
struct stream {
	struct direction *to;
	uint8_t id;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint32_t sent, given_up, received;
	uint32_t doubled, reordered, depth, highest;
	uint64_t bytes;
	uint8_t *seen;
};

/* From one host to the other. */
struct direction {
	char name;
	uint8_t index;
	int out, in;
	uint8_t src[6], dst[6];
	struct stream stream[STREAMS];
	uint32_t corrupted;	/* the receiver's, as is the rest */
	uint64_t last_arrival, silence;
};

static struct direction directions[2] = { { .name = 'a' }, { .name = 'b', .index = 1 } };
static int taps[2];
static uint32_t cable_frames, cable_plain, cable_readable;
static uint8_t pattern[PAYLOAD_MAX + MARK_LEN];
static volatile bool stop_sending, stop_waiting, stop_receiving;
static uint32_t window;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* ---- sending ---- */

static bool is_group(uint32_t number, uint32_t draw)
{
	return draw % 8 == 6 || number % 97 == 0;
}

static uint16_t len_of(uint32_t draw)
{
	switch (draw % 8) {
	case 0:
		return PAYLOAD_MIN;		/* tiny */
	case 1:
		return PAYLOAD_MAX;		/* carried in two */
	case 2:
		return PAYLOAD_MAX - (draw >> 8) % 100;	/* around what fits */
	default:
		return PAYLOAD_MIN + (draw >> 8) % 900;
	}
}

static int make_frame(uint8_t *frame, const struct stream *stream, uint32_t number,
		      uint16_t len, bool group)
{
	struct payload *payload = (struct payload *)(frame + ETHER_LEN);
	static const uint8_t groups[2][6] = {
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x2a }
	};

	memcpy(frame, group ? groups[number % 2] : stream->to->dst, 6);
	memcpy(frame + 6, stream->to->src, 6);
	frame[12] = STREAM_ETHERTYPE >> 8;
	frame[13] = STREAM_ETHERTYPE & 0xff;
	payload->stream = stream->id;
	payload->direction = stream->to->index;
	payload->len = htons(len);
	payload->number = htonl(number);
	memcpy(payload->content, pattern + number % MARK_LEN, len - PAYLOAD_MIN);
	return ETHER_LEN + len;
}

static uint32_t under_way(const struct stream *stream)
{
	uint32_t settled = stream->received + stream->given_up;

	return stream->sent > settled ? stream->sent - settled : 0;
}

/* Takes the next number, once there is room in the window. */
static uint32_t take_number(struct stream *stream)
{
	struct timespec until;
	uint32_t before, number;

	pthread_mutex_lock(&stream->lock);
	while (window && under_way(stream) >= window) {
		before = stream->received;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += PATIENCE;
		if (pthread_cond_timedwait(&stream->moved, &stream->lock, &until) == ETIMEDOUT &&
		    stream->received == before)
			stream->given_up = stream->sent - stream->received;
	}
	number = stream->sent++;
	pthread_mutex_unlock(&stream->lock);
	return number;
}

static void send_number(struct stream *stream, uint32_t number, uint16_t len, bool group)
{
	uint8_t frame[ETHER_LEN + PAYLOAD_MAX];
	int size = make_frame(frame, stream, number, len, group);

	if (send(stream->to->out, frame, size, 0) != size)
		die("send");
}

static void *send_all(void *argument)
{
	struct stream *stream = argument;
	uint32_t number, draw;

	while (!stop_sending && stream->sent < NUMBERS) {
		number = take_number(stream);
		draw = (number ^ stream->id) * 2654435761U >> 8;
		send_number(stream, number, len_of(draw), is_group(number, draw));
	}
	return NULL;
}

/* ---- receiving ---- */

static bool is_intact(const struct direction *direction, const struct payload *payload,
		      int received)
{
	uint32_t number = ntohl(payload->number);
	int len = ntohs(payload->len), i;

	if (received < (int)PAYLOAD_MIN || len < (int)PAYLOAD_MIN || len > received ||
	    payload->direction != direction->index || payload->stream >= STREAMS ||
	    number >= NUMBERS)
		return false;
	for (i = len; i < received; i++)
		if (((const uint8_t *)payload)[i])
			return false;
	return !memcmp(payload->content, pattern + number % MARK_LEN, len - PAYLOAD_MIN);
}

static void count_order(struct stream *stream, uint32_t number)
{
	if (number >= stream->highest) {
		stream->highest = number + 1;
		return;
	}
	stream->reordered++;
	if (stream->highest - 1 - number > stream->depth)
		stream->depth = stream->highest - 1 - number;
}

static void count_arrival(struct stream *stream, uint32_t number, int len)
{
	uint8_t bit = 1 << number % 8;

	pthread_mutex_lock(&stream->lock);
	if (stream->seen[number / 8] & bit) {
		stream->doubled++;
	} else {
		stream->seen[number / 8] |= bit;
		stream->received++;
		stream->bytes += len;
		count_order(stream, number);
		pthread_cond_signal(&stream->moved);
	}
	pthread_mutex_unlock(&stream->lock);
}

static void count_silence(struct direction *direction)
{
	uint64_t now = now_ms();

	if (direction->last_arrival && now - direction->last_arrival > direction->silence)
		direction->silence = now - direction->last_arrival;
	direction->last_arrival = now;
}

static void take_frame(struct direction *direction, const uint8_t *frame, int len)
{
	const struct payload *payload = (const struct payload *)(frame + ETHER_LEN);

	if (!is_intact(direction, payload, len - ETHER_LEN)) {
		direction->corrupted++;
		return;
	}
	count_silence(direction);
	count_arrival(&direction->stream[payload->stream], ntohl(payload->number),
		      ntohs(payload->len));
}

/* Frames that one call received. */
struct batch {
	struct mmsghdr head[BATCH];
	struct iovec part[BATCH];
	uint8_t frame[BATCH][2048];
};

static struct batch *new_batch(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	int i;

	if (!batch)
		die("calloc");
	for (i = 0; i < BATCH; i++) {
		batch->part[i] = (struct iovec){ batch->frame[i], sizeof(batch->frame[i]) };
		batch->head[i].msg_hdr.msg_iov = &batch->part[i];
		batch->head[i].msg_hdr.msg_iovlen = 1;
	}
	return batch;
}

/* Returns how many frames there are, which is 0 after a while of silence. */
static int fill(struct batch *batch, int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int count;

	if (poll(&wait, 1, 100) <= 0)
		return 0;
	count = recvmmsg(fd, batch->head, BATCH, MSG_DONTWAIT, NULL);
	return count < 0 ? 0 : count;
}

static void *receive_all(void *argument)
{
	struct direction *direction = argument;
	struct batch *batch = new_batch();
	int i, count;

	while ((count = fill(batch, direction->in)) || !stop_receiving)
		for (i = 0; i < count; i++)
			take_frame(direction, batch->frame[i], batch->head[i].msg_len);
	return NULL;
}

/* ---- the cable ---- */

static void look_at(const uint8_t *frame, int len)
{
	__atomic_add_fetch(&cable_frames, 1, __ATOMIC_RELAXED);
	if (len < ETHER_LEN || ether_type(frame) != ETHERTYPE)
		__atomic_add_fetch(&cable_plain, 1, __ATOMIC_RELAXED);
	if (memmem(frame, len, MARK, MARK_LEN))
		__atomic_add_fetch(&cable_readable, 1, __ATOMIC_RELAXED);
}

static void *watch_cable(void *argument)
{
	struct batch *batch = new_batch();
	int i, count, fd = *(int *)argument;

	while ((count = fill(batch, fd)) || !stop_receiving)
		for (i = 0; i < count; i++)
			look_at(batch->frame[i], batch->head[i].msg_len);
	return NULL;
}

/* ---- beginning and end ---- */

/* Enters the namespace of NAMESPACE/INTERFACE; returns the interface. */
static const char *enter(const char *place)
{
	const char *slash = strchr(place, '/');
	char path[256];
	int fd;

	if (!slash)
		die(place);
	snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(slash - place), place);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
	return slash + 1;
}

static void read_address(const char *name, uint8_t address[6])
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		die(name);
	memcpy(address, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static int socket_of(const char *name, int protocol)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), room = 16 << 20;

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		die(name);
	return fd;
}

static void open_host(const char *place, struct direction *from, struct direction *to)
{
	const char *name = enter(place);

	read_address(name, from->src);
	memcpy(to->dst, from->src, 6);
	from->out = socket_of(name, 0);
	to->in = socket_of(name, STREAM_ETHERTYPE);
}

static void open_hosts(char **places)
{
	open_host(places[0], &directions[0], &directions[1]);
	open_host(places[1], &directions[1], &directions[0]);
}

static void open_cable(char **places)
{
	int i;

	for (i = 0; i < 2; i++)
		taps[i] = packet_socket(enter(places[i]));
}

static void prepare(void)
{
	struct stream *stream;
	size_t i, way, id;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = MARK[i % MARK_LEN];
	for (way = 0; way < 2; way++) {
		for (id = 0; id < STREAMS; id++) {
			stream = &directions[way].stream[id];
			stream->to = &directions[way];
			stream->id = id;
			stream->seen = calloc(NUMBERS / 8, 1);
			pthread_mutex_init(&stream->lock, NULL);
			pthread_cond_init(&stream->moved, NULL);
			if (!stream->seen)
				die("calloc");
		}
	}
}

static pthread_t start(void *(*what)(void *argument), void *argument)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, what, argument);
	if (errno)
		die("pthread_create");
	return thread;
}

static uint32_t total(const struct direction *direction, size_t field)
{
	uint32_t sum = 0;
	size_t id;

	for (id = 0; id < STREAMS; id++)
		sum += *(const uint32_t *)((const char *)&direction->stream[id] + field);
	return sum;
}

#define TOTAL(direction, field)	total(direction, offsetof(struct stream, field))

static uint32_t missing(const struct direction *direction)
{
	return TOTAL(direction, sent) - TOTAL(direction, received);
}

static void on_signal(int signal)
{
	(void)signal;
	stop_waiting = true;
}

/* Until all have arrived, or none has for so long. */
static void wait_for_arrivals(int seconds)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	uint64_t changed = now_ms();
	uint32_t left = 0, before = 0;

	do {
		before = left;
		nanosleep(&moment, NULL);
		left = missing(&directions[0]) + missing(&directions[1]);
		if (left != before)
			changed = now_ms();
	} while (left && !stop_waiting && now_ms() - changed < 1000ULL * seconds);
}

static uint32_t unread(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	if (fd && getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		die("PACKET_STATISTICS");
	return stats.tp_drops;
}

static void report_first_missing(const struct direction *direction)
{
	const struct stream *stream;
	uint32_t number;
	size_t id;

	for (id = 0; id < STREAMS; id++) {
		stream = &direction->stream[id];
		for (number = 0; number < stream->sent; number++) {
			if (stream->seen[number / 8] & 1 << number % 8)
				continue;
			printf("%c_first_missing %u\n", direction->name, number);
			return;
		}
	}
	printf("%c_first_missing none\n", direction->name);
}

static void report(const struct direction *direction)
{
	const char name = direction->name;
	uint64_t bytes = 0;
	uint32_t depth = 0;
	size_t id;

	for (id = 0; id < STREAMS; id++) {
		bytes += direction->stream[id].bytes;
		if (direction->stream[id].depth > depth)
			depth = direction->stream[id].depth;
	}
	printf("%c_sent %u\n", name, TOTAL(direction, sent));
	printf("%c_received %u\n", name, TOTAL(direction, received));
	printf("%c_missing %u\n", name, missing(direction));
	printf("%c_doubled %u\n", name, TOTAL(direction, doubled));
	printf("%c_corrupted %u\n", name, direction->corrupted);
	printf("%c_bytes %llu\n", name, (unsigned long long)bytes);
	printf("%c_reordered %u\n", name, TOTAL(direction, reordered));
	printf("%c_depth %u\n", name, depth);
	printf("%c_silence %llu\n", name, (unsigned long long)direction->silence);
	report_first_missing(direction);
}

static void report_all(void)
{
	report(&directions[0]);
	report(&directions[1]);
	printf("cable_frames %u\n", cable_frames);
	printf("cable_plain %u\n", cable_plain);
	printf("cable_readable %u\n", cable_readable);
	printf("unread %u\n", unread(directions[0].in) + unread(directions[1].in) +
	       unread(taps[0]) + unread(taps[1]));
}

static void wait_for_signal(const sigset_t *set)
{
	int signal;

	printf("running\n");
	fflush(stdout);
	sigwait(set, &signal);
}

static int run(char **places)
{
	pthread_t sender[2 * STREAMS], receiver[4];
	sigset_t set;
	int way, i;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	open_hosts(places);
	open_cable(places + 2);
	for (way = 0; way < 2; way++) {
		receiver[way] = start(receive_all, &directions[way]);
		receiver[2 + way] = start(watch_cable, &taps[way]);
	}
	for (i = 0; i < 2 * STREAMS; i++)
		sender[i] = start(send_all, &directions[i / STREAMS].stream[i % STREAMS]);
	wait_for_signal(&set);
	stop_sending = true;
	for (i = 0; i < 2 * STREAMS; i++)
		pthread_join(sender[i], NULL);
	wait_for_arrivals(PATIENCE);
	stop_receiving = true;
	for (i = 0; i < 4; i++)
		pthread_join(receiver[i], NULL);
	report_all();
	return 0;
}

static int burst(uint32_t count, int seconds, char **places)
{
	struct stream *stream = &directions[0].stream[0];
	pthread_t receiver;
	uint32_t number;

	signal(SIGTERM, on_signal);
	open_hosts(places);
	receiver = start(receive_all, &directions[0]);
	for (number = 0; number < count; number++)
		send_number(stream, take_number(stream), 100, false);
	printf("out\n");
	fflush(stdout);
	wait_for_arrivals(seconds);
	stop_receiving = true;
	pthread_join(receiver, NULL);
	report_all();
	return 0;
}

int main(int argc, char **argv)
{
	prepare();
	if (argc == 7 && !strcmp(argv[1], "run")) {
		window = atoi(argv[2]);
		return run(argv + 3);
	}
	if (argc == 6 && !strcmp(argv[1], "burst"))
		return burst(atoi(argv[2]), atoi(argv[3]), argv + 4);
	fprintf(stderr, "usage: stream run WINDOW A/IF B/IF C/IF C/IF\n"
		"       stream burst COUNT SECONDS A/IF B/IF\n");
	return 2;
}
