#!/usr/bin/env python3
"""readme_test.py WORK-FOLDER [RUNNER TOOLCHAIN]: follows README.md as somebody would who sees it for
the first time, in a copy of the sources and with nothing of ours in the environment but a cache of
what was compiled: the commands printed there build and install the library, and the program printed
there, built as printed, echoes. Only the folder that is installed into and the port are others. With
RUNNER and TOOLCHAIN (cmake/wine-runner.sh, cmake/mingw-x86_64.cmake) for Windows.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from shlex import quote

from check import tracked
from header import ROOT

PORT = "7000"

# With these a compiler does the same, and does not do it again.
COMPILER_CACHE = ("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER", "CCACHE_DIR", "CCACHE_BASEDIR",
                  "CCACHE_NOHASHDIR")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port, server):
    """Try until the server listens, which it does not announce."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("readme: the server does not listen")
            time.sleep(0.02)


def echoes(client, message):
    client.sendall(message)
    answer = b""
    while len(answer) < len(message):
        part = client.recv(65536)
        if not part:
            break
        answer += part
    return answer == message


def one(found, what):
    if len(found) != 1:
        sys.exit(f"readme: {len(found)} times {what}")
    return found[0]


def blocks(readme, language, holds):
    found = re.findall(rf"^```{language}\n(.*?)^```", readme, re.S | re.M)
    return one([block for block in found if holds in block], f"{holds}) in a block of {language}")


def run(command, folder, environment):
    print(f"$ {command}", flush=True)
    subprocess.run(command, shell=True, cwd=folder, env=environment, check=True)


def serves(command, port, environment):
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        with connect(port, server) as one, connect(port, server) as two:
            if not (echoes(one, b"x" * 50000) and echoes(two, b"hello") and echoes(one, b"again")):
                sys.exit("readme: what came back is not what was sent")
    finally:
        server.kill()
        server.wait()
    print(f"readme: {command[-1]} echoes")


def main(work, runner=None, toolchain=None):
    work = Path(work).resolve() / "readme"
    shutil.rmtree(work, ignore_errors=True)
    sources, home, app, prefix = (work / name for name in ("uvstream", "home", "app", "prefix"))
    for path in tracked():
        target = sources / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    home.mkdir()
    app.mkdir()
    environment = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin",
                   **{name: os.environ[name] for name in COMPILER_CACHE if name in os.environ}}

    readme = (sources / "README.md").read_text()
    install = one(re.findall(r"^    (cmake -B build/install (?:.*\n    )+?.*cmake --install .*)$",
                             readme, re.M), "the commands that install")
    compile_line = one(re.findall(r"^    (cc app\.c .*)$", readme, re.M), "the line of cc")
    project = blocks(readme, "cmake", "project(")
    program = blocks(readme, "c", "int main(")
    if program.count(PORT) != 1:
        sys.exit(f"readme: the program does not have one port {PORT}")

    # The options for another system come behind the folder, where the page says "first line"; what is
    # compiled there once is compiled again by test/install, which sees the DLL.
    more = f" --toolchain {quote(str(Path(toolchain).resolve()))}" if toolchain else ""
    without = " -DUVSTREAM_BUILD_SHARED=OFF" if toolchain else ""
    install = install.replace("/usr/local", quote(str(prefix))).replace("sudo ", "")
    run(install.replace("-B build/install", f"-B build/install{more}{without}", 1), sources, environment)

    port = free_port()
    (app / "app.c").write_text(program.replace(PORT, str(port)))
    (app / "CMakeLists.txt").write_text(project)
    strict = {**environment, "CFLAGS": "-std=c11 -Wall -pedantic -Werror"}
    run(f"cmake -B build{more} -DCMAKE_PREFIX_PATH={quote(str(prefix))}", app, strict)
    run("cmake --build build", app, strict)
    if runner:
        wine = {**os.environ, "WINEPREFIX": os.environ.get("WINEPREFIX", str(work.parent / "wine"))}
        serves([Path(runner).resolve(), app / "build" / "app.exe"], port, wine)
        return
    serves([app / "build" / "app"], port, environment)

    pc = one(list(prefix.rglob("uvstream.pc")), "an installed .pc file")
    environment["PKG_CONFIG_PATH"] = str(pc.parent)
    # Once more through a shell: what pkg-config prints of a path with a blank is escaped for one.
    run(f'eval "{compile_line}"', app, environment)
    # What ldconfig does for /usr/local.
    environment["LD_LIBRARY_PATH"] = environment["DYLD_LIBRARY_PATH"] = str(pc.parent.parent)
    serves([app / "app"], port, environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
