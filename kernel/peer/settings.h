/* SPDX-License-Identifier: GPL-2.0 */
/* What is kept of a device and of a peer, to octets and back: hpkm/kept.h. */
#ifndef _HPKM_PEER_SETTINGS_H
#define _HPKM_PEER_SETTINGS_H

#include "../core/kept.h"
#include "internal.h"

/*
 * hn->lock.  The check functions take octets from anywhere: 0, or -EINVAL with
 * a sentence of static life in @why; only what they accept may be read.
 */
void hpkm_settings_write_device(struct hpkm_net *hn, struct hpkm_kept_device *kept);
int hpkm_settings_check_device(const struct hpkm_kept_device *kept, size_t len,
			       const char **why);
void hpkm_settings_read_device(struct hpkm_net *hn, const struct hpkm_kept_device *kept);

/* peer->lock */
void hpkm_settings_write_peer(struct hpkm_peer *peer, struct hpkm_kept_peer *kept);
int hpkm_settings_check_peer(const struct hpkm_kept_peer *kept, size_t len, const char **why);
/* hn->lock; takes peer->lock. */
void hpkm_settings_read_peer(struct hpkm_peer *peer, const struct hpkm_kept_peer *kept);

#endif /* _HPKM_PEER_SETTINGS_H */
