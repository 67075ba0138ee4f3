# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # what hosts.bash has
# Persist agents on both hosts, between them and their disk what ../power/faults.c
# says.  On top of hosts.bash.

declare -A agent_pid

folder() {
	echo "$tmp/state.$1"
}

# begin_agent a|b: which may take as long as its disk does
begin_agent() {
	local namespace=${1^^}

	mkdir -p "$tmp/faults.$1"
	FAULTS=$tmp/faults.$1 LD_PRELOAD=/hpkm/lib/libfaults.so \
		spawn_in "${!namespace}" hpkm-nl persist "$(folder "$1")" >"$tmp/agent.$1" 2>&1
	agent_pid[$1]=$spawned
}

keeps_state() {
	wait_until 20 says 'keeping state' "$tmp/agent.$1"
}

# start_agent a|b: until it has restored what there was, and keeps what there is
start_agent() {
	begin_agent "$1" && keeps_state "$1"
}

start_agents() {
	start_agent a && start_agent b
}

stop_agents() {
	stop "${agent_pid[a]}"
	stop "${agent_pid[b]}"
}

durability() {
	"peer_$1" durability
}

durable() {
	wait_until 10 is durable durability a && wait_until 10 is durable durability b
}

kept_hosts() {
	start_agents && paired_hosts && durable
}

# rule a|b WORDS: what its disk does from now on (see faults.c); without WORDS as
# it should
rule() {
	local at=$tmp/faults.$1
	shift

	rm -f "$at/reached"
	if [ $# = 0 ]; then
		rm -f "$at/rule"
	else
		echo "$*" >"$at/rule.new"
		mv "$at/rule.new" "$at/rule"
	fi
}

reached() {
	[ -e "$tmp/faults.$1/reached" ]
}

# slot a|b N: the file that has the state of its only peer, of the two
slot() {
	echo "$(folder "$1")"/peer-*."$2"
}

# The two slots say the same, apart from their numbers: nothing is left to do.
is_settled() {
	local one other

	one=$(tail -c +25 "$(slot "$1" 0)" | head -c -32 | sha256sum) &&
		other=$(tail -c +25 "$(slot "$1" 1)" | head -c -32 | sha256sum) &&
		same "$one" "$other"
}

both_settled() {
	wait_until 10 is_settled a && wait_until 10 is_settled b
}
