#!/usr/bin/env python3
"""rules.py LOG-FOLDER: the tests that `./dev test` ran there prove each rule of docs/CONTRACT.md on
both systems, natively and as Windows programs, where both have what it is about. A test that was skipped proves nothing."""
import re
import sys
from pathlib import Path

from header import ROOT
from summary import outcomes

# Rules about something that only one of the systems has.
UNIX_ONLY = {"P7", "Y6"}
WINDOWS_ONLY = {"X12"}


# A rule of the contract: its anchor, its name, which leads to its tests, and its title.
RULE = re.compile(r'^<a id="(\w+)"></a>\*\*\[([A-Z]\d+)\]\(TESTS\.md#\1\)\.\s([^*]+)\.\*\*', re.MULTILINE)


def rules_in_order():
    """(rule, title) of each, as docs/CONTRACT.md has them."""
    found = RULE.findall((ROOT / "docs" / "CONTRACT.md").read_text())
    return [(name, " ".join(title.split())) for _, name, title in found]


def contract_rules():
    return {name for name, _ in rules_in_order()}


def rule_of(test):
    """The rule in whose name a test begins, with or without its suite; "" where there is none."""
    match = re.match(r"(?:\w+\.)?([a-z]\d+)_", test)
    return match.group(1).upper() if match else ""


def main(folder):
    missing = 0
    for system, report in (("Unix", "asan.xml"), ("Windows", "mingw.xml")):
        if not (folder / report).exists():
            sys.exit(f"rules: there is no {folder / report}")
        passed = [name for name, status, _ in outcomes(folder / report) if status == "run"]
        proven = {rule_of(name) for name in passed}
        wanted = contract_rules() - (UNIX_ONLY if system == "Windows" else WINDOWS_ONLY)
        for rule in sorted(wanted - proven):
            print(f"rules: no test of {rule} passed on {system}")
            missing += 1
        print(f"rules: {len(wanted & proven)} of {len(wanted)} proven on {system}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
