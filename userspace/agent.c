// SPDX-License-Identifier: GPL-2.0
/* What the persist agent and the module say to each other (linux/hpkm.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent.h"
#include "objects.h"
#include "text.h"

#define SETTLE_AGAIN_MS	60000	/* after a failure */

static const struct field state_fields[] = {
	{ HPKM_STATE_A_DEVICE, "device", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_STATE_A_PEERS, "peers", &as_number, NLA_U32 },
	{ HPKM_STATE_A_RESTORED, "restored", &as_bool, NLA_FLAG },
	{ HPKM_STATE_A_PEER, "peer", &as_hex, NLA_BINARY, HPKM_ID_LEN, HPKM_ID_LEN },
	{ HPKM_STATE_A_SERIAL, "serial", &as_number, NLA_U64 },
	{ HPKM_STATE_A_BLOB, "blob", &as_hex, NLA_BINARY, 1, HPKM_STATE_BLOB_MAX },
	{ 0 }
};

static const struct table state_table = { "state", state_fields, NULL };

static enum status take_reply(struct agent *agent, const struct rows *rows)
{
	struct nlattr *const *at;

	if (!rows->count || !rows->row[0].attrs.at[HPKM_STATE_A_DEVICE] ||
	    !rows->row[0].attrs.at[HPKM_STATE_A_PEERS]) {
		complain(agent->tool, "the kernel did not say which device this is");
		return STATUS_FAILED;
	}
	at = rows->row[0].attrs.at;
	memcpy(agent->device, nla_data(at[HPKM_STATE_A_DEVICE]), HPKM_ID_LEN);
	agent->peers = nla_get_u32(at[HPKM_STATE_A_PEERS]);
	agent->newer = at[HPKM_STATE_A_RESTORED];
	return STATUS_DONE;
}

static enum status become_agent(struct agent *agent)
{
	struct request request = request_new(agent->tool, HPKM_CMD_STATE_AGENT);
	struct rows rows = { .table = &state_table };
	enum status status;

	wakeup_open(agent->tool, HPKM_CMD_STATE_PENDING);
	status = request_do(agent->tool, &request, &rows);
	if (!status)
		status = take_reply(agent, &rows);
	rows_free(&rows);
	return status;
}

static enum status other_device(struct agent *agent, const char *why)
{
	char *kept = text_hex(agent->store->kept[0]->device, HPKM_ID_LEN);
	char *here = text_hex(agent->device, HPKM_ID_LEN);

	complain(agent->tool, "'%s' keeps the state of device %s, but this is device %s, which %s",
		 agent->store->path, kept, here, why);
	free(kept);
	free(here);
	return STATUS_FAILED;
}

/* Whether the module may get what is in the folder, and the other way round. */
static enum status check_device(struct agent *agent)
{
	const struct kept *kept = agent->store->kept[0];
	bool other = kept->sequence && memcmp(kept->device, agent->device, HPKM_ID_LEN);

	if (other && agent->newer)
		return other_device(agent, "has a newer state");
	if (other && agent->peers)
		return other_device(agent, "has peers already");
	if (agent->newer || kept->sequence || !(kept->file[0] || kept->file[1]))
		return STATUS_DONE;
	complain(agent->tool, "a new device would replace the one in '%s': move it away if it may",
		 agent->store->path);
	return STATUS_FAILED;
}

/* Returns STATUS_DONE also when the module refuses it, and then says so. */
static enum status restore(struct agent *agent, const struct kept *kept, bool *refused)
{
	const char *wrong;
	struct request request;
	enum status status;
	struct slot slot;

	wrong = store_read(agent->store, kept, &slot);
	if (wrong) {
		complain(agent->tool, "the newest state in '%s' cannot be read again: %s",
			 agent->store->path, wrong);
		return STATUS_FAILED;
	}
	request = request_new(agent->tool, HPKM_CMD_STATE_RESTORE);
	if (kept->kind == SLOT_PEER)
		request_octets(&request, HPKM_STATE_A_PEER, kept->peer, HPKM_ID_LEN);
	request_octets(&request, HPKM_STATE_A_BLOB, slot.blob, slot.len);
	sodium_memzero(&slot, sizeof(slot));
	status = request_do(agent->tool, &request, NULL);
	*refused = request.error;
	return *refused ? STATUS_DONE : status;
}

static enum status restore_peer(struct agent *agent, const struct kept *kept)
{
	char name[KEPT_NAME_SIZE];
	bool refused = false;
	enum status status;

	status = restore(agent, kept, &refused);
	if (status)
		return status;
	if (!refused) {
		agent->restored++;
		return STATUS_DONE;
	}
	kept_name(kept, name);
	complain(agent->tool, "%s is not restored; its files are left alone", name);
	return STATUS_DONE;
}

static enum status restore_all(struct agent *agent)
{
	const struct store *store = agent->store;
	const struct kept *device = store->kept[0];
	bool refused = false;
	enum status status;
	size_t i;

	status = restore(agent, device, &refused);
	if (!status && refused) {
		complain(agent->tool, "the device is not restored, and nothing is written to '%s'",
			 store->path);
		status = STATUS_FAILED;
	}
	if (!status)
		memcpy(agent->device, device->device, HPKM_ID_LEN);
	for (i = 1; !status && i < store->count; i++)
		if (store->kept[i]->sequence)
			status = restore_peer(agent, store->kept[i]);
	return status;
}

/* Peers whose device was never written are of no use to the new one. */
static void leave_out_peers(struct agent *agent)
{
	const struct store *store = agent->store;
	char name[KEPT_NAME_SIZE];
	size_t i;

	for (i = 1; i < store->count; i++) {
		if (!store->kept[i]->sequence)
			continue;
		kept_name(store->kept[i], name);
		complain(agent->tool, "%s is not restored: its device is not in '%s'",
			 name, store->path);
	}
}

static enum status say_ready(struct agent *agent)
{
	struct request request = request_new(agent->tool, HPKM_CMD_STATE_READY);

	return request_do(agent->tool, &request, NULL);
}

static void await(struct agent *agent, struct kept *kept)
{
	if (kept->awaited)
		return;
	kept->awaited = true;
	agent->awaited++;
}

/* The module now asks for all it has to be written; this tells when that is done. */
static enum status list_peers(struct agent *agent)
{
	struct request request = request_new(agent->tool, HPKM_CMD_PEER_GET);
	struct rows peers = { .table = &peer_table };
	const struct nlattr *id;
	enum status status;
	size_t i;

	status = request_dump(agent->tool, &request, &peers);
	for (i = 0; !status && i < peers.count; i++) {
		id = peers.row[i].attrs.at[HPKM_PEER_A_ID];
		if (!id)
			continue;
		await(agent, store_peer(agent->store, nla_data(id)));
		agent->listed++;
	}
	await(agent, agent->store->kept[0]);
	rows_free(&peers);
	return status;
}

/**
 * agent_begin - become the agent and restore what was kept
 * @agent: with the folder loaded
 *
 * From now on there are writes to serve.
 */
enum status agent_begin(struct agent *agent)
{
	enum status status = become_agent(agent);

	if (!status)
		status = check_device(agent);
	if (!status)
		status = store_begin(agent->store);
	if (!status && !agent->newer && agent->store->kept[0]->sequence)
		status = restore_all(agent);
	else if (!status && !agent->newer)
		leave_out_peers(agent);
	if (!status)
		status = say_ready(agent);
	if (!status)
		status = list_peers(agent);
	return status;
}

static int keep(struct agent *agent, struct kept *kept, const struct nlattr *blob)
{
	char name[KEPT_NAME_SIZE];
	int ret = -EINVAL;

	if (blob) {
		memcpy(kept->device, agent->device, HPKM_ID_LEN);
		ret = store_write(agent->store, kept, nla_data(blob), nla_len(blob));
	} else if (kept->kind == SLOT_PEER) {
		ret = store_erase(agent->store, kept);
	}
	if (!ret)
		return 0;
	kept_name(kept, name);
	complain(agent->tool, "cannot %s the state of %s in '%s': %s",
		 blob ? "write" : "erase", name, agent->store->path, strerror(-ret));
	return ret;
}

/* A write that the kernel has given up meanwhile is followed by another. */
static enum status tell_written(struct agent *agent, struct nlattr *const *at,
				int ret, bool *counts)
{
	struct request request = request_new(agent->tool, HPKM_CMD_STATE_WRITTEN);
	enum status status;

	request.accepted = ESTALE;
	if (at[HPKM_STATE_A_PEER])
		request_octets(&request, HPKM_STATE_A_PEER,
			       nla_data(at[HPKM_STATE_A_PEER]), HPKM_ID_LEN);
	request_u64(&request, HPKM_STATE_A_SERIAL,
		    nla_get_u64(at[HPKM_STATE_A_SERIAL]));
	if (ret)
		request_u32(&request, HPKM_STATE_A_ERROR, -ret);
	status = request_do(agent->tool, &request, NULL);
	*counts = !status && !request.error && !ret;
	return status;
}

/* That it cannot be written is no failure of the agent's. */
static enum status serve(struct agent *agent, struct nlattr *const *at)
{
	enum status status;
	struct kept *kept;
	bool counts;
	int ret;

	kept = at[HPKM_STATE_A_PEER] ?
	       store_peer(agent->store, nla_data(at[HPKM_STATE_A_PEER])) :
	       agent->store->kept[0];
	ret = keep(agent, kept, at[HPKM_STATE_A_BLOB]);
	status = tell_written(agent, at, ret, &counts);
	if (counts && kept->awaited) {
		kept->awaited = false;
		agent->awaited--;
	}
	return status;
}

/* The module tells nobody that it goes, so this is where it shows. */
static enum status fetch(struct agent *agent, struct rows *rows)
{
	struct request request = request_new(agent->tool, HPKM_CMD_STATE_NEXT);
	enum status status;

	request.accepted = ENOENT;
	status = request_do(agent->tool, &request, rows);
	if (request.error == ENOENT) {
		complain(agent->tool, "the kernel module was unloaded");
		return STATUS_ABSENT;
	}
	/* Want of memory passes, and the module says again that a write waits. */
	return request.error == ENOMEM ? STATUS_DONE : status;
}

/**
 * agent_serve - fetch one write and do it
 * @agent: the agent
 * @any: receives whether there was one
 */
enum status agent_serve(struct agent *agent, bool *any)
{
	struct rows rows = { .table = &state_table };
	enum status status = fetch(agent, &rows);

	*any = !status && rows.count && rows.row[0].attrs.at[HPKM_STATE_A_SERIAL];
	if (*any)
		status = serve(agent, rows.row[0].attrs.at);
	rows_free(&rows);
	return status;
}

static struct kept *next_to_settle(const struct agent *agent)
{
	size_t i;

	for (i = 0; i < agent->store->count; i++)
		if (!agent->store->kept[i]->settled)
			return agent->store->kept[i];
	return NULL;
}

/**
 * agent_settle - do a piece of the work that the module does not ask for
 * @agent: the agent; no write waits
 *
 * Return: whether there was any to do now
 */
bool agent_settle(struct agent *agent)
{
	struct kept *kept = next_to_settle(agent);
	char name[KEPT_NAME_SIZE];
	int ret;

	if (!kept || agent->settle_at > clock_ms())
		return false;
	ret = store_settle(agent->store, kept);
	agent->settle_at = ret ? clock_ms() + SETTLE_AGAIN_MS : 0;
	if (!ret)
		return true;
	kept_name(kept, name);
	complain(agent->tool, "cannot write the state of %s in '%s' a second time: %s",
		 name, agent->store->path, strerror(-ret));
	return true;
}
