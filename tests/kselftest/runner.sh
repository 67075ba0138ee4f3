#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: runner.sh FILE[:SUITE]...
#
# Runs tests inside a guest, each in a process of its own, and prints KTAP with
# one group per run.  A file says in its first lines which suites it runs on,
#	# suites: all			one run on each
#	# suites: default		one run on the default suite; with LEFT_OUT=1 it is
#					one on each of the others, and no other file runs
#	# suites: NAME...		on these
#	# suites: none			one run, in which none may matter
# and SUITE picks one of them.  The run finds it in HPKM_SUITE.  A file that
# does not say, or a suite that it does not run on, is a failure.  A file has to
# keep its plan, end with status 0, and leave neither the module nor a namespace
# behind.

cd "$(dirname "$0")" || exit 1
. ./settings
. ./suites.bash

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

# What is going to run; where one cannot, its suite is empty and why says so.
names=() files=() run_suites=() whys=()

# plan_run FILE SUITE [WHY]
plan_run() {
	names+=("${1%.sh}$([ "${2:-none}" = none ] || echo " ($2)")")
	files+=("$1")
	run_suites+=("$2")
	whys+=("${3-}")
}

is_suite() {
	local known

	for known in "${suites[@]}"; do
		[ "$1" != "$known" ] || return 0
	done
	return 1
}

# read_suites FILE: those that its line names are in $said; none if it is wrong.
# $by_default is what of them runs unasked.
read_suites() {
	local words name

	said=() by_default=
	read -ra words <<<"$(head -n 5 "$1" | sed -n 's/^# suites: *//p')"
	case ${words[*]} in
	all) said=("${suites[@]}") ;;
	default)
		said=("${suites[@]}")
		by_default=$suite_default
		;;
	none) said=(none) ;;
	*)
		for name in "${words[@]}"; do
			is_suite "$name" || return
		done
		said=("${words[@]}")
		;;
	esac
}

# is_wanted SUITE WANTED
is_wanted() {
	if [ -n "$2" ]; then
		[ "$1" = "$2" ]
	elif [ -n "${LEFT_OUT-}" ]; then
		[ "${by_default:-$1}" != "$1" ]
	else
		[ "${by_default:-$1}" = "$1" ]
	fi
}

# plan_file FILE[:SUITE]
plan_file() {
	local file=${1%%:*} wanted=${1#"${1%%:*}"} suite before=${#names[@]}

	wanted=${wanted#:}
	read_suites "$file"
	if [ ${#said[@]} = 0 ]; then
		plan_run "$file" '' "$file has no line '# suites: ' with all, none or names of suites"
		return
	fi
	for suite in "${said[@]}"; do
		! is_wanted "$suite" "$wanted" || plan_run "$file" "$suite"
	done
	if [ -n "$wanted" ] && [ ${#names[@]} = "$before" ]; then
		plan_run "$file" '' "$file does not run on suite $wanted"
	fi
}

run_file() {
	local file=$1 suite=$2 status=0 begin=$SECONDS

	HPKM_SUITE=$suite timeout --kill-after=10 "$timeout" bash "./$file" </dev/null 2>&1 |
		sed -u 's/^/    /'
	status=${PIPESTATUS[0]}
	if [ "$status" != 0 ]; then
		echo "    # $file ended with status $status (124: took over $timeout s)"
	fi
	leftovers || status=1
	echo "    # took $((SECONDS - begin)) s"
	return "$status"
}

run() {
	echo "hpkm test: ${names[$1]}" >/dev/kmsg
	echo "    # Subtest: ${names[$1]}"
	if [ -n "${whys[$1]}" ]; then
		echo "    # ${whys[$1]}"
		return 1
	fi
	run_file "${files[$1]}" "${run_suites[$1]}"
}

for argument; do
	plan_file "$argument"
done
failed=0
echo "KTAP version 1"
echo "1..${#names[@]}"
echo "hpkm test: begin" >/dev/kmsg
for number in "${!names[@]}"; do
	if run "$number"; then
		echo "ok $((number + 1)) - ${names[number]}"
	else
		echo "not ok $((number + 1)) - ${names[number]}"
		failed=1
	fi
done
echo "hpkm test: end" >/dev/kmsg
exit $failed
