"""Trainings of a program behind the one in which its run was stopped: they were not run."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from backproof.trace.events import Store, Trace

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Block = list[ast.stmt]


def later_trainings(trace: Trace, update: Store, updated: Collection[str]) -> tuple[int, ...]:
    """The rows of the program's own file at which it would go on to train, behind where it was stopped.

    There it calls what makes an ``update``, or has a loop that replaces one of those ``updated``, by name.
    """
    if trace.ended != "stopped":
        return ()
    file = next(iter(trace.files))
    tree = ast.parse(trace.files[file])
    found: set[int] = set()
    for row, called in _places(trace, file, update):
        for statement in _behind(_scope(tree, row), row):
            found.update(_calls(statement, called) if called else _loops(statement, updated))
    return tuple(sorted(found))


def _places(trace: Trace, file: str, update: Store) -> Iterator[tuple[int, str]]:
    """Where an update is made: the rows of the program's own file and what they call, innermost first."""
    frames, called = {frame.number: frame for frame in trace.frames}, ""
    number, frame = update.site, frames.get(update.frame)
    while 0 <= number < len(trace.sites):
        site = trace.sites[number]
        if site.file == file:
            yield site.span.row, called
        if frame is None or frame.call is None or frame.parent is None:
            break
        called = site.function
        number, frame = frame.call, frames.get(frame.parent)


def _scope(tree: ast.Module, row: int) -> Block:
    """The statements of the innermost function around a row, or of the whole program."""
    around = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and _holds(node, row)]
    return max(around, key=lambda node: node.lineno).body if around else tree.body


def _behind(block: Block, row: int) -> Iterator[ast.stmt]:
    """What comes behind the statement in which a row stands; a loop around it is not over."""
    for statement in block:
        if statement.lineno > row and not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            yield statement
        elif _holds(statement, row) and isinstance(statement, ast.If | ast.With | ast.Try):
            yield from _behind(statement.body, row)


def _holds(statement: ast.stmt, row: int) -> bool:
    return statement.lineno <= row <= (statement.end_lineno or 0)


def _calls(statement: ast.stmt, name: str) -> Iterator[int]:
    """The rows at which a function or method of a name is called."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
            yield node.lineno


def _loops(statement: ast.stmt, updated: Collection[str]) -> Iterator[int]:
    """The row of a loop in which one of what was updated gets a new value."""
    targets: list[ast.expr] = []
    for node in ast.walk(statement):
        if isinstance(node, ast.AugAssign):
            targets.append(node.target)
        elif isinstance(node, ast.Assign):
            targets += node.targets
    if isinstance(statement, ast.For | ast.While) and {*map(ast.unparse, targets)} & {*updated}:
        yield statement.lineno
