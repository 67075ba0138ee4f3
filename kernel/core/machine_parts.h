/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the commit machine use of each other. */
#ifndef _HPKM_CORE_MACHINE_PARTS_H
#define _HPKM_CORE_MACHINE_PARTS_H

#include "machine.h"

/* sessions.c */
void hpkm_sessions_bar(struct hpkm_machine *machine);
void hpkm_sessions_drain(struct hpkm_machine *machine, u64 now);
void hpkm_sessions_install(struct hpkm_machine *machine, struct hpkm_session *session, u64 now);
void hpkm_sessions_give_up_next(struct hpkm_machine *machine);
void hpkm_sessions_end(struct hpkm_machine *machine);
void hpkm_sessions_tick(struct hpkm_machine *machine, u64 now);
u64 hpkm_sessions_deadline(struct hpkm_machine *machine);
bool hpkm_sessions_fit_for_update(const struct hpkm_machine *machine);

/* machine_exchange.c */
bool hpkm_exchange_may_begin(const struct hpkm_machine *machine);
void hpkm_exchange_begin(struct hpkm_machine *machine, u64 now);
void hpkm_exchange_purge(struct hpkm_machine *machine);
void hpkm_exchange_forget(struct hpkm_machine *machine);
void hpkm_exchange_tick(struct hpkm_machine *machine, u64 now);
u64 hpkm_exchange_deadline(const struct hpkm_machine *machine);

/* machine_update.c */
void hpkm_update_drop(struct hpkm_machine *machine);
void hpkm_update_prepared(struct hpkm_machine *machine, bool ok, u64 now);
void hpkm_update_committed(struct hpkm_machine *machine, u64 now);
void hpkm_update_tick(struct hpkm_machine *machine, u64 now);
u64 hpkm_update_deadline(const struct hpkm_machine *machine);

/* machine_store.c */
void hpkm_store_and_freeze(struct hpkm_machine *machine, enum hpkm_write kind, u64 now);
void hpkm_store_soon(struct hpkm_machine *machine, u64 now);
void hpkm_store_tick(struct hpkm_machine *machine, u64 now);
u64 hpkm_store_deadline(const struct hpkm_machine *machine);
void hpkm_epoch_drop(struct hpkm_machine *machine, enum hpkm_epoch_slot slot);
void hpkm_epoch_enter(struct hpkm_machine *machine, const struct hpkm_epoch *epoch);
void hpkm_epoch_promote(struct hpkm_machine *machine, enum hpkm_epoch_slot slot);

void hpkm_machine_tell(struct hpkm_machine *machine, enum hpkm_machine_event_type type,
		       const struct hpkm_session *session, const u8 *rid, const char *reason);
void hpkm_machine_renewed(struct hpkm_machine *machine);

static inline struct hpkm_epoch *hpkm_current_epoch(struct hpkm_machine *machine)
{
	return &machine->durable.epoch[HPKM_EPOCH_CUR];
}

#endif /* _HPKM_CORE_MACHINE_PARTS_H */
