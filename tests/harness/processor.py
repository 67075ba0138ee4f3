# SPDX-License-Identifier: GPL-2.0
"""Processors of the host's that guests have for themselves.

Who is user mode Linux's kernel and who its processes take turns for every system
call and every page.  On one processor that is a switch; on two, each wakes the other
from its sleep, and a guest takes twice as long.
"""
from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

LOCKS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hpkm"


class Processor:
    """One of those that no other guest has, or any if there are more guests."""

    def __init__(self) -> None:
        usable = sorted(os.sched_getaffinity(0))
        self.number = usable[os.getpid() % len(usable)]
        self._lock: TextIO | None = None
        LOCKS.mkdir(parents=True, exist_ok=True)
        for number in usable:
            if self._take(number):
                self.number = number
                break

    def _take(self, number: int) -> bool:
        lock = (LOCKS / f"processor{number}.lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def run(self, command: list[str]) -> list[str]:
        """That command, to be run there with all that it starts."""
        return ["taskset", "--cpu-list", str(self.number), *command]

    def give_back(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None
