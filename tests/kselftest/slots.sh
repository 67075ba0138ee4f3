#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# The session slots: frames before, between and after sessions.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 12
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

no_session() {
	[ "$(count_a session)" = 0 ] && [ "$(count_b session)" = 0 ]
}

# ---- waiting for a session ----

# apart: neither has a session, and none is made until the cable is clear.  The
# counters begin at 0.
apart() {
	cable_do clear && cable_do drop any C1 && detach && attach && no_session
}
# And none leaves meanwhile in plaintext.
staged() {
	local mark
	mark=$(cable_now)
	apart && burst a "$1" 12 && [ "$(counter_a tx_queued)" = "$1" ] &&
		[ "$(frames "$mark" 'a>b' '0x[0-9a-f]*')" = 0 ] && cable_do clear
}
ktap_ok "without a session, 128 frames wait" staged 128
ktap_ok "... and arrive, complete and in order, once there is one" landed a
displaced() {
	staged 129 && [ "$(counter_a tx_no_session)" = 1 ]
}
ktap_ok "of 129 one has to go, as is counted" displaced
oldest() {
	wait_until 20 received 128 && fall_short a 1 first_missing 0
}
received() {
	[ "$(counter_b rx_frames)" -ge "$1" ]
}
ktap_ok "... the oldest" oldest
begun() {
	local status

	apart && start_stream || return 1
	echo "T $EPOCHREALTIME started"
	wait_until 5 queued; echo "T $EPOCHREALTIME queued $?"; cable_do clear;  echo "T $EPOCHREALTIME clear"; wait_until 20 received 300
	status=$?;  echo "T $EPOCHREALTIME received $status"
	inside $A hpkm-nl -j link show | grep tx_
	stop_stream;  echo "T $EPOCHREALTIME stopped $?"; cat $tmp/stream
	stream_is_whole && return "$status"
}
queued() {
	[ "$(counter_a tx_queued)" -ge 20 ] && [ "$(counter_b tx_queued)" -ge 20 ]
}
for i in 1 2 3 4 5 6; do
ktap_ok "begun $i" begun
grep -E "^T|tx_queued|tx_frames|a_sent|reorde" $ktap_output | sed 's/^/# /'
done
ktap_end
