#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# Key updates out of the history: by command and policy, and under loss.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 20
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

U1_LEN=$(update_len U1) U2_LEN=$(update_len U2) U3_LEN=$(update_len U3)

ktap_ok "without 16 confirmed records, an update is refused" refused 1 16 \
	on_a hpkm-nl session update dev "$VA"
old_kid=$(peer_a kid)
by_a() {
	history 20 && update_a && wait_until 10 epoch_is 1 && [ "$(peer_a kid)" != "$old_kid" ]
}
ktap_ok "an update from A: both have a new epoch with the same, new id" by_a
both_told() {
	local rid
	rid=$(jq -r 'select(.event=="update-done").rid' "$tmp/events.a")
	[ "${#rid}" = 18 ] && happened "$tmp/events.b" update-done ".rid == \"$rid\"" &&
		! log_a | grep -q "$rid" && ! log_b | grep -q "$rid"
}
ktap_ok "... both name the record, and neither has it any longer" both_told
ktap_ok "... the logs are still alike" logs_agree
ktap_ok "... and the next session is under the new triple" wait_until 15 converged 1
carries() {
	ping_a && ping_clean
}
ktap_ok "... and carries traffic" carries

by_b() {
	history 20 && update_b && wait_until 15 converged 2
}
ktap_ok "an update from B" by_b

by_index() {
	local rid
	history 20 || return 1
	rid=$(log_a | jq -r '.[] | select(.index==4).rid')
	update_a index 4 && wait_until 15 converged 3 &&
		[ "$(jq -r 'select(.event=="update-done" and .epoch==3).rid' "$tmp/events.a")" = "$rid" ]
}
ktap_ok "an update from the record with index 4" by_index

# The update's frames are recognised by their length, so nothing else may be
# under way: no records, no acknowledgement that waits.
lossy() {
	local epoch
	epoch=$(($(peer_a epoch) + 1))
	history 20 && wait_until 10 ready || return 1
	cable_do clear
	cable_do drop "$1" DATA len "$2" count 1
	update_a && cable_do clear && wait_until 20 converged "$epoch" && ping_a && ping_clean
}
ktap_ok "the loss of U1 is made good" lossy 'a>b' $U1_LEN
ktap_ok "the loss of U2 is made good" lossy 'b>a' $U2_LEN
ktap_ok "the loss of U3 is made good" lossy 'a>b' $U3_LEN
u3_never() {
	local epoch
	epoch=$(($(peer_a epoch) + 1))
	history 20 && wait_until 10 ready || return 1
	cable_do drop 'a>b' DATA len "$U3_LEN"
	update_a && wait_until 20 converged "$epoch"
	local status=$?
	cable_do clear
	[ "$status" = 0 ] && ping_a
}
ktap_ok "without any U3, the next exchange brings both together" u3_never

crossing() {
	local epoch mark
	epoch=$(peer_a epoch)
	history 20 && wait_until 10 ready || return 1
	mark=$(cable_now)
	cable_do hold 'a>b' DATA len "$U1_LEN" count 1
	cable_do hold 'b>a' DATA len "$U1_LEN" count 1
	on_a hpkm-nl session update dev "$VA" nowait
	on_b hpkm-nl session update dev "$VB" nowait
	wait_until 5 held_both "$mark"
	cable_do release && cable_do clear
	wait_until 20 converged_after "$epoch" && ping_a && ping_clean
}
held_both() {
	cable_since "$1" | grep -q ' a>b DATA .* hold ' && cable_since "$1" | grep -q ' b>a DATA .* hold '
}
epoch_after() {
	[ "$(peer_a epoch)" -gt "$1" ]
}
converged_after() {
	epoch_after "$1" && converged "$(peer_a epoch)"
}
ktap_ok "both ask at once: one update comes of it" crossing

forgotten_by_b() {
	local epoch kid
	history 20 && wait_until 10 ready || return 1
	epoch=$(peer_a epoch) kid=$(peer_a kid)
	# B's ring forgets what A still has; 40 more records make sure of it.
	policy_b log-size 16
	policy record every 1 frames && ping_a 16 && policy record messages-only
	refused 1 . on_a hpkm-nl session update dev "$VA" index 1 &&
		[ "$(peer_a epoch)" = "$epoch" ] && [ "$(peer_a kid)" = "$kid" ] &&
		happened "$tmp/events.a" update-refused '.reason|length > 0'
}
ktap_ok "a record that the peer no longer has: refused, and nothing changes" forgotten_by_b
policy_b log-size 256
draws_again() {
	local epoch
	epoch=$(($(peer_a epoch) + 1))
	update_a && wait_until 20 converged "$epoch"
}
ktap_ok "... but of those drawn at random, one is found in the end" draws_again

by_records() {
	local epoch
	epoch=$(peer_a epoch)
	wait_until 10 ready
	policy record every 1 frames && policy_a update every 16 records &&
		ping_a 30 && wait_until 20 converged_after "$epoch"
	local status=$?
	policy record messages-only update manual
	return "$status"
}
ktap_ok "policy: an update every 16 records" by_records
by_seconds() {
	local epoch
	history 30 && wait_until 10 ready || return 1
	epoch=$(peer_a epoch)
	policy_b update every 2 seconds
	wait_until 20 epoch_after "$epoch"
	local status=$?
	policy_b update manual
	[ "$status" = 0 ] && wait_until 20 converged_after "$epoch"
}
ktap_ok "policy: an update every 2 seconds" by_seconds

without_loss() {
	local pid epoch
	history 20 && wait_until 10 ready || return 1
	epoch=$(($(peer_a epoch) + 1))
	inside "$A" ping -q -i 0.05 -c 120 -W 3 "$ADDR_B" >"$tmp/ping" 2>&1 &
	pid=$!
	update_a && wait_until 20 converged "$epoch" && wait "$pid" && ping_clean
}
ktap_ok "not one frame of a stream is lost or doubled by an update" without_loss
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
