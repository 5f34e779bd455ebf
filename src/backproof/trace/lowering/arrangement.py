"""Arrangement: the same elements in another shape, order or number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.flow.keys import along_axis
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Build, Lowering, plain_axis, refuse, table


# ---------------------------------------------------------------------- shapes and axes
def _one_or_many(arguments: tuple[Any, ...]) -> Any:
    """Sizes given one by one, or all in one argument."""
    return arguments[0] if len(arguments) == 1 else arguments


def _reshape(
    context: Context, x: Any, *shape: Any, order: str = "C", newshape: Any = None, **keywords: Any
) -> Node:
    target = keywords.pop("shape", newshape)
    refuse(**keywords)
    node = context.node(x)
    wanted = target if target is not None else _one_or_many(shape)
    new = np.reshape(np.asarray(node.value), wanted).shape
    if order == "F":
        return _by_columns(context, x, new)
    if order != "C":
        raise UnloweredError("order")
    return context.apply("reshape", x, shape=new)


def _by_columns(context: Context, x: Any, shape: tuple[int, ...]) -> Node:
    """Reshape as Fortran does, the first index running fastest: by rows between two transposes."""
    turned = context.apply("reshape", context.apply("transpose", x, axes=None), shape=shape[::-1])
    return context.apply("transpose", turned, axes=None)


def _ravel(context: Context, x: Any, order: str = "C") -> Node:
    if order == "F":
        return _by_columns(context, x, (np.size(context.node(x).value),))
    if order != "C":
        raise UnloweredError("order")
    return context.apply("reshape", x, shape=(np.size(context.node(x).value),))


def _transpose(context: Context, x: Any, *axes: Any) -> Node:
    order = _one_or_many(axes) if axes else None
    return context.apply("transpose", x, axes=None if order is None else tuple(int(a) for a in order))


def _swapaxes(context: Context, x: Any, first: int, second: int) -> Node:
    order = list(range(np.ndim(context.node(x).value)))
    order[first], order[second] = order[second], order[first]
    return context.apply("transpose", x, axes=tuple(order))


def _moveaxis(context: Context, x: Any, source: Any, destination: Any) -> Node:
    moved = np.moveaxis(np.empty(tuple(range(2, 2 + np.ndim(context.node(x).value)))), source, destination)
    return context.apply("transpose", x, axes=tuple(n - 2 for n in moved.shape))


def _shaped_by(function: Callable[..., Any]) -> Build:
    """A reshape to the shape that ``function`` itself gives."""

    def build(context: Context, x: Any, *arguments: Any, **keywords: Any) -> Node:
        shape = function(np.asarray(context.node(x).value), *arguments, **keywords).shape
        return context.apply("reshape", x, shape=shape)

    return build


def _broadcast(context: Context, x: Any, shape: Any, subok: bool = False) -> Node:
    return context.apply("broadcast_to", x, shape=tuple(shape) if not isinstance(shape, int) else (shape,))


# ---------------------------------------------------------------------- order, parts and copies of elements
def _tile(context: Context, x: Any, reps: Any) -> Node:
    return context.apply("tile", x, reps=reps)


def _repeat(context: Context, x: Any, repeats: Any, axis: Any = None) -> Node:
    return context.apply("repeat", x, repeats=repeats, axis=axis)


def _pad(context: Context, x: Any, pad_width: Any, mode: str = "constant", **rest: Any) -> Node:
    if mode != "constant" or np.any(rest.get("constant_values", 0)):
        raise UnloweredError("padding mode")
    return context.apply("pad", x, pad_width=pad_width)


def _flip(context: Context, x: Any, axis: Any = None) -> Node:
    return context.apply("flip", x, axis=plain_axis(axis))


def _flip_axis(axis: int) -> Build:
    return lambda context, x: context.apply("flip", x, axis=axis)


def _roll(context: Context, x: Any, shift: Any, axis: Any = None) -> Node:
    return context.apply("roll", x, shift=shift, axis=axis)


def _rot90(context: Context, x: Any, k: int = 1, axes: Any = (0, 1)) -> Node:
    if k % 4 != 2:
        raise UnloweredError("rot90")
    return context.apply("flip", x, axis=tuple(int(a) for a in axes))


def _diagonal(name: str) -> Build:
    return lambda context, x, k=0: context.apply(name, x, k=k)


def _take(context: Context, x: Any, indices: Any, axis: Any = None, **rest: Any) -> Node:
    refuse(**rest)
    index = np.array(indices)
    if axis is None:
        return context.apply("index", context.apply("reshape", x, shape=(-1,)), index=index)
    along = int(axis) % np.ndim(context.node(x).value)
    return context.apply("index", x, index=(slice(None),) * along + (index,))


def _delete(context: Context, x: Any, obj: Any, axis: Any = None) -> Node:
    """The elements that stay, by their positions."""
    if axis is None and np.ndim(context.node(x).value) != 1:
        x = context.apply("reshape", x, shape=(-1,))
    shape = np.shape(context.node(x).value)
    along = 0 if axis is None else int(axis) % len(shape)
    stay = np.delete(np.arange(shape[along]), obj)
    return context.apply("index", x, index=(slice(None),) * along + (stay,))


def _take_along_axis(context: Context, x: Any, indices: Any, axis: Any = -1) -> Node:
    return context.apply("index", x, index=along_axis(np.shape(context.node(x).value), indices, axis))


# ---------------------------------------------------------------------- parts
def _split(function: Callable[..., Any], along: int | None = None) -> Build:
    """The parts are slices along an axis, as long as those that ``function`` itself gives."""

    def build(context: Context, x: Any, sections: Any, axis: int = 0) -> list[Node]:
        node = context.node(x)
        value = np.asarray(node.value)
        if along is None:
            parts, at = function(value, sections, axis), axis % value.ndim
        else:
            parts, at = function(value, sections), min(along, value.ndim - 1)
        ends = np.cumsum([part.shape[at] for part in parts]).tolist()
        return [
            context.apply("index", node, index=(slice(None),) * at + (slice(a, b),))
            for a, b in zip([0, *ends], ends, strict=False)
        ]

    return build


def _broadcast_all(context: Context, *arrays: Any) -> list[Node]:
    nodes = [context.node(a) for a in arrays]
    shape = np.broadcast_shapes(*(np.shape(n.value) for n in nodes))
    return [context.apply("broadcast_to", n, shape=shape) for n in nodes]


# ---------------------------------------------------------------------- tables
FUNCTIONS = table(
    *(
        (_shaped_by(f), [f])
        for f in (np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d)
    ),
    (_reshape, [np.reshape]),
    (_ravel, [np.ravel]),
    (_transpose, [np.transpose]),
    (_swapaxes, [np.swapaxes]),
    (_moveaxis, [np.moveaxis]),
    (_broadcast, [np.broadcast_to]),
    (_tile, [np.tile]),
    (_repeat, [np.repeat]),
    (_pad, [np.pad]),
    (_flip, [np.flip]),
    (_flip_axis(0), [np.flipud]),
    (_flip_axis(1), [np.fliplr]),
    (_roll, [np.roll]),
    (_rot90, [np.rot90]),
    (_diagonal("triu"), [np.triu]),
    (_diagonal("tril"), [np.tril]),
    (_diagonal("diag"), [np.diag, np.diagflat]),
    (_take, [np.take]),
    (_delete, [np.delete]),
    (_take_along_axis, [np.take_along_axis]),
    (_split(np.split), [np.split]),
    (_split(np.array_split), [np.array_split]),
    (_split(np.vsplit, 0), [np.vsplit]),
    (_split(np.hsplit, 1), [np.hsplit]),
    (_split(np.dsplit, 2), [np.dsplit]),
    (_broadcast_all, [np.broadcast_arrays]),
)
_OF_ARRAYS: dict[str, Build] = {
    "reshape": _reshape, "ravel": _ravel, "flatten": _ravel, "squeeze": _shaped_by(np.squeeze),
    "transpose": _transpose, "swapaxes": _swapaxes, "take": _take, "repeat": _repeat,
    "diagonal": _diagonal("diag"),
}  # fmt: skip
METHODS = {name: Lowering(build) for name, build in _OF_ARRAYS.items()}
