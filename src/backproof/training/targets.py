"""What a loss takes for targets: numbers, probabilities, or labels of classes; and how many are met.

One column of labels, texts or whole numbers, becomes one output a class for the cross-entropy; two texts
become 0 and 1 for the binary one. Classes stand in the order of their texts, or of their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backproof.training.columns import Column, DataError
from backproof.training.network import LOSSES

Array = NDArray[np.float64]
SUM_TOLERANCE = 1e-6  # of probabilities: what rounding to single precision leaves


@dataclass(frozen=True, slots=True)
class Targets:
    """``y`` of shape `(samples, outputs)`; ``classes`` are the names of what is told apart, if any are."""

    y: Array
    classes: tuple[str, ...] = ()


def default_loss(outputs: Sequence[Column]) -> str:
    """The loss where none is named: of classes where the output is text, else ½·squared."""
    return "cross-entropy" if len(outputs) == 1 and outputs[0].labels() is not None else "half-squared"


def targets_of(outputs: Sequence[Column], loss: str) -> Targets:
    """Make targets of the outputs' columns; raises `DataError` where the loss cannot take them."""
    if loss == "cross-entropy":
        alone = len(outputs) == 1 and (outputs[0].is_text or outputs[0].values.shape[1] == 1)
        return _labelled(outputs[0]) if alone else _probabilities(outputs)
    if loss == "binary-cross-entropy":
        return _binary(outputs)
    for column in outputs:
        labels = column.labels()
        if labels is not None:
            raise DataError(
                f"{column.place(0)}: {str(labels[0])!r} is text, which --loss {loss} cannot measure; for"
                " classes take --loss cross-entropy."
            )
    return Targets(np.concatenate([column.numbers() for column in outputs], axis=1))


def accuracy(loss: str, outputs: Array, y: Array) -> float | None:
    """The part of the targets that the outputs meet; None where the targets are no classes.

    A sample is met where the largest output is that of its class. With one probability an output each of them
    counts by itself, and is met on the right side of ½.
    """
    if not LOSSES[loss].of_classes:
        return None
    if loss == "cross-entropy":
        return float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1)))
    if not np.isin(y, (0.0, 1.0)).all():
        return None
    return float(np.mean((outputs >= 0.5) == (y == 1.0)))


def _labelled(column: Column) -> Targets:
    """One output a class."""
    labels = column.labels()
    if labels is None:
        numbers = column.numbers()[:, 0]
        broken = numbers != np.floor(numbers)
        if broken.any():
            sample = int(np.argmax(broken))
            raise DataError(
                f"{column.place(sample)}: {numbers[sample]:g} is no label of a class: labels are whole"
                " numbers or text."
            )
        found, numbered = np.unique(numbers, return_inverse=True)
        names = tuple(f"{number:.0f}" for number in found.tolist())
    else:
        texts, numbered = np.unique(labels, return_inverse=True)
        names = tuple(texts.tolist())
    _require_several(column, names)
    return Targets(np.eye(len(names))[numbered], names)


def _require_several(column: Column, names: Sequence[str]) -> None:
    if len(names) < 2:
        raise DataError(
            f"{column.source}: {column.name!r} holds one class only, {names[0]!r}: there is nothing to tell"
            " apart."
        )


def _probabilities(outputs: Sequence[Column]) -> Targets:
    """Several outputs: a probability each, which add up to 1."""
    y = np.concatenate([column.numbers() for column in outputs], axis=1)
    _require_within(outputs, y, "cross-entropy")
    wrong = np.abs(y.sum(axis=1) - 1.0) > SUM_TOLERANCE
    if wrong.any():
        sample = int(np.argmax(wrong))
        raise DataError(
            f"{outputs[0].place(sample)}: the outputs add up to {y[sample].sum():g}; cross-entropy takes a"
            " probability for each class, which add up to 1, or one column of labels."
        )
    width = y.shape[1]
    names = [column.name for column in outputs]
    return Targets(y, tuple(names if len(names) == width else map(str, range(width))))


def _binary(outputs: Sequence[Column]) -> Targets:
    columns, classes = [], ("0", "1")
    for column in outputs:
        labels = column.labels()
        if labels is None:
            columns.append(column.numbers())
            continue
        texts, numbered = np.unique(labels, return_inverse=True)
        _require_several(column, texts.tolist())
        if len(texts) > 2:
            raise DataError(
                f"{column.source}: {column.name!r} holds {len(texts)} classes, and binary cross-entropy tells"
                " two apart; take --loss cross-entropy."
            )
        if len(outputs) == 1:
            classes = (str(texts[0]), str(texts[1]))
        columns.append(numbered[:, None].astype(np.float64))
    y = np.concatenate(columns, axis=1)
    _require_within(outputs, y, "binary cross-entropy")
    if np.isin(y, (0.0, 1.0)).all() and (y == y[0]).all():
        _require_several(outputs[0], [classes[int(y[0, 0])]])
    return Targets(y, classes)


def _require_within(outputs: Sequence[Column], y: Array, loss: str) -> None:
    beyond = (y < 0.0) | (y > 1.0)
    if beyond.any():
        sample, position = np.unravel_index(int(np.argmax(beyond)), beyond.shape)
        owners = [
            column for column in outputs for _ in range(1 if column.is_text else column.values.shape[1])
        ]
        raise DataError(
            f"{owners[position].place(int(sample))}: {y[sample, position]:g} is not within 0 and 1, where"
            f" {loss} takes targets; for labels of classes take --loss cross-entropy and one column."
        )
