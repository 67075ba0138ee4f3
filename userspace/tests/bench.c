// SPDX-License-Identifier: GPL-2.0
/* Looking at a folder of state from a test. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bench.h"

static struct tool tool;
static char *said;
static size_t said_len;

static void listen_anew(void)
{
	if (tool.err)
		fclose(tool.err);
	free(said);
	said = NULL;
	tool.err = open_memstream(&said, &said_len);
	assert_non_null(tool.err);
	assert_true(sodium_init() >= 0);
}

/* A sentence that is in what was said; the rest of it is forgotten. */
void bench_said(const char *wanted)
{
	assert_non_null(tool.err);
	fflush(tool.err);
	if (!strstr(said, wanted))
		fail_msg("complaints lack '%s': %s", wanted, said);
	listen_anew();
}

void bench_said_nothing(void)
{
	fflush(tool.err);
	assert_string_equal(said, "");
}

static enum status try_open(const char *name, bool make, struct store **store)
{
	if (!tool.err)
		listen_anew();
	return store_open(&tool, scratch(name), make, store);
}

enum status bench_try_open(const char *name, bool make)
{
	struct store *store = NULL;
	enum status status = try_open(name, make, &store);

	store_close(store);
	return status;
}

struct store *bench_open(void)
{
	struct store *store = NULL;

	if (try_open("state", true, &store))
		fail_msg("not opened: %s", said);
	return store;
}

enum status bench_try_load(void)
{
	struct store *store = bench_open();
	enum status status = store_load(store);

	store_close(store);
	return status;
}

/* Ready for writing. */
struct store *bench_load(void)
{
	struct store *store = bench_open();

	if (store_load(store) || store_begin(store))
		fail_msg("not loaded: %s", said);
	return store;
}

int bench_put(struct store *store, struct kept *kept, const char *text)
{
	memcpy(kept->device, id_a, HPKM_ID_LEN);
	return store_write(store, kept, text, strlen(text));
}

void bench_settle(struct store *store)
{
	size_t i;

	for (i = 0; i < store->count; i++)
		if (!store->kept[i]->settled)
			assert_int_equal(store_settle(store, store->kept[i]), 0);
}

/* NULL: nothing that can be used. */
void bench_expect(struct store *store, const struct kept *kept, const char *text)
{
	struct slot slot;

	if (!text) {
		assert_true(!kept->sequence);
		return;
	}
	assert_true(kept->sequence);
	assert_null(store_read(store, kept, &slot));
	assert_int_equal(slot.len, strlen(text));
	assert_memory_equal(slot.blob, text, slot.len);
	assert_memory_equal(slot.device, id_a, HPKM_ID_LEN);
}

void bench_fill(void)
{
	struct store *store = bench_load();

	assert_int_equal(bench_put(store, store->kept[0], "the device"), 0);
	assert_int_equal(bench_put(store, store_peer(store, id_a), "peer a"), 0);
	assert_int_equal(bench_put(store, store_peer(store, id_b), "peer b"), 0);
	bench_settle(store);
	store_close(store);
}
