"""What a step takes off a parameter, read from the update itself.

The difference of the values before and after loses digits where the step is small against the parameter. Most
updates say what they take off: ``w - lr * g`` is ``w`` less a term, and the term is the answer.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.step.update import keeps


def descent(before: Node, after: Node) -> Node:
    """Make the node of ``before - after``: without ``before`` where the update only adds to it."""
    rest = _without(before, after)
    return apply("subtract", before, after) if rest is None else apply("negative", rest)


def _without(before: Node, node: Node, at: Any = None) -> Node | None:
    """Rebuild the update with zeros in place of the old value; None where it does more than add to it.

    Of an old value that is scaled by a number, what the number is more than one. What is put ``at`` some
    elements may add to these, and not to others.
    """
    if node is before:
        return constant(np.zeros(np.shape(before.value)))
    narrowed = node.operation == "astype" and np.asarray(node.value).dtype.kind == "f"  # not so in float64
    if node.operation == "identity" or narrowed:
        inner = _without(before, node.operands[0], at)
        return None if inner is None else _again(node, inner)
    if node.operation == "index" and node.operands[0] is before:
        if at is not None and not _are_the_same(node.attributes["index"], at, np.shape(before.value)):
            return None
        return constant(np.zeros(np.shape(node.value)))
    if node.operation in ("add", "subtract"):
        x, y = node.operands
        if np.shape(x.value) == np.shape(node.value) and keeps(x, before):
            inner = _without(before, x, at)
            return None if inner is None else _again(node, inner, y)
        if node.operation == "add" and np.shape(y.value) == np.shape(node.value) and keeps(y, before):
            inner = _without(before, y, at)
            return None if inner is None else _again(node, x, inner)
    if node.operation == "multiply":
        number = next((o for o in node.operands if np.size(o.value) == 1 and o is not before), None)
        if number is not None and before in node.operands and np.shape(before.value) == np.shape(node.value):
            return apply("multiply", before, apply("subtract", number, 1.0))  # it decays by the rest
    if node.operation == "index_update":
        base = _without(before, node.operands[0])
        part = _without(before, node.operands[1], node.attributes["index"])
        return None if base is None or part is None else _again(node, base, part)
    if node.operation == "index_add":
        base = _without(before, node.operands[0])
        return None if base is None else _again(node, base, node.operands[1])
    return None


def _are_the_same(index: Any, other: Any, shape: tuple[int, ...]) -> bool:
    """Are the elements of two indices of an array the same, one by one?"""
    places = np.arange(math.prod(shape)).reshape(shape)
    return np.array_equal(np.ravel(places[index]), np.ravel(places[other]))


def _again(node: Node, *operands: Node) -> Node:
    return apply(node.operation, *operands, name=node.name, origin=node.origin, **node.attributes)
