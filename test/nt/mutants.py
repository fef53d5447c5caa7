#!/usr/bin/env python3
"""Plants faults in src/win, one at a time, and has the suites over the model of NT find them.

A mutant is a file of src/win, a text that occurs in it exactly once, and what stands there instead.
Its object is linked in front of the library's, out of the build folder of the preset nt-asan, and the
suites are run until one notices. The script fails when a mutant survives that is not among those
which are known to, and when a text is no longer found: then the library has changed and the mutant
must follow.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "nt-asan"
WIN = ROOT / "src" / "win"
SUITES = ["fault_nt", "sim_nt", "port_nt", "api_nt"]
SEEDS = 500  # of sim_nt
TOO_LONG = 300  # seconds for a test

MUTANTS = [
    # name, file, old, new
    ("the packet of an accept is not counted", "tcp/accept.c",
     "  pool->posted--;\n  slot->error = 0;\n", "  slot->error = 0;\n"),
    ("an accepted socket is not told of its listener", "tcp/accept.c",
     "  if (r == 0 &&\n      uv__sock_calls.set_option(", "  if (0 &&\n      uv__sock_calls.set_option("),
    ("connections are given in the order of their packets", "tcp/accept.c",
     "  if (slot == NULL || uv__tcp_pool_is_overtaking(pool, slot))", "  if (slot == NULL)"),
    ("a connected socket is not told of its peer", "tcp/connect.c",
     "  if (uv__sock_calls.set_option(io->tail.u.socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL,\n"
     "                                0) != 0)",
     "  if (0)"),
    ("a close does not wait for the packets", "tcp/end.c",
     "  assert(io->tail.state & UV__WIN_CLOSING);\n  if (in_kernel(io))\n    return;\n",
     "  assert(io->tail.state & UV__WIN_CLOSING);\n"),
    ("a close cancels what others have pending, too", "tcp/end.c",
     "    CancelIoEx(handle, &io->tail.in.overlapped);", "    CancelIoEx(handle, NULL);"),
    ("a close says no goodbye", "tcp/end.c", "  part(io);\n", "  (void) part;\n"),
    ("the sockets of a pool are not closed", "tcp/pool.c",
     "    drop_socket(&pool->slots[i]);\n", "    (void) drop_socket;\n"),
    ("somebody else's cancellation ends a connection", "tcp/stream.c",
     "    if (r < 0 && r != UV_ECANCELED)\n", "    if (r < 0)\n"),
    ("a send that waited says half of its count", "tcp/stream.c",
     "    io->tail.sent = (int) lost(uv__sock_result(io->tail.u.socket, op));",
     "    io->tail.sent = (int) lost(uv__sock_result(io->tail.u.socket, op)) / 2;"),
    ("a send that lacks memory would block", "tcp/stream.c",
     "  return r == UV_EAGAIN ? UV_ENOBUFS : lost(r);", "  return lost(r);"),
    ("a try overtakes the send in flight", "tcp/stream.c",
     "  if (io->tail.state & UV__WIN_OUT)\n    return UV_EAGAIN; /* A try: behind the bytes in flight. */\n",
     ""),
    ("the wake-up that came is still noted", "loop/loop.c",
     "      InterlockedExchange(&loop->tail.wake, WAKE_NONE);\n", ""),
    ("a wake-up without memory is lost", "loop/loop.c",
     "    InterlockedExchange(wake, WAKE_MISSED);\n", "    (void) 0;\n"),
    ("what was stranded is left where it is", "loop/loop.c",
     "  complete_stranded(loop);\n}", "  (void) complete_stranded;\n}"),
    ("an operation of somebody else's port may post a packet there", "loop/foreign.c",
     "(HANDLE) ((ULONG_PTR) foreign->event | 1)", "foreign->event"),
    ("the pool still waits for an event that is closed", "loop/foreign.c",
     "  UnregisterWaitEx(foreign->wait, INVALID_HANDLE_VALUE);\n", ""),
    ("the last retry is taken out, and its place kept", "loop/retry.c",
     "    loop->tail.retry_last = retry->at;\n  retry->at = NULL;", "    (void) 0;\n  retry->at = NULL;"),
    ("what went before the part that waited is not counted", "pipe/end.c",
     "    io->tail.sent += (int) bytes;", "    io->tail.sent = (int) bytes;"),
    ("a close cancels the wrong operation", "pipe/end.c",
     "    CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);",
     "    CancelIoEx(io->tail.u.handle, &io->tail.out.overlapped);"),
    ("a write of nobody's posts a packet", "pipe/spare.c",
     "(HANDLE) ((ULONG_PTR) spare->event | 1)", "spare->event"),
    ("a try uses the block that is under way", "pipe/spare.c",
     "  if (under_way(spare) || spare->at < spare->size)\n    return UV_EAGAIN;\n", ""),
    ("a greeting is taken for bytes of the peer's", "pipe/read.c",
     "  if (size == sizeof(first) && left == 0 && memcmp(first, uv__pipe_greeting, size) == 0) {",
     "  if (0 && left == 0 && memcmp(first, uv__pipe_greeting, size) == 0) {"),
    ("an end that nobody announced is taken for one", "pipe/read.c",
     "  if (!(io->tail.state & UV__WIN_MESSAGES) || !(io->tail.state & UV__WIN_ALLY))\n",
     "  if (!(io->tail.state & UV__WIN_MESSAGES))\n"),
    ("no instance waits for the second client", "pipe/accept.c",
     "&& result < 0 ? result : post(", "&& result < 0 || server->posted > 0 ? UV_ENOBUFS : post("),
    ("an instance that could not wait is left alone", "pipe/accept.c",
     "  if (has_idle_instance(server) && server->retry.at == NULL) {\n", "  if (0) {\n"),
    ("what is typed back is typed through VT input", "tty/typed.c",
     "  int has_vt = GetConsoleMode(", "  int has_vt = 0 && GetConsoleMode("),
    ("a key that could not be taken is handed out twice", "tty/typed.c",
     "  for (tries = 0; tries < TRIES && count > 0; tries++)\n", "  for (tries = 0; tries < 1 && count > 0; tries++)\n"),
    ("a helper's packet is not noted", "loop/helper.c",
     "  helper->packet = 1;\n  uv__loop_post(", "  uv__loop_post("),
    ("a helper is not joined", "loop/helper.c",
     "  if (helper->thread != NULL && !helper->alone)\n    WaitForSingleObject(helper->thread, INFINITE);\n",
     ""),
    ("a greeting that finds no memory is lost", "pipe/spare.c",
     "  if (uv__native_is_short(error))\n    return ERROR_MORE_DATA;\n", ""),
    ("a greeting that cannot be read is none", "pipe/read.c",
     "    if (uv__native_is_short(error))\n      return UV_ENOMEM;\n", ""),
    ("an end that finds no memory is not said", "pipe/end.c",
     "  if (r == UV_ENOMEM || error == ERROR_MORE_DATA || uv__native_is_short(error)) {", "  if (0) {"),
    ("an instance that cannot wait is given up", "pipe/accept.c",
     "  default: /* It is kept: see above. */\n",
     "  default:\n    uv__pipe_server_drop(&slot->handle);\n"),
    ("the number of instances is written over a count", "pipe/pipe.c",
     "    if (io->tail.u.handle == INVALID_HANDLE_VALUE) /* For the coming listen. */\n", ""),
    ("a pipe that cannot be asked is one of bytes", "pipe/client.c",
     "  if (!GetNamedPipeInfo(handle, &flags, &out, &in, NULL))\n"
     "    return uv__native_is_short(GetLastError()) ? UV_ENOMEM : 0;\n",
     "  if (!GetNamedPipeInfo(handle, &flags, &out, &in, NULL))\n    return 0;\n"),
    ("what another machine opened too late stays open", "pipe/remote.c",
     "  if (remote->is_open)\n    CloseHandle(remote->client.handle);\n  uv__free(remote);",
     "  uv__free(remote);"),
    ("the loop opens a pipe of another machine itself", "pipe/connect.c",
     "  if (wide->remote)\n    return uv__pipe_remote_start(io, wide, kind);\n", ""),
    ("what was given with a frame that will not go stays given", "ipc/out.c",
     "    uv__ipc_pass_revoke(&ipc->peer, ipc->given);\n", "    (void) 0;\n"),
    ("what came and nobody read of stays open", "ipc/ipc.c",
     "    uv__ipc_in_drain(io);\n", ""),
    ("a handle that there is no room for is forgotten", "ipc/in.c",
     "  if (r != UV_ENOBUFS)\n    ipc->untaken = 0;\n", "  ipc->untaken = 0;\n"),
    ("a shortage cuts a frame off", "ipc/out.c",
     "    if (n == 0 || n == UV_ENOMEM) {", "    if (n == 0) {"),
    ("a peer that there is no memory to ask for is this process", "ipc/pass.c",
     "  if (uv__native_is_short(error))\n    return UV_ENOMEM;\n  /* Now,", "  /* Now,"),
    ("a read that ends says that it goes on", "tcp/stream.c",
     "  return r == UV_EAGAIN || r == UV_ENOBUFS ? UV_ENOMEM : (int) lost(r);",
     "  return (int) lost(r);"),
    ("what a frame's part wrote is not counted", "ipc/out.c",
     "  ipc->done += bytes;\n  if", "  if"),
    ("a handle is given twice", "ipc/in.c",
     "    passed->descs[passed->count++] = ipc->held;\n  ipc->held.kind = UV__DESC_NONE;\n  return n;",
     "    passed->descs[passed->count++] = ipc->held;\n  return n;"),
    ("a child's end is told without its code", "process/process.c",
     "  (void) GetExitCodeProcess(child->process, &child->exit_code);\n", ""),
    ("a child has handles that nobody gave it", "process/create.c",
     "stdio->inherited, stdio->inherited_count * sizeof(HANDLE), NULL,",
     "stdio->inherited, 0 * stdio->inherited_count + sizeof(HANDLE), NULL,"),
    ("a child outlives its parent", "process/process.c",
     "    (void) AssignProcessToJobObject(job, process);\n", "    (void) process;\n"),
    ("the environment of a child is in any order", "process/block.c",
     "    qsort(entries, count, sizeof(*entries), compare_entries);\n",
     "    (void) compare_entries;\n"),
    ("a line that was begun is lost by a stop", "tty/line.c",
     "      begin = uv__typed_prepend(line->units, line->count);\n", ""),
    ("keys come before those that were typed before them", "tty/typed.c",
     "    end = reorder(handle, begin, end);\n", "    (void) reorder;\n"),
    ("a mode that was found is not put back", "tty/console.c",
     "  if (is_last)\n    (void) put_bits(", "  if (0)\n    (void) put_bits("),
]

# Those that no suite sees yet, and why.
SURVIVE = {}


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, errors="replace", **options)


def command_of(source):
    """How the preset compiles that file: arguments without the input and the output."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if pathlib.Path(entry["directory"], entry["file"]).resolve() == source:
            words = shlex.split(entry["command"])
            at = words.index("-o")
            words = words[:at] + words[at + 2:]
            words.remove("-c")
            return [word for word in words if word != entry["file"] and "ccache" not in word]
    sys.exit(f"{source} is not in {BUILD}: cmake --preset nt-asan")


def link_of(suite, extra, target):
    """How it links that program, and what its children run (nt_add_program in CMakeLists.txt), with one
    object more, in front of the library."""
    lines = run(["ninja", "-C", str(BUILD), "-t", "commands", f"bin/uvtest_{suite}"]).stdout
    commands = []
    for command in lines.strip().splitlines()[-1].split(" && "):
        words = [word for word in shlex.split(command) if "ccache" not in word]
        if "-o" not in words:
            continue
        words[words.index("-o") + 1] = f"{target}.so" if "-shared" in words else str(target)
        at = next(i for i, word in enumerate(words) if word.endswith("libuvstream_nt.a"))
        commands.append(words[:at] + [str(extra)] + words[at:])
    return commands


def what_went_wrong(output):
    for line in output.splitlines():
        if any(sign in line for sign in ("nt: seed", "failed: ", "ERROR: ", "runtime error: ",
                                         "Assertion", "seed ")):
            return line.strip()[:110]
    return "no word"


def tests_of(suite, program):
    """What to run of a suite, and how."""
    if suite == "sim_nt":
        return [["--runs", str(SEEDS)]]
    left_out = {name.removeprefix(f"{suite}.") for name in disabled()}
    return [[name] for name in run([str(program), "--list"]).stdout.split() if name not in left_out]


def disabled():
    """Tests that CTest does not run either."""
    if not hasattr(disabled, "names"):
        listed = run(["ctest", "--test-dir", str(BUILD), "-N"]).stdout
        disabled.names = [line.split(": ")[1].split(" (")[0] for line in listed.splitlines()
                          if "(Disabled)" in line]
    return disabled.names


def first_failure(folder, number, mutant_object, among):
    """Among: of which suites, and of these of the tests whose names contain what text."""
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    for suite in among[0]:
        program = folder / str(number) / f"uvtest_{suite}"
        program.parent.mkdir(exist_ok=True)
        for command in link_of(suite, mutant_object, program):
            linked = run(command, cwd=BUILD)
            if linked.returncode != 0:
                sys.exit(f"{suite} does not link:\n{linked.stdout}")
        for test in tests_of(suite, program):
            if among[1] not in test[0]:
                continue
            try:
                result = run([str(program), *test], env=environment, timeout=TOO_LONG)
            except subprocess.TimeoutExpired:
                return f"{suite} {test[0]}: no end"
            if result.returncode not in (0, 77):
                return f"{suite} {' '.join(test)}: {what_went_wrong(result.stdout)}"
        program.unlink()
    return None


def judge(folder, number, mutant, among):
    name, file, old, new = mutant
    source = WIN / file
    text = source.read_text(encoding="utf-8")
    if text.count(old) != 1:
        return False, f"STALE     {name}: its text is {text.count(old)} times in {file}"
    mutated = folder / f"mutant-{number}.c"
    mutated.write_text(text.replace(old, new), encoding="utf-8")
    target = mutated.with_suffix(".o")
    built = run([*command_of(source), "-w", "-c", str(mutated), "-o", str(target)], cwd=BUILD)
    if built.returncode != 0:
        sys.exit(f"{name} does not compile:\n{built.stdout}")
    found = first_failure(folder, number, target, among)
    if found is not None and name in SURVIVE:
        return False, f"CAUGHT    {name}: strike it out of those that survive\n            {found}"
    if found is None and name not in SURVIVE:
        return False, f"SURVIVED  {name}"
    if found is None:
        return True, f"survives  {name}: {SURVIVE[name]}"
    return True, f"caught    {name}\n            {found}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--from", type=int, default=0, dest="first", help="leave out those before")
    parser.add_argument("--suites", nargs="*", default=SUITES, help="ask these only")
    parser.add_argument("--tests", default="", help="ask tests only whose names contain this")
    arguments = parser.parse_args()
    among = arguments.suites, arguments.tests

    good = True
    with tempfile.TemporaryDirectory(prefix="uvstream-nt-mutants-") as name:
        folder = pathlib.Path(name)
        chosen = [(i, m) for i, m in enumerate(MUTANTS)
                  if arguments.only in m[0] and i >= arguments.first]
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            waiting = [pool.submit(judge, folder, i, mutant, among) for i, mutant in chosen]
            for future in concurrent.futures.as_completed(waiting):
                as_expected, report = future.result()
                print(report, flush=True)
                good = good and as_expected
    print(f"{len(chosen)} faults in src/win: {'as expected' if good else 'NOT as expected'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
