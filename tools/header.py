"""What include/uv.h and uvstream.h declare: read by the checks, so that they cannot drift from it."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = [ROOT / "include" / "uv.h", ROOT / "include" / "uvstream.h",
          *sorted((ROOT / "include" / "uv").glob("*.h"))]


def without_comments(text, strings=False):
    """Blanks comments (and strings), keeping every line where it is."""
    pattern = r"/\*.*?\*/|//[^\n]*"
    if strings:
        pattern += r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return re.sub(pattern, blank, text, flags=re.DOTALL)


def functions():
    """The names of all functions declared UV_EXTERN."""
    names = set()
    for path in PUBLIC:
        text = without_comments(path.read_text())
        text = re.sub(r"^[ \t]*#.*(?:\\\n.*)*$", "", text, flags=re.MULTILINE)
        for declaration in re.findall(r"\bUV_EXTERN\b([^;]*);", text):
            names.add(re.search(r"\b(uvs?_\w+)\s*\(", declaration).group(1))
    return names


def structs():
    """The names of all structs and unions that programs know the size of."""
    names = set()
    for path in PUBLIC:
        text = without_comments(path.read_text())
        for found in re.findall(
            r"^typedef (?:struct|union) \w+ (uvs?_\w+);"
            r"|^typedef (?:struct|union)(?: \w+)? \{[^{}]*(?:\{[^{}]*\}[^{}]*)*\} (uv_\w+);"
            r"|^(union uv_[a-z]\w*) \{", text, flags=re.MULTILINE,
        ):
            names.add(next(filter(None, found)))
    return names
