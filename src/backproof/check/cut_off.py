"""Updates that a run was stopped before: of arrays that its loss is computed from, in code that comes later.

A step may hold many rounds of a loop in each of which one parameter is updated, and update the others when
the loop is over. A run that is stopped in the loop has seen nothing of them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.check.dropped import owned, places_of
from backproof.check.gradient_names import last_word
from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.step.update import time_of
from backproof.trace import Trace

Update = tuple[str, int]  # the file and the line of a statement
AROUND = frozenset({"For", "While", "If", "With", "Try", "FunctionDef", "ClassDef"})  # hold others


@dataclass(frozen=True, slots=True)
class CutOff:
    """Arrays that are not judged, by their names, and the line of an update of theirs which did not run."""

    names: tuple[str, ...]
    file: str
    row: int


def cut_off(judgement: Judgement) -> CutOff | None:
    """What a run was stopped before it was updated, with everything else that the steps do."""
    step, trace = judgement.step, judgement.step.trace
    first = min(window.start for window in judgement.seen)
    around = _unfinished(trace, first) if trace.ended == "stopped" else set()
    to_come = _updates_to_come(trace, around) if around else {}
    if not to_come:
        return None
    holders = owned(trace)
    every = (judgement, *judgement.beside)
    judged = {
        place
        for each in every
        for parameter in each.step.parameters
        for change in parameter.changes
        for place in places_of(trace, change, holders)
    }
    found: dict[str, Update] = {}
    for node in ancestors([step.hypothesis.node]):
        value = np.asarray(node.value)
        if value.size < 2 or value.dtype.kind != "f" or time_of(node) >= first:
            continue
        for place in holders.get(node, ()):
            name = trace.labels.get(place, "")
            update = to_come.get((last_word(name.partition("[")[0]), _scope(trace, place)))
            if update is not None and place not in judged:
                found.setdefault(name, update)
    return CutOff(tuple(found), *next(iter(found.values()))) if found else None


def _scope(trace: Trace, place: tuple[Any, ...]) -> int | None:
    """The line of the function that a name is of, 0 for a name of a module; None for other places."""
    if place[0] != "name":
        return None
    site = trace.frames[place[1]].site if 0 <= place[1] < len(trace.frames) else None
    return 0 if site is None or site < 0 else trace.sites[site].span.row


def _unfinished(trace: Trace, first: int) -> set[int]:
    """The sites of loops around these steps that never came to the end of a round."""
    ended = {a.site for a in trace.activities if a.complete}
    around = {a.site for a in trace.activities if a.kind == "round" and not a.complete and a.start < first}
    return around - ended


def _updates_to_come(trace: Trace, around: Collection[int]) -> dict[tuple[str, int | None], Update]:
    """What statements of some loops, or of what these call, add to or subtract from, where they did not run.

    By its last word, and the function that it is a name of; with the place of the statement.
    """
    ran: dict[str, set[int]] = defaultdict(set)
    for number in (
        *(node.origin.site for node in trace.nodes if node.origin is not None),
        *(store.site for store in trace.stores),
    ):
        if number >= 0:
            site = trace.sites[number]
            end = site.span.row if site.kind in AROUND else site.span.end_row
            ran[site.file].update(range(site.span.row, end + 1))
    found: dict[tuple[str, int | None], Update] = {}
    for file, function, node in _reached(trace, around):
        for name, row, is_held in _updated(node, {}):
            if row not in ran[file]:
                found.setdefault((name, _owner(function, name)), (file, row))
                if is_held:
                    found.setdefault((name, None), (file, row))
    return found


def _owner(function: ast.FunctionDef | None, name: str) -> int:
    """The line of the function that a name in it is of: its own, or 0 for one that it declares as global."""
    if function is None:
        return 0
    others = (n.names for n in ast.walk(function) if isinstance(n, ast.Global))
    return 0 if any(name in names for names in others) else function.lineno


def _reached(trace: Trace, around: Collection[int]) -> Iterator[tuple[str, ast.FunctionDef | None, ast.AST]]:
    """These loops, and the functions that are called in them or in each other, with the functions around."""
    functions: dict[str, list[tuple[str, ast.FunctionDef]]] = defaultdict(list)
    loops: list[tuple[str, ast.FunctionDef | None, ast.AST]] = []
    places = {(trace.sites[site].file, trace.sites[site].span.row) for site in around}
    for file, text in trace.files.items():
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        stack: list[tuple[ast.FunctionDef | None, ast.AST]] = [(None, tree)]
        while stack:
            function, node = stack.pop()
            if isinstance(node, ast.FunctionDef):
                functions[node.name].append((file, node))
                function = node
            if isinstance(node, ast.For | ast.While) and (file, node.lineno) in places:
                loops.append((file, function, node))
            stack += [(function, child) for child in ast.iter_child_nodes(node)]
    seen = set[str]()
    while loops:
        file, function, node = loops.pop()
        yield file, function, node
        called = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
        names = {f.id if isinstance(f, ast.Name) else getattr(f, "attr", "") for f in called} - seen
        seen |= names
        loops += [(other, inner, inner) for name in names for other, inner in functions.get(name, ())]


def _updated(node: ast.AST, bound: Mapping[str, ast.expr]) -> Iterator[tuple[str, int, bool]]:
    """Names that are added to or subtracted from, and the line; those of loops by what these go over.

    And whether that may be held by an object or a container.
    """
    if isinstance(node, ast.For):
        targets = (n.id for n in ast.walk(node.target) if isinstance(n, ast.Name))
        bound = {**bound, **dict.fromkeys(targets, node.iter)}
    for inner in ast.iter_child_nodes(node):
        target = _target(inner)
        if target is not None:
            held = target.value if isinstance(target, ast.Subscript) else target
            meant = bound.get(held.id, held) if isinstance(held, ast.Name) else held
            for each in ast.walk(meant) if meant is not held else [held]:
                if isinstance(each, ast.Name | ast.Attribute):
                    yield (
                        last_word(ast.unparse(each)),
                        target.lineno,
                        not isinstance(target, ast.Name) or meant is not held,
                    )
        yield from _updated(inner, bound)


def _target(statement: ast.AST) -> ast.expr | None:
    """What a statement adds to or subtracts from."""
    match statement:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub()):
            return target
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add() | ast.Sub())):
            return target if ast.unparse(target) == ast.unparse(left) else None
    return None
