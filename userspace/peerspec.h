/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_PEERSPEC_H
#define HPKM_NL_PEERSPEC_H

#include "netlink.h"
#include "words.h"

/**
 * struct peer_spec - a peer as the command line names it
 * @given: its id, the beginning of that, or its name; or
 * @device: the link that has one peer only
 */
struct peer_spec {
	const char *given;
	const char *device;
};

enum status args_peer(struct tool *tool, struct args *args,
		      struct peer_spec *spec);
enum status peer_match(struct tool *tool, const struct rows *peers,
		       const struct peer_spec *spec, uint8_t id[HPKM_ID_LEN]);
enum status peer_resolve(struct tool *tool, const struct peer_spec *spec,
			 uint8_t id[HPKM_ID_LEN]);
enum status peer_dump_show(struct tool *tool, struct args *args, uint8_t cmd,
			   int attr, const struct table *table, bool needed);

#endif
