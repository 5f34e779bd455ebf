"""Parameters of which only a part is updated."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(2)
X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
mask = (rng.random((3, 2)) > 0.4) * 1.0
for turn in range(3000):
    e = X @ W + b - Y
    loss = np.sum(e ** 2)
    {update}
    b -= 0.01 * (2 * e).sum(0)
"""


@pytest.mark.parametrize(
    "update", ["W -= 0.01 * mask * (X.T @ (2 * e))", "W[1:] -= 0.01 * (X.T @ (2 * e))[1:]"]
)
def test_a_part_that_stays(update: str) -> None:
    """Whether it is meant to stay cannot be known: the rest is said to be right, and nothing is certified."""
    report = check_program(program_from_bytes(PROGRAM.format(update=update).encode(), "p.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "a part of W" in report.reason


def test_a_part_that_moves_wrongly() -> None:
    """A part of the update that is wrong where it moves is a fault."""
    text = PROGRAM.format(update="W[1:] -= 0.01 * (X.T @ (2 * np.abs(e)))[1:]")
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "faulty"


def test_a_part_that_moves_at_another_rate() -> None:
    """What is changed has to have the scale of the other gradients: that a part stays does not excuse it."""
    text = PROGRAM.format(update="W[1:] -= 0.01 * (X.T @ (2 * e))[1:] * len(X)")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert report.verdict == "faulty"
    assert report.findings[0].span is not None
    assert report.findings[0].span.row == 11
