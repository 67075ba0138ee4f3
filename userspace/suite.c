// SPDX-License-Identifier: GPL-2.0
/* Names of what several objects have in common: suites and counters. */
#include <linux/hpkm.h>

#include "suite.h"

const struct word suite_words[] = {
	{ "xor", HPKM_SUITE_XOR, "INSECURE" },
	{ "chacha20poly1305", HPKM_SUITE_CHACHA20POLY1305 },
	{ "chacha20poly1305-x25519", HPKM_SUITE_CHACHA20POLY1305_X25519 },
	{ NULL }
};

static const struct field counter_fields[] = {
	{ HPKM_COUNTER_TX_FRAMES, "tx_frames", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_BYTES, "tx_bytes", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_FRAMES, "rx_frames", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_BYTES, "rx_bytes", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_PLAIN, "tx_plain", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_PLAIN, "rx_plain", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_QUEUED, "tx_queued", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_SPLIT, "tx_split", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_NO_PEER, "tx_no_peer", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_NO_SESSION, "tx_no_session", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_TOO_BIG, "tx_too_big", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_NO_MEMORY, "tx_no_memory", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_OWN_PROTO, "tx_own_proto", &as_number, NLA_U64 },
	{ HPKM_COUNTER_TX_ERROR, "tx_error", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_UNPROTECTED, "rx_unprotected", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_MALFORMED, "rx_malformed", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_VERSION, "rx_version", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_SUITE, "rx_suite", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_NO_SESSION, "rx_no_session", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_REPLAY, "rx_replay", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_AUTH, "rx_auth", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_EXPIRED, "rx_expired", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_ADDRESS, "rx_address", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_FRAGMENT, "rx_fragment", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_DUPLICATE, "rx_duplicate", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_RATE, "rx_rate", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_NO_MEMORY, "rx_no_memory", &as_number, NLA_U64 },
	{ HPKM_COUNTER_HANDSHAKE_REFUSED, "handshake_refused", &as_number, NLA_U64 },
	{ HPKM_COUNTER_PAIRING_REFUSED, "pairing_refused", &as_number, NLA_U64 },
	{ HPKM_COUNTER_UPDATE_REFUSED, "update_refused", &as_number, NLA_U64 },
	{ HPKM_COUNTER_RX_INNER_PROTO, "rx_inner_proto", &as_number, NLA_U64 },
	{ 0 }
};

const struct table counter_table = { "counters", counter_fields, NULL };

/**
 * args_suite - take a suite's name
 * @tool: this run
 * @args: what is left
 * @suite: receives the suite
 */
enum status args_suite(struct tool *tool, struct args *args, unsigned int *suite)
{
	return args_word(tool, args, suite_words, "suite", suite);
}

/**
 * suite_warn - warn of a suite that gives no security
 * @tool: this run
 * @suite: the suite that was chosen
 */
void suite_warn(struct tool *tool, unsigned int suite)
{
	if (suite == HPKM_SUITE_XOR)
		complain(tool, "warning: suite xor is for the laboratory and gives no security");
}
