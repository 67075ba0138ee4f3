/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HPKM_EDGE_SLEEP_H
#define _HPKM_EDGE_SLEEP_H

int hpkm_sleep_register(void);
void hpkm_sleep_unregister(void);

#endif /* _HPKM_EDGE_SLEEP_H */
