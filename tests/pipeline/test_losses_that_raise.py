"""A program that stops in the loss that it states, with a gradient written apart from it."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(6)


class Squared:
    def forward(self, truth, guess):
        if truth.shape != guess.shape:
            raise ValueError(f"{truth.shape} is not {guess.shape}")
        return np.mean((truth - guess) ** 2)

    def backward(self, truth, guess):
        return 2 * (guess - truth) / np.size(truth)


class Dense:
    def __init__(self, n, m):
        self.weights, self.biases = rng.normal(size=(m, n)), rng.normal(size=(m, 1))

    def forward(self, x):
        self.input = x.reshape(-1, 1)
        return self.weights @ self.input + self.biases

    def backward(self, g):
        self.dweights, self.dbiases = g @ self.input.T, g
        return self.weights.T @ g


class Squash:
    def forward(self, x):
        self.input = x
        return 1 / (1 + np.exp(-x))

    def backward(self, g):
        s = 1 / (1 + np.exp(-self.input))
        return g * s * (1 - s)


xs, ys = rng.normal(size=(12, 3)), rng.uniform(size=(12, 1))
layers, cost = [Dense(3, 4), Squash(), Dense(4, 1), Squash()], Squared()
for turn in range(1000):
    total = 0
    for x, y in zip(xs, ys):
        out = x
        for layer in layers:
            out = layer.forward(out)
        loss = cost.forward(y, out)
        total += loss
        g = cost.backward(y, out)
        for layer in reversed(layers):
            g = layer.backward(g)
        for layer in layers:
            if hasattr(layer, "weights"):
                layer.weights -= 0.1 * layer.dweights
                layer.biases -= 0.1 * layer.dbiases
    print(total)
"""


def test_another_target_is_no_mend() -> None:
    """The input of the last layer has the shape of the output: no target for all that."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "program.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "stopped with ValueError" in report.reason


def test_targets_of_the_right_shape() -> None:
    """The program is right otherwise."""
    text = PROGRAM.replace("uniform(size=(12, 1))", "uniform(size=(12, 1, 1))")
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
