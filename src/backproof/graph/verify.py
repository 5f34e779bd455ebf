"""What a legal graph is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from backproof.graph.node import Node, ancestors, shape_of
from backproof.graph.operations import OPERATIONS
from backproof.graph.operations.record import REQUIRED


def verify(nodes: Iterable[Node]) -> None:
    """Raise ValueError where a graph is not legal.

    In a legal graph every operation is in the table and has the operands and attributes that its record asks
    for, leaves and constants have none, every node has a value, and the shape of each value is the one that
    follows from the operands. Functions with no rule are not called: their shapes are taken on trust.
    """
    with np.errstate(all="ignore"):
        for node in ancestors(nodes):
            problem = _problem(node)
            if problem:
                raise ValueError(f"{node!r} is not legal: {problem}")


def _problem(node: Node) -> str | None:
    if node.value is None:
        return "it has no value"
    if node.operation in ("leaf", "constant"):
        return "it has operands" if node.operands else None
    operation = OPERATIONS.get(node.operation)
    if operation is None:
        return "its operation is not in the table"
    if operation.arity not in (None, len(node.operands)):
        return f"it has {len(node.operands)} operands, but its operation takes {operation.arity}"
    unknown = sorted(set(node.attributes) - set(operation.attributes))
    if unknown:
        return f"its operation has no attribute {unknown[0]!r}"
    for name, default in operation.attributes.items():
        if default is REQUIRED and name not in node.attributes:
            return f"the attribute {name!r} is missing"
    if not operation.exact:
        return None
    try:
        follows = np.shape(operation.value(*[operand.value for operand in node.operands], **node.attributes))
    except (ValueError, TypeError, IndexError, np.linalg.LinAlgError) as error:
        return f"its value cannot be computed from its operands: {error}"
    return None if follows == shape_of(node) else f"its value should have shape {follows}"
