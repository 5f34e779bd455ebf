"""A loop of the backward pass that counts otherwise than the other loops of the same counter."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TypeGuard

from backproof.source import Edit
from backproof.trace import Site, Trace

MOST = 4  # loops that are tried
LENGTH = re.compile(r"(\w[\w.]*)\.shape\[-?\d+\]")  # of one axis of an array
UPWARDS = 2  # arguments of a range that counts upwards by one
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


def as_others_count(trace: Trace, forward: Collection[int], backward: Collection[int]) -> Iterator[Edit]:
    """Let a loop around nothing but backward values go through what others do, the commonest first.

    Or, where it ends at the length of an axis, along another axis by which the forward pass goes.

    ``forward`` and ``backward`` are the sites of the values of the two passes.
    """
    for file, text in trace.files.items():
        loops = list(_loops(text))
        ahead, behind = (_rows(trace, file, numbers) for numbers in (forward, backward))
        counts = [ast.get_source_segment(text, call) or "" for rows, _, call in loops if rows & ahead]
        lengths = {found.group() for each in counts for found in LENGTH.finditer(each)}
        for inside, counter, call in loops:
            own, length = ast.get_source_segment(text, call), len(call.args)
            if inside.isdisjoint(behind) or not inside.isdisjoint(ahead):
                continue
            others = Counter(
                segment
                for _, name, each in loops
                if name == counter and max(length, len(each.args)) <= UPWARDS
                if (segment := ast.get_source_segment(text, each)) is not None
            )
            site = next(
                (s for s in trace.sites if s.file == file and _is_at(s, call) and s.text == own), None
            )
            instead = [new for new, _ in others.most_common()]
            instead += _along_others(own or "", lengths)
            for new in dict.fromkeys(instead):
                if new != own and site is not None:
                    yield Edit(site.span, new)


def _along_others(own: str, lengths: Collection[str]) -> Iterator[str]:
    """A range that ends at the length of one axis, with that of another axis of the array.

    ``lengths`` are those by which the loops of the forward pass count.
    """
    for found in LENGTH.finditer(own):
        start, end = found.span()
        others = (each for each in sorted(lengths) if each.startswith(f"{found.group(1)}.shape["))
        yield from (own[:start] + each + own[end:] for each in others if each != found.group())


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
            call = _turned(loop.iter)
            if isinstance(loop.target, ast.Name) and _is_range(call):
                yield rows, loop.target.id, call


def _turned(node: ast.expr) -> ast.expr:
    """What is gone through from its end, as in ``reversed(range(n))``; or what is gone through."""
    match node:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            return inner
    return node


def _is_range(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _is_at(site: Site, node: ast.expr) -> bool:
    span = site.span
    return site.kind == "Call" and (span.row, span.end_row) == (node.lineno, node.end_lineno)


def _rows(trace: Trace, file: str, numbers: Collection[int]) -> set[int]:
    return {trace.sites[n].span.row for n in numbers if n >= 0 and trace.sites[n].file == file}
