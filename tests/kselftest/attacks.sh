#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suites: all
# The attacks of protocol section 9: the same on every suite, with what it says
# comes of them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hosts.bash"

# On xor, chacha20poly1305 and chacha20poly1305-x25519.
declare -A table=(
	[A1]='succeeds refused refused'
	[A2]='succeeds refused refused'
	[A3]='succeeds refused refused'
	[A4]='succeeds refused refused'
	[A5]='succeeds refused refused'
	[A6]='succeeds refused refused'
	[A7]='succeeds refused refused'
	[A9]='succeeds refused refused'
	[A10]='succeeds refused refused'
	[A11]='succeeds refused refused'
	[A12]='opens-all opens-later opens-none'
	[A14]='succeeds refused refused'
	[A16]='refused refused refused'
	[A17]='succeeds refused refused'
)

# verdict ATTACK: of the table, for this suite
verdict() {
	local verdicts
	read -ra verdicts <<<"${table[$1]}"

	echo "${verdicts[$((10#$(suite_octet)))]}"
}

# judged VERDICT COMMAND...: whether the last word that it says is that one.  A
# command says "refused" when it has seen the refusal, not when it saw nothing.
judged() {
	local expected=$1 said
	shift

	said=$("$@" 2>&1)
	echo "$said"
	[ "${said##*$'\n'}" = "$expected" ]
}

# attack NAME DESCRIPTION COMMAND...
attack_ok() {
	local verdict
	verdict=$(verdict "$1")

	ktap_ok "$1 ${verdict//-/ }: $2" judged "$verdict" "${@:3}"
}

ktap_plan 34
mark_kernel_log
load_module || ktap_bail "no module"
cabled_hosts || ktap_bail "no hosts"
ktap_ok "two hosts are paired and have a session" paired_hosts
watch_events "$A" "$tmp/events.a"
watch_events "$B" "$tmp/events.b"

# ---- what several attacks need ----

ups() {
	grep -c '"event":"session-up"' "$tmp/events.$1"
}
more_ups() {
	[ "$(ups "$1")" -gt "$2" ]
}
sids() {
	echo "$(sid_a) $(sid_b)"
}
is_new() {
	differ "$("sid_$1")" "$2"
}
# xored HEX HEX: 32 octets each
xored() {
	local i
	for ((i = 0; i < 64; i += 8)); do
		printf '%08x' $((0x${1:i:8} ^ 0x${2:i:8}))
	done
}
last_body() {
	frames_of 0 "$1" "$2" | tail -n 1 | cut -c61-124
}
# altered FRAME OFFSET OCTET: that octet behind the Ethernet header is XORed
altered() {
	local at=$((28 + 2 * $2))
	printf '%s%02x%s' "${1:0:at}" $((0x${1:at:2} ^ 0x$3)) "${1:at + 2}"
}
# renumbered FRAME: DATA, some frames ahead
renumbered() {
	local counter=$((0x${1:46:2}${1:44:2} + 100))
	printf '%s%02x%02x%s' "${1:0:44}" $((counter & 255)) $((counter >> 8)) "${1:48}"
}
# held_back MARK DIRECTION OCTETS: DATA of that length that the cable has dropped
held_back() {
	cable_since "$1" | grep "^[0-9]* $2 DATA $(($3 + 14)) drop " | cut -d' ' -f6
}
is_held_back() {
	[ -n "$(held_back "$@")" ]
}
said_in_session() {
	quiet on_a hpkm-nl message send dev "$VA" "$1" wait
}
restored() {
	cable_do clear && wait_until 30 ping_a 1 && new_session && ping_a
}

# ---- who listens ----

# A4: two known pings in sessions that chose differently give all elements.
RECIPE_LEN=$(data_len 228)
known_ping() {
	on_a ping -q -p 5a -s 200 -c 1 -W 3 "$ADDR_B" >"$tmp/ping"
}
c1_bodies() {
	frames_of "$1" 'a>b' C1 | uniq | cut -c61-124
}
# two_choices COMMAND...: in sessions that it is done in.  Each shows another pair
# with a chance of 2/3.
two_choices() {
	local n mark
	mark=$(cable_now)
	for ((n = 0; n < 16; n++)); do
		new_session && "$@" || return 1
		[ "$(c1_bodies "$mark" | sort -u | wc -l)" -lt 2 ] || return 0
	done
	return 1
}
ktap_ok "two sessions that chose differently, with a known ping in each" two_choices known_ping
secret_talk() {
	new_session && said_in_session 'the secret of this session'
}
ktap_ok "a third session has nothing that the listener knows" secret_talk
break_with() {
	attack break "$tmp/cable" "$RECIPE_LEN" "$1" >"$tmp/break" 2>&1
}
known_plaintext() {
	break_with 5a
	[ "$(grep -c '^element' "$tmp/break")" = 3 ] && says 'without a crib' "$tmp/break" &&
		says 'the secret of this session' "$tmp/break" && echo succeeds
	says 'sessions seen, [2-9] with the crib' "$tmp/break" &&
		says 'no two that were enough' "$tmp/break" && echo refused
}
attack_ok A4 "all elements, and what was said, by known plaintext" known_plaintext
wrong_crib() {
	! break_with 5b || ! says 'the secret of this session' "$tmp/break"
}
ktap_ok "... and never by a wrong guess of it" wrong_crib

challenge_is_public() {
	local c3 c4 c5
	c3=$(last_body 'a>b' C3) c4=$(last_body 'b>a' C4) c5=$(last_body 'a>b' C5)
	[ ${#c5} = 64 ] || return 1
	[ "$(xored "$(xored "$c3" "$c4")" "$c5")" = "$(zeros 32)" ] && echo succeeds || echo refused
}
attack_ok A3 "C5 is C3 ^ C4, and so proves nothing" challenge_is_public

# More sessions than there are elements; either side may have begun the first.
enough_c1() {
	until [ "$(c1_bodies 0 | wc -l)" -gt 3 ]; do
		new_session || return 1
	done
}
linked() {
	local all different
	enough_c1 || return 1
	all=$(c1_bodies 0 | wc -l)
	different=$(c1_bodies 0 | sort -u | wc -l)
	[ "$different" -le 3 ] && echo succeeds
	[ "$different" = "$all" ] && echo refused
}
attack_ok A5 "C1 come again, and say which sessions are under one epoch" linked
# Two of them give the third, which may never have been sent.
third_c1() {
	local one two refused
	refused=$(counter_b handshake_refused)
	one=$(frames_of 0 'a>b' C1 | tail -n 1)
	two=$(c1_bodies 0 | grep -v "${one:60:64}" | tail -n 1)
	cable_do send b "${one:0:44}31313131${one:52:8}$(xored "${one:60:64}" "$two")${one:124}"
	wait_until 1 is 1 ask_b '.[0].half_open' link && echo succeeds
	has_risen b handshake_refused "$refused" && echo refused
}
attack_ok A5 "a C1 made out of two others is answered" third_c1

# A9: the key stream repeats, so one text gives the other.
two_time_pad() {
	local mark
	new_session || return 1
	mark=$(cable_now)
	said_in_session 'the attacker knows this one text' &&
		said_in_session 'but he has never seen this other' || return 1
	cable_since "$mark" | grep " a>b DATA $((14 + $(data_len 82))) " >"$tmp/pads"
	attack pad "$tmp/pads" 54 'the attacker knows this one text' >"$tmp/pad"
	says 'recovered' "$tmp/pad" || return 1
	says 'but he has never seen this other' "$tmp/pad" && echo succeeds || echo refused
}
attack_ok A9 "one plaintext gives the other" two_time_pad

# ---- who changes what passes ----

# 1 ^ 9 = 8, at the first digit of the amount.
flipped() {
	local auth
	auth=$(counter_b rx_auth)
	cable_do xor 'a>b' DATA len "$(data_len 59)" count 1 at 74 08
	said_in_session 'pay 100 E' && cable_do clear || return 1
	case $(ask_b '.[-1].data' message dev "$VB") in
	'pay 900 E') echo succeeds ;;
	'pay 100 E') has_risen b rx_auth "$auth" && echo refused ;;
	esac
}
attack_ok A10 "a bit is changed in flight and nobody notices" flipped
in_the_log() {
	local own
	own=$(log_a | jq -r '.[-1] | "\(.data) \(.state)"')
	[ "$own" = 'pay 100 E confirmed' ] || return 1
	case $(log_b | jq -r '.[-1] | "\(.data) \(.state)"') in
	'pay 900 E confirmed') echo succeeds ;;
	"$own") echo refused ;;
	esac
}
attack_ok A10 "... it enters the log, and both sides think that theirs is confirmed" in_the_log

# d, e, f are the attacker's choice; afterwards he changes the keys in passing.
d=$(printf 'd1%.0s' {1..32}) e=$(printf '2e%.0s' {1..32}) f=$(printf '4f%.0s' {1..32})
ef=$(printf '61%.0s' {1..32}) de=$(printf 'ff%.0s' {1..32})
both_new() {
	is_new a "${1% *}" && is_new b "${1#* }"
}
in_the_middle() {
	local old refused
	wait_until 5 settled || session_up
	old=$(sids)
	refused=$(counter_a handshake_refused)
	# Where R_R is.
	cable_do xor 'b>a' C2 at $((octets_of[C2] < 96 ? 16 : 48)) "$d"
	cable_do xor 'a>b' C3 at 16 "$e"
	cable_do xor 'b>a' C4 at 16 "$f"
	cable_do xor 'a>b' C5 at 16 "$ef"
	quiet on_a hpkm-nl session add dev "$VA" nowait
	# Both have a session with each other, as they think, with different keys.
	wait_until 3 both_new "$old" && differ "$(sid_a)" "$(sid_b)" && echo succeeds
	[ "$(sids)" = "$old" ] && has_risen a handshake_refused "$refused" && echo refused
}
attack_ok A6 "both accept a man in the middle" in_the_middle
reads_along() {
	local auth
	auth=$(counter_b rx_auth)
	cable_do clear
	cable_do xor 'a>b' DATA at 16 "$de" repeat
	cable_do xor 'b>a' DATA at 16 "$d" repeat
	ping_a 1 && ping_b 1 && echo succeeds
	has_risen b rx_auth "$auth" && echo refused
}
attack_ok A6 "... and talk to each other through him" reads_along
ktap_ok "... and the pair recovers when he has gone" restored

# Who has the smaller id would ignore a C1 while its own is young.
reflected() {
	local larger=a other=b started refused device
	[[ $(peer_b id) > $(peer_a id) ]] || larger=b other=a
	started=$(ups $larger)
	refused=$("counter_$larger" handshake_refused)
	device=v$larger
	cable_do reflect "$larger>$other" any
	cable_do drop "$other>$larger" any
	"on_$larger" hpkm-nl session add dev "$device" nowait
	wait_until 2 more_ups $larger "$started" && echo succeeds && return
	has_risen $larger handshake_refused "$refused" && echo refused
}
attack_ok A11 "a peer completes an exchange with itself" reflected
ktap_ok "... and the pair recovers when the cable has" restored

# ---- who sends ----

# With no key at all, by what was seen of an older exchange.
keyless_initiator() {
	local c1 started refused old
	old=$(sid_b)
	c1=$(frames_of 0 'a>b' C1 | tail -n 1)
	started=$(ups b)
	refused=$(counter_b handshake_refused)
	cable_do drop any any
	on_c attack initiate cb "$MAC_B" "$c1" >"$tmp/initiate" 2>&1
	says acknowledged "$tmp/initiate" && wait_until 3 more_ups b "$started" && echo succeeds && return
	# It was answered, and came no further.
	says '^answered' "$tmp/initiate" && says 'no frame of type 4' "$tmp/initiate" &&
		has_risen b handshake_refused "$refused" && [ "$(sid_b)" = "$old" ] && echo refused
}
attack_ok A1 "who has no key becomes an initiator" keyless_initiator
ktap_ok "... and the pair recovers when he has gone" restored

keyless_responder() {
	local started refused old pid
	old=$(sid_a)
	started=$(ups a)
	refused=$(counter_a handshake_refused)
	cable_do drop any any
	inside "$C" attack respond ca >"$tmp/respond" 2>&1 &
	pid=$!
	wait_until 5 says waiting "$tmp/respond"
	on_a hpkm-nl session add dev "$VA" nowait
	wait "$pid" && says acknowledged "$tmp/respond" && wait_until 3 more_ups a "$started" &&
		echo succeeds && return
	says '^answered' "$tmp/respond" && says 'no frame of type 3' "$tmp/respond" &&
		has_risen a handshake_refused "$refused" && [ "$(sid_a)" = "$old" ] && echo refused
}
attack_ok A2 "who has no key answers for the peer" keyless_responder
ktap_ok "... and the pair recovers when he has gone" restored

# The responder never had C5, and knows of no session.
forged_ack() {
	local old refused pid
	old=$(sids)
	refused=$(counter_a handshake_refused)
	cable_do drop 'a>b' C5
	inside "$C" attack acknowledge ca >"$tmp/acknowledge" 2>&1 &
	pid=$!
	wait_until 5 says waiting "$tmp/acknowledge"
	on_a hpkm-nl session add dev "$VA" nowait
	wait "$pid" || return 1
	wait_until 1 is_new a "${old% *}" && echo succeeds && return
	[ "$(sids)" = "$old" ] && has_risen a handshake_refused "$refused" && echo refused
}
attack_ok A17 "a forged ACK ends a session" forged_ack
ktap_ok "... and the pair recovers" restored

# ---- who has stolen the state, and who guesses it ----

spawn_in "$A" thief take >"$tmp/stolen"
wait_until 5 says ready "$tmp/stolen"
stolen() {
	grep '^peer' "$tmp/stolen" | tail -n 1
}
# record_of TEXT: as A lists it
record_of() {
	on_a hpkm-nl -j log show dev "$VA" | grep -B 3 "$1" | head -n 4
}
# The thief has to have heard the record that the next epoch is made of.
three_epochs() {
	mark=$(cable_now)
	on_a hpkm-nl location set lab && new_session && history 20 &&
		said_in_session 'said in the first epoch' && logged=$(record_of 'said in the first epoch') &&
		update_a rid "$(value rid <<<"$logged")" && wait_until 20 converged 1 &&
		state=$(stolen) && two_choices said_in_session 'said in the second epoch' &&
		update_a rid "$(record_of 'said in the second epoch' | value rid)" &&
		wait_until 20 converged 2 && said_in_session 'said in the third epoch' &&
		cable_since "$mark" >"$tmp/three"
}
three_epochs
ktap_ok "three epochs on record, and the state of the second stolen" [ -s "$tmp/three" ]
opened() {
	local some all
	eavesdrop open "$tmp/three" "$state" | tee "$tmp/opened"
	says 'of [3-9] sessions opened' "$tmp/opened" || return 1
	read -r some _ all _ <<<"$(tail -n 1 "$tmp/opened")"
	case $(sed -n 's/^said: said in the \(.*\) epoch$/\1/p' "$tmp/opened" | sort -u | xargs) in
	'first second third') [ "$some" = "$all" ] && echo opens-all ;;
	'second third') echo opens-later ;;
	'') says '^0 of' "$tmp/opened" && echo opens-none ;;
	esac
}
attack_ok A12 "recorded sessions, by the stolen state" opened
# guessed with|without: the chain key, which only the state has
guessed() {
	local time
	time=$(value time <<<"$logged")
	eavesdrop guess "$tmp/three" "$state" "$1" $((time - 20)) $((time + 20)) \
		'said in the first epoch' attic lab cellar >"$tmp/guessed"
	head -n 5 "$tmp/guessed"
	says "^confirmed: $time lab$" "$tmp/guessed"
}
confirmed_by_c1() {
	guessed without && [ "$(grep -c confirmed "$tmp/guessed")" = 1 ] && echo succeeds
	[ "$(head -n 1 "$tmp/guessed" | cut -d, -f1)" = '123 guesses' ] && echo refused
}
attack_ok A7 "T and LI are guessed, and C1 says when that is right" confirmed_by_c1
# Each C1 is about two elements only.
chain_key_missing() {
	guessed with && [ "$(grep -c confirmed "$tmp/guessed")" -lt 123 ]
}
ktap_ok "... as it says to anybody who has the chain key, too" chain_key_missing

# ---- key updates ----

U1_LEN=$(update_len U1) U2_LEN=$(update_len U2) U3_LEN=$(update_len U3)
# Neither U3 nor ACK ever arrives; what B says while A waits for the ACK does.
last_messages_lost() {
	local talk status

	cable_do drop 'a>b' DATA len "$U3_LEN"
	cable_do drop any ACK
	history 20 && update_a || return 1
	spawn_in "$B" ping -q -i 0.1 "$ADDR_A" >/dev/null
	talk=$spawned
	wait_until 20 converged 3
	status=$?
	stop "$talk"
	[ "$status" = 0 ] && cable_do clear && ping_a && echo refused
}
attack_ok A16 "the loss of every U3 and ACK parts the peers" last_messages_lost

# Both are in one epoch, in which another update can be made.  Sets epoch.
agreed() {
	epoch=$(peer_a epoch)
	converged "$epoch"
}
# Nor do both have the same records, where one forged update after the other takes
# its record out of one log: a new one is said.  Sets rid.
before_update() {
	local text="said at $EPOCHREALTIME"

	wait_until 20 agreed && history 20 && said_in_session "$text" &&
		rid=$(record_of "$text" | value rid)
}

# One flipped bit makes another request of it.
replayed_request() {
	local mark auth u1
	before_update || return 1
	auth=$(counter_b rx_auth)
	mark=$(cable_now)
	cable_do drop 'a>b' DATA len "$U1_LEN"
	update_a rid "$rid" nowait && wait_until 5 is_held_back "$mark" 'a>b' "$U1_LEN" || return 1
	u1=$(held_back "$mark" 'a>b' "$U1_LEN" | head -n 1)
	cable_do send b "$(altered "$(renumbered "$u1")" 21 02)"
	wait_until 1 is $((epoch + 1)) peer_b next_epoch && echo succeeds && return
	is null peer_b next_epoch && has_risen b rx_auth "$auth" && echo refused
}
attack_ok A14 "a request is replayed as another one" replayed_request
ktap_ok "... and the pair recovers" restored

# U1 becomes U3 by one bit: B has left the old epoch before A has the new one.
forged_termination() {
	local mark auth u1
	before_update || return 1
	auth=$(counter_b rx_auth)
	mark=$(cable_now)
	cable_do drop 'b>a' DATA len "$U2_LEN"
	update_a rid "$rid" nowait && wait_until 5 is_held_back "$mark" 'b>a' "$U2_LEN" || return 1
	u1=$(cable_since "$mark" | grep " a>b DATA $((U1_LEN + 14)) " | head -n 1 | cut -d' ' -f6)
	cable_do send b "$(altered "$(renumbered "$u1")" 20 02)"
	wait_until 1 is $((epoch + 1)) peer_b epoch && is "$epoch" peer_a epoch && echo succeeds && return
	is "$epoch" peer_b epoch && has_risen b rx_auth "$auth" && echo refused
}
attack_ok A17 "a forged U3 ends a session, and here parts the peers" forged_termination
together_again() {
	cable_do clear
	if [ "$(verdict A17)" = succeeds ]; then
		! quiet on_a hpkm-nl session add dev "$VA" && pair && session_up
	else
		wait_until 20 agreed
	fi && ping_a
}
ktap_ok "... until they are paired again, if he succeeded" together_again

# With the keys by known plaintext, the history is there to be read.  Where it is
# not, what is left to him is an answer of another session.
answered_from_a_guess() {
	local mark forged auth last
	mark=$(cable_now)
	new_session && known_ping && before_update || return 1
	last=$(frames_of "$mark" 'b>a' DATA | tail -n 1)
	auth=$(counter_a rx_auth)
	cable_do drop 'a>b' DATA len "$U1_LEN"
	update_a rid "$rid" nowait && wait_until 5 is_held_back "$mark" 'a>b' "$U1_LEN" || return 1
	cable_since "$mark" >"$tmp/last"
	forged=$(eavesdrop answer "$tmp/last" "$RECIPE_LEN" 5a | tail -n 1)
	[[ $forged != nothing* ]] || forged=$(renumbered "${last:0:44}${u2:44}")
	cable_do send a "$forged"
	wait_until 1 is $((epoch + 1)) peer_a epoch && is "$epoch" peer_b epoch && echo succeeds && return
	is "$epoch" peer_a epoch && has_risen a rx_auth "$auth" && cable_do clear &&
		wait_until 20 agreed && echo refused
}
u2=$(cable_since 0 | grep " b>a DATA $((U2_LEN + 14)) " | head -n 1 | cut -d' ' -f6)
attack_ok A14 "a request is answered for the peer, from what was said" answered_from_a_guess

# What must not succeed in any suite.
no_plaintext() {
	cable_do clear
	spawn_in "$B" frame wait "$VB" 9000 60 >"$tmp/entered"
	wait_until 5 says waiting "$tmp/entered"
	rises b rx_unprotected cable_do send b "$(printf '%s%s9000%092d' "$HEX_B" "$HEX_A" 0)" &&
		[ "$(wc -l <"$tmp/entered")" = 1 ]
}
ktap_ok "plaintext is not accepted" no_plaintext
ktap_ok "nothing in the kernel log" kernel_log_is_clean
ktap_end
