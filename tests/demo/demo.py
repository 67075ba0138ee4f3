# SPDX-License-Identifier: GPL-2.0
"""
The paper, played between two virtual machines: the PC (x86_64) and the Pi (arm64, Cortex-A72),
Debian's stock kernels, one cable between them.  Exit status 0 when every step held.
"""

import os
import pathlib
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(1, str(HERE.parent / "harness"))

from host import Failed, Host, together  # noqa: E402
from machine import BOOT_TIMEOUT, Cable, Machine, MachineError  # noqa: E402
from screen import Screen  # noqa: E402
from default_suite import DEFAULT_SUITE_STEPS  # noqa: E402
from steps import LAST_STEPS, STEPS, Stage  # noqa: E402

ALL_STEPS = STEPS + DEFAULT_SUITE_STEPS + LAST_STEPS
BUILD = pathlib.Path(os.environ.get("HPKM_BUILD") or ROOT / "build").resolve()
FOLDER = BUILD / "demo"
WARNING = ("Suite xor is the paper's own and gives NO SECURITY: it is here to be watched and attacked. "
           "The default suite is for use.")


def play(stage):
    """The steps in order, to the first that fails.  Rows for the table."""
    rows, failed = [], False
    for name, step in ALL_STEPS:
        if failed:
            rows.append((name, "", "not reached"))
            continue
        stage.screen.title(name)
        try:
            rows.append((name, step(stage), "ok"))
        except Exception as error:  # noqa: BLE001 (any failure is a row of the table)
            failed = True
            rows.append((name, first_line(error), "FAILED"))
            show_tails(stage, str(error))
    return rows


def first_line(error):
    kind = "" if isinstance(error, Failed) else f"{type(error).__name__}: "
    return kind + (str(error).split("\n")[0] or "no reason given")


def show_tails(stage, what):
    stage.screen.line()
    stage.screen.line(f"FAILED: {what}")
    for host in stage.hosts():
        host.transcript.flush()
        with open(host.transcript.name, encoding="utf-8", errors="replace") as file:
            tail = file.read().rstrip().split("\n")[-25:]
        stage.screen.line(f"The end of {host.transcript.name}:")
        stage.screen.quote("\n".join(tail))


def finish(screen, rows):
    """The table; whether every step held."""
    held = all(how == "ok" for _, _, how in rows)
    screen.line()
    screen.line("=" * 100)
    screen.table([("Step", "What was seen", "")] + rows)
    screen.line("=" * 100)
    screen.say(WARNING)
    screen.line(f"{sum(how == 'ok' for _, _, how in rows)} of {len(rows)} steps held, "
                f"{screen.seconds():.0f} s.  Transcripts and capture: {FOLDER}/")
    return held


def artifacts(arch):
    """What a guest gets: guest path -> file of this machine."""
    built = BUILD / arch
    return {"/hpkm/hpkm.ko": built / "hpkm.ko", "/hpkm/bin/hpkm-nl": built / "hpkm-nl"}


def boot(screen, machines):
    """Starts both at once and waits for both."""
    screen.title("Two machines, one cable")
    screen.say("""PC: x86_64.  Pi: arm64, Cortex-A72.  Both run Debian's stock kernel in QEMU. One
        virtual Ethernet cable joins them, and QEMU records every frame on it.""")
    for machine in machines:
        machine.start(wait=False)
    together(*(machine.wait_ready for machine in machines), timeout=BOOT_TIMEOUT)


def run(screen, scratch):
    """Boots, plays, prints the table; whether every step held."""
    capture = FOLDER / "cable.pcap"
    cable = Cable(scratch / "cable", capture)
    machines = [Machine("amd64", "pc", FOLDER, files=artifacts("amd64"), cable=cable,
                        mac="52:54:00:00:00:01"),
                Machine("arm64", "pi", FOLDER, files=artifacts("arm64"), cable=cable,
                        mac="52:54:00:00:00:02")]
    hosts = [Host("PC", machines[0], "pi", screen, FOLDER / "pc.txt"),
             Host("Pi", machines[1], "pc", screen, FOLDER / "pi.txt")]
    stage = Stage(*hosts, screen, capture, FOLDER)
    screen.say(WARNING)
    try:
        try:
            boot(screen, machines)
            releases = [host.must("uname -rm").strip() for host in hosts]
        except (Failed, MachineError) as error:
            screen.line(str(error))
            rows = [("Two machines", first_line(error), "FAILED")]
            rows += [(name, "", "not reached") for name, _ in ALL_STEPS]
            return finish(screen, rows)
        rows = [("Two machines", f"PC: {releases[0]}; Pi: {releases[1]}", "ok")]
        return finish(screen, rows + play(stage))
    finally:
        for machine in machines:
            machine.kill()
        for host in hosts:
            host.close()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*"):
        old.unlink()
    screen = Screen(FOLDER / "transcript.txt")
    try:
        # A socket's path is limited to 107 octets, so it does not go into FOLDER.
        with tempfile.TemporaryDirectory(prefix="hpkm-demo-") as scratch:
            return 0 if run(screen, pathlib.Path(scratch)) else 1
    except KeyboardInterrupt:
        screen.line("interrupted")
        return 130
    finally:
        screen.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
