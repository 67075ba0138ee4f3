#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The attacks of protocol section 9: without a key, each succeeds against suite xor.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 18
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

restored() {
	cable_do clear && wait_until 30 ping_a && new_session && ping_a
}

# A4: two known pings in sessions that chose differently give all elements.
RECIPE_LEN=248
RECIPE=5a
known_ping() {
	on_a ping -q -p "$RECIPE" -s 200 -c 1 -W 3 "$ADDR_B" >"$tmp/ping"
}
break_with() {
	attack break "$tmp/cable" "$RECIPE_LEN" "$1" >"$tmp/break" 2>&1
}
# Each session shows another pair with a chance of 2/3.
two_choices() {
	local n
	for ((n = 0; n < 16; n++)); do
		new_session && known_ping || return 1
		break_with "$RECIPE" && return 0
	done
	return 1
}
ktap_ok "A4: two sessions that chose differently, with a known ping in each" two_choices
secret_talk() {
	new_session && quiet on_a hpkm-nl message send dev "$VA" 'the secret of this session' wait
}
ktap_ok "A4: a third session has nothing that the listener knows" secret_talk
total_break() {
	break_with "$RECIPE" && [ "$(grep -c '^element' "$tmp/break")" = 3 ] && says 'without a crib' "$tmp/break" &&
		says 'the secret of this session' "$tmp/break"
}
ktap_ok "A4 succeeds: all three elements, and what was said" total_break
needs_the_crib() {
	! break_with 5b || ! says 'the secret of this session' "$tmp/break"
}
ktap_ok "... which a wrong guess of the known octets does not give" needs_the_crib
only_three() {
	[ "$(cable_since 0 | grep ' C1 ' | cut -d' ' -f6 | cut -c61-124 | sort -u | wc -l)" -le 3 ]
}
ktap_ok "A5: an epoch has three different C1 bodies at most" only_three

# A9: the key stream repeats, so one text gives the other.
two_time_pad() {
	local mark
	new_session || return 1
	mark=$(cable_now)
	quiet on_a hpkm-nl message send dev "$VA" 'the attacker knows this one text' wait &&
		quiet on_a hpkm-nl message send dev "$VA" 'but he has never seen this other' wait &&
		cable_since "$mark" | grep ' a>b DATA 116 ' >"$tmp/pads" &&
		attack pad "$tmp/pads" 54 'the attacker knows this one text' >"$tmp/pad" &&
		says 'but he has never seen this other' "$tmp/pad"
}
ktap_ok "A9 succeeds: one plaintext gives the other" two_time_pad

# A10: 1 ^ 9 = 8, at the first digit of the amount.
flipped() {
	new_session || return 1
	cable_do xor 'a>b' DATA len 79 count 1 at 74 08
	quiet on_a hpkm-nl message send dev "$VA" 'pay 100 E' wait && cable_do clear &&
		[ "$(ask_b '.[-1].data' message dev "$VB")" = 'pay 900 E' ]
}
ktap_ok "A10 succeeds: a bit is changed in flight and nobody notices" flipped
in_the_log() {
	[ "$(log_b | jq -r '.[-1] | "\(.data) \(.state)"')" = 'pay 900 E confirmed' ] &&
		[ "$(log_a | jq -r '.[-1] | "\(.data) \(.state)"')" = 'pay 100 E confirmed' ]
}
ktap_ok "... it enters the log, and both sides think that theirs is confirmed" in_the_log

# A6: d, e, f are the attacker's choice; afterwards he changes the keys in passing.
d=$(printf 'd1%.0s' {1..32}) e=$(printf '2e%.0s' {1..32}) f=$(printf '4f%.0s' {1..32})
ef=$(printf '61%.0s' {1..32}) de=$(printf 'ff%.0s' {1..32})
in_the_middle() {
	local old
	settled || session_up
	old=$(sid_a)
	cable_do clear
	cable_do xor 'b>a' C2 at 16 "$d"
	cable_do xor 'a>b' C3 at 16 "$e"
	cable_do xor 'b>a' C4 at 16 "$f"
	cable_do xor 'a>b' C5 at 16 "$ef"
	quiet on_a hpkm-nl session add dev "$VA"
	# Both have a session with each other, as they think, with different keys.
	differ "$(sid_a)" "$(sid_b)" && [ "$(sid_a)" != "$old" ] && [ "$(sid_b)" != "$old" ]
}
ktap_ok "A6 succeeds: both accept a man in the middle" in_the_middle
reads_along() {
	cable_do clear
	cable_do xor 'a>b' DATA at 16 "$de" repeat
	cable_do xor 'b>a' DATA at 16 "$d" repeat
	ping_a && ping_b
}
ktap_ok "... and talk to each other through him" reads_along
ktap_ok "... and the pair recovers when he has gone" restored

# A1: with no key at all, by what was seen of an older exchange.
keyless_initiator() {
	local c1 ups
	c1=$(frames_of 0 'a>b' C1 | tail -n 1)
	ups=$(jq -s 'map(select(.event=="session-up"))|length' "$tmp/events.b")
	cable_do drop any any
	on_c attack initiate cb "$MAC_B" "$c1" >"$tmp/initiate" && says acknowledged "$tmp/initiate" &&
		wait_until 3 one_more_up "$tmp/events.b" "$ups"
}
one_more_up() {
	[ "$(jq -s 'map(select(.event=="session-up"))|length' "$1")" -gt "$2" ]
}
ktap_ok "A1 succeeds: who has no key becomes an initiator" keyless_initiator
ktap_ok "... and the pair recovers when he has gone" restored

keyless_responder() {
	local ups pid
	ups=$(jq -s 'map(select(.event=="session-up"))|length' "$tmp/events.a")
	cable_do drop any any
	inside "$C" attack respond ca >"$tmp/respond" &
	pid=$!
	wait_until 5 says waiting "$tmp/respond"
	on_a hpkm-nl session add dev "$VA" nowait
	wait "$pid" && says acknowledged "$tmp/respond" && wait_until 3 one_more_up "$tmp/events.a" "$ups"
}
ktap_ok "A2 succeeds: who has no key answers for the peer" keyless_responder
ktap_ok "... and the pair recovers when he has gone" restored

# What must not succeed in any suite.
no_plaintext() {
	spawn_in "$B" frame wait "$VB" 9000 60 >"$tmp/entered"
	wait_until 5 says waiting "$tmp/entered"
	rises b rx_unprotected cable_do send b "$(printf '%s%s9000%092d' "$HEX_B" "$HEX_A" 0)" &&
		[ "$(wc -l <"$tmp/entered")" = 1 ]
}
ktap_ok "plaintext is not accepted" no_plaintext
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
