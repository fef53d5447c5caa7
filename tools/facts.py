#!/usr/bin/env python3
"""The table of facts in docs/WINDOWS.md, made of what the probes of test/facts said.

  facts.py                     writes the table anew
  facts.py record NAME FILE    keeps what `uvtest_facts` printed (FILE, or - ) as what the system NAME does,
                               in test/facts/NAME.txt, and writes the table: wine8, wine10 or windows

The facts and their sources are those of the tables in test/facts/*.c. What a system does otherwise is
listed in its file, a name in a line, with what was seen behind it; lines that begin with "holds:" name the
facts that hold. A system without a file was not run, and a fact that its file does not name was not asked
there. The model has none: uvtest_facts_nt --all-hold is a test. "None" stands for what it has not: the manager
of services, for which src/win never asks. That Wine 8 does what its file says is
facts.table, in every run of the tests; Wine 10 is asked by `./dev test trixie`, and Windows by the jobs
that run on it, which keep the output: docs/WINDOWS.md says how it comes here.
"""
import re
import sys
import textwrap

from header import ROOT

FACTS = ROOT / "test/facts"
PAGE = ROOT / "docs/WINDOWS.md"
SYSTEMS = (("wine8", "Wine 8"), ("wine10", "Wine 10"), ("windows", "Windows"))
NOT_MODELLED = ("service",)
BEGIN = "<!-- tools/facts.py writes what follows -->\n"
END = "<!-- to here -->\n"
HOLDS = "holds"
NOT_TRIED = "not tried"
ROW = re.compile(r'^    {"(\w+)", \w+,\s*((?:"(?:[^"\\]|\\.)*"\s*)+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)},', re.M)
LINE = re.compile(r"^(?:\d+: )?(\w+) +(holds|differs|untried) .*?(?:; seen: (.*?))?(?:  <- NOT EXPECTED)?\s*$", re.M)


def text_of(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"').replace("\\\\", "\\")


def facts():
    """(name, text, source, whether the model holds it) of each, in the order of their tables."""
    rows = []
    for name in ("port", "lock", "pipe", "mode", "name", "npfs", "sock", "tcp", "refusal", "process", "console", "timer", "local", "service"):
        source = (FACTS / f"{name}.c").read_text()
        rows += [(row[1], text_of(row[2]), text_of(row[3]), name not in NOT_MODELLED) for row in ROW.finditer(source)]
    return rows


def said(system):
    """What each fact's name got as its answer there: name to text. None: nobody was asked."""
    path = FACTS / f"{system}.txt"
    if not path.exists():
        return None
    answers = {}
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name == "holds:":
            answers.update((each, HOLDS) for each in rest.split())
        elif name:
            answers[name] = rest
    return answers


def cell(answers, name):
    if answers is None:
        return "not run"
    if name not in answers:
        return "not asked"
    if answers[name] in (HOLDS, NOT_TRIED):
        return answers[name]
    return f"no: {answers[name]}" if answers[name] else "no"


def table():
    answers = [said(system) for system, _ in SYSTEMS]
    lines = ["| fact, and where it is from | model | " + " | ".join(title for _, title in SYSTEMS) + " |",
             "|---" * (2 + len(SYSTEMS)) + "|"]
    for name, text, source, modelled in facts():
        cells = [f"`{name}`: {text} ({source})", "holds" if modelled else "none", *(cell(one, name) for one in answers)]
        lines.append("| " + " | ".join(part.replace("|", "\\|") for part in cells) + " |")
    return "\n" + "\n".join(lines) + "\n\n"


def page_with_table():
    head, _, rest = PAGE.read_text().partition(BEGIN)
    return head + BEGIN + table() + END + rest.partition(END)[2]


def problems():
    """What tools/check.py wants to know."""
    names = {name for name, *_ in facts()}
    declared = sum(len(re.findall(r'^    {"\w+", ', path.read_text(), re.M)) for path in FACTS.glob("*.c"))
    found = []
    if len(names) != declared:
        found.append(f"test/facts: {declared} rows, of which tools/facts.py reads {len(names)}")
    for system, _ in SYSTEMS:
        found += [f"test/facts/{system}.txt: no fact {name}" for name in said(system) or {} if name not in names]
    for name, _, source, _ in facts():
        found += [f"test/facts: the source of {name}, {page}, is not here"
                  for page in re.findall(r"[\w./-]+\.md\b", source) if not (ROOT / page).is_file()]
    main = (FACTS / "main.c").read_text()
    builds = (FACTS / "CMakeLists.txt").read_text(), (ROOT / "test/nt/CMakeLists.txt").read_text()
    for path in FACTS.glob("*.c"):
        if table := re.search(r"^const struct fact (\w+)\[\]", path.read_text(), re.M):
            asked = [path.name in builds[0], path.stem in NOT_MODELLED or f"/{path.name}" in builds[1],
                     re.search(rf"\b{table[1]}[,}}]", main)]
            if not all(asked):
                found.append(f"test/facts/{path.name}: its {table[1]} is not in main.c, or it is not built here and there")
    if PAGE.read_text() != page_with_table():
        found.append("docs/WINDOWS.md: the table of facts is not what tools/facts.py writes")
    return found


def keep(system, other, good):
    """Its file: lines of at most 119 characters, since test/facts/main.c reads it, too."""
    wrapped = textwrap.wrap(" ".join(good), 112)
    (FACTS / f"{system}.txt").write_text("".join(f"{line}\n" for line in other + [f"holds: {w}" for w in wrapped]))


def record(system, output):
    lines = LINE.findall(output)
    missing = {name for name, *_ in facts()} - {name for name, _, _ in lines}
    if system not in dict(SYSTEMS) or not lines or missing:
        sys.exit(f"facts: not what uvtest_facts prints on {system}: without {', '.join(sorted(missing))}")
    other = [f"{name} {NOT_TRIED if verdict == 'untried' else seen}".rstrip()
             for name, verdict, seen in lines if verdict != HOLDS]
    keep(system, other, [name for name, verdict, _ in lines if verdict == HOLDS])
    print(f"facts: {len(lines)} asked, {len(other)} of them not so on {dict(SYSTEMS)[system]}")


def main(arguments):
    if arguments and arguments[0] == "record" and len(arguments) == 3:
        file = sys.stdin if arguments[2] == "-" else open(arguments[2], encoding="utf-8", errors="replace")
        record(arguments[1], file.read())
    elif arguments:
        sys.exit(__doc__)
    PAGE.write_text(page_with_table())


if __name__ == "__main__":
    main(sys.argv[1:])
