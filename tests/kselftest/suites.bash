# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What tests know of the suites: their names, and what differs between them on
# the wire (protocol sections 5, 6 and 8).  The numbers stand here once more and
# on purpose: taken from the module, nobody would notice when they change.

# By the octet of the header that says which suite it is.
suites=(xor chacha20poly1305 chacha20poly1305-x25519)
suite_default=${suites[2]}

# When run by hand; the runner says which one.
HPKM_SUITE=${HPKM_SUITE:-$suite_default}
export HPKM_SUITE

# Octets of a handshake frame, of what a DATA frame costs, and of U1 to U3.
declare -A octets_of
case $HPKM_SUITE in
xor)
	octets_of=([C1]=48 [C2]=48 [C3]=48 [C4]=48 [C5]=48 [ACK]=16
		[DATA]=20 [U1]=79 [U2]=37 [U3]=5)
	;;
chacha20poly1305 | chacha20poly1305-x25519)
	octets_of=([C1]=112 [C2]=96 [C3]=64 [C4]=64 [C5]=64 [ACK]=40
		[DATA]=36 [U1]=120 [U2]=101 [U3]=37)
	;;
esac

# suite_octet [SUITE]: as it stands in the header, in hex.
suite_octet() {
	local id

	for id in "${!suites[@]}"; do
		[ "${suites[id]}" != "${1-$HPKM_SUITE}" ] || printf %02x "$id"
	done
}

# padded OCTETS: of a frame behind the Ethernet header, which has 46 at least.
padded() {
	echo $(($1 < 46 ? 46 : $1))
}

# handshake_len C1|...|ACK: behind the Ethernet header.
handshake_len() {
	padded "${octets_of[$1]:?}"
}

# data_len OCTETS: the DATA frame that carries so many behind kind, flags and
# proto.
data_len() {
	padded $((${octets_of[DATA]:?} + $1))
}

# update_len U1|U2|U3: the DATA frame that carries it and nothing else.
update_len() {
	data_len "${octets_of[$1]:?}"
}

is_xor() {
	[ "$HPKM_SUITE" = xor ]
}

# another_suite: a secure one that this test does not run on.
another_suite() {
	[ "$HPKM_SUITE" != "$suite_default" ] && echo "$suite_default" || echo "${suites[1]}"
}
