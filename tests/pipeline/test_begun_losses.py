"""Every gradient is wrong, and the backward pass begins with the derivative of what is shown."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SHARES = """
import numpy as np
from dataclasses import dataclass

@dataclass
class Net:
    A: np.ndarray
    B: np.ndarray
    c: np.ndarray

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.A)
        e = np.exp(self.h @ self.B + self.c)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, g, rate):
        g = {slope}
        e = g @ self.B.T * (1 - self.h ** 2)
        self.B = self.B - rate * self.h.T @ g
        self.c = self.c - rate * g.sum(axis=0)
        self.A = self.A - rate * self.x.T @ e

def misfit(p, t):
    return ((p - t) ** 2).sum(axis=1).mean()

rng = np.random.default_rng(15)
x = rng.uniform(-1, 1, (11, 2))
t = rng.uniform(0.1, 1, (11, 3))
t = t / t.sum(axis=1, keepdims=True)
net = Net(rng.normal(size=(2, 5)), rng.normal(size=(5, 3)), 0.1 * rng.normal(size=3))
for turn in range(2000):
    p = net.forward(x)
    net.backward({begun}, 0.3)
    if turn % 500 == 0:
        print(turn, misfit(p, t))
"""
BEGUN = "2 * (p - t) / len(p)"
WHOLE = "self.p * (g - (g * self.p).sum(axis=1, keepdims=True))"
DIAGONAL = "g * self.p * (1 - self.p)"


def check(slope: str, begun: str = BEGUN) -> FileReport:
    """The report of the program with a derivative of softmax, and what its backward pass begins with."""
    text = SHARES.format(slope=slope, begun=begun)
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_what_begins_as_its_derivative_descends_it() -> None:
    """Softmax is derived as if each output had its own input alone, which makes every gradient wrong."""
    report = check(DIAGONAL)
    assert report.verdict == "faulty", report.reason
    assert [(f.name, f.span.row) for f in report.findings if f.span and f.severity == "error"] == [
        ("missing-term", 18)
    ]


def test_the_whole_derivative_is_certified() -> None:
    """The first values of a dataclass, which no statement stores, are those of its first step."""
    report = check(WHOLE)
    assert report.verdict == "correct", report.reason


@pytest.mark.parametrize("begun", ["np.sign(p - t)", "4 * (p - t) ** 3 / len(p)"])
def test_what_begins_otherwise_may_descend_another(begun: str) -> None:
    """Nothing tells that what is shown is what is descended."""
    report = check(DIAGONAL, begun)
    assert report.verdict == "inconclusive", [f.message for f in report.findings]
