"""A momentum of one step: the last update, handed on by a name."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(12)
X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
W_prev, b_prev = np.zeros_like(W), np.zeros_like(b)
for turn in range(3000):
    e = X @ W + b - Y
    loss = np.sum(e ** 2)
    dW, db = 0.01 * {gradient}, 0.01 * (2 * e).sum(axis=0)
    W -= dW + 0.2 * W_prev
    b -= db + 0.2 * b_prev
    W_prev, b_prev = dW, db
"""


@pytest.mark.parametrize(
    ("gradient", "verdict"), [("(X.T @ (2 * e))", "correct"), ("(X.T @ (2 * np.abs(e)))", "faulty")]
)
def test_the_last_update_is_memory(gradient: str, verdict: str) -> None:
    """What is added of the last update is no part of the gradient; the gradient is judged without."""
    text = PROGRAM.format(gradient=gradient)
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == verdict
