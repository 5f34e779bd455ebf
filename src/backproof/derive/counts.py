"""Numbers of samples, as a program reads them: ``/ len(y)`` rather than ``/ 28``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.derive.forward import Forward
from backproof.graph import Node, ancestors, attribute, leaf
from backproof.graph.node import shape_of


def counted(forward: Forward, divisor: Node) -> Node | None:
    """A divisor that a derivative rule made, as the length or the size of data of the program."""
    value = divisor.value
    if divisor.operation != "constant" or divisor.origin is not None or not isinstance(value, (int, float)):
        return None
    if value < 3 or value != int(value):
        return None
    known = next((text for _, number, text in averaged(forward) if number == value), None)
    text = known or count(forward, int(value))
    return None if text is None else leaf(float(value), text)


def averaged(forward: Forward) -> Iterator[tuple[Node, float, str]]:
    """The values that every mean and every named number divides by: where, how many, and how that is read."""
    data = {n for n in ancestors([forward.loss]) if n.operation == "leaf"} - {
        p.leaf for p in forward.parameters
    }
    for node in ancestors([forward.loss]):
        if node.operation == "divide" and node.operands[1] in data and _names(forward, node.operands[1]):
            number = node.operands[1]
            if np.ndim(number.value) == 0 and number.value:
                yield node, float(number.value), forward.names[number]
        elif node.operation == "mean":
            found = _size(forward, node, data)
            if found is not None:
                yield node, *found


def _names(forward: Forward, node: Node) -> bool:
    return forward.names.get(node, "").isidentifier()


def _size(forward: Forward, node: Node, data: set[Node]) -> tuple[int, str] | None:
    """How many elements a mean is of, read from data of that shape, or from another value that has a name."""
    (whole,) = node.operands
    shape, axis = shape_of(whole), attribute(node, "axis")
    if not shape or isinstance(axis, tuple):
        return None
    alike = [n for n in ancestors([whole]) if shape_of(n) == shape and _names(forward, n)]
    alike = [*(n for n in alike[::-1] if n in data), *alike[::-1]]
    name = forward.names[alike[0]] if alike else None
    if name is None:
        return None
    if axis is None and len(shape) > 1:
        return int(np.prod(shape)), f"{name}.size"
    axis = 0 if axis is None else axis % len(shape)
    return shape[axis], f"len({name})" if axis == 0 else f"{name}.shape[{axis}]"


def count(forward: Forward, number: int) -> str | None:
    """What the program could read a number of samples from: the last data used, targets first."""
    parameters = {p.leaf for p in forward.parameters}
    data = [
        n
        for n in reversed(ancestors([forward.loss]))
        if n.operation == "leaf" and _names(forward, n) and n not in parameters
    ]
    data.sort(key=lambda n: not forward.texts.get(n, "").isidentifier())  # what is a calculation comes last
    for node in data:
        if np.ndim(node.value) == 0 and node.value == number:
            return forward.names[node]
    for name, labels in forward.labels:
        if np.ndim(labels) == 1 and len(labels) == number:
            return f"len({name})"
    for node in data:
        if np.ndim(node.value) and len(node.value) == number:
            return f"len({forward.names[node]})"
    for node in data:
        if np.ndim(node.value) and np.size(node.value) == number:
            return f"{forward.names[node]}.size"
    return None
