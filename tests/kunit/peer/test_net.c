// SPDX-License-Identifier: GPL-2.0
/* A namespace's list of peers. */
#include "two_ports.h"

static int setup(struct kunit *test)
{
	test->priv = cable_create(test, HPKM_MTU_MIN);
	return 0;
}

/* In a frame an id is where it is; UBSAN says when that is too much for somebody. */
static void found_wherever_its_id_is(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 room[HPKM_ID_LEN + sizeof(u64)];
	size_t at;

	for (at = 0; at < sizeof(u64); at++) {
		struct hpkm_peer *peer;

		memcpy(room + at, cable->b.hn.id, HPKM_ID_LEN);
		peer = hpkm_net_peer_get(&cable->a.hn, room + at);
		KUNIT_ASSERT_PTR_EQ(test, peer, cable->a.peer);
		hpkm_peer_put(peer);
	}
}

static void found_by_no_other_id(struct kunit *test)
{
	struct cable *cable = test->priv;
	u8 id[HPKM_ID_LEN];

	memcpy(id, cable->b.hn.id, HPKM_ID_LEN);
	id[HPKM_ID_LEN - 1] ^= 1;
	KUNIT_EXPECT_NULL(test, hpkm_net_peer_get(&cable->a.hn, id));
}

static struct kunit_case cases[] = {
	ONLY_SUITE_X25519(found_wherever_its_id_is),
	ONLY_SUITE_X25519(found_by_no_other_id),
	{}
};

static struct kunit_suite suite = {
	.name = "hpkm-net",
	.suite_init = peers_begin,
	.suite_exit = peers_end,
	.init = setup,
	.test_cases = cases,
};

kunit_test_suite(suite);
