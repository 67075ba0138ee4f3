/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_SUITE_H
#define HPKM_NL_SUITE_H

#include <linux/hpkm.h>

#include "objects.h"

/* When none is named. */
#define SUITE_DEFAULT	HPKM_SUITE_CHACHA20POLY1305_X25519

enum status args_suite(struct tool *tool, struct args *args, unsigned int *suite);
void suite_warn(struct tool *tool, unsigned int suite);

#endif
