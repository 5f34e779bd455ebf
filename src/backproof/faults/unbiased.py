"""A mean where the forward pass divides by one less than it takes the variance of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make
from backproof.graph import Node

COST = 1.4


def unbiased(place: Place) -> Iterator[Correction]:
    """Divide a sum by ``n - 1``, as ``var(ddof=1)`` does."""
    node = place.edges[0].operand
    head, _, tail = place.text.rpartition("mean(")
    if place.site.kind != "Call" or node.operation != "mean" or not tail or (head and head[-1] != "."):
        return
    count = np.size(node.operands[0].value) // max(np.size(node.value), 1)
    if count < 3 or not any(_divides_by(each, count - 1) for each in place.scenery.bench.forward):
        return
    axis = node.attributes.get("axis")
    names = [n for n in place.names if n.isidentifier() and _length(place, n, axis) == count]
    for name in names[:1]:
        length = f"len({name})" if axis in (None, 0) else f"{name}.shape[{axis}]"
        text = f"{head}sum({tail} / ({length} - 1)"
        if place.parent is not None and place.parent.detail in ("/", "**", "@"):
            text = f"({text})"

        def build(edge: Edge) -> Node | None:
            return make("multiply", edge.operand, count / (count - 1))

        why = f"the forward pass divides by `{length} - 1` and the backward pass by `{length}`"
        part = Part(place, text, build)
        yield Correction("forward-backward-mismatch", (part,), COST, why, expected=text)


def _divides_by(node: Node, number: int) -> bool:
    """Is this divided by a number that the program does not compute from others?"""
    divisor = node.operands[1] if node.operation == "divide" else None
    return divisor is not None and not np.ndim(divisor.value) and float(divisor.value) == number


def _length(place: Place, name: str, axis: object) -> int | None:
    """How many elements what a name holds has along an axis."""
    node = place.value(name, place.edges[0])
    along = 0 if axis is None else axis
    if node is None or not isinstance(along, int) or not along < np.ndim(node.value):
        return None
    return int(np.shape(node.value)[along])
