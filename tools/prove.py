#!/usr/bin/env python3
"""prove.py [NAME...]: has CBMC look at the proofs of test/proofs, all or those whose names begin so.

Each PROOF(name, rounds) is a program of its own (test/proofs/proof.h). It holds when CBMC finds each thing
that is asked true for all values, and its end reachable.

CBMC is the one on the path or, on a Debian system, that of Debian trixie, which is unpacked with its
libraries into build/cbmc and needs neither installation nor rights. Where it cannot be had that is
said, and the exit code is 77.
"""
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from header import ROOT

HOME = ROOT / "build/cbmc"
WORK = ROOT / "build/proofs"
RESULT = re.compile(r"^\[(\S+)\] (.*): (SUCCESS|FAILURE|UNKNOWN|ERROR)$", re.M)
PROOF = re.compile(r"^(PLAIN_)?PROOF\((\w+), (\d+)\) {$", re.M)
SECONDS = 60  # of a processor, for one of them; a loaded machine has other things to do
SHOWN = 10  # things that are wrong in one of them

INCLUDES = [f"-I{ROOT / folder}" for folder in ("include", "src", "test/proofs")]
WINDOWS = ["-fshort-wchar", "-D_WIN32", "-U__linux__", "-U__linux", "-U__unix__", "-U__unix",
           "-isystem", str(ROOT / "test/nt/include")]
NATIVE = ["-D_GNU_SOURCE"]

# ---- Where CBMC is ------------------------------------------------------------------------

PACKAGES = ("cbmc", "minisat", "zlib1g", "libstdc++6", "libgcc-s1", "libc6")


def mirror():
    """The first place that apt has Debian itself from."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(path.read_text() for path in files if path.is_file())
    found = re.search(r"^(?:URIs:|deb\b)[^#\n]*?\b(\w+://\S+/debian)/?(?:\s|$)", text, re.M)
    return found[1] if found else "http://deb.debian.org/debian"


def fetch():
    """Unpacks the packages below HOME; says what went wrong, or nothing."""
    shutil.rmtree(HOME, ignore_errors=True)
    for folder in ("state/lists/partial", "cache/archives/partial", "root"):
        (HOME / folder).mkdir(parents=True)
    (HOME / "status").touch()
    (HOME / "sources.list").write_text(f"deb {mirror()} trixie main\n")
    options = {"Dir::State": "state", "Dir::Cache": "cache", "Dir::State::status": "status",
               "Dir::Etc::sourcelist": "sources.list"}
    apt = ["apt-get", "-q", "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Sandbox::User="]
    for name, place in options.items():
        apt += ["-o", f"{name}={HOME / place}"]
    for command in ([*apt, "update"], [*apt, "download", *PACKAGES]):
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
        if done.returncode:
            return f"{' '.join(command[-3:])}: {(done.stdout + done.stderr).strip()[-300:]}"
    for package in HOME.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(HOME / "root")], check=True)
        package.unlink()
    shutil.rmtree(HOME / "state")
    (HOME / "made").touch()
    return None


def tools():
    """The beginnings of the commands for goto-cc and cbmc, or why there are none."""
    names = ("goto-cc", "cbmc")
    if all(shutil.which(name) for name in names):
        return [[name] for name in names]
    if not all(shutil.which(name) for name in ("apt-get", "dpkg", "gcc")):
        return "there is no cbmc here, nor an apt to have it from"
    if not (HOME / "made").exists():
        wrong = fetch()
        if wrong:
            return wrong
    libraries = HOME / f"root/usr/lib/{platform.machine()}-linux-gnu"
    loaders = list(libraries.glob("ld-linux-*.so.*"))
    if not loaders:
        return f"the cbmc of trixie is for another machine than this {platform.machine()}"
    path = f"{libraries}:{HOME / 'root/usr/lib'}"
    return [[str(loaders[0]), "--library-path", path, str(HOME / "root/usr/bin" / name)]
            for name in names]


# ---- Proofs -------------------------------------------------------------------------------


def compile_source(goto_cc, source):
    """The program of a file of proofs, or what the compiler says."""
    program = WORK / f"{source.stem}.gb"
    system = WINDOWS if source.stem.endswith("_win") else NATIVE
    command = [*goto_cc, "-std=c11", *system, *INCLUDES, "-c", str(source), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    return program, (done.stdout + done.stderr if done.returncode else None)


def judge(output):
    """What is wrong, by what CBMC printed: lines."""
    results = RESULT.findall(output)
    if "** Results:" not in output or not results:
        return [output[-2000:]]
    wrong = [f"{place}: {text}: {verdict}" for place, text, verdict in results
             if verdict != "SUCCESS" and not text.endswith("reached")]
    reached = any(text.endswith("reached") and verdict == "FAILURE" for _, text, verdict in results)
    return wrong if wrong or reached else ["its end cannot be reached: nothing is proved"]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def prove(cbmc, program, plain, name, rounds):
    command = [*cbmc, str(program), "--function", f"proof_{name}", "--unwind", str(rounds)]
    if plain:
        command.append("--no-sat-preprocessor")
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    if done.returncode < 0:
        return name, [f"ended by signal {-done.returncode}: more than {SECONDS} s of a processor?"]
    return name, judge(done.stdout or done.stderr)


def main(wanted):
    found = tools()
    if isinstance(found, str):
        print(f"prove: skipped: {found}")
        return 77
    goto_cc, cbmc = found
    WORK.mkdir(parents=True, exist_ok=True)
    failed = 0
    jobs = []
    for source in sorted((ROOT / "test/proofs").glob("*.c")):
        proofs = [proof for proof in PROOF.findall(source.read_text())
                  if not wanted or proof[1].startswith(tuple(wanted))]
        if not proofs:
            continue
        program, wrong = compile_source(goto_cc, source)
        if wrong:
            print(f"FAILED  {source.name}\n{wrong}")
            failed += 1
            continue
        jobs += [(program, *proof) for proof in proofs]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(prove, cbmc, *job) for job in jobs]
        for name, wrong in (done.result() for done in as_completed(running)):
            failed += bool(wrong)
            print(f"{'FAILED' if wrong else 'proved':<8}{name}", flush=True)
            for line in wrong[:SHOWN]:
                print(f"    {line}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    print(f"prove: {len(jobs)} proofs, {failed} failed, {used:.0f} s of a processor")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
