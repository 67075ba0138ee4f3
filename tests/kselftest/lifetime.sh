#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# The life of a session: rekeying, refusal, keepalive, dead peers, cables.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 15
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

sessions_of() {
	jq -s 'map(select(.event=="session-up"))|length' "$tmp/events.a"
}

rekeys() {
	local before
	before=$(sessions_of)
	policy rekey 2 && on_a ping -q -i 0.02 -w 9 -W 3 "$ADDR_B" >"$tmp/ping" 2>&1
	[ $(($(sessions_of) - before)) -ge 2 ]
}
ktap_ok "under traffic, a session is replaced when its time has come" rekeys
not_one() {
	local sent received
	read -r sent received < <(awk '/transmitted/ { print $1, $4 }' "$tmp/ping")
	# The last one may have been under way when the time was over.
	[ $((sent - received)) -le 1 ] && ! says duplicates "$tmp/ping" && [ "$sent" -ge 100 ]
}
ktap_ok "... and not one frame is lost or doubled" not_one

late() {
	local mark pid
	# The one that is to be replaced must not end before that.
	policy rekey 120 && new_session || return 1
	mark=$(cable_now)
	cable_do hold 'a>b' DATA count 1
	on_a ping -q -c 1 -W 10 "$ADDR_B" >"$tmp/ping" &
	pid=$!
	wait_until 5 more_frames "$mark" 'a>b' DATA 1 && new_session && cable_do release &&
		wait "$pid" && ping_clean
}
ktap_ok "a frame of the replaced session that comes late is taken" late
cable_do clear
policy rekey 2

# Of 2 s, keys are refused after 3.
no_session() {
	[ "$(count_a session)" = 0 ] && [ "$(count_b session)" = 0 ]
}
idle_ends() {
	local mark
	wait_until 10 new_session || return 1
	mark=$(cable_now)
	wait_until 12 no_session && [ "$(frames "$mark" '.>.' C1)" = 0 ]
}
ktap_ok "without traffic it is not, and its keys are refused after their life" idle_ends
ktap_ok "... which is told" happened "$tmp/events.a" session-lost '.reason|length > 0'
ktap_ok "... traffic brings a new one and waits for it" ping_a 1
ktap_ok "... without loss" ping_clean
policy rekey 120

# One way only: what comes back must be keepalive.
keepalive() {
	local mark sent
	wait_until 10 new_session || return 1
	spawn_in "$B" timeout 30 socat -u UDP-RECV:4004 CREATE:"$tmp/oneway"
	wait_until 5 udp_listens "$B" 4004
	mark=$(cable_now)
	echo 'do not answer' | on_a socat -u - "UDP-SENDTO:$ADDR_B:4004"
	wait_until 6 more_frames "$mark" 'b>a' DATA 1 && [ "$(frames "$mark" '.>.' C1)" = 0 ]
}
ktap_ok "who only receives answers with a keepalive" keepalive

dead_peer() {
	local mark sid
	wait_until 10 new_session || return 1
	sid=$(sid_a)
	mark=$(cable_now)
	cable_do drop any any
	quiet ping_a 1
	wait_until 15 more_frames "$mark" 'a>b' C1 1 && [ "$(sid_a)" = "$sid" ]
}
ktap_ok "no answer for 5 s: an exchange begins, and the session stays" dead_peer
joined() {
	cable_do clear && wait_until 20 ping_a && wait_until 20 settled
}
ktap_ok "the cable is joined again: traffic passes" joined

pulled() {
	local sid
	sid=$(sid_a)
	ip -n "$C" link set ca down && wait_until 5 carrier_lost && ip -n "$C" link set ca up &&
		wait_until 20 newer_than "$sid"
}
carrier_lost() {
	on_a ip link show "$VA" | grep -q NO-CARRIER
}
ktap_ok "a cable that is pulled and put back brings a new session, unasked" pulled
ktap_ok "... and traffic passes" ping_a

removed() {
	local mark
	mark=$(cable_now)
	on_b hpkm-nl peer del dev "$VB" && [ "$(count_b peer)" = 0 ] &&
		wait_until 3 happened "$tmp/events.b" peer-removed &&
		! ping_a 2 && ! ping_b 2 &&
		! cable_since "$mark" | grep -qv -e " DATA " -e " C1 "
}
ktap_ok "a removed peer is silence, not plaintext" removed
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
