# SPDX-License-Identifier: GPL-2.0
"""What a power cut can come in the middle of: which write, and what became of it."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# What faults.c can do to a write; the first three stop the agent there.
WAYS = {
    "before": "before it",
    "between": "between its rename and its fsync",
    "after": "after it, before the agent said so",
    "slow": "after it, and it was slow",
    "fail": "after it failed",
    "lie": "after it happened and was said to have failed",
}

# Which write of a peer's slot it is, counted from when the rule is made.
POINTS = {
    "P0": (0, "P0, the count of starts"),
    "P1": (0, "P1, the responder's next"),
    "P2": (0, "P2, the requester's new epoch"),
    "P3": (1, "P3, next becomes the only one on U3"),
    "P3-session": (0, "P3, next becomes the only one with a session under it"),
    "P4": (0, "P4, next is dropped with a session under the old"),
    "fresh-first": (0, "a first pairing's fresh, before P5"),
    "fresh-again": (0, "a repeated pairing's fresh, before P5"),
    "replace-first": (0, "a first pairing's only one, before P6"),
    "replace-again": (0, "a repeated pairing's only one, before P6"),
    "confirm-first": (1, "a first pairing's fresh becomes the only one, on P6"),
    "confirm-again": (1, "a repeated pairing's fresh becomes the only one, on P6"),
}

# Longer than a request waits, than a pairing context lives; else just slow.
SLOW_SECONDS = {"P1": 11, "P2": 11, "fresh-first": 6, "fresh-again": 6,
                "replace-first": 6, "replace-again": 6}
SLOW_ELSE = 2

# They need a pair that was cut off in its update, in a way that leads there.
LEADS_TO = {"before": "P4", "fail": "P4", "after": "P3-session", "lie": "P3-session"}
SECOND = ("P0", "P3-session", "P4")


class Kind(NamedTuple):
    """One write and what became of it."""

    point: str
    way: str

    def __str__(self) -> str:
        return f"{POINTS[self.point][1]}: power cut {WAYS[self.way]}"

    @property
    def pairs(self) -> bool:
        return "-first" in self.point or "-again" in self.point

    @property
    def first(self) -> bool:
        """Of a pairing, and the two have nothing to lose."""
        return self.point.endswith("-first")

    def rule(self, started: bool) -> str:
        """For faults.c; @started: the writer has its P0 still before it."""
        skip = POINTS[self.point][0] + (started and self.point != "P0")
        seconds = SLOW_SECONDS.get(self.point, SLOW_ELSE)
        return f"peer- {skip} {self.way} {seconds}"


KINDS = [Kind(point, way) for way in WAYS for point in POINTS]


@dataclass
class Cut:
    """A pair on its way to a power cut."""

    pair: int
    kind: Kind
    writer: int             # the side whose write it is
    lost: frozenset[int]    # the sides whose power goes
    reached: bool = False

    @property
    def requester(self) -> int:
        """The side that asks for the update that the write belongs to."""
        return self.writer if self.kind.point == "P2" else 1 - self.writer

    def epochs(self) -> int | None:
        """By how many the pair is further then; None where that is chance.

        Another number means that it took another way than it was sent on.
        """
        if self.kind.pairs:
            return None
        if self.kind.point == "P2" and self.writer in self.lost:
            return {"before": 0, "fail": 0, "between": None}.get(self.kind.way, 1)
        return 0 if self.kind.point == "P1" else 1

    def alone(self) -> bool | None:
        """Whether the pair has a common secret then: None when it is chance.

        Only a first pairing may have left none, and then it has to be possible
        to pair again.
        """
        if not self.kind.first or self.kind.point == "confirm-first":
            return True
        if self.kind.point == "fresh-first":
            # The other side has not seen P5 yet; if it was slow, a second run may have succeeded.
            return None if self.kind.way == "slow" else False
        if self.writer not in self.lost or self.kind.way in ("after", "slow", "lie"):
            return True
        return None if self.kind.way == "between" else False


@dataclass
class Score:
    """How the cuts of one kind went."""

    made: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    established: int = 0
    equal: int = 0
    trouble: list[str] = field(default_factory=list)

    def good(self) -> bool:
        return bool(self.made) and not self.trouble and \
            self.established == self.equal == self.made
