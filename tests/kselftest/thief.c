// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the state of a device, or lives under a stolen one: as the persist
 * agent of the namespace, which is who gets it.
 *
 *	thief take		print each write, and say that it is done, until killed:
 *				"device BLOB", "peer ID BLOB" or "erased ID", in hex
 *	thief give DEVICE PEER	restore these two lines of another thief's, then
 *				take
 *
 * Says "ready" when the module has all.
 */
#include "netlink.h"
#include <linux/hpkm.h>
#include <poll.h>

#define POLL_MS	200

static int fd;
static int family;

static struct message request_for(int command)
{
	return begin(family, command);
}

static void must(struct message *request, struct message *reply)
{
	if (ask(fd, request, reply)) {
		fprintf(stderr, "refused: %s\n", reason(reply));
		exit(1);
	}
}

static void print_hex(const char *before, const uint8_t *data, int len)
{
	static char hex[2 * HPKM_STATE_BLOB_MAX + 1];

	to_hex(data, len, hex);
	printf("%s%s", before, hex);
}

static void say_written(const uint8_t *peer, const uint8_t *serial)
{
	struct message request = request_for(HPKM_CMD_STATE_WRITTEN), reply;

	if (peer)
		put(&request, HPKM_STATE_A_PEER, peer, HPKM_ID_LEN);
	put(&request, HPKM_STATE_A_SERIAL, serial, 8);
	/* It may have been given up in the meantime. */
	ask(fd, &request, &reply);
}

/* Returns whether there was one. */
static int take_write(void)
{
	struct message request = request_for(HPKM_CMD_STATE_NEXT), reply;
	const uint8_t *serial, *peer, *blob;
	int len;

	must(&request, &reply);
	serial = attribute(&reply, HPKM_STATE_A_SERIAL, &len);
	if (!serial)
		return 0;
	peer = attribute(&reply, HPKM_STATE_A_PEER, &len);
	blob = attribute(&reply, HPKM_STATE_A_BLOB, &len);
	printf("%s", !blob ? "erased" : peer ? "peer" : "device");
	if (peer)
		print_hex(" ", peer, HPKM_ID_LEN);
	if (blob)
		print_hex(" ", blob, len);
	putchar('\n');
	fflush(stdout);
	say_written(peer, serial);
	return 1;
}

static void take(void)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct message request = request_for(HPKM_CMD_STATE_READY), reply;

	must(&request, &reply);
	while (take_write())
		;
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (poll(&wait, 1, POLL_MS) == 1)
			recv(fd, &reply, sizeof(reply), 0);
		while (take_write())
			;
	}
}

static void put_hex(struct message *request, int type, const char *hex, int expected)
{
	static uint8_t octets[HPKM_STATE_BLOB_MAX];
	int len = from_hex(hex, octets, sizeof(octets));

	if (len < 1 || (expected && len != expected)) {
		fprintf(stderr, "'%.40s' is none of what a thief prints\n", hex);
		exit(2);
	}
	put(request, type, octets, len);
}

/* @line: "device BLOB" or "peer ID BLOB" */
static void give(char *line)
{
	struct message request = request_for(HPKM_CMD_STATE_RESTORE), reply;
	const char *kind = strtok(line, " "), *word = strtok(NULL, " ");

	if (kind && word && !strcmp(kind, "peer")) {
		put_hex(&request, HPKM_STATE_A_PEER, word, HPKM_ID_LEN);
		word = strtok(NULL, " ");
	}
	put_hex(&request, HPKM_STATE_A_BLOB, word ? word : "", 0);
	must(&request, &reply);
}

int main(int argc, char **argv)
{
	int gives = argc == 4 && !strcmp(argv[1], "give");
	struct message request, reply;

	if (!gives && (argc != 2 || strcmp(argv[1], "take"))) {
		fprintf(stderr, "usage: thief take | thief give DEVICE PEER\n");
		return 2;
	}
	fd = netlink_socket();
	family = family_id(fd);
	request = request_for(HPKM_CMD_STATE_AGENT);
	must(&request, &reply);
	if (gives) {
		give(argv[2]);
		give(argv[3]);
	}
	take();
}
