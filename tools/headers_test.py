#!/usr/bin/env python3
"""headers_test.py: a program that includes uv.h and uvstream.h compiles without one warning, at the strictest level
of every compiler that is installed here, in each standard of C and C++ that it can be asked for."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from header import ROOT

PROGRAM = "#include <uvstream.h>\nint main(void) { return uv_version() == 0; }\n"

C_STANDARDS = ("c99", "c11", "gnu11", "c17", "c2x")
CXX_STANDARDS = ("c++98", "c++11", "gnu++14", "c++17", "c++20")

COMMON = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion",
          "-Wcast-align", "-Wcast-qual", "-Wundef", "-Wwrite-strings", "-Wredundant-decls"]
ONLY_C = ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wold-style-definition"]
ONLY_CXX = ["-Wold-style-cast", "-Wzero-as-null-pointer-constant"]

# Everything, but for what an interface cannot do without: fields of different sizes, names that
# begin with the library's prefix and an underscore, and features that a newer standard brought.
EVERYTHING = ["-Weverything", "-Wno-padded", "-Wno-reserved-identifier",
              "-Wno-reserved-macro-identifier", "-Wno-declaration-after-statement",
              "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic", "-Wno-pre-c2x-compat",
              "-Wno-unsafe-buffer-usage", "-Wno-unknown-warning-option"]

MINGW = "x86_64-w64-mingw32"


def compilers():
    """(command, is it clang, is it for C++) of all that are here."""
    for names, cxx in (
        (("gcc", "clang", f"{MINGW}-gcc", "i686-w64-mingw32-gcc"), False),
        (("g++", "clang++", f"{MINGW}-g++", "i686-w64-mingw32-g++"), True),
    ):
        for name in names:
            if not shutil.which(name):
                print(f"headers: {name} is not installed, left out")
                continue
            yield [name], "clang" in name, cxx
            # clang makes Windows programs with the headers of MinGW.
            if "clang" in name and shutil.which(f"{MINGW}-gcc"):
                yield [name, f"--target={MINGW}"], True, cxx


def main():
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for command, clang, cxx in compilers():
            source = Path(folder) / ("probe.cpp" if cxx else "probe.c")
            source.write_text(PROGRAM)
            levels = [COMMON + (ONLY_CXX if cxx else ONLY_C)] + ([EVERYTHING] if clang else [])
            for standard in CXX_STANDARDS if cxx else C_STANDARDS:
                for level in levels:
                    done = subprocess.run(
                        [*command, f"-std={standard}", *level, "-Werror", "-fsyntax-only",
                         f"-I{ROOT / 'include'}", str(source)],
                        capture_output=True, text=True,
                    )
                    passed += done.returncode == 0
                    if done.returncode:
                        failed += 1
                        print(f"headers: {' '.join(command)} -std={standard} {level[0]}")
                        print("\n".join(f"    {line}" for line in done.stderr.splitlines()[:20]))
    print(f"headers: {passed} compilations without a warning, {failed} with")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
