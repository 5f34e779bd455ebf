"""Cancel what stands above and below the bar, as a person does who writes a derivative down.

Where a cancelled factor is zero the value is another (a number for none): for text, not for numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from backproof.graph.node import Node, ancestors, constant, shape_of, with_operands
from backproof.graph.operations import apply
from backproof.graph.simplify import simplify

PRODUCTS = frozenset({"multiply", "divide", "negative"})


def cancelled(nodes: Iterable[Node]) -> list[Node]:
    """Give the nodes with common factors of their products and quotients cancelled, and simplified.

    >>> from backproof.graph import leaf
    >>> from backproof.notation import to_numpy
    >>> p, y = leaf(0.25, "p"), leaf(1.0, "y")
    >>> slope = apply("multiply", p, apply("subtract", 1.0, p))
    >>> to_numpy(cancelled([apply("multiply", apply("divide", y, p), slope)])[0])
    'y * (1 - p)'
    """
    nodes = list(nodes)
    inner = {o for n in ancestors(nodes) if n.operation in PRODUCTS for o in n.operands}
    new: dict[Node, Node] = {}
    for node in ancestors(nodes):
        operands = tuple(new[o] for o in node.operands)
        copy = with_operands(node, operands)
        whole = node.operation in PRODUCTS and (node not in inner or node.name is not None)
        new[node] = _product(copy) if whole else copy
    return simplify([new[n] for n in nodes])


def _product(node: Node) -> Node:
    """A product whose factors do not also stand among its divisors; as it was where there are none such."""
    sign, above, below = _factors(node, 1)
    common = Counter(above) & Counter(below)
    if not common:
        return node
    up, down = list((Counter(above) - common).elements()), list((Counter(below) - common).elements())
    result = up[0] if up else constant(1.0)
    for factor in up[1:]:
        result = apply("multiply", result, factor)
    for factor in down:
        result = apply("divide", result, factor)
    result = apply("negative", result) if sign < 0 else result
    return result if shape_of(result) == shape_of(node) else node


def _factors(node: Node, sign: int) -> tuple[int, list[Node], list[Node]]:
    """The sign, the factors and the divisors of a product without a name of its own inside."""
    if node.operation == "negative":
        return _factors(node.operands[0], -sign)
    if node.operation not in PRODUCTS:
        return sign, [node], []
    x, y = node.operands
    first, above, below = _factors(x, sign) if x.name is None else (sign, [x], [])
    second, more, less = _factors(y, 1) if y.name is None else (1, [y], [])
    if node.operation == "divide":
        more, less = less, more
    return first * second, [*above, *more], [*below, *less]
