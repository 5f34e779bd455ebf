"""Numbers that ``max`` and ``min`` of Python bring within bounds."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

UNITS = """
import random

random.seed(4)
X = [[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(13)]
T = [abs(a) - 0.5 * c for a, c in X]
W1 = [[random.gauss(0, 0.7) for _ in range(2)] for _ in range(5)]
b1 = [random.gauss(0, 0.3) for _ in range(5)]
W2 = [random.gauss(0, 0.7) for _ in range(5)]

def relu(z):
    return max(0.0, z)

def slope(a):
    return 1.0 if a > 0 else 0.0

for epoch in range(10**9):
    for x, t in zip(X, T):
        a = [relu(w[0] * x[0] + w[1] * x[1] + b) for w, b in zip(W1, b1)]
        out = sum(w * v for w, v in zip(W2, a))
        loss = 0.5 * (out - t) ** 2
        for j in range(5):
            d = (out - t) * {factors}
            W2[j] -= 0.03 * (out - t) * a[j]
            W1[j][0] -= 0.03 * d * x[0]
            W1[j][1] -= 0.03 * d * x[1]
            b1[j] -= 0.03 * d
"""
CUT_OFF = """
import random

random.seed(11)
xs = [random.uniform(-2, 2) for _ in range(17)]
ys = [1.7 * x - 0.6 + random.gauss(0, 1.5) for x in xs]
w, b = 0.3, 0.2
for epoch in range(10**9):
    dw, db, loss = 0.0, 0.0, 0.0
    for x, y in zip(xs, ys):
        err = w * x + b - y
        {loss}
        g = max(-1.3, min(1.3, err))
        dw += {dw}
        db += g
    w -= 0.11 * dw / len(xs)
    b -= 0.11 * db / len(xs)
"""
HUBER = "loss += 0.5 * err ** 2 if abs(err) <= 1.3 else 1.3 * (abs(err) - 0.65)"


def _check(text: str):
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_units_that_max_cuts_off() -> None:
    """The slope is asked of what the unit gives."""
    assert _check(UNITS.format(factors="W2[j] * slope(a[j])")).verdict == "correct"


@pytest.mark.parametrize("factors", ["W2[j]", "slope(a[j])"])
def test_a_slope_that_is_left_out(factors: str) -> None:
    """A unit that is cut off hands nothing back, though what it gave is the zero of the source."""
    report = _check(UNITS.format(factors=factors))
    assert report.verdict == "faulty"
    assert [f.name for f in report.findings if f.severity == "error"] == ["missing-factor"]


@pytest.mark.parametrize("loss", [HUBER, "pass"])
def test_an_error_within_bounds(loss: str) -> None:
    """Huber's loss, written or not."""
    assert _check(CUT_OFF.format(loss=loss, dw="g * x")).verdict == "correct"


def test_a_factor_beside_an_error_within_bounds() -> None:
    """What is left out beside it is found."""
    report = _check(CUT_OFF.format(loss=HUBER, dw="g"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["missing-factor"]
