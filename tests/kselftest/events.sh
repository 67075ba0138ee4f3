#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# Events, and a counter for every reason to drop a frame.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 22
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"
ktap_ok "two hosts are paired and have a session" paired_hosts
ktap_ok "event link-attached" happened "$tmp/events.a" link-attached ".ifname == \"$VA\""
ktap_ok "event paired" happened "$tmp/events.a" paired ".peer == \"$(peer_a id)\""
ktap_ok "event session-up" happened "$tmp/events.b" session-up ".kid == \"$(peer_b kid)\" and .epoch == 0"

# to_b HEX: a frame with that behind the Ethernet header, to B
to_b() {
	cable_do send b "$HEX_B${HEX_A}88b5$1"
}
pad=$(zeros 96)
octet=$(suite_octet)
ktap_ok "too short: malformed" rises b rx_malformed to_b 070100
ktap_ok "reserved octet: malformed" rises b rx_malformed to_b "0701${octet}01$pad"
ktap_ok "unknown type: malformed" rises b rx_malformed to_b "$(header 42)$pad"
ktap_ok "another version" rises b rx_version to_b "0702${octet}00$pad"
ktap_ok "DATA for no session" rises b rx_no_session to_b "$(header 07)deadbeef$pad"
ktap_ok "C3 for no exchange" rises b rx_no_session to_b "$(header 03)deadbeef$pad"
ktap_ok "C1 that is an octet too short: malformed" rises b rx_malformed \
	to_b "$(c1_header 12345678)$(zeros $((octets_of[C1] - 17)))"
ktap_ok "a C1 that does not open" rises b handshake_refused to_b "$(c1_header 12345678)$pad"
ktap_ok "P1 outside of a window" rises b pairing_refused \
	to_b "$(header 10)$(zeros 12)0102030405060708090a0b0c0d0e0f1009$pad"
ktap_ok "a plain frame" rises b rx_unprotected cable_do send b "$HEX_B${HEX_A}9000$pad"

replayed() {
	local number
	ping_a 1
	number=$(grep ' a>b DATA ' "$tmp/cable" | tail -n 1 | cut -d' ' -f1)
	rises b rx_replay cable_do replay "$number"
}
ktap_ok "a DATA frame that comes again" replayed
ktap_ok "event replay" wait_until 3 happened "$tmp/events.b" replay ".peer == \"$(peer_b id)\""

wait_until 10 new_session
ktap_ok "another suite" rises_by_tampering rx_suite at 2 01
half() {
	cable_do clear && cable_do drop 'a>b' DATA skip 1 count 1 &&
		rises b rx_fragment on_a ping -q -M "do" -s 1472 -c 1 -W 1 "$ADDR_B" >/dev/null
	local status=$?
	cable_do clear
	return "$status"
}
ktap_ok "one half of a frame" half

overflow() {
	# What asks for the neighbour would wait as well, and stand for the rest.
	ip -n "$A" neigh replace "$ADDR_B" lladdr "$MAC_B" dev "$VA" nud permanent
	cable_do drop any any
	on_a hpkm-nl link del "$VA" && on_a hpkm-nl link add "$VA" || return 1
	rises a tx_no_session on_a ping -q -S 1000000 -l 160 -c 160 -w 3 "$ADDR_B"
}
ktap_ok "more than 128 frames that wait for a session" overflow
ktap_ok "event session-lost" happened "$tmp/events.a" session-lost
ktap_ok "event link-detached" happened "$tmp/events.a" link-detached
cable_do clear
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
