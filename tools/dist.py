#!/usr/bin/env python3
"""dist.py [FOLDER [COMMIT]]: the source archive of a commit, uvstream-VERSION.tar.gz, into FOLDER
(build/dist), and its SHA-256.

The same commit gives the same bytes, wherever and by whomever it was checked out: the time of every
file is the commit's, owners and modes are fixed, names are sorted, and the compressed stream carries
neither a name nor a time. (Another zlib may compress otherwise; the tar inside stays the same.) What
is not committed is not in it.
"""
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True,
                          capture_output=True).stdout


def version(commit):
    text = git("show", f"{commit}:include/uv/version.h").decode()
    parts = dict(re.findall(r"#define UVSTREAM_VERSION_(MAJOR|MINOR|PATCH) (\d+)", text))
    return f"{parts['MAJOR']}.{parts['MINOR']}.{parts['PATCH']}"


def archive(commit, prefix):
    """A tar of the tree. The tar that git writes depends on its version and settings, so that it
    is read and written again."""
    time = int(git("show", "-s", "--format=%ct", commit))
    result = io.BytesIO()
    source = git("-c", "core.autocrlf=false", "archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(source)) as tree, \
            tarfile.open(fileobj=result, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for member in sorted(tree.getmembers(), key=lambda member: member.name):
            content = tree.extractfile(member) if member.isfile() else None
            member.name = f"{prefix}/{member.name}"
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.mtime = time
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.pax_headers = {}
            out.addfile(member, content)
    return result.getvalue()


def main(folder=ROOT / "build" / "dist", commit="HEAD"):
    commit = git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
    name = f"uvstream-{version(commit)}"
    target = Path(folder) / f"{name}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    result = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=result, mode="wb", compresslevel=9, mtime=0) as packer:
        packer.write(archive(commit, name))
    packed = result.getvalue()
    target.write_bytes(packed)
    print(f"{hashlib.sha256(packed).hexdigest()}  {target}")


if __name__ == "__main__":
    main(*sys.argv[1:])
