#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: install-deps.sh LANE...
#
# Installs the Debian packages that deps/LANE names and the machine lacks.  With
# nothing missing it needs neither network nor privilege.

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
	die "this system has no apt; the packages to install by hand are in $harness/deps"

cross_compiler() {
	case $(dpkg --print-architecture) in
	amd64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	arm64) echo gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;;
	*) die "tests run on amd64 and arm64 machines only" ;;
	esac
}

packages() {
	local lane

	for lane; do
		[ -f "$harness/deps/$lane" ] || die "no such lane: $lane"
		sed -e 's/#.*//' "$harness/deps/$lane" | xargs -n 1 echo
	done | sort -u | sed "s/^@cross$/$(cross_compiler)/"
}

installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in $(packages "$@"); do
	installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

become=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null ||
		die "neither root nor sudo; please install: ${missing[*]}"
	become=(sudo)
fi

say "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
logged "$build/log/apt-update.log" "${become[@]}" apt-get -q update
logged "$build/log/apt-install.log" "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
	apt-get -q -y --no-install-recommends install "${missing[@]}"
