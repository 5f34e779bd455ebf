"""Forward values as expressions: how each is computed, in names and in calls of the program's functions."""

from __future__ import annotations

from collections.abc import Mapping

from backproof.derive.forward import Forward
from backproof.graph import Node, leaf
from backproof.graph.node import rebuilt
from backproof.notation import to_numpy


def spelled(forward: Forward) -> dict[Node, str]:
    """The text of every value that has a name or is a call of a function of the program."""
    texts = dict(forward.names)
    for result, (function, given) in forward.calls.items():
        if result not in texts:
            texts[result] = f"{function}({to_numpy(given, texts)})"
    return texts


def definition(forward: Forward, node: Node, texts: Mapping[Node, str]) -> Node:
    """A value as it is computed from others: a node to print."""
    if node in forward.calls:
        function, given = forward.calls[node]
        return leaf(node.value, f"{function}({to_numpy(given, texts)})")
    named = {n: leaf(n.value, text) for n, text in texts.items()}
    operands = tuple(rebuilt(o, named) for o in node.operands)
    return Node(node.operation, operands, node.attributes, node.value)
