"""What a step takes out of its data: which rows of an array, in which order from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.retrain.aligned import Entry, RetrainError
from backproof.step.picked import Rows, rows_of


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Rows of an array: ``rows[k]`` are those of the k-th step, ``picked`` how the last one takes them."""

    entry: Entry
    picked: Rows
    rows: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.picked.count

    def of(self, array: Any, rows: np.ndarray[Any, Any]) -> Any:
        """Take other rows, as many, of the array or of another one like it."""
        return self.picked.of(array, self.entry.attributes()["index"], rows)


def choice_of(entry: Entry, kinds: Sequence[int]) -> Choice:
    """Read which rows an index takes in every step: as many in all those of one kind.

    Raises
    ------
    RetrainError
        When it takes anything but rows.
    """
    (array,) = entry.operands[:1]
    found = list[Rows]()
    for k in range(len(entry.nodes)):
        index = entry.attributes(k)["index"]
        picked = rows_of(np.asarray(index) if isinstance(index, list) else index, np.shape(array.value))
        if picked is not None:
            found.append(picked)
    if len(found) < len(entry.nodes) or len({(f.position, f.single) for f in found}) != 1:
        name = array.name or "an array"
        raise RetrainError(f"What the steps take of {name} is not rows that can be told by their numbers.")
    rows = tuple(f.numbers for f in found)
    if len({(k, len(r)) for k, r in zip(kinds, rows, strict=False)}) > len(set(kinds)):
        sizes = " and ".join(map(str, dict.fromkeys(len(r) for r in rows)))
        raise RetrainError(f"The batches of the program are of different sizes ({sizes}).")
    return Choice(entry, found[-1], rows)
