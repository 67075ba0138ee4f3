#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Races on purpose: everybody does at once, and whenever the others do not expect
# it, what administrators do one after the other.  Two hosts talk all the time; a
# third comes and goes with its namespace, and a device of the first is moved away
# and back; the module is unloaded under all of them.
#
# RACES seconds long, and up to four times as long while somebody has hardly done
# anything; RACES_SEED is what each of them draws from, so that the same
# things are done again, if not at the same moments.  Each counts what succeeded,
# as nothing would be raced by those who are always refused.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

lasts=${RACES:-600} seed=${RACES_SEED:-$((SRANDOM % 32768))}
actors=(links pairs removals moves dumps sessions policies messages module namespaces agents talk)

ktap_plan $((${#actors[@]} + 5))
echo "# RACES=$lasts RACES_SEED=$seed"
mark_kernel_log
load_module || ktap_bail "no module"
E=hpkm-e
bridged_hosts && ip netns add "$E" || ktap_bail "no hosts"
trap 'quiet ip netns del "$E"; leave_clean' EXIT
ktap_ok "two hosts are paired and have a session" paired_hosts
# Who ends what others build up has to leave them the time for it, and on a slower
# machine as much less can be asked of all.
echo "# pace $pace"

# ---- what an actor is ----

# below N: is in $drawn, as a subshell would draw the same again and again
below() {
	drawn=$(((RANDOM >> 3) % $1))
}

one_of() {
	below $#
	drawn=${*:drawn + 1:1}
}

# pause TENTHS: less than that, at a pace of 1
pause() {
	below $(($1 * pace))
	sleep "$((drawn / 10)).$((drawn % 10))"
}

# did NAME COMMAND...: counted if it succeeds.  None may take as long as it likes.
declare -A done_by
did() {
	local name=$1
	shift

	quiet "$@" || return 1
	done_by[$name]=$((${done_by[$name]:-0} + 1))
}

on_one() {
	one_of A B
	who=$drawn device=VA
	[ "$who" = A ] || device=VB
	who=${!who} device=${!device}
}

# peers_of NAMESPACE: their ids
peers_of() {
	ask "$1" -j peer show 2>/dev/null | sed -n 's/^ *"id": "\([0-9a-f]*\)",$/\1/p'
}

# One of one's peers, as the third host may have become one of several.
on_one_peer() {
	local peers

	on_one
	mapfile -t peers < <(peers_of "$who")
	[ ${#peers[@]} -gt 0 ] || return 1
	one_of "${peers[@]}"
	peer=$drawn
}

# ask NAMESPACE WORDS: of hpkm-nl
ask() {
	inside "$1" timeout $((10 * pace)) hpkm-nl "${@:2}"
}

# ---- what they do ----

# link add fails while there is one, and del while there is none; both are wanted.
links() {
	on_one
	one_of strict strict permissive
	did mode ask "$who" link set "$device" mode "$drawn"
	did detach ask "$who" link del "$device"
	did attach ask "$who" link add "$device"
	pause 30
}

pairs() {
	local other

	one_of 1 2 5
	pair_add "$B" "$VB" window "$((drawn * pace))" >/dev/null 2>&1 &
	other=$!
	did pair pair_add "$A" "$VA" window "$((drawn * pace))"
	below 4
	[ "$drawn" != 0 ] || did close ask "$B" pair del "$VB"
	wait "$other"
	set_sks "$A" "$B" >/dev/null 2>&1
	pause 20
}

removals() {
	pause 80
	on_one_peer && did remove ask "$who" peer del "$peer"
	below 4
	[ "$drawn" != 0 ] || did forget netlink_in "$who" 8 "1:u8:0x$(suite_octet)"
}
# HPKM_CMD_SK_DEL, SUITE
netlink_in() {
	inside "$1" netlink "${@:2}"
}

# The first host loses its device to another namespace, where it is used, too.
moves() {
	pause 40
	ip -n "$A" link set "$VA" netns "$E" || return
	ip -n "$E" link set "$VA" up
	set_sk "$E" >/dev/null
	did elsewhere ask "$E" link add "$VA"
	below 2
	[ "$drawn" != 0 ] || pair_add "$E" "$VA" window "$pace" >/dev/null 2>&1
	ip -n "$E" link set "$VA" netns "$A" && at_home && did move ip -n "$A" link show "$VA"
	quiet ask "$A" link add "$VA"
}
at_home() {
	ip -n "$A" addr replace "$ADDR_A/24" dev "$VA"
	ip -n "$A" link set "$VA" up
	ip -n "$A" neigh replace "$ADDR_B" lladdr "$MAC_B" dev "$VA" nud permanent
}

# The whole of it, or no more than the beginning.
dumps() {
	local object

	on_one
	for object in device link sk pair peer session policy location 'log dev' 'message dev'; do
		case $object in
		*' dev') quiet ask "$who" -j "${object% dev}" show dev "$device" ;;
		*) did dump ask "$who" -j "$object" show ;;
		esac
	done
	inside "$who" timeout 0.2 hpkm-nl -j log show dev "$device" | head -c 10
	pause 3
}

sessions() {
	pause 5
	on_one_peer || return
	did session ask "$who" session add "$peer" nowait
	quiet ask "$who" policy set "$peer" log-size 256 record every 1 frames
	wait_until $((5 * pace)) updated_or_ended
}
# No use to go on with a peer that the others have taken away.
updated_or_ended() {
	makes_records
	did update ask "$who" session update "$peer" nowait || ! in_session
}
# An update takes 16 records that both have.
makes_records() {
	local to=$ADDR_B

	[ "$who" = "$A" ] || to=$ADDR_A
	inside "$who" ping -q -f -c 40 -w 1 "$to" >/dev/null 2>&1
}
in_session() {
	ask "$who" session show 2>/dev/null | grep -A 1 "peer: $peer" | grep -q 'slot: current'
}

policies() {
	pause 5
	on_one_peer || return
	one_of 'record every 1 frames' 'record every 20 ms' 'record messages-only' 'log-size 16' \
		'log-size 4096' 'rekey 1' 'rekey 2' 'rekey 120' 'update every 16 records' \
		'update every 1 seconds' 'update manual'
	# shellcheck disable=SC2086 # words
	did policy ask "$who" policy set "$peer" $drawn
	one_of Paris Oslo ''
	did location ask "$who" location set "$drawn"
	one_of on off
	did peer ask "$who" peer set "$peer" bridge "$drawn"
}

messages() {
	pause 5
	on_one_peer || return
	did message ask "$who" message send "$peer" "$RANDOM"
}

# All that it knew goes with it; the others bring it back.
module() {
	pause 200
	did unload rmmod hpkm
	insmod /hpkm/hpkm.ko 2>/dev/null
	set_sks "$A" "$B" >/dev/null 2>&1
	quiet ask "$A" link add "$VA"
	quiet ask "$B" link add "$VB"
}

namespaces() {
	pause 20
	quiet ip netns del "$D"
	did appear third_host || return
	did attach ask "$D" link add "$VD"
	set_sk "$D" >/dev/null 2>&1
	spawn_in "$D" ping -q -i 0.01 -w 3 "$ADDR_B" >/dev/null 2>&1
	pair_add "$D" "$VD" window "$((2 * pace))" >/dev/null 2>&1 &
	pause 20
	did vanish ip netns del "$D"
	wait
}
third_host() {
	host "$D" d "$ADDR_D" "$MAC_D" && ip -n "$C" link set cd master br0
}

# Who keeps state goes in the middle of it.
agents() {
	local state=$tmp/state.$BASHPID said=$tmp/agent.$BASHPID

	on_one
	mkdir -p "$state"
	find_program hpkm-nl
	busybox nsenter --net="/run/netns/$who" "${path_of[hpkm-nl]}" persist "$state" >"$said" 2>&1 &
	did begin wait_until $((3 * pace)) says 'keeping state' "$said"
	pause 30
	one_of KILL TERM
	did end kill "-$drawn" $!
	wait $!
	rm -rf "$state"
}

talk() {
	local size=56 from=$A to=$ADDR_B

	one_of 56 1472 1400 3000
	size=$drawn
	below 2
	[ "$drawn" = 0 ] || from=$B to=$ADDR_A
	inside "$from" ping -q -i 0.01 -s "$size" -w 1 "$to" >"$tmp/talk" 2>&1
	heard=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$tmp/talk")
	done_by[answer]=$((${done_by[answer]:-0} + ${heard:-0}))
}

# ---- all at once ----

# How often each has to be done at least in a minute at a pace of 1, of all that was
# tried; once, if that comes to less.  Updates may be none then: they take a session
# that lives for a while, and on a slow machine that is a matter of luck.
declare -A least=(
	[links]='attach 5 detach 5 mode 5' [pairs]='pair 1' [removals]='remove 1 forget 1'
	[moves]='elsewhere 3 move 3' [dumps]='dump 60' [sessions]='session 3 update 1'
	[policies]='policy 4 location 4 peer 4' [messages]='message 4' [module]='unload 1'
	[namespaces]='appear 3 attach 2 vanish 3' [agents]='begin 3 end 3' [talk]='answer 60'
)
# lacks ACTOR: what is not in $done_by as often as it has to be
lacks() {
	local words due i

	read -ra words <<<"${least[$1]}"
	for ((i = 0; i < ${#words[@]}; i += 2)); do
		lacking=${words[i]}
		due=$(((words[i + 1] * lasts + 60 * pace - 1) / (60 * pace)))
		[ "$lacking" != update ] || due=$((words[i + 1] * lasts / (60 * pace)))
		[ "${done_by[$lacking]:-0}" -ge "$due" ] || return 0
	done
	return 1
}

# Each says so once it has done enough.
all_did_enough() {
	local said

	shopt -s nullglob
	said=("$tmp"/enough.*)
	[ ${#said[@]} = ${#actors[@]} ]
}
goes_on() {
	local now=${EPOCHREALTIME%.*}

	[ "$now" -lt "$ends" ] || { [ "$now" -lt $((ends + 3 * lasts)) ] && ! all_did_enough; }
}

# act ACTOR NUMBER: until it is time to stop; what it did is in $tmp/did.ACTOR.
act() {
	local name

	trap - EXIT
	RANDOM=$((seed + $2))
	while goes_on; do
		"$1"
		lacks "$1" || : >"$tmp/enough.$1"
	done
	for name in "${!done_by[@]}"; do
		echo "$name ${done_by[$name]}"
	done >"$tmp/did.$1"
}

# did_enough ACTOR
did_enough() {
	local name count

	[ -s "$tmp/did.$1" ] || return 1
	cat "$tmp/did.$1"
	declare -A done_by
	while read -r name count; do
		done_by[$name]=$count
	done <"$tmp/did.$1"
	lacks "$1" || return 0
	echo "$lacking only ${done_by[$lacking]:-0} times"
	return 1
}

race() {
	local number pids=() status=0

	ends=$((${EPOCHREALTIME%.*} + lasts))
	for number in "${!actors[@]}"; do
		act "${actors[number]}" "$number" >"$tmp/said.$number" 2>&1 &
		pids+=($!)
	done
	for number in "${!actors[@]}"; do
		wait "${pids[number]}" && continue
		echo "${actors[number]} ended with status $?"
		status=1
	done
	return $status
}
ktap_ok "all of them at once, for $lasts s at least" race
for actor in "${actors[@]}"; do
	ktap_ok "... $actor: did what it is for, not just now and then" did_enough "$actor"
	xargs <"$tmp/did.$actor" echo "# $actor:"
done

# ---- and then ----

forget_peers() {
	local id

	for id in $(peers_of "$1"); do
		ask "$1" peer del "$id" || return 1
	done
}
begin_anew() {
	quiet ip netns del "$D"
	quiet ip -n "$E" link set "$VA" netns "$A"
	at_home
	load_module
	detach
	attach && set_sks "$A" "$B" && forget_peers "$A" && forget_peers "$B" &&
		pair && policy record messages-only && session_up
}
ktap_ok "two hosts are paired anew" begin_anew
talking() {
	ping_a 5 && ping_clean && ping_b 5 && ping_clean && history 16 && update_a &&
		wait_until 20 converged 1 && ping_a && ping_clean
}
ktap_ok "... and talk as if nothing had been" talking
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
