"""Steps that draw random numbers: dropout, noise, samples made on the way. They read rows made for them.

A row is made between the steps: what the step takes of the data, and what it draws, by the laws that were
seen. The numbers of a step follow from the seed and its number, so that a run that goes on draws the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.replayed import Replayed
from backproof.step.drawing import Law

if TYPE_CHECKING:
    from backproof.training.kernel.compile import CompiledLoop

Array = NDArray[np.float64]
Order = NDArray[np.int32]
MOST_STEPS, MOST_NUMBERS = 256, 1_000_000  # that are drawn at once


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Stream:
    """What a step reads that differs from step to step, in ``rows`` rows, one for each sample of a batch.

    ``tables`` are of shape `(samples, numbers)`, and give the first numbers of a row; then come ``draws``, so
    many numbers in a row by each law. ``seen`` has those of the steps that were recorded, of shape
    `(rows, numbers)`, by the number of the step.
    """

    tables: tuple[Array, ...]
    rows: int
    draws: tuple[tuple[Law, int], ...]
    seen: dict[int, Array] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return sum(int(table.shape[1]) for table in self.tables) + sum(size for _, size in self.draws)

    @property
    def block(self) -> int:
        """For how many steps numbers are drawn at once."""
        return max(min(MOST_STEPS, MOST_NUMBERS // max(self.rows * self.width, 1)), 1)

    def empty(self) -> tuple[Array, Array]:
        """Rows for a loop to begin with, and as many targets, of which it reads none."""
        count = self.block * self.rows
        return np.zeros((count, self.width)), np.zeros((count, 1))

    def draw(self, seed: int, block: int) -> Array:
        """The numbers of all steps of a block, `(steps, rows, numbers)`; blocks below 0 are for losses."""
        random = np.random.default_rng([seed, 5, self.rows, *((block, 0) if block >= 0 else (-block, 1))])
        parts = [law.draw(random, (self.block, self.rows, size)) for law, size in self.draws]
        return np.concatenate(parts, axis=2)


class Streamed:
    """A loop whose steps read rows that are made for them. An order has the number of the step first."""

    def __init__(self, loop: Replayed | CompiledLoop, stream: Stream, seed: int) -> None:
        self.loop = loop
        self._stream, self._seed = stream, seed
        self._block: tuple[int, Array] | None = None

    def advance(self, order: Order, rate: float | Array) -> None:
        """Do one step for each row of the order."""
        rates = np.broadcast_to(rate, len(order))
        size = self._stream.block
        for begin in range(0, len(order), size):
            some = order[begin : begin + size]
            self.loop.feed(self._rows(some))
            own = rate if np.ndim(rate) == 0 else rates[begin : begin + size]
            numbers = np.arange(len(some) * self._stream.rows, dtype=np.int32)
            self.loop.advance(numbers.reshape(len(some), -1), own)

    def state(self) -> list[Array]:
        """The state after the last step."""
        return self.loop.state()

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self.loop.restore(state)

    def _rows(self, order: Order) -> Array:
        stream = self._stream
        rows = np.empty((len(order), stream.rows, stream.width))
        place = 0
        for table in stream.tables:
            rows[:, :, place : place + table.shape[1]] = table[order[:, 1 : 1 + stream.rows]]
            place += table.shape[1]
        blocks, places = np.divmod(order[:, 0], stream.block)
        for block in np.unique(blocks).tolist():
            if self._block is None or self._block[0] != block:
                self._block = block, stream.draw(self._seed, block)
            own = blocks == block
            rows[own, :, place:] = self._block[1][places[own]]
        if order[0, 0] <= max(stream.seen, default=-1):
            for k, number in enumerate(order[:, 0].tolist()):
                if number in stream.seen:
                    rows[k, :, place:] = stream.seen[number]
        return rows.reshape(-1, stream.width)
