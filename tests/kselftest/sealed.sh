#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305 chacha20poly1305-x25519
# What encryption in earnest gives: nothing on the wire comes twice, and nothing
# that was changed is taken.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 15
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
watch_events "$B" "$tmp/events.b"
ktap_ok "two hosts are paired and have a session" paired_hosts

# The same octets over and over, in sessions under the same three elements.
monotony() {
	for _ in 1 2 3 4; do
		new_session && on_a ping -q -p 5a -s 400 -c 2 -i 0.2 -W 3 "$ADDR_B" >"$tmp/ping" &&
			ping_clean || return 1
	done
}
ktap_ok "five sessions, in which always the same is said" monotony
# Pieces of 16 octets behind the header, of frames that were not just sent again.
pieces() {
	frames_of 0 '.>.' '[CAD][^ ]*' | cut -c61- | sort -u | fold -w 32 | grep -x '.\{32\}'
}
nothing_twice() {
	[ "$(pieces | wc -l)" -ge 500 ] && ! pieces | sort | uniq -d | sed 's/^/# /' | grep .
}
ktap_ok "... and no 16 octets of C1 to ACK or of DATA come twice" nothing_twice

not_taken() {
	rises_by_tampering rx_auth "$@" && says '100% packet loss' "$tmp/ping"
}
ktap_ok "DATA with another counter is not taken" not_taken at 9 01
ktap_ok "DATA with another kind is not taken" not_taken at 16 01
ktap_ok "DATA with another text is not taken" not_taken at 70 01
ktap_ok "DATA with another tag is not taken" not_taken at $(($(data_len 84) - 1)) 80
ktap_ok "event auth-failed" wait_until 3 happened "$tmp/events.b" auth-failed \
	".peer == \"$(peer_b id)\""

# The last octet of what counts belongs to the tag.
for type in C1 C2 C3 C4 C5 ACK; do
	receiver=b
	[[ $type = C[135] ]] || receiver=a
	goes_on() {
		local mark
		mark=$(cable_now)
		cable_do clear && cable_do xor any "$type" at $((octets_of[$type] - 1)) 01 count 1 &&
			rises "$receiver" handshake_refused new_session && cable_do clear &&
			[ "$(attempts "$mark" | wc -l)" = 1 ] && ping_a && ping_clean
	}
	ktap_ok "a changed $type is not taken, and the exchange goes on" goes_on
done
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
