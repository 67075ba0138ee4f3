# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the harness scripts share.  Sourced, never run.

set -euo pipefail

harness=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$harness/../.." && pwd)
build=${HPKM_BUILD:-$root/build}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hpkm
series=6.1	# of the stock kernel that everything is tested on
jobs=${JOBS:-$(nproc)}
export harness root build cache jobs series
mkdir -p "$build/log" "$cache"

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# say TEXT: what takes long is announced, on stderr, so that stdout is results.
say() {
	echo "hpkm: $*" >&2
}

# logged LOG COMMAND...: quiet unless it fails, and then the end of the log.
logged() {
	local log=$1
	shift

	mkdir -p "$(dirname "$log")"
	if "$@" >"$log" 2>&1 </dev/null; then
		return 0
	fi
	tail -n "${LOG_TAIL:-40}" "$log" >&2
	die "failed: $* (whole log: $log)"
}

# hash_of FILE-OR-TEXT...: files by content, anything else by itself.
hash_of() {
	local item

	for item in "$@"; do
		if [ -f "$item" ]; then
			cat "$item"
		else
			printf '%s\n' "$item"
		fi
	done | sha256sum | cut -c1-16
}

# make_once DIR COMMAND ARGS...: runs COMMAND ARGS... TEMP once; TEMP becomes DIR
# only when COMMAND succeeded, so an interrupted build leaves nothing that looks
# complete.  One at a time per DIR.  COMMAND has to be a program: `set -e` does
# not hold in a function whose status is looked at.
make_once() {
	local dir=$1
	shift

	[ -d "$dir" ] && return 0
	mkdir -p "$(dirname "$dir")" || return 1
	(
		# Whoever waits does so with a deadline.
		flock -w "${LOCK_TIMEOUT:-3000}" 9 || exit 1
		[ -d "$dir" ] && exit 0
		rm -rf "$dir.tmp"
		mkdir "$dir.tmp" && "$@" "$dir.tmp" 9>&- &&
			mv -T "$dir.tmp" "$dir" && exit 0
		rm -rf "$dir.tmp"
		exit 1
	) 9>"$dir.lock" || {
		echo "making $dir failed, or another build held its lock too long" >&2
		return 1
	}
}

# copy_sources DIR: all that kbuild needs of the module.  Each kernel builds in
# a copy of its own, so the tree stays clean.
copy_sources() {
	local dir=$1 file

	[ -f "$root/Kbuild" ] || die "there is no Kbuild in the top folder"
	mkdir -p "$dir"
	(cd "$root" && rsync -rlcR --include='*/' --include='*.[ch]' --include='*.txt' --exclude='*' \
		kernel include tests/kunit tests/vectors "$dir/")
	# A source that is gone must not be built any more.
	(cd "$dir" && find kernel include tests -name '*.[ch]' ! -name '*.mod.c') |
		while read -r file; do
			[ -e "$root/$file" ] || rm "$dir/$file"
		done
	cp "$root/Kbuild" "$dir/Kbuild"
}

# compiler GUEST: sets what tools for its architecture are called: cross, triplet,
# kernel_arch.  User mode Linux is a guest of the machine's own.
# shellcheck disable=SC2034 # by those who call it
compiler() {
	local arch=${1%%-*} machine

	machine=$(dpkg --print-architecture)
	[ "$arch" != uml ] || arch=$machine
	case $arch in
	amd64) triplet=x86_64-linux-gnu kernel_arch=x86_64 ;;
	arm64) triplet=aarch64-linux-gnu kernel_arch=arm64 ;;
	armhf) triplet=arm-linux-gnueabihf kernel_arch=arm ;;
	s390x) triplet=s390x-linux-gnu kernel_arch=s390 ;;
	*) die "no such architecture: $arch" ;;
	esac
	cross=$triplet-
	[ "$arch" != "$machine" ] || cross=
	[ "${1%%-*}" != uml ] || kernel_arch=um
	command -v "${cross}gcc" >/dev/null || die "${cross}gcc is missing: make deps installs it"
}

# use_libraries IMAGE: after compiler; programs are linked with what that image of
# a guest has, and sets libraries to where that is.
use_libraries() {
	libraries=$1/sysroot/usr/lib/$triplet
	export PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$1/sysroot
}
