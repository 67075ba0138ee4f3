# SPDX-License-Identifier: GPL-2.0
"""Machines that are user mode Linux: processes of the host's, no cable, one CPU.

They have the same root filesystem and the same agent as those in QEMU, which
talks over a serial line instead of a virtio port.
"""
from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from machine import Machine, image


class UserModeMachine(Machine):
    """One guest; see Machine."""

    def _launch(self, deadline: float, saved: Path | None) -> None:
        if saved or self.cable or self.disk or self.extra:
            raise ValueError("user mode Linux has none of this")
        self._port, theirs = socket.socketpair()
        with theirs, self.console.open("wb") as log:
            # It ends with its session, and its console has to be a pipe.
            self._process = subprocess.Popen(
                self._arguments(theirs.fileno(), self._make_initrd()),
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

    def _power_off(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)
