"""What a program decides by the values that it trains, and what it changes where no seen step came by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from backproof.graph import ancestors
from backproof.retrain.aligned import RetrainError
from backproof.retrain.rates import called
from backproof.retrain.recurrence import Recurrence
from backproof.step.change import root
from backproof.step.rates import RATE
from backproof.step.update import time_of
from backproof.trace import Site

Loops = (ast.For, ast.While)
SCHEDULED = re.compile(RATE.pattern + r"|momentum|decay|^beta|^mu$|lambda|^lam|temperature", re.IGNORECASE)


def stops(found: Recurrence, known: str | None = None) -> list[str]:
    """The conditions of the program that end its training, or only what it shows, by what it has learnt.

    How it changes a number that is ``known`` has been read.

    Raises
    ------
    RetrainError
        When it decides by what it has learnt what it computes, or changes a number of the step at times.
    """
    trees = {file: ast.parse(text) for file, text in found.trace.files.items()}
    _require_unchanged(found, trees, known)
    ends = []
    for site in _deciding(found):
        statement = found.trace.sites[site.statement] if site.statement is not None else site
        tree = trees.get(statement.file) or next(iter(trees.values()))
        if statement.kind in ("While", "Assert"):
            ends += [site.text] if statement.kind == "While" else []
            continue
        if statement.kind != "If" and not _asks(tree, statement):
            continue  # a mask, by which a part of an array is set
        chosen = next((n for n in ast.walk(tree) if isinstance(n, ast.If) and _is_at(n, statement)), None)
        if chosen is None or not _only_watches(chosen, tree):
            raise RetrainError(
                f"What line {site.span.row} computes depends on a decision by what the program has learnt"
                f" ({' '.join(site.text.split())[:60]}): one compiled step cannot do both."
            )
        if any(isinstance(n, ast.Break | ast.Return | ast.Raise) for n in ast.walk(chosen)):
            ends.append(site.text)
    return list(dict.fromkeys(" ".join(text.split()) for text in ends))


def _deciding(found: Recurrence) -> Iterator[Site]:
    """The places at which a step decided by values that it trains, once each."""
    learnt = {node for each in found.carried for node in each.before.nodes}
    begin, end = found.aligned.since[0], found.aligned.since[-1]
    seen: set[int] = set()
    for guard in found.trace.guards:
        if not begin <= guard.time < end or guard.site in seen or guard.site < 0:
            continue
        made = ancestors([guard.node], lambda n: root(n, 0) in learnt or time_of(n) < begin)
        if any(root(node, 0) in learnt for node in made):
            seen.add(guard.site)
            yield found.trace.sites[guard.site]


def _asks(tree: ast.Module, statement: Site) -> bool:
    """Is there a decision inside a statement: a choice of two values, a condition of a comprehension?"""
    first, last = statement.span.row, statement.span.end_row
    for node in ast.walk(tree):
        asks = isinstance(node, ast.IfExp | ast.BoolOp) or (isinstance(node, ast.comprehension) and node.ifs)
        placed = node.target if isinstance(node, ast.comprehension) else node
        if asks and first <= getattr(placed, "lineno", 0) <= last:
            return True
    return False


def _is_at(node: ast.If, site: Site) -> bool:
    return (node.lineno, node.col_offset + 1) == (site.span.row, site.span.column)


def _only_watches(chosen: ast.If, tree: ast.Module) -> bool:
    """Does a branch only stop the training, show something, or keep what no step reads?"""
    inside = set(ast.walk(chosen))
    loops = [n for n in ast.walk(tree) if isinstance(n, Loops)]
    read = {
        ast.unparse(node)
        for loop in loops
        for node in ast.walk(loop)
        if isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and node not in inside
    }
    looped = any(chosen in set(ast.walk(loop)) for loop in loops)
    for statement in [n for part in (*chosen.body, *chosen.orelse) for n in ast.walk(part)]:
        match statement:
            case ast.Continue():
                return False
            case ast.Return(value=value):
                if value is not None and not looped:
                    return False
            case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                whole = statement.value if isinstance(statement, ast.Subscript) else statement
                if ast.unparse(whole) in read:
                    return False
    return True


def _require_unchanged(found: Recurrence, trees: dict[str, ast.Module], known: str | None) -> None:
    """Refuse a number of the step that the program changes where no step came by, as a rate that decays."""
    names = called(found)
    constant = {
        name: entry
        for entry in found.constants
        if np.size(entry.value) == 1
        and (name := names.get(entry.nodes[-1]) or entry.name)
        and SCHEDULED.search(name)
    }
    passed = {(s.file, s.span.row) for store in found.trace.stores if (s := found.trace.sites[store.site])}
    for file, tree in trees.items():
        for loop in (n for n in ast.walk(tree) if isinstance(n, Loops)):
            for node in ast.walk(loop):
                if not isinstance(node, ast.AugAssign) or not isinstance(
                    node.target, ast.Name | ast.Attribute
                ):
                    continue
                name = node.target.id if isinstance(node.target, ast.Name) else node.target.attr
                if name in constant and name != known and (file, node.lineno) not in passed:
                    raise RetrainError(
                        f"The program changes {name} in line {node.lineno}, where none of the steps that were"
                        " recorded came by: it cannot be told when and how often."
                    )
