"""Derivatives that every round adds to, in statements of their own, which no other statement reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from backproof.derive.naming import fresh
from backproof.derive.plan import Derivation, Line
from backproof.graph import Node, ancestors, leaf
from backproof.graph.node import with_operands


def own_statements(body: Derivation, results: Collection[Node]) -> Derivation:
    """The same derivation, in which no line reads a result, and no two results are one.

    What several read gets the name of the value that has the same derivative: ``dy`` for ``db``.
    """
    parameters = [p.leaf for p in body.forward.parameters if p.leaf in results]
    gradients = dict(body.gradients)
    wanted = {p: body.named.get(p, gradients[p]) for p in parameters}
    taken = {*body.forward.names.values(), *body.named.values(), *gradients.values()}
    steps, lines = list(body.steps), list(body.lines)
    for name in dict.fromkeys(gradients[p] for p in parameters):
        sharing = [p for p in parameters if gradients[p] == name]
        read = _read(lines, name) or _read(steps, name)
        if len(sharing) == 1 and not read and wanted[sharing[0]] == name:
            continue
        of, other = _other(body, sharing[0], name)
        given = other if other is not None and not _named(lines, other) else fresh(f"{name}_t", taken)
        ends = [Line(wanted[p], leaf(body.found[p].value, given), p) for p in sharing]
        steps = _renamed(steps, name, given, of, ends)
        lines = _renamed(lines, name, given, of, ends)
        gradients |= {p: wanted[p] for p in sharing}
    return replace(body, steps=tuple(steps), lines=tuple(lines), gradients=gradients)


def _other(body: Derivation, parameter: Node, name: str) -> tuple[Node | None, str | None]:
    """A forward value that has the same derivative, and what that is called."""
    true = np.asarray(body.found[parameter].value)
    for of, g in body.found.items():
        known = body.named.get(of)
        if of.operands and known not in (None, name) and np.array_equal(true, np.asarray(g.value)):
            return of, known
    return None, None


def _read(lines: Collection[Line], name: str) -> bool:
    return any(not n.operands and n.name == name for line in lines for n in ancestors([line.node]))


def _named(lines: Collection[Line], name: str) -> bool:
    return any(line.name == name for line in lines)


def _renamed(
    lines: Collection[Line], name: str, given: str, of: Node | None, ends: Collection[Line]
) -> list[Line]:
    """Call a derivative otherwise, and behind it give the results that it is; what is there stays."""
    found: list[Line] = []
    there = given in {line.name for line in lines}
    for line in lines:
        node = _with_name(line.node, name, given)
        if line.name == name:
            if not there:
                found.append(Line(given, node, of))
            found += ends
        else:
            found.append(Line(line.name, node, line.of))
    return found


def _with_name(root: Node, name: str, given: str) -> Node:
    new: dict[Node, Node] = {}
    for node in ancestors([root]):
        if not node.operands and node.name == name and node.operation == "leaf":
            new[node] = leaf(node.value, given)
        else:
            new[node] = with_operands(node, tuple(new[o] for o in node.operands))
    return new[root]
