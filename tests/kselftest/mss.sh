#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# TCP fits into one frame without being told how: what a SYN asks for is clamped on
# its way out, wherever it comes from, and nothing else of it changes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 42
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"

# What crosses in one frame, with all that may be in front of it: protocol section 6.
record=48 addresses=12
fits=$((1500 - octets_of[DATA] - record))

# ---- a flow that is older than the link ----

head -c 1000000 /dev/urandom >"$tmp/sent"
older_flow() {
	mkfifo "$tmp/more"
	inside "$B" timeout 60 socat -u TCP-LISTEN:4000,reuseaddr CREATE:"$tmp/received" &
	older_pid=$!
	wait_until 10 tcp_listens "$B" 4000 || return 1
	inside "$A" timeout 60 socat -u OPEN:"$tmp/more" "TCP:$ADDR_B:4000" &
	exec {more}>"$tmp/more"
	head -c 100000 "$tmp/sent" >&"$more"
	wait_until 10 is 100000 stat -c %s "$tmp/received"
}
goes_on() {
	tail -c +100001 "$tmp/sent" >&"$more"
	exec {more}>&-
	wait "$older_pid" && cmp -s "$tmp/sent" "$tmp/received"
}
ktap_ok "TCP flows before the link is attached" older_flow
ktap_ok "two hosts are paired and have a session" paired_hosts
ktap_ok "... and it goes on" goes_on
ktap_ok "... in two frames a segment" [ "$(counter_a tx_split)" -gt 100 ]

# ---- segments that are as large as they may be ----

# Whatever asks for more than fits is a record as well.
policy record every 1 frames

# carries FROM TO ADDRESS: a file over TCP, and no frame of it in two
carries() {
	local before after pid
	before=$(sum tx_split)
	inside "$2" timeout 60 socat -u "TCP${4-4}-LISTEN:4000,reuseaddr" CREATE:"$tmp/received" &
	pid=$!
	wait_until 10 tcp_listens "$2" 4000 || return 1
	inside "$1" timeout 60 socat -u -b 100000 OPEN:"$tmp/sent" "TCP${4-4}:$3:4000" || return 1
	wait "$pid" && cmp -s "$tmp/sent" "$tmp/received" || return 1
	after=$(sum tx_split)
	echo "# split before: $before, after: $after"
	[ "$after" = "$before" ]
}
sum() {
	echo $(($(counter_a "$1") + $(counter_b "$1")))
}
both_ways() {
	carries "$1" "$2" "$4" "${5-4}" && carries "$2" "$1" "$3" "${5-4}"
}
ktap_ok "IPv4" both_ways "$A" "$B" "$ADDR_A" "$ADDR_B"
# Segments that A's TCP has sent again, as it does when an ACK comes late.
sent_again() {
	on_a mawk '$1 == "Tcp:" && $13 ~ /[0-9]/ { print $13 }' /proc/net/snmp
}
# With no record there is no frame that acknowledges one.
as_large() {
	local before frames again
	policy record messages-only || return 1
	before=$(counter_a tx_frames) again=$(sent_again)
	carries "$A" "$B" "$ADDR_B" || return 1
	frames=$(($(counter_a tx_frames) - before)) again=$(($(sent_again) - again))
	echo "# $frames frames, $again of them again"
	[ $((frames - again)) -lt $((1000000 / (fits - 60) + 50)) ]
}
ktap_ok "... in as few frames as there can be" as_large
policy record every 1 frames
# Packets that B's stack got while A sent the file, of so many frames
received() {
	local before frames
	before=$(packets) frames=$(counter_b rx_frames)
	carries "$A" "$B" "$ADDR_B" || return 1
	echo $(($(packets) - before)) $(($(counter_b rx_frames) - frames))
}
packets() {
	on_b mawk '$1 == "Ip:" && $3 ~ /[0-9]/ { print $4 }' /proc/net/snmp
}
merged() {
	local packets frames
	quiet on_b ethtool -K "$VB" gro on || return 1
	read -r packets frames < <(received | tail -n 1)
	echo "# $packets packets of $frames frames"
	[ "$frames" -gt 700 ] && [ "$packets" -lt $((frames / 2)) ]
}
not_merged() {
	local packets frames
	quiet on_b ethtool -K "$VB" gro off || return 1
	read -r packets frames < <(received | tail -n 1)
	echo "# $packets packets of $frames frames"
	[ "$frames" -gt 700 ] && [ "$packets" -ge $((frames * 9 / 10)) ]
}
ktap_ok "GRO makes few packets of them" merged
ktap_ok "... unless it is switched off" not_merged
ktap_ok "there is IPv6" with_ip6
ktap_ok "IPv6" both_ways "$A" "$B" '[fd00::1]' '[fd00::2]' 6

vlan() {
	on_a ip link add link "${2/v/$VA}" name "$1" type vlan "${@:4}" id "$3" &&
		on_b ip link add link "${2/v/$VB}" name "$1" type vlan "${@:4}" id "$3" &&
		on_a ip addr add "10.$3.0.1/24" dev "$1" && on_b ip addr add "10.$3.0.2/24" dev "$1" &&
		on_a ip link set "$1" up && on_b ip link set "$1" up &&
		wait_until 10 on_a ping -q -c 1 -W 2 "10.$3.0.2" >"$tmp/ping"
}
ktap_ok "there is a VLAN" vlan t10 v 10
ktap_ok "IPv4 in a VLAN" both_ways "$A" "$B" 10.10.0.1 10.10.0.2
ktap_ok "there is a provider's VLAN" vlan t20 v 20 protocol 802.1ad
ktap_ok "... and one inside it" vlan t30 t20 30
ktap_ok "IPv4 in two tags" both_ways "$A" "$B" 10.30.0.1 10.30.0.2

# A host behind A, with a cable of its own.
E=hpkm-e
behind() {
	ip netns add "$E" && ip -n "$A" link add ae type veth peer name ve netns "$E" &&
		ip -n "$E" link set lo up && ip -n "$E" link set ve up && ip -n "$A" link set ae up
}
trap 'quiet ip netns del "$E"; leave_clean' EXIT
routed() {
	behind && ip -n "$A" addr add 10.8.0.1/24 dev ae && ip -n "$E" addr add 10.8.0.2/24 dev ve &&
		ip -n "$E" route add default via 10.8.0.1 && ip -n "$B" route add 10.8.0.0/24 via "$ADDR_A" &&
		on_a bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
		wait_until 10 inside "$E" ping -q -c 1 -W 2 "$ADDR_B" >"$tmp/ping"
}
ktap_ok "there is a host that A routes for" routed
ktap_ok "IPv4 that is routed" both_ways "$E" "$B" 10.8.0.2 "$ADDR_B"

# ---- what exactly is changed ----

# octets HEX: how many
octets() {
	echo $((${#1} / 2))
}
# inet_sum HEX: the one's complement sum of its 16-bit words
inet_sum() {
	local hex=$1 sum=0 at

	[ $((${#hex} % 4)) = 0 ] || hex+=00
	for ((at = 0; at < ${#hex}; at += 4)); do
		sum=$((sum + 16#${hex:at:4}))
	done
	while [ $((sum >> 16)) != 0 ]; do
		sum=$(((sum & 0xffff) + (sum >> 16)))
	done
	printf %04x $((~sum & 0xffff))
}
# tcp FLAGS OPTIONS PSEUDO: a segment with its checksum; all in hex
tcp() {
	local head rest sum
	head=04d200500000000100000000$(printf '%x0%s' $((5 + $(octets "$2") / 4)) "$1")7210
	rest=0000$2
	sum=$(inet_sum "$3$(printf %04x $((20 + $(octets "$2"))))${head}0000$rest")
	echo "$head$sum$rest"
}
syn=02
# Where nobody answers.
v4_from=c6336401 v4_to=c6336402
v6_from=20010db8000000000000000000000001 v6_to=20010db8000000000000000000000002
# v4 FLAGS OPTIONS [OFFSET]: with what is behind the Ethernet addresses
v4() {
	local segment head
	segment=$(tcp "$1" "$2" "$v4_from${v4_to}0006")
	head=4500$(printf %04x $((20 + $(octets "$segment"))))0001${3-0000}4006
	echo "0800$head$(inet_sum "$head$v4_from$v4_to")$v4_from$v4_to$segment"
}
# v6 FLAGS OPTIONS [HEADER EXTENSION]: of that kind
v6() {
	local segment next=${3-06}
	segment=$(tcp "$1" "$2" "$v6_from${v6_to}00000006")
	set -- "${4-}"
	echo "86dd60000000$(printf %04x $(($(octets "$segment") + $(octets "$1"))))${next}40$v6_from$v6_to$1$segment"
}
mss() {
	printf 0204%04x "$1"
}
# becomes SENT EXPECTED [SOURCE [DEVICE]]: behind the Ethernet addresses
becomes() {
	local pid proto=${2:0:4} wanted=$HEX_B${3-$HEX_A}$2
	rm -f "$tmp/delivered"
	inside "$B" frame wait "${4-$VB}" "$proto" 10 "$wanted" >"$tmp/delivered" &
	pid=$!
	wait_until 5 grep -q waiting "$tmp/delivered" || return 1
	on_a frame send "$VA" "$HEX_B${3-$HEX_A}$1"
	wait "$pid"
	echo "# $wanted was due, and came:"
	sed 's/^/# /' "$tmp/delivered"
	grep -q "^$wanted\$" "$tmp/delivered"
}
# stays FRAME
stays() {
	becomes "$1" "$1"
}
most4=$((fits - 40)) most6=$((fits - 60))
ktap_ok "a SYN that asks for more gets what fits, IPv4" \
	becomes "$(v4 $syn "$(mss 1460)")" "$(v4 $syn "$(mss $most4)")"
ktap_ok "... which is no more than it is" \
	becomes "$(v4 $syn "$(mss $((most4 + 1)))")" "$(v4 $syn "$(mss $most4)")"
ktap_ok "... and no less" stays "$(v4 $syn "$(mss $most4)")"
ktap_ok "... IPv6" becomes "$(v6 $syn "$(mss 1440)")" "$(v6 $syn "$(mss $most6)")"
options='3c 0600010400000000'
# shellcheck disable=SC2086 # two words
ktap_ok "... behind an extension header" \
	becomes "$(v6 $syn "$(mss 1440)" $options)" "$(v6 $syn "$(mss $most6)" $options)"
ktap_ok "a SYN ACK, too" becomes "$(v4 12 "$(mss 1460)")" "$(v4 12 "$(mss $most4)")"
ktap_ok "... behind other options" \
	becomes "$(v4 $syn "01030307$(mss 1460)04020101")" "$(v4 $syn "01030307$(mss $most4)04020101")"
ktap_ok "... at an odd octet" \
	becomes "$(v4 $syn "01$(mss 65535)040200")" "$(v4 $syn "01$(mss $most4)040200")"
ktap_ok "... less in a VLAN" \
	becomes "8100000a$(v4 $syn "$(mss 1460)")" "$(v4 $syn "$(mss $((most4 - 4)))")" "$HEX_A" t10
ktap_ok "one that asks for less stays" stays "$(v4 $syn "$(mss 536)")"
ktap_ok "one that does not ask stays" stays "$(v4 $syn 01010101)"
ktap_ok "what is no SYN stays" stays "$(v4 10 "$(mss 1460)")"
ktap_ok "what TCP-AO is over stays" stays "$(v4 $syn "$(mss 1460)1d040101")"
ktap_ok "... and what AH is over" \
	stays "$(v6 $syn "$(mss 1440)" 33 06020000000000010000000100000000)"
ktap_ok "of two options the last counts" \
	becomes "$(v4 $syn "$(mss 1460)$(mss 1459)")" "$(v4 $syn "$(mss 1460)$(mss $most4)")"
ktap_ok "a later fragment stays" stays "$(v4 $syn "$(mss 1460)" 0005)"
ktap_ok "an option of no length, and all behind it, stays" stays "$(v4 $syn "0300$(mss 1460)0101")"
ktap_ok "an option that is longer than the header stays" stays "$(v4 $syn "0101020a$(mss 1460)")"
ktap_ok "... and what is behind the header, which is not the option's" stays "$(v4 $syn 01010204)ffff"
cut_off() {
	local frame
	frame=$(v4 $syn "$(mss 1460)")
	stays "${frame:0:-8}"
}
ktap_ok "a header that is cut off stays" cut_off

mtu() {
	ip -n "$A" link set "$VA" mtu "$1" && ip -n "$B" link set "$VB" mtu "$1"
}
quiet mtu 1300
ktap_ok "one on a link of little more than 1,280 octets gets what 1,280 allow" \
	becomes "$(v4 $syn "$(mss 1460)")" "$(v4 $syn "$(mss 1240)")"
quiet mtu 1500

# ---- stations behind a bridge, whose addresses go along ----

bridged() {
	ip -n "$A" link add bridge type bridge forward_delay 0 mcast_snooping 0 &&
		ip -n "$A" link set "$VA" master bridge && ip -n "$A" link set ae master bridge &&
		ip -n "$A" link set bridge up && ip -n "$E" addr add 10.9.0.9/24 dev ve &&
		quiet on_a hpkm-nl peer set dev "$VA" bridge on &&
		quiet on_b hpkm-nl peer set dev "$VB" bridge on &&
		wait_until 10 inside "$E" ping -q -c 1 -W 2 "$ADDR_B" >"$tmp/ping"
}
ktap_ok "there is a host that A bridges" bridged
ktap_ok "IPv4 that is bridged" both_ways "$E" "$B" 10.9.0.9 "$ADDR_B"
ktap_ok "a SYN of a station's gets less" \
	becomes "$(v4 $syn "$(mss 1460)")" "$(v4 $syn "$(mss $((most4 - addresses)))")" 02000000ee01

ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
