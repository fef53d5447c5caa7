#!/usr/bin/env python3
"""Prints what the stages of `./dev test` left in the log folder.

A stage leaves NAME.result ("NAME exit-code seconds"); one that ran CTest also NAME.xml. The last
line counts the tests of all CTest runs; a stage that failed without a failed test counts as one
failure, so that the line cannot look good when a build broke. What passed only when it was tried
again is named: such a test waits for something that a busy Wine was late with, and wants mending.
"""
import re
import sys
import xml.etree.ElementTree
from pathlib import Path

OUTPUT = 40  # last lines shown of a test that failed


def outcomes(report):
    """(name, status, lines of output) of every test of one CTest report."""
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        output = (case.findtext("system-out") or "").strip().splitlines()
        yield case.get("name"), case.get("status"), output


def tests_of(report):
    """(passed, failed (name, output), skipped (name, reason)) of one CTest report."""
    passed, failed, skipped = 0, [], []
    for name, status, output in outcomes(report):
        if status == "run":
            passed += 1
        elif status == "fail":
            failed.append((name, output))
        else:
            said = [line for line in output if "skipped: " in line.lower()] or output[-1:]
            reason = said[-1].rpartition("skipped: ")[2] if said else "no reason given"
            skipped.append((name, reason))
    return passed, failed, skipped


def unsteady(log, failed):
    """Tests that failed in a log of CTest, and do not stay so."""
    failed = {name for name, _ in failed}
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    tries = (re.search(r"Test +#\d+: (\S+) [. ]*\*\*\*(?:Failed|Timeout|Exception)", line) for line in lines)
    return sorted({found[1] for found in tries if found} - failed)


def main(folder):
    results = sorted(folder.glob("*.result"), key=lambda path: path.stat().st_mtime)
    all_passed = all_failed = 0
    notes, late, failures = [], [], []
    print(f"\n{'stage':<20}{'result':<9}{'seconds':>8}{'passed':>9}{'failed':>9}{'skipped':>9}")
    for result in results:
        name, code, seconds = result.read_text().split()[:3]
        passed, failed, skipped = 0, [], []
        report = folder / f"{name}.xml"
        columns = ""
        if report.exists():
            passed, failed, skipped = tests_of(report)
            columns = f"{passed:>9}{len(failed):>9}{len(skipped):>9}"
        left_out = int(code) == 77  # dev: it cannot be had here
        if left_out:
            reason = (folder / f"{name}.log").read_text(errors="replace").strip().rpartition("\n")[2]
            notes.append(f"skipped  {name}: {reason}")
        broken = int(code) != 0 and not failed and not left_out
        all_passed += passed
        all_failed += len(failed) + broken
        verdict = "skipped" if left_out else "FAILED" if int(code) else "ok"
        print(f"{name:<20}{verdict:<9}{seconds:>8}{columns}")
        for test, output in failed:
            failures += [f"failed   {name}: {test}", *(f"    | {line}" for line in output[-OUTPUT:])]
        if broken:
            failures.append(f"failed   {name}: see {folder / name}.log")
        notes += [f"skipped  {name}: {test}: {reason}" for test, reason in skipped]
        again = unsteady(folder / f"{name}.log", failed) if report.exists() else []
        late += [f"unsteady {name}: {test}: passed the second time, see {name}.log" for test in again]
    # What matters most is last, where whoever sees only the end of it looks.
    notes += late + failures
    if notes:
        print("\n" + "\n".join(notes))
    print(f"\n{all_passed} passed, {all_failed} failed")
    return 1 if all_failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
