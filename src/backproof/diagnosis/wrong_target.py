"""Statements that compute the new value of a parameter and bind it to another name, which nobody reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors, shape_of, unnamed
from backproof.source import Edit
from backproof.step.update import learns, time_of
from backproof.trace import Site


def wrong_targets(judgement: Judgement) -> Iterator[tuple[Site, Edit]]:
    """Each such statement, and the edit that lets it bind what it starts from: ``db = b - lr * db``."""
    step, trace = judgement.step, judgement.step.trace
    start = step.window.start
    forward = {unnamed(node) for node in ancestors([step.hypothesis.node])}
    used = {operand for node in trace.nodes if node.operation != "identity" for operand in node.operands}
    handed = {(unnamed(s.before), unnamed(s.after)) for s in trace.stores if s.before is not None}
    seen = set[int]()
    for node in trace.nodes:
        if time_of(node) < start or node.operation not in ("add", "subtract") or node in used:
            continue
        value = trace.sites[node.origin.site]
        if value.number in seen or value.target is None or value.statement is None:
            continue
        statement = trace.sites[value.statement]
        found = _bound_elsewhere(statement.text)
        old = _first(node, start)
        if found is None or old not in forward or shape_of(old) != shape_of(node):
            continue
        if time_of(old) >= start or not learns(old, node):
            continue
        if (old, node) in handed:  # `new = w - lr * g`, and then `w = new`
            continue
        seen.add(value.number)
        target, first = found
        span = statement.span
        end = span.column + len(target)
        yield statement, Edit(replace(span, end_row=span.row, end_column=end), first)


def _bound_elsewhere(text: str) -> tuple[str, str] | None:
    """What a statement binds, and what its sum begins with, where these are not the same names."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, first = statement.targets[0], statement.value
    while isinstance(first, ast.BinOp):
        first = first.left
    if not isinstance(target, (ast.Name, ast.Attribute)) or not isinstance(first, (ast.Name, ast.Attribute)):
        return None
    written, begun = ast.unparse(target), ast.unparse(first)
    return (written, begun) if written != begun and text.startswith(written) else None


def _first(node: Node, start: int) -> Node:
    """What a sum begins with, that was made since ``start``."""
    while node.operation in ("add", "subtract") and time_of(node) >= start:
        node = unnamed(node.operands[0])
    return node
