#!/usr/bin/env python3
"""test_guide.py DIR TEST [RUNNER...]: the programs of docs/GUIDE.md do what the guide says. See
test_examples.py."""
import os
import re
import select
import signal
import socket
import sys

sys.dont_write_bytecode = True
import test_examples as base  # noqa: E402
from test_examples import (Interruptible, Prefork, Running, connect, contains, in_background,
                           main, noise, on_windows, pipe_name, read_all, receive, relay, reset,
                           split_address)
from test_service import HAND_OVER, STAMP, Installed, read_file, wait_for  # noqa: E402


def started(name, *arguments, kind=Running, **more):
    """The program of a step, and the address that it says it listens on. The last one reports."""
    running = kind("guide_" + name, *arguments, **more)
    stream = running.process.stderr if name == "service" else running.process.stdout
    while " is a worker\n" in (line := stream.readline()):
        pass
    assert "listening on 127.0.0.1:" in line, f"{line} {running.process.communicate()}"
    return running, split_address(line.split()[-1])


def echoes(client, data):
    got = in_background(receive, client, len(data))
    client.sendall(data)
    assert got() == data


def held_back(client, limit):
    """Sends without reading until nobody takes more; returns how much that was."""
    sent = 0
    client.setblocking(False)
    while sent < limit and select.select([], [client], [], 1)[1]:
        sent += client.send(bytes(1 << 16))
    client.setblocking(True)
    return sent


def test_guide_1_echo():
    _, address = started("echo", "0")
    clients = [connect(address) for _ in range(3)]
    for number, client in enumerate(clients):
        echoes(client, noise(300_000 + number))
    clients[0].close()
    echoes(clients[1], b"still there")


def test_guide_1_echo_cannot_listen():
    server = base.listener()
    port = str(server.getsockname()[1])
    contains(Running("guide_echo", port).end(1), "cannot listen: ", "in use")


def test_guide_patient():
    server, address = started("patient", "0", "300")
    client = connect(address)
    for size in (1, 5000, 65536):
        echoes(client, size.to_bytes(4, "big") + noise(size))
    assert server.process.stdout.readline() == "let go: connection timed out\n"  # nothing more was said
    assert client.recv(1) == b""
    stuck = connect(address)
    stuck.settimeout(30)
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    message = (65536).to_bytes(4, "big") + noise(65536)
    try:
        while True:  # does not read what it asked for
            stuck.sendall(message)
    except OSError:
        pass
    assert server.process.stdout.readline().startswith("let go: connection ")
    wrong = connect(address)
    wrong.sendall(b"\xff\xff\xff\xff")
    assert server.process.stdout.readline() == "let go: message too long\n"


def test_guide_call():
    _, (_, port) = started("echo", "0")
    assert Running("guide_call", "localhost", str(port)).process.communicate(
        timeout=base.WAIT_S)[0].split() == ["hello"]
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))
    contains(Running("guide_call", "localhost", str(nobody.getsockname()[1])).end(1),
             "cannot connect: connection refused", "127.0.0.1: connection refused")


def test_guide_2_careful_survives_its_clients():
    running, address = started("careful", "0")
    client, greedy, rude = (connect(address) for _ in range(3))
    limit = 64 << 20
    sent = held_back(greedy, limit)
    assert sent < limit, "it takes without end what it cannot send back"
    reset(rude)
    echoes(client, noise(200_001))
    # Whoever reads again gets everything, and after its own end the server's.
    greedy.shutdown(socket.SHUT_WR)
    assert len(read_all(greedy)) == sent
    echoes(client, b"still there")


def test_guide_3_pipes():
    name = pipe_name()
    _, address = started("pipes", "0", "\\\\.\\pipe\\" + name if on_windows() else name)
    bridge = relay("--ready-file", "READY", "tcp-listen:127.0.0.1:0", "pipe:" + name)
    for client in (connect(bridge.addresses()[0]), connect(address)):
        echoes(client, noise(300_000))
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b""
    bridge.end(0)


def test_guide_4_graceful():
    running, address = started("graceful", "0", kind=Interruptible)
    client = connect(address)
    echoes(client, noise(100_000))
    running.interrupt()
    assert read_all(client) == b""
    out, err = running.process.communicate(timeout=base.WAIT_S)
    assert running.process.returncode == 0 and err == "", f"{running.process.returncode} {err}"
    contains(out, "ending", "nothing is left")


def test_guide_4_graceful_waits_for_an_echo_under_way_but_not_for_ever():
    running, address = started("graceful", "0", kind=Interruptible)
    reader, sleeper = connect(address), connect(address)
    sent, _ = held_back(reader, 64 << 20), held_back(sleeper, 64 << 20)
    running.interrupt()
    contains(running.process.stdout.readline(), "ending")
    # What it had read comes back; what it had not, ends in a reset of the connection.
    taken = 0
    try:
        while part := reader.recv(1 << 16):
            taken += len(part)
    except (ConnectionResetError, ConnectionAbortedError):
        pass
    assert 0 < taken <= sent, f"{taken} of {sent}"
    contains(running.end(0), " clients did not take their echo")


def test_guide_4_graceful_by_sigterm():
    if on_windows():
        print("no program of Windows gets SIGTERM from another one")
        sys.exit(77)
    running, _ = started("graceful", "0")
    running.process.send_signal(signal.SIGTERM)
    contains(running.process.communicate(timeout=base.WAIT_S)[0], "ending", "nothing is left")
    assert running.process.returncode == 0


def test_guide_5_workers():
    running, address = started("workers", "0", kind=Interruptible)
    clients = [connect(address) for _ in range(7)]
    for number, client in enumerate(clients):
        echoes(client, noise(50_000 + number))
    running.interrupt()
    for client in clients:
        assert read_all(client) == b""
    running.end(0)


def test_guide_5_workers_are_replaced():
    if on_windows():
        print("on Windows the number of a process is no way to end it from here")
        sys.exit(77)
    running, address = started("workers", "0", kind=Interruptible)
    clients = [connect(address) for _ in range(3)]  # one for each worker
    for client in clients:
        echoes(client, b"hello")
    pids = [int(re.match(r"guide_workers: process (\d+) is a worker", running.process.stderr.readline())[1])
            for _ in range(3)]
    os.kill(pids[0], signal.SIGKILL)
    contains(running.process.stderr.readline(), f"process {pids[0]} ended", "signal 9")
    contains(running.process.stderr.readline(), "is a worker")
    ended = [client for client in clients if select.select([client], [], [], 0)[0]]
    for client in [*(c for c in clients if c not in ended), *(connect(address) for _ in range(3))]:
        echoes(client, b"still there")
    assert len(ended) == 1 and read_all(ended[0]) == b""
    running.interrupt()
    running.end(0)


def test_guide_6_service():
    running, address = started("service", "serve", "0", kind=Interruptible)
    client = connect(address)
    echoes(client, b"hello")
    running.interrupt()
    assert read_all(client) == b""
    running.end(0)


def test_guide_6_service_of_systemd():
    if on_windows():
        print("there is no systemd on Windows")
        sys.exit(77)
    server = base.listener()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.settimeout(base.WAIT_S)
    notify.bind("notify")
    running, address = started(
        "service", "serve", "systemd", pass_fds=(server.fileno(),),
        wrapper=[sys.executable, "-c", HAND_OVER, str(server.fileno()), "0"],
        env=dict(os.environ, NOTIFY_SOCKET="notify"))
    assert address == server.getsockname()
    contains(notify.recv(4096).decode(), "READY=1\n")
    client = connect(address)
    echoes(client, b"hello")
    running.process.send_signal(signal.SIGTERM)
    contains(notify.recv(4096).decode(), "STOPPING=1\n")
    assert read_all(client) == b""
    running.end(0)


def logged(log, *parts):
    """What stands in the log, each line with its time, once it has all of this."""
    wait_for(lambda: all(part in read_file(log) for part in parts), f"{parts} in {log}")
    for line in read_file(log).splitlines():
        assert re.match(STAMP + "guide_service: .", line), line
    return read_file(log)


def disappoint(address):
    """Somebody who asks, and goes before the answer: a worker complains."""
    client = connect(address)
    held_back(client, 64 << 20)
    reset(client)


def test_guide_6_service_has_a_log():
    running = Interruptible("guide_service", "serve", "0", "the log")
    said = logged("the log", "listening on 127.0.0.1:")
    address = split_address(re.search(r"listening on (\S+)", said)[1])
    disappoint(address)
    logged("the log", " a client: ")
    running.interrupt()
    assert running.end(0) == "", "it all goes into the file"
    assert logged("the log", "answers what has come, and ends\n").count(" is a worker\n") == 3


def test_guide_6_service_needs_a_log_that_it_can_write():
    contains(Running("guide_service", "serve", "0", "no/such/folder").end(1),
             "cannot write no/such/folder", "ENOENT")


def test_guide_6_service_of_windows():
    probe = base.listener()
    port = probe.getsockname()[1]
    probe.close()
    with Installed("guide_service", str(port), "the log") as service:
        contains(service.order("start", "running"), "running, process ")
        client = connect(("127.0.0.1", port))
        echoes(client, noise(100_000))
        disappoint(("127.0.0.1", port))
        logged("the log", f"listening on 127.0.0.1:{port}\n", " a client: ")
        contains(service.order("stop", "stopped"), "exit code 0,")
        assert read_all(client) == b""
        logged("the log", "answers what has come, and ends\n")
        contains(service.scm("config", 0)[1], "a source of events")


def shown(first, count):
    """So many lines of the guide that begin with this one, as a pattern: numbers are others each time."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "GUIDE.md")
    with open(page, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    at = lines.index(first)
    return [re.sub(r"\d+", r"\\d+", re.escape(line)) for line in lines[at:at + count]]


def test_guide_7_pipe_and_who_came():
    pipe = pipe_name()
    allow = "Users" if on_windows() else "660"
    server = Prefork("--pipe", pipe, "--allow", allow, "--workers", "1")
    said = Running("prefork", "load", "pipe:" + pipe, "--requests", "3", "--clients", "1").end(0)
    for pattern in shown("prefork: worker 1 gave 3 answers", 2):
        assert re.search("^" + pattern + "$", said, re.MULTILINE), f"{pattern}: {said}"
    pattern, = shown("prefork: connection 1 is of user DESK\\anna, process 4711", 1)
    pattern = pattern.replace(r"DESK\\anna", r"\S+")
    said = server.stop()
    assert len(re.findall("^" + pattern + "$", said, re.MULTILINE)) == 3, f"{pattern}: {said}"


def test_guide_6_service_takes_no_port_that_is_none():
    for port in ("99999", "-1", "7000x", ""):
        contains(Running("guide_service", "serve", port).end(1), "cannot start: invalid argument")


def test_guide_8_upgrade():
    server = Prefork("--workers", "2")
    control = server.control.getpeername()
    order = Running("prefork", "upgrade", "tcp:%s:%d" % control)
    out = order.process.communicate(timeout=base.WAIT_S)[0]
    assert re.fullmatch(r"process \d+ has taken over\n", out), out
    server.visit([server.address, control])
    server.control.sendall(b"stop\n")
    said = server.end(0)
    for pattern in shown("prefork: process 4712 is to take over", 9):
        # Its workers get ready in any order.
        assert re.search("^" + pattern + "$", said, re.MULTILINE), f"{pattern}: {said}"


if __name__ == "__main__":
    main(globals())
