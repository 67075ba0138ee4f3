# SPDX-License-Identifier: GPL-2.0
"""The guests that tests run in, by name, and what they have to find at the end.

A guest is one that guest-image knows: a stock kernel's ("amd64", "arm64"), or one
with a kernel of the project's own (kernels/NAME.config): to look for faults, or to
measure on.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from machine import BOOT_TIMEOUT, HARNESS, SLUB_DEBUG, STRICT, Machine, MachineError
from usermode import UserModeMachine

DEBUG = HARNESS.parent / "debug"
REMAINS = {"/hpkm/remains": DEBUG / "remains"}
SCAN_TIMEOUT = 300.0


@dataclass(frozen=True)
class Kind:
    """How a guest is booted, and what it has to look for remains with."""

    kind: type[Machine] = Machine
    cpus: int = 2
    threads: str = "multi"
    memory: int = 512
    cmdline: str = STRICT
    means: str = "nothing"
    boot: float = BOOT_TIMEOUT


# What processes are made of.  Checking it, too, takes a quarter of the time of each
# that is begun, and finds what is wrong with the kernel's own.
PROCESSES = ("anon_vma", "anon_vma_chain", "cred_jar", "dentry", "files_cache", "filp",
             "fs_cache", "inode_cache", "maple_node", "mm_struct", "names_cache", "pid",
             "proc_inode_cache", "ramfs_inode_cache", "seq_file", "shmem_inode_cache",
             "sighand_cache", "signal_cache", "task_struct", "vm_area_struct")

# Whose every allocation is noted, and freed memory overwritten.
NOTED = STRICT.replace(
    SLUB_DEBUG, f"slub_debug=FZPU;-,{','.join(PROCESSES)} page_poison=1 log_buf_len=1M")

# The kernel's own data races are no reason to stop; see klog.py.
RACY = STRICT.replace("panic_on_warn=1 ", "").replace(SLUB_DEBUG, "log_buf_len=1M")

# The clock of QEMU's that costs least to read.  It is the host's for all CPUs, which
# the kernel does not believe unless it is told.
CLOCK = " tsc=reliable"

# Whose speed is what is asked about.
FAST = STRICT.replace(f" {SLUB_DEBUG}", "")

# While the kernel replaces code of its own, QEMU may have one CPU run into a
# breakpoint that the other has just taken away; with one thread for both it does not.
PATCHED = Kind(threads="single")

KINDS = {
    "amd64-newest": PATCHED,
    "amd64-6.12": PATCHED,
    "uml-bench": Kind(UserModeMachine, cpus=1, memory=2048, cmdline=FAST, boot=600.0),
    "uml-debug": Kind(UserModeMachine, cpus=1, memory=1024, cmdline=NOTED, means="slab kmemleak"),
    "amd64-kasan": Kind(memory=1024, cmdline=NOTED + CLOCK, means="slab kmemleak", boot=600.0),
    "amd64-kcsan": Kind(memory=1024, cmdline=RACY + CLOCK, boot=600.0),
}


def guest(name: str, called: str, work: Path, files: dict[str, Path]) -> Machine:
    """One, not yet booted."""
    kind = KINDS.get(name, Kind())
    return kind.kind(name, called, work, files=files, cpus=kind.cpus, threads=kind.threads,
                     memory=kind.memory, cmdline=kind.cmdline, boot=kind.boot)


class Remains:
    """What modules leave behind from now on, or since this was noted."""

    def __init__(self, machine: Machine, noted: bool = False) -> None:
        self.machine = machine
        if not noted:
            self._ask("before")

    def found(self) -> str:
        """Nothing, or what there should not be any more."""
        status, said = self._ask("after")
        means = KINDS.get(self.machine.guest, Kind()).means
        if not said.rstrip().endswith(f"remains: looked with {means}"):
            raise MachineError(f"{self.machine.name}: no {means} to look with:\n{said}")
        return said if status else ""

    def _ask(self, what: str) -> tuple[int, str]:
        return self.machine.run(f"bash /hpkm/remains {what}", timeout=SCAN_TIMEOUT)
