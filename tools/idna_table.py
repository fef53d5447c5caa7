#!/usr/bin/env python3
"""idna_table.py FOLDER: writes src/unix/idna/table.c from the Unicode Character Database in FOLDER
(UnicodeData.txt, DerivedNormalizationProps.txt, extracted/DerivedJoiningType.txt), as Debian's package
unicode-data has it.

What UTS 46 maps a character to follows from the database: its NFKC_Casefold, with the exceptions
below, which are that report's own. Code points below 128 are not in the tables.
"""
import sys
from pathlib import Path

from header import ROOT

TABLE = ROOT / "src" / "unix" / "idna" / "table.c"

DEVIATIONS = {0xDF, 0x3C2, 0x200C, 0x200D}  # stay as they are: the non-transitional way
DOTS = {0x3002, 0xFF0E, 0xFF61}
# Of what NFKC_Casefold leaves out, UTS 46 does so with these alone. The others may not be in a name.
IGNORED = [(0xAD, 0xAD), (0x34F, 0x34F), (0x180B, 0x180D), (0x180F, 0x180F), (0x200B, 0x200B),
           (0x2060, 0x2060), (0x2064, 0x2064), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
           (0x1BCA0, 0x1BCA3), (0xE0100, 0xE01EF)]
# Stable under NFKC_Casefold, and not allowed all the same: characters that describe others, and such
# as stand for what cannot be shown.
EXCLUDED = {*range(0x2FF0, 0x3000), 0x31EF, 0xFFFC, 0xFFFD, 0xFFF9, 0xFFFA, 0xFFFB, 0x1806}
HANGUL = range(0xAC00, 0xD7A4)
# As enum uv__idna_direction and enum uv__idna_joining number them.
DIRECTIONS = {"R": 0, "AL": 0, "AN": 1, "EN": 2, "NSM": 3, "ES": 4, "CS": 4, "ET": 4, "ON": 4, "BN": 4,
              "L": 5}
LTR, MARK = DIRECTIONS["L"], DIRECTIONS["NSM"]
JOININGS = {"D": 0, "R": 1, "L": 2, "T": 3}
TRANSPARENT, NOT = JOININGS["T"], 4


def read(folder):
    """The database: general categories, combining classes, pairs that compose, NFKC_Casefold, directions,
    joining types."""
    kinds, classes, pairs, folded, excluded, directions, joinings = {}, {}, {}, {}, set(), {}, {}
    first = None
    for line in (folder / "UnicodeData.txt").read_text().splitlines():
        fields = line.split(";")
        code = int(fields[0], 16)
        if fields[1].endswith(", First>"):
            first = code
            continue
        for each in range(first if fields[1].endswith(", Last>") else code, code + 1):
            kinds[each] = fields[2]
            directions[each] = DIRECTIONS.get(fields[4], LTR)
        if fields[3] != "0":
            classes[code] = int(fields[3])
        parts = fields[5].split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            pairs[code] = tuple(int(part, 16) for part in parts)
    version = ""
    for line in (folder / "DerivedNormalizationProps.txt").read_text().splitlines():
        version = version or line.removeprefix("# DerivedNormalizationProps-").removesuffix(".txt")
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) < 2:
            continue
        ends = [int(end, 16) for end in fields[0].split("..")]
        for each in range(ends[0], ends[-1] + 1):
            if fields[1] == "NFKC_CF":
                folded[each] = tuple(int(part, 16) for part in fields[2].split())
            elif fields[1] == "Full_Composition_Exclusion":
                excluded.add(each)
    pairs = {code: pair for code, pair in pairs.items() if code not in excluded}
    for line in (folder / "extracted" / "DerivedJoiningType.txt").read_text().splitlines():
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) == 2:
            ends = [int(end, 16) for end in fields[0].split("..")]
            joinings |= {each: JOININGS.get(fields[1], NOT) for each in range(ends[0], ends[-1] + 1)}
    return version, kinds, classes, pairs, folded, directions, joinings


def mapping(kinds, folded):
    """What each code point becomes; those that are not allowed are in neither table."""
    found = {code: () for first, last in IGNORED for code in range(first, last + 1)}
    for code, target in folded.items():
        # What would bring a dot along, and is none of DOTS, is not allowed.
        if code >= 128 and code not in DEVIATIONS and target and code in kinds and ord(".") not in target:
            found[code] = target
    found |= {code: (ord("."),) for code in DOTS}
    found[0x1E9E] = (0xDF,)
    return found


def allowed(kinds, mapped, folded):
    """The code points that may stand in a mapped name, and whether each is a combining mark."""
    return {code: kind[0] == "M" for code, kind in kinds.items()
            if code >= 128 and (code in DEVIATIONS or kind[0] in "LMNPS" and code not in mapped
                                and code not in folded and code not in EXCLUDED)}


# ---- Bytes ----------------------------------------------------------------------------------------


def number(value):
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    out = []
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return out + [value]


def signed(value):
    return number(value << 1 if value >= 0 else (-value << 1) - 1)


def ranges(values):
    """(first, last, value) of neighbours with the same value."""
    found = []
    for code in sorted(values):
        if found and found[-1][1] == code - 1 and found[-1][2] == values[code]:
            found[-1][1] = code
        else:
            found.append([code, code, values[code]])
    return found


def allowed_bytes(values):
    out, at = [], 128
    for first, last, mark in ranges(values):
        out += number(first - at) + number((last - first) << 1 | mark)
        at = last + 1
    return out


def class_bytes(classes):
    out, at = [], 128
    for first, last, value in ranges(classes):
        out += number(first - at) + number(last - first) + [value]
        at = last + 1
    return out


def value_bytes(values):
    """Runs of characters with a value below 8, as lookup.c finds them."""
    out, at = [], 128
    for first, last, value in values:
        out += number(first - at) + number((last - first) << 3 | value)
        at = last + 1
    return out


def direction_bytes(directions, valid):
    """What is not LTR. Between two of one direction may be what is in no name."""
    found = []
    for code in sorted(valid):
        if found and found[-1][2] == directions[code]:
            found[-1][1] = code
        else:
            found.append([code, code, directions[code]])
    return value_bytes([run for run in found if run[2] != LTR])


def joining_bytes(joinings, directions, valid):
    """What does not follow from the directions: marks are transparent, and all else joins nothing."""
    found = {}
    for code in valid:
        usual = TRANSPARENT if directions[code] == MARK else NOT
        if joinings.get(code, NOT) != usual:
            found[code] = joinings.get(code, NOT)
    return value_bytes(ranges(found))


def run(mapped, codes, at, step):
    """The last place from `at` on of a run that goes on in steps of `step`, here and there."""
    while at + 1 < len(codes):
        code, after = codes[at], codes[at + 1]
        here, there = mapped[code], mapped[after]
        if after != code + step or len(there) != 1 or there[0] != here[0] + step:
            break
        at += 1
    return at


def mapping_bytes(mapped):
    """A number, whose two lowest bits are the kind: 0 and 1: a run of single targets, in steps of 1 or 2;
    2: so many characters, for one; 3: a run of characters that are left out. Its third bit: a gap to
    the one before follows. Then the targets, each by its distance to that before it."""
    codes = sorted(mapped)
    out, behind, at, before = [], 128, 0, 0
    while at < len(codes):
        code, last = codes[at], at
        target = mapped[code]
        if len(target) == 1:
            last, kind = max((run(mapped, codes, at, step), step - 1) for step in (1, 2))
            kind, count = kind if last > at else 0, last - at
        elif target:
            kind, count = 2, len(target)
        else:
            while codes[last] + 1 in mapped and mapped[codes[last] + 1] == ():
                last += 1
            kind, count = 3, last - at
        gap = code - behind
        out += number(count << 3 | (gap > 0) << 2 | kind)
        if gap > 0:
            out += number(gap)
        for part in target:
            out += signed(part - before)
            before = part
        if kind == 2:
            before = target[0]
        elif kind < 2:
            before += codes[last] - code
        behind = codes[last] + 1
        at = last + 1
    return out


def pair_bytes(pairs, allowed_codes, seconds):
    """Pairs of mapped names only: gap to the composition before, distance to its first, place of its
    second among all seconds."""
    out, behind = [], 128
    for code in sorted(pairs):
        first, second = pairs[code]
        if code not in allowed_codes or code in HANGUL:
            continue
        out += number(code - behind) + signed(code - first) + [seconds.index(second)]
        behind = code + 1
    return out


def array(name, values, kind="unsigned char", width=20):
    rows = [", ".join(str(value) for value in values[at:at + width]) for at in range(0, len(values), width)]
    size = f"const size_t uv__idna_{name}_size = sizeof(uv__idna_{name});\n" if kind != "uint32_t" else ""
    return f"const {kind} uv__idna_{name}[] = {{\n    " + ",\n    ".join(rows) + "};\n" + size


def main():
    version, kinds, classes, pairs, folded, directions, joinings = read(Path(sys.argv[1]))
    mapped = mapping(kinds, folded)
    valid = allowed(kinds, mapped, folded)
    used = {code: pair for code, pair in pairs.items() if code in valid}
    seconds = sorted({pair[1] for pair in used.values()})
    tables = [("mapped", mapping_bytes(mapped)), ("allowed", allowed_bytes(valid)),
              ("classes", class_bytes({code: value for code, value in classes.items() if code in valid})),
              ("pairs", pair_bytes(used, valid, seconds)),
              ("directions", direction_bytes(directions, valid)),
              ("joinings", joining_bytes(joinings, directions, valid))]
    size = sum(len(values) for _, values in tables) + 4 * len(seconds)
    TABLE.write_text(
        f"/* Written by tools/idna_table.py from the database of Unicode {version}: {size} bytes, which is why\n"
        " * there are so many lines. What the bytes mean is said there, and read in idna.c and lookup.c. */\n"
        '#include "unix/idna/idna.h"\n\n/* clang-format off */\n'
        + "\n".join(array(name, values) for name, values in tables)
        + "\n" + array("seconds", seconds, "uint32_t", 16) + "/* clang-format on */\n")
    print(", ".join(f"{name} {len(values)}" for name, values in tables), "in all", size)
    return mapped, valid


if __name__ == "__main__":
    main()
