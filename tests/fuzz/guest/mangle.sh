#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: xor chacha20poly1305-x25519
# Frames that are almost those of a live pair, both ways, and as fast as they can
# be sent.  MANGLE_FRAMES says how many; MANGLE_SEED repeats a run.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/fuzz.bash"

FRAMES=${MANGLE_FRAMES:-20000}
SEED=${MANGLE_SEED:-$(any_seed)}

ktap_plan "$(is_xor && echo 12 || echo 14)"
echo "# MANGLE_SEED=$SEED"
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

# ---- frames to begin with ----

# All types of frames, and DATA with all that can be in it.
all_kinds() {
	history 20 && update_a && wait_until 20 converged 1 && new_session a && new_session b &&
		on_a ping -q -c 2 -M "do" -s 1472 "$ADDR_B" >"$tmp/ping" &&
		on_b ping -q -c 2 -M "do" -s 1472 "$ADDR_A" >"$tmp/ping" &&
		on_a hpkm-nl message send dev "$VA" 'to B' wait &&
		on_b hpkm-nl message send dev "$VB" 'to A' wait && logs_agree
}
ktap_ok "they send whatever there is to send" all_kinds
each_type() {
	local type missing=

	for type in C1 C2 C3 C4 C5 ACK DATA P1 P2 P3 P4 P5 P6; do
		[ "$(frames 0 '.>.' "$type")" -gt 0 ] || missing+=" $type"
	done
	[ -z "$missing" ] && return 0
	echo "no frames of type$missing"
	return 1
}
ktap_ok "... frames of each type" each_type
cable_since 0 | grep '^[0-9]* a>b ' >"$tmp/from.a"
cable_since 0 | grep '^[0-9]* b>a ' >"$tmp/from.b"
cable_forget

# ---- too short ----

# Counted by either.
too_short() {
	local a b

	a=$(counter_a rx_malformed) b=$(counter_b rx_malformed)
	on_c mangle ca cb short "$((16#$(suite_octet)))" "$tmp/from.a" "$tmp/from.b" >"$tmp/short" ||
		return 1
	cat "$tmp/short"
	wait_until 5 has_risen a rx_malformed $((a + $(count_of "$tmp/short" a) - 1)) &&
		wait_until 5 has_risen b rx_malformed $((b + $(count_of "$tmp/short" b) - 1)) &&
		echo "$(counter_a rx_malformed) $(counter_b rx_malformed)" &&
		[ $(($(counter_a rx_malformed) - a)) = "$(count_of "$tmp/short" a)" ] &&
		[ $(($(counter_b rx_malformed) - b)) = "$(count_of "$tmp/short" b)" ]
}
ktap_ok "each type in each length that is too short: counted as malformed, all of them" too_short

# ---- mangled ----

both_states() {
	state_of "$A" "$VA" && state_of "$B" "$VB"
}
both_states >"$tmp/before"
memory_begins || ktap_bail "memory cannot be counted"

# All that was refused by either.
refused_by_both() {
	local line sum=0

	while read -r line; do
		[[ $line =~ ^\"(rx_(unprotected|malformed|version|suite|no_session|replay|auth|expired|rate|address|fragment|duplicate|inner_proto)|(handshake|pairing|update)_refused)\":\ ([0-9]+) ]] &&
			sum=$((sum + BASH_REMATCH[4]))
	done < <(
		on_a hpkm-nl -j link show
		on_b hpkm-nl -j link show
	)
	echo "$sum"
}
# One that has just begun ignores it.
end_pings() {
	while kill -INT "$1" 2>/dev/null; do
		sleep 0.1
	done
	wait "$1"
}
# mangled COUNT: so many frames, while they talk.
mangled() {
	local pings status

	spawn_in "$A" ping -q -i 0.1 -W 3 "$ADDR_B" >"$tmp/ping"
	pings=$spawned
	on_c mangle ca cb "$1" "$SEED" "$tmp/from.a" "$tmp/from.b" >"$tmp/mangled" 2>&1
	status=$?
	end_pings "$pings"
	cat "$tmp/mangled" "$tmp/ping"
	cable_forget
	return "$status"
}
say_mangled() {
	grep -hE ' frames in|transmitted' "$tmp/mangled" "$tmp/ping" | sed 's/^/# /'
}
# Mangled C2 and C3 of the peer's may have bound its address to another, for as
# long as nobody calls.  Suite xor can lose everything here, bits flip unseen: it
# has to recover, and no more.
anew() {
	quiet on_a hpkm-nl peer del dev "$VA"
	quiet on_b hpkm-nl peer del dev "$VB"
	pair && policy record messages-only
}
talking() {
	session_up && ping_a 3
}
recovered() {
	wait_until 60 talking && return 0
	is_xor && echo "# paired anew" && anew && talking
}
unchanged() {
	both_states >"$tmp/after" && diff "$tmp/before" "$tmp/after"
}

refused_before=$(refused_by_both)
# B looks for its peer, which does not: so P frames are looked at, and none is good.
spawn_in "$B" hpkm-nl pair add "$VB" suite "$HPKM_SUITE" window 3600 >"$tmp/pair.b" 2>&1
pairing=$spawned
window_is_open() {
	[ "$(ask_b '.[0].contexts' pair)" != null ]
}
ktap_ok "one of them opens a window to pair in" wait_until 5 window_is_open
ktap_ok "$((FRAMES / 4)) mangled frames to both while it is open" mangled $((FRAMES / 4))
say_mangled
ktap_ok "... do not end it, and pair with nobody" window_is_open
on_b hpkm-nl pair del "$VB"
wait "$pairing"
ktap_ok "$((FRAMES - FRAMES / 4)) mangled frames to both when it is closed" mangled $((FRAMES - FRAMES / 4))
say_mangled
most_got_through() {
	local received sent

	read -r sent _ _ received _ <<<"$(grep transmitted "$tmp/ping")"
	[ "$received" -ge $((sent * 3 / 4)) ]
}
is_xor || ktap_ok "... most pings get through in the meantime" most_got_through
ktap_ok "... the session is there, or another" recovered
is_xor || ktap_ok "... with the same peer, log, SK and policy" unchanged
# Not all have an EtherType or an address that makes them hpkm's.
refused=$(($(refused_by_both) - refused_before))
echo "# $refused refused"
most_were_refused() {
	[ "$refused" -ge $((FRAMES * 8 / 10)) ]
}
ktap_ok "... what was wrong was refused, and counted" most_were_refused
ktap_ok "what that took is given back" memory_given_back
# shellcheck disable=SC2154 # fuzz.bash sets it
echo "# $in_use"
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
