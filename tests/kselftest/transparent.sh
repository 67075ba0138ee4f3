#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# What is above a link need not know of it: whatever the device has its parts do or
# leave, bridges at both ends, full-size datagrams; and no more waits in its queue.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 14
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"
E=hpkm-e F=hpkm-f
trap 'quiet ip netns del "$E"; quiet ip netns del "$F"; leave_clean' EXIT

# listens NAMESPACE ADDRESS: for TCP or UDP, into $tmp/received; $listener is who does
listens() {
	rm -f "$tmp/received"
	spawn_in "$1" timeout 120 socat -u "$2" CREATE:"$tmp/received"
	listener=$spawned
}

# ---- taps ----

# tapped NAME FILTER: those on the device itself, in both directions
tapped() {
	spawn_in "$A" tcpdump -Z root -U -n -i "$VA" -w "$tmp/$1.pcap" "${@:2}" \
		>/dev/null 2>"$tmp/$1.err"
	wait_until 10 says listening "$tmp/$1.err"
}
tapped foreign -s 64 not ether proto 0x88b5 && tapped sealed -s 64 ether proto 0x88b5 ||
	ktap_bail "no tap"
taps_show() {
	tcpdump -Z root -nr "$tmp/$1.pcap" 2>/dev/null | wc -l
}

# ---- the queue of a slow device ----

# What waits there belongs to its socket, which does not send more before it has gone.
waiting() {
	on_a tc -s -j qdisc show dev "$VA" | jq -r '.[0].backlog'
}
# most_waiting: in $most, of the octets of one flow, at any time that somebody looked
most_waiting() {
	local now looked=0 sender

	most=0
	listens "$B" TCP-LISTEN:4000,reuseaddr
	wait_until 10 tcp_listens "$B" 4000 || return
	spawn_in "$A" timeout 120 socat -u OPEN:/dev/zero,readbytes=3000000 "TCP:$ADDR_B:4000"
	sender=$spawned
	while kill -0 "$sender" 2>/dev/null; do
		now=$(waiting) looked=$((looked + 1))
		[[ $now =~ ^[0-9]+$ ]] || return
		most=$((now > most ? now : most))
	done
	wait "$sender" && wait "$listener" || return
	echo "# looked $looked times, at most $most octets waited"
	[ "$looked" -ge 5 ] && [ "$most" -gt 3000 ]
}
on_slow_device() {
	local status

	on_a tc qdisc add dev "$VA" root tbf rate 4mbit burst 32kb limit 10mb || return
	"$@"
	status=$?
	# What follows listens at the same port.
	[ $status = 0 ] || { stop "$listener"; stop "$spawned"; }
	on_a tc qdisc del dev "$VA" root && return $status
}
ktap_ok "TCP on a plain link fills the queue of a slow device" on_slow_device most_waiting
most_plain=$most
ktap_ok "two hosts are paired and have a session" paired_hosts
plain=$(taps_show foreign)
no_more_than_twice() {
	most_waiting && [ "$most" -le $((2 * most_plain)) ]
}
ktap_ok "... and on this one no more than twice as far" on_slow_device no_more_than_twice

# ---- what the device does ----

# carries FROM TO ADDRESS: a file over TCP
head -c 300000 /dev/urandom >"$tmp/sent"
carries() {
	listens "$2" TCP-LISTEN:4000,reuseaddr
	wait_until 10 tcp_listens "$2" 4000 &&
		inside "$1" timeout 60 socat -u OPEN:"$tmp/sent" "TCP:$3:4000" &&
		wait "$listener" && cmp -s "$tmp/sent" "$tmp/received"
}
# offloads TX TSO GSO GRO: without checksums there is no segmentation, so that what is
# asked for is not always what there is; what does not depend on others has to be.
offloads() {
	local end said

	for end in "$A $VA" "$B $VB"; do
		quiet inside "${end% *}" ethtool -K "${end#* }" tx "$1" tso "$2" gso "$3" gro "$4"
		said=$(inside "${end% *}" ethtool -k "${end#* }")
		[[ $said = *"tx-checksumming: $1"*"generic-receive-offload: $4"* ]] || return
		[ "$1" = off ] || [[ $said = *"tcp-segmentation-offload: $2"* &&
			$said = *"generic-segmentation-offload: $3"* ]] || return
	done
}
all_offloads() {
	local tso gso gro tx

	for tso in on off; do
		for gso in on off; do
			for gro in on off; do
				for tx in on off; do
					offloads $tx $tso $gso $gro &&
						carries "$A" "$B" "$ADDR_B" && continue
					echo "# tx $tx tso $tso gso $gso gro $gro"
					return 1
				done
			done
		done
	done
}
ktap_ok "TCP with and without checksums, TSO, GSO and GRO, in all combinations" all_offloads
quiet offloads on on on on

# ---- full size, from the first packet on ----

# datagram PMTU-DISCOVERY: 1,472 octets of UDP
datagram() {
	local status

	head -c 1472 /dev/urandom >"$tmp/datagram"
	listens "$B" UDP-RECV:4001
	wait_until 10 udp_listens "$B" 4001 || return 1
	on_a socat -u -b 2000 OPEN:"$tmp/datagram" "UDP-SENDTO:$ADDR_B:4001,mtudiscover=$1"
	wait_until 5 cmp -s "$tmp/datagram" "$tmp/received"
	status=$?
	stop "$listener"
	return $status
}
ktap_ok "a full-size datagram of UDP that must not be fragmented" datagram 2
ktap_ok "... and one that may" datagram 0
ktap_ok "there is IPv6" with_ip6
full_size_6() {
	on_a ping -q -6 -M "do" -s 1452 -c 3 -i 0.2 -W 3 fd00::2 >"$tmp/ping" && ping_clean
}
ktap_ok "a full-size packet of IPv6" full_size_6

# ---- a bridge at each end, and a host behind each ----

# behind NAMESPACE HOST DEVICE ADDRESS
behind() {
	ip netns add "$2" && ip -n "$1" link add inner type veth peer name eth0 netns "$2" &&
		ip -n "$2" addr add "$4/24" dev eth0 && ip -n "$2" link set eth0 up &&
		ip -n "$1" link set inner up &&
		ip -n "$1" link add bridge type bridge forward_delay 0 mcast_snooping 0 &&
		ip -n "$1" link set "$3" master bridge && ip -n "$1" link set inner master bridge &&
		ip -n "$1" link set bridge up
}
bridges() {
	behind "$A" "$E" "$VA" 10.9.0.8 && behind "$B" "$F" "$VB" 10.9.0.9 &&
		quiet on_a hpkm-nl peer set dev "$VA" bridge on &&
		quiet on_b hpkm-nl peer set dev "$VB" bridge on &&
		wait_until 10 inside "$E" ping -q -c 1 -W 2 10.9.0.9 >"$tmp/ping"
}
ktap_ok "two hosts behind bridges reach each other" bridges
full_size_bridged() {
	inside "$E" ping -q -M "do" -s 1472 -c 3 -i 0.2 -W 3 10.9.0.9 >"$tmp/ping" && ping_clean
}
ktap_ok "... with full-size packets" full_size_bridged
ktap_ok "... over TCP" carries "$E" "$F" 10.9.0.9
ktap_ok "... and back" carries "$F" "$E" 10.9.0.8

only_sealed() {
	local sealed foreign
	sealed=$(taps_show sealed) foreign=$(taps_show foreign)
	echo "# $plain others before, $foreign in all, beside $sealed sealed frames"
	[ "$plain" -gt 500 ] && [ "$foreign" = "$plain" ] && [ "$sealed" -gt 2000 ]
}
ktap_ok "in all this, taps on the device saw sealed frames only" only_sealed
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
