"""Updates that no target enters, held against a loss that the program evaluates beside its steps."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LAYERS = """
import numpy as np

rng = np.random.default_rng(18)


class Dense:
    def __init__(self, n, m):
        self.W = rng.normal(size=(n, m)) * 0.5
        self.b = rng.normal(size=m) * 0.2

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        back = g @ self.W.T
        self.W -= 0.2 * self.x.T @ g
        self.b -= 0.2 * g.sum(axis=0)
        return back


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, g):
        return self.y * (1 - self.y)


def measure(p, t):
    return np.sum((p - t) ** 2) / len(p)


X = rng.normal(size=(11, 4))
T = rng.dirichlet(np.ones(3), size=11)
net = [Dense(4, 6), Dense(6, 3), Softmax()]
for turn in range(800):
    a = X
    for layer in net:
        a = layer.forward(a)
    g = 2 * (a - T) / len(X)
    for layer in reversed(net):
        g = layer.backward(g)
    if turn % 100 == 0:
        print(turn, measure(a, T))
"""
APART = """
import numpy as np

rng = np.random.default_rng(4)
X, T = rng.normal(size=(17, 4)), rng.normal(size=(17, 2))
w = rng.normal(size=(4, 2))
for turn in range(500):
    a = X @ w
    w -= 0.01 * (X.T @ (a ** 3) + 0.1 * w)
    if turn % 50 == 0:
        print(turn, np.sum((a - T) ** 2) / len(T))
"""


def test_a_layer_that_hands_nothing_on_is_called_wrong() -> None:
    """What it returns is not even the slope of a softmax; with both mended every gradient is that loss's."""
    report = check_program(program_from_bytes(LAYERS.encode(), "layers.py"))
    assert report.verdict == "faulty"
    assert "self.y * (1 - self.y)" in [finding.found for finding in report.findings if finding.mended]


def test_what_is_learned_without_targets_is_not_called_wrong() -> None:
    """The error that is printed is of something else, and no correction makes the updates its own."""
    assert check_program(program_from_bytes(APART.encode(), "apart.py")).verdict != "faulty"
