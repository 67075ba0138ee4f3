# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests share on top of lib.sh: hosts on a cable that can be tampered
# with (see cable.c), pairing them on $HPKM_SUITE, and questions about their state.

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
KEY=cc25ee5db412301f31903d42d8cd4deecdb5959492b7e7d6fd14dd33a663c76e
tmp=$(mktemp -d /tmp/kselftest.XXXXXX)
background=()
. "$(dirname "${BASH_SOURCE[0]}")/suites.bash"

quiet() {
	"$@" >/dev/null 2>&1
}

# same A B: two equal answers, and not just two silences.
same() {
	[ -n "$1" ] && [ "$1" != null ] && [ "$1" = "$2" ]
}

# holds FILE TEXT...: one of them, in what need not be text; busybox's grep would look
# no further in a line than its first zero.
holds() {
	local file=$1 text texts=()
	shift

	for text; do
		texts+=(-e "$text")
	done
	LC_ALL=C /usr/bin/grep -qaF "${texts[@]}" "$file"
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

tcp_listens() {
	[ -n "$(inside "$1" ss -Htln "sport = :$2")" ]
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

# with_ip6: fd00::1 and fd00::2, which reach each other
with_ip6() {
	on_a bash -c "echo 0 >/proc/sys/net/ipv6/conf/$VA/disable_ipv6" &&
		on_b bash -c "echo 0 >/proc/sys/net/ipv6/conf/$VB/disable_ipv6" &&
		on_a ip addr add fd00::1/64 dev "$VA" nodad &&
		on_b ip addr add fd00::2/64 dev "$VB" nodad &&
		wait_until 10 on_a ping -q -6 -c 2 -i 0.2 -W 2 fd00::2 >"$tmp/ping"
}

# lay_cable [TOOL [ARGUMENT]]: the tool `cable` between $A and $B, or another one like it.
lay_cable() {
	mkfifo "$tmp/cable.fifo" || return 1
	exec {cable_fd}<>"$tmp/cable.fifo"
	: >"$tmp/cable"
	spawn_in "$C" "${1-cable}" ca cb "${@:2}" "$tmp/cable.fifo" >>"$tmp/cable" 2>"$tmp/cable.said"
	wait_until 5 grep -q '^# ready' "$tmp/cable.said"
}

# cabled_hosts [TOOL [ARGUMENT]]
cabled_hosts() {
	two_ends && lay_cable "$@"
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
	grep -c '^#' "$tmp/cable.said"
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
		! tail -n 1 "$tmp/cable.said" | grep -q '^# refused'
}

# cable_forget: after much traffic, so that questions about later frames are quick.
cable_forget() {
	: >"$tmp/cable"
}

# cable_now: a mark; cable_since MARK: the frames after it.
cable_now() {
	wc -l <"$tmp/cable"
}

cable_since() {
	tail -n "+$(($1 + 1))" "$tmp/cable"
}

# frames MARK DIRECTION TYPE: how many of them came; DIRECTION a>b, b>a or '.>.'
frames() {
	cable_since "$1" | grep -c "^[0-9]* $2 $3 "
}

# frames_of MARK DIRECTION TYPE: their octets, Ethernet header first.
frames_of() {
	cable_since "$1" | grep "^[0-9]* $2 $3 " | cut -d' ' -f6
}

# attempts MARK: how often each C1 of A was sent, by its session index
attempts() {
	frames_of "$1" 'a>b' C1 | cut -c45-52 | uniq -c
}

more_attempts() {
	[ "$(attempts "$1" | wc -l)" -ge "$2" ]
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

# zeros N: so many octets of nothing, in hex.
zeros() {
	printf '%0*d' $((2 * $1)) 0
}

# header TYPE: how a frame of $HPKM_SUITE begins, up to the session indices.
header() {
	printf '%s01%s00' "$1" "$(suite_octet)"
}

# c1_header SID: what is in front of a C1 that B has to look at; both in hex.
c1_header() {
	local tag=00000000

	is_xor && tag=$(peer_b kid)
	printf '%s00000000%s%s' "$(header 01)" "$1" "${tag:0:8}"
}

# any N: so many octets that `flood` draws anew for each frame.
any() {
	zeros "$1" | tr 0 '?'
}

# forged_c1 SOURCE: what nobody has sealed, for B; a pattern of `flood`.
forged_c1() {
	printf '%s%s88b5%s%s' "$HEX_B" "$1" "$(c1_header '????????')" \
		"$(any $((octets_of[C1] - 16)))"
}

# set_sk NAMESPACE [KEY]: as hpkm-nl does with a passphrase that it has stretched
# (sk.sh sees to that), which takes a guest seconds.  HPKM_CMD_SK_SET, SUITE, KEY.
set_sk() {
	inside "$1" netlink 7 "1:u8:0x$(suite_octet)" "2:hex:${2-$KEY}"
}

set_sks() {
	local name

	for name in "$@"; do
		set_sk "$name" || return 1
	done
}

# pair_add NAMESPACE DEVICE [WORDS]: one side
pair_add() {
	inside "$1" hpkm-nl pair add "$2" suite "$HPKM_SUITE" "${@:3}"
}

# pair [SECONDS]: both sides; 0 when both succeed.  What they said is in
# $tmp/pair.a and $tmp/pair.b.
pair() {
	local window=${1-15} b status

	pair_add "$B" "$VB" window "$window" >"$tmp/pair.b" 2>&1 &
	b=$!
	pair_add "$A" "$VA" window "$window" >"$tmp/pair.a" 2>&1
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

# count_in NAMESPACE OBJECT: how many are listed; nothing if there is no listing
count_in() {
	local listing

	listing=$(inside "$1" hpkm-nl -j "$2" show) && grep -c '^  {' <<<"$listing"
}

count_a() {
	count_in "$A" "$1"
}

count_b() {
	count_in "$B" "$1"
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

# rises_by_tampering COUNTER WORDS: whether that counter of B rises when one frame
# of a ping from A is changed as WORDS say (see cable.c).
rises_by_tampering() {
	local counter=$1 status
	shift

	cable_do clear && cable_do xor 'a>b' DATA len "$(data_len 84)" count 1 "$@" &&
		rises b "$counter" ping_a 1
	status=$?
	cable_do clear
	return "$status"
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

# paired_hosts: the usual beginning, after cabled_hosts or bridged_hosts.  From the
# time it took follows $pace: how many times slower than user mode Linux this is.
paired_hosts() {
	local before=$EPOCHREALTIME

	attach && set_sks "$A" "$B" && pair && policy record messages-only && session_up || return
	pace=$((1 + (${EPOCHREALTIME/./} - ${before/./}) / 1500000))
}

# start_stream [WINDOW], stop_stream: full load both ways (see stream.c); what was
# counted is in $tmp/stream.  With no session, no more frames wait than may.
start_stream() {
	: >"$tmp/stream"
	spawn_in "$A" stream run "${1-60}" "$A/$VA" "$B/$VB" "$C/ca" "$C/cb" >"$tmp/stream" 2>&1
	stream=$spawned
	wait_until 5 grep -q '^running' "$tmp/stream"
}

stop_stream() {
	kill "$stream" && wait "$stream"
}

# stream_is_whole: all frames arrived, once each and as they were.
stream_is_whole() {
	local way

	for way in a b; do
		count_is "$tmp/stream" "${way}_missing" 0 &&
			count_is "$tmp/stream" "${way}_doubled" 0 &&
			count_is "$tmp/stream" "${way}_corrupted" 0 || return 1
	done
	count_is "$tmp/stream" unread 0
}

# burst a|b COUNT [SECONDS]: so many frames to the other, which have gone when this
# returns; what arrives is waited for, see stream.c.
declare -A bursts
burst() {
	local hosts=("$A/$VA" "$B/$VB")
	[ "$1" = a ] || hosts=("$B/$VB" "$A/$VA")

	: >"$tmp/burst.$1"
	spawn_in "$A" stream burst "$2" "${3-3}" "${hosts[@]}" >"$tmp/burst.$1" 2>&1
	bursts[$1]=$spawned
	wait_until 5 grep -q '^out' "$tmp/burst.$1"
}

# landed a|b [NAME VALUE...]: they came once each and in order, but for a NAME of
# another VALUE.
landed() {
	local name file=$tmp/burst.$1
	declare -A due=([missing]=0 [doubled]=0 [corrupted]=0 [reordered]=0)

	wait "${bursts[$1]}"
	shift
	while [ $# -gt 0 ]; do
		due[$1]=$2
		shift 2
	done
	for name in "${!due[@]}"; do
		count_is "$file" "a_$name" "${due[$name]}" || return 1
	done
	count_is "$file" unread 0
}

# fall_short a|b MISSING [NAME VALUE...]: the others have landed; that many are not
# waited for any longer.
fall_short() {
	kill "${bursts[$1]}" && landed "$1" missing "${@:2}"
}

# count_of FILE NAME; count_is FILE NAME VALUE: what the tool stream counted.
count_of() {
	sed -n "s/^$2 //p" "$1"
}

count_is() {
	[ "$(count_of "$1" "$2")" = "$3" ] && return 0
	echo "# $2 is $(count_of "$1" "$2") and not $3"
	return 1
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

# confirmed N: each side has as many, and nothing is pending.
confirmed() {
	local peer
	for peer in "$(on_a hpkm-nl -j peer show)" "$(on_b hpkm-nl -j peer show)"; do
		[ "$(value confirmed <<<"$peer")" -ge "$1" ] &&
			[ "$(value confirmed <<<"$peer")" = "$(value records <<<"$peer")" ] || return 1
	done
}

# history N: at least N records that both have, and then quiet.
history() {
	confirmed "$1" && return 0
	policy record every 1 frames &&
		on_a ping -q -c $((($1 + 1) / 2)) -i 0.05 -W 3 "$ADDR_B" >"$tmp/ping" || return 1
	policy record messages-only && wait_until 5 confirmed "$1"
}

# epoch_is N: both have it, and neither has another.
epoch_is() {
	local a b
	a=$(on_a hpkm-nl -j peer show)
	b=$(on_b hpkm-nl -j peer show)

	[ "$(value epoch <<<"$a")" = "$1" ] && [ "$(value epoch <<<"$b")" = "$1" ] &&
		same "$(value kid <<<"$a")" "$(value kid <<<"$b")" &&
		[[ $a != *next_epoch* ]] && [[ $b != *next_epoch* ]]
}

# Both have left the old epoch, agree on the new one and have a session in it.
converged() {
	epoch_is "$1" && settled && [ "$(session_a epoch)" = "$1" ]
}

# An update can be made.
ready() {
	settled && [ "$(session_a barred)" = false ]
}

# update_a [WORDS], update_b [WORDS]: asks for one; it may take its time
update_a() {
	wait_until 10 ready
	on_a hpkm-nl session update dev "$VA" "$@" >"$tmp/update" 2>&1
}

update_b() {
	wait_until 10 ready
	on_b hpkm-nl session update dev "$VB" "$@" >"$tmp/update" 2>&1
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

# Whose data races are is for klog.py to say.
without_races() {
	sed '/BUG: KCSAN/,/====$/d'
}

kernel_log_is_clean() {
	! kernel_log | without_races | grep -E 'WARNING|BUG|Oops|Call Trace|RIP:|refcount|use-after-free|unregister_netdevice|scheduling while atomic|hung|stall' |
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
