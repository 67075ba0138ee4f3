#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pairing: isolation, SKs that differ, loss of every message, pairing again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 29
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
attach
quiet set_sks "$A" "$B" || ktap_bail "no SK"
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

paired_alike() {
	same "$(peer_a kid)" "$(peer_b kid)" && [ "$(peer_a epoch)" = "$(peer_b epoch)" ] &&
		[ "$(ask_a length peer)" = 1 ] && [ "$(ask_b length peer)" = 1 ]
}
pairs() {
	local old
	old=$(peer_a kid)

	pair && wait_until 5 paired_alike && [ "$(peer_a kid)" != "$old" ]
}

on_a ip link add d0 type dummy
on_a ip link set d0 up
ktap_ok "not isolated: refused, and the interface is named" refused 1 d0 \
	on_a hpkm-nl pair add "$VA" suite xor window 5
ktap_ok "... and nothing is stored" [ "$(ask_a length peer)" = 0 ]

going_up_aborts() {
	on_a ip link set d0 down
	inside "$A" hpkm-nl pair add "$VA" suite xor window 20 >"$tmp/aborted" 2>&1 &
	local pid=$!
	wait_until 5 is 1 ask_a length pair || return 1
	on_a ip link set d0 up
	wait "$pid"
	[ $? = 1 ] && says d0 "$tmp/aborted" && [ "$(ask_a length pair)" = 0 ]
}
ktap_ok "an interface that goes up ends the window and is named" going_up_aborts
on_a ip link set d0 down

no_answer() {
	local begin=$SECONDS
	refused 1 answer on_a hpkm-nl pair add "$VA" suite xor window 2 &&
		[ $((SECONDS - begin)) -le 10 ]
}
ktap_ok "no answer: an error when the window ends" no_answer
ktap_ok "... and an event with the reason" happened "$tmp/events.a" pairing-failed \
	'.reason | test("answer")'

window_is_listed() {
	on_a hpkm-nl pair add "$VA" suite xor window 20 nowait &&
		[ "$(ask_a '.[0] | "\(.ifname) \(.suite)"' pair)" = "$VA xor" ] &&
		refused 1 . on_a hpkm-nl pair add "$VA" suite xor window 20 nowait &&
		on_a hpkm-nl pair del "$VA" && [ "$(ask_a length pair)" = 0 ]
}
ktap_ok "a window is listed, is the only one, and can be closed" window_is_listed

outside_of_a_window() {
	local mark
	mark=$(cable_now)
	# P1 as anybody can make it: id and point are random enough.
	rises b pairing_refused cable_do send b "$(p1 00)" && [ "$(frames "$mark" 'b>a' P2)" = 0 ]
}
# p1 SUITE: a P1 of a device that is not there
p1() {
	printf 'ffffffffffff%s88b51001%s%026d%032d09%060d%s' "$HEX_A" "$1" 0 7 0 "$1"
}
ktap_ok "outside of a window, P1 is counted and not answered" outside_of_a_window

other_suite() {
	inside "$B" hpkm-nl pair add "$VB" suite xor window 3 >"$tmp/suite" 2>&1 &
	local pid=$!
	wait_until 5 is 1 ask_b length pair || return 1
	cable_do send b "$(p1 01)"
	wait "$pid"
	[ $? = 1 ] && says "suite 1" "$tmp/suite"
}
ktap_ok "a device that wants another suite is refused, and the suite named" other_suite

set_sk "$B" 'a different passphrase'
ktap_not_ok "SKs differ: pairing fails" pair 6
both_say() {
	says SK "$tmp/pair.a" && says SK "$tmp/pair.b"
}
ktap_ok "... both sides say so" both_say
nothing_stored() {
	[ "$(ask_a length peer)" = 0 ] && [ "$(ask_b length peer)" = 0 ]
}
ktap_ok "... and neither has stored anything" nothing_stored
set_sk "$B"

ktap_ok "the same SK: pairing succeeds, with equal keys" pairs
is_the_other() {
	same "$(peer_a id)" "$(ask_b '.[0].id' device)" &&
		same "$(peer_b id)" "$(ask_a '.[0].id' device)" &&
		[ "$(peer_a address)" = "$MAC_B" ] && [ "$(peer_a durability)" = volatile ]
}
ktap_ok "... each has the other's id and address, as a volatile peer" is_the_other
insecure_shown() {
	[ "$(peer_a insecure)" = true ] && kernel_log | grep -q 'suite xor.*no security'
}
ktap_ok "... marked as insecure, and the kernel log warns" insecure_shown
ktap_ok "... and both have told their listeners" happened "$tmp/events.a" paired
ktap_ok "traffic passes" wait_until 15 ping_a
ktap_ok "a pair that works can be paired again, with new keys" pairs
ktap_ok "... and still works" wait_until 15 ping_a

overridden() {
	inside "$B" hpkm-nl pair add "$VB" suite xor window 10 >/dev/null 2>&1 &
	local pid=$!
	on_a ip link set d0 up
	on_a hpkm-nl pair add "$VA" suite xor window 10 override 2>/dev/null &&
		wait "$pid" && kernel_log | grep -i isolat | grep -q "$VA"
}
ktap_ok "the override pairs all the same, and is logged" overridden
on_a ip link set d0 down

for n in 1 2 3 4 5 6; do
	lossy() {
		local mark
		mark=$(cable_now)
		cable_do clear && cable_do drop any "P$n" count 1 && pairs && ping_when_up || return 1
		# By sending again, and not by another run.
		[ "$(frames_of "$mark" '.>.' P3 | sort -u | wc -l)" = 1 ]
	}
	ping_when_up() {
		cable_do clear && wait_until 15 ping_a
	}
	ktap_ok "pairing survives the loss of P$n" lossy
done

doubled() {
	cable_do dup any any && pairs && cable_do clear
}
ktap_ok "pairing survives every frame coming twice" doubled

crossing() {
	cable_do hold any P1 count 2
	local mark pid status
	mark=$(cable_now)
	pair &
	pid=$!
	wait_until 5 more_frames "$mark" '.>.' P1 2
	cable_do release
	wait "$pid"
	status=$?
	cable_do clear
	[ "$status" = 0 ] && wait_until 5 paired_alike
}
ktap_ok "both sides begin at once" crossing

half_finished() {
	wait_until 10 ping_a || return 1
	cable_do drop any P5
	pair 8
	cable_do clear
	wait_until 20 ping_a && pairs && wait_until 15 ping_a
}
ktap_ok "half a pairing spares the old keys and can be repeated" half_finished
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
