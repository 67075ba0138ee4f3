# SPDX-License-Identifier: GPL-2.0
"""What a listener on the cable has: the frames of a pcap file, and what suite xor lets him make of them."""

import collections
import struct

ETHERTYPE = 0x88B5
HEADER = 16             # struct hpkm_hd, include/hpkm/wire.h
C1 = 1
DATA = 7
TAG = 16                # of the suites that are not xor
KEY = 32
INNER = 4               # kind, flags, proto
FLAG_RECORD, FLAG_ACK, FLAG_L2ADDR = 1, 2, 4
KIND_MSG = 1


def frames(path):
    """The Ethernet frames of a pcap file, in order; one that is still being written is left out."""
    with open(path, "rb") as file:
        octets = file.read()
    if len(octets) < 24:
        return []
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(octets[:4])
    if not order:
        raise ValueError(f"{path} is not a pcap file")
    found, at = [], 24
    while at + 16 <= len(octets):
        kept, length = struct.unpack_from(order + "8x2I", octets, at)
        if kept != length:
            raise ValueError(f"{path}: a frame was cut short")
        at += 16
        if at + kept > len(octets):
            break
        found.append(octets[at:at + kept])
        at += kept
    return found


def ethertype(frame):
    return struct.unpack_from(">H", frame, 12)[0]


def ethertypes(captured):
    """How many frames there are of each EtherType."""
    return collections.Counter(ethertype(frame) for frame in captured)


def senders(captured):
    return {frame[6:12] for frame in captured}


def is_data(frame):
    return len(frame) > 14 + HEADER and ethertype(frame) == ETHERTYPE and frame[14] == DATA


def hexdump(octets, columns=16):
    """Lines as tcpdump -XX prints them."""
    lines = []
    for at in range(0, len(octets), columns):
        part = octets[at:at + columns]
        text = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in part)
        lines.append(f"0x{at:04x}:  {part.hex(' ', 2):<{columns * 5 // 2}} {text}")
    return lines


def xor(octets, key):
    return bytes(octet ^ key[at % len(key)] for at, octet in enumerate(octets))


def ping_key(captured, pattern, size, tag=0):
    """
    The session key and session index of a ping, from 32 octets of its filling that the listener
    knows (`ping -s SIZE -p PATTERN`).  The filling begins 32 octets behind the hpkm header, so
    known octet i was sealed with octet i of the key, if the suite is xor.  @tag: what the suite
    adds to a frame.
    """
    at = 14 + HEADER + 2 * KEY
    known = (pattern * KEY)[:KEY]
    for frame in captured:
        if not is_data(frame) or len(frame) != 14 + HEADER + INNER + 20 + 8 + size + tag:
            continue
        key = xor(frame[at:at + KEY], known)
        inner = xor(frame[14 + HEADER:], key)
        if inner[:5] == b"\0\0\x08\0\x45" and inner[3 * KEY:4 * KEY] == known:
            return key, frame[18:22]
    return None, None


def opened(captured, key, session):
    """The inner contents of all frames of a session in one direction."""
    return [xor(frame[14 + HEADER:], key) for frame in captured
            if is_data(frame) and frame[18:22] == session]


def payload(inner):
    """Kind and payload of inner contents."""
    flags, at = inner[1], INNER
    at += 48 * bool(flags & FLAG_RECORD) + 16 * bool(flags & FLAG_ACK)
    at += 12 * bool(flags & FLAG_L2ADDR)
    return inner[0], inner[at:]


def messages(inners):
    """The texts of explicit messages among inner contents."""
    texts = []
    for kind, octets in map(payload, inners):
        if kind == KIND_MSG and len(octets) > 2:
            length = struct.unpack_from("<H", octets)[0]
            texts.append(octets[2:2 + length].decode("utf-8", "replace"))
    return texts
