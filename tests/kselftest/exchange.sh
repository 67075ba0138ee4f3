#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# The key exchange on the wire: order, sizes, loss of every message, floods.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 25
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

on_the_wire() {
	local mark
	mark=$(cable_now)

	new_session && wait_until 5 more_frames "$mark" 'b>a' ACK 1 || return 1
	[ "$(cable_since "$mark" | grep -E ' (C[1-5]|ACK) ' | cut -d' ' -f2-4)" = "$(as_specified)" ]
}
# With 14 octets of Ethernet header.
as_specified() {
	local type

	for type in C1 C2 C3 C4 C5 ACK; do
		[[ $type = C[135] ]] && echo -n 'a>b ' || echo -n 'b>a '
		echo "$type $((14 + $(handshake_len $type)))"
	done
}
ktap_ok "a session by command: C1 to ACK, in order and of the right size" on_the_wire
roles() {
	[ "$(session_a initiator)" = true ] && [ "$(session_b initiator)" = false ]
}
ktap_ok "the two sides know who began" roles
ktap_ok "the other side may begin, too" new_session b
ktap_ok "the session carries traffic" ping_a

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

# The attempts of suites 1 and 2 are numbered, and the latest displaces others.
all_are_judged() {
	if [ "$HPKM_SUITE" = xor ]; then
		has_risen b handshake_refused "$(($2 + 1))"
	else
		more_frames "$1" 'b>a' C2 6
	fi
}

# Each time that A is attached, it begins anew; B hears nothing of it until all
# comes at once.
half_opens() {
	local sid refused mark n
	# In which nothing was said yet, so that B does not wait for anything.
	new_session || return 1
	sid=$(sid_b)
	refused=$(counter_b handshake_refused)
	mark=$(cable_now)
	cable_do drop 'b>a' C2
	cable_do hold 'a>b' C1
	for n in 1 2 3 4 5 6; do
		on_a hpkm-nl link del "$VA" && on_a hpkm-nl link add "$VA" &&
			wait_until 5 more_attempts "$mark" "$n" || return 1
	done
	cable_do release && wait_until 3 all_are_judged "$mark" "$refused" &&
		is 4 counter_b half_open && [ "$(sid_b)" = "$sid" ]
}
ktap_ok "at most 4 exchanges of a peer are half-open, and the session lives" half_opens
cable_do clear
ktap_ok "... which end by themselves" wait_until 10 is 0 counter_b half_open
ktap_ok "... and leave room for a new one" wait_until 15 ping_a

# What was recorded opens again; who counts attempts knows that it is old, and
# answers it only while there is nothing else to do.
replays_answered() {
	is_xor && echo 4 || echo 1
}
old_ones() {
	local sid refused c1
	wait_until 10 settled
	sid=$(sid_a)
	refused=$(counter_b handshake_refused)
	# At once: after a second, an old one gives way to a new one.
	while read -r c1; do
		echo "send b $c1" >&"$cable_fd"
	done < <(frames_of 0 'a>b' C1 | uniq | head -n 7)
	wait_until 3 has_risen b handshake_refused $((refused + 6 - $(replays_answered))) &&
		is "$(replays_answered)" counter_b half_open && [ "$(sid_a)" = "$sid" ] && ping_a
}
ktap_ok "of 7 old C1, $(replays_answered) at most are answered, and the session lives" old_ones

flooded() {
	local sid before
	sid=$(sid_a)
	before=$(counter_b rx_rate)
	on_c flood cb 300 "$(forged_c1 020000000066)" && ping_a && ping_clean &&
		[ "$(sid_a)" = "$sid" ] && [ "$(sid_b)" = "$sid" ] && has_risen b rx_rate "$before"
}
ktap_ok "a flood of C1 is limited and ends nothing" flooded
after_flood() {
	wait_until 10 new_session
}
ktap_ok "... and after it, exchanges go on" after_flood

backs_off() {
	local mark
	mark=$(cable_now)
	cable_do drop any any
	on_a hpkm-nl session add dev "$VA" nowait
	quiet ping_a 1
	wait_until 40 more_attempts "$mark" 4 || return 1
	# Each attempt is sent three times, and one of three goes to everybody.
	[ "$(attempts "$mark" | head -n 3 | awk '{ print $1 }' | tr '\n' ' ')" = '3 3 3 ' ] &&
		[ "$(frames_of "$mark" 'a>b' C1 | head -n 9 | grep -c ^ffffffffffff)" = 3 ]
}
ktap_ok "nobody there: attempts of three sendings, every third to everybody" backs_off
cable_do clear
ktap_ok "... and when the other is back, so is the session" wait_until 20 ping_a

# In all this, frames of every type.
suite_on_the_wire() {
	[ "$(frames_of 0 '.>.' '[PCAD][^ ]*' | cut -c33-34 | sort -u)" = "$(suite_octet)" ] &&
		[ "$(cable_since 0 | cut -d' ' -f3 | sort -u | tr '\n' ' ')" = \
			'ACK C1 C2 C3 C4 C5 DATA P1 P2 P3 P4 P5 P6 ' ]
}
ktap_ok "every frame says its suite" suite_on_the_wire
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
