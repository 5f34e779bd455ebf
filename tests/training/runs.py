"""Networks, data and reference runs that several tests share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backproof.training.loop import EvaluatedLoop
from backproof.training.network import Network, Step, training_step

Array = NDArray[np.float64]
QUESTION = Network((1, 10, 1), "sigmoid", bias=False)


def random_step(network: Network, batch: int | None, random: np.random.Generator) -> tuple[Step, list[Array]]:
    """A training step of a network, and a state for it that is nowhere zero."""
    step = training_step(network, [random.normal(size=shape) for shape in network.shapes()], batch)
    state = [random.normal(size=np.shape(node.value)) * 0.7 + 0.05 for node in step.state]
    # Powers of β lie below 1, means of squares above 0.
    for position, node in enumerate(step.state):
        if node.name and "ᵗ" in node.name:
            state[position] = np.array(random.uniform(0.5, 0.9))
        elif node.name and "square" in node.name:
            state[position] = np.abs(state[position]) + 0.1
    return step, state


def evaluated(
    step: Step, state: Sequence[Array], x: Array, y: Array, order: NDArray[np.int32], rate: float | Array
) -> list[Array]:
    """The state after steps by the NumPy evaluator of the graph."""
    loop = EvaluatedLoop(step, state, x, y)
    loop.advance(order, rate)
    return loop.state()


def assert_close(found: Sequence[Array], expected: Sequence[Array], tolerance: float) -> None:
    """Each value equal to within a tolerance relative to the largest element of its tensor."""
    for one, other in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        scale = np.max(np.abs(other))
        assert np.max(np.abs(one - other)) <= tolerance * scale, (one, other)
