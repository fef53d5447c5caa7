#!/usr/bin/env python3
"""report.py picture|tables FILE...: what `bench/run --json` measured, as a picture (SVG) or as tables, on
the standard output. A row that stands in a later file replaces the earlier.

report.py keep FILE...: keeps it in docs/pictures/bench.json, and makes of that docs/pictures/bench.svg and
the tables in docs/BENCH.md, which tools/check.py compares. Without a file it makes them of what was kept.
"""
import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

OURS, THEIRS, RAW = "uvstream", "libuv", "raw"

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "pictures" / "bench.json"
PICTURE = ROOT / "docs" / "pictures" / "bench.svg"
PAGE = ROOT / "docs" / "BENCH.md"
BEGIN = "<!-- bench/report.py keep: begin -->\n"
END = "<!-- bench/report.py keep: end -->\n"
TITLES = {
    "cpu": "CPU time",
    "rate": "Rate",
    "memory": "Resident memory of the echo server",
    "heap": "Heap",
    "size": "Size",
    "instructions": "Instructions in user space",
}

# What the picture shows of all that is measured: figure, heading, and who belongs to it.
PARTS = (
    ("cpu", "CPU time per operation", lambda row: True),
    ("memory", "Memory of the echo server", lambda row: "64 B" in row),
    ("size", "Size", lambda row: row in ("static echo server", "shared object", "sizeof(uv_tcp_t)")),
)

WIDTH, LABEL, BAR, LINE, TOP = 800, 180, 400, 20, 34
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
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


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
    head = text(LABEL + BAR / MOST, 20, f"libuv = 1, shorter is better; a bar ends at {MOST}", "soft", "middle")
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
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def ratio(figure, side):
    found = figure["ratio"].get(side)
    return found and (f"{found['median']:.3f}", f"{found['min']:.2f} - {found['max']:.2f}")


def tables(rows):
    for name, with_raw in (("cpu", True), ("rate", False), ("memory", True), ("heap", False),
                           ("size", False), ("instructions", False)):
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
            yield f"{TITLES.get(name, name)}, {unit_of(rows, name)}:"
            yield ""
            head = ["Row", OURS, THEIRS, *([RAW] if with_raw else []), "ours / libuv", "(min - max)"]
            yield from table(head + (["ours / raw"] if with_raw else []), lines)


def unit_of(rows, name):
    return next(figures[name]["unit"] for figures in rows.values() if name in figures)


def read(files):
    rows = {}
    for file in files:
        for row in json.loads(Path(file).read_text()):
            rows.setdefault(row["row"], {}).update(row["figures"])
    return rows


def page_with_tables():
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return before + begin + "\n".join(tables(read([KEPT]))) + END + after


def problems():
    """What tools/check.py wants to know."""
    found = []
    if PICTURE.read_text() != picture(read([KEPT])) + "\n":
        found.append("docs/pictures/bench.svg: run bench/report.py keep")
    if PAGE.read_text() != page_with_tables():
        found.append("docs/BENCH.md: run bench/report.py keep")
    return found


def keep(files):
    if files:
        rows = [{"row": row, "figures": figures} for row, figures in read(files).items()]
        lines = ",\n".join(json.dumps(row) for row in rows)
        KEPT.write_text(f"[\n{lines}\n]\n")
    PICTURE.write_text(picture(read([KEPT])) + "\n")
    PAGE.write_text(page_with_tables())


def main(what, files):
    if what == "picture":
        print(picture(read(files)))
    elif what == "tables":
        print("\n".join(tables(read(files))))
    else:
        keep(files)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("picture", "tables", "keep"):
        sys.exit(__doc__)
    if not sys.argv[2:] and sys.argv[1] != "keep":
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
