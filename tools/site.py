#!/usr/bin/env python3
"""site.py [FOLDER] [--check]: the documents as a site, in build/site unless a folder is named.

pandoc makes a page of each document as GitHub reads it; what a document links to and is no document
(a source, a folder) becomes a page that shows it, so that nothing of the site leads outside of it but
what leads into the net. With --check a headless Chromium then goes through all pages, in three widths
and both colours: tools/site_check.py. The last line says what was missing when the exit code is 77.
"""
import argparse
import functools
import html
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check import tracked
from header import ROOT

STYLE = ROOT / "tools" / "site.css"
TEMPLATE = ROOT / "tools" / "site.template"
BODY = "<!-- what follows is the page -->\n"  # in the template, behind the list of headings
MANY = 7  # columns of a table
FEW = 4  # headings that need no list
NAVIGATION = (
    ("README.md", "uvstream"), ("docs/GUIDE.md", "Guide"), ("docs/MIGRATING.md", "From libuv"),
    ("docs/CONTRACT.md", "Contract"), ("docs/TESTS.md", "Tests"), ("docs/api/README.md", "API"),
    ("docs/WINDOWS.md", "Windows"), ("docs/BENCH.md", "Figures"), ("docs/PORT.md", "Porting"),
    ("CONTRIBUTING.md", "Contributing"), ("packaging/README.md", "Packaging"),
    ("CHANGELOG.md", "Changes"),
)
PICTURES = (".svg", ".png")
HREF = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"#]*)((?:#[^"]*)?")')


def page_of(path):
    """Where the site has the page of a file or a folder, below its root."""
    if path == ROOT / "README.md":
        return Path("index.html")
    place = path.relative_to(ROOT)
    if path.is_dir():
        return place / "index.html"
    if path.suffix in PICTURES:
        return place
    return place.with_suffix(".html") if path.suffix == ".md" else place.with_name(place.name + ".html")


def up_to_root(page):
    return "../" * (len(page.parts) - 1)


def frame(page, title, body):
    root = up_to_root(page)
    links = []
    for name, text in NAVIGATION:
        there = page_of(ROOT / name)
        here = ' aria-current="page"' if there == page else ""
        links.append(f'<a href="{root}{there}"{here}>{text}</a>')
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{html.escape(title)}</title><link rel="stylesheet" href="{root}site.css"></head>\n'
            f'<body><nav>{" ".join(links)}</nav><main>\n{body}\n</main></body></html>\n')


def table(match):
    """In a box that has a bar where a window is too narrow for it, and in small type if it has many columns."""
    head = match.group().partition("</thead>")[0]
    return f'<div class="wide{" many" if head.count("<th") > MANY else ""}">{match.group()}</div>'


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.wanted = set()  # files and folders that are no documents, and that somebody links to

    def write(self, page, text):
        (self.folder / page).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / page).write_text(text)

    def link(self, source, match):
        """A link of a document, as the site has it. What leads nowhere stays, for the check to find."""
        before, target, after = match.groups()
        if not target or re.match(r"\w+:", target):
            return match.group()
        to = (source.parent / html.unescape(target)).resolve()
        if not to.exists() or not to.is_relative_to(ROOT):
            return match.group()
        if to.suffix != ".md":
            self.wanted.add(to)
        return before + os.path.relpath(page_of(to), page_of(source).parent or ".") + after

    def document(self, source):
        heading = re.search(r"^# (.*)$", source.read_text(), re.MULTILINE)
        title = heading[1] if heading else source.name
        done = subprocess.run(
            ["pandoc", "-f", "gfm", "-t", "html5", "--wrap=preserve", "--toc", "--toc-depth=2",
             f"--template={TEMPLATE}", f"--metadata=title={title}", str(source)],
            capture_output=True, text=True, check=True)
        contents, _, body = done.stdout.partition(BODY)
        if contents.count("<a ") > FEW:
            body = f"<details><summary>On this page</summary>\n{contents}</details>\n{body}"
        body = HREF.sub(functools.partial(self.link, source), body)
        body = re.sub(r"<table>.*?</table>", table, body, flags=re.DOTALL)
        page = page_of(source)
        self.write(page, frame(page, title, body))

    def source(self, path):
        page = page_of(path)
        name = html.escape(str(path.relative_to(ROOT)))
        if path.is_dir():
            shown = "\n".join(str(file.relative_to(path)) for file in tracked() if file.is_relative_to(path))
        else:
            shown = path.read_text(errors="replace")
        self.write(page, frame(page, name, f"<h1>{name}</h1>\n<pre><code>{html.escape(shown)}</code></pre>"))

    def build(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        documents = [path for path in tracked() if path.suffix == ".md"]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self.document, documents))
        for path in sorted(self.wanted):
            if path.suffix in PICTURES:
                (self.folder / page_of(path)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, self.folder / page_of(path))
            else:
                self.source(path)
        shutil.copy2(STYLE, self.folder / "site.css")
        print(f"site: {len(documents)} documents and {len(self.wanted)} sources in {self.folder}")
        return [str(page_of(path)) for path in documents]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "site")
    parser.add_argument("--check", action="store_true", help="look at its links with a browser")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if not shutil.which("pandoc"):
        print("site: there is no pandoc; ./dev docs --html installs it")
        return 77
    if folder.exists() and not (folder / "site.css").exists():
        sys.exit(f"site: {folder} is there, and no site of ours")
    pages = Site(folder).build()
    if not arguments.check:
        return 0
    import site_check  # Which needs a browser, and this module nothing of it.
    return site_check.main(folder, pages)


if __name__ == "__main__":
    sys.exit(main())
