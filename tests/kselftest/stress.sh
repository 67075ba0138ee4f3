#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: default
# Everything comes and goes under traffic, for half a minute, and leaves nothing.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 7
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

noise() {
	spawn_in "$A" ping -q -f -w 60 "$ADDR_B" >/dev/null 2>&1
	spawn_in "$B" ping -q -f -w 60 "$ADDR_A" >/dev/null 2>&1
}
# for_seconds N COMMAND: over and over
for_seconds() {
	local end=$((SECONDS + $1))
	shift

	while [ "$SECONDS" -lt "$end" ]; do
		"$@" || return 1
	done
}
back_and_forth() {
	on_a hpkm-nl link del "$VA" && on_a hpkm-nl link add "$VA"
}
noise
ktap_ok "attached and detached under traffic" for_seconds 5 back_and_forth
ktap_ok "... the pair works afterwards" wait_until 20 ping_a
sessions() {
	quiet on_a hpkm-nl session add dev "$VA" nowait
	quiet on_b hpkm-nl session add dev "$VB" nowait
	on_a hpkm-nl -j session show >/dev/null
}
ktap_ok "exchanges from both sides without pause" for_seconds 5 sessions
removals() {
	wait_until $((20 * pace)) pair && quiet on_a hpkm-nl peer del dev "$VA" && quiet on_b hpkm-nl peer del dev "$VB"
}
ktap_ok "paired and removed under traffic" for_seconds 6 removals

# On this pair of namespaces the module goes and comes; then the namespaces go.
comes_and_goes() {
	rmmod hpkm && load_module && attach
}
ktap_ok "the module goes and comes under traffic" for_seconds 5 comes_and_goes
ip netns del hpkm-a
ip netns del hpkm-b
remove_hosts
all_gone() {
	wait_until 10 rmmod hpkm && kernel_log_is_clean
}
ktap_ok "the namespaces end under traffic, the module goes, the kernel log is clean" all_gone
ktap_end
