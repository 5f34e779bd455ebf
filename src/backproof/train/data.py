"""What a network learns from: samples of a formula, or the columns of a file."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.errors import BackproofError
from backproof.train.formula import compute

Array = NDArray[np.float64]


class DataError(BackproofError):
    """The data cannot be read or learnt from."""


@dataclass(frozen=True, slots=True)
class Data:
    """Samples: ``x`` of shape `(samples, inputs)` as given, ``y`` of shape `(samples, outputs)`.

    The network sees ``(x − centre) / spread``.
    """

    x: Array
    y: Array
    centre: Array
    spread: Array
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def seen(self) -> Array:
        """The inputs as the network sees them."""
        return self.scaled(self.x)

    def scaled(self, x: Array) -> Array:
        """Inputs as given, scaled to what the network sees."""
        return (x - self.centre) / self.spread


def make_data(
    x: Array, y: Array, inputs: Sequence[str], outputs: Sequence[str], *, standardize: bool
) -> Data:
    """Hold samples, with the mean and the standard deviation of each input if it is to be standardised.

    An input that never varies is only centred.
    """
    centre, spread = np.zeros(x.shape[1]), np.ones(x.shape[1])
    if standardize:
        centre, spread = x.mean(axis=0), x.std(axis=0)
        spread[spread == 0.0] = 1.0
    return Data(x, y, centre, spread, tuple(inputs), tuple(outputs))


def sample_formula(
    formula: str, bounds: tuple[float, float], samples: int, seed: int, *, standardize: bool
) -> Data:
    """Draw x uniformly from [low, high) and compute the formula there."""
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(f"--range {low:g} {high:g}: give two numbers, the smaller one first.")
    x = np.random.default_rng([seed, 0]).uniform(low, high, (samples, 1))
    return make_data(x, compute(formula, x), ["x"], ["y"], standardize=standardize)


def as_arrays(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Take what a caller gives as samples, each of shape `(samples,)` or `(samples, columns)`."""
    arrays = []
    for name, given in (("x", x), ("y", y)):
        if given is None:
            raise DataError("x and y: give both, the inputs and the outputs.")
        try:
            array = np.array(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"{name}: is no array of numbers.") from None
        if array.ndim not in (1, 2):
            raise DataError(f"{name}: has shape {array.shape}, not (samples,) or (samples, columns).")
        if not array.size:
            raise DataError(f"{name}: holds no samples.")
        if not np.isfinite(array).all():
            raise DataError(f"{name}: holds a number that is not finite.")
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise DataError(f"x has {len(arrays[0])} samples, and y {len(arrays[1])}.")
    return arrays[0], arrays[1]


def hold_arrays(x: Array, y: Array, *, standardize: bool) -> Data:
    """Hold arrays as samples; several columns are named x1, x2, ..."""
    x, y = (array.reshape(len(array), -1) for array in (x, y))
    inputs, outputs = (
        [name] if array.shape[1] == 1 else [f"{name}{number + 1}" for number in range(array.shape[1])]
        for name, array in (("x", x), ("y", y))
    )
    return make_data(x, y, inputs, outputs, standardize=standardize)


def read_data(
    path: Path, inputs: Sequence[str] | None, outputs: Sequence[str] | None, *, standardize: bool
) -> Data:
    """Read a `.csv` with a header line, or a `.npz`; without names the last column is the output."""
    try:
        columns = _read_npz(path) if path.suffix == ".npz" else _read_csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from None
    names = list(columns)
    outputs = list(outputs or [name for name in names if name not in (inputs or ())][-1:])
    inputs = list(inputs or [name for name in names if name not in outputs])
    for name in [*inputs, *outputs]:
        if name not in columns:
            raise DataError(f"{path}: there is no column {name!r}. There are {', '.join(names)}.")
    if not inputs or not outputs:
        raise DataError(
            f"{path}: at least one input and one output are needed; there is only {', '.join(names)}."
        )
    lengths = {len(columns[name]) for name in [*inputs, *outputs]}
    if len(lengths) > 1:
        raise DataError(
            f"{path}: the columns have different lengths: {', '.join(map(str, sorted(lengths)))}."
        )
    if lengths == {0}:
        raise DataError(f"{path}: holds no samples.")
    x = np.concatenate([columns[name] for name in inputs], axis=1)
    y = np.concatenate([columns[name] for name in outputs], axis=1)
    return make_data(x, y, inputs, outputs, standardize=standardize)


def _read_csv(path: Path) -> dict[str, Array]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not text in UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{path}: is not CSV: {error}.") from None
    if not rows:
        raise DataError(f"{path}: holds no samples.")
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have the same name in the first line.")
    if all(_number(name) is not None for name in names):
        raise DataError(f"{path}: the first line holds numbers; it has to name the columns, as in 'x,y'.")
    values = np.empty((len(rows) - 1, len(names)))
    for number, row in enumerate(rows[1:]):
        if len(row) != len(names):
            raise DataError(f"{path}: row {number + 2} has {len(row)} values, the first line {len(names)}.")
        for column, cell in enumerate(row):
            value = _number(cell)
            if value is None or not math.isfinite(value):
                raise DataError(
                    f"{path}: row {number + 2}, column {names[column]!r}: {cell!r} is no finite number."
                )
            values[number, column] = value
    return {name: values[:, [column]] for column, name in enumerate(names)}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_npz(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataError(f"{path}: is not an .npz file of plain arrays.") from None
    except Exception as error:  # zipfile.BadZipFile, which NumPy lets through
        raise DataError(f"{path}: is not an .npz file ({type(error).__name__}).") from None
    columns = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
            raise DataError(f"{path}: {name!r} is not an array of numbers with one or two axes.")
        column = np.asarray(array, dtype=np.float64).reshape(len(array), -1)
        if not np.isfinite(column).all():
            raise DataError(f"{path}: {name!r} holds a number that is not finite.")
        columns[name] = column
    return columns
