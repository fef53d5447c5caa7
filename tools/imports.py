#!/usr/bin/env python3
"""imports.py BUILD-FOLDER: every Windows program and DLL in a build folder starts on a system on
which nothing was installed: what it imports are DLLs of Windows, of the C run-time library that comes
with Visual Studio, and ours. A DLL of the compiler (libgcc, libwinpthread, libstdc++) is none.

The files are read here, so that it works for every compiler and on every system."""
import os
import re
import struct
import sys
from pathlib import Path

# Of Windows 10, and what the library and its programs have a use for.
OF_WINDOWS = {"kernel32.dll", "advapi32.dll", "iphlpapi.dll", "mswsock.dll", "ws2_32.dll",
              "msvcrt.dll", "ucrtbase.dll", "user32.dll", "ntdll.dll", "psapi.dll"}
OF_WINDOWS_TOO = re.compile(r"api-ms-win-[a-z0-9-]+\.dll")
# Programs of Visual Studio share their C run-time library with the DLL, whose descriptors they pass.
OF_VISUAL_STUDIO = re.compile(r"(vcruntime140(_1)?|msvcp140|ucrtbase)d?\.dll")
OURS = {"libuvstream.dll", "uvstream.dll"}
# The library itself may not even want a window or the kernel's own names.
ONLY_PROGRAMS = {"user32.dll", "ntdll.dll", "psapi.dll"}


def imports(data):
    """The DLLs that an executable image names, from its table of imports and of delayed ones."""
    def number(form, at):
        return struct.unpack_from("<" + form, data, at)[0]

    header = number("I", 0x3C)
    if data[:2] != b"MZ" or data[header:header + 4] != b"PE\0\0":
        raise ValueError("no image of Windows")
    count, size = number("H", header + 6), number("H", header + 20)
    optional = header + 24
    wide = number("H", optional) == 0x20B
    directories = optional + (112 if wide else 96)
    sections = [struct.unpack_from("<IIII", data, optional + size + 40 * i + 8)
                for i in range(count)]

    def offset(address):
        for virtual_size, virtual, raw_size, raw in sections:
            if virtual <= address < virtual + max(virtual_size, raw_size):
                return raw + address - virtual
        raise ValueError(f"address {address:#x} is in no section")

    def text(address):
        at = offset(address)
        return data[at:data.index(b"\0", at)].decode("ascii").lower()

    found = []
    for index, entry, name in ((1, 20, 12), (13, 32, 4)):
        address = number("I", directories + 8 * index)
        at = offset(address) if address != 0 else 0
        while address != 0 and number("I", at + name) != 0:
            found.append(text(number("I", at + name)))
            at += entry
    return found


def is_there(dll, importer):
    if importer in OURS and dll in OURS | ONLY_PROGRAMS:
        return False
    return (dll in OF_WINDOWS | OURS or OF_WINDOWS_TOO.fullmatch(dll) is not None
            or OF_VISUAL_STUDIO.fullmatch(dll) is not None)


def images(build):
    """Not those that CMake makes to try something, nor those of Wine, nor what other people's
    projects make of the library in test/install, nor the peers that an earlier run has fetched for
    test/interop."""
    found = []
    for folder, folders, files in os.walk(build):
        folders[:] = set(folders) - {"CMakeFiles", "wine", "install-test", "interop"}
        found += [Path(folder, name) for name in files if name.lower().endswith((".exe", ".dll"))]
    return sorted(found)


def main(build):
    problems = []
    looked_at = images(build)
    for path in looked_at:
        names = imports(path.read_bytes())
        if not names:
            problems.append(f"{path}: imports nothing, which cannot be")
        problems += [f"{path}: imports {dll}" for dll in names
                     if not is_there(dll, path.name.lower())]
    for problem in problems:
        print(problem)
    libraries = [path for path in looked_at if path.name.lower() in OURS]
    if not libraries:
        sys.exit(f"imports: no DLL of ours in {build}")
    print(f"{len(looked_at)} programs and DLLs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
