"""Does every benchmark on uv.h run to its end? For systems without the load generator.

smoke.py BIN_DIR [RUNNER]: a folder of programs, and what runs one of them (Wine, say). The
clients of the echo servers are those of examples/swarm.c. Says nothing about speed.
"""

import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 60

PLAIN = [
    ["turns", "tcp", "50"],
    ["turns", "pipe", "50"],
    ["pump", "tcp", "50"],
    ["pump", "pipe", "50"],
    ["small_writes", "tcp", "3"],
    ["small_writes", "pipe", "3"],
    ["file", "tcp", "send", "50"],
    ["file", "tcp", "copy", "50"],
    ["file", "pipe", "send", "50"],
    ["spread", "2", "40"],
    ["accept", "40"],
    ["async", "self", "200"],
    ["async", "flood", "2000"],
    ["async", "pingpong", "200"],
    ["idle", "count", "20"],
    ["curve", "timers", "10", "20"],
    ["curve", "restarts", "10", "20"],
    ["curve", "connections", "10", "20"],
    ["curve", "watchers", "10", "20"],
    ["curve", "pending", "10", "20"],
    ["curve", "closes", "10", "20"],
    ["limits", "limits", "10", "20"],
    ["limits", "timers", "10", "20"],
]
CLIENTS = "4"


def command(folder, runner, name, *args):
    program = next(p for p in (folder / f"{name}.exe", folder / name) if p.exists())
    return [*runner, str(program), *args]


def run_plain(folder, runner, program, args):
    done = subprocess.run(
        command(folder, runner, f"bench_{program}_uvstream", *args),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        timeout=TIMEOUT_S,
    )
    if "\nmessages " not in done.stdout and "sizeof_" not in done.stdout:
        raise SystemExit(f"smoke.py: {program}: no result")


def run_echo(folder, runner, kind):
    server = subprocess.Popen(
        command(folder, runner, "bench_echo_server_uvstream", kind, CLIENTS),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        place = server.stdout.readline().split()[1]
        endpoint = f"tcp:127.0.0.1:{place}" if kind == "tcp" else f"pipe:{place}"
        subprocess.run(
            command(folder, runner, "swarm", "check", endpoint, CLIENTS, "100000"),
            check=True,
            timeout=TIMEOUT_S,
        )
        if server.wait(timeout=TIMEOUT_S) != 0:
            raise SystemExit(f"smoke.py: {kind} echo server: status {server.returncode}")
    finally:
        server.kill()
        server.wait()


def main():
    folder = Path(sys.argv[1])
    runner = sys.argv[2:]
    for program, *args in PLAIN:
        run_plain(folder, runner, program, args)
        print("ok", program, *args)
    for kind in ("tcp", "pipe"):
        run_echo(folder, runner, kind)
        print("ok echo_server", kind)


if __name__ == "__main__":
    main()
