"""Names that a program binds and never reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

BY_TEXT = frozenset({"locals", "globals", "vars", "eval", "exec"})  # what reads names that are not written


def unread_names(texts: Iterable[str]) -> frozenset[str]:
    r"""Find the names that files of a program bind, and that no expression of any of them reads.

    >>> sorted(unread_names(["a = 1\nb = a\nprint(a)"]))
    ['b']
    """
    read, bound = set[str](), set[str]()
    for text in texts:
        loaded, stored = _names_in(text)
        read |= loaded
        bound |= stored
    return frozenset() if read & BY_TEXT else frozenset(bound - read)


@cache
def _names_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a file reads, and those that it binds; none where it is no Python."""
    try:
        found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    except SyntaxError:
        return BY_TEXT, frozenset()
    stored = frozenset(node.id for node in found if isinstance(node.ctx, ast.Store))
    return frozenset(node.id for node in found if not isinstance(node.ctx, ast.Store)), stored
