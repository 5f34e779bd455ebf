"""The difference between two texts of one program, as ``patch -p0`` and ``git apply -p0`` take it."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from backproof.source.editing import written_text
from backproof.source.text import Program


def diff(before: Program, after: Program) -> str:
    r"""Give the unified diff of two programs, and the empty text when they are the same.

    >>> print(diff(Program("net.py", "g = y - out\n"), Program("net.py", "g = out - y\n")), end="")
    --- net.py
    +++ net.py
    @@ -1 +1 @@
    -g = y - out
    +g = out - y
    """
    old, new = (_lines(written_text(program)) for program in (before, after))
    lines = difflib.unified_diff(old, new, _header(before.filename), _header(after.filename))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    # A patch knows no line end but LF; the CR of a CRLF belongs to its line, and a form feed ends none.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _header(filename: str) -> str:
    """Name the file from the folder the user stands in; a tab ends a name that has spaces."""
    name = filename
    if os.path.isabs(filename):
        path, here = Path(filename), Path.cwd()
        name = path.relative_to(here).as_posix() if path.is_relative_to(here) else filename
    return f"{name}\t" if re.search(r"\s", name) else name
