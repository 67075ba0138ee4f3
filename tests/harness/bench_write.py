# SPDX-License-Identifier: GPL-2.0
"""What `make bench` writes: JSON, Markdown and a plot."""
from __future__ import annotations

import json
from dataclasses import asdict
from html import escape

from bench_figures import Figure, Row, Sample

Key = tuple[str, str, str]
Figures = dict[Key, Figure]

KINDS = ("plain", "bare", "bound", "xor", "chacha20poly1305", "chacha20poly1305-x25519",
         "wireguard", "macsec")
# What is measured, what its figures count, and how many of its units one is.
UNITS = {
    "tcp": ("TCP, Mbit/s, by streams and way", 8e-6),
    "udp": ("UDP, thousand datagrams a second that arrive, by octets", 1e-3),
    "ping": ("Ping, microseconds there and back, of so many", 1.0),
    "session": ("Sessions by hand, a second, with the helper that asks", 1.0),
    "exchange": ("An exchange, microseconds of both sides", 1e-3),
    "cipher": ("A cipher pass over a full frame, microseconds", 1e-3),
    "frame": ("A frame there and one back, microseconds, by peers", 1e-3),
    "by-id-cold": ("A record by its id, nanoseconds, by records in its log: any of 1,048,576", 1.0),
    "by-id-warm": ("... any of one log", 1.0),
    "by-id-same": ("... always the same", 1.0),
    "by-elements-cold": ("A record by two elements, nanoseconds: any of 1,048,576", 1.0),
    "by-elements-warm": ("... any of one log", 1.0),
    "by-elements-same": ("... always the same", 1.0),
    "memory": ("Memory, octets", 1.0),
    "loss": ("Frames lost", 1.0),
}


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def spread(figure: Figure, unit: float = 1.0) -> str:
    return (f"{number(figure.median * unit)} ({number(figure.lower * unit)} to "
            f"{number(figure.upper * unit)})")


def goal(row: Row) -> str:
    return f"{number(row.target)} or {'more' if row.at_least else 'less'}"


def row_line(row: Row) -> str:
    figure = spread(row.figure) if row.figure else "-"
    return f"{row.verdict + ':':<15} {row.name}: {figure}, to reach: {goal(row)}"


def as_json(samples: list[Sample], figures: Figures, rows: list[Row]) -> str:
    return json.dumps({
        "rows": [asdict(row) | {"verdict": row.verdict} for row in rows],
        "figures": [dict(zip(("what", "kind", "case"), key)) | asdict(figure)
                    for key, figure in figures.items()],
        "samples": [asdict(one) for one in samples],
    }, indent=1) + "\n"


# -- Markdown -----------------------------------------------------------------

def table(head: list[str], lines: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *lines)]


def matrix(figures: Figures, what: str) -> list[str]:
    """One part of what was measured: kinds downwards, cases across."""
    title, unit = UNITS[what]
    cases = list(dict.fromkeys(case for name, _, case in figures if name == what))
    kinds = list(dict.fromkeys(kind for name, kind, _ in figures if name == what))
    lines = [[kind, *(spread(figures[what, kind, case], unit) if (what, kind, case) in figures
                      else "" for case in cases)]
             for kind in sorted(kinds, key=lambda kind: KINDS.index(kind) if kind in KINDS else 99)]
    return [f"## {title}", "", *table(["", *cases], lines), ""]


def as_markdown(figures: Figures, rows: list[Row]) -> str:
    what = [name for name in UNITS if any(key[0] == name for key in figures)]
    lines = [[row.name, spread(row.figure) if row.figure else "", goal(row), row.verdict]
             for row in rows]
    return "\n".join(["# make bench", "", "Medians of all rounds, and the quartiles.", "",
                      *table(["", "figure", "to reach", ""], lines), "",
                      *(line for name in what for line in matrix(figures, name))])


# -- the plot -------------------------------------------------------------------

WIDTH, LEFT, RIGHT, BAR, GAP = 900, 210, 190, 14, 8
COLOURS = ("#30638e", "#d1495b", "#66a182")


def bars(figures: Figures, case: str, top: int, scale: float) -> list[str]:
    """One case of TCP: a bar a kind, with a line from quartile to quartile."""
    drawn = [f'<text x="8" y="{top}" class="title">TCP, {escape(case)}</text>']
    for at, kind in enumerate(kind for kind in KINDS if ("tcp", kind, case) in figures):
        figure, y = figures["tcp", kind, case], top + GAP + at * (BAR + GAP)
        colour = COLOURS[0 if kind in KINDS[:3] else 1 if kind in KINDS[3:6] else 2]
        middle, end = y + BAR / 2, LEFT + figure.median * scale
        drawn += [
            f'<text x="{LEFT - 8}" y="{y + BAR - 2}" text-anchor="end">{escape(kind)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<line x1="{LEFT + figure.lower * scale:.1f}" x2="{LEFT + figure.upper * scale:.1f}" '
            f'y1="{middle}" y2="{middle}" stroke="black"/>',
            f'<text x="{max(end, LEFT + figure.upper * scale) + 6:.1f}" y="{y + BAR - 2}">'
            f'{spread(figure, 8e-6)}</text>']
    return drawn


def as_svg(figures: Figures) -> str:
    cases = list(dict.fromkeys(case for what, _, case in figures if what == "tcp"))
    most = max((figures[key].upper for key in figures if key[0] == "tcp"), default=1.0)
    panel = 2 * GAP + 24 + len(KINDS) * (BAR + GAP)
    height = panel * max(1, len(cases)) + 30
    drawn = [line for at, case in enumerate(cases)
             for line in bars(figures, case, 20 + at * panel, (WIDTH - LEFT - RIGHT) / most)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">',
        "<style>text{font:12px sans-serif}.title{font-weight:bold}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *drawn,
        f'<text x="8" y="{height - 8}">Mbit/s by streams and way: medians, quartiles</text>',
        "</svg>", ""])
