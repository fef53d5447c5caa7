#!/usr/bin/env python3
"""dialect.py BUILD: compiles all that Windows builds in the dialect of Visual Studio, without linking.

BUILD is a configured build folder for Windows by MinGW (preset mingw), whose list of compilations says
what belongs to Windows, and where each source looks for its headers. clang takes each in Microsoft's
dialect, where _MSC_VER is defined and __GNUC__ is not, `long` has 32 bits and there is no ssize_t, over
the headers of test/nt, which are ours: for x86, where each calling convention is a type of its own,
x64 and ARM64; Release, and for x64 Debug with its other C library: each of them for the library and the
headers, x64 and x86 for the rest. A warning is an error.

What it cannot see is what Microsoft's own headers and linker would say.
"""
import json
import os
import shlex
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from header import ROOT

HEADERS = ROOT / "test/nt/include"

# Target and definitions of each kind.
RELEASE = ("-DNDEBUG", "-D_MT")
DEBUG = ("-D_DEBUG", "-D_MT", "-D_DLL")
KINDS = {
    "x64": ("x86_64-pc-windows-msvc", RELEASE),
    "x64 Debug": ("x86_64-pc-windows-msvc", DEBUG),
    "x86": ("i686-pc-windows-msvc", RELEASE),
    "ARM64": ("aarch64-pc-windows-msvc", RELEASE),
}

# What of them sources other than the library's are compiled for: what differs then is the size of a pointer.
OTHERS = ("x64", "x86")

# `__clang__` would choose clang's branches where Microsoft's compiler has one of its own.
DIALECT = (
    "-fsyntax-only -std=c11 -fms-compatibility -fms-extensions -fms-compatibility-version=19.38 "
    "-nostdinc -U__clang__ -D_CRT_SECURE_NO_WARNINGS -D_CRT_NONSTDC_NO_WARNINGS "
    "-Wall -Wextra -Wno-string-concatenation -Werror"
).split()

# The shim redirects the linker of GNU; with it go the programs that are nothing without it. Both are
# left out where there is another linker (test/support/shim.cmake).
SHIM_ONLY = {
    ROOT / "bench/ledger_win.c",
    *(ROOT / "test/shim").glob("*.c"),
    *(ROOT / "test/support").glob("shim*.c"),
}

# Sources that one process takes.
AT_ONCE = 60

# Definitions of the build by MinGW that are not Microsoft's.
LEFT_OUT = ("-DUVTEST_SHIM", "-D__USE_MINGW_ANSI_STDIO=0", "-DNDEBUG")

# What must not compile, so that the rest means something: (kind, source).
REFUSED = (
    ("x64", "#ifndef __GNUC__\n#error it is\n#endif"),
    ("x64", "#include <sys/types.h>\nssize_t size;"),
    ("x64", "#include <windows.h>\nint f(unsigned* n) { return ReadFile(0, 0, 0, n, 0); }"),
    ("x86", "#include <windows.h>\nstatic DWORD f(LPVOID p) { return p != 0; }\nvoid g(void) {"
            " CreateThread(0, 0, f, 0, 0, 0); }"),
    ("ARM64", "typedef int narrow[sizeof(long) == 8 ? 1 : -1];"),
)


def compilations(build):
    """{options: sources}, where no source has the same definitions twice."""
    seen = set()
    groups = defaultdict(list)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["directory"], entry["file"])
        if source.suffix != ".c" or source in SHIM_ONLY:
            continue
        words = shlex.split(entry["command"])
        folders, definitions = [], []
        for word, following in zip(words, words[1:] + [""]):
            if word == "-isystem":
                folders += [word, following]
            elif word.startswith("-I"):
                folders.append(word)
            elif word.startswith("-D") and word not in LEFT_OUT:
                definitions.append(word)
        if (source, *definitions) not in seen:
            seen.add((source, *definitions))
            groups[(*folders, *definitions)].append(source)
    return groups


def resource_headers():
    done = subprocess.run(["clang", "-print-resource-dir"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) / "include"


def main(build):
    own = [f"-isystem{HEADERS / 'msvc'}", f"-isystem{resource_headers()}", f"-isystem{HEADERS}"]

    def clang(kind, *options):
        target, definitions = KINDS[kind]
        return ["clang", f"--target={target}", *DIALECT, *definitions, *options, *own]

    def refused(command, text=None):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, input=text)
        return done.stdout + done.stderr if done.returncode else None

    def try_sources(job):
        """In one process, for most of what clang takes is its start: the compiler itself, whose command line
        the driver tells, goes through any number of sources."""
        kind, options, sources = job
        told = subprocess.run(clang(kind, *options, "-###", str(sources[0])), cwd=ROOT, capture_output=True,
                              text=True, check=True).stderr
        words = shlex.split(told.splitlines()[-1])
        assert words[1] == "-cc1" and words[-1] == str(sources[0])
        return kind, refused([*words[:-1], *map(str, sources)])

    taken = [text for kind, text in REFUSED if not refused(clang(kind, "-xc", "-"), text)]
    groups = compilations(build)
    if taken or not groups:
        print("\n".join(["dialect: what is to be refused, and was not:", *taken]))
        return 1
    jobs = []
    for kind in KINDS:
        for options, sources in groups.items():
            wanted = [s for s in sources if kind in OTHERS or ROOT / "src" in s.parents]
            jobs += [(kind, options, wanted[at:at + AT_ONCE]) for at in range(0, len(wanted), AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(try_sources, jobs))
    failed = [f"{kind}:\n{output}" for kind, output in results if output]
    print("\n".join(failed))
    print(f"dialect: {sum(map(len, groups.values()))} sources, {sum(len(job[2]) for job in jobs)} times for"
          f" {len(KINDS)} kinds of Windows; {len(failed)} of {len(jobs)} parts failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
