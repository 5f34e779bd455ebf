"""A hundred steps with every optimiser, activation, loss and schedule, as written by hand in NumPy.

Nothing of the package's graph is in here: the derivatives are a textbook's, the updates those that the
documentation states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from tests.training.peers.cases import CASES, Array, Case, distances

_erf = np.vectorize(math.erf, otypes=[float])


def _logistic(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# An activation and its derivative, each as a function of z.
ACTIVATIONS = {
    "linear": (lambda z: z, np.ones_like),
    "sigmoid": (_logistic, lambda z: _logistic(z) * (1 - _logistic(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: z * (z > 0), lambda z: 1.0 * (z > 0)),
    "leaky-relu": (lambda z: z * np.where(z > 0, 1, 0.01), lambda z: np.where(z > 0, 1, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.exp(z) - 1), lambda z: np.where(z > 0, 1, np.exp(z))),
    "gelu": (
        lambda z: z * (1 + _erf(z / math.sqrt(2))) / 2,
        lambda z: (1 + _erf(z / math.sqrt(2))) / 2 + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    ),
    "softplus": (lambda z: np.log(1 + np.exp(z)), _logistic),
    "sin": (np.sin, np.cos),
    "softmax": (_softmax, None),
}


def sums_adjoint(case: Case, z: Array, y: Array) -> Array:
    """The derivative of the mean loss by the output layer's sums."""
    value, slope = ACTIVATIONS[case.network.output_activation]
    output = value(z)
    samples = len(y)
    error = output - y
    match case.network.loss:
        case "cross-entropy":
            return error / samples
        case "binary-cross-entropy":
            return error / y.size
        case "half-squared":
            g = error / samples
        case "mse":
            g = 2 * error / y.size
        case "mae":
            g = np.sign(error) / y.size
        case "huber":
            g = np.clip(error, -1, 1) / y.size
    if slope is None:
        jacobians = [np.diag(p) - np.outer(p, p) for p in output]
        return np.array([jacobian @ row for jacobian, row in zip(jacobians, g, strict=True)])
    return g * slope(z)


def gradients(case: Case, parameters: Sequence[Array], x: Array, y: Array) -> list[Array]:
    """Backpropagation, layer by layer."""
    network = case.network
    width = 2 if network.bias else 1
    layers = [parameters[first : first + width] for first in range(0, len(parameters), width)]
    inputs, sums = [x], []
    for number, (weights, *bias) in enumerate(layers):
        sums.append(inputs[-1] @ weights + (bias[0] if bias else 0))
        if number < len(layers) - 1:
            inputs.append(ACTIVATIONS[network.activation][0](sums[-1]))
    delta = sums_adjoint(case, sums[-1], y)
    found: list[Array] = []
    for number in reversed(range(len(layers))):
        own = [inputs[number].T @ delta, *([delta.sum(axis=0)] if network.bias else [])]
        found = own + found
        if number:
            delta = delta @ layers[number][0].T * ACTIVATIONS[network.activation][1](sums[number - 1])
    return found


def train(case: Case) -> list[list[Array]]:
    """The parameters at the case's stops."""
    arrays = case.arrays()
    parameters = [arrays[f"start{number}"].copy() for number in range(len(case.network.shapes()))]
    first = [np.zeros_like(value) for value in parameters]
    second = [np.zeros_like(value) for value in parameters]
    seen = []
    for t, (samples, rate) in enumerate(zip(arrays["order"], arrays["rates"], strict=True), 1):
        rows = np.atleast_1d(samples)
        found = gradients(case, parameters, arrays["x"][rows], arrays["y"][rows])
        for p, g, m, s in zip(parameters, found, first, second, strict=True):
            g = g + case.network.decay * p
            match case.network.optimizer:
                case "sgd":
                    p -= rate * g
                case "momentum":
                    m[...] = 0.9 * m + g
                    p -= rate * m
                case "nesterov":
                    m[...] = 0.9 * m + g
                    p -= rate * (g + 0.9 * m)
                case "rmsprop":
                    s[...] = 0.99 * s + 0.01 * g**2
                    p -= rate * g / (np.sqrt(s) + 1e-8)
                case "adam":
                    m[...] = 0.9 * m + 0.1 * g
                    s[...] = 0.999 * s + 0.001 * g**2
                    p -= rate * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        if t in case.stops:
            seen.append([p.copy() for p in parameters])
    return seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_as_by_hand(case):
    """After 1, 2 and 100 steps every parameter is as computed by hand, and has moved."""
    by_hand = train(case)
    first, second, last = distances(case, by_hand)
    assert first < 1e-13
    assert second < 1e-12
    assert last < 1e-9
    assert np.abs(by_hand[-1][0] - case.arrays()["start0"]).max() > 0.01
