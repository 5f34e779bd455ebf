"""Two ways to do steps: the compiled kernel, and the NumPy evaluator of the same graph.

Both hold the state between calls and do the next steps for a list of sample numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backproof.graph import evaluate
from backproof.training.network import Step

Array = NDArray[np.float64]
Order = NDArray[np.int32]

# What a kernel carries from step to step is rounded otherwise than what it computes anew. It computes anew
# every so many steps, so that a run that is cut at such places has the same bits as one that is not.
BLOCK = 1000


class Loop(Protocol):
    """A training loop that can be stopped between steps."""

    def advance(self, order: Order, rate: float | Array) -> None:
        """Do one step for each entry (each row, in batches) of the order of samples.

        ``rate`` is one for all steps, or one for each, `(steps,)`.
        """

    def state(self) -> list[Array]:
        """The state after the last step."""

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""


class EvaluatedLoop:
    """Steps by `graph.evaluate`: the reference, and what is used where nothing can be compiled."""

    def __init__(
        self, step: Step, state: Sequence[Array], x: Array, y: Array, dtype: str = "float64"
    ) -> None:
        self._step = step
        self._x, self._y = x, y
        self._dtype = np.dtype(dtype).type
        self._state: list[Array] = []
        self.restore(state)

    def advance(self, order: Order, rate: float | Array) -> None:
        """Do one step for each entry of the order."""
        step = self._step
        for samples, own in zip(order, np.broadcast_to(rate, len(order)), strict=True):
            values = dict(zip(step.state, self._state, strict=True))
            values |= {step.x: self._x[samples], step.y: self._y[samples], step.rate: np.asarray(own)}
            results = evaluate(step.updated, values, self._dtype)
            self._state = [np.asarray(results[node]) for node in step.updated]

    def state(self) -> list[Array]:
        """The state after the last step."""
        return [np.array(value, dtype=np.float64) for value in self._state]

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite there
            self._state = [np.asarray(value).astype(self._dtype) for value in state]
