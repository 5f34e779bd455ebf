"""Rewrite a graph so that it says the same in fewer operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backproof.graph.node import Node, ancestors, constant, shape_of, with_operands
from backproof.graph.operations import OPERATIONS, apply, attribute

Rewrite = Callable[[Node], Node | None]


def simplify(nodes: Iterable[Node]) -> list[Node]:
    """Give equal nodes of a simpler graph; what did not change stays the very same node.

    Neutral operands, double negation, double transposes, sums over nothing and repeats that broadcasting does
    anyway disappear, operations on constants become constants, equal operations become one. A node with a
    name stays, under its name. Functions with no rule are called as often as before, for they may be random.
    """
    nodes = list(nodes)
    new: dict[Node, Node] = {}
    seen: dict[Any, Node] = {}
    for node in ancestors(nodes):
        operands = tuple([new[operand] for operand in node.operands])
        found = with_operands(node, operands)
        if operands and OPERATIONS[node.operation].exact:
            found = _rewrite(found)
        key: Any = (found.operation, found.operands, freeze(found.attributes), found.name)
        if found.operation == "constant":
            key = ("constant", freeze(found.value), found.name)
        elif not found.operands or not OPERATIONS[found.operation].exact:
            key = (found,)
        new[node] = seen.setdefault(key, found)
    return [new[node] for node in nodes]


def freeze(value: Any) -> Any:
    """Turn an attribute or a constant into something that can be compared and hashed."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, (list, tuple)):
        return (type(value), *[freeze(item) for item in value])
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    if hasattr(value, "items"):
        return frozenset((key, freeze(item)) for key, item in value.items())
    return (type(value), repr(value)) if isinstance(value, (float, np.generic)) else (type(value), value)


def _rewrite(node: Node) -> Node:
    """Apply rules until none applies; a name moves to the result, unless that has one of its own."""
    name, current = node.name, node
    for _ in range(8):
        rule = RULES.get(current.operation)
        better = _fold(current) or (None if rule is None else rule(current))
        if better is None:
            break
        current = better
    if name is None or current.name == name:
        return current
    if current is node or (current.name is None and current.operation != "leaf"):
        return Node(
            current.operation, current.operands, current.attributes, current.value, name, current.origin
        )
    return node


def _fold(node: Node) -> Node | None:
    """Compute what depends on constants only, but for copies of them, which broadcasting makes as well."""
    if not node.operands or node.operation == "broadcast_to":
        return None
    constants = all(operand.operation == "constant" for operand in node.operands)
    return constant(node.value, origin=node.origin) if constants else None


def is_constant(node: Node, number: float) -> bool:
    """Whether every element of a node is this number, whatever the leaves are."""
    if node.operation != "constant":
        return False
    value = node.value
    return bool(
        value == number if isinstance(value, (float, int)) else np.size(value) and np.all(value == number)
    )


def _kept(node: Node, z: Node) -> Node | None:
    """Give the operand where it can stand for the result: same shape, same type."""
    array = isinstance(z.value, np.ndarray)
    same = shape_of(node) == shape_of(z) and (not array or np.asarray(node.value).dtype == z.value.dtype)
    return node if same else None


def _bare(x: Node, z: Node) -> Node:
    """Give the operand of a broadcast_to that the elementwise z does itself."""
    if x.operation == "broadcast_to" and x.name is None:
        others = [shape_of(operand) for operand in z.operands if operand is not x]
        if others and np.broadcast_shapes(shape_of(x.operands[0]), *others) == shape_of(z):
            return x.operands[0]
    return x


def _lean(z: Node) -> Node | None:
    """Leave broadcasting to the operation."""
    for k, x in enumerate(z.operands):
        bare = _bare(x, z)
        if bare is not x:
            return with_operands(z, (*z.operands[:k], bare, *z.operands[k + 1 :]))
    return None


def _add(z: Node) -> Node | None:
    x, y = z.operands
    if is_constant(x, 0.0):
        return _kept(y, z)
    if is_constant(y, 0.0):
        return _kept(x, z)
    if _is_bare_negative(y):
        return _again("subtract", z, x, y.operands[0])
    if _is_bare_negative(x):
        return _again("subtract", z, y, x.operands[0])
    return _factored(z, "add", "subtract") or _lean(z)


def _subtract(z: Node) -> Node | None:
    x, y = z.operands
    if is_constant(y, 0.0):
        return _kept(x, z)
    if is_constant(x, 0.0) and shape_of(y) == shape_of(z):
        return _again("negative", z, y)
    if _is_bare_negative(y):
        return _again("add", z, x, y.operands[0])
    return _factored(z, "subtract", "add") or _lean(z)


def _factored(z: Node, same: str, opposite: str) -> Node | None:
    """Take out the number that both operands of a sum are multiplied by: −c·x + c·y is c·(y − x)."""
    x, y = (_scaled(operand) for operand in z.operands)
    if x is None or y is None or abs(x[0].value) != abs(y[0].value):
        return None
    if x[0].value == y[0].value:
        return _again("multiply", z, x[0], apply(same, x[1], y[1]))
    if z.operation == "add" and x[0].value < 0:
        x, y = y, x
    return _again("multiply", z, x[0], apply(opposite, x[1], y[1]))


def _scaled(node: Node) -> tuple[Node, Node] | None:
    """A number and what it is multiplied by."""
    if node.operation != "multiply" or node.name is not None:
        return None
    x, y = node.operands
    return (x, y) if _is_number(x) else (y, x) if _is_number(y) else None


def _multiply(z: Node) -> Node | None:
    for x, y in (z.operands, z.operands[::-1]):
        if is_constant(x, 1.0) and _kept(y, z):
            return y
        if is_constant(x, -1.0) and shape_of(y) == shape_of(z):
            return _again("negative", z, y)
        if _is_number(x) and y.operation == "multiply" and y.name is None:
            for c, rest in (y.operands, y.operands[::-1]):
                if _is_number(c):
                    return _again("multiply", z, constant(x.value * c.value), rest)
    return _lean(z)


def _is_number(node: Node) -> bool:
    return node.operation == "constant" and isinstance(node.value, (float, int))


def _divide(z: Node) -> Node | None:
    x, y = z.operands
    if is_constant(x, 1.0) and shape_of(x) and shape_of(y) == shape_of(z):
        return _again("divide", z, constant(1.0), y)
    return (_kept(x, z) if is_constant(y, 1.0) else None) or _lean(z)


def _power(z: Node) -> Node | None:
    return _kept(z.operands[0], z) if is_constant(z.operands[1], 1.0) else None


def _negative(z: Node) -> Node | None:
    x = z.operands[0]
    if x.operation == "negative":
        return x.operands[0]
    if x.operation == "broadcast_to" and x.name is None and _is_number(x.operands[0]):
        number = constant(-x.operands[0].value)
        return Node("broadcast_to", (number,), x.attributes, value=z.value, name=z.name, origin=z.origin)
    return _again("subtract", z, *x.operands[::-1]) if x.operation == "subtract" and x.name is None else None


def _sum(z: Node) -> Node | None:
    over = attribute(z, "axis")
    return _kept(z.operands[0], z) if over == () or shape_of(z.operands[0]) == () else None


def _transpose(z: Node) -> Node | None:
    x = z.operands[0]
    if len(shape_of(x)) < 2:
        return x
    if x.operation != "transpose":
        return None
    inner, count = x.operands[0], len(shape_of(x))
    first, second = (
        tuple(range(count))[::-1] if a is None else a for a in (attribute(x, "axes"), attribute(z, "axes"))
    )
    return inner if [first[k] % count for k in second] == list(range(count)) else None


def _reshape(z: Node) -> Node | None:
    x = z.operands[0]
    if shape_of(x) == shape_of(z):
        return _kept(x, z)
    if x.operation == "broadcast_to" and x.name is None and shape_of(x.operands[0]) == ():
        return Node(
            "broadcast_to", x.operands, {"shape": shape_of(z)}, value=z.value, name=z.name, origin=z.origin
        )
    inner = x.operation == "reshape" and attribute(x, "order") == attribute(z, "order")
    return with_operands(z, x.operands) if inner else None


def _broadcast_to(z: Node) -> Node | None:
    return _kept(z.operands[0], z)


def _is_bare_negative(node: Node) -> bool:
    return node.operation == "negative" and node.name is None


def _again(operation: str, z: Node, *operands: Node) -> Node:
    return Node(operation, operands, value=z.value, name=z.name, origin=z.origin)


RULES: dict[str, Rewrite] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "negative": _negative,
    "sum": _sum,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "where": _lean,
    "identity": lambda z: z.operands[0],
}
