#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Each allocation of each netlink command fails once: see ../../kselftest/nth.c.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/agents.bash"
. "$(dirname "$0")/allocations.bash"

ktap_plan 45
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"
ktap_ok "the kernel can make each allocation fail" prepare_kernel
declare -A covered

# covers REQUEST
covers() {
	local words

	read -ra words <<<"$1"
	[ "${words[1]-}" = dump ] || words=("${words[0]}")
	covered[${words[*]:0:2}]=1
}
# on NAME NAMESPACE [OPTIONS] REQUEST...: each allocation of the last one
on() {
	covers "${*: -1}"
	ktap_ok "$1" inside "$2" nth "${@:3}"
	grep '^#' "$ktap_output"
}
# later NAME COMMAND REQUEST...: the same on A, when COMMAND waits for what it led to
later() {
	covers "${*: -1}"
	ktap_ok "$1" answered "${@:2}"
	grep '^#' "$ktap_output"
}
# answered COMMAND REQUEST...
answered() {
	local status
	mkfifo "$tmp/undone"
	on_a nth -l -s "${@:2}" <"$tmp/undone" | undoes "$1" >"$tmp/undone"
	status=${PIPESTATUS[0]}
	rm "$tmp/undone"
	return "$status"
}
undoes() {
	local line
	while IFS= read -r line; do
		if [ "$line" != undo ]; then
			echo "$line" >&2
		elif "$1"; then
			echo 'done'
		else
			echo 'not done'
		fi
	done
}

# ---- links, SKs, pairing windows: 3 LINK_ADD, 4 LINK_DEL, 5 LINK_SET, 7 SK_SET... ----

on "DEVICE_GET" "$A" 1
on "LINK_ADD" "$A" -u '4 2:str:va' '3 2:str:va'
attach || ktap_bail "not attached"
on "LINK_ADD, permissive" "$D" -u '4 2:str:vd' '3 2:str:vd 3:u32:1'
on "LINK_GET" "$A" '2 2:str:va'
on "LINK_GET of all" "$A" '2 dump'
on "LINK_SET" "$A" -u '5 2:str:va 3:u32:0' '5 2:str:va 3:u32:1'
on "LINK_DEL" "$A" -u '3 2:str:va' '4 2:str:va'
sk="7 1:u8:2 2:hex:$KEY"
on "SK_SET" "$A" -u '8 1:u8:2' "$sk"
set_sks "$A" "$B" || ktap_bail "no SK"
on "SK_GET" "$A" '6 dump'
on "SK_DEL" "$A" -u "$sk" '8 1:u8:2'
window='10 2:str:va 3:u8:2 4:u32:60'
on "PAIR_ADD" "$A" -u '11 2:str:va' "$window"
quiet on_a hpkm-nl pair add "$VA" suite "$HPKM_SUITE" nowait || ktap_bail "no window"
on "PAIR_GET" "$A" '9 dump'
on "PAIR_DEL" "$A" -u "$window" '11 2:str:va'
quiet on_a hpkm-nl pair del "$VA"

# ---- peers, sessions, records, messages ----

paired() {
	pair && policy record messages-only && session_up && history 20
}
ktap_ok "two hosts are paired and have a history" paired
id=$(peer_a id)
on "PEER_GET" "$A" "12 1:hex:$id"
on "PEER_GET of all" "$A" '12 dump'
on "PEER_SET" "$A" -u "13 1:hex:$id 2:str: 8:u8:0" "13 1:hex:$id 2:str:pi 8:u8:1"
on "SESSION_GET" "$A" '15 dump'
on "SESSION_GET of a peer" "$A" "15 dump 1:hex:$id"
on "LOG_GET" "$A" "18 dump 1:hex:$id"
on "POLICY_GET" "$A" '19 dump'
on "POLICY_GET of a peer" "$A" "19 dump 1:hex:$id"
on "POLICY_SET" "$A" -u "20 1:hex:$id 4:u32:0" "20 1:hex:$id 4:u32:100"
on "POLICY_SET of the log's size" "$A" -u "20 1:hex:$id 6:u32:256" "20 1:hex:$id 6:u32:64"
on "LOCATION_SET" "$A" -u '22 1:hex:' '22 1:hex:4f736c6f'
on "LOCATION_GET" "$A" 21
letters() {
	local n
	for n in 1 2 3 4 5 6 7 8 9; do
		quiet on_b hpkm-nl message send dev "$VB" "$(printf "%01000d" "$n")" wait || return 1
	done
}
ktap_ok "nine long messages wait" letters
on "MESSAGE_GET" "$A" "23 dump 1:hex:$id"
in_session() {
	wait_until 20 settled
}
sent() {
	wait_until 10 confirmed 1
}
later "MESSAGE_ADD" sent "24 1:hex:$id 2:hex:686f"
later "SESSION_ADD" in_session "16 1:hex:$id"
agreed() {
	converged "$(peer_a epoch)"
}
updated() {
	wait_until 20 agreed && history 20 && wait_until 10 ready
}
ktap_ok "an update can be made" updated
later "SESSION_UPDATE" updated "17 1:hex:$id"

# ---- the persist agent's ----

# blob FILE: what is in a slot, in hex
blob() {
	tail -c +57 "$1" | head -c -32 | od -An -v -tx1 | tr -d ' \n'
}
kept() {
	start_agent a && wait_until 10 is durable durability a && wait_until 10 is_settled a &&
		device=$(blob "$(folder a)/device.0") && peer=$(blob "$(slot a 0)") || return 1
	stop "${agent_pid[a]}"
	wait_until 5 is volatile durability a
}
ktap_ok "an agent has kept the state" kept
on "STATE_AGENT" "$A" 26
on "STATE_READY" "$A" 26 28
on "STATE_NEXT" "$A" 26 28 30
on "STATE_WRITTEN" "$A" 26 28 30 '31 5:same:'
on "STATE_RESTORE of the device" "$D" 26 "27 6:hex:$device"
ktap_ok "it is restored" inside "$D" nth show 26 "27 6:hex:$device"
# With a log of the usual size: without memory for another it gets that (settings.c).
on "STATE_RESTORE of a peer" "$D" -u "14 1:hex:$id" 26 "27 4:hex:$id 6:hex:$peer"
paired_again() {
	quiet on_b hpkm-nl peer del dev "$VB"
	pair && session_up && wait_until 20 agreed
}
later "PEER_DEL" paired_again 26 "14 1:hex:$id"

# ---- all of them ----

all_covered() {
	local request missing=0
	while IFS= read -r request; do
		[ -z "${covered[$request]-}" ] || continue
		echo "# nobody has tried '$request'"
		missing=1
	done < <(nth commands)
	[ "$(nth commands | wc -l)" -ge 30 ] && return "$missing"
}
ktap_ok "there is no other command" all_covered
ktap_ok "the module's places are remembered" remember_failed
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
