"""Branches that a run has not taken."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from backproof.trace.events import Trace

Block = list[ast.stmt]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch: its file and its first row. A ``named`` one is chosen by a text, which no step changes."""

    file: str
    row: int
    named: bool = False


def untaken(trace: Trace) -> tuple[Branch, ...]:
    """The branches beside code that has run which compute something and did not run.

    Only those that are gone through again and again count: inside a loop, or a function that was called.
    """
    rows: dict[str, set[int]] = defaultdict(set)
    made = (node.origin.site for node in trace.nodes if node.origin is not None)
    for number in chain(made, (store.site for store in trace.stores)):
        if number >= 0:
            span = trace.sites[number].span
            rows[trace.sites[number].file].update((span.row, span.end_row))
    for frame in trace.frames:
        if frame.site is not None and frame.site >= 0:
            rows[trace.sites[frame.site].file].add(trace.sites[frame.site].span.row)
    found = []
    for file, text in trace.files.items():
        if not rows[file]:
            continue
        try:
            body = ast.parse(text).body
        except SyntaxError:
            continue
        for block, named in _branches(body, rows[file], repeated=False):
            if not _ran(block, rows[file]) and _computes(block):
                found.append(Branch(file, block[0].lineno, named))
    return tuple(found)


def _branches(body: Block, rows: Collection[int], repeated: bool) -> Iterator[tuple[Block, bool]]:
    """The blocks, in what is gone through again and again, of which one or the other runs."""
    for statement in body:
        named = False
        match statement:
            case ast.FunctionDef(body=inner):
                if statement.lineno in rows or _ran(inner, rows):
                    yield from _branches(inner, rows, repeated=True)
                continue
            case ast.ClassDef(body=inner):
                yield from _branches(inner, rows, repeated=False)
                continue
            case ast.For(body=inner, orelse=rest) | ast.While(body=inner, orelse=rest):
                yield from _branches([*inner, *rest], rows, repeated=True)
                continue
            case ast.With(body=inner):
                yield from _branches(inner, rows, repeated)
                continue
            case ast.If(body=inner, orelse=rest, test=test):
                blocks, named = [inner, rest], _has_text([test])
            case ast.Try(body=inner, handlers=handlers, orelse=rest, finalbody=last):
                blocks = [[*inner, *rest, *last], *(handler.body for handler in handlers)]
            case ast.Match(cases=cases):
                blocks, named = [case.body for case in cases], _has_text([c.pattern for c in cases])
            case _:
                continue
        for block in filter(None, blocks):
            if repeated and not (len(block) == 1 and isinstance(block[0], ast.If)):  # has branches of its own
                yield block, named
            yield from _branches(block, rows, repeated)


def _ran(block: Block, rows: Collection[int]) -> bool:
    return any(row in rows for row in range(block[0].lineno, (block[-1].end_lineno or 0) + 1))


def _has_text(nodes: Collection[ast.AST]) -> bool:
    """Is a text among what is compared?"""
    inner = (each for node in nodes for each in ast.walk(node))
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in inner)


def _computes(block: Block) -> bool:
    """Does a block give names or places a number or what it computes, or return what it computes?"""
    for node in (each for statement in block for each in ast.walk(statement)):
        if isinstance(node, ast.AugAssign | ast.Assign) and not isinstance(node.value, ast.Name):
            return True
        if isinstance(node, ast.Return) and node.value is not None and _is_computed(node.value):
            return True
    return False


def _is_computed(value: ast.expr) -> bool:
    """Is this more than a name or a constant, of which nothing would be recorded?"""
    return not isinstance(value, ast.Name | ast.Attribute | ast.Constant)
