"""What an update takes off a parameter beside its gradient: a share of the parameter itself, or of its signs.

Such a decay is the program's own choice, where the loss does not count the size of the parameter. It can be
set aside, as the memory of an optimizer is: what is left is the gradient, also where the parameter is a
single number, in which no share could be told from a factor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.step.update import walk

SUMS = frozenset({"add", "index_update", "index_add", "stack", "concatenate"})
PASSED = frozenset({"identity", "index", "reshape", "astype", "transpose"})
KEPT = (0.5, 1.0)  # the share of itself that a decaying parameter keeps, in `0.999 * w - lr * g`


@dataclass(frozen=True, slots=True)
class Share:
    """A product of a number and of a parameter, or of its signs.

    ``value`` is for ``node``, the product or the number, and takes nothing off the parameter; ``taken`` is
    how much of it one step takes off as it is.
    """

    node: Node
    product: Node
    value: Any
    taken: float
    absolute: bool


def shares(
    leaves: Collection[Node],
    afters: Collection[Node],
    nodes: Collection[Node],
    counted: Collection[Node],
    penalised: Collection[Node],
) -> list[Share]:
    """Find what only shrinks the parameters.

    ``nodes`` are all of the step, ``counted`` those of the loss. What is used for anything else is none, nor
    is what shrinks a parameter whose size the loss counts: there it belongs to the gradient.
    """
    moving = {*leaves, *(node for node in counted if node.operation != "constant")}
    scaled = _scaled(set(leaves), nodes, counted, moving)
    found = [
        share
        for leaf, after in zip(leaves, afters, strict=True)
        if leaf in scaled
        for share in _of_update(leaf, after, moving)
        if share.product not in counted and leaf not in penalised
    ]
    products, numbers = {s.product for s in found}, {s.node for s in found if s.node is not s.product}
    taken = {o for node in nodes if node not in products for o in node.operands if o in numbers}
    return [s for s in found if s.node not in taken]


def _scaled(
    leaves: Collection[Node], nodes: Collection[Node], counted: Collection[Node], moving: Collection[Node]
) -> set[Node]:
    """The parameters that stand in a product which may shrink them: of others the update is not walked."""
    found = set[Node]()
    for node in nodes:
        if node.operation == "multiply" and node not in counted:
            for number, scaled in (node.operands, node.operands[::-1]):
                leaf = _plain(scaled.operands[0] if scaled.operation == "sign" else scaled)
                if leaf in leaves and _may_scale(number, leaf, moving):
                    found.add(leaf)
    return found


def _may_scale(number: Node, leaf: Node, moving: Collection[Node]) -> bool:
    """May this shrink the parameter? A number times a number may be the gradient, unless it is all but 1."""
    if not number.operands or np.size(leaf.value) > 1:
        return True
    if np.size(number.value) != 1 or not KEPT[0] < float(np.ravel(number.value)[0]) < KEPT[1]:
        return False
    return _is_scheduled(number, moving)


def _of_update(leaf: Node, after: Node, moving: Collection[Node]) -> Iterator[Share]:
    """The shares of one parameter that its update takes off."""
    stack, seen = [(after, 1.0)], {after}
    while stack:
        node, factor = stack.pop()
        inner: list[tuple[Node, float]] = []
        if node.operation == "multiply":
            share = _share(node, leaf, factor, moving)
            if share is not None:
                yield share
                continue
            x, y = node.operands
            inner = [(x, factor * _typical(y)), (y, factor * _typical(x))]
        elif node.operation == "divide":
            size = _typical(node.operands[1])
            inner = [(node.operands[0], factor / size if size else 0.0)]
        elif node.operation == "subtract":
            inner = [(node.operands[0], factor), (node.operands[1], -factor)]
        elif node.operation == "negative":
            inner = [(node.operands[0], -factor)]
        elif node.operation in SUMS:
            inner = [(operand, factor) for operand in node.operands]
        elif node.operation in PASSED:
            inner = [(node.operands[0], factor)]
        stack.extend(each for each in inner if each[1] and each[0].operands and each[0] not in seen)
        seen.update(each for each, _ in inner)


def _share(node: Node, leaf: Node, factor: float, moving: Collection[Node]) -> Share | None:
    """The share that a product is, where it shrinks the parameter; ``factor`` says what becomes of it."""
    for number, scaled in (node.operands, node.operands[::-1]):
        absolute = scaled.operation == "sign"
        if _plain(scaled.operands[0] if absolute else scaled) is not leaf or not _may_scale(
            number, leaf, moving
        ):
            continue
        if np.asarray(number.value).dtype.kind not in "fi" or not _is_scheduled(number, moving):
            continue
        value = float(np.ravel(number.value)[0])
        if factor * value < 0:
            return Share(node, node, np.zeros(np.shape(node.value)), -factor * value, absolute)
        if factor > 0 and KEPT[0] < value < KEPT[1] and not absolute:
            return Share(number, node, np.ones(np.shape(number.value)), 1 - value, absolute)
    return None


def _is_scheduled(number: Node, moving: Collection[Node]) -> bool:
    """Is this a number, or made of numbers that the loss has nothing to do with, as a rate that decays?"""
    return all(np.size(node.value) == 1 and node not in moving for node in walk([number], lambda _: True))


def _plain(node: Node) -> Node:
    while node.operation in PASSED:
        node = node.operands[0]
    return node


def _typical(node: Node) -> float:
    """The mean of a value whose numbers all have one sign; 0 where they have not."""
    if type(node.value) is float:
        return node.value if node.value == node.value else 0.0
    value = np.asarray(node.value)
    if value.dtype.kind not in "fiu" or not value.size or not (np.all(value > 0) or np.all(value < 0)):
        return 0.0
    return float(np.mean(value))
