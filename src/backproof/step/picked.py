"""Which rows of an array an index takes, one after the other along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows ``numbers`` of ``count`` at ``position`` in an index; ``single`` where by one number."""

    position: int | None
    count: int
    numbers: tuple[int, ...]
    single: bool

    def of(self, array: Any, index: Any, rows: np.ndarray[Any, Any]) -> Any:
        """Take other rows, by what else an index of the same form says."""
        chosen = int(rows[0]) if self.single else rows
        if self.position is None:
            return np.asarray(array)[chosen]
        return np.asarray(array)[tuple(chosen if k == self.position else i for k, i in enumerate(index))]


def rows_of(index: Any, shape: tuple[int, ...]) -> Rows | None:
    """The rows that an index takes of an array of this shape; None where it takes anything but rows."""
    if not isinstance(index, tuple):
        return _of_one(None, index, shape[0]) if shape else None
    for position, item in enumerate(index):
        if item is Ellipsis or item is None or position >= len(shape):
            return None
        if not (isinstance(item, slice) and item == slice(None)):
            return _of_one(position, item, shape[position])
    return None


def _of_one(position: int | None, item: Any, count: int) -> Rows | None:
    if isinstance(item, bool | np.bool_):
        return None
    if isinstance(item, int | np.integer):
        return Rows(position, count, (int(item) % count,), True)
    if isinstance(item, slice):
        return Rows(position, count, tuple(range(count)[item]), False)
    if isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind in "iu" and item.size:
        return Rows(position, count, tuple(int(k) % count for k in item), False)
    return None
