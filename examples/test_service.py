#!/usr/bin/env python3
"""test_service.py DIR TEST [RUNNER...]: prefork as a service: of Windows, where the service manager
is the real one (or Wine's), and of systemd, whose part is played here. See test_examples.py."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
import test_examples as base  # noqa: E402
from test_examples import (LISTEN, Interruptible, Prefork, Running, Visitor, connect, contains,
                           endpoint, listener, main, on_windows, program, read_all, skip, wait_for)

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "


def read_file(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:  # not there yet, or on Windows just being written
        return ""


# ---- Both systems ------------------------------------------------------------------------------


def test_prefork_logs_into_a_file():
    server = Prefork("--workers", "1", "--log", "server.log")
    assert b"worker 1" in read_all(server.ask(b"/"))
    os.replace("server.log", "yesterday.log")
    wait_for(lambda: "1 answers" in server.describe(), "the master knows of the answer")
    contains(server.command("kill"), "all are idle")
    assert b"worker" in read_all(server.ask(b"/"))
    assert server.stop() == "", "it all goes into the file"
    log = read_file("yesterday.log") + read_file("server.log")
    for line in log.splitlines():
        assert re.match(STAMP + "prefork: .", line), line
    contains(read_file("yesterday.log"), "prefork: listening on ")
    contains(read_file("server.log"), "prefork: stops", "2 connections, 2 answers")


def test_prefork_needs_a_log_that_it_can_write():
    contains(Running("prefork", "serve", LISTEN, "--log", "no/such/folder").end(1),
             "cannot write no/such/folder", "ENOENT")


def test_prefork_pauses_and_goes_on():
    server = Prefork("--workers", "2")
    early = connect(server.address)
    early.sendall(b"GET /ear")
    wait_for(lambda: "1 connections" in server.describe(), "the first client is in")
    contains(server.describe("pause"), "1 connections, 0 answers", ", paused\n")
    late = [server.ask(b"/late") for _ in range(3)]
    early.sendall(b"ly HTTP/1.0\n\n")
    assert read_all(early).endswith(b"got: GET /early HTTP/1.0\n")
    wait_for(lambda: "1 connections, 1 answers" in server.describe(), "that is all so far")
    assert ", paused" not in server.describe("continue")
    for client in late:
        assert read_all(client).endswith(b"got: GET /late HTTP/1.0\n")
    contains(server.stop(), "4 connections, 4 answers")


def test_prefork_stops_while_paused():
    server = Prefork("--workers", "1")
    server.describe("pause")
    client = server.ask(b"/in/the/door")
    wait_for(lambda: ", paused, and somebody waits\n" in server.describe(), "it sees the client")
    server.control.sendall(b"stop\n")
    assert read_all(client).endswith(b"got: GET /in/the/door HTTP/1.0\n")
    contains(server.end(0), "1 connections, 1 answers")


def test_prefork_renews_its_workers():
    server = Prefork("--workers", "2")
    clients = [server.ask(b"/wait") for _ in range(6)]
    server.wait_until({1: 3, 2: 3})
    server.describe("renew")
    for client in clients:
        assert re.search(rb"worker [12] got: GET /wait", read_all(client))
    server.wait_until({3: 0, 4: 0})
    assert re.search(rb"worker [34] got: GET /", read_all(server.ask(b"/")))
    contains(server.stop(), "7 connections, 7 answers, 0 handed over again, 0 refused")


def test_prefork_renews_its_workers_under_load():
    server = Prefork("--workers", "3")
    host, port = server.address
    load = Running("prefork", "load", f"tcp:{host}:{port}", "--requests", "600")
    for _ in range(4):
        before = answers(server)
        wait_for(lambda: answers(server) > before or load.process.poll() is not None, "answers")
        server.describe("renew")
    contains(load.end(0), "600 of 600 answers", " 0 lost")
    contains(server.stop(), "600 answers, 0 handed over again, 0 refused")


def answers(server):
    return int(re.search(r"(\d+) answers", server.describe())[1])


def test_prefork_waits_for_those_that_have_come():
    server = Prefork("--workers", "1")
    slow, silent = connect(server.address), connect(server.address)
    slow.sendall(b"GET /slow")
    wait_for(lambda: "2 connections" in server.describe(), "both are in")
    server.control.sendall(b"stop\n")
    expect_no_more(server.address)
    slow.sendall(b" HTTP/1.0\n\n")
    assert read_all(slow).endswith(b"got: GET /slow HTTP/1.0\n")
    assert read_all(silent) == b""
    contains(server.end(0), " connections, 1 answers, 0 handed over again, 0 refused")


def expect_no_more(address):
    """Until nobody listens there. Whoever tries before that comes and goes, and counts as one of the
    connections."""
    def refused():
        try:
            connect(address).close()
        except OSError:
            return True
        return False

    wait_for(refused, "nobody is let in any more")


class InTerminal(Interruptible, Visitor):
    """prefork, where Ctrl-C reaches it and its workers."""

    def __init__(self, *options):
        super().__init__("prefork", "serve", LISTEN, "--control", LISTEN, "--ready-file", "READY",
                         *options, start_new_session=True)
        self.visit(self.addresses())

    def interrupt(self):
        if on_windows():
            super().interrupt()
        else:
            os.killpg(self.process.pid, signal.SIGINT)


def test_prefork_ctrl_c_reaches_workers_too_and_harms_nothing():
    server = InTerminal("--workers", "2")
    ready = set()
    while len(ready) < 2:  # before that they could not say how they take it
        ready.update(re.findall(r"worker \d: ready", server.process.stderr.readline()))
    clients = [server.ask(b"/wait") for _ in range(4)]
    server.wait_until({1: 2, 2: 2})
    server.interrupt()
    for client in clients:
        assert read_all(client).count(b"got: GET /wait") == 1
    contains(server.end(0), "4 connections, 4 answers, 0 handed over again")


# ---- Played: systemd ---------------------------------------------------------------------------

# A socket becomes descriptor 3, and the process that gets it must be the one that is named.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[2]))
os.environ["LISTEN_FDS"] = "1"
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """What systemd does for a unit with a socket."""

    def __init__(self, name="notify"):
        if on_windows():
            skip("there is no systemd on Windows")
        self.listener = listener()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.settimeout(base.WAIT_S)
        self.notify.bind(name.replace("@", "\0"))
        self.name = name

    def wrapper(self, other_process=0):
        return [sys.executable, "-c", HAND_OVER, str(self.listener.fileno()), str(other_process)]

    def start(self, *options):
        unit = Prefork(*options, endpoint="systemd", wrapper=self.wrapper(),
                       pass_fds=(self.listener.fileno(),),
                       env=dict(os.environ, NOTIFY_SOCKET=self.name))
        assert unit.address == self.listener.getsockname(), unit.address
        self.expect("READY=1")
        return unit

    def expect(self, line):
        """The next message that has this line; those before it are passed over."""
        while line not in (message := self.notify.recv(4096).decode()).splitlines():
            assert message.endswith("\n"), message
        return message


def test_systemd_starts_and_stops_a_unit():
    manager = Manager()
    unit = manager.start("--workers", "2")
    assert re.search(rb"worker [12] got: GET /hello ", read_all(unit.ask(b"/hello")))
    waiting = [unit.ask(b"/wait") for _ in range(3)]
    silent = connect(unit.address)
    wait_for(lambda: "5 connections" in unit.describe(), "all are in")
    unit.process.send_signal(signal.SIGTERM)
    manager.expect("STOPPING=1")
    for client in waiting:
        assert b"got: GET /wait" in read_all(client)
    contains(manager.expect("EXTEND_TIMEOUT_USEC=10000000"), "EXTEND")  # once more, as it goes on
    assert read_all(silent) == b""
    contains(unit.end(0), "5 connections, 4 answers, 0 handed over again, 0 refused")


def test_systemd_restarts_a_unit_and_no_request_is_lost():
    manager = Manager("@uvstream-" + uuid.uuid4().hex if sys.platform == "linux" else "notify")
    unit = manager.start("--workers", "2")
    load = Running("prefork", "load", endpoint(manager.listener), "--requests", "800")
    for _ in range(3):
        before = answers(unit)
        wait_for(lambda: answers(unit) > before or load.process.poll() is not None, "answers")
        unit.process.send_signal(signal.SIGTERM)
        contains(unit.end(0), " 0 handed over again, 0 refused")
        unit = manager.start("--workers", "2")
    contains(load.end(0), "800 of 800 answers", " 0 lost")
    unit.process.send_signal(signal.SIGTERM)
    unit.end(0)


def test_systemd_reloads_a_unit():
    manager = Manager()
    unit = manager.start("--workers", "1")
    client = unit.ask(b"/wait")
    unit.wait_until({1: 1})
    unit.process.send_signal(signal.SIGHUP)
    assert b"worker 1 got: GET /wait" in read_all(client)
    unit.wait_until({2: 0})
    assert b"worker 2 got: GET / " in read_all(unit.ask(b"/"))
    unit.process.send_signal(signal.SIGTERM)
    contains(unit.end(0), "2 connections, 2 answers")


def test_systemd_must_have_handed_the_socket_to_this_process():
    manager = Manager()
    contains(Running("prefork", "serve", "systemd").end(1), "no socket")
    contains(Running("prefork", "serve", "fd-listen:x").end(2), "not the number of a descriptor")
    contains(Running("prefork", "serve", "fd-listen:0").end(1), "cannot listen on fd-listen:0")
    running = Running("prefork", "serve", "systemd", wrapper=manager.wrapper(other_process=1),
                      pass_fds=(manager.listener.fileno(),))
    contains(running.end(1), "no socket")


def test_systemd_that_went_away():
    manager = Manager()
    unit = manager.start("--workers", "1")
    manager.notify.close()
    unit.process.send_signal(signal.SIGTERM)
    contains(unit.end(0), "cannot tell the service manager: STOPPING=1")


def test_prefork_is_no_service_of_windows_elsewhere():
    if on_windows():
        skip("it is one there")
    for arguments in (["--install", "a", LISTEN], ["--uninstall", "a"], ["--service", ".", LISTEN]):
        contains(Running("prefork", *arguments).end(2), "unit file")


# ---- Windows -----------------------------------------------------------------------------------


class Installed:
    """A program as a service, from a folder with a blank in its name."""

    def __init__(self, name, *arguments):
        if not on_windows():
            skip("there is no service manager of Windows")
        self.name = "uvstream-" + uuid.uuid4().hex
        self.arguments = arguments
        self.folder = os.path.join(base.directory, self.name + " of a test")
        os.mkdir(self.folder)
        self.program = os.path.join(self.folder, name + ".exe")
        shutil.copy(program(name)[-1], self.program)

    def __enter__(self):
        done = self.run(self.program, "--install", self.name, *self.arguments)
        if done.returncode != 0 and "error 5)" in done.stderr:
            skip("this user may not have services")
        assert done.returncode == 0, done
        return self

    def __exit__(self, *failure):
        self.run(self.program, "--uninstall", self.name)
        wait_for(lambda: self.scm("command", None)[0] == 3, "it is gone")
        wait_for(self.is_removed, "its process has ended")

    def is_removed(self):
        shutil.rmtree(self.folder, ignore_errors=True)  # a program that runs cannot be removed
        return not os.path.exists(self.folder)

    def run(self, *command):
        return subprocess.run([*base.runner, *command], capture_output=True,
                              timeout=2 * base.WAIT_S, **base.TEXT)

    def scm(self, order, code, *more):
        done = self.run(program("scm")[-1], order, self.name, *more)
        assert code is None or done.returncode == code, f"{order} {more}: {done}"
        return done.returncode, done.stdout

    def order(self, order, state):
        """Returns how it got to that state."""
        self.scm(order, 0)
        return self.scm("wait", 0, state)[1]


class Service(Installed, Visitor):
    """prefork; relative names of files are meant to be in the folder it was installed from."""

    def __init__(self, *options, endpoint=LISTEN, install=()):
        super().__init__("prefork", *install, endpoint, "--control", LISTEN, "--log", "the log",
                         "--ready-file", "ready now", *options)

    def log(self):
        return read_file("the log")

    def start(self):
        contains(self.order("start", "running"), "running, process ")
        ready = wait_for(lambda: read_file("ready now"), "the ready file")
        self.visit([base.split_address(text) for text in ready.split()])


def test_service_of_windows_lives():
    with Service("--workers", "2") as service:
        contains(service.scm("command", 0)[1], "prefork.exe\" \"--service\" \"", '"the log"')
        service.start()
        assert re.search(rb"worker [12] got: GET /hello ", read_all(service.ask(b"/hello")))

        early = connect(service.address)
        early.sendall(b"GET /ear")
        wait_for(lambda: "2 connections" in service.describe(), "the client is in")
        service.order("pause", "paused")
        late = service.ask(b"/late")
        early.sendall(b"ly HTTP/1.0\n\n")
        assert read_all(early).endswith(b"got: GET /early HTTP/1.0\n")
        wait_for(lambda: "2 connections, 2 answers" in service.describe(), "that is all so far")
        service.order("continue", "running")
        assert b"got: GET /late " in read_all(late)

        service.scm("renew", 0)
        service.wait_until({3: 0, 4: 0})
        waiting = [service.ask(b"/wait") for _ in range(4)]
        silent = connect(service.address)
        service.wait_until({3: 2, 4: 2})
        wait_for(lambda: "8 connections" in service.describe(), "all are in")
        # With a worker that is held up, it says again and again that it is still stopping.
        service.scm("drain", 0, re.search(r"worker 4 is process (\d+)", service.log())[1])
        contains(service.scm("wait", 0, "stopped")[1], "exit code 0,")
        for client in waiting:
            assert re.search(rb"worker [34] got: GET /wait", read_all(client))
        assert read_all(silent) == b""
        log = service.log()
        contains(log, "prefork: listening on ", "paused", "goes on", "stops",
                 "8 connections, 7 answers, 0 handed over again, 0 refused")
        for line in log.splitlines():
            assert re.match(STAMP + "prefork: .", line), line


def test_service_of_windows_starts_again_and_is_removed_while_it_runs():
    with Service("--workers", "1") as service:
        service.start()
        service.order("stop", "stopped")
        os.remove("ready now")
        service.start()
        assert b"worker 1 got: GET / " in read_all(service.ask(b"/"))
        # Leaving here removes it; that stops it first.
    assert service.log().count("prefork: stops") == 2


def test_service_of_windows_that_cannot_start():
    port = listener()
    host, number = port.getsockname()
    with Service(endpoint=f"tcp-listen:{host}:{number}") as service:
        contains(service.order("start", "stopped"), "exit code 1066, of its own 1")
        contains(service.log(), "cannot listen on ", "EADDRINUSE")


def test_service_of_windows_takes_its_workers_along():
    with Service("--workers", "2") as service:
        service.start()
        workers = re.findall(r"worker \d is process (\d+)", service.log())
        assert len(workers) == 2
        service.scm("murder", 0, *workers)


def test_service_of_windows_obeys_net():
    prefix = os.environ.get("WINEPREFIX") or os.path.join(base.directory, "..", "wine")
    net = os.path.join(prefix, "drive_c", "windows", "system32", "net.exe")
    with Service("--workers", "1") as service:
        net = net if base.runner else "net.exe"
        done = service.run(net, "start", service.name)
        assert done.returncode == 0, done
        service.scm("wait", 0, "running")
        done = service.run(net, "stop", service.name)
        assert done.returncode == 0, done
        contains(service.scm("wait", 0, "stopped")[1], "exit code 0,")


def test_service_of_windows_is_configured():
    with Service("--workers", "1") as service:
        said = service.scm("config", 0)[1]
        assert re.search(r"account NT AUTHORITY\\LocalService, start 3\n", said, re.I), said
        contains(said, "a source of events", "description A server, an example of uvstream")
        again = service.run(service.program, "--install", service.name, LISTEN)
        assert again.returncode == 1 and "error 1073" in again.stderr, again
    with Service("--workers", "1", install=("--account", "LocalSystem", "--start", "auto",
                                            "--description", "Answers gr\u00fc\u00dfe")) as service:
        said = service.scm("config", 0)[1]
        contains(said, "account LocalSystem, start 2", "description Answers gr")


def test_service_of_windows_bad_installation():
    if not on_windows():
        skip("there is no service manager of Windows")
    contains(Running("prefork", "--install", "a", "pipe:x").end(2), "serve listens")
    contains(Running("prefork", "--install", "a", LISTEN, "--log").end(2), "a value must follow")
    for option, takes in (("--account", "LocalService"), ("--start", "demand, auto")):
        contains(Running("prefork", "--install", "a", option, "nobody", LISTEN).end(2), option, takes)
    contains(Running("prefork", "--install", "a", "--description").end(2), "--description")
    contains(Running("prefork", "--uninstall", "uvstream-" + uuid.uuid4().hex).end(1),
             "cannot uninstall the service uvstream-", "error 1060")


if __name__ == "__main__":
    main(globals())
