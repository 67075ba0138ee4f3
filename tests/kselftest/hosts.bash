# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests share on top of lib.sh: hosts on a cable that can be tampered
# with (see cable.c), pairing them, and questions about their state.

# shellcheck disable=SC2034 # the tests use them
ADDR_A=10.9.0.1
ADDR_B=10.9.0.2
ADDR_D=10.9.0.3
MAC_A=02:00:00:00:00:0a
MAC_B=02:00:00:00:00:0b
MAC_D=02:00:00:00:00:0d
HEX_A=02000000000a
HEX_B=02000000000b
PASSPHRASE='correct horse battery staple'
tmp=$(mktemp -d /tmp/kselftest.XXXXXX)
background=()

quiet() {
	"$@" >/dev/null 2>&1
}

# same A B: two equal answers, and not just two silences.
same() {
	[ -n "$1" ] && [ "$1" != null ] && [ "$1" = "$2" ]
}

# is TEXT COMMAND...: for wait_until, which needs a command to repeat.
is() {
	local expected=$1
	shift

	[ "$("$@")" = "$expected" ]
}

udp_listens() {
	[ -n "$(inside "$1" ss -Huln "sport = :$2")" ]
}

differ() {
	[ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]
}

# spawn_in NAMESPACE COMMAND...: in the background until the test ends; its id is
# in $spawned.
spawn_in() {
	find_program "$2"
	busybox nsenter --net="/run/netns/$1" "${path_of[$2]}" "${@:3}" &
	spawned=$!
	background+=("$spawned")
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# Of a bare name, busybox would run its own applet.
declare -A path_of
find_program() {
	[ -n "${path_of[$1]-}" ] || path_of[$1]=$(type -P "$1")
}

# inside NAMESPACE COMMAND...: as `ip netns exec`, without its mounts; in a slow
# guest they are most of what a short command takes.
inside() {
	find_program "$2"
	busybox nsenter --net="/run/netns/$1" "${path_of[$2]}" "${@:3}"
}

on_a() {
	inside "$A" "$@"
}

on_b() {
	inside "$B" "$@"
}

on_c() {
	inside "$C" "$@"
}

on_d() {
	inside "$D" "$@"
}

# host NAME LETTER ADDRESS MAC: a namespace with one interface v$LETTER, whose
# other end c$LETTER is in $C.  No IPv6, so that nothing is sent unasked.
host() {
	ip netns add "$1" &&
		inside "$1" bash -c \
			'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' &&
		ip -n "$C" link add "c$2" type veth peer name "v$2" netns "$1" address "$4" &&
		ip -n "$1" link set lo up &&
		ip -n "$1" addr add "$3/24" dev "v$2" &&
		ip -n "$1" link set "v$2" up &&
		ip -n "$C" link set "c$2" up
}

middle() {
	C=hpkm-c
	ip netns add "$C" &&
		on_c bash -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
}

two_ends() {
	A=hpkm-a B=hpkm-b VA=va VB=vb
	middle && host "$A" a "$ADDR_A" "$MAC_A" && host "$B" b "$ADDR_B" "$MAC_B" || return 1
	# What is resolved needs no ARP, so that tests can count frames.
	ip -n "$A" neigh replace "$ADDR_B" lladdr "$MAC_B" dev "$VA" nud permanent &&
		ip -n "$B" neigh replace "$ADDR_A" lladdr "$MAC_A" dev "$VB" nud permanent
}

# cabled_hosts: $A and $B with the tool `cable` between them.
cabled_hosts() {
	two_ends || return 1
	mkfifo "$tmp/cable.fifo" || return 1
	exec {cable_fd}<>"$tmp/cable.fifo"
	: >"$tmp/cable"
	spawn_in "$C" cable ca cb "$tmp/cable.fifo" >>"$tmp/cable" 2>"$tmp/cable.err"
	wait_until 5 grep -q '^# ready' "$tmp/cable"
}

# bridged_hosts: $A, $B and $D on an Ethernet of which $C is the switch.
bridged_hosts() {
	D=hpkm-d VD=vd
	two_ends && host "$D" d "$ADDR_D" "$MAC_D" || return 1
	ip -n "$C" link add br0 type bridge forward_delay 0 mcast_snooping 0 || return 1
	for port in ca cb cd; do
		ip -n "$C" link set "$port" master br0 || return 1
	done
	ip -n "$C" link set br0 up
}

cable_answers() {
	grep -c '^#' "$tmp/cable"
}

cable_has_answered() {
	[ "$(cable_answers)" -gt "$1" ]
}

# cable_do COMMAND: see cable.c; returns when it is in force.
cable_do() {
	local before
	before=$(cable_answers)

	echo "$*" >&"$cable_fd"
	wait_until 5 cable_has_answered "$before" &&
		! grep '^#' "$tmp/cable" | tail -n 1 | grep -q '^# refused'
}

# cable_now: a mark; cable_since MARK: the frames after it.
cable_now() {
	wc -l <"$tmp/cable"
}

cable_since() {
	tail -n "+$(($1 + 1))" "$tmp/cable" | grep -v '^#'
}

# frames MARK DIRECTION TYPE: how many of them came; DIRECTION a>b, b>a or '.>.'
frames() {
	cable_since "$1" | grep -c "^[0-9]* $2 $3 "
}

# frames_of MARK DIRECTION TYPE: their octets.
frames_of() {
	cable_since "$1" | grep "^[0-9]* $2 $3 " | cut -d' ' -f6
}

more_frames() {
	[ "$(frames "$1" "$2" "$3")" -ge "$4" ]
}

# attach [WORDS]: hpkm on both ends.
attach() {
	on_a hpkm-nl link add "$VA" "$@" && on_b hpkm-nl link add "$VB" "$@"
}

detach() {
	quiet on_a hpkm-nl link del "$VA"
	quiet on_b hpkm-nl link del "$VB"
}

# set_sk NAMESPACE [PASSPHRASE]
set_sk() {
	printf '%s' "${2-$PASSPHRASE}" >"$tmp/sk.$1"
	inside "$1" hpkm-nl sk set suite xor file "$tmp/sk.$1" 2>"$tmp/sk.$1.err"
}

set_sks() {
	local name pids=() pid status=0

	for name in "$@"; do
		set_sk "$name" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return "$status"
}

# pair [SECONDS]: both sides; 0 when both succeed.  What they said is in
# $tmp/pair.a and $tmp/pair.b.
pair() {
	local window=${1-15} b status

	on_b hpkm-nl pair add "$VB" suite xor window "$window" >"$tmp/pair.b" 2>&1 &
	b=$!
	on_a hpkm-nl pair add "$VA" suite xor window "$window" >"$tmp/pair.a" 2>&1
	status=$?
	wait "$b" && return "$status"
}

# value KEY: of the first object on standard input that has it.  jq can do more,
# and takes far longer to begin.
value() {
	local line

	while IFS= read -r line; do
		[[ $line =~ ^\ *\"$1\":\ *\"?([^\",]*)\"?,?$ ]] || continue
		echo "${BASH_REMATCH[1]}"
		return
	done
	echo null
}

# ask_a FILTER OBJECT [WORDS]: of what the listing says, by jq.
ask_a() {
	local filter=$1 object=$2
	shift 2

	on_a hpkm-nl -j "$object" show "$@" 2>/dev/null | jq -r "$filter"
}

ask_b() {
	local filter=$1 object=$2
	shift 2

	on_b hpkm-nl -j "$object" show "$@" 2>/dev/null | jq -r "$filter"
}

peer_a() {
	on_a hpkm-nl -j peer show | value "$1"
}

peer_b() {
	on_b hpkm-nl -j peer show | value "$1"
}

counter_a() {
	on_a hpkm-nl -j link show | value "$1"
}

counter_b() {
	on_b hpkm-nl -j link show | value "$1"
}

# rises a|b COUNTER COMMAND...: whether COMMAND makes it rise within 3 s.
has_risen() {
	[ "$("counter_$1" "$2")" -gt "$3" ]
}

rises() {
	local side=$1 name=$2 before
	shift 2
	before=$("counter_$side" "$name")

	"$@"
	wait_until 3 has_risen "$side" "$name" "$before"
}

# current KEY: of the session in use, on standard input
current() {
	local line seen=

	while IFS= read -r line; do
		[[ $line = *'{'* ]] && seen=
		[[ $line =~ ^\ *\"$1\":\ *\"?([^\",]*)\"?,?$ ]] && seen=${BASH_REMATCH[1]}
		[[ $line = *'"slot": "current"'* ]] || continue
		# Some keys come before the slot and some after it.
		if [ -n "$seen" ]; then
			echo "$seen"
		else
			value "$1"
		fi
		return
	done
}

session_a() {
	on_a hpkm-nl -j session show | current "$1"
}

session_b() {
	on_b hpkm-nl -j session show | current "$1"
}

sid_a() {
	session_a sid
}

sid_b() {
	session_b sid
}

# One session, the same on both sides, and neither side busy with another.
settled() {
	local a b

	a=$(on_a hpkm-nl -j show)
	b=$(on_b hpkm-nl -j show)
	[ "$(value state <<<"$a")" = up ] && [ "$(value state <<<"$b")" = up ] &&
		same "$(current sid <<<"$a")" "$(current sid <<<"$b")"
}

newer_than() {
	settled && [ "$(sid_a)" != "$1" ]
}

# session_up: there is one now.
session_up() {
	settled && return 0
	quiet on_a hpkm-nl session add dev "$VA" nowait
	wait_until 20 settled
}

# new_session [a|b]: another one than before, begun by that side.
new_session() {
	local old

	settled || session_up || return 1
	old=$(sid_a)
	if [ "${1-a}" = a ]; then
		quiet on_a hpkm-nl session add dev "$VA"
	else
		quiet on_b hpkm-nl session add dev "$VB"
	fi
	wait_until 20 newer_than "$old"
}

# policy_a WORDS, policy_b WORDS, policy WORDS: of one side, of both
policy_a() {
	on_a hpkm-nl policy set dev "$VA" "$@"
}

policy_b() {
	on_b hpkm-nl policy set dev "$VB" "$@"
}

policy() {
	policy_a "$@" && policy_b "$@"
}

# paired_hosts: the usual beginning, after cabled_hosts or bridged_hosts.
paired_hosts() {
	attach && set_sks "$A" "$B" && pair && policy record messages-only && session_up
}

ping_a() {
	on_a ping -q -c "${1-2}" -i 0.2 -W 3 "$ADDR_B" >"$tmp/ping" 2>&1
}

ping_b() {
	on_b ping -q -c "${1-2}" -i 0.2 -W 3 "$ADDR_A" >"$tmp/ping" 2>&1
}

# ping_clean: nothing was lost and nothing came twice.
ping_clean() {
	grep -q ' 0% packet loss' "$tmp/ping" && ! grep -q duplicates "$tmp/ping"
}

# The table without what has to differ between the two sides.
log_a() {
	ask_a 'map(del(.own, .peer))' log dev "$VA"
}

log_b() {
	ask_b 'map(del(.own, .peer))' log dev "$VB"
}

# Identical tables, and every record confirmed.
logs_agree() {
	local a b

	a=$(on_a hpkm-nl -j log show dev "$VA" | grep -vE '"(own|peer)"')
	b=$(on_b hpkm-nl -j log show dev "$VB" | grep -vE '"(own|peer)"')
	[ "$a" = "$b" ] && [[ $a == *rid* ]] && [[ $a != *pending* ]]
}

# watch_events NAMESPACE FILE: until the test ends; the watcher is $spawned.
watch_events() {
	spawn_in "$1" hpkm-nl -j monitor >"$2" 2>/dev/null
	wait_until 5 grep -q listening "$2"
}

# happened FILE EVENT [FILTER]
happened() {
	grep -q "\"event\":\"$2\"" "$1" || return 1
	[ -z "${3-}" ] && return 0
	jq -es --arg type "$2" "any(.[]; .event == \$type and ($3))" "$1" >/dev/null
}

# says TEXT FILE
says() {
	grep -qi -- "$1" "$2"
}

# refused STATUS TEXT COMMAND...: it ends with that status and says that.
refused() {
	local expected=$1 text=$2 status said=$tmp/refused.$BASHPID
	shift 2

	"$@" >"$said" 2>&1
	status=$?
	[ "$status" = "$expected" ] && says "$text" "$said" && return 0
	echo "# status $status, said: $(cat "$said")"
	return 1
}

mark_kernel_log() {
	kernel_mark="kselftest $$ $RANDOM"
	echo "$kernel_mark" >/dev/kmsg
}

kernel_log() {
	busybox dmesg | sed "1,/$kernel_mark/d"
}

kernel_log_is_clean() {
	! kernel_log | grep -E 'WARNING|BUG|Oops|Call Trace|RIP:|refcount|use-after-free|unregister_netdevice|scheduling while atomic|hung|stall' |
		sed 's/^/# /' | grep .
}

remove_hosts() {
	local pid name

	for pid in "${background[@]}"; do
		stop "$pid"
	done
	background=()
	for name in hpkm-a hpkm-b hpkm-c hpkm-d; do
		ip netns del "$name" 2>/dev/null
	done
	rm -f "$tmp/cable.fifo"
}

leave_clean() {
	remove_hosts
	rmmod hpkm 2>/dev/null
	rm -rf "$tmp"
}
trap leave_clean EXIT
