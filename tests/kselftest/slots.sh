#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# The session slots: frames before, between and after sessions.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 24
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
	wait_until 5 queued && cable_do clear && wait_until 20 received 300
	status=$?
	stop_stream
	cable_forget
	stream_is_whole && return "$status"
}
queued() {
	[ "$(counter_a tx_queued)" -ge 20 ] && [ "$(counter_b tx_queued)" -ge 20 ]
}
ktap_ok "of traffic that goes on while a session comes, nothing is lost or doubled" begun

# ---- the moment in which sessions change ----

# lists a|b SLOT: it has a session in that slot
lists() {
	"on_$1" hpkm-nl -j session show | grep -q "\"slot\": \"$2\""
}
lists_no() {
	! lists "$@"
}
# steady: a session, and none from before
steady() {
	cable_do clear && session_up && wait_until 10 lists_no a replaced &&
		wait_until 10 lists_no b replaced
}
b_left() {
	[ "$(sid_b)" != "$1" ]
}
# b_is_ahead OLD: of another session than that, which B has, A waits for an ACK in vain
b_is_ahead() {
	cable_do drop 'b>a' ACK && quiet on_a hpkm-nl session add dev "$VA" nowait &&
		wait_until 5 b_left "$1"
}
# Every frame a record: to be one, it has to open.
without_ack() {
	local old mark talk status

	steady && policy record every 1 frames || return 1
	old=$(sid_a) mark=$(cable_now)
	spawn_in "$B" ping -q -i 0.05 "$ADDR_A" >/dev/null
	talk=$spawned
	b_is_ahead "$old" && wait_until 5 newer_than "$old"
	status=$?
	stop "$talk"
	policy record messages-only
	[ "$status" = 0 ] && [ "$(attempts "$mark" | wc -l)" = 1 ] &&
		[ "$(cable_since "$mark" | grep -c ' ACK .* drop ')" -ge 1 ]
}
ktap_ok "the ACK is lost: what the other says under the new keys arrives, and installs them" without_ack
cable_do clear
ktap_ok "... both have it on record" wait_until 5 logs_agree
delivered_once() {
	steady && b_is_ahead "$(sid_a)" && quiet on_b hpkm-nl message send dev "$VB" 'first words' wait &&
		[ "$(ask_a '.[].data' message dev "$VA")" = 'first words' ]
}
ktap_ok "... and a message is delivered once" delivered_once

given_up() {
	local old
	steady || return 1
	old=$(sid_a)
	cable_do hold 'b>a' DATA && b_is_ahead "$old" && burst b 10 15 &&
		wait_until 5 lists a replaced && [ "$(sid_a)" = "$old" ] &&
		cable_do release && landed b
}
ktap_ok "the attempt fails for want of an ACK: what the other has said is taken" given_up

# The burst is on the cable while its session is replaced; that was after $before.
overtaken_by_session() {
	steady && cable_do hold 'a>b' DATA && burst a 10 20 || return 1
	# Not later than when the session is replaced.
	before=${EPOCHREALTIME/./}
	new_session && lists b replaced
}
late() {
	overtaken_by_session && cable_do release && landed a
}
ktap_ok "frames of the replaced session that come late are taken" late
too_late() {
	overtaken_by_session && wait_until 10 lists_no b replaced &&
		[ $((${EPOCHREALTIME/./} - before)) -ge 5000000 ] &&
		rises b rx_no_session cable_do release && fall_short a 10 first_missing 0
}
ktap_ok "... but not after 5 s" too_late

# ---- the replay window ----

# received_more N SINCE: N more than the SINCE that B had received before
received_more() {
	[ $(($(counter_b rx_frames) - $2)) = "$1" ]
}
# overtaken_by FRAMES: the first of a burst waits on the cable for those
overtaken_by() {
	local before

	steady || return 1
	before=$(counter_b rx_frames)
	cable_do hold 'a>b' DATA count 1 && burst a $(($1 + 1)) 20 &&
		wait_until 20 received_more "$1" "$before"
}
in_the_window() {
	overtaken_by 2047 && cable_do release && landed a reordered 1
}
ktap_ok "a frame that 2,047 have overtaken is taken" in_the_window
cable_forget
behind_the_window() {
	overtaken_by 2048 && rises b rx_replay cable_do release && fall_short a 1 first_missing 0
}
ktap_ok "... that 2,048 have overtaken counts as a replay" behind_the_window
cable_forget

# ---- the end of a session ----

# drains a|b: it does, and may not be used for an update
drains() {
	[ "$("ask_$1" '.[] | select(.slot == "draining").barred' session)" = true ]
}
both_drain() {
	drains a && drains b
}
draining() {
	steady && history 20 && wait_until 10 ready && cable_do drop any C1 &&
		update_a && wait_until 3 both_drain
}
ktap_ok "after a key update the session drains, barred, at both" draining
both_ways() {
	ping_a 1 && ping_clean && ping_b 1 && ping_clean && both_drain
}
ktap_ok "... and data passes both ways" both_ways
ktap_ok "... no key update is made in it" refused 1 'session' \
	on_a hpkm-nl session update dev "$VA"
# waiting N: frames of A's that were sent now have to wait, and none goes out
waiting() {
	local before mark

	before=$(counter_a tx_queued) mark=$(cable_now)
	burst a "$1" 20 && [ "$(counter_a tx_queued)" = $((before + $1)) ] &&
		[ "$(frames "$mark" 'a>b' DATA)" = 0 ]
}
drained() {
	wait_until 8 no_session && waiting 5 && cable_do clear && landed a
}
ktap_ok "... it ends after 5 s, and frames wait for the next" drained

# Of 2 s, keys are refused after 3.
refused_after_life() {
	steady && policy rekey 2 && new_session && cable_do drop any C1 &&
		wait_until 8 no_session && waiting 5
}
ktap_ok "after their life keys are refused: frames wait, and nothing goes out" refused_after_life
policy rekey 120
until_new_ones() {
	cable_do clear && landed a && settled
}
ktap_ok "... until there are new ones" until_new_ones

# lost_b: frames that came when B had no session for them
lost_b() {
	echo $(($(counter_b rx_no_session) + $(counter_b rx_expired)))
}
lost_more() {
	[ "$(lost_b)" -gt "$1" ]
}
# A installs later than B, as its ACK was on its way for so long; in vain if that was
# longer than A waits.
behind() {
	local mark old

	steady && policy rekey 4 || return 1
	mark=$(cable_now) old=$(sid_a)
	cable_do hold 'b>a' ACK && quiet on_a hpkm-nl session add dev "$VA" nowait &&
		wait_until 5 more_frames "$mark" 'a>b' C5 2 && cable_do release &&
		cable_do clear && cable_do drop any C1 && wait_until 2 newer_than "$old"
}
lives_no_more() {
	[ "$(count_a session)" = 0 ]
}
outlived() {
	local lost waited mark talk number

	wait_until 30 behind || { echo "A does not come late"; return 1; }
	lost=$(lost_b) waited=$(counter_a tx_queued) mark=$(cable_now)
	spawn_in "$A" ping -q -i 0.02 "$ADDR_B" >/dev/null
	talk=$spawned
	wait_until 10 lives_no_more && wait_until 3 has_risen a tx_queued "$waited" || return 1
	stop "$talk"
	echo "lost: $(($(lost_b) - lost)) of $(frames "$mark" 'a>b' DATA)"
	[ "$(lost_b)" = "$lost" ] && [ "$(frames "$mark" 'a>b' DATA)" -ge 10 ] || return 1
	# What does come then is counted.
	number=$(cable_since "$mark" | grep ' a>b DATA ' | tail -n 1 | cut -d' ' -f1)
	cable_do replay "$number" && wait_until 3 lost_more "$lost"
}
ktap_ok "the other's session has ended a little earlier: nothing is sent into it" outlived
policy rekey 120

by_count() {
	local old mark

	steady && new_session || return 1
	old=$(sid_a) mark=$(cable_now)
	policy_a rekey-frames 200 && burst a 150 && landed a && [ "$(sid_a)" = "$old" ] &&
		[ "$(frames "$mark" '.>.' C1)" = 0 ] && burst a 60 && landed a &&
		wait_until 10 newer_than "$old"
}
ktap_ok "new keys after as many frames as the policy says" by_count
policy rekey-frames 1099511627776
at_once() {
	local old

	steady && new_session && burst a 300 && landed a || return 1
	old=$(sid_a)
	policy_a rekey-frames 200 && wait_until 10 newer_than "$old"
}
ktap_ok "... and at once when there were more already" at_once
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
