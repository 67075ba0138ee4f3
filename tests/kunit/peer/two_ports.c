// SPDX-License-Identifier: GPL-2.0
/* See two_ports.h. */
#include <kunit/resource.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <core/machine_parts.h>
#include "two_ports.h"

/* ---- the edge ---- */

static struct party *party_of(struct hpkm_port *port)
{
	return container_of(port, struct party, port);
}

static void edge_transmit(struct hpkm_port *port, struct sk_buff *skb)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)(skb->data + ETH_HLEN);
	struct party *party = party_of(port);
	struct sk_buff *other;

	/* Handshakes are other tests' business. */
	if (hd->type != HPKM_DATA) {
		kfree_skb(skb);
		return;
	}
	other = skb_dequeue(&party->others);
	if (other)
		hpkm_port_send(port, other);
	skb_queue_tail(&party->sent, skb);
}

static void edge_deliver(struct hpkm_port *port, struct sk_buff *skb)
{
	skb_queue_tail(&party_of(port)->delivered, skb);
}

static bool edge_exposed_by(struct hpkm_port *port, char name[IFNAMSIZ])
{
	return false;
}

static void edge_event(struct hpkm_net *hn, const struct hpkm_event_info *event)
{
	struct party *party = container_of(hn, struct party, hn);

	spin_lock_bh(&party->lock);
	if (party->tells < EVENTS_KEPT) {
		party->told[party->tells].type = event->type;
		if (event->rid)
			memcpy(party->told[party->tells].rid, event->rid, HPKM_RID_LEN);
	}
	party->tells++;
	spin_unlock_bh(&party->lock);
}

/* Tests fetch what waits when they want it. */
static void edge_wake_agent(struct hpkm_net *hn, u32 portid)
{
}

static const struct hpkm_edge edge = {
	.transmit = edge_transmit,
	.deliver = edge_deliver,
	.exposed_by = edge_exposed_by,
	.event = edge_event,
	.wake_agent = edge_wake_agent,
};

/* ---- the works of links ---- */

static void rest(struct work_struct *work)
{
}

static work_func_t held;

void hold_work(struct hpkm_port *port)
{
	cancel_work_sync(&port->work);
	held = port->work.func;
	port->work.func = rest;
}

void release_work(struct hpkm_port *port)
{
	cancel_work_sync(&port->work);
	port->work.func = held;
	queue_work(port->hn->workqueue, &port->work);
}

/* ---- two devices ---- */

int peers_begin(struct kunit_suite *suite)
{
	return hpkm_peers_init();
}

void peers_end(struct kunit_suite *suite)
{
	hpkm_peers_exit();
}

static const u8 address_a[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x0a };
static const u8 address_b[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x0b };

static void start(struct kunit *test, struct party *party, const u8 *address, u32 mtu)
{
	spin_lock_init(&party->lock);
	skb_queue_head_init(&party->sent);
	skb_queue_head_init(&party->delivered);
	skb_queue_head_init(&party->others);
	KUNIT_ASSERT_EQ(test, hpkm_net_init(&party->hn, &init_net, &edge), 0);
	strscpy(party->port.ifname, "cable", IFNAMSIZ);
	party->port.ifindex = 1;
	ether_addr_copy(party->port.address, address);
	party->port.mtu = mtu;
	KUNIT_ASSERT_EQ(test, hpkm_port_start(&party->port, &party->hn), 0);
}

static void meet(struct kunit *test, struct party *party, const struct party *other,
		 const u8 *address)
{
	mutex_lock(&party->hn.lock);
	party->peer = hpkm_peer_create(&party->hn, suite_of(test), other->hn.id);
	if (party->peer) {
		ether_addr_copy(party->peer->machine.durable.address, address);
		KUNIT_EXPECT_EQ(test, hpkm_peer_list(party->peer), 0);
		hpkm_peer_link(party->peer, &party->port, true);
	}
	mutex_unlock(&party->hn.lock);
	KUNIT_ASSERT_NOT_NULL(test, party->peer);
	set_policy(test, party, 0, 0);
}

/* A port that never started has no namespace. */
void party_stop(struct party *party)
{
	if (!party->port.hn)
		return;
	hpkm_port_stop(&party->port);
	hpkm_net_exit(&party->hn);
	party->port.hn = NULL;
	skb_queue_purge(&party->sent);
	skb_queue_purge(&party->delivered);
	skb_queue_purge(&party->others);
}

static void destroy(struct kunit_resource *resource)
{
	struct cable *cable = resource->data;

	party_stop(&cable->a);
	party_stop(&cable->b);
	rcu_barrier();
	kfree(cable);
}

static int own(struct kunit_resource *resource, void *cable)
{
	resource->data = cable;
	return 0;
}

struct cable *cable_create(struct kunit *test, u32 mtu)
{
	struct cable *cable = kzalloc(sizeof(*cable), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cable);
	KUNIT_ASSERT_NOT_NULL(test, kunit_alloc_resource(test, own, destroy, GFP_KERNEL, cable));
	start(test, &cable->a, address_a, mtu);
	start(test, &cable->b, address_b, mtu);
	meet(test, &cable->a, &cable->b, address_b);
	meet(test, &cable->b, &cable->a, address_a);
	return cable;
}

static void session(struct kunit *test, struct party *party,
		    const struct hpkm_session_keys *keys, bool initiator, u32 *own_sid)
{
	struct hpkm_peer *peer = party->peer;

	*own_sid = hpkm_sid_new(&party->port, peer);
	party->channel = hpkm_channel_create(peer, keys, initiator, *own_sid);
	KUNIT_ASSERT_NOT_NULL(test, party->channel);
}

static void install(struct party *party, u32 peer_sid)
{
	struct hpkm_peer *peer = party->peer;

	mutex_lock(&peer->lock);
	party->channel->control.peer_sid = peer_sid;
	party->channel->control.send_until = HPKM_NEVER;
	hpkm_sessions_install(&peer->machine, &party->channel->control, hpkm_now());
	/* As an exchange would leave it; to begin another bars this session. */
	peer->machine.start.wanted_at = HPKM_NEVER;
	hpkm_data_session_ready(peer);
	mutex_unlock(&peer->lock);
}

void cable_connect(struct kunit *test, struct cable *cable)
{
	u32 sid_a, sid_b;

	get_random_bytes(&cable->keys, sizeof(cable->keys));
	session(test, &cable->a, &cable->keys, true, &sid_a);
	session(test, &cable->b, &cable->keys, false, &sid_b);
	install(&cable->a, sid_b);
	install(&cable->b, sid_a);
}

enum hpkm_update_state update_state(const struct party *party)
{
	enum hpkm_update_state state;

	mutex_lock(&party->peer->lock);
	state = hpkm_update_state(&party->peer->machine);
	mutex_unlock(&party->peer->lock);
	return state;
}

/* ---- frames ---- */

static u8 octet(size_t len, size_t i)
{
	return len * 7 + i + (i >> 8);
}

struct sk_buff *make_frame(struct kunit *test, const u8 *dst, const u8 *src, u16 proto,
			   size_t len)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN + len, GFP_KERNEL);
	struct ethhdr *eth;
	size_t i;
	u8 *at;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	eth = skb_put(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, dst);
	ether_addr_copy(eth->h_source, src);
	eth->h_proto = htons(proto);
	at = skb_put(skb, len);
	for (i = 0; i < len; i++)
		at[i] = octet(len, i);
	return skb;
}

void send_skb(struct party *from, struct sk_buff *skb)
{
	local_bh_disable();
	hpkm_port_send(&from->port, skb);
	local_bh_enable();
}

void send_frame(struct kunit *test, struct party *from, struct party *to, size_t len)
{
	send_skb(from, make_frame(test, to->port.address, from->port.address, ETH_P_IP, len));
}

struct sk_buff *take_sent(struct party *from)
{
	return skb_dequeue(&from->sent);
}

void arrive(struct party *at, struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
	local_bh_disable();
	rcu_read_lock();
	hpkm_port_receive(&at->port, skb);
	rcu_read_unlock();
	local_bh_enable();
}

void arrive_copy(struct kunit *test, struct party *at, const struct sk_buff *skb)
{
	struct sk_buff *copy = skb_copy(skb, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	arrive(at, copy);
}

u32 carry(struct party *from, struct party *to)
{
	struct sk_buff *skb;
	u32 frames = 0;

	while ((skb = take_sent(from))) {
		arrive(to, skb);
		frames++;
	}
	return frames;
}

void lose_sent(struct party *from)
{
	skb_queue_purge(&from->sent);
}

static bool is_counting(const u8 *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (at[i] != octet(len, i))
			return false;
	return true;
}

void expect_frame(struct kunit *test, struct party *at, const u8 *dst, const u8 *src,
		  u16 proto, size_t len)
{
	struct sk_buff *skb = skb_dequeue(&at->delivered);
	const struct ethhdr *eth;

	KUNIT_ASSERT_NOT_NULL_MSG(test, skb, "no frame for length %zu", len);
	eth = (const struct ethhdr *)skb->data;
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_dest, dst));
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_source, src));
	KUNIT_EXPECT_EQ(test, ntohs(eth->h_proto), proto);
	KUNIT_EXPECT_FALSE(test, skb_is_nonlinear(skb));
	KUNIT_EXPECT_GE(test, (size_t)skb->len, ETH_HLEN + len);
	/* Nothing but zero padding may follow, and that only what is short. */
	if (HPKM_INNER_LEN + len < suite_of(test)->inner_min)
		KUNIT_EXPECT_NULL(test, memchr_inv(skb->data + ETH_HLEN + len, 0,
						   skb->len - ETH_HLEN - len));
	else
		KUNIT_EXPECT_EQ(test, (size_t)skb->len, ETH_HLEN + len);
	KUNIT_EXPECT_TRUE_MSG(test, is_counting(skb->data + ETH_HLEN, len), "length %zu", len);
	kfree_skb(skb);
}

u64 counted(struct party *party, enum hpkm_counter which)
{
	u64 value[HPKM_COUNTER_MAX + 1];

	hpkm_counters_read(&party->peer->counters, value);
	return value[which];
}

u32 told(struct party *party, enum hpkm_event type)
{
	u32 i, count = 0;

	spin_lock_bh(&party->lock);
	for (i = 0; i < min_t(u32, party->tells, EVENTS_KEPT); i++)
		count += party->told[i].type == type;
	spin_unlock_bh(&party->lock);
	return count;
}

void set_policy(struct kunit *test, struct party *party, u32 record_frames,
		u32 record_interval_ms)
{
	struct hpkm_policy policy;
	const char *why;

	hpkm_peer_policy_get(party->peer, &policy);
	policy.record_frames = record_frames;
	policy.record_interval_ms = record_interval_ms;
	KUNIT_ASSERT_EQ(test, hpkm_peer_policy_set(party->peer, &policy, &why), 0);
}

struct sk_buff *peek(struct kunit *test, struct party *to, const struct sk_buff *skb,
		     struct hpkm_inner *inner)
{
	const struct hpkm_suite *suite = to->channel->suite;
	struct sk_buff *copy = skb_copy(skb, GFP_KERNEL);
	const struct hpkm_hd *hd;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	__skb_pull(copy, ETH_HLEN);
	hd = (const struct hpkm_hd *)copy->data;
	KUNIT_ASSERT_EQ(test, suite->open(to->channel->receive_key, le64_to_cpu(hd->counter),
					  copy->data, copy->len - HPKM_HD_LEN), 0);
	__skb_pull(copy, HPKM_HD_LEN);
	skb_trim(copy, copy->len - suite->tag_len);
	KUNIT_ASSERT_EQ(test, hpkm_inner_parse(inner, copy->data, copy->len), 0);
	return copy;
}

void move_session(struct party *party, enum hpkm_session_state state, bool renews)
{
	struct hpkm_session *session = &party->channel->control;

	mutex_lock(&party->peer->lock);
	session->state = state;
	session->renews = renews;
	session->send_until = HPKM_NEVER;
	session->ends_at = HPKM_NEVER;
	hpkm_machine_ops.session_moved(&party->peer->machine, session);
	mutex_unlock(&party->peer->lock);
}
