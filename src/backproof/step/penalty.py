"""Which parameters does a scalar penalise: does it count their size, whatever the data are?"""

from __future__ import annotations

from collections.abc import Iterable

from backproof.graph import Node, ancestors

PRODUCTS = frozenset({"multiply", "matmul", "dot", "tensordot", "einsum", "outer"})
ARRANGED = frozenset(
    {"identity", "index", "reshape", "transpose", "astype", "broadcast_to", "concatenate", "stack"}
)


def penalised(scalars: Iterable[Node], leaves: set[Node]) -> frozenset[Node]:
    """Find the leaves whose own size the scalars count: ``|w|``, or ``w**2``, ``w * w``, ``w.T @ w``.

    As they are, or any part or arrangement of them.
    """
    found = set[Node]()
    for node in ancestors(scalars):
        if node.operation in ("abs", "square", "power"):
            found |= _arranged(node.operands[0]) & leaves
        elif node.operation in PRODUCTS and len(node.operands) > 1:
            found |= _arranged(node.operands[0]) & _arranged(node.operands[1]) & leaves
    return frozenset(found)


def _arranged(node: Node) -> set[Node]:
    """What a node holds the numbers of, each as it is."""
    found, stack = set[Node](), [node]
    while stack:
        node = stack.pop()
        if node.operation in ARRANGED:
            stack.extend(node.operands)
        else:
            found.add(node)
    return found
