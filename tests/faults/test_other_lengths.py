"""A gradient that is divided by the length of the wrong thing is divided by that of the right one."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import Program, apply_edits

PROGRAM = """
import numpy as np
rng = np.random.default_rng(5)
X, Y = rng.normal(size=(25, 3)), rng.normal(size=(25, 2))
W1, b1 = rng.normal(size=(3, 4)), 0.1 * rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 2)), 0.1 * rng.normal(size=2)
for k in range(1000):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    loss = 0.5 * np.sum((o - Y) ** 2) / len(X)
    d2 = o - Y
    d1 = d2 @ W2.T * (1 - h ** 2)
    W2 -= 0.1 * h.T @ d2 / len(X)
    b2 -= 0.1 * d2.sum(axis=0) / len(X)
    W1 -= 0.1 * X.T @ d1 / len(X)
    b1 -= 0.1 * d1.sum(axis=0) / len(X)
"""


@pytest.mark.parametrize("length", ["len(W1)", "len(Y[0])", "W1.size"])
def test_a_length_of_something_else(length: str) -> None:
    """It alone is changed, though fewer lengths would have to be were it that of all."""
    right = "X.T @ d1 / len(X)"
    text = PROGRAM.replace(right, f"X.T @ d1 / {length}")
    (found,) = [f for f in check_program(Program("net.py", text)).findings if f.severity == "error"]
    assert found.name == "wrong-scale"
    assert found.fix is not None
    assert apply_edits(Program("net.py", text), found.fix.edits).text == PROGRAM
