#!/usr/bin/env python3
"""circles.py BUILD-FOLDER...: no source file of a built library reaches itself through others.

Asks the object files of each build who names whose functions and data, whatever the headers say.
For each circle it prints the files in it, and what to take out to break it: who names what of whom.
It also holds calls against the floors of tools/floors.py. The port's up-call, uv__ring, is inline
and therefore no name in an object.
"""
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from floors import PORT_ROOM, RANK, circles, room_of, why_not
from header import ROOT

TARGET = "uvstream"  # the static library, which each build has

# What compilers add beside a name: .refptr.NAME for Windows, __odr_asan.NAME with AddressSanitizer.
OF_COMPILERS = (".refptr.", "__odr_asan.", "DW.ref.")


def cached(build, variable):
    """What CMake found, and wrote into the cache of a build folder."""
    text = (build / "CMakeCache.txt").read_text()
    match = re.search(rf"^{variable}:\w+=(.*)$", text, flags=re.MULTILINE)
    return match[1] if match else ""


def objects(build, root=ROOT):
    """{source, from the root of the sources on: its object file} of the library of a build folder."""
    src = root.resolve() / "src"
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        output = re.search(rf"\s-o (CMakeFiles/{TARGET}\.dir/\S+)", entry["command"])
        source = Path(entry["file"]).resolve()
        if output and source.is_relative_to(src):
            found[str(source.relative_to(src))] = build / output[1]
    return found


def symbols(nm, by_source):
    """(names that each source defines, names that it uses) for other objects."""
    source_of = {str(path): source for source, path in by_source.items()}
    done = subprocess.run([nm, "-A", "-P", "-g", *source_of], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"circles: {nm}: {done.stderr.strip()}")
    defined, used = defaultdict(set), defaultdict(set)
    for line in done.stdout.splitlines():
        path, _, rest = line.partition(": ")
        name, kind = rest.split()[:2]
        if not name.startswith(OF_COMPILERS):
            (used if kind in "Uvw" else defined)[source_of[path]].add(name)
    return defined, used


def names_between(defined, used):
    """{source: {other source: the names of the other that it uses}}"""
    owners = defaultdict(set)
    for source, names in defined.items():
        for name in names:
            owners[name].add(source)
    graph = {source: defaultdict(set) for source in defined.keys() | used.keys()}
    for source, names in used.items():
        for name in names - defined[source]:
            for owner in owners[name]:
                graph[source][owner].add(name)
    return graph


def shortest_way_back(graph, members, source):
    """The shortest circle through `source` among `members`, as a list of pairs."""
    before, border = {source: None}, [source]
    while border:
        following = []
        for node in border:
            for other in sorted(graph[node].keys() & members):
                if other == source:
                    way = [(node, other)]
                    while before[node] is not None:
                        way.append((before[node], node))
                        node = before[node]
                    return way
                if other not in before:
                    before[other] = node
                    following.append(other)
        border = following
    return []


def climb(pair):
    """How many floors a name leads up. What the core calls of a backend is the port, and never to blame."""
    lower, upper = (room_of(name) for name in pair)
    if lower.startswith("core") != upper.startswith("core"):
        return -len(RANK) if lower.startswith("core") else 0 if upper == PORT_ROOM else len(RANK)
    return RANK.get(upper, 0) - RANK.get(lower, 0)


def closing(graph, members):
    """Pairs of files without which the members are in no circle: of each circle the pair that leads
    up the most floors, or else by the fewest names."""
    left = {node: {other: names for other, names in graph[node].items() if other in members}
            for node in members}
    taken = []
    while groups := circles(left):
        way = min((shortest_way_back(left, set(group), node) for group in groups[:1]
                   for node in group), key=len)
        lower, upper = min(way, key=lambda pair: (-climb(pair), len(left[pair[0]][pair[1]]), pair))
        taken.append((lower, upper))
        del left[lower][upper]
    return taken


def look(build, root=ROOT):
    """(number of object files, circles, problems as lines) of a build folder."""
    by_source = objects(build, root)
    missing = [source for source, path in by_source.items() if not path.exists()]
    if missing or not by_source:
        sys.exit(f"circles: {build}: not built: {' '.join(missing) or TARGET}")
    graph = names_between(*symbols(cached(build, "CMAKE_NM") or "nm", by_source))
    lines = []
    for source in sorted(graph):
        for other, names in sorted(graph[source].items()):
            # The core calls a backend by the port's names, on whatever floor they are.
            to_the_port = source.startswith("core/") and not other.startswith("core/")
            wrong = None if to_the_port else why_not(source, other)
            if wrong:
                lines.append(f"{source} names {' '.join(sorted(names))} of {other}: {wrong}")
    groups = circles(graph)
    for group in groups:
        lines.append(f"circle of {len(group)} files: {' '.join(group)}")
        lines += [f"    {lower} -> {upper}: {' '.join(sorted(graph[lower][upper]))}"
                  for lower, upper in closing(graph, set(group))]
    return len(by_source), len(groups), lines


def main(builds):
    failed = False
    for build in builds:
        count, number, lines = look(build)
        print("\n".join([*lines, f"{build}: {count} files, {number} circles"]))
        failed = failed or bool(lines)
    return 1 if failed or not builds else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
