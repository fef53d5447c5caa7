#!/usr/bin/env python3
"""Prints what the stages of `./dev test` left in the log folder.

A stage leaves NAME.result ("NAME exit-code seconds"); one that ran CTest also NAME.xml. The last
line counts the tests of all CTest runs; a stage that failed without a failed test counts as one
failure, so that the line cannot look good when a build broke.
"""
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
            reason = output[-1].rpartition("skipped: ")[2] if output else "no reason given"
            skipped.append((name, reason))
    return passed, failed, skipped


def main(folder):
    results = sorted(folder.glob("*.result"), key=lambda path: path.stat().st_mtime)
    all_passed = all_failed = 0
    notes = []
    print(f"\n{'stage':<20}{'result':<9}{'seconds':>8}{'passed':>9}{'failed':>9}{'skipped':>9}")
    for result in results:
        name, code, seconds = result.read_text().split()
        passed, failed, skipped = 0, [], []
        report = folder / f"{name}.xml"
        columns = ""
        if report.exists():
            passed, failed, skipped = tests_of(report)
            columns = f"{passed:>9}{len(failed):>9}{len(skipped):>9}"
        broken = int(code) != 0 and not failed
        all_passed += passed
        all_failed += len(failed) + broken
        verdict = "FAILED" if int(code) else "ok"
        print(f"{name:<20}{verdict:<9}{seconds:>8}{columns}")
        for test, output in failed:
            notes += [f"failed   {name}: {test}", *(f"    | {line}" for line in output[-OUTPUT:])]
        notes += [f"skipped  {name}: {test}: {reason}" for test, reason in skipped]
        if broken:
            notes.append(f"failed   {name}: see {folder / name}.log")
    if notes:
        print("\n" + "\n".join(notes))
    print(f"\n{all_passed} passed, {all_failed} failed")
    return 1 if all_failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
