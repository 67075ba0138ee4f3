#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Virtual machines for the tests, and the cable between two of them.

A Machine boots Debian's stock kernel in QEMU and is driven command by command
through a virtio serial port; guest/agent is the other end.  Every wait has a
deadline, and leaving the `with` block ends the machine whatever happened.
"""
from __future__ import annotations

import base64
import functools
import itertools
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from disk import Disk
from klog import TROUBLE

HARNESS = Path(__file__).resolve().parent
BOOT_TIMEOUT = 120.0
GRACE = 15.0            # on top of the guest's own deadline for a command
TAIL_LINES = 60

QEMU: dict[str, list[str]] = {
    "amd64": ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max"],
    "arm64": ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72"],
}
CONSOLE = {"amd64": "ttyS0", "arm64": "ttyAMA0"}
# Red zones around what the module allocates and frees; around all that a process
# is made of they would double what a fork takes.
SLUB_DEBUG = "slub_debug=FZ,kmalloc-*,skbuff_*"
# An emulated processor has no use for mitigations, and pays most for them.
STRICT = ("panic=-1 oops=panic panic_on_warn=1 mitigations=off "
          f"random.trust_cpu=on loglevel=7 {SLUB_DEBUG}")


class MachineError(Exception):
    """The machine did not boot, died, or did not answer in time."""


class CommandError(Exception):
    """A command that had to succeed did not."""


@dataclass
class Cable:
    """An Ethernet cable with two ends; the first to be plugged in records."""

    path: Path
    pcap: Path | None = None
    ends: int = field(default=0, init=False)

    def plug(self, mac: str) -> list[str]:
        """QEMU's arguments for the next end."""
        if self.ends == 2:
            raise ValueError("a cable has two ends")
        server = "on" if self.ends == 0 else "off"
        self.ends += 1
        args = ["-netdev", f"stream,id=n0,server={server},"
                f"addr.type=unix,addr.path={self.path}",
                "-device", f"virtio-net-pci,netdev=n0,id=nic0,mac={mac},romfile="]
        if server == "on" and self.pcap:
            args += ["-object", f"filter-dump,id=d0,netdev=n0,"
                     f"file={self.pcap},maxlen=65535"]
        return args

    def wait_for_other(self, deadline: float) -> None:
        """The second end can only be plugged in when the first is there."""
        while self.ends == 1 and not self.path.exists():
            if time.monotonic() > deadline:
                raise MachineError("the first end of the cable never appeared")
            time.sleep(0.05)


class LastingCable:
    """A cable that outlives its machines: either end may come and go.

    QEMU's stream sockets do not connect again.  Datagrams need not, and like a
    cable these lose what nobody is there to receive.
    """

    def __init__(self) -> None:
        # Both are bound before either is let go, so that they differ.
        with socket.socket(type=socket.SOCK_DGRAM) as one, \
                socket.socket(type=socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self._ports = [end.getsockname()[1] for end in (one, other)]
        self._owners: list[str] = []

    def plug(self, mac: str) -> list[str]:
        """QEMU's arguments for the end that this address always has."""
        if mac not in self._owners:
            self._owners.append(mac)
        end = self._owners.index(mac)
        if end > 1:
            raise ValueError("a cable has two ends")
        local, remote = self._ports[end], self._ports[1 - end]
        return ["-netdev", "dgram,id=n0,"
                f"local.type=inet,local.host=127.0.0.1,local.port={local},"
                f"remote.type=inet,remote.host=127.0.0.1,remote.port={remote}",
                # Its table of VLANs would not survive save().
                "-device", f"virtio-net-pci,netdev=n0,id=nic0,mac={mac},romfile=,"
                "ctrl_vlan=off"]

    def wait_for_other(self, deadline: float) -> None:
        """An end needs no other."""


@functools.cache
def image(guest: str) -> Path:
    """Folder of the kernel and root filesystem; fetched on first use."""
    made = subprocess.run([HARNESS / "guest-image", guest], check=True,
                          stdout=subprocess.PIPE, text=True)
    return Path(made.stdout.strip())


def pack_files(files: dict[str, Path], archive: Path) -> None:
    """Write an initramfs archive with each host file or folder at its place."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as top:
        for place, source in files.items():
            target = Path(top, place.lstrip("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        with archive.open("wb") as out:
            subprocess.run("find . -mindepth 1 -print0 | "
                           "cpio --quiet -0 -o -H newc -R 0:0", shell=True,
                           check=True, cwd=top, stdout=out)


def tail(path: Path) -> str:
    """The end of a log, or the beginning of the trouble that it tells of."""
    if not path.exists():
        return "(no output)"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    trouble = [number for number, line in enumerate(lines) if TROUBLE.search(line)]
    begin = max(0, trouble[0] - 5 if trouble else len(lines) - TAIL_LINES)
    return "\n".join(lines[begin:begin + TAIL_LINES])


class Machine:
    """One guest.  Use it in a `with` block.

    files: guest path -> host file or folder, copied in before boot.
    work:  a folder of the host for sockets and the console's log
           (work/NAME.console).
    extra: more arguments of QEMU's.
    boot:  seconds that a boot may take.

    A machine can be killed and started again.
    """

    def __init__(self, guest: str, name: str, work: Path, *,
                 files: dict[str, Path] | None = None,
                 cable: Cable | LastingCable | None = None,
                 mac: str = "52:54:00:00:00:01", disk: Disk | None = None,
                 cpus: int = 2, threads: str = "multi", memory: int = 512,
                 cmdline: str = STRICT,
                 extra: tuple[str, ...] = (), boot: float = BOOT_TIMEOUT) -> None:
        self.guest = guest
        self.arch = guest.partition("-")[0]
        self.name = name
        self.work = Path(work).resolve()
        self.files = files or {}
        self.cable = cable
        self.mac = mac
        self.disk = disk
        self.cpus = cpus
        self.threads = threads
        self.memory = memory
        self.cmdline = cmdline
        self.extra = extra
        self.boot = boot
        self.console = self.work / f"{name}.console"
        self.initrd = self.work / f"{name}.initrd"
        self._process: subprocess.Popen[bytes] | None = None
        self._port: socket.socket | None = None
        self._qmp: socket.socket | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._pending = b""

    def __enter__(self) -> Machine:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 value: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    # -- life ---------------------------------------------------------------

    def start(self, wait: bool = True, saved: Path | None = None) -> None:
        """Boot; with wait=False call wait_ready() later.

        saved: go on from what save() wrote instead.
        """
        deadline = time.monotonic() + self.boot
        self.work.mkdir(parents=True, exist_ok=True)
        # Socket paths are limited to 107 octets, so they do not go into work.
        self._scratch = tempfile.TemporaryDirectory(prefix="hpkm-vm-")
        if not saved:
            self.console.unlink(missing_ok=True)
        if self.cable:
            self.cable.wait_for_other(deadline)
        self._launch(deadline, saved)
        if saved:
            self._wait_for_status("running", deadline)
        elif wait:
            self.wait_ready(deadline)

    def _launch(self, deadline: float, saved: Path | None) -> None:
        assert self._scratch
        command = self._command(Path(self._scratch.name))
        if saved:
            command += ["-incoming", f"exec:cat {shlex.quote(str(saved))}"]
        else:
            command += ["-initrd", str(self._make_initrd())]
        with (self.work / f"{self.name}.qemu").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log)
        self._port = self._connect("port", deadline)
        self._qmp = self._connect("qmp", deadline)

    def save(self, to: Path, timeout: float = 60.0) -> None:
        """Write the whole machine to a file; it stands still from then on."""
        deadline = time.monotonic() + timeout
        self._ask_qemu("migrate", {"uri": f"exec:cat >{shlex.quote(str(to))}"})
        self._wait_for_status("postmigrate", deadline)

    def _wait_for_status(self, status: str, deadline: float) -> None:
        while (now := self._ask_qemu("query-status")["status"]) != status:
            if time.monotonic() > deadline:
                raise self._lost(f"it is {now}, not {status}")
            time.sleep(0.1)

    def wait_ready(self, deadline: float | None = None) -> None:
        """Return when the guest's agent takes commands, and all CPUs are there."""
        deadline = deadline or time.monotonic() + self.boot
        self._read_until(b"agent ready\n", deadline, "boot")
        status, said = self.run("busybox nproc", max(1.0, deadline - time.monotonic()))
        if status or said.strip() != str(self.cpus):
            raise self._lost(f"it has {said.strip()} CPUs, not {self.cpus}")

    def kill(self) -> None:
        """Cut the power."""
        if self._process and self._process.poll() is None:
            self._power_off(self._process)
        if self._process:
            self._process.wait()
            self._process = None
        for end in (self._port, self._qmp):
            if end:
                end.close()
        self._port = self._qmp = None
        self._pending = b""
        self.initrd.unlink(missing_ok=True)
        if self._scratch:
            self._scratch.cleanup()
            self._scratch = None

    def _power_off(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)

    def _make_initrd(self) -> Path:
        overlay = self.work / f"{self.name}.overlay"
        pack_files(self.files, overlay)
        with self.initrd.open("wb") as out:
            for part in (image(self.guest) / "rootfs.cpio", overlay):
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, out)
        overlay.unlink()
        return self.initrd

    def _command(self, scratch: Path) -> list[str]:
        network = self.cable.plug(self.mac) if self.cable else ["-nic", "none"]
        disk = self.disk.attach() if self.disk else []
        return QEMU[self.arch] + [
            "-accel", f"tcg,thread={self.threads}",
            # One in each socket: where there is no ACPI, only those are found.
            "-smp", f"{self.cpus},sockets={self.cpus}",
            "-m", str(self.memory), "-nodefaults", "-display", "none",
            "-no-reboot", "-kernel", str(image(self.guest) / "vmlinuz"),
            "-append", f"console={CONSOLE[self.arch]} {self.cmdline}",
            "-chardev", f"file,id=console,path={self.console},append=on",
            "-serial", "chardev:console",
            "-qmp", f"unix:{scratch}/qmp,server=on,wait=off",
            "-object", "rng-random,id=rng0,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=rng0",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=port,path={scratch}/port,server=on,wait=off",
            "-device", "virtserialport,chardev=port,name=hpkm",
            *self.extra,
        ] + network + disk

    def _connect(self, name: str, deadline: float) -> socket.socket:
        assert self._scratch and self._process
        while True:
            end = socket.socket(socket.AF_UNIX)
            try:
                end.connect(os.path.join(self._scratch.name, name))
                return end
            except OSError:
                end.close()
            if self._process.poll() is not None:
                log = tail(self.work / f"{self.name}.qemu")
                raise MachineError(f"{self.name}: qemu ended at once\n{log}")
            if time.monotonic() > deadline:
                raise self._lost(f"its {name} socket never appeared")
            time.sleep(0.05)

    # -- commands -----------------------------------------------------------

    def run(self, script: str, timeout: float = 30.0, stdin: str = "",
            echo: bool = False) -> tuple[int, str]:
        """Run a bash script in the guest: its exit status and all it printed.

        A script that takes longer than timeout is killed and gives 124.
        echo=True copies the output to stdout as it comes.
        """
        assert self._port, "the machine is not running"
        marker = f"@{secrets.token_hex(8)}@"
        request = " ".join([marker, str(timeout), _encode(script), _encode(stdin)])
        self._port.settimeout(GRACE)
        try:
            self._port.sendall(request.encode() + b"\n")
        except OSError as error:
            raise self._lost(f"takes no command ({error})") from error
        deadline = time.monotonic() + timeout + GRACE
        output = self._read_until(f"\n{marker} ".encode(), deadline, script, echo)
        status = self._read_until(b"\n", deadline, script).decode()
        text = output.decode("utf-8", "replace")
        return (124 if status == "timeout" else int(status)), text

    def check(self, script: str, timeout: float = 30.0, stdin: str = "") -> str:
        """run() for a script that has to succeed; gives its output."""
        status, output = self.run(script, timeout, stdin)
        if status:
            raise CommandError(f"{self.name}: exit status {status}: {script}\n{output}")
        return output

    def wait_until(self, script: str, timeout: float = 30.0) -> str:
        """Repeat a script until it succeeds; gives its output."""
        deadline = time.monotonic() + timeout
        while True:
            left = max(1.0, deadline - time.monotonic())
            status, output = self.run(script, left)
            if status == 0:
                return output
            if time.monotonic() > deadline:
                raise CommandError(f"{self.name}: not true within {timeout:g} s: "
                                   f"{script}\n{output}")
            time.sleep(0.1)

    def type(self, command: str, *dialogue: tuple[str, str],
             timeout: float = 60.0) -> tuple[int, str]:
        """Run a command on a terminal; dialogue is (prompt, answer) in turn."""
        words = ["typist", command, *itertools.chain.from_iterable(dialogue)]
        return self.run(shlex.join(words), timeout)

    def set_cable(self, plugged: bool) -> None:
        """Pull the cable out of this machine, or put it back."""
        self._ask_qemu("set_link", {"name": "n0", "up": plugged})

    def _ask_qemu(self, command: str,
                  arguments: dict[str, object] | None = None) -> dict[str, object]:
        assert self._qmp
        self._qmp.settimeout(GRACE)
        with self._qmp.makefile("rw", encoding="utf-8") as stream:
            for number, ask in enumerate((
                    {"execute": "qmp_capabilities"},
                    {"execute": command, "arguments": arguments or {}})):
                stream.write(json.dumps(ask) + "\n")
                stream.flush()
                reply = _reply(stream)
                # A second greeting of capabilities is refused; that is fine.
                if number and "error" in reply:
                    raise MachineError(f"{self.name}: {command}: {reply['error']}")
        answer = reply.get("return")
        return answer if isinstance(answer, dict) else {}

    # -- waiting ------------------------------------------------------------

    def _read_until(self, mark: bytes, deadline: float, doing: str,
                    echo: bool = False) -> bytes:
        shown = 0
        while (end := self._pending.find(mark)) < 0:
            if echo:
                # What could be the beginning of the mark is kept back.
                shown = self._show(shown, len(self._pending) - len(mark))
            self._pending += self._receive(deadline, doing)
        if echo:
            self._show(shown, end)
        found, self._pending = self._pending[:end], self._pending[end + len(mark):]
        return found

    def _show(self, begin: int, end: int) -> int:
        if end > begin:
            sys.stdout.buffer.write(self._pending[begin:end])
            sys.stdout.flush()
        return max(begin, end)

    def _receive(self, deadline: float, doing: str) -> bytes:
        assert self._port
        left = deadline - time.monotonic()
        if left <= 0:
            raise self._lost(f"no answer in time to: {doing}")
        self._port.settimeout(left)
        try:
            data = self._port.recv(65536)
        except TimeoutError:
            raise self._lost(f"no answer in time to: {doing}") from None
        except OSError as error:
            raise self._lost(f"{error} while doing: {doing}") from error
        if not data:
            raise self._lost(f"died while doing: {doing}")
        return data

    def _lost(self, what: str) -> MachineError:
        got = self._pending.decode("utf-8", "replace")[-2000:]
        return MachineError(f"{self.name}: {what}\n--- its answer so far\n{got}\n"
                            f"--- its console\n{tail(self.console)}")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode() or "-"


def _reply(stream: object) -> dict[str, object]:
    for line in itertools.islice(stream, 100):      # type: ignore[call-overload]
        message: dict[str, object] = json.loads(line)
        if "return" in message or "error" in message:
            return message
    raise MachineError("qemu gave no reply")
