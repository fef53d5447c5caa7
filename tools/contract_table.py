#!/usr/bin/env python3
"""The table "call x state x system" of docs/CONTRACT.md, made from that of test/compat/table.c.

Without an argument the document is written anew; tools/check.py compares the two.
"""
import re
import sys

from header import ROOT

SOURCE = ROOT / "test" / "compat" / "table.c"
CONTRACT = ROOT / "docs" / "CONTRACT.md"
BEGIN = "<!-- table: begin (tools/contract_table.py) -->\n"
END = "<!-- table: end -->\n"

STATES = ["fresh", "bound", "listening", "connecting", "refused", "connected", "shut", "ended",
          "reset", "closing"]
# Calls whose function depends on the kind of the stream.
BY_KIND = {"connect", "bind", "open", "getsockname", "getpeername"}


def rows():
    """(call, kind, cells) of each."""
    text = SOURCE.read_text()
    found = []
    for call, kind, cells in re.findall(r'\{"([^"]+)", (TCP|PIPE),\s*\{(.*?)\}\}', text, re.DOTALL):
        cells = re.findall(r'"([^"]*)"', cells)
        if len(cells) != len(STATES):
            raise ValueError(f"{SOURCE}: {call} has {len(cells)} cells")
        found.append((call, "TCP" if kind == "TCP" else "pipe", cells))
    return found


def title(call, kind):
    name, _, rest = call.partition(" ")
    name = f"uv_{kind.lower()}_{name}" if name in BY_KIND else name
    return f"`{name}`" + (f" {rest}" if rest else "")


def value(cell):
    return cell.replace(" > ", " \u2192 ") if cell else "-"


def render():
    lines = ["| Call | | " + " | ".join(STATES) + " |", "|" + "---|" * (len(STATES) + 2)]
    differences = {}
    for call, kind, cells in rows():
        shown = []
        for state, cell in zip(STATES, cells):
            ours, bar, theirs = cell.partition("|")
            shown.append(value(ours) + ("\\*" if bar else ""))
            if bar:
                theirs, _, until = theirs.partition("<")
                theirs = {"ends": "the process ends", "": "the loop hangs"}.get(theirs, value(theirs))
                key = (title(call, kind), kind, value(ours),
                       theirs + (f", before 1.{until}" if until else ""))
                differences.setdefault(key, []).append(state)
        lines.append(f"| {title(call, kind)} | {kind} | " + " | ".join(shown) + " |")
    lines += ["", "Where a cell has a star libuv does something else on Linux, in its versions 1.44, 1.50 and",
              "1.53 alike but where a version is named. The same test, built with each of them, proves it.",
              "",
              "| Call | | State | Here | libuv |", "|---|---|---|---|---|"]
    for (call, kind, ours, theirs), states in differences.items():
        lines.append(f"| {call} | {kind} | {', '.join(states)} | {ours} | {theirs} |")
    return "\n".join(lines) + "\n"


def split():
    """What stands before the table, the table, and what follows it."""
    before, begin, rest = CONTRACT.read_text().partition(BEGIN)
    table, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{CONTRACT}: there is no place for the table")
    return before, table, after


def main():
    before, _, after = split()
    CONTRACT.write_text(before + BEGIN + render() + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
