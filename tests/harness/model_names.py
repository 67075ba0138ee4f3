#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Keep the model of the commit machine and the code together.

usage: model_names.py MODEL CASES SOURCE...

Three results, as lines "ok TEXT" or "not ok TEXT": that each function which the
model names in a "core:" comment is in one of the sources; that each function
there which moves an epoch secret, stores, purges or bars is named; that the
cases have something that violates each claim and rule of the model.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CALLED = re.compile(r"\b(\w+)\(\)")
# Kernel style: a definition begins in the first column, its body ends there.
FUNCTION = re.compile(r"^(?!#)\w[^;{}=]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
DECIDES = re.compile(r"\bhpkm_(?:epoch_(?:drop|promote)|store_(?:soon|and_freeze)"
                     r"|exchange_(?:purge|forget)|sessions_(?:bar|drain|install|end))\("
                     r"|\bwrite\(machine|\bstore->frozen = |store\.frozen = "
                     r"|\bepoch\[\w+\] = |hpkm_current_epoch\(machine\) = ")
CLAIM = re.compile(r"\b(?:CLAIM|RULE)\((?!what)[^;]*?\"([^\"\\]*)\\n\"\)", re.DOTALL)


def named(model: str) -> set[str]:
    """Functions that the model says it mirrors."""
    return {name for comment in COMMENT.findall(model) if "core:" in comment
            for name in CALLED.findall(comment.split("core:", 1)[1])} - {"name"}


def functions(sources: list[str]) -> dict[str, str]:
    return {name: body for source in sources for name, body in FUNCTION.findall(source)}


def violated(cases: str) -> set[str]:
    lines = [line for line in cases.splitlines() if line and not line.startswith("#")]
    return {line.split(": ", 1)[1] for line in lines}


def report(text: str, amiss: set[str]) -> None:
    for name in sorted(amiss):
        print(f"# {name}")
    print(f"{'not ok' if amiss else 'ok'} {text}")


def main() -> int:
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    model, cases, *sources = (Path(name).read_text(encoding="utf-8") for name in sys.argv[1:])
    code = functions(sources)
    deciding = {name for name, body in code.items() if DECIDES.search(body)}
    claims = set(CLAIM.findall(model))
    if not named(model) or not deciding or not claims:
        print("not ok model and code can be read")
        return 1
    report("each function that the model names is in the core", named(model) - code.keys())
    report("each function that decides over an epoch is in the model", deciding - named(model))
    report("each claim and rule is violated by a mutant", claims - violated(cases))
    return 0


if __name__ == "__main__":
    sys.exit(main())
