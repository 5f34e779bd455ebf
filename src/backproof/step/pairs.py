"""The differences of an output and a target that a backward pass begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.graph import Node, apply
from backproof.step.loss import ancestors_since
from backproof.step.update import time_of
from backproof.trace import Trace

SPREAD = (-1, -1)  # the positions of what stands in several places
OFF_TARGET = ((1, 0), SPREAD)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An output that depends on the parameters, held against a target that does not, at one site.

    ``difference`` is what they meet in, ``positions`` where they stand there; negative where they are spread
    over it.
    """

    output: Node
    target: Node
    difference: Node
    positions: tuple[int, int] = (0, 1)

    @property
    def site(self) -> int:
        """Where the source has the difference."""
        return int(self.difference.origin.site)


def pairs(
    trace: Trace,
    feeding: Sequence[Node],
    moving: set[Node],
    befores: Sequence[Node],
    since: int,
    literal: bool = False,
) -> list[Pair]:
    """The differences between an output and a target that the backward pass of a window is built on.

    A number written in the source is no target, as in ``1 - a``, where none may be ``literal``.

    The output may be taken off the target term by term, as in ``y - w * x - b``. Where there is no
    difference, sums are taken for them, of which the sign may be a mistake.
    """
    return _pairs(trace, feeding, moving, befores, since, "subtract", literal) or [
        pair
        for pair in _pairs(trace, feeding, moving, befores, since, "add", literal)
        if np.ndim(pair.target.value)
        and np.shape(pair.target.value) == np.shape(pair.output.value)
        and _is_of_data(pair.output, moving, since)
    ]


def _is_of_data(output: Node, moving: set[Node], since: int) -> bool:
    """Is a value computed from arrays of data as well, and not from parameters alone as a penalty is?"""
    line = ancestors_since([output], since)
    return any(
        np.ndim(operand.value) and operand not in moving
        for node in line
        if node in moving and time_of(node) > since
        for operand in node.operands
    )


def _pairs(
    trace: Trace,
    feeding: Sequence[Node],
    moving: set[Node],
    befores: Sequence[Node],
    since: int,
    operation: str,
    literal: bool,
) -> list[Pair]:
    found: dict[tuple[Node, Node], Pair] = {}
    for node in feeding:
        longer = _longer(node, found, moving)
        if longer is not None:
            found[longer.output, longer.target] = longer
        if node.operation == operation and node in moving and node.origin is not None:
            x, y = node.operands
            if (x in moving) == (y in moving):
                continue
            output, target = (x, y) if x in moving else (y, x)
            if _scaled(output, moving) in befores:
                continue
            if not literal and is_literal(trace, node, 0 if target is x else 1):
                continue
            if time_of(output) <= since:
                continue
            positions = (0, 1) if output is x else (1, 0)
            output = _plain(output)
            found.setdefault((output, target), Pair(output, target, node, positions))
        elif node.operation == "divide" and node.operands[1] in moving and node.operands[0] not in moving:
            target, output = node.operands[0], _plain(node.operands[1])
            if time_of(output) > since and np.ndim(target.value) and not is_literal(trace, node, 0):
                found.setdefault((output, target), Pair(output, target, node, (1, 0)))
        elif node.operation == "index_update" and _one_off(node):
            base = _plain(node.operands[0])
            mask = np.zeros(np.shape(base.value))
            mask[node.attributes["index"]] = 1.0
            output, positions = _turned(base) if _is_below(base, node) else (base, (0, -1))
            found.setdefault((base, node), Pair(output, _data(mask), node, positions))
    return list(found.values())


def _longer(node: Node, found: Mapping[tuple[Node, Node], Pair], moving: set[Node]) -> Pair | None:
    """The pair whose difference is that of another, and one more term of the output taken off the target."""
    if node.operation != "subtract" or node.origin is None or not moving.issuperset(node.operands):
        return None
    x, y = node.operands
    inner = next((p for p in found.values() if p.difference is x and p.positions in OFF_TARGET), None)
    if inner is None or x.name is not None or np.shape(node.value) != np.shape(x.value):
        return None
    if _plain(y) is inner.output:
        return None
    return Pair(apply("add", inner.output, y), inner.target, node, SPREAD)


def is_literal(trace: Trace, node: Node, position: int) -> bool:
    """Is an operand a number written in the source, as in ``1 - a``?"""
    site = node.origin.operand_sites[position]
    if site is None or site < 0:
        return node.operands[position].operation == "constant"
    return trace.sites[site].kind in ("Constant", "UnaryOp")


def _scaled(node: Node, moving: set[Node]) -> Node:
    """What a value is but a number times: a parameter is no output, and its penalty is no error."""
    while node.operation in ("identity", "negative", "multiply", "divide") and node.operands:
        inner = [o for o in node.operands if o in moving]
        numbers = [o for o in node.operands if o not in moving and np.size(o.value) == 1]
        if len(inner) != 1 or len(inner) + len(numbers) < len(node.operands):
            break
        node = inner[0]
    return node


def _plain(node: Node) -> Node:
    while node.operation == "identity":
        node = node.operands[0]
    return node


def _data(value: object) -> Node:
    return Node("leaf", (), value=value, name="target")


def _one_off(node: Node) -> bool:
    """Is one subtracted at some places, as of the right class? Or added, where the sign is wrong."""
    change = node.operands[1]
    if change.operation not in ("subtract", "add") or change.operands[0].operation != "index":
        return False
    same = change.operands[0].operands[0] is node.operands[0]
    return same and bool(np.all(np.asarray(change.operands[1].value) == 1))


def _is_below(base: Node, node: Node) -> bool:
    """Is one added to what is nowhere above zero, as to outputs with the sign turned?"""
    return node.operands[1].operation == "add" and bool(np.all(np.asarray(base.value) <= 0))


def _turned(base: Node) -> tuple[Node, tuple[int, int]]:
    """The output of which something is the negative."""
    return (_plain(base.operands[0]) if base.operation == "negative" else apply("negative", base)), SPREAD


def outermost(every: list[Pair]) -> list[Pair]:
    """The pairs whose output no other pair's output is computed from."""
    outputs = {pair.output for pair in every}
    inner: set[Node] = set()
    for pair in every:
        since = min(time_of(p.output) for p in every)
        inner |= (set(ancestors_since([pair.output], since)) - {pair.output}) & outputs
    return [pair for pair in every if pair.output not in inner]
