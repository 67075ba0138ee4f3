#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: none
# The runner: on which suites it runs a file, and that it runs none by mistake.
. "$(dirname "$0")/lib.sh"

ktap_plan 15
folder=$(mktemp -d /tmp/kselftest.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")"/{runner.sh,suites.bash,settings} "$folder"

# file NAME [LINE]: a test that says where it runs
file() {
	cat >"$folder/$1.sh" <<-END
		#!/bin/bash
		# SPDX-License-Identifier: GPL-2.0
		${2-}
		# A test of one result.
		echo 1..1
		echo "ok 1 - on \$HPKM_SUITE"
	END
}
file every '# suites: all'
file some '# suites: xor chacha20poly1305-x25519'
file apart '# suites: none'
file long '# suites: default'
file silent
file empty '# suites:'
file unknown '# suites: xor rot13'
file more '# suites: none xor'
file late
echo '# suites: all' >>"$folder/late.sh"

# gives STATUS RESULTS FILE[:SUITE]...: of each run its result, and in [] what it
# ran on, if it ran at all
gives() {
	local expected=$1 results=$2 status said
	shift 2

	bash "$folder/runner.sh" "$@" >"$folder/said"
	status=$?
	said=$(sed -n 's/^    ok 1 - on \(.*\)/[\1]/p; s/^\(not \)\{0,1\}ok [0-9]* - .*/&;/p' \
		"$folder/said" | tr '\n' ' ')
	[ "$status" = "$expected" ] && [ "$said" = "$results " ] &&
		[ "$(grep -c '^    # Subtest: ' "$folder/said")" = "$(sed -n 's/^1\.\.//p' "$folder/said")" ] &&
		return
	cat "$folder/said"
	echo "# status $status, summed up: $said"
	return 1
}
explains() {
	grep -q "^    # .*$1" "$folder/said"
}

ktap_ok "all: one run on each suite" gives 0 \
	"[xor] ok 1 - every (xor); [chacha20poly1305] ok 2 - every (chacha20poly1305);\
 [chacha20poly1305-x25519] ok 3 - every (chacha20poly1305-x25519);" every.sh
ktap_ok "all, and one asked for: that one" gives 0 \
	"[chacha20poly1305] ok 1 - every (chacha20poly1305);" every.sh:chacha20poly1305
ktap_ok "names: on these" gives 0 \
	"[xor] ok 1 - some (xor); [chacha20poly1305-x25519] ok 2 - some (chacha20poly1305-x25519);" some.sh
ktap_ok "none: once, with no suite to use by mistake" gives 0 "[none] ok 1 - apart;" apart.sh
ktap_ok "default: once, on that suite" gives 0 \
	"[chacha20poly1305-x25519] ok 1 - long (chacha20poly1305-x25519);" long.sh
ktap_ok "default, and another asked for: that one" gives 0 "[xor] ok 1 - long (xor);" long.sh:xor
left_out() {
	LEFT_OUT=1 gives 0 "[xor] ok 1 - long (xor); [chacha20poly1305] ok 2 - long (chacha20poly1305);" \
		every.sh some.sh apart.sh long.sh
}
ktap_ok "what default leaves out, and nothing else" left_out
ktap_ok "no line: a failure" gives 1 "not ok 1 - silent;" silent.sh
ktap_ok "... that says why" explains "silent.sh has no line '# suites: '"
ktap_ok "a line that comes late, or names nothing: failures" gives 1 \
	"not ok 1 - late; not ok 2 - empty;" late.sh empty.sh
ktap_ok "an unknown suite, or none and another: failures" gives 1 \
	"not ok 1 - unknown; not ok 2 - more;" unknown.sh more.sh
ktap_ok "asked for a suite that the file does not run on: failures" gives 1 \
	"not ok 1 - some; not ok 2 - apart; not ok 3 - every;" \
	some.sh:chacha20poly1305 apart.sh:xor every.sh:rot13
ktap_ok "... that say why" explains "some.sh does not run on suite chacha20poly1305"
ktap_ok "the others are run all the same" gives 1 \
	"not ok 1 - silent; [none] ok 2 - apart;" silent.sh apart.sh
fails() {
	echo 'exit 3' >>"$folder/apart.sh"
	gives 1 "[none] not ok 1 - apart; [xor] ok 2 - every (xor);" apart.sh every.sh:xor
}
ktap_ok "one that ends with another status than 0 is a failure" fails
ktap_end
