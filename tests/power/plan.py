# SPDX-License-Identifier: GPL-2.0
"""Which pair is cut off where, batch by batch.

A batch cuts twice.  Before the first cut every pair is on its way through an
update or a pairing.  What the first cut leaves is what the second needs: pairs
in the middle of an update, and sides that start again.
"""
from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from kinds import KINDS, LEADS_TO, SECOND, Cut, Kind

SIDES = (0, 1)
BOTH = frozenset(SIDES)
LEADING = 5             # every so many pairs one leads to a SECOND of an update


class Plan:
    """Each of these kinds once, then whichever chance wants, until there were enough."""

    def __init__(self, pairs: Iterable[int], kinds: list[Kind], wanted: int,
                 chance: random.Random) -> None:
        self.pairs = list(pairs)
        self.wanted = wanted
        self.chance = chance
        self.made = 0
        self.batches = 0
        self.kinds = kinds
        self.open = list(kinds)
        self.leading = self._leading()

    def done(self) -> bool:
        return not self.open and self.made >= self.wanted

    def took(self, cut: Cut) -> None:
        """It was made; only a writer's own cut is one of its kind for sure."""
        self.made += 1
        if cut.kind in self.open and cut.writer in cut.lost:
            self.open.remove(cut.kind)

    # -- the first cut ------------------------------------------------------

    def first(self, smaller: dict[int, int]) -> list[Cut]:
        """A cut for every pair; @smaller: which side has the smaller id."""
        lost = (frozenset({0}), frozenset({1}), BOTH)[self.batches % len(SIDES + (BOTH,))]
        self.batches += 1
        kinds = [kind for kind in self.open
                 if kind.point not in SECOND and not self._leads(kind)]
        cuts = []
        for number, pair in enumerate(self.chance.sample(self.pairs, len(self.pairs))):
            if number % LEADING == 0:
                kind = next(self.leading)
            else:
                kind = self._take(kinds, pair, lost, smaller)
            cuts.append(Cut(pair, kind, self._writer(kind, pair, lost, smaller), lost))
        return cuts

    @staticmethod
    def _leads(kind: Kind) -> bool:
        return kind.point == "P2" and kind.way in LEADS_TO

    def _leading(self) -> Iterator[Kind]:
        """Those that are open, and those that open ones need, in turn."""
        while True:
            needed = {kind.point for kind in self.open}
            ways = [way for way, point in LEADS_TO.items()
                    if Kind("P2", way) in self.open or point in needed]
            yield from (Kind("P2", way) for way in ways or LEADS_TO)

    def _take(self, kinds: list[Kind], pair: int, lost: frozenset[int],
              smaller: dict[int, int]) -> Kind:
        for kind in kinds:
            if self._side(kind, pair, smaller) in (None, *lost):
                kinds.remove(kind)
                return kind
        return self.chance.choice([kind for kind in self.kinds if kind.point not in SECOND] or
                                  [Kind("P1", "before")])

    @staticmethod
    def _side(kind: Kind, pair: int, smaller: dict[int, int]) -> int | None:
        """Whose write it is, if that is not for choice: the smaller id pairs as A."""
        if not kind.pairs:
            return None
        return 1 - smaller[pair] if kind.point.startswith("replace") else smaller[pair]

    def _writer(self, kind: Kind, pair: int, lost: frozenset[int],
                smaller: dict[int, int]) -> int:
        side = self._side(kind, pair, smaller)
        if side is not None:
            return side
        if kind in self.open or self._leads(kind) or self.chance.random() < 0.7:
            return self.chance.choice(sorted(lost))
        return self.chance.choice(SIDES)

    # -- the second cut -----------------------------------------------------

    def second(self, before: list[Cut]) -> list[Cut]:
        """What can follow, for the pairs that have something to follow."""
        lost = self.chance.choice((BOTH, BOTH, *map(frozenset, ({0}, {1}))))
        kinds = [kind for kind in self.open if kind.point in SECOND]
        if kinds:
            lost = BOTH
        cuts = []
        for cut in before:
            point, writer = self._follows(cut)
            if not point:
                continue
            ways = [kind for kind in kinds if kind.point == point]
            kind = ways[0] if ways else self.chance.choice(
                [kind for kind in KINDS if kind.point == point])
            if ways:
                kinds.remove(kind)
            cuts.append(Cut(cut.pair, kind, writer, lost))
        return cuts

    def _follows(self, cut: Cut) -> tuple[str, int]:
        """The point that comes next, and on which side; "" when that is chance."""
        if cut.kind.first:
            return "", 0
        if self._leads(cut.kind) and cut.writer in cut.lost and cut.reached:
            return LEADS_TO[cut.kind.way], 1 - cut.writer
        return "P0", self.chance.choice(sorted(cut.lost))
