#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Each allocation of the module fails once while it pairs, exchanges, updates, seals,
# opens and has its state kept: whatever that loses is counted, and all goes on.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/agents.bash"
. "$(dirname "$0")/allocations.bash"

ktap_plan 29
mark_kernel_log

# on NAME SCENARIO AFTERWARDS: see fail_each
on() {
	local begin=$SECONDS
	ktap_ok "$1" fail_each "$2" "$3"
	[ "$ktap_status" != 0 ] || grep '^#' "$ktap_output"
	echo "# took $((SECONDS - begin)) s"
}

# ---- loading, namespaces ----

# There is no counter yet, and no frame.
loads() {
	local nth
	modprobe -a libchacha20poly1305 libcurve25519
	for ((nth = 1; nth < most; nth++)); do
		if insmod /hpkm/hpkm.ko nth="$nth" 2>"$tmp/insmod"; then
			took_place && return 1
			echo "# $((nth - 1)) have failed"
			return
		fi
		says 'cannot allocate' "$tmp/insmod" && insmod /hpkm/hpkm.ko && rmmod hpkm || return 1
	done
	return 1
}
ktap_ok "the module is loaded or not, and then it is" loads
load_module || ktap_bail "no module"
begins() {
	local nth
	for ((nth = 1; nth < most; nth++)); do
		fail_nth "$nth"
		if ip netns add hpkm-c 2>/dev/null; then
			took_place && return 1
			ip netns del hpkm-c
			return
		fi
		took_place && ip netns add hpkm-c && ip netns del hpkm-c || return 1
	done
	return 1
}
ktap_ok "a namespace begins or not, and then it does" begins
bridged_hosts || ktap_bail "no hosts"
attached=("$A" "$B")
attach && quiet set_sks "$A" "$B" || ktap_bail "not attached"
watch_events "$A" "$tmp/events.a"

# ---- pairing ----

pairs() {
	pair 5
}
unpair() {
	quiet on_a hpkm-nl peer del dev "$VA"
	quiet on_b hpkm-nl peer del dev "$VB"
	[ "$(count_a peer)" = 0 ] && [ "$(count_b peer)" = 0 ]
}
agreed() {
	converged "$(peer_a epoch)"
}
agree() {
	wait_until 20 agreed && wait_until 5 ping_a 1 && ping_b 1
}
# A side that failed may have had the other succeed.
in_session() {
	[ "$outcome" = 0 ] || pair || return 1
	session_up && agree
}
paired() {
	in_session && unpair
}
on "pairing" pairs paired
first_pair() {
	pair && policy record messages-only && session_up && history 20
}
ktap_ok "two hosts are paired" first_pair
paired_anew() {
	in_session && policy record messages-only
}
on "pairing anew" pairs paired_anew

# ---- exchange ----

exchanges() {
	new_session "$side"
}
exchanged() {
	[ "$outcome" = 0 ] || exchanges || return 1
	agree
}
side=a
on "an exchange" exchanges exchanged
side=b
on "an exchange that the other side begins" exchanges exchanged
# Its C1 come from where nobody is, and are offered to all.
moves() {
	local last=$((16#${mac:15:2}))
	printf -v mac '02:00:00:00:01:%02x' $(((last + 1) % 256))
	ip -n "$A" link set "$VA" address "$mac" &&
		ip -n "$B" neigh replace "$ADDR_A" lladdr "$mac" dev "$VB" nud permanent &&
		new_session a
}
mac=02:00:00:00:01:00
on "an exchange from a new address" moves exchanged
mac=$MAC_A
ip -n "$A" link set "$VA" address "$mac"
ip -n "$B" neigh replace "$ADDR_A" lladdr "$mac" dev "$VB" nud permanent

# ---- key update ----

at_rest() {
	agree && history 20 && wait_until 10 ready
}
updates() {
	epoch=$(peer_a epoch)
	"update_$side"
	wait_until 20 agreed
}
updated() {
	[ "$outcome" = 0 ] && at_rest && return 0
	return 1
}
at_rest || ktap_bail "not at rest"
side=a
on "a key update" updates updated
updates_at_last() {
	local epoch
	epoch=$(($(peer_a epoch) + 1))
	update_a && wait_until 20 converged "$epoch"
}
ktap_ok "... and the next one is done" updates_at_last

# ---- frames ----

# One is lost, or none: what comes next is not.
flows() {
	ping_a 1 && ping_clean && ping_b 1 && ping_clean
}
small() {
	on_a ping -q -c 1 -W 1 "$ADDR_B" >"$tmp/ping"
}
on "a frame" small flows
split() {
	on_a ping -q -M "do" -s 1472 -c 1 -W 1 "$ADDR_B" >"$tmp/ping"
}
on "a frame in two" split flows
# What the bridge passes on has the room that the whole frame had.  What comes through
# `cable` lies in a buffer of its own, and at this size that one is full, so the half
# has no room behind it for the other.
switch() {
	local port
	for port in ca cb; do
		ip -n "$C" link set "$port" "$@" || return 1
	done
}
mtu() {
	ip -n "$A" link set "$VA" mtu "$1" && ip -n "$B" link set "$VB" mtu "$1" &&
		switch mtu "$1"
}
large=3744
cable_instead() {
	mtu "$large" && switch nomaster && lay_cable
}
quiet cable_instead || ktap_bail "no larger frames"
split_large() {
	on_a ping -q -M "do" -s $((large - 28)) -c 1 -W 1 "$ADDR_B" >"$tmp/ping"
}
on "a large frame in two" split_large flows
stop "$spawned"
bridge_again() {
	switch master br0 && mtu 1500
}
quiet bridge_again || ktap_bail "no bridge"
head -c 4000 /dev/urandom >"$tmp/sent"
# What was lost is sent again.
stream() {
	local pid
	inside "$B" timeout 30 socat -u TCP-LISTEN:4000,reuseaddr CREATE:"$tmp/received" &
	pid=$!
	wait_until 10 tcp_listens "$B" 4000 &&
		inside "$A" timeout 30 socat -u OPEN:"$tmp/sent" "TCP:$ADDR_B:4000"
	wait "$pid" && cmp -s "$tmp/sent" "$tmp/received"
}
streamed() {
	[ "$outcome" = 0 ] && flows
}
on "segments of a stream" stream streamed
datagram() {
	echo datagram | on_a socat -u - "UDP-SENDTO:$ADDR_B:4003"
}
on "a datagram whose checksum is to be made" datagram flows
tagged_link() {
	local host
	for host in "$A $VA 1" "$B $VB 2"; do
		read -r namespace device number <<<"$host"
		ip -n "$namespace" link add link "$device" name v10 type vlan id 10 &&
			ip -n "$namespace" addr add "10.10.0.$number/24" dev v10 &&
			ip -n "$namespace" link set v10 up || return 1
	done
	wait_until 5 on_a ping -q -c 1 -W 1 10.10.0.2
}
quiet tagged_link || ktap_bail "no tagged link"
tagged() {
	on_a ping -q -c 1 -W 1 10.10.0.2 >"$tmp/ping"
}
on "a tagged frame" tagged flows

# A bridge's stations are known by the frames that they send.
stations=0
station() {
	on_b frame send "$VB" "$HEX_A$(printf '0200000002%02x' "$stations")9000$(zeros 50)"
}
learns() {
	stations=$((stations + 1))
	station
}
learned() {
	rises a rx_frames station
}
quiet on_a hpkm-nl peer set dev "$VA" bridge on || ktap_bail "no bridge"
on "a frame of a bridge's" learns learned

# ---- messages ----

letters=0
message() {
	letters=$((letters + 1))
	quiet on_a hpkm-nl message send dev "$VA" "number $letters" wait
}
arrived_once() {
	[ "$(on_b hpkm-nl -j message show dev "$VB" | grep -c "\"number $letters\"")" = 1 ]
}
delivered() {
	[ "$outcome" = 0 ] || message || return 1
	arrived_once && wait_until 5 logs_agree
}
on "a message" message delivered

# ---- without a session ----

attaches() {
	on_a hpkm-nl link add "$VA" 2>"$tmp/attach" || return 1
	ping_a 1
	wait_until 20 settled
}
detaches() {
	on_a hpkm-nl link del "$VA"
}
# Its counters begin anew, so it is detached when they are read.
joined() {
	[ "$outcome" = 0 ] || attaches || return 1
	agree && detaches
}
detaches || ktap_bail "not detached"
on "a frame that waits for a session" attaches joined
attaches || ktap_bail "not attached"

# ---- state that is kept ----

ktap_ok "agents keep the state" start_agents
is_kept() {
	durable && both_settled
}
keeps() {
	quiet on_a hpkm-nl location set Oslo
	quiet policy_a record every 1000000 frames
	wait_until 10 is_kept
}
kept() {
	[ "$outcome" = 0 ] && quiet on_a hpkm-nl location set Bergen && quiet policy_a record messages-only &&
		is_kept && agree
}
on "settings that are kept" keeps kept
updates_kept() {
	updates && is_kept
}
ktap_ok "what is kept is at rest" at_rest
on "a key update that is kept" updates_kept updated

# ---- records; one that is lost stays pending ----

more_confirmed() {
	[ "$(peer_a confirmed)" -gt "$1" ]
}
record() {
	local before
	before=$(peer_a confirmed)
	quiet policy record every 1 frames
	small
	quiet policy record messages-only
	wait_until 2 more_confirmed "$before"
}
on "a frame that is a record" record flows

# ---- two peers ----

third_host() {
	quiet set_sks "$D" && on_d hpkm-nl link add "$VD" || return 1
	attached+=("$D")
	pair_add "$D" "$VD" window 20 >/dev/null 2>&1 &
	local pid=$!
	pair_add "$A" "$VA" window 20 override >/dev/null 2>&1 && wait "$pid" &&
		wait_until 20 on_a ping -q -c 1 -W 2 "$ADDR_D" >"$tmp/ping"
}
ktap_ok "a third host is paired with the first" third_host
broadcast() {
	echo 'to whom it may concern' | on_a socat -u - UDP-DATAGRAM:10.9.0.255:4002,broadcast
}
both_flow() {
	flows && on_a ping -q -c 1 -W 3 "$ADDR_D" >"$tmp/ping"
}
on "a frame for two" broadcast both_flow

ktap_ok "who listens was told of lost events" says '"lost":' "$tmp/events.a"
ktap_ok "the module's places are remembered" remember_failed
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
