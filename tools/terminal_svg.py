#!/usr/bin/env python3
"""terminal_svg.py FILE.svg TITLE FOLDED COMMAND...: runs a command on a terminal of 100 columns and draws
what it left there, as a picture for light and for dark pages; lines that begin with the expression FOLDED
are counted instead of shown. `./dev docs --pictures` makes docs/pictures/demo.svg with it.

Of a terminal it knows what ninja and CMake use: new lines, a return to the beginning of the line, clearing
the rest of it, and colours, which it leaves away. What it does not know ends it, so that no picture is
another one than the terminal's. A command that fails leaves no picture.
"""
import itertools
import os
import pty
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS, ROWS = 100, 60
WIDTH, LINE, MARGIN, BAR = 8.0, 18, 14, 32
FOLD = "   ..."

STYLE = """
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328 }
.page { fill: #ffffff; stroke: #d1d9e0 } .bar { fill: #f6f8fa; stroke: #d1d9e0 } .soft { fill: #59636e }
.typed { font-weight: 600 } .head { fill: #0550ae }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .page { fill: #0d1117; stroke: #3d444d } .bar { fill: #151b23; stroke: #3d444d }
  .soft { fill: #9198a1 } .head { fill: #58a6ff }
}"""

TOKEN = re.compile(r"\x1b\[(?P<colour>[0-9;]*m)|\x1b\[0?(?P<clear>K)|(?P<return>\r)|(?P<line>\n)"
                   r"|(?P<text>[^\x00-\x1f]+)|(?P<other>[\s\S])")


def output_of(command):
    """What a command writes onto its terminal. It gets no input."""
    child, master = pty.fork()
    if child == 0:
        os.environ.update(COLUMNS=str(COLUMNS), LINES=str(ROWS), TERM="xterm")
        os.execvp(command[0], command)
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # How Linux tells that the last of those who had the terminal has closed it.
            piece = b""
        if not piece:
            break
        text += piece
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        sys.exit(f"terminal_svg: {' '.join(command)} failed:\n{text.decode(errors='replace')}")
    return text.decode()


def lines_of(text):
    lines, column = [""], 0
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "other":
            sys.exit(f"terminal_svg: {match.group()!r}: what is that?")
        if kind == "line":
            lines.append("")
            column = 0
        elif kind == "return":
            column = 0
        elif kind == "clear":
            lines[-1] = lines[-1][:column]
        elif kind == "text":
            old = lines[-1].ljust(column)
            lines[-1] = old[:column] + match.group() + old[column + len(match.group()):]
            column += len(match.group())
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]


def wrapped(lines):
    return [line[start:start + COLUMNS] for line in lines for start in range(0, max(len(line), 1), COLUMNS)]


def folded(lines, expression):
    """Each run of lines that begin with it becomes one, which says how many they were."""
    shown = []
    for hidden, run in itertools.groupby(lines, lambda line: re.match(expression, line) is not None):
        run = list(run)
        shown += [f"{FOLD} {len(run)} line{'s' if run[1:] else ''}"] if hidden else run
    return shown


def kind_of(line):
    for beginning, kind in (("$ ", "typed"), ("==", "head"), (FOLD, "soft")):
        if line.startswith(beginning):
            return kind
    return ""


def picture(title, lines):
    width, height = COLUMNS * WIDTH + 2 * MARGIN, BAR + len(lines) * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" role="img"',
        f'  viewBox="0 0 {width:.0f} {height}"><title>{escape(title)}</title>', f"<style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1}" rx="8"/>',
        f'<path class="bar" d="M0.5 {BAR}V8.5a8 8 0 0 1 8-8H{width - 8.5:.0f}a8 8 0 0 1 8 8V{BAR}Z"/>',
        f'<text class="soft" x="{width / 2:.0f}" y="21" text-anchor="middle">{escape(title)}</text>',
    ]
    for number, line in enumerate(lines):
        if line:
            y = BAR + MARGIN + number * LINE + 12
            # As wide as it is in a terminal, whichever font there is.
            parts.append(f'<text x="{MARGIN}" y="{y}" class="{kind_of(line)}" xml:space="preserve" '
                         f'textLength="{len(line) * WIDTH:.0f}">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(file, title, expression, *command):
    lines = wrapped(["$ " + title, *folded(lines_of(output_of(command)), expression)])
    Path(file).write_text(picture(title, lines))
    print(f"{file}: {len(lines)} lines")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
