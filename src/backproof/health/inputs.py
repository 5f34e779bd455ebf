"""The inputs of a step: the data that are multiplied with parameters, and the same data standardised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, ancestors
from backproof.health.examination import Examination
from backproof.health.samples import data_leaves, step_line
from backproof.step import TrainingStep

REARRANGED = frozenset({"identity", "transpose", "reshape", "astype", "index"})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Input:
    """Data that meet parameters in a product.

    ``axis`` of its arrays counts the features; None where all its numbers are values of one feature. ``mean``
    and ``spread`` are those of each feature over the data that were seen; ``scaled`` says which can be
    scaled: those that are no constants and no marks (0, 1 and −1 only).
    """

    leaf: Node
    axis: int | None
    mean: np.ndarray[Any, Any]
    spread: np.ndarray[Any, Any]
    scaled: np.ndarray[Any, Any]

    def standardised(self, value: Any) -> Any:
        """Subtract the mean and divide by the spread, feature by feature, where that has a meaning."""
        mean = np.where(self.scaled, self.mean, 0.0)
        spread = np.where(self.scaled, self.spread, 1.0)
        array = np.asarray(value, dtype=float)
        if self.axis is not None:
            shape = [1] * array.ndim
            shape[self.axis] = -1
            mean, spread = mean.reshape(shape), spread.reshape(shape)
        else:
            mean, spread = mean[0], spread[0]
        return (array - mean) / spread

    @property
    def size(self) -> np.ndarray[Any, Any]:
        """The root mean square of each feature that can be scaled."""
        return np.asarray(np.sqrt(self.mean**2 + self.spread**2)[self.scaled])


def inputs(examination: Examination) -> tuple[Input, ...]:
    """The inputs of a step that has enough data to speak of their mean and spread."""
    step, found = examination.step, []
    for leaf, axis in _multiplied(step).items():
        values = [np.asarray(sample.get(leaf, leaf.value), dtype=float) for sample in examination.samples]
        if axis is None:
            table = np.concatenate([v.ravel() for v in values])[None, :]
        else:
            count = values[0].shape[axis]
            table = np.concatenate([np.moveaxis(v, axis, 0).reshape(count, -1) for v in values], axis=1)
        if table.shape[1] < examination.enough or not np.all(np.isfinite(table)):
            continue
        mean, spread = table.mean(axis=1), table.std(axis=1)
        marks = np.all((table == 0) | (table == 1) | (table == -1), axis=1)
        scaled = ~marks & (spread > 1e-9 * np.maximum(1.0, np.abs(mean)))
        if scaled.any():
            found.append(Input(leaf, axis, mean, spread, scaled))
    return tuple(found)


def standardised_samples(examination: Examination, found: tuple[Input, ...]) -> list[Mapping[Node, Any]]:
    """The samples with every input standardised, and with what the step makes of the inputs, too."""
    step = examination.step
    originals = {copy: node for node, copy in step.copies.items()}
    line, leaves = step_line(step)
    result: list[Mapping[Node, Any]] = []
    for sample in examination.samples:
        new = {each.leaf: each.standardised(sample.get(each.leaf, each.leaf.value)) for each in found}
        table = {originals[leaf]: value for leaf, value in sample.items() if leaf in originals}
        changed = {originals[leaf]: value for leaf, value in new.items()}
        with np.errstate(all="ignore"):
            for node in line:
                if node in changed or not any(operand in changed for operand in node.operands):
                    continue
                operands = [changed.get(o, table.get(o, o.value)) for o in node.operands]
                changed[node] = OPERATIONS[node.operation].value(*operands, **node.attributes)
        new |= {leaf: changed[originals[leaf]] for leaf in leaves if originals[leaf] in changed}
        result.append({**sample, **new})
    return result


def _multiplied(step: TrainingStep) -> dict[Node, int | None]:
    """The data leaves that a product joins with a parameter, and the axis of their features."""
    own = set(step.leaves)
    data = set(data_leaves(step))
    found: dict[Node, int | None] = {}
    for node in ancestors([step.loss]):
        if node.operation not in ("matmul", "dot", "multiply"):
            continue
        first, second = node.operands
        for leaf, other, left in ((first, second, True), (second, first, False)):
            if leaf in data and np.asarray(leaf.value).dtype.kind in "fiu" and _is_parameter(other, own):
                found[leaf] = _axis(node.operation, leaf, other, left)
    return found


def _is_parameter(node: Node, own: set[Node]) -> bool:
    while node not in own and node.operation in REARRANGED and node.operands:
        node = node.operands[0]
    return node in own


def _axis(operation: str, leaf: Node, other: Node, left: bool) -> int | None:
    dimensions = np.ndim(leaf.value)
    if dimensions == 0 or (operation == "multiply" and np.ndim(other.value) < dimensions):
        return None
    if operation == "multiply":
        return dimensions - 1 if np.shape(leaf.value)[-1] == np.shape(other.value)[-1] else None
    return dimensions - 1 if left or dimensions == 1 else dimensions - 2
