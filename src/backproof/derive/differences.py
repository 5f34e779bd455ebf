"""Derivatives that are a plain difference, such as prediction − target, however the loss was written.

Squared errors of an output, cross-entropy of a sigmoid or a softmax: differentiated step by step they leave
quotients that cancel. Whether they do is seen by their values at random points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.derive.counts import averaged, count
from backproof.derive.forward import Forward
from backproof.graph import Node, ancestors, apply, constant, evaluate, leaf
from backproof.step.cut import dependent

SAME = 1e-9
MOST = 24  # values, and targets, of one shape that are tried: those nearest to the loss


def differences(
    forward: Forward,
    found: Mapping[Node, Node],
    tables: Sequence[Mapping[Node, Any]],
    points: Sequence[Mapping[Node, Any]],
) -> dict[Node, Node]:
    """The adjoints that are c·(a − t): of a forward value a and a target t, by the value they belong to."""
    order = ancestors([forward.loss])
    targets = [n for n in order if n.operation == "leaf" and n in forward.names and _is_data(forward, n)]
    targets.sort(key=lambda n: not forward.texts.get(n, "").isidentifier())  # y rather than 1 - y
    values = [n for n in order if n.operands and n in forward.names]
    by_shape: dict[tuple[int, ...], tuple[list[Node], list[Node]]] = {}
    for k, nodes in enumerate((values[::-1], targets)):
        for node in nodes:
            by_shape.setdefault(np.shape(node.value), ([], []))[k].append(node)
    adjoint_tables = [evaluate(list(found.values()), {**forward.state, **point}) for point in points]
    short: dict[Node, Node] = {}
    sizes = list(averaged(forward))
    for of, g in found.items():
        if not of.operands or np.size(of.value) < 1 or _is_plain(g):
            continue
        trues = [np.asarray(table[g], dtype=float) for table in adjoint_tables]
        near, wanted = by_shape.get(np.shape(of.value), ([], []))
        for a, t, text in _pairs(of, near[:MOST], wanted[:MOST], forward):
            c = _scale(trues, a, t, tables)
            if c is not None:
                difference = apply("subtract", a, t if text is None else leaf(t.value, text))
                short[of] = _divided(of, order, sizes, difference, c) or _scaled(forward, difference, c)
                break
    return short


def _is_plain(g: Node) -> bool:
    """Is an adjoint hardly more than a leaf, so that a difference would not be shorter?"""
    return not any(operand.operands for operand in g.operands)


def _is_data(forward: Forward, node: Node) -> bool:
    return all(node is not p.leaf for p in forward.parameters)


def _pairs(
    of: Node, values: Sequence[Node], targets: Sequence[Node], forward: Forward
) -> Iterator[tuple[Node, Node, str | None]]:
    """A value itself and others of its shape, with each target; labels as ones and zeros."""
    shape = np.shape(of.value)
    for a in (of, *(v for v in values if v is not of)):
        for t in targets:
            yield a, t, None
        for name, labels in forward.labels if len(shape) == 2 else ():
            if labels.shape == shape[:1] and labels.dtype.kind in "iu" and labels.max(initial=0) < shape[1]:
                yield a, leaf(np.eye(shape[1])[labels]), f"np.eye({shape[1]})[{name}]"


def _scale(trues: Sequence[Any], a: Node, t: Node, tables: Sequence[Mapping[Node, Any]]) -> float | None:
    """The constant c of g = c·(a − t), where that holds at every point; ``trues`` are the values of g."""
    scales = []
    for true, table in zip(trues, tables, strict=True):
        if a not in table:
            return None
        value = table[a]
        difference = np.asarray(value, dtype=float) - np.asarray(t.value, dtype=float)
        size = float(np.vdot(difference, difference))
        if size == 0 or true.shape != difference.shape:
            return None
        c = float(np.vdot(difference, true)) / size
        if not np.linalg.norm(true - c * difference) <= SAME * np.linalg.norm(true):
            return None
        scales.append(c)
    return scales[0] if max(scales) - min(scales) <= SAME * max(map(abs, scales)) and scales[0] else None


def _divided(
    of: Node, order: Sequence[Node], sizes: Sequence[tuple[Node, float, str]], node: Node, c: float
) -> Node | None:
    """``c`` times a difference, where that divides by what the means and sizes on the way to the loss do."""
    behind = dependent(order, {of})
    found = [(number, text) for user, number, text in sizes if user in behind and user.operands[0] in behind]
    numerator = c * float(np.prod([number for number, _ in found], initial=1.0))
    if not found or abs(numerator * 2 - round(numerator * 2)) > SAME * abs(numerator) or abs(numerator) > 20:
        return None
    if numerator < 0:
        node, numerator = apply("subtract", *node.operands[::-1]), -numerator
    scaled = node if abs(numerator - 1) < SAME else apply("multiply", round(numerator * 2) / 2, node)
    for number, text in found:
        scaled = apply("divide", scaled, leaf(float(number), text))
    return scaled


def _own_numbers(forward: Forward) -> set[int]:
    """The whole numbers that the program computes with or takes means of: others come about by cancelling."""
    found = set()
    for node in ancestors([forward.loss]):
        if node.operation == "mean":
            found.add(np.size(node.operands[0].value) // max(np.size(node.value), 1))
        elif not node.operands and np.ndim(node.value) == 0 and isinstance(node.value, (int, float)):
            value = abs(float(node.value))
            found |= {round(v) for v in (value, 1 / value if value else 0.0) if abs(v - round(v)) < SAME}
    return found


def _scaled(forward: Forward, node: Node, c: float) -> Node:
    """``c`` times a difference, as a person writes it: nothing for 1, a division for 1/n."""
    if c < 0:
        node, c = apply("subtract", *node.operands[::-1]), -c
    if abs(c - 1) < SAME:
        return node
    for numerator in (1, 2):
        n = numerator / c
        if abs(n - round(n)) < 1e-7 * abs(n) and round(n) > 1:
            scaled = node if numerator == 1 else apply("multiply", 2.0, node)
            text = count(forward, round(n)) if round(n) in _own_numbers(forward) else None
            return apply("divide", scaled, constant(float(n)) if text is None else leaf(float(n), text))
    return apply("multiply", float(f"{c:.12g}"), node)
