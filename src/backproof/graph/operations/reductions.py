"""Operations that run along axes: sums, products, extremes, orders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backproof.graph.node import Node, shape_of
from backproof.graph.operations.domain import booleans, examples
from backproof.graph.operations.elementwise import divide, multiply, on_real, subtract
from backproof.graph.operations.record import Domain, Operation, Rule, apply, attribute

AXIS = {"axis": None, "keepdims": False}
APPLIED = r"\operatorname{$operation}$over\left($0\right)"


def axes(z: Node, x: Node) -> tuple[int, ...]:
    """List the axes that a reduction z of x runs over, none of them negative."""
    dimensions, axis = len(shape_of(x)), attribute(z, "axis")
    if axis is None:
        return tuple(range(dimensions))
    return tuple(int(a) % dimensions for a in (axis if isinstance(axis, tuple) else (axis,)))


def spread(reduced: Node, z: Node, x: Node) -> Node:
    """Repeat a value of the shape of the reduction z along the axes that z ran over, to the shape of x."""
    shape, over = shape_of(x), axes(z, x)
    if not over:
        return reduced
    if not attribute(z, "keepdims") and len(over) < len(shape):
        reduced = apply("reshape", reduced, shape=tuple(1 if k in over else n for k, n in enumerate(shape)))
    return apply("broadcast_to", reduced, shape=shape)


def _mean(x: Any, **attributes: Any) -> Any:
    """The mean; of nothing it is no number, and nobody has to be warned of that."""
    return np.mean(x, **attributes) if np.size(x) else np.nan * np.sum(x, **attributes)


def _mean_rule(g: Node, z: Node, x: Node) -> Node:
    count = math.prod(shape_of(x)[k] for k in axes(z, x))
    return spread(divide(g, count), z, x)


def _extreme_rule(g: Node, z: Node, x: Node) -> Node:
    """Derive max and min; at a tie the equal elements share alike."""
    wins = apply("equal", x, spread(z, z, x))
    count = apply("sum", wins, axis=attribute(z, "axis"), keepdims=attribute(z, "keepdims"))
    return multiply(spread(divide(g, count), z, x), wins)


def _prod_rule(g: Node, z: Node, x: Node) -> Node:
    """Multiply by the product of all the others, which unlike z / x also exists at zeros."""
    shape, over = shape_of(x), axes(z, x)
    kept = tuple(k for k in range(len(shape)) if k not in over)
    order, count = kept + over, math.prod(shape[k] for k in over)
    rest = tuple(shape[k] for k in kept)
    rows = apply("reshape", apply("transpose", x, axes=order), shape=(*rest, 1, count))
    others = apply("where", np.eye(count, dtype=bool), 1.0, rows)
    products = apply("reshape", apply("prod", others, axis=-1), shape=tuple(shape[k] for k in order))
    back = tuple(int(k) for k in np.argsort(order))
    return multiply(spread(g, z, x), apply("transpose", products, axes=back))


def _cumsum_rule(g: Node, z: Node, x: Node) -> Node:
    axis = attribute(z, "axis")
    along = 0 if axis is None else axis
    total = apply("flip", apply("cumsum", apply("flip", g, axis=along), axis=along), axis=along)
    return apply("reshape", total, shape=shape_of(x)) if axis is None else total


def _softmax(x: Any, axis: Any = None) -> Any:
    """eˣ / Σ eˣ; the largest is taken off first, so that nothing overflows."""
    powers = np.exp(x - np.max(x.real, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _softmax_rule(g: Node, z: Node, _x: Node) -> Node:
    """∂L/∂x = z ∘ (g − Σ g ∘ z)."""
    weighted = apply("sum", multiply(g, z), axis=attribute(z, "axis"), keepdims=True)
    return multiply(z, subtract(g, weighted))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = np.max(x.real, axis=axis, keepdims=True)
    z = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return z if keepdims else np.squeeze(z, axis)[()]


def _logsumexp_rule(g: Node, z: Node, x: Node) -> Node:
    return multiply(spread(g, z, x), apply("softmax", x, axis=attribute(z, "axis")))


_CASES = examples(
    (None, {}),
    ((5,), {}),
    ((3, 5), {"axis": 0}),
    ((3, 5), {"axis": -1, "keepdims": True}),
    ((3, 1, 7), {"axis": (0, -1)}),
    ((2, 3, 5), {"axis": (2, 0), "keepdims": True}),
    ((2, 3), {"keepdims": True}),
)
_ALONG = examples(((5,), {}), ((3, 5), {"axis": 0}), ((2, 3, 5), {"axis": -2}), ((3, 2), {"axis": None}))
_LOGICAL = examples(
    (lambda generator: booleans(generator, (5,)), {}),
    (lambda generator: booleans(generator, (3, 5)), {"axis": -1}),
    (lambda generator: booleans(generator, (2, 3, 5)), {"axis": (0, 2), "keepdims": True}),
)


def _reduction(
    name: str, rule: Rule | None, latex: str, domain: Domain = _CASES, value: Any = None, **attributes: Any
) -> Operation:
    value = value or getattr(np, name)
    return Operation(
        name, value if rule else on_real(value), (rule,), domain, latex=latex, attributes=attributes or AXIS
    )


RECORDS = (
    _reduction("sum", lambda g, z, x: spread(g, z, x), r"\sum$over $0"),
    _reduction("mean", _mean_rule, APPLIED, value=_mean),
    _reduction("max", _extreme_rule, r"\max$over\left($0\right)"),
    _reduction("min", _extreme_rule, r"\min$over\left($0\right)"),
    _reduction("prod", _prod_rule, r"\prod$over $0"),
    Operation(
        *("softmax", _softmax, (_softmax_rule,), _ALONG, "scipy.special.softmax($0$attributes)", APPLIED),
        attributes={"axis": None},
    ),
    Operation(
        *("logsumexp", _logsumexp, (_logsumexp_rule,), _CASES, "scipy.special.logsumexp($0$attributes)"),
        *(APPLIED, AXIS),
    ),
    _reduction("any", None, APPLIED, _LOGICAL),
    _reduction("all", None, APPLIED, _LOGICAL),
    _reduction("cumsum", _cumsum_rule, APPLIED, _ALONG, axis=None),
    _reduction("argmax", None, APPLIED, _ALONG),
    _reduction("argmin", None, APPLIED, _ALONG),
    _reduction("argsort", None, APPLIED, _ALONG, axis=-1),
)
