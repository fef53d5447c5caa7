#!/usr/bin/env python3
"""trixie_peers.py REPORT PREFIX: the tests of test/interop against current versions of Node, Bun and Deno for
Windows, one after the other, under the Wine of Debian trixie. REPORT is written as CTest writes its own.

The packages are brought before, outside, where npm is (trixie_peers.py --fetch).
"""
import os
import subprocess
import sys
import xml.etree.ElementTree as xml

from header import ROOT

SCRIPT = ROOT / "test/interop/run.py"
PEER = ROOT / "build/mingw/bin/uvinterop.exe"
FOLDER = ROOT / "build/trixie-peers"
RUNTIMES = ("node26", "bun", "deno")
SECONDS = 150

# What such a peer cannot do, whoever its other end is. Deno takes what NODE_CHANNEL_FD says for the value
# of a handle ("Invalid handle" of 3), where Node, Bun and we mean a descriptor of the C library.
CHANNEL = "Deno finds its channel by the value of a handle, not by a descriptor"
CANNOT = {"deno.node_is_the_parent": CHANNEL, "deno.node_is_the_child": CHANNEL}


def tests():
    return [line[len("def test_"):].partition("(")[0]
            for line in SCRIPT.read_text().splitlines() if line.startswith("def test_")]


def run(runtime, test, *runner):
    command = [sys.executable, str(SCRIPT), str(PEER), test, str(FOLDER), *runner]
    environment = {**os.environ, "UVTEST_RUNTIME": runtime}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        return 1, (late.stdout or b"").decode(errors="replace") + f"\nnot done after {SECONDS} s"
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def fetch():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for runtime in RUNTIMES:
        code, output = run(runtime, "fetch")
        if code:
            print(output)
            return code
    return 0


def main(report, prefix):
    os.environ["WINEPREFIX"] = prefix
    suite = xml.Element("testsuite")
    failed = 0
    for runtime in RUNTIMES:
        for test in tests():
            name = f"{runtime}.{test}"
            code, output = run(runtime, test, str(ROOT / "cmake/wine-runner.sh"))
            if code == 0 or code == 77:
                status = "run" if code == 0 else "notrun"
            elif name in CANNOT:
                status, output = "notrun", f"skipped: {CANNOT[name]}"
            else:
                status = "fail"
                failed += 1
            print(f"{status:<8}{name}", flush=True)
            case = xml.SubElement(suite, "testcase", name=name, status=status)
            xml.SubElement(case, "system-out").text = "".join(c for c in output if c.isprintable() or c == "\n")
    xml.ElementTree(suite).write(report)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(fetch() if sys.argv[1:] == ["--fetch"] else main(*sys.argv[1:]))
