# SPDX-License-Identifier: GPL-2.0
"""
The steps of the demo, in order: each plays one part of the paper between the two hosts, returns what
was seen in one sentence, and raises Failed when it was not what it should be.
"""

import json
import secrets

import capture
import figures
import klog
import messages
from host import Failed, last_line, together

LINK = "eth0"
ADDRESS = {"PC": "10.88.181.1", "Pi": "10.88.181.2"}
PLACE = "Cheongju"
CLOCK = f"{messages.DAY} 18:55:00"
PING = b"hpkm ping hidden"              # 16 octets, as many as `ping -p` takes
PING_SIZE = 333
FILE_MARK = b"The plaintext of a file that nobody on the cable may read. "
FILE_SIZE = 4 << 20
TRANSFER = 60                           # seconds

# Answers the two prompts on a terminal of its own, as somebody at the keyboard would: each
# passphrase goes in when its prompt has come.  It comes by standard input and is no argument.
TYPE_SK = """
read -r sk
echo 'hpkm-nl sk set SUITE; echo "exit status $?"' >/run/ask
coproc TTY { exec socat - EXEC:'bash /run/ask',pty,setsid,ctty,stderr 2>&1; }
exec {from}<&"${TTY[0]}" {to}>&"${TTY[1]}"
seen=
until_seen() {
    while [[ $seen != *"$1"* ]]; do
        read -r -t 30 -N 1 -u "$from" octet || return
        seen+=$octet
        printf %s "$octet"
    done
}
until_seen 'Passphrase: ' && printf '%s\\n' "$sk" >&"$to" &&
until_seen 'Passphrase again: ' && printf '%s\\n' "$sk" >&"$to" &&
until_seen 'exit status 0'
"""


class Stage:
    """What the steps share."""

    def __init__(self, pc, pi, screen, cable, folder):
        self.pc = pc
        self.pi = pi
        self.screen = screen
        self.cable = cable
        self.folder = folder
        self.log = []           # the PC's log before the update

    def hosts(self):
        return self.pc, self.pi

    def host(self, title):
        return self.pc if title == "PC" else self.pi

    def captured(self):
        return capture.frames(self.cable)


def load(stage):
    """The module on both, the cable attached before it goes up, so that nothing leaves in plain."""
    stage.screen.say("""Each loads the module and attaches its end of the cable before bringing it
        up: from the first frame on, nothing may pass unprotected.""")
    together(*(lambda host=host: attach(host) for host in stage.hosts()))
    for host in stage.hosts():
        host.announce(f"hpkm-nl link add {LINK}")
    states = [host.listing(f"link show {LINK}")[0]["mode"] for host in stage.hosts()]
    if states != ["strict", "strict"]:
        raise Failed(f"the links are {states}")
    return f"hpkm.ko loaded and {LINK} attached on both, strict"


def attach(host):
    host.must(f"date -u -s '{CLOCK}'")
    host.mark("module")
    host.must("modprobe -a $(modinfo -F depends /hpkm/hpkm.ko | tr , ' ') && "
              "insmod /hpkm/hpkm.ko figures=1", 60)
    host.must(f"hpkm-nl location set {PLACE}")
    host.must(f"hpkm-nl link add {LINK}")
    # The stack's own IPv6 chatter would become the first records of the log.
    host.must(f"echo 1 >/proc/sys/net/ipv6/conf/{LINK}/disable_ipv6")
    host.must(f"ip address add {ADDRESS[host.title]}/24 dev {LINK} && ip link set {LINK} up")


def type_sk(stage):
    """The same SK on each, at the real prompt."""
    stage.screen.say("The same passphrase is typed on each, at a prompt, twice and unseen.")
    return type_sk_of(stage, "suite xor", "xor")


def type_sk_of(stage, words, suite):
    """`hpkm-nl sk set WORDS` on both, which sets the SK of @suite."""
    sk = " ".join(secrets.token_hex(3) for _ in range(4))
    script = TYPE_SK.replace("SUITE", words)
    outputs = together(*(lambda host=host: host.must(script, 90, sk + "\n")
                         for host in stage.hosts()))
    for host, output in zip(stage.hosts(), outputs):
        host.announce(f"hpkm-nl sk set {words}".rstrip())
        stage.screen.quote(output.partition("exit status")[0])
        if sk in output:
            raise Failed(f"{host.title}: the passphrase was echoed")
    prints = [sk["fingerprint"] for host in stage.hosts()
              for sk in host.listing("sk show") if sk["suite"] == suite]
    if prints[0] != prints[1]:
        raise Failed(f"the fingerprints differ: {prints}")
    return f"prompted twice on each, nothing echoed; fingerprint {prints[0]} on both"


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def isolation(stage):
    """Pairing is refused while another interface is up."""
    pc = stage.pc
    stage.screen.say("""A second network interface is up on the PC. The paper allows the first
        connection only in isolation.""")
    pc.must("ip link add wlan0 type dummy && ip link set wlan0 up")
    command = f"hpkm-nl pair add {LINK} suite xor window 30"
    pc.announce(command)
    status, output = pc.run(command, 45)
    stage.screen.quote(output)
    if not status:
        raise Failed("the PC paired although wlan0 was up")
    if "wlan0" not in output:
        raise Failed(f"refused, but wlan0 is not named: {last_line(output)}")
    pc.show("ip link set wlan0 down")
    return f"refused while wlan0 was up: \"{last_line(output)}\""


def pair(stage):
    """Pairing, on both at once; then what the two call each other and the policy."""
    stage.screen.say("With wlan0 down, both open the pairing window.")
    return "accepted with wlan0 down; " + pair_under(stage, "suite xor ")


def pair_under(stage, words):
    """`hpkm-nl pair add LINK WORDS` on both."""
    command = f"hpkm-nl pair add {LINK} {words}window 40"
    outputs = together(*(lambda host=host: host.must(command, 55) for host in stage.hosts()))
    for host, output in zip(stage.hosts(), outputs):
        host.announce(command)
        stage.screen.quote(output)
    together(*(lambda host=host: host.must(
        f"hpkm-nl peer set dev {LINK} name {host.peer} && "
        f"hpkm-nl policy set {host.peer} record messages-only update manual")
        for host in stage.hosts()))
    one, other = (host.the_peer() for host in stage.hosts())
    if one["kid"] != other["kid"]:
        raise Failed(f"the key ids differ: {one['kid']} and {other['kid']}")
    for host in stage.hosts():
        count = len(host.listing(f"log show {host.peer}"))
        if count:
            raise Failed(f"{host.title}: {count} records before the first message")
    return f"SK matched, T and LI agreed: epoch 0, key id {one['kid']}"


def exchange(stage):
    """Algorithms 1a and 1b, with Figs. 5 and 6."""
    pc, pi = stage.hosts()
    stage.screen.say("""The PC starts a key exchange (Algorithms 1a and 1b). Its console is Fig. 5
        of the paper, the Raspberry Pi's is Fig. 6.""")
    start_exchange(stage)
    mine = figures.console(pc.since("exchange"), figures.REQUESTER_BEGINS)
    theirs = figures.console(pi.since("exchange"), figures.RESPONDER_BEGINS)
    for title, margin, lines in (("Fig. 5. Requester (PC)", "  PC | ", mine),
                                 ("Fig. 6. Responder (Raspberry Pi 4)", "  Pi | ", theirs)):
        stage.screen.line()
        stage.screen.line(title)
        stage.screen.quote("\n".join(lines), margin)
    wrong = figures.wrong(mine, theirs)
    if wrong:
        raise Failed("; ".join(wrong))
    sids = [current(host)["sid"] for host in stage.hosts()]
    if sids[0] != sids[1]:
        raise Failed(f"the sessions differ: {sids}")
    return (f"{figures.value(mine, 'Selected values')} selected, "
            f"{figures.value(mine, 'Unused values')} unused; both randoms and the challenge "
            f"equal on both sides; session {sids[0]}")


def start_exchange(stage):
    """An exchange that the PC started: the Pi may do so too at any time, and may be quicker."""
    pc = stage.pc
    for _ in range(5):
        for host in stage.hosts():
            host.mark("exchange")
        command = f"hpkm-nl session add {pc.peer}"
        status, output = pc.run(command, 30)
        pc.announce(command)
        stage.screen.quote(output)
        if not status and current(pc)["initiator"]:
            return
        stage.screen.say("That was not the PC's exchange; once more.")
    raise Failed("the PC never was the initiator of a session")


def current(host):
    sessions = [session for session in host.listing(f"session show {host.peer}")
                if session["slot"] == "current"]
    if len(sessions) != 1:
        raise Failed(f"{host.title} has {len(sessions)} current sessions")
    return sessions[0]


def ping(host, count=3, extra=""):
    other = ADDRESS["Pi" if host.title == "PC" else "PC"]
    return host.show(f"ping -n -c {count} -i 0.3 -W 5 {extra}{other}", 30)


def encrypted(stage):
    """Ordinary traffic, and what a listener has of it."""
    pc = stage.pc
    stage.screen.say("Ordinary traffic over the link: a ping, and a file over TCP.")
    ping(pc, 3, f"-s {PING_SIZE} -p {PING.hex()} ")
    transfer(stage)
    captured = stage.captured()
    stage.screen.line()
    return show_ciphertext(stage, captured)


def show_ciphertext(stage, captured):
    """What the cable carried of encrypted()'s traffic."""
    seen = only_ciphertext(captured)
    sealed = sum(map(len, filter(capture.is_data, captured)))
    if sealed < FILE_SIZE:
        raise Failed(f"{sealed} octets of DATA on the cable, less than the file has")
    sample = next(frame for frame in captured
                  if capture.is_data(frame) and len(frame) > PING_SIZE + 14)
    stage.screen.line("What a listener on the cable sees of it (the first 64 octets of one frame):")
    stage.screen.quote("\n".join(capture.hexdump(sample[:64])))
    return f"ping and {FILE_SIZE >> 20} MiB over TCP, checksum equal; {seen}"


def transfer(stage):
    """A file from the PC to the Pi; its checksum there."""
    pc, pi = stage.hosts()
    mark = FILE_MARK.decode()
    pc.must(f"yes '{mark}' | head -c {FILE_SIZE} >/run/file")
    pi.must("socat -u TCP-LISTEN:5001,reuseaddr OPEN:/run/file,creat,trunc "
            "</dev/null >/run/socat.log 2>&1 & echo $! >/run/socat.pid; "
            "for i in {1..100}; do ss -Hltn sport = :5001 | grep -q . && exit; sleep 0.1; done; "
            "exit 1", 20)
    pc.show(f"time socat -u OPEN:/run/file TCP:{ADDRESS['Pi']}:5001,connect-timeout=10", TRANSFER)
    # The listener ends with the connection; until then the file may be short.
    pi.must("for i in {1..200}; do kill -0 $(cat /run/socat.pid) 2>/dev/null || exit 0; "
            "sleep 0.1; done; cat /run/socat.log; exit 1", 30)
    sums = [host.must("sha256sum </run/file").split()[0] for host in stage.hosts()]
    stage.screen.quote(f"sha256 on the PC  {sums[0]}\nsha256 on the Pi  {sums[1]}")
    if sums[0] != sums[1]:
        raise Failed("the file did not arrive as it was sent")


def only_ciphertext(captured):
    """Checks that the cable carried nothing but EtherType 0x88B5 and none of the plaintext."""
    kinds = capture.ethertypes(captured)
    if set(kinds) != {capture.ETHERTYPE}:
        listing = ", ".join(f"{count} of 0x{kind:04x}" for kind, count in kinds.items())
        raise Failed(f"frames on the cable: {listing or 'none'}")
    if len(capture.senders(captured)) != 2:
        raise Failed("the capture has not both directions")
    texts = [text.encode() for _, _, _, text in messages.MESSAGES]
    for plain in [PING, FILE_MARK[:24], *texts]:
        if any(plain in frame for frame in captured):
            raise Failed(f"{plain!r} is on the cable in plain")
    return f"{kinds[capture.ETHERTYPE]} frames on the cable, all 0x88b5, no plaintext in them"


def say_messages(stage):
    """The day of Fig. 7: places, clocks and messages."""
    stage.screen.say("""Both say where they are and what they do. The sender's clock and place go
        into each record, here set to the day of Fig. 7.""")
    for time, title, place, text in messages.MESSAGES:
        host = stage.host(title)
        host.must(f"hpkm-nl location set {quoted(place)} && "
                  f"date -u -s '{messages.DAY} {time}' >/dev/null && "
                  f"hpkm-nl message send {host.peer} {quoted(text)} wait", 50)
        stage.screen.line(f"    {messages.DAY} {time}  {title}  {place:<21} {text}")
    for host in stage.hosts():
        want = [text for _, title, _, text in messages.MESSAGES if title != host.title]
        got = [message["data"] for message in host.listing(f"message show {host.peer}")]
        if got != want:
            raise Failed(f"{host.title} received {len(got)} messages, {len(want)} were sent to it, "
                         "or they differ")
    count = len(messages.MESSAGES)
    return f"{count} messages sent, each delivered once and confirmed"


def same_logs(stage):
    """`log show` on both; the rows that both show."""
    tables = [host.must(f"hpkm-nl log show {host.peer}") for host in stage.hosts()]
    if tables[0] != tables[1]:
        for host, table in zip(stage.hosts(), tables):
            stage.screen.line(f"{host.title}:")
            stage.screen.quote(table)
        raise Failed("the two tables differ")
    return tables[0]


def logs(stage):
    """Identical logs, with the record of Fig. 7 at its index."""
    stage.screen.say("Both keep the same history, with the sender's T and LI.")
    table = same_logs(stage)
    stage.pc.announce(f"hpkm-nl log show {stage.pc.peer}")
    stage.screen.quote(table)
    stage.pi.announce(f"hpkm-nl log show {stage.pi.peer}")
    stage.screen.quote("(the same, octet for octet)")
    stage.log = stage.pc.listing(f"log show {stage.pc.peer}")
    row = record(stage.log)
    line = next((line for line in table.split("\n") if line.split()[:1] == [str(row["index"])]), "")
    if f"{messages.DAY} {messages.TIME}" not in line or \
            (row["location"], row["data"]) != (messages.PLACE, messages.TEXT):
        raise Failed(f"index {messages.FIGURE_7} is: {line}")
    if len(stage.log) != len(messages.MESSAGES):
        raise Failed(f"{len(stage.log)} records, {len(messages.MESSAGES)} messages were sent")
    return (f"{len(stage.log)} records, tables identical; index {messages.FIGURE_7} is "
            f"\"{messages.DAY} {messages.TIME}\" / {row['location']} / {row['data']}")


def record(log):
    row = next((row for row in log if row["index"] == messages.FIGURE_7), None)
    if not row:
        raise Failed(f"the log has no index {messages.FIGURE_7}")
    return row


def update(stage):
    """The history-based key update, with Fig. 7."""
    pc, pi = stage.hosts()
    stage.screen.say(f"""The PC asks for new keys from log index {messages.FIGURE_7}. It sends two
        of the record's three elements inside the session; the Pi finds the record and answers the
        third.""")
    before = pc.the_peer()
    row = record(stage.log)
    rows = [record(pi.listing(f"log show {pi.peer}")), row]
    if rows[0]["rid"] != rows[1]["rid"]:
        raise Failed("the index stands for another record on the Pi")
    pi.must(LISTEN, 20)
    pc.show(f"hpkm-nl session update {pc.peer} index {messages.FIGURE_7}", 40)
    one, other = wait_for_epoch(stage, before["epoch"] + 1)
    told = json.loads(pi.must(UPDATE_DONE, 20))
    if (told["rid"], told["kid"]) != (row["rid"], one["kid"]):
        raise Failed(f"the Pi updated from record {told['rid']} to key id {told['kid']}")
    if one["kid"] == before["kid"]:
        raise Failed("the key id is the old one")
    time = f"{messages.DAY} {messages.TIME}"
    for title, margin, lines in (
            ("requester (PC)", "  PC | ", figures.update_requester(row, time, one)),
            ("responder (Raspberry Pi 4)", "  Pi | ", figures.update_responder(row, time, other))):
        stage.screen.line()
        stage.screen.line(f"Fig. 7. Key Update: {title}")
        stage.screen.quote("\n".join(lines), margin)
    if messages.TEXT in same_logs(stage):
        raise Failed("the record is still in the log")
    return (f"from \"{time}\" / {row['location']} / {row['data']}: both at epoch {one['epoch']}, "
            f"key id {one['kid']} (was {before['kid']}); the record is gone from both logs")


LISTEN = """
hpkm-nl -j monitor timeout 60 </dev/null >/run/events 2>&1 &
for i in {1..100}; do grep -q listening /run/events && exit 0; sleep 0.1; done
exit 1
"""
UPDATE_DONE = """
for i in {1..100}; do grep -m 1 '"update-done"' /run/events && exit 0; sleep 0.1; done
cat /run/events; exit 1
"""

# The responder finishes on U3, which the requester sends when it has finished.
EPOCH_IS = """
for i in {1..100}; do
    hpkm-nl -j peer show NAME | jq -e '.[0].epoch == EPOCH' >/dev/null && exit 0
    sleep 0.1
done
exit 1
"""


def wait_for_epoch(stage, epoch):
    """Both peers' listings, as soon as they are at @epoch."""
    for host in stage.hosts():
        script = EPOCH_IS.replace("NAME", host.peer).replace("EPOCH", str(epoch))
        if host.run(script, 30)[0]:
            raise Failed(f"{host.title} is at epoch {host.the_peer()['epoch']}, not {epoch}")
    one, other = (host.the_peer() for host in stage.hosts())
    if one["kid"] != other["kid"]:
        raise Failed(f"the key ids differ: {one['kid']} and {other['kid']}")
    return one, other


SESSION_IS = """
for i in {1..100}; do
    hpkm-nl -j session show NAME |
        jq -e 'any(.slot == "current" and .epoch == 1 and (.barred | not))' >/dev/null && exit 0
    sleep 0.1
done
exit 1
"""


def new_session(stage):
    """The next session, under the new triple."""
    stage.screen.say("The next session is made with the new triple; SK is no part of it any more.")
    for host in stage.hosts():
        if host.run(SESSION_IS.replace("NAME", host.peer), 30)[0]:
            raise Failed(f"{host.title} has no session under epoch 1")
    ping(stage.pc)
    sessions = [current(host) for host in stage.hosts()]
    if sessions[0]["sid"] != sessions[1]["sid"] or [s["epoch"] for s in sessions] != [1, 1]:
        raise Failed("the two are not in one session of epoch 1")
    return f"session {sessions[0]['sid']} under epoch 1 on both, ping answered"


def listener(stage):
    """The cable once more, and what suite xor is worth."""
    captured = stage.captured()
    seen = only_ciphertext(captured)
    stage.screen.say(f"""The whole capture: {seen}. That is what Figs. 5 to 7 show. It is no
        security: data frames are XORed with a repeating 32-octet key, so a listener who guesses 32
        octets of one ping has it. From the capture alone:""")
    key, session = capture.ping_key(captured, PING, PING_SIZE)
    if not key:
        raise Failed("the ping was not found in the capture")
    inners = capture.opened(captured, key, session)
    texts = capture.messages(inners)
    file = sum(FILE_MARK[:24] in inner for inner in inners)
    stage.screen.quote(f"session key   {key.hex()}\nopened with it  {len(inners)} frames, {file} of them "
                       "parts of the file" + "".join(f"\nmessage  {text}" for text in texts[:4]))
    if not file:
        raise Failed("the key does not open the file")
    return f"{seen}; yet the session key falls out of one guessed ping: {len(inners)} frames read"


def unload(stage):
    """Both modules go with everything still running, and the kernels had nothing to complain about."""
    together(*(lambda host=host: host.must("rmmod hpkm", 60) for host in stage.hosts()))
    for host in stage.hosts():
        log = host.since("module")
        with open(stage.folder / f"{host.title.lower()}-kernel.log", "w", encoding="utf-8") as file:
            file.write("\n".join(log))
        bad = [line for line in log if klog.TROUBLE.search(line)]
        if bad:
            raise Failed(f"{host.title}'s kernel log: {bad[0]}")
    return "module unloaded on both, nothing bad in the kernel logs"


STEPS = [
    ("Module and link", load),
    ("SK typed on each", type_sk),
    ("Network isolation", isolation),
    ("Pairing", pair),
    ("Key exchange (Figs. 5, 6)", exchange),
    ("Encrypted traffic", encrypted),
    ("Messages", say_messages),
    ("History log", logs),
    ("Key update (Fig. 7)", update),
    ("New session", new_session),
    ("The listener", listener),
]
LAST_STEPS = [
    ("Unloading", unload),
]
