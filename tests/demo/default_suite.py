# SPDX-License-Identifier: GPL-2.0
"""
The second part of the demo: the same two hosts and the same cable under the suite that is meant for
use, and the same listener, who now gets nothing.
"""

import capture
import steps
from host import Failed, together

SUITE = "chacha20poly1305-x25519"
RECORDS = 16            # as many as a key update needs


def begin(stage):
    """What suite xor has left is removed; a new SK, since the old one has been given away."""
    stage.screen.say("""Now the suite that one gets without asking for another. The passphrase must
        be a new one: suite xor gives its own away, and the module does not let it serve twice.""")
    for host in stage.hosts():
        host.show(f"hpkm-nl peer del {host.peer}")
    stage.second_part = len(stage.captured())
    seen = steps.type_sk_of(stage, "", SUITE)
    suites = [host.listing("sk show") for host in stage.hosts()]
    if any(not any(sk["suite"] == SUITE for sk in listed) for listed in suites):
        raise Failed(f"without a word about the suite, the SKs are of {suites}")
    return f"xor's peers removed; {seen}"


def pair(stage):
    """Pairing without a word about the suite."""
    seen = steps.pair_under(stage, "")
    peers = [host.the_peer() for host in stage.hosts()]
    if [peer["suite"] for peer in peers] != [SUITE, SUITE]:
        raise Failed(f"paired under {[peer['suite'] for peer in peers]}")
    if any(peer.get("insecure") for peer in peers):
        raise Failed("the peer is listed as insecure")
    return f"{seen}; suite {SUITE}"


def exchange(stage):
    """The same five messages; nothing is printed, for there is something to hide."""
    steps.start_exchange(stage)
    sids = [steps.current(host)["sid"] for host in stage.hosts()]
    if sids[0] != sids[1]:
        raise Failed(f"the sessions differ: {sids}")
    return f"C1 to C5 and ACK, session {sids[0]} on both"


def encrypted(stage):
    """The same ping and the same file."""
    steps.ping(stage.pc, 3, f"-s {steps.PING_SIZE} -p {steps.PING.hex()} ")
    steps.transfer(stage)
    captured = stage.captured()[stage.second_part:]
    return steps.show_ciphertext(stage, captured)


def say(host, number):
    host.must(f"hpkm-nl message send {host.peer} 'Record {number} of {host.title}' wait", 50)


def update(stage):
    """New keys from a record, drawn at random."""
    pc = stage.pc
    for number in range(RECORDS):
        say(stage.hosts()[number % 2], number)
    before = pc.the_peer()
    pc.show(f"hpkm-nl session update {pc.peer}", 40)
    one, _ = steps.wait_for_epoch(stage, before["epoch"] + 1)
    for host in stage.hosts():
        if host.run(steps.SESSION_IS.replace("NAME", host.peer), 30)[0]:
            raise Failed(f"{host.title} has no session under epoch 1")
    steps.ping(pc)
    return (f"{RECORDS} records, then an update from one of them: both at epoch {one['epoch']}, key "
            f"id {one['kid']} (was {before['kid']}), and in a session under it")


def listener(stage):
    """The attack that read everything before."""
    captured = stage.captured()[stage.second_part:]
    seen = steps.only_ciphertext(captured)
    stage.screen.say("""The listener tries again: the same ping, of which he knows every octet. Under
        suite xor that gave him the session's key and then the file.""")
    tried = sum(capture.is_data(frame) for frame in captured)
    key, _ = capture.ping_key(captured, steps.PING, steps.PING_SIZE, capture.TAG)
    if key:
        raise Failed("he has found a key")
    # One that was sent again is the same octets; another exchange's has nothing in common.
    first = {frame[14:] for frame in captured if frame[14] == capture.C1}
    shares = {body[capture.HEADER:capture.HEADER + capture.KEY] for body in first}
    if len(first) < 2 or len(shares) != len(first):
        raise Failed(f"{len(first)} C1 on the cable, {len(shares)} of them different")
    stage.screen.quote(f"session key   none: no 32 octets open a second part of a known ping\n"
                       f"C1            {len(first)}, no two alike")
    return f"{seen}; {tried} DATA frames and a known ping give no key"


def forget(stage):
    """As after the first part."""
    together(*(lambda host=host: host.must(f"hpkm-nl peer del {host.peer}")
               for host in stage.hosts()))
    left = [len(host.listing("peer show")) for host in stage.hosts()]
    if left != [0, 0]:
        raise Failed(f"peers are left: {left}")
    return "no peer is left on either"


DEFAULT_SUITE_STEPS = [
    ("Default suite: SK", begin),
    ("Default suite: pairing", pair),
    ("Default suite: exchange", exchange),
    ("Default suite: traffic", encrypted),
    ("Default suite: update", update),
    ("Default suite: listener", listener),
    ("Default suite: removal", forget),
]
