/* SPDX-License-Identifier: GPL-2.0 */
/* dev_deactivate() always emptied the queue; later it has to be told to. */
#ifndef _HPKM_COMPAT_DEACTIVATE_H
#define _HPKM_COMPAT_DEACTIVATE_H

#include <net/sch_generic.h>

/* What waits in the queues of @dev is dropped.  Context: RTNL. */
static inline void hpkm_dev_deactivate(struct net_device *dev)
{
#ifdef HPKM_HAS_DEACTIVATE_RESET
	dev_deactivate(dev, true);
#else
	dev_deactivate(dev);
#endif
}

#endif /* _HPKM_COMPAT_DEACTIVATE_H */
