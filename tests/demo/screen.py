# SPDX-License-Identifier: GPL-2.0
"""What the demo says, on the terminal and in its transcript."""

import sys
import textwrap
import threading
import time

WIDTH = 100


class Screen:
    """Writes to standard output and to a file; any thread may."""

    def __init__(self, path):
        self.began = time.monotonic()
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()

    def close(self):
        self.file.close()

    def line(self, text=""):
        with self.lock:
            for to in (sys.stdout, self.file):
                print(text, file=to, flush=True)

    def say(self, text):
        """A paragraph."""
        for line in textwrap.wrap(" ".join(text.split()), WIDTH):
            self.line(line)

    def title(self, text):
        self.line()
        self.line(f"-- {text} ".ljust(WIDTH - 8, "-") + f"{self.seconds():6.1f} s")

    def quote(self, text, margin="    "):
        """Something that a machine said, as it is."""
        for line in text.rstrip("\n").split("\n"):
            self.line((margin + line.rstrip("\r")).rstrip())

    def seconds(self):
        return time.monotonic() - self.began

    def table(self, rows):
        """Rows of (step, what was seen, verdict)."""
        step = max(len(row[0]) for row in rows)
        verdict = max(len(row[2]) for row in rows)
        seen = max(20, WIDTH - step - verdict - 4)
        for name, what, how in rows:
            parts = textwrap.wrap(" ".join(what.split()), seen) or [""]
            self.line(f"{name:<{step}}  {parts[0]:<{seen}}  {how}")
            for part in parts[1:]:
                self.line(f"{'':<{step}}  {part}")
