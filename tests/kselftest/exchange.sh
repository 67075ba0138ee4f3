#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The key exchange on the wire: order, sizes, loss of every message, floods.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 23
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

on_the_wire() {
	local mark
	mark=$(cable_now)

	new_session && wait_until 5 more_frames "$mark" 'b>a' ACK 1 || return 1
	[ "$(cable_since "$mark" | grep -E ' (C[1-5]|ACK) ' | cut -d' ' -f2-4 | tr '\n' ,)" = \
		'a>b C1 62,b>a C2 62,a>b C3 62,b>a C4 62,a>b C5 62,b>a ACK 60,' ]
}
ktap_ok "a session by command: C1 to ACK, in order and of the right size" on_the_wire
challenge_is_public() {
	local c3 c4 c5
	# A3: C3 ^ C4 ^ C5 = 0 in this suite, in every session.
	c3=$(last_body 'a>b' C3) c4=$(last_body 'b>a' C4) c5=$(last_body 'a>b' C5)
	for ((i = 0; i < 64; i += 8)); do
		[ $((0x${c3:i:8} ^ 0x${c4:i:8} ^ 0x${c5:i:8})) = 0 ] || return 1
	done
}
last_body() {
	frames_of 0 "$1" "$2" | tail -n 1 | cut -c61-124
}
ktap_ok "C3 ^ C4 ^ C5 = 0, as the paper's equations have it" challenge_is_public
roles() {
	[ "$(session_a initiator)" = true ] && [ "$(session_b initiator)" = false ]
}
ktap_ok "the two sides know who began" roles
ktap_ok "the other side may begin, too" new_session b
ktap_ok "the session carries traffic" ping_a

# attempts MARK: how often each C1 was sent
attempts() {
	frames_of "$1" 'a>b' C1 | cut -c45-52 | uniq -c
}
for type in C1 C2 C3 C4 C5 ACK; do
	survives() {
		local mark
		mark=$(cable_now)
		cable_do clear && cable_do drop any "$type" count 1 && new_session &&
			cable_do clear && ping_a && ping_clean || return 1
		# By sending again, and not by another attempt.
		[ "$(attempts "$mark" | wc -l)" = 1 ]
	}
	ktap_ok "the loss of $type is made good" survives
done

ack_never_comes() {
	local old mark
	old=$(sid_a)
	mark=$(cable_now)
	cable_do drop any ACK
	on_a hpkm-nl session add dev "$VA" nowait
	wait_until 5 more_frames "$mark" 'b>a' ACK 1 && ping_b && ping_clean &&
		wait_until 5 newer_than "$old"
}
ktap_ok "without any ACK, the first DATA under the new keys installs them" ack_never_comes
cable_do clear

doubled() {
	local mark type
	mark=$(cable_now)
	cable_do dup any any
	new_session && wait_until 5 more_frames "$mark" 'b>a' ACK 2 || return 1
	cable_do clear
	for type in C2 C4 ACK; do
		[ "$(frames_of "$mark" 'b>a' "$type" | sort -u | wc -l)" = 1 ] || return 1
	done
}
ktap_ok "a repeated C1, C3 or C5 is answered with the very same octets" doubled
cable_do clear

crossing() {
	local old mark
	wait_until 10 settled
	old=$(sid_a)
	mark=$(cable_now)
	cable_do hold any C1 count 2
	on_a hpkm-nl session add dev "$VA" nowait
	on_b hpkm-nl session add dev "$VB" nowait
	wait_until 5 more_frames "$mark" 'a>b' C1 1 && wait_until 5 more_frames "$mark" 'b>a' C1 1
	cable_do release && cable_do clear
	wait_until 15 newer_than "$old" && ping_a && ping_b
}
ktap_ok "both sides begin at once and end in one session" crossing

again_by_itself() {
	on_a hpkm-nl link del "$VA" && on_a hpkm-nl link add "$VA" &&
		wait_until 15 settled && ping_a
}
ktap_ok "attaching again brings a session without being asked" again_by_itself

# Replays of one old C1 with other session indices all open at the responder.
half_opens() {
	local c1 i sid
	sid=$(sid_a)
	c1=$(frames_of 0 'a>b' C1 | tail -n 1)
	for i in 1 2 3 4 5 6; do
		echo "send b ${c1:0:44}4040404$i${c1:52}" >&"$cable_fd"
	done
	cable_do send b "${c1:0:44}40404047${c1:52}"
	wait_until 3 is 4 ask_b '.[0].half_open' link && [ "$(sid_a)" = "$sid" ] && ping_a
}
ktap_ok "at most 4 exchanges of a peer are half-open, and the session lives" half_opens
ktap_ok "... which end by themselves" wait_until 10 is 0 ask_b '.[0].half_open' link

flooded() {
	local sid before kid
	sid=$(sid_a)
	kid=$(peer_a kid)
	before=$(counter_b rx_rate)
	on_c attack flood cb "$MAC_B" 300 "${kid:0:8}" && ping_a && ping_clean &&
		[ "$(sid_a)" = "$sid" ] && [ "$(sid_b)" = "$sid" ] && has_risen b rx_rate "$before"
}
ktap_ok "a flood of C1 is limited and ends nothing" flooded
after_flood() {
	wait_until 10 new_session
}
ktap_ok "... and after it, exchanges go on" after_flood

third_attempt() {
	[ "$(attempts "$1" | wc -l)" -ge 4 ]
}
backs_off() {
	local mark
	mark=$(cable_now)
	cable_do drop any any
	on_a hpkm-nl session add dev "$VA" nowait
	quiet ping_a 1
	wait_until 40 third_attempt "$mark" || return 1
	# Each attempt is sent three times, and one of three goes to everybody.
	[ "$(attempts "$mark" | head -n 3 | awk '{ print $1 }' | tr '\n' ' ')" = '3 3 3 ' ] &&
		[ "$(frames_of "$mark" 'a>b' C1 | head -n 9 | grep -c ^ffffffffffff)" = 3 ]
}
ktap_ok "nobody there: attempts of three sendings, every third to everybody" backs_off
cable_do clear
ktap_ok "... and when the other is back, so is the session" wait_until 20 ping_a
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
