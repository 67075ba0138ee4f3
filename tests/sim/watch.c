// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold when a thing is done: a frame sent, a write decided, a session
 * made, a record given its number, noted or confirmed.
 */
#include <compat/unaligned.h>
#include "world.h"

/* ---- epoch secrets ---- */

bool watch_same(const struct hpkm_epoch *a, const struct hpkm_epoch *b)
{
	return a->present && b->present && a->n == b->n &&
	       !memcmp(a->kid, b->kid, sizeof(a->kid)) &&
	       !memcmp(a->chain, b->chain, sizeof(a->chain)) && !memcmp(a->x, b->x, sizeof(a->x));
}

bool watch_has(const struct hpkm_durable *durable, const struct hpkm_epoch *epoch)
{
	enum hpkm_epoch_slot slot;

	for (slot = 0; slot < HPKM_EPOCH_SLOTS; slot++)
		if (watch_same(&durable->epoch[slot], epoch))
			return true;
	return false;
}

/* ---- FROZEN, as what is in memory and on the disk has it ---- */

/* Its write was reported as failed, or nobody waits for the report any more. */
static bool was_refused(const struct node *node, enum hpkm_epoch_slot slot)
{
	const struct hpkm_epoch *epoch = &node->machine.durable.epoch[slot];
	const struct disk *disk = &node->disk;

	return watch_same(&node->witness.refused[slot], epoch) ||
	       (disk->writing && disk_given_up(node) && watch_same(&disk->new.epoch[slot], epoch));
}

/**
 * watch_undecided() - a write is not decided that decides the pair's fate
 * @node: whose
 *
 * P1: next is nowhere on the disk, for all that the node was told.  P2, and a
 * pairing at B: cur is not.  A pairing at A: fresh is not.
 */
bool watch_undecided(const struct node *node)
{
	const struct hpkm_durable *memory = &node->machine.durable;
	const struct hpkm_durable *known = &node->disk.known;
	enum hpkm_epoch_slot slot;

	for (slot = 0; slot < HPKM_EPOCH_CUR; slot++)
		if (memory->epoch[slot].present && !watch_has(known, &memory->epoch[slot]) &&
		    !was_refused(node, slot))
			return true;
	return memory->epoch[HPKM_EPOCH_CUR].present &&
	       !watch_has(known, &memory->epoch[HPKM_EPOCH_CUR]);
}

/* P0 is one more of them, but nothing is there to be purged. */
static void may_speak(struct node *node, const char *what)
{
	const struct hpkm_machine *machine = &node->machine;

	if (watch_undecided(node) || machine->durable.boot != node->disk.known.boot)
		world_broken(node->world, "frozen", "node %u sent %s while a write is undecided",
			     node->index, what);
	if (machine->pairing)
		world_broken(node->world, "pairing", "node %u sent %s while it pairs",
			     node->index, what);
}

/* ---- frames ---- */

/* Each key seals one message: what has the same header is the same. */
static void sealed_once(struct node *node, const u8 *frame, size_t len)
{
	struct witness *witness = &node->witness;
	u32 slot = witness->sent_count % SENT_KNOWN;
	u32 i;

	for (i = 0; i < SENT_KNOWN; i++) {
		if (!witness->sent_len[i] || memcmp(witness->sent[i], frame, HPKM_HD_LEN))
			continue;
		if (witness->sent_len[i] != len || memcmp(witness->sent[i], frame, len))
			world_broken(node->world, "sealed once",
				     "node %u sent two different messages of type %u",
				     node->index, frame[0]);
		witness->sent_count++;
		return;
	}
	memcpy(witness->sent[slot], frame, len);
	witness->sent_len[slot] = len;
	witness->sent_count++;
}

static struct made *find_made(struct node *node, u32 own_sid)
{
	u32 i;

	for (i = 0; i < SESSIONS_KNOWN; i++) {
		struct made *made = &node->witness.made[i];

		if (made->valid && made->own_sid == own_sid)
			return made;
	}
	return NULL;
}

static bool has_made(const struct node *node, u32 peer_sid, bool initiator)
{
	u32 i;

	for (i = 0; i < SESSIONS_KNOWN; i++) {
		const struct made *made = &node->witness.made[i];

		if (made->valid && made->peer_sid == peer_sid && made->initiator == initiator &&
		    (initiator || made->current))
			return true;
	}
	return false;
}

/**
 * watch_handshake() - C1..C5 or ACK goes out
 * @node: whose
 * @frame: all of it
 * @len: octets
 */
void watch_handshake(struct node *node, const u8 *frame, size_t len)
{
	u32 dst_sid = le32_to_cpu(((const struct hpkm_hd *)frame)->dst_sid);

	may_speak(node, "a handshake frame");
	if (!node->machine.linked)
		world_broken(node->world, "detached", "node %u sent without a link", node->index);
	sealed_once(node, frame, len);
	if (frame[0] == HPKM_C5 && !has_made(node, dst_sid, true))
		world_broken(node->world, "keys before C5", "node %u has no session for its C5",
			     node->index);
	if (frame[0] == HPKM_ACK && !has_made(node, dst_sid, false))
		world_broken(node->world, "keys before ACK", "node %u has no session for its ACK",
			     node->index);
}

static void watch_u1(struct node *node, const struct channel *channel, const u8 *payload,
		     size_t len)
{
	struct witness *witness = &node->witness;
	bool same_session = witness->u1_sid == channel->control.own_sid;
	u32 last = same_session ? get_unaligned_le32(witness->last_u1 + 1) : 0;

	if (same_session && !memcmp(witness->last_u1, payload, len))
		return;
	if (get_unaligned_le32(payload + 1) <= last)
		world_broken(node->world, "uctr rises", "node %u asked twice with one number",
			     node->index);
	witness->u1_sid = channel->control.own_sid;
	memcpy(witness->last_u1, payload, len);
}

static void watch_u2(struct node *node, const struct channel *channel)
{
	const struct hpkm_epoch *next = &node->machine.durable.epoch[HPKM_EPOCH_NEXT];
	const struct hpkm_epoch *durable = &node->disk.known.epoch[HPKM_EPOCH_NEXT];

	if (!watch_same(next, durable) || next->n != channel->control.epoch_n + 1)
		world_broken(node->world, "P1 before U2", "node %u: next is not durable",
			     node->index);
}

static void watch_u3(struct node *node, const struct channel *channel)
{
	const struct hpkm_epoch *cur = &node->machine.durable.epoch[HPKM_EPOCH_CUR];
	const struct hpkm_epoch *durable = &node->disk.known.epoch[HPKM_EPOCH_CUR];

	if (!watch_same(cur, durable) || cur->n != channel->control.epoch_n + 1 ||
	    node->machine.durable.epoch[HPKM_EPOCH_NEXT].present)
		world_broken(node->world, "P2 before U3", "node %u: cur is not durable",
			     node->index);
}

/**
 * watch_control() - U1, U2, U3 or NAK goes out
 * @node: whose
 * @channel: in which session
 * @payload: unpadded
 * @len: octets
 */
void watch_control(struct node *node, const struct channel *channel, const u8 *payload,
		   size_t len)
{
	if (payload[0] == HPKM_U1)
		watch_u1(node, channel, payload, len);
	else if (payload[0] == HPKM_U2)
		watch_u2(node, channel);
	else if (payload[0] == HPKM_U3)
		watch_u3(node, channel);
	may_speak(node, "control");
	if (channel->control.barred || channel->control.state != HPKM_SESSION_STATE_CURRENT)
		world_broken(node->world, "barred", "node %u sent control in a barred session",
			     node->index);
}

/**
 * watch_attempt() - an own exchange begins
 * @node: whose
 * @x: the exchange
 */
void watch_attempt(struct node *node, const struct hpkm_exchange *x)
{
	if (x->hctr <= node->witness.last_hctr)
		world_broken(node->world, "hctr rises", "node %u: %llx after %llx", node->index,
			     (unsigned long long)x->hctr,
			     (unsigned long long)node->witness.last_hctr);
	node->witness.last_hctr = x->hctr;
}

/* ---- sessions ---- */

static bool share_a_key(const struct hpkm_session_keys *a, const struct hpkm_session_keys *b)
{
	return !memcmp(a->to_responder, b->to_responder, HPKM_KEY_LEN) ||
	       !memcmp(a->to_initiator, b->to_initiator, HPKM_KEY_LEN);
}

/**
 * watch_created() - a session was made
 * @node: whose
 * @channel: it; only its keys and its own index are known yet
 * @keys: from the exchange
 *
 * A key that came twice would seal with each counter twice.
 */
void watch_created(struct node *node, const struct channel *channel,
		   const struct hpkm_session_keys *keys)
{
	struct witness *witness = &node->witness;
	struct made *made = &witness->made[witness->made_count++ % SESSIONS_KNOWN];
	u32 i;

	for (i = 0; i < SESSIONS_KNOWN; i++)
		if (witness->made[i].valid && share_a_key(&witness->made[i].keys, keys))
			world_broken(node->world, "no counter twice",
				     "node %u: a key came a second time", node->index);
	*made = (struct made){
		.valid = true, .initiator = channel->control.initiator,
		.own_sid = channel->control.own_sid, .keys = *keys,
	};
}

static void agrees(struct node *node, const struct made *own, const struct made *theirs)
{
	if (own->initiator == theirs->initiator || own->epoch_n != theirs->epoch_n ||
	    memcmp(&own->keys, &theirs->keys, sizeof(own->keys)))
		world_broken(node->world, "equal keys", "the two ends of a session differ");
}

/**
 * watch_moved() - a session changed its state
 * @node: whose
 * @channel: which
 *
 * The responder installs first, what the initiator has made; the initiator
 * what the responder has installed.
 */
void watch_moved(struct node *node, const struct channel *channel)
{
	const struct hpkm_session *session = &channel->control;
	bool current = session->state == HPKM_SESSION_STATE_CURRENT && !session->barred;
	struct made *own = find_made(node, session->own_sid);
	struct made *theirs = find_made(other(node), session->peer_sid);

	if (!current && session->state != HPKM_SESSION_STATE_NEXT)
		return;
	own->peer_sid = session->peer_sid;
	own->epoch_n = session->epoch_n;
	own->current = current;
	if (theirs && theirs->peer_sid == own->own_sid)
		agrees(node, own, theirs);
	else
		theirs = NULL;
	if (!current)
		return;
	if (!theirs || (own->initiator && !theirs->current))
		world_broken(node->world, "both install", "node %u has a session of its own",
			     node->index);
	if (node->machine.durable.epoch[HPKM_EPOCH_CUR].n != session->epoch_n)
		world_broken(node->world, "one epoch", "node %u: a session under another epoch",
			     node->index);
}

/* ---- writes ---- */

/**
 * watch_write() - a write is issued
 * @node: whose
 * @durable: what is written
 */
void watch_write(struct node *node, const struct hpkm_durable *durable)
{
	if (durable->boot < node->disk.known.boot)
		world_broken(node->world, "boot rises", "node %u", node->index);
}

/**
 * watch_decided() - the node was told of a write, or has given it up
 * @node: whose
 * @durable: what was written
 * @ok: what it was told
 */
void watch_decided(struct node *node, const struct hpkm_durable *durable, bool ok)
{
	world_trace(node->world, "node %u: a write %s", node->index, ok ? "is durable" : "failed");
	if (ok) {
		node->disk.known = *durable;
		return;
	}
	memcpy(node->witness.refused, durable->epoch, sizeof(node->witness.refused));
}

/**
 * watch_restart() - all that is not on the disk is gone
 * @node: whose
 */
void watch_restart(struct node *node)
{
	struct witness *witness = &node->witness;

	node->disk.known = node->disk.actual;
	witness->durable = node->disk.actual;
	witness->session = 0;
	witness->u1_sid = 0;
	witness->stalled_at = 0;
	memset(witness->refused, 0, sizeof(witness->refused));
}

/* ---- records ---- */

static struct number *number(struct number *numbers, u64 rec)
{
	return &numbers[rec & (NUMBERS_KNOWN - 1)];
}

/**
 * watch_given() - an own record goes out for the first time
 * @node: whose
 * @rec: its number
 * @hash: of the record
 */
void watch_given(struct node *node, u64 rec, u64 hash)
{
	struct number *given = number(node->witness.given, rec);

	if (given->used && given->rec == rec)
		world_broken(node->world, "no number twice", "node %u: record %llx", node->index,
			     (unsigned long long)rec);
	if (!given->used || given->rec < rec)
		*given = (struct number){ .rec = rec, .hash = hash, .used = true };
}

/**
 * watch_noted() - a record of the other's enters the log, and perhaps the inbox
 * @node: whose
 * @rec: its number
 * @hash: of the record
 * @message: it is delivered
 */
void watch_noted(struct node *node, u64 rec, u64 hash, bool message)
{
	const struct number *given = number(other(node)->witness.given, rec);
	struct number *noted = number(node->witness.noted, rec);

	/* Of what is older nothing is known any more. */
	if (!given->used || given->rec < rec || (given->rec == rec && given->hash != hash))
		world_broken(node->world, "only what was sent", "node %u: record %llx",
			     node->index, (unsigned long long)rec);
	if (noted->used && noted->rec > rec)
		return;
	if (noted->used && noted->rec == rec && noted->remembered)
		world_broken(node->world, "exactly once", "node %u took %s %llx twice",
			     node->index, message ? "message" : "record",
			     (unsigned long long)rec);
	*noted = (struct number){
		.rec = rec, .hash = hash, .used = true, .remembered = true, .delivered = true,
	};
}

/**
 * watch_too_old() - a message is acknowledged that may never have been delivered
 * @node: whose
 * @rec: its number, at most the floor
 *
 * Its sender has given it up and reported it as unconfirmed (protocol section 6).
 */
void watch_too_old(struct node *node, u64 rec)
{
	struct number *noted = number(node->witness.noted, rec);

	if (!noted->used || noted->rec < rec)
		*noted = (struct number){ .rec = rec, .used = true };
}

/**
 * watch_forget() - what a node has received it need not know any more
 * @node: whose
 */
void watch_forget(struct node *node)
{
	u32 i;

	for (i = 0; i < NUMBERS_KNOWN; i++)
		node->witness.noted[i].remembered = false;
}

/**
 * watch_confirmed() - the other says that it has an own record
 * @node: whose
 * @rec: its number
 */
void watch_confirmed(struct node *node, u64 rec)
{
	const struct number *noted = number(other(node)->witness.noted, rec);

	if (noted->used && noted->rec > rec)
		return;
	if (!noted->used || noted->rec != rec)
		world_broken(node->world, "confirmed by both", "node %u: record %llx",
			     node->index, (unsigned long long)rec);
}

/**
 * watch_delivered() - a message that is still under way was acknowledged
 * @node: whose
 * @rec: its number
 */
void watch_delivered(struct node *node, u64 rec)
{
	const struct number *noted = number(other(node)->witness.noted, rec);

	if (noted->used && noted->rec == rec && !noted->delivered)
		world_broken(node->world, "delivered", "node %u: message %llx was not",
			     node->index, (unsigned long long)rec);
}

/**
 * watch_accepted() - a frame was opened and taken
 * @node: by whom
 * @channel: in which session
 * @counter: its counter
 */
void watch_accepted(struct node *node, struct channel *channel, u64 counter)
{
	if (counter >= COUNTERS_KNOWN)
		return;
	if (test_bit(counter, channel->accepted))
		world_broken(node->world, "no replay", "node %u took frame %llu twice",
			     node->index, (unsigned long long)counter);
	__set_bit(counter, channel->accepted);
}

/**
 * watch_update_done() - a record has become the triple
 * @node: whose
 * @rid: the record
 */
void watch_update_done(struct node *node, const u8 *rid)
{
	if (hpkm_log_find(node->log, rid))
		world_broken(node->world, "used once", "node %u still has the record",
			     node->index);
}
