"""The derivation of a forward pass: its functions known as a whole, its names, and its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.derive.differences import differences
from backproof.derive.factors import known_functions
from backproof.derive.forward import Forward
from backproof.derive.lines import lines_of
from backproof.derive.naming import adjoint_names
from backproof.derive.plan import Derivation, Line
from backproof.derive.points import random_points
from backproof.derive.spelling import definition, spelled
from backproof.derive.unnamed import named
from backproof.graph import Node, adjoints, ancestors, constant, evaluate, simplify
from backproof.graph.compositions import Composition, hidden
from backproof.graph.node import shape_of
from backproof.notation.tidy import tidy
from backproof.step.cut import dependent

POINTS = 4
ZERO = 1e-9  # of the derivative by what a maximum is of: less is none


def derivation(
    forward: Forward, given: Mapping[Node, Composition] | None = None, shorten: bool = True
) -> Derivation:
    """Derive the gradient of the loss by every parameter.

    ``given`` are the functions to differentiate as a whole; else they are looked for. ``shorten`` says that
    derivatives which are plain differences at some points may be written as such.
    """
    loss, leaves = forward.loss, [p.leaf for p in forward.parameters]
    order = ancestors([loss])
    moving = dependent(order, set(leaves) & set(order))
    points = random_points(forward, POINTS)
    tables = [evaluate([loss], {**forward.state, **point}) for point in points]
    finite = [np.all(np.isfinite(np.asarray(table[loss], dtype=float))) for table in tables]
    points = [point for point, good in zip(points, finite, strict=True) if good] or points
    tables = [table for table, good in zip(tables, finite, strict=True) if good] or tables
    known, factors = known_functions(forward, order, moving, tables) if given is None else (dict(given), {})
    apart: frozenset[Node] = frozenset()
    while True:
        spoken = named(forward, moving, known, apart)
        made = _derived(spoken, order, moving, known, factors, points, tables if shorten else ())
        often = _often(made)
        if not often - apart:
            return replace(made, given=forward)
        apart |= often


def _derived(
    forward: Forward,
    order: Sequence[Node],
    moving: set[Node],
    known: Mapping[Node, Composition],
    factors: Mapping[Node, tuple[str, Node]],
    points: Sequence[Mapping[Node, Any]],
    tables: Sequence[Mapping[Node, Any]],
) -> Derivation:
    loss, leaves = forward.loss, [p.leaf for p in forward.parameters]
    inside = hidden(known.values())
    spoken = [n for n in order if n in moving and n in forward.names and n not in inside and n is not loss]
    wanted = list(
        dict.fromkeys([*spoken, *(c.inner for c in known.values() if c.inner not in inside), *leaves])
    )
    plain = adjoints(loss, wanted, known)
    short = differences(forward, plain, tables, points) if tables else {}
    still = _still(forward, order, moving - inside, known, points)
    given = {**short, **still}
    found = adjoints(loss, wanted, known, given) if given else plain
    found = {**found, **{node: g for node, g in short.items() if node in found}}
    names = adjoint_names(forward, found, points)
    made = lines_of(forward, found, names, factors)
    texts = {**forward.lengths, **spelled(forward)}
    spoken_of = [n for n in order if n in moving and n in forward.names and n.operands]
    lines = [Line(forward.names[n], definition(forward, n, texts), None) for n in spoken_of if n is not loss]
    lines.append(Line(forward.loss_name, definition(forward, loss, _without(texts, loss)), None))
    return replace(
        made,
        known=known,
        short=short,
        still=frozenset(still),
        forward_lines=tuple(line for line in lines if line.name.isidentifier()),
        first=tuple(_first(forward, made.lines, texts)),
        helped=_helped(known, factors, texts),
        found=found,
        named=names,
    )


def _still(
    forward: Forward,
    order: Sequence[Node],
    moving: set[Node],
    known: Mapping[Node, Composition],
    points: Sequence[Mapping[Node, Any]],
) -> dict[Node, Node]:
    """The maxima by which the derivative is zero, as they are taken off only for safety: with that zero."""
    largest = [n for n in order if n in moving and n.operation == "max" and n.operands[0] in moving]
    if not largest:
        return {}
    wanted = [*largest, *dict.fromkeys(n.operands[0] for n in largest)]
    found = adjoints(forward.loss, wanted, known)
    tables = [evaluate(list(found.values()), {**forward.state, **point}) for point in points]

    def vanishes(node: Node) -> bool:
        sizes = [
            [float(np.linalg.norm(table[found[n]])) for n in (node, node.operands[0])] for table in tables
        ]
        return all(own <= ZERO * around and around > 0 for own, around in sizes)

    return {n: constant(np.zeros(shape_of(n))[()]) for n in largest if vanishes(n)}


def _helped(
    known: Mapping[Node, Composition], factors: Mapping[Node, tuple[str, Node]], texts: Mapping[Node, str]
) -> dict[Node, str]:
    """The calls of the program's functions that give derivatives, by the value derived."""
    found = {}
    for outer, whole in known.items():
        for function, argument in factors.values():
            if argument in (outer, whole.inner) and argument in texts:
                found[outer] = f"{function}({texts[argument]})"
    return found


def _without(texts: Mapping[Node, str], node: Node) -> dict[Node, str]:
    return {n: text for n, text in texts.items() if n is not node}


def _first(forward: Forward, lines: Sequence[Line], texts: Mapping[Node, str]) -> list[Line]:
    """The forward values without a name in the program that the lines read, in order."""
    by_name = {name: node for node, name in forward.written.items()}
    needed: dict[str, Line] = {}
    waiting = [name for line in lines for name in _read(line.node, by_name)]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            node = definition(forward, by_name[name], texts)
            if by_name[name].origin is None:  # a derivative, not the program's own
                node = tidy(simplify([node])[0])
            needed[name] = Line(name, node, None)
            waiting.extend(_read(needed[name].node, by_name))
    order = ancestors([forward.loss])
    return [needed[forward.written[node]] for node in order if forward.written.get(node) in needed]


def _read(node: Node, names: Mapping[str, Any]) -> list[str]:
    """Which of the names an expression reads."""
    import re

    words = {w for n in ancestors([node]) if not n.operands and n.name for w in re.findall(r"\w+", n.name)}
    return [name for name in names if name in words]


def _often(made: Derivation) -> frozenset[Node]:
    """The calls that are read more than once in the lines of the backward pass."""
    forward = made.forward
    uses: Counter[str] = Counter()
    for line in (*made.lines, *made.first):
        for node in ancestors([line.node]):
            for operand in node.operands:
                if not operand.operands and operand.name:
                    uses[operand.name] += 1
    return frozenset(n for n, name in forward.names.items() if not name.isidentifier() and uses[name] > 1)
