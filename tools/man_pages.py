#!/usr/bin/env python3
"""man_pages.py FOLDER: writes uvstream.7 there, what `man uvstream` shows: the groups of include/uv.h and
uvstream.h with their functions, from the comments that docs/api is made from too.

The pages of the programs, relay.1 and prefork.8, are what they say themselves after --help; help2man
makes those (examples/CMakeLists.txt).
"""
import re
import sys
from pathlib import Path

from api_pages import NOT_SHOWN, read_headers
from header import ROOT


def escaped(text):
    """As plain text of a line of roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def version():
    parts = dict(re.findall(r"#define UVSTREAM_VERSION_(\w+) (\d+)",
                            (ROOT / "include" / "uv" / "version.h").read_text()))
    return ".".join(parts[name] for name in ("MAJOR", "MINOR", "PATCH"))


def paragraphs(text):
    """Comments have lists; here each item is a paragraph of its own."""
    for part in re.split(r"\n+", text):
        if part.strip():
            yield part.strip()


def page():
    top, _, groups = read_headers()
    lines = [f'.TH UVSTREAM 7 "" "uvstream {version()}" "uvstream"',
             ".SH NAME",
             "uvstream \\- duplex streams over TCP sockets, pipes and terminals",
             ".SH SYNOPSIS",
             ".nf",
             ".B #include <uv.h>",
             ".B #include <uvstream.h>",
             "",
             ".B cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs uvstream)",
             ".fi",
             ".SH DESCRIPTION"]
    for part in paragraphs(top):
        lines += [".PP", escaped(part)]
    for group in groups:
        functions = [item for item in group.of("function") if item.names]
        if group.title in NOT_SHOWN or not functions:
            continue
        lines.append(f'.SH "{escaped(group.title.upper())}"')
        for part in (part for comment in group.intro for part in paragraphs(comment)):
            lines += [".PP", escaped(part)]
        for item in functions:
            lines += [".TP", ".BR " + ' ", " '.join(escaped(name) for name in item.names)]
            first = next(paragraphs(item.comment), "")
            lines.append(escaped(re.split(r"(?<=[.]) ", first)[0]) or "\\&")
    lines += [".SH SEE ALSO", ".BR relay (1),", ".BR prefork (8)", ".PP",
              "The pages of each function, the rules of the contract with their tests and the guide are in",
              "the folder of the documentation that is installed with the library."]
    return "\n".join(lines) + "\n"


def main(folder):
    target = Path(folder) / "uvstream.7"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
