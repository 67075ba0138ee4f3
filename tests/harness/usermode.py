# SPDX-License-Identifier: GPL-2.0
"""Machines that are user mode Linux: processes of the host's, no cable, one CPU.

They have the same root filesystem and the same agent as those in QEMU, which
talks over a serial line instead of a virtio port.  Each stays on one processor.
"""
from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from machine import Machine, image
from processor import Processor


class UserModeMachine(Machine):
    """One guest; see Machine."""

    _processor: Processor | None = None

    def kill(self) -> None:
        """End it, whatever it does."""
        super().kill()
        if self._processor:
            self._processor.give_back()
            self._processor = None

    def _launch(self, deadline: float, saved: Path | None) -> None:
        if saved or self.cable or self.disk or self.extra:
            raise ValueError("user mode Linux has none of this")
        self._processor = Processor()
        self._port, theirs = socket.socketpair()
        with theirs, self.console.open("wb") as log:
            # It ends with its session, and its console has to be a pipe.
            self._process = subprocess.Popen(
                self._processor.run(self._arguments(theirs.fileno(), self._make_initrd())),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()],
                start_new_session=True)
            subprocess.Popen(["cat"], stdin=self._process.stdout, stdout=log)
        assert self._process.stdout
        self._process.stdout.close()

    def _arguments(self, line: int, initrd: Path) -> list[str]:
        assert self._scratch
        return [str(image(self.guest) / "vmlinuz"), f"mem={self.memory}M",
                f"initrd={initrd}", f"uml_dir={self._scratch.name}",
                "con0=null,fd:1", "con=null", f"ssl0=fd:{line}", "agent=ttyS0",
                "rng_core.default_quality=1000", *self.cmdline.split()]

    def processor_seconds(self) -> float:
        """How long the guest has had a processor of the host's, so far."""
        assert self._process
        return sum(ticks for session, ticks in _processes()
                   if session == self._process.pid) / os.sysconf("SC_CLK_TCK")

    def _power_off(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)


def _processes() -> Iterator[tuple[int, int]]:
    """Each process's session, and its ticks with those of its ended children."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # A name may hold anything, but no field after it has a parenthesis.
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue    # it has just ended
        yield int(fields[3]), sum(map(int, fields[11:15]))
