"""A program that fails while it trains is not certified by what it did before."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W, b = rng.normal(size=(3, 2)), rng.normal(size=2)
for k in range(3):
    e = x @ W + b - t
    loss = 0.5 * np.sum(e ** 2)
    W -= 0.01 * x.T @ e
    b -= {b}
{last}
"""


@pytest.mark.parametrize("b", ["0.01 * e", "undefined"])
def test_failure_in_the_update(b: str) -> None:
    """The update that fails is said, and the gradients before it are not called correct."""
    report = check_program(program_from_bytes(PROGRAM.format(b=b, last="").encode(), "p.py"))
    assert report.verdict != "correct"
    assert "p.py" in (report.reason or "p.py:12")


def test_failure_behind_the_training() -> None:
    """What fails when the training is over says nothing of the gradients."""
    text = PROGRAM.format(b="0.01 * e.sum(axis=0)", last="print(undefined)")
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
