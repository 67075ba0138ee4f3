#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: load.sh KIND WHAT [WORDS]
#
# Runs in the guest, after setup.sh, and does nothing besides, since all that it
# does is counted:
#
#	nothing				what the rest costs that is not load
#	tcp STREAMS to|from OCTETS	from the first host to the other, or back
#	tcp-for STREAMS SECONDS		from the first to the second, so long
#	udp OCTETS COUNT		a flood of so many such datagrams
#	ping COUNT			one after the other
#	session COUNT			hpkm's, asked for by hand
#
# What the tool said is in /run/said; in /run/idle is for how many ticks of the clock
# there was nothing to do.

inside() {
	busybox nsenter --net="/run/netns/a-$kind" "$@" >/run/said
}

iperf() {
	inside /usr/bin/iperf3 -J -c 10.9.0.2 "$@"
}

sessions() {
	local number

	for ((number = 0; number < $1; number++)); do
		inside /hpkm/bin/hpkm-nl session add dev va || return 1
	done
}

load() {
	case $1 in
	nothing) iperf -n 1 ;;
	tcp) iperf -n "$4" -P "$2" ${back[$3]} ;;
	tcp-for) iperf -t "$3" -P "$2" ;;
	udp) iperf -n $(($2 * $3)) -u -b 0 -l "$2" ;;
	ping) inside /usr/bin/ping -A -c "$2" 10.9.0.2 ;;
	session) sessions "$2" ;;
	*) return 2 ;;
	esac
}

kind=$1
shift
declare -A back=([to]='' [from]=-R)
read -r _ _ _ _ before _ </proc/stat
load "$@"
status=$?
read -r _ _ _ _ after _ </proc/stat
echo $((after - before)) >/run/idle
exit $status
