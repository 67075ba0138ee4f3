#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: none
# Links: attaching, refusals, strict and permissive mode, devices that go away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 24
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"

mode_is() {
	[ "$(ask_a '.[0].mode' link)" = "$1" ]
}

attached_as_listed() {
	on_a hpkm-nl link add "$VA" || return 1
	[ "$(ask_a '.[0] | "\(.ifname) \(.mode) \(.address) \(.mtu) \(.peers)"' link)" = \
		"$VA strict $MAC_A 1500 0" ]
}
ktap_ok "an attached link is listed as strict, with address and MTU" attached_as_listed
ktap_ok "attaching twice is refused" refused 1 already on_a hpkm-nl link add "$VA"
ktap_ok "the loopback device is refused" refused 1 ethernet on_a hpkm-nl link add lo
ktap_ok "a device that is not there is refused" refused 1 nosuch on_a hpkm-nl link add nosuch0

small_mtu() {
	on_b ip link set "$VB" mtu 575 && refused 1 mtu on_b hpkm-nl link add "$VB"
}
ktap_ok "an MTU below 576 is refused" small_mtu
on_b ip link set "$VB" mtu 1500

not_ethernet() {
	modprobe tun && on_b ip tuntap add mode tun dev tun0 && refused 1 ethernet on_b hpkm-nl link add tun0
}
ktap_ok "a device that is not Ethernet is refused" not_ethernet
quiet on_b ip link del tun0
ktap_ok "detaching what is not attached is refused" refused 1 "not attached" \
	on_b hpkm-nl link del "$VB"

# Strict, and nobody to talk to: nothing may pass in either direction.
nothing_leaves() {
	local mark
	mark=$(cable_now)

	on_a ping -q -c 3 -i 0.2 -W 1 "$ADDR_B"
	on_a ping -q -b -c 2 -i 0.2 -W 1 10.9.0.255
	frame_out=$(printf '%s%s9000%092d' "$HEX_B" "$HEX_A" 0)
	on_a frame send "$VA" "$frame_out"
	# What is sent the other way proves that the cable works.
	on_b frame send "$VB" "$(printf '%s%s9001%092d' "$HEX_A" "$HEX_B" 0)"
	wait_until 5 more_frames "$mark" 'b>a' 0x9001 1 && [ "$(frames "$mark" 'a>b' '[^ ]*')" = 0 ]
}
ktap_ok "strict without a peer: nothing leaves" nothing_leaves
ktap_ok "... and it is counted" [ "$(counter_a tx_no_peer)" -ge 6 ]

nothing_enters() {
	spawn_in "$A" frame wait "$VA" 9000 60 >"$tmp/entered"
	wait_until 5 grep -q waiting "$tmp/entered"
	rises a rx_unprotected cable_do send a "$(printf '%s%s9000%092d' "$HEX_A" "$HEX_B" 0)" &&
		[ "$(wc -l <"$tmp/entered")" = 1 ]
}
ktap_ok "strict: a plain frame that arrives is dropped and counted" nothing_enters

permissive_passes() {
	on_a hpkm-nl link set "$VA" mode permissive && mode_is permissive &&
		ping_a && [ "$(counter_a tx_plain)" -ge 2 ] && [ "$(counter_a rx_plain)" -ge 2 ]
}
ktap_ok "permissive: frames for no peer pass and are counted" permissive_passes
enters_again() {
	cable_do send a "$(printf '%s%s9000%092d' "$HEX_A" "$HEX_B" 0)" &&
		wait_until 5 grep -q ^02 "$tmp/entered"
}
ktap_ok "... and the listener that heard nothing before hears them" enters_again
strict_again() {
	on_a hpkm-nl link set "$VA" mode strict && mode_is strict && ! ping_a 1
}
ktap_ok "strict again stops them" strict_again

renamed() {
	on_a ip link set "$VA" down && on_a ip link set "$VA" name other &&
		on_a ip link set other up && [ "$(ask_a '.[0].ifname' link)" = other ]
}
ktap_ok "a renamed device keeps its link" renamed
quiet on_a ip link set other down
quiet on_a ip link set other name "$VA"
quiet on_a ip link set "$VA" up

restored() {
	watch_events "$A" "$tmp/events" && on_a hpkm-nl link del "$VA" &&
		[ "$(count_a link)" = 0 ] && ping_a
}
ktap_ok "detaching restores plain traffic" restored
ktap_ok "... and tells the listeners" wait_until 3 happened "$tmp/events" link-detached

unprivileged() {
	inside "$A" busybox unshare -U "$@"
}
on_a hpkm-nl link add "$VA"
ktap_ok "listing needs no privilege" unprivileged hpkm-nl -j link show
ktap_ok "changing needs CAP_NET_ADMIN" refused 4 permitted unprivileged hpkm-nl link del "$VA"
sk_unprivileged() {
	printf x >"$tmp/sk.u"
	chmod 644 "$tmp/sk.u"
	refused 4 permitted unprivileged hpkm-nl sk set fd 0 <"$tmp/sk.u"
}
ktap_ok "setting an SK needs it, too" sk_unprivileged

deleted() {
	on_a ip link del "$VA" && [ "$(count_a link)" = 0 ]
}
ktap_ok "a device that is deleted is detached" deleted

remove_hosts
cabled_hosts || ktap_bail "no hosts"
moved() {
	on_a hpkm-nl link add "$VA" && ip -n "$A" link set "$VA" netns "$C" &&
		[ "$(count_a link)" = 0 ] && [ "$(count_in "$C" link)" = 0 ]
}
ktap_ok "a device that moves to another namespace is detached" moved

remove_hosts
cabled_hosts || ktap_bail "no hosts"
namespace_exit() {
	attach mode permissive || return 1
	# Nothing may run in $A, or it would not end.
	spawn_in "$B" ping -q -i 0.01 -w 20 "$ADDR_A" >/dev/null 2>&1
	wait_until 5 more_frames 0 'a>b' 0x0800 3 && ip netns del "$A" &&
		wait_until 10 has_no_device "$C" ca && remove_hosts && wait_until 10 rmmod hpkm
}
has_no_device() {
	! quiet ip -n "$1" link show "$2"
}
ktap_ok "a namespace ends under traffic, and the module can go" namespace_exit

cabled_hosts || ktap_bail "no hosts"
rmmod_under_traffic() {
	load_module && attach mode permissive || return 1
	spawn_in "$B" ping -q -i 0.01 -w 20 "$ADDR_A" >/dev/null 2>&1
	wait_until 5 ping_a && rmmod hpkm && ping_a
}
ktap_ok "the module goes under traffic, which then passes plain" rmmod_under_traffic
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
