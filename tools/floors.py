"""The house: which room of src stands on which floor, and which room may know which.

A room is a folder. It may know the rooms of its own tree that are on a lower floor, and nothing
else: by #include, which is checked here, and by calls and data, for which tools/circles.py asks
the object files. Between the trees there is the port alone: a backend knows core/port.h and
core/base, the core knows no header of a backend, and calls what core/port.h declares.
"""
import re
from pathlib import Path

from header import ROOT

# The floors of each tree, from the ground up. Rooms of one line may not know each other.
FLOORS = {
    "core": [
        ["core/base"],
        ["core/loop"],
        ["core/handle"],
        ["core/stream"],
        ["core/kind"],
        ["core/dial", "core/move", "core/who", "core/beyond"],
        ["core/run"],
    ],
    "win": [
        ["win/base"],
        ["win/handle", "win/text"],
        ["win/loop"],
        ["win/npfs"],
        ["win/plain"],
        ["win/tcp", "win/pipe", "win/tty"],
        ["win/ipc", "win/local", "win/pty", "win/process", "win/system", "win/host"],
        ["win"],
    ],
    "unix": [
        ["unix/base", "unix/idna"],
        ["unix/loop"],
        ["unix/fd"],
        ["unix/tcp", "unix/pipe", "unix/tty", "unix/pty", "unix/system", "unix/host"],
        ["unix/process"],
        ["unix"],
    ],
}

# A file that belongs to another room than its folder: the port rests on the lists of core/base, and
# what is below the loop rests on the port.
ROOM_OF_FILE = {"core/port.h": "core/base"}

# What a backend may know of the core.
PORT_ROOM = "core/base"

# What knows of the API beyond libuv's.
BEYOND = {"core/dial", "core/move", "core/who", "core/beyond", "core/stream", "unix/pipe", "win/local",
          "win/npfs"}

RANK = {room: rank for floors in FLOORS.values() for rank, rooms in enumerate(floors)
        for room in rooms}

C_HEADERS = set(
    "assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h "
    "setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h "
    "stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h".split()
)

# A header of the compiler, not of the system: core file -> header.
COMPILER_HEADERS = {("core/base/atomic.h", "intrin.h")}


def files(root, *suffixes):
    """The names of the sources from the root of the sources on: "core/base/heap.h"."""
    src = root / "src"
    return sorted(str(path.relative_to(src)) for path in src.rglob("*") if path.suffix in suffixes)


def tree_of(name):
    return name.partition("/")[0]


def room_of(name):
    """The room of a file of src."""
    return ROOM_OF_FILE.get(name) or name.rpartition("/")[0]


def why_not(name, other):
    """Why the file `name` may not know the file `other`; None if it may, by include or by call."""
    room, below = room_of(name), room_of(other)
    if room == below:
        return None
    for unknown in (room, below):
        if unknown not in RANK:
            return f"give room {unknown} a floor in tools/floors.py"
    if tree_of(room) == tree_of(below):
        allowed = RANK[below] < RANK[room]
    else:
        allowed = below == PORT_ROOM
    return None if allowed else f"room {room} may not know {below}"


def includes(path):
    """(line, name, whether it is in quotes) of every #include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            yield number, match.group(1) or match.group(2), match.group(1) is not None


def circles(graph):
    """The groups of nodes of {node: nodes that it names} that reach each other, larger than one."""
    order, low, stack, found = {}, {}, [], []

    def visit(root):
        work = [(root, iter(sorted(graph[root])))]
        order[root] = low[root] = len(order)
        stack.append(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    work.append((other, iter(sorted(graph.get(other, ())))))
                    break
                if other in stack:
                    low[node] = min(low[node], order[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    at = stack.index(node)
                    if len(stack) - at > 1:
                        found.append(sorted(stack[at:]))
                    del stack[at:]

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


# ---- The includes -----------------------------------------------------------------------------


def wrong_include(root, name, header, quoted):
    """What is wrong with one #include of the file `name`; None if nothing is."""
    tree = tree_of(name)
    if ".." in header.split("/"):
        return f"includes {header}: a path is written from the root of the sources, without .."
    if (root / "src" / header).is_file():
        return why_not(name, header) if quoted else f"includes <{header}>, which is ours, without quotes"
    if header == "uv.h" or (header == "uvstream.h" and room_of(name) in BEYOND):
        return None
    if tree == "core":
        known = header in C_HEADERS or (name, header) in COMPILER_HEADERS
        return None if known and not quoted else f"room {room_of(name)} may not know {header}"
    return f"includes {header}: there is no src/{header}" if quoted else None


def include_problems(root=ROOT):
    """Includes that the floors do not allow, and circles of headers within a room."""
    problems = [f"tools/floors.py: there is no room {room}" for room in RANK
                if root == ROOT and not (root / "src" / room).is_dir()]
    graph = {}
    for name in files(root, ".c", ".h"):
        if room_of(name) not in RANK:
            problems.append(f"src/{name}: give room {room_of(name)} a floor in tools/floors.py")
        graph[name] = set()
        for line, header, quoted in includes(root / "src" / name):
            graph[name].add(header)
            wrong = wrong_include(root, name, header, quoted)
            if wrong:
                problems.append(f"src/{name}:{line}: {wrong}")
    graph = {name: named & graph.keys() for name, named in graph.items()}
    problems += ["headers include each other: " + " ".join(group) for group in circles(graph)]
    return problems
