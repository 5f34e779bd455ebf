"""The derivation of a forward pass: one line for each derivative that is worth a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.derive.differences import differences
from backproof.derive.forward import Forward
from backproof.derive.naming import adjoint_names
from backproof.graph import Node, adjoints, ancestors, evaluate, leaf, simplify
from backproof.graph.compositions import Composition, compositions, hidden
from backproof.graph.products import cancelled
from backproof.step.cut import dependent

POINTS = 2
LONGEST = 6  # operations that are still written inside another expression


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One statement: ``name`` becomes ``node``, an expression in leaves that bear names.

    ``of`` is the forward value whose adjoint it is, None for an expression that several lines share.
    """

    name: str
    node: Node
    of: Node | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Derivation:
    """The lines that lead from the loss to every parameter, in order of computation.

    ``steps`` are all of them, one for each named value on the way; ``lines`` those of a backward pass, where
    what is used once stands inside the expression that uses it. ``needed`` are forward values that have no
    name, with the names that the lines read them by, in order.
    """

    forward: Forward
    steps: tuple[Line, ...]
    lines: tuple[Line, ...]
    gradients: Mapping[Node, str]
    known: Mapping[Node, Composition] = field(default_factory=dict)
    short: frozenset[Node] = frozenset()


def derivation(forward: Forward) -> Derivation:
    """Derive the gradient of the loss by every parameter."""
    loss, leaves = forward.loss, [p.leaf for p in forward.parameters]
    order = ancestors([loss])
    moving = dependent(order, set(leaves) & set(order))
    points = random_points(forward, POINTS)
    tables = [evaluate([loss], {**forward.state, **point}) for point in points]
    known = compositions(order, moving, tables)
    inside = hidden(known.values())
    named = [n for n in order if n in moving and n in forward.names and n not in inside and n is not loss]
    wanted = list(
        dict.fromkeys([*named, *(c.inner for c in known.values() if c.inner not in inside), *leaves])
    )
    plain = adjoints(loss, wanted, known)
    short = differences(forward, plain, tables, points)
    found = adjoints(loss, wanted, known, short) if short else plain
    found = {**found, **{node: g for node, g in short.items() if node in found}}
    names = adjoint_names(forward, found, points)
    return replace(_lines(forward, found, names, known), short=frozenset(short))


def random_points(forward: Forward, count: int, seed: int = 5) -> list[dict[Node, Any]]:
    """Values for the parameters at which no coincidence of the program's own holds."""
    drawn = np.random.default_rng(seed)
    points = []
    for _ in range(count):
        point: dict[Node, Any] = {}
        for parameter in forward.parameters:
            value = np.asarray(parameter.leaf.value, dtype=float)
            size = float(np.sqrt(np.mean(value**2))) if value.size else 0.0
            size = size if 0 < size < np.inf else 0.5
            moved = value + 0.3 * size * drawn.standard_normal(value.shape)
            point[parameter.leaf] = moved if np.ndim(parameter.leaf.value) else float(moved)
        points.append(point)
    return points


def _lines(
    forward: Forward, found: Mapping[Node, Node], names: Mapping[Node, str], known: Mapping[Node, Composition]
) -> Derivation:
    leaves = [p.leaf for p in forward.parameters]
    forward_names = {node: leaf(node.value, name) for node, name in forward.names.items()}
    bound = {found[of]: name for of, name in names.items() if of in found}
    roots = [found[of] for of in found if found[of] in bound]
    copies = _copied(roots, forward_names)
    simple = dict(zip(roots, cancelled(simplify([copies[root] for root in roots])), strict=True))
    gradients = {p: names[p] for p in leaves}
    ordered = sorted(
        {of: simple[found[of]] for of in found if found[of] in simple}.items(),
        key=lambda pair: len(ancestors([pair[1]])),
    )
    by_node: dict[Node, tuple[str, Node | None]] = {}
    for of, node in ordered:
        if node.operands and (node not in by_node or of in gradients):
            by_node.setdefault(node, (names[of], of))
    targets = [simple[found[p]] for p in leaves]
    every = _statements(targets, by_node, set(by_node))
    shared = _worth_a_name(targets, by_node, {simple[found[p]] for p in leaves})
    lines = _statements(targets, {**by_node, **shared}, {*shared, *(t for t in targets)})
    final = {}
    for p in leaves:
        node = simple[found[p]]
        final[p] = by_node[node][0] if node in by_node else names[p]
    return Derivation(forward, tuple(every), tuple(lines), final, known)


def _copied(roots: Iterable[Node], named: Mapping[Node, Node]) -> dict[Node, Node]:
    """The graph above the named values, which become leaves with their names."""
    copies: dict[Node, Node] = {}
    for node in ancestors(roots, named.__contains__):
        if node in named:
            copies[node] = named[node]
        elif node.operands:
            copies[node] = Node(
                node.operation, tuple(copies[o] for o in node.operands), node.attributes, node.value
            )
        else:
            copies[node] = node
    return copies


def _statements(
    targets: Sequence[Node], named: Mapping[Node, tuple[str, Node | None]], kept: set[Node]
) -> list[Line]:
    """One statement for each kept node that the targets need, operands first."""
    stops: dict[Node, Node] = {}
    lines: list[Line] = []
    for node in ancestors(targets):
        if node in kept and node in named and node.operands:
            name, of = named[node]
            lines.append(Line(name, _stopped(node, stops), of))
            stops[node] = leaf(node.value, name)
    return lines


def _stopped(root: Node, stops: Mapping[Node, Node]) -> Node:
    copies: dict[Node, Node] = {}
    for node in ancestors([root], stops.__contains__):
        if node in stops:
            copies[node] = stops[node]
        elif node.operands:
            operands = tuple(copies[o] for o in node.operands)
            copies[node] = Node(node.operation, operands, node.attributes, node.value)
        else:
            copies[node] = node
    return copies[root]


def _worth_a_name(
    targets: Sequence[Node], named: Mapping[Node, tuple[str, Node | None]], final: set[Node]
) -> dict[Node, tuple[str, Node | None]]:
    """The values that are used more than once, and those that would make an expression too long."""
    uses: dict[Node, int] = {}
    order = ancestors(targets)
    for node in order:
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
    chosen: dict[Node, tuple[str, Node | None]] = {}
    size: dict[Node, int] = {}
    taken = {name for name, _ in named.values()}
    for node in order:
        if not node.operands:
            size[node] = 0
            continue
        size[node] = 1 + sum(size[o] for o in node.operands)
        often = uses.get(node, 0) > 1 and size[node] > (0 if node in named else 1)
        long = size[node] > LONGEST and node in named
        if node in final or often or long:
            chosen[node] = named.get(node) or (_fresh(taken), None)
            size[node] = 0
    return chosen


def _fresh(taken: set[str]) -> str:
    number = 1
    while f"t{number}" in taken:
        number += 1
    taken.add(f"t{number}")
    return f"t{number}"
