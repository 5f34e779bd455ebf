"""Losses by name, as nodes of the graph, and which activation of the outputs each goes with.

Cross-entropies are computed from the sums z before the output's activation, where nothing overflows and no
logarithm of 0 is taken: ln(1 + eᶻ) − y·z for sigmoid outputs, ln Σ eᶻ − Σ y·z for softmax. By the rules of
the graph their derivative is p − y, with p the output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, apply

Array = NDArray[np.float64]
BEND = 1.0  # Huber's δ: where the square becomes a straight line
LEAST = 1e-300  # a probability, so that its logarithm is finite


@dataclass(frozen=True, slots=True)
class Loss:
    """``value(seen, target, samples)`` builds the loss; ``text`` names it for people.

    What it sees is the output of the network, or for a cross-entropy the output layer's sums: ``sums`` then
    gives those of an output. ``output`` is the activation that the output has where none is named;
    a cross-entropy has no other.
    """

    text: str
    value: Callable[[Node, Node, int], Node]
    output: str = "linear"
    sums: Callable[[Array], Array] | None = None

    @property
    def of_classes(self) -> bool:
        """Whether it compares probabilities of classes."""
        return self.sums is not None


def _total(value: Node) -> Node:
    return apply("sum", value, axis=None, keepdims=False)


def _mean_of(value: Node) -> Node:
    """The mean over all elements: all samples and outputs."""
    return apply("multiply", 1.0 / np.size(value.value), _total(value))


def _half_squared(output: Node, target: Node, samples: int) -> Node:
    return apply("multiply", 0.5 / samples, _total(apply("square", apply("subtract", output, target))))


def _mean_squared(output: Node, target: Node, _samples: int) -> Node:
    return _mean_of(apply("square", apply("subtract", output, target)))


def _mean_absolute(output: Node, target: Node, _samples: int) -> Node:
    return _mean_of(apply("abs", apply("subtract", output, target)))


def _huber(output: Node, target: Node, _samples: int) -> Node:
    """½e² where |e| < δ, beyond it δ·(|e| − ½δ) (Huber 1964)."""
    error = apply("subtract", output, target)
    distance = apply("abs", error)
    near = apply("multiply", 0.5, apply("square", error))
    far = apply("multiply", BEND, apply("subtract", distance, 0.5 * BEND))
    return _mean_of(apply("where", apply("less", distance, BEND), near, far))


def _binary_cross_entropy(sums: Node, target: Node, _samples: int) -> Node:
    """−y ln σ(z) − (1 − y) ln(1 − σ(z)) = ln(1 + eᶻ) − y·z."""
    return _mean_of(apply("subtract", apply("softplus", sums), apply("multiply", target, sums)))


def _cross_entropy(sums: Node, target: Node, samples: int) -> Node:
    """−Σ y ln softmax(z) = ln Σ eᶻ − Σ y·z, the targets of a sample adding up to 1."""
    normalisers = _total(apply("logsumexp", sums, axis=-1, keepdims=False))
    chosen = _total(apply("multiply", target, sums))
    return apply("multiply", 1.0 / samples, apply("subtract", normalisers, chosen))


def _logit(output: Array) -> Array:
    return np.log(np.maximum(output, LEAST)) - np.log(np.maximum(1.0 - output, LEAST))


def _logarithm(output: Array) -> Array:
    return np.log(np.maximum(output, LEAST))


LOSSES: dict[str, Loss] = {
    "half-squared": Loss("½·squared error, the mean over samples", _half_squared),
    "mse": Loss("mean squared error", _mean_squared),
    "mae": Loss("mean absolute error", _mean_absolute),
    "huber": Loss("Huber's, squared for errors below 1, the mean over outputs", _huber),
    "binary-cross-entropy": Loss(
        "binary cross-entropy, the mean over outputs", _binary_cross_entropy, "sigmoid", _logit
    ),
    "cross-entropy": Loss("cross-entropy, the mean over samples", _cross_entropy, "softmax", _logarithm),
}
