#!/usr/bin/env python3
"""Writes docs/api, a page per group of include/uv.h and uvstream.h, from the comments there. `./dev check` compares.

A group begins with a line `/* ---- Title ---- */`. A comment followed by an empty line introduces
its group; any other belongs to the declaration below it, or to several functions that follow each
other without a line between them. What follows `/* private */` in a structure is left out.
"""
import re
import sys
import textwrap
from dataclasses import dataclass, field

from header import ROOT
from rules import contract_rules

HEADER = ROOT / "include" / "uv.h"
BEYOND = ROOT / "include" / "uvstream.h"  # what is ours alone
PAGES = ROOT / "docs" / "api"
TYPES = "handle-and-request-types.md"
NOT_SHOWN = {"Private building blocks"}
NOTE = "<!-- Made from include/%s by `./dev docs`. Change the comments there, not this page. -->\n"


@dataclass
class Item:
    kind: str  # macro, type, callback, function
    names: list
    comment: str
    code: str


@dataclass
class Group:
    title: str
    header: str = "uv.h"
    intro: list = field(default_factory=list)  # comments
    items: list = field(default_factory=list)

    @property
    def page(self):
        return re.sub(r"[^a-z0-9]+", "-", self.title.partition(":")[0].lower()) + ".md"

    def of(self, kind):
        return [item for item in self.items if item.kind == kind]


# ---- Reading uv.h ---------------------------------------------------------------------------


def comment_text(lines):
    """The sentences of a comment: paragraphs divided by empty lines, a list item on its own."""
    text = "\n".join(lines)
    text = re.sub(r"^/\*+ ?|\s*\*/$", "", text)
    stripped = [re.sub(r"^ \*( |$)", "", line) for line in text.splitlines()]
    out = []
    for line in stripped:
        if out and line and out[-1] and not line.startswith("- "):
            out[-1] += " " + line.strip()
        else:
            out.append(line.strip())
    return "\n".join(out).strip()


def constants(header, name):
    """What a list such as UV_HANDLE_TYPE_MAP makes: a constant per row."""
    if name == "UV_ERRNO_MAP":
        return ["  /* a constant per code of the table below */"]
    rows = re.search(rf"#define {name}\(XX\)((?:.*\\\n)*.*)", header).group(1)
    return [f"  UV_{upper}," for upper in re.findall(r"XX\((\w+),", rows)]


def public_part(lines, header):
    """A type without private fields, and with lists of constants written out."""
    out, private, hidden = [], False, False
    for line in lines:
        mark, listed = line.strip(), re.match(r"  (UV_\w+_MAP)\(", line)
        if mark in ("/* private */", "/* read-only */"):
            private = mark == "/* private */"
            hidden |= private
        if listed:
            out += constants(header, listed.group(1))
        elif line == lines[-1] or not private and not line.startswith("#"):
            out.append(line)
    if hidden:
        out.insert(-1, "  /* private fields */")
    return "\n".join(out)


def signature(declaration):
    """A prototype on one line or, when that is long, with a line per parameter."""
    text = " ".join(declaration.replace("UV_EXTERN", "").split()).replace("( ", "(")
    if len(text) <= 96:
        return text
    head, _, rest = text.partition("(")
    if head.startswith("typedef"):
        inner, _, rest = rest.partition(")(")
        head += "(" + inner + ")"
    pad = " " * (len(head) + 1)
    return head + "(" + rest.replace(", ", ",\n" + pad)


def type_name(lines):
    """By what name the pages know a type that the header defines."""
    first, last = lines[0], lines[-1]
    typedef = re.match(r"\} (\w+);", last)
    tagged = re.match(r"(?:typedef )?(?:struct|union|enum) (\w+) \{", first)
    if typedef:
        return typedef.group(1)
    if tagged:
        return re.sub(r"_s$", "_t", tagged.group(1))
    return re.match(r"\s*(\w+)", lines[1]).group(1)  # a nameless enum: its first constant


class Reader:
    """One pass over the lines of a header."""

    def __init__(self, text):
        self.text = text
        self.lines = text.splitlines()
        self.at = 0

    def until(self, ends):
        """Takes lines up to the one of which `ends` says that it is the last."""
        begin = self.at
        while not ends(self.lines[self.at]):
            self.at += 1
        self.at += 1
        return self.lines[begin:self.at]

    def groups(self):
        """The comment at the top, and the groups."""
        top, groups, comment = None, [], None
        adjacent = False  # the line above was a function
        while self.at < len(self.lines):
            line = self.lines[self.at]
            group = groups[-1] if groups else None
            title = re.match(r"/\* ---- (.*?) -+ \*/$", line)
            function = line.startswith("UV_EXTERN")
            if title:
                group = Group(title.group(1))
                known = [other for other in groups if other.page == group.page]
                groups = [other for other in groups if other not in known] + (known or [group])
                self.at += 1
            elif line.startswith("/*"):
                comment = comment_text(self.until(lambda text: text.endswith("*/")))
                if top is None:
                    top, comment = comment, None
            elif group is None or not line.strip():
                if comment and group:
                    group.intro.append(comment)
                comment = None
                self.at += 1
            elif function:
                code = signature("\n".join(self.until(lambda text: text.endswith(";"))))
                name = re.search(r"\b(uvs?_\w+)\(", code).group(1)
                if adjacent and comment is None:
                    group.items[-1].names.append(name)
                    group.items[-1].code += "\n" + code
                else:
                    group.items.append(Item("function", [name], comment or "", code))
                comment = None
            else:
                item = self.declaration(line, comment)
                if item:
                    group.items.append(item)
                comment = None
            adjacent = function
        return top, [group for group in groups if group.title not in NOT_SHOWN]

    def declaration(self, line, comment):
        """Any declaration but a function; None for one that is not shown."""
        callback = re.match(r"typedef [\w* ]+\(\*(uvs?_\w+)\)", line)
        if callback:
            code = signature("\n".join(self.until(lambda text: text.endswith(";"))))
            return Item("callback", [callback.group(1)], comment or "", code)
        if re.match(r"(typedef )?(struct|union|enum)\b.*\{$", line):
            lines = self.until(lambda text: text.startswith("}"))
            return Item("type", [type_name(lines)], comment or "", public_part(lines, self.text))
        macro = re.match(r"#define (UV_\w+)", line)
        if macro and comment:
            lines = self.until(lambda text: not text.endswith("\\"))
            return Item("macro", [macro.group(1)], comment, "\n".join(lines))
        self.at += 1
        return None


# ---- Markdown -------------------------------------------------------------------------------


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


class Writer:
    """Turns comments into prose with links, seen from one page."""

    TOKEN = re.compile(
        r"(?P<code>`[^`]+`)"
        r"|(?P<page>docs/(\w+)\.md)"
        r"|(?P<name>\b(?:uvs?|UV)_\w+\b(?!\*))"
        r"|(?P<word>\\\\[.?]\\pipe\\NAME|\b[A-Z]+_\w*\*|\b[a-z]\w*(?:->\w+)+|\b\w+\(\d?\)"
        r"|\b\w+\[\d\]|\*\w+|\b\w+_\w+\b|\bNULL\b|\bSIG[A-Z]+\b)"
        r"|(?P<rule>\b[LRWSCATPIYEX]\d+\b)"
        r"|(?P<mark>[\\*_<>\[\]|])"
    )

    def __init__(self, page, anchors, rules):
        self.page, self.anchors, self.rules = page, anchors, rules

    def link(self, name, own):
        page = self.anchors.get(name)
        if page is None or name in own:
            return f"`{name}`"
        return f"[`{name}`]({'' if page == self.page else page}#{name})"

    def token(self, match, own):
        kind, text = match.lastgroup, match.group()
        if match["page"]:
            return f"[{text}](../{match[3]}.md)"
        if kind == "code":
            return self.link(text.strip("`"), own)
        if kind == "name":
            return self.link(text, own)
        if kind == "word":
            return f"`{text}`"
        if kind == "rule":
            return f"[{text}](../CONTRACT.md#{text.lower()})" if text in self.rules else text
        return "\\" + text

    def paragraphs(self, comment, own=()):
        out = []
        for line in comment.splitlines():
            text = self.TOKEN.sub(lambda match: self.token(match, own), line.removeprefix("- "))
            item = line.startswith("- ")
            out.append(textwrap.fill(
                text, 100, break_long_words=False, break_on_hyphens=False,
                initial_indent="- " if item else "", subsequent_indent="  " if item else ""))
        return "\n".join(out)

    def item(self, item):
        heading = "### " + ", ".join(f"`{name}`" for name in item.names)
        # A heading with one name is an anchor already.
        anchors = "".join(f'<a id="{name}"></a>' for name in item.names) if item.names[1:] else ""
        parts = [heading, anchors, f"```c\n{item.code}\n```", self.paragraphs(item.comment, item.names)]
        return "\n\n".join(part for part in parts if part) + "\n"


def error_table():
    text = (ROOT / "include" / "uv" / "errno.h").read_text()
    rows = re.findall(r'XX\((\w+), "([^"]+)"\)', text)
    lines = ["### `UV_E*`", "", "| Code | Text |", "|---|---|"]
    return "\n".join(lines + [f"| `UV_{name}` | {words} |" for name, words in rows]) + "\n"


def system_types():
    """Type -> what uv/unix.h and uv/win.h make of it."""
    found = {}
    for system in ("unix", "win"):
        text = (ROOT / "include" / "uv" / f"{system}.h").read_text()
        for what, name in re.findall(r"^typedef (\w+) (uv_\w+);", text, re.MULTILINE):
            found.setdefault(name, {})[system] = f"`{what}`"
        for name in re.findall(r"^\} (uv_\w+);", text, re.MULTILINE):
            found.setdefault(name, {})[system] = "a structure"
    return {name: of for name, of in found.items() if len(of) == 2}


def system_table():
    lines = ["## Types of the system", "",
             "Their sizes and, where they are structures, their layouts are those of the system. The",
             "fields of a `uv_buf_t` are `char* base` and `len`, the number of bytes there; in what",
             "order they come differs.", "", "| Type | Unix | Windows |", "|---|---|---|"]
    lines += [f'| <a id="{name}"></a>`{name}` | {of["unix"]} | {of["win"]} |'
              for name, of in system_types().items()]
    return "\n".join(lines) + "\n"


def handle_table(groups, writer):
    """Every handle and request type, where it is described, and what it is."""
    lines = ["## Handles and requests", "", "| Type | |", "|---|---|"]
    for group in groups:
        for item in group.of("type"):
            if re.match(r"struct uvs?_", item.code) and item.names[0] != "uv_loop_t":
                words = writer.paragraphs(item.comment).replace("\n", " ")
                lines.append(f"| {writer.link(item.names[0], ())} | {words} |")
    return "\n".join(lines) + "\n"


def takers(callback, groups):
    """The groups with a function that takes a callback, or else with a type that holds it."""
    for kind in ("function", "type"):
        found = [group for group in groups
                 if any(re.search(rf"\b{callback}\b", item.code) for item in group.of(kind))]
        if found:
            return found
    return []


def group_page(group, groups, callbacks, writer):
    parts = [NOTE % group.header, f"# {group.title}\n", "[All groups](README.md)\n"]
    if group.header != "uv.h":
        parts.append(f"Include `{group.header}`, which includes `uv.h`.\n")
    parts += [writer.paragraphs(comment) + "\n" for comment in group.intro]
    used = [item for name, item in callbacks.items() if group in takers(name, groups)]
    types = group.of("type") + group.of("macro")
    if group.page == TYPES:
        parts += [handle_table(groups, writer), system_table()]
    for title, items in (("Types", types), ("Callbacks", used), ("Functions", group.of("function"))):
        if items:
            parts.append(f"## {title}\n")
            parts += [writer.item(item) for item in items]
            if title == "Types" and group.page.startswith("errors"):
                parts.append(error_table())
    return "\n".join(parts)


def group_table(groups, header, writer):
    lines = ["| Group | Functions |", "|---|---|"]
    for group in (group for group in groups if group.header == header):
        names = [name for item in group.of("function") for name in item.names]
        lines.append(f"| [{group.title}]({group.page}) | {' '.join(writer.link(n, ()) for n in names)} |")
    return "\n".join(lines) + "\n"


def index_page(top, beyond, groups, writer):
    parts = [NOTE % "uv.h", "# The API\n",
             "Everything that `uv.h` declares, by group. What holds for streams of every kind, rule by",
             "rule and with a table of calls and states, is [the contract](../CONTRACT.md).\n",
             "## What holds everywhere\n", writer.paragraphs(top) + "\n", "## Groups\n",
             group_table(groups, "uv.h", writer), "## Beyond libuv: `uvstream.h`\n",
             writer.paragraphs(beyond) + "\n", group_table(groups, "uvstream.h", writer)]
    return "\n".join(parts)


def read_headers():
    """The comments at the top of uv.h and of uvstream.h, and the groups of both."""
    top, groups = Reader(HEADER.read_text()).groups()
    beyond, others = Reader(BEYOND.read_text()).groups()
    for group in others:
        group.header = BEYOND.name
    return top, beyond, groups + others


def pages():
    """Path -> text of every page."""
    top, beyond, groups = read_headers()
    callbacks = {item.names[0]: item for group in groups for item in group.of("callback")}
    anchors, rules = dict.fromkeys(system_types(), TYPES), contract_rules()
    for group in groups:
        for item in group.items:
            if item.kind != "callback":
                anchors.update((name, group.page) for name in item.names)
    for name in callbacks:  # on each page whose functions take it; links lead to the first
        anchors.update((name, group.page) for group in takers(name, groups)[:1])
    out = {}
    for group in groups:
        writer = Writer(group.page, anchors, rules)
        out[PAGES / group.page] = group_page(group, groups, callbacks, writer)
    out[PAGES / "README.md"] = index_page(top, beyond, groups, Writer("README.md", anchors, rules))
    return out


def differences():
    """What writing the pages would change."""
    wanted = pages()
    there = set(PAGES.glob("*.md"))
    return [f"{path.relative_to(ROOT)}: run ./dev docs"
            for path in sorted(there | set(wanted))
            if path not in there or path.read_text() != wanted.get(path)]


def main():
    PAGES.mkdir(exist_ok=True)
    wanted = pages()
    for path in set(PAGES.glob("*.md")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    print(f"docs: {len(wanted)} pages in {PAGES.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
