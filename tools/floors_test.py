#!/usr/bin/env python3
"""What tools/floors.py and tools/circles.py must find, and what they must not, in a made-up house."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import check
import circles
import floors

# A file of a made-up src -> its text.
HOUSE = {
    "core/port.h": '#include "core/base/queue.h"\n#include "uv.h"\nint uv__port_poll(void);\n',
    "core/base/queue.h": "struct uv__queue;\n",
    "core/base/list.c": '#include "core/port.h"\nint uv__list(void) { return 1; }\n',
    "core/loop/loop.h": '#include "core/port.h"\nint uv__loop(void);\n',
    "core/loop/loop.c": '#include "core/loop/loop.h"\n#include <string.h>\n'
                        "int uv__loop(void) { return uv__port_poll(); }\n",
    "unix/base/fd.h": '#include "core/port.h"\nextern int uv__fd;\n',
    "unix/base/fd.c": '#include "unix/base/fd.h"\nint uv__fd;\n',
    "unix/pipe/pipe.h": "int uv__pipe(void);\n",
    "unix/pipe/pipe.c": '#include "unix/pipe/pipe.h"\n#include "unix/base/fd.h"\n#include <unistd.h>\n'
                        "int uv__list(void);\nint uv__pipe(void) { return uv__fd + uv__list(); }\n",
    "unix/tty/tty.c": '#include "core/base/queue.h"\nint uv__tty(void) { return 2; }\n',
    "unix/backend.c": '#include "unix/pipe/pipe.h"\n'
                      "int uv__port_poll(void) { return uv__pipe(); }\n",
}

# (file, text added to it, what is said of it)
WRONG_INCLUDES = [
    ("unix/pipe/pipe.c", '#include "unix/tty/tty.h"\n', "room unix/pipe may not know unix/tty"),
    ("unix/base/fd.c", '#include "unix/pipe/pipe.h"\n', "room unix/base may not know unix/pipe"),
    ("unix/base/fd.c", '#include "core/loop/loop.h"\n', "room unix/base may not know core/loop"),
    ("core/loop/loop.c", '#include "unix/base/fd.h"\n', "room core/loop may not know unix/base"),
    ("core/loop/loop.c", '#include "../win/internal.h"\n', "without .."),
    ("core/loop/loop.c", '#include "core/loop/../loop/loop.h"\n', "without .."),
    ("core/loop/loop.c", "#include <windows.h>\n", "room core/loop may not know windows.h"),
    ("core/base/list.c", '#include "core/loop/loop.h"\n', "room core/base may not know core/loop"),
    ("unix/tty/tty.c", '#include "tty.h"\n', "there is no src/tty.h"),
    ("core/base/queue.h", '#include "core/port.h"\n', "include each other: core/base/queue.h core/port.h"),
    ("attic/box.c", "int uv__box;\n", "give room attic a floor"),
]

# (file, text added to it, what is said of it)
WRONG_CALLS = [
    ("unix/base/fd.c", "int uv__pipe(void);\nint uv__f(void) { return uv__pipe(); }\n",
     "unix/pipe/pipe.c: room unix/base may not know unix/pipe"),
    ("unix/base/fd.c", "extern int uv__tty(void);\nint (*uv__p)(void) = uv__tty;\n",
     "unix/base/fd.c names uv__tty of unix/tty/tty.c: room unix/base may not know unix/tty"),
    ("core/base/list.c", "int uv__loop(void);\nint uv__up(void) { return uv__loop(); }\n",
     "core/base/list.c -> core/loop/loop.c: uv__loop"),
    ("unix/tty/tty.c", "int uv__loop(void);\nint uv__up(void) { return uv__loop(); }\n",
     "room unix/tty may not know core/loop"),
]


def build_house(folder, changed="", more=""):
    (folder / "include").mkdir(parents=True)
    (folder / "include" / "uv.h").write_text("")
    (folder / "src" / "unix" / "tty").mkdir(parents=True)
    (folder / "src" / "unix" / "tty" / "tty.h").write_text("")
    for name in HOUSE.keys() | ({changed} if changed else set()):
        path = folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HOUSE.get(name, "") + (more if name == changed else ""))


def compile_house(folder):
    """What CMake and Ninja would leave in a build folder of this house."""
    build, commands = folder / "build", []
    for source in sorted((folder / "src").rglob("*.c")):
        target = f"CMakeFiles/uvstream.dir/{source.relative_to(folder)}.o"
        (build / target).parent.mkdir(parents=True, exist_ok=True)
        command = ["cc", f"-I{folder}/src", f"-I{folder}/include", "-o", target, "-c", str(source)]
        subprocess.run(command, cwd=build, check=True)
        commands.append({"command": " ".join(command), "file": str(source)})
    (build / "compile_commands.json").write_text(circles.json.dumps(commands))
    (build / "CMakeCache.txt").write_text("CMAKE_NM:FILEPATH=nm\n")
    return build


def said(house, look, expected):
    """One line for what was expected and not said, or said and not expected."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        build_house(folder, *house)
        lines = look(folder)
    if expected and not any(expected in line for line in lines):
        return [f"{house[0]}: {house[1]!r}: not said: {expected}; but: {lines}"]
    return [f"said of a house in order: {line}" for line in lines if not expected]


def look_at_objects(folder):
    return circles.look(compile_house(folder), folder)[2]


def sleeps():
    """Each way to sleep is seen; what only looks like one is not."""
    asleep = {".c": ["  uv_sleep(20);", "  Sleep(1);", "  nanosleep(&time, NULL);", "  poll(NULL, 0, 5);"],
              ".py": ["    time.sleep(0.01)"], ".sh": ["  sleep 1", "while x; do sleep 1; done"],
              ".js": ["  setTimeout(go, 20);"]}
    awake = {".c": ["  asleep(1);", "  poll(NULL, 0, 0);", "  poll(&fd, 1, 5);"],
             ".py": ["    sleeps(1)"], ".sh": ["  echo sleep"], ".js": ["  set(20);"]}
    wrong = [f"not seen: {line}" for suffix, lines in asleep.items() for line in lines
             if not check.re.search(check.SLEEP[suffix], line)]
    return wrong + [f"no sleep: {line}" for suffix, lines in awake.items() for line in lines
                    if check.re.search(check.SLEEP[suffix], line)]


def main():
    problems = said((), floors.include_problems, None)
    for file, text, expected in WRONG_INCLUDES:
        problems += said((file, text), floors.include_problems, expected)
    if shutil.which("cc") and shutil.which("nm"):
        problems += said((), look_at_objects, None)
        for file, text, expected in WRONG_CALLS:
            problems += said((file, text), look_at_objects, expected)
    problems += sleeps()
    print("\n".join([*problems, f"{len(WRONG_INCLUDES) + len(WRONG_CALLS) + 2} houses, "
                                f"{len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
