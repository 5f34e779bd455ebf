"""Rprop: the signs of the gradient, each with a step of its own size."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

RPROP = """
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(9, 2)), rng.normal(size=9)
W, size, sign = [-1.5, 2.0], [0.001, 0.001], [0, 0]
for i in range(500):
    e = X @ np.array(W) - Y
    loss = np.mean(e**2)
    new = np.sign(list(2 * X.T @ e / len(Y)))
    for k in range(2):
        size[k] *= 1.2 if new[k] == sign[k] else 0.5
    sign = new
    for k, _ in enumerate(W):
        W[k] -= sign[k] * size[k]
"""
ABSOLUTE = """
import numpy as np

rng = np.random.default_rng(0)
X, Y, w = rng.normal(size=(9, 2)), rng.normal(size=9), np.array([-1.5, 2.0])
for i in range(500):
    loss = np.sum(np.abs(X @ w - Y))
    w -= 0.01 * X.T @ np.sign(X @ w + Y)
"""


@pytest.mark.parametrize(("program", "verdict"), [(RPROP, "inconclusive"), (ABSOLUTE, "faulty")])
def test_steps_of_a_size_of_their_own_are_called_nothing(program: str, verdict: str) -> None:
    """No factor of a gradient is made of a step's own size; the slope of an absolute value is one."""
    report = check_program(program_from_bytes(program.encode(), "p.py"))
    assert report.verdict == verdict, report.findings
    assert ("takes only the signs" in (report.reason or "")) == (verdict == "inconclusive")
