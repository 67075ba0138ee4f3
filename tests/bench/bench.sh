#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the guest:
#
#	bench.sh setup				all kinds of kinds.bash, side by side
#	bench.sh tcp KIND STREAMS to|from	from the first host to the other, or back
#	bench.sh udp KIND OCTETS		a flood of such datagrams
#	bench.sh ping KIND COUNT		one after the other
#	bench.sh session KIND COUNT		asked for by hand, one after the other
#
# Each measurement prints one line of JSON; BENCH_SECONDS is how long it takes.

here=$(dirname "$0")
. "$here/../kselftest/lib.sh"
. "$here/../kselftest/hosts.bash"
# shellcheck source=tests/bench/kinds.bash
. "$here/kinds.bash"
# The hosts are to stay.
trap 'rm -rf "$tmp"' EXIT

seconds=${BENCH_SECONDS:-1}

setup() {
	local kind

	load_module
	for kind in "${kinds[@]}"; do
		built "$kind" || ktap_bail "the hosts of $kind do not reach each other"
	done
}

# Ticks in which the guest had nothing to do.
idle_ticks() {
	local word ticks

	read -r word _ _ _ ticks _ </proc/stat && [ "$word" = cpu ] && echo "$ticks"
}

# reckoned FILTER: what iperf3 says on standard input, and how long nothing happened.
reckoned() {
	jq -c --argjson idle "$(($(idle_ticks) - before))" \
		".end | ($1) + {idle_seconds: (\$idle / 100)}"
}

load() {
	local filter=$1
	shift

	before=$(idle_ticks)
	on_a iperf3 -J -c "$ADDR_B" -t "$seconds" "$@" >"$tmp/said" &&
		reckoned "$filter" <"$tmp/said"
}

tcp() {
	local back=()

	[ "$2" = to ] || back=(-R)
	load '.sum_received | {amount: .bytes, seconds}' -P "$1" "${back[@]}"
}

# What arrives counts; a flood is sent as fast as there is time left for it.
udp() {
	load '.sum | {amount: (.packets - .lost_packets), seconds}' -u -b 0 -l "$1"
}

# Half of all round trips take no longer than this.
ping_median() {
	sed -n 's/.* time=\([0-9.]*\) ms/\1/p' "$tmp/said" | sort -n |
		awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'
}

round_trip() {
	on_a ping -A -c "$1" "$ADDR_B" >"$tmp/said" &&
		printf '{"microseconds": %s}\n' "$(awk -v ms="$(ping_median)" 'BEGIN { print 1000 * ms }')"
}

sessions() {
	local number begin=${EPOCHREALTIME/./}

	for ((number = 0; number < $1; number++)); do
		quiet on_a hpkm-nl session add dev "$VA" || return 1
	done
	printf '{"amount": %s, "microseconds": %s}\n' "$1" $((${EPOCHREALTIME/./} - begin))
}

what=$1
[ "$what" != setup ] || { setup; exit; }
choose "$2"
case $what in
tcp) tcp "$3" "$4" ;;
udp) udp "$3" ;;
ping) round_trip "$3" ;;
session) sessions "$3" ;;
*) exit 2 ;;
esac
