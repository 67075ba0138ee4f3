#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Requests that are wrong in every way, from everybody: each is answered, none is
# done that must not be, and what is refused changes nothing.  MALFORMED_REQUESTS
# says how many each of them draws besides the systematic ones; MALFORMED_SEED
# repeats a run.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/fuzz.bash"

REQUESTS=${MALFORMED_REQUESTS:-1000}
SEED=${MALFORMED_SEED:-$(any_seed)}
ROUNDS=2

ktap_plan $((15 + ROUNDS))
echo "# MALFORMED_SEED=$SEED"
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
something_to_lose() {
	history 20 && on_a hpkm-nl location set Paris && on_a hpkm-nl peer set dev "$VA" name other &&
		on_b hpkm-nl message send dev "$VB" 'for A' wait && logs_agree
}
ktap_ok "they have a history, names, a place and a message" something_to_lose

# ---- who may not, and what must not be done ----

# Nothing is said on the cable for as long as whoever had something to say waits.
is_quiet() {
	local mark
	mark=$(cable_now)

	sleep 2.5
	[ -z "$(cable_since "$mark")" ]
}
nothing_was_said() {
	local said
	said=$(cable_since "$1")

	[ -z "$said" ] && return 0
	cut -c1-60 <<<"$said"
	return 1
}
# requests WHO: what they came to is in $tmp/requests.WHO.
requests() {
	on_a malformed "$1" "$REQUESTS" "$SEED" >"$tmp/requests.$1" 2>&1
	local status=$?
	cat "$tmp/requests.$1"
	return $status
}
# by WHO DESCRIPTION: says in any case what it came to.
by() {
	ktap_ok "$2" requests "$1"
	grep -E ' (sent|wrong)|^E' "$tmp/requests.$1" | xargs echo '#'
}
unchanged() {
	state_of "$A" "$VA" >"$tmp/after" && diff "$tmp/before" "$tmp/after"
}

# A session in which nobody has said anything is not renewed.
new_session && wait_until 30 is_quiet || ktap_bail "the cable is never quiet"
memory_begins || ktap_bail "memory cannot be counted"
state_of "$A" "$VA" >"$tmp/before"
has_state() {
	says Paris "$tmp/before" && says 'for A' "$tmp/before" && says fingerprint "$tmp/before"
}
ktap_ok "what must not change is known" has_state
mark=$(cable_now)
by refused "root: requests that the module must refuse, and $REQUESTS by chance"
ktap_ok "... are refused and change nothing" unchanged
by nobody "user nobody: what needs privilege is denied, all else is as for root"
by lent "user nobody on a socket of root's: the same"
by namespace "root of another user namespace: the same"
by elsewhere "root of another network namespace: reaches nothing of this one"
ktap_ok "... and nothing has changed" unchanged
ktap_ok "... or was sent" nothing_was_said "$mark"
ktap_ok "what that took is given back" memory_given_back
# shellcheck disable=SC2154 # fuzz.bash sets it
echo "# $in_use"

# ---- who may ----

# What is behind the checks was reached.
commands_done() {
	local command missing=

	for command in "$@"; do
		grep -q "^accepted $command " "$tmp/requests".root.* || missing+=" $command"
	done
	[ -z "$missing" ] && return 0
	echo "never done:$missing"
	return 1
}
# As include/uapi/linux/hpkm.h numbers them: not PEER_DEL, EVENT, STATE_RESTORE,
# STATE_PENDING.
all_commands=({1..13} {15..24} 26 28 30 31)
begin_anew() {
	quiet on_a hpkm-nl peer del dev "$VA"
	quiet on_b hpkm-nl peer del dev "$VB"
	detach
	attach && set_sks "$A" "$B" && wait_until 20 pair &&
		policy record messages-only && session_up && history 20
}
for ((round = 1; round <= ROUNDS; round++)); do
	# As long as the other sends to it, there is somebody to serve.
	spawn_in "$B" ping -q -i 0.2 "$ADDR_A" >/dev/null 2>&1
	pings=$spawned
	by root "root: good ones are among them, each is answered as is due"
	mv "$tmp/requests.root" "$tmp/requests.root.$round"
	stop "$pings"
	begin_anew >"$tmp/anew" 2>&1
	anew=$?
done
ktap_ok "... every command was done, but those that would end it" commands_done "${all_commands[@]}"
ktap_ok "the two work as before when they have paired anew" [ "$anew" = 0 ]
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
