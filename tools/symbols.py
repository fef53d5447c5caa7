#!/usr/bin/env python3
"""symbols.py BUILD-FOLDER: one public surface, the same everywhere.

What tools/api-names.txt plans, uv.h declares UV_EXTERN, the shared library or the DLL (and its
import library) exports, and the static library defines is one set of names. The static library
has no other external name that does not begin with uv__.
"""
import re
import subprocess
import sys
from pathlib import Path

from header import ROOT, functions

# What compilers add: .refptr.NAME on Windows, __odr_asan.NAME with AddressSanitizer.
OF_COMPILERS = (".refptr.", "__odr_asan.")


def planned():
    return set((ROOT / "tools" / "api-names.txt").read_text().split())


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tool(name, windows):
    """`name` of the binutils that know the library's format."""
    for candidate in (f"x86_64-w64-mingw32-{name}", name) if windows else (name,):
        try:
            run(candidate, "--version")
            return candidate
        except FileNotFoundError:
            continue
    sys.exit(f"symbols: {name} is not installed")


def elf_exports(library):
    lines = run(tool("nm", False), "-D", "--defined-only", library).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def dll_exports(library):
    text = run(tool("objdump", True), "-p", library)
    table = text.partition("[Ordinal/Name Pointer] Table")[2]
    return set(re.findall(r"^\s+\[\s*\d+\][^\n]*?(\w+)$", table, flags=re.MULTILINE))


def archive_names(library, windows):
    """External names that an archive defines. 32-bit Windows puts an underscore before each, which
    shows in that even those of ours, which begin with uv, have one."""
    names = set()
    for line in run(tool("nm", windows), "-g", "--defined-only", library).splitlines():
        fields = line.split()
        if len(fields) == 3 and not fields[2].startswith(OF_COMPILERS):
            names.add(fields[2])
    if windows and any(name.startswith("_uv_") for name in names):
        names = {name.removeprefix("_") for name in names}
    return names


def import_names(library):
    """The functions of a DLL that programs can be linked with through its import library."""
    found = (re.search(r"_imp_+(\w+)$", name) for name in archive_names(library, True))
    return {match.group(1) for match in found if match}


def static_names(library, windows):
    """The public names of a static library; whatever is neither public nor uv__ is among them."""
    return {name for name in archive_names(library, windows) if not name.startswith("uv__")}


def libraries(build):
    """(path, the public names it gives to programs) of every library in a build folder."""
    system = "".join(path.read_text() for path in build.glob("CMakeFiles/*/CMakeSystem.cmake"))
    windows = 'set(CMAKE_SYSTEM_NAME "Windows")' in system
    found = [
        (build / "lib" / "libuvstream.so", elf_exports),
        (build / "bin" / "libuvstream.dll", dll_exports),
        (build / "lib" / "libuvstream.dll.a", import_names),
        (build / "lib" / "libuvstream.a", lambda path: static_names(path, windows)),
    ]
    return [(path, names(str(path))) for path, names in found if path.exists()]


def check(build):
    """Problems found in one build folder, and the number of libraries looked at."""
    declared = functions()
    problems = [f"uv.h: declares {name}, which is not planned" for name in declared - planned()]
    problems += [f"uv.h: does not declare {name}" for name in planned() - declared]
    looked_at = libraries(build)
    for path, names in looked_at:
        problems += [f"{path}: has {name}, which uv.h does not" for name in names - declared]
        problems += [f"{path}: does not have {name}" for name in declared - names]
    return sorted(problems), len(looked_at)


if __name__ == "__main__":
    found, count = check(Path(sys.argv[1]))
    for problem in found:
        print(problem)
    if count == 0:
        sys.exit(f"symbols: no library in {sys.argv[1]}")
    print(f"{count} libraries, {len(functions())} public functions, {len(found)} problems")
    sys.exit(1 if found else 0)
