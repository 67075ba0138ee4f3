// SPDX-License-Identifier: GPL-2.0
/* State in files: see store.h for how it survives. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sodium.h>

#include "folder.h"
#include "store.h"
#include "text.h"

#define LOCK_FILE	"lock"
#define KEY_FILE	"key"
#define IMPORT_FILE	"importing"
#define PEER_DIGITS	(2 * HPKM_ID_LEN)

/**
 * kept_name - whose state it is, in words
 * @kept: the state
 * @name: receives the words
 */
void kept_name(const struct kept *kept, char name[KEPT_NAME_SIZE])
{
	char *hex;

	if (kept->kind == SLOT_DEVICE) {
		strcpy(name, "the device");
		return;
	}
	hex = text_hex(kept->peer, HPKM_ID_LEN);
	snprintf(name, KEPT_NAME_SIZE, "peer %s", hex);
	free(hex);
}

static void file_name(const struct kept *kept, unsigned int file,
		      char name[KEPT_NAME_SIZE])
{
	char *hex;

	if (kept->kind == SLOT_DEVICE) {
		snprintf(name, KEPT_NAME_SIZE, "device.%u", file);
		return;
	}
	hex = text_hex(kept->peer, HPKM_ID_LEN);
	snprintf(name, KEPT_NAME_SIZE, "peer-%s.%u", hex, file);
	free(hex);
}

static struct kept *add_kept(struct store *store, enum slot_kind kind,
			     const uint8_t *peer)
{
	struct kept *kept = must_alloc(sizeof(*kept));

	*kept = (struct kept){ .kind = kind, .settled = true };
	if (peer)
		memcpy(kept->peer, peer, HPKM_ID_LEN);
	store->kept = must_resize(store->kept, (store->count + 1) * sizeof(kept));
	store->kept[store->count++] = kept;
	return kept;
}

/**
 * store_peer - what is kept of a peer, perhaps nothing yet
 * @store: the folder
 * @peer: the peer's id
 */
struct kept *store_peer(struct store *store, const uint8_t peer[HPKM_ID_LEN])
{
	size_t i;

	for (i = 1; i < store->count; i++)
		if (!memcmp(store->kept[i]->peer, peer, HPKM_ID_LEN))
			return store->kept[i];
	return add_kept(store, SLOT_PEER, peer);
}

/* "peer-", 32 digits in lower case, and what tells the two files apart. */
static bool peer_of(const char *name, uint8_t peer[HPKM_ID_LEN])
{
	char digits[PEER_DIGITS + 1] = { 0 };

	if (strncmp(name, "peer-", 5) || strlen(name) != 5 + PEER_DIGITS + 2)
		return false;
	memcpy(digits, name + 5, PEER_DIGITS);
	return strspn(digits, "0123456789abcdef") == PEER_DIGITS &&
	       text_from_hex(digits, peer, HPKM_ID_LEN) == PEER_DIGITS;
}

/* Whatever else is there is not ours, and stays. */
static void note_file(struct store *store, const char *name)
{
	const char *end = strrchr(name, '.');
	uint8_t peer[HPKM_ID_LEN];
	unsigned int file;

	store->has_key |= !strcmp(name, KEY_FILE);
	store->torn |= !strcmp(name, IMPORT_FILE);
	if (!end || (strcmp(end, ".0") && strcmp(end, ".1")))
		return;
	file = end[1] - '0';
	if (!strncmp(name, "device.", 7) && end == name + 6)
		store->kept[0]->file[file] = true;
	else if (peer_of(name, peer))
		store_peer(store, peer)->file[file] = true;
}

/* The device stays first. */
static int by_peer(const void *a, const void *b)
{
	const struct kept *const *one = a, *const *other = b;

	return memcmp((*one)->peer, (*other)->peer, HPKM_ID_LEN);
}

static int scan(struct store *store)
{
	int copy = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir)))
		note_file(store, entry->d_name);
	closedir(dir);
	if (errno)
		return -errno;
	qsort(store->kept + 1, store->count - 1, sizeof(*store->kept), by_peer);
	return 0;
}

static enum status cannot(struct store *store, const char *what, int error)
{
	complain(store->tool, "cannot %s in '%s': %s", what, store->path, strerror(-error));
	return STATUS_FAILED;
}

static enum status take_lock(struct store *store)
{
	store->lock = openat(store->dir, LOCK_FILE,
			     O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return cannot(store, "make a lock", -errno);
	if (!flock(store->lock, LOCK_EX | LOCK_NB))
		return STATUS_DONE;
	if (errno != EWOULDBLOCK)
		return cannot(store, "take the lock", -errno);
	complain(store->tool, "'%s' is in use: an agent keeps state there", store->path);
	return STATUS_FAILED;
}

static enum status open_folder(struct store *store, bool make)
{
	enum status status = folder_open(store->tool, store->path, make, &store->dir);
	int ret;

	if (!status)
		status = take_lock(store);
	if (status)
		return status;
	/* A write that was cut off leaves keys behind. */
	ret = file_erase(store->dir, FILE_UNFINISHED, NULL);
	if (!ret)
		ret = scan(store);
	return ret ? cannot(store, "look at the files", ret) : STATUS_DONE;
}

/**
 * store_open - open and lock the folder, and see which files there are
 * @tool: this run
 * @path: the folder, which outlives the store
 * @make: create it if only its last component is missing
 * @made: receives the store
 */
enum status store_open(struct tool *tool, const char *path, bool make,
		       struct store **made)
{
	struct store *store = must_alloc(sizeof(*store));
	enum status status;

	*store = (struct store){ .tool = tool, .path = path, .dir = -1, .lock = -1 };
	add_kept(store, SLOT_DEVICE, NULL);
	store->key = sodium_malloc(SLOT_KEY_LEN);
	if (store->key) {
		status = open_folder(store, make);
	} else {
		complain(tool, "out of memory");
		status = STATUS_FAILED;
	}
	if (status)
		store_close(store);
	else
		*made = store;
	return status;
}

/**
 * store_close - undo store_open()
 * @store: the folder, or NULL
 *
 * The lock goes with its last descriptor: a process that forked keeps it.
 */
void store_close(struct store *store)
{
	size_t i;

	if (!store)
		return;
	for (i = 0; i < store->count; i++)
		free(store->kept[i]);
	free(store->kept);
	sodium_free(store->key);
	if (store->lock >= 0)
		close(store->lock);
	if (store->dir >= 0)
		close(store->dir);
	free(store);
}

static bool has_file(const struct kept *kept)
{
	return kept->file[0] || kept->file[1];
}

static bool has_slots(const struct store *store)
{
	size_t i;

	for (i = 0; i < store->count; i++)
		if (has_file(store->kept[i]))
			return true;
	return false;
}

/**
 * store_is_used - whether there is any state, readable or not
 * @store: the folder
 */
bool store_is_used(const struct store *store)
{
	return store->has_key || has_slots(store);
}

static enum status read_key(struct store *store)
{
	ssize_t len = file_read(store->dir, KEY_FILE, store->key, SLOT_KEY_LEN);

	if (len < 0)
		return cannot(store, "read the key", len);
	if (len == SLOT_KEY_LEN)
		return STATUS_DONE;
	complain(store->tool, "the key in '%s' is truncated", store->path);
	return STATUS_FAILED;
}

/* Names and contents must agree: files can be renamed and copied. */
static const char *check_place(const struct kept *kept, unsigned int file,
			       const struct slot *slot)
{
	if (slot->kind != kept->kind || memcmp(slot->peer, kept->peer, HPKM_ID_LEN) ||
	    (slot->sequence & 1) != file)
		return "it was written under another name";
	return NULL;
}

static const char *read_slot(struct store *store, const struct kept *kept,
			     unsigned int file, struct slot *slot)
{
	char name[KEPT_NAME_SIZE];
	uint8_t data[SLOT_MOST + 1];
	const char *wrong;
	ssize_t len;

	file_name(kept, file, name);
	len = file_read(store->dir, name, data, sizeof(data));
	store->starved |= len == -ENOMEM || len == -EMFILE || len == -ENFILE;
	if (len < 0)
		return strerror(-len);
	wrong = slot_decode(data, len, store->key, slot);
	if (!wrong)
		wrong = check_place(kept, file, slot);
	sodium_memzero(data, sizeof(data));
	return wrong;
}

static void refuse(struct store *store, const struct kept *kept, unsigned int file,
		   const char *wrong)
{
	char name[KEPT_NAME_SIZE];

	file_name(kept, file, name);
	complain(store->tool, "'%s/%s' is not used: %s", store->path, name, wrong);
}

/* Peers belong to the device that is kept beside them, if there is one. */
static const char *check_owner(const struct store *store, const struct slot *slot)
{
	const struct kept *device = store->kept[0];

	if (slot->kind == SLOT_PEER && device->sequence &&
	    memcmp(slot->device, device->device, HPKM_ID_LEN))
		return "it belongs to another device";
	return NULL;
}

static const char *check_older(const struct slot *older, const struct slot *newer)
{
	if (memcmp(older->device, newer->device, HPKM_ID_LEN))
		return "it belongs to another device";
	if (newer->sequence - older->sequence > 1)
		return "it is older than it should be";
	return NULL;
}

static void judge(struct store *store, struct kept *kept)
{
	bool good[2] = { false, false };
	struct slot slot[2] = { 0 };
	unsigned int file, newest;
	const char *wrong;

	for (file = 0; file < 2; file++) {
		if (!kept->file[file])
			continue;
		wrong = read_slot(store, kept, file, &slot[file]);
		if (!wrong)
			wrong = check_owner(store, &slot[file]);
		if (wrong)
			refuse(store, kept, file, wrong);
		good[file] = !wrong;
	}
	newest = good[1] && (!good[0] || slot[1].sequence > slot[0].sequence);
	if (good[0] && good[1]) {
		wrong = check_older(&slot[!newest], &slot[newest]);
		if (wrong)
			refuse(store, kept, !newest, wrong);
	}
	if (good[newest]) {
		kept->sequence = slot[newest].sequence;
		memcpy(kept->device, slot[newest].device, HPKM_ID_LEN);
	}
	sodium_memzero(slot, sizeof(slot));
}

static void judge_all(struct store *store)
{
	char name[KEPT_NAME_SIZE];
	struct kept *kept;
	size_t i;

	for (i = 0; i < store->count; i++) {
		kept = store->kept[i];
		judge(store, kept);
		if (!has_file(kept) || kept->sequence)
			continue;
		kept_name(kept, name);
		complain(store->tool, "nothing of %s in '%s' can be used; its files are left alone",
			 name, store->path);
	}
}

/**
 * store_load - read all that is kept and judge it
 * @store: the folder
 *
 * What cannot be used is complained of and left out.
 */
enum status store_load(struct store *store)
{
	if (store->torn) {
		complain(store->tool, "'state import' into '%s' was interrupted: do it again",
			 store->path);
		return STATUS_FAILED;
	}
	if (!store->has_key && has_slots(store)) {
		complain(store->tool, "'%s' has state, but the key it was written with is gone",
			 store->path);
		return STATUS_FAILED;
	}
	if (store->has_key && read_key(store))
		return STATUS_FAILED;
	judge_all(store);
	if (!store->starved)
		return STATUS_DONE;
	/* The newest state may be there all the same, and must not be written over. */
	complain(store->tool, "there is no memory, or no descriptor, to read '%s'", store->path);
	return STATUS_FAILED;
}

static int make_key(struct store *store)
{
	int ret;

	randombytes_buf(store->key, SLOT_KEY_LEN);
	ret = file_replace(store->dir, KEY_FILE, store->key, SLOT_KEY_LEN);
	store->has_key = !ret;
	return ret;
}

/**
 * store_begin - make ready for writing what store_load() has read
 * @store: the folder
 *
 * What was read must be durable before anything is written on top of it, and
 * the key before anything is written with it.
 */
enum status store_begin(struct store *store)
{
	int ret = folder_sync(store->dir);

	if (!ret && !store->has_key)
		ret = make_key(store);
	return ret ? cannot(store, "write", ret) : STATUS_DONE;
}

/**
 * store_read - read the newest state
 * @store: the folder
 * @kept: of what
 * @slot: receives it; wipe it
 *
 * Return: NULL, or why it cannot be read any more
 */
const char *store_read(struct store *store, const struct kept *kept, struct slot *slot)
{
	const char *wrong = read_slot(store, kept, kept->sequence & 1, slot);

	if (!wrong && slot->sequence != kept->sequence)
		wrong = "it has changed";
	return wrong;
}

/* The sequence number rises only when the slot is durable. */
static int put_next(struct store *store, struct kept *kept, struct slot *slot)
{
	char name[KEPT_NAME_SIZE];
	uint8_t data[SLOT_MOST];
	unsigned int file;
	size_t len;
	int ret;

	slot->sequence = kept->sequence + 1;
	file = slot->sequence & 1;
	file_name(kept, file, name);
	len = slot_encode(slot, store->key, data);
	ret = file_replace(store->dir, name, data, len);
	sodium_memzero(data, sizeof(data));
	if (ret)
		return ret;
	kept->sequence = slot->sequence;
	kept->file[file] = true;
	return 0;
}

/**
 * store_write - keep a state
 * @store: the folder
 * @kept: of what; with its device
 * @blob: the state
 * @len: octets of it: 1..HPKM_STATE_BLOB_MAX
 *
 * Return: 0: it is durable, or a negative errno: it may be
 */
int store_write(struct store *store, struct kept *kept, const void *blob, size_t len)
{
	struct slot slot = { .kind = kept->kind, .len = len };
	int ret;

	memcpy(slot.device, kept->device, HPKM_ID_LEN);
	memcpy(slot.peer, kept->peer, HPKM_ID_LEN);
	memcpy(slot.blob, blob, len);
	kept->settled = true;
	ret = put_next(store, kept, &slot);
	kept->settled = ret != 0;
	sodium_memzero(&slot, sizeof(slot));
	return ret;
}

/**
 * store_settle - write the newest state into the other file, too
 * @store: the folder
 * @kept: of what
 *
 * Return: 0 or a negative errno
 */
int store_settle(struct store *store, struct kept *kept)
{
	struct slot slot;
	int ret = -EBADMSG;

	if (!store_read(store, kept, &slot))
		ret = put_next(store, kept, &slot);
	kept->settled = !ret;
	sodium_memzero(&slot, sizeof(slot));
	return ret;
}

/**
 * store_erase - keep nothing of a peer any more
 * @store: the folder
 * @kept: of which
 *
 * Return: 0: that is durable, or a negative errno: it may be
 */
int store_erase(struct store *store, struct kept *kept)
{
	char newest[KEPT_NAME_SIZE], other[KEPT_NAME_SIZE];
	int ret;

	kept->settled = true;
	file_name(kept, kept->sequence & 1, newest);
	file_name(kept, !(kept->sequence & 1), other);
	/* Should this be cut off, it is not an older state that comes back. */
	ret = file_erase(store->dir, other, newest);
	if (ret)
		return ret;
	kept->sequence = 0;
	kept->file[0] = false;
	kept->file[1] = false;
	return 0;
}

static int mark_import(struct store *store)
{
	return file_replace(store->dir, IMPORT_FILE, "", 0);
}

/**
 * store_import_begin - from now on nothing in the folder counts
 * @store: the folder, not in use or with what an interrupted import left
 */
enum status store_import_begin(struct store *store)
{
	int ret = store->torn ? store_import_undo(store) : 0;

	if (!ret)
		ret = mark_import(store);
	return ret ? cannot(store, "write", ret) : store_begin(store);
}

/**
 * store_import_end - from now on all in the folder counts
 * @store: the folder
 */
enum status store_import_end(struct store *store)
{
	int ret = file_erase(store->dir, IMPORT_FILE, NULL);

	return ret ? cannot(store, "finish the import", ret) : STATUS_DONE;
}

/**
 * store_import_undo - remove what an import has written
 * @store: the folder
 *
 * Return: 0 or a negative errno: then there is all of it, or nothing counts
 */
int store_import_undo(struct store *store)
{
	/* The end of the import may be what has failed. */
	int ret = mark_import(store);
	size_t i;

	for (i = 0; !ret && i < store->count; i++)
		ret = store_erase(store, store->kept[i]);
	if (!ret)
		ret = file_erase(store->dir, KEY_FILE, NULL);
	store->has_key = store->has_key && ret;
	if (!ret)
		ret = file_erase(store->dir, IMPORT_FILE, NULL);
	return ret;
}
