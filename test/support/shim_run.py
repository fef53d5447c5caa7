#!/usr/bin/env python3
"""All tests of a suite with behaviours of Windows that Wine lacks (shim.h), each in a process of its
own.

    shim_run.py [OPTION...] BEHAVIOUR[+BEHAVIOUR...] SUITE PROGRAM [RUNNER]

Tests that shim_known/BEHAVIOUR.txt lists are expected to fail. The exit code is 1 when another one
fails, and when one of them passes: then it is to be struck off the list, and when the list is
empty, the behaviour becomes one of those that every test run has (shim_runs, test/CMakeLists.txt).

One behaviour is not of the shim, and for all systems: with "outside" the tests wait in somebody else's
loop (net.h).
"""

import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

KNOWN = Path(__file__).parent / "shim_known"
KNOWN_TIMEOUT_S = 5
PASSED, SKIPPED = 0, 77


def known(behaviours, suite):
    """{test: the list it is on, or None where it may also pass}"""
    found = {}
    for path in (KNOWN / f"{behaviour}.txt" for behaviour in behaviours):
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = re.fullmatch(r"(\w+)\.(\w+)( sometimes)?", line)
            if not match:
                raise SystemExit(f"{path}:{number}: not of the form"
                                 f" 'SUITE.TEST [sometimes]': {line}")
            if match.group(1) == suite:
                found[match.group(2)] = None if match.group(3) else path.name
    return found


def run(command, environment, timeout):
    """(how it ended, what it said); it and what it started are gone then."""
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        said = process.communicate(timeout=timeout)[0]
        ended = process.returncode
    except subprocess.TimeoutExpired:
        ended = "time-out"
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        try: # A child of it may have the output and go on.
            said = process.communicate(timeout=5)[0]
        except subprocess.TimeoutExpired:
            said = b""
    return ended, said.decode(errors="replace").strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("behaviour")
    parser.add_argument("suite")
    parser.add_argument("program")
    parser.add_argument("runner", nargs="?")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--timeout", type=float, default=120, help="seconds for a test")
    parser.add_argument("--only", default="", help="a pattern that is found in the names of tests")
    parser.add_argument("--all", action="store_true", help="as if no test were known to fail")
    options = parser.parse_args()

    behaviours = options.behaviour.split("+")
    start = [options.runner, options.program] if options.runner else [options.program]
    listed = subprocess.run([*start, "--list"], stdout=subprocess.PIPE, text=True, check=True)
    tests = [name for name in listed.stdout.split() if re.search(options.only, name)]
    expected = {} if options.all else known(behaviours, options.suite)
    environment = dict(os.environ, UVTEST_SHIM=",".join(set(behaviours) - {"outside"}))
    if "outside" in behaviours:
        environment["UVTEST_OUTSIDE"] = "1"

    def run_test(test):
        """Once more where it fails under load, as CTest tries what is a test of its own: else that would
        be all of these."""
        # One that is known to fail often does so by hanging.
        timeout = KNOWN_TIMEOUT_S if test in expected else options.timeout
        ended, said = run([*start, test], environment, timeout)
        if ended in (PASSED, SKIPPED) or test in expected:
            return ended, said
        print(f"{options.behaviour} {options.suite}.{test}: {ended}, is tried again: {said[:300]}", flush=True)
        return run([*start, test], environment, timeout)

    bad = passed = skipped = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = pool.map(run_test, tests)
        for test, (ended, said) in zip(tests, runs):
            name = f"{options.behaviour} {options.suite}.{test}"
            if ended in (PASSED, SKIPPED):
                passed += ended == PASSED
                skipped += ended == SKIPPED
                if expected.get(test):
                    bad += 1
                    print(f"{name}: passes; strike it off shim_known/{expected[test]}", flush=True)
            else:
                failed += 1
                if test not in expected:
                    bad += 1
                    print(f"{name}: {ended}: {said[:300]}", flush=True)
    for test in expected.keys() - set(listed.stdout.split()):
        bad += 1
        print(f"{options.suite}.{test} is known to fail, and is no test")
    print(f"{options.behaviour} {options.suite}: {passed} passed, {skipped} skipped,"
          f" {failed} failed, {len(expected)} of them known")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
