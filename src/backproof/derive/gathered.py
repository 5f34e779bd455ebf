"""What derivative rules leave apart and a person writes together: equal summands, and branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply, attribute, constant, simplify
from backproof.graph.node import shape_of, with_operands
from backproof.graph.simplify import is_constant


def gathered(nodes: Iterable[Node], count: Callable[[int], Node]) -> list[Node]:
    """Give equal nodes with what belongs together written together; ``count`` gives how a number is read.

    >>> from backproof.graph import leaf
    >>> from backproof.notation import to_numpy
    >>> x, y = leaf(np.ones(3), "x"), leaf(np.ones(3), "y")
    >>> on = apply("greater", x, 0.5)
    >>> one, other = apply("where", on, 1.0, 0.0), apply("where", on, 0.0, 1.0)
    >>> both = apply("add", apply("multiply", one, x), apply("multiply", other, y))
    >>> to_numpy(gathered([both], lambda n: constant(float(n)))[0])
    'np.where(x > 0.5, x, y)'
    """
    once = _gathered(list(nodes), count)
    return _gathered(once, count)  # what the first time made nothing or one number


def _gathered(nodes: list[Node], count: Callable[[int], Node]) -> list[Node]:
    new: dict[Node, Node] = {}
    for node in ancestors(nodes):
        here = with_operands(node, tuple(new[o] for o in node.operands))
        rule = RULES.get(here.operation)
        better = None if rule is None or here.name else rule(here)
        if here.operation == "sum":
            better = _repeated(here, count)
        fits = better is not None and shape_of(better) == shape_of(here)
        new[node] = better if fits and better is not None else here
    return simplify([new[n] for n in nodes])


def _put(node: Node) -> Node | None:
    """What is added to zeros of which an index only changes the axes: a change of shape."""
    base, added = node.operands
    index = attribute(node, "index")
    parts = index if isinstance(index, tuple) else (index,)
    whole = all(
        p is None or p is Ellipsis or p == slice(None) for p in parts if not isinstance(p, np.ndarray)
    )
    if any(isinstance(p, (np.ndarray, list)) for p in parts) or not whole or not is_constant(base, 0.0):
        return None
    shape = shape_of(node)
    return apply("reshape", added, shape=shape) if np.size(added.value) == np.size(node.value) else None


def _outward(node: Node) -> Node | None:
    """A number that is repeated and then scaled, as one that is scaled and then repeated."""
    repeated = [
        o for o in node.operands if o.operation == "broadcast_to" and not np.ndim(o.operands[0].value)
    ]
    rest = [o for o in node.operands if o not in repeated]
    shape = shape_of(node)
    if len(repeated) != 1 or repeated[0].name or node.operation in ("add", "subtract"):
        return None
    if any(shape_of(o) not in ((), shape) for o in rest):
        return None
    inner = repeated[0].operands[0]
    bare = [inner if o in repeated else o for o in node.operands]
    if node.operation == "reshape":
        return apply("broadcast_to", inner, shape=shape)
    scaled = apply(node.operation, *bare)
    return scaled if shape_of(scaled) == shape else apply("broadcast_to", scaled, shape=shape)


def _square(node: Node) -> Node | None:
    """The square of a root."""
    root = node.operands[0]
    twice = node.operation == "square" or is_constant(node.operands[1], 2.0)
    return root.operands[0] if twice and root.operation == "sqrt" else None


def _sum(node: Node) -> Node | None:
    """−x − x, nothing added, and both branches of one condition."""
    x, y = node.operands
    if is_constant(y, 0.0) or (is_constant(x, 0.0) and node.operation == "add"):
        return x if is_constant(y, 0.0) else y
    if x.operation == "add" and x.operands[1] is y and node.operation == "add" and not x.name:
        return apply("add", x.operands[0], apply("multiply", 2.0, y))
    if x.operation == "negative" and x.operands[0] is y and node.operation == "subtract":
        return apply("negative", apply("multiply", 2.0, y))
    one, other = _branches(x), _branches(y)
    if node.operation == "add" and one is not None and other is not None and one[0] is other[0]:
        for first, second in ((one, other), (other, one)):
            if is_constant(first[2], 0.0) and is_constant(second[1], 0.0):
                return apply("where", one[0], first[1], second[2])
    return None


def _branches(node: Node) -> tuple[Node, Node, Node] | None:
    """A condition, what there is where it holds and where not; a factor beside belongs to what is not 0."""
    if node.operation == "where" and not node.name:
        condition, yes, no = node.operands
        return condition, yes, no
    if node.operation == "multiply" and not node.name:
        for branch, other in (node.operands, node.operands[::-1]):
            if branch.operation == "where" and not branch.name:
                condition, yes, no = branch.operands
                if is_constant(no, 0.0):
                    return condition, apply("multiply", yes, other), no
                if is_constant(yes, 0.0):
                    return condition, yes, apply("multiply", no, other)
    return None


def _product(node: Node) -> Node | None:
    """One or nothing times a value, and an outer product written by axes of length one."""
    if any(is_constant(o, 0.0) for o in node.operands):
        return constant(np.zeros(shape_of(node))[()])
    for branch, other in (node.operands, node.operands[::-1]):
        if branch.operation == "where" and not branch.name:
            condition, yes, no = branch.operands
            if _is_number(yes) and is_constant(no, 0.0):
                return apply("where", condition, _times(yes, other), 0.0)
            if is_constant(yes, 0.0) and _is_number(no):
                return apply("where", condition, 0.0, _times(no, other))
    column, row = node.operands
    if _is_index(column, (Ellipsis, None)) and _is_index(row, (Ellipsis, None, slice(None))):
        x, y = column.operands[0], row.operands[0]
        return apply("outer", x, y) if np.ndim(x.value) == np.ndim(y.value) == 1 else None
    return None


def _times(number: Node, other: Node) -> Node:
    if _is_number(other):
        return constant(number.value * other.value)
    return other if is_constant(number, 1.0) else apply("multiply", number, other)


def _is_number(node: Node) -> bool:
    return node.operation == "constant" and np.ndim(node.value) == 0


def _nothing(node: Node) -> Node | None:
    """A part of nothing."""
    return constant(np.zeros(shape_of(node))[()]) if is_constant(node.operands[0], 0.0) else None


def _is_index(node: Node, index: Any) -> bool:
    if node.operation != "index":
        return False
    given = attribute(node, "index")
    parts = given if isinstance(given, tuple) else (given,)
    whole = not any(isinstance(part, (np.ndarray, list)) for part in parts)
    return whole and parts == index


def _repeated(node: Node, count: Callable[[int], Node]) -> Node | None:
    """The sum of one number, repeated."""
    (whole,) = node.operands
    single = whole.operation == "broadcast_to" and np.ndim(whole.operands[0].value) == 0
    if not single or attribute(node, "axis") is not None or np.ndim(node.value):
        return None
    return apply("multiply", count(np.size(whole.value)), whole.operands[0])


RULES: dict[str, Callable[[Node], Node | None]] = {
    "square": _square,
    "power": _square,
    "add": _sum,
    "subtract": _sum,
    "multiply": lambda node: _product(node) or _outward(node),
    "divide": lambda node: _nothing(node) or _outward(node),
    "negative": _outward,
    "reshape": _outward,
    "index_add": _put,
}
