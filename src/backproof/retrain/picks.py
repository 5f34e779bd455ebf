"""Numbers that a step picks by the labels of its samples: ``p[y]``, ``p[np.arange(n), y]``, ``d[y] -= 1``.

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
from backproof.retrain.masks import counts, read, written
from backproof.trace import Trace

Labels = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """What is picked of an array of a ``shape`` along an ``axis``; ``labels[k]`` are those of the k-th step.

    ``batch`` is the axis along which the samples lie; None where a step takes one. ``mask`` stands for the
    mask among the values of the step.
    """

    mask: Entry
    shape: tuple[int, ...]
    axis: int
    batch: int | None
    labels: Labels

    def made(self, operation: str, operands: Sequence[Node], mask: Node) -> Node:
        """The picking operation, or the one that writes what is picked, by the mask."""
        array = operands[0]
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


def pick_of(nodes: Sequence[Node]) -> Pick | None:
    """Read what nodes, one a step, pick of their first operand; None where it is anything else."""
    shape = np.shape(nodes[-1].operands[0].value)
    found = [_read(node.attributes["index"], shape) for node in nodes]
    if any(each is None for each in found) or len({each[:2] for each in found if each is not None}) > 1:
        return None
    axis, batch, _ = found[0]  # type: ignore[misc]
    labels = tuple(each[2] for each in found if each is not None)
    stand_in = tuple(Node("leaf", (), value=np.zeros(shape), name="labels") for _ in nodes)
    return Pick(Entry(stand_in), shape, axis, batch, labels)


def _read(index: Any, shape: tuple[int, ...]) -> tuple[int, int | None, tuple[int, ...]] | None:
    """The axis along which one number is picked, that of the samples, and the labels."""
    if isinstance(index, int | np.integer) and not isinstance(index, bool) and len(shape) == 1:
        return 0, None, (int(index) % shape[0],)
    if not isinstance(index, tuple) or len(index) != 2 or len(shape) != 2:
        return None
    if all(isinstance(i, int | np.integer) for i in index):
        axis = 0 if shape[1] == 1 else 1
        return (axis, None, (int(index[axis]) % shape[axis],)) if 1 in shape else None
    if not all(isinstance(i, np.ndarray) and i.ndim == 1 and i.dtype.kind in "iu" for i in index):
        return None
    for batch, axis in ((0, 1), (1, 0)):
        if counts(index[batch]) and len(index[batch]) == shape[batch]:
            return axis, batch, tuple(int(k) % shape[axis] for k in index[axis])
    return None


def rows_of(pick: Pick, trace: Trace, rows: Labels, count: int) -> np.ndarray[Any, Any]:
    """The mask for every sample, shape `(count, classes)`.

    Raises
    ------
    RetrainError
        When the labels of all samples are not found.
    """
    labels = _all_labels(pick, trace, rows, count)
    if labels is None:
        raise RetrainError(
            "The program picks outputs by labels that are in no array of the data, and not all were seen."
        )
    classes = pick.shape[pick.axis]
    found: np.ndarray[Any, Any] = np.eye(classes)[np.mod(labels, classes)]
    return found


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
