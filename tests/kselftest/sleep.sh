#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Suspend: nothing of a session is kept while the machine sleeps.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 8
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

# As far as freezing everything and back, which is all that matters here and
# needs nobody to wake the machine.
fall_asleep() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay &&
		echo freezer >/sys/power/pm_test && echo freeze >/sys/power/state
}

old=$(sid_a)
ktap_ok "the machine falls asleep and wakes up" fall_asleep
is_told() {
	happened "$1" session-lost '.reason | test("suspended")'
}
both_are_told() {
	wait_until 5 is_told "$tmp/events.a" && wait_until 5 is_told "$tmp/events.b"
}
ktap_ok "both sessions have ended, and why is told" both_are_told
another_session() {
	[ -n "$old" ] && wait_until 10 newer_than "$old" && ping_a && ping_clean
}
ktap_ok "another session comes by itself, and traffic passes" another_session

waits_for_a_session() {
	[ "$(counter_a tx_queued)" -gt "$1" ]
}
# With no session to go in, a frame waits; it is plaintext.
frame_that_waited() {
	local queued pid mark
	queued=$(counter_a tx_queued)
	quiet on_b ip link set "$VB" down
	quiet on_a hpkm-nl session add dev "$VA" nowait
	fall_asleep
	cable_do drop any any
	on_a ping -q -c 1 -W 1 "$ADDR_B" >/dev/null &
	pid=$!
	wait_until 5 waits_for_a_session "$queued" && fall_asleep || return 1
	wait "$pid"
	mark=$(cable_now)
	cable_do clear
	on_b ip link set "$VB" up
	wait_until 30 settled && [ "$(frames "$mark" 'a>b' DATA)" = 0 ]
}
ktap_ok "a frame that waited for a session is not kept" frame_that_waited
ktap_ok "... and the next ones pass" ping_a

window_ends() {
	local pid
	pair_add "$A" "$VA" window 30 >"$tmp/window" 2>&1 &
	pid=$!
	wait_until 5 is 1 count_a pair && fall_asleep
	wait "$pid"
	[ $? = 1 ] && says suspended "$tmp/window" && [ "$(count_a pair)" = 0 ]
}
ktap_ok "a pairing window ends, and says why" window_ends
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
