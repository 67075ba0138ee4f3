#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare a finished kernel .config with the fragment that asked for it.

usage: config_check.py FRAGMENT CONFIG

Prints every option that did not take effect; exit status 1 if there is one.
"""
import re
import sys

NOT_SET = re.compile(r"# (CONFIG_\w+) is not set$")
SET = re.compile(r"(CONFIG_\w+)=(.*)$")


def read_config(path: str) -> dict[str, str]:
    """Map each option to its value; "n" for one that is not set."""
    options: dict[str, str] = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if found := NOT_SET.match(line.strip()):
                options[found[1]] = "n"
            elif found := SET.match(line.strip()):
                options[found[1]] = found[2]
    return options


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    wanted = read_config(sys.argv[1])
    actual = read_config(sys.argv[2])
    if not wanted:
        print(f"{sys.argv[1]}: no option found in it", file=sys.stderr)
        return 1
    missed = [name for name in wanted if actual.get(name, "n") != wanted[name]]
    for name in missed:
        print(f"{name}: wanted {wanted[name]}, got {actual.get(name, 'n')}",
              file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
