#!/usr/bin/env python3
"""coverage.py [native|wine|nt [SUITE [REGEX]]|report]: which lines and branches of src the tests take.

Builds the library and its tests with gcov into build/coverage, without assertions (the way that an
assertion must not take would count as a branch), runs the suites below, natively, src/win over the model
of NT, and, where MinGW and Wine are, as Windows programs, and prints what they took by file. `native`,
`nt` and `wine` do one part of it, `report` prints again what was counted before. A part with the name of a
suite runs that one alone, or what of it REGEX matches, and adds to what was counted before.

Fails if less of a folder is taken than FLOORS says, or if tools/uncovered.txt, which names each branch
of the core that no test takes, and why, and those of src/win by groups, is not what was found.
"""
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from header import ROOT

BUILD = ROOT / "build" / "coverage"
LISTED = ROOT / "tools" / "uncovered.txt"
GROUPS = "# ---- src/win ----"  # the line between its two parts

# Per cent of the branches that the tests take at least.
FLOORS = {"core": 97.0, "unix": 85.0, "win": 85.0}

SUITES = ("api", "fault", "port", "unit")
SIMULATED = ("port_sim", "sim")  # The simulator's core is the same under Wine, only slower.
SEEDS = 2000  # of the simulator's random programs, beside its scenarios

COMMON = [
    "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DUVSTREAM_COVERAGE=ON", "-DUVSTREAM_BUILD_SHARED=OFF",
    "-DUVSTREAM_BUILD_EXAMPLES=OFF", "-DUVSTREAM_BUILD_BENCH=OFF", "-DUVSTREAM_INSTALL=OFF",
    # Tests have threads, and run side by side.
    "-DCMAKE_C_FLAGS=--coverage -fprofile-update=atomic -DUVSTREAM_COVERAGE",
    "-DCMAKE_C_FLAGS_DEBUG=-O0 -g -DNDEBUG",
]
# A forked child ends by calls that write no counters: see test/support/harness.c.
NATIVE = ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--wrap=_exit,--wrap=execve"]
WINE = ["--toolchain", str(ROOT / "cmake" / "mingw-x86_64.cmake")]
NT = ["-DCMAKE_C_COMPILER=gcc", "-DUVSTREAM_NT=ON"]

# The systems that are counted, the gcov of each, and the folder of src that it is asked about: the core
# over the model is what it is under Wine, and tools/uncovered.txt is about that.
SYSTEMS = (("native", "gcov", ""), ("wine", "x86_64-w64-mingw32-gcov", ""), ("nt", "gcov", "win/"))


# ---- Counting ---------------------------------------------------------------------------------


def run(*command):
    """Runs a command to the end, whatever it says; True if it succeeds."""
    return subprocess.run([str(part) for part in command], cwd=ROOT).returncode == 0


def count(name, how, suites, targets, also=(), only=()):
    """Builds, runs and counts one system. A test that fails is told, its counters count as well.
    With `only`, a suite and a regular expression, it is that of it, beside what was counted before."""
    build = BUILD / name
    cores = str(os.cpu_count() or 2)
    if not run("cmake", "-S", ROOT, "-B", build, *COMMON, *how):
        sys.exit(f"coverage: {name}: CMake fails")
    if not run("cmake", "--build", build, "-j", cores, "--target", *("uvtest_" + part for part in targets)):
        sys.exit(f"coverage: {name}: does not build")
    for counters in () if only else build.rglob("*.gcda"):
        counters.unlink()
    which = only[:1] or suites
    passed = run("ctest", "--test-dir", build, "-j", cores, "--timeout", "600", "-Q", "-O",
                 build / "ctest.log", "-L", f"^({'|'.join(which)})$", "-E", "^sim(_nt)?[.](seeds_|marks)",
                 *(("-R", only[1]) if only[1:] else ()))
    for suite, program, runs in also:
        if suite in which:
            passed = run(build / "bin" / program, "--runs", runs, "--from", 0) and passed
    return passed


def count_native(only):
    suites = SUITES + SIMULATED
    return count("native", NATIVE, suites, suites, [("sim", "uvtest_sim", SEEDS)], only)


def count_wine(only):
    return count("wine", WINE, SUITES, (*SUITES, "host"), (), only)


def count_nt(only):
    suites = ("api_nt", "fault_nt", "port_nt", "sim_nt")
    return count("nt", NT, suites, suites, [("sim_nt", "uvtest_sim_nt", SEEDS // 4)], only)


def read(name, gcov, folder_of_src, taken):
    """Adds what gcov makes of the counters of one system to taken[source][line, function]."""
    units = [str(path) for path in (BUILD / name).rglob("*.gcno")]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([gcov, "--json-format", "--branch-probabilities", "--stdout", *units],
                              cwd=folder, capture_output=True, text=True)
    for document in done.stdout.splitlines():
        if not document.startswith("{"):
            continue
        told = json.loads(document)
        for file in told["files"]:
            path = Path(told["current_working_directory"], file["file"]).resolve()
            if not path.is_relative_to(ROOT / "src"):
                continue
            source = str(path.relative_to(ROOT / "src"))
            for line in file["lines"] if source.startswith(folder_of_src) else ():
                add(taken[source], line)


def add(lines, line):
    """One line, as one object file counted it. The first that does decides how many branches it has:
    for another system a macro may be another."""
    key = line["line_number"], line.get("function_name", "")
    branches = [branch["count"] for branch in line["branches"]]
    times, before = lines.get(key, (0, branches))
    if before is not branches and len(before) == len(branches):
        branches = [a + b for a, b in zip(before, branches)]
    elif before is not branches:
        branches = before
    lines[key] = times + line["count"], branches


# ---- Telling ----------------------------------------------------------------------------------


def part(taken, whole):
    return 100.0 * taken / whole if whole else 100.0


def table(taken, folder):
    """Prints lines and branches by file; returns the part of the branches that is taken."""
    sums = [0, 0, 0, 0]
    print(f"\n{'src/' + folder:<28}{'lines':>7}{'taken':>8}{'branches':>11}{'taken':>8}")
    for name in sorted(name for name in taken if name.startswith(folder + "/")):
        times = defaultdict(int)
        for (line, _), (n, _) in taken[name].items():
            times[line] += n
        ways = [n for _, branches in taken[name].values() for n in branches]
        row = [sum(n > 0 for n in times.values()), len(times), sum(n > 0 for n in ways), len(ways)]
        sums = [a + b for a, b in zip(sums, row)]
        print(f"{name:<28}{row[1]:>7}{part(*row[:2]):>7.1f}%{row[3]:>11}{part(*row[2:]):>7.1f}%")
    print(f"{'all of src/' + folder:<28}{sums[1]:>7}{part(*sums[:2]):>7.1f}%"
          f"{sums[3]:>11}{part(*sums[2:]):>7.1f}%")
    return part(*sums[2:])


def untaken(taken, folder):
    """The branches of a folder that no test takes, in the order of the sources: file, function, number and
    text of the line, the ways that are missing and how many there are."""
    for name in sorted(name for name in taken if name.startswith(folder + "/")):
        text = (ROOT / "src" / name).read_text().splitlines()
        for (line, function), (_, branches) in sorted(taken[name].items()):
            missing = [str(at) for at, n in enumerate(branches) if n == 0]
            if missing:
                yield name, function, line, text[line - 1].strip() if line <= len(text) else "", missing, len(branches)


def uncovered(taken):
    """Those of the core as tools/uncovered.txt writes them: by the file's name, the function and the text
    of the line, so that they stay the same when files and lines move; with where they are now."""
    return [(f"{Path(name).name} {function} ({' '.join(missing)} of {count}): {text}", f"src/{name}:{line}")
            for name, function, line, text, missing, count in untaken(taken, "core")]


def listed():
    """The entries of both parts of tools/uncovered.txt, and those that stand under no reason."""
    parts, homeless, reason, part_of = {"core": [], "win": []}, [], False, "core"
    for line in LISTED.read_text().splitlines():
        if line == GROUPS:
            part_of, reason = "win", False
        if line.startswith("#"):
            continue
        if not line.startswith("  "):
            reason = bool(line.strip())
        else:
            parts[part_of].append(line.strip())
            if not reason:
                homeless.append(line.strip())
    return parts, homeless


def group(entry):
    """What a line of the second part says: where (a function of file, function and text), and how many
    branches at most."""
    where, _, most = entry.rpartition(" ")
    if where.startswith("/") and where.endswith("/"):
        words = re.compile(where[1:-1])
        return lambda name, function, text: words.search(text) is not None, int(most)
    file, *functions = where.split()
    return lambda name, function, text: (fnmatch.fnmatch(name, "win/" + file)
                                         and (not functions or function in functions)), int(most)


def group_problems(taken):
    """Branches of src/win that no test takes and no group has room for. Which are taken differs a little
    from run to run, as threads do: a group that has become too large is told, and no problem."""
    entries, _ = listed()
    groups = [[entry, *group(entry), 0] for entry in entries["win"]]
    problems = []
    for name, function, line, text, missing, count in untaken(taken, "win"):
        left = len(missing)
        for one in groups:
            if left > 0 and one[1](name, function, text):
                here = min(left, one[2] - one[3])
                one[3] += here
                left -= here
        if left > 0:
            problems.append(f"no test takes, and no group of tools/uncovered.txt has room for: "
                            f"src/{name}:{line}\n  {function} ({' '.join(missing)} of {count}): {text}")
    for entry, _, most, found in groups:
        if found < most:
            print(f"tools/uncovered.txt: {found} of the {most} of this group are left: {entry}")
    return problems


def listing_problems(found):
    """Where tools/uncovered.txt and what was found differ."""
    parts, homeless = listed()
    entries = parts["core"]
    wanted, known = Counter(entry for entry, _ in found), Counter(entries)
    problems = [f"no reason is given for {entry}" for entry in homeless]
    for entry, place in found:
        if known[entry] > 0:
            known[entry] -= 1
        else:
            problems.append(f"no test takes, and tools/uncovered.txt does not list: {place}\n  {entry}")
    stale = Counter(entries) - wanted
    problems += [f"tools/uncovered.txt lists what is taken, or is no more:\n  {entry}"
                 for entry in stale.elements()]
    return problems


def report():
    taken = defaultdict(dict)
    for name, gcov, folder in SYSTEMS:
        if (BUILD / name).exists():
            read(name, gcov, folder, taken)
    problems = []
    for folder, floor in FLOORS.items():
        if any(name.startswith(folder + "/") for name in taken):
            of_branches = table(taken, folder)
            is_whole = folder != "win" or all((BUILD / part).exists() for part in ("nt", "wine"))
            if is_whole and of_branches < floor:
                problems.append(f"src/{folder}: {of_branches:.2f} % of the branches are taken, "
                                f"{floor} % are wanted")
    if (BUILD / "wine").exists():
        problems += listing_problems(uncovered(taken))
        if (BUILD / "nt").exists():
            problems += group_problems(taken)
    else:
        print("\ntools/uncovered.txt is about all systems, and not looked at without Wine")
    print("\n" + "\n".join([*problems, f"coverage: {len(problems)} problems"]))
    return 1 if problems else 0


def main(what="", *only):
    if what not in ("", "native", "nt", "wine", "report"):
        sys.exit("coverage: native, nt, wine, report, or nothing for all of it")
    began = time.monotonic()
    passed = True
    if what in ("", "native"):
        passed = count_native(only)
    if what == "nt" or what == "" and sys.platform == "linux":
        passed = count_nt(only) and passed
    if what == "wine" or what == "" and shutil.which("x86_64-w64-mingw32-gcc"):
        passed = count_wine(only) and passed
    code = report()
    if not passed:
        for log in BUILD.glob("*/ctest.log"):
            failed = re.findall(r"^\s*\d+ - \S+ \((?:Failed|Timeout|.*xception).*", log.read_text(),
                                flags=re.MULTILINE)
            print("\n".join(f"{log.parent.name}: a test fails:{line}" for line in failed))
    print(f"coverage: {time.monotonic() - began:.0f} s")
    return code or not passed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
