/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_SECRET_H
#define HPKM_NL_SECRET_H

#include <stdint.h>

#include <linux/hpkm.h>

#include "tool.h"

#define PASSPHRASE_MAX	1024	/* octets of UTF-8 */

/**
 * struct secret - what is not to be seen, in locked memory
 * @len: octets of the passphrase
 * @passphrase: as typed; one more for the newline, one to see that it is too long
 * @again: as typed the second time
 * @key: the stretched SK
 */
struct secret {
	size_t len;
	uint8_t passphrase[PASSPHRASE_MAX + 2];
	uint8_t again[PASSPHRASE_MAX + 2];
	uint8_t key[HPKM_SK_LEN];
};

enum status secret_guard(struct tool *tool);
void secret_lock_memory(struct tool *tool);

struct secret *secret_new(struct tool *tool);
void secret_free(struct secret *secret);

enum status secret_ask(struct tool *tool, struct secret *secret);
enum status secret_from_file(struct tool *tool, struct secret *secret,
			     const char *name);
enum status secret_from_fd(struct tool *tool, struct secret *secret, int fd);
enum status secret_stretch(struct tool *tool, struct secret *secret);

#endif
