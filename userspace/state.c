// SPDX-License-Identifier: GPL-2.0
/* state: moving a device to another machine by hand. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "archive.h"
#include "folder.h"
#include "objects.h"
#include "secret.h"
#include "store.h"

enum state_keyword { STATE_DIR };

/**
 * struct move - a state on its way
 * @file: the file's name
 * @path: the folder's
 * @data: what is in the file, or will be
 * @size: octets there is room for
 * @len: octets of it
 */
struct move {
	const char *file;
	const char *path;
	uint8_t *data;
	size_t size;
	size_t len;
};

static enum status move_words(struct tool *tool, struct args *args, struct move *move)
{
	static const struct word keywords[] = { { "dir", STATE_DIR }, { NULL } };
	unsigned int seen = 0;

	move->path = STORE_DEFAULT;
	move->file = args_need(tool, args, "FILE");
	if (!move->file)
		return STATUS_USAGE;
	for (;;) {
		switch (args_keyword(tool, args, keywords, &seen)) {
		case STATE_DIR:
			move->path = args_need(tool, args, "DIR");
			if (move->path)
				break;
			return STATUS_USAGE;
		case WORD_UNKNOWN:
			return STATUS_USAGE;
		default:
			return STATUS_DONE;
		}
	}
}

static void move_begin(struct move *move, size_t size)
{
	move->data = must_alloc(size);
	move->size = size;
}

static void move_end(struct move *move)
{
	if (!move->data)
		return;
	sodium_memzero(move->data, move->size);
	free(move->data);
}

static enum status cannot(struct tool *tool, const char *what, const char *file, int error)
{
	complain(tool, "cannot %s '%s': %s", what, file, strerror(error));
	return STATUS_FAILED;
}

static enum status pack(struct tool *tool, struct move *move, struct store *store)
{
	struct archive archive;
	const char *wrong = NULL;
	struct slot slot;
	size_t i;

	archive_begin(&archive, move->data);
	for (i = 0; !wrong && i < store->count; i++) {
		if (!store->kept[i]->sequence)
			continue;
		wrong = store_read(store, store->kept[i], &slot);
		if (!wrong)
			archive_add(&archive, &slot);
	}
	sodium_memzero(&slot, sizeof(slot));
	move->len = archive_end(&archive);
	if (!wrong)
		return STATUS_DONE;
	complain(tool, "'%s' cannot be read again: %s", move->path, wrong);
	return STATUS_FAILED;
}

static enum status write_file(struct tool *tool, const struct move *move)
{
	int ret = file_create(AT_FDCWD, move->file, move->data, move->len);

	if (!ret)
		ret = folder_sync_parent(move->file);
	return ret ? cannot(tool, "write", move->file, -ret) : STATUS_DONE;
}

static enum status export_store(struct tool *tool, struct move *move, struct store *store)
{
	enum status status = store_load(store);

	if (status)
		return status;
	if (!store->kept[0]->sequence) {
		complain(tool, "'%s' has no state of a device", move->path);
		return STATUS_FAILED;
	}
	move_begin(move, ARCHIVE_LEN(store->count));
	status = pack(tool, move, store);
	if (!status)
		status = write_file(tool, move);
	if (!status)
		complain(tool, "warning: never use '%s' again: two in use part it from its peers",
			 move->path);
	return status;
}

static enum status state_export(struct tool *tool, struct args *args)
{
	struct store *store = NULL;
	struct move move = { 0 };
	enum status status;

	status = move_words(tool, args, &move);
	if (!status)
		status = secret_guard(tool);
	if (!status)
		status = store_open(tool, move.path, false, &store);
	if (!status)
		status = export_store(tool, &move, store);
	move_end(&move);
	store_close(store);
	return status;
}

/* A file that shrinks meanwhile is truncated to whoever looks into it. */
static enum status read_file(struct tool *tool, struct move *move)
{
	struct stat stat;
	ssize_t len;

	if (lstat(move->file, &stat))
		return cannot(tool, "read", move->file, errno);
	if (!S_ISREG(stat.st_mode)) {
		complain(tool, "'%s' is not a file", move->file);
		return STATUS_FAILED;
	}
	if ((size_t)stat.st_size > ARCHIVE_LEN(ARCHIVE_SLOTS_MOST))
		return cannot(tool, "read", move->file, EFBIG);
	move_begin(move, stat.st_size + 1);
	len = file_read(AT_FDCWD, move->file, move->data, move->size);
	if (len < 0)
		return cannot(tool, "read", move->file, -len);
	move->len = len;
	return STATUS_DONE;
}

static enum status open_archive(struct tool *tool, struct move *move,
				struct archive *archive)
{
	enum status status = read_file(tool, move);
	const char *wrong;

	if (status)
		return status;
	wrong = archive_open(archive, move->data, move->len);
	if (!wrong)
		return STATUS_DONE;
	complain(tool, "'%s' is refused: %s", move->file, wrong);
	return STATUS_FAILED;
}

static int unpack(struct store *store, struct archive *archive)
{
	struct kept *kept;
	struct slot slot;
	int ret = 0;

	while (!ret && archive_next(archive, &slot)) {
		kept = slot.kind == SLOT_DEVICE ? store->kept[0] :
						  store_peer(store, slot.peer);
		memcpy(kept->device, slot.device, HPKM_ID_LEN);
		ret = store_write(store, kept, slot.blob, slot.len);
	}
	sodium_memzero(&slot, sizeof(slot));
	return ret;
}

static enum status fill_store(struct tool *tool, struct store *store,
			      struct archive *archive)
{
	enum status status = store_import_begin(store);
	int ret = 0;

	if (!status)
		ret = unpack(store, archive);
	if (ret)
		status = cannot(tool, "write to", store->path, -ret);
	if (!status)
		status = store_import_end(store);
	if (status && store_import_undo(store))
		complain(tool, "'%s' has either the whole state or nothing that counts",
			 store->path);
	return status;
}

static enum status state_import(struct tool *tool, struct args *args)
{
	struct store *store = NULL;
	struct archive archive;
	struct move move = { 0 };
	enum status status;

	status = move_words(tool, args, &move);
	if (!status)
		status = secret_guard(tool);
	if (!status)
		status = open_archive(tool, &move, &archive);
	if (!status)
		status = store_open(tool, move.path, true, &store);
	if (!status && store_is_used(store) && !store->torn) {
		complain(tool, "'%s' has state already: import into another folder", move.path);
		status = STATUS_FAILED;
	}
	if (!status)
		status = fill_store(tool, store, &archive);
	move_end(&move);
	store_close(store);
	return status;
}

const struct verb state_verbs[] = {
	{ "export", "FILE [dir DIR]", state_export,
	  "put the whole state of a device into FILE; no agent may be running" },
	{ "import", "FILE [dir DIR]", state_import,
	  "become the device whose state FILE has" },
	{ NULL }
};
