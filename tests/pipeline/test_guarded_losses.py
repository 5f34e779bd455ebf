"""A small number inside the logarithm of the stated loss is no other loss."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(21)
seen = rng.normal(size=(3, 13))
told = (seen[:1] > seen[1:2]).astype(float)
W, b = rng.normal(size=(1, 3)), np.zeros((1, 1))

def loss_of(p, told, eps={eps}):
    return -np.mean(told * np.log(p + eps) + (1 - told) * np.log(1 - p + eps))

for turn in range(2000):
    p = 1 / (1 + np.exp(-(W @ seen + b)))
    loss = loss_of(p, told)
    told = told.reshape(p.shape)
    d = {d}
    W -= 0.5 * d @ seen.T
    b -= 0.5 * d.sum(axis=1, keepdims=True)
    if turn % 100 == 0:
        print(loss)
"""


def _verdict(**parts: str) -> str:
    text = PROGRAM.format(**{"eps": "1e-3", "d": "(p - told) / 13", **parts})
    return check_program(program_from_bytes(text.encode(), "p.py")).verdict


def test_a_guard_against_the_logarithm_of_zero() -> None:
    """The gradient of the loss without its guard is right, and a reshaped target is no parameter."""
    assert _verdict() == "correct"
    assert _verdict(eps="1e-12") == "correct"


def test_another_loss_is_another_loss() -> None:
    """The gradient of squares is not excused by the guard."""
    assert _verdict(d="(p - told) * p * (1 - p)") == "faulty"
