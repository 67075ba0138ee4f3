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

# compiler ARCH: sets what tools for it are called: cross, triplet, kernel_arch.
# shellcheck disable=SC2034 # by those who call it
compiler() {
	case $1 in
	amd64) triplet=x86_64-linux-gnu kernel_arch=x86_64 ;;
	arm64) triplet=aarch64-linux-gnu kernel_arch=arm64 ;;
	*) die "no such architecture: $1" ;;
	esac
	cross=$triplet-
	[ "$1" != "$(dpkg --print-architecture)" ] || cross=
	command -v "${cross}gcc" >/dev/null || die "${cross}gcc is missing: make deps installs it"
}
