// SPDX-License-Identifier: GPL-2.0
/*
 * Two devices, one of which has many peers: what a frame costs, and what a peer
 * takes.  All of kernel/peer is the real thing; the edges are played here, and what
 * one device transmits the other has received when that returns.
 */
#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <core/machine_parts.h>
#include <peer/data.h>
#include "bench.h"

#define PAYLOAD		1400
#define LOG_PEERS	1000	/* of whose memory the mean is taken */

/**
 * struct party - one of the two
 * @other: at the other end of the cable
 * @peer: the other device
 * @channel: the session that they have
 * @delivered: frames that its stack got
 */
struct party {
	struct hpkm_port port;
	struct hpkm_net hn;
	struct party *other;
	struct hpkm_peer *peer;
	struct hpkm_channel *channel;
	u64 delivered;
};

static struct party *party_of(struct hpkm_port *port)
{
	return container_of(port, struct party, port);
}

/* ---- the edges ---- */

static void edge_transmit(struct hpkm_port *port, struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
	hpkm_port_receive(&party_of(port)->other->port, skb);
}

static void edge_deliver(struct hpkm_port *port, struct sk_buff *skb)
{
	party_of(port)->delivered++;
	consume_skb(skb);
}

static bool edge_exposed_by(struct hpkm_port *port, char name[IFNAMSIZ])
{
	return false;
}

static void edge_event(struct hpkm_net *hn, const struct hpkm_event_info *event)
{
}

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

/* ---- devices and their peers ---- */

static int start(struct party *device, u8 number)
{
	int err = hpkm_net_init(&device->hn, &init_net, &edge);

	if (err)
		return err;
	/* Nobody begins an exchange, which would be measured along. */
	hpkm_net_rest(&device->hn, "to be measured");
	strscpy(device->port.ifname, "bench", IFNAMSIZ);
	device->port.ifindex = 1;
	device->port.address[0] = 2;
	device->port.address[ETH_ALEN - 1] = number;
	device->port.mtu = ETH_DATA_LEN;
	err = hpkm_port_start(&device->port, &device->hn);
	if (err)
		hpkm_net_exit(&device->hn);
	return err;
}

static void stop(struct party *device)
{
	if (!device->port.hn)
		return;
	hpkm_port_stop(&device->port);
	hpkm_net_exit(&device->hn);
}

static struct hpkm_peer *listed(struct party *device, const u8 id[HPKM_ID_LEN],
				const u8 address[ETH_ALEN])
{
	struct hpkm_peer *peer = hpkm_peer_create(&device->hn, &hpkm_suite_chacha20poly1305, id);

	if (!peer)
		return NULL;
	ether_addr_copy(peer->machine.durable.address, address);
	if (hpkm_peer_list(peer))
		return NULL;
	hpkm_peer_link(peer, &device->port, true);
	return peer;
}

static struct hpkm_peer *add_peer(struct party *device, const u8 id[HPKM_ID_LEN],
				  const u8 address[ETH_ALEN])
{
	struct hpkm_peer *peer;

	mutex_lock(&device->hn.lock);
	peer = listed(device, id, address);
	mutex_unlock(&device->hn.lock);
	return peer;
}

/* Their logs are as @log_size says: that of the others does not matter to a frame. */
static int add_strangers(struct party *device, u32 count, u32 log_size)
{
	struct hpkm_policy policy;
	struct hpkm_peer *peer;
	u8 address[ETH_ALEN];
	u8 id[HPKM_ID_LEN];
	const char *why;
	int err = 0;

	while (count-- && !err) {
		get_random_bytes(id, sizeof(id));
		eth_random_addr(address);
		peer = add_peer(device, id, address);
		if (!peer)
			return -ENOMEM;
		hpkm_peer_policy_get(peer, &policy);
		policy.log_size = log_size;
		err = hpkm_peer_policy_set(peer, &policy, &why);
		cond_resched();
	}
	return err;
}

/* ---- a session ---- */

static u32 open_channel(struct party *device, const struct hpkm_session_keys *keys,
			bool initiator)
{
	u32 sid = hpkm_sid_new(&device->port, device->peer);

	device->channel = hpkm_channel_create(device->peer, keys, initiator, sid);
	return device->channel ? sid : 0;
}

static void install(struct party *device, u32 peer_sid)
{
	struct hpkm_session *session = &device->channel->control;
	struct hpkm_peer *peer = device->peer;

	mutex_lock(&peer->lock);
	session->peer_sid = peer_sid;
	session->send_until = HPKM_NEVER;
	hpkm_sessions_install(&peer->machine, session, hpkm_now());
	hpkm_data_session_ready(peer);
	mutex_unlock(&peer->lock);
}

static int connect(struct party *one, struct party *other)
{
	struct hpkm_session_keys keys;
	u32 sid, other_sid;

	get_random_bytes(&keys, sizeof(keys));
	one->other = other;
	other->other = one;
	one->peer = add_peer(one, other->hn.id, other->port.address);
	other->peer = add_peer(other, one->hn.id, one->port.address);
	if (!one->peer || !other->peer)
		return -ENOMEM;
	sid = open_channel(one, &keys, true);
	other_sid = open_channel(other, &keys, false);
	if (!sid || !other_sid)
		return -ENOMEM;
	install(one, other_sid);
	install(other, sid);
	return 0;
}

/* ---- a frame ---- */

static int send_frame(void *context)
{
	struct party *device = context;
	struct sk_buff *skb = netdev_alloc_skb(NULL, LL_MAX_HEADER + ETH_HLEN + PAYLOAD +
					       HPKM_HD_LEN + HPKM_INNER_LEN + HPKM_TAG_LEN);
	u64 before = device->other->delivered;
	struct ethhdr *eth;

	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, LL_MAX_HEADER);
	eth = skb_put_zero(skb, ETH_HLEN + PAYLOAD);
	ether_addr_copy(eth->h_dest, device->other->port.address);
	ether_addr_copy(eth->h_source, device->port.address);
	eth->h_proto = htons(ETH_P_IP);
	local_bh_disable();
	rcu_read_lock();
	hpkm_port_send(&device->port, skb);
	rcu_read_unlock();
	local_bh_enable();
	return device->other->delivered == before + 1 ? 0 : -EPIPE;
}

/* To the device that has the many, and back, since it has to find who is meant. */
static int there_and_back(void *context)
{
	struct party *device = context;

	return send_frame(device->other) ?: send_frame(device);
}

/* All at once, so that they can take turns. */
static const struct crowd {
	const char *of;
	u32 strangers;
} crowds[] = {
	{ "1", 0 },
	{ "100", 99 },
	{ "10000", 9999 },
};

/* Two devices, the first with many peers. */
struct cable {
	struct party device[2];
};

static int begin(struct cable *cable, u32 strangers)
{
	return start(&cable->device[0], 1) ?: start(&cable->device[1], 2) ?:
	       connect(&cable->device[0], &cable->device[1]) ?:
	       add_strangers(&cable->device[0], strangers, HPKM_LOG_MIN);
}

static void end(struct cable *cable)
{
	stop(&cable->device[0]);
	stop(&cable->device[1]);
}

static int measure_crowds(struct seq_file *out, struct cable *cable, struct bench_work *work)
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(crowds) && !err; i++) {
		work[i] = (struct bench_work){ crowds[i].of, there_and_back, cable[i].device, 20 };
		err = begin(&cable[i], crowds[i].strangers);
	}
	if (!err)
		err = bench_time(work, ARRAY_SIZE(crowds));
	if (!err)
		bench_report(out, "frame", work, ARRAY_SIZE(crowds));
	return err;
}

int bench_frame(struct seq_file *out)
{
	struct bench_work *work = kcalloc(ARRAY_SIZE(crowds), sizeof(*work), GFP_KERNEL);
	struct cable *cable = kcalloc(ARRAY_SIZE(crowds), sizeof(*cable), GFP_KERNEL);
	int i, err = -ENOMEM;

	if (work && cable)
		err = measure_crowds(out, cable, work);
	for (i = 0; cable && i < ARRAY_SIZE(crowds); i++)
		end(&cable[i]);
	rcu_barrier();
	kfree(cable);
	kfree(work);
	return err;
}

/* ---- memory ---- */

static u64 free_memory(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return (u64)info.freeram * info.mem_unit;
}

static void say_memory(struct seq_file *out, const char *of, u64 before, u32 count)
{
	u64 used = before - min(before, free_memory());

	seq_printf(out, "{\"what\": \"memory\", \"of\": \"%s\", \"octets\": %llu}\n", of,
		   div_u64(used, count));
}

static int measure_peers(struct seq_file *out, struct party *device)
{
	u64 before = free_memory();
	int err = add_strangers(device, LOG_PEERS, HPKM_LOG_DEFAULT);

	if (!err)
		say_memory(out, "peer-and-log", before, LOG_PEERS);
	return err;
}

static int measure_logs(struct seq_file *out)
{
	struct hpkm_log **logs = kvcalloc(LOG_PEERS, sizeof(*logs), GFP_KERNEL);
	static const u8 key[HPKM_LOG_KEY_LEN];
	u64 before = free_memory();
	int i, err = logs ? 0 : -ENOMEM;

	for (i = 0; i < LOG_PEERS && !err; i++) {
		logs[i] = hpkm_log_create(HPKM_LOG_DEFAULT, key);
		err = logs[i] ? 0 : -ENOMEM;
	}
	if (!err)
		say_memory(out, "log", before, LOG_PEERS);
	while (i--)
		hpkm_log_destroy(logs[i]);
	kvfree(logs);
	return err;
}

static int measure_large_log(struct seq_file *out)
{
	static const u8 key[HPKM_LOG_KEY_LEN];
	u64 before = free_memory();
	struct hpkm_log *log = hpkm_log_create(HPKM_LOG_MAX, key);

	if (!log)
		return -ENOMEM;
	say_memory(out, "record", before, HPKM_LOG_MAX);
	hpkm_log_destroy(log);
	return 0;
}

int bench_memory(struct seq_file *out)
{
	struct party *device = kzalloc(sizeof(*device), GFP_KERNEL);
	int err;

	if (!device)
		return -ENOMEM;
	err = start(device, 1) ?: measure_peers(out, device) ?: measure_logs(out) ?:
	      measure_large_log(out);
	stop(device);
	rcu_barrier();
	kfree(device);
	return err;
}
