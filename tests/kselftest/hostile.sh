#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# A hostile host on the same Ethernet.  It has all that was ever sent, can send as
# anybody, and is fast; later it has another SK, or what it stole.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 37
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"

# ---- what is watched ----

record() {
	spawn_in "$C" frame record "$1" >"$2"
	wait_until 5 says recording "$2"
}
record ca "$tmp/from.a" && record cb "$tmp/from.b" || ktap_bail "nobody records"

# of_type SIDE TYPE: recorded frames
of_type() {
	grep "^.\{24\}88b5$2" "$tmp/from.$1"
}

# Of the functions that all of X25519 goes through, whatever the processor: two that
# modules call or, where those are part of whoever calls them, what they call.
tracing=/sys/kernel/debug/tracing
curve_functions() {
	if has_function curve25519_generate_public; then
		echo curve25519 curve25519_generate_public
	elif has_function curve25519_arch; then
		echo curve25519_arch curve25519_base_arch
	else
		echo curve25519_generic
	fi
}
has_function() {
	grep -q "^[0-9a-f]* [tT] $1\([[:space:]]\|\$\)" /proc/kallsyms
}
probe_dh() {
	local name
	for name in $(curve_functions); do
		echo "p:hpkm_test/$name $name" >>"$tracing/kprobe_events" || return 1
	done
	echo 1 >"$tracing/events/hpkm_test/enable"
}
unprobe() {
	[ -d "$tracing/events/hpkm_test" ] || return
	echo 0 >"$tracing/events/hpkm_test/enable"
	echo '-:hpkm_test/' >>"$tracing/kprobe_events"
}
trap 'unprobe; leave_clean' EXIT
dh_count() {
	local event hits sum=0
	while read -r event hits _; do
		[[ $event != curve25519* ]] || sum=$((sum + hits))
	done <"$tracing/kprobe_profile"
	echo "$sum"
}
probe_dh || ktap_bail "X25519 cannot be counted"

# memory KEY: kB
memory() {
	mawk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}
watch_memory() {
	while sleep 0.1; do
		memory MemAvailable
	done >"$tmp/memory"
}

# What the pair has and nobody else may touch.
pair_state() {
	sid_a && sid_b && on_a hpkm-nl log show dev "$VA" && on_b hpkm-nl log show dev "$VB"
}

# What the kernel's queue had no room for.
backlog_lost() {
	local line sum=0
	while read -r _ line _; do
		sum=$((sum + 0x$line))
	done </proc/net/softnet_stat
	echo "$sum"
}
# All that B refused, and what never came so far.
refused_by_b() {
	local line sum
	sum=$(backlog_lost)
	while read -r line; do
		[[ $line =~ ^\"(rx_(malformed|version|suite|no_session|replay|auth|expired|rate|address)|(handshake|pairing)_refused)\":\ ([0-9]+) ]] &&
			sum=$((sum + BASH_REMATCH[4]))
	done < <(on_b hpkm-nl -j link show)
	echo "$sum"
}
# What B said to C1 and C5.
answers_of_b() {
	of_type b '0[26]' | wc -l
}

ktap_ok "two hosts are paired and have a session" paired_hosts
spawn_in "$A" thief take >"$tmp/stolen"
ktap_ok "the state of one is stolen" wait_until 5 says ready "$tmp/stolen"
stolen_device=$(grep '^device' "$tmp/stolen" | tail -n 1)
stolen_peer=$(grep '^peer' "$tmp/stolen" | tail -n 1)

some_history() {
	history 20 && quiet on_a hpkm-nl message send dev "$VA" 'of no concern to others' wait && logs_agree
}
ktap_ok "they have some history" some_history
counted() {
	local before
	before=$(dh_count)
	new_session || return 1
	[ $(($(dh_count) - before)) = "$([ "$HPKM_SUITE" = "$suite_default" ] && echo 4 || echo 0)" ]
}
ktap_ok "X25519 is counted: 4 for a session, or none in a suite without" counted

# ---- floods ----

COUNT=100000
PINGS=40
baseline=$(memory MemAvailable)
watch_memory &
background+=($!)

# under_flood PATTERN...: frames for B while the pair talks.  Sets computed, missing.
under_flood() {
	local state dh refused answers pid
	state=$(pair_state)
	dh=$(dh_count)
	refused=$(refused_by_b)
	answers=$(answers_of_b)

	on_a ping -q -c $PINGS -i 0.1 -W 2 "$ADDR_B" >"$tmp/ping" &
	pid=$!
	on_c flood cb $COUNT "$@" | tee "$tmp/flood"
	wait "$pid"
	wait_until 10 all_accounted "$refused" "$answers"
	computed=$(($(dh_count) - dh))
	grep -q "^$COUNT frames" "$tmp/flood" && [ "$(pair_state)" = "$state" ]
}
# Sets missing: frames that were neither refused nor answered.
all_accounted() {
	missing=$((COUNT - ($(refused_by_b) - $1) - ($(answers_of_b) - $2)))
	[ "$missing" = 0 ]
}
# What the flood is in the way of is queued by itself, and the data plane waits
# for no queue: only the kernel's own backlog may drop a ping.
few_lost() {
	grep transmitted "$tmp/ping"
	[ "$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$tmp/ping")" -ge $((PINGS * 95 / 100)) ]
}
# flood_ok DESCRIPTION DH PATTERN...
flood_ok() {
	ktap_ok "$COUNT $1: session and history of the pair stay" under_flood "${@:3}"
	ktap_ok "... each is refused and counted, or answered" [ "$missing" = 0 ]
	ktap_ok "... they cost $2 X25519 at most" [ "$computed" -le "$2" ]
	ktap_ok "... and the pair's pings get through" few_lost
}

anybody='02??????????'
# The number of an attempt is sealed; whoever could change it, unseen, had of each
# old C1 as many new ones as he likes.
renumbered() {
	local c1
	c1=$(of_type a 01 | tail -n 1)
	printf '%s%s%s' "${c1:0:124}" "$(any 8)" "${c1:140}"
}
flood_ok "forged C1 from the peer, from B itself and from anybody" 0 \
	"$(forged_c1 "$HEX_A")" "$(forged_c1 "$HEX_B")" "$(forged_c1 "$anybody")" \
	"$(renumbered)"

# worked_on PATTERN: of FEW frames of one source no more than 16 and 10 a second
FEW=20000
worked_on() {
	local begin=$EPOCHREALTIME rate
	rate=$(($(counter_b rx_rate) + $(backlog_lost)))
	on_c flood cb $FEW "$1" && wait_until 5 within_limit "$rate" "${begin/./}"
}
within_limit() {
	worked=$((FEW - $(counter_b rx_rate) - $(backlog_lost) + $1))
	allowed=$((17 + (${EPOCHREALTIME/./} - $2) / 100000))
	echo "worked on $worked, allowed are $allowed"
	[ "$worked" -ge 1 ] && [ "$worked" -le "$allowed" ]
}
ktap_ok "of one stranger's C1, only 10 a second are worked on" \
	worked_on "$(forged_c1 020000000066)"

# An id that makes B answer it, if anything does.
forged_p1() {
	printf '%s%s88b5%s%s00%s%s0?' "$HEX_B" "$1" "$(header 10)" "$(zeros 12)" "$(any 15)" "$(any 31)"
}
flood_ok "P1 while nobody is pairing" 0 \
	"$(forged_p1 "$HEX_A")" "$(forged_p1 "$anybody")" "$(of_type a 10 | tail -n 1)"

# forged TYPE SOURCE OCTETS: for B's end of the session
forged() {
	printf '%s%s88b5%s%s%s' "$HEX_B" "$2" "$(header "$1")" "$sid" "$3$(any $4)"
}
session_up
ping_a
sid=$(of_type a 07 | tail -n 1 | cut -c37-44)
flood_ok "forged DATA, C2 to C5 and ACK for the index of the session" 0 \
	"$(forged 07 "$HEX_A" "$(any 3)$(zeros 5)" 80)" "$(forged 07 "$anybody" "$(any 8)" 1400)" \
	"$(forged 02 "$HEX_A" "$(any 4)$(zeros 4)" 80)" "$(forged 03 "$HEX_A" "$(zeros 8)" 48)" \
	"$(forged 04 "$HEX_A" "$(zeros 8)" 48)" "$(forged 05 "$HEX_A" "$(zeros 8)" 48)" \
	"$(forged 06 "$anybody" "$(zeros 8)" 30)"

new_session
ping_a
# An old C1 is answered when no other is, and is then good for 3 s.
mapfile -t genuine < <(
	of_type a '0[135]' | tail -n 12
	of_type a '1' | tail -n 6
	of_type a 07 | tail -n 40
)
flood_ok "genuine frames of A, of this session and of older ones" 20 "${genuine[@]}"
ktap_ok "... of which one exchange at most is half-open" [ "$(ask_b '.[0].half_open' link)" -le 1 ]

# ---- exchanges during a flood ----

# rekeyed_under INTERFACE PATTERN...
rekeyed_under() {
	local pid status
	spawn_in "$C" flood "$1" 100000000 "${@:2}" >"$tmp/flood"
	pid=$spawned
	new_session
	status=$?
	kill "$pid" && wait "$pid" 2>/dev/null
	# It was at it to the end.
	[ $? = 143 ] && return "$status"
}
ktap_ok "a new session, while the responder is flooded" rekeyed_under cb \
	"$(forged_c1 "$HEX_A")" "$(forged_c1 "$anybody")" "${genuine[@]}"
to_a() {
	echo "$HEX_A${1:12}"
}
ktap_ok "... while the initiator is" rekeyed_under ca \
	"$(to_a "$(forged_c1 "$HEX_B")")" "$(to_a "$(forged_c1 "$anybody")")" \
	"$(to_a "$(forged_p1 "$anybody")")"

# Whether a C2 is the peer's shows only when X25519 was computed with it.
FORGED=100
# All in the first attempt, or whoever sends one in time could keep the pair apart.
among_forged() {
	local dh pid
	wait_until 10 settled
	dh=$(dh_count)
	mark=$(wc -l <"$tmp/from.a")
	inside "$C" attack answer ca $FORGED >"$tmp/answer" &
	pid=$!
	wait_until 5 says waiting "$tmp/answer"
	new_session
	wait "$pid" && says answered "$tmp/answer" || return 1
	computed=$(($(dh_count) - dh))
	wait_until 10 settled && wait_until 5 has_since_mark 05 &&
		[ "$(since_mark 01 | sort -u | wc -l)" = 1 ]
}
# since_mark TYPE: the session indices of such frames of A
since_mark() {
	tail -n "+$((mark + 1))" "$tmp/from.a" | grep "^.\{24\}88b5$1" | cut -c45-52
}
has_since_mark() {
	[ -n "$(since_mark "$1")" ]
}
ktap_ok "a new session, although $FORGED forged C2 come first" among_forged
bounded() {
	if [ "$HPKM_SUITE" = "$suite_default" ]; then
		[ "$computed" -le $((FORGED + 4 * 4)) ]
	else
		[ "$computed" = 0 ]
	fi
}
ktap_ok "... each of which costs one X25519 at most" bounded

# ---- memory ----

lowest() {
	sort -n "$tmp/memory" | head -n 1
}
ktap_ok "all this took less than 16 MiB" [ $((baseline - $(lowest))) -lt 16384 ]
given_back() {
	[ $((baseline - $(memory MemAvailable))) -lt 8192 ] &&
		[ "$(ask_b '.[0].half_open' link)" = 0 ]
}
ktap_ok "... and gave it back" wait_until 15 given_back

# ---- another SK, and what was stolen ----

# D goes with all that lives in it.
no_d() {
	! ip -n "$C" link show cd >/dev/null 2>&1
}
remove_d() {
	[ -z "$thief_d" ] || stop "$thief_d"
	thief_d=
	ip netns del "$D" 2>/dev/null
	wait_until 5 no_d
}
thief_d=
# It becomes another host, with A's name for its interface, which the state has.
hostile_host() {
	remove_d && host "$D" d "$ADDR_D" "$MAC_D" && ip -n "$C" link set cd master br0 &&
		ip -n "$D" link set "$VD" down && ip -n "$D" link set "$VD" name "$VA" &&
		ip -n "$D" link set "$VA" up
}
hostile_host || ktap_bail "no hostile host"
wrong_sk() {
	local state pid
	state=$(pair_state)
	set_sk "$D" "$(printf 'd1%.0s' {1..32})" && on_d hpkm-nl link add "$VA" || return 1
	pair_add "$B" "$VB" window 4 >"$tmp/pair.b" 2>&1 &
	pid=$!
	! pair_add "$D" "$VA" window 4 >"$tmp/pair.d" 2>&1 && ! wait "$pid" &&
		says 'SK differs' "$tmp/pair.b" && says 'SK differs' "$tmp/pair.d" &&
		[ "$(pair_state)" = "$state" ] && [ "$(ask_b length peer)" = 1 ]
}
ktap_ok "with another SK it pairs with nobody, and the pair stays" wrong_sk

newer_epoch() {
	update_a && wait_until 20 converged 1
}
ktap_ok "the pair leaves the epoch whose state was stolen" newer_epoch
# as_a DEVICE PEER: with this state, as lines of `thief`, D calls B
as_a() {
	hostile_host || return 1
	spawn_in "$D" thief give "$1" "$2" >"$tmp/given"
	thief_d=$spawned
	wait_until 5 says ready "$tmp/given" && on_d hpkm-nl link add "$VA"
}
old_state() {
	local state
	state=$(pair_state)
	rises b handshake_refused as_a "$stolen_device" "$stolen_peer" &&
		[ "$(ask_b '.[0].half_open' link)" = 0 ] && [ "$(pair_state)" = "$state" ]
}
ktap_ok "an old state opens nothing, and the pair stays" old_state
# So what is refused above is the state's age, and nothing else.
new_state() {
	local old
	old=$(sid_b)
	as_a "$(grep '^device' "$tmp/stolen" | tail -n 1)" "$(grep '^peer' "$tmp/stolen" | tail -n 1)" &&
		wait_until 10 differ_from "$old"
}
differ_from() {
	differ "$(sid_b)" "$1" && same "$(on_d hpkm-nl -j session show | current sid)" "$(sid_b)"
}
ktap_ok "... while the present one does: whoever has it is that device" new_state
gone() {
	remove_d && wait_until 20 ping_a 1 && session_up
}
ktap_ok "... and the pair recovers when it has gone" gone

# ---- a pairing window ----

window_of_b() {
	ask_b '.[0].contexts' pair
}
# B's window opens first, and the hostile host is there before A.
crowded() {
	local pid dh first
	dh=$(dh_count)
	pair_add "$B" "$VB" window 60 >"$tmp/pair.b" 2>&1 &
	pid=$!
	wait_until 5 is 0 window_of_b && "$@" && first=$(window_of_b) &&
		computed=$(($(dh_count) - dh)) && echo "$first contexts, $computed X25519" &&
		[ "$first" = "$contexts" ] && pair_add "$A" "$VA" window 30 >"$tmp/pair.a" 2>&1 &&
		wait "$pid" && wait_until 10 session_up && ping_a
}
three_strangers() {
	on_c flood cb 3 "$(forged_p1 020000000031)" "$(forged_p1 020000000032)" \
		"$(forged_p1 020000000033)" && wait_until 5 is 3 window_of_b
}
contexts=3
ktap_ok "three strangers in the window leave the fourth place to the peer" crowded three_strangers
contexts=4
ktap_ok "$COUNT P1 take four places, and after them the same window pairs" crowded \
	on_c flood cb $COUNT "$(forged_p1 "$anybody")"
ktap_ok "... and cost one X25519 a place in 5 s" [ "$computed" -le 20 ]

ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
