#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: chacha20poly1305-x25519
# State that outlives the module: who keeps it, and what of it is believed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"
. "$(dirname "$0")/agents.bash"

ktap_plan 32
mark_kernel_log
load_module || ktap_bail "no module"
bridged_hosts || ktap_bail "no hosts"
ktap_ok "two hosts with agents are paired, and their peers are durable" kept_hosts

# ---- the module goes, and all it knew ----

# reload [COMMAND...]: with COMMAND while there is neither module nor agent
reload() {
	stop_agents
	rmmod hpkm || return 1
	[ $# = 0 ] || "$@" || return 1
	load_module && start_agents && attach && wait_until 20 settled && durable
}
identity() {
	on_a hpkm-nl -j show | grep -E '"(id|peer|name|suite|kid|epoch)":' | sort
	on_a hpkm-nl -j policy show | grep -vE 'log_used'
	on_a hpkm-nl -j location show
	on_a hpkm-nl -j sk show
}
settings() {
	on_a hpkm-nl peer set dev "$VA" name pi && on_a hpkm-nl location set Paris &&
		policy_a record messages-only update every 500 records && both_settled
}
settings || ktap_bail "no settings"
before=$(identity)
ktap_ok "with a new module they have a session again, and nobody paired them" reload
kept() {
	same "$before" "$(identity)" || {
		diff <(echo "$before") <(identity)
		return 1
	}
}
ktap_ok "... ids, names, policy, location and SK are as they were" kept
ktap_ok "... and traffic passes" ping_a
updates_on() {
	local epoch
	epoch=$(($(peer_a epoch) + 1))
	history 20 && update_a && wait_until 20 converged "$epoch" && durable
}
ktap_ok "... and keys are updated" updates_on

# ---- the agent goes ----

watch_events "$A" "$tmp/events.a"
epoch=$(peer_a epoch)
history 20 || ktap_bail "no history"
killed() {
	kill -KILL "${agent_pid[a]}"
	wait "${agent_pid[a]}" 2>/dev/null
	wait_until 5 is volatile durability a
}
ktap_ok "an agent that dies leaves volatile peers behind" killed
ktap_ok "... which is told" wait_until 5 happened "$tmp/events.a" agent-lost
ktap_ok "... traffic passes all the same" ping_a
update_a_says() {
	wait_until 10 ready
	on_a hpkm-nl session update dev "$VA"
}
ktap_ok "... an update is refused here, with a sentence" \
	refused 1 'agent has gone' update_a_says
unanswered() {
	! update_b && wait_until 20 converged "$epoch" && ping_a
}
ktap_ok "... is not answered when the peer asks, and nothing is parted" unanswered
again() {
	start_agent a && durable && happened "$tmp/events.a" agent-ready
}
ktap_ok "when it is started again peers are durable again, which is told" again
as_it_is() {
	says 'as the module has them' "$tmp/agent.a" && updates_on
}
ktap_ok "... with what the module has, and keys are updated again" as_it_is
ktap_ok "a second agent with another folder is refused" \
	refused 1 'persist agent already' on_a hpkm-nl persist "$tmp/second"
ktap_ok "... and with the same one" refused 1 'in use' on_a hpkm-nl persist "$(folder a)"
ktap_ok "... neither of which harms the first" updates_on
# Who can write there could put an older state in place of a newer one.
others_write() {
	local mode
	mkdir "$tmp/open" || return 1
	for mode in 0720 0702; do
		chmod $mode "$tmp/open" && refused 1 'others can write' \
			on_a hpkm-nl persist "$tmp/open" || return 1
	done
}
ktap_ok "a folder that others can write to is refused" others_write
# modes PATH...: each once
modes() {
	stat -c %a "$@" | sort -u | xargs
}
unreadable() {
	[ "$(modes "$(folder a)")" = 700 ] && [ "$(modes "$(folder a)"/*)" = 600 ]
}
ktap_ok "what is kept can be read by nobody else" unreadable

# ---- slots that must not be believed ----

# The newest slot is the one that hurts; settled, both are.
corrupted() {
	printf '\377' | dd of="$(slot a 0)" bs=1 seek=100 conv=notrunc status=none
}
truncated() {
	truncate -s 200 "$(slot a 1)"
}
older() {
	cp "$tmp/old.0" "$(slot a 0)"
}
foreign() {
	cp "$(slot b 0)" "$(slot a 0)"
}
renamed() {
	cp "$(folder a)/device.1" "$(slot a 1)"
}
# serves DAMAGE SENTENCE: the damaged slot is refused, the other one has it all
serves() {
	local kid
	both_settled || return 1
	kid=$(peer_a kid)
	reload "$1" && says "is not used: $2" "$tmp/agent.a" && same "$kid" "$(peer_a kid)" && ping_a
}
both_settled && cp "$(slot a 0)" "$tmp/old.0" && updates_on || ktap_bail "no older slot"
ktap_ok "a corrupted slot is refused, and the other one serves" serves corrupted 'it is corrupted'
ktap_ok "a truncated slot is refused, and the other one serves" serves truncated 'it is truncated'
ktap_ok "an older slot is refused, and the other one serves" serves older 'it is older'
ktap_ok "a slot of another device's is refused, and the other one serves" \
	serves foreign 'it is corrupted, or was written with another key'
ktap_ok "a slot that was renamed is refused, and the other one serves" \
	serves renamed 'it was written under another name'
both_bad() {
	corrupted && truncated
}
# Without either the peer is a stranger, whose files may yet be of use to somebody.
neither_serves() {
	both_settled && stop_agents && rmmod hpkm && both_bad && load_module && start_agents &&
		says 'its files are left alone' "$tmp/agent.a" && [ "$(ask_a length peer)" = 0 ] &&
		[ -e "$(slot a 0)" ] && attach
}
ktap_ok "with both slots bad the peer is not restored, and its files stay" neither_serves
ktap_ok "... and can be paired again" pair
ktap_ok "... which is durable" serves corrupted 'it is corrupted'

# ---- moving house ----

ktap_ok "state that is in use is not exported" \
	refused 1 'in use' on_a hpkm-nl state export "$tmp/moving" dir "$(folder a)"
not_over_another() {
	stop "${agent_pid[a]}"
	echo "of somebody's" >"$tmp/taken" && refused 1 exists \
		on_a hpkm-nl state export "$tmp/taken" dir "$(folder a)" &&
		[ "$(cat "$tmp/taken")" = "of somebody's" ]
}
ktap_ok "... nor over a file that is there" not_over_another
# Host D becomes what A was, down to the name of the link.
move() {
	on_a hpkm-nl state export "$tmp/moving" dir "$(folder a)" &&
		[ "$(modes "$tmp/moving")" = 600 ] || return 1
	rm -r "$(folder a)"
	ip netns del "$A"
	ip -n "$D" link set "$VD" down && ip -n "$D" link set "$VD" name "$VA" &&
		ip -n "$D" link set "$VA" up || return 1
	A=$D
	on_a hpkm-nl state import "$tmp/moving" dir "$(folder a)"
}
kid=$(peer_a kid)
id=$(ask_a '.[0].id' device)
ktap_ok "state is moved to another host" move
at_home() {
	start_agent a && same "$id" "$(ask_a '.[0].id' device)" && on_a hpkm-nl link add "$VA" &&
		wait_until 20 settled && same "$kid" "$(peer_a kid)" && same "$kid" "$(peer_b kid)"
}
ktap_ok "... which is that device now, and has a session" at_home
ktap_ok "... and traffic" ping_a

# ---- the end of a pair ----

kept_none() {
	! compgen -G "$(folder b)/peer-*" >/dev/null
}
stays_away() {
	on_b hpkm-nl peer del dev "$VB" && wait_until 10 kept_none && stop_agents && rmmod hpkm &&
		load_module && start_agents && [ "$(ask_b length peer)" = 0 ]
}
ktap_ok "a peer that was removed has no files, and does not come back" stays_away
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
