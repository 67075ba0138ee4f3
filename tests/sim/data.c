// SPDX-License-Identifier: GPL-2.0
/*
 * A node's data plane, as small as it can be: every frame is sealed and opened,
 * and nothing is said that its receiver could not tell from anything else.
 */
#include <stdlib.h>
#include <linux/slab.h>
#include <compat/unaligned.h>
#include "world.h"

#define WORDS		4	/* marks, each of eight octets, make Data */
#define PHRASES		3
#define DATA_LEN	(WORDS * sizeof(u64))

static u8 who(const struct node *node, bool own)
{
	return node->machine.pair.own_is_smaller == own ? 0 : 1;
}

/* ---- what is said ---- */

/* Data follows from who said it, when, and in which place; nobody else knows how. */
static u64 mark(const struct world *world, u8 speaker, u64 number, u64 time, u32 word)
{
	return random_mix(world->salt ^ random_mix(number ^ random_mix(time + speaker + 2 * word)));
}

static void fill_data(const struct world *world, u8 *data, u8 speaker, u64 number, u64 time)
{
	u32 word;

	for (word = 0; word < WORDS; word++)
		put_unaligned_le64(mark(world, speaker, number, time, word), data + 8 * word);
}

/* What each of the two says again and again, so that records share elements. */
static void fill_phrase(const struct world *world, u8 *data, u8 speaker, u32 phrase)
{
	fill_data(world, data, speaker, phrase, 0);
}

static void fill_record(struct node *node, u8 *data, u64 rec, u64 time)
{
	struct chance *chance = &node->world->chance;

	if (random_happens(chance, 300))
		fill_phrase(node->world, data, who(node, true), random_below(chance, PHRASES));
	else
		fill_data(node->world, data, who(node, true), rec, time);
}

static bool is_phrase(struct node *node, const u8 *data)
{
	u8 expected[DATA_LEN];
	u32 phrase;

	for (phrase = 0; phrase < PHRASES; phrase++) {
		fill_phrase(node->world, expected, who(node, false), phrase);
		if (!memcmp(data, expected, DATA_LEN))
			return true;
	}
	return false;
}

static u64 hash_of(const struct hpkm_inner *inner, const u8 *data)
{
	return random_mix(random_mix(inner->rec) ^ random_mix(inner->time + 1) ^
			  random_mix(inner->location[1]) ^ get_unaligned_le64(data));
}

/* ---- sessions ---- */

struct channel *data_channel(struct node *node, u32 own_sid)
{
	u32 i;

	for (i = 0; i < CHANNELS; i++) {
		struct channel *channel = &node->channel[i];

		if (channel->used && channel->control.own_sid == own_sid)
			return channel;
	}
	return NULL;
}

struct channel *data_to_send(struct node *node)
{
	struct hpkm_session *session = node->machine.current_session;

	if (!session || node_now(node) >= session->send_until)
		return NULL;
	return container_of(session, struct channel, control);
}

/* ---- sending ---- */

static bool is_data(const struct hpkm_inner *inner)
{
	return inner->kind != HPKM_KIND_CONTROL ||
	       (inner->payload_len && inner->payload[0] != HPKM_CONTROL_NONE);
}

static void note_sent(struct node *node, struct channel *channel, const struct hpkm_inner *inner)
{
	struct hpkm_traffic *traffic = &channel->traffic;

	traffic->unreplied_since = 0;
	if (!is_data(inner))
		return;
	traffic->data_passed = true;
	if (!traffic->unanswered_since)
		traffic->unanswered_since = node_now(node);
}

static void set_acknowledgement(struct hpkm_inner *inner, const struct hpkm_acknowledgement *ack)
{
	inner->flags |= HPKM_FLAG_ACK;
	inner->ack_base = ack->base;
	inner->ack_map = ack->map;
}

static void take_acknowledgement(struct node *node, struct hpkm_inner *inner)
{
	struct hpkm_acknowledgement ack;

	if (!(inner->flags & HPKM_FLAG_ACK) && node->receipt.due != HPKM_NEVER &&
	    hpkm_receipt_take(&node->receipt, &ack))
		set_acknowledgement(inner, &ack);
}

static void seal(struct node *node, struct channel *channel, struct hpkm_inner *inner)
{
	const struct hpkm_suite *suite = node->world->suite;
	u8 frame[PACKET_MAX] = {};
	size_t len;

	take_acknowledgement(node, inner);
	note_sent(node, channel, inner);
	len = hpkm_inner_write_head(frame + HPKM_HD_LEN, inner);
	memcpy(frame + HPKM_HD_LEN + len, inner->payload, inner->payload_len);
	len = max_t(size_t, len + inner->payload_len, suite->inner_min);
	hpkm_hd_write_data(frame, suite->id, channel->control.peer_sid, channel->next_counter);
	suite->seal(channel->send_key, channel->next_counter++, frame, len);
	cable_send(node, frame, HPKM_HD_LEN + len + suite->tag_len);
}

void data_control(struct node *node, struct channel *channel, const u8 *payload, size_t len)
{
	struct hpkm_inner inner = {
		.kind = HPKM_KIND_CONTROL, .payload = payload ?: (const u8 *)"",
		.payload_len = len,
	};

	seal(node, channel, &inner);
}

/* T rises within a boot of its sender, whatever the wall clock does. */
static void number_record(struct node *node, u64 *rec, u64 *time, u8 *location)
{
	u64 boot = node->machine.durable.boot;

	*rec = boot << HPKM_REC_BOOT_SHIFT | node->next_count++;
	*time = max((node_wall_clock(node) & ~1ULL) | who(node, true), node->last_time + 2);
	node->last_time = *time;
	memcpy(location, node->location, HPKM_LI_LEN);
}

static void log_record(struct node *node, const struct hpkm_inner *inner, const u8 *data,
		       bool own)
{
	struct hpkm_record record;

	hpkm_record_init(&record, who(node, own), inner->rec, inner->time, inner->location, data,
			 DATA_LEN);
	record.state = own ? HPKM_RECORD_PENDING : HPKM_RECORD_CONFIRMED;
	hpkm_log_add(node->log, &record);
	if (own)
		watch_given(node, inner->rec, hash_of(inner, data));
}

static void say_frame(struct node *node, struct channel *channel)
{
	struct hpkm_inner inner = { .kind = HPKM_KIND_FRAME, .proto = 8, .payload_len = DATA_LEN };
	u8 data[DATA_LEN];

	inner.payload = data;
	if (random_happens(&node->world->chance, 700)) {
		inner.flags = HPKM_FLAG_RECORD;
		number_record(node, &inner.rec, &inner.time, inner.location);
		fill_record(node, data, inner.rec, inner.time);
		log_record(node, &inner, data, true);
	} else {
		fill_data(node->world, data, who(node, true), channel->next_counter,
			  channel->control.peer_sid);
	}
	seal(node, channel, &inner);
}

static void hand_in_message(struct node *node)
{
	struct hpkm_message *message = kzalloc(sizeof(*message) + DATA_LEN, GFP_KERNEL);

	if (!message)
		abort();
	if (node->outbox.count == HPKM_MSG_WAITING) {
		kfree(message);
		return;
	}
	number_record(node, &message->rec, &message->time, message->location);
	message->len = DATA_LEN;
	fill_record(node, message->data, message->rec, message->time);
	hpkm_outbox_add(&node->outbox, message, node_now(node));
}

/**
 * data_say() - somebody on a node has something to say
 * @node: where
 *
 * A message waits for a session; a frame asks for one and is lost here.
 */
void data_say(struct node *node)
{
	struct channel *channel = data_to_send(node);

	if (node->quiet)
		return;
	if (random_happens(&node->world->chance, node->world->weather.messages))
		hand_in_message(node);
	else if (channel)
		say_frame(node, channel);
	if (!channel)
		hpkm_machine_want(&node->machine, node_now(node));
}

static void send_message(struct node *node, struct channel *channel,
			 const struct hpkm_message *message)
{
	u8 payload[HPKM_MSG_HEAD_LEN + DATA_LEN];
	struct hpkm_inner inner = {
		.kind = HPKM_KIND_MSG, .flags = HPKM_FLAG_RECORD, .rec = message->rec,
		.time = message->time, .payload = payload, .payload_len = sizeof(payload),
	};

	memcpy(inner.location, message->location, HPKM_LI_LEN);
	put_unaligned_le16(message->len, payload);
	memcpy(payload + HPKM_MSG_HEAD_LEN, message->data, message->len);
	if (message->sendings == 1)
		log_record(node, &inner, message->data, true);
	seal(node, channel, &inner);
}

static void acknowledge_with(struct node *node, const struct hpkm_acknowledgement *ack)
{
	struct channel *channel = data_to_send(node);
	struct hpkm_inner inner = { .kind = HPKM_KIND_CONTROL, .payload = (const u8 *)"" };

	if (!channel)
		return;
	set_acknowledgement(&inner, ack);
	seal(node, channel, &inner);
}

static void acknowledge(struct node *node)
{
	struct hpkm_acknowledgement ack;

	while (data_to_send(node) && node->receipt.due <= node_now(node) &&
	       hpkm_receipt_take(&node->receipt, &ack))
		acknowledge_with(node, &ack);
}

/* ---- receiving ---- */

static void free_messages(struct list_head *done)
{
	struct hpkm_message *message, *next;

	list_for_each_entry_safe(message, next, done, node)
		free(message);
	INIT_LIST_HEAD(done);
}

static void note_acknowledgement(struct node *node, const struct hpkm_inner *inner)
{
	struct hpkm_acknowledgement ack = { .base = inner->ack_base, .map = inner->ack_map };
	u8 rid[HPKM_RID_LEN] = { who(node, true) };
	const struct hpkm_message *message;
	LIST_HEAD(done);
	u32 i;

	if (!(inner->flags & HPKM_FLAG_ACK))
		return;
	for (i = 0; i < HPKM_ACK_WINDOW && ack.base + i >= ack.base; i++) {
		if (!(ack.map & BIT_ULL(i)))
			continue;
		watch_confirmed(node, ack.base + i);
		put_unaligned_le64(ack.base + i, rid + 1);
		hpkm_log_confirm(node->log, rid);
	}
	hpkm_outbox_acknowledge(&node->outbox, &ack, &done);
	list_for_each_entry(message, &done, node)
		watch_delivered(node, message->rec);
	free_messages(&done);
}

static void is_genuine(struct node *node, const u8 *data, u64 number, u64 time)
{
	u8 expected[DATA_LEN];

	fill_data(node->world, expected, who(node, false), number, time);
	if (memcmp(data, expected, DATA_LEN))
		world_broken(node->world, "only what was sent", "node %u: nobody said that",
			     node->index);
}

static void is_genuine_record(struct node *node, const struct hpkm_inner *inner, const u8 *data)
{
	if (!is_phrase(node, data))
		is_genuine(node, data, inner->rec, inner->time);
}

static void receive_record(struct node *node, const struct hpkm_inner *inner, const u8 *data,
			   bool message)
{
	struct hpkm_acknowledgement ack;

	while (hpkm_receipt_would_lose(&node->receipt, inner->rec) &&
	       hpkm_receipt_take(&node->receipt, &ack))
		acknowledge_with(node, &ack);
	if (hpkm_receipt_note(&node->receipt, inner->rec, message, node_now(node)) ==
	    HPKM_RECEIPT_NEW) {
		watch_noted(node, inner->rec, hash_of(inner, data), message);
		log_record(node, inner, data, false);
		happens(node->world, message ? HAPPENED_MESSAGE : HAPPENED_RECORD);
	} else if (message && node->receipt.floor_valid && inner->rec <= node->receipt.floor) {
		watch_too_old(node, inner->rec);
	}
	acknowledge(node);
}

static void receive_frame(struct node *node, const struct channel *channel,
			  const struct hpkm_inner *inner, u64 counter)
{
	if (!(inner->flags & HPKM_FLAG_RECORD)) {
		is_genuine(node, inner->payload, counter, channel->control.own_sid);
		return;
	}
	is_genuine_record(node, inner, inner->payload);
	if (!channel->control.renews)
		receive_record(node, inner, inner->payload, false);
}

static void receive_message(struct node *node, const struct channel *channel,
			    const struct hpkm_inner *inner)
{
	const u8 *data;
	size_t len;

	if (hpkm_message_parse(inner, &data, &len) || len != DATA_LEN)
		world_broken(node->world, "only what was sent", "node %u: a message of no kind",
			     node->index);
	is_genuine_record(node, inner, data);
	if (!channel->control.renews)
		receive_record(node, inner, data, true);
}

static void receive_control(struct node *node, struct channel *channel,
			    const struct hpkm_inner *inner)
{
	if (!is_data(inner))
		return;
	if (inner->payload[0] == HPKM_NAK)
		happens(node->world, HAPPENED_NAK);
	hpkm_machine_control(&node->machine, channel->control.own_sid, inner->payload,
			     inner->payload_len, node_now(node));
}

static void receive_opened(struct node *node, struct channel *channel, u8 *text, size_t len,
			   u64 counter)
{
	struct hpkm_traffic *traffic = &channel->traffic;
	struct hpkm_inner inner;

	traffic->unanswered_since = 0;
	if (hpkm_inner_parse(&inner, text, len))
		world_broken(node->world, "only what was sent", "node %u: it does not parse",
			     node->index);
	if (is_data(&inner)) {
		traffic->data_passed = true;
		if (!traffic->unreplied_since)
			traffic->unreplied_since = node_now(node);
	}
	note_acknowledgement(node, &inner);
	switch (inner.kind) {
	case HPKM_KIND_FRAME:
		receive_frame(node, channel, &inner, counter);
		break;
	case HPKM_KIND_MSG:
		receive_message(node, channel, &inner);
		break;
	case HPKM_KIND_CONTROL:
		receive_control(node, channel, &inner);
		break;
	}
}

/* The frame opens in place; false if it is not for now. */
static bool open_frame(struct node *node, struct channel *channel, const struct packet *packet,
		       u8 *frame)
{
	const struct hpkm_suite *suite = node->world->suite;
	u64 counter = le64_to_cpu(((const struct hpkm_hd *)frame)->counter);
	u64 now = node_now(node);

	if (now >= channel->refuse_after || !hpkm_replay_fresh(&channel->replay, counter) ||
	    suite->open(channel->receive_key, counter, frame, packet->len - HPKM_HD_LEN))
		return false;
	if (packet->fate == FATE_SPOILT || packet->fate == FATE_REFLECTED)
		world_broken(node->world, "forgery", "node %u opened DATA that is not the other's",
			     node->index);
	if (!hpkm_replay_accept(&channel->replay, counter))
		return false;
	watch_accepted(node, channel, counter);
	return true;
}

static void is_wanted(struct node *node, const struct packet *packet, const char *why)
{
	if (packet->watched)
		world_broken(node->world, "no gap", "node %u: %s for a frame in calm",
			     node->index, why);
}

/**
 * data_receive() - a DATA frame arrives
 * @node: where
 * @packet: header checked
 */
void data_receive(struct node *node, const struct packet *packet)
{
	const struct hpkm_hd *hd = (const struct hpkm_hd *)packet->data;
	u32 own_sid = le32_to_cpu(hd->dst_sid);
	struct channel *channel = data_channel(node, own_sid);
	u8 frame[PACKET_MAX];
	size_t len = packet->len - HPKM_HD_LEN - node->world->suite->tag_len;

	if (!channel) {
		is_wanted(node, packet, "no session");
		return;
	}
	memcpy(frame, packet->data, packet->len);
	if (!open_frame(node, channel, packet, frame)) {
		is_wanted(node, packet, "no key");
		return;
	}
	if (channel->control.state == HPKM_SESSION_STATE_NEXT)
		hpkm_machine_first_data(&node->machine, own_sid, node_now(node));
	receive_opened(node, channel, frame + HPKM_HD_LEN, len, le64_to_cpu(hd->counter));
}

/* ---- its clock and its life ---- */

void data_tick(struct node *node)
{
	struct channel *channel = data_to_send(node);
	u64 now = node_now(node);
	struct hpkm_message *message;
	LIST_HEAD(done);

	hpkm_outbox_expire(&node->outbox, now, &done);
	free_messages(&done);
	if (!channel)
		return;
	while ((message = hpkm_outbox_due(&node->outbox, now)))
		send_message(node, channel, message);
	acknowledge(node);
}

u64 data_deadline(struct node *node)
{
	const struct hpkm_message *oldest;

	if (data_to_send(node))
		return sooner(node->receipt.due, hpkm_outbox_deadline(&node->outbox));
	if (!node->outbox.count)
		return HPKM_NEVER;
	oldest = list_first_entry(&node->outbox.messages, struct hpkm_message, node);
	return oldest->accepted_at + HPKM_MSG_GIVE_UP;
}

void data_init(struct node *node)
{
	u8 key[HPKM_LOG_KEY_LEN];

	random_fill(&node->world->chance, key, sizeof(key));
	node->log = hpkm_log_create(node->log_size, key);
	if (!node->log)
		abort();
	hpkm_receipt_init(&node->receipt);
	watch_forget(node);
	hpkm_outbox_init(&node->outbox);
	node->next_count = 0;
	node->last_time = 0;
}

static void give_up_messages(struct node *node)
{
	LIST_HEAD(done);

	hpkm_outbox_purge(&node->outbox, &done);
	free_messages(&done);
}

void data_exit(struct node *node)
{
	give_up_messages(node);
	hpkm_log_destroy(node->log);
	node->log = NULL;
}

/**
 * data_renew() - a pairing's context is the only one now
 * @node: whose
 */
void data_renew(struct node *node)
{
	give_up_messages(node);
	hpkm_log_clear(node->log);
	hpkm_receipt_init(&node->receipt);
	watch_forget(node);
}
