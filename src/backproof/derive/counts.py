"""Numbers of samples, as a program reads them: ``/ len(y)`` rather than ``/ 28``."""

from __future__ import annotations

import numpy as np

from backproof.derive.forward import Forward
from backproof.graph import Node, ancestors, leaf


def counted(forward: Forward, divisor: Node) -> Node | None:
    """A divisor that a derivative rule made, as the length or the size of data of the program."""
    value = divisor.value
    if divisor.operation != "constant" or divisor.origin is not None or not isinstance(value, (int, float)):
        return None
    if value < 3 or value != int(value):
        return None
    text = count(forward, int(value))
    return None if text is None else leaf(float(value), text)


def count(forward: Forward, number: int) -> str | None:
    """What the program could read a number of samples from: the last data used, targets first."""
    parameters = {p.leaf for p in forward.parameters}
    data = [
        n
        for n in reversed(ancestors([forward.loss]))
        if n.operation == "leaf" and n in forward.names and n not in parameters
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
