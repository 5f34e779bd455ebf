"""Forward values as expressions: how each is computed, in names and in calls of the program's functions."""

from __future__ import annotations

from collections.abc import Mapping

from backproof.derive.forward import Forward
from backproof.graph import Node, leaf
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
    operands = tuple(leaf(o.value, texts[o]) if o in texts else _below(o, texts) for o in node.operands)
    return Node(node.operation, operands, node.attributes, node.value)


def _below(node: Node, texts: Mapping[Node, str]) -> Node:
    """An operand without a name, down to what has one."""
    from backproof.graph import ancestors

    copies: dict[Node, Node] = {}
    for n in ancestors([node], texts.__contains__):
        if n in texts:
            copies[n] = leaf(n.value, texts[n])
        elif n.operands:
            copies[n] = Node(n.operation, tuple(copies[o] for o in n.operands), n.attributes, n.value)
        else:
            copies[n] = n
    return copies[node]
