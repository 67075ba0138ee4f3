#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# Explicit messages: their limits, and exactly once over a bad cable.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 17
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

send_a() {
	on_a hpkm-nl message send dev "$VA" "$@" >"$tmp/send" 2>&1
}
inbox_b() {
	ask_b 'map(.data)|.[]' message dev "$VB"
}

on_a hpkm-nl location set Oslo
ktap_ok "one octet is delivered" send_a x wait
read_by_b() {
	[ "$(ask_b '.[0]|"\(.data) \(.location)"' message dev "$VB")" = 'x Oslo' ]
}
ktap_ok "... and is in the other's inbox, with the place" read_by_b
ktap_ok "... the sender is told" happened "$tmp/events.a" message-delivered '(.rid|length)==18'
ktap_ok "... and so is the receiver, with the same record" happened "$tmp/events.b" message \
	".rid == \"$(jq -r 'select(.event=="message-delivered").rid' "$tmp/events.a")\""
longest=$(printf '%01023dy' 0)
most() {
	send_a "$longest" wait && [ "$(inbox_b | tail -n 1)" = "$longest" ]
}
ktap_ok "1,024 octets are delivered whole" most
: >"$tmp/empty"
ktap_ok "none are refused" refused 2 octets on_a hpkm-nl message send dev "$VA" ''
ktap_ok "nor an empty file" refused 2 octets on_a hpkm-nl message send dev "$VA" file "$tmp/empty"
ktap_ok "1,025 are refused" refused 2 octets on_a hpkm-nl message send dev "$VA" "${longest}z"
other_way() {
	quiet on_b hpkm-nl message send dev "$VB" 'the other way' wait &&
		[ "$(ask_a '.[-1].data' message dev "$VA")" = 'the other way' ]
}
ktap_ok "the other side may write, too" other_way

exactly_once() {
	local n expected
	cable_do drop any DATA every 3
	cable_do dup any DATA every 2
	expected=$(inbox_b | wc -l)
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		send_a "number $n" || return 1
	done
	wait_until 30 all_delivered $((expected + 12))
}
all_delivered() {
	[ "$(inbox_b | wc -l)" -ge "$1" ] && [ "$(ask_a '.[0].confirmed==.[0].records' peer)" = true ]
}
ktap_ok "a third lost and half doubled: all 12 arrive" exactly_once
cable_do clear
each_once() {
	[ "$(inbox_b | grep ^number | sort | uniq -c | awk '$1 == 1' | wc -l)" = 12 ] &&
		[ "$(inbox_b | grep -c ^number)" = 12 ]
}
ktap_ok "... each exactly once" each_once
acknowledged_again() {
	cable_do drop 'b>a' DATA count 1 &&
		rises b rx_duplicate send_a 'said twice' wait && arrived_once 'said twice'
}
arrived_once() {
	[ "$(inbox_b | grep -c "$1")" = 1 ]
}
ktap_ok "a lost acknowledgement: sent again, counted, delivered once" acknowledged_again
cable_do clear

across_sessions() {
	local mark
	mark=$(cable_now)
	cable_do drop any DATA
	send_a 'sent in the old session' && wait_until 5 more_frames "$mark" 'a>b' DATA 1 || return 1
	new_session_blind
	cable_do clear
	wait_until 10 arrived_once 'sent in the old session'
}
has_changed() {
	differ "$1" "$(sid_a)"
}
new_session_blind() {
	local old
	old=$(sid_a)
	quiet on_a hpkm-nl session add dev "$VA"
	wait_until 10 has_changed "$old"
}
ktap_ok "a message outlives its session" across_sessions

cable_do drop any any
refused 1 confirm on_a hpkm-nl message send dev "$VA" 'into the void' wait >"$tmp/void" 2>&1 &
void=$!
too_many() {
	local n
	for ((n = 0; n < 70; n++)); do
		send_a "filler $n" || break
	done
	[ "$n" -ge 60 ] && [ "$n" -le 64 ] && says wait "$tmp/send"
}
ktap_ok "no more than 64 messages may wait" too_many
unconfirmed() {
	wait "$void" && happened "$tmp/events.a" message-unconfirmed
}
ktap_ok "a message that nobody acknowledges is given up after 30 s" unconfirmed
cable_do clear
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
