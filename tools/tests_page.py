#!/usr/bin/env python3
"""docs/TESTS.md: the tests of each rule of docs/CONTRACT.md, and of what has no rule, by file.

Without an argument the page is written anew; tools/check.py compares the two. It is made of the names
of the tests, so nobody has to write a list: a test belongs to the rule that its name begins with.
"""
import re
import sys
from collections import defaultdict

from header import ROOT
from rules import rule_of, rules_in_order

PAGE = ROOT / "docs" / "TESTS.md"
HEAD = """# Which test proves what

Made by tools/tests_page.py of the names of the tests (`./dev docs`). A test belongs to the rule of the
[contract](CONTRACT.md) that its name begins with. Those of the suite `api` know the library by `uv.h` and
`uvstream.h` only and are the same source on every system, but for files named `*_win.c` or `*_unix.c`, which
look at what only that system has; the other suites have their name in front, as they have for CTest
(`unit.i5_frames_on_the_wire`). What a system cannot run is skipped by name, with the reason.

| Suite | |
|---|---|
| `api` | what the contract promises, over every backend, also over the model of NT |
| `compat` | programs written for libuv, and the table of calls and states, here and with libuv |
| `unit` | pure parts: queues, frames, keys, encodings, sizes |
| `fault` | each allocation and each call of the system fails once |
| `nt` | what only the model of NT can bring about: the faults of Windows, consoles, helper threads |
"""
SUITES = ("api", "compat", "unit", "fault", "nt")
TEST = re.compile(r"^TEST\(([a-z0-9_]+)\)", re.MULTILINE)


def tests():
    """(suite, name, path) of each, in the order of the page."""
    for suite in SUITES:
        for path in sorted((ROOT / "test" / suite).rglob("*.c")):
            for name in sorted(set(TEST.findall(path.read_text()))):
                yield suite, name, path.relative_to(ROOT)


def shown(suite, name, path):
    full = name if suite == "api" else f"{suite}.{name}"
    return f"- [`{full}`](../{path})"


def render():
    of_rule, of_file = defaultdict(list), defaultdict(list)
    for suite, name, path in tests():
        rule = rule_of(name)
        if re.fullmatch(r"[A-Z]\d+", rule):
            of_rule[rule].append(shown(suite, name, path))
        elif suite in ("api", "compat"):
            of_file[path].append(shown(suite, name, path))
    parts = [HEAD, "## By rule\n"]
    for rule, title in rules_in_order():
        parts.append(f"### {rule}\n\n[{title}](CONTRACT.md#{rule.lower()})\n\n" + "\n".join(of_rule[rule]) + "\n")
    parts.append("## What has no rule of its own\n\nIt follows the documented behaviour of libuv.\n")
    for path, lines in of_file.items():
        parts.append(f"### {path.parent.name}/{path.name}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main():
    PAGE.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
