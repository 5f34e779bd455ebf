"""Arrays joined into one."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import numpy, refuse, table


def _flattened(context: Context, part: Any) -> Node:
    node = context.node(part)
    return context.apply("reshape", node, shape=(np.size(node.value),))


def _concatenate(context: Context, parts: Any, axis: Any = 0, **rest: Any) -> Node:
    refuse(**rest)
    nodes = [context.node(part) for part in parts]
    if axis is None:
        nodes, axis = [_flattened(context, n) for n in nodes], 0
    return context.apply("concatenate", *nodes, axis=int(axis))


def _stack(context: Context, parts: Any, axis: int = 0, **rest: Any) -> Node:
    refuse(**rest)
    return context.apply("stack", *[context.node(part) for part in parts], axis=int(axis))


def _append(context: Context, x: Any, values: Any, axis: Any = None) -> Node:
    return _concatenate(context, [x, values], axis)


def _at_least(context: Context, part: Any, dimensions: int, before: bool) -> Node:
    """A part with axes of length 1 added, before its own axes or after them."""
    node = context.node(part)
    shape = np.shape(node.value)
    if len(shape) >= dimensions:
        return node
    extra = (1,) * (dimensions - len(shape))
    return context.apply("reshape", node, shape=extra + shape if before else shape + extra)


def _vstack(context: Context, parts: Any, **rest: Any) -> Node:
    refuse(**rest)
    return context.apply("concatenate", *[_at_least(context, p, 2, True) for p in parts], axis=0)


def _hstack(context: Context, parts: Any, **rest: Any) -> Node:
    refuse(**rest)
    nodes = [_at_least(context, p, 1, True) for p in parts]
    return context.apply("concatenate", *nodes, axis=0 if np.ndim(nodes[0].value) == 1 else 1)


def _column_stack(context: Context, parts: Any) -> Node:
    return context.apply("concatenate", *[_at_least(context, p, 2, False) for p in parts], axis=1)


def _insert(context: Context, x: Any, position: Any, values: Any, axis: Any = None) -> Node:
    if not isinstance(position, int):
        raise UnloweredError("insert")
    node = context.node(x) if axis is not None or np.ndim(x) == 1 else _flattened(context, x)
    along = 0 if axis is None else int(axis)
    new = context.node(values)
    before = context.apply("index", node, index=(slice(None),) * along + (slice(None, position),))
    after = context.apply("index", node, index=(slice(None),) * along + (slice(position, None),))
    shape = tuple(1 if k == along else n for k, n in enumerate(np.shape(node.value)))
    middle = context.apply("broadcast_to", new, shape=shape)
    joined = context.apply("concatenate", before, middle, after, axis=along)
    if axis is None and isinstance(x, np.matrix):
        return context.apply("reshape", joined, shape=(1, np.size(joined.value)))
    return joined


FUNCTIONS = table(
    (_concatenate, [np.concatenate]),
    (_stack, [np.stack]),
    (_append, [np.append]),
    (_vstack, [np.vstack, numpy("row_stack")]),
    (_hstack, [np.hstack]),
    (_column_stack, [np.column_stack]),
    (_insert, [np.insert]),
)
