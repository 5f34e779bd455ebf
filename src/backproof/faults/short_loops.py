"""A loop of the backward pass that counts otherwise than the other loops of the same counter."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TypeGuard

from backproof.source import Edit
from backproof.trace import Site, Trace

MOST = 4  # loops that are tried
UPWARDS = 2  # arguments of a range that counts upwards by one
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


def as_others_count(trace: Trace, forward: Collection[int], backward: Collection[int]) -> Iterator[Edit]:
    """Let a loop around nothing but backward values go through what others do, the commonest first.

    ``forward`` and ``backward`` are the sites of the values of the two passes.
    """
    for file, text in trace.files.items():
        loops = list(_loops(text))
        ahead, behind = (_rows(trace, file, numbers) for numbers in (forward, backward))
        for inside, counter, call in loops:
            own, length = ast.get_source_segment(text, call), len(call.args)
            if inside.isdisjoint(behind) or not inside.isdisjoint(ahead):
                continue
            others = Counter(
                ast.get_source_segment(text, each)
                for _, name, each in loops
                if name == counter and max(length, len(each.args)) <= UPWARDS
            )
            site = next(
                (s for s in trace.sites if s.file == file and _is_at(s, call) and s.text == own), None
            )
            for new, _ in others.most_common():
                if new not in (None, own) and site is not None:
                    yield Edit(site.span, str(new))


def _loops(text: str) -> Iterator[tuple[set[int], str, ast.Call]]:
    """The loops over a range of numbers: the rows inside, the name that counts, and the range."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        rows = set(range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", None) or 0) + 1))
        if isinstance(node, ast.For):
            each: list[ast.For] | list[ast.comprehension] = [node]
            rows -= {node.lineno}
        else:
            each = node.generators if isinstance(node, COMPREHENSIONS) else []
        for loop in each:
            if isinstance(loop.target, ast.Name) and _is_range(loop.iter):
                yield rows, loop.target.id, loop.iter


def _is_range(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _is_at(site: Site, node: ast.expr) -> bool:
    span = site.span
    return site.kind == "Call" and (span.row, span.end_row) == (node.lineno, node.end_lineno)


def _rows(trace: Trace, file: str, numbers: Collection[int]) -> set[int]:
    return {trace.sites[n].span.row for n in numbers if n >= 0 and trace.sites[n].file == file}
