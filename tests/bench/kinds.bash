# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What is compared: each kind is two hosts on a veth of their own, which reach each
# other at $ADDR_A and $ADDR_B whatever is in between.  On top of the kselftests'
# hosts.bash.

OUTER_A=10.8.0.1
OUTER_B=10.8.0.2
# shellcheck disable=SC2034 # bench.sh builds them
kinds=(plain bare "${suites[@]}" wireguard macsec)

# choose KIND: those that follow are about its hosts.
# shellcheck disable=SC2034 # hosts.bash uses them
choose() {
	A=a-$1 B=b-$1 VA=va VB=vb HPKM_SUITE=$1
}

# No IPv6, so that nothing is sent unasked.
joined() {
	ip netns add "$A" && ip netns add "$B" &&
		on_a bash -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' &&
		on_b bash -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' &&
		ip -n "$A" link add "$VA" address "$MAC_A" type veth \
			peer name "$VB" address "$MAC_B" netns "$B" &&
		ip -n "$A" link set lo up && ip -n "$B" link set lo up &&
		ip -n "$A" link set "$VA" up && ip -n "$B" link set "$VB" up
}

# addressed DEVICE-OF-A DEVICE-OF-B [ADDRESS-OF-A ADDRESS-OF-B]
addressed() {
	ip -n "$A" addr add "${3-$ADDR_A}/24" dev "$1" &&
		ip -n "$B" addr add "${4-$ADDR_B}/24" dev "$2" &&
		ip -n "$A" link set "$1" up && ip -n "$B" link set "$2" up
}

# Segments and checksums are made in software, as all but the plain kind have to; without
# the one the device does not offer the other.
without_offloads() {
	on_a ethtool -K "$VA" tx off && on_b ethtool -K "$VB" tx off
}

# As real devices have it, and the devices of WireGuard and MACsec; veth does not.
with_gro() {
	on_a ethtool -K "$VA" gro on && on_b ethtool -K "$VB" gro on
}

# wireguard_end NAMESPACE OWN-KEY OTHER'S-KEY OTHER'S-ADDRESS: the longest frames that
# IPv4 allows.
wireguard_end() {
	local public

	public=$(wg pubkey <<<"$3")
	ip -n "$1" link add wg0 mtu 1440 type wireguard &&
		inside "$1" wg set wg0 listen-port 51820 private-key <(echo "$2") \
			peer "$public" allowed-ips 0.0.0.0/0 endpoint "$4:51820"
}

wireguard() {
	local key_a key_b

	key_a=$(wg genkey) && key_b=$(wg genkey) &&
		addressed "$VA" "$VB" "$OUTER_A" "$OUTER_B" &&
		wireguard_end "$A" "$key_a" "$key_b" "$OUTER_B" &&
		wireguard_end "$B" "$key_b" "$key_a" "$OUTER_A" &&
		addressed wg0 wg0
}

# macsec_end NAMESPACE DEVICE OWN-KEY OTHER'S-KEY OTHER'S-ADDRESS
macsec_end() {
	ip -n "$1" link add link "$2" macsec0 type macsec cipher gcm-aes-128 encrypt on &&
		ip -n "$1" macsec add macsec0 tx sa 0 pn 1 on key 01 "$3" &&
		ip -n "$1" macsec add macsec0 rx port 1 address "$5" &&
		ip -n "$1" macsec add macsec0 rx port 1 address "$5" sa 0 pn 1 on key 02 "$4"
}

macsec() {
	local key_a=${KEY:0:32} key_b=${KEY:32}

	macsec_end "$A" "$VA" "$key_a" "$key_b" "$MAC_B" &&
		macsec_end "$B" "$VB" "$key_b" "$key_a" "$MAC_A" &&
		addressed macsec0 macsec0
}

# built KIND: its hosts, with a server on the second.
built() {
	choose "$1"
	joined || return 1
	case $1 in
	plain) addressed "$VA" "$VB" ;;
	bare) without_offloads && addressed "$VA" "$VB" ;;
	wireguard | macsec) "$1" ;;
	*) with_gro && addressed "$VA" "$VB" && paired_hosts ;;
	esac && ping_a 2 && on_b iperf3 -s -D >/dev/null 2>&1
}
