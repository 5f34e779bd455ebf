"""Copies, conversions, and arrays made from a shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Build, Lowering, numpy, table


def _converted(context: Context, x: Any, dtype: Any = None, **rest: Any) -> Node:
    node = context.node(x)
    if dtype is None or (np.dtype(dtype) == np.asarray(node.value).dtype and np.dtype(dtype).kind == "f"):
        return context.apply("identity", x)
    return context.apply("astype", x, dtype=np.dtype(dtype))


def _float(context: Context, x: Any = 0.0) -> Node:
    if isinstance(x, str | int):
        raise UnloweredError("float of text")
    node = context.node(x)
    return context.apply("reshape", x, shape=()) if np.ndim(node.value) else context.apply("identity", x)


def _narrow(dtype: Any) -> Build:
    return lambda context, x=0.0: context.apply("astype", _float(context, x), dtype=np.dtype(dtype))


def _same(context: Context, x: Any, *rest: Any, **keywords: Any) -> Node:
    return context.apply("identity", x)


def _item(context: Context, x: Any, *position: Any) -> Node:
    node = context.node(x)
    if not position:
        return context.apply("reshape", node, shape=())
    if len(position) == 1 and not isinstance(position[0], tuple):
        position = np.unravel_index(int(position[0]), np.shape(node.value))
    elif len(position) == 1:
        position = position[0]
    return context.apply("index", node, index=tuple(int(p) for p in position))


def _of_items(context: Context, x: Any, dtype: Any = None, count: int = -1) -> Node:
    """``np.fromiter``."""
    return _converted(context, list(x)[: count if count >= 0 else None], dtype)


def _full(context: Context, shape: Any, value: Any, dtype: Any = None, **rest: Any) -> Node:
    node = context.apply("broadcast_to", value, shape=tuple(shape) if np.ndim(shape) else (int(shape),))
    return node if dtype is None else context.apply("astype", node, dtype=np.dtype(dtype))


def _full_like(context: Context, x: Any, value: Any, dtype: Any = None, **rest: Any) -> Node:
    return _full(context, np.shape(x), value, dtype or np.asarray(x).dtype)


def _filled_like(number: float) -> Build:
    def build(context: Context, x: Any, *rest: Any, **keywords: Any) -> Node:
        dtype = keywords.get("dtype") or (rest[0] if rest else None) or np.asarray(x).dtype
        return context.constant(np.full(np.shape(x), number, dtype))

    return build


def _filled(number: float) -> Build:
    def build(context: Context, shape: Any, dtype: Any = float, **keywords: Any) -> Node:
        return context.constant(np.full(shape, number, dtype))

    return build


FUNCTIONS = table(
    (
        _converted,
        [
            np.array, np.asarray, np.ascontiguousarray, np.asanyarray, np.copy, np.matrix, numpy("asmatrix"),
            np.asarray_chkfinite,
        ],
    ),
    (_float, [float, np.float64, np.longdouble]),
    *((_narrow(dtype), [dtype]) for dtype in (np.float32, np.float16)),
    (_full, [np.full]),
    (_full_like, [np.full_like]),
    (_filled_like(0.0), [np.zeros_like]),
    (_filled_like(1.0), [np.ones_like]),
    (_filled(0.0), [np.zeros]),
    (_filled(1.0), [np.ones]),
)  # fmt: skip
FUNCTIONS |= table((_of_items, [np.fromiter]), iterates=True)
METHODS = {
    **dict.fromkeys(("copy", "view", "tolist", "conj", "conjugate"), Lowering(_same)),
    "astype": Lowering(_converted),
    "item": Lowering(_item),
}
