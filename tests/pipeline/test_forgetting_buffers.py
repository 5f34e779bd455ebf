"""Buffers that forget a share of what they add up, and quotients that are written where they exist."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BUFFERS = """
import numpy as np

rng = np.random.default_rng(51)
class Layer:
    def __init__(self, inputs, outputs):
        self.W, self.b = rng.normal(size=(inputs, outputs)) * 0.6, 0.1 * rng.normal(size=outputs)
        self.W_sum, self.b_sum = np.zeros_like(self.W), np.zeros_like(self.b)
    def forward(self, x):
        self.x, self.y = x, np.tanh(x @ self.W + self.b)
        return self.y
    def backward(self, d):
        d = d * (1 - self.y ** 2)
        self.b_sum += d.sum(axis=0)
        self.W_sum += self.x.T @ d
        return d @ self.W.T
    def update(self, rate):
        self.b += rate * self.b_sum
        self.b_sum *= FORGET
        self.W += rate * self.W_sum
        self.W_sum *= FORGET
X = rng.normal(size=(27, 3))
t = np.tanh(X[:, :1] - 0.5 * X[:, 1:2])
net = [Layer(3, 5), Layer(5, 1)]
for k in range(2000):
    rows = rng.permutation(27)[:11]
    out = X[rows]
    for layer in net:
        out = layer.forward(out)
    loss = 0.5 * np.sum((t[rows] - out) ** 2)
    d = t[rows] - out
    for layer in net[::-1]:
        d = layer.backward(d)
    for layer in net:
        layer.update(0.01)
"""
QUOTIENT = """
import numpy as np

rng = np.random.default_rng(52)
X, t = rng.normal(size=(29, 3)), rng.normal(size=(29, 2))
W, b, V = rng.normal(size=(3, 7)), 0.2 * rng.normal(size=7), 0.5 * rng.normal(size=(7, 2))
for k in range(1500):
    z = X @ W + b
    h = np.maximum(z, 0)
    kept = h * (rng.random(h.shape) > 0.25) / 0.75
    e = kept @ V - t
    loss = 0.5 * np.sum(e ** 2)
    share = np.divide(kept, h, out=np.zeros_like(h), where=h > 0)
    d = e @ V.T * SHARE
    V -= 0.01 * kept.T @ e
    W -= 0.01 * X.T @ d
    b -= 0.01 * d.sum(axis=0)
"""


@pytest.mark.parametrize("forget", ["0.5", "0"])
def test_a_buffer_of_one_number_forgets_as_others_do(forget: str) -> None:
    """A layer with one unit has a bias of one, and what it has summed up is a momentum all the same."""
    report = check_program(program_from_bytes(BUFFERS.replace("FORGET", forget).encode(), "p.py"))
    assert report.verdict == "correct", [f.message for f in report.findings]


def test_a_buffer_of_one_number_that_forgets_nothing() -> None:
    """It still holds the gradients of all steps before."""
    text = BUFFERS.replace("        self.b_sum *= FORGET\n", "").replace("FORGET", "0")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert {f.name for f in report.findings if f.severity == "error"} == {"not-reset"}


@pytest.mark.parametrize(("share", "verdict"), [("share", "correct"), ("(h > 0)", "faulty")])
def test_a_quotient_where_it_exists(share: str, verdict: str) -> None:
    """``np.divide`` with ``out`` and ``where`` is followed: elsewhere stands what was there."""
    report = check_program(program_from_bytes(QUOTIENT.replace("SHARE", share).encode(), "p.py"))
    assert report.verdict == verdict, report.reason
