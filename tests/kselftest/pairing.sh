#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# Pairing: isolation, SKs that differ, loss of every message, pairing again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 34
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
attach
quiet set_sks "$A" "$B" || ktap_bail "no SK"
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

paired_alike() {
	same "$(peer_a kid)" "$(peer_b kid)" && [ "$(peer_a epoch)" = "$(peer_b epoch)" ] &&
		[ "$(count_a peer)" = 1 ] && [ "$(count_b peer)" = 1 ]
}
pairs() {
	local old
	old=$(peer_a kid)

	pair && wait_until 5 paired_alike && [ "$(peer_a kid)" != "$old" ]
}

on_a ip link add d0 type dummy
on_a ip link set d0 up
ktap_ok "not isolated: refused, and the interface is named" refused 1 d0 \
	pair_add "$A" "$VA" window 5
ktap_ok "... and nothing is stored" [ "$(count_a peer)" = 0 ]

going_up_aborts() {
	on_a ip link set d0 down
	pair_add "$A" "$VA" window 20 >"$tmp/aborted" 2>&1 &
	local pid=$!
	wait_until 5 is 1 count_a pair || return 1
	on_a ip link set d0 up
	wait "$pid"
	[ $? = 1 ] && says "interface d0 went up" "$tmp/aborted" && [ "$(count_a pair)" = 0 ]
}
ktap_ok "an interface that goes up ends the window and is named" going_up_aborts
on_a ip link set d0 down

no_answer() {
	local begin=$SECONDS
	refused 1 answer pair_add "$A" "$VA" window 2 &&
		[ $((SECONDS - begin)) -le 10 ]
}
ktap_ok "no answer: an error when the window ends" no_answer
ktap_ok "... and an event with the reason" happened "$tmp/events.a" pairing-failed \
	'.reason | test("answer")'

window_is_listed() {
	pair_add "$A" "$VA" window 20 nowait &&
		[ "$(ask_a '.[0] | "\(.ifname) \(.suite)"' pair)" = "$VA $HPKM_SUITE" ] &&
		refused 1 . pair_add "$A" "$VA" window 20 nowait &&
		on_a hpkm-nl pair del "$VA" && [ "$(count_a pair)" = 0 ]
}
ktap_ok "a window is listed, is the only one, and can be closed" window_is_listed

outside_of_a_window() {
	local mark
	mark=$(cable_now)
	# P1 as anybody can make it: id and point are random enough.
	rises b pairing_refused cable_do send b "$(p1 "$(suite_octet)")" && [ "$(frames "$mark" 'b>a' P2)" = 0 ]
}
# p1 SUITE: a P1 of a device that is not there; SUITE as the header has it
p1() {
	printf 'ffffffffffff%s88b51001%s%026d%032d09%060d01' "$HEX_A" "$1" 0 7 0
}
ktap_ok "outside of a window, P1 is counted and not answered" outside_of_a_window

unknown_suite() {
	pair_add "$B" "$VB" window 5 >"$tmp/suite" 2>&1 &
	local pid=$!
	wait_until 5 is 1 count_b pair || return 1
	cable_do send b "$(p1 07)"
	wait "$pid"
	[ $? = 1 ] && says "offers suite 7 (unknown), this one was told $HPKM_SUITE$" "$tmp/suite"
}
ktap_ok "a device that wants a suite that is none is refused, and the suite named" unknown_suite

# HPKM_CMD_PAIR_ADD with IFINDEX and SUITE, HPKM_CMD_SK_SET with SUITE and KEY
suite_not_there() {
	local index
	index=$(ask_a '.[0].ifindex' link)
	refused 1 'EOPNOTSUPP: this module does not have that suite' \
		on_a netlink 10 "1:u32:$index" 3:u8:3 &&
		refused 1 'EOPNOTSUPP: this module does not have that suite' \
			on_a netlink 7 1:u8:255 "2:hex:$(zeros 32)"
}
ktap_ok "a suite that the module does not have is refused, for SKs as well" suite_not_there

# A and B are told different ones.
OTHER=$(another_suite)
set_sk_of_other() {
	HPKM_SUITE=$OTHER set_sk "$A" "$(printf '0e%.0s' {1..32})" &&
		HPKM_SUITE=$OTHER set_sk "$B" "$(printf '0e%.0s' {1..32})"
}
different_suites() {
	set_sk_of_other || return 1
	pair_add "$B" "$VB" window 4 >"$tmp/pair.b" 2>&1 &
	local pid=$!
	HPKM_SUITE=$OTHER pair_add "$A" "$VA" window 4 >"$tmp/pair.a" 2>&1
	[ $? = 1 ] && ! wait "$pid" &&
		says "offers suite . ($HPKM_SUITE), this one was told $OTHER$" "$tmp/pair.a" &&
		says "offers suite . ($OTHER), this one was told $HPKM_SUITE$" "$tmp/pair.b"
}
ktap_ok "two devices that were told different suites: both say which" different_suites

set_sk "$B" "$(printf 'd1%.0s' {1..32})"
ktap_not_ok "SKs differ: pairing fails" pair 6
both_say() {
	says SK "$tmp/pair.a" && says SK "$tmp/pair.b"
}
ktap_ok "... both sides say so" both_say
nothing_stored() {
	[ "$(count_a peer)" = 0 ] && [ "$(count_b peer)" = 0 ]
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
suite_shown() {
	[ "$(peer_a suite)" = "$HPKM_SUITE" ] && [ "$(peer_b suite)" = "$HPKM_SUITE" ] &&
		happened "$tmp/events.a" session-up ".suite == \"$HPKM_SUITE\""
}
ktap_ok "... the suite is listed on both sides" suite_shown
insecurity_shown() {
	on_a hpkm-nl peer show >"$tmp/peers"
	if is_xor; then
		[ "$(peer_a insecure)" = true ] && says INSECURE "$tmp/peers" &&
			kernel_log | grep -q 'suite xor.*no security'
	else
		[ "$(peer_a insecure)" = false ] && ! says INSECURE "$tmp/peers" &&
			says "$HPKM_SUITE" "$tmp/peers" && ! kernel_log | grep 'no security'
	fi
}
ktap_ok "... as insecure if that is xor, which the kernel log warns of, and only then" \
	insecurity_shown
ktap_ok "... and both have told their listeners" happened "$tmp/events.a" paired
ktap_ok "traffic passes" wait_until 15 ping_a
ktap_ok "a pair that works can be paired again, with new keys" pairs
ktap_ok "... and still works" wait_until 15 ping_a

pinned() {
	local kid
	kid=$(peer_a kid)
	! HPKM_SUITE=$OTHER pair 5 || return 1
	# Whose id is the smaller one finds out; the other hears no more of it.
	cat "$tmp/pair.a" "$tmp/pair.b" >"$tmp/pinned"
	says 'paired under another suite' "$tmp/pinned" && same "$kid" "$(peer_a kid)" &&
		same "$kid" "$(peer_b kid)" && ping_a
}
ktap_ok "... but not under another suite, which harms nothing" pinned
by_default() {
	on_a hpkm-nl pair add "$VA" window 20 nowait &&
		[ "$(ask_a '.[0].suite' pair)" = "$suite_default" ] && on_a hpkm-nl pair del "$VA"
}
ktap_ok "when no suite is named, it is $suite_default" by_default

overridden() {
	pair_add "$B" "$VB" window 10 >/dev/null 2>&1 &
	local pid=$!
	on_a ip link set d0 up
	pair_add "$A" "$VA" window 10 override 2>/dev/null &&
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
		[ "$(frames "$mark" '.>.' "P$n")" -ge 2 ] &&
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
