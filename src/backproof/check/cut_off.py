"""Updates that a run was stopped before: of arrays that its loss is computed from, in code that comes later.

A step may hold many rounds of a loop in each of which one parameter is updated, and update the others when
the loop is over. A run that is stopped in the loop has seen nothing of them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backproof.check.dropped import owned, places_of
from backproof.check.gradient_names import last_word
from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.step.update import time_of
from backproof.trace import Trace

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
    if trace.ended != "stopped" or not _stopped_within(trace, first):
        return None
    to_come = _updates_to_come(trace)
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
    found: dict[str, tuple[str, int]] = {}
    for node in ancestors([step.hypothesis.node]):
        value = np.asarray(node.value)
        if value.size < 2 or value.dtype.kind != "f" or time_of(node) >= first:
            continue
        for place in holders.get(node, ()):
            name = trace.labels.get(place, "")
            where = to_come.get(last_word(name.partition("[")[0]))
            if where is not None and place not in judged:
                found.setdefault(name, where)
    return CutOff(tuple(found), *next(iter(found.values()))) if found else None


def _stopped_within(trace: Trace, first: int) -> bool:
    """Did the run never come to the end of a round in which all these steps are?"""
    around = {a.site for a in trace.activities if a.kind == "round" and not a.complete and a.start < first}
    return any(all(a.site != site for a in trace.activities if a.complete) for site in around)


def _updates_to_come(trace: Trace) -> dict[str, tuple[str, int]]:
    """What statements that did not run would add to or subtract from, by its last word, and where."""
    ran: dict[str, set[int]] = defaultdict(set)
    for number in (
        *(node.origin.site for node in trace.nodes if node.origin is not None),
        *(store.site for store in trace.stores),
    ):
        if number >= 0:
            site = trace.sites[number]
            end = site.span.row if site.kind in AROUND else site.span.end_row
            ran[site.file].update(range(site.span.row, end + 1))
    found: dict[str, tuple[str, int]] = {}
    for file, text in trace.files.items():
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        for name, row in _updated(tree, {}):
            if row not in ran[file]:
                found.setdefault(name, (file, row))
    return found


def _updated(node: ast.AST, bound: Mapping[str, ast.expr]) -> Iterator[tuple[str, int]]:
    """Names that are added to or subtracted from, and the line; those of loops by what these go over."""
    for inner in ast.iter_child_nodes(node):
        names = bound
        if isinstance(inner, ast.For):
            targets = (n.id for n in ast.walk(inner.target) if isinstance(n, ast.Name))
            names = {**bound, **dict.fromkeys(targets, inner.iter)}
        target = _target(inner)
        if target is not None:
            held = target.value if isinstance(target, ast.Subscript) else target
            meant = bound.get(held.id, held) if isinstance(held, ast.Name) else held
            for each in ast.walk(meant) if meant is not held else [held]:
                if isinstance(each, ast.Name | ast.Attribute):
                    yield last_word(ast.unparse(each)), target.lineno
        yield from _updated(inner, names)


def _target(statement: ast.AST) -> ast.expr | None:
    """What a statement adds to or subtracts from."""
    match statement:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub()):
            return target
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add() | ast.Sub())):
            return target if ast.unparse(target) == ast.unparse(left) else None
    return None
