"""Branches that a run has not taken."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from backproof.trace.events import Trace

Block = list[ast.stmt]


def untaken(trace: Trace) -> tuple[tuple[str, int], ...]:
    """The branches beside code that has run which compute something and did not run: file and first row.

    Only those that are gone through again and again count: inside a loop, or a function that was called.
    """
    rows: dict[str, set[int]] = defaultdict(set)
    made = (node.origin.site for node in trace.nodes if node.origin is not None)
    for number in chain(made, (store.site for store in trace.stores)):
        if number >= 0:
            span = trace.sites[number].span
            rows[trace.sites[number].file].update((span.row, span.end_row))
    found = []
    for file, text in trace.files.items():
        if not rows[file]:
            continue
        try:
            body = ast.parse(text).body
        except SyntaxError:
            continue
        for block in _branches(body, False):
            ran = any(row in rows[file] for row in range(block[0].lineno, (block[-1].end_lineno or 0) + 1))
            if not ran and _assigns(block):
                found.append((file, block[0].lineno))
    return tuple(found)


def _branches(body: Block, repeated: bool) -> Iterator[Block]:
    """The blocks, in what is gone through again and again, of which one or the other runs."""
    for statement in body:
        match statement:
            case ast.FunctionDef(body=inner) | ast.ClassDef(body=inner):
                yield from _branches(inner, isinstance(statement, ast.FunctionDef))
                continue
            case ast.For(body=inner, orelse=rest) | ast.While(body=inner, orelse=rest):
                yield from _branches([*inner, *rest], True)
                continue
            case ast.With(body=inner):
                yield from _branches(inner, repeated)
                continue
            case ast.If(body=inner, orelse=rest):
                blocks = [inner, rest]
            case ast.Try(body=inner, handlers=handlers, orelse=rest, finalbody=last):
                blocks = [[*inner, *rest, *last], *(handler.body for handler in handlers)]
            case ast.Match(cases=cases):
                blocks = [case.body for case in cases]
            case _:
                continue
        for block in filter(None, blocks):
            if repeated:
                yield block
            yield from _branches(block, repeated)


def _assigns(block: Block) -> bool:
    """Does a block give names or places something that it computes, or a number?"""
    for statement in block:
        for node in ast.walk(statement):
            if isinstance(node, ast.AugAssign | ast.Assign) and not isinstance(node.value, ast.Name):
                return True
    return False
