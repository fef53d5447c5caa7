#!/usr/bin/env python3
"""Plants faults in src/win, one at a time, and has the suites over the model of NT find them.

A fault is a row in planted_*.py: to which point of guards.md it belongs (0: to none), what it does, the
file, the suite and the test that find it, and pairs of a text that occurs in the file exactly once and
what stands there instead. Its object is linked in front of the library's, out of the build folder of the
preset nt-asan, and that test is run: of api_nt under the seeds that it always has, of fault_nt under 20, of
sim_nt under 1,000.

    mutants.py                 all of them, two at a time
    mutants.py --point 4       those of one point; --only TEXT: whose name contains it
    mutants.py --seconds 500   begins none after that time; what was found is kept, and the next run
                               goes on from there, as long as the programs are the same
    mutants.py --search        where the test that is named finds nothing, all suites are asked
    mutants.py --table         writes what was found into guards.md

It fails when a fault is not found by its test, when none is chosen, and when a text is no longer there:
then the library has changed and the fault must follow.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "nt-asan"
WIN = ROOT / "src" / "win"
PAGE = HERE / "guards.md"
SUITES = ["port_nt", "api_nt", "sim_nt", "fault_nt"]
SEEDS = 1000  # of sim_nt
TOO_LONG = 60  # seconds for a test
LEFT = 75  # exit code: the time was over

sys.path.insert(0, str(HERE))
from planted_beyond import FAULTS as BEYOND  # noqa: E402
from planted_pipes import FAULTS as PIPES  # noqa: E402
from planted_points import FAULTS as POINTS  # noqa: E402
from planted_rest import FAULTS as REST  # noqa: E402
from planted_share import FAULTS as SHARE  # noqa: E402


class Fault:
    def __init__(self, point, name, file, by, *texts):
        self.point, self.name, self.file = point, name, file
        self.suite, self.test = by.split(" ", 1)
        self.edits = list(zip(texts[::2], texts[1::2]))

    def stale(self):
        """A text that is not once in its file, or None."""
        path = WIN / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return next((old for old, _ in self.edits if text.count(old) != 1), None)

    def source(self):
        text = (WIN / self.file).read_text(encoding="utf-8")
        for old, new in self.edits:
            text = text.replace(old, new)
        return text

    def row(self):
        """In the table of guards.md, but for the seeds."""
        number = f"{self.point}: " if self.point else ""
        return f"| {number}{self.name} | `{self.file}` | {self.suite} `{self.test}` |"

    def found_as_said(self, found):
        return found is not None and found[:2] == [self.suite, self.test]

    def key(self):
        """Another one when the fault, or the program that is to find it, has changed."""
        return hashlib.sha256("\0".join([digest_of(self.suite), self.test, self.source()]).encode()).hexdigest()


@functools.lru_cache
def digest_of(suite):
    return hashlib.sha256((BUILD / "bin" / f"uvtest_{suite}").read_bytes()).hexdigest()


FAULTS = [Fault(*row) for row in SHARE + PIPES + BEYOND + POINTS + REST]


def run(command, timeout=None, **options):
    """What takes too long ends with all that it has started: a test has one process for each seed."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, **options) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output)


def command_of(source):
    """How the preset compiles that file: arguments without the input and the output."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if pathlib.Path(entry["directory"], entry["file"]).resolve() == source:
            words = shlex.split(entry["command"])
            at = words.index("-o")
            words = words[:at] + words[at + 2:]
            words.remove("-c")
            return [word for word in words if word != entry["file"] and "ccache" not in word]
    sys.exit(f"{source} is not in {BUILD}: cmake --preset nt-asan")


def link_of(suite, extra, target):
    """How it links that program, and what its children run (nt_add_program in CMakeLists.txt), with one
    object more, in front of the library."""
    lines = run(["ninja", "-C", str(BUILD), "-t", "commands", f"bin/uvtest_{suite}"]).stdout
    commands = []
    for command in lines.strip().splitlines()[-1].split(" && "):
        words = [word for word in shlex.split(command) if "ccache" not in word]
        if "-o" not in words:
            continue
        words[words.index("-o") + 1] = f"{target}.so" if "-shared" in words else str(target)
        at = next(i for i, word in enumerate(words) if word.endswith("libuvstream_nt.a"))
        commands.append(words[:at] + [str(extra)] + words[at:])
    return commands


def what_went_wrong(output):
    for line in output.splitlines():
        if not line.startswith("at seed ") and any(sign in line for sign in ("nt: seed", "failed: ", "ERROR: ", "runtime error: ",
                                         "Assertion", "seed ")):
            return line.strip()[:110]
    return output.strip()[-110:].replace("\n", " ") or "no word"


def seeds_of(program, suite, test, output, environment):
    """After how many seeds it was found. Where the output does not tell it is asked one by one."""
    found = re.findall(r"(?:nt: seed|NT_SEED=|at seed |^seed )\s*(\d+)", output, flags=re.MULTILINE)
    if found:  # The last: --progress names each.
        return max(1, int(found[-1]) + (1 if suite == "sim_nt" else 0))
    if suite in ("port_nt", "api_nt"):
        for seed in range(1, 21):
            try:
                if run([str(program), test], env=dict(environment, NT_SEED=str(seed)),
                       timeout=TOO_LONG).returncode not in (0, 77):
                    return seed
            except subprocess.TimeoutExpired:
                return seed
    return 1


def tests_of(suite, program):
    """What to run of a suite: its tests, and of random programs all at once."""
    if suite == "sim_nt":
        return ["seeds"] + re.findall(r'^    \{"([a-z_]+)", ',
                                      (ROOT / "test/sim/scenarios.c").read_text(), flags=re.MULTILINE)
    left_out = {name.removeprefix(f"{suite}.") for name in disabled()}
    return [name for name in run([str(program), "--list"]).stdout.split() if name not in left_out]


def arguments_of(suite, test):
    if suite != "sim_nt":
        return [test]
    return ["--runs", str(SEEDS), "--progress"] if test == "seeds" else ["--scenario", test, "--runs", "100"]


def disabled():
    """Tests that CTest does not run either."""
    if not hasattr(disabled, "names"):
        listed = run(["ctest", "--test-dir", str(BUILD), "-N"]).stdout
        disabled.names = [line.split(": ")[1].split(" (")[0] for line in listed.splitlines()
                          if "(Disabled)" in line]
    return disabled.names


def first_failure(folder, target, suite, tests):
    """Which of the tests finds it, after how many seeds, and in what words; or None."""
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    environment.setdefault("NT_SEEDS", "20")
    program = folder / f"uvtest_{suite}"
    for command in link_of(suite, target, program):
        linked = run(command, cwd=BUILD)
        if linked.returncode != 0:
            sys.exit(f"{suite} does not link:\n{linked.stdout}")
    there = tests_of(suite, program)
    if missing := set(tests or there) - set(there):
        sys.exit(f"{suite} has no such test, or leaves it out: {', '.join(sorted(missing))}")
    for test in tests or there:
        try:
            result = run([str(program), *arguments_of(suite, test)], env=environment, timeout=TOO_LONG)
        except subprocess.TimeoutExpired:
            return [suite, test, 1, "no end"]
        if result.returncode not in (0, 77):
            seeds = seeds_of(program, suite, test, result.stdout, environment)
            return [suite, test, seeds, what_went_wrong(result.stdout)]
    return None


def judge(fault, search):
    with tempfile.TemporaryDirectory(prefix="uvstream-nt-mutants-") as name:
        folder = pathlib.Path(name)
        mutated = folder / "mutant.c"
        mutated.write_text(fault.source(), encoding="utf-8")
        target = mutated.with_suffix(".o")
        built = run([*command_of(WIN / fault.file), "-w", "-c", str(mutated), "-o", str(target)],
                    cwd=BUILD)
        if built.returncode != 0:
            sys.exit(f"{fault.name} does not compile:\n{built.stdout}")
        found = None
        if fault.test != "?":
            found = first_failure(folder, target, fault.suite, [fault.test])
        if found is None and search:
            for suite in sorted(SUITES, key=lambda each: each != fault.suite):
                found = found or first_failure(folder, target, suite, None)
    return found


def seeds_in(page, fault):
    """The number in its row of guards.md, or None."""
    row = re.search(re.escape(fault.row()) + r" (\d+) \|$", page, flags=re.MULTILINE)
    return row and row.group(1)


def write_table(known):
    """Into guards.md, of what was found. What was not asked of these programs keeps its number; what its test
    did not find, or was never asked, has no row. Returns whether each fault has one."""
    text = PAGE.read_text(encoding="utf-8")
    lines, good = ["| what is taken out | file | found by | seeds |", "|---|---|---|---|"], True
    for fault in sorted(FAULTS, key=lambda each: each.point or sys.maxsize):
        if fault.key() not in known:
            seeds, why = seeds_in(text, fault), "was never asked"
        elif fault.found_as_said(known[fault.key()]):
            seeds, why = known[fault.key()][2], None
        else:
            seeds, why = None, f"{fault.test} did not find it"
        if seeds is None:
            print(f"NO ROW    {fault.point} {fault.name}: {why}")
            good = False
        else:
            lines.append(f"{fault.row()} {seeds} |")
    begin, end = "<!-- mutants.py writes what follows -->\n", "<!-- to here -->"
    head, rest = text.split(begin)
    PAGE.write_text(head + begin + "\n" + "\n".join(lines) + "\n\n" + end + rest.split(end, 1)[1],
                    encoding="utf-8")
    return good


def report(fault, found, seconds):
    as_said = fault.found_as_said(found)
    if found is None:
        print(f"SURVIVED  {fault.point} {fault.name}: {fault.suite} {fault.test}", flush=True)
    else:
        print(f"{'caught' if as_said else 'ELSEWHERE':9} {fault.point} {fault.name} ({seconds:.0f} s)\n"
              f"            {found[0]} {found[1]}, after {found[2]}: {found[3]}", flush=True)
    return as_said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--point", type=int, help="those of one point")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin none after that time")
    parser.add_argument("--search", action="store_true", help="ask all suites where the named test is silent")
    parser.add_argument("--again", action="store_true", help="also what was found before")
    parser.add_argument("--table", action="store_true", help="write what was found into guards.md")
    arguments = parser.parse_args()

    kept = BUILD / "mutants.json"
    known = json.loads(kept.read_text()) if kept.is_file() else {}
    chosen = [fault for fault in FAULTS
              if arguments.only in fault.name and arguments.point in (None, fault.point)]
    if not chosen:
        parser.error("no fault has that point and that text in its name")
    suites = SUITES if arguments.search or arguments.table else sorted({fault.suite for fault in chosen})
    if unbuilt := [suite for suite in suites if not (BUILD / "bin" / f"uvtest_{suite}").is_file()]:
        parser.error(f"nt-asan is to be built before, with {', '.join(unbuilt)}")
    if arguments.table:
        sys.exit(0 if write_table(known) else 1)
    stale = [fault for fault in FAULTS if fault.stale() is not None]
    for fault in stale:
        print(f"STALE     {fault.name}: not once in {fault.file}: {fault.stale()!r}")
    chosen = [fault for fault in chosen if fault not in stale]
    todo = [fault for fault in chosen
            if arguments.again or not fault.found_as_said(known.get(fault.key()))]
    began, lock, good, left = time.monotonic(), threading.Lock(), not stale, 0

    def one(fault):
        nonlocal good, left
        if time.monotonic() - began > arguments.seconds:
            left += 1
            return
        at = time.monotonic()
        found = judge(fault, arguments.search)
        with lock:
            as_said = report(fault, found, time.monotonic() - at)
            good = good and as_said
            known[fault.key()] = found
            kept.write_text(json.dumps(known))

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, todo))
    print(f"{len(chosen)} faults in src/win, {len(chosen) - len(todo)} of them known,"
          f" {time.monotonic() - began:.0f} s: {'as expected' if good else 'NOT as expected'}"
          + (f"; {left} are left, run it again" if left else ""))
    sys.exit(LEFT if good and left else 0 if good else 1)


if __name__ == "__main__":
    main()
