"""Gradients that a condition keeps from being applied, which others pass: frozen, by choice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from backproof.graph import Node, ancestors
from backproof.step import Parameter, TrainingStep
from backproof.trace import Store, Trace

OF_KIND = frozenset({"isinstance", "issubclass", "hasattr", "callable", "type"})
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def applied_sites(step: TrainingStep) -> frozenset[int]:
    """The places of the program at which what is applied is made."""
    return frozenset(n.origin.site for n in ancestors(step.descents) if n.origin is not None)


def left_by_choice(step: TrainingStep, gradient: Node, sibling: Parameter, applied: frozenset[int]) -> bool:
    """Is a gradient made where an applied one is made as well, and the update of that under a condition?

    Whether something is of a kind, or is there at all, is asked in vain of what is made at one place.
    """
    if gradient.origin.site not in applied:
        return False
    tests = _conditions(step.trace, sibling.changes[-1].stores[-1], step.window.start)
    return any(not _is_of_kind(test) for test in tests)


def _conditions(trace: Trace, store: Store, start: int) -> Iterator[ast.expr]:
    """The conditions under which a store of a step stands, in its function and in those that called it."""
    number: int | None = store.site
    frame = trace.frames[store.frame]
    while number is not None and number >= 0:
        site = trace.sites[number]
        yield from _around(trace.files.get(site.file, ""), site.span.row)
        if frame.time < start or frame.parent is None:
            return
        number, frame = frame.call, trace.frames[frame.parent]


def _around(text: str, row: int) -> Iterator[ast.expr]:
    """The conditions around a row, in the innermost function that it stands in."""
    first = max((n.lineno for n in _parsed(text) if isinstance(n, FUNCTION) and _holds(n, row)), default=0)
    for node in _parsed(text):
        if isinstance(node, ast.If) and node.lineno >= first and _holds(node, row):
            inside = row > (node.test.end_lineno or 0) or node.body[0].lineno == row
            if inside and "__name__" not in ast.dump(node.test):
                yield node.test


def _holds(node: ast.AST, row: int) -> bool:
    return bool(getattr(node, "lineno", 0) <= row <= (getattr(node, "end_lineno", 0) or 0))


@lru_cache(8)
def _parsed(text: str) -> tuple[ast.AST, ...]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.If, *FUNCTION)))


def _is_of_kind(test: ast.expr) -> bool:
    """Is it only asked what something is, or whether it is there?"""
    match test:
        case ast.Call(func=ast.Name(id=name)):
            return name in OF_KIND
        case ast.BoolOp(values=values):
            return all(map(_is_of_kind, values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_of_kind(operand)
        case ast.Compare(left=ast.Call() as call):
            return _is_of_kind(call)
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
    return False
