"""Functions that write into their first argument: the node is what that argument becomes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.flow.keys import frozen_index
from backproof.trace.lowering.context import Context
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


FUNCTIONS = {
    np.copyto: Lowering(_fill, mutates=True),
    np.fill_diagonal: Lowering(_fill_diagonal, mutates=True),
    np.add.at: Lowering(_add_at, mutates=True),
    np.subtract.at: Lowering(_subtract_at, mutates=True),
}
METHODS = {"fill": Lowering(_fill, mutates=True)}
