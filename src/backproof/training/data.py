"""What a network learns from: samples of a formula, arrays, or the columns of a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.training.columns import Column, DataError, array_column, choose, read_columns
from backproof.training.formula import compute
from backproof.training.targets import targets_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Data:
    """Samples: ``x`` of shape `(samples, inputs)` as given, ``y`` of shape `(samples, outputs)`.

    The network sees ``(x − centre) / spread``. ``classes`` are the names of what a loss of classes tells
    apart. ``held`` are other samples that are not learnt from, by which the network is validated; they are
    scaled by the same numbers.
    """

    x: Array
    y: Array
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    classes: tuple[str, ...] = ()
    centre: Array = field(default_factory=lambda: np.zeros(1))
    spread: Array = field(default_factory=lambda: np.ones(1))
    held: Data | None = None

    @property
    def seen(self) -> Array:
        """The inputs as the network sees them."""
        return self.scaled(self.x)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of ``y``: outputs, classes, or the parts of an output that has several."""
        width = self.y.shape[1]
        if len(self.outputs) == width:
            return self.outputs
        if len(self.classes) == width:
            return self.classes
        return tuple(f"{self.outputs[0]}{number + 1}" for number in range(width))

    @property
    def held_samples(self) -> tuple[Array, Array] | None:
        """Inputs as the network sees them, and outputs, of the samples held back."""
        return None if self.held is None else (self.held.seen, self.held.y)

    def scaled(self, x: Array) -> Array:
        """Inputs as given, scaled to what the network sees."""
        return (x - self.centre) / self.spread


def prepare(data: Data, *, standardize: bool, validation: float = 0.0, seed: int = 0) -> Data:
    """Hold back a part of the samples, drawn by the seed, and find the scaling of the others' inputs.

    Standardised, they have mean 0 and standard deviation 1; one that never varies is only centred.
    """
    held = None
    if validation:
        data, held = _split(data, validation, seed)
    centre, spread = np.zeros(data.x.shape[1]), np.ones(data.x.shape[1])
    if standardize:
        centre, spread = data.x.mean(axis=0), data.x.std(axis=0)
        spread[spread == 0.0] = 1.0
    if held is not None:
        held = replace(held, centre=centre, spread=spread)
    return replace(data, centre=centre, spread=spread, held=held)


def _split(data: Data, validation: float, seed: int) -> tuple[Data, Data]:
    """Part the samples, those to learn from first; each part keeps their order."""
    samples = len(data.x)
    count = round(validation * samples)
    if not 0 < count < samples:
        raise DataError(
            f"--validation {validation:g}: of {samples} samples {'none' if not count else 'all'} would be"
            " held back; both parts need one at least."
        )
    chosen = np.zeros(samples, dtype=bool)
    chosen[np.random.default_rng([seed, 3]).permutation(samples)[:count]] = True
    learnt, held = (replace(data, x=data.x[part], y=data.y[part]) for part in (~chosen, chosen))
    return learnt, held


def sample_formula(
    formula: str,
    bounds: tuple[float, float],
    samples: int,
    seed: int,
    *,
    standardize: bool,
    loss: str = "half-squared",
    validation: float = 0.0,
) -> Data:
    """Draw x uniformly from [low, high) and compute the formula there."""
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(f"--range {low:g} {high:g}: give two numbers, the smaller one first.")
    x = np.random.default_rng([seed, 0]).uniform(low, high, (samples, 1))
    columns = [
        Column(f"--target {formula}", name, value) for name, value in (("x", x), ("y", compute(formula, x)))
    ]
    return _of_columns(
        columns[:1], columns[1:], standardize=standardize, loss=loss, validation=validation, seed=seed
    )


def as_arrays(x: ArrayLike, y: ArrayLike) -> tuple[Array, NDArray[Any]]:
    """Take what a caller gives as samples, each of shape `(samples,)` or `(samples, columns)`.

    ``y`` may be texts, the labels of classes.
    """
    arrays: list[NDArray[Any]] = []
    for name, given in (("x", x), ("y", y)):
        if given is None:
            raise DataError("x and y: give both, the inputs and the outputs.")
        try:
            array: NDArray[Any] = np.array(given)
            if array.dtype.kind == "c":
                raise TypeError
            if array.dtype.kind == "O" and all(isinstance(value, str) for value in array.flat):
                array = array.astype(np.str_)
            if name == "x" or array.dtype.kind != "U":
                array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(f"{name}: is no array of numbers.") from None
        if array.ndim not in (1, 2) or (array.dtype.kind == "U" and array.ndim == 2):
            raise DataError(f"{name}: has shape {array.shape}, not (samples,) or (samples, columns).")
        if not array.size:
            raise DataError(f"{name}: holds no samples.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(f"{name}: holds a number that is not finite.")
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise DataError(f"x has {len(arrays[0])} samples, and y {len(arrays[1])}.")
    return arrays[0], arrays[1]


def array_columns(name: str, array: NDArray[Any]) -> list[Column]:
    """An array as columns; several are named x1, x2, ..."""
    if array.ndim == 1 or array.shape[1] == 1:
        return [array_column("the data", name, array)]
    return [array_column("the data", f"{name}{k + 1}", column) for k, column in enumerate(array.T)]


def hold_arrays(
    x: Array,
    y: NDArray[Any],
    *,
    standardize: bool,
    loss: str = "half-squared",
    validation: float = 0.0,
    seed: int = 0,
) -> Data:
    """Hold arrays as samples."""
    inputs, outputs = array_columns("x", x), array_columns("y", y)
    return _of_columns(inputs, outputs, standardize=standardize, loss=loss, validation=validation, seed=seed)


def read_data(
    path: Path,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    *,
    standardize: bool,
    loss: str = "half-squared",
    validation: float = 0.0,
    seed: int = 0,
) -> Data:
    """Read a `.csv` with a header line, or a `.npz`; without names the last column is the output."""
    chosen = choose(path, read_columns(path), inputs, outputs)
    return _of_columns(*chosen, standardize=standardize, loss=loss, validation=validation, seed=seed)


def _of_columns(
    inputs: Sequence[Column],
    outputs: Sequence[Column],
    *,
    standardize: bool,
    loss: str,
    validation: float,
    seed: int,
) -> Data:
    targets = targets_of(outputs, loss)
    data = Data(
        np.concatenate([column.numbers() for column in inputs], axis=1),
        targets.y,
        tuple(column.name for column in inputs),
        tuple(column.name for column in outputs),
        targets.classes,
    )
    return prepare(data, standardize=standardize, validation=validation, seed=seed)
