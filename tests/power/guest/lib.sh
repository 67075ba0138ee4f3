# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a guest of the power tests can be asked for.  It is one end of $PAIRS
# pairs: each has a namespace p$i, whose one interface v$i is a VLAN of the
# cable, a persist agent, a folder on the disk that survives, and a device at
# the other end of the cable to be paired with.

PAIRS=$(cat /hpkm/power/pairs)
SELF=$(cat /hpkm/power/self)	# 1 or 2
OTHER=$((3 - SELF))
POWER=/run/power		# what does not survive
STATE=/state			# what does
suites=(xor chacha20poly1305 chacha20poly1305-x25519)

all() {
	seq "$PAIRS"
}

suite() {
	echo "${suites[$1 % 3]}"
}

# on I PROGRAM WORDS: in the namespace of pair I
on() {
	busybox nsenter --net="/run/netns/p$1" "$(type -P "$2")" "${@:3}"
}

# each FUNCTION I...: for all these pairs at once; 0 when it succeeded for all
each() {
	local function=$1 i pids=() pid status=0
	shift

	for i; do
		"$function" "$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return $status
}

# wait_until SECONDS COMMAND...
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000)) never
	shift

	# Nobody writes there: a pause without a process of its own.
	exec {never}<>"$POWER/never"
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		read -r -t 0.1 -u "$never"
	done
	exec {never}>&-
}

# ---- before anything survives: hpkm and the disk are not there yet ----

prepare() {
	local i

	modprobe -a 8021q libchacha20poly1305 libcurve25519 || return 1
	# Nothing is sent unasked.
	echo 1 >/proc/sys/net/core/devconf_inherit_init_net
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip link set eth0 up && mkdir -p "$POWER" && mkfifo "$POWER/never" || return 1
	for i in $(all); do
		echo "netns add p$i"
		echo "link add link eth0 name v$i address 52:54:00:00:00:0$SELF netns p$i type vlan id $((100 + i))"
	done | ip -batch - || return 1
	for i in $(all); do
		mkdir -p "$POWER/$i"
		ip -n "p$i" -batch - <<-END || return 1
			link set lo up
			link set v$i up
			address add 10.0.$i.$SELF/24 dev v$i
			neigh replace 10.0.$i.$OTHER lladdr 52:54:00:00:00:0$OTHER dev v$i
		END
	done
}

# ---- what a boot does, every time alike ----

disk() {
	modprobe virtio_blk && modprobe ext4 && mkdir -p "$STATE" &&
		wait_until 10 test -b /dev/vda &&
		busybox mount -t ext4 -o commit=300 /dev/vda "$STATE"
}

agent() {
	: >"$POWER/$1/agent"
	# As the unit hpkm-persist.service does.
	until FAULTS=$POWER/$1 LD_PRELOAD=/hpkm/power/libfaults.so \
		on "$1" hpkm-nl persist "$STATE/$1" background; do
		sleep 1
	done >>"$POWER/$1/agent" 2>&1 &
}

# Its state is restored, or something happens to it while that is made durable.
agent_began() {
	local said

	[ ! -e "$POWER/$1/reached" ] || return 0
	while read -r said; do
		[[ $said == *'keeping state'* ]] && return
	done <"$POWER/$1/agent"
	return 1
}

boot_one() {
	agent "$1"
	wait_until 60 agent_began "$1"
	on "$1" hpkm-nl link add "v$1"
}

boot() {
	disk && insmod /hpkm/hpkm.ko || return 1
	# shellcheck disable=SC2046 # numbers
	each boot_one $(all)
}

# ---- what is done once ----

set_sk() {
	LD_PRELOAD=/hpkm/power/libquicksk.so on "$1" hpkm-nl sk set suite "$(suite "$1")" file /hpkm/power/passphrase
}

# ---- what the tests do ----

# rule I WORDS: what the disk does to the agent of that pair, see faults.c
rule() {
	local at=$POWER/$1

	[ ! -e "$at/reached" ] || rm "$at/reached"
	echo "${*:2}" >"$at/rule.new"
	mv "$at/rule.new" "$at/rule"
}

# no_rules I...: as a disk should
no_rules() {
	local i

	for i; do
		echo "$POWER/$i/rule"
		echo "$POWER/$i/reached"
	done | xargs rm -f
}

# reached I...: those whose rule has come to pass
reached() {
	local i

	for i; do
		[ ! -e "$POWER/$i/reached" ] || echo "$i"
	done
}

begin_update() {
	on "$1" hpkm-nl session update dev "v$1" nowait >"$POWER/$1/update" 2>&1
}

# A session may be barred for a moment, and records be unconfirmed.
update() {
	wait_until 15 begin_update "$1" || echo "$1: $(cat "$POWER/$1/update")"
}

kept_none() {
	! compgen -G "$STATE/$1/peer-*" >/dev/null
}

forget() {
	on "$1" hpkm-nl peer del dev "v$1" 2>/dev/null
	wait_until 10 kept_none "$1"
}

pair() {
	on "$1" hpkm-nl pair add "v$1" suite "$(suite "$1")" window 30 >"$POWER/$1/pair" 2>&1
}

begin_pairing() {
	pair "$1" &
}

pair_again() {
	on "$1" hpkm-nl pair del "v$1" >/dev/null 2>&1
	pair "$1" || { echo "$1: $(cat "$POWER/$1/pair")"; return 1; }
}

policy() {
	on "$1" hpkm-nl policy set dev "v$1" record every 1 frames update manual
}

talk() {
	on "$1" ping -q -c 10 -i 0.1 -W 3 "10.0.$1.$OTHER" >/dev/null
}

# hear SECONDS I: say so when something comes back
hear_for() {
	! on "$2" ping -q -c 1 -w "$1" "10.0.$2.$OTHER" >/dev/null || echo "$2"
}

hear() {
	hear_for 5 "$1"
}

hear_soon() {
	hear_for 40 "$1"
}

# restless I: talks and updates all the time, until restful I
restless() {
	on "$1" hpkm-nl policy set dev "v$1" record every 1 frames update every 16 records
	on "$1" ping -q -i 0.2 "10.0.$1.$OTHER" >/dev/null 2>&1 &
	echo $! >"$POWER/$1/ping"
}

restful() {
	[ ! -e "$POWER/$1/ping" ] || kill "$(cat "$POWER/$1/ping")"
	rm -f "$POWER/$1/ping"
	policy "$1"
}

# look I...: a line for each, its number and all that there is to see
look() {
	local i said

	for i; do
		said=$(on "$i" hpkm-nl -j show)
		echo "$i ${said//$'\n'/}"
	done
}
