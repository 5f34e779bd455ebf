"""The columns of a file, by name: of a ``.csv`` with a header line, or the arrays of a ``.npz``."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError

Array = NDArray[np.float64]
SEPARATORS = ",;\t"  # where a line has as many of one as of another, the first counts


class DataError(BackproofError):
    """The data cannot be read or learnt from."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Numbers of shape `(samples, width)`, or texts of shape `(samples,)`.

    ``source`` is the file, or whatever else people know it by; ``lines`` are the lines of a text file that
    the samples stand in.
    """

    source: str
    name: str
    values: NDArray[Any]
    lines: Sequence[int] | None = None

    @property
    def is_text(self) -> bool:
        """Are these texts?"""
        return self.values.dtype.kind == "U"

    def place(self, sample: int) -> str:
        """Say where a sample stands."""
        if self.lines is None:
            return f"{self.source}: {self.name!r}, sample {sample + 1}"
        return f"{self.source}: row {self.lines[sample]}, column {self.name!r}"

    def numbers(self) -> Array:
        """The values as finite numbers; raises `DataError` at the first one that is none."""
        if self.is_text:
            texts = self.values.tolist()
            numbers = [_number(text) for text in texts]
            if None in numbers:
                self._refuse(numbers.index(None), texts[numbers.index(None)])
            values = np.array(numbers)[:, None]
        else:
            values = np.asarray(self.values, dtype=np.float64)
        broken = ~np.isfinite(values).all(axis=1)
        if broken.any():
            sample = int(np.argmax(broken))
            found = values[sample]
            self._refuse(sample, f"{found[~np.isfinite(found)][0]:g}")
        return values

    def labels(self) -> NDArray[np.str_] | None:
        """The values as texts, where none of them is a number."""
        if not self.is_text or any(_number(text) is not None for text in self.values.tolist()):
            return None
        if "" in self.values:
            self._refuse(self.values.tolist().index(""), "")
        return self.values

    def _refuse(self, sample: int, text: str) -> NoReturn:
        raise DataError(
            f"{self.place(sample)}: {text!r} is no finite number."
            if text
            else f"{self.place(sample)}: is empty."
        )


def read_columns(path: Path) -> dict[str, Column]:
    """Read all columns; the last file read is remembered as long as it does not change."""
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from None


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> dict[str, Column]:
    return _read_npz(path) if path.suffix == ".npz" else _read_csv(path)


def choose(
    path: Path, columns: dict[str, Column], inputs: Sequence[str] | None, outputs: Sequence[str] | None
) -> tuple[list[Column], list[Column]]:
    """Pick the inputs and the outputs; without names the last column is the output."""
    names = list(columns)
    outputs = list(outputs or [name for name in names if name not in (inputs or ())][-1:])
    inputs = list(inputs or [name for name in names if name not in outputs])
    for name in [*inputs, *outputs]:
        if name not in columns:
            close = difflib.get_close_matches(name, names, n=1)
            known = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(names)}."
            raise DataError(f"{path}: there is no column {name!r}. {known}")
    if not inputs or not outputs:
        raise DataError(
            f"{path}: at least one input and one output are needed; there is only {', '.join(names)}."
        )
    chosen = [columns[name] for name in inputs], [columns[name] for name in outputs]
    lengths = {len(column.values) for columns in chosen for column in columns}
    if len(lengths) > 1:
        said = ", ".join(map(str, sorted(lengths)))
        raise DataError(f"{path}: the columns have different lengths: {said}.")
    if lengths == {0}:
        raise DataError(f"{path}: holds no samples.")
    return chosen


def _read_csv(path: Path) -> dict[str, Column]:
    rows, lines = [], []
    try:
        text = path.read_text(encoding="utf-8-sig")
        plain = _plain_csv(path, text)
        if plain is not None:
            return plain
        reader = csv.reader(text.splitlines(), delimiter=_separator(text))
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not text in UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{path}: is not CSV: {error}.") from None
    if not rows:
        raise DataError(f"{path}: holds no samples.")
    names = _require_names(path, rows.pop(0))
    lines.pop(0)
    if not rows:
        raise DataError(f"{path}: holds no samples.")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise DataError(f"{path}: row {line} has {len(row)} values, the first line {len(names)}.")
    cells = zip(*rows, strict=True)
    return {name: _csv_column(path, name, cell, lines) for name, cell in zip(names, cells, strict=True)}


def _plain_csv(path: Path, text: str) -> dict[str, Column] | None:
    """All columns of a file that holds finite numbers only, a line a sample: read at ten times the speed."""
    head, _, body = text.partition("\n")
    if not head.strip() or not body.strip():
        return None
    try:
        values = np.loadtxt(io.StringIO(body), delimiter=_separator(text), ndmin=2, comments=None)
    except ValueError:
        return None
    names = [cell.strip() for cell in next(csv.reader([head], delimiter=_separator(text)))]
    lines = body.count("\n") + (not body.endswith("\n"))
    if values.shape != (lines, len(names)) or not np.isfinite(values).all():
        return None
    _require_names(path, names)
    rows = range(2, 2 + lines)
    return {name: Column(str(path), name, values[:, [k]], rows) for k, name in enumerate(names)}


def _separator(text: str) -> str:
    """What stands between the names of the first line that is not empty: a comma, a semicolon or a tab."""
    head = text.lstrip("\r\n").partition("\n")[0]
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([head], delimiter=separator), [])))


def _require_names(path: Path, names: list[str]) -> list[str]:
    """Refuse a first line that does not name the columns."""
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have the same name in the first line.")
    if all(_number(name) is not None for name in names):
        raise DataError(f"{path}: the first line holds numbers; it has to name the columns, as in 'x,y'.")
    return names


def _csv_column(path: Path, name: str, cells: Sequence[str], lines: Sequence[int]) -> Column:
    try:
        values = np.array([float(cell) for cell in cells])[:, None]
    except ValueError:
        values = np.array(cells, dtype=np.str_)
    return Column(str(path), name, values, lines)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_npz(path: Path) -> dict[str, Column]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataError(f"{path}: is not an .npz file of plain arrays.") from None
    except Exception as error:  # zipfile.BadZipFile, which NumPy lets through
        raise DataError(f"{path}: is not an .npz file ({type(error).__name__}).") from None
    return {name: array_column(str(path), name, array) for name, array in arrays.items()}


def array_column(source: str, name: str, array: NDArray[Any]) -> Column:
    """An array as a column: of numbers with one or two axes, or of texts with one."""
    if array.dtype.kind in "US" and array.ndim == 1:
        return Column(source, name, array.astype(np.str_))
    if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
        raise DataError(f"{source}: {name!r} is not an array of numbers with one or two axes.")
    return Column(source, name, np.asarray(array, dtype=np.float64).reshape(len(array), -1))
