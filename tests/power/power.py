# SPDX-License-Identifier: GPL-2.0
"""
Never parted: two guests, many pairs, one cable, and power that fails.

The power of one guest or both is cut while the persist agent of each pair is at
a certain write, slow, failing or lying.  Then it comes back, nobody does
anything, and every pair has to find together again, with the same epoch.
"""
from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from kinds import Cut, Kind, Score
from machine import LastingCable
from plan import BOTH, SIDES, Plan
from side import NOTHING, Side, View, at_once, wait_for

REACH_SECONDS = 40          # after which a pair has missed its point
ESTABLISH_SECONDS = 120     # within which a pair has to be together again
CHANCE_SECONDS = 12         # within which one may be that need not
ROUNDS = 30                 # of batches, that a bug may not go on for ever


def say(text: str) -> None:
    print(f"# {text}", flush=True)


class Run:
    """All of it: the guests, the plan, and the scores."""

    def __init__(self, sides: list[Side], kinds: list[Kind], wanted: int, random_cuts: int,
                 seed: int) -> None:
        self.sides = sides
        self.pairs = list(sides[0].pairs)
        self.chance = random.Random(seed)
        self.plan = Plan(self.pairs, kinds, wanted, self.chance)
        self.scores = {kind: Score() for kind in kinds}
        self.random_cuts = random_cuts
        self.random = Score()
        self.updates = 0
        self.missed = 0
        self.smaller: dict[int, int] = {}
        self.together: dict[int, tuple[View, View]] = {}    # when they last were

    # -- what both sides do -------------------------------------------------

    def both(self, function: str, pairs: Iterable[int], timeout: float = 60.0) -> None:
        at_once(*(lambda side=side: side.each(function, pairs, timeout)
                  for side in self.sides))

    def look(self, pairs: Iterable[int]) -> dict[int, tuple[View, View]]:
        pairs = list(pairs)
        one, other = at_once(*(lambda side=side: side.look(pairs) for side in self.sides))
        return {pair: (one.get(pair, NOTHING), other.get(pair, NOTHING)) for pair in pairs}

    def start(self, lost: frozenset[int], rules: list[dict[int, str]]) -> None:
        at_once(*(lambda side=side: self.sides[side].start(rules[side]) for side in sorted(lost)))

    def cut(self, lost: frozenset[int]) -> None:
        for side in sorted(lost):
            self.sides[side].cut()
        for side in sorted(lost):
            self.sides[side].lose(self.chance)

    def set_rules(self, rules: list[dict[int, str]]) -> None:
        at_once(*(lambda side=side, rule=rule: side.rules(rule)
                  for side, rule in zip(self.sides, rules) if rule))

    # -- together -----------------------------------------------------------

    @staticmethod
    def is_equal(views: tuple[View, View]) -> bool:
        one, other = views
        return bool(one.get("kid")) and one.get("kid") == other.get("kid") and \
            one.get("epoch") == other.get("epoch")

    @staticmethod
    def is_together(views: tuple[View, View]) -> bool:
        return all(view.at_rest() for view in views) and views[0].sid == views[1].sid

    def apart(self, pairs: Iterable[int], seconds: float) -> dict[int, tuple[View, View]]:
        """Those that are not together and equal within that time."""
        deadline = time.monotonic() + seconds
        left = list(pairs)
        while left:
            # When something comes back there is a session: a cheap way to wait for it.
            self.hear("hear_soon" if seconds == ESTABLISH_SECONDS else "hear", left)
            views = self.look(left)
            met = [pair for pair in left if self.is_together(views[pair]) and
                   self.is_equal(views[pair])]
            self.together.update({pair: views[pair] for pair in met})
            left = [pair for pair in left if pair not in met]
            if time.monotonic() > deadline:
                return {pair: views[pair] for pair in left}
        return {}

    def silent(self, pairs: Iterable[int]) -> set[int]:
        """Those over whose session nothing comes back."""
        return set(pairs) - self.hear("hear", pairs)

    def hear(self, how: str, pairs: Iterable[int]) -> set[int]:
        return set(map(int, self.sides[0].do(words(f"each {how}", pairs)).split()))

    # -- once ---------------------------------------------------------------

    def set_up(self) -> None:
        at_once(*(side.prepare for side in self.sides))
        self.start(BOTH, [{}, {}])
        self.both("set_sk", self.pairs)
        self.pair(self.pairs)
        if apart := self.apart(self.pairs, ESTABLISH_SECONDS):
            raise SystemExit("Bail out! pairs that never met: " + describe(apart))
        for pair, (one, other) in self.together.items():
            self.smaller[pair] = 0 if one.device < other.device else 1

    def pair(self, pairs: Iterable[int]) -> None:
        pairs = list(pairs)
        self.both("pair_again", pairs)
        self.both("policy", pairs)

    # -- armed cuts ---------------------------------------------------------

    def begin(self, cuts: list[Cut]) -> None:
        """Set every pair on its way to its write."""
        self.both("forget", [cut.pair for cut in cuts if cut.kind.first])
        self.sides[0].each("talk", [cut.pair for cut in cuts if not cut.kind.pairs])
        self.arm(cuts, frozenset())
        at_once(*(lambda number=number, side=side: side.do(
            words("each update", (cut.pair for cut in cuts if not cut.kind.pairs and
                                  cut.requester == number)) +
            words("each begin_pairing", (cut.pair for cut in cuts if cut.kind.pairs)))
            for number, side in enumerate(self.sides)))

    def arm(self, cuts: list[Cut], started: frozenset[int]) -> None:
        self.set_rules([{cut.pair: cut.kind.rule(cut.writer in started) for cut in cuts
                         if cut.writer == number} for number in SIDES])

    def wait_reached(self, cuts: list[Cut]) -> None:
        def all_reached() -> bool:
            waiting = sorted({cut.writer for cut in cuts if not cut.reached})
            found = at_once(*(self.sides[side].reached for side in waiting))
            for side, pairs in zip(waiting, found):
                for cut in cuts:
                    cut.reached |= cut.writer == side and cut.pair in pairs
            return all(cut.reached for cut in cuts)

        wait_for(all_reached, REACH_SECONDS)

    def cut_off(self, cuts: list[Cut]) -> None:
        """The power goes; who still has some goes on undisturbed."""
        lost = cuts[0].lost
        self.cut(lost)
        for number in BOTH - lost:
            self.sides[number].no_rules(cut.pair for cut in cuts if cut.writer == number)

    def epochs(self) -> dict[int, int]:
        return {pair: int(views[0].get("epoch") or 0) for pair, views in self.together.items()}

    def batch(self) -> None:
        before = self.epochs()
        first = self.plan.first(self.smaller)
        say(f"batch {self.plan.batches}: " + ", ".join(
            f"{cut.pair} {cut.kind.point} {cut.kind.way}" for cut in first))
        self.begin(first)
        self.wait_reached(first)
        self.cut_off(first)
        second = self.plan.second(first)
        lost = first[0].lost
        rules: list[dict[int, str]] = [{}, {}]
        for cut in second:
            rules[cut.writer][cut.pair] = cut.kind.rule(cut.writer in lost)
        self.set_rules([rules[side] if side not in lost else {} for side in SIDES])
        self.start(lost, rules)
        self.wait_reached(second)
        say("then: " + ", ".join(f"{cut.pair} {cut.kind.point} {cut.kind.way}" for cut in second))
        self.cut_off(second)
        self.start(second[0].lost, [{}, {}])
        self.judge(first, second, before)

    # -- what came of it ----------------------------------------------------

    def judge(self, first: list[Cut], second: list[Cut], before: dict[int, int]) -> None:
        apart = self.find_together({cut.pair: cut.alone() for cut in first})
        silent = self.silent(set(self.pairs) - set(apart))
        after = self.epochs()
        for cut in first:
            if cut.pair not in apart and cut.epochs() not in (None, after[cut.pair] - before[cut.pair]):
                cut.reached = False
        for cut in first + second:
            self.count(cut, apart.get(cut.pair), cut.pair in silent)
        self.mend(apart)
        self.both("policy", [cut.pair for cut in first if cut.kind.first])

    def find_together(self, alone: dict[int, bool | None]) -> dict[int, tuple[View, View]]:
        """Pairs that are apart, though those that may need it were paired again."""
        again = [pair for pair, by_itself in alone.items() if by_itself is False]
        chance = [pair for pair, by_itself in alone.items() if by_itself is None]
        again += self.apart(chance, CHANCE_SECONDS)
        at_once(*(lambda side=side: side.try_to(words("each pair_again", again))
                  for side in self.sides))
        return self.apart(alone, ESTABLISH_SECONDS)

    def count(self, cut: Cut, apart: tuple[View, View] | None, silent: bool) -> None:
        if not cut.reached:
            self.missed += 1
            say(f"pair {cut.pair} missed {cut.kind}")
        else:
            self.plan.took(cut)
            score = self.scores.setdefault(cut.kind, Score())
            score.made += 1
            who = "both" if cut.lost == BOTH else \
                "the writer" if cut.writer in cut.lost else "the other"
            score.lost[who] = score.lost.get(who, 0) + 1
            score.established += apart is None and not silent
            score.equal += apart is None or self.is_equal(apart)
        if apart or silent:
            self.scores.setdefault(cut.kind, Score()).trouble.append(
                f"pair {cut.pair}, {sorted(cut.lost)} lost, side {cut.writer} wrote: " +
                (describe({cut.pair: apart}) if apart else "nothing comes back"))

    def mend(self, apart: dict[int, tuple[View, View]]) -> None:
        """Pairs that were parted are a failure, and yet have to go on."""
        if not apart:
            return
        for side in self.sides:
            say(f"side {side.number}: " + side.do(
                words("tail -n 3 ", (f"/run/power/{pair}/agent" for pair in apart)) +
                "busybox dmesg | tail -n 5").replace("\n", "\n# "))
        at_once(*(lambda side=side: side.try_to(words("each forget", apart))
                  for side in self.sides))
        self.pair(apart)

    # -- cuts at random -----------------------------------------------------

    def random_cut(self) -> None:
        """The power goes at any time, while all pairs update and some disks misbehave."""
        before = self.epochs()
        self.both("restless", self.pairs)
        rules: list[dict[int, str]] = [{}, {}]
        for pair in self.chance.sample(self.pairs, len(self.pairs) // 3):
            way = self.chance.choice(("slow", "fail", "lie"))
            rules[self.chance.choice(SIDES)][pair] = \
                f"peer- {self.chance.randrange(4)} {way} {self.chance.randrange(1, 4)}"
        self.set_rules(rules)
        time.sleep(self.chance.uniform(2, 8))
        lost = self.chance.choice((BOTH, frozenset({0}), frozenset({1})))
        self.cut(lost)
        for side in BOTH - lost:
            self.sides[side].no_rules(rules[side])
        self.start(lost, [{}, {}])
        self.both("restful", self.pairs)
        apart = self.apart(self.pairs, ESTABLISH_SECONDS)
        silent = self.silent(set(self.pairs) - set(apart))
        self.random.made += len(self.pairs)
        self.random.established += len(self.pairs) - len(apart) - len(silent)
        self.random.equal += len(self.pairs) - sum(
            not self.is_equal(views) for views in apart.values())
        self.random.trouble += [f"{sorted(lost)} lost: " + describe({pair: views})
                                for pair, views in apart.items()]
        self.mend(apart)
        self.updates += sum(epoch > before[pair] for pair, epoch in self.epochs().items())

    # -- all of it ----------------------------------------------------------

    def all(self) -> None:
        self.set_up()
        say(f"{len(self.pairs)} pairs are together, {time.monotonic() - BEGAN:.0f} s")
        while not self.plan.done() and self.plan.batches < ROUNDS:
            self.batch()
            say(f"{self.plan.made} cuts, {time.monotonic() - BEGAN:.0f} s")
            if self.random.made < self.random_cuts * len(self.pairs):
                self.random_cut()
        while self.random.made < self.random_cuts * len(self.pairs):
            self.random_cut()

    # -- the report ---------------------------------------------------------

    def report(self) -> None:
        lines = [(score.good(), f"{kind}: {tell(score)}", score.trouble)
                 for kind, score in self.scores.items()]
        if self.random_cuts:
            lines.append((self.random.good() and self.updates > 0,
                          f"power cut at random while keys are updated: {tell(self.random)}, "
                          f"{self.updates} had new keys", self.random.trouble))
        trouble = [line for side in self.sides for line in side.log_trouble()]
        lines.append((not trouble, "the kernels and file systems have nothing to complain of",
                      trouble))
        for number, (good, text, explanation) in enumerate(lines, 1):
            for line in explanation[:20]:
                say(line)
            print(f"{'ok' if good else 'not ok'} {number} - {text}")
        print(f"1..{len(lines)}")
        made = sum(score.made for score in self.scores.values())
        say(f"{sum(side.cuts for side in self.sides)} power cuts of a guest; "
            f"pairs cut off: {made} at their write, {self.random.made} at random; "
            f"re-established: {sum(s.established for s in self.scores.values()) + self.random.established}; "
            f"epoch and kid equal: {sum(s.equal for s in self.scores.values()) + self.random.equal}; "
            f"missed: {self.missed}; blocks not flushed and lost: "
            f"{sum(side.disk.lost for side in self.sides)}; "
            f"{time.monotonic() - BEGAN:.0f} s")


BEGAN = time.monotonic()


def words(command: str, pairs: Iterable[object]) -> str:
    listed = " ".join(map(str, pairs))
    return f"{command} {listed}; " if listed else ""


def tell(score: Score) -> str:
    lost = ", ".join(f"{count} of {who}" for who, count in sorted(score.lost.items()))
    return f"{score.made} cut{'' if score.made == 1 else 's'}" + (f" ({lost})" if lost else "") + \
        f", {score.established} re-established, {score.equal} with equal epoch and kid"


def describe(pairs: dict[int, tuple[View, View]]) -> str:
    return "; ".join(f"pair {pair}: {views[0]} | {views[1]}" for pair, views in pairs.items())


def run(work: Path, files: dict[str, Path], kinds: list[Kind], pairs: int, cuts: int,
        random_cuts: int, seed: int) -> None:
    print("KTAP version 1")
    say(f"seed {seed}")
    passphrase = work / "passphrase"
    passphrase.write_text("correct horse battery staple", encoding="utf-8")
    cable = LastingCable()
    sides: list[Side] = []
    try:
        for number in (1, 2):
            sides.append(Side(number, pairs, work, files, cable, passphrase))
        this = Run(sides, kinds, cuts, random_cuts, seed)
        this.all()
        this.report()
    finally:
        sys.stdout.flush()
        for side in sides:
            side.end()
