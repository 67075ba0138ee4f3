/* SPDX-License-Identifier: GPL-2.0 */
/* A commit machine as it was, to tell whether any octet of it has changed. */
#ifndef _HPKM_TESTS_MACHINE_COPY_H
#define _HPKM_TESTS_MACHINE_COPY_H

#include <linux/string.h>
#include <core/machine.h>

/**
 * struct machine_copy - a machine, and what it pointed to
 * @machine: the pointers are those of then
 * @half_open: zero where there was none
 * @update: the same
 * @session: the current one, as the machine knows it; the same
 */
struct machine_copy {
	struct hpkm_machine machine;
	struct hpkm_half_open half_open[HPKM_HALF_OPEN_PEER];
	struct hpkm_update_slot update;
	struct hpkm_session session;
};

static inline void copy_if_there(void *to, const void *from, size_t len)
{
	if (from)
		memcpy(to, from, len);
	else
		memset(to, 0, len);
}

static inline bool is_if_there(const void *copy, const void *now, size_t len)
{
	return !now || !memcmp(copy, now, len);
}

static inline void machine_copy(struct machine_copy *copy, const struct hpkm_machine *machine)
{
	u32 i;

	memcpy(&copy->machine, machine, sizeof(*machine));
	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		copy_if_there(&copy->half_open[i], machine->half_open[i],
			      sizeof(copy->half_open[i]));
	copy_if_there(&copy->update, machine->update, sizeof(copy->update));
	copy_if_there(&copy->session, machine->current_session, sizeof(copy->session));
}

/* The pointers are compared first, so what was not there then is not there now. */
static inline bool machine_is(const struct machine_copy *copy, const struct hpkm_machine *machine)
{
	u32 i;

	if (memcmp(&copy->machine, machine, sizeof(*machine)))
		return false;
	for (i = 0; i < HPKM_HALF_OPEN_PEER; i++)
		if (!is_if_there(&copy->half_open[i], machine->half_open[i],
				 sizeof(copy->half_open[i])))
			return false;
	return is_if_there(&copy->update, machine->update, sizeof(copy->update)) &&
	       is_if_there(&copy->session, machine->current_session, sizeof(copy->session));
}

#endif /* _HPKM_TESTS_MACHINE_COPY_H */
