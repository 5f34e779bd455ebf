"""What a step picks by the labels of its samples: ``p[y]``, ``p[np.arange(n), y]``, ``E[word]``.

The label is no value of the step but an index, which differs from step to step. It becomes a mask, which is
data as the samples are: one row of ones and zeros for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.masks import counts, is_whole, read, written
from backproof.retrain.tables import Table
from backproof.trace import Trace

Labels = tuple[tuple[int, ...], ...]
ONES, ROWS = "ones", "rows"


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """What is picked of an array; ``labels[k]`` are those of the k-th step.

    The mask has a ``shape``; along ``axis`` it has a place for each label, and along ``batch`` the samples
    lie; None where a step takes one. ``rows`` says that rows are picked, as of an embedding; else it is
    numbers, and the shape is that of the array. ``mask`` stands for the mask among the values of the step.
    """

    mask: Entry
    shape: tuple[int, ...]
    axis: int
    batch: int | None
    labels: Labels
    rows: bool = False

    def made(self, operation: str, operands: Sequence[Node], mask: Node) -> Node:
        """The picking operation, or the one that writes what is picked, by the mask."""
        array = operands[0]
        if self.rows:
            return self._of_rows(operation, operands, mask)
        if operation == "index":
            if self.batch is not None:
                return read(array, mask, self.axis)
            return apply("sum", apply("where", mask, array, 0.0), axis=None, keepdims=False)
        value = operands[1]
        if operation == "index_add":
            return apply("add", array, written(apply("multiply", array, 0.0), value, mask, self.axis))
        if self.batch is None and np.ndim(value.value):
            value = apply("reshape", value, shape=())
        return written(array, value, mask, self.axis)

    def _of_rows(self, operation: str, operands: Sequence[Node], mask: Node) -> Node:
        array = operands[0]
        if operation == "index":
            return apply("matmul", mask, array)
        value = operands[1]
        if self.batch is not None:
            return apply("add", array, apply("matmul", apply("transpose", mask, axes=None), value))
        column = apply("reshape", mask, shape=(self.shape[0], 1))
        width = np.shape(array.value)[1]
        row = apply("reshape", apply("broadcast_to", value, shape=(width,)), shape=(1, width))
        if operation == "index_add":
            return apply("add", array, apply("multiply", column, row))
        return apply("where", column, row, array)


def pick_of(nodes: Sequence[Node]) -> Pick | None:
    """Read what nodes, one a step, pick of their first operand; None where it is anything else."""
    shapes = [np.shape(node.operands[0].value) for node in nodes]
    found = [_read(node.attributes["index"], shape) for node, shape in zip(nodes, shapes, strict=True)]
    known = [each for each in found if each is not None]
    kinds = {each[3] for each in known}
    if len(known) < len(found) or len({(*each[:2], each[3]) for each in known}) > 1:
        return None
    axis, batch, *_ = known[0]
    labels = tuple(each[2] for each in known)
    rows = kinds == {ROWS}
    if rows and batch is not None and nodes[-1].operation == "index_update":
        return None  # of rows that are written twice the last one counts
    if rows:
        shapes = [(s[0],) if batch is None else (len(k), s[0]) for s, k in zip(shapes, labels, strict=True)]
    stand_in = tuple(Node("leaf", (), value=np.zeros(shape), name="labels") for shape in shapes)
    return Pick(Entry(stand_in), shapes[-1], axis, batch, labels, rows)


def _read(index: Any, shape: tuple[int, ...]) -> tuple[int, int | None, tuple[int, ...], str] | None:
    """The axis along which one number is picked, that of the samples, the labels, and what is picked."""
    if isinstance(index, int | np.integer) and not isinstance(index, bool) and len(shape) in (1, 2):
        return 0, None, (int(index) % shape[0],), ROWS if len(shape) == 2 else ONES
    if is_whole(index) and len(shape) in (1, 2):
        return 1, 0, tuple(int(k) % shape[0] for k in index), ROWS
    if not isinstance(index, tuple) or len(index) != 2 or len(shape) != 2:
        return None
    if all(isinstance(i, int | np.integer) for i in index):
        axis = 0 if shape[1] == 1 else 1
        return (axis, None, (int(index[axis]) % shape[axis],), ONES) if 1 in shape else None
    if not all(is_whole(i) for i in index):
        return None
    for batch, axis in ((0, 1), (1, 0)):
        if counts(index[batch]) and len(index[batch]) == shape[batch]:
            return axis, batch, tuple(int(k) % shape[axis] for k in index[axis]), ONES
    return None


def table_of(pick: Pick, trace: Trace, rows: Labels, count: int) -> Table:
    """The mask for every sample, shape `(count, classes)`; or whole masks, where batches are told as one.

    Raises
    ------
    RetrainError
        When the labels of all samples are not found.
    """
    classes = pick.shape[pick.axis]
    if len(rows[0]) != len(pick.labels[0]):
        known = dict(zip(rows, pick.labels, strict=True))
        masks = np.array([np.eye(classes)[list(known[k,])] for k in range(count)])
        turned = masks if pick.batch != 1 else np.swapaxes(masks, 1, 2)
        return Table(pick.mask, turned.reshape(count, -1), pick.shape, None)
    labels = _all_labels(pick, trace, rows, count)
    if labels is None:
        raise RetrainError(
            "The program picks outputs by labels that are in no array of the data, and not all were seen."
        )
    return Table(pick.mask, np.eye(classes)[np.mod(labels, classes)], pick.shape, pick.batch)


def _all_labels(pick: Pick, trace: Trace, rows: Labels, count: int) -> np.ndarray[Any, Any] | None:
    classes = pick.shape[pick.axis]
    for node in trace.nodes:
        value = node.value
        if not isinstance(value, np.ndarray) or value.size != count or value.dtype.kind not in "iu":
            continue
        flat = value.reshape(-1)
        pairs = zip(rows, pick.labels, strict=True)
        if all(np.array_equal(np.mod(flat[list(some)], classes), own) for some, own in pairs):
            return flat
    known: dict[int, int] = {}
    for some, own in zip(rows, pick.labels, strict=True):
        for row, label in zip(some, own, strict=True):
            if known.setdefault(row, label) != label:
                return None
    return np.array([known[k] for k in range(count)]) if len(known) == count else None
