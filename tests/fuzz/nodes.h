/* SPDX-License-Identifier: GPL-2.0 */
/* What targets do with the two devices of tests/kunit/two_nodes.h. */
#ifndef _HPKM_TESTS_FUZZ_NODES_H
#define _HPKM_TESTS_FUZZ_NODES_H

#include "two_nodes.h"
#include "fuzz.h"

/* Between a message and what follows from it, and less than until anything is sent again. */
#define NODES_SOON	(20 * HPKM_MS)

/* Both linked, nothing lost. */
struct sim *nodes_create(struct feed *feed);
/* Unlinks both; they must then own nothing. */
void nodes_destroy(struct sim *sim);

#endif /* _HPKM_TESTS_FUZZ_NODES_H */
