"""Reductions: sums, means, extremes, variances, norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context
from backproof.trace.lowering.record import (
    Build,
    Lowering,
    UnloweredError,
    numpy,
    operation,
    plain_axis,
    refuse,
    table,
)


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
    "cumsum": _cumsum, "var": _variance, "std": _deviation,
}  # fmt: skip
FUNCTIONS = table(
    *((build, [numpy(name)]) for name, build in _BOTH.items()),
    (_BOTH["max"], [np.amax]),
    (_BOTH["min"], [np.amin]),
    (_average, [np.average]),
    (_norm, [np.linalg.norm]),
)
METHODS = {name: Lowering(build) for name, build in _BOTH.items()}
