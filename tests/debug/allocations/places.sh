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

# FUNCTION and CALL of those that have failed unseen, or that no test can reach.
unloaded="paths.sh fails it while the module is loaded, and it forgets that"
declare -A excused=(
	[hpkm_peers_init kmem_cache_create]=$unloaded
	[hpkm_init register_pernet_subsys]=$unloaded
	[hpkm_netlink_register genl_register_family]=$unloaded
	[hpkm_netlink_agents_register netlink_register_notifier]=$unloaded
	[hpkm_notifier_register register_netdevice_notifier]=$unloaded
	[hpkm_sleep_register register_pm_notifier]=$unloaded
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
