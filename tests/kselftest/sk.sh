#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The SK: where it comes from, what is refused, and that it never comes out.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

ktap_plan 21
mark_kernel_log
load_module || ktap_bail "no module"
two_ends || ktap_bail "no hosts"
KEY=cc25ee5db412301f31903d42d8cd4deecdb5959492b7e7d6fd14dd33a663c76e
fingerprint() {
	ask_a 'map(select(.suite=="xor"))[0].fingerprint' sk
}

on_a hpkm-nl link add "$VA"
watch_events "$A" "$tmp/events"
ktap_ok "with no SK, nothing is listed" [ "$(ask_a length sk)" = 0 ]
ktap_ok "... and pairing is refused and says so" refused 1 SK \
	on_a hpkm-nl pair add "$VA" suite xor window 5

ktap_ok "an SK is read from a file" set_sk "$A"
first=$(fingerprint)
has_fingerprint() {
	grep -qxE '[0-9a-f]{16}' <<<"$first" && ! grep -q "$first" <<<"$KEY"
}
ktap_ok "its fingerprint is listed and is no part of it" has_fingerprint

from_fd() {
	printf '%s\n' "$PASSPHRASE" >"$tmp/with-newline"
	on_b hpkm-nl sk set suite xor fd 7 7<"$tmp/with-newline" &&
		same "$first" "$(ask_b '.[0].fingerprint' sk)"
}
ktap_ok "the same passphrase from a descriptor, with a newline, is the same SK" from_fd
other_one() {
	set_sk "$A" 'another one' && differ "$first" "$(fingerprint)"
}
ktap_ok "another passphrase replaces it and has another fingerprint" other_one

prompted() {
	inside "$A" typist 'hpkm-nl sk set suite xor' \
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
	grep -aq Passphrase "$tmp/tty" && ! grep -aq "$PASSPHRASE" "$tmp/tty"
}
ktap_ok "... and is not shown" unseen

set_sk_loud() {
	printf '%s' "$1" >"$tmp/loud"
	on_a hpkm-nl sk set suite xor file "$tmp/loud"
}
ktap_ok "an empty passphrase is refused" refused 2 empty set_sk_loud ''
long=$(printf '%01025d' 0)
ktap_ok "one of 1,025 octets is refused" refused 2 longer set_sk_loud "$long"
with_nul() {
	printf 'a\0b' | refused 2 NUL on_a hpkm-nl sk set suite xor fd 0
}
ktap_ok "one with a NUL in it is refused" with_nul
not_utf8() {
	printf 'a\377b' | refused 2 UTF-8 on_a hpkm-nl sk set suite xor fd 0
}
ktap_ok "one that is not UTF-8 is refused" not_utf8
ktap_ok "a passphrase is never an argument" refused 2 "unknown keyword" \
	on_a hpkm-nl sk set suite xor "$PASSPHRASE"
other_suite() {
	printf '%s' "$PASSPHRASE" | refused 1 . on_a hpkm-nl sk set suite chacha20poly1305 fd 0
}
ktap_ok "the SK of suite xor is refused for another suite" other_suite
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
	on_a hpkm-nl sk del suite xor && [ "$(ask_a length sk)" = 0 ] &&
		[ "$(ask_b length sk)" = 1 ]
}
ktap_ok "an SK is forgotten on request, in this namespace only" forgotten
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
