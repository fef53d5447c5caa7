#!/usr/bin/env python3
"""plan.py [all|native|wine|nt|portable|trixie|PRESET]: what `./dev test` is about to do, how long that
takes, and what it fetches. The times are those of tools/stages.txt.
"""
import sys
import textwrap
from collections import defaultdict

from header import ROOT

# Lanes of each verb: those in one tuple run one after the other, the tuples side by side.
LANES = {
    "all": [("check",), ("native", "nt", "beside"), ("windows", "model", "32-bit", "after")],
    "native": [("check",), ("native", "nt", "model"), ("beside", "after")],
    "wine": [("windows", "32-bit")],
    "nt": [("nt", "model")],
    "portable": [("portable",)],
    "trixie": [("trixie",)],
}

PACKAGES = "packages of Debian that are missing, once (apt says how much)"
FETCHED = {
    "all": [PACKAGES, "35 MB: libuv as three releases of Debian have it, once"],
    "native": [PACKAGES, "35 MB: libuv as three releases of Debian have it, once"],
    "trixie": [PACKAGES, "800 MB: a Debian trixie, and Node, Bun and Deno for Windows"],
}


def read_times():
    lanes = defaultdict(dict)
    for line in (ROOT / "tools" / "stages.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            lane, stage, seconds = line.split()
            lanes[lane][stage] = int(seconds)
    return lanes


def clock(seconds):
    return f"{seconds // 60}:{seconds % 60:02}"


def main(verb):
    lanes = read_times()
    everything = {stage: seconds for lane in lanes.values() for stage, seconds in lane.items()}
    if verb in LANES:
        longest = max(sum(sum(lanes[name].values()) for name in side) for side in LANES[verb])
        print(f"test {verb}: about {round(longest / 60) or 1} minutes on two cores (minutes:seconds)")
        for name in (name for side in LANES[verb] for name in side):
            stages = ", ".join(f"{stage} {clock(took)}" for stage, took in lanes[name].items())
            print(textwrap.fill(stages, 98, initial_indent=f"  {name:<9}", subsequent_indent=" " * 11))
    elif verb in everything:
        print(f"test {verb}: about {clock(everything[verb])} (minutes:seconds)")
    for what in FETCHED.get(verb, [PACKAGES]):
        print(f"  fetches  {what}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
