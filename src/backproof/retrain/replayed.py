"""Steps that are done in NumPy, where nothing can be compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node
from backproof.health.replay import replay
from backproof.training.network import Step

Array = NDArray[np.float64]


class Replayed:
    """Steps in NumPy, what does not change from step to step computed once: where nothing can be compiled."""

    def __init__(self, step: Step, state: Sequence[Array], x: Array, y: Array) -> None:
        self._step, self._x, self._y = step, x, y
        self._replay = replay(step.updated, [*step.state, step.x, step.y, step.rate])
        self._state: list[Array] = []
        self.restore(state)

    def advance(self, order: NDArray[np.int32], rate: float | Array) -> None:
        """Do one step for each row of the order."""
        step = self._step
        for rows, own in zip(order, np.broadcast_to(rate, len(order)), strict=True):
            point: dict[Node, Any] = dict(zip(step.state, self._state, strict=True))
            point[step.x] = _shaped(self._x[rows], step.x)
            point[step.y] = _shaped(self._y[rows], step.y)
            point[step.rate] = np.asarray(own)
            table = self._replay.at(point)
            self._state = [np.asarray(table[node], dtype=np.float64) for node in step.updated]

    def feed(self, x: Array) -> None:
        """Read other rows from now on."""
        self._x = x

    def state(self) -> list[Array]:
        """The state after the last step."""
        return [value.copy() for value in self._state]

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self._state = [np.array(value, dtype=np.float64) for value in state]


def _shaped(rows: Array, node: Node) -> Array:
    return rows.reshape(np.shape(node.value))
