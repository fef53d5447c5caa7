#!/usr/bin/env python3
"""test_prefork.py DIR TEST [RUNNER...]: what prefork serves beside TCP, and how it is replaced while it
serves. See test_examples.py."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import uuid

sys.dont_write_bytecode = True
import test_examples as base  # noqa: E402
from test_examples import (LISTEN, Prefork, Running, connect, contains, main, on_windows, pipe_name,
                           program, read_all, skip, wait_for)
from test_service import Manager, Service, answers  # noqa: E402


class Door(Prefork):
    """A server with a pipe; in TEST's folder, so that a name is a file there on Unix."""

    def __init__(self, *options, **more):
        self.pipe = pipe_name()
        super().__init__("--pipe", self.pipe, *options, **more)

    def load(self, *options):
        return Running("prefork", "load", "pipe:" + self.pipe, *options)

    def tcp_load(self, *options):
        return Running("prefork", "load", "tcp:%s:%d" % self.address, *options)


# ---- The command line --------------------------------------------------------------------------


def test_prefork_takes_values_behind_an_equals_sign_and_options_before_the_endpoint():
    running = Running("prefork", "serve", "--workers=1", "--max=2", LISTEN, "--ready-file=READY")
    host, port = running.addresses()[0]
    load = Running("prefork", "load", "--requests=2", f"tcp:{host}:{port}", "--clients=1")
    contains(load.end(0), "worker 1 gave 2 answers", " 0 lost")
    contains(running.end(0), "2 connections, 2 answers")


def test_prefork_help_and_version():
    for arguments in (["--help"], ["-h"], ["serve", "--help"], ["load", "-h"], ["upgrade", "--help"]):
        running = Running("prefork", *arguments)
        out = running.process.communicate(timeout=base.WAIT_S)[0]
        assert running.process.returncode == 0
        contains(out, "Usage: prefork serve", "--pipe NAME", "--allow WHOM", "tcp-listen:")
    for arguments in (["--version"], ["serve", "--version"]):
        running = Running("prefork", *arguments)
        out = running.process.communicate(timeout=base.WAIT_S)[0]
        assert running.process.returncode == 0 and re.match(r"prefork.* \d+\.\d+", out), out


def test_prefork_bad_arguments_about_the_pipe():
    for arguments, *parts in (
        (["serve", LISTEN, "--pipe="], "--pipe"),
        (["serve", LISTEN, "--allow", "600"], "--allow", "--pipe"),
        (["serve", LISTEN, "--pipe", "a", "--allow", "nobody that there is"], "--allow"),
        (["serve", LISTEN, "--pipe", "a", "--allow", "D:(nonsense"], "--allow"),
        (["serve", "--workers=1"], "the endpoint is missing"),
        (["serve", LISTEN, LISTEN], "one argument too many"),
        (["upgrade"], "Usage"),
        (["upgrade", LISTEN], "load connects"),
    ):
        contains(Running("prefork", *arguments).end(2), *parts)


def test_prefork_starts_no_workers_for_an_address_in_use():
    holder = base.listener()
    host, port = holder.getsockname()
    said = Running("prefork", "serve", f"tcp-listen:{host}:{port}").end(1)
    contains(said, "cannot listen on ", "EADDRINUSE")
    assert "is process" not in said, said


# ---- The pipe ----------------------------------------------------------------------------------


def test_prefork_serves_a_pipe_and_says_who_came():
    server = Door("--workers", "2")
    load = server.load("--requests", "30", "--clients", "4")
    contains(load.end(0), "30 of 30 answers", " 0 lost")
    assert re.search(rb"worker [12] got: GET / ", read_all(server.ask(b"/")))
    said = server.stop()
    contains(said, f"and the pipe {server.pipe}", "31 connections, 31 answers, 0 handed over again")
    who = re.findall(r"connection \d+ is of user (.+), process (\d+)\n", said)
    assert len(who) == 30 and len(set(who)) == 1, who
    user, process = who[0]
    if on_windows():
        assert "\\" in user and int(process) > 0, who
    else:
        import pwd
        assert user == pwd.getpwuid(os.getuid()).pw_name and int(process) == load.process.pid, who
        assert not os.path.exists(server.pipe)


def test_prefork_hands_clients_of_the_pipe_to_others_when_a_worker_dies():
    server = Door("--workers", "3")
    load = server.load("--requests", "400", "--clients", "8")
    for _ in range(2):  # one request may cost three
        before = answers(server)
        wait_for(lambda: answers(server) > before or load.process.poll() is not None, "answers")
        contains(server.command("kill"), "kill")
    contains(load.end(0), "400 of 400 answers", " 0 lost")
    contains(server.stop(), "400 connections")


def test_prefork_pauses_at_the_pipe_too():
    server = Door("--workers", "1")
    server.describe("pause")
    load = server.load("--requests", "3", "--clients", "3")
    late = server.ask(b"/late")
    wait_for(lambda: ", paused, and somebody waits\n" in server.describe(), "it sees them")
    contains(server.describe(), "0 connections, 0 answers")
    server.describe("continue")
    contains(load.end(0), "3 of 3 answers", " 0 lost")
    assert b"GET /late" in read_all(late)
    contains(server.stop(), "4 connections, 4 answers")


def test_prefork_pipe_has_one_server():
    if base.runner:
        skip("this Wine makes the first instance of a name twice")
    server = Door("--workers", "1")
    said = Running("prefork", "serve", LISTEN, "--pipe", server.pipe).end(1)
    contains(said, f"cannot listen on {server.pipe}", "EADDRINUSE")
    contains(server.load("--requests", "1").end(0), "1 of 1 answers")
    server.stop()


def test_prefork_takes_the_name_of_a_server_that_was_killed():
    if on_windows():
        skip("nothing is left of a pipe of Windows")
    server = Door("--workers", "1")
    server.process.kill()
    server.process.wait()
    assert os.path.exists(server.pipe)
    again = Prefork("--workers", "1", "--pipe", server.pipe)
    contains(server.load("--requests", "1").end(0), "1 of 1 answers")
    again.stop()
    assert not os.path.exists(server.pipe)


def test_prefork_pipe_is_in_place_of_no_other_file():
    """Whatever nobody answers at is not a server that was killed."""
    if on_windows():
        skip("a pipe of Windows is no file")
    with open("kept", "w", encoding="utf-8") as file:
        file.write("a year's work")
    os.symlink("kept", "link")
    for name in ("kept", "link"):
        said = Running("prefork", "serve", LISTEN, "--workers", "1", "--pipe", name).end(1)
        contains(said, "cannot listen on " + name, "EADDRINUSE")
    with open("link", encoding="utf-8") as file:
        assert file.read() == "a year's work"


def test_prefork_waits_for_no_server_that_does_not_answer():
    if on_windows():
        skip("nobody is asked there")
    busy = socket.socket(socket.AF_UNIX)
    busy.bind("busy")
    busy.listen(0)
    clients = []
    while True:  # until its line is full
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
        if clients[-1].connect_ex("busy") != 0:
            break
    said = Running("prefork", "serve", LISTEN, "--workers", "1", "--pipe", "busy").end(1)
    contains(said, "cannot listen on busy", "EADDRINUSE")


def test_prefork_pipe_has_a_mode_and_a_group():
    if on_windows():
        skip("there it has a list")
    import grp
    group = grp.getgrgid(os.getgid())
    other = next((g for g in grp.getgrall() if os.getuid() == 0 and g.gr_gid != group.gr_gid), group)
    for allow, mode, gid in ((None, 0o600, None), ("640", 0o640, None), (other.gr_name, 0o660, other.gr_gid),
                             ("666:" + group.gr_name, 0o666, group.gr_gid)):
        server = Door("--workers", "1", *(["--allow", allow] if allow else []))
        found = os.stat(server.pipe)
        assert found.st_mode & 0o777 == mode, f"{allow}: {found}"
        assert gid is None or found.st_gid == gid, f"{allow}: {found}"
        server.stop()


def list_of(server):
    return subprocess.run([*program("pipe_list"), server.pipe], capture_output=True, check=True,
                          timeout=base.WAIT_S, **base.TEXT).stdout


def test_prefork_pipe_has_a_list():
    if not on_windows():
        skip("there it has a mode")
    for allow, *expected in ((None,), ("SYSTEM", "(A;;0x12019b;;;SY)"),
                             ("Administrators,SYSTEM", "(A;;0x12019b;;;BA)",
                              "(A;;0x12019b;;;SY)"),
                             ("D:P(D;;FA;;;AN)(A;;0x12019b;;;IU)", "(D;;FA;;;AN)", "(A;;0x12019b;;;IU)")):
        server = Door("--workers", "1", *(["--allow", allow] if allow else []))
        found = list_of(server)
        contains(found, *expected)
        assert re.match(r"D:P?\(A;;(FA|0x1f01ff);;;[^)]+\)", found), found
        assert found.count("(") == len(expected) + 1, found
        contains(server.load("--requests", "2").end(0), "2 of 2 answers")
        server.stop()


# ---- Upgrades ----------------------------------------------------------------------------------


class Upgradable(Door):
    """Started from a file that can be replaced. The successors are nobody's children, but share what
    the first one writes to: when that ends, all have ended."""

    def __init__(self, *options, name="prefork", **more):
        # In the build's folder: Wine is told by that which it is.
        folder = os.path.join(base.directory, f"upgrade of a test {uuid.uuid4().hex}")
        os.mkdir(folder)
        base.at_the_end.append(lambda: shutil.rmtree(folder, ignore_errors=True))
        self.file = os.path.join(folder, os.path.basename(program("prefork")[-1]))
        shutil.copy(program(name)[-1], self.file)
        self.old = 0
        base.at_the_end.insert(0, self.let_go)
        super().__init__(*options, **more)

    def command_line(self, name, arguments):
        return [*base.runner, self.file, *arguments]

    def let_go(self):
        """Nobody else would end the last successor of a test that failed."""
        try:
            connect(self.control_address).sendall(b"stop\n")
        except (OSError, AttributeError):  # nobody listens (yet)
            pass

    def visit(self, addresses):
        self.control_address = addresses[1]
        super().visit(addresses)

    def replace(self, name):
        """The file of a program that runs cannot be written, but renamed."""
        self.old += 1
        os.rename(self.file, f"{self.file}.{self.old}")
        if name is not None:
            shutil.copy(program(name)[-1], self.file)

    def upgrade(self, code=0):
        order = Running("prefork", "upgrade", "tcp:%s:%d" % self.control_address)
        out, err = order.process.communicate(timeout=base.WAIT_S)
        assert order.process.returncode == code, f"{order.process.returncode}: {out}{err}"
        if code == 0:
            self.visit([self.address, self.control_address])
        return out + err

    def stop_all(self):
        """Ends the last one; returns what all have said."""
        self.control.sendall(b"stop\n")
        said = self.end(0)
        assert "left open" not in said, said
        return said


def served(said):
    """How many answers each of the masters gave."""
    return [int(count) for count in re.findall(r"connections, (\d+) answers, 0 handed over again, "
                                               r"0 refused\n", said)]


def test_prefork_upgrade_under_load_loses_nothing():
    server = Upgradable("--workers", "2")
    loads = [server.tcp_load("--requests", "900", "--clients", "12"),
             server.load("--requests", "900", "--clients", "6")]
    for _ in range(3):
        before = answers(server)
        wait_for(lambda: answers(server) > before + 20 or
                 all(load.process.poll() is not None for load in loads), "answers")
        server.replace("prefork")
        contains(server.upgrade(), "process ", " has taken over")
    for load in loads:
        contains(load.end(0), "900 of 900 answers", " 0 lost")
    contains(server.load("--requests", "1").end(0), "1 of 1 answers")
    said = server.stop_all()
    counts = served(said)
    assert len(counts) == 4 and sum(counts) == 1801, counts
    assert on_windows() or not os.path.exists(server.pipe)


class Held(Upgradable):
    """Its master waits at a place where there is a file of that name, and says that it does."""

    def __init__(self, *places):
        for place in places:
            with open(place, "w", encoding="utf-8"):
                pass
        super().__init__("--workers", "1", "--log", "what they say", name="prefork_held")

    def await_word(self, word):
        def is_said():
            with open("what they say", encoding="utf-8") as file:
                return word in file.read()

        wait_for(is_said, word)

    def await_held(self, place):
        self.await_word("is held: " + place)

    def end_all(self):
        """What all of them have said."""
        self.stop_all()
        with open("what they say", encoding="utf-8") as file:
            return file.read()


def are_accepted(address):
    """Nobody is left in the line of the listener of this machine: under Wine its server takes them a
    moment after they have come, which Windows itself does at once."""
    number = "%08X:%04X" % (struct.unpack("=I", socket.inet_aton(address[0]))[0], address[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file]
    return [line[4] for line in lines if line[1] == number and line[3] == "0A"] == ["00000000:00000000"]


def test_prefork_upgrade_keeps_whom_windows_has_accepted_while_its_master_is_slow():
    """They have been accepted for the master before it gives its listener away, and its successor is ready
    before it has looked at any of them: the first one is not the last."""
    server = Held("held-before-it-gives", "held-behind-it")
    order = Running("prefork", "upgrade", "tcp:%s:%d" % server.control_address)
    server.await_held("held-before-it-gives")
    clients = [server.ask(b"/early") for _ in range(5)]
    if base.runner:
        wait_for(lambda: are_accepted(server.address), "all are accepted")
    os.remove("held-before-it-gives")
    server.await_held("held-behind-it")
    server.await_word("is ready to take over")
    os.remove("held-behind-it")
    for client in clients:
        assert b"got: GET /early" in read_all(client)
    order.end(0)
    server.visit([server.address, server.control_address])
    assert b"got: GET /late" in read_all(server.ask(b"/late"))
    said = server.end_all()
    # The others have been in the line of both. Which master has its last word first is open.
    assert sum(served(said)) == 6 and (not on_windows() or sorted(served(said)) == [1, 5]), said


def test_prefork_upgrade_keeps_who_opens_the_pipe_while_it_changes_hands():
    """Somebody for each instance that waits: the old master has four, and the new one has one to begin
    with. The first of the four is just not waited for any more."""
    server = Held("held-at-the-door")
    order = Running("prefork", "upgrade", "tcp:%s:%d" % server.control_address)
    server.await_held("held-at-the-door")
    clients = [Running("relay", "--verbose", "stdio", "pipe:" + server.pipe, stdin=subprocess.PIPE)
               for _ in range(5)]
    for client in clients:
        contains(client.process.stderr.readline(), "joined stdio and pipe:")
    os.remove("held-at-the-door")
    for client in clients:
        out, err = client.process.communicate("GET /early HTTP/1.0\n\n", timeout=base.WAIT_S)
        assert "got: GET /early" in out, f"{out}{err}"
    order.end(0)
    server.visit([server.address, server.control_address])
    contains(server.load("--requests", "1").end(0), "1 of 1 answers")
    assert sum(served(server.end_all())) == 6


def test_prefork_upgrade_without_clients():
    """Nobody comes whom the old master could wait for."""
    server = Upgradable("--workers", "1")
    for _ in range(3):
        contains(server.upgrade(), " has taken over")
    assert b"worker 1" in read_all(server.ask(b"/"))
    contains(server.load("--requests", "5").end(0), "5 of 5 answers")
    assert sorted(served(server.stop_all())) == sorted([0, 0, 0, 6])


def test_prefork_upgrade_answers_what_has_come():
    server = Upgradable("--workers", "2")
    waiting = [server.ask(b"/wait") for _ in range(4)]
    server.wait_until({1: 2, 2: 2})
    slow = connect(server.address)
    slow.sendall(b"GET /sl")
    wait_for(lambda: "5 connections" in server.describe(), "all are in")
    first = server.process
    server.upgrade()
    assert b"got: GET /hello" in read_all(server.ask(b"/hello"))
    for client in waiting:
        assert b"got: GET /wait" in read_all(client)
    assert first.poll() is None, "it ended before its client"
    slow.sendall(b"ow HTTP/1.0\n\n")
    assert read_all(slow).endswith(b"got: GET /slow HTTP/1.0\n")
    wait_for(lambda: first.poll() is not None, "the first master has ended")
    assert first.returncode == 0
    assert sorted(served(server.stop_all())) == sorted([5, 1])


def test_prefork_upgrade_to_what_does_not_start():
    server = Upgradable("--workers", "1")
    for wrong, why in (("ferry", "it has ended"), (None, "it cannot be started")):
        server.replace(wrong)
        contains(server.upgrade(1), "no upgrade: ", why)
        assert b"worker 1 got: GET /still " in read_all(server.ask(b"/still"))
        contains(server.load("--requests", "3").end(0), "3 of 3 answers")
        if wrong is not None:
            wait_for(lambda: free_to_replace(server), "the wrong one is gone")
    shutil.copy(program("prefork")[-1], server.file)
    server.upgrade()
    contains(server.load("--requests", "3").end(0), "3 of 3 answers")
    assert sorted(served(server.stop_all())) == sorted([8, 3])


def free_to_replace(server):
    try:
        os.remove(server.file)
    except OSError:
        return False
    shutil.copy(program("prefork")[-1], server.file)
    return True


def test_prefork_upgrade_to_what_is_never_ready():
    server = Upgradable("--workers", "1", "--patience=0.2")
    server.replace("sloth")
    contains(server.upgrade(1), "no upgrade: it was not ready in time")
    assert b"worker 1 got: GET /still " in read_all(server.ask(b"/still"))
    contains(server.load("--requests", "3").end(0), "3 of 3 answers")
    wait_for(lambda: free_to_replace(server), "the sloth is gone")
    server.stop_all()  # which waits for all that can write to where the master does


def test_prefork_upgrade_of_both_families():
    try:
        base.listener("::1").close()
    except OSError:
        skip("no IPv6 loopback here")
    for host in ("localhost", "*"):
        server = Upgradable("--workers", "1", endpoint=f"tcp-listen:{host}:0")
        port = server.address[1]
        loads = [Running("prefork", "load", f"tcp:{local}:{port}", "--requests", "300", "--clients", "4")
                 for local in (base.LOCAL, "[::1]")]
        server.control_address = (base.LOCAL, server.control_address[1])
        for _ in range(2):
            before = answers(server)
            wait_for(lambda: answers(server) > before + 20 or
                     all(load.process.poll() is not None for load in loads), "answers")
            contains(server.upgrade(), " has taken over")
        for load in loads:
            contains(load.end(0), "300 of 300 answers", " 0 lost")
        counts = served(server.stop_all())
        assert len(counts) == 3 and sum(counts) == 600, counts
        os.remove(server.ready)


def test_prefork_upgrade_that_is_refused():
    server = Upgradable("--workers", "1")
    server.describe("pause")
    contains(server.upgrade(1), "no upgrade: it is paused")
    server.describe("continue")
    other = connect(server.control_address)
    server.control.sendall(b"upgrade\nupgrade\n")
    contains(server.replies.readline(), "no upgrade: another one is under way")
    wait_for(lambda: server.process.poll() is not None, "the first upgrade has gone on")
    other.close()
    server.visit([server.address, server.control_address])
    assert len(served(server.stop_all())) == 2


def test_prefork_upgrade_and_stop():
    server = Upgradable("--workers", "1")
    client = server.ask(b"/wait")
    server.wait_until({1: 1})
    server.control.sendall(b"upgrade\nstop\n")
    assert b"got: GET /wait" in read_all(client)
    contains(server.end(0), "there is no successor: the server is to stop", "1 connections, 1 answers")


def test_prefork_heir_of_nobody():
    contains(Running("prefork", "heir", LISTEN).end(1), "cannot succeed")


def test_prefork_upgrade_of_nobody():
    holder, port = base.unused_port()
    contains(Running("prefork", "upgrade", f"tcp:{base.LOCAL}:{port}").end(1), "cannot connect to")
    holder.close()


def test_prefork_renew_to_what_does_not_start_keeps_the_old_workers():
    server = Upgradable("--workers", "2")
    server.replace("ferry")
    server.describe("renew")
    wait_for(lambda: server.describe().count("has ended") == 2, "the new ones have ended")
    assert re.search(rb"worker [12] got: GET / ", read_all(server.ask(b"/")))
    contains(server.stop_all(), "worker 1 goes on", "worker 2 goes on")


# ---- Under a manager ---------------------------------------------------------------------------


def test_systemd_reload_is_told():
    manager = Manager()
    unit = manager.start("--workers", "2")
    unit.process.send_signal(signal.SIGHUP)
    assert re.search(r"^MONOTONIC_USEC=\d+$", manager.expect("RELOADING=1"), re.MULTILINE)
    manager.expect("READY=1")
    unit.wait_until({3: 0, 4: 0})
    unit.process.send_signal(signal.SIGTERM)
    unit.end(0)


def test_systemd_upgrade_tells_the_new_main_process():
    manager = Manager()
    unit = manager.start("--workers", "2", "--pipe", "door")
    load = Running("prefork", "load", base.endpoint(manager.listener), "--requests", "600")
    by_pipe = Running("prefork", "load", "pipe:door", "--requests", "600")
    processes = [unit.process.pid]
    for _ in range(2):
        before = answers(unit)
        wait_for(lambda: answers(unit) > before or load.process.poll() is not None, "answers")
        os.kill(processes[-1], signal.SIGUSR2)
        manager.expect("RELOADING=1")
        said = manager.expect("READY=1")
        processes.append(int(re.search(r"^MAINPID=(\d+)$", said, re.MULTILINE)[1]))
        contains(manager.expect("READY=1"), "STATUS=Answering")  # of the new one itself
        unit.visit([unit.address, unit.control.getpeername()])
    for running in (load, by_pipe):
        contains(running.end(0), "600 of 600 answers", " 0 lost")
    os.kill(processes[-1], signal.SIGTERM)
    manager.expect("STOPPING=1")
    counts = served(unit.end(0))
    assert len(set(processes)) == 3 and len(counts) == 3 and sum(counts) == 1200, counts


def test_service_of_windows_upgrades_its_workers():
    pipe = pipe_name()
    with Service("--workers", "2", "--pipe", pipe, "--allow", "Users") as service:
        service.start()
        before = re.search(r"process (\d+)", service.scm("wait", 0, "running")[1])[1]
        load = Running("prefork", "load", "pipe:" + pipe, "--requests", "300")
        os.rename(service.program, service.program + ".old")
        shutil.copy(program("prefork")[-1], service.program)
        order = Running("prefork", "upgrade", "tcp:%s:%d" % service.control.getpeername())
        contains(order.process.communicate(timeout=base.WAIT_S)[0], "stays this process")
        assert order.process.returncode == 0
        service.wait_until_workers({3, 4})
        service.scm("upgrade", 0)  # the same from the service manager
        service.wait_until_workers({5, 6})
        contains(load.end(0), "300 of 300 answers", " 0 lost")
        assert before == re.search(r"process (\d+)", service.scm("wait", 0, "running")[1])[1]
        waiting = [service.ask(b"/wait") for _ in range(2)]
        wait_for(lambda: "302 connections" in service.describe(), "both are in")
        # The second step: the master is new from the next start on, and what came before is answered.
        service.order("stop", "stopped")
        for client in waiting:
            assert b"got: GET /wait" in read_all(client)
        contains(service.log(), "302 connections, 302 answers, 0 handed over again, 0 refused",
                 "is of user ")
        os.remove("ready now")
        service.start()
        assert before != re.search(r"process (\d+)", service.scm("wait", 0, "running")[1])[1]
        assert b"got: GET /new " in read_all(service.ask(b"/new"))
        service.order("stop", "stopped")


if __name__ == "__main__":
    main(globals())
