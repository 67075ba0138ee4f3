#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: runner.sh FILE...
#
# Runs tests inside a guest, each in a process of its own, and prints KTAP with
# one group per file.  A file has to keep its plan, end with status 0, and leave
# neither the module nor a namespace behind.

cd "$(dirname "$0")" || exit 1
. ./settings

module_gone() {
	! grep -q '^hpkm ' /proc/modules || rmmod hpkm
}

leftovers() {
	local found=0

	if ! module_gone; then
		echo "    # hpkm cannot be unloaded: $(grep '^hpkm ' /proc/modules)"
		found=1
	fi
	if [ -n "$(ip netns list)" ]; then
		echo "    # namespaces left behind: $(ip netns list | xargs)"
		ip -all netns del
		found=1
	fi
	return $found
}

run_file() {
	local file=$1 status=0

	echo "hpkm test: $file" >/dev/kmsg
	echo "    # Subtest: ${file%.sh}"
	timeout --kill-after=10 "$timeout" bash "./$file" </dev/null 2>&1 | sed -u 's/^/    /'
	status=${PIPESTATUS[0]}
	if [ "$status" != 0 ]; then
		echo "    # $file ended with status $status (124: took over $timeout s)"
	fi
	leftovers || status=1
	return "$status"
}

number=0
failed=0
echo "KTAP version 1"
echo "1..$#"
echo "hpkm test: begin" >/dev/kmsg
for file; do
	number=$((number + 1))
	if run_file "$file"; then
		echo "ok $number - ${file%.sh}"
	else
		echo "not ok $number - ${file%.sh}"
		failed=1
	fi
done
echo "hpkm test: end" >/dev/kmsg
exit $failed
