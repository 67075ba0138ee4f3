#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Look for trouble in a kernel log.

usage: klog.py [--after MARKER] FILE

Prints every line that tells of a bug, with those around it.  Exit status 1 if
there is one, or if the marker or the whole log is missing: what was not read
was not clean.

A data race that KCSAN reports is the kernel's own if no module is on the stacks of
its report: kernels that have KCSAN have none but the tests' own.  Those are only
counted, and named.
"""
from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections import Counter
from pathlib import Path

TROUBLE = re.compile("|".join((
    r"\bBUG\b", r"WARNING:", r"\bOops\b", r"cut here", r"Call Trace", r"Kernel panic",
    r"general protection", r"refcount_t:", r"unreferenced object", r"KASAN", r"KCSAN",
    r"UBSAN", r"KFENCE", r"lock(ing|dep) (dependency|bug|warning)", r"INFO: task ",
    r"INFO: trying to register non-static", r"INFO: inconsistent lock",
    r"rcu: INFO", r"soft lockup", r"suspicious RCU", r"scheduling while atomic",
    r"sleeping function called", r"unregister_netdevice: waiting", r"leaked reference",
    r"new suspected memory leaks", r"Poison overwritten", r"Redzone", r"Padding overwritten",
    r"pagealloc: ", r"Object already free", r"Objects remaining", r"ODEBUG", r"bad page", r"Bad page",
    r"Unable to handle kernel", r"Internal error", r"DEBUG_LOCKS_WARN_ON",
    r"skb_over_panic", r"skb_under_panic", r"segfault at", r"Unknown symbol",
)))
AROUND = 3
RACE = re.compile(r"BUG: KCSAN: (.*)")
RACE_ENDS = re.compile(r"={60,}$")
RACE_LINES = 120
MODULE = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \[\w+\]")


def own_races(lines: list[str]) -> dict[int, str]:
    """The lines of races that are the kernel's own, and what each was called."""
    found: dict[int, str] = {}
    for begin, line in enumerate(lines):
        race = RACE.search(line)
        if not race:
            continue
        report = list(itertools.takewhile(lambda line: not RACE_ENDS.search(line),
                                          lines[begin:begin + RACE_LINES]))
        if len(report) < RACE_LINES and not any(map(MODULE.search, report)):
            found.update(dict.fromkeys(range(begin, begin + len(report)), race[1]))
    return found


def tell(races: dict[int, str], lines: list[str]) -> None:
    """Say which races are not the tests'."""
    names = Counter(race[1] for line in map(lines.__getitem__, races)
                    if (race := RACE.search(line)))
    for name, times in names.most_common():
        print(f"a race of the kernel's own, {times} times: {name}")


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
    races = own_races(lines)
    tell(races, lines)
    bad = [number for number, line in enumerate(lines)
           if TROUBLE.search(line) and number not in races]
    shown = sorted({at for number in bad[:20]
                    for at in range(number - AROUND, number + AROUND + 1)
                    if 0 <= at < len(lines)})
    for at in shown:
        print(lines[at])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
