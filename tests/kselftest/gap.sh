#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# No gap: session changes and key updates under full load, counted frame by frame.
#
# GAP_REKEYS sessions and GAP_UPDATES key updates, half of them on a cable on
# which frames overtake each other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

rekeys=${GAP_REKEYS:-40} updates=${GAP_UPDATES:-6}

ktap_plan 26
mark_kernel_log
load_module || ktap_bail "no module"

# What comes in at one end goes out at the other, in the kernel: as fast as it gets.
join() {
	tc -n "$C" qdisc add dev "$1" ingress &&
		tc -n "$C" filter add dev "$1" ingress matchall action mirred egress redirect dev "$2"
}
joined_hosts() {
	two_ends && join ca cb && join cb ca
}
# A quarter of all frames overtake what the others wait for.
shuffle() {
	tc -n "$C" qdisc add dev "$1" root netem limit 10000 delay 3ms reorder 25%
}
# packets NAMESPACE DEVICE tx|rx
packets() {
	ip -n "$1" -s -j link show "$2" | jq ".[0].stats64.$3.packets"
}
cable_lost_nothing() {
	[ "$(packets "$A" "$VA" tx)" = "$(packets "$B" "$VB" rx)" ] &&
		[ "$(packets "$B" "$VB" tx)" = "$(packets "$A" "$VA" rx)" ]
}

joined_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"

sessions() {
	grep -c '"event":"session-up"' "$tmp/events.a"
}
epoch() {
	peer_a epoch
}
reached() {
	[ "$("$1")" -ge "$2" ]
}
# What explains that nothing comes of it.
say_state() {
	tail -n 12 "$tmp/events.a"
	on_a hpkm-nl -j show | jq -c .
	on_b hpkm-nl -j show | jq -c .
	on_b hpkm-nl session update dev "$VB" nowait
	on_a hpkm-nl session update dev "$VA" nowait
}
# rises_by COUNTER N: by itself; under load this takes its time
rises_by() {
	wait_until $((60 * pace + 3 * $2)) reached "$1" $(($("$1") + $2)) || { say_state; return 1; }
}
# What was under way has arrived, which is no more than the stream's window: of the
# sessions that were replaced four are kept, and the next is soon asked for.
all_have_passed() {
	local a b

	a=$(counter_a rx_frames) b=$(counter_b rx_frames)
	wait_until $((20 * pace)) have_passed $((a + 100)) $((b + 100))
}
have_passed() {
	[ "$(counter_a rx_frames)" -ge "$1" ] && [ "$(counter_b rx_frames)" -ge "$2" ]
}
# from_both OBJECT VERB: at once, so that they cross
from_both() {
	quiet on_b hpkm-nl "$@" dev "$VB" nowait &
	quiet on_a hpkm-nl "$@" dev "$VA" nowait
	wait "$!"
}
# asked_for COUNTER N OBJECT VERB: from both sides, until COUNTER has risen by N
asked_for() {
	local goal=$(($("$1") + $2)) end=$((SECONDS + 60 * pace + 3 * $2))

	until reached "$1" "$goal"; do
		[ "$SECONDS" -lt "$end" ] || { say_state; return 1; }
		from_both "$3" "$4"
		all_have_passed || { say_state; return 1; }
	done
	# The last of them may have been refused: what it asks for was under way.
	return 0
}
usual_policy() {
	policy rekey 120 rekey-frames 1099511627776 record messages-only update manual
}
by_count() {
	policy rekey-frames 200 && rises_by sessions "$1" && usual_policy
}
# Keys are refused an eighth of that after the last frame under them was sent, and a
# slow machine may have one that long.
by_time() {
	local seconds=$((6 * pace * pace))

	policy rekey $((seconds < 60 ? seconds : 60)) && rises_by sessions "$1" && usual_policy
}
by_hand() {
	asked_for sessions "$1" session add
}
updated_by_policy() {
	policy record every 40 ms update every 16 records && rises_by epoch "$1"
}
updated_by_hand() {
	policy update manual && asked_for epoch "$1" session update && usual_policy
}
at_one() {
	settled && [ "$(peer_a epoch)" = "$(peer_b epoch)" ] && [[ $(peer_a next_epoch) = null ]]
}

counts_are() {
	local name

	for name in "${@:2}"; do
		count_is "$tmp/stream" "$name" "$1" || return 1
	done
}
say_counts() {
	sed 's/^/# /' "$tmp/stream"
	echo "# sessions $(sessions)"
	echo "# epoch $(epoch)"
	for side in a b; do
		"on_$side" hpkm-nl link show | sed -n "/counters/,\$s/^ */# $side /p"
	done
}

# full_load SESSIONS UPDATES [WINDOW]
full_load() {
	local timed=$((1 + $1 / 50))

	start_stream "${@:3}" || ktap_bail "no load"
	ktap_ok "$(($1 - $1 / 4 - timed)) new sessions by count" by_count $(($1 - $1 / 4 - timed))
	ktap_ok "$timed by time" by_time "$timed"
	ktap_ok "$(($1 / 4)) by hand" by_hand $(($1 / 4))
	ktap_ok "$(($2 - $2 / 3)) key updates by policy" updated_by_policy $(($2 - $2 / 3))
	ktap_ok "$(($2 / 3)) by hand" updated_by_hand $(($2 / 3))
	ktap_ok "... and both devices are at one" wait_until 20 at_one
	stop_stream
	say_counts
	ktap_ok "no frame is missing" counts_are 0 a_missing b_missing
	ktap_ok "none came twice" counts_are 0 a_doubled b_doubled
	ktap_ok "none was changed" counts_are 0 a_corrupted b_corrupted
	ktap_ok "on the cable was nothing but hpkm's frames, and nothing readable" \
		counts_are 0 cable_plain cable_readable
	ktap_ok "... all of which was looked at, and nothing lost there" all_looked_at
}
# Both devices still talk, so the two ends are equal only between two frames.
all_looked_at() {
	counts_are 0 unread && wait_until 10 cable_lost_nothing &&
		[ "$(count_of "$tmp/stream" cable_frames)" -ge \
			$(($(count_of "$tmp/stream" a_sent) + $(count_of "$tmp/stream" b_sent))) ]
}

full_load $((rekeys / 2)) $((updates / 2))

{ shuffle ca && shuffle cb; } || ktap_bail "no netem"
# Of the frames under way, no more than 16 may be such as are carried in two.
full_load $((rekeys - rekeys / 2)) $((updates - updates / 2)) 16
overtaken() {
	local way depth

	for way in a b; do
		depth=$(count_of "$tmp/stream" "${way}_depth")
		[ "$(count_of "$tmp/stream" "${way}_reordered")" -ge \
			$(($(count_of "$tmp/stream" "${way}_sent") / 10)) ] && [ "$depth" -lt 2000 ] || return 1
	done
}
ktap_ok "... where frames overtook each other, but not the replay window" overtaken

in_all() {
	[ "$(sessions)" -ge "$rekeys" ] && [ "$(epoch)" -ge "$updates" ] &&
		[ "$(counter_a tx_split)" -ge "$rekeys" ] && [ "$(counter_b tx_split)" -ge "$rekeys" ]
}
ktap_ok "$rekeys sessions and $updates key updates in all, and many frames carried in two" in_all
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
