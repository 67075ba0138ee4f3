#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Many: a hub whose one link has MANY devices on it, and another that has a link for
# each of them.  What is quick and small for one has to stay so for all, and what they
# do by the clock must not be done by all at once.
# shellcheck source-path=SCRIPTDIR/../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

many=${MANY:-1000}

ktap_plan 28
echo "# MANY=$many"
mark_kernel_log
load_module || ktap_bail "no module"
trap 'ip -all netns del; leave_clean' EXIT

# ---- the hosts: $A and $B are the hubs, d0, d1 ... the devices ----

# numbered N WORDS...: in $words, with N for %N, and its two octets for %C and %H as
# they are in addresses and in frames
numbered() {
	local n=$1 hex
	shift

	printf -v hex '%04x' "$n"
	words=("${@//%N/$n}")
	words=("${words[@]//%C/${hex:0:2}:${hex:2}}")
	words=("${words[@]//%H/$hex}")
}

# each NAMESPACE COMMAND...: once for each device, as numbered; ends with the first
# that fails.
each() {
	local n words

	for ((n = 0; n < many; n++)); do
		numbered "$n" "$@"
		inside "${words[@]}" || return
	done
}

# for_each LINE: what `ip -batch` is to do for each of them
for_each() {
	local n words

	for ((n = 0; n < many; n++)); do
		numbered "$n" "$1"
		echo "${words[0]}"
	done
}

# The first hub's cable has a device of each on it; from the second's go as many.
hosts() {
	A=hpkm-a B=hpkm-b C=hpkm-c VA=va
	# What is sent unasked would be counted as what is asked for.
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 &&
		echo 1 >/proc/sys/net/core/devconf_inherit_init_net &&
		for_each 'netns add d%N' | ip -batch - &&
		ip netns add "$A" && ip netns add "$B" && ip netns add "$C" &&
		ip -n "$A" link add "$VA" address "$MAC_A" type veth peer name ca netns "$C" &&
		ip -n "$A" link set "$VA" up && ip -n "$C" link set ca up &&
		for_each 'link add link ca name dm address 02:01:00:00:%C netns d%N type macvlan' |
		ip -n "$C" -batch - &&
		for_each 'link add w%N type veth peer name dw address 02:02:00:00:%C netns d%N' |
		ip -n "$B" -batch - &&
		for_each 'link set w%N up' | ip -n "$B" -batch - &&
		each d%N ip link set dm up && each d%N ip link set dw up
}

# timed WHAT COMMAND...: how long it takes is said at the end, and in $took (ms).
timed() {
	local what=$1 before=${EPOCHREALTIME/./} status
	shift

	"$@"
	status=$?
	took=$(((${EPOCHREALTIME/./} - before) / 1000))
	echo "$what: $took ms" >>"$tmp/times"
	return $status
}

# within MILLISECONDS WHAT COMMAND...
within() {
	local limit=$1
	shift

	timed "$@" || return
	echo "# $1 took $took ms, of $limit"
	[ "$took" -le "$limit" ]
}

timed "the hosts" hosts || ktap_bail "no hosts"
set_sks "$A" "$B" && each d%N netlink 7 "1:u8:0x$(suite_octet)" "2:hex:$KEY" ||
	ktap_bail "no SK"

# ---- what there is of each hub ----

memory_free() {
	echo 3 >/proc/sys/vm/drop_caches
	sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# Each pair has a peer and a session at both ends, and a link at one or two.  Most of
# it are the logs, of which each has room for 256 records and takes 64 kB.
pair_kb=224
memory() {
	local used=$((before - $(memory_free)))

	echo "$hub: $((used * 1024 / many)) octets a pair" >>"$tmp/times"
	[ $((used / many)) -le "$1" ]
}

# pair_one HUB'S-LINK DEVICE: each opens its window.
pair_one() {
	local common=(suite "$HPKM_SUITE" window 20 override) other

	inside "$hub" hpkm-nl pair add "$1" "${common[@]}" &
	other=$!
	inside "$2" hpkm-nl pair add "$device_link" "${common[@]}" && wait "$other"
}
# One after the other; all are in use, and no harm comes of it here.
pair_all() {
	local n words

	for ((n = 0; n < many; n++)); do
		numbered "$n" "$hub_link" d%N
		pair_one "${words[@]}" || return
	done
}

current() {
	inside "$hub" hpkm-nl -j session show | grep -c '"slot": "current"'
}
all_in_session() {
	[ "$(current)" = "$many" ]
}

# lists OBJECT KEY NUMBER: so many, and all of them different; of sessions, those that
# others have replaced live on for a while.
lists() {
	inside "$hub" hpkm-nl -j "$1" show >"$tmp/listed" &&
		jq -e "map(select((.slot // \"current\") == \"current\").$2) |
			length == $3 and (unique | length) == $3" "$tmp/listed" >/dev/null
}

# received: how many frames the hub's links have, all together
received() {
	inside "$hub" hpkm-nl -j link show | jq '[.[].counters.rx_frames] | add'
}
has_received() {
	[ "$(received)" -ge "$1" ]
}
to_hub() {
	local due
	due=$(($(received) + many))

	each d%N frame send "$device_link" "ffffffffffff$device_mac%H9000$(zeros 46)" &&
		wait_until 10 has_received "$due"
}

# heard DEVICE: how many frames came on its link
heard() {
	inside "d$1" hpkm-nl -j link show | value rx_frames
}
has_heard() {
	[ "$(heard "$1")" -gt "$2" ]
}
to_all() {
	local n heard=()

	for ((n = 0; n < many; n++)); do
		heard[n]=$(heard "$n")
	done
	on_a frame send "$VA" "ffffffffffff${HEX_A}9000$(zeros 46)" || return
	for ((n = 0; n < many; n++)); do
		wait_until 10 has_heard "$n" "${heard[n]}" || return
	done
}

# hub_is NAMESPACE LINK DEVICE'S-LINK DEVICE'S-ADDRESS WHAT: what follows is about that
hub_is() {
	hub=$1 hub_link=$2 device_link=$3 device_mac=$4 what=$5
	before=$(memory_free)
}

paired() {
	ktap_ok "each device is paired with $what" within $((1000 * many)) "pairing with $what" pair_all
	[ "$(count_in "$hub" peer)" = "$many" ] ||
		ktap_bail "$(count_in "$hub" peer) peers of $what, not $many"
	# Of many the first have said nothing for three minutes, which ends a session.
	[ "$took" -lt 170000 ] ||
		each d%N frame send "$device_link" "ffffffffffff$device_mac%H9000$(zeros 46)" ||
		ktap_bail "nothing can be said to $what"
	ktap_ok "... and has a session" within 20000 "sessions of $what" wait_until 60 all_in_session
}

listed() {
	ktap_ok "... which lists its $1 links" within 2000 "list of links" lists link ifname "$1"
	ktap_ok "... its peers" within 2000 "list of peers" lists peer id "$many"
	ktap_ok "... and sessions" within 2000 "list of sessions" lists session sid "$many"
}

# ---- a hub with one link ----

hub_is "$A" "$VA" dm 02010000 "a hub with one link"
attach_first() {
	on_a hpkm-nl link add "$VA" && each d%N hpkm-nl link add dm
}
ktap_ok "a hub's link and $many devices' are attached" \
	within $((100 * many)) "attaching" attach_first
paired
listed 1
ktap_ok "both ends of a pair take $pair_kb kB at most" memory "$pair_kb"
ktap_ok "what each device sends reaches the hub" to_hub

ktap_ok "what the hub sends to all reaches each of them" to_all

# The cable was out: all begin anew, and none is left behind.
sids() {
	inside "$hub" hpkm-nl -j session show |
		jq -r '.[] | select(.slot == "current").sid' | sort
}
all_are_new() {
	sids >"$tmp/sids.now" && [ "$(wc -l <"$tmp/sids.now")" = "$many" ] &&
		! comm -12 "$tmp/sids" "$tmp/sids.now" | grep -q .
}
cable_out() {
	sids >"$tmp/sids"
	ip -n "$C" link set ca down && ip -n "$C" link set ca up
}
ktap_ok "the cable is out, and back" cable_out
# Something is sent to all of them at once, so that all of them will rekey.
all_begin_anew() {
	wait_until 60 all_are_new && mv "$tmp/sids.now" "$tmp/sids" &&
		on_a frame send "$VA" "ffffffffffff${HEX_A}9000$(zeros 46)"
}
ktap_ok "... and all have new sessions" within 15000 "new sessions for all" all_begin_anew
ktap_ok "... which carry what the hub sends" to_all

# How many sessions began in each second is seen once all have.
in_each_second() {
	inside "$hub" hpkm-nl -j session show |
		jq -c '[.[] | select(.slot == "current").age / 1000 | floor] | group_by(.) | map(length)'
}
rekeyed() {
	wait_until 150 all_are_new && in_each_second >"$tmp/seconds"
}
ktap_ok "all rekey in time" rekeyed
one_after_the_other() {
	echo "sessions made in each second: $(<"$tmp/seconds")" >>"$tmp/times"
	jq -e "max <= $((many / 5))" "$tmp/seconds" >/dev/null
}
ktap_ok "... and not in the same second" one_after_the_other

# flooded DEVICE...: all there send as fast as they can, and it arrives
flooded() {
	local device words due

	due=$(($(received) + 1000))
	for device; do
		numbered "$device" "ffffffffffff$device_mac%H9000$(zeros 46)"
		spawn_in "d$device" flood "$device_link" 10000000 "${words[0]}" >/dev/null
	done
	wait_until 20 has_received "$due" && all_alive "${background[@]}"
}
all_alive() {
	local pid

	for pid; do
		kill -0 "$pid" || return
	done
}
end_flood() {
	local pid

	for pid in "${background[@]}"; do
		stop "$pid"
	done
	background=()
}
ktap_ok "five devices send as fast as they can" flooded 0 1 2 3 4
ktap_ok "... and the hub's link goes" within 5000 "detaching the hub" on_a hpkm-nl link del "$VA"
end_flood

# ---- a hub with a link for each ----

hub_is "$B" w%N dw 02020000 "a hub with a link for each"
attach_second() {
	each "$B" hpkm-nl link add w%N && each d%N hpkm-nl link add dw
}
ktap_ok "a hub's $many links are attached, and the other ends" \
	within $((200 * many)) "attaching" attach_second
paired
listed "$many"
ktap_ok "both ends of a pair take $pair_kb kB at most" memory "$pair_kb"
ktap_ok "what each device sends reaches the hub" to_hub

ktap_ok "five devices send as fast as they can" flooded 0 1 2 3 4
# A namespace goes when it suits the kernel, and the other end of each cable with it.
hub_goes() {
	ip netns del "$B" && wait_until 60 no_cable
}
no_cable() {
	! ip -n d0 link show dw && ! ip -n "d$((many - 1))" link show dw
}
ktap_ok "... and the hub goes, with its namespace" within 20000 "removing the hub" hub_goes
end_flood
all_goes() {
	ip -all netns del && rmmod hpkm
}
ktap_ok "... and all devices, and the module" within 20000 "removing the devices" all_goes
sed 's/^/# /' "$tmp/times"
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
