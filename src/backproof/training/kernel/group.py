"""Networks that are trained side by side: one lane of a vector register for each of them.

A kernel for a single network is one long chain of operations that wait for each other, and its vectors are
half empty where a layer is small. Side by side, the lanes are always full and one network's arithmetic fills
the time that another one waits. Each has its own parameters, its own samples and its own order of samples;
nothing crosses from lane to lane, so that one that diverges does not disturb the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backproof.training.kernel.compile import Kernel, Numbers

Array = NDArray[np.float64]
Order = NDArray[np.int32]


class GroupLoop:
    """A training loop for a group of networks, at most as many as the kernel has lanes.

    ``states`` are their states, ``x`` and ``y`` the data of each, with as many samples for one as for the
    other; where all are given the same arrays these are held once. Lanes without a network repeat the last.
    """

    def __init__(
        self, kernel: Kernel, states: Sequence[Sequence[Array]], x: Sequence[Array], y: Sequence[Array]
    ) -> None:
        if not 1 <= len(states) <= kernel.networks:
            raise ValueError(f"a group has 1 to {kernel.networks} networks, not {len(states)}")
        if len({len(array) for array in (*x, *y)}) != 1:
            raise ValueError("the networks of a group have equally many samples")
        self._kernel = kernel
        self._count = len(states)
        self._samples = len(x[0])
        shared = all(array is x[0] for array in x) and all(array is y[0] for array in y)
        self._offset = 0 if shared else self._samples
        self._x = _joined(kernel, x[:1] if shared else x, kernel.inputs)
        self._y = _joined(kernel, y[:1] if shared else y, kernel.outputs)
        self._scratch = kernel.new_scratch()
        self._packed = kernel.zeros(kernel.packed, kernel.networks)
        for lane in range(kernel.networks):
            for place, value in zip(kernel.places, states[min(lane, self._count - 1)], strict=True):
                place.pack(np.asarray(value, dtype=np.float64), self._packed[:, lane])

    def advance(self, orders: Order, rate: float | Array) -> None:
        """Do one step for each entry of the orders, `(networks, steps)` or `(networks, steps, batch)`.

        ``rate`` is one for all steps, or one for each, `(steps,)`; the networks share it.
        """
        kernel = self._kernel
        steps = orders.size // (self._count * kernel.batch)
        if orders.size != self._count * steps * kernel.batch or len(orders) != self._count:
            raise ValueError("the orders do not have a whole batch for each step of each network")
        if orders.size and not 0 <= orders.min() <= orders.max() < self._samples:
            raise ValueError("the orders do not name samples of the data")
        rows = np.empty((kernel.networks, steps * kernel.batch), dtype=np.int32)
        first = np.arange(self._count, dtype=np.int32) * np.int32(self._offset)
        np.add(orders.reshape(self._count, -1), first[:, None], out=rows[: self._count])
        rows[self._count :] = rows[self._count - 1]
        kernel.call(self._packed, self._x, self._y, rows, rate, steps, self._scratch)

    def states(self) -> list[list[Array]]:
        """The state of each network after the last step."""
        return [
            [place.unpack(self._packed[:, lane]) for place in self._kernel.places]
            for lane in range(self._count)
        ]

    def losses(self, kernel: Kernel) -> Array:
        """The mean loss of each network over all its samples.

        The kernel is that of a step whose state is the parameters, as they come first in the state here,
        and a total to which the step adds the loss of its sample.
        """
        *parameters, total = kernel.places
        end = parameters[-1].end
        packed = kernel.zeros(kernel.packed, kernel.networks)
        packed[:end] = self._packed[:end]
        first = np.minimum(np.arange(kernel.networks), self._count - 1) * self._offset
        rows = (first[:, None] + np.arange(self._samples)).astype(np.int32)
        kernel.call(packed, self._x, self._y, rows, 0.0, self._samples, kernel.new_scratch())
        return np.asarray(packed[total.offset, : self._count] / self._samples)

    def finite(self) -> NDArray[np.bool_]:
        """Which networks have a state without infinities and NaN."""
        return np.asarray(np.isfinite(self._packed[:, : self._count]).all(axis=0))


def _joined(kernel: Kernel, data: Sequence[Array], columns: int) -> Numbers:
    return np.concatenate([kernel.rows(array, columns) for array in data])
