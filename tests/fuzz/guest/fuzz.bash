# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What both tests need after hosts.bash: a seed, all that must not change, and
# whether the kernel has given back what it took.

any_seed() {
	printf '0x%08x%08x' "$SRANDOM" "$SRANDOM"
}

# state_of NAMESPACE DEVICE: what a host has been told and has come to know, without
# what goes on by itself.
state_of() {
	local object

	for object in device sk location link peer policy log message; do
		echo "$object"
		case $object in
		log | message) inside "$1" hpkm-nl -j "$object" show dev "$2" ;;
		*) inside "$1" hpkm-nl -j "$object" show ;;
		esac | jq 'map(del(.counters, .last_received, .sessions, .state, .half_open))'
		[ "${PIPESTATUS[*]}" = '0 0' ] || return 1
	done
}

slabs=/sys/kernel/slab
# Objects in use.  Free ones are in lists of each CPU's, and sanitizers keep them
# for a while, until the cache is told to shrink.
buffers_in_use() {
	local count

	echo 1 >$slabs/skbuff_head_cache/shrink && read -r count _ <$slabs/skbuff_head_cache/objects &&
		echo "$count"
}

# What the kernel has allocated for itself, in KiB.
kernel_memory() {
	local cache

	for cache in "$slabs"/*/shrink; do
		echo 1 >"$cache"
	done
	mawk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}

memory_begins() {
	buffers_before=$(buffers_in_use) && memory_before=$(kernel_memory) &&
		[ -n "$buffers_before" ] && [ -n "$memory_before" ]
}

# CPUs keep some buffers to use them again.
BUFFERS_MORE=32
MEMORY_MORE=1024
no_more_in_use() {
	local buffers memory

	buffers=$(($(buffers_in_use) - buffers_before))
	memory=$(($(kernel_memory) - memory_before))
	in_use="$buffers packet buffers and $memory KiB more than before"
	echo "$in_use"
	[ "$buffers" -le $BUFFERS_MORE ] && [ "$memory" -le $MEMORY_MORE ]
}

# Work that is under way holds some for a while.
memory_given_back() {
	wait_until 15 no_more_in_use
}
