"""Programs that train, read once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from backproof.compare.experiment import Experiment, experiment
from backproof.runner import Runner
from backproof.source import Program

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.uniform(-1, 1, (21, 3))
T = np.sin(X @ np.array([[1.0], [2.0], [-1.0]]))
W1 = rng.normal(0, 0.5, (3, 5))
b1 = np.full(5, 0.1)
W2 = rng.normal(0, 0.5, (5, 1))
b2 = np.array([0.05])
rate = 0.1
for step in range(2000):
    i = step % 21
    x, t = X[i : i + 1], T[i : i + 1]
    h = 1 / (1 + np.exp(-(x @ W1 + b1)))
    o = h @ W2 + b2
    loss = 0.5 * np.sum((o - t) ** 2)
    d = o - t
    dz = d @ W2.T * h * (1 - h)
    W2 -= rate * h.T @ d
    b2 -= rate * d.sum(axis=0)
    W1 -= rate * x.T @ dz
    b1 -= rate * dz.sum(axis=0)
"""
NEURONS = """\
import math

import numpy as np

rng = np.random.default_rng(3)
rows = rng.uniform(-1, 1, (21, 3)).tolist()
wanted = [math.sin(a + 2 * b - c) for a, b, c in rows]


def squash(z):
    return 1.0 / (1.0 + math.exp(-z))


class Net:
    def __init__(self):
        first = rng.normal(0, 0.5, (3, 5))
        last = rng.normal(0, 0.5, (5, 1))
        self.hidden = [[float(first[i][j]) for i in range(3)] + [0.1] for j in range(5)]
        self.out = [float(v) for v in last[:, 0]] + [0.05]

    def forward(self, x):
        self.h = []
        for row in self.hidden:
            z = row[-1]
            for w, v in zip(row, x):
                z += w * v
            self.h.append(squash(z))
        total = self.out[-1]
        for w, v in zip(self.out, self.h):
            total += w * v
        return total

    def learn(self, x, goal, lr):
        error = self.forward(x) - goal
        cost = 0.5 * error**2
        slopes = [error * self.out[j] * self.h[j] * (1 - self.h[j]) for j in range(5)]
        for j in range(5):
            self.out[j] -= lr * error * self.h[j]
        self.out[5] -= lr * error
        for j in range(5):
            for i in range(3):
                self.hidden[j][i] -= lr * slopes[j] * x[i]
            self.hidden[j][3] -= lr * slopes[j]
        return cost


net = Net()
for step in range(2000):
    net.learn(rows[step % 21], wanted[step % 21], 0.1)
"""


@pytest.fixture(scope="session")
def read() -> Iterator[Callable[[str], Experiment]]:
    """Run a program and read what it does, each text once."""
    known: dict[str, Experiment] = {}
    with Runner() as runner:

        def reading(text: str) -> Experiment:
            if text not in known:
                known[text] = experiment(Program("net.py", text), None, None, runner)
            return known[text]

        yield reading
