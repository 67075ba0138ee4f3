# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every test begins with: reporting in KTAP, two hosts on a cable, the
# module, and waiting for conditions.

ktap_number=0
ktap_failed=0
ktap_planned=

# ktap_plan N: how many results will follow.
ktap_plan() {
	ktap_planned=$1
	echo "1..$1"
}

ktap_pass() {
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number - $1"
}

ktap_fail() {
	ktap_number=$((ktap_number + 1))
	ktap_failed=1
	echo "not ok $ktap_number - $1"
}

# ktap_skip DESCRIPTION REASON: counted and shown.
ktap_skip() {
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number - $1 # SKIP $2"
}

# ktap_bail REASON: nothing that follows could mean anything.
ktap_bail() {
	echo "Bail out! $1"
	exit 1
}

# What a command printed is shown where it explains a failure.
ktap_explain() {
	sed -e 's/^\(# *\)\{0,1\}/# /' "$ktap_output" | tail -n 30
}

# ktap_run COMMAND...: sets ktap_status.
ktap_run() {
	ktap_output=/tmp/ktap.$$
	"$@" >"$ktap_output" 2>&1
	ktap_status=$?
}

# ktap_ok DESCRIPTION COMMAND...: passes when COMMAND succeeds.
ktap_ok() {
	local description=$1
	shift

	ktap_run "$@"
	if [ "$ktap_status" = 0 ]; then
		ktap_pass "$description"
	else
		ktap_explain
		echo "# status $ktap_status: $*"
		ktap_fail "$description"
	fi
}

# ktap_not_ok DESCRIPTION COMMAND...: passes when COMMAND fails by itself; one
# that is not there, cannot be run or is killed proves nothing.
ktap_not_ok() {
	local description=$1
	shift

	ktap_run "$@"
	if [ "$ktap_status" -ge 1 ] && [ "$ktap_status" -le 125 ]; then
		ktap_pass "$description"
	else
		ktap_explain
		echo "# status $ktap_status, a failure was due: $*"
		ktap_fail "$description"
	fi
}

# ktap_end: the exit status of the test.
ktap_end() {
	if [ "$ktap_planned" != "$ktap_number" ]; then
		echo "# planned ${ktap_planned:-nothing}, ran $ktap_number"
		exit 1
	fi
	exit $ktap_failed
}

# wait_until SECONDS COMMAND...: repeats COMMAND until it succeeds, or fails.
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift

	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# load_module [PARAMETER=VALUE...]: unless it is loaded.
load_module() {
	grep -q '^hpkm ' /proc/modules && return 0
	modprobe -a libchacha20poly1305 libcurve25519 &&
		insmod /hpkm/hpkm.ko "$@" || ktap_bail "hpkm.ko cannot be loaded"
}

unload_module() {
	rmmod hpkm
}

on_a() {
	ip netns exec "$A" "$@"
}

on_b() {
	ip netns exec "$B" "$@"
}

# two_hosts: namespaces $A and $B, each with one end ($VA, $VB) of a veth pair
# and nothing else but lo.  They go when the test ends.
two_hosts() {
	A=hpkm-a B=hpkm-b VA=va VB=vb
	trap remove_two_hosts EXIT
	ip netns add $A && ip netns add $B &&
		ip -n $A link add $VA type veth peer name $VB netns $B &&
		ip -n $A link set lo up && ip -n $B link set lo up &&
		ip -n $A link set $VA up && ip -n $B link set $VB up ||
		ktap_bail "no two hosts"
}

remove_two_hosts() {
	ip netns del $A
	ip netns del $B
}
