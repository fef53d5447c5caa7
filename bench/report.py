#!/usr/bin/env python3
"""report.py picture|tables FILE...: what `bench/run --json` measured, as a picture (SVG) or as the
tables of docs/BENCH.md, on the standard output. A row that stands in a later file replaces the earlier.
"""
import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

OURS, THEIRS, RAW = "uvstream", "libuv", "raw"

# What the picture shows of all that is measured: figure, heading, and who belongs to it.
PARTS = (
    ("cpu", "CPU time per operation", lambda row: True),
    ("memory", "Memory of the echo server", lambda row: "64 B" in row),
    ("size", "Size", lambda row: row in ("static echo server", "shared object", "sizeof(uv_tcp_t)")),
)

WIDTH, LABEL, BAR, LINE, TOP = 760, 200, 400, 20, 34
MOST = 1.5  # where a bar ends, in parts of libuv

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 } .soft { fill: #59636e }
.bar { fill: #0969da } .worse { fill: #bc4c00 } .line { stroke: #59636e; stroke-width: 1 }
.span { stroke: #1f2328; stroke-width: 1.5 } .page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .soft { fill: #9198a1 }
  .bar { fill: #4493f8 } .worse { fill: #db6d28 } .line { stroke: #9198a1 }
  .span { stroke: #f0f6fc } .page { fill: #0d1117 }
}"""


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def text(x, y, what, kind="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(what)}</text>'


def bar(y, name, figure):
    """One row: its bar, its spread over the pairs, and the two figures."""
    ratio = figure["ratio"][THEIRS]
    scale = BAR / MOST
    until = min(ratio["median"], MOST) * scale
    kind = "bar" if ratio["median"] <= 1.02 else "worse"  # What a pair of twins can differ by.
    ends = [LABEL + min(ratio[end], MOST) * scale for end in ("min", "max")]
    ours, theirs = (number(figure["median"][side]) for side in (OURS, THEIRS))
    unit = figure["unit"].removesuffix("/op")
    return [
        text(LABEL - 8, y + 14, name, anchor="end"),
        f'<rect x="{LABEL}" y="{y + 3}" width="{until:.1f}" height="{LINE - 7}" class="{kind}"/>',
        f'<path d="M{ends[0]:.1f} {y + LINE / 2} H{ends[1]:.1f}" class="span"/>',
        text(LABEL + BAR + 8, y + 14, f"{ratio['median']:.2f}"),
        text(WIDTH - 8, y + 14, f"{ours} / {theirs} {unit}", "soft", "end"),
    ]


def picture(rows):
    parts, y = [], TOP
    for figure, heading, belongs in PARTS:
        shown = [
            (name, figures[figure])
            for name, figures in rows.items()
            if belongs(name) and figures.get(figure, {}).get("ratio", {}).get(THEIRS)
        ]
        if not shown:
            continue
        parts.append(text(LABEL, y + 16, heading, "head"))
        y += LINE + 4
        began = y
        for name, values in shown:
            parts += bar(y, name, values)
            y += LINE
        x = LABEL + BAR / MOST
        parts.append(f'<path d="M{x:.1f} {began} V{y}" class="line"/>')
        y += 10
    head = text(LABEL + BAR / MOST, 20, "libuv = 1, shorter is better", "soft", "middle")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" role="img"',
        f'  viewBox="0 0 {WIDTH} {y}"><title>uvstream and libuv: time, memory and size</title>',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{y}" class="page"/>',
        head,
        *parts,
        "</svg>",
    ])


def table(head, lines):
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def ratio(figure, side):
    found = figure["ratio"].get(side)
    return found and (f"{found['median']:.3f}", f"{found['min']:.2f} - {found['max']:.2f}")


def tables(rows):
    for name, with_raw in (("cpu", True), ("rate", False), ("memory", True), ("size", False),
                           ("instructions", False)):
        lines = []
        for row, figures in rows.items():
            if name not in figures:
                continue
            figure = figures[name]
            sides = (OURS, THEIRS, RAW) if with_raw else (OURS, THEIRS)
            line = [row, *(number(figure["median"].get(side)) for side in sides)]
            line += ratio(figure, THEIRS) or ("", "")
            if with_raw:
                line.append((ratio(figure, RAW) or ("",))[0])
            lines.append(line)
        if lines:
            print(f"{name}, {unit_of(rows, name)}:\n")
            head = ["Row", OURS, THEIRS, *([RAW] if with_raw else []), "ours / libuv", "(min - max)"]
            table(head + (["ours / raw"] if with_raw else []), lines)


def unit_of(rows, name):
    return next(figures[name]["unit"] for figures in rows.values() if name in figures)


def main(what, files):
    rows = {}
    for file in files:
        for row in json.loads(Path(file).read_text()):
            rows.setdefault(row["row"], {}).update(row["figures"])
    if what == "picture":
        print(picture(rows))
    else:
        tables(rows)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("picture", "tables"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
