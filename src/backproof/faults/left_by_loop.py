"""A loop of updates that leaves out the first or the last of what it should go through."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backproof.source import Edit
from backproof.trace import Site, Trace

SLICED = frozenset({"1", "-1"})  # bounds by which one end is left out


def wider_loops(trace: Trace, update: Site) -> Iterator[tuple[Site, str, Edit]]:
    """Widen the loops around an update at one end, the innermost first.

    Gives what is gone through now, what would be, and the edit.
    """
    text = trace.files[update.file]
    try:
        loops = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For)]
    except SyntaxError:
        return
    around = [n for n in loops if n.lineno < update.span.row <= (n.end_lineno or n.lineno)]
    for loop in sorted(around, key=lambda node: -node.lineno):
        old = ast.get_source_segment(text, loop.iter) or ""
        site = next(
            (s for s in trace.sites if s.file == update.file and _is_at(s, loop.iter) and s.text == old), None
        )
        for new in _wider(old) if site is not None else ():
            assert site is not None
            yield site, new, Edit(site.span, new)


def _is_at(site: Site, node: ast.expr) -> bool:
    return (site.span.row, site.span.end_row) == (node.lineno, node.end_lineno)


def _wider(text: str) -> Iterator[str]:
    """What goes one further: all that is sliced or counted, at the same end."""
    tree = ast.parse(text, mode="eval")
    slices = [n for n in ast.walk(tree) if isinstance(n, ast.Subscript) and _is_short(n.slice)]
    if slices:
        yield _with(text, [(n, ast.get_source_segment(text, n.value) or "") for n in slices])
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range":
            yield from (_with(text, [(call, new)]) for new in _longer(text, call))


def _is_short(index: ast.expr) -> bool:
    """Is this a slice without its first or its last item?"""
    if not isinstance(index, ast.Slice) or index.step is not None:
        return False
    bounds = [ast.unparse(bound) for bound in (index.lower, index.upper) if bound is not None]
    return len(bounds) == 1 and bounds[0] in SLICED


def _longer(text: str, call: ast.Call) -> Iterator[str]:
    """The same range with one number more at its end or at its beginning."""
    parts = [ast.get_source_segment(text, argument) or "" for argument in call.args]
    if len(parts) > 2 or call.keywords:
        return
    *begin, end = call.args
    ended = (
        ast.get_source_segment(text, end.left) or ""
        if isinstance(end, ast.BinOp) and isinstance(end.op, ast.Sub) and ast.unparse(end.right) == "1"
        else f"{parts[-1]} + 1"
    )
    yield f"range({', '.join([*parts[:-1], ended])})"
    if begin and ast.unparse(begin[0]) == "1":
        yield f"range({parts[-1]})"


def _with(text: str, changes: list[tuple[ast.expr, str]]) -> str:
    """A text of one line with some of its expressions replaced."""
    for node, new in sorted(changes, key=lambda change: -change[0].col_offset):
        text = text[: node.col_offset] + new + text[node.end_col_offset :]
    return text
