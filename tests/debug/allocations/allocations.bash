# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what hosts.bash has
# Allocations that fail: what the kernel and the module need for that (see sites.c).
# On top of hosts.bash.

parameters=/sys/module/hpkm/parameters
injection=/sys/kernel/debug
remembered=/run/hpkm-failed

# What fails is said by the tests, and not by a stack in the kernel's log.
prepare_kernel() {
	local kind

	for kind in failslab fail_page_alloc; do
		echo N >"$injection/$kind/ignore-gfp-wait" &&
			echo 0 >"$injection/$kind/verbose" || return 1
	done
	echo N >"$injection/fail_page_alloc/ignore-gfp-highmem" &&
		echo 0 >"$injection/fail_page_alloc/min-order" && [ -w /proc/self/fail-nth ]
}

# The module forgets with its end which of its places have failed.
remember_failed() {
	tail -n +2 "$parameters/failed" >>"$remembered"
}

# What netlink allocates to answer is for commands.sh; who looks needs answers.
spared=netlink_
most=250

# fail_nth N: of the module's allocations from now on; 0 is none
fail_nth() {
	echo "$1 $spared" >"$parameters/nth"
}

# took_place: whether it came to that; $place, $function and $call say where
took_place() {
	local left

	read -r left place function call <"$parameters/nth"
	fail_nth 0
	[ "$left" = 0 ]
}

# sum COUNTER...: of the links of all in $attached
sum() {
	local host links='' line total=0 expression

	for host in "${attached[@]}"; do
		links+=$(inside "$host" hpkm-nl -j link show)$'\n'
	done
	printf -v expression '|"%s"' "$@"
	while IFS= read -r line; do
		[[ $line =~ ^\ *(${expression#|}):\ ([0-9]+) ]] && total=$((total + BASH_REMATCH[2]))
	done <<<"$links"
	echo "$total"
}

# counted: all by which a frame that was lost for want of memory is known
counted() {
	sum tx_no_memory rx_no_memory tx_error rx_malformed rx_address
}

# Whether what fails there loses a frame, or a word of the data plane's about one.
loses_a_frame() {
	case "$place $function $call" in
	edge/egress.c:* | edge/mss.c:* | edge/ingress.c:*) ;;
	peer/transmit.c:* | peer/fragment.c:* | peer/handshake.c:*) ;;
	peer/port.c:*\ alloc_skb | peer/port.c:*\ skb_clone | peer/port.c:*\ learn_new\ *) ;;
	peer/message.c:*\ make_payload\ * | peer/message.c:*\ make_received\ *) ;;
	*) return 1 ;;
	esac
}

# was_counted BEFORE
was_counted() {
	[ "$(counted)" -gt "$1" ]
}

# fail_each SCENARIO AFTERWARDS: the first allocation in SCENARIO fails, then the
# second, until it has no more; without a fault it has to succeed, and AFTERWARDS
# has to each time.  It finds in $outcome what became of SCENARIO.
fail_each() {
	local nth before

	for ((nth = 1; nth < most; nth++)); do
		before=$(counted)
		fail_nth "$nth"
		"$1"
		outcome=$?
		if ! took_place; then
			echo "# $((nth - 1)) have failed"
			[ "$outcome" = 0 ] && "$2"
			return
		fi
		if loses_a_frame && ! wait_until 3 was_counted "$before"; then
			echo "# number $nth, $place $function $call: nobody has counted it"
			return 1
		fi
		if ! "$2"; then
			echo "# number $nth, $place $function $call: $1 gave $outcome, and then nothing works"
			return 1
		fi
	done
	echo "# no end after $nth"
	return 1
}
