// SPDX-License-Identifier: GPL-2.0
/* See nodes.h. */
#include "nodes.h"

struct sim *nodes_create(struct feed *feed)
{
	const struct hpkm_suite *suite = hpkm_suite_by_id(feed_below(feed, 3));
	struct sim *sim = sim_create(suite, feed_u8(feed));

	must(sim);
	return sim;
}

void nodes_destroy(struct sim *sim)
{
	struct kunit test = { .priv = sim };

	sim_exit(&test);
}
