"""A length of all gradients scales each of them, once: else the step has not their direction."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """
import numpy as np

rng = np.random.default_rng(5)
X, y = rng.normal(size=(29, 4)), rng.normal(size=(29, 2))
W1, b1 = rng.normal(0, 0.5, (4, 6)), rng.normal(0, 0.2, 6)
W2, b2 = rng.normal(0, 0.5, (6, 2)), rng.normal(0, 0.2, 2)
for t in range(300):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    loss = 0.5 * np.mean(np.sum((o - y) ** 2, axis=1))
    d = (o - y) / 29
    dh = d @ W2.T * (1 - h ** 2)
    dW1, db1, dW2, db2 = X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)
    norm = np.sqrt(sum(np.sum(g ** 2) for g in (dW1, db1, dW2, db2)))
    CLIPPED
    W1 -= 0.1 * dW1; b1 -= 0.1 * db1; W2 -= 0.1 * dW2; b2 -= 0.1 * db2
    if t % 100 == 0: print(loss)
"""
UNEVEN = {
    "one only": ("dW2 *= min(1, 0.2 / norm)", "that of W2 is"),
    "all but one": ("s = min(1, 0.2 / norm); dW1 *= s; db1 *= s; dW2 *= s", "that of b2 is"),
    "one twice": (
        "s = min(1, 0.2 / norm); dW1 *= s; db1 *= s; dW2 *= s; db2 *= s * s",
        "that of b2 is",
    ),
    "where it is large": ("if norm > 0.05: dW1 *= 0.05 / norm", "that of W1 is"),
}
EVEN = (
    "s = min(1, 0.2 / norm); dW1 *= s; db1 *= s; dW2 *= s; db2 *= s",
    "for g in (dW1, db1, dW2, db2): g *= min(1, 0.05 / np.linalg.norm(g))",
    "if norm > 0.05:\n        for g in (dW1, db1, dW2, db2): g *= 0.05 / norm",
)


def _checked(clipped: str) -> FileReport:
    return check_program(program_from_bytes(NETWORK.replace("CLIPPED", clipped).encode(), "clip.py"))


@pytest.mark.parametrize("what", UNEVEN)
def test_a_common_length_that_scales_not_all_alike_is_said(what: str) -> None:
    """Each gradient is right by itself, and the step is not that of any loss."""
    clipped, name = UNEVEN[what]
    report = _checked(clipped)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert name in report.reason


@pytest.mark.parametrize("clipped", EVEN)
def test_what_scales_all_or_each_by_its_own_is_certified(clipped: str) -> None:
    """A step keeps its direction, or each gradient has its own length by choice."""
    assert _checked(clipped).verdict == "correct"
