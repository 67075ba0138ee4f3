// SPDX-License-Identifier: GPL-2.0
/*
 * What hpkm-nl would never say: a request to the module with any attributes.
 *
 *	netlink COMMAND [ATTRIBUTE:TYPE:VALUE...]
 *
 * COMMAND and ATTRIBUTE are numbers of include/uapi/linux/hpkm.h; TYPE is u8, u32,
 * str or hex.  Exit status 0 when it was done; 1 when it was refused, and then the
 * error and the module's sentence about it are printed.
 */
#include "netlink.h"

static int take_attribute(struct message *request, const char *word)
{
	static uint8_t octets[ROOM];
	static char value[2 * ROOM];
	char kind[4];
	unsigned int type;
	int len;

	if (sscanf(word, "%u:%3[^:]:%8191s", &type, kind, value) != 3)
		return 0;
	len = octets_of(kind, value, octets);
	if (len < 0)
		return 0;
	put(request, type, octets, len);
	return 1;
}

int main(int argc, char **argv)
{
	struct message request, reply;
	int i, fd, error;

	if (argc < 2) {
		fprintf(stderr, "usage: netlink COMMAND [ATTRIBUTE:u8|u32|str|hex:VALUE...]\n");
		return 2;
	}
	fd = netlink_socket();
	request = begin(family_id(fd), atoi(argv[1]));
	for (i = 2; i < argc; i++) {
		if (!take_attribute(&request, argv[i])) {
			fprintf(stderr, "'%s' is no attribute\n", argv[i]);
			return 2;
		}
	}
	error = ask(fd, &request, &reply);
	if (error)
		printf("%s: %s\n", strerrorname_np(error), reason(&reply));
	return !!error;
}
