#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: xor
# What only the paper's own suite shows on the wire, and what only frames that
# anybody can change can try.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 6
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts

# Whoever began: of the two, A need not be the first.
tagged() {
	local kid
	kid=$(peer_b kid)
	[ "$(frames_of 0 '.>.' C1 | cut -c53-60 | sort -u)" = "${kid:0:8}" ]
}
ktap_ok "C1 says under which epoch it is" tagged

# Known plaintext and no integrity: the inner header can be changed in flight.
ktap_ok "an unknown kind inside: malformed" rises_by_tampering rx_malformed at 16 ff
ktap_ok "unknown flags inside: malformed" rises_by_tampering rx_malformed at 17 80
ktap_ok "EtherType 0x88B5 inside" rises_by_tampering rx_inner_proto at 18 80b5
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
