#!/usr/bin/env python3
"""test_inside.py DIR TEST [RUNNER...]: a loop inside those of epoll, GLib and Windows. See test_examples.py."""
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
import test_examples as base  # noqa: E402
from test_examples import LOCAL, Running, connect, in_background, main, noise, read_all, receive, skip, wait_for

GREETING = b"welcome, from a thread\n"


class Host(Running):
    """Says every 20 ms how often its clock has ticked, and how many turns the guest had."""

    def __init__(self, name):
        program = os.path.join(base.directory, "inside_" + name)
        if not os.path.exists(program) and not os.path.exists(program + ".exe"):
            skip(f"inside_{name} is not built here")
        super().__init__("inside_" + name, "0")
        said = self.process.stdout.readline()
        self.address = LOCAL, int(re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", said)[1])

    def count(self):
        """(ticks, turns), of a tick that is still to come when this is called."""
        return tuple(map(int, re.fullmatch(r"(\d+) ticks, (\d+) turns\n", self.process.stdout.readline()).groups()))

    def is_idle(self):
        """That many ticks later: whether the guest had few turns meanwhile. Under Wine it looks once a
        second, which a host that is kept from ticking takes for a tick."""
        ticks, before = self.count()
        while True:
            now, turns = self.count()
            if now >= ticks + 50:
                return turns - before <= (now - ticks) / 2

    def client(self):
        client = connect(self.address)
        client.settimeout(base.WAIT_S)
        assert receive(client, len(GREETING)) == GREETING  # by its timer, and a thread
        return client

    def watch(self):
        """Nobody else reads what it says any more."""
        return in_background(self.process.stdout.read)


def lives_in(name):
    host = Host(name)
    wait_for(host.is_idle, "the guest rests")
    clients = [host.client() for _ in range(3)]
    data = noise(1_000_000)
    for client in clients:
        got = in_background(receive, client, len(data))
        client.sendall(data)
        assert got() == data
    wait_for(host.is_idle, "the guest rests again")  # what is read first was said meanwhile
    rest = host.watch()
    clients[0].close()
    clients[1].shutdown(socket.SHUT_WR)
    assert read_all(clients[1]) == b""
    clients[2].sendall(b"quit")
    assert read_all(clients[2]) == b""
    assert host.process.wait(base.WAIT_S) == 0 and rest() is not None


def test_inside_epoll():
    lives_in("epoll")


def test_inside_glib():
    lives_in("glib")


def test_inside_messages_of_windows():
    lives_in("win32")


def test_inside_leaves_with_clients_that_wait():
    for name in ("epoll", "glib", "win32"):
        if any(os.path.exists(os.path.join(base.directory, f"inside_{name}{end}")) for end in ("", ".exe")):
            break
    host = Host(name)
    rest = host.watch()
    waiting = [host.client() for _ in range(3)]
    early = connect(host.address)  # whose greeting is still to come
    waiting[0].sendall(b"quit")
    for client in waiting:
        assert read_all(client) == b""
    early.close()
    assert host.process.wait(base.WAIT_S) == 0 and rest() is not None


if __name__ == "__main__":
    main(globals())
