#!/usr/bin/env python3
"""All tests of a suite in surroundings other than those of a developer's machine, each in a process of
its own.

    elsewhere.py [--check] SURROUNDINGS BUILD-FOLDER [SUITE...]

SURROUNDINGS is one of

    old-kernel    a Linux of 2013 (support/old_kernel.c)
    container     without /proc, without a controlling terminal
    sealed        nowhere to write: the folder for temporary files is read-only, like all others
    narrow        64 descriptors

A test passes, or skips with a reason, which is printed. Where this machine cannot make the
surroundings that is said, and is a failure: nobody must believe that the tests have run.
"""
import argparse
import concurrent.futures
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test" / "support"))
from shim_run import PASSED, SKIPPED, run  # noqa: E402

# What bubblewrap makes: everything as it is, but for what is said.
WRAP = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/"]


def launchers(build):
    """{surroundings: the command that runs another one in them}"""
    return {
        "old-kernel": [str(build / "bin" / "uvtest_old_kernel")],
        "container": [*WRAP, "--tmpfs", "/proc", "--new-session"],
        "sealed": ["bwrap", "--die-with-parent", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev",
                   "--proc", "/proc"],
        "narrow": ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("surroundings")
    parser.add_argument("build", type=Path)
    parser.add_argument("suites", nargs="*")
    parser.add_argument("--check", action="store_true", help="only whether it can be done here")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--timeout", type=float, default=60, help="seconds for a test")
    parser.add_argument("--only", default="", help="a pattern that is found in the names of tests")
    options = parser.parse_args()

    start = launchers(options.build.resolve())[options.surroundings]
    if not shutil.which(start[0]) or subprocess.run([*start, "true"], stderr=subprocess.DEVNULL,
                                                    check=False).returncode:
        sys.exit(f"  SKIPPED {options.surroundings}: {Path(start[0]).name} does not work here;"
                 " NOTHING WAS TESTED there")
    if options.check:
        return 0
    bad = 0
    for suite in options.suites:
        program = str(options.build.resolve() / "bin" / f"uvtest_{suite}")
        listed = subprocess.run([*start, program, "--list"], stdout=subprocess.PIPE, text=True, check=True)
        tests = [name for name in listed.stdout.split() if re.search(options.only, name)]
        counts = {PASSED: 0, SKIPPED: 0, "failed": 0}
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            runs = pool.map(lambda test: run([*start, program, test], None, options.timeout), tests)
            for test, (ended, said) in zip(tests, runs):
                counts[ended if ended in counts else "failed"] += 1
                if ended == SKIPPED:
                    print(f"skipped  {suite}.{test}: {said.rpartition('skipped: ')[2]}", flush=True)
                elif ended != PASSED:
                    print(f"FAILED   {suite}.{test}: {ended}: {said[-500:]}", flush=True)
        bad += counts["failed"] + (counts[PASSED] == 0)
        print(f"{options.surroundings} {suite}: {counts[PASSED]} passed, {counts[SKIPPED]} skipped,"
              f" {counts['failed']} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
