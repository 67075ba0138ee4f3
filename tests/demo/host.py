# SPDX-License-Identifier: GPL-2.0
"""One of the two machines, as the demo uses it: commands, their transcript, the kernel log."""

import json
import threading


class Failed(Exception):
    """A step did not show what it should; the text says what was seen instead."""


class Host:
    """
    @title: as the audience knows it; @machine: tests/harness/machine.py; @peer: what it calls the
    other one; @transcript: file that receives every command and what came of it.
    """

    def __init__(self, title, machine, peer, screen, transcript):
        self.title = title
        self.machine = machine
        self.peer = peer
        self.screen = screen
        self.transcript = open(transcript, "w", encoding="utf-8")

    def close(self):
        self.transcript.close()

    def run(self, command, timeout=20, stdin=""):
        """Exit status and output of a command; a secret goes by @stdin, which is not written down."""
        status, output = self.machine.run(command, timeout=timeout, stdin=stdin)
        print(f"# {command}\n{output}", end="" if output.endswith("\n") else "\n",
              file=self.transcript)
        if status:
            print(f"[exit status {status}]", file=self.transcript)
        self.transcript.flush()
        return status, output

    def must(self, command, timeout=20, stdin=""):
        """Output of a command that has to succeed."""
        status, output = self.run(command, timeout, stdin)
        if status:
            raise Failed(f"{self.title}: '{command}' ended with {status}: {last_line(output)}")
        return output

    def show(self, command, timeout=20):
        """The same, shown to the audience."""
        self.announce(command)
        output = self.must(command, timeout)
        if output.strip():
            self.screen.quote(output)
        return output

    def announce(self, command):
        self.screen.line(f"{self.title}# {command}")

    def listing(self, command):
        """What `hpkm-nl -j COMMAND` lists."""
        return json.loads(self.must(f"hpkm-nl -j {command}"))

    def the_peer(self):
        return self.listing(f"peer show {self.peer}")[0]

    def mark(self, what):
        """Makes a place in the kernel log from which figures() reads."""
        self.must(f"echo 'hpkm demo: {what}' >/dev/kmsg")

    def since(self, what):
        """The kernel log since mark()."""
        log = self.must("busybox dmesg")
        return log.rpartition(f"hpkm demo: {what}")[2].split("\n")[1:]


def last_line(output):
    lines = output.strip().split("\n")
    return lines[-1].strip()


def together(*calls, timeout=120):
    """Runs calls at the same time; their results, or the first exception."""
    results = [None] * len(calls)

    def call(at):
        try:
            results[at] = (calls[at](), None)
        except Exception as error:  # noqa: BLE001 (raised again by the caller)
            results[at] = (None, error)

    # Daemons: an interrupted demo must not wait for them.
    threads = [threading.Thread(target=call, args=(at,), daemon=True) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
        if thread.is_alive():
            raise Failed(f"no end within {timeout} s")
    for _, error in results:
        if error:
            raise error
    return [result for result, _ in results]
