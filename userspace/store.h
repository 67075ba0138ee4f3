/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_STORE_H
#define HPKM_NL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "slot.h"
#include "tool.h"

#define STORE_DEFAULT	"/var/lib/hpkm"

/*
 * The folder that keeps the state of one device over power loss:
 *
 *	lock		held by whoever uses the folder
 *	key		of the slots' MAC: 32 random octets, made once
 *	device.0, .1	the two slots of the device's own state
 *	peer-ID.0, .1	those of each peer
 *	.hpkm-new	a file that is not yet renamed
 *	importing	there while 'state import' is not done: nothing counts
 *
 * A slot with sequence number n is in file n & 1.  A write makes number n + 1
 * of the newest number n that is durable, so it never touches the file that
 * this is in.  A write that failed may have happened; until one succeeds all
 * others go to the same file under the same number, and replace it.
 *
 * After a write the other file has an older state, with keys that may have
 * been erased since.  store_settle() gives it the newest state, too, under the
 * next number.  Then neither file has anything old, and losing one costs nothing.
 * It copies what the last write has made durable and forgets about that when
 * the next write begins, so it cannot undo one.
 */

/**
 * struct kept - what the folder has of the device, or of one peer
 * @kind: which of them
 * @peer: the peer's id; zero for the device
 * @device: whose state it is; zero if none can be used
 * @sequence: number of the newest slot; 0 if none can be used
 * @file: which of the two files there are, good or bad
 * @settled: there is nothing older than the newest slot
 * @awaited: for the agent: the kernel has yet to say what is to be kept
 */
struct kept {
	enum slot_kind kind;
	uint8_t peer[HPKM_ID_LEN];
	uint8_t device[HPKM_ID_LEN];
	uint64_t sequence;
	bool file[2];
	bool settled;
	bool awaited;
};

/**
 * struct store - the folder
 * @tool: this run, for complaints
 * @path: its name
 * @dir: its descriptor
 * @lock: the lock file's
 * @torn: an import was interrupted
 * @starved: a slot could not be read for want of what will be there another time
 * @key: of the MAC, in locked memory
 * @has_key: the key's file is there
 * @kept: the device's, which is always there, then the peers'
 * @count: how many
 */
struct store {
	struct tool *tool;
	const char *path;
	int dir;
	int lock;
	bool torn;
	bool starved;
	uint8_t *key;
	bool has_key;
	struct kept **kept;
	size_t count;
};

enum status store_open(struct tool *tool, const char *path, bool make,
		       struct store **made);
void store_close(struct store *store);
bool store_is_used(const struct store *store);
enum status store_load(struct store *store);
enum status store_begin(struct store *store);

struct kept *store_peer(struct store *store, const uint8_t peer[HPKM_ID_LEN]);
const char *store_read(struct store *store, const struct kept *kept,
		       struct slot *slot);
int store_write(struct store *store, struct kept *kept, const void *blob, size_t len);
int store_settle(struct store *store, struct kept *kept);
int store_erase(struct store *store, struct kept *kept);

enum status store_import_begin(struct store *store);
enum status store_import_end(struct store *store);
int store_import_undo(struct store *store);

#define KEPT_NAME_SIZE	64	/* "peer 0123..." or a file's name */

void kept_name(const struct kept *kept, char name[KEPT_NAME_SIZE]);

#endif
