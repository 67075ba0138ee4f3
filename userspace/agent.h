/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_AGENT_H
#define HPKM_NL_AGENT_H

#include "netlink.h"
#include "store.h"

/**
 * struct agent - the persist agent: between the module and the folder
 * @tool: this run, connected
 * @store: the folder, loaded
 * @device: the device's id
 * @peers: that the module had before anything was restored
 * @newer: the module has state already, which is newer than what is kept
 * @restored: peers that the module took
 * @listed: peers that the module had when the agent was ready
 * @awaited: of these and the device, what is not yet as durable as the module has it
 * @settle_at: when to settle what is to be settled, by clock_ms()
 */
struct agent {
	struct tool *tool;
	struct store *store;
	uint8_t device[HPKM_ID_LEN];
	uint32_t peers;
	bool newer;
	size_t restored;
	size_t listed;
	size_t awaited;
	int64_t settle_at;
};

enum status agent_begin(struct agent *agent);
enum status agent_serve(struct agent *agent, bool *any);
bool agent_settle(struct agent *agent);

#endif
