"""Functions that write into their first argument: the node is what that argument becomes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.flow.keys import along_axis, frozen_index
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Lowering


def _add_at(context: Context, x: Any, index: Any, values: Any) -> Node:
    return context.apply("index_add", x, values, index=frozen_index(index))


def _subtract_at(context: Context, x: Any, index: Any, values: Any) -> Node:
    return context.apply("index_add", x, context.apply("negative", values), index=frozen_index(index))


def _fill(context: Context, x: Any, value: Any) -> Node:
    return context.apply("broadcast_to", value, shape=np.shape(context.node(x).value))


def _fill_diagonal(context: Context, x: Any, value: Any, wrap: bool = False) -> Node:
    side = min(np.shape(context.node(x).value))
    return context.apply("index_update", x, value, index=(np.arange(side), np.arange(side)))


def _put(context: Context, x: Any, index: Any, values: Any, mode: str = "raise") -> Node:
    """``np.put``: the places are counted through the whole array."""
    if mode != "raise":
        raise UnloweredError("mode")
    shape, places = np.shape(context.node(x).value), np.ravel(index)
    given = context.node(values)
    if np.size(given.value) not in (1, places.size):
        raise UnloweredError("values are repeated")
    flat = context.apply("reshape", given, shape=() if np.size(given.value) == 1 else (places.size,))
    return context.apply("index_update", x, flat, index=np.unravel_index(places % np.prod(shape), shape))


def _put_along_axis(context: Context, x: Any, indices: Any, values: Any, axis: Any) -> Node:
    shape = np.shape(context.node(x).value)
    return context.apply("index_update", x, values, index=along_axis(shape, indices, axis))


FUNCTIONS = {
    np.put: Lowering(_put, mutates=True),
    np.put_along_axis: Lowering(_put_along_axis, mutates=True),
    np.copyto: Lowering(_fill, mutates=True),
    np.fill_diagonal: Lowering(_fill_diagonal, mutates=True),
    np.add.at: Lowering(_add_at, mutates=True),
    np.subtract.at: Lowering(_subtract_at, mutates=True),
}
METHODS = {"fill": Lowering(_fill, mutates=True), "put": Lowering(_put, mutates=True)}
