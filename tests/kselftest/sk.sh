#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: xor chacha20poly1305-x25519
# The SK: where it comes from, what is refused, and that it never comes out.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 23
mark_kernel_log
load_module || ktap_bail "no module"
two_ends || ktap_bail "no hosts"
fingerprint() {
	ask_a "map(select(.suite==\"$HPKM_SUITE\"))[0].fingerprint" sk
}

on_a hpkm-nl link add "$VA"
watch_events "$A" "$tmp/events"
ktap_ok "with no SK, nothing is listed" [ "$(count_a sk)" = 0 ]
ktap_ok "... and pairing is refused and says so" refused 1 SK \
	pair_add "$A" "$VA" window 5

# from_file PASSPHRASE
from_file() {
	printf '%s' "$1" >"$tmp/sk"
	on_a hpkm-nl sk set suite "$HPKM_SUITE" file "$tmp/sk"
}
ktap_ok "an SK is read from a file" from_file "$PASSPHRASE"
first=$(fingerprint)
stretched() {
	set_sk "$A" && same "$first" "$(fingerprint)"
}
ktap_ok "it is what protocol section 4 has it stretched to" stretched
has_fingerprint() {
	grep -qxE '[0-9a-f]{16}' <<<"$first" && ! grep -q "$first" <<<"$KEY"
}
ktap_ok "its fingerprint is listed and is no part of it" has_fingerprint

from_fd() {
	printf '%s\n' "$PASSPHRASE" >"$tmp/with-newline"
	on_b hpkm-nl sk set suite "$HPKM_SUITE" fd 7 7<"$tmp/with-newline" &&
		same "$first" "$(ask_b '.[0].fingerprint' sk)"
}
ktap_ok "the same passphrase from a descriptor, with a newline, is the same SK" from_fd
other_one() {
	from_file 'another one' && differ "$first" "$(fingerprint)"
}
ktap_ok "another passphrase replaces it and has another fingerprint" other_one

prompted() {
	inside "$A" typist "hpkm-nl sk set suite $HPKM_SUITE" \
		'Passphrase: ' "$1" 'again: ' "$2" 2>&1 | tee "$tmp/tty"
	return "${PIPESTATUS[0]}"
}
prompt_differs() {
	prompted 'other words' 'not these'
	[ $? = 2 ] && says differ "$tmp/tty"
}
before=$(fingerprint)
ktap_ok "two different answers at the prompt are refused" prompt_differs
ktap_ok "... and change nothing" same "$before" "$(fingerprint)"
ktap_ok "the prompt takes the passphrase twice" prompted "$PASSPHRASE" "$PASSPHRASE"
ktap_ok "... which is the same SK as that from a file" same "$first" "$(fingerprint)"
unseen() {
	holds "$tmp/tty" Passphrase && ! holds "$tmp/tty" "$PASSPHRASE"
}
ktap_ok "... and is not shown" unseen

ktap_ok "an empty passphrase is refused" refused 2 empty from_file ''
long=$(printf '%01025d' 0)
ktap_ok "one of 1,025 octets is refused" refused 2 longer from_file "$long"
with_nul() {
	printf 'a\0b' | refused 2 NUL on_a hpkm-nl sk set suite "$HPKM_SUITE" fd 0
}
ktap_ok "one with a NUL in it is refused" with_nul
not_utf8() {
	printf 'a\377b' | refused 2 UTF-8 on_a hpkm-nl sk set suite "$HPKM_SUITE" fd 0
}
ktap_ok "one that is not UTF-8 is refused" not_utf8
ktap_ok "a passphrase is never an argument" refused 2 "unknown keyword" \
	on_a hpkm-nl sk set suite "$HPKM_SUITE" "$PASSPHRASE"
# Suite xor gives its SK away.
across() {
	local across=xor
	! is_xor || across=$suite_default
	printf '%s' "$PASSPHRASE" |
		refused 1 'serves another suite' on_a hpkm-nl sk set suite "$across" fd 0
}
ktap_ok "an SK serves suite xor or others, not both" across
ktap_ok "none of these changed it" same "$first" "$(fingerprint)"

never_out() {
	{
		on_a hpkm-nl -j sk show
		on_a hpkm-nl sk show
		on_a hpkm-nl -j show
		on_a hpkm-nl show
		cat "$tmp/events"
		kernel_log
	} >"$tmp/all" 2>&1
	[ -n "$first" ] && grep -q "$first" "$tmp/all" && ! grep -qi -e "$KEY" -e "$PASSPHRASE" "$tmp/all"
}
ktap_ok "no listing, event or log line has the key" never_out
forgotten() {
	on_a hpkm-nl sk del suite "$HPKM_SUITE" && [ "$(count_a sk)" = 0 ] &&
		[ "$(count_b sk)" = 1 ]
}
ktap_ok "an SK is forgotten on request, in this namespace only" forgotten
by_default() {
	printf '%s' "$PASSPHRASE" | on_a hpkm-nl sk set fd 0 2>"$tmp/default.err" &&
		[ "$(ask_a 'map(.suite)|join(" ")' sk)" = "$suite_default" ] && [ ! -s "$tmp/default.err" ]
}
ktap_ok "when no suite is named, it is that of $suite_default" by_default
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
