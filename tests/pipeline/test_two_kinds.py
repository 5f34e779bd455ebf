"""One network that tells an amount and a yes or no, each with a loss of its own that is not written."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BOTH = """
import numpy as np

draw = np.random.default_rng(52)
sky, rain = draw.normal(size=(29, 4)), draw.normal(size=(29, 1))
wind = (draw.normal(size=(29, 1)) > 0).astype(float)
A, a = 0.6 * draw.normal(size=(4, 6)), 0.2 * draw.normal(size=6)
R, r = 0.5 * draw.normal(size=(6, 1)), 0.1
W, w = 0.5 * draw.normal(size=(6, 1)), -0.2
for turn in range(3000):
    h = np.tanh(sky @ A + a)
    much, blows = h @ R + r, 1 / (1 + np.exp(-(h @ W + w)))
    up = (much - rain) / 29
    gust = 3 * (blows - wind) / 29
    back = (up @ R.T + gust @ W.T) * (1 - h ** 2)
    R -= 0.1 * h.T @ up
    r -= 0.1 * up.sum()
    W -= 0.1 * h.T @ gust
    w -= 0.1 * gust.sum()
    A -= 0.1 * sky.T @ back
    a -= 0.1 * back.sum(axis=0)
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "program.py"))


@pytest.mark.parametrize("times", ["3 * ", ""])
def test_losses_of_two_kinds_are_inferred_together(times: str) -> None:
    """With how much more the one counts than the other."""
    report = _report(BOTH.replace("3 * ", times))
    assert report.verdict == "correct"
    assert report.loss is not None
    assert "log(blows)" in report.loss.formula
    assert ("3*(" in report.loss.formula) == bool(times)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("up @ R.T + gust @ W.T", "up @ R.T + gust / 3 @ W.T"),
        ("W -= 0.1 * h.T @ gust", "W -= 0.3 * h.T @ gust"),
        ("(1 - h ** 2)", "(1 - h)"),
    ],
)
def test_no_such_loss_explains_a_mistake(right: str, wrong: str) -> None:
    """What the two weigh in what they share is what they weigh in their own parameters."""
    assert right in BOTH
    assert _report(BOTH.replace(right, wrong)).verdict != "correct"
