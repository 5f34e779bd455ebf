"""Steps of several kinds, one after the other: whole batches, and a smaller last one of each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.replayed import Replayed
from backproof.retrain.streamed import Streamed

if TYPE_CHECKING:
    from backproof.training.kernel.compile import CompiledLoop

Array = NDArray[np.float64]
Order = NDArray[np.int32]


def sizes_of(order: Order) -> NDArray[Any]:
    """How many samples each step takes: its row may be filled up with negative numbers."""
    return np.asarray(np.sum(order >= 0, axis=1))


class Mixed:
    """Loops by the number of samples that their steps take, of which one is at work at a time.

    The first ``carried`` values of a state, and the last ``numbers``, are handed from one to the other. The
    first ``lead`` numbers of a row of an order are no samples.
    """

    def __init__(
        self,
        loops: Mapping[int, Replayed | CompiledLoop | Streamed],
        carried: int,
        numbers: int,
        lead: int = 0,
    ) -> None:
        self._loops, self._lead = loops, lead
        self._carried, self._numbers = carried, numbers
        self._main = self._at = next(iter(loops))
        self._lengths = {size: len(loop.state()) for size, loop in loops.items()}

    def advance(self, order: Order, rate: float | Array) -> None:
        """Do one step for each row of the order."""
        lead = self._lead
        sizes = sizes_of(order[:, lead:])
        rates = np.broadcast_to(rate, len(order))
        ends = [*(np.flatnonzero(np.diff(sizes)) + 1).tolist(), len(order)]
        begin = 0
        for end in ends:
            size = int(sizes[begin])
            self._turn_to(size)
            rows = np.ascontiguousarray(order[begin:end, : lead + size])
            self._loops[size].advance(rows, rate if np.ndim(rate) == 0 else rates[begin:end])
            begin = end

    def state(self) -> list[Array]:
        """The state after the last step, as the usual steps have it."""
        self._turn_to(self._main)
        return self._loops[self._main].state()

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self._at = self._main
        self._loops[self._main].restore(state)

    def _turn_to(self, size: int) -> None:
        if size == self._at:
            return
        before_size, self._at = self._at, size
        before, now = self._loops[before_size], self._loops[size]
        given, own = self._lengths[before_size], self._lengths[size]
        shared = [*((k, k) for k in range(self._carried))]
        shared += [(own - k, given - k) for k in range(self._numbers, 0, -1)]
        before = before.loop if isinstance(before, Streamed) else before
        now = now.loop if isinstance(now, Streamed) else now
        if isinstance(before, Replayed) or isinstance(now, Replayed):
            values, state = before.state(), now.state()
            for mine, its in shared:
                state[mine] = values[its]
            now.restore(state)
        else:
            now.take(before, shared)
