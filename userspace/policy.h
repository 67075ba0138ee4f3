/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_POLICY_H
#define HPKM_NL_POLICY_H

#include <stdint.h>

#include <linux/hpkm.h>

#include "words.h"

/**
 * struct policy_change - what is to change
 * @set: bit HPKM_POLICY_A_* for each value that is given
 * @value: the values
 */
struct policy_change {
	uint32_t set;
	uint64_t value[HPKM_POLICY_A_MAX + 1];
};

enum status args_policy(struct tool *tool, struct args *args,
			struct policy_change *change);

#endif
