// SPDX-License-Identifier: GPL-2.0
/* P1..P6 against known answers of every suite, and what must not open. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "core/dh.h"
#include "core/pairing_messages.h"
#include "core/suite.h"

/* Hex, in the order of the wire. */
struct answers {
	const char *name;
	u8 suite;
	const char *sk;
	const char *id_a;
	const char *id_b;
	const char *time_a;
	const char *location_a;
	const char *time_b;
	const char *location_b;
	const char *scalar_a;
	const char *scalar_b;
	const char *r_a;
	const char *r_b;
	const char *generator;
	const char *p1;
	const char *p2;
	const char *shared;
	const char *key;
	const char *p3;
	const char *p4;
	const char *p5;
	const char *p6;
	const char *chain;
	const char *x0;
	const char *x1;
	const char *x2;
	const char *kid;
};

static const struct answers known[] = {
	{
		.name = "xor",
		.suite = 0,
		.sk = "5c719d445526cd27781cee14dafc5ac090d68848190aa48edda1acf6b8c15e1c",
		.id_a = "139f2428b85da7775c925a7337826a99",
		.id_b = "3c4a3a6ba0ca4f08e9e0ed96a9788939",
		.time_a = "0714c5bc79f41a18",
		.location_a = "5061726973",
		.time_b = "09de5ff879f41a18",
		.location_b = "34382e383536362c322e33353232",
		.scalar_a = "13a285f64dfa6a9a60b9c5bd105fcb659ee92f2bdf7787c1e6ad1951f931acf4",
		.scalar_b = "894e2cc302d1381272d5807e0bf6134a4920aa7101242f2b8be24241229981f7",
		.r_a = "00000000000000000000000000000000000000000000000035979508f8539735",
		.r_b = "0000000000000000000000000000000000000000000000005142944d0beb03e4",
		.generator = "d8d3613b8e1b02a277ce8bba474d7d032a8747ca4e9f644a3ec5662e62e85e32",
		.p1 =
"10010000000000000000000000000000139f2428b85da7775c925a7337826a99f85a3457c3b141c892583ce3adc4e1fa4b00e44e733b73a9c7a9f4e0e4cf8d28",
		.p2 =
"110100000000000000000000000000003c4a3a6ba0ca4f08e9e0ed96a9788939454c4e1b352c3f1e5c95745d0c9688a8ea4a966b124875e66213ae8083c8c81a",
		.shared = "f692a730589cbf1d29fdcc98f1f52cf9f22b5ef9b4756cacf269d6f3328cbc5c",
		.key = "8d4ca135ae505e6e9be725ec9fc0766577656daa7c6c5b30345219439501061a",
		.p3 =
"1201000000000000000000000000000041358779f51b207297c60f3875521e85cbaf390ac60b7da44dbe68480d67a8c003353dccefcc8c3ca3bb2127480f66b67c0a4da81adbb076dbceb66ad147f560ce0e215ea0b4420f22d661b8dc094758d235ee3486eab5cd",
		.p4 =
"130100000000000000000000000000008ef071d7caac74f62c7fc3cf1e4a04b0fefc50c9b50384a6d4aba92d7e4f9bdd04cac41104ca629d85d741c390205173dc321e7dec6bd79163db1770b6bbb3fbcf91476be9c8846bc4e7f0bbb572d435edb695375b7ce256",
		.p5 = "140100000000000000000000000000005ea401a996434b0c1b6a16fde2eeda19e77a",
		.p6 = "15010000000000000000000000000000d4d106f3c9127645a6fc5990de6bcfed1f2f",
		.chain = "2375fb0f21dad5675b55ef9bf1b3f4f19d51fe42d6575682be8b14366a183182",
		.x0 = "d228a52febc7d535d93eca8541b1bbcad2814e65e11b9b7907051dd1f3eef731",
		.x1 = "e2413cfecc76968b960be1f5f81f75d4c0f0eac7f2db3cbe7db383da36aeced3",
		.x2 = "c1af6473674ed23347587cfa4156edc33b17ac8701a4010b55107693e6cf15a5",
		.kid = "06466619774dd63c",
	},
	{
		.name = "chacha20poly1305",
		.suite = 1,
		.sk = "154a82c5a93911e34f7c292a5befdc5cdb5281b4c03de203b3b85286196b0cc2",
		.id_a = "5c4ea3d0c23ff0632b633138fee4282f",
		.id_b = "e251c3d6ba794d6a08606e366aca8bcd",
		.time_a = "0714c5bc79f41a18",
		.location_a = "5061726973",
		.time_b = "09de5ff879f41a18",
		.location_b = "34382e383536362c322e33353232",
		.scalar_a = "4e2a57ae237e9c462622e8161911ff6be84327825ea00265cca36a536ceea0c9",
		.scalar_b = "395244f74394f933f8dbd5af363490d2f91a007f9520ae9606015be98dd2f40f",
		.r_a = "000000000000000000000000000000000000000000000000d93f8f04ceb3ffee",
		.r_b = "00000000000000000000000000000000000000000000000099664c5b352bf59f",
		.generator = "b78577f66eadf380f8231185f93a16240a02a8d00e972e59402a045f95eaca0a",
		.p1 =
"100101000000000000000000000000005c4ea3d0c23ff0632b633138fee4282f06e1497f01f90c9d33a4f4e1d02ed44ddf1c3a1ff1c89481fae0dcb3826eb475",
		.p2 =
"11010100000000000000000000000000e251c3d6ba794d6a08606e366aca8bcd7b5b9d20f1e7713300969c7c17673ead09b0706bb66ffaef84da2ae4cf040c28",
		.shared = "e30528c103007444320dc0a17f09ac45c49a1a5d5a9207011e5225c6f92d8d3d",
		.key = "611808443dfdb652e9e19eddc2af142c44c283cdcb03865726778734b3dc882a",
		.p3 =
"1201010000000000000000000000000046e8fa25e4d9d474eb1dbdd377240af709716fc1eddb279c3ecfb2e3e039fc86bb8e549f5794ad892780bbf962cab56ad781453988281d0e93537d787b9196eb6b01a290922d5befdaf8bcbe9658506c9be25dd22c88bfdb",
		.p4 =
"130101000000000000000000000000007de57aafd4ba8b6f96f7f103227a2dca7e9bfecee9e48920ceb8afaaf8f49bc2a015585a100d15983ab53c64457d1f1dc85266fdd45e092e455085b7fbc28c31718961325f19c5c6570780562363afcbc6604eec89d64166",
		.p5 = "1401010000000000000000000000000054820ee212e3980f2be90e943d6e0719193b",
		.p6 = "15010100000000000000000000000000539651fb5b1e85ab1fdf64c98587f42ac9a8",
		.chain = "2a4775fdcce837c205fd412883e8eedd59f115586ea0b4658ac0bb6a8dbcd0d1",
		.x0 = "87e1d4af177a35cc2939cb5713599c442b9982b69ad9df7fc99b6a9fa84503a7",
		.x1 = "e2413cfecc76968b960be1f5f81f75d4c0f0eac7f2db3cbe7db383da36aeced3",
		.x2 = "c1af6473674ed23347587cfa4156edc33b17ac8701a4010b55107693e6cf15a5",
		.kid = "7fc25ddc538184a9",
	},
	{
		.name = "chacha20poly1305-x25519",
		.suite = 2,
		.sk = "fa72f20873bdac39d82614bfc5c35eceb60e954728ab5cc93c94a9a2808ddd45",
		.id_a = "885109c2350cf34152183fe1c7b81bc1",
		.id_b = "75e6d1768c8f0d5ecaf0858b5540a5ec",
		.time_a = "0714c5bc79f41a18",
		.location_a = "5061726973",
		.time_b = "09de5ff879f41a18",
		.location_b = "34382e383536362c322e33353232",
		.scalar_a = "6870f44e42358108503767df18e865461ba7b9259a2317cfb11be7d8a14ae05b",
		.scalar_b = "9badd3ab2b84c12b48a285f24d12c35858883ca92eeecce787f61308e00ee4ec",
		.r_a = "000000000000000000000000000000000000000000000000f91d12356f432291",
		.r_b = "00000000000000000000000000000000000000000000000022e447ac3ba3c3e2",
		.generator = "b7b126ab62143e11d2b9e39f4e4c731d1243eb2eaed8b6d374fd222254cfed08",
		.p1 =
"10010200000000000000000000000000885109c2350cf34152183fe1c7b81bc181dacb854a634c5259bc725dcab36bb7e8062247b336b575f78f13125044ea00",
		.p2 =
"1101020000000000000000000000000075e6d1768c8f0d5ecaf0858b5540a5ecbe8588c3ab00bf8e56a61544af1c4e90e66a7a9153c9311715ed9613fb4c5c65",
		.shared = "a2ac3fb7dc66bb4fe11d1fd1535142a6808849b2355ceaece384e4552aebee25",
		.key = "0cf627093b6ea08ec2be928d8d785f0a2b7a6201a4caa3e4247a87ac901da68b",
		.p3 =
"12010200000000000000000000000000aab8378d3a4ddb8e18d5bbc561a93dfdb4cd71cf449344cd82cba390f282256aa31ba83f2573ea41222e9019c7df216843faf26a32c0de0a85a0552a49ae1acf644659a0ff34c181dc5b9099bd72c836235cfc5a9170ed13",
		.p4 =
"13010200000000000000000000000000adcd00072fec494c6344eaa64e1fb1fcbbcea776528d51af376c813ff06fa9527efe917017026688312732bcab292f82f286039626a9172b8d866c9cf08744f3bd0e93cdb654cf6368cfe13403a6e2b247b13fe388577847",
		.p5 = "14010200000000000000000000000000b07be8aec242623c8d3329bf6c680c0cc238",
		.p6 = "15010200000000000000000000000000e6b66296713df88b475ebb78041aaf872b23",
		.chain = "a6062c4548d8695e6ff6b32b9e9f41a78d29518ff44e56584f118755e8ef46bd",
		.x0 = "38910f994fa7f89f7c2e3539c8e45035916d7acf2b29c219b889092b4061c7b0",
		.x1 = "e2413cfecc76968b960be1f5f81f75d4c0f0eac7f2db3cbe7db383da36aeced3",
		.x2 = "c1af6473674ed23347587cfa4156edc33b17ac8701a4010b55107693e6cf15a5",
		.kid = "e5cca8d4877ba812",
	},
};

/* Both sides of a pairing, in step. */
struct two {
	const struct answers *known;
	struct hpkm_suite suite;
	u8 sk[HPKM_SK_LEN];
	struct hpkm_pairing_run a;
	struct hpkm_pairing_run b;
	u8 p1[HPKM_HELLO_LEN];
	u8 p2[HPKM_HELLO_LEN];
	u8 p3[HPKM_OFFER_LEN];
	u8 p4[HPKM_OFFER_LEN];
	u8 p5[HPKM_FINISH_LEN];
	u8 p6[HPKM_FINISH_LEN];
};

static u8 nibble(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t unhex(u8 *out, const char *hex)
{
	size_t n;

	for (n = 0; hex[2 * n]; n++)
		out[n] = nibble(hex[2 * n]) << 4 | nibble(hex[2 * n + 1]);
	return n;
}

static bool is_hex(const void *data, size_t len, const char *hex)
{
	u8 expected[HPKM_HANDSHAKE_MAX];

	return unhex(expected, hex) == len && !memcmp(data, expected, len);
}

#define EXPECT_HEX(test, data, hex) \
	KUNIT_EXPECT_TRUE(test, is_hex(data, sizeof(data), hex))

static void fill_offer(struct hpkm_pairing_offer *offer, const char *time, const char *location,
		       const char *r)
{
	unhex((u8 *)&offer->time, time);
	offer->location[0] = unhex(offer->location + 1, location);
	unhex(offer->kids[0], r);
}

static void say_hello(struct kunit *test, struct two *two)
{
	const struct answers *known = two->known;
	u8 generator[HPKM_KEY_LEN], scalar[HPKM_KEY_LEN], point[HPKM_KEY_LEN], id[HPKM_ID_LEN];

	hpkm_pairing_generator(generator, two->sk);
	EXPECT_HEX(test, generator, known->generator);
	unhex(scalar, known->scalar_a);
	KUNIT_ASSERT_EQ(test, hpkm_dh(point, scalar, generator), 0);
	unhex(id, known->id_a);
	hpkm_pairing_make_hello(two->p1, HPKM_P1, &two->suite, id, point);
	unhex(scalar, known->scalar_b);
	KUNIT_ASSERT_EQ(test, hpkm_dh(point, scalar, generator), 0);
	unhex(id, known->id_b);
	hpkm_pairing_make_hello(two->p2, HPKM_P2, &two->suite, id, point);
}

static struct two *two_new(struct kunit *test, const struct answers *known)
{
	struct two *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, two);
	two->known = known;
	two->suite.id = known->suite;
	unhex(two->sk, known->sk);
	two->a.suite = &two->suite;
	two->a.initiator = true;
	two->b.suite = &two->suite;
	fill_offer(&two->a.offer_a, known->time_a, known->location_a, known->r_a);
	fill_offer(&two->b.offer_b, known->time_b, known->location_b, known->r_b);
	say_hello(test, two);
	return two;
}

static int agree_a(struct two *two)
{
	u8 scalar[HPKM_KEY_LEN];

	unhex(scalar, two->known->scalar_a);
	return hpkm_pairing_agree(&two->a, two->sk, scalar, two->p1, two->p2);
}

static int agree_b(struct two *two)
{
	u8 scalar[HPKM_KEY_LEN];

	unhex(scalar, two->known->scalar_b);
	return hpkm_pairing_agree(&two->b, two->sk, scalar, two->p1, two->p2);
}

/* Up to and with the making of @type; what comes before it was opened too. */
static struct two *two_until(struct kunit *test, u8 type)
{
	struct two *two = two_new(test, &known[ARRAY_SIZE(known) - 1]);

	KUNIT_ASSERT_EQ(test, agree_a(two), 0);
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	hpkm_pairing_make_p3(&two->a, two->p3);
	if (type == HPKM_P3)
		return two;
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), 0);
	hpkm_pairing_make_p4(&two->b, two->p4);
	if (type == HPKM_P4)
		return two;
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p4(&two->a, two->p4), 0);
	hpkm_pairing_make_p5(&two->a, two->p5);
	if (type == HPKM_P5)
		return two;
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p5(&two->b, two->p5), 0);
	hpkm_pairing_make_p6(&two->b, two->p6);
	return two;
}

static void known_hello(struct kunit *test)
{
	struct two *two = two_new(test, test->param_value);

	EXPECT_HEX(test, two->p1, two->known->p1);
	EXPECT_HEX(test, two->p2, two->known->p2);
}

static void known_agreement(struct kunit *test)
{
	struct two *two = two_new(test, test->param_value);

	KUNIT_ASSERT_EQ(test, agree_a(two), 0);
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	EXPECT_HEX(test, two->a.shared, two->known->shared);
	EXPECT_HEX(test, two->b.shared, two->known->shared);
	EXPECT_HEX(test, two->a.key, two->known->key);
	EXPECT_HEX(test, two->b.key, two->known->key);
	EXPECT_HEX(test, two->a.id_a, two->known->id_a);
	EXPECT_HEX(test, two->a.id_b, two->known->id_b);
}

static void known_offers(struct kunit *test)
{
	struct two *two = two_new(test, test->param_value);

	KUNIT_ASSERT_EQ(test, agree_a(two), 0);
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	hpkm_pairing_make_p3(&two->a, two->p3);
	EXPECT_HEX(test, two->p3, two->known->p3);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), 0);
	hpkm_pairing_make_p4(&two->b, two->p4);
	EXPECT_HEX(test, two->p4, two->known->p4);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p4(&two->a, two->p4), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(&two->a.offer_a, &two->b.offer_a, sizeof(two->a.offer_a)));
	KUNIT_EXPECT_TRUE(test, !memcmp(&two->a.offer_b, &two->b.offer_b, sizeof(two->a.offer_b)));
}

static void expect_epoch(struct kunit *test, const struct two *two,
			 const struct hpkm_pairing_run *run)
{
	struct hpkm_epoch epoch;

	hpkm_pairing_epoch(run, two->sk, &epoch);
	KUNIT_EXPECT_TRUE(test, epoch.present);
	KUNIT_EXPECT_EQ(test, epoch.n, 0);
	EXPECT_HEX(test, epoch.chain, two->known->chain);
	EXPECT_HEX(test, epoch.x[0], two->known->x0);
	EXPECT_HEX(test, epoch.x[1], two->known->x1);
	EXPECT_HEX(test, epoch.x[2], two->known->x2);
	EXPECT_HEX(test, epoch.kid, two->known->kid);
}

/* From P4 on; its own P3 and P4 are those of known_offers(). */
static void known_finish(struct kunit *test)
{
	struct two *two = two_new(test, test->param_value);

	KUNIT_ASSERT_EQ(test, agree_a(two), 0);
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	hpkm_pairing_make_p3(&two->a, two->p3);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), 0);
	hpkm_pairing_make_p4(&two->b, two->p4);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p4(&two->a, two->p4), 0);
	hpkm_pairing_make_p5(&two->a, two->p5);
	EXPECT_HEX(test, two->p5, two->known->p5);
	expect_epoch(test, two, &two->a);
	KUNIT_ASSERT_EQ(test, hpkm_pairing_open_p5(&two->b, two->p5), 0);
	expect_epoch(test, two, &two->b);
	hpkm_pairing_make_p6(&two->b, two->p6);
	EXPECT_HEX(test, two->p6, two->known->p6);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p6(&two->a, two->p6), 0);
}

/* Every changed bit is noticed, and does no harm to the run. */
static void expect_fragile(struct kunit *test, struct hpkm_pairing_run *run, u8 *frame, size_t len,
			   int (*open)(struct hpkm_pairing_run *run, const u8 *frame))
{
	struct hpkm_pairing_run before = *run;
	unsigned int opened = 0;
	size_t bit;

	for (bit = 0; bit < 8 * len; bit++) {
		frame[bit / 8] ^= 1 << bit % 8;
		opened += !open(run, frame);
		frame[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, opened, 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(run, &before, sizeof(before)));
	KUNIT_EXPECT_EQ(test, open(run, frame), 0);
}

static void changed_p3_is_refused(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P3);

	expect_fragile(test, &two->b, two->p3, sizeof(two->p3), hpkm_pairing_open_p3);
}

static void changed_p4_is_refused(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P4);

	expect_fragile(test, &two->a, two->p4, sizeof(two->p4), hpkm_pairing_open_p4);
}

static void changed_p5_is_refused(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P5);

	expect_fragile(test, &two->b, two->p5, sizeof(two->p5), hpkm_pairing_open_p5);
}

static void changed_p6_is_refused(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P6);

	expect_fragile(test, &two->a, two->p6, sizeof(two->p6), hpkm_pairing_open_p6);
}

/* What is sealed is bound to the ids, which are not secret. */
static void other_hello_spoils_p3(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P3);
	struct hpkm_pairing_hello *p1 = (struct hpkm_pairing_hello *)two->p1;

	p1->id[0] ^= 1;
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), -EBADMSG);
}

static void other_sk_spoils_p3(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P3);

	two->sk[0] ^= 1;
	KUNIT_ASSERT_EQ(test, agree_b(two), 0);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), -EBADMSG);
}

static void other_suite_spoils_p3(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P3);

	two->p3[offsetof(struct hpkm_hd, suite)]--;
	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p3(&two->b, two->p3), -EBADMSG);
}

/* No message passes for the answer to itself. */
static void reflection_is_refused(struct kunit *test)
{
	struct two *two = two_until(test, HPKM_P3);

	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p4(&two->a, two->p3), -EBADMSG);
	two = two_until(test, HPKM_P5);
	KUNIT_EXPECT_EQ(test, hpkm_pairing_open_p6(&two->a, two->p5), -EBADMSG);
}

static void equal_ids_are_refused(struct kunit *test)
{
	struct two *two = two_new(test, &known[0]);

	memcpy(((struct hpkm_pairing_hello *)two->p2)->id,
	       ((struct hpkm_pairing_hello *)two->p1)->id, HPKM_ID_LEN);
	KUNIT_EXPECT_EQ(test, agree_a(two), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, agree_b(two), -EKEYREJECTED);
}

static void equal_points_are_refused(struct kunit *test)
{
	struct two *two = two_new(test, &known[0]);

	memcpy(((struct hpkm_pairing_hello *)two->p2)->point,
	       ((struct hpkm_pairing_hello *)two->p1)->point, HPKM_KEY_LEN);
	KUNIT_EXPECT_EQ(test, agree_a(two), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, agree_b(two), -EKEYREJECTED);
}

static void top_bit_is_refused(struct kunit *test)
{
	struct two *two = two_new(test, &known[0]);

	two->p2[HPKM_HELLO_LEN - 1] ^= 0x80;
	KUNIT_EXPECT_EQ(test, agree_a(two), -EKEYREJECTED);
	two->p2[HPKM_HELLO_LEN - 1] ^= 0x80;
	KUNIT_EXPECT_EQ(test, agree_a(two), 0);
	two->p1[HPKM_HELLO_LEN - 1] ^= 0x80;
	KUNIT_EXPECT_EQ(test, agree_b(two), -EKEYREJECTED);
}

/* With these, Z would be zero whatever a and b are. */
static void small_order_is_refused(struct kunit *test)
{
	struct two *two = two_new(test, &known[0]);
	u8 *point = ((struct hpkm_pairing_hello *)two->p2)->point;

	memset(point, 0, HPKM_KEY_LEN);
	KUNIT_EXPECT_EQ(test, agree_a(two), -EKEYREJECTED);
	point[0] = 1;
	KUNIT_EXPECT_EQ(test, agree_a(two), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, hpkm_dh(two->a.key, two->sk, point), -EKEYREJECTED);
}

/* An X25519 key is used clamped, so bits that clamping sets do not matter. */
static void scalars_are_clamped(struct kunit *test)
{
	u8 scalar[HPKM_KEY_LEN], one[HPKM_KEY_LEN], other[HPKM_KEY_LEN], g[HPKM_KEY_LEN];

	unhex(g, known[0].generator);
	unhex(scalar, known[0].scalar_a);
	KUNIT_ASSERT_EQ(test, hpkm_dh(one, scalar, g), 0);
	scalar[0] ^= 7;
	scalar[HPKM_KEY_LEN - 1] ^= 0xc0;
	KUNIT_ASSERT_EQ(test, hpkm_dh(other, scalar, g), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(one, other, HPKM_KEY_LEN));
	scalar[1] ^= 1;
	KUNIT_ASSERT_EQ(test, hpkm_dh(other, scalar, g), 0);
	KUNIT_EXPECT_FALSE(test, !memcmp(one, other, HPKM_KEY_LEN));
}

static int open_with_location(struct kunit *test, u8 len, u8 last)
{
	struct two *two = two_until(test, HPKM_P3);

	KUNIT_ASSERT_EQ(test, agree_a(two), 0);
	memset(two->a.offer_a.location, 0, HPKM_LI_LEN);
	two->a.offer_a.location[0] = len;
	two->a.offer_a.location[HPKM_LI_LEN - 1] = last;
	hpkm_pairing_make_p3(&two->a, two->p3);
	return hpkm_pairing_open_p3(&two->b, two->p3);
}

/* Authentic, but not what a location looks like. */
static void bad_location_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, open_with_location(test, 31, 'x'), 0);
	KUNIT_EXPECT_EQ(test, open_with_location(test, 32, 'x'), -EBADMSG);
	KUNIT_EXPECT_EQ(test, open_with_location(test, 30, 'x'), -EBADMSG);
	KUNIT_EXPECT_EQ(test, open_with_location(test, 0, 0), 0);
}

static void describe(const struct answers *answers, char *desc)
{
	strscpy(desc, answers->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(known, known, describe);

static struct kunit_case pairing_messages_cases[] = {
	KUNIT_CASE_PARAM(known_hello, known_gen_params),
	KUNIT_CASE_PARAM(known_agreement, known_gen_params),
	KUNIT_CASE_PARAM(known_offers, known_gen_params),
	KUNIT_CASE_PARAM(known_finish, known_gen_params),
	KUNIT_CASE(changed_p3_is_refused),
	KUNIT_CASE(changed_p4_is_refused),
	KUNIT_CASE(changed_p5_is_refused),
	KUNIT_CASE(changed_p6_is_refused),
	KUNIT_CASE(other_hello_spoils_p3),
	KUNIT_CASE(other_sk_spoils_p3),
	KUNIT_CASE(other_suite_spoils_p3),
	KUNIT_CASE(reflection_is_refused),
	KUNIT_CASE(equal_ids_are_refused),
	KUNIT_CASE(equal_points_are_refused),
	KUNIT_CASE(top_bit_is_refused),
	KUNIT_CASE(small_order_is_refused),
	KUNIT_CASE(scalars_are_clamped),
	KUNIT_CASE(bad_location_is_refused),
	{}
};

static struct kunit_suite pairing_messages_suite = {
	.name = "hpkm-pairing-messages",
	.test_cases = pairing_messages_cases,
};

kunit_test_suite(pairing_messages_suite);
