#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Count the results in KTAP, the kernel's test output.

usage: ktap.py [--kunit] [--summary FILE] [--suite NAME] FILE

Only leaves count: the line of a group says nothing that its members have not
said, unless it failed though no member did.  A plan that is missing or not
kept, and output that breaks off, are failures of their own.  Prints what
failed and was skipped, then "N passed, N failed, N skipped", which is also
written to the summary; exit status 1 unless something passed and nothing
failed.
"""
from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

# A line of the kernel log or of a serial console may begin with these.
PREFIX = re.compile(r"^(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?")
RESULT = re.compile(r"^( *)(ok|not ok) (\d+)(?: -)?(?: ([^#]*?))?"
                    r"(?: *# *(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b *(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"^( *)1\.\.(\d+)(?: *#.*)?$")
BAIL = re.compile(r"^ *Bail out!(.*)$")
SUITE_INDENT = 4
SUBTEST = re.compile(r"^( *)# Subtest: (.*)$")


@dataclass
class Group:
    """Results of one level of indentation."""

    indent: int
    name: str = ""
    plan: int | None = None
    results: int = 0
    failures: int = 0


@dataclass
class Tally:
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def line(self) -> str:
        return (f"{len(self.passed)} passed, {len(self.failed)} failed, "
                f"{len(self.skipped)} skipped")


class Parser:
    """Reads lines, keeps a stack of open groups, and tallies."""

    def __init__(self, kunit: bool) -> None:
        self.kunit = kunit
        self.groups = [Group(0)]
        self.tally = Tally()

    def read(self, text: str) -> Tally:
        for line in text.splitlines():
            self.read_line(PREFIX.sub("", line.rstrip("\r")))
        while len(self.groups) > 1:
            self._fail(self._close(), "broke off")
        self._check_plan(self.groups[0])
        return self.tally

    def read_line(self, line: str) -> None:
        if found := SUBTEST.match(line):
            self._open(len(found[1]), found[2])
        elif found := PLAN.match(line):
            self._open(len(found[1])).plan = int(found[2])
        elif found := BAIL.match(line):
            self._fail(self.groups[-1], f"bailed out:{found[1]}")
        elif found := RESULT.match(line):
            self._result(found)

    def _open(self, indent: int, name: str = "") -> Group:
        """The group at that depth, begun if it is not open."""
        if indent > self.groups[-1].indent:
            self.groups.append(Group(indent))
        while indent < self.groups[-1].indent:
            self._fail(self._close(), "ended without a result of its own")
        self.groups[-1].name = name or self.groups[-1].name
        return self.groups[-1]

    def _result(self, found: re.Match[str]) -> None:
        indent, name = len(found[1]), (found[4] or "").strip() or found[3]
        child = None
        while self.groups[-1].indent > indent:
            if child:
                self._fail(child, "ended without a result of its own")
            child = self._close()
            child.name = child.name or name
            self._check_plan(child)
        group = self._open(indent)
        group.results += 1
        if int(found[3]) != group.results and not (indent == 0 and self.kunit):
            self._fail(group, f"result {found[3]} came as number {group.results}")
        self._count(found, group, child, name)

    def _count(self, found: re.Match[str], group: Group, child: Group | None,
               name: str) -> None:
        failed = found[2].lower() == "not ok"
        path = "/".join([*(g.name for g in self.groups if g.name), name])
        if failed and not (child and child.failures):
            self.tally.failed.append(path)
        elif not failed and child and child.failures:
            self.tally.failed.append(f"{path}: says ok though members failed")
        elif not child and not failed:
            skip = (found[5] or "").upper() == "SKIP"
            (self.tally.skipped if skip else self.tally.passed).append(
                f"{path}: {found[6]}" if skip else path)
        if failed or (child and child.failures):
            group.failures += 1

    def _close(self) -> Group:
        child = self.groups.pop()
        self.groups[-1].failures += bool(child.failures)
        return child

    def _check_plan(self, group: Group) -> None:
        # Not there in 6.1: around all suites, within a parameterised test.
        optional = self.kunit and group.indent != SUITE_INDENT
        if group.plan is None and not optional:
            self._fail(group, "has no plan")
        elif group.plan is not None and group.plan != group.results:
            self._fail(group, f"planned {group.plan}, ran {group.results}")

    def _fail(self, group: Group, why: str) -> None:
        group.failures += 1
        self.tally.failed.append(f"{group.name or 'the whole run'}: {why}")


def only_suite(text: str, suite: str) -> str:
    """The lines of one top-level group and its own result."""
    kept: list[str] = []
    lines: list[str] = []
    for line in map(lambda l: PREFIX.sub("", l), text.splitlines()):
        lines.append(line)
        found = RESULT.match(line)
        if found and not found[1]:
            if (found[4] or "").strip() == suite:
                kept += lines
            lines = []
    return "\n".join(kept)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kunit", action="store_true",
                         help="accept the plans that KUnit modules leave out")
    options.add_argument("--summary", type=Path)
    options.add_argument("--suite")
    options.add_argument("file", type=Path)
    args = options.parse_args()
    text = args.file.read_text(encoding="utf-8", errors="replace")
    if args.suite:
        text = only_suite(text, args.suite)
    tally = Parser(args.kunit).read(text)
    for what, names in (("FAILED", tally.failed), ("skipped", tally.skipped)):
        for name in names:
            print(f"{what}: {name}")
    print(tally.line())
    if args.summary:
        args.summary.write_text(tally.line() + "\n", encoding="utf-8")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
