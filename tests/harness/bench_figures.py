# SPDX-License-Identifier: GPL-2.0
"""What `make bench` makes of its samples: ratios within a round, and the rows to reach.

A ratio is of two values of the same round and the same case, so that what else the
host did then falls on both; a figure is the median of its rounds.
"""
from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

SUITES = ("chacha20poly1305", "chacha20poly1305-x25519")
# TCP payload of a full frame: 1,500 octets less the header, the tag, what is in front
# of the packet, room for a record's fields, and the headers of IP and TCP.
PAYLOAD = 1500 - 16 - 16 - 4 - 48 - 20 - 32
SMALL, LARGE = "16", "1048576"
# A median of fewer is not to be relied on.
ROUNDS = 7
MET = "met"


@dataclass(frozen=True)
class Sample:
    """One value: octets, datagrams or sessions a second, or a time, or octets."""

    turn: int
    what: str
    kind: str
    case: str
    value: float


@dataclass(frozen=True)
class Figure:
    """A median, its quartiles, and how many rounds it is of."""

    median: float
    lower: float
    upper: float
    rounds: int

    @staticmethod
    def of(values: list[float]) -> Figure | None:
        if not values:
            return None
        if len(values) == 1:
            return Figure(values[0], values[0], values[0], 1)
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return Figure(median, lower, upper, len(values))


@dataclass(frozen=True)
class Row:
    """A figure that is to be reached, in so many rounds at least."""

    name: str
    figure: Figure | None
    target: float
    at_least: bool
    rounds: int

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "not measured"
        if self.figure.rounds < self.rounds:
            return "too few rounds"
        median = self.figure.median
        reached = median >= self.target if self.at_least else median <= self.target
        return MET if reached else "not met"


# By round.
Values = dict[int, float]


class Samples:
    """Values of one kind in one case, by round.  What is not above zero is none: that
    the load took no longer than what is besides it."""

    def __init__(self, samples: list[Sample]) -> None:
        self._values: dict[tuple[str, str, str], Values] = defaultdict(dict)
        for one in samples:
            if one.value <= 0 and one.what != "loss":
                continue
            self._values[one.what, one.kind, one.case][one.turn] = one.value

    def keys(self) -> list[tuple[str, str, str]]:
        return list(self._values)

    def of(self, what: str, kind: str, case: str = "") -> Values:
        return self._values.get((what, kind, case), {})

    def cases(self, what: str) -> list[str]:
        return list(dict.fromkeys(case for name, _, case in self._values if name == what))


def paired(work: Callable[..., float], *values: Values) -> Values:
    """What comes of the values of each round that has them all."""
    rounds = set.intersection(*(set(one) for one in values)) if values else set()
    return {turn: work(*(one[turn] for one in values)) for turn in sorted(rounds)}


def ratio(one: Values, other: Values) -> Values:
    return paired(lambda a, b: a / b, one, other)


def mean(cases: list[Values]) -> Values:
    """The geometric mean over all cases."""
    return paired(lambda *values: math.exp(statistics.fmean(map(math.log, values))), *cases)


def worst(cases: list[Values]) -> Values:
    return paired(lambda *values: max(values), *cases)


def tcp(samples: Samples, kind: str, against: str) -> Values:
    return mean([ratio(samples.of("tcp", kind, case), samples.of("tcp", against, case))
                 for case in samples.cases("tcp")])


def bound(samples: Samples, case: str) -> Values:
    """TCP octets a second of the plain path without offloads and both cipher passes."""
    def octets(bare: float, seal: float, unseal: float) -> float:
        return 1 / (1 / bare + (seal + unseal) * 1e-9 / PAYLOAD)
    return paired(octets, samples.of("tcp", "bare", case), samples.of("cipher", "seal"),
                  samples.of("cipher", "open"))


def against_bound(samples: Samples, kind: str) -> Values:
    return mean([ratio(samples.of("tcp", kind, case), bound(samples, case))
                 for case in samples.cases("tcp")])


def exchanges(samples: Samples, suite: str) -> Values:
    return ratio(samples.of("exchange", "wireguard"), samples.of("exchange", suite))


def look_up(samples: Samples) -> Values:
    return worst([ratio(samples.of(f"by-{key}-{how}", LARGE), samples.of(f"by-{key}-{how}", SMALL))
                  for key in ("id", "elements") for how in ("cold", "same")])


def added_round_trip(samples: Samples, suite: str) -> Values:
    def added(plain: float, own: float, wireguard: float) -> float:
        return (own - plain) / (wireguard - plain)
    case = (samples.cases("ping") or [""])[0]
    return paired(added, *(samples.of("ping", kind, case)
                           for kind in ("plain", suite, "wireguard")))


def idle_peer(samples: Samples) -> Values:
    return paired(lambda both, log: both - log, samples.of("memory", "peer-and-log"),
                  samples.of("memory", "log"))


def rows_of(samples: list[Sample]) -> list[Row]:
    """All that is to be reached."""
    of = Samples(samples)
    lost = of.of("loss", SUITES[1])

    def row(name: str, values: Values, target: float, at_least: bool) -> Row:
        return Row(name, Figure.of(list(values.values())), target, at_least,
                   1 if values is lost else ROUNDS)

    return [
        *(row(f"TCP against WireGuard, {suite}", tcp(of, suite, "wireguard"), 1.4, True)
          for suite in SUITES),
        *(row(f"TCP against MACsec, {suite}", tcp(of, suite, "macsec"), 4, True)
          for suite in SUITES),
        *(row(f"TCP against the bound, {suite}", against_bound(of, suite), 0.9, True)
          for suite in SUITES),
        row("TCP against the plain link without offloads, xor", tcp(of, "xor", "bare"), 0.8, True),
        row(f"exchanges against WireGuard's handshake, {SUITES[0]}", exchanges(of, SUITES[0]),
            10, True),
        row(f"exchanges against WireGuard's handshake, {SUITES[1]}", exchanges(of, SUITES[1]),
            1.5, True),
        row("a frame at 10,000 peers against at 1",
            ratio(of.of("frame", "10000"), of.of("frame", "1")), 1.1, False),
        row("a record's look-up at 1,048,576 records against at 16", look_up(of), 1.5, False),
        *(row(f"round trip added to a ping, against WireGuard's, {suite}",
              added_round_trip(of, suite), 1, False) for suite in SUITES),
        row("octets of an idle peer", idle_peer(of), 4096, False),
        row("octets of a record", of.of("memory", "record"), 192, False),
        row("frames lost over 1,000 session changes and 100 key updates", lost, 0, False),
    ]


def figures_of(samples: list[Sample]) -> dict[tuple[str, str, str], Figure]:
    """The median of each kind in each case, the bound on TCP among them."""
    of = Samples(samples)
    values = {key: of.of(*key) for key in of.keys()}
    values |= {("tcp", "bound", case): bound(of, case) for case in of.cases("tcp")}
    return {key: figure for key, one in values.items()
            if (figure := Figure.of(list(one.values())))}
