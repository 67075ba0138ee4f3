#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# Data of every kind, in every size, to several peers, and never in the clear.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 36
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

# All that crosses the switch and is not ours; and all of it, for its contents.
capture() {
	local name=$1
	shift

	spawn_in "$C" tcpdump -Z root -U -n -i br0 -w "$tmp/$name.pcap" "$@" \
		>/dev/null 2>"$tmp/$name.err"
	wait_until 10 says listening "$tmp/$name.err"
}
captured() {
	tcpdump -Z root -nr "$tmp/$1.pcap" 2>/dev/null
}
capture foreign not ether proto 0x88b5 || ktap_bail "no capture"
capture all -s 128 || ktap_bail "no capture"

ktap_ok "IPv4" ping_a
ktap_ok "IPv6, with neighbours found by multicast" with_ip6

full_size() {
	on_a ping -q -M "do" -s 1472 -p a5c3 -c 3 -i 0.2 -W 3 "$ADDR_B" >"$tmp/ping" && ping_clean
}
ktap_ok "1,500 octets that must not be fragmented" full_size
ktap_ok "... are carried in two frames, as is counted" [ "$(counter_a tx_split)" -ge 3 ]
# split_by OCTETS: how many frames more, when so many are pinged
split_by() {
	local before
	before=$(counter_a tx_split)
	on_a ping -q -M "do" -s $(($1 - 28)) -c 1 -W 3 "$ADDR_B" >"$tmp/ping" && ping_clean || return 1
	echo $(($(counter_a tx_split) - before))
}
just_fits() {
	local most=$((1500 - octets_of[DATA]))
	[ "$(split_by $most)" = 0 ] && [ "$(split_by $((most + 1)))" = 1 ]
}
ktap_ok "... which no frame is that fits into one with what the suite adds" just_fits
sizes() {
	local size
	for size in 0 1 17 18 19 100 1399 1435 1436 1437 1452 1453 1471 4000; do
		on_a ping -q -p 0f1e2d -s "$size" -c 1 -W 3 "$ADDR_B" >"$tmp/ping" && ping_clean || return 1
	done
}
ktap_ok "every size, with the contents that were sent" sizes

# carries FROM TO ADDRESS: a file over TCP, compared octet by octet
carries() {
	inside "$2" timeout 60 socat -u TCP-LISTEN:4000,reuseaddr \
		CREATE:"$tmp/received" &
	local pid=$!
	wait_until 10 tcp_listens "$2" 4000 || return 1
	inside "$1" timeout 60 socat -u OPEN:"$tmp/sent" "TCP:$3:4000" || return 1
	wait "$pid" && cmp -s "$tmp/sent" "$tmp/received"
}
head -c 3000000 /dev/urandom >"$tmp/sent"
ktap_ok "TCP with offloads" carries "$A" "$B" "$ADDR_B"
ktap_ok "TCP the other way" carries "$B" "$A" "$ADDR_A"
offloads() {
	on_a ethtool -K "$VA" tso "$1" gso "$1" gro "$1" tx "$1" &&
		on_b ethtool -K "$VB" tso "$1" gso "$1" gro "$1" tx "$1"
}
without_offloads() {
	quiet offloads off && carries "$A" "$B" "$ADDR_B" && carries "$B" "$A" "$ADDR_A"
}
ktap_ok "TCP without segmentation and checksum offload, both ways" without_offloads
quiet offloads on
mixed_offloads() {
	quiet on_a ethtool -K "$VA" tso off && carries "$A" "$B" "$ADDR_B"
}
ktap_ok "TCP with generic segmentation only" mixed_offloads
quiet offloads on

udp() {
	head -c 1472 /dev/urandom >"$tmp/datagram"
	inside "$B" timeout 20 socat -u UDP-RECV:4001 CREATE:"$tmp/arrived" &
	wait_until 10 udp_listens "$B" 4001
	on_a socat -u -b 2000 OPEN:"$tmp/datagram" "UDP-SENDTO:$ADDR_B:4001"
	wait_until 5 cmp -s "$tmp/datagram" "$tmp/arrived"
}
ktap_ok "a UDP datagram of the full size" udp

vlan() {
	on_a ip link add link "$VA" name "$1" type vlan "${@:3}" id "$2"
	on_b ip link add link "$VB" name "$1" type vlan "${@:3}" id "$2"
	on_a ip addr add "10.$2.0.1/24" dev "$1"
	on_b ip addr add "10.$2.0.2/24" dev "$1"
	on_a ip link set "$1" up && on_b ip link set "$1" up
	wait_until 10 on_a ping -q -c 2 -i 0.2 -W 2 "10.$2.0.2" >"$tmp/ping" &&
		on_a ping -q -M "do" -s 1472 -c 1 -W 3 "10.$2.0.2" >"$tmp/ping"
}
ktap_ok "VLAN-tagged frames, up to the full size" vlan v10 10
ktap_ok "802.1ad-tagged frames" vlan q20 20 protocol 802.1ad
qinq() {
	on_a ip link add link q20 name q30 type vlan id 30
	on_b ip link add link q20 name q30 type vlan id 30
	on_a ip addr add 10.30.0.1/24 dev q30
	on_b ip addr add 10.30.0.2/24 dev q30
	on_a ip link set q30 up && on_b ip link set q30 up
	wait_until 10 on_a ping -q -c 2 -i 0.2 -W 2 10.30.0.2 >"$tmp/ping"
}
ktap_ok "two tags" qinq
ktap_ok "ARP" on_a arping -q -c 2 -w 5 -I "$VA" "$ADDR_B"

# crosses PROTO FRAME [bypass]: sent on A, it is delivered on B as it was.
crosses() {
	rm -f "$tmp/delivered"
	inside "$B" frame wait "$VB" "$1" 10 "$2" >"$tmp/delivered" &
	local pid=$!
	wait_until 5 grep -q waiting "$tmp/delivered" || return 1
	on_a frame "${3-send}" "$VA" "$2" && wait "$pid"
}
pattern=$(printf '%03000d' 0 | sed 's/0000000000/d1e2a3d4b5/g')
ktap_ok "an unknown EtherType with 1,500 octets" crosses 9000 "$HEX_B${HEX_A}9000$pattern"
ktap_ok "... from a socket that bypasses the queue" crosses 9000 "$HEX_B${HEX_A}9000$pattern" bypass
ktap_ok "an 802.3 frame" crosses 0004 "$HEX_B${HEX_A}0040${pattern:0:128}"
ktap_ok "a bridge's hello, as STP has it" crosses 0004 "0180c2000000${HEX_A}0026424203${pattern:0:70}"
ktap_ok "LLDP" crosses 88cc "0180c200000e${HEX_A}88cc${pattern:0:128}"
ktap_ok "PPPoE" crosses 8864 "$HEX_B${HEX_A}8864${pattern:0:2984}"
ktap_ok "a frame of 20 octets" crosses 9000 "$HEX_B${HEX_A}9000${pattern:0:40}"
own_type() {
	rises a tx_own_proto on_a frame send "$VA" "$HEX_B${HEX_A}88b5${pattern:0:200}"
}
ktap_ok "EtherType 0x88B5 from above is dropped and counted" own_type
for_nobody() {
	rises a tx_no_peer on_a frame send "$VA" "0200000000ee${HEX_A}9000${pattern:0:200}"
}
ktap_ok "a frame for an unknown station is dropped and counted" for_nobody

# A third device on the same wire.
third_host() {
	quiet set_sks "$D" && on_d hpkm-nl link add "$VD" || return 1
	pair_add "$D" "$VD" window 20 >/dev/null 2>&1 &
	local pid=$!
	pair_add "$A" "$VA" window 20 override >/dev/null 2>&1 && wait "$pid" &&
		[ "$(count_a peer)" = 2 ] &&
		wait_until 20 on_a ping -q -c 1 -W 2 "$ADDR_D" >"$tmp/ping"
}
ktap_ok "a second peer on the same link" third_host
both_at_once() {
	ping_a && on_a ping -q -c 2 -i 0.2 -W 3 "$ADDR_D" >"$tmp/ping"
}
ktap_ok "... and both are reached" both_at_once
not_through() {
	! on_b ping -q -c 2 -i 0.2 -W 1 "$ADDR_D" >"$tmp/ping"
}
ktap_ok "... but not each other: they are not paired" not_through

# to_all ADDRESS PORT OPTIONS LISTENER-OPTIONS: one datagram, once to each peer
to_all() {
	rm -f "$tmp/at.b" "$tmp/at.d"
	inside "$B" timeout 15 socat -u "UDP-RECV:$2$4" CREATE:"$tmp/at.b" &
	inside "$D" timeout 15 socat -u "UDP-RECV:$2${4/$ADDR_B/$ADDR_D}" CREATE:"$tmp/at.d" &
	wait_until 10 both_listen "$1" "$2" || return 1
	echo 'to whom it may concern' | on_a socat -u - "UDP-DATAGRAM:$1:$2$3"
	wait_until 5 grep -q concern "$tmp/at.b" && wait_until 5 grep -q concern "$tmp/at.d" &&
		[ "$(cat "$tmp/at.b" "$tmp/at.d" | grep -c concern)" = 2 ]
}
both_listen() {
	udp_listens "$B" "$2" && udp_listens "$D" "$2" || return 1
	[[ $1 != 224.* ]] || { is_member "$B" "$1" && is_member "$D" "$1"; }
}
is_member() {
	inside "$1" ip -4 maddr show | grep -q "$2"
}
ktap_ok "a broadcast reaches every peer once" to_all 10.9.0.255 4002 ",broadcast" ""
on_a ip route add 224.0.0.0/4 dev "$VA"
ktap_ok "a multicast reaches every peer once" to_all 224.1.1.1 4005 "" \
	",ip-add-membership=224.1.1.1:$ADDR_B"

jumbo() {
	local end
	for end in "$C ca" "$C cb" "$C cd" "$C br0" "$A $VA" "$B $VB"; do
		ip -n "${end% *}" link set "${end#* }" mtu 9000 || return 1
	done
	wait_until 5 is 9000 ask_a '.[0].mtu' link &&
		on_a ping -q -M "do" -s 8972 -p 77aa -c 2 -i 0.2 -W 3 "$ADDR_B" >"$tmp/ping" && ping_clean
}
ktap_ok "jumbo frames of 9,000 octets" jumbo

# The exchange is impossible while B's port is down; then it is up again.
lives_not() {
	! on_a hpkm-nl -j session show b | grep -q '"current"'
}
staged() {
	spawn_in "$B" socat -u UDP-RECV:4003 CREATE:"$tmp/staged"
	wait_until 5 udp_listens "$B" 4003
	on_a hpkm-nl peer set "$(ask_b '.[0].id' device)" name b &&
		on_a hpkm-nl policy set b rekey 1 && quiet on_a hpkm-nl session add b || return 1
	ip -n "$C" link set cb nomaster
	# A session of 1 s is refused after 1.5 s.
	wait_until 10 lives_not || return 1
	on_a hpkm-nl policy set b rekey 120
	before=$(counter_a tx_queued)
	for n in 1 2 3 4 5; do
		echo "datagram $n" | on_a socat -u - "UDP-SENDTO:$ADDR_B:4003"
	done
	[ $(($(counter_a tx_queued) - before)) -ge 5 ]
}
ktap_ok "without a session, frames wait" staged
arrived() {
	[ "$(grep -c datagram "$tmp/staged")" = 5 ]
}
ip -n "$C" link set cb master br0
ktap_ok "... and arrive once there is one, in order" wait_until 20 arrived
in_order() {
	[ "$(tr '\n' ' ' <"$tmp/staged")" = 'datagram 1 datagram 2 datagram 3 datagram 4 datagram 5 ' ]
}
ktap_ok "... each once" in_order

never_plain() {
	captured foreign
	[ "$(captured foreign | wc -l)" = 0 ] && [ "$(captured all | wc -l)" -gt 1000 ] &&
		! holds "$tmp/all.pcap" concern datagram "$(printf '\x0f\x1e\x2d\x0f\x1e\x2d')"
}
ktap_ok "in all this, nothing but EtherType 0x88B5 and no known text was on the wire" never_plain
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
