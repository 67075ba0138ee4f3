#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# Storms: a cable on which next to nothing is right, disks that fail, agents that
# are killed, clocks that jump.  After each the pair comes to rest by itself.
#
# STORMS of them, all that is drawn from STORM_SEED.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/agents.bash"

storms=${STORMS:-2} seed=${STORM_SEED:-$((SRANDOM % 32768))}
lasts=12	# seconds
RANDOM=$seed

ktap_plan $((storms + 3))
echo "# STORM_SEED=$seed"
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts storm "$seed" || ktap_bail "no hosts"
ktap_ok "two hosts with agents are paired, and their peers are durable" kept_hosts

# one_of WORD...: is in $drawn, as a subshell would draw the same again and again
one_of() {
	drawn=${*:(RANDOM >> 5) % $# + 1:1}
}

# Not the wall clock's, which jumps.
uptime_seconds() {
	local up

	read -r up _ </proc/uptime
	echo "${up%.*}"
}

# jump SECONDS: of the wall clock
jump() {
	busybox date -s "@$(($(date +%s) + $1))" >/dev/null
}

draw_disk() {
	local skip=$(((RANDOM >> 5) % 4))

	one_of "" "peer- $skip fail" "peer- $skip lie" "peer- $skip slow 3" "peer- $skip slow 40"
}

# Who begins what, what the disks do, whose agent is killed, how the clock jumps,
# how many records the logs have room for.
draw_storm() {
	one_of a b "a b" ""
	beginners=$drawn
	draw_disk
	disk_a=$drawn
	draw_disk
	disk_b=$drawn
	one_of "" a b "a b"
	killed=$drawn
	one_of 0 $((9 * 365 * 86400)) $((-9 * 365 * 86400)) 3600
	years=$drawn
	one_of 16 4096
	room=$drawn
}

begin_things() {
	local who

	for who in $beginners; do
		"on_$who" timeout 5 hpkm-nl session add dev "v$who" nowait
		"on_$who" timeout 5 hpkm-nl session update dev "v$who" nowait
	done
}

kill_agents() {
	local who

	for who in $killed; do
		kill -KILL "${agent_pid[$who]}"
		wait "${agent_pid[$who]}" 2>/dev/null
	done
}

start_killed() {
	local who

	for who in $killed; do
		start_agent "$who" || return 1
	done
}

chatter() {
	spawn_in "$A" ping -q -i 0.02 -s 1400 "$ADDR_B" >/dev/null 2>&1
	chatters=("$spawned")
	spawn_in "$B" ping -q -i 0.02 -s 100 "$ADDR_A" >/dev/null 2>&1
	chatters+=("$spawned")
}

be_quiet() {
	local pid

	for pid in "${chatters[@]}"; do
		stop "$pid"
	done
}

# shellcheck disable=SC2086 # words
rage() {
	local middle=$(($(uptime_seconds) + lasts / 2)) end=$(($(uptime_seconds) + lasts)) halfway=

	policy log-size $room record every 50 ms && cable_do storm || return 1
	rule a $disk_a
	rule b $disk_b
	chatter
	while [ "$(uptime_seconds)" -lt "$end" ]; do
		quiet begin_things
		if [ -z "$halfway" ] && [ "$(uptime_seconds)" -ge "$middle" ]; then
			kill_agents
			jump "$years"
			halfway=1
		fi
		sleep 0.2
	done
	be_quiet
	rule a
	rule b
	cable_do calm && jump "$((-years))" && start_killed && policy record messages-only
}

agree() {
	epoch_is "$(peer_a epoch)" && settled
}

rest() {
	session_up && wait_until 60 agree && durable
}

# What was said in the storm and never arrived stays pending, on one side or both.
enough_records() {
	[ "$(peer_a confirmed)" -ge 16 ] && [ "$(peer_b confirmed)" -ge 16 ]
}

more_records() {
	policy record every 1 frames && ping_a 16 && policy record messages-only &&
		wait_until 10 enough_records
}

works() {
	local epoch

	new_session && more_records && wait_until 20 ready || return 1
	epoch=$(peer_a epoch)
	update_a && wait_until 30 converged $((epoch + 1)) && new_session && ping_a && ping_clean
}

comes_to_rest() {
	wait_until 90 rest
}

storm_passes() {
	local step

	for step in rage comes_to_rest works; do
		"$step" && continue
		echo "# failed: $step"
		on_a hpkm-nl -j peer show | jq -c 'map(del(.counters))'
		on_b hpkm-nl -j peer show | jq -c 'map(del(.counters))'
		on_a hpkm-nl -j session show | jq -c .
		on_b hpkm-nl -j session show | jq -c .
		return 1
	done
}

for ((storm = 1; storm <= storms; storm++)); do
	draw_storm
	ktap_ok "storm $storm: begun by ${beginners:-nobody}, disks ${disk_a:-well} and ${disk_b:-well}, killed ${killed:-nobody}, clock by $years s, log of $room" \
		storm_passes
done

counted() {
	cable_do count && sed -n 's/^[a-z]* [0-9]*$/# &/p' "$tmp/cable"
}
rough() {
	local fate

	counted
	for fate in lost doubled delayed changed reflected replayed; do
		[ "$(count_of "$tmp/cable" "$fate")" -ge 1 ] || return 1
	done
}
ktap_ok "... in which everything happened that can" rough
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
