"""The findings that the author of a program has asked not to hear of: ``# backproof: ignore[NAME]``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from backproof.source.text import Program

_COMMENT = re.compile(r"#\s*backproof\s*:\s*ignore\b\s*(?:\[(?P<names>[^\]]*)\])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: the rows it speaks for, its own being the last, and the rules that it names."""

    rows: range
    names: tuple[str, ...]


def suppressions(program: Program) -> list[Suppression]:
    r"""List the suppressions of a program; the same words inside a string are none.

    >>> suppressions(Program("net.py", "g = y - out  # backproof: ignore[sign-flipped, wrong-scale]\n"))
    [Suppression(rows=range(1, 2), names=('sign-flipped', 'wrong-scale'))]
    """
    found = []
    for row, comment in _comments(program):
        if match := _COMMENT.search(comment):
            names = (name.strip() for name in (match["names"] or "").split(","))
            found.append(Suppression(_rows(program, row), tuple(name for name in names if name)))
    return found


def _comments(program: Program) -> Iterator[tuple[int, str]]:
    if "backproof" not in program.text.lower():
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(program.lines)).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _rows(program: Program, row: int) -> range:
    # A line that is continued by a backslash cannot hold a comment: the last one speaks for all.
    first = row
    while first > 1 and program.lines[first - 2].endswith("\\"):
        first -= 1
    return range(first, row + 1)
