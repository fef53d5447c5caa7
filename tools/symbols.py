#!/usr/bin/env python3
"""symbols.py BUILD-FOLDER: one public surface, the same everywhere.

What tools/api-names.txt plans, uv.h and uvstream.h declare UV_EXTERN, the shared library or the DLL (and its
import library) exports, and the static library defines is one set of names. The static library
has no other external name that does not begin with uv__. The DLL needs no other DLL than those of
IMPORTS, and the libraries that programs are shipped with keep to the sizes of BOUNDS.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from header import ROOT, functions

# The DLLs that every Windows 10 has, of which the library needs some, and the C run-time library.
IMPORTS = {"kernel32.dll", "ws2_32.dll", "mswsock.dll", "iphlpapi.dll", "advapi32.dll", "ntdll.dll"}
C_RUN_TIME = re.compile(r"api-ms-win-crt-[a-z0-9-]+\.dll|ucrtbase\.dll|msvcrt\.dll")

# Bytes of a stripped library, by the preset that makes it, with the compilers of Debian 12: as it
# was when the bound was set, and a hundredth more. What is larger is meant, or is a mistake. Since
# 0.1's first figures (109,696 and 134,144) the core pays for libuv 1.53's ends of writes and for closes
# that wait for senders, Unix for children that share memory until their exec and for forks; the DLL for
# packets that are checked, closes that end in the call, pipes without names and helpers that share.
# Then for files and devices as pipes, current folders of any length and shortages that are waited out;
# both for the 28 small names of 1.53, some 9 KB; and Unix 22 KB for international names, 19.5 of them tables.
# Then Unix for what labels of these may be, 5 KB; the DLL for pipes of other machines, 3 KB, and for connects
# that programs have begun, 1.5 KB.
# Then 5 KB for connecting to a name (uvstream.h), and what the rest has gained meanwhile.
# On Windows 1.5 KB more for connections that others make blocking, and for bytes that outlive their stream.
# Then 3 KB of the DLL for who is at the other end of a pipe (uvstream.h), and 1 KB for fewer calls; and 2 KB for
# timers between the ticks of the system, and 3 KB for pipes that are Unix-domain sockets.
# Then deadlines, reads as requests and hang-ups (uvstream.h), 7 KB each. And 1.5 KB of the DLL for names that
# are open to a list of users (uvstream.h).
# Then files through streams, 4 KB, and moves to other loops, 3 KB (uvstream.h).
# Then several handles in one message (uvstream.h), 3 KB of the DLL, half of them for whoever receives these.
BOUNDS = {("clang", "libuvstream.so"): (187800, 1.01), ("mingw", "libuvstream.dll"): (210432, 1.01)}

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


def dll_imports(library):
    """The DLLs that a DLL needs, in small letters."""
    text = run(tool("objdump", True), "-p", library)
    return {name.lower() for name in re.findall(r"^\s*DLL Name: (\S+)", text, flags=re.MULTILINE)}


def stripped_size(build, library):
    """The size of a library without what only debuggers and linkers look at."""
    cache = (build / "CMakeCache.txt").read_text()
    strip = re.search(r"^CMAKE_STRIP:\w+=(.+)$", cache, flags=re.MULTILINE)[1]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, library.name)
        run(strip, "-o", str(copy), str(library))
        return copy.stat().st_size


def bounds(build, library):
    """Problems with what a library needs and how large it is."""
    problems = []
    if library.suffix == ".dll":
        problems += [f"{library}: needs {name}" for name in dll_imports(library) - IMPORTS
                     if not C_RUN_TIME.fullmatch(name)]
    if (build.name, library.name) in BOUNDS:
        was, times = BOUNDS[build.name, library.name]
        size, limit = stripped_size(build, library), int(was * times)
        if size > limit:
            problems.append(f"{library}: {size} bytes stripped, more than {limit}")
    return problems


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
        problems += bounds(build, path)
    return sorted(problems), len(looked_at)


if __name__ == "__main__":
    found, count = check(Path(sys.argv[1]))
    for problem in found:
        print(problem)
    if count == 0:
        sys.exit(f"symbols: no library in {sys.argv[1]}")
    for library, _ in libraries(Path(sys.argv[1])):
        if (Path(sys.argv[1]).name, library.name) in BOUNDS:
            print(f"{library}: {stripped_size(Path(sys.argv[1]), library)} bytes stripped")
    print(f"{count} libraries, {len(functions())} public functions, {len(found)} problems")
    sys.exit(1 if found else 0)
