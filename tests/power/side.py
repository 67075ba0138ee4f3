# SPDX-License-Identifier: GPL-2.0
"""One of the two guests: power, its disk, and what its pairs look like."""
from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from disk import Disk
from klog import TROUBLE
from machine import LastingCable, Machine, MachineError

Result = TypeVar("Result")
LIBRARY = ". /hpkm/power/lib.sh; "
# ext4's own word for a disk that is not what it left.
DISK_TROUBLE = "EXT4-fs error"


@dataclass(frozen=True)
class View:
    """What one side sees of a pair."""

    device: str
    peer: dict[str, object] | None
    sid: str | None

    def get(self, key: str) -> object:
        return self.peer.get(key) if self.peer else None

    def at_rest(self) -> bool:
        """A session, no update under way, and all of it on the disk."""
        return bool(self.sid) and self.get("state") == "up" and \
            self.get("durability") == "durable" and not self.get("next_kid")

    def __str__(self) -> str:
        said = {key: self.get(key) for key in ("state", "durability", "epoch", "kid",
                                                "next_epoch", "next_kid", "confirmed")}
        return f"sid {self.sid} " + " ".join(
            f"{key} {value}" for key, value in said.items() if value is not None)


NOTHING = View("", None, None)


def view(text: str) -> View:
    said = json.loads(text)[0]
    current = [session["sid"] for session in said["sessions"]
               if session["slot"] == "current"]
    return View(said["device"][0]["id"], said["peers"][0] if said["peers"] else None,
                current[0] if current else None)


class Side:
    """Guest 1 or 2, as often as it is started."""

    def __init__(self, number: int, pairs: int, work: Path, files: dict[str, Path],
                 cable: LastingCable, passphrase: Path) -> None:
        self.number = number
        self.pairs = range(1, pairs + 1)
        self.cuts = 0
        self.booted = work / f"side{number}.booted"
        self.disk = Disk(work, f"side{number}")
        for name, text in (("self", number), ("pairs", pairs)):
            path = work / f"side{number}.{name}"
            path.write_text(f"{text}\n", encoding="utf-8")
            files = {**files, f"/hpkm/power/{name}": path}
        files["/hpkm/power/passphrase"] = passphrase
        self.machine = Machine("amd64", f"side{number}", work, files=files, cable=cable,
                               mac=f"52:54:00:00:00:0{number}", disk=self.disk,
                               extra=("-device", "vmgenid,guid=auto"))

    # -- power --------------------------------------------------------------

    def prepare(self) -> None:
        """Boot as far as neither the module nor the disk takes part, and keep that.

        Every start goes on from there, in a fraction of a boot.  The random
        numbers are others each time: the kernel is told that it was copied.
        """
        self.machine.start()
        self.do("prepare", 120)
        self.machine.save(self.booted)
        self.machine.kill()

    def start(self, rules: dict[int, str] | None = None) -> None:
        """What happens when the power comes back, with no person there."""
        self.machine.start(saved=self.booted)
        self.do(self._rules(rules or {}) + "boot", 240)

    def cut(self) -> None:
        """No sync, no goodbye."""
        self.machine.kill()
        self.cuts += 1

    def lose(self, chance: random.Random) -> None:
        """What was not flushed."""
        self.disk.cut(chance)

    def log_trouble(self) -> list[str]:
        """Of all its starts."""
        log = self.machine.console.read_text(encoding="utf-8", errors="replace")
        return [line for line in log.splitlines()
                if TROUBLE.search(line) or DISK_TROUBLE in line]

    def end(self) -> None:
        self.machine.kill()
        self.booted.unlink(missing_ok=True)

    # -- commands -----------------------------------------------------------

    def do(self, script: str, timeout: float = 60.0) -> str:
        return self.machine.check(LIBRARY + script, timeout)

    def try_to(self, script: str, timeout: float = 60.0) -> tuple[int, str]:
        return self.machine.run(LIBRARY + script, timeout)

    def each(self, function: str, pairs: Iterable[int], timeout: float = 60.0) -> None:
        """A function of lib.sh for all these pairs at once."""
        if words := " ".join(map(str, pairs)):
            self.do(f"each {function} {words}", timeout)

    @staticmethod
    def _rules(rules: dict[int, str]) -> str:
        return "".join(f"rule {pair} {rule}; " for pair, rule in rules.items())

    def rules(self, rules: dict[int, str]) -> None:
        """What the disk does to each of these pairs' agents from now on."""
        if rules:
            self.do(self._rules(rules))

    def no_rules(self, pairs: Iterable[int]) -> None:
        if words := " ".join(map(str, pairs)):
            self.do("no_rules " + words)

    def reached(self) -> set[int]:
        return set(map(int, self.do("reached $(all)").split()))

    def look(self, pairs: Iterable[int]) -> dict[int, View]:
        lines = self.do("look " + " ".join(map(str, pairs)), 120).splitlines()
        found = (line.partition(" ") for line in lines)
        return {int(pair): view(text) for pair, _, text in found}


def at_once(*calls: Callable[[], Result]) -> list[Result]:
    """All of them at the same time; the first exception when all have ended."""
    with ThreadPoolExecutor(len(calls) or 1) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.3) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


__all__ = ["MachineError", "NOTHING", "Side", "View", "at_once", "wait_for"]
