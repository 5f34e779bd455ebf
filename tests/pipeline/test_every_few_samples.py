"""Updates that come after several samples only, whose gradients are added up until then."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SAMPLES = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(64, 3)); Y = np.sin(X @ np.array([1.0, -0.5, 0.3]))
W1 = rng.normal(0, 0.5, (3, 5)); b1 = np.zeros(5); W2 = rng.normal(0, 0.5, 5); b2 = 0.0
dW1 = np.zeros_like(W1); db1 = np.zeros_like(b1); dW2 = np.zeros_like(W2); db2 = 0.0
k = 4
lr = 0.05
for epoch in range(100):
    total = 0
    for i in range(len(X)):
        x, y = X[i], Y[i]
        h = np.tanh(x @ W1 + b1)
        out = h @ W2 + b2
        loss = 0.5 * (out - y) ** 2
        total += loss
        d = out - y
        dW2 += d * h
        db2 += d
        dh = d * W2 * (1 - h ** 2)
        dW1 += np.outer(x, dh)
        db1 += dh
        if (i + 1) % k == 0:
            W1 -= lr * dW1 / k
            b1 -= lr * db1 / k
            W2 -= lr * dW2 / k
            b2 -= lr * db2 / k
            dW1[:] = 0; db1[:] = 0; dW2[:] = 0; db2 = 0.0
    print(epoch, total / len(X))
"""
BATCHES = """
import numpy as np
rng = np.random.RandomState(1)
X = rng.randn(96, 4); T = (X[:, :1] * X[:, 1:2] > 0).astype(float)
params = {'W1': rng.randn(4, 8) * 0.4, 'b1': np.zeros(8), 'W2': rng.randn(8, 1) * 0.4, 'b2': np.zeros(1)}
def forward(x):
    h = np.tanh(x @ params['W1'] + params['b1'])
    p = 1 / (1 + np.exp(-(h @ params['W2'] + params['b2'])))
    return h, p
def backward(x, t, h, p):
    d = (p - t) / len(x)
    g = {'W2': h.T @ d, 'b2': d.sum(axis=0)}
    dh = d @ params['W2'].T * (1 - h ** 2)
    g['W1'] = x.T @ dh
    g['b1'] = dh.sum(axis=0)
    return g
accumulated = {n: np.zeros_like(v) for n, v in params.items()}
step = 0
for epoch in range(50):
    for start in range(0, len(X), 8):
        x, t = X[start:start + 8], T[start:start + 8]
        h, p = forward(x)
        loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
        g = backward(x, t, h, p)
        for n in params:
            accumulated[n] += g[n]
        step += 1
        if step % 3 == 0:
            for n in params:
                params[n] -= 0.1 * accumulated[n] / 3
                accumulated[n] = np.zeros_like(params[n])
    print(epoch, loss)
"""
COUNTER = """
import random, math
random.seed(2)
data = [(random.uniform(-2, 2), random.uniform(-2, 2)) for _ in range(40)]
data = [(a, b, 1.5 * a - b + 0.3) for a, b in data]
class Neuron:
    def __init__(self):
        self.w = [random.uniform(-1, 1) for _ in range(2)]
        self.b = 0.0
        self.gw = [0.0, 0.0]
        self.gb = 0.0
    def __call__(self, a, b):
        return self.w[0] * a + self.w[1] * b + self.b
    def update(self, lr):
        self.w[0] -= lr * self.gw[0]
        self.w[1] -= lr * self.gw[1]
        self.b -= lr * self.gb
        self.gw = [0.0, 0.0]
        self.gb = 0.0
n = Neuron()
seen = 0
for epoch in range(60):
    cost = 0.0
    for a, b, t in data:
        e = n(a, b) - t
        cost += e * e
        n.gw[0] += 2 * e * a
        n.gw[1] += 2 * e * b
        n.gb += 2 * e
        seen += 1
        if seen == 5:
            n.update(0.01)
            seen = 0
    print(epoch, cost)
"""
UNDIVIDED = SAMPLES.replace(" / k", "")
PROGRAMS = {"samples": SAMPLES, "undivided": UNDIVIDED, "batches": BATCHES, "a counter": COUNTER}
MISTAKES = {
    "an activation": (SAMPLES, "(1 - h ** 2)", "(1 - h)", "wrong-activation-derivative", 20),
    "a sign": (BATCHES, "dh = d @", "dh = -d @", "sign-flipped", 13),
    "an activation, undivided": (UNDIVIDED, "(1 - h ** 2)", "(1 - h)", "wrong-activation-derivative", 20),
}


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_step_goes_from_one_update_to_the_next(name: str) -> None:
    """It is no round of any loop: all samples since the last update are in it, and their losses with them."""
    report = _check(PROGRAMS[name])
    assert report.verdict == "correct", report.reason or [f.message for f in report.findings]


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_in_it_are_found(name: str) -> None:
    """They are named, at their line, with a verified edit."""
    text, right, wrong, rule, row = MISTAKES[name]
    assert text.count(right) == 1
    report = _check(text.replace(right, wrong))
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert error.name == rule
    assert error.span is not None
    assert error.span.row == row
    assert error.fix is not None
    assert error.fix.applicability == "safe"


def test_one_factor_of_a_counted_update_is_wrong() -> None:
    """Numbers in lists, updated by a method: the one without its 2 is not like the others."""
    text = COUNTER.replace("n.gw[1] += 2 * e", "n.gw[1] += e")
    assert text != COUNTER
    assert _check(text).verdict == "faulty"


CALLS = """
import numpy as np
rng = np.random.default_rng(6)
X = rng.normal(size=(24, 3)); Y = np.tanh(X[:, :2] - X[:, 1:])
W, b = rng.normal(size=(3, 2)), 0.1 * rng.normal(size=2)
dW, db, seen = np.zeros_like(W), np.zeros_like(b), 0
def train(x, y):
    global dW, db, seen, W, b
    e = np.tanh(x @ W + b) - y
    loss = 0.5 * np.sum(e ** 2)
    d = e * (1 - (e + y) ** 2)
    dW, db, seen = {sums}, seen + 1
    if seen % 4 == 0:
        W = W - 0.1 * dW
        b = b - 0.1 * db
        dW, db = np.zeros_like(W), np.zeros_like(b)
    return loss
for epoch in range(1000):
    total = sum([train(x, y) for x, y in zip(X, Y)])
"""


def test_samples_whose_gradients_are_lost_are_not_certified() -> None:
    """Each sample begins its sums anew, so that the step is one of every fourth sample alone."""
    assert _check(CALLS.replace("{sums}", "dW + np.outer(x, d), db + d")).verdict == "correct"
    report = _check(CALLS.replace("{sums}", "np.outer(x, d), d"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "computed and lost" in report.reason
