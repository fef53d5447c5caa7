#!/usr/bin/env python3
"""readme_test.py BUILD-FOLDER [RUNNER]: the program printed in README.md compiles as printed, and
echoes. With RUNNER (cmake/wine-runner.sh) it is built with MinGW and run under Wine."""
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from header import ROOT

PORT = "7000"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build(source, build_folder, program, windows):
    compiler = "x86_64-w64-mingw32-gcc" if windows else "cc"
    system = ["-lws2_32", "-lmswsock", "-liphlpapi"] if windows else ["-pthread"]
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-pedantic", "-Werror", f"-I{ROOT / 'include'}", source,
         build_folder / "lib" / "libuvstream.a", *system, "-o", program],
        check=True,
    )


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


def main(build_folder, runner):
    blocks = re.findall(r"^```c\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    programs = [block for block in blocks if "int main(" in block]
    if len(programs) != 1 or programs[0].count(PORT) != 1:
        sys.exit(f"readme: there is not one program in README.md with port {PORT}")
    work = build_folder / "readme"
    work.mkdir(exist_ok=True)
    source, program = work / "echo.c", work / ("echo.exe" if runner else "echo")
    source.write_text(programs[0])
    build(source, build_folder, program, bool(runner))

    # The same again on a port that is free here.
    port = free_port()
    source.write_text(programs[0].replace(PORT, str(port)))
    build(source, build_folder, program, bool(runner))
    server = subprocess.Popen([*runner, program], stdout=subprocess.DEVNULL)
    try:
        with connect(port, server) as one, connect(port, server) as two:
            if not (echoes(one, b"x" * 50000) and echoes(two, b"hello") and echoes(one, b"again")):
                sys.exit("readme: what came back is not what was sent")
    finally:
        server.kill()
        server.wait()
    print(f"readme: {programs[0].count(chr(10))} lines compile as printed, and echo")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), [str(Path(name).resolve()) for name in sys.argv[2:]])
