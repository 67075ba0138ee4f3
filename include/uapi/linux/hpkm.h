/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) */
/*
 * Generic netlink interface of hpkm.
 *
 * Every command works on one network namespace, that of the socket.  Each
 * object has a command group and an attribute set of its own; the top level
 * attributes of a message are those of its object.  Commands named *_GET need
 * no privilege, except for HPKM_CMD_LOG_GET and HPKM_CMD_MESSAGE_GET, which
 * show what was said, and HPKM_CMD_SK_GET, since a fingerprint is something to
 * try passphrases against; all others need CAP_NET_ADMIN in the namespace's
 * user namespace.  A refused request carries an extack sentence.
 *
 * Integers are in host byte order; identifiers, keys and addresses are octet
 * strings.  No reply and no event ever carries a secret.
 */
#ifndef _UAPI_LINUX_HPKM_H
#define _UAPI_LINUX_HPKM_H

#define HPKM_GENL_NAME		"hpkm"
#define HPKM_GENL_VERSION	1
#define HPKM_GENL_GROUP_EVENTS	"events"

#define HPKM_ID_LEN		16	/* device id */
#define HPKM_SK_LEN		32	/* stretched SK */
#define HPKM_FINGERPRINT_LEN	8
#define HPKM_KID_LEN		8	/* names an epoch secret, reveals nothing */
#define HPKM_SID_LEN		8	/* names a session */
#define HPKM_RID_LEN		9	/* names a record: who, le64 number */
#define HPKM_LOCATION_MAX	31	/* octets of UTF-8 */
#define HPKM_NAME_MAX		31	/* a peer's label */
#define HPKM_MESSAGE_MAX	1024	/* octets of one explicit message */
#define HPKM_DATA_KEPT		64	/* octets of a record's data that the log keeps */

enum hpkm_cmd {
	HPKM_CMD_UNSPEC,

	HPKM_CMD_DEVICE_GET,	/* do: this device */

	HPKM_CMD_LINK_GET,	/* dump; do with IFINDEX or IFNAME */
	HPKM_CMD_LINK_ADD,	/* attach: IFINDEX or IFNAME, MODE */
	HPKM_CMD_LINK_DEL,	/* detach: IFINDEX or IFNAME */
	HPKM_CMD_LINK_SET,	/* IFINDEX or IFNAME, MODE */

	HPKM_CMD_SK_GET,	/* dump: fingerprints only.  Privileged. */
	HPKM_CMD_SK_SET,	/* SUITE, KEY */
	HPKM_CMD_SK_DEL,	/* SUITE */

	HPKM_CMD_PAIR_GET,	/* dump: one per link */
	HPKM_CMD_PAIR_ADD,	/* open the window: IFINDEX or IFNAME, SUITE */
	HPKM_CMD_PAIR_DEL,	/* close it: IFINDEX or IFNAME */

	HPKM_CMD_PEER_GET,	/* dump; do with ID */
	HPKM_CMD_PEER_SET,	/* ID; NAME, BRIDGE */
	HPKM_CMD_PEER_DEL,	/* ID */

	HPKM_CMD_SESSION_GET,	/* dump; PEER narrows it */
	HPKM_CMD_SESSION_ADD,	/* start an exchange now: PEER */
	HPKM_CMD_SESSION_UPDATE, /* start a key update: PEER; RID */

	HPKM_CMD_LOG_GET,	/* dump: PEER.  Privileged. */

	HPKM_CMD_POLICY_GET,	/* dump; PEER narrows it */
	HPKM_CMD_POLICY_SET,	/* PEER and what is to change */

	HPKM_CMD_LOCATION_GET,	/* do */
	HPKM_CMD_LOCATION_SET,	/* LABEL */

	HPKM_CMD_MESSAGE_GET,	/* dump: PEER.  Privileged. */
	HPKM_CMD_MESSAGE_ADD,	/* send: PEER, DATA; replies with REC */

	HPKM_CMD_EVENT,		/* multicast only */

	/* See enum hpkm_state_attr.  All privileged. */
	HPKM_CMD_STATE_AGENT,	/* do: become the persist agent */
	HPKM_CMD_STATE_RESTORE,	/* agent: what it kept: BLOB; PEER unless it is the device's */
	HPKM_CMD_STATE_READY,	/* agent: all is restored; writes begin */
	HPKM_CMD_STATE_PENDING,	/* to the agent alone, without attributes: a write waits */
	HPKM_CMD_STATE_NEXT,	/* agent: replies with SERIAL, BLOB, PEER, or with nothing */
	HPKM_CMD_STATE_WRITTEN,	/* agent: PEER, SERIAL, ERROR */

	__HPKM_CMD_MAX,
	HPKM_CMD_MAX = __HPKM_CMD_MAX - 1,
};

/* Protocol section 1.  Pinned at pairing, never negotiated. */
enum hpkm_suite_id {
	HPKM_SUITE_XOR			= 0,	/* the paper's; no security */
	HPKM_SUITE_CHACHA20POLY1305	= 1,
	HPKM_SUITE_CHACHA20POLY1305_X25519 = 2,
};

enum hpkm_device_attr {
	HPKM_DEVICE_A_UNSPEC,
	HPKM_DEVICE_A_ID,		/* binary, HPKM_ID_LEN */
	HPKM_DEVICE_A_VERSION,		/* string: the module's */
	HPKM_DEVICE_A_SUITE,		/* multi: nest of hpkm_suite_attr */
	HPKM_DEVICE_A_LINKS,		/* u32: attached links */
	HPKM_DEVICE_A_PEERS,		/* u32: paired devices */
	HPKM_DEVICE_A_AGENT,		/* flag: a persist agent keeps their state */

	__HPKM_DEVICE_A_MAX,
	HPKM_DEVICE_A_MAX = __HPKM_DEVICE_A_MAX - 1,
};

enum hpkm_suite_attr {
	HPKM_SUITE_A_UNSPEC,
	HPKM_SUITE_A_ID,		/* u8: enum hpkm_suite_id */
	HPKM_SUITE_A_NAME,		/* string */
	HPKM_SUITE_A_INSECURE,		/* flag */

	__HPKM_SUITE_A_MAX,
	HPKM_SUITE_A_MAX = __HPKM_SUITE_A_MAX - 1,
};

enum hpkm_link_mode {
	HPKM_LINK_MODE_STRICT,		/* nothing passes unprotected */
	HPKM_LINK_MODE_PERMISSIVE,	/* frames for no peer pass as they are */
};

enum hpkm_link_attr {
	HPKM_LINK_A_UNSPEC,
	HPKM_LINK_A_IFINDEX,		/* u32 */
	HPKM_LINK_A_IFNAME,		/* string */
	HPKM_LINK_A_MODE,		/* u32: enum hpkm_link_mode */
	HPKM_LINK_A_ADDRESS,		/* binary, 6: the device's */
	HPKM_LINK_A_MTU,		/* u32: octets */
	HPKM_LINK_A_PEERS,		/* u32 */
	HPKM_LINK_A_HALF_OPEN,		/* u32: exchanges being answered */
	HPKM_LINK_A_PAIRING,		/* flag: a pairing window is open */
	HPKM_LINK_A_COUNTERS,		/* nest of hpkm_counter, u64 each */
	HPKM_LINK_A_PAD,

	__HPKM_LINK_A_MAX,
	HPKM_LINK_A_MAX = __HPKM_LINK_A_MAX - 1,
};

/*
 * What passed and what was dropped, by reason.  A link counts all; a peer
 * those that could be put down to it.
 */
enum hpkm_counter {
	HPKM_COUNTER_UNSPEC,
	HPKM_COUNTER_TX_FRAMES,		/* sealed and handed to the device */
	HPKM_COUNTER_TX_BYTES,		/* of their payload */
	HPKM_COUNTER_RX_FRAMES,		/* opened and handed up */
	HPKM_COUNTER_RX_BYTES,
	HPKM_COUNTER_TX_PLAIN,		/* permissive: passed as they were */
	HPKM_COUNTER_RX_PLAIN,
	HPKM_COUNTER_TX_QUEUED,		/* waited for a session */
	HPKM_COUNTER_TX_SPLIT,		/* carried in two */
	HPKM_COUNTER_TX_NO_PEER,	/* dropped: for nobody known */
	HPKM_COUNTER_TX_NO_SESSION,	/* dropped: the queue was full or timed out */
	HPKM_COUNTER_TX_TOO_BIG,	/* dropped: even two frames are too small */
	HPKM_COUNTER_TX_NO_MEMORY,
	HPKM_COUNTER_TX_OWN_PROTO,	/* dropped: EtherType 0x88B5 from above */
	HPKM_COUNTER_TX_ERROR,		/* the device or its queue refused */
	HPKM_COUNTER_RX_UNPROTECTED,	/* dropped: strict mode */
	HPKM_COUNTER_RX_MALFORMED,	/* header, length or inner fields */
	HPKM_COUNTER_RX_VERSION,
	HPKM_COUNTER_RX_SUITE,
	HPKM_COUNTER_RX_NO_SESSION,	/* session index names nothing */
	HPKM_COUNTER_RX_REPLAY,
	HPKM_COUNTER_RX_AUTH,		/* does not open */
	HPKM_COUNTER_RX_EXPIRED,	/* session past its life */
	HPKM_COUNTER_RX_ADDRESS,	/* inner addresses not allowed */
	HPKM_COUNTER_RX_FRAGMENT,	/* half of a frame timed out or displaced */
	HPKM_COUNTER_RX_DUPLICATE,	/* message known, acknowledged again */
	HPKM_COUNTER_RX_RATE,		/* handshake frames over the limit */
	HPKM_COUNTER_RX_NO_MEMORY,
	HPKM_COUNTER_HANDSHAKE_REFUSED,	/* C1..C5, ACK that no state accepts */
	HPKM_COUNTER_PAIRING_REFUSED,	/* P1..P6 outside a window or not opening */
	HPKM_COUNTER_UPDATE_REFUSED,	/* update control that no state accepts */
	HPKM_COUNTER_RX_INNER_PROTO,	/* 0x88B5 inside */
	HPKM_COUNTER_PAD,		/* alignment of the u64s on the wire */

	__HPKM_COUNTER_MAX,
	HPKM_COUNTER_MAX = __HPKM_COUNTER_MAX - 1,
};

enum hpkm_sk_attr {
	HPKM_SK_A_UNSPEC,
	HPKM_SK_A_SUITE,		/* u8: enum hpkm_suite_id */
	HPKM_SK_A_KEY,			/* binary, HPKM_SK_LEN: goes in, never comes out */
	HPKM_SK_A_FINGERPRINT,		/* binary, HPKM_FINGERPRINT_LEN */

	__HPKM_SK_A_MAX,
	HPKM_SK_A_MAX = __HPKM_SK_A_MAX - 1,
};

enum hpkm_pair_attr {
	HPKM_PAIR_A_UNSPEC,
	HPKM_PAIR_A_IFINDEX,		/* u32 */
	HPKM_PAIR_A_IFNAME,		/* string */
	HPKM_PAIR_A_SUITE,		/* u8 */
	HPKM_PAIR_A_WINDOW,		/* u32: seconds, 1..3600; 120 if absent */
	HPKM_PAIR_A_OVERRIDE,		/* flag: pair although not isolated; logged */
	HPKM_PAIR_A_REMAINING,		/* u32: milliseconds until the window closes */
	HPKM_PAIR_A_CONTEXTS,		/* u32: devices being talked to */

	__HPKM_PAIR_A_MAX,
	HPKM_PAIR_A_MAX = __HPKM_PAIR_A_MAX - 1,
};

/* What the pair's commit machine does (protocol section 8). */
enum hpkm_peer_state {
	HPKM_PEER_IDLE,			/* no session fit for control */
	HPKM_PEER_EXCHANGE,		/* W2, W4, WA: an own exchange runs */
	HPKM_PEER_UP,
	HPKM_PEER_UPDATE_REQUESTED,	/* REQ */
	HPKM_PEER_UPDATE_PREPARED,	/* PREP */
	HPKM_PEER_PAIRING,		/* between P3/P4 and their end */
};

enum hpkm_durability {
	HPKM_DURABILITY_VOLATILE,	/* state is lost with power */
	HPKM_DURABILITY_DURABLE,
	HPKM_DURABILITY_FROZEN,		/* a write is undecided */
};

enum hpkm_peer_attr {
	HPKM_PEER_A_UNSPEC,
	HPKM_PEER_A_ID,			/* binary, HPKM_ID_LEN */
	HPKM_PEER_A_NAME,		/* string: the administrator's label */
	HPKM_PEER_A_IFINDEX,		/* u32: 0 while its link is not attached */
	HPKM_PEER_A_IFNAME,		/* string */
	HPKM_PEER_A_SUITE,		/* u8 */
	HPKM_PEER_A_INSECURE,		/* flag: the suite gives no security */
	HPKM_PEER_A_ADDRESS,		/* binary, 6: bound */
	HPKM_PEER_A_BRIDGE,		/* u8, 0 or 1: may use other sources */
	HPKM_PEER_A_STATE,		/* u32: enum hpkm_peer_state */
	HPKM_PEER_A_DURABILITY,		/* u32: enum hpkm_durability */
	HPKM_PEER_A_EPOCH,		/* u64 */
	HPKM_PEER_A_KID,		/* binary, HPKM_KID_LEN */
	HPKM_PEER_A_NEXT_EPOCH,		/* u64: only while an update is undecided */
	HPKM_PEER_A_NEXT_KID,
	HPKM_PEER_A_RECORDS,		/* u32: in the log */
	HPKM_PEER_A_CONFIRMED,		/* u32: of which both sides have */
	HPKM_PEER_A_SESSIONS,		/* u32: live ones */
	HPKM_PEER_A_LAST_RECEIVED,	/* u64: milliseconds since anything authentic */
	HPKM_PEER_A_COUNTERS,		/* nest of hpkm_counter */
	HPKM_PEER_A_PAD,

	__HPKM_PEER_A_MAX,
	HPKM_PEER_A_MAX = __HPKM_PEER_A_MAX - 1,
};

enum hpkm_session_slot {
	HPKM_SESSION_CURRENT,
	HPKM_SESSION_DRAINING,		/* after an update: both ways, no control */
	HPKM_SESSION_REPLACED,		/* receive only */
};

enum hpkm_session_attr {
	HPKM_SESSION_A_UNSPEC,
	HPKM_SESSION_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_SESSION_A_SID,		/* binary, HPKM_SID_LEN */
	HPKM_SESSION_A_SLOT,		/* u32: enum hpkm_session_slot */
	HPKM_SESSION_A_INITIATOR,	/* u8, 0 or 1: this side began it */
	HPKM_SESSION_A_BARRED,		/* flag: no key update in it */
	HPKM_SESSION_A_EPOCH,		/* u64 */
	HPKM_SESSION_A_AGE,		/* u64: milliseconds */
	HPKM_SESSION_A_TX_FRAMES,	/* u64: counters used */
	HPKM_SESSION_A_RX_FRAMES,	/* u64 */
	HPKM_SESSION_A_RID,		/* binary, HPKM_RID_LEN: update from this record */
	HPKM_SESSION_A_PAD,

	__HPKM_SESSION_A_MAX,
	HPKM_SESSION_A_MAX = __HPKM_SESSION_A_MAX - 1,
};

enum hpkm_record_state {
	HPKM_RECORD_PENDING,		/* sent, not acknowledged yet */
	HPKM_RECORD_CONFIRMED,		/* both sides have it */
};

enum hpkm_log_attr {
	HPKM_LOG_A_UNSPEC,
	HPKM_LOG_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_LOG_A_RID,			/* binary, HPKM_RID_LEN */
	HPKM_LOG_A_TIME,		/* u64: nanoseconds UTC, the sender's clock */
	HPKM_LOG_A_LOCATION,		/* binary, 0..HPKM_LOCATION_MAX: UTF-8 */
	HPKM_LOG_A_DATA,		/* binary, 0..HPKM_DATA_KEPT */
	HPKM_LOG_A_STATE,		/* u32: enum hpkm_record_state */
	HPKM_LOG_A_OWN,			/* u8, 0 or 1: sent by this side */
	HPKM_LOG_A_PAD,

	__HPKM_LOG_A_MAX,
	HPKM_LOG_A_MAX = __HPKM_LOG_A_MAX - 1,
};

enum hpkm_policy_attr {
	HPKM_POLICY_A_UNSPEC,
	HPKM_POLICY_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_POLICY_A_RECORD_FRAMES,	/* u32: every N frames; 0 = not by count */
	HPKM_POLICY_A_RECORD_INTERVAL,	/* u32: milliseconds; 0 = not by time */
	HPKM_POLICY_A_UPDATE_RECORDS,	/* u32: every N records; 0 = not by count */
	HPKM_POLICY_A_UPDATE_INTERVAL,	/* u32: seconds; 0 = not by time */
	HPKM_POLICY_A_LOG_SIZE,		/* u32: records, 16..1048576 */
	HPKM_POLICY_A_REKEY_INTERVAL,	/* u32: seconds, 1..120 */
	HPKM_POLICY_A_REKEY_FRAMES,	/* u64: frames sent under one key, 1..2^40 */
	HPKM_POLICY_A_PAD,

	__HPKM_POLICY_A_MAX,
	HPKM_POLICY_A_MAX = __HPKM_POLICY_A_MAX - 1,
};

enum hpkm_location_attr {
	HPKM_LOCATION_A_UNSPEC,
	HPKM_LOCATION_A_LABEL,		/* binary, 0..HPKM_LOCATION_MAX: UTF-8 */

	__HPKM_LOCATION_A_MAX,
	HPKM_LOCATION_A_MAX = __HPKM_LOCATION_A_MAX - 1,
};

enum hpkm_message_attr {
	HPKM_MESSAGE_A_UNSPEC,
	HPKM_MESSAGE_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_MESSAGE_A_DATA,		/* binary, 1..HPKM_MESSAGE_MAX */
	HPKM_MESSAGE_A_REC,		/* u64: the sender's record number */
	HPKM_MESSAGE_A_TIME,		/* u64: nanoseconds UTC, the sender's clock */
	HPKM_MESSAGE_A_LOCATION,	/* binary */
	HPKM_MESSAGE_A_PAD,

	__HPKM_MESSAGE_A_MAX,
	HPKM_MESSAGE_A_MAX = __HPKM_MESSAGE_A_MAX - 1,
};

/*
 * State that survives power loss.  The kernel writes no files: one socket of
 * the namespace, the persist agent, does that for it.
 *
 *	STATE_AGENT	The socket becomes the agent until it is closed; -EBUSY
 *			while there is another.  The reply has DEVICE and PEERS,
 *			and RESTORED when the namespace had a ready agent before:
 *			what the kernel has is then newer than anything kept, and
 *			STATE_RESTORE is refused with -EALREADY.
 *	STATE_RESTORE	The device's BLOB first, then each peer's.
 *	STATE_READY	From now on there is a write for whatever is not kept as
 *			it is: at once for the device and for every peer.
 *	STATE_PENDING	Comes when a write waits, and again each second until
 *			none does.  It says no more, since a port id may be
 *			somebody else's by the time that it is sent to.
 *	STATE_NEXT	A write that waits and was not handed out before.  Without
 *			PEER: the device.  Without BLOB: the peer was removed and
 *			its state is to be erased.  Without SERIAL: none waits.
 *			At most one is undecided for the device and for each
 *			peer, unless it was given up; a later one replaces all
 *			earlier ones, which must not be written after it.
 *	STATE_WRITTEN	PEER and SERIAL of the write that is decided: durable, or
 *			with ERROR: failed, though it may have happened.  The
 *			kernel then writes again.  -ESTALE when it has given the
 *			write up in the meantime.
 */
#define HPKM_STATE_BLOB_MAX	1024	/* octets */

enum hpkm_state_attr {
	HPKM_STATE_A_UNSPEC,
	HPKM_STATE_A_DEVICE,		/* binary, HPKM_ID_LEN: this device's id */
	HPKM_STATE_A_PEERS,		/* u32: paired devices the kernel has */
	HPKM_STATE_A_RESTORED,		/* flag */
	HPKM_STATE_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_STATE_A_SERIAL,		/* u64: number of the write; rises */
	HPKM_STATE_A_BLOB,		/* binary, 1..HPKM_STATE_BLOB_MAX: opaque, secret */
	HPKM_STATE_A_ERROR,		/* u32: errno */
	HPKM_STATE_A_PAD,

	__HPKM_STATE_A_MAX,
	HPKM_STATE_A_MAX = __HPKM_STATE_A_MAX - 1,
};

enum hpkm_event {
	HPKM_EVENT_UNSPEC,
	HPKM_EVENT_PAIRED,		/* PEER */
	HPKM_EVENT_PAIRING_FAILED,	/* REASON; PEER if known */
	HPKM_EVENT_SESSION_UP,		/* PEER, SID, EPOCH, KID, INITIATOR */
	HPKM_EVENT_SESSION_LOST,	/* PEER, REASON */
	HPKM_EVENT_RECORD,		/* PEER, RID: confirmed */
	HPKM_EVENT_MESSAGE,		/* PEER, RID: waits in the inbox */
	HPKM_EVENT_MESSAGE_DELIVERED,	/* PEER, RID: the peer has it */
	HPKM_EVENT_MESSAGE_UNCONFIRMED,	/* PEER, RID: given up after 30 s */
	HPKM_EVENT_UPDATE_DONE,		/* PEER, EPOCH, KID, RID */
	HPKM_EVENT_UPDATE_REFUSED,	/* PEER, REASON */
	HPKM_EVENT_REPLAY,		/* PEER; rate-limited */
	HPKM_EVENT_AUTH_FAILED,		/* PEER if known; rate-limited */
	HPKM_EVENT_LINK_ATTACHED,
	HPKM_EVENT_LINK_DETACHED,
	HPKM_EVENT_PEER_REMOVED,	/* PEER */
	HPKM_EVENT_AGENT_READY,		/* state is kept from now on */
	HPKM_EVENT_AGENT_LOST,		/* REASON: peers are volatile from now on */

	__HPKM_EVENT_MAX,
	HPKM_EVENT_MAX = __HPKM_EVENT_MAX - 1,
};

enum hpkm_event_attr {
	HPKM_EVENT_A_UNSPEC,
	HPKM_EVENT_A_TYPE,		/* u32: enum hpkm_event */
	HPKM_EVENT_A_IFINDEX,		/* u32 */
	HPKM_EVENT_A_IFNAME,		/* string */
	HPKM_EVENT_A_PEER,		/* binary, HPKM_ID_LEN */
	HPKM_EVENT_A_SUITE,		/* u8 */
	HPKM_EVENT_A_SID,		/* binary, HPKM_SID_LEN */
	HPKM_EVENT_A_INITIATOR,		/* u8 */
	HPKM_EVENT_A_EPOCH,		/* u64 */
	HPKM_EVENT_A_KID,		/* binary, HPKM_KID_LEN */
	HPKM_EVENT_A_RID,		/* binary, HPKM_RID_LEN */
	HPKM_EVENT_A_REASON,		/* string: a sentence */
	HPKM_EVENT_A_LOST,		/* u32: events not sent since the last for want of memory */
	HPKM_EVENT_A_PAD,

	__HPKM_EVENT_A_MAX,
	HPKM_EVENT_A_MAX = __HPKM_EVENT_A_MAX - 1,
};

#endif /* _UAPI_LINUX_HPKM_H */
