#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Look for trouble in a kernel log.

usage: klog.py [--after MARKER] FILE

Prints every line that tells of a bug, with those around it.  Exit status 1 if
there is one, or if the marker or the whole log is missing: what was not read
was not clean.
"""
from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

TROUBLE = re.compile("|".join((
    r"\bBUG\b", r"WARNING:", r"\bOops\b", r"cut here", r"Call Trace", r"Kernel panic",
    r"general protection", r"refcount_t:", r"unreferenced object", r"KASAN", r"KCSAN",
    r"UBSAN", r"KFENCE", r"lock(ing|dep) (dependency|bug|warning)", r"INFO: task ",
    r"INFO: trying to register non-static", r"INFO: inconsistent lock",
    r"rcu: INFO", r"soft lockup", r"suspicious RCU", r"scheduling while atomic",
    r"sleeping function called", r"unregister_netdevice: waiting", r"leaked reference",
    r"new suspected memory leaks", r"Poison overwritten", r"Redzone", r"Padding overwritten",
    r"Object already free", r"Objects remaining", r"ODEBUG", r"bad page", r"Bad page",
    r"Unable to handle kernel", r"Internal error", r"DEBUG_LOCKS_WARN_ON",
    r"skb_over_panic", r"skb_under_panic", r"segfault at", r"Unknown symbol",
)))
AROUND = 3


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--after", default="")
    options.add_argument("file", type=Path)
    args = options.parse_args()
    text = args.file.read_text(encoding="utf-8", errors="replace")
    before, found, text = text.partition(args.after) if args.after else ("", "all", text)
    if not found or not text.strip():
        print(f"{args.file}: the kernel log is not there or not complete")
        return 1
    lines = text.splitlines()
    bad = [number for number, line in enumerate(lines) if TROUBLE.search(line)]
    shown = sorted({at for number in bad[:20]
                    for at in range(number - AROUND, number + AROUND + 1)
                    if 0 <= at < len(lines)})
    for at in shown:
        print(lines[at])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
