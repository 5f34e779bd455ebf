"""Parts of arrays that are read, written or joined, said by masks, which the kernel has instructions for.

``p[np.arange(n), y]`` is the sum over each row of what a mask with ones at ``y`` leaves; ``d[i, y] = v``
is the one value where the mask is, and the other where it is not. The numbers are the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply, as_number, constant
from backproof.graph.node import with_operands

LARGEST = 1_000_000  # numbers of a product that picks rows
MOST = 48  # values that are joined by masks, one after the other
Array = np.ndarray[Any, Any]


def with_masks(results: Iterable[Node]) -> list[Node]:
    """The same values, with masks where that can be said by them; what cannot stays as it is."""
    results = list(results)
    made: dict[Node, Node] = {}
    for node in ancestors(results):
        again = with_operands(node, tuple(made[operand] for operand in node.operands))
        made[node] = _masked(again) or again
    return [made[node] for node in results]


def _masked(node: Node) -> Node | None:
    match node.operation:
        case "index":
            index = node.attributes["index"]
            if (rows := _rows(index, node.operands[0])) is not None:
                return apply("matmul", constant(rows), node.operands[0])
            mask = _picked(index, np.shape(node.operands[0].value))
            return None if mask is None else read(node.operands[0], constant(mask), _axis(index))
        case "index_add":
            base, value = node.operands[:2]
            rows = _rows(node.attributes["index"], base)
            if rows is None or np.shape(value.value) != (len(rows), *np.shape(base.value)[1:]):
                return None
            return apply("add", base, apply("matmul", constant(rows.T.copy()), value))
        case "index_update":
            base, value = node.operands[:2]
            return _written(base, value, node.attributes["index"])
        case "stack" | "concatenate":
            return _joined(node)
    return None


def read(array: Node, mask: Node, axis: int) -> Node:
    """What a mask picks of an array, one number along an axis."""
    kept = apply("where", mask, array, 0.0)
    return apply("sum", kept, axis=axis, keepdims=False)


def written(base: Node, value: Node, mask: Node, axis: int) -> Node:
    """An array with other numbers where a mask is, one along an axis."""
    if np.ndim(value.value):
        shape = list(np.shape(base.value))
        shape[axis] = 1
        if np.size(value.value) != np.prod(shape):
            value = apply("broadcast_to", value, shape=tuple(np.delete(np.shape(base.value), axis)))
        value = apply("reshape", value, shape=tuple(shape))
    return apply("where", mask, value, base)


def _axis(index: Any) -> int:
    """The axis along which one number is picked: that which is not counted through."""
    return 1 if counts(index[0]) else 0


def is_whole(item: Any) -> bool:
    """Is this an array of whole numbers, one after the other?"""
    return isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind in "iu"


def counts(item: Any) -> bool:
    """Is this 0, 1, 2, ...?"""
    return is_whole(item) and np.array_equal(item, np.arange(len(item)))


def _picked(index: Any, shape: tuple[int, ...]) -> Array | None:
    """The mask of an index that picks one number of each row, or of each column; None of another one."""
    if not isinstance(index, tuple) or len(index) != 2 or len(shape) != 2:
        return None
    fits = zip(index, shape, strict=True)
    if not all(map(is_whole, index)) or not any(counts(item) and len(item) == n for item, n in fits):
        return None
    mask = np.zeros(shape, dtype=bool)
    mask[index] = True
    return mask


def _rows(index: Any, array: Node) -> Array | None:
    """The product with which an array gives some of its rows; None where the index is of another kind."""
    shape = np.shape(array.value)
    if not is_whole(index) or len(shape) not in (1, 2) or array.operation == "constant" or not index.size:
        return None
    return np.eye(shape[0])[np.mod(index, shape[0])] if index.size * shape[0] <= LARGEST else None


def _written(base: Node, value: Node, index: Any) -> Node | None:
    """An array in which a part was written that can be broadcast: a number, a row, a column, a picked one."""
    shape = np.shape(base.value)
    picked = _picked(index, shape)
    if picked is not None:
        return written(base, value, constant(picked), _axis(index))
    items = index if isinstance(index, tuple) else (index,)
    if not shape or any(not isinstance(i, int | np.integer | slice) or isinstance(i, bool) for i in items):
        return None
    items = (*items, *[slice(None)] * (len(shape) - len(items)))
    mask = np.zeros(shape, dtype=bool)
    mask[items] = True
    if np.size(value.value) == 1:
        return apply("where", constant(mask), as_number(value), base)
    spread = []
    for item, length in zip(items, shape, strict=True):
        rows = range(length)[item] if isinstance(item, slice) else range(1)
        if len(rows) not in (1, length) or (len(rows) == length and rows != range(length)):
            return None
        spread.append(len(rows))
    if np.size(value.value) != np.prod(spread):
        return None
    return apply("where", constant(mask), apply("reshape", value, shape=tuple(spread)), base)


def _joined(node: Node) -> Node | None:
    """Values side by side along a new axis, or along one of which each has a single place."""
    shape, count = np.shape(node.value), len(node.operands)
    axis = int(node.attributes.get("axis", 0)) % max(len(shape), 1)
    if not 1 < count <= MOST or not shape or shape[axis] != count:
        return None
    single = tuple(1 if k == axis else length for k, length in enumerate(shape))
    found: Node | None = None
    for k, operand in enumerate(node.operands):
        if np.size(operand.value) != np.prod(single):
            return None
        part = operand if np.shape(operand.value) == single else apply("reshape", operand, shape=single)
        if found is None:
            found = apply("broadcast_to", part, shape=shape)
            continue
        where = np.zeros(count, dtype=bool)
        where[k] = True
        mask = where.reshape([count if a == axis else 1 for a in range(len(shape))])
        found = apply("where", constant(mask), part, found)
    return found
