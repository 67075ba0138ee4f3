# SPDX-License-Identifier: GPL-2.0
"""A disk that forgets, when the power goes, what it was not told to flush.

QEMU writes into a copy of the image and logs each write and flush (blklogwrites,
the format of the kernel's dm-log-writes).  A power cut makes the next image out
of the last one: all that was flushed, and of the rest as much as chance wants.
"""
from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
BLOCK = 4096            # written whole or not at all, as disks of today do
MEBIBYTE = 1 << 20
JOURNAL_MEBIBYTES = 4
ENTRY = struct.Struct("<4Q")    # sector, sectors, flags, length of a mark
FLUSH, FUA, DISCARD = 1, 2, 4


class DiskError(Exception):
    """The log is not what QEMU is known to write."""


@dataclass
class Entry:
    """One request, in the order that the disk took them."""

    at: int
    data: bytes
    flags: int


class Disk:
    """An ext4 file system on an image of its own, in the folder work."""

    def __init__(self, work: Path, name: str, mebibytes: int = 32) -> None:
        self.image = work / f"{name}.disk"
        self._used = work / f"{name}.disk-used"
        self._log = work / f"{name}.disk-log"
        self.flushed = 0
        self.lost = 0
        self.image.unlink(missing_ok=True)
        with self.image.open("wb") as image:
            image.truncate(mebibytes * MEBIBYTE)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-b", str(BLOCK), "-J",
                        f"size={JOURNAL_MEBIBYTES}", "-E", "lazy_itable_init=0",
                        self.image], check=True)

    def attach(self) -> list[str]:
        """QEMU's arguments; from now on there is something to lose."""
        shutil.copyfile(self.image, self._used)
        self._log.write_bytes(b"")
        files = [f"driver=file,node-name={name},filename={path},cache.no-flush=on"
                 for name, path in (("used", self._used), ("log", self._log))]
        return ["-blockdev", files[0], "-blockdev", files[1],
                "-blockdev", "driver=raw,node-name=raw,file=used",
                "-blockdev", "driver=blklogwrites,node-name=disk,file=raw,log=log",
                "-device", "virtio-blk-pci,drive=disk,write-cache=on"]

    def cut(self, chance: random.Random) -> None:
        """The power went, QEMU has ended: what is on the disk now?"""
        entries = list(read_log(self._log))
        last = max((number for number, entry in enumerate(entries)
                    if entry.flags & (FLUSH | FUA)), default=-1)
        survives = chance.choice((0.0, 0.5, 1.0))
        with self.image.open("r+b") as image:
            for number, entry in enumerate(entries):
                for begin in range(0, len(entry.data), BLOCK):
                    if number > last and chance.random() >= survives:
                        self.lost += 1
                        continue
                    image.seek(entry.at + begin)
                    image.write(entry.data[begin:begin + BLOCK])
        self.flushed += last + 1


def read_log(path: Path) -> Iterator[Entry]:
    """The requests in a log that may end anywhere.

    What was under way when QEMU was killed may have left a hole of zeros, or be
    cut short at the end.  Nobody was told that it was done: it never happened.
    """
    log = path.read_bytes()
    at = SECTOR             # a superblock comes first, of no use after a kill
    while at + SECTOR <= len(log):
        sector, sectors, flags, mark = ENTRY.unpack_from(log, at)
        if flags & ~(FLUSH | FUA | DISCARD) or mark:
            raise DiskError(f"{path}: no entry at {at}")
        at += SECTOR
        length = sectors * SECTOR if not flags & DISCARD else 0
        if at + length > len(log):
            return
        if sectors or flags:
            yield Entry(sector * SECTOR, log[at:at + length], flags)
        at += length
