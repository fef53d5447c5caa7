#!/usr/bin/env python3
"""symbols.py BUILD-FOLDER: the shared library exports exactly what uv.h declares UV_EXTERN, and
the static one defines no external name that does not begin with uv_ (uv__ inside)."""
import re
import subprocess
import sys
from pathlib import Path

from header import functions


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def elf_exports(library):
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def dll_exports(library):
    for objdump in ("x86_64-w64-mingw32-objdump", "objdump"):
        try:
            text = run(objdump, "-p", library)
        except FileNotFoundError:
            continue
        table = text.partition("[Ordinal/Name Pointer] Table")[2]
        return set(re.findall(r"^\s+\[\s*\d+\][^\n]*?(\w+)$", table, flags=re.MULTILINE))
    sys.exit("symbols: no objdump that reads a DLL")


def static_names(library, nm):
    names = set()
    for line in run(nm, "-g", "--defined-only", library).splitlines():
        fields = line.split()
        # What compilers add: .refptr.NAME on Windows, __odr_asan.NAME with AddressSanitizer.
        if len(fields) == 3 and not fields[2].startswith((".refptr.", "__odr_asan.")):
            names.add(fields[2])
    return names


def check(build):
    """Problems found in one build folder, and the number of libraries looked at."""
    problems, seen = [], 0
    windows = (build / "bin" / "libuvstream.dll").exists()
    for shared, exports in (
        (build / "lib" / "libuvstream.so", elf_exports),
        (build / "bin" / "libuvstream.dll", dll_exports),
    ):
        if not shared.exists():
            continue
        seen += 1
        found, declared = exports(str(shared)), functions()
        problems += [f"{shared}: exports {name}, which uv.h does not" for name in found - declared]
        problems += [f"{shared}: does not export {name}" for name in declared - found]
    static = build / "lib" / "libuvstream.a"
    if static.exists():
        seen += 1
        nm = "x86_64-w64-mingw32-nm" if windows else "nm"
        problems += [
            f"{static}: defines {name}"
            for name in static_names(str(static), nm)
            # 32-bit Windows puts an underscore before every name of C.
            if not (name.removeprefix("_") if windows else name).startswith("uv_")
        ]
    return sorted(problems), seen


if __name__ == "__main__":
    found, count = check(Path(sys.argv[1]))
    for problem in found:
        print(problem)
    if count == 0:
        sys.exit(f"symbols: no library in {sys.argv[1]}")
    print(f"{count} libraries, {len(functions())} public functions, {len(found)} problems")
    sys.exit(1 if found else 0)
