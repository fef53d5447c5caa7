#!/usr/bin/env python3
"""test_examples.py DIR TEST [RUNNER...]: one test of the programs in DIR, which RUNNER starts where
this system cannot. The peers are plain sockets of Python's, so that the programs are not only
tested against themselves. Every port is chosen by the system, and every wait is for an event.
"""
import os
import random
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

WAIT_S = 120  # for anything that should happen at once; on a busy machine, under Wine, a minute is none
LOCAL = "127.0.0.1"
LISTEN = "tcp-listen:127.0.0.1:0"
# What programs say is UTF-8, whatever Python would take this system's text for; what is none comes
# from the system itself.
TEXT = {"encoding": "utf-8", "errors": "replace"}

directory, runner = "", []
started = []
at_the_end = []


def program(name):
    path = os.path.join(directory, name)
    return runner + [path if os.path.exists(path) else path + ".exe"]


class Running:
    """A program that runs; its stderr is collected. `wrapper` is a command that starts it."""

    def __init__(self, name, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, wrapper=(), **more):
        self.ready = os.path.join(os.getcwd(), f"ready-{len(started)}")
        arguments = [argument.replace("READY", os.path.basename(self.ready))
                     for argument in arguments]
        self.process = subprocess.Popen(
            [*wrapper, *self.command_line(name, arguments)],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            **TEXT,
            **more,
        )
        started.append(self)

    def command_line(self, name, arguments):
        return [*program(name), *arguments]

    def listens_on(self):
        """Where it listens, once it does: one text for each listener."""
        deadline = time.monotonic() + WAIT_S
        while not os.path.exists(self.ready):
            if self.process.poll() is not None:
                raise AssertionError(f"it ended: {self.process.communicate()}")
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.01)
        with open(self.ready, encoding="utf-8") as file:
            return file.read().split()

    def addresses(self):
        return [split_address(text) for text in self.listens_on()]

    def said(self):
        """What it printed, at its end."""
        return self.process.communicate(timeout=WAIT_S)[0]

    def end(self, code):
        """Wait for its end, which must have this exit code; returns what it said."""
        out, err = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == code, f"exit code {self.process.returncode}: {out}{err}"
        return err


class Interruptible(Running):
    """A program to which Ctrl-C can happen; on Windows that takes a console of its own."""

    def __init__(self, name, *arguments, **more):
        if on_windows():
            arguments = [command(name), *arguments]
            name, more["stdin"] = "ctrl_c", subprocess.PIPE
        super().__init__(name, *arguments, **more)

    def interrupt(self):
        if on_windows():
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        else:
            self.process.send_signal(signal.SIGINT)


def split_address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def skip(why):
    print(why)
    sys.exit(77)


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)
    return found


def on_windows():
    return bool(runner) or sys.platform == "win32"


def command(name):
    """The path of a program of ours, as its own system writes it."""
    path = program(name)[-1]
    return "Z:" + path.replace("/", "\\") if runner else path


def executed(name):
    """An endpoint that starts it; in quotes, as there may be a blank in the path of this tree."""
    return f'exec:"{command(name)}"'


def pipe_name():
    """Unique in the system; on Unix a file in this test's folder."""
    return "relay-" + uuid.uuid4().hex


def relay(*arguments, **more):
    return Running("relay", *arguments, **more)


def listener(host=LOCAL):
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    server.bind((host, 0))
    server.listen(64)
    server.settimeout(WAIT_S)
    return server


def endpoint(server):
    host, port = server.getsockname()[:2]
    return f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"


def accept(server):
    connection = server.accept()[0]
    connection.settimeout(WAIT_S)
    return connection


def connect(address):
    return socket.create_connection(address, timeout=WAIT_S)


def joined(*options):
    """A relay with a connection on each side: (relay, client, server's connection)."""
    server = listener()
    running = relay("--ready-file", "READY", *options, LISTEN, endpoint(server))
    client = connect(running.addresses()[0])
    return running, client, accept(server)


def read_all(connection):
    parts = []
    while True:
        part = connection.recv(1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def receive(connection, length):
    """This many bytes; fewer at the end."""
    data = b""
    while len(data) < length and (part := connection.recv(length - len(data))):
        data += part
    return data


def greet(client, connection):
    """A word each way. After the second one the relay waits for more on both sides: a reset is then
    noticed as one by any system."""
    client.sendall(b"hello")
    assert receive(connection, 5) == b"hello"
    connection.sendall(b"welcome")
    assert receive(client, 7) == b"welcome"


def in_background(function, *arguments):
    """Returns a function that waits for the result."""
    box = []
    thread = threading.Thread(target=lambda: box.append(function(*arguments)), daemon=True)
    thread.start()

    def result():
        thread.join(WAIT_S)
        assert box, "nothing came"
        return box[0]

    return result


def reset(connection):
    """Close so that the peer gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER, 1, 0))
    connection.close()


LINGER = "hh" if sys.platform == "win32" else "ii"


def expect_reset(connection):
    try:
        read_all(connection)
    except (ConnectionResetError, ConnectionAbortedError):
        return
    raise AssertionError("an orderly end instead of a reset")


def expect_refusal(address):
    """Connect, and be reset; that may come so soon that connecting reports it."""
    try:
        client = connect(address)
    except (ConnectionResetError, ConnectionAbortedError):
        return
    expect_reset(client)


def unused_port():
    """A port that refuses connections as long as the socket lives: bound, never listening."""
    holder = socket.socket()
    holder.bind((LOCAL, 0))
    return holder, holder.getsockname()[1]


def noise(length):
    return random.Random(length).randbytes(length)


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def contains(text, *parts):
    for part in parts:
        assert part in text, f"no '{part}' in: {text}"


# ---- relay: moving ---------------------------------------------------------------------------


def half_close_both_ways(client, server, there, back):
    got = in_background(read_all, server)
    client.sendall(there)
    client.shutdown(socket.SHUT_WR)
    assert got() == there
    # The other direction goes on after the first one has ended.
    got = in_background(read_all, client)
    server.sendall(back)
    server.close()
    assert got() == back


def test_relay_moves_both_ways_and_passes_half_close_on():
    running, client, server = joined()
    there, back = noise(3_000_001), noise(2_000_003)
    half_close_both_ways(client, server, there, back)
    contains(running.end(0), f": {len(there)} bytes in ", f": {len(back)} bytes in ")


def test_relay_passes_half_close_of_the_second_endpoint_on():
    running, client, server = joined()
    server.sendall(b"greeting")
    server.shutdown(socket.SHUT_WR)
    assert read_all(client) == b"greeting"
    there = noise(1_000_000)
    got = in_background(read_all, server)
    client.sendall(there)
    client.close()
    assert got() == there
    running.end(0)


def test_relay_both_ways_at_the_same_time():
    running, client, server = joined()
    there, back = noise(5_000_000), noise(4_000_000)
    results = [in_background(read_all, server), in_background(read_all, client)]

    def send(connection, data):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return True

    sends = [in_background(send, client, there), in_background(send, server, back)]
    assert all(sent() for sent in sends)
    assert results[0]() == there and results[1]() == back
    running.end(0)


def test_relay_holds_the_sender_back():
    running, client, server = joined("--verbose")
    chunk, limit = noise(1 << 16), 96 << 20
    sent = 0
    client.setblocking(False)
    # A sender whom nobody slows down would get all of the limit off.
    while sent < limit and select.select([], [client], [], 1)[1]:
        sent += client.send(chunk)
    assert sent < limit, "the relay takes without end what its other side does not take"
    client.setblocking(True)
    client.shutdown(socket.SHUT_WR)
    total = 0
    while part := server.recv(1 << 16):
        total += len(part)
    assert total == sent
    server.close()
    contains(running.end(0), f": {sent} bytes in ", "was the slower one")


def test_relay_of_two_listeners():
    running = relay("--ready-file", "READY", LISTEN, LISTEN)
    first, second = running.addresses()
    one, two = connect(second), connect(first)
    one.sendall(b"from one")
    one.shutdown(socket.SHUT_WR)
    assert read_all(two) == b"from one"
    two.sendall(b"from two")
    two.close()
    assert read_all(one) == b"from two"
    running.end(0)


def test_relay_of_two_servers():
    one, two = listener(), listener()
    running = relay(endpoint(one), endpoint(two))
    left, right = accept(one), accept(two)
    left.sendall(b"to the right")
    left.close()
    assert read_all(right) == b"to the right"
    right.close()
    running.end(0)


def test_relay_over_ipv6():
    try:
        server = listener("::1")
    except OSError:
        print("no IPv6 loopback here")
        sys.exit(77)
    running = relay("--ready-file", "READY", "tcp-listen:[::1]:0", endpoint(server))
    client = connect(running.addresses()[0])
    connection = accept(server)
    client.sendall(b"six")
    client.close()
    assert read_all(connection) == b"six"
    connection.close()
    contains(running.end(0), "[::1]:")


def test_relay_takes_names():
    first = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0]
    server = listener(first[4][0])
    running = relay("--ready-file", "READY", "tcp-listen:localhost:0",
                    f"tcp:localhost:{server.getsockname()[1]}")
    client = connect(running.addresses()[0])
    connection = accept(server)
    greet(client, connection)
    client.close()
    assert read_all(connection) == b""
    connection.close()
    running.end(0)


def test_relay_quiet_says_nothing():
    running, client, server = joined("--quiet")
    client.close()
    assert read_all(server) == b""
    server.close()
    assert running.end(0) == ""


# ---- relay: pipes and programs -----------------------------------------------------------------


def through_a_pipe(*options, ending=""):
    """Two relays with a named pipe between them: (relays, client, server's connection)."""
    server = listener()
    name = pipe_name() + ending
    inner = relay("--ready-file", "READY", *options, "pipe-listen:" + name, endpoint(server))
    contains(inner.listens_on()[0], name)
    outer = relay("--ready-file", "READY", *options, LISTEN, "pipe:" + name)
    client = connect(outer.addresses()[0])
    return (outer, inner), client, accept(server)


def test_relay_through_a_pipe_beyond_ascii():
    """The code page of a Windows has no room for such a name."""
    relays, client, server = through_a_pipe(ending="-gr\u00fc\u00dfe-\u6f22")
    greet(client, server)
    half_close_both_ways(client, server, noise(20_001), noise(10_003))
    for running in relays:
        running.end(0)


def test_relay_through_a_pipe():
    relays, client, server = through_a_pipe()
    greet(client, server)
    half_close_both_ways(client, server, noise(2_000_001), noise(1_000_003))
    for running in relays:
        running.end(0)


def test_relay_through_a_pipe_passes_half_close_back():
    relays, client, server = through_a_pipe()
    server.sendall(b"greeting")
    server.shutdown(socket.SHUT_WR)
    assert read_all(client) == b"greeting"
    client.sendall(b"thanks")
    client.close()
    assert read_all(server) == b"thanks"
    for running in relays:
        running.end(0)


def test_serve_a_pipe():
    server = listener()
    name = pipe_name()
    count = 5
    inner = relay("--serve", "--max", str(count), "--ready-file", "READY", "pipe-listen:" + name,
                  endpoint(server))
    inner.listens_on()
    outers = [relay("--ready-file", "READY", LISTEN, "pipe:" + name) for _ in range(count)]
    pairs = []
    for outer in outers:
        client = connect(outer.addresses()[0])
        pairs.append((client, accept(server)))
    for number, (client, connection) in enumerate(pairs):
        greet(client, connection)
        client.close()
        assert read_all(connection) == b""
        connection.close()
    for outer in outers:
        outer.end(0)
    contains(inner.end(0), f"{count} connections, 0 failed")


def test_relay_pipe_that_is_not_there():
    name = pipe_name()
    running = relay("--ready-file", "READY", LISTEN, "pipe:" + name)
    expect_refusal(running.addresses()[0])
    contains(running.end(1), "cannot connect to pipe:" + name, "ENOENT")


def test_relay_pipe_in_use():
    if runner:
        print("Wine lets two servers create a pipe of the same name")
        sys.exit(77)
    name = pipe_name()
    relay("--ready-file", "READY", "pipe-listen:" + name, LISTEN).listens_on()
    said = relay("pipe-listen:" + name, LISTEN).end(1)
    contains(said, "cannot listen on pipe-listen:" + name, "EADDRINUSE")


def test_relay_to_a_program():
    running = relay("--ready-file", "READY", LISTEN, executed("shout"))
    client = connect(running.addresses()[0])
    client.sendall(b"one line\n")
    assert receive(client, 9) == b"ONE LINE\n"
    data = bytes(random.Random(1).choices(b"abcdefghijklmnopqrstuvwxyz\n", k=1_000_000))
    got = in_background(read_all, client)
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
    assert got() == data.upper()
    contains(running.end(0), f": {len(data) + 9} bytes in ")


def test_serve_gives_each_client_a_program_of_its_own():
    count = 4
    running = relay("--serve", "--max", str(count), "--ready-file", "READY", LISTEN,
                    executed("shout"))
    address = running.addresses()[0]
    clients = [connect(address) for _ in range(count)]
    for number, client in enumerate(clients):
        client.sendall(b"a line\nhalf a line of %d" % number)
        assert receive(client, 7) == b"A LINE\n"
    reset(clients.pop())  # its program is ended
    for number, client in enumerate(clients):
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"HALF A LINE OF %d" % number
    contains(running.end(1), f"{count} connections, 1 failed")


def test_relay_to_a_program_that_fails():
    # A relay without arguments says how it is used, and fails.
    running = relay("--ready-file", "READY", LISTEN, executed("relay"))
    client = connect(running.addresses()[0])
    assert read_all(client) == b""
    client.close()
    contains(running.end(1), "ended with exit code 2", "two endpoints are needed")


def test_relay_from_a_program_that_reads_to_the_end_of_what_nobody_gives_it():
    for arguments in (["--quiet", executed("shout"), "stdout"],
                      ["--quiet", "--one-way", executed("shout"), "stdio"]):
        running = relay(*arguments)
        assert running.process.communicate(timeout=WAIT_S) == ("", "")
        assert running.process.returncode == 0, arguments


def test_relay_to_a_program_that_is_not_there():
    running = relay("--ready-file", "READY", LISTEN, "exec:no-such-program-anywhere at all")
    expect_refusal(running.addresses()[0])
    contains(running.end(1), "cannot connect to exec:no-such-program-anywhere", "ENOENT")


# ---- relay: what goes wrong ------------------------------------------------------------------


def test_relay_bad_arguments():
    good = "tcp:127.0.0.1:9"
    cases = [
        ([], "two endpoints"),
        ([good], "two endpoints"),
        ([good, good, "tcp:127.0.0.1:10"], "tcp:127.0.0.1:10"),
        (["pigeon:home", good], "'pigeon:'", "tcp:", "tcp-listen:"),
        (["somewhere", good], "somewhere", "no scheme"),
        (["tcp:127.0.0.1", good], "tcp:127.0.0.1", "port is missing"),
        (["tcp:127.0.0.1:no-such-service", good], "'no-such-service'", "service"),
        (["tcp:127.0.0.1:", good], "''", "port"),
        (["tcp:127.0.0.1:65536", good], "'65536'", "port"),
        (["tcp:127.0.0.1:8x", good], "'8x'", "port"),
        (["tcp:127.0.0.1:0", good], "port 0"),
        (["tcp:::1:80", good], "brackets", "[::1]:80"),
        (["tcp:[::1:80", good], "brackets: [::1]:80"),
        (["tcp:[127.0.0.1]:80", good], "numeric"),
        (["tcp:" + "1" * 300 + ":80", good], "too long"),
        (["pipe:", good], "pipe:", "name"),
        (["pipe:" + "x" * 300, good], "longer than"),
        (["stdio:", good], "no colon"),
        (["tty:x", good], "no colon"),
        (["stdio", "tty"], "tty", "has that already"),
        (["--serve", LISTEN, "stdio"], "stdio", "for each client"),
        (["exec:", good], "exec:", "command is missing"),
        (["exec:  ", good], "command is missing"),
        (["exec:x" + " y" * 100, good], "64 words"),
        (["--serve", "exec:x", good], "must listen"),
        (["--fork", good, good], "--fork", "no such option"),
        (["--serve", good, good], "must listen"),
        (["--serve", LISTEN, LISTEN], "must connect"),
        (["--max", "3", LISTEN, good], "--max", "--serve"),
        (["--max", "0", "--serve", LISTEN, good], "0", "--max"),
        (["--max", "-1", "--serve", LISTEN, good], "-1", "--max"),
        (["--timeout", "soon", good, good], "soon", "--timeout"),
        ([good, good, "--timeout"], "--timeout", "a value"),
    ]
    for arguments, *parts in cases:
        contains(relay(*arguments).end(2), *parts)


TOOLS = ("relay", "ferry", "swarm", "ttyinfo", "prefork")


def test_all_tools_tell_their_version():
    for name in TOOLS:
        for option in ("--version", "-V"):
            running = Running(name, option)
            out, _ = running.process.communicate(timeout=WAIT_S)
            assert re.fullmatch(name + r"(,.*)? \d+\.\d+\.\d+\n", out), out
            assert running.process.returncode == 0, name


def test_all_tools_say_when_they_cannot_tell():
    if on_windows() or not os.path.exists("/dev/full"):
        skip("no /dev/full here")
    for name in TOOLS:
        for option in ("--version", "--help"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                contains(Running(name, option, stdout=full).end(1), "cannot write to standard output")


def test_all_tools_help():
    for name in TOOLS:
        for option in ("--help", "-h"):
            running = Running(name, option)
            out, err = running.process.communicate(timeout=WAIT_S)
            assert running.process.returncode == 0 and err == "", (name, err)
            contains(out, f"Usage: {name} ", *(["--version"] if name != "relay" else []))
            assert max(map(len, out.splitlines())) <= 100, out


def test_help_makes_a_manual_page():
    """help2man takes it apart by its form: what it does not see runs into one paragraph."""
    if on_windows() or shutil.which("help2man") is None:
        skip("it takes help2man, and a program that starts here")
    for name, *seen in (("relay", "relay [OPTION...] ENDPOINT ENDPOINT\n", "serve every client of "),
                        ("prefork", "prefork serve ENDPOINT [OPTION]...", "prefork upgrade ENDPOINT",
                         "prefork --uninstall NAME", "that many worker processes (4)",
                         "serve is a web server: a master ", "load asks for that many answers ")):
        os.symlink(program(name)[-1], name)
        page = subprocess.run(["help2man", "--no-info", "./" + name], capture_output=True, check=True,
                              **TEXT).stdout
        page = re.sub(r"\\f.|\\[,/]?", "", page)  # changes of the font
        page = re.sub(r"^\.B (.*)\n", r"\1 ", page, flags=re.MULTILINE)
        contains(page, ".SH SYNOPSIS\n")
        for text in seen:
            assert re.search("^" + re.escape(text), page, re.MULTILINE), f"{text} in {page}"
        assert "\n.IP\n" not in page, page


def test_all_tools_take_options_alike():
    """Of the option that each of them has, in each way in which it can be wrong and right."""
    here = "tcp:127.0.0.1:9"
    for name, before, option in (("relay", [here, here], "--timeout"),
                                 ("ferry", ["send", "file", here], "--timeout"),
                                 ("swarm", ["check", here, "1", "1"], "--timeout"),
                                 ("prefork", ["serve", LISTEN], "--patience")):
        for wrong, why in (([option], f"{option}: a value must follow"),
                           ([option, "soon"], f"{option}: it takes seconds"),
                           ([option + "=soon"], "not 'soon'"),
                           ([option + "="], "not ''"),
                           (["--no-such=1"], "--no-such=1: there is no such option"),
                           (["-x"], "-x: there is no such option"),
                           ([option + "=1", "one", "more"], "one argument too many")):
            contains(Running(name, *before, *wrong).end(2), why, f"({name} --help says more)")
        contains(Running(name, *before, "--version").process.communicate(timeout=WAIT_S)[0], name)
    contains(Running("relay", "--serve=1", LISTEN, here).end(2), "--serve: it takes no value")
    contains(Running("relay", "--quiet", "--", "--serve", here).end(2), "--serve: it begins with no scheme")
    holder, port = unused_port()
    for name, *before in (("ferry", "send", "file"), ("swarm", "check")):
        open("file", "w").close()
        more = ["1", "1"] if name == "swarm" else []
        contains(Running(name, "--timeout=5", *before, f"tcp:{LOCAL}:{port}", *more).end(1), "ECONNREFUSED")
    holder.close()


def test_relay_help():
    running = relay("--help")
    out, err = running.process.communicate(timeout=WAIT_S)
    assert running.process.returncode == 0 and err == ""
    contains(out, "tcp-listen:HOST:PORT", "pipe:NAME", "pipe-listen:NAME", "exec:COMMAND")
    contains(out, "--serve", "--max", "--timeout", "--ready-file")


def test_relay_unreachable_peer():
    holder, port = unused_port()
    running = relay("--ready-file", "READY", LISTEN, f"tcp:127.0.0.1:{port}")
    expect_refusal(running.addresses()[0])
    contains(running.end(1), f"cannot connect to tcp:127.0.0.1:{port}", "ECONNREFUSED")
    holder.close()


def test_relay_port_in_use():
    server = listener()
    port = server.getsockname()[1]
    holder, unused = unused_port()
    said = relay(f"tcp-listen:127.0.0.1:{port}", f"tcp:127.0.0.1:{unused}").end(1)
    contains(said, f"cannot listen on tcp-listen:127.0.0.1:{port}", "EADDRINUSE")
    holder.close()


def test_relay_ready_file_that_cannot_be_written():
    said = relay("--ready-file", "no/such/folder", LISTEN, "tcp:127.0.0.1:9").end(1)
    contains(said, "cannot write no/such/folder")


def test_relay_reset_by_the_client():
    running, client, server = joined()
    greet(client, server)
    reset(client)
    expect_reset(server)
    contains(running.end(1), "cannot read from tcp:127.0.0.1:", "ECONNRESET")


def test_relay_reset_by_the_server_in_mid_transfer():
    running, client, server = joined()
    client.settimeout(WAIT_S)

    def send_until_it_fails():
        try:
            while True:
                client.sendall(noise(1 << 16))
        except OSError as error:
            return error

    failure = in_background(send_until_it_fails)
    assert len(receive(server, 100_000)) == 100_000
    reset(server)
    assert isinstance(failure(), (ConnectionResetError, BrokenPipeError, ConnectionAbortedError))
    said = running.end(1)
    assert re.search("cannot (read from|write to) tcp:127.0.0.1:", said), said
    assert re.search("ECONNRESET|EPIPE|ECONNABORTED", said), said


def test_relay_timeout_without_a_client():
    said = relay("--timeout", "0.2", LISTEN, "tcp:127.0.0.1:9").end(1)
    contains(said, "cannot get a client for " + LISTEN, "ETIMEDOUT")


def test_relay_timeout_of_a_silent_connection():
    running, client, server = joined("--timeout", "0.3")
    client.sendall(b"the last word")
    assert receive(server, 13) == b"the last word"
    expect_reset(client)
    expect_reset(server)
    contains(running.end(1), "silence between", "ETIMEDOUT")


# ---- relay: standard input and output ----------------------------------------------------------


def host():
    """The program that gives others a console, or pipes that can be asked and interrupted."""
    if not os.path.exists(program("uvtest_host")[-1]):
        skip("the programs were built without their tests")
    return "uvtest_host"


def test_relay_stdio_of_pipes():
    server = listener()
    if runner:  # a pipe of Unix as standard input is not like one of Windows
        running = Running(host(), "pipes", command("relay"), "stdio", endpoint(server),
                          stdin=subprocess.PIPE)
    else:
        running = relay("stdio", endpoint(server), stdin=subprocess.PIPE)
    connection = accept(server)
    running.process.stdin.write("from stdin")
    running.process.stdin.close()
    assert read_all(connection) == b"from stdin"
    connection.sendall(b"to stdout")
    connection.close()
    assert running.process.stdout.read() == "to stdout"
    assert running.process.wait(WAIT_S) == 0


def test_relay_stdio_of_files():
    server = listener()
    there, back = noise(1_500_001), noise(1_200_003)
    with open("in", "wb") as file:
        file.write(there)
    with open("in", "rb") as stdin, open("out", "wb") as stdout:
        running = relay(endpoint(server), "stdio", stdin=stdin, stdout=stdout)
    connection = accept(server)
    assert read_all(connection) == there
    connection.sendall(back)
    connection.close()
    contains(running.end(0), f": {len(there)} bytes in ", f": {len(back)} bytes in ")
    with open("out", "rb") as file:
        assert file.read() == back


def test_relay_stdio_of_the_null_device():
    server = listener()
    running = relay("stdio", endpoint(server), stdout=subprocess.DEVNULL)
    connection = accept(server)
    assert read_all(connection) == b""
    connection.sendall(noise(300_000))
    connection.close()
    running.end(0)


def test_relay_stdio_of_a_socket():
    if on_windows():
        print("a socket is nobody's standard input there")
        sys.exit(77)
    server, other = listener(), listener()
    end = connect(other.getsockname())
    running = relay("stdio", endpoint(server), stdin=end, stdout=end)
    end.close()
    inner, outer = accept(other), accept(server)
    greet(inner, outer)
    inner.close()
    assert read_all(outer) == b""
    outer.close()
    running.end(0)


def test_relay_stdio_that_is_closed():
    if on_windows():
        print("there is always something")
        sys.exit(77)
    running = relay("stdio", "tcp:127.0.0.1:9", preexec_fn=lambda: os.close(0))
    contains(running.end(1), "cannot connect to stdio", "EBADF")


def test_relay_tty_without_a_terminal():
    contains(relay("tty", "tcp:127.0.0.1:9").end(1), "cannot connect to tty", "ENOTTY")


# ---- relay: one way --------------------------------------------------------------------------


def test_relay_tells_who_keeps_it_open():
    server = listener()
    terminal = Terminal("relay", "stdio", endpoint(server))
    connection = accept(server)
    connection.sendall(b"all there is\n")
    connection.shutdown(socket.SHUT_WR)
    terminal.see(b"all there is\n")
    if on_windows():  # where no key is the end of the input
        reset(connection)
        terminal.type(b"x\r")
        contains(terminal.end(1), "has ended; Ctrl-C ends this side")
        return
    wait_for(lambda: select.select([terminal.running.process.stderr], [], [], 0)[0], "it says so")
    terminal.type(b"\x04")
    assert read_all(connection) == b""
    connection.close()
    contains(terminal.end(0), "has ended; Ctrl-D ends this side")


def test_relay_of_files_ends_by_itself():
    """At both ends, though nobody types an end."""
    data = noise(3_000_001)
    with open("in", "wb") as file:
        file.write(data)
    receiver = relay("--ready-file", "READY", LISTEN, "file:out")
    host, port = receiver.addresses()[0]
    contains(relay("file:in", f"tcp:{host}:{port}").end(0), f": {len(data)} bytes in ")
    receiver.end(0)
    with open("out", "rb") as file:
        assert file.read() == data
    assert not os.path.exists("out.part")
    contains(relay("file:nothing-here", "file:out").end(1), "nothing-here", "ENOENT")
    with open("out", "rb") as file:
        assert file.read() == data, "who has nothing to write leaves what is there"
    contains(relay("file:in", "file:no-such-folder/out").end(1), "no-such-folder", "ENOENT")


def test_relay_writes_what_is_no_plain_file_as_it_is():
    """Another file in its place would be another thing. Never to be tried with what a system needs."""
    if on_windows():
        skip("links and fifos are Unix's")
    data = noise(5000)
    with open("in", "wb") as file:
        file.write(data)
    with open("target", "wb") as file:
        file.write(b"before")
    os.symlink("target", "link")
    relay("file:in", "file:link").end(0)
    assert os.path.islink("link") and size_of("target") == len(data)
    os.link("target", "second")
    with open("in", "wb") as file:
        file.write(data[:10])
    relay("file:in", "file:second").end(0)
    assert size_of("target") == 10, "it has two names and one content"

    os.mkfifo("fifo")
    got = in_background(lambda: open("fifo", "rb").read())
    relay("file:in", "file:fifo").end(0)
    assert got() == data[:10]

    os.chmod("in", 0o644)
    with open("mine", "wb") as file:
        file.write(b"before")
    os.chmod("mine", 0o600)
    relay("file:in", "file:mine").end(0)
    assert os.stat("mine").st_mode & 0o777 == 0o600
    os.mkdir("folder")
    contains(relay("file:in", "file:folder").end(1), "EISDIR")
    assert not [name for name in os.listdir() if name.endswith(".part")]


def test_relay_of_a_name_that_is_not_there_is_a_failure():
    for host in ("no-such-host.invalid", "n" * 70):
        said = relay(f"tcp:{host}:80", "stdout").end(1)
        contains(said, f"cannot connect to tcp:{host}:80", "EAI_")
        assert "--help" not in said
        said = relay(f"tcp-listen:{host}:80", "stdout").end(1)
        contains(said, f"cannot look up '{host}'")
        assert "--help" not in said


def test_relay_tries_all_addresses_of_a_name():
    # Nobody listens at ::1, which comes first where there is such an address.
    for host in ("localhost", "", "*"):
        server = listener()
        port = server.getsockname()[1]
        running = relay("-v", "--ready-file", "READY", LISTEN, f"tcp:{host}:{port}")
        client = connect(running.addresses()[0])
        connection = accept(server)
        greet(client, connection)
        client.close()
        assert read_all(connection) == b""
        connection.close()
        said = running.end(0)
        assert not socket.has_ipv6 or "[::1]" not in said or f"tried tcp:[::1]:{port}: " in said
        os.remove(running.ready)


def test_relay_listens_on_both_loopbacks_of_localhost():
    try:
        listener("::1").close()
    except OSError:
        print("no IPv6 loopback here")
        sys.exit(77)
    for host in (LOCAL, "::1"):
        server = listener()
        running = relay("--ready-file", "READY", "tcp-listen:localhost:0", endpoint(server))
        port = running.addresses()[0][1]
        client = connect((host, port))
        connection = accept(server)
        greet(client, connection)
        client.close()
        assert read_all(connection) == b""
        connection.close()
        running.end(0)
        os.remove(running.ready)


def both_families():
    """Each host that means this machine, with what it is reached by."""
    try:
        listener("::1").close()
    except OSError:
        print("no IPv6 loopback here")
        sys.exit(77)
    for host in ("localhost", "*", ""):
        for local in (LOCAL, "::1"):
            yield f"tcp-listen:{host}:0", local


def test_ferry_listens_on_all_addresses_of_a_name():
    with open("file", "wb") as file:
        file.write(noise(1000))
    for where, host in both_families():
        receiver = Running("ferry", "recv", "copy", where, "--ready-file=READY")
        port = receiver.addresses()[0][1]
        server = f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"
        Running("ferry", "send", "file", server).end(0)
        receiver.end(0)
        os.remove(receiver.ready)


def test_swarm_listens_on_all_addresses_of_a_name():
    for where, host in both_families():
        server = Running("swarm", "serve", where, "1", "--ready-file", "READY")
        client = connect((host, server.addresses()[0][1]))
        client.sendall(b"six or four")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"six or four"
        client.close()
        server.end(0)
        os.remove(server.ready)


def test_prefork_listens_on_all_addresses_of_a_name():
    for where, host in both_families():
        server = Running("prefork", "serve", where, "--control", where, "--ready-file=READY", "--workers=1")
        port, control = (address[1] for address in server.addresses())
        client = connect((host, port))
        client.sendall(b"GET /here HTTP/1.0\r\n\r\n")
        assert b"got: GET /here" in read_all(client)
        client = connect((host, control))
        client.sendall(b"stop\n")
        assert b"1 answers" in read_all(client)
        server.end(0)
        os.remove(server.ready)


def test_relay_gives_up_on_all_addresses_at_once():
    server = socket.socket()
    server.bind((LOCAL, 0))  # and does not listen
    port = server.getsockname()[1]
    said = relay("-v", "--timeout=20", f"tcp:localhost:{port}", "stdout").end(1)
    contains(said, f"tried tcp:127.0.0.1:{port}: ", f"cannot connect to tcp:localhost:{port}",
             "ECONNREFUSED")


def test_relay_one_limit_for_all_addresses():
    # A listener that takes nobody and has no room: what that does is the system's matter.
    server = socket.socket()
    server.bind((LOCAL, 0))
    server.listen(0)
    port = server.getsockname()[1]
    clients = [socket.socket() for _ in range(8)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex((LOCAL, port))
    said = relay("--timeout=0.5", f"tcp:localhost:{port}", "stdout").end(1)
    assert "ETIMEDOUT" in said or "ECONNREFUSED" in said, said
    contains(said, f"cannot connect to tcp:localhost:{port}")


def test_relay_services_have_names():
    # Port 80 may be somebody's, and then the answer is another one.
    try:
        socket.getservbyname("http")
    except OSError:
        print("there are no services here")
        sys.exit(77)
    running = relay("--timeout=0.2", "tcp-listen:127.0.0.1:http", "stdout")
    said = running.end(1)
    assert "127.0.0.1:80" in said or "EACCES" in said or "EADDRINUSE" in said, said


def test_relay_listens_on_all_addresses():
    for host in ("*", ""):
        server = listener()
        running = relay("--ready-file", "READY", f"tcp-listen:{host}:0", endpoint(server))
        port = running.addresses()[0][1]
        client = connect((LOCAL, port))
        greet(client, accept(server))
        client.close()
        running.process.kill()
        running.process.communicate()
        os.remove(running.ready)


def test_relay_stdin_to_a_peer_that_answers_and_stays():
    server = listener()
    with open("in", "wb") as file:
        file.write(noise(200_000))
    with open("in", "rb") as stdin:
        running = relay("stdin", endpoint(server), stdin=stdin)
    connection = accept(server)
    connection.sendall(noise(100_000))  # which nobody wants, and which must not reset it
    assert read_all(connection) == noise(200_000)
    running.end(0)
    connection.close()


def test_relay_one_way_of_two_connections():
    running, client, server = joined("--one-way")
    client.sendall(b"there")
    server.sendall(b"back")
    assert receive(server, 5) == b"there"
    client.shutdown(socket.SHUT_WR)
    assert read_all(server) == b""
    server.close()
    assert read_all(client) == b""
    said = running.end(0)
    contains(said, ": 5 bytes in ")
    assert ": 4 bytes in " not in said


def test_relay_stdout_of_a_reset_says_so():
    server = listener()
    running = relay(endpoint(server), "file:out")
    connection = accept(server)
    connection.sendall(noise(100_000))
    wait_for(lambda: size_of("out.part") or running.process.poll() is not None, "it arrives")
    reset(connection)
    contains(running.end(1), "ECONNRESET", "what arrived is in out.part")
    assert not os.path.exists("out")


def test_relay_interrupted_is_no_end():
    server = listener()
    name = pipe_name()
    running = Interruptible("relay", "--ready-file", "READY", "pipe-listen:" + name,
                            endpoint(server))
    running.listens_on()
    running.interrupt()
    contains(running.end(1), "interrupted by SIGINT")
    assert on_windows() or not os.path.exists(name)
    os.remove(running.ready)

    running = Interruptible("relay", "--ready-file", "READY", LISTEN, endpoint(server))
    client = connect(running.addresses()[0])
    connection = accept(server)
    greet(client, connection)
    running.interrupt()
    contains(running.end(1), "interrupted by SIGINT", ": 5 bytes in ")
    expect_reset(client)
    expect_reset(connection)


def test_serve_interrupted_ends_all():
    server = listener()
    running = Interruptible("relay", "--serve", "--ready-file", "READY", LISTEN, endpoint(server))
    address = running.addresses()[0]
    clients = []
    for _ in range(3):
        clients.append(connect(address))
        clients.append(accept(server))
        greet(clients[-2], clients[-1])
    running.interrupt()
    contains(running.end(1), "interrupted by SIGINT", "3 connections, 3 failed, joined for ")
    for connection in clients:
        expect_reset(connection)


def test_relay_says_how_far_it_is_when_asked():
    if on_windows():
        skip("there is no such signal")
    running, client, server = joined()
    greet(client, server)
    running.process.send_signal(signal.SIGUSR1)
    client.shutdown(socket.SHUT_WR)
    assert read_all(server) == b""
    server.close()
    contains(running.end(0), "5 bytes there, 7 bytes back, ")


def test_relay_shows_how_far_it_is():
    server = listener()
    with open("in", "wb") as file:
        file.write(noise(40_000_000))
    if on_windows():
        terminal = Console("--stderr", "relay", "file:in", endpoint(server))
        connection = accept(server)
        for word in (b"%", b"of", b"38.1", b"MiB,", b"left"):  # blanks are moves of the cursor
            terminal.see(word)
        assert read_all(connection) == noise(40_000_000)
        connection.close()
        for word in (b"40000000", b"bytes", b"in"):
            terminal.see(word)
        terminal.end(0)
        return
    import pty
    master, slave = pty.openpty()
    running = relay("file:in", endpoint(server), stderr=slave)
    connection = accept(server)
    seen = b""
    while b" % of 38.1 MiB, " not in seen:  # it waits for us
        assert select.select([master], [], [], WAIT_S)[0], f"only {seen}"
        seen += os.read(master, 4096)
    assert read_all(connection) == noise(40_000_000)
    connection.close()
    running.end(0)
    assert b"\n" not in seen


def test_relay_to_a_program_in_a_folder_with_blanks():
    os.mkdir("two words")
    source = program("shout")[-1]
    copy = os.path.join("two words", os.path.basename(source))
    shutil.copy(source, copy)
    for library in os.listdir(directory):
        if library.endswith(".dll"):
            shutil.copy(os.path.join(directory, library), "two words")
    server = listener()
    path = os.path.abspath(copy)
    path = "Z:" + path.replace("/", "\\") if runner else path
    running = relay(endpoint(server), f'exec:"{path}"')
    connection = accept(server)
    connection.sendall(b"quiet\n")
    connection.shutdown(socket.SHUT_WR)
    assert read_all(connection).upper() == b"QUIET\n"
    connection.close()
    running.end(0)
    contains(relay("stdio", 'exec:"half').end(2), "a quote is missing")


class Terminal:
    """A program in a session of its own on a pseudo-terminal."""

    def __new__(cls, *arguments):
        return super().__new__(Console if on_windows() else cls)

    def __init__(self, name, *arguments):
        import fcntl
        import pty
        import termios
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.found = self.mode()
        self.running = Running(
            name, *arguments, stdin=self.slave, stdout=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def mode(self):
        import termios
        return termios.tcgetattr(self.slave)

    def resize(self, columns, rows):
        import fcntl
        import termios
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def see(self, text):
        """Wait until the screen has shown this; returns all that it has shown up to there. A return
        of the carriage is not looked at: how many there are depends on the mode."""
        seen = b""
        while text not in seen:
            assert select.select([self.master], [], [], WAIT_S)[0], f"only {seen}"
            # No more than one byte: the rest is for the next call.
            seen += os.read(self.master, 1).replace(b"\r", b"")
        return seen

    def wait_until_raw(self):
        deadline = time.monotonic() + WAIT_S
        while self.mode() == self.found:
            assert time.monotonic() < deadline and self.running.process.poll() is None
            time.sleep(0.01)

    def end(self, code):
        said = self.running.end(code)
        assert self.mode() == self.found, "the terminal is not as it was"
        return said


class Console(Terminal):
    """A program in a pseudo console of Windows. The host says by its exit code when the program has
    not put the mode back."""

    def __init__(self, name, *arguments):
        if name == "--stderr":  # is the console, too
            more, (name, *arguments) = [name], arguments
        else:
            more = []
        self.running = Running(host(), "console", "80", "24", *more, command(name), *arguments,
                               stdin=subprocess.PIPE)
        self.seen = b""

    def resize(self, columns, rows):
        self.type(b"\x1b[8;%d;%dt" % (rows, columns))

    def type(self, keys):
        os.write(self.running.process.stdin.fileno(), keys)

    def plain(self):
        return re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\r", b"", self.seen)

    def see(self, text):
        """How the console moves its cursor and colours its text is not looked at."""
        watchdog = threading.Timer(WAIT_S, self.running.process.kill)
        watchdog.start()
        while text not in (plain := self.plain()):
            more = os.read(self.running.process.stdout.fileno(), 4096)
            if not more and self.running.process.wait(WAIT_S) == 77:
                skip("this system has no pseudo consoles")
            assert more, f"only {self.seen}"
            self.seen += more
        watchdog.cancel()
        self.seen = plain[plain.index(text) + len(text):]
        return plain[:-len(self.seen)] if self.seen else plain

    def wait_until_raw(self):
        """It is, before the program connects."""

    def end(self, code):
        return self.running.end(code)


def test_relay_stdio_of_a_terminal():
    server = listener()
    terminal = Terminal("relay", "stdio", endpoint(server))
    connection = accept(server)
    terminal.type(b"a lime\x7f\x7fne\r")
    line = b"a line\r\n" if on_windows() else b"a line\n"
    assert receive(connection, len(line)) == line
    connection.sendall(b"answer\n")
    terminal.see(b"answer\n")
    if on_windows():  # where no key is the end of the input
        reset(connection)
        contains(terminal.end(1), "ECONNRESET")
        return
    terminal.type(b"\x04")
    assert read_all(connection) == b""
    connection.close()
    terminal.end(0)


def test_relay_tty_is_a_remote_terminal():
    server = listener()
    terminal = Terminal("relay", "tty", endpoint(server))
    connection = accept(server)
    terminal.wait_until_raw()
    keys = "x\r\x03\x04\x1a\x1b[A \u00fc\u20ac\U0001f600".encode()
    for at in range(len(keys)) if not on_windows() else ():
        terminal.type(keys[at:at + 1])
        assert receive(connection, 1) == keys[at:at + 1]
    # A console has keys and not bytes. Wine's has no Ctrl-C but the signal.
    for key in ("x", "\r", "\x04", "\x1a", "\x1b[A", "\x1b[1;5D", " ", "\u00fc", "\u20ac",
                "\U0001f600", "\x03")[:10 if runner else 11]:
        terminal.type(key.encode())
        assert receive(connection, len(key.encode())) == key.encode()
    connection.sendall("caf\u00e9.".encode())
    terminal.see("caf\u00e9.".encode())
    if not on_windows():  # which would show what the sequence means
        connection.sendall("\U0001f600\x1b[1m".encode())
        assert terminal.see(b"\x1b[1m") == "\U0001f600\x1b[1m".encode()
    terminal.type(b"bye\x1dnot this")
    assert read_all(connection) == b"bye"
    contains(terminal.end(0), "Ctrl-] leaves")


def test_relay_tty_leaves_a_peer_that_takes_nothing():
    server = listener()
    terminal = Terminal("relay", "tty", endpoint(server))
    connection = accept(server)
    terminal.wait_until_raw()
    terminal.type(b"\x1d\x1d")
    terminal.end(0)
    assert read_all(connection) == b""


def test_relay_tty_leaves_a_program_that_goes_on():
    """It reads nothing, so that it does not notice that somebody has left, and lives on."""
    ready = os.path.abspath("the child is ready")
    terminal = Terminal("relay", "tty", f'exec:"{command("relay")}" "--ready-file={os.path.basename(ready)}" '
                        f"{LISTEN} {LISTEN}")
    address = split_address(wait_for(lambda: size_of(ready) and open(ready).read().split(), "it runs")[0])
    connect(address).close()
    terminal.type(b"\x1d")
    terminal.end(0)
    try:
        connect(address)
    except OSError:
        return
    raise AssertionError("it lives on")


STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
print("not me", flush=True)
while True:
    signal.pause()
"""


def test_relay_tty_leaves_a_program_that_does_not_want_to_end():
    if on_windows():
        skip("there nobody is asked")
    with open("stubborn.py", "w", encoding="utf-8") as file:
        file.write(STUBBORN)
    terminal = Terminal("relay", "tty", f'exec:"{sys.executable}" stubborn.py')
    terminal.see(b"not me\n")
    terminal.type(b"\x1d")
    terminal.end(0)


def on_terminal(name):
    return f'pty:"{command(name)}"'


def has_terminals():
    """Not where libuv is, nor under Wine, whose programs find no handles of their pseudo console."""
    if "pty:COMMAND" not in relay("--help").said():
        skip("no pseudo-terminals in libuv")
    if runner:
        skip("a program on a pseudo console of Wine has no standard handles")


def until(connection, text):
    """What comes, up to and with this."""
    data = b""
    while text not in data:
        part = connection.recv(1)
        assert part, f"no {text} in {data}"
        data += part
    return data


def test_relay_to_a_program_on_a_terminal():
    has_terminals()
    running = relay("--ready-file", "READY", LISTEN, on_terminal("shout"))
    client = connect(running.addresses()[0])
    client.sendall(b"one line\r")
    until(client, b"ONE LINE")  # behind the echo
    client.shutdown(socket.SHUT_WR)  # is typed, as a terminal has no end of its own
    read_all(client)
    running.end(0)


def test_relay_a_program_on_a_terminal_that_fails():
    has_terminals()
    running = relay("--ready-file", "READY", LISTEN, on_terminal("relay"))
    client = connect(running.addresses()[0])
    contains(read_all(client).decode(), "two endpoints are needed")
    client.close()
    contains(running.end(1), "ended with exit code 2")


def test_relay_hangs_up_on_a_program_on_a_terminal():
    has_terminals()
    running = relay("--ready-file", "READY", LISTEN, on_terminal("shout"))
    client = connect(running.addresses()[0])
    client.sendall(b"here\r")
    until(client, b"HERE")
    reset(client)
    running.end(1)


def test_relay_gives_a_terminal_the_size_of_its_own():
    has_terminals()
    if on_windows():
        skip("nobody drags the window")
    terminal = Terminal("relay", "tty", on_terminal("ttyinfo"))
    terminal.see(b"80 columns, 24 rows")
    terminal.wait_until_raw()
    terminal.resize(91, 33)
    terminal.see(b"91 columns, 33 rows")
    terminal.type(b"q")
    terminal.end(0)


def test_shell_for_one_client():
    has_spread()
    has_terminals()
    name = pipe_name()
    running = Running("shell", name, "100x30", command("ttyinfo"), "normal")
    assert running.process.stdout.readline() == "ready\n"
    if not on_windows():
        assert os.stat(name).st_mode & 0o777 == 0o600
    guest = relay("--ready-file", "READY", LISTEN, "pipe:" + name)
    client = connect(guest.addresses()[0])
    until(client, b"100 columns, 30 rows")
    contains(relay("stdin", "pipe:" + name).end(1), "cannot connect to pipe:")
    client.sendall(b"q\r")
    read_all(client)
    client.close()
    guest.end(0)
    running.end(0)


def test_shell_ends_with_its_client():
    has_spread()
    has_terminals()
    name = pipe_name()
    running = Running("shell", name, command("shout"))
    assert running.process.stdout.readline() == "ready\n"
    guest = relay("--ready-file", "READY", LISTEN, "pipe:" + name)
    client = connect(guest.addresses()[0])
    client.sendall(b"here\r")
    until(client, b"HERE")
    reset(client)
    guest.end(1)
    running.process.communicate(timeout=WAIT_S)


def test_relay_tty_goes_on_while_the_screen_is_held():
    """As by Ctrl-S, or by a selection in the window: here nobody looks at the screen."""
    if on_windows():  # One thread of the console, or one lock, serves both directions.
        skip("a pseudo console takes no keys while nobody takes what it shows")
    server = listener()
    terminal = Terminal("relay", "tty", endpoint(server))
    connection = accept(server)
    terminal.wait_until_raw()
    connection.setblocking(False)
    while select.select([], [connection], [], 1)[1]:  # until the relay takes no more
        connection.send(b"much " * 1000)
    connection.settimeout(WAIT_S)
    terminal.type(b"keys")
    assert receive(connection, 4) == b"keys"
    terminal.type(b"\x1d\x1d")
    try:
        assert read_all(connection) == b""
    except ConnectionResetError:
        pass  # It left with bytes of ours that it had not taken.
    terminal.end(0)


def test_relay_tty_when_the_server_ends():
    server = listener()
    terminal = Terminal("relay", "tty", endpoint(server))
    connection = accept(server)
    terminal.wait_until_raw()
    connection.sendall(b"welcome")
    terminal.see(b"welcome")  # The relay waits for more, so that any system notices a reset as one.
    reset(connection)
    contains(terminal.end(1), "ECONNRESET")


def test_relay_tty_restores_the_terminal_when_it_is_killed():
    if on_windows():
        skip("who is killed there cannot do anything any more")
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        server = listener()
        terminal = Terminal("relay", "tty", endpoint(server))
        accept(server)
        terminal.wait_until_raw()
        terminal.running.process.send_signal(signum)
        contains(terminal.end(1), "interrupted by " + signum.name)


# ---- ttyinfo -----------------------------------------------------------------------------------


def test_ttyinfo_shows_keys_and_sizes():
    terminal = Terminal("ttyinfo")
    terminal.see(b"mode: raw; q or Ctrl-D leaves\nsize: 80 columns, 24 rows\n")
    terminal.type(b"a")
    terminal.see(b"61  a\n")
    terminal.type(b"\x1b[A")
    terminal.see(b"1b 5b 41  ^[ [ A\n")
    terminal.type("\u00fc".encode())
    terminal.see("c3 bc  \u00fc\n".encode())
    terminal.type("\U0001f600".encode())
    terminal.see(b"f0 9f 98 80  ")
    terminal.resize(132, 43)
    terminal.see(b"resized: 132 columns, 43 rows\n")
    terminal.type(b"\x7f" if runner else b"\x03\x7f")  # Wine has no Ctrl-C but the signal
    terminal.see(b"7f  ^?\n" if runner else b"03  ^C\n7f  ^?\n")
    terminal.type(b"q")
    terminal.end(0)


def test_ttyinfo_modes():
    for mode in ("normal", "raw", "raw-vt", "io"):
        terminal = Terminal("ttyinfo", mode)
        if mode == "io" and on_windows():
            contains(terminal.end(1), "cannot change the mode", "ENOTSUP")
            continue
        terminal.see(f"mode: {mode};".encode())
        terminal.see(b"rows\n")
        terminal.type(b"q\r" if on_windows() and mode == "normal" else b"\x04")
        terminal.end(0)


def test_ttyinfo_needs_a_terminal():
    contains(Running("ttyinfo").end(1), "must be a terminal")
    contains(Running("ttyinfo", "cooked").end(2), "cooked: there is no such mode")
    contains(Running("ttyinfo", "raw", "io").end(2), "io: one argument too many")


# ---- A terminal that shows something -----------------------------------------------------------


class Tmux:
    """A program in tmux, which understands the sequences it writes."""

    def __init__(self, name, *arguments):
        if on_windows():
            skip("tmux is for programs of Unix")
        if shutil.which("tmux") is None:
            skip("no tmux here")
        self.environment = {**os.environ, "TMUX_TMPDIR": os.getcwd(), "TERM": "xterm"}
        self.environment.pop("TMUX", None)
        line = " ".join(shlex.quote(word) for word in program(name) + list(arguments))
        # The exit code is the last thing that it shows.
        self.run("-f", os.devnull, "new-session", "-d", "-x", "80", "-y", "24",
                 line + "; echo exit $?; cat")
        at_the_end.append(lambda: self.run("kill-server"))

    def run(self, *arguments):
        return subprocess.run(["tmux", "-u", "-L", "test", *arguments], env=self.environment,
                              capture_output=True, timeout=WAIT_S, **TEXT, check=True).stdout

    def type(self, *keys):
        self.run("send-keys", *keys)

    def screen(self):
        return self.run("capture-pane", "-p").split("\n")

    def wait_for(self, text, row=None):
        """Until it stands on the screen, in that row; returns the rows."""
        deadline = time.monotonic() + WAIT_S
        while True:
            rows = self.screen()
            if any(text in line for line in (rows if row is None else rows[row:row + 1])):
                return rows
            assert time.monotonic() < deadline, "\n".join(rows)
            time.sleep(0.01)


def test_ttyinfo_in_tmux():
    terminal = Tmux("ttyinfo")
    terminal.wait_for("size: 80 columns, 24 rows")
    for key, shown in (("a", "61  a"), ("Up", "1b 5b 41"), ("C-Left", "1b 5b 31 3b 35 44"),
                       ("F5", "1b 5b 31 35 7e"), ("M-x", "1b 78"), ("C-c", "03  ^C"),
                       ("BSpace", "7f  ^?"), ("\u20ac", "e2 82 ac  \u20ac")):
        terminal.type(key)
        terminal.wait_for(shown)
    terminal.run("resize-window", "-x", "100", "-y", "30")
    terminal.wait_for("resized: 100 columns, 30 rows")
    terminal.type("q")
    terminal.wait_for("exit 0")


def test_relay_tty_full_screen_in_tmux():
    server = listener()
    terminal = Tmux("relay", "tty", endpoint(server))
    connection = accept(server)
    terminal.wait_for("Ctrl-] leaves")
    rows = "".join(f"\x1b[{row};1Hrow {row:02} {'=' * 60}" for row in range(1, 25))
    connection.sendall(f"\x1b[?1049h\x1b[2J{rows}\x1b[12;30H \u20ac\U0001f600 \x1b[24;75Hcorner".encode())
    seen = terminal.wait_for("corner", 23)
    for row in range(24):
        contains(seen[row], f"row {row + 1:02} ====")
    contains(seen[11], " \u20ac\U0001f600 =")
    assert seen[23].rstrip().endswith("corner") and len(seen[23].rstrip()) == 80
    for key, sent in (("x", b"x"), ("C-c", b"\x03"), ("F1", b"\x1bOP"), ("Enter", b"\r"),
                      ("Down", b"\x1b[B")):
        terminal.type(key)
        assert receive(connection, len(sent)) == sent
    connection.sendall(b"\x1b[?1049l")
    terminal.type("C-]")
    assert read_all(connection) == b""
    terminal.wait_for("exit 0")


# ---- relay --serve ---------------------------------------------------------------------------


def test_serve_goes_on_when_one_connection_fails():
    server = listener()
    count = 6
    running = relay(
        "--serve", "--verbose", "--max", str(count), "--ready-file", "READY", LISTEN,
        endpoint(server))
    address = running.addresses()[0]
    pairs = []
    for _ in range(count):
        client = connect(address)
        connection = accept(server)
        pairs.append((client, connection))
        greet(client, connection)
    # All are open at once. One client resets, one server does; the rest goes on.
    reset(pairs[1][0])
    expect_reset(pairs[1][1])
    reset(pairs[4][1])
    expect_reset(pairs[4][0])
    for number in (0, 2, 3, 5):
        client, connection = pairs[number]
        data = noise(300_000 + number)
        got = in_background(read_all, connection)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        assert got() == data
        connection.sendall(data[:1000])
        connection.close()
        assert read_all(client) == data[:1000]
    said = running.end(1)
    contains(said, "connection 2: cannot", "connection 5: cannot", f"{count} connections, 2 failed")


def test_serve_goes_on_when_its_server_comes_late():
    holder, port = unused_port()
    running = relay(
        "--serve", "--max", "3", "--ready-file", "READY", LISTEN, f"tcp:127.0.0.1:{port}")
    address = running.addresses()[0]
    for _ in range(2):
        expect_refusal(address)
    holder.listen()
    client = connect(address)
    holder.settimeout(WAIT_S)
    connection = accept(holder)
    client.sendall(b"at last")
    client.close()
    assert read_all(connection) == b"at last"
    connection.close()
    said = running.end(1)
    contains(said, "connection 1: cannot connect", "ECONNREFUSED", "3 connections, 2 failed")


# ---- The other programs ----------------------------------------------------------------------


def test_echo():
    running = Running("echo", "0")
    line = running.process.stdout.readline()
    address = split_address(line.split()[-1])
    clients = [connect(address) for _ in range(3)]
    for number, client in enumerate(clients):
        data = noise(500_000 + number)
        got = in_background(receive, client, len(data))
        client.sendall(data)
        assert got() == data
    reset(clients[0])
    clients[1].sendall(b"still there")
    assert receive(clients[1], 11) == b"still there"


def spread_over(how):
    """Twelve clients at once, over three loops, and a thirteenth that is the last."""
    running = Running("spread", "0", "3", how, "13")
    address = split_address(running.process.stdout.readline().split()[-1])
    clients = [connect(address) for _ in range(12)]
    for number, client in enumerate(clients):
        data = noise(300_000 + number)
        got = in_background(receive, client, len(data))
        client.sendall(data)
        assert got() == data
    clients.append(connect(address))
    for client in clients:
        client.sendall(b"still there")
        assert receive(client, 11) == b"still there"
        client.close()
    out, err = running.process.communicate(timeout=WAIT_S)
    assert running.process.returncode == 0, err
    return sorted(int(line.split()[2]) for line in out.splitlines())


def has_spread():
    path = program("spread")[-1]
    if not os.path.exists(path):
        skip("libuv has no uvstream.h")


def test_spread_in_turn():
    has_spread()
    assert spread_over("turn") == [4, 4, 5]


def test_spread_bad_arguments():
    has_spread()
    for arguments in ([], ["70000", "2", "turn"], ["x", "2", "turn"], ["-1", "2", "turn"], ["0", "0", "turn"],
                      ["0", "2", "half"], ["0", "2", "turn", "1", "2"]):
        contains(Running("spread", *arguments).end(2), "usage: spread PORT")


def test_spread_to_the_least_busy():
    has_spread()
    assert spread_over("least") == [4, 4, 5]


def test_echo_port_in_use():
    server = listener()
    contains(Running("echo", str(server.getsockname()[1])).end(1), "echo: ", "in use")


def test_ferry_refuses_a_wrong_receipt():
    server = listener()
    data = noise(200_000)
    with open("file", "wb") as file:
        file.write(data)
    running = Running("ferry", "send", "file", endpoint(server))
    connection = accept(server)
    assert read_all(connection) == b"200000\n" + data
    connection.sendall(b"199999 0123456789abcdef\n")
    connection.close()
    contains(running.end(1), "the receipt is '199999 0123456789abcdef'", "200000 ")


def test_ferry_notices_a_sender_that_breaks_off():
    running = Running("ferry", "recv", "file", LISTEN, "--ready-file", "READY")
    client = connect(running.addresses()[0])
    client.sendall(b"200000\n" + noise(100_000))
    # Who gives up before it is let in is passed over.
    wait_for(lambda: size_of("file.part"), "it is let in")
    reset(client)
    # The reset may be shown as an end; then too little has come.
    said = running.end(1)
    assert re.search(f"ferry: (cannot read from {LISTEN}|the sender broke off)", said), said
    assert not os.path.exists("file")


def test_ferry_refuses_half_a_file():
    """An orderly end in the middle, as of a sender that nobody told to reset."""
    for sent, why in ((b"", "broke off after 0 of 0"), (b"100\n", "broke off after 0 of 100"),
                      (b"100\n" + noise(99), "broke off after 99 of 100"),
                      (b"3\nabcd", "more bytes come"), (b"GET / HTTP/1.1\n", "no ferry"),
                      (b"\n", "no ferry"), (b"9" * 20 + b"\n", "no ferry")):
        running = Running("ferry", "recv", "file", LISTEN, "--ready-file", "READY")
        client = connect(running.addresses()[0])
        client.sendall(sent)
        try:
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused, and reset, before it came to that
        contains(running.end(1), why)
        client.close()
        os.remove(running.ready)
    assert not os.path.exists("file")


def test_ferry_interrupted_leaves_nothing_whole():
    """Each of the two while the other one waits; the other one fails, too."""
    for interrupted in ("recv", "send"):
        server = listener()
        # More than the system buffers on the way, or the sender would be done before it is interrupted.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        with open("file", "wb") as file:
            file.write(noise(16_000_000))
        kinds = {"recv": Running, "send": Running, interrupted: Interruptible}
        receiver = kinds["recv"]("ferry", "recv", "copy", LISTEN, "--ready-file", "READY")
        # The one between takes a part and then no more.
        sender = kinds["send"]("ferry", "send", "file", endpoint(server))
        one, two = accept(server), connect(receiver.addresses()[0])
        two.sendall(receive(one, 1_000_000))
        wait_for(lambda: size_of("copy.part"), "something arrives")
        if interrupted == "recv":
            receiver.interrupt()
            contains(receiver.end(1), "interrupted by SIGINT", "what arrived is in copy.part")
            expect_reset(two)
            reset(one)
            sender.end(1)
        else:
            sender.interrupt()
            contains(sender.end(1), "interrupted by SIGINT")
            expect_reset(one)
            two.close()
            contains(receiver.end(1), "broke off")
        assert not os.path.exists("copy")
        os.remove("copy.part")
        os.remove(receiver.ready)


def test_others_interrupted_do_not_end_well():
    """Those that have nothing to put in order: they end at once, as their systems have it, and no exit
    code says that all was well. Whoever they spoke with sees the end."""
    server = listener()
    far, name = endpoint(server), pipe_name()
    name = "\\\\.\\pipe\\" + name if on_windows() else name
    for asks, *arguments in ((1, "swarm", "check", far, "1", "5000"),
                             (1, "prefork", "load", far, "--clients", "1"),
                             (1, "guide_call", *map(str, server.getsockname())),
                             (0, "swarm", "serve", LISTEN, "2", "--ready-file", "READY"),
                             (0, "echo", "0"), (0, "guide_echo", "0"), (0, "guide_careful", "0"),
                             (0, "guide_pipes", "0", name)):
        running = Interruptible(*arguments)
        if asks:
            connection = accept(server)
            assert connection.recv(1) != b"", arguments
        else:
            address = running.addresses()[0] if "READY" in arguments else split_address(
                running.process.stdout.readline().split()[-1])
            connection = connect(address)
            connection.sendall(b"x")
            assert connection.recv(1) == b"x", arguments
        running.interrupt()
        try:
            read_all(connection)
        except (ConnectionResetError, ConnectionAbortedError):
            pass
        running.process.communicate(timeout=WAIT_S)
        assert running.process.returncode != 0 or runner, arguments  # Wine ends them with 0
        connection.close()


def test_ferry_bad_arguments():
    for arguments, *parts in ((["make", "file", "1M"], "no number of bytes"),
                              (["make", "--", "file", "-5"], "no number of bytes"),
                              (["make", "file", "-5"], "-5: there is no such option"),
                              (["recv", "file", "stdio"], "both directions"),
                              (["send", "file", "tcp:127.0.0.1:9", "--ready-file=x"], "for recv"),
                              (["recv"], "Usage")):
        contains(Running("ferry", *arguments).end(2), *parts)
    assert not os.path.exists("file")


def test_ferry_of_an_empty_file():
    open("file", "wb").close()
    receiver = Running("ferry", "recv", "copy", LISTEN, "--ready-file", "READY")
    host, port = receiver.addresses()[0]
    Running("ferry", "send", "file", f"tcp:{host}:{port}").end(0)
    receiver.end(0)
    assert os.path.getsize("copy") == 0


def test_swarm_notices_a_wrong_echo():
    server = listener()
    running = Running("swarm", "check", endpoint(server), "2", "1000")
    for number in range(2):
        connection = accept(server)
        data = bytearray(receive(connection, 1000))
        data[500] ^= number
        connection.sendall(data)
    contains(running.end(1), "1 of 2 connections echoed right")


# ---- prefork ---------------------------------------------------------------------------------


class Visitor:
    """Of a prefork server: asks it, and tells it what to do."""

    def visit(self, addresses):
        self.address, control = addresses
        self.control = connect(control)
        self.replies = self.control.makefile("r", newline="\n")

    def command(self, line):
        """Returns the first line of what it says to that."""
        self.control.sendall(line.encode() + b"\n")
        return self.replies.readline()

    def describe(self, line="status"):
        """All that it says about itself and its workers, after that command."""
        lines = [self.command(line)]
        # One line for each worker there ever was; the first worker's is the last.
        while not lines[-1].startswith("worker 1 "):
            lines.append(self.replies.readline())
            assert lines[-1], f"it says no more than {lines}"
        return "".join(lines)

    def in_hand(self):
        """{worker: connections in its hands} of those that live."""
        found = re.findall(r"^worker (\d+) .* (\d+) in hand$", self.describe(), re.MULTILINE)
        return {int(worker): int(count) for worker, count in found}

    def wait_until(self, in_hand):
        deadline = time.monotonic() + WAIT_S
        while (seen := self.in_hand()) != in_hand:
            assert time.monotonic() < deadline, f"{seen} instead of {in_hand}"
            time.sleep(0.01)

    def wait_until_workers(self, numbers):
        wait_for(lambda: set(self.in_hand()) == numbers, f"the workers are {numbers}")

    def ask(self, path):
        client = connect(self.address)
        client.sendall(b"GET " + path + b" HTTP/1.0\r\nHost: test\r\n\r\n")
        return client


class Prefork(Running, Visitor):
    def __init__(self, *options, endpoint=LISTEN, **more):
        super().__init__("prefork", "serve", endpoint, "--control", LISTEN, "--ready-file", "READY",
                         *options, **more)
        self.visit(self.addresses())

    def stop(self):
        self.control.sendall(b"stop\n")
        return self.end(0)


def test_prefork_answers():
    server = Prefork("--workers", "2")
    answer = read_all(server.ask(b"/hello")).decode()
    assert re.fullmatch("HTTP/1.0 200 OK\r\n(.+\r\n)+\r\nworker [12] got: GET /hello HTTP/1.0\n", answer)
    # A request in pieces, one that never comes, and one that is none.
    slow, silent, endless = (connect(server.address) for _ in range(3))
    slow.sendall(b"GET /in/pi")
    endless.sendall(b"x" * 2000)
    assert read_all(endless).startswith(b"HTTP/1.0 400 ")
    slow.sendall(b"eces HTTP/1.0\n\n")
    assert read_all(slow).endswith(b"got: GET /in/pieces HTTP/1.0\n")
    said = server.stop()
    contains(said, "4 connections, 2 answers, 0 handed over again, 1 refused")
    assert read_all(silent) == b""


def test_prefork_hands_what_a_dead_worker_had_to_others():
    server = Prefork("--workers", "2")
    clients = [server.ask(b"/wait") for _ in range(12)]
    server.wait_until({1: 6, 2: 6})
    contains(server.command("kill"), "killed worker", "with 6 connections in hand")
    # One worker has its own six; whoever had a hand free, old or new, took the others.
    deadline = time.monotonic() + WAIT_S
    while sum((hands := server.in_hand()).values()) != 12 or len(hands) != 2:
        assert time.monotonic() < deadline, hands
        time.sleep(0.01)
    assert 3 in hands
    # The end of the server ends the waiting: each is answered, once.
    said = server.stop()
    for client in clients:
        answer = read_all(client)
        assert answer.startswith(b"HTTP/1.0 200 ") and answer.count(b"HTTP") == 1, answer
    contains(said, "12 connections, 12 answers, 6 handed over again, 0 refused", "was killed")


def test_prefork_worker_that_dies_between_its_answer_and_the_done():
    """Whether it does is a matter of luck; the master must find its end in any case, also when the
    connection cannot be handed over again, as its client has gone."""
    server = Prefork("--workers", "1")
    client = server.ask(b"/")
    assert b"worker 1" in read_all(client)
    client.close()
    server.command("kill")
    assert b"worker" in read_all(server.ask(b"/"))
    contains(server.stop(), "2 connections, ")


def test_prefork_go_answers_those_that_wait():
    server = Prefork("--workers", "1")
    clients = [server.ask(b"/wait") for _ in range(3)]
    server.wait_until({1: 3})
    assert b"worker 1 got: GET /go" in read_all(server.ask(b"/go"))
    for client in clients:
        assert b"worker 1 got: GET /wait" in read_all(client)
    server.stop()


def test_prefork_does_not_sacrifice_workers_without_end():
    server = Prefork("--workers", "1")
    client = server.ask(b"/wait")
    for number in (1, 2, 3):
        server.wait_until({number: 1})
        contains(server.command("kill"), f"killed worker {number} with 1 ")
    assert read_all(client).startswith(b"HTTP/1.0 503 ")
    assert b"worker 4" in read_all(server.ask(b"/"))
    contains(server.stop(), "2 connections, 1 answers, 2 handed over again, 1 refused")


def test_prefork_client_that_goes_away():
    server = Prefork("--workers", "1")
    client = server.ask(b"/wait")
    server.wait_until({1: 1})
    reset(client)
    assert b"worker 1" in read_all(server.ask(b"/go"))
    contains(server.stop(), "2 connections, 2 answers")


def test_prefork_hands_a_connection_that_is_over_to_another():
    server = Prefork("--workers", "1")
    client = server.ask(b"/wait")
    server.wait_until({1: 1})
    reset(client)
    contains(server.command("kill"), "killed worker 1 with 1 ")
    server.wait_until({2: 1})
    assert b"worker 2" in read_all(server.ask(b"/go"))
    contains(server.stop(), "2 connections, 2 answers, 1 handed over again, 0 refused")


def test_prefork_max():
    running = Running("prefork", "serve", LISTEN, "--max", "50", "--ready-file", "READY")
    host, port = running.addresses()[0]
    said = Running("prefork", "load", f"tcp:{host}:{port}", "--requests", "50", "--clients", "7").end(0)
    contains(said, "50 of 50 answers", " 0 lost")
    contains(running.end(0), "50 connections, 50 answers")


def test_prefork_load_notices_lost_answers():
    server = listener()
    running = Running("prefork", "load", endpoint(server), "--requests", "3", "--clients", "1")
    for answer in (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nworker 1\n",
                   b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\nworker 1\n", b""):
        connection = accept(server)
        receive(connection, 20)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        read_all(connection)
    contains(running.end(1), "1 of 3 answers", " 2 lost")


def test_prefork_load_to_nobody_is_one_line():
    holder, port = unused_port()
    said = Running("prefork", "load", f"tcp:{LOCAL}:{port}").end(1)
    contains(said, f"cannot connect to tcp:{LOCAL}:{port}", "ECONNREFUSED")
    assert said.count("\n") == 1, said
    holder.close()


def test_prefork_bad_arguments():
    for arguments, *parts in (
        ([], "Usage"),
        (["serve"], "Usage"),
        (["serve", "pipe-listen:x"], "tcp-listen:"),
        (["serve", "tcp:127.0.0.1:1"], "serve listens"),
        (["serve", LISTEN, "--workers", "0"], "--workers", "at least 1"),
        (["serve", LISTEN, "--workers", "many"], "--workers", "many"),
        (["serve", LISTEN, "--workers", "257"], "--workers", "at most 256"),
        (["serve", LISTEN, "--workers"], "a value must follow"),
        (["serve", LISTEN, "--control", "tcp:127.0.0.1:1"], "serve listens"),
        (["load", LISTEN], "load connects"),
        (["load", "tcp:127.0.0.1:1", "--kills", "1"], "--control"),
        (["load", "tcp:127.0.0.1:1", "--workers", "1"], "no such option"),
    ):
        contains(Running("prefork", *arguments).end(2), *parts)


def scratch():
    """A folder for one test. What still holds a file there, as only Windows minds, is no failure."""
    lenient = {"ignore_cleanup_errors": True} if sys.version_info >= (3, 10) else {}
    return tempfile.TemporaryDirectory(**lenient)


def main(tests):
    global directory, runner
    directory, test, runner = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    old = os.getcwd()
    with scratch() as folder:
        os.chdir(folder)
        try:
            tests["test_" + test]()
        finally:
            for clean in at_the_end:
                clean()
            for running in started:
                if running.process.poll() is None:
                    running.process.kill()
                    print("still ran:", *running.process.communicate())
            os.chdir(old)


if __name__ == "__main__":
    main(globals())
