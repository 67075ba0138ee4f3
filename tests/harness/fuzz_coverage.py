#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Say which lines of a folder's sources fuzz targets have reached.

Prints a line of KTAP's comments for each file; exit status 1 if less than
--least percent of all lines were reached.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path


def summary(programs: list[Path], profile: Path, sources: Path) -> dict[str, tuple[int, int]]:
    """Lines there are and lines reached, by file."""
    first, *others = programs
    command = ["llvm-cov-14", "export", "-summary-only", f"-instr-profile={profile}", str(first)]
    for program in others:
        command += ["-object", str(program)]
    run = subprocess.run([*command, str(sources)], check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    files = json.loads(run.stdout)["data"][0]["files"]
    return {Path(one["filename"]).name:
            (one["summary"]["lines"]["count"], one["summary"]["lines"]["covered"])
            for one in files}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--least", type=float, required=True)
    options.add_argument("--profile", type=Path, required=True)
    options.add_argument("--sources", type=Path, required=True)
    options.add_argument("programs", type=Path, help="the folder that has them")
    args = options.parse_args()
    reached = summary(sorted(args.programs.iterdir()), args.profile, args.sources)
    wanted = sorted(path.name for path in args.sources.glob("*.c"))
    lines = hit = 0
    for name in wanted:
        # A file that no target was linked with has no lines that could be counted.
        if name not in reached:
            print(f"# {name}: in no target")
            return 1
        lines += reached[name][0]
        hit += reached[name][1]
        print(f"# {name:22} {reached[name][1]:5} of {reached[name][0]:5} lines "
              f"{100 * reached[name][1] / reached[name][0]:6.2f} %")
    print(f"# {'all':22} {hit:5} of {lines:5} lines {100 * hit / lines:6.2f} %")
    return 0 if 100 * hit >= args.least * lines else 1


if __name__ == "__main__":
    sys.exit(main())
