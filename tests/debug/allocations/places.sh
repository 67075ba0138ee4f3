#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: none
# No place of the module that allocates was left out: after commands and paths.
# shellcheck source-path=SCRIPTDIR/../../kselftest
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/allocations.bash"

ktap_plan 3
load_module || ktap_bail "no module"

# FUNCTION and CALL of those that no test can reach, and why.
declare -A excused=(
)
all_listed() {
	[ "$(tail -n +2 "$parameters/sites" | wc -l)" = "$(head -n 1 "$parameters/sites")" ]
}
ktap_ok "all places are listed" all_listed
left_out() {
	tail -n +2 "$parameters/sites" | sort -u | comm -23 - <(sort -u "$remembered")
}
all_failed() {
	local place function call why missing=0
	while read -r place function call; do
		why=${excused[$function $call]-}
		echo "# $place $function $call has not failed: ${why:-no test reaches it}"
		[ -n "$why" ] || missing=1
	done < <(left_out)
	return "$missing"
}
ktap_ok "each has failed" all_failed
enough() {
	[ "$(sort -u "$remembered" | wc -l)" -ge 50 ]
}
ktap_ok "... and they are as many as there should be" enough
ktap_end
