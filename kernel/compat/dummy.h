/* SPDX-License-Identifier: GPL-2.0 */
/* A device that nobody sees and that NAPI contexts belong to; 6.10 allocates it. */
#ifndef _HPKM_COMPAT_DUMMY_H
#define _HPKM_COMPAT_DUMMY_H

#include <linux/netdevice.h>
#include <linux/slab.h>

#if !IS_ENABLED(CONFIG_GRO_CELLS)
#error "hpkm needs a kernel with CONFIG_GRO_CELLS, which tunnels, VXLAN and MACsec select"
#endif

#ifdef HPKM_HAS_ALLOC_NETDEV_DUMMY
static inline struct net_device *hpkm_dummy_create(void)
{
	return alloc_netdev_dummy(0);
}

static inline void hpkm_dummy_free(struct net_device *dev)
{
	free_netdev(dev);
}
#else
static inline struct net_device *hpkm_dummy_create(void)
{
	struct net_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
}

static inline void hpkm_dummy_free(struct net_device *dev)
{
	kfree(dev);
}
#endif

#endif /* _HPKM_COMPAT_DUMMY_H */
