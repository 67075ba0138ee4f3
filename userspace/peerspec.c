// SPDX-License-Identifier: GPL-2.0
/* Which peer is meant. */
#include <stdlib.h>
#include <string.h>

#include "objects.h"
#include "peerspec.h"
#include "text.h"

#define PREFIX_LEAST	4	/* digits of an id that may stand for it */

/**
 * args_peer - take the words that name a peer
 * @tool: this run
 * @args: what is left
 * @spec: receives them
 *
 * Here 'dev' must be written in full, since a peer may be called 'd'.
 */
enum status args_peer(struct tool *tool, struct args *args,
		      struct peer_spec *spec)
{
	*spec = (struct peer_spec){ .given = args_need(tool, args, "PEER") };
	if (!spec->given)
		return STATUS_USAGE;
	if (strcmp(spec->given, "dev"))
		return STATUS_DONE;
	spec->device = args_need(tool, args, "DEV");
	return spec->device ? STATUS_DONE : STATUS_USAGE;
}

static bool has_string(const struct nlattr *attr, const char *wanted)
{
	return attr && !strcmp(nla_data(attr), wanted);
}

static bool has_prefix(const uint8_t *id, const char *wanted)
{
	uint8_t prefix[HPKM_ID_LEN];
	int digits = text_from_hex(wanted, prefix, sizeof(prefix));

	if (digits < PREFIX_LEAST || memcmp(id, prefix, digits / 2))
		return false;
	return !(digits % 2) || id[digits / 2] >> 4 == prefix[digits / 2] >> 4;
}

static bool is_meant(const struct row *peer, const struct peer_spec *spec)
{
	const struct nlattr *id = peer->attrs.at[HPKM_PEER_A_ID];

	if (!id)
		return false;
	if (spec->device)
		return has_string(peer->attrs.at[HPKM_PEER_A_IFNAME], spec->device);
	return has_string(peer->attrs.at[HPKM_PEER_A_NAME], spec->given) ||
	       has_prefix(nla_data(id), spec->given);
}

static void complain_many(struct tool *tool, const struct rows *peers,
			  const struct peer_spec *spec)
{
	char *list = must_alloc(peers->count * (2 * HPKM_ID_LEN + 1) + 1);
	const struct row *peer;
	char *id;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		peer = &peers->row[i];
		if (!is_meant(peer, spec))
			continue;
		id = text_hex(nla_data(peer->attrs.at[HPKM_PEER_A_ID]), HPKM_ID_LEN);
		strcat(list, " ");
		strcat(list, id);
		free(id);
	}
	if (spec->device)
		complain(tool, "ambiguous: '%s' has several peers:%s", spec->device, list);
	else
		complain(tool, "ambiguous peer '%s':%s", spec->given, list);
	free(list);
}

/**
 * peer_match - find the one peer that is meant
 * @tool: this run
 * @peers: all peers
 * @spec: which one
 * @id: receives its id
 */
enum status peer_match(struct tool *tool, const struct rows *peers,
		       const struct peer_spec *spec, uint8_t id[HPKM_ID_LEN])
{
	const struct row *found = NULL;
	size_t i, hits = 0;

	for (i = 0; i < peers->count; i++) {
		if (!is_meant(&peers->row[i], spec))
			continue;
		found = &peers->row[i];
		hits++;
	}
	if (hits == 1) {
		memcpy(id, nla_data(found->attrs.at[HPKM_PEER_A_ID]), HPKM_ID_LEN);
		return STATUS_DONE;
	}
	if (hits)
		complain_many(tool, peers, spec);
	else if (spec->device)
		complain(tool, "no such peer: '%s' has none", spec->device);
	else
		complain(tool, "no such peer: '%s'", spec->given);
	return STATUS_FAILED;
}

/**
 * peer_resolve - ask the module which peer is meant
 * @tool: this run, connected
 * @spec: which one
 * @id: receives its id
 */
enum status peer_resolve(struct tool *tool, const struct peer_spec *spec,
			 uint8_t id[HPKM_ID_LEN])
{
	struct request request = request_new(tool, HPKM_CMD_PEER_GET);
	struct rows peers = { .table = &peer_table };
	enum status status;

	status = request_dump(tool, &request, &peers);
	if (!status)
		status = peer_match(tool, &peers, spec, id);
	rows_free(&peers);
	return status;
}

/**
 * peer_dump_show - the 'show' of objects that belong to peers
 * @tool: this run
 * @args: what is left: a peer
 * @cmd: HPKM_CMD_*_GET
 * @attr: the attribute that takes the peer's id
 * @table: what is listed
 * @needed: whether the peer must be named
 */
enum status peer_dump_show(struct tool *tool, struct args *args, uint8_t cmd,
			   int attr, const struct table *table, bool needed)
{
	bool given = needed || args->count;
	uint8_t id[HPKM_ID_LEN];
	struct peer_spec spec;
	struct request request;
	enum status status = STATUS_DONE;

	if (given)
		status = args_peer(tool, args, &spec);
	if (!status)
		status = args_end(tool, args);
	if (!status)
		status = netlink_open(tool);
	if (!status && given)
		status = peer_resolve(tool, &spec, id);
	if (status)
		return status;
	request = request_new(tool, cmd);
	if (given)
		request_octets(&request, attr, id, sizeof(id));
	return request_dump_show(tool, &request, table);
}
