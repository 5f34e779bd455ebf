"""Reductions: sums, means, extremes, variances, norms."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Build, Lowering, numpy, operation, plain_axis, refuse, table


def _kept(keepdims: Any) -> bool:
    return keepdims is True or keepdims == 1


def _reduction(name: str) -> Build:
    def build(
        context: Context, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
        **rest: Any,
    ) -> Node:  # fmt: skip
        refuse(out=out, **rest)
        return context.apply(name, x, axis=plain_axis(axis), keepdims=_kept(keepdims))

    return build


def _extreme(name: str) -> Build:
    def build(
        context: Context, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
    ) -> Node:
        refuse(out=out, **rest)
        return context.apply(name, x, axis=plain_axis(axis), keepdims=_kept(keepdims))

    return build


def _average(context: Context, x: Any, axis: Any = None, weights: Any = None) -> Node:
    if weights is None:
        return context.apply("mean", x, axis=plain_axis(axis), keepdims=False)
    raise UnloweredError("weights")


def _cumsum(context: Context, x: Any, axis: Any = None, dtype: Any = None) -> Node:
    refuse(dtype=dtype)
    return context.apply("cumsum", x, axis=plain_axis(axis))


def _variance(
    context: Context, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = False,
) -> Node:  # fmt: skip
    refuse(dtype=dtype, out=out)
    node = context.node(x)
    axes = plain_axis(axis)
    centred = context.apply("subtract", node, context.apply("mean", node, axis=axes, keepdims=True))
    square = context.apply("square", centred)
    if not ddof:
        return context.apply("mean", square, axis=axes, keepdims=bool(keepdims))
    total = context.apply("sum", square, axis=axes, keepdims=bool(keepdims))
    count = np.size(node.value) / max(np.size(total.value), 1)
    return context.apply("divide", total, count - ddof)


def _deviation(context: Context, *arguments: Any, **keywords: Any) -> Node:
    return context.apply("sqrt", _variance(context, *arguments, **keywords))


def _euclidean(context: Context, *coordinates: Any) -> Node:
    """``math.hypot`` of any number of coordinates."""
    square = context.apply("square", list(coordinates))
    return context.apply("sqrt", context.apply("sum", square, axis=None, keepdims=False))


def _distance(context: Context, p: Any, q: Any) -> Node:
    square = context.apply("square", context.apply("subtract", p, q))
    return context.apply("sqrt", context.apply("sum", square, axis=None, keepdims=False))


def _of_all(name: str) -> Build:
    """``math.fsum(xs)``, ``math.prod(xs)``."""

    def build(context: Context, x: Any, *, start: Any = 1) -> Node:
        node = context.apply(name, x, axis=None, keepdims=False)
        return node if start == 1 else context.apply("multiply", start, node)

    return build


def _largest(name: str) -> Build:
    """``max(array)``; of several values the builtin gives one, which is what it was."""

    def build(context: Context, x: Any) -> Node:
        if not isinstance(x, np.ndarray) or x.ndim != 1:
            raise UnloweredError("one of several")
        return context.apply(name, x, axis=None, keepdims=False)

    return build


def _reduced(name: str) -> Build:
    """``np.add.reduce(x)``, which goes along the first axis unless it is told."""

    def build(
        context: Context, x: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False
    ) -> Node:
        refuse(dtype=dtype, out=out)
        return context.apply(name, x, axis=plain_axis(axis), keepdims=_kept(keepdims))

    return build


def _truth(name: str) -> Build:
    def build(context: Context, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Node:
        refuse(out=out)
        return context.apply(name, x, axis=plain_axis(axis), keepdims=_kept(keepdims))

    return build


def _sorted(context: Context, x: Any, axis: Any = -1) -> Node:
    """Sorted as it is now: the order is that of the values seen, as a branch taken is."""
    value = np.asarray(context.node(x).value)
    if value.ndim != 1 or axis not in (-1, 0):
        raise UnloweredError("sorting along an axis")
    return context.apply("index", x, index=np.argsort(value, kind="stable"))


def _difference(context: Context, x: Any, n: int = 1, axis: int = -1) -> Node:
    node = context.node(x)
    if n != 1:
        raise UnloweredError("higher differences")
    along = (slice(None),) * (axis % np.ndim(node.value))
    later = context.apply("index", node, index=(*along, slice(1, None)))
    return context.apply("subtract", later, context.apply("index", node, index=(*along, slice(None, -1))))


def _norm(context: Context, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:  # noqa: A002
    node, axes = context.node(x), plain_axis(axis)
    if ord == 1 and (axes is not None or np.ndim(node.value) == 1):
        return context.apply("sum", context.apply("abs", node), axis=axes, keepdims=keepdims)
    if ord not in (None, 2, "fro") or (ord == 2 and axes is None and np.ndim(node.value) > 1):
        raise UnloweredError("this norm")
    total = context.apply("sum", context.apply("square", node), axis=axes, keepdims=keepdims)
    return context.apply("sqrt", total)


_BOTH = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod")},
    **{name: _extreme(name) for name in ("max", "min")},
    **{name: operation(name, "axis") for name in ("argmax", "argmin")},
    **{name: _truth(name) for name in ("any", "all")},
    "cumsum": _cumsum, "var": _variance, "std": _deviation,
}  # fmt: skip
FUNCTIONS = table(
    *((build, [numpy(name)]) for name, build in _BOTH.items()),
    (_BOTH["max"], [np.amax]),
    (_BOTH["min"], [np.amin]),
    (_average, [np.average]),
    (_norm, [np.linalg.norm]),
    (_euclidean, [math.hypot]),
    (_distance, [math.dist]),
    (_largest("max"), [builtins.max]),
    (_largest("min"), [builtins.min]),
    (_sorted, [np.sort]),
    (_difference, [np.diff]),
) | table((_of_all("sum"), [math.fsum]), (_of_all("prod"), [math.prod]), iterates=True) | {
    np.add.reduce: Lowering(_reduced("sum")), np.multiply.reduce: Lowering(_reduced("prod")),
    np.maximum.reduce: Lowering(_reduced("max")), np.minimum.reduce: Lowering(_reduced("min")),
}  # fmt: skip
METHODS = {name: Lowering(build) for name, build in _BOTH.items()}
