/* SPDX-License-Identifier: GPL-2.0 */
/* The release of the module and of hpkm-nl; dkms.conf repeats it. */
#ifndef _HPKM_RELEASE_H
#define _HPKM_RELEASE_H

#define HPKM_RELEASE "0.1"

#endif /* _HPKM_RELEASE_H */
