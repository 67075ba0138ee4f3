# SPDX-License-Identifier: GPL-2.0
"""
Figs. 5, 6 and 7 of the paper.  The first two are what the module prints with figures=1 (lines
"hpkm figure: ..." of the kernel log, kernel/peer/figures.c); the third is put together from the logs,
the events and the key ids of both sides.
"""

MARK = "hpkm figure: "
REQUESTER_BEGINS = "=== Starting key Exchange"
RESPONDER_BEGINS = "=== Processing key Exchange Request"

# What both consoles must tell alike: the requester's name for it, the responder's.
SAME = [
    ("Selected values", "Identified values"),
    ("Unused values", "Unused value"),
    ("XOR result", "Received XOR value"),
    ("Responder Random", "Generated Responder Random"),
    ("Generated Requester Random", "Requester Random"),
    ("Decrypted Challenge", "Generated verification value"),
    ("Decrypted Challenge", "Decrypted verification value"),
]
VERIFIED = "Challenge verified successfully"


def console(log, begins):
    """The last exchange in kernel log lines, as the paper's console shows it."""
    lines = [line.partition(MARK)[2] for line in log if MARK in line]
    starts = [at for at, line in enumerate(lines) if line.startswith(begins)]
    return lines[starts[-1]:] if starts else []


def value(lines, name):
    """What stands behind "NAME: ", without the remark in brackets."""
    for line in lines:
        if line.startswith(name + ": "):
            return line.partition(": ")[2].partition(" (")[0]
    return None


def wrong(requester, responder):
    """What is missing from the two consoles, or told differently; none when all is well."""
    found = []
    for mine, theirs in SAME:
        one, other = value(requester, mine), value(responder, theirs)
        if not one or one != other:
            found.append(f"'{mine}' is {one}, '{theirs}' is {other}")
    for who, lines in (("requester", requester), ("responder", responder)):
        if VERIFIED not in lines:
            found.append(f"the {who} did not say '{VERIFIED}'")
    for name in ("Responder Random", "Generated Requester Random", "Decrypted Challenge"):
        digits = value(requester, name) or ""
        if len(digits) != 64:
            found.append(f"'{name}' has {len(digits)} digits")
    return found


def triple(row, time):
    return [f"  T:    \"{time}\"", f"  LI:   \"{row['location']}\"", f"  Data: \"{row['data']}\""]


def key_table(row, time, peer):
    return ["=== Key table updated ===", *triple(row, time),
            f"  epoch {peer['epoch']}, key id {peer['kid']}"]


def update_requester(row, time, peer):
    """The left half of Fig. 7."""
    return ["=== Key Update Request ===", f"Selected log index: {row['index']}", *triple(row, time),
            "Sending two of the three, requesting the third...",
            "Third element received, data match confirmed",
            "Session termination message sent", *key_table(row, time, peer)]


def update_responder(row, time, peer):
    """The right half."""
    return ["=== Key Update Request Received ===",
            f"Matching log entry found: index {row['index']}", *triple(row, time),
            "Third element sent, data match confirmed",
            "Session termination message received", *key_table(row, time, peer)]
