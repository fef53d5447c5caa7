#!/usr/bin/env python3
"""symbols.py BUILD-FOLDER: one public surface, the same everywhere.

What tools/api-names.txt plans, uv.h and uvstream.h declare UV_EXTERN, the shared library or the DLL (and its
import library) exports, and the static library defines is one set of names. The static library
has no other external name that does not begin with uv__. The DLL needs no other DLL than those of
IMPORTS, and the libraries that programs are shipped with keep to the sizes of BOUNDS. What an echo server
that uses uv.h alone (bench/size_echo.c) has linked of the static library keeps to ECHO, and none of it is
of uvstream.h.
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
# Then several handles in one message (uvstream.h), 3 KB of the DLL, half of them for whoever receives these;
# and pseudo-terminals (uvstream.h), 4 KB of each. Then 1.5 KB of the DLL for last words,
# and on Unix 4 KB for fewer instructions a message: short ways beside the general ones; and as much again, as the
# next of those no longer fitted into a page. Then half a KB of the DLL for threads of helpers that are late or gone.
BOUNDS = {("clang", "libuvstream.so"): (200120, 1.01), ("mingw", "libuvstream.dll"): (219136, 1.01)}

# Bytes of the library in bench/size_echo.c, linked with --gc-sections, by preset, as above. When streams began to
# have something of uvstream.h on them (limits of time, requests to read, hang-ups, files, moves) it was 6 KB more;
# since then these are behind uv__loop_t.beyond and uv__port_beyond. On Windows the linker drops no functions of a file
# that is needed; there it became 38 KB less when what starts children was no longer in the file of their end.
# Of what any write may wait behind, several handles and files, the queue knows a table. That a turn calls nobody who
# has nothing to do, a quarter of its instructions, is 0.4 KB on Unix. Then 1 KB less there, as who has neither
# pipes nor children has no looking for them linked. On Windows 4 KB more, as putting back the modes of a console
# waits for what is yet to be written to it. Then 0.3 KB, as a failed bind leaves a fresh handle, and half of that
# again for writes that the system has no memory for. Then 1 KB for fewer instructions a write and a turn. Then 0.3 KB
# on Unix, 0.8 KB on Windows, as a shutdown and what is cancelled are told before what is read behind them, signals in
# their order, and a turn that had nothing to do asks for no time.
ECHO = {"release": (33882, 1.005), "clang": (34557, 1.005), "mingw": (78772, 1.01)}

# What no program has linked that does not call it.
BEYOND = re.compile(r"uvs_\w+|uv__port_beyond")

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


def linked_bytes(text):
    """Of a linker's map: bytes of code and constants that came out of the library."""
    size, section = 0, ""
    for line in text.partition("Linker script and memory map")[2].splitlines():
        named = re.match(r" (\.\S+)", line)
        section = named[1] if named else section
        found = re.search(r"\s0x0*([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S*libuvstream\w*\.a", line)
        if found and re.match(r"\.(text|ro?data|data|eh_frame|[px]data)", section) and found[1] != "0":
            size += int(found[2], 16)
    return size


def echo(build):
    """(bytes of the library in the smallest echo server, names of uvstream.h in it); None: not of this
    build."""
    library = build / "lib" / "libuvstream.a"
    if build.name not in ECHO or not library.exists():
        return None
    windows = (build / "bin" / "libuvstream.dll").exists()
    needs = ["-lws2_32", "-lmswsock", "-liphlpapi", "-ladvapi32"] if windows else ["-pthread", "-ldl"]
    (known,) = build.glob("CMakeFiles/*/CMakeCCompiler.cmake")
    compiler = re.search(r'^set\(CMAKE_C_COMPILER "(.+)"\)', known.read_text(), flags=re.MULTILINE)[1]
    with tempfile.TemporaryDirectory() as folder:
        program, chart = Path(folder, "echo.exe"), Path(folder, "echo.map")
        run(compiler, "-O2", f"-I{ROOT / 'include'}",
            str(ROOT / "bench" / "size_echo.c"), str(library), *needs, "-Wl,--gc-sections",
            f"-Wl,-Map,{chart}", "-o", str(program))
        names = {line.split()[-1] for line in run(tool("nm", windows), str(program)).splitlines()}
        return linked_bytes(chart.read_text()), sorted(filter(BEYOND.fullmatch, names))


def echo_problems(build):
    """What is wrong with that."""
    found = echo(build)
    if found is None:
        return []
    was, times = ECHO[build.name]
    problems = [f"{build.name}: an echo server that uses uv.h alone has {name} linked" for name in found[1]]
    if not 0 < found[0] <= int(was * times):
        problems.append(f"{build.name}: {found[0]} bytes of the library in an echo server, "
                        f"more than {int(was * times)}")
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
    problems += echo_problems(build)
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
    if echo(Path(sys.argv[1])):
        print(f"{echo(Path(sys.argv[1]))[0]} bytes of the library in an echo server")
    print(f"{count} libraries, {len(functions())} public functions, {len(found)} problems")
    sys.exit(1 if found else 0)
