"""Updates beside right gradients that nobody would write on purpose: nothing is certified."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(14)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
W, b = rng.normal(size=(3, 5)) * 0.6, rng.normal(size=5) * 0.2
V = rng.normal(size=(5, 2)) * 0.6
keep, lr = 0.99, 0.4
for turn in range(100):
    h = np.tanh(X @ W + b)
    o = h @ V
    loss = 0.5 * np.sum((o - Y) ** 2) / len(X)
    d = (o - Y) / len(X)
    e = d @ V.T * (1 - h**2)
    V[...] = V - lr * (h.T @ d)
    W[...] = keep * W - lr * (X.T @ e)
    b[...] = b - lr * e.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [("keep * W", "lr * W", "60% of itself"), ("b - lr * e.sum(axis=0)", "b", "just what is there already")],
)
def test_what_no_update_does_on_purpose(right: str, wrong: str, said: str) -> None:
    """A parameter that loses most of itself in every step, and one that is given its own values."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    report = check_program(program_from_bytes(PROGRAM.replace(right, wrong).encode(), "p.py"))
    assert (report.verdict, said in (report.reason or "")) == ("inconclusive", True)
