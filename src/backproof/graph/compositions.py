"""Functions that people write in several operations, and whose derivative they know in one line.

A logistic function written with ``exp``, a softmax, a standardisation by mean and variance: differentiated
operation by operation they give what a machine writes, differentiated as a whole what a textbook prints. They
are recognised by their values at a few points, however they were written; their rules are exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backproof.graph.node import Node, ancestors, shape_of
from backproof.graph.operations import apply, elementwise

ELEMENTWISE = frozenset(record.name for record in elementwise.RECORDS) | {"astype", "identity"}
SAME = 1e-9
DEEPEST = 40  # operations of one composition
Values = Mapping[Node, Any]
Rule = Callable[[Node, Node, Node], Node | None]


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """``outer`` is a known function of ``inner``.

    ``rule(g, outer, inner)`` gives the cotangent of ``inner``. ``axis`` is the one that it runs along.
    """

    name: str
    outer: Node
    inner: Node
    rule: Rule
    axis: int | None = None


def compositions(
    order: Sequence[Node], moving: set[Node], tables: Sequence[Values]
) -> dict[Node, Composition]:
    """Find the compositions among the nodes of a forward pass, operands first.

    ``moving`` are the nodes that depend on what is differentiated by; ``tables`` hold the values of all nodes
    at two or more random points.
    """
    found: dict[Node, Composition] = {}
    forward = [node for node in order if node in moving]
    for inner, outer in functions(forward, every=True):
        if outer in found or shape_of(inner) != shape_of(outer):
            continue
        for name, function, rule in ACTIVATIONS:
            if name == "softplus" and _names_between(outer, inner):
                continue  # the logarithm of a probability that has a name of its own
            if outer.operation != name and _holds(tables, outer, inner, function):
                found[outer] = Composition(name, outer, inner, rule)
                break
    for node in forward:
        if node.operation in ("divide", "multiply") and np.ndim(node.value):
            whole = _whole(node, moving, tables)
            if whole is not None:
                found[node] = whole
    return found


def _names_between(outer: Node, inner: Node) -> bool:
    """Has a value on the way a name where the result is computed?"""
    frame = getattr(outer.origin, "frame", None)
    between = set(ancestors([outer], {inner}.__contains__)) - {outer, inner}
    return any(n.name and n.operands and getattr(n.origin, "frame", None) == frame for n in between)


def functions(forward: Sequence[Node], every: bool = False) -> Iterator[tuple[Node, Node]]:
    """Pairs of a value and an elementwise function of it alone: z and σ(z).

    Those that go as far as possible or begin at a value with a name, or ``every`` one.
    """
    moving = set(forward)
    users: dict[Node, list[Node]] = defaultdict(list)
    root: dict[Node, Node] = {}
    for node in forward:
        operands = [o for o in node.operands if o in moving]
        for operand in operands:
            users[operand].append(node)
        inner = {root[o] for o in operands}
        alone = (
            node.operation in ELEMENTWISE
            and len(inner) == 1
            and all(np.size(o.value) == 1 for o in node.operands if o not in moving)
            and shape_of(next(iter(inner))) == shape_of(node)
        )
        root[node] = inner.pop() if alone else node
    for node in forward:
        ends = every or not users[node] or any(root[user] is not root[node] for user in users[node])
        if root[node] is not node and ends:
            yield root[node], node
            for between in ancestors([node], {root[node]}.__contains__):
                named = between.name and between.operation != "identity"
                if between not in (node, root[node]) and between in moving and (every or named):
                    yield between, node


def quotients(forward: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pairs of a value with a name that is below a bar, and the quotient of two that move: B and (1 + A) / B.

    Both have one shape. The quotient may be a product with the reciprocal.
    """
    moving = set(forward)
    for node in forward:
        if node.operation not in ("divide", "multiply") or not moving.issuperset(node.operands):
            continue
        above, below = node.operands
        for bottom in (below,) if node.operation == "divide" else (_inverted(above), _inverted(below)):
            shaped = bottom is not None and np.size(node.value) > 1 and shape_of(bottom) == shape_of(node)
            if bottom is not None and bottom in moving and bottom.name and shaped:
                yield bottom, node


def _inverted(node: Node) -> Node | None:
    """What a value is the reciprocal of; None of any other."""
    while node.operation == "identity":
        node = node.operands[0]
    one = node.operation == "divide" and not node.operands[0].operands and np.all(node.operands[0].value == 1)
    return node.operands[1] if one else node.operands[0] if node.operation == "reciprocal" else None


def hidden(found: Iterable[Composition]) -> set[Node]:
    """The values inside compositions, whose adjoints would lack what comes through the whole."""
    inside: set[Node] = set()
    for each in found:
        reached = {each.inner}
        for node in ancestors([each.outer], {each.inner}.__contains__):
            if not reached.isdisjoint(node.operands):
                reached.add(node)
        inside |= reached - {each.outer, each.inner}
    return inside


def _holds(tables: Sequence[Values], outer: Node, inner: Node, function: Callable[[Any], Any]) -> bool:
    """Is one value this function of the other, at every point?"""
    with np.errstate(all="ignore"):
        return all(
            outer in table
            and inner in table
            and close(table[outer], function(_array(table[inner])))
            and not close(table[outer], table[inner])  # a rectifier of what is positive is none
            for table in tables
        )


def close(a: Any, b: Any) -> bool:
    """Are two values equal but for rounding, and not all zero?"""
    a, b = _array(a), _array(b)
    size = float(np.linalg.norm(b))
    return a.shape == b.shape and 0 < size < np.inf and float(np.linalg.norm(a - b)) <= SAME * size


def _array(value: Any) -> Any:
    return np.asarray(value, dtype=float)


def _logistic(value: Any) -> Any:
    return 1 / (1 + np.exp(-value))


def _logistic_rule(g: Node, z: Node, _x: Node) -> Node:
    """σ' = σ(1 − σ)."""
    return apply("multiply", g, apply("multiply", z, apply("subtract", 1.0, z)))


def _tanh_rule(g: Node, z: Node, _x: Node) -> Node:
    """The derivative of tanh is 1 − tanh²."""
    return apply("multiply", g, apply("subtract", 1.0, apply("square", z)))


def _relu_rule(g: Node, z: Node, _x: Node) -> Node:
    """The rectifier passes on where something came through."""
    return apply("multiply", g, apply("greater", z, 0.0))


def _softplus_rule(g: Node, _z: Node, x: Node) -> Node:
    """The derivative of ln(1 + eˣ) is σ."""
    return apply("multiply", g, apply("sigmoid", x))


ACTIVATIONS: tuple[tuple[str, Callable[[Any], Any], Rule], ...] = (
    ("sigmoid", _logistic, _logistic_rule),
    ("tanh", np.tanh, _tanh_rule),
    ("relu", lambda value: np.maximum(value, 0.0), _relu_rule),
    ("softplus", lambda value: np.logaddexp(value, 0.0), _softplus_rule),
)


def _whole(node: Node, moving: set[Node], tables: Sequence[Values]) -> Composition | None:
    """The softmax or the standardisation that a quotient completes."""
    shape = shape_of(node)
    stack = [o for o in node.operands if o in moving]
    seen: set[Node] = set()
    while stack and len(seen) < DEEPEST:
        inner = stack.pop(0)
        if inner in seen:
            continue
        seen.add(inner)
        if shape_of(inner) == shape and inner.operation != "exp":
            for axis in (-1,) if len(shape) == 1 else (-1, *range(len(shape) - 1)):
                if _holds(tables, node, inner, partial(_softmax, axis=axis)):
                    return Composition("softmax", node, _unshifted(inner), _softmax_rule(axis), axis)
                spread = _spread(node, inner, axis, tables)
                if spread is not None:
                    return Composition(
                        "standardize",
                        node,
                        _uncentred(inner, axis, tables),
                        _standard_rule(axis, spread, node),
                    )
        stack.extend(o for o in inner.operands if o in moving)
    return None


def _softmax(value: Any, axis: int) -> Any:
    e = np.exp(value - value.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _unshifted(node: Node) -> Node:
    """What a softmax is taken of, before its largest was subtracted."""
    if node.operation == "subtract":
        x, y = node.operands
        while y.operation in ("reshape", "index", "broadcast_to", "transpose"):
            y = y.operands[0]
        if y.operation == "max" and y.operands[0] is x:
            return x
    return node


def _uncentred(node: Node, axis: int, tables: Sequence[Values]) -> Node:
    """What a standardisation is taken of, before its mean was subtracted."""
    if node.operation == "subtract":
        x = node.operands[0]
        if shape_of(x) == shape_of(node) and _holds(tables, node, x, partial(_centred, axis=axis)):
            return x
    return node


def _centred(value: Any, axis: int) -> Any:
    return value - value.mean(axis=axis, keepdims=True)


def _softmax_rule(axis: int) -> Rule:
    """∂L/∂x = p ∘ (g − Σ g ∘ p), the sum along the axis of the softmax."""

    def rule(g: Node, z: Node, _x: Node) -> Node:
        weighted = apply("sum", apply("multiply", g, z), axis=axis, keepdims=True)
        return apply("multiply", z, apply("subtract", g, weighted))

    return rule


def _spread(node: Node, inner: Node, axis: int, tables: Sequence[Values]) -> Node | None:
    """The node of sqrt(variance + ε) where ``node`` is (inner − mean) divided by it; None otherwise.

    Or that of its inverse, where it is multiplied by that.
    """
    divided = node.operation == "divide"
    spread = min(node.operands, key=lambda o: np.size(o.value)) if not divided else node.operands[1]
    root = spread
    while root.operation in ("reshape", "index", "broadcast_to", "identity"):
        root = root.operands[0]
    if root.operation not in (("sqrt", "power") if divided else ("divide", "power", "reciprocal")):
        return None
    with np.errstate(all="ignore"):
        for table in tables:
            if not all(n in table for n in (node, inner, spread)):
                return None
            x, d = _array(table[inner]), _array(table[spread])
            d = d if divided else 1 / d
            centred = x - x.mean(axis=axis, keepdims=True)
            excess = d**2 - (centred**2).mean(axis=axis, keepdims=True)
            constant = np.ptp(excess) <= 1e-9 * np.max(d**2) and np.min(excess) >= -1e-9 * np.max(d**2)
            if not close(table[node], centred / d) or not constant:
                return None
    return spread


def _standard_rule(axis: int, spread: Node, node: Node) -> Rule:
    """∂L/∂x = (g − mean g − z ∘ mean(g ∘ z)) / √(variance + ε), the means along the axis.

    Ioffe and Szegedy 2015, section 3, with the chain through mean and variance multiplied out.
    """

    def rule(g: Node, z: Node, _x: Node) -> Node:
        mean = apply("mean", g, axis=axis, keepdims=True)
        along = apply("mean", apply("multiply", g, z), axis=axis, keepdims=True)
        rest = apply("subtract", apply("subtract", g, mean), apply("multiply", z, along))
        return apply(node.operation, rest, spread)

    return rule
