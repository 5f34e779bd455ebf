"""What one value of a step is for every sample of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.retrain.aligned import Entry


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """What one value of the step is for every sample: ``rows`` of shape `(samples, numbers)`.

    ``shape`` is that of the value in a step, ``axis`` the one along which it holds the samples of a batch;
    None where it is of one sample: of the only one of the step, or of the one at a ``place`` of its batch.
    """

    entry: Entry
    rows: np.ndarray[Any, Any]
    shape: tuple[int, ...]
    axis: int | None
    place: int | None = None

    def of(self, rows: Sequence[int]) -> np.ndarray[Any, Any]:
        """The value for some samples."""
        taken = self.rows[list(rows)]
        if self.place is not None:
            taken = taken[self.place]
        if self.axis is None:
            return taken.reshape(self.shape)
        rest = [length for k, length in enumerate(self.shape) if k != self.axis]
        return np.moveaxis(taken.reshape(len(taken), *rest), 0, self.axis)
