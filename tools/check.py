#!/usr/bin/env python3
"""The structure of the tree as a test: what a reviewer would otherwise have to look for.

Each check_* function returns a list of problems, one line each. All run in a few seconds and
need nothing but Python; those that call a formatter or a linter pass where it is missing.
"""
import functools
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import contract_table
import tests_page
from api_pages import differences, slug
from facts import problems as fact_problems
from floors import include_problems, includes
from header import PUBLIC, ROOT, functions, structs, without_comments
from rules import contract_rules, rule_of
from symbols import check as check_symbols_of
from symbols import planned

MAX_LINES = 350  # of a file; more with a reason in its head
MAX_LINES_OF_MODEL = 500
MAX_FUNCTION = 60
SHOWN = 20  # problems of one check

# What is written by hand, by its suffix; and of that, what is read by compilers and shells.
SOURCE = {".c", ".h", ".cpp", ".py", ".sh", ".cmake", ".txt", ".nim", ".js", ".in", ".json", ".yml"}
TEXT = SOURCE | {".md"}


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h"):
                yield path


def in_build(path):
    """Whether a folder between here and the root is one that CMake builds into, whatever its name."""
    return any((folder / "CMakeCache.txt").exists()
               for folder in path.parents if folder != ROOT and folder.is_relative_to(ROOT))


@functools.cache
def tracked():
    """Every file that is, or would be, in the repository; in a tree without one, every file."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True, text=True,
    )
    if done.returncode == 0:
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    else:
        paths = [p for p in ROOT.rglob("*") if p.relative_to(ROOT).parts[0] not in ("build", ".git")]
    return sorted(path for path in paths if path.is_file() and not in_build(path))


def place(path, text, offset):
    return f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, offset) + 1}"


def run_tool(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines() if done.returncode else []


# ---- Layout and tools -----------------------------------------------------------------------


def check_format():
    """clang-format 14 leaves every C file as it is."""
    for tool in ("clang-format-14", "clang-format"):
        if shutil.which(tool):
            version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
            if "version 14." in version:
                break
    else:
        return []
    files = [str(path) for path in tracked() if path.suffix in (".c", ".h")]
    lines = run_tool(tool, "--dry-run", "-Werror", *files) if files else []
    found = (re.match(r"(.*?):(\d+):\d+: error:", line) for line in lines)
    first = {}
    for match in filter(None, found):
        first.setdefault(str(Path(match.group(1)).relative_to(ROOT)), match.group(2))
    return [f"{name}:{line}: run {tool} -i {name}" for name, line in first.items()]


def check_scripts():
    """shellcheck is content with every shell script."""
    scripts = []
    for path in tracked():
        with path.open("rb") as file:
            first = file.readline(80)
        if re.match(rb"#!.*\b(ba)?sh\b", first):
            scripts.append(str(path))
    if not scripts or not shutil.which("shellcheck"):
        return []
    return run_tool("shellcheck", "-f", "gcc", *scripts)


def check_yaml():
    """yamllint is content with the files that other people's machines run."""
    files = [str(path) for path in tracked() if path.suffix in (".yml", ".yaml")]
    if not files or not shutil.which("yamllint"):
        return []
    rules = "{extends: default, rules: {document-start: disable, truthy: disable, " \
            "line-length: {max: 100}}}"
    return run_tool("yamllint", "-s", "-f", "parsable", "-d", rules, *files)


def check_json():
    """JSON files can be read."""
    problems = []
    for path in tracked():
        if path.suffix == ".json":
            try:
                json.loads(path.read_text())
            except ValueError as error:
                problems.append(f"{path.relative_to(ROOT)}: {error}")
    return problems


def check_workflows():
    """What the workflow files ask CMake for is a workflow preset, and what they ask ./dev for a verb of its list."""
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["workflowPresets"]
    known = {preset["name"] for preset in presets}
    problems = []
    for name in (".github/workflows/ci.yml", "appveyor.yml"):
        text = (ROOT / name).read_text()
        asked = re.findall(r"\b(?:workflow|demo|facts): ([\w-]+)", text)
        if not asked or "cmake --workflow --preset" not in text:
            problems.append(f"{name}: asks for no workflow preset")
        problems += [f"{name}: no workflow preset {preset}" for preset in asked if preset not in known]
    verbs = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", (ROOT / "dev").read_text(), re.M))
    for name in (".github/workflows/ci.yml", ".ci/run"):
        asked = re.findall(r"^\W*(?:run: )?\./dev ([a-z -]+)$", (ROOT / name).read_text(), re.M)
        if not asked:
            problems.append(f"{name}: asks nothing of ./dev")
        problems += [f"{name}: ./dev has no {verb}" for verb in asked if verb not in verbs]
    return problems


def check_facts():
    """The table of facts in docs/WINDOWS.md is what tools/facts.py makes of what the probes said."""
    return fact_problems()


def gives_reason(text):
    """Whether the comment at the head of a file speaks of how long it is."""
    return re.search(r"\blines\b|\blonger\b", text[: text.find("*/")]) is not None


def check_size():
    """A source file of the library is one thing, or says in its head why it is longer than others; and one of the
    model of NT can be read at one sitting."""
    return [
        f"{path.relative_to(ROOT)}: {lines} lines, more than {MAX_LINES}, and no word about it in its head"
        for path in sources("src")
        if (lines := len((text := path.read_text()).splitlines())) > MAX_LINES
        and not gives_reason(text)
    ] + [
        f"{path.relative_to(ROOT)}: {lines} lines, more than {MAX_LINES_OF_MODEL}"
        for path in sources("test/nt")
        if (lines := len(path.read_text().splitlines())) > MAX_LINES_OF_MODEL
    ]


def check_functions():
    """A function of the library fits a screen."""
    problems = []
    for path in sources("src"):
        code = without_comments(path.read_text(), strings=True)
        for match in re.finditer(r"^(?:\w[^\n;{}=]*|[ ]+[^\n;{}=]*\)) \{\n(.*?)^\}", code,
                                 flags=re.MULTILINE | re.DOTALL):
            lines = match.group(1).count("\n") + 2
            if ")" in match.group(0).split("{")[0] and lines > MAX_FUNCTION:
                problems.append(f"{place(path, code, match.start())}: {lines} lines, "
                                f"more than {MAX_FUNCTION}")
    return problems


# ---- Who may include whom -------------------------------------------------------------------


def check_public_includes():
    """uv.h includes nothing of ours but uv/*.h, uvstream.h nothing but uv.h."""
    problems = []
    for path in PUBLIC:
        for line, name, quoted in includes(path):
            allowed = r"uv\.h" if path.name == "uvstream.h" else r"uv/\w+\.h"
            if quoted and not re.fullmatch(allowed, name):
                problems.append(f"{path.relative_to(ROOT)}:{line}: includes {name}")
    return problems


def check_floors():
    """A file of src includes what is in its own room or in one below it, by a path from the root of
    the sources; the core nothing of a system, a backend only core/port.h and core/base of the core."""
    return include_problems()


def check_platform():
    """The core asks for no operating system."""
    pattern = re.compile(
        r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b.*\b(_WIN32|_WIN64|WIN32|__MINGW\w*|__CYGWIN__|"
        r"__linux\w*|linux|__APPLE__|__unix\w*|unix|__\w+BSD__|__sun|_AIX|__ANDROID__|__GLIBC__)\b",
        re.MULTILINE,
    )
    problems = []
    for path in sources("src/core"):
        text = without_comments(path.read_text())
        for match in pattern.finditer(text):
            problems.append(f"{place(path, text, match.start())}: asks for {match.group(1)}")
    return problems


# ---- What the library never does ------------------------------------------------------------


# What ends a child process, or the forked copy that did not become one.
ENDS_CHILDREN = {("unix/process", "_exit"), ("win/process", "TerminateProcess")}


def check_banned():
    """It ends no process, prints nothing of its own accord, and allocates in core/base/alloc.c only."""
    ends = re.compile(r"(?<![\w.>])(abort|exit|_exit|_Exit|quick_exit|ExitProcess|"
                      r"TerminateProcess|FatalAppExit\w|__debugbreak)\s*\(")
    prints = re.compile(r"(?<![\w.>])(printf|vprintf|puts|putchar|perror|OutputDebugString\w|"
                        r"fprintf\s*\(\s*std(?:err|out)|fputs\s*\([^;]*,\s*std(?:err|out))\b")
    memory = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|_strdup|"
                        r"HeapAlloc|HeapFree|LocalAlloc|GlobalAlloc)\s*\(")
    problems = []
    for path in sources("src", "include"):
        code = without_comments(path.read_text(), strings=True)
        rules = [(ends, code, "ends the process"), (prints, code, "prints")]
        if path != ROOT / "src" / "core" / "base" / "alloc.c":
            rules.append((memory, code, "goes round core/base/alloc.c"))
        room = str(path.parent.relative_to(ROOT)).removeprefix("src/")
        for pattern, text, what in rules:
            for match in pattern.finditer(text):
                if (room, match.group(1)) not in ENDS_CHILDREN:
                    problems.append(f"{place(path, text, match.start())}: {match.group(1)}: {what}")
    return problems


def check_text():
    """Sources are plain text: ASCII, no tabs, no blanks at the end of a line, nothing left to do."""
    rules = [
        (re.compile(r"[^\x00-\x7f]"), SOURCE, "is not ASCII"),
        (re.compile(r"\t|\r"), TEXT, "tab or carriage return"),
        (re.compile(r"[ \t]+$", re.MULTILINE), TEXT, "blanks at the end of the line"),
        (re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b"), TEXT, "leaves something for later"),
        (re.compile(r"[^\n]\Z"), TEXT, "the last line does not end"),
    ]
    problems = []
    for path in tracked():
        if path.suffix not in TEXT or "corpus" in path.parts:
            continue
        text = path.read_bytes().decode("utf-8")
        for pattern, suffixes, what in rules:
            if path.suffix in suffixes:
                problems += [f"{place(path, text, match.start())}: {match.group()!r}: {what}"
                             for match in pattern.finditer(text)]
    return problems


def check_machine_paths():
    """Nothing names the machine it was written on."""
    pattern = re.compile(r"/w[o]rk/|/f[a]rm/|/r[o][o]t/|/home/[a-z]+/|/t[m]p/(?:b-|bash)|C:\\Users\\")
    problems = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for match in pattern.finditer(text):
            problems.append(f"{place(path, text, match.start())}: {match.group()}")
    return problems


# ---- What a test never does -----------------------------------------------------------------

# Where a test sleeps all the same, by file and function, and why it may.
LOOKS_AGAIN = "looks again, until a deadline, for what nobody announces"
SLEEPS = {
    ("test/api/loop.c", "loop_hrtime_never_goes_back"): "the clock is what is tested",
    ("test/api/deadline.c", "hold_up"): "the loop's time must be left behind by the clock's",
    ("test/api/pipe_remote_win.c", "await_answers"): "nothing tells what becomes of a call left behind",
    ("test/api/loop.c", "dawdle"): "the loop's time must be left behind by the clock's",
    ("test/api/loop.c", "sleep_in_callback"): "the loop's time must be left behind by the clock's",
    ("test/api/pipe_sync_win.c", "run_late"): "a busy machine lets it wait so long",
    ("test/api/pipe_sync_win.c", "end_late"): "a thread gives back what was left to it; another has no loop",
    ("test/api/pipe_sync_win.c", "l4_close_of_a_writer_whose_thread_does_not_begin"): "until it has written",
    ("test/api/process_win.c", "idle"): "lives until somebody ends it, which is what is tested",
    ("test/api/system.c", "uptime_counts"): "the clock is what is tested",
    ("test/fault/answers.c", "e1_sleep_that_a_signal_ends"): "the sleep is what is tested",
    ("test/fault/calls_plain.c", "__wrap_open"): "is the stand-in of a sleep, further down",
    ("test/interop/run.py", "wait_until_ready"): LOOKS_AGAIN,
    ("test/sim/sim_thread.c", "uv_sleep"): "is what the core calls, and lets another thread run",
    ("examples/test_examples.py", "listens_on"): LOOKS_AGAIN,
    ("examples/test_examples.py", "wait_for"): LOOKS_AGAIN,
    ("examples/test_examples.py", "wait_until"): LOOKS_AGAIN,
    ("examples/test_examples.py", "wait_until_raw"): LOOKS_AGAIN,
    ("examples/test_examples.py",
     "test_prefork_hands_what_a_dead_worker_had_to_others"): LOOKS_AGAIN,
    ("test/facts/lock.c", "begin"): "nothing tells that a thread waits in a read",
    ("test/facts/port.c", "begin_thread"): "nothing tells that a thread waits",
    ("test/facts/main.c", "main"): "as a child, until it is ended",
    ("test/facts/service.c", "start"): LOOKS_AGAIN,
    ("test/facts/service.c", "has_come_to"): LOOKS_AGAIN,
    ("test/facts/timer.c", "timer_is_exact"): "begins behind a tick, of which nothing else tells",
    ("test/facts/timer.c", "let_it_ring"): "waiting for the timer would set it back",
    ("test/facts/timer.c", "clock_that_sleeps"): "the clock is what is tested",
    ("test/facts/tcp.c", "reset_is_told_when_nothing_waits"): "nothing tells that a reset has come",
    ("test/support/thread.c", "test_thread_sleep"): "for memory_end: nothing tells what becomes of a thread left behind",
    ("tools/floors_test.py", "sleeps"): "lists the ways to sleep, and takes none",
    ("tools/readme_test.py", "connect"): LOOKS_AGAIN,
}

# Calls that wait for a time and for nothing else, and the head of a function, by suffix.
SLEEP = {
    ".c": r"\b((?:uv_sleep|Sleep|SleepEx|(?:clock_)?nanosleep|usleep|sleep)\b|poll\(NULL, 0, [^0]|"
          r"select\(0, NULL, NULL, NULL,)",
    ".py": r"\b(time\.sleep|sleep)\(",
    ".sh": r"(?:^|[;&|]|\bdo\b|\bthen\b)\s*(sleep)\b",
    ".js": r"\b(setTimeout)\(",
}
HEAD = {
    ".c": r"^(?:TEST\((\w+)\)|(?:[a-z_][\w *]*?)\b(\w+)\([^;]*$)",
    ".py": r"^ *def (\w+)",
    ".sh": r"^(\w+)\(\)",
    ".js": r"^ *function (\w+)",
}


def test_files():
    """Every source of a test, in whatever language; but for those over the model of NT, whose clock
    jumps to what comes next."""
    return [path for path in tracked()
            if path.suffix in SLEEP and path.relative_to(ROOT).parts[:2] != ("test", "nt")
            and (path.relative_to(ROOT).parts[0] == "test"
                 or re.match(r"test_|\w*_test\.", path.name))]


def check_sleeps():
    """A test waits for events, never for a time; where one sleeps, tools/check.py says why it may."""
    problems, used = [], set()
    for path in test_files():
        name, function = str(path.relative_to(ROOT)), ""
        text = path.read_text()
        text = without_comments(text, strings=True) if path.suffix == ".c" else text
        for number, line in enumerate(text.splitlines(), 1):
            if head := re.match(HEAD[path.suffix], line):
                function = next(filter(None, head.groups()))
            if call := re.search(SLEEP[path.suffix], line):
                if (name, function) in SLEEPS:
                    used.add((name, function))
                else:
                    problems.append(f"{name}:{number}: {function} calls {call[1]}, and waits for a time")
    problems += [f"tools/check.py: {name}: {function} does not sleep any more"
                 for name, function in sorted(SLEEPS.keys() - used)]
    return problems


# ---- The public surface ---------------------------------------------------------------------


def check_documented():
    """Every public function has a comment above it, or above the group it stands in."""
    problems = []
    for path in PUBLIC:
        documented = comment = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip():
                documented = False
            if line.lstrip().startswith("/*"):
                comment = documented = True
            if line.startswith("UV_EXTERN") and not comment and not documented:
                problems.append(f"{path.relative_to(ROOT)}:{number}: no comment: {line.strip()}")
            if "*/" in line:
                comment = False
    return problems


def check_names():
    """The public functions are those of the planned surface, tools/api-names.txt."""
    problems = [f"uv.h: {name} is not in tools/api-names.txt" for name in functions() - planned()]
    problems += [f"uv.h: {name} is missing" for name in planned() - functions()]
    return sorted(problems)


def check_sizes():
    """Each struct of uv.h has its size in test/unit/sizes.c."""
    listed = set(re.findall(r"\bROW\(([^,]+),", (ROOT / "test" / "unit" / "sizes.c").read_text()))
    return [f"test/unit/sizes.c: {name} is not listed" for name in sorted(structs() - listed)]


def check_api_pages():
    """docs/api is what the comments of uv.h make of it."""
    return differences()


def check_cplusplus():
    """uvstream.h, and so uv.h, can be included by C++."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        return []
    probe = "#include <uvstream.h>\nint main() { return uv_version() == 0; }\n"
    done = subprocess.run(
        [compiler, "-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror",
         "-fsyntax-only", f"-I{ROOT / 'include'}", "-"],
        input=probe, capture_output=True, text=True,
    )
    return [line for line in done.stderr.splitlines() if "error" in line] if done.returncode else []


def prototypes(*include):
    """Function -> its prototype without names of parameters, as gcc reads <uv.h>."""
    with tempfile.TemporaryDirectory() as folder:
        source, listing = Path(folder, "probe.c"), Path(folder, "listing")
        source.write_text("#include <uv.h>\n")
        subprocess.run(["gcc", *include, "-fsyntax-only", "-aux-info", listing, source],
                       check=True, capture_output=True)
        found = re.findall(r"extern (.*?\b(uv_[a-z]\w*) \(.*)", listing.read_text())
    return {name: text for text, name in found}


def check_prototypes():
    """The functions that the libuv of this system has too have the same types there."""
    if not shutil.which("gcc") or not shutil.which("pkg-config"):
        return []
    flags = subprocess.run(["pkg-config", "--cflags", "libuv"], capture_output=True, text=True)
    if flags.returncode != 0:
        return []
    ours, theirs = prototypes(f"-I{ROOT / 'include'}"), prototypes(*flags.stdout.split())
    return [f"uv.h: {ours[name]}: in libuv {theirs[name]}"
            for name in sorted(ours.keys() & theirs.keys()) if ours[name] != theirs[name]]


def check_symbols():
    """Libraries that were built since the sources changed export what uv.h declares."""
    newest = max((path.stat().st_mtime for path in sources("src", "include")), default=0)
    problems = []
    for build in sorted((ROOT / "build").glob("*/")):
        libraries = [*build.glob("lib/libuvstream*"), *build.glob("bin/libuvstream.dll")]
        cache = build / "CMakeCache.txt"
        if cache.exists() and re.search(r"^UVSTREAM_SANITIZE:\w+=.", cache.read_text(), flags=re.MULTILINE):
            continue  # A sanitizer has names of its own in it.
        if libraries and min(path.stat().st_mtime for path in libraries) > newest:
            problems += check_symbols_of(build)[0]
    return problems


# ---- Documents ------------------------------------------------------------------------------


def without_code(text):
    """Markdown without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text):
    """What can stand behind the # of a link to a page, as GitHub makes it of headings."""
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ (.*)$", without_code(text), flags=re.MULTILINE):
        name, again = slug(heading), 0
        while (f"{name}-{again}" if again else name) in found:
            again += 1
        found.add(f"{name}-{again}" if again else name)
    return found


def load_module(name, script):
    """A script that lies in another folder than this one, as a module."""
    spec = importlib.util.spec_from_file_location(name, script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_mutants(suite):
    """test/SUITE/mutants.py as a module."""
    return load_module(f"mutants_{suite}", ROOT / "test" / suite / "mutants.py")


def check_mutants():
    """What test/sim/mutants.py and test/nt/mutants.py plant stands once in its file, and test/nt/guards.md
    tells of the latter, and of tests that there are."""
    problems = []
    planted = load_mutants("sim")
    for name, file, old, _ in planted.MUTANTS:
        path = planted.path_of(file)
        if not path.is_file() or path.read_text(encoding="utf-8").count(old) != 1:
            problems.append(f"test/sim/mutants.py: {name}: its text is not once in {file}")
    planted = load_mutants("nt")
    page = planted.PAGE.read_text(encoding="utf-8")
    tests = set(re.findall(r"^TEST\(([a-z0-9_]+)\)", "".join(path.read_text() for path in sources("test")),
                           flags=re.MULTILINE))
    for fault in planted.FAULTS:
        if fault.stale() is not None:
            problems.append(f"test/nt/mutants.py: {fault.name}: its text is not once in {fault.file}")
        if planted.seeds_in(page, fault) is None:
            problems.append(f"test/nt/guards.md: has no row of '{fault.name}' with a number of seeds: "
                            f"run mutants.py --only '{fault.name}', then mutants.py --table")
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", page)) - {"port_nt", "api_nt", "shim_runs"}
    problems += [f"test/nt/guards.md: there is no test {name}" for name in sorted(named - tests)]
    return problems


def check_links():
    """Relative links in the documents lead somewhere, to a heading where they say so."""
    texts = {path.resolve(): path.read_text() for path in tracked() if path.suffix == ".md"}
    found = {path: anchors(text) for path, text in texts.items()}
    problems = []
    for path, text in texts.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            name, _, anchor = target.partition("#")
            to = (path.parent / name).resolve() if name else path
            if re.match(r"\w+:", target):
                continue
            if not to.exists():
                problems.append(f"{path.relative_to(ROOT)}: no such file: {name}")
            elif anchor and anchor not in found.get(to, ()):
                problems.append(f"{path.relative_to(ROOT)}: no such heading: {target}")
    return problems


def check_words():
    """Names of four words or more in the documents, of tests as a rule, are names in the sources."""
    known = set()
    for path in tracked():
        if path.suffix in SOURCE and "corpus" not in path.parts:
            # A test of the examples is a function, test_NAME.
            known |= set(re.findall(r"\b(?:test_)?(\w{7,})", path.read_text()))
    problems = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        named = re.findall(r"`(?:\w+\.)?((?!uv_)[a-z0-9]+(?:_[a-z0-9]+){3,})`", page.read_text())
        problems += [f"{page.relative_to(ROOT)}: nothing is called {name}"
                     for name in sorted(set(named) - known)]
    return problems


# A path in the sources, from the root of the tree or from that of the sources; and a file by its name.
SOURCE_PATH = re.compile(r"(?<![\w/.])(?:\.\./)?((?:src/)?(?:core|win|unix)/[\w/]+\.[ch]\b"
                         r"|src/(?:core|win|unix)(?:/\w+)*(?![\w/]))")
FILE_NAME = re.compile(r"`(\w+\.(?:c|h|py|sh|js))`")


def check_paths():
    """A path in src that a document or a comment names exists, and a file that a document names."""
    known = {path.name for path in tracked()}
    problems = []
    for path in tracked():
        page = path.suffix == ".md"
        if not page and path.suffix not in SOURCE or path.name in ("CHANGELOG.md", "floors_test.py"):
            continue
        text = path.read_text()
        for match in SOURCE_PATH.finditer(text):
            named = match[1].removeprefix("src/")
            # CMake and the tables of tools leave the suffix away.
            if not any((ROOT / "src" / (named + suffix)).exists() for suffix in ("", ".c", ".h")):
                problems.append(f"{place(path, text, match.start())}: there is no {match[1]}")
        for match in FILE_NAME.finditer(text) if page and path.name != "README.md" else ():
            if match[1] not in known:
                problems.append(f"{place(path, text, match.start())}: no file is called {match[1]}")
    return problems


def check_spelling():
    """codespell, where it is installed, knows no better spelling for any word. Words that it would
    correct wrongly belong into a .codespellrc."""
    if not shutil.which("codespell"):
        return []
    files = [str(path.relative_to(ROOT)) for path in tracked()
             if path.suffix in TEXT and "corpus" not in path.parts]
    return run_tool("codespell", *files)


def check_guide():
    """Every listing of docs/GUIDE.md is a part of the file that is named before it, and each program
    of the guide is shown."""
    guide = ROOT / "docs" / "GUIDE.md"
    text = guide.read_text()
    problems = []
    shown = set()
    for match in re.finditer(r"^```c\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        named = re.findall(r"\]\(\.\./(examples/[^)]+\.c)\)", text[:match.start()])
        source = ROOT / named[-1] if named else None
        if not source or not source.exists():
            problems.append(f"{place(guide, text, match.start())}: no file is named before this")
        elif "\n" + match[1] not in source.read_text():
            problems.append(f"{place(guide, text, match.start())}: this is not in {named[-1]}")
        else:
            shown.add(source)
    for source in sorted((ROOT / "examples" / "guide").glob("*.c")):
        if source not in shown and "GUIDE.md" in source.read_text():
            problems.append(f"docs/GUIDE.md: shows nothing of {source.name}")
    return problems


def check_contract():
    """docs/CONTRACT.md and the tests agree: a rule has tests that carry its name, a test carries no
    other rule, and a test that a document names exists."""
    rules = contract_rules()
    if not rules:
        return ["docs/CONTRACT.md: no paragraph begins with the name of a rule"]
    tests = {}
    for path in sources("test"):
        for name in re.findall(r"^TEST\(([a-z0-9_]+)\)", path.read_text(), flags=re.MULTILINE):
            tests[name] = path
    carried = {rule_of(name) for name in tests}
    problems = [f"docs/CONTRACT.md: no test carries rule {rule}" for rule in sorted(rules - carried)]
    for page in (path for path in tracked() if path.suffix == ".md"):
        named = re.findall(r"`(?:\w+\.)?((?:[lrwscatpiye]\d+|x1?\d)_[a-z0-9_]+)`", page.read_text())
        problems += [f"{page.relative_to(ROOT)}: there is no test {name}"
                     for name in sorted(set(named) - set(tests))]
    for name, path in sorted(tests.items()):
        rule = rule_of(name)
        if re.fullmatch(r"[A-Z]\d+", rule) and rule not in rules:
            problems.append(f"{path.relative_to(ROOT)}: {name} names a rule that does not exist")
    return problems


def check_contract_table():
    """The table of calls and states in docs/CONTRACT.md is that of test/compat/table.c."""
    if contract_table.split()[1] != contract_table.render():
        return ["docs/CONTRACT.md: run tools/contract_table.py"]
    return []


def check_test_links():
    """A link whose text is a test leads to the file that has it, and in README.md each line of the table
    against libuv that has a rule has a test, and what it says of libuv a source."""
    problems = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for name, target in re.findall(r"\[`(?:\w+\.)?(\w+)`\]\(([^)#]*test/\w+/[^)]+\.c)\)", page.read_text()):
            file = (page.parent / target).resolve()
            if not file.exists() or f"TEST({name})" not in file.read_text():
                problems.append(f"{page.relative_to(ROOT)}: {name} is not in {target}")
    text = (ROOT / "README.md").read_text()
    table = re.search(r"^## Against libuv\n.*?^\|---.*?\n(.*?)\n\n", text, re.M | re.S)[1]
    for row in table.splitlines():
        what, ours, theirs = (cell.strip() for cell in row.strip("|").split(" | "))
        sources = re.findall(r"\]\((https:[^)]+)\)|\[([^\]]+)\](?![(\[])", theirs)
        if "CONTRACT.md#" in ours and ("](test/" not in ours and "TESTS.md" not in ours or not sources):
            problems.append(f"README.md: no test or no source: {what}")
        problems += [f"README.md: no link [{name}]" for _, name in sources
                     if name and f"\n[{name}]: https://" not in text]
    return problems


def check_bench():
    """The picture of docs/BENCH.md and its tables are what bench/report.py makes of what was measured."""
    return load_module("bench_report", ROOT / "bench" / "report.py").problems()


def check_tests_page():
    """docs/TESTS.md lists the tests that there are."""
    if not tests_page.PAGE.exists() or tests_page.PAGE.read_text() != tests_page.render():
        return ["docs/TESTS.md: run ./dev docs"]
    return []


def main():
    failures = 0
    for name, function in sorted(globals().items()):
        if name.startswith("check_") and name != "check_symbols_of":
            problems = function()
            failures += len(problems)
            print(f"{'FAILED' if problems else 'ok':<7} {name[6:]}: {' '.join(function.__doc__.split())}")
            for problem in problems[:SHOWN]:
                print(f"        {problem}")
            if problems[SHOWN:]:
                print(f"        and {len(problems) - SHOWN} more")
    print(f"{failures} problems")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
