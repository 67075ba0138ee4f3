/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_SUITE_H
#define HPKM_NL_SUITE_H

#include "objects.h"

enum status args_suite(struct tool *tool, struct args *args, unsigned int *suite);
void suite_warn(struct tool *tool, unsigned int suite);

#endif
