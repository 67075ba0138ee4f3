#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# Records: which messages become one, and that both sides have the same log.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 20
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$B" "$tmp/events"

own_records() {
	ask_a 'map(select(.own)) | length' log dev "$VA"
}

on_a hpkm-nl location set Paris
on_b hpkm-nl location set '48.8566, 2.3522'
policy record every 1 frames
every_frame() {
	ping_a 5 && wait_until 5 logs_agree && [ "$(log_a | jq length)" = 10 ] &&
		[ "$(own_records)" = 5 ]
}
ktap_ok "every 1: each frame is a record, in identical logs" every_frame
places() {
	[ "$(ask_b 'map(select(.own))|map(.location)|unique|tostring' log dev "$VB")" = \
		'["48.8566, 2.3522"]' ] &&
		[ "$(ask_b 'map(select(.own|not))|map(.location)|unique|tostring' log dev "$VB")" = \
			'["Paris"]' ]
}
ktap_ok "... each with the place of its sender" places
times() {
	local now
	now=$(date +%s)
	log_b | jq -e --argjson now "$now" \
		'all(.[]; (.time/1e9 - $now | fabs) < 120) and (map(.time)|unique|length) == 10' >/dev/null
}
ktap_ok "... and a time of its own" times
numbered() {
	[ "$(log_a | jq -c 'map(.index)')" = '[1,2,3,4,5,6,7,8,9,10]' ]
}
ktap_ok "... numbered from 1 by time" numbered
ktap_ok "... and announced as they are confirmed" wait_until 3 happened "$tmp/events" record
as_text() {
	on_a hpkm-nl log show dev "$VA" >"$tmp/table" &&
		[ "$(grep -cE '^[0-9]+ +20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ' \
			"$tmp/table")" = 10 ]
}
ktap_ok "the table for people has index, T, LI and Data" as_text
ktap_ok "the log needs privilege" refused 4 permitted \
	inside "$A" busybox unshare -U hpkm-nl log show dev "$VA"

policy_b record messages-only
every_fourth() {
	local before
	policy_a record every 4 frames
	before=$(own_records)
	ping_a 8 && [ $(($(own_records) - before)) = 2 ]
}
ktap_ok "every 4: one frame of four" every_fourth
by_time() {
	local before new
	policy_a record every 500 ms
	before=$(own_records)
	ping_a 12
	new=$(($(own_records) - before))
	[ "$new" -ge 3 ] && [ "$new" -le 10 ]
}
ktap_ok "every 500 ms: some and not all of 12 in 2.4 s" by_time
messages_only() {
	local before
	policy_a record messages-only
	before=$(own_records)
	ping_a 4 && [ "$(own_records)" = "$before" ] &&
		quiet on_a hpkm-nl message send dev "$VA" 'Mission status update' wait &&
		[ "$(own_records)" = $((before + 1)) ]
}
ktap_ok "messages only: frames are none, a message is one" messages_only
has_data() {
	wait_until 5 logs_agree &&
		[ "$(log_b | jq -r '.[-1] | "\(.location) \(.data)"')" = 'Paris Mission status update' ]
}
ktap_ok "... with its text as Data, on both sides" has_data
truncated() {
	local long
	long=$(printf '%0200d' 7)
	quiet on_a hpkm-nl message send dev "$VA" "$long" wait && wait_until 5 logs_agree &&
		[ "$(log_b | jq -r '.[-1].data')" = "${long:0:64}" ]
}
ktap_ok "of long data, the log keeps 64 octets" truncated
controls() {
	quiet on_a hpkm-nl message send dev "$VA" "$(printf 'a\033[31mb\nc\001')" wait &&
		on_b hpkm-nl log show dev "$VB" >"$tmp/table" && grep -q 'a\\x1b\[31mb' "$tmp/table" &&
		! grep -q "$(printf '\033')" "$tmp/table"
}
ktap_ok "control characters of a message are shown, not obeyed" controls

pending() {
	cable_do drop 'b>a' any && quiet on_a hpkm-nl message send dev "$VA" 'no answer yet' &&
		wait_until 5 in_log_b 'no answer yet' &&
		[ "$(log_a | jq -r '.[-1].state')" = pending ]
}
in_log_b() {
	[ "$(log_b | jq -r '.[-1].data')" = "$1" ]
}
ktap_ok "unacknowledged, a record is pending at its sender" pending
cable_do clear
ktap_ok "... and confirmed once the acknowledgement comes" wait_until 10 logs_agree

ring() {
	policy_a log-size 16 record every 1 frames && ping_a 20 && wait_until 5 ring_full 16
}
ring_full() {
	[ "$(log_a | jq length)" = "$1" ] && [ "$(peer_a records)" = "$1" ]
}
ktap_ok "the ring keeps as many as it should, the newest" ring
sizes_refused() {
	refused 2 log-size policy_a log-size 15 && refused 2 log-size policy_a log-size 1048577 &&
		refused 2 rekey policy_a rekey 0 && refused 2 rekey policy_a rekey 121 &&
		[ "$(ask_a '.[0].log_size' policy)" = 16 ]
}
ktap_ok "policies out of range are refused and change nothing" sizes_refused

listing_while_it_goes() {
	policy_a log-size 1024 && policy_a record every 1 frames || return 1
	on_a ping -q -f -c 300 "$ADDR_B" >"$tmp/ping"
	[ "$(peer_a records)" -ge 200 ] || return 1
	(
		for ((i = 0; i < 12; i++)); do
			on_a hpkm-nl -j log show dev "$VA" >"$tmp/dump" 2>&1
			echo $? >>"$tmp/statuses"
		done
	) &
	local pid=$!
	wait_until 10 test -s "$tmp/statuses"
	on_a hpkm-nl peer del dev "$VA"
	wait "$pid"
	# Complete or refused, never half a listing and never a hang.
	[ "$(sort -u "$tmp/statuses" | tr '\n' ' ')" = '0 1 ' ] && [ "$(count_a peer)" = 0 ]
}
ktap_ok "a listing survives the removal of the peer meanwhile" listing_while_it_goes
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
