/* SPDX-License-Identifier: GPL-2.0 */
/* skb_gso_segment() moved out of linux/netdevice.h. */
#ifndef _HPKM_COMPAT_GSO_H
#define _HPKM_COMPAT_GSO_H

#include <linux/netdevice.h>
#ifdef HPKM_HAS_NET_GSO_H
#include <net/gso.h>
#endif

#endif /* _HPKM_COMPAT_GSO_H */
