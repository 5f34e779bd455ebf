"""Derivatives of activations: as a textbook writes them, or by the function that the program has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.helpers import derivative_calls
from backproof.graph import Node, adjoints, ancestors, apply, constant
from backproof.graph.compositions import ACTIVATIONS, ELEMENTWISE, Composition, compositions, hidden
from backproof.graph.node import shape_of
from backproof.graph.simplify import is_constant


def known_functions(
    forward: Forward, order: Sequence[Node], moving: set[Node], tables: Sequence[Mapping[Node, Any]]
) -> tuple[dict[Node, Composition], dict[Node, tuple[str, Node]]]:
    """The functions to differentiate as a whole.

    And the factors that are calls of the program's own functions: each with the function and its argument.
    """
    known = compositions(order, moving, tables)
    for outer in [o for o in known if o.operation == "subtract" and any(x in known for x in o.operands)]:
        del known[outer]  # 1 − σ(x) is σ(−x), but nobody means it so
    for node in order:
        if node in moving and node not in known:
            whole = _rectifier(node) or _leaky(node)
            if whole is not None and whole.inner in moving:
                known[node] = whole
    inside = hidden(known.values())
    factors: dict[Node, tuple[str, Node]] = {}
    for outer, inner in _activations(forward, known, moving, inside):
        local = _local(known.get(outer), outer, inner)
        if local is None:
            continue
        for function, argument in derivative_calls(forward.helpers, outer, inner, local, tables):
            factor = forward.helpers.applied(function, argument)
            if factor is not None and shape_of(factor) == shape_of(outer):
                name = known[outer].name if outer in known else outer.operation
                known[outer] = Composition(name, outer, inner, _times(factor))
                factors[factor] = (function, argument)
                break
    return known, factors


def _rectifier(node: Node) -> Composition | None:
    """``maximum(x, 0)`` as a function of x, whatever its values are."""
    if node.operation != "maximum":
        return None
    for inner, zero in (node.operands, node.operands[::-1]):
        if is_constant(zero, 0.0) and shape_of(inner) == shape_of(node) and not is_constant(inner, 0.0):
            rule = next(rule for name, _, rule in ACTIVATIONS if name == "relu")
            return Composition("relu", node, inner, rule)
    return None


def _leaky(node: Node) -> Composition | None:
    """A value where it is positive and a part of it elsewhere: by one slope."""
    if node.operation == "maximum":
        pairs = [node.operands, node.operands[::-1]]
    elif node.operation == "where" and node.operands[0].operation in ("greater", "greater_equal"):
        over, bound = node.operands[0].operands
        pairs = [node.operands[1:]] if over is node.operands[1] and is_constant(bound, 0.0) else []
    else:
        return None
    for inner, part in pairs:
        if part.operation != "multiply" or inner not in part.operands or shape_of(inner) != shape_of(node):
            continue
        (slope,) = [o for o in part.operands if o is not inner][:1] or [inner]
        small = not slope.operands and np.ndim(slope.value) == 0 and 0 <= float(slope.value) < 1
        if small and slope is not inner:
            return Composition("leaky", node, inner, _sloped(slope))
    return None


def _sloped(slope: Node) -> Any:
    return lambda g, _z, x: apply("multiply", g, apply("where", apply("greater", x, 0.0), 1, slope))


def _times(factor: Node) -> Any:
    return lambda g, _z, _x: apply("multiply", g, factor)


def _activations(
    forward: Forward, known: Mapping[Node, Composition], moving: set[Node], inside: set[Node]
) -> list[tuple[Node, Node]]:
    """Elementwise functions of one value: recognised ones, calls, and those of the table of operations."""
    found = {c.outer: c.inner for c in known.values() if c.name not in ("softmax", "standardize")}
    for result, (_, given) in forward.calls.items():
        if result in moving and given in moving and result not in found:
            between = set(ancestors([result], {given}.__contains__)) - {given}
            if all(n.operation in ELEMENTWISE or not n.operands for n in between):
                found[result] = given
    for node in moving:
        if node.operation in ("tanh", "sigmoid", "softplus") and node.operands[0] in moving:
            found.setdefault(node, node.operands[0])
    return [(outer, inner) for outer, inner in found.items() if outer not in inside and inner not in inside]


def _local(whole: Composition | None, outer: Node, inner: Node) -> Node | None:
    """The derivative of an elementwise function of one value."""
    if np.ndim(outer.value) == 0:
        return adjoints(outer, [inner])[inner] if whole is None else whole.rule(constant(1.0), outer, inner)
    if whole is not None:
        return whole.rule(constant(np.ones(shape_of(outer))), outer, inner)
    return adjoints(apply("sum", outer), [inner])[inner]
