"""How many steps a training makes, where its loops tell."""

from __future__ import annotations

import ast
import math

from backproof.check.judgement import Judgement
from backproof.step.formulas import value_of
from backproof.trace import Trace


def steps_of(judgement: Judgement, text: str) -> int | None:
    """The number of steps of a training; None where a loop around a step does not tell how often it runs."""
    step, windows = judgement.step, judgement.windows
    kind, number = step.window.kind
    trace = step.trace
    if kind != "round" or number < 0 or trace.sites[number].file != next(iter(trace.files), None):
        return None
    rounds = [a for a in trace.activities if a.kind == kind and a.site == number and a.complete]
    between = [a for a in rounds if windows[0].start <= a.start <= windows[-1].start]
    if len(between) != len(windows):
        return None  # some rounds make no step
    site = trace.sites[number]
    loops = _around(ast.parse(text), site.span.row, site.span.column)
    if not loops:
        return None
    counts = [_rounds(trace, loop, step.window.start) for loop in loops]
    return None if any(c is None for c in counts) else math.prod(c for c in counts if c is not None)


def _around(tree: ast.AST, row: int, column: int) -> list[ast.For]:
    """The loop at a place and the loops around it; none where one of them is not counted, or may be left."""
    found: list[ast.For] = []

    def visit(node: ast.AST, loops: list[ast.For], free: bool) -> None:
        if isinstance(node, ast.For | ast.While | ast.FunctionDef | ast.ClassDef):
            free = free and isinstance(node, ast.For)
        if isinstance(node, ast.For):
            loops = [*loops, node]
            if (node.lineno, node.col_offset + 1) == (row, column):
                left = any(isinstance(n, ast.Break | ast.Return) for loop in loops for n in ast.walk(loop))
                found.extend(loops if free and not left else [])
        for child in ast.iter_child_nodes(node):
            visit(child, loops, free)

    visit(tree, [], True)
    return found


def _rounds(trace: Trace, loop: ast.For, time: int) -> int | None:
    """How often a loop over a range, a counted range or a list of a known length runs."""
    source = loop.iter
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Name):
        if source.func.id == "range" and not source.keywords:
            numbers = [value_of(trace, argument, time, 0) for argument in source.args]
            if any(not _is_whole(n) for n in numbers):
                return None
            return len(range(*(int(n) for n in numbers)))
        if source.func.id in ("enumerate", "zip", "tqdm", "reversed") and source.args:
            return _rounds(trace, ast.For(target=loop.target, iter=source.args[0], body=[], orelse=[]), time)
        return None
    value = value_of(trace, source, time, 0)
    try:
        return len(value)
    except TypeError:
        return None


def _is_whole(number: object) -> bool:
    return isinstance(number, int | float) or hasattr(number, "__index__")
