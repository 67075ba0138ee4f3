/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_LOG_H
#define HPKM_NL_LOG_H

#include "netlink.h"

extern const struct table log_table;

void log_number(struct rows *rows);
enum status log_read(struct tool *tool, const uint8_t peer[HPKM_ID_LEN],
		     struct rows *rows);
const struct row *log_find(const struct rows *rows, uint64_t index);

#endif
