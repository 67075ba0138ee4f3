#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Key updates with a disk that is slow, fails or does not tell the truth.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/agents.bash"

ktap_plan 24
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"
ktap_ok "two hosts with agents are paired, and their peers are durable" kept_hosts
watch_events "$A" "$tmp/events.a"

# ready_for SIDE RULE: all is at rest, and that side's next writes meet their fault
ready_for() {
	history 20 && both_settled && wait_until 20 ready || return 1
	epoch=$(peer_a epoch)
	rule "$@"
}
frozen() {
	[ "$(durability "$1")" = frozen ]
}
thawed() {
	! frozen "$1"
}
# come_to N: the fault is over, and so is whatever it led to
come_to() {
	rule a
	rule b
	wait_until 45 converged "$1" && both_settled && thawed a && thawed b && ping_a
}
nothing_changes() {
	come_to "$epoch"
}
goes_on() {
	come_to $((epoch + 1))
}
works_again() {
	ready_for a && update_a && goes_on
}

# ---- P1: B answers ----

refusals() {
	grep -c update-refused "$tmp/events.a"
}
more_refusals() {
	[ "$(refusals)" -gt "$1" ]
}
# It says so at once, and it is told to whoever listens.
update_fails() {
	local before
	before=$(refusals)
	! update_a && wait_until 5 more_refusals "$before"
}
slow_p1() {
	ready_for b peer- 0 slow 12 && update_fails && wait_until 10 reached b && nothing_changes
}
ktap_ok "a disk that takes 12 s makes an update fail, and nothing changes" slow_p1
ktap_ok "... and the next one works" works_again
# The disk is not done with it yet.
very_slow_p1() {
	ready_for b peer- 0 slow 90 && update_fails && frozen b && wait_until 30 thawed b &&
		! reached b && nothing_changes
}
ktap_ok "one that takes 90 s is given up, and nothing changes" very_slow_p1
ktap_ok "... and the next one works" works_again
failed_p1() {
	ready_for b peer- 0 "$1" && update_fails && reached b && nothing_changes
}
ktap_ok "one that fails makes an update fail, and nothing changes" failed_p1 fail
ktap_ok "... and the next one works" works_again
ktap_ok "so does one that has written and says that it failed" failed_p1 lie
ktap_ok "... and the next one works" works_again

# ---- P2: A asked ----

# While it is FROZEN an exchange comes to nothing, whichever side begins it.
stays_frozen() {
	local sid
	sid=$(sid_a)
	wait_until 10 reached a && wait_until 5 frozen a || return 1
	quiet on_b hpkm-nl session add dev "$VB" nowait
	ping_a && ping_b && frozen a && same "$sid" "$(sid_a)"
}
no_p2() {
	ready_for a peer- 0 "$1" && update_a nowait && stays_frozen
}
ktap_ok "a disk that fails at the requester freezes the pair, and traffic passes" no_p2 fail
ktap_ok "... and once it does not, the update is done" goes_on
ktap_ok "so does one that has written and says that it failed" no_p2 lie
ktap_ok "... and once it tells the truth, the update is done" goes_on
slow_p2() {
	ready_for a peer- 0 slow 12 && update_a nowait && wait_until 20 reached a && goes_on
}
ktap_ok "one that takes 12 s has it done when the responder has given up" slow_p2

# ---- P3: the responder's, which nobody waits for ----

behind() {
	ready_for b peer- 1 "$1" && update_a && wait_until 10 reached b &&
		wait_until 20 converged $((epoch + 1)) && thawed b && ping_a
}
ktap_ok "a disk that fails at P3 does not hold the pair up" behind fail
ktap_ok "... and once it does not, that is written, too" goes_on
ktap_ok "nor does one that has written and says that it failed" behind lie
ktap_ok "... and once it tells the truth, that is written, too" goes_on
survives() {
	local kid
	kid=$(peer_a kid)
	both_settled && stop_agents && rmmod hpkm && load_module && start_agents && attach &&
		wait_until 20 settled && same "$kid" "$(peer_a kid)"
}
ktap_ok "all of it is what a new module begins with" survives

# ---- P0: A starts once more ----

spawn_in "$C" frame record ca >"$tmp/from.a"
spawn_in "$C" frame record cb >"$tmp/from.b"
# said_by SIDE: C1 to DATA that it sent since it began anew
declare -A began
said_by() {
	tail -n "+$((began[$1] + 1))" "$tmp/from.$1" | grep -c '^.\{24\}88b50[1-7]'
}
has_said() {
	[ "$(said_by "$1")" -ge "$2" ]
}
# start_of TEXT: the number of the start in which A sent this message
start_of() {
	local rid
	rid=$(on_a hpkm-nl -j log show dev "$VA" | grep -B 3 "$1" | value rid)
	[ ${#rid} = 18 ] && echo $((16#${rid:16:2}${rid:14:2}${rid:12:2}))
}
says_in_log() {
	quiet on_a hpkm-nl message send dev "$VA" "$1" wait
}
# What A sends before the disk has this start could bear numbers that the next one
# uses again.  B calls all the time, and A has something to say.
keeps_quiet() {
	local side
	says_in_log 'of the start before' && before=$(start_of 'of the start before') &&
		both_settled && stop_agents && rmmod hpkm || return 1
	for side in a b; do
		began[$side]=$(wc -l <"$tmp/from.$side")
	done
	rule a peer- 0 "$1"
	load_module && begin_agent a && start_agent b && wait_until 10 reached a && attach || return 1
	quiet on_a ping -q -c 1 -W 1 "$ADDR_B"
	wait_until 20 has_said b 6 && frozen a && ! has_said a 1
}
speaks() {
	rule a
	keeps_state a && wait_until 20 settled && durable && ping_a && has_said a 1 &&
		says_in_log 'of this start' && [ "$(start_of 'of this start')" -gt "$before" ]
}
ktap_ok "a start that a slow disk does not have yet: nothing is sent" keeps_quiet before
ktap_ok "... until it does, and the start is counted" speaks
ktap_ok "a start that a disk fails to take: nothing is sent" keeps_quiet fail
ktap_ok "... until it does, and the start is counted" speaks
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
