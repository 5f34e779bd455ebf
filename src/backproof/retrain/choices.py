"""What a step takes out of its data: which rows of an array, in which order from step to step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.retrain.aligned import Entry, RetrainError


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Rows of an array, one after the other along an axis: ``rows[k]`` are those of the k-th step.

    ``count`` is how many there are, ``position`` where they stand in a tuple of indices. ``kind`` is how they
    are written: by one number, a slice, or an array of numbers.
    """

    entry: Entry
    position: int | None
    count: int
    rows: tuple[tuple[int, ...], ...]
    kind: str

    def of(self, array: Any, rows: np.ndarray[Any, Any]) -> Any:
        """Take other rows, as many, of the array or of another one like it."""
        chosen: Any = rows
        if self.kind == "number":
            chosen = int(rows[0])
        if self.position is None:
            return np.asarray(array)[chosen]
        index = self.entry.attributes()["index"]
        return np.asarray(array)[tuple(chosen if k == self.position else i for k, i in enumerate(index))]


def choice_of(entry: Entry) -> Choice:
    """Read which rows an index takes in every step.

    Raises
    ------
    RetrainError
        When it takes anything but rows.
    """
    (array,) = entry.operands[:1]
    shape = np.shape(array.value)
    found = []
    for k in range(len(entry.nodes)):
        index = entry.attributes(k)["index"]
        found.append(_rows(index, shape))
    if any(f is None for f in found) or len({(f[0], f[2]) for f in found if f is not None}) != 1:
        name = array.name or "an array"
        raise RetrainError(f"What the steps take of {name} is not rows that can be told by their numbers.")
    rows = tuple(f[1] for f in found if f is not None)
    position, _, kind = found[0]  # type: ignore[misc]
    if len({len(r) for r in rows}) > 1:
        sizes = " and ".join(map(str, dict.fromkeys(len(r) for r in rows)))
        raise RetrainError(
            f"The batches of the program are of different sizes ({sizes}), which cannot be taken over;"
            " choose a size that divides the number of samples."
        )
    return Choice(entry, position, shape[position or 0], rows, kind)


def _rows(index: Any, shape: tuple[int, ...]) -> tuple[int | None, tuple[int, ...], str] | None:
    """Where in an index the rows stand, which they are, and how they are written."""
    if isinstance(index, list):
        index = np.asarray(index)
    if not isinstance(index, tuple):
        return _of_one(None, index, shape[0]) if shape else None
    for position, item in enumerate(index):
        if item is Ellipsis or item is None or position >= len(shape):
            return None
        if not (isinstance(item, slice) and item == slice(None)):
            return _of_one(position, item, shape[position])
    return None


def _of_one(position: int | None, item: Any, count: int) -> tuple[int | None, tuple[int, ...], str] | None:
    if isinstance(item, bool | np.bool_):
        return None
    if isinstance(item, int | np.integer):
        return position, (int(item) % count,), "number"
    if isinstance(item, slice):
        return position, tuple(range(count)[item]), "rows"
    if isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind in "iu" and item.size:
        return position, tuple(int(k) % count for k in item), "rows"
    return None
